"""Where an appointment's calendar entry is and where its next push leaves it: what `entries` acts on, to be said to people."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from daybook.appointments.models import Appointment
from daybook.calendars.models import Calendar
from daybook.core.edits import Theirs
from daybook.sync import entries, proposals
from daybook.sync.models import Connection, Leftover, Link, Proposal
from daybook.sync.proposals import LEFT
from daybook.sync.sights import BEING_MADE, PLACES

_DISCONNECTED = Connection.State.DISCONNECTED


@dataclass(frozen=True, slots=True)
class Spot:
    """One calendar of one account."""

    connection: Connection
    external_id: str
    name: str  # the calendar's own; may be empty

    @property
    def service(self) -> str:
        """ "Google Calendar"; "the calendar Work" of a service that has no name."""
        place = PLACES[self.connection.provider]
        return place if place != "calendar" else f"the calendar {self.name}".rstrip()

    @property
    def full(self) -> str:
        """ "Google Calendar, alice@firm.example"."""
        return self.service if self.name in ("", self.service) or self.name in self.service else self.both

    @property
    def both(self) -> str:
        return f"{self.service}, {self.name}"

    @property
    def broken(self) -> bool:
        return self.connection.state == Connection.State.BROKEN

    def same(self, other: Spot) -> bool:
        return (self.connection.pk, self.external_id) == (other.connection.pk, other.external_id)


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """The facts of one appointment's entry."""

    target: Spot | None  # where the next push of a confirmed appointment writes it
    held: Spot | None  # where it is now, at an account that can be reached
    deleted: Spot | None  # where somebody deleted it
    spare: tuple[Spot, ...]  # further ones, that go away with the next push
    stays: tuple[Spot, ...]  # at accounts that are no longer connected


def of(appointment: Appointment) -> Whereabouts:
    """Reads only; no request is made."""
    links = list(
        Link.objects.filter(
            kind=Link.Kind.ENTRY, ours=appointment.pk, connection__firm=appointment.firm_id
        ).select_related("connection")
    )
    leftovers = list(Leftover.objects.filter(appointment=appointment).select_related("connection"))
    waiting = proposals.open_of(appointment.pk)
    gone = [one for one in links if _is_deleted(one, waiting)]
    there = [one for one in links if one not in gone and not one.theirs.startswith(BEING_MADE)]
    near = [one for one in there if one.connection.state != _DISCONNECTED]
    calendar = entries.target(appointment) or next(filter(None, map(entries.where_it_is, near)), None)
    target = Spot(calendar.connection, calendar.external_id, calendar.name) if calendar else None
    spots = [_spot(one.connection, str(one.agreed.get("calendar", ""))) for one in near]
    held = next((one for one in spots if target and one.same(target)), spots[0] if spots else None)
    left = [_spot(one.connection, one.calendar) for one in leftovers]
    far = [
        _spot(one.connection, str(one.agreed.get("calendar", "")))
        for one in there
        if one.connection.state == _DISCONNECTED
    ]
    return Whereabouts(
        target=target,
        held=held,
        deleted=_spot(gone[0].connection, str(gone[0].agreed.get("calendar", ""))) if gone else None,
        spare=tuple(
            one for one in [*spots, *left] if one is not held and one.connection.state != _DISCONNECTED
        ),
        stays=(*far, *(one for one in left if one.connection.state == _DISCONNECTED)),
    )


def spot_of(proposal: Proposal) -> Spot | None:
    """The calendar a proposal speaks of; None once its account is forgotten."""
    return Spot(proposal.connection, "", proposal.calendar) if proposal.connection else None


def left_behind(appointments: Iterable[Appointment]) -> dict[int, str]:
    """
    The appointments whose only entry is at an account that is no longer connected, by what people call that place. Two
    queries, however many there are.
    """
    confirmed = {one.pk: one.state == Appointment.State.CONFIRMED for one in appointments}
    far: dict[int, str] = {}
    near: set[int] = set()
    links = Link.objects.filter(kind=Link.Kind.ENTRY, ours__in=confirmed).exclude(
        theirs__startswith=BEING_MADE
    )
    for ours, provider, state, agreed in links.values_list(
        "ours", "connection__provider", "connection__state", "agreed"
    ):
        if agreed.get(LEFT) == Theirs.GONE:
            continue
        if state == _DISCONNECTED:
            far[ours] = PLACES[provider]
        else:
            near.add(ours)
    called_off = [key for key, is_confirmed in confirmed.items() if not is_confirmed]
    spare = Leftover.objects.filter(appointment__in=called_off, connection__state=_DISCONNECTED)
    for ours, provider in spare.values_list("appointment_id", "connection__provider"):
        far[ours] = PLACES[provider]
    return {ours: place for ours, place in far.items() if ours not in near}


def _is_deleted(held: Link, waiting: Proposal | None) -> bool:
    if waiting is not None and waiting.connection_id == held.connection_id:
        return waiting.kind == Proposal.Kind.DELETED
    return bool(held.agreed.get(LEFT) == Theirs.GONE)


def _spot(connection: Connection, external_id: str) -> Spot:
    names = Calendar.objects.filter(connection=connection, external_id=external_id)
    return Spot(connection, external_id, names.values_list("name", flat=True).first() or "")
