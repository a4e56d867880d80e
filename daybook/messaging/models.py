"""Every text that leaves Daybook has a row first: what, to whom, when due, and how it went."""

from __future__ import annotations

from django.db import models


class Message(models.Model):
    class Kind(models.TextChoices):
        CONFIRMATION = "confirmation", "Confirmation"
        CHANGE = "change", "Change"
        CANCELLATION = "cancellation", "Cancellation"
        REMINDER = "reminder", "Reminder"
        FIRM_NOTICE = "firm_notice", "Notice to the lawyer"

    class State(models.TextChoices):
        QUEUED = "queued", "Queued"
        SENT = "sent", "Sent"
        DROPPED = "dropped", "Not sent: its reason is gone"
        FAILED = "failed", "Failed"

    firm = models.ForeignKey("firms.Firm", on_delete=models.CASCADE, related_name="+")
    appointment = models.ForeignKey("appointments.Appointment", on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=15, choices=Kind.choices)
    # Makes a message one of its kind: its appointment's sequence, or a reminder's offset. Never sent twice.
    occasion = models.CharField(max_length=40)
    to = models.CharField(max_length=254)
    subject = models.CharField(max_length=200, blank=True)  # filled when sent: words follow the latest facts
    text = models.TextField(blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    due_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    trouble = models.CharField(max_length=300, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["appointment", "kind", "occasion", "to"], name="message_once_an_occasion"
            )
        ]
        indexes = [models.Index(fields=["due_at"], name="messages_due", condition=models.Q(state="queued"))]
