"""Microsoft as a lawyer's own account: this Daybook's registration with it, its sessions, its door."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.utils import timezone

from daybook.connectors.microsoft import oauth
from daybook.connectors.microsoft.account import Account, who_am_i
from daybook.connectors.microsoft.oauth import App, Token
from daybook.connectors.microsoft.service import MicrosoftCalendars
from daybook.connectors.microsoft.session import GRAPH_URL, Session
from daybook.sync.models import Connection
from daybook.sync.providers import Before, Save, saver


def registered() -> bool:
    """Whether the operator has registered this Daybook with Microsoft."""
    return bool(settings.MICROSOFT_CLIENT_ID and settings.MICROSOFT_CLIENT_SECRET)


def app() -> App:
    return App(settings.MICROSOFT_CLIENT_ID, settings.MICROSOFT_CLIENT_SECRET)


def login() -> str:
    """Where people sign in, or the one server that stands in for all of Microsoft's."""
    return settings.MICROSOFT_BASE_URL or oauth.LOGIN_URL


def graph() -> str:
    return f"{settings.MICROSOFT_BASE_URL}/v1.0" if settings.MICROSOFT_BASE_URL else GRAPH_URL


def session(token: Token, save: Save, before: Before = None) -> Session:
    return Session(app(), token, save, timezone.now, before=before, graph_url=graph(), login_url=login())


def service(connection: Connection, before: Before = None) -> MicrosoftCalendars:
    return MicrosoftCalendars(session(token_of(connection), saver(connection), before))


def token_of(connection: Connection) -> Token:
    return Token(connection.access_token, connection.refresh_token, connection.token_expires_at)


def whose(token: Token) -> tuple[Account, MicrosoftCalendars]:
    """Whose account has just been opened, and its calendars. Raises RemoteTrouble."""
    opened = session(token, lambda _: None)
    return who_am_i(opened), MicrosoftCalendars(opened)


def new_verifier() -> str:
    return oauth.new_verifier()


def door(redirect_uri: str, state: str, verifier: str, hint: str) -> str:
    """Where to send the browser: Microsoft's own sign-in."""
    return oauth.authorize_url(app(), redirect_uri, state, verifier, login_url=login(), hint=hint)


def exchange(code: str, redirect_uri: str, verifier: str, now: datetime) -> Token:
    """Raises RemoteTrouble."""
    return oauth.exchange(app(), code, redirect_uri, verifier, now=now, login_url=login())


def revoke(token: Token) -> None:
    """Nothing: Microsoft has no such thing for one application (identity platform, read 2026-11). Tokens are erased here."""
