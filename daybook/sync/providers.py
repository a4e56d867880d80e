"""A connection as a calendar service, whichever provider it is of; and what it means when one is refused."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Protocol

from django.db import transaction
from django.utils import timezone

from daybook.calendars import operations as mirror
from daybook.calendars.models import Calendar
from daybook.connectors.calendars import Service, Watching
from daybook.connectors.errors import NotAuthorised, Unreachable
from daybook.core.errors import Refusal
from daybook.firms.outbox import record
from daybook.sync.models import Connection

_PROVIDER = Connection.Provider

#: Called ahead of every request; stops it by raising.
Before = Callable[[], None] | None


class NotAService(Refusal):
    """The connection is one that has no calendars to be asked for: a feed, or a kind this Daybook does not know."""

    says = "This kind of calendar cannot be reached by this Daybook."


class Token(Protocol):
    """What the connectors' tokens have in common."""

    @property
    def access(self) -> str: ...
    @property
    def refresh(self) -> str: ...
    @property
    def expires_at(self) -> datetime | None: ...


Save = Callable[[Any], None]
Make = Callable[[Connection, "Haste", Before], Service]


class Haste(enum.Enum):
    """Who waits for the answer."""

    LIVE = "a person"
    SOON = "an appointment that was made"
    BACKGROUND = "nobody"


def service_of(
    connection: Connection, *, live: bool = False, patient: bool = False, before: Before = None
) -> Service:
    """
    The calendars of a connection. Renewed tokens are saved before they are used. `live` says that a person waits,
    `patient` that nobody does; `before` is called ahead of every request, and may stop it by raising.

    No request is made here. Raises NotAService.
    """
    try:
        make = _SERVICES[connection.provider]
    except KeyError:
        raise NotAService from None
    haste = Haste.LIVE if live else Haste.BACKGROUND if patient else Haste.SOON
    return make(connection, haste, before)


def watching_of(connection: Connection) -> Watching | None:
    """The same account as one that tells of changes; None where there is no such thing."""
    if connection.provider not in WATCHED:
        return None
    found: Any = service_of(connection)
    watching: Watching = found
    return watching


@contextmanager
def noticing(connection: Connection) -> Iterator[None]:
    """
    Mark the connection as broken when its provider no longer accepts it, then let the trouble go on.

    What was refused may be the access of an earlier moment: somebody has connected again meanwhile. Then nothing is
    broken, and the same work succeeds later: Unreachable.
    """
    try:
        yield
    except NotAuthorised as trouble:
        mark_broken(connection, trouble.text, timezone.now())
        since = Connection.objects.filter(pk=connection.pk, state=Connection.State.ACTIVE)
        if since.exclude(connected_at=connection.connected_at).exists():
            name = Connection.Provider(connection.provider).label
            raise Unreachable(name, text=f"{name} was connected again meanwhile.") from trouble
        raise


def mark_broken(connection: Connection, text: str, now: datetime) -> None:
    """Somebody has to connect again: say so once. The times of a lawyer whose own account it is are hidden from now on."""
    event = "clio_broken" if connection.provider == _PROVIDER.CLIO else "calendar_account_broken"
    with transaction.atomic():
        same = Connection.objects.filter(pk=connection.pk, connected_at=connection.connected_at)
        broken = same.filter(state=Connection.State.ACTIVE).update(
            state=Connection.State.BROKEN, trouble=text[:300]
        )
        if broken:
            own: dict[str, Any] = {}
            if connection.lawyer_id is not None:
                own = {"lawyer": connection.lawyer_id, "called": connection.account_name}
                # Nobody need wait for the next reading to know that there will be none.
                for calendar in Calendar.objects.filter(connection=connection, present=True).order_by("pk"):
                    mirror.mark_trouble(calendar=calendar, text=text, final=True, now=now)
            record(event, firm=connection.firm_id, now=now, subject=connection.pk, **own)


def saver(connection: Connection) -> Save:
    """Keeps renewed tokens of a connection, unless it has been ended or made anew meanwhile."""

    def save(token: Token) -> None:
        same = Connection.objects.filter(pk=connection.pk, connected_at=connection.connected_at)
        same.filter(state=Connection.State.ACTIVE).update(
            access_token=token.access, refresh_token=token.refresh, token_expires_at=token.expires_at
        )

    return save


# --- who makes which --------------------------------------------------------------------------------------------------
# Imported when first used: no process needs every provider, and the command line none.


def _clio(connection: Connection, haste: Haste, before: Before) -> Service:
    from daybook.connectors.clio.service import ClioCalendars
    from daybook.connectors.clio.session import Priority
    from daybook.sync import clio

    session = clio.session(connection, Priority[haste.name], before=before)
    return ClioCalendars(session, now=timezone.now())


def _google(connection: Connection, haste: Haste, before: Before) -> Service:
    from daybook.sync import accounts_google

    return accounts_google.service(connection, before)


def _microsoft(connection: Connection, haste: Haste, before: Before) -> Service:
    from daybook.sync import accounts_microsoft

    return accounts_microsoft.service(connection, before)


def _caldav(connection: Connection, haste: Haste, before: Before) -> Service:
    from daybook.sync import accounts_caldav

    return accounts_caldav.service(connection, live=haste is Haste.LIVE, before=before)


def _exchange(connection: Connection, haste: Haste, before: Before) -> Service:
    from daybook.sync import accounts_exchange

    return accounts_exchange.service(connection, live=haste is Haste.LIVE, before=before)


#: Every provider with calendars that can be asked. A feed (sync/feeds.py) is a file, and no service.
_SERVICES: dict[str, Make] = {
    _PROVIDER.CLIO: _clio,
    _PROVIDER.GOOGLE: _google,
    _PROVIDER.MICROSOFT: _microsoft,
    _PROVIDER.CALDAV: _caldav,
    _PROVIDER.EXCHANGE: _exchange,
}
#: Which of them tell of changes in a calendar by themselves. Clio tells of the whole account (sync/hooks.py).
WATCHED: frozenset[str] = frozenset({_PROVIDER.GOOGLE, _PROVIDER.MICROSOFT})
