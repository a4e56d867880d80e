"""Connections to other systems, and how far each reading of one has come."""

from __future__ import annotations

from django.db import models

from daybook.sync.secrets import EncryptedText


class Connection(models.Model):
    """One firm's access to one account of another system. The row outlives a disconnect, so ids still fit later."""

    class Provider(models.TextChoices):
        CLIO = "clio", "Clio"

    class State(models.TextChoices):
        ACTIVE = "active", "Connected"
        BROKEN = "broken", "Needs reconnecting"
        DISCONNECTED = "disconnected", "Disconnected"

    firm = models.ForeignKey("firms.Firm", on_delete=models.CASCADE, related_name="+")
    provider = models.CharField(max_length=20, choices=Provider.choices)
    region = models.CharField(max_length=2, blank=True)
    account_id = models.CharField(max_length=60)
    account_name = models.CharField(max_length=255)
    user_id = models.CharField(max_length=60)  # their user whose eyes we see with
    user_name = models.CharField(max_length=255)
    state = models.CharField(max_length=15, choices=State.choices, default=State.ACTIVE)
    trouble = models.CharField(max_length=300, blank=True)
    access_token = EncryptedText(blank=True, default="")
    refresh_token = EncryptedText(blank=True, default="")
    token_expires_at = models.DateTimeField(null=True, blank=True)
    connected_by = models.ForeignKey("firms.User", on_delete=models.SET_NULL, null=True, related_name="+")
    connected_at = models.DateTimeField()
    disconnected_at = models.DateTimeField(null=True, blank=True)
    # The token's budget as the other side last reported it; shared by every process.
    rate_limit = models.PositiveIntegerField(null=True, blank=True)
    rate_remaining = models.IntegerField(null=True, blank=True)
    rate_resets_at = models.DateTimeField(null=True, blank=True)
    rounding_minutes = models.PositiveSmallIntegerField(null=True, blank=True)  # Clio's billing increment

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["firm", "provider"],
                condition=~models.Q(state="disconnected"),
                name="one_connection_a_firm",
            ),
            models.UniqueConstraint(fields=["firm", "provider", "account_id"], name="account_once_a_firm"),
        ]


class Cursor(models.Model):
    """How far a reading of one kind of record has come: saved with each page, so a restart repeats nothing."""

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        STOPPED = "stopped", "Stopped"

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="cursors")
    kind = models.CharField(max_length=20)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    next_url = models.TextField(blank=True)
    pages = models.PositiveIntegerField(default=0)
    seen = models.PositiveIntegerField(default=0)
    created = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    expected = models.PositiveIntegerField(null=True, blank=True)
    trouble = models.CharField(max_length=300, blank=True)
    next_try_at = models.DateTimeField(null=True, blank=True)  # when it goes on after trouble
    started_at = models.DateTimeField(null=True, blank=True)
    told_at = models.DateTimeField(null=True, blank=True)  # the other side's clock when this reading began
    notes = models.JSONField(default=dict)  # what the reading has to remember from page to page
    since = models.DateTimeField(
        null=True, blank=True
    )  # everything changed before this instant has been read
    finished_at = models.DateTimeField(null=True, blank=True)
    leased_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["connection", "kind"], name="one_cursor_a_kind")]
