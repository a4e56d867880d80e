"""A lawyer's own calendar accounts: what opens those without tokens, and which calendars tell of changes."""

from __future__ import annotations

from django.db import models

from daybook.sync.models.connections import Connection
from daybook.sync.secrets import EncryptedText


class Login(models.Model):
    """What opens an account that has no tokens (CalDAV, Exchange Server): where, who, and the password."""

    connection = models.OneToOneField(Connection, on_delete=models.CASCADE, related_name="login")
    address = models.CharField(max_length=500)  # as it was typed
    username = models.CharField(max_length=300)
    password = EncryptedText()
    found = models.JSONField(
        default=dict
    )  # what the connector found there, so that it need not look each time


class Told(models.Model):
    """
    A calendar of which its provider tells us when something changes, or is to: Google's channel, Microsoft's
    subscription. Without `expires_at` there is none at present.
    """

    calendar = models.OneToOneField("calendars.Calendar", on_delete=models.CASCADE, related_name="+")
    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="+")
    token = models.CharField(max_length=64, unique=True)  # the end of the address that is posted to
    secret = EncryptedText()  # comes back with each telling
    theirs = models.CharField(max_length=300, blank=True)
    resource = models.CharField(max_length=1000, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    trouble = models.CharField(max_length=300, blank=True)
    next_try_at = models.DateTimeField(null=True, blank=True)  # when to ask again after trouble
    heard_at = models.DateTimeField(null=True, blank=True)
