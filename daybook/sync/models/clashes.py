"""Appointments that turned out to lie over something in a calendar, until one of the two moves or somebody says it is fine."""

from __future__ import annotations

from django.db import models


class Clash(models.Model):
    """
    A confirmed appointment of a lawyer's, and an entry of a calendar of theirs at the same time of which nobody knew when
    the appointment was made. Where and when, and nothing else of the entry.
    """

    class Answer(models.TextChoices):
        FINE = "fine", "It is fine"
        GONE = "gone", "They overlap no longer"

    firm = models.ForeignKey("firms.Firm", on_delete=models.CASCADE, related_name="+")
    # Whose time is taken twice: the appointment's lawyer, or somebody else who takes part in it.
    lawyer = models.ForeignKey("firms.Lawyer", on_delete=models.CASCADE, related_name="+", db_index=False)
    appointment = models.ForeignKey(
        "appointments.Appointment", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    calendar = models.ForeignKey("calendars.Calendar", on_delete=models.CASCADE, related_name="+")
    external_id = models.CharField(max_length=1024)
    start = models.DateTimeField()  # of the entry
    end = models.DateTimeField()
    all_day = models.BooleanField(default=False)
    starts_at = models.DateTimeField()  # of the appointment, as it was then
    noticed_at = models.DateTimeField()
    answer = models.CharField(max_length=5, choices=Answer.choices, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by = models.ForeignKey("firms.User", on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["appointment", "lawyer", "calendar", "external_id", "start"],
                condition=models.Q(answered_at=None),
                name="one_open_clash",
            )
        ]
        indexes = [models.Index(fields=["lawyer"], name="open_clashes", condition=models.Q(answered_at=None))]
