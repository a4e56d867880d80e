"""Two-way contact sync: how a firm wants it, what was read but not yet taken in, what Clio is owed, what was done."""

from __future__ import annotations

from django.db import models

from daybook.sync.models.connections import Connection


class ContactSync(models.Model):
    """How the contacts of one connection are kept alike. Nothing is written to Clio before somebody approved it."""

    class Phase(models.TextChoices):
        READING = "reading", "Reading Clio's contacts"
        REVIEW = "review", "Waiting for your go-ahead"
        TAKING_IN = "taking_in", "First import"
        LIVE = "live", "In sync"
        STOPPED = "stopped", "Stopped"

    connection = models.OneToOneField(Connection, on_delete=models.CASCADE, related_name="contact_sync")
    phase = models.CharField(max_length=12, choices=Phase.choices, default=Phase.READING)
    stopped_from = models.CharField(max_length=12, choices=Phase.choices, blank=True)  # where Resume goes on
    stopped_because = models.CharField(max_length=300, blank=True)
    clients_only = models.BooleanField(default=False)
    people_only = models.BooleanField(default=False)
    policy = models.JSONField(
        default=dict
    )  # group of fields -> rule, where the firm wants another than the default
    approved_at = models.DateTimeField(null=True, blank=True)
    approved_by = models.ForeignKey("firms.User", on_delete=models.SET_NULL, null=True, related_name="+")
    to_do = models.PositiveIntegerField(default=0)  # of the first import
    done = models.PositiveIntegerField(default=0)
    next_cycle_at = models.DateTimeField(null=True, blank=True, db_index=True)
    next_sweep_at = models.DateTimeField(null=True, blank=True, db_index=True)  # the search for deleted ones


class Staged(models.Model):
    """A contact of Clio's that was read for the first import, and what is to become of it."""

    class Verdict(models.TextChoices):
        NEW = "new", "Add to Daybook"
        LINK = "link", "Same person as"
        ASK = "ask", "Ask"
        KNOWN = "known", "Linked already"

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="+")
    theirs = models.CharField(max_length=200)
    etag = models.CharField(max_length=200, blank=True)
    card = models.JSONField()
    is_client = models.BooleanField(default=False)
    changed_at = models.DateTimeField(null=True, blank=True)
    verdict = models.CharField(max_length=6, choices=Verdict.choices)
    ours = models.BigIntegerField(null=True, blank=True)
    because = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["connection", "theirs"], name="staged_once")]


class Owed(models.Model):
    """A contact of ours of which Clio has not heard everything yet. The row goes when Clio has."""

    class State(models.TextChoices):
        PENDING = "pending", "Pending"
        TROUBLE = "trouble", "Needs attention"

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="+")
    contact = models.BigIntegerField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.PENDING)
    wanted = models.PositiveIntegerField(default=1)  # grows with each change here
    attempts = models.PositiveIntegerField(default=0)
    trouble = models.CharField(max_length=300, blank=True)
    since = models.DateTimeField()
    next_try_at = models.DateTimeField(null=True, blank=True)
    leased_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["connection", "contact"], name="owed_once")]
        indexes = [models.Index(fields=["next_try_at"], name="owed_due", condition=models.Q(state="pending"))]


class Cycle(models.Model):
    """What one round of contact sync did."""

    class Kind(models.TextChoices):
        REGULAR = "regular", "Regular cycle"
        ASKED = "asked", "Sync now"
        TOLD = "told", "Clio told of a change"
        EDIT = "edit", "Change in Daybook"
        SWEEP = "sweep", "Search for deleted contacts"
        FIRST = "first", "First import"

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    requests = models.PositiveIntegerField(default=0)
    looked_at = models.PositiveIntegerField(default=0)
    linked = models.PositiveIntegerField(default=0)
    added_here = models.PositiveIntegerField(default=0)
    changed_here = models.PositiveIntegerField(default=0)
    added_there = models.PositiveIntegerField(default=0)
    changed_there = models.PositiveIntegerField(default=0)
    asked = models.PositiveIntegerField(default=0)
    unlinked = models.PositiveIntegerField(default=0)
    trouble = models.CharField(max_length=300, blank=True)

    class Meta:
        indexes = [models.Index("connection", models.F("started_at").desc(), name="cycles_latest")]
