"""What a lawyer says of themselves in public, and the one row by which they are found."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models


class Profile(models.Model):
    """What the directory shows beyond the lawyer's own row. Nobody is in it who did not ask to be."""

    lawyer = models.OneToOneField(
        "firms.Lawyer", on_delete=models.CASCADE, primary_key=True, related_name="+"
    )
    firm = models.ForeignKey("firms.Firm", on_delete=models.CASCADE, related_name="+")
    listed = models.BooleanField(default=False)
    # What somebody new books; without one, the first of the types anybody may book.
    offer = models.ForeignKey(
        "appointments.AppointmentType", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    serves = ArrayField(models.CharField(max_length=80), default=list, blank=True)  # "Denver", "Colorado"
    admissions = models.JSONField(default=list, blank=True)  # [{"place": str, "number": str}]
    certifications = models.JSONField(default=list, blank=True)  # [{"field": str, "by": str}]


class Listing(models.Model):
    """
    How one lawyer is found: made from other tables (`operations.refresh`), never edited.

    `hours` are the ring hours (core.finding) in which a first appointment can begin. `shuffle` is the lawyer's place in
    this day's order, which is random and nobody's.
    """

    lawyer = models.OneToOneField(
        "firms.Lawyer", on_delete=models.CASCADE, primary_key=True, related_name="+"
    )
    firm = models.ForeignKey("firms.Firm", on_delete=models.CASCADE, related_name="+")
    offer = models.ForeignKey("appointments.AppointmentType", on_delete=models.CASCADE, related_name="+")
    facets = ArrayField(models.TextField())
    words = SearchVectorField()
    fee_cents = models.PositiveIntegerField()
    currency = models.CharField(max_length=3)
    hours = ArrayField(models.SmallIntegerField())
    shuffle = models.IntegerField()
    refreshed_at = models.DateTimeField()

    class Meta:
        indexes = [
            GinIndex(fields=["facets"], name="listing_by_facet"),
            GinIndex(fields=["hours"], name="listing_by_hour"),
            GinIndex(fields=["words"], name="listing_by_word"),
            models.Index(fields=["shuffle"], name="listing_in_order"),
            models.Index(fields=["refreshed_at"], name="listing_by_age"),
        ]


class Stale(models.Model):
    """
    A lawyer whose listing no longer says what is true. Written by triggers (migration 0002) wherever it changes; several
    rows of one lawyer are one, so that writing them never waits for anybody.
    """

    lawyer_id = models.BigIntegerField()


class Choice(models.Model):
    """Something that is said of at least one listed lawyer, as it was written, for the lists that a search chooses from."""

    facet = models.TextField(unique=True)  # core.finding.facet
    text = models.CharField(max_length=80)
