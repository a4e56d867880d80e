"""Our connection rows as sessions of the connector; what a refused token means for the firm."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.utils import timezone

from daybook.connectors.clio.oauth import App, Token
from daybook.connectors.clio.regions import base_url
from daybook.connectors.clio.session import Priority, Session
from daybook.core.errors import Refusal
from daybook.sync.models import Connection
from daybook.sync.providers import mark_broken, noticing

__all__ = ["NotConnected", "active", "app", "host", "mark_broken", "noticing", "session"]


class NotConnected(Refusal):
    """The firm has no working connection to Clio."""

    says = "The firm is not connected to Clio. Connect it under Integrations first."


def app() -> App:
    return App(settings.CLIO_CLIENT_ID, settings.CLIO_CLIENT_SECRET)


def host(region: str) -> str:
    """Clio's address for a region, or the one address that replaces all regions."""
    return base_url(region, settings.CLIO_BASE_URL or None)


def active(firm_id: int) -> Connection | None:
    """The firm's working connection to Clio."""
    return Connection.objects.filter(
        firm=firm_id, provider=Connection.Provider.CLIO, state=Connection.State.ACTIVE
    ).first()


def session(
    connection: Connection, priority: Priority = Priority.SOON, *, before: Callable[[], None] | None = None
) -> Session:
    """
    A session with the connection's token; renewed tokens are saved before they are used. `before` is called ahead of
    every request, and may stop it by raising.
    """
    from daybook.sync.budget import SharedBudget

    def save(token: Token) -> None:
        same = Connection.objects.filter(pk=connection.pk, connected_at=connection.connected_at)
        same.filter(state=Connection.State.ACTIVE).update(
            access_token=token.access, refresh_token=token.refresh, token_expires_at=token.expires_at
        )

    token = Token(connection.access_token, connection.refresh_token, connection.token_expires_at)
    return Session(
        host(connection.region),
        app(),
        token,
        save,
        SharedBudget(connection.pk, before),
        timezone.now,
        priority=priority,
    )
