"""An account's calendars as appointments are written there, and how one entry of ours stands over there now."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from daybook.appointments.models import Appointment
from daybook.connectors.calendars import Seen, Service
from daybook.connectors.clio.service import ClioCalendars
from daybook.connectors.clio.session import Priority
from daybook.connectors.clio.write import KEEP, Keep
from daybook.connectors.errors import Missing
from daybook.core import edits
from daybook.core.edits import Sight
from daybook.core.entries import Standing
from daybook.core.periods import Period
from daybook.sync import clio, providers
from daybook.sync.models import Connection, Link

#: Begins the id of an entry that is being made: it may lie there without our having heard of it.
BEING_MADE = "?"

#: What people call the places where appointments are shown.
PLACES: dict[str, str] = {
    Connection.Provider.CLIO: "Clio",
    Connection.Provider.GOOGLE: "Google Calendar",
    Connection.Provider.MICROSOFT: "Outlook",
    Connection.Provider.EXCHANGE: "Exchange",
    Connection.Provider.CALDAV: "calendar",
    Connection.Provider.ICS: "calendar",
}


class Waits(Exception):
    """The account does not work now; mending it starts again what waits. `text` says what has to be done."""

    def __init__(self, text: str) -> None:
        self.text = text
        super().__init__(text)


@dataclass(slots=True)
class Hand:
    """One appointment at one account."""

    connection: Connection
    service: Service
    appointment: Appointment
    now: datetime

    @property
    def in_clio(self) -> bool:
        return self.connection.provider == Connection.Provider.CLIO

    @property
    def home(self) -> str:
        return self.appointment.lawyer.time_zone


def hand_of(
    connection: Connection,
    appointment: Appointment,
    *,
    now: datetime,
    before: Callable[[], None] | None = None,
    matter_id: str | Keep | None = KEEP,
    contact_ids: tuple[str, ...] = (),
) -> Hand:
    """
    `before` is called ahead of every request. Matter and contacts are what an entry in Clio has beside the others.

    Raises Waits when the account has to be connected again.
    """
    if connection.state != Connection.State.ACTIVE:
        raise Waits(f"{Connection.Provider(connection.provider).label} has to be connected again.")
    service: Service
    if connection.provider == Connection.Provider.CLIO:
        session = clio.session(connection, Priority.SOON, before=before)
        service = ClioCalendars(session, now=now, matter_id=matter_id, contact_ids=contact_ids)
    else:
        service = providers.service_of(connection, before=before)
    return Hand(connection, service, appointment, now)


@dataclass(frozen=True, slots=True)
class Found:
    """How an entry stands, and what it has to be called by to be changed."""

    sight: Sight
    id: str
    etag: str


def during_of(appointment: Appointment) -> Period:
    return Period(appointment.start, appointment.end)


def agreed_of(held: Link) -> Period:
    """The time for which both sides were last known to agree."""
    return Period(datetime.fromisoformat(held.agreed["start"]), datetime.fromisoformat(held.agreed["end"]))


def sight_of(seen: Seen | None, appointment: Appointment, held: Link) -> Sight:
    """What a reading says of our entry; None is that it is not there."""
    shown = None
    if seen is not None:
        items = (item for item in seen.items if item.standing is not Standing.CANCELLED)
        shown = [(item.during, item.all_day) for item in items]
    return edits.sight(shown, during=during_of(appointment), agreed=agreed_of(held))


def look(hand: Hand, held: Link) -> Found:
    """
    Ask how our entry stands. Gone is said only after asking for it by its id and by its mark, and of a calendar that the
    account can still write to: one that is no longer shared says nothing about its entries.

    Raises RemoteTrouble; Missing when it is the calendar that is not there.
    """
    calendar_id, service = str(held.agreed["calendar"]), hand.service
    try:
        seen = service.get(calendar_id, held.theirs, home=hand.home)
    except Missing:
        found = service.find(calendar_id, str(hand.appointment.uid), home=hand.home)
        if not found:
            listed = service.calendars()
            if not any(one.id == calendar_id and one.may_write for one in listed):
                raise
            return Found(sight_of(None, hand.appointment, held), held.theirs, "")
        seen = found[0]
    return Found(sight_of(seen, hand.appointment, held), seen.id, seen.etag)
