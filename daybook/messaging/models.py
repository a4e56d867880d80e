"""Every text that leaves Daybook has a row first: what, to whom, when due, and how it went."""

from __future__ import annotations

from django.db import models


class Message(models.Model):
    """
    One mail to one address.

    `occasion` makes it the only one of its kind: its appointment's sequence (a reminder's offset behind it, a notice's act
    before it), or, for mail to the firm's people, what it is about and since when. Never sent twice.
    """

    class Kind(models.TextChoices):
        CONFIRMATION = "confirmation", "Confirmation"
        CHANGE = "change", "Change"
        CANCELLATION = "cancellation", "Cancellation"
        REMINDER = "reminder", "Reminder"
        REQUEST = "request", "Request received"
        REQUEST_DECLINED = "request_declined", "Request declined"
        REQUEST_LAPSED = "request_lapsed", "Request not answered in time"
        FIRM_NOTICE = "firm_notice", "Notice to the lawyer"
        INVITATION = "invitation", "Invitation to the firm"
        CALENDAR_ALERT = "calendar_alert", "A calendar cannot be read"
        ACCOUNT_ALERT = "account_alert", "A calendar account is broken"
        OVERLAP_ALERT = "overlap_alert", "An appointment overlaps with an entry"
        CONNECTION_ALERT = "connection_alert", "A connection is broken"

    class State(models.TextChoices):
        QUEUED = "queued", "Queued"
        SENT = "sent", "Sent"
        DROPPED = "dropped", "Not sent: its reason is gone"
        FAILED = "failed", "Failed"

    firm = models.ForeignKey("firms.Firm", on_delete=models.CASCADE, related_name="+")
    # None for mail to the firm's people that is about no appointment; then `about` is the id of what it is about.
    appointment = models.ForeignKey(
        "appointments.Appointment", on_delete=models.CASCADE, null=True, related_name="+"
    )
    about = models.BigIntegerField(null=True)
    kind = models.CharField(max_length=20, choices=Kind.choices)
    occasion = models.CharField(max_length=40)
    # The appointment as it was when this was planned: a text that speaks of another start is not sent.
    sequence = models.PositiveIntegerField(default=0)
    starts_at = models.DateTimeField(null=True)
    to = models.CharField(max_length=254)
    subject = models.CharField(max_length=200, blank=True)  # filled when sent: words follow the latest facts
    text = models.TextField(blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    due_at = models.DateTimeField()  # after trouble: when it is tried again
    attempts = models.PositiveSmallIntegerField(default=0)
    # Somebody is sending it until then. Set and past: whoever it was never said how it went.
    leased_until = models.DateTimeField(null=True, blank=True)
    interruptions = models.PositiveSmallIntegerField(
        default=0
    )  # attempts of which nobody knows how they went
    trouble = models.CharField(max_length=300, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["appointment", "kind", "occasion", "to"], name="message_once_an_occasion"
            ),
            models.UniqueConstraint(
                fields=["firm", "kind", "occasion", "to"],
                condition=models.Q(appointment=None),
                name="team_message_once_an_occasion",
            ),
            models.CheckConstraint(
                condition=models.Q(appointment=None, about__isnull=False)
                | models.Q(appointment__isnull=False, about=None, starts_at__isnull=False),
                name="message_is_about_one_thing",
            ),
        ]
        indexes = [models.Index(fields=["due_at"], name="messages_due", condition=models.Q(state="queued"))]
