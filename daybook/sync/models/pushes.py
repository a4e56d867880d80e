"""What other systems should hear of an appointment, and how far they have."""

from __future__ import annotations

from django.db import models


class Push(models.Model):
    """How far Clio, and the calendar that receives it, look like one appointment: `wanted` changes, `reached` of them."""

    class State(models.TextChoices):
        PENDING = "pending", "Pending"
        DONE = "done", "Done"
        TROUBLE = "trouble", "Needs attention"

    firm = models.ForeignKey("firms.Firm", on_delete=models.CASCADE, related_name="+")
    appointment = models.OneToOneField(
        "appointments.Appointment", on_delete=models.CASCADE, related_name="push"
    )
    state = models.CharField(max_length=10, choices=State.choices, default=State.PENDING)
    wanted = models.PositiveIntegerField(default=1)  # grows with each change that is to be heard of
    reached = models.PositiveIntegerField(default=0)
    attempts = models.PositiveIntegerField(default=0)
    trouble = models.CharField(max_length=300, blank=True)
    next_try_at = models.DateTimeField(null=True, blank=True)
    leased_until = models.DateTimeField(null=True, blank=True)
    place = models.CharField(max_length=40, blank=True)  # whose calendar showed it last, as people call it
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        indexes = [
            models.Index(fields=["next_try_at"], name="pushes_due", condition=models.Q(state="pending"))
        ]
