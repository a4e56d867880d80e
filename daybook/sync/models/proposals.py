"""What somebody changed of an appointment in its calendar, until somebody here has said what it means."""

from __future__ import annotations

from django.db import models


class Proposal(models.Model):
    """
    An appointment's entry was moved or deleted over there. While it is open the appointment stays promised as it is,
    both times block, and nothing is written to that entry.
    """

    class Kind(models.TextChoices):
        MOVED = "moved", "Moved"
        UNTIMED = "untimed", "Moved to no certain time"
        DELETED = "deleted", "Deleted"

    class Answer(models.TextChoices):
        RESCHEDULED = "rescheduled", "The appointment was moved"
        CANCELLED = "cancelled", "The appointment was cancelled"
        RESTORED = "restored", "The calendar was put right"
        WITHDRAWN = "withdrawn", "It settled itself"

    firm = models.ForeignKey("firms.Firm", on_delete=models.CASCADE, related_name="+")
    lawyer = models.ForeignKey("firms.Lawyer", on_delete=models.CASCADE, related_name="+")
    appointment = models.ForeignKey(
        "appointments.Appointment", on_delete=models.CASCADE, related_name="proposals"
    )
    connection = models.ForeignKey("sync.Connection", on_delete=models.SET_NULL, null=True, related_name="+")
    calendar = models.CharField(max_length=255)  # its name, as people know it
    kind = models.CharField(max_length=10, choices=Kind.choices)
    # Where the entry is now; empty unless it was moved.
    start = models.DateTimeField(null=True, blank=True)
    end = models.DateTimeField(null=True, blank=True)
    theirs = models.CharField(max_length=1024)
    etag = models.CharField(max_length=1024, blank=True)
    edits = models.PositiveIntegerField(default=1)  # grows with each change over there
    noticed_at = models.DateTimeField()
    answer = models.CharField(max_length=12, choices=Answer.choices, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by = models.ForeignKey("firms.User", on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["appointment"], condition=models.Q(answered_at=None), name="one_open_proposal"
            )
        ]
        indexes = [
            models.Index(fields=["lawyer"], name="open_proposals", condition=models.Q(answered_at=None))
        ]
