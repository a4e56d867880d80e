"""Connections to other systems, and how far each reading of one has come."""

from __future__ import annotations

from django.db import models

from daybook.sync.secrets import EncryptedText


class Connection(models.Model):
    """
    Access to one account of another system: the firm's (Clio), or one lawyer's own (a calendar).

    The firm's row outlives a disconnect, so ids still fit later. A lawyer's own is deleted when it is removed.
    """

    class Provider(models.TextChoices):
        CLIO = "clio", "Clio"
        GOOGLE = "google", "Google Calendar"
        MICROSOFT = "microsoft", "Microsoft 365 or Outlook.com"
        EXCHANGE = "exchange", "Exchange Server"
        CALDAV = "caldav", "CalDAV"
        ICS = "ics", "Calendar feed"

    class State(models.TextChoices):
        ACTIVE = "active", "Connected"
        BROKEN = "broken", "Needs reconnecting"
        DISCONNECTED = "disconnected", "Disconnected"

    firm = models.ForeignKey("firms.Firm", on_delete=models.CASCADE, related_name="+")
    provider = models.CharField(max_length=20, choices=Provider.choices)
    # Whose own it is; None is the firm's.
    lawyer = models.ForeignKey(
        "firms.Lawyer", on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    region = models.CharField(max_length=2, blank=True)
    account_id = models.CharField(max_length=255)
    account_name = models.CharField(max_length=255)
    user_id = models.CharField(max_length=255)  # their user whose eyes we see with
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
                condition=~models.Q(state="disconnected") & models.Q(lawyer=None),
                name="one_connection_a_firm",
            ),
            models.UniqueConstraint(
                fields=["firm", "provider", "account_id"],
                condition=models.Q(lawyer=None),
                name="account_once_a_firm",
            ),
            models.UniqueConstraint(
                fields=["lawyer", "provider", "account_id"],
                condition=models.Q(lawyer__isnull=False),
                name="account_once_a_lawyer",
            ),
            models.CheckConstraint(
                condition=models.Q(provider="clio", lawyer=None)
                | (~models.Q(provider="clio") & models.Q(lawyer__isnull=False)),
                name="clio_is_the_firms_calendars_are_a_lawyers",
            ),
        ]


class Feed(models.Model):
    """What a calendar feed has beyond its connection: where it is, and what was last read from there."""

    connection = models.OneToOneField(Connection, on_delete=models.CASCADE, related_name="feed")
    address = EncryptedText()  # whoever has it reads the calendar: never logged, never shown
    host = models.CharField(max_length=255)
    # The mirror holds the body with these marks, read as of `zone` by the `reading`-th way of reading.
    etag = models.CharField(max_length=300, blank=True)
    modified = models.CharField(max_length=100, blank=True)
    digest = models.CharField(max_length=64, blank=True)
    zone = models.CharField(max_length=64, blank=True)
    reading = models.PositiveSmallIntegerField(default=0)


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
