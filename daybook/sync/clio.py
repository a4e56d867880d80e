"""Our connection rows as sessions of the connector; what a refused token means for the firm."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from daybook.connectors.clio.oauth import App, Token
from daybook.connectors.clio.regions import base_url
from daybook.connectors.clio.session import Priority, Session
from daybook.connectors.errors import NotAuthorised, Unreachable
from daybook.core.errors import Refusal
from daybook.firms.outbox import record
from daybook.sync.models import Connection


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


@contextmanager
def noticing(connection: Connection) -> Iterator[None]:
    """
    Mark the connection as broken when Clio no longer accepts it, then let the trouble go on.

    What was refused may be the access of an earlier moment: somebody has connected again meanwhile. Then nothing is
    broken, and the same work succeeds later: Unreachable.
    """
    try:
        yield
    except NotAuthorised as trouble:
        mark_broken(connection, trouble.text, timezone.now())
        since = Connection.objects.filter(pk=connection.pk, state=Connection.State.ACTIVE)
        if since.exclude(connected_at=connection.connected_at).exists():
            raise Unreachable("Clio", text="Clio was connected again meanwhile.") from trouble
        raise


def mark_broken(connection: Connection, text: str, now: datetime) -> None:
    """Somebody has to connect again: say so once."""
    with transaction.atomic():
        same = Connection.objects.filter(pk=connection.pk, connected_at=connection.connected_at)
        broken = same.filter(state=Connection.State.ACTIVE).update(
            state=Connection.State.BROKEN, trouble=text[:300]
        )
        if broken:
            record("clio_broken", firm=connection.firm_id, now=now, subject=connection.pk)
