"""Google as a lawyer's own account: this Daybook's registration with it, its sessions, its door."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.utils import timezone

from daybook.connectors.google import oauth
from daybook.connectors.google.oauth import Addresses, App, Token
from daybook.connectors.google.service import Account, GoogleCalendars
from daybook.connectors.google.session import Session
from daybook.sync.models import Connection
from daybook.sync.providers import Before, Save, saver


def registered() -> bool:
    """Whether the operator has registered this Daybook with Google."""
    return bool(settings.GOOGLE_CLIENT_ID and settings.GOOGLE_CLIENT_SECRET)


def app() -> App:
    return App(settings.GOOGLE_CLIENT_ID, settings.GOOGLE_CLIENT_SECRET)


def addresses() -> Addresses:
    """Where Google is, or the one server that stands in for it."""
    return Addresses.at(settings.GOOGLE_BASE_URL) if settings.GOOGLE_BASE_URL else Addresses()


def session(token: Token, save: Save, before: Before = None) -> Session:
    return Session(app(), token, save, timezone.now, addresses=addresses(), before=before)


def service(connection: Connection, before: Before = None) -> GoogleCalendars:
    return GoogleCalendars(session(token_of(connection), saver(connection), before))


def token_of(connection: Connection) -> Token:
    return Token(connection.access_token, connection.refresh_token, connection.token_expires_at)


def whose(token: Token) -> tuple[Account, GoogleCalendars]:
    """Whose account has just been opened, and its calendars. Raises RemoteTrouble."""
    opened = GoogleCalendars(session(token, lambda _: None))
    return opened.account(), opened


def new_verifier() -> str:
    return oauth.new_verifier()


def door(redirect_uri: str, state: str, verifier: str, hint: str) -> str:
    """Where to send the browser: Google's own sign-in."""
    return oauth.authorize_url(app(), addresses(), redirect_uri, state, verifier, hint=hint)


def exchange(code: str, redirect_uri: str, verifier: str, now: datetime) -> Token:
    """Raises RemoteTrouble."""
    return oauth.exchange(app(), addresses(), code, redirect_uri, verifier, now=now)


def revoke(token: Token) -> None:
    """Raises RemoteTrouble."""
    oauth.revoke(addresses(), token.refresh or token.access)
