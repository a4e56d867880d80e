"""Connections to other systems; which of our rows is which of theirs; how far we have come; what needs a person."""

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
    theirs = models.CharField(max_length=200)
    etag = models.CharField(max_length=200, blank=True)
    agreed = models.JSONField(default=dict)
    agreed_at = models.DateTimeField()
    by_hand = models.BooleanField(default=False)  # a person said so; matching leaves it alone

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["connection", "kind", "ours"], name="link_ours_once"),
            models.UniqueConstraint(fields=["connection", "kind", "theirs"], name="link_theirs_once"),
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
    since = models.DateTimeField(
        null=True, blank=True
    )  # everything changed before this instant has been read
    finished_at = models.DateTimeField(null=True, blank=True)
    leased_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["connection", "kind"], name="one_cursor_a_kind")]


class Push(models.Model):
    """How far the other system looks like one appointment: wanted `sequence`, reached `sequence`."""

    class State(models.TextChoices):
        PENDING = "pending", "Pending"
        DONE = "done", "In Clio"
        TROUBLE = "trouble", "Needs attention"

    firm = models.ForeignKey("firms.Firm", on_delete=models.CASCADE, related_name="+")
    appointment = models.OneToOneField(
        "appointments.Appointment", on_delete=models.CASCADE, related_name="push"
    )
    state = models.CharField(max_length=10, choices=State.choices, default=State.PENDING)
    wanted = models.PositiveIntegerField(default=1)  # grows with each change that Clio should hear of
    reached = models.PositiveIntegerField(default=0)
    attempts = models.PositiveIntegerField(default=0)
    trouble = models.CharField(max_length=300, blank=True)
    next_try_at = models.DateTimeField(null=True, blank=True)
    leased_until = models.DateTimeField(null=True, blank=True)
    # Their calendar in which an entry is being made: it may lie there without our having heard of it.
    entry_calendar = models.CharField(max_length=200, blank=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        indexes = [
            models.Index(fields=["next_try_at"], name="pushes_due", condition=models.Q(state="pending"))
        ]


class Question(models.Model):
    """Something only a person can settle, shown until it is."""

    class Kind(models.TextChoices):
        BILLED = "billed", "Changed here, but already on a bill"
        AMBIGUOUS_CONTACT = "ambiguous_contact", "More than one contact fits"
        REJECTED = "rejected", "Clio refused it"
        ACTIVITY_GONE = "activity_gone", "The activity was deleted in Clio"

    firm = models.ForeignKey("firms.Firm", on_delete=models.CASCADE, related_name="+")
    lawyer = models.ForeignKey("firms.Lawyer", on_delete=models.CASCADE, null=True, related_name="+")
    appointment = models.ForeignKey(
        "appointments.Appointment", on_delete=models.CASCADE, null=True, related_name="+"
    )
    kind = models.CharField(max_length=20, choices=Kind.choices)
    text = models.CharField(max_length=500)
    details = models.JSONField(default=dict)
    asked_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by = models.ForeignKey("firms.User", on_delete=models.SET_NULL, null=True, related_name="+")
    answer = models.CharField(max_length=60, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["appointment", "kind"],
                condition=models.Q(answered_at=None),
                name="one_open_question_of_a_kind",
            )
        ]
        indexes = [models.Index(fields=["firm"], name="open_questions", condition=models.Q(answered_at=None))]
