"""Subscriptions by which another system tells us of changes, what it told, and what of that is still to be looked at."""

from __future__ import annotations

from django.db import models

from daybook.sync.models.connections import Connection
from daybook.sync.secrets import EncryptedText


class Hook(models.Model):
    """
    One subscription: changes of `model` are posted to the address that ends in `token`.

    The row is there before the other side is asked, and outlives the subscription, so that a late delivery is told
    to stop. A subscription made anew has a row of its own.
    """

    class Status(models.TextChoices):
        WAITING = "waiting", "Waiting for the handshake"
        ON = "on", "On"
        ENDED = "ended", "Ended"

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="+")
    model = models.CharField(max_length=30)
    theirs = models.CharField(max_length=60, blank=True)  # empty until the request that makes it was answered
    token = models.CharField(max_length=64, unique=True)
    secret = EncryptedText(blank=True, default="")
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.WAITING)
    expires_at = models.DateTimeField(null=True, blank=True)
    made_at = models.DateTimeField()
    renewed_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    leased_until = models.DateTimeField(null=True, blank=True)  # one process at a time settles them with Clio
    last_heard_at = models.DateTimeField(null=True, blank=True)
    refused = models.PositiveIntegerField(default=0)  # posts without the right signature
    trouble = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "model"], condition=~models.Q(status="ended"), name="one_hook_a_model"
            )
        ]


class Delivery(models.Model):
    """That something was told already. Kept for some days, longer than anybody repeats a delivery."""

    hook = models.ForeignKey(Hook, on_delete=models.CASCADE, related_name="+")
    digest = models.CharField(max_length=64)
    at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["hook", "digest"], name="delivered_once")]


class Heard(models.Model):
    """
    Something happened to their record, and nobody has looked yet. `event` and `etag` are what was said last; nothing
    is to be believed of them but that. `theirs` is empty when it was not said which record.
    """

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="+")
    model = models.CharField(max_length=30)
    theirs = models.CharField(max_length=200, blank=True)
    event = models.CharField(max_length=40, blank=True)
    etag = models.CharField(max_length=200, blank=True)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["connection", "model", "theirs"], name="heard_once"),
        ]
