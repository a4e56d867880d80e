"""Which of our rows is which record of theirs, and which are to stay apart."""

from __future__ import annotations

from django.db import models

from daybook.sync.models.connections import Connection


class Link(models.Model):
    """Our row `ours` is their record `theirs`. `agreed` is what both sides held when they last agreed."""

    class Kind(models.TextChoices):
        LAWYER = "lawyer", "Lawyer and Clio user"
        CONTACT = "contact", "Contact"
        MATTER = "matter", "Matter"
        ENTRY = "entry", "Calendar entry of an appointment"
        ACTIVITY = "activity", "Activity of an appointment"

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="links")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    ours = models.BigIntegerField()
    theirs = models.CharField(max_length=1024)
    etag = models.CharField(max_length=1024, blank=True)
    agreed = models.JSONField(default=dict)
    agreed_at = models.DateTimeField()
    by_hand = models.BooleanField(default=False)  # a person said so; matching leaves it alone

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["connection", "kind", "ours"], name="link_ours_once"),
            models.UniqueConstraint(fields=["connection", "kind", "theirs"], name="link_theirs_once"),
        ]


class Apart(models.Model):
    """
    What matching leaves alone: a pair that is not one person, a contact of ours that Clio shall not get (again), or a
    contact of Clio's that we shall not get (again). Either side may be empty.
    """

    class Why(models.TextChoices):
        DIFFERENT = "different", "Somebody said they are different people"
        UNLINKED = "unlinked", "Unlinked by hand"
        GONE = "gone", "Deleted in Clio, or hidden from the connection"
        REMOVED = "removed", "Removed from Daybook"

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="+")
    ours = models.BigIntegerField(null=True, blank=True)
    theirs = models.CharField(max_length=200, blank=True)
    etag = models.CharField(max_length=200, blank=True)  # theirs, when it was removed here
    why = models.CharField(max_length=12, choices=Why.choices)
    name = models.CharField(max_length=300, blank=True)  # who it was, for people to read
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "ours", "theirs"], name="apart_once", nulls_distinct=False
            )
        ]
        indexes = [models.Index(fields=["connection", "theirs"], name="apart_theirs")]


class Leftover(models.Model):
    """An entry of an appointment's that is to be deleted: another calendar has the appointment now, or soon."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="+")
    appointment = models.ForeignKey("appointments.Appointment", on_delete=models.CASCADE, related_name="+")
    calendar = models.CharField(max_length=1024)  # theirs
    theirs = models.CharField(max_length=1024)
    since = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["connection", "calendar", "theirs"], name="leftover_once")
        ]
