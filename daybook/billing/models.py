"""Matters as Daybook knows them, and what an appointment is to become on a bill."""

from __future__ import annotations

from django.db import models


class Matter(models.Model):
    """A case of a client. Clio is its master; the row here is what was last seen, or what is to be created there."""

    firm = models.ForeignKey("firms.Firm", on_delete=models.CASCADE, related_name="+")
    client = models.ForeignKey("contacts.Contact", on_delete=models.PROTECT, null=True, related_name="+")
    display_number = models.CharField(max_length=255, blank=True)  # empty until Clio has given one
    description = models.CharField(max_length=255)
    status = models.CharField(max_length=20, blank=True)  # open, pending, closed: Clio's words
    practice_area = models.CharField(max_length=40, blank=True)  # Clio's id
    reference = models.CharField(max_length=60, unique=True)  # our mark on it: Clio's client_reference
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return " · ".join(part for part in (self.display_number, self.description) if part)


class TimeEntry(models.Model):
    """The one billable Activity an appointment is to have. `wanted` says whether Clio should hold it now."""

    firm = models.ForeignKey("firms.Firm", on_delete=models.CASCADE, related_name="+")
    appointment = models.OneToOneField(
        "appointments.Appointment", on_delete=models.PROTECT, related_name="time_entry"
    )
    matter = models.ForeignKey(Matter, on_delete=models.PROTECT, related_name="+")
    wanted = models.BooleanField(default=True)
    on = models.DateField()  # the date in the lawyer's zone
    seconds = models.PositiveIntegerField()  # what was scheduled, or what was worked once somebody says so
    seconds_edited = models.BooleanField(default=False)  # then a move does not overwrite it
    note = models.TextField(max_length=4000, blank=True)
    rate_cents = models.PositiveIntegerField(null=True, blank=True)  # None: Clio's own rate rules
    category = models.CharField(max_length=40, blank=True)  # Clio's activity description id
    non_billable = models.BooleanField(default=False)
    sent_by = models.ForeignKey("firms.User", on_delete=models.SET_NULL, null=True, related_name="+")
    # What Clio last told us of it.
    bill_state = models.CharField(max_length=40, blank=True)
    bill_number = models.CharField(max_length=60, blank=True)
    billed_seconds = models.PositiveIntegerField(null=True, blank=True)  # after Clio's rounding
    billed_cents = models.BigIntegerField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
