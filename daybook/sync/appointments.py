"""Make Clio and the calendar look like an appointment, whatever that is now: contact, calendar entry, activity."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from daybook.appointments.models import Appointment
from daybook.billing.models import TimeEntry
from daybook.calendars.models import Calendar
from daybook.connectors.clio.session import Priority, Session
from daybook.connectors.errors import (
    Garbled,
    Limited,
    Missing,
    NotAuthorised,
    Rejected,
    RemoteTrouble,
    Retry,
    Stale,
)
from daybook.firms.outbox import record
from daybook.sync import activities, clio, entries, gone, people, proposals, providers, pushes, queries
from daybook.sync.models import Connection, Leftover, Link, Push
from daybook.sync.sights import PLACES, Hand, Waits, hand_of
from daybook.sync.trouble import NeedsPerson

#: An answer nobody can read is tried this often before a person is asked to look.
GARBLED_TRIES = 5
#: How long to wait for an account that has to be connected again; mending it starts what waits at once.
UNTIL_MENDED = timedelta(minutes=15)

State = Appointment.State


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why one side does not show the appointment yet. `after` is when to try again, None for the usual pause."""

    text: str
    for_good: bool
    after: timedelta | None = None
    counts: bool = True


@dataclass(slots=True)
class InClio:
    """What of a push is Clio's alone."""

    connection: Connection
    session: Session
    appointment: Appointment
    now: datetime
    contact_id: str = ""  # Clio's
    entry_id: str = ""  # Clio's
    lost_matter: str = ""  # why the time cannot go where it was meant to


@dataclass(slots=True)
class Work:
    """One push under way. Each side that fails leaves its trouble, and keeps no other side from going on."""

    appointment: Appointment
    now: datetime
    lease: pushes.Lease
    clio: InClio | None = None
    place: str = ""
    troubles: list[Trouble] = field(default_factory=list)


def push(*, appointment_id: int, now: datetime) -> datetime | None:
    """
    Make Clio and the calendar look like the appointment. Safe to call at any time, any number of times, by anybody: it
    looks before it creates, and saves each link as soon as it knows it, so that a run after a crash goes on where the
    last one stopped. The two sides do not wait for each other, unless the calendar is Clio's.

    Returns when to come back, if it has to. What went wrong is noted on the Push row, where people can see it.
    """
    lease = pushes.take(appointment_id, now)
    if lease is None:
        return None
    appointment = Appointment.objects.select_related("lawyer", "firm", "appointment_type", "contact").get(
        pk=appointment_id
    )
    work = Work(appointment, now, lease)
    try:
        if appointment.state == State.CONFIRMED:
            _present(work)
        elif appointment.state == State.CANCELLED:
            _absent(work)
        return _ended(work)
    except pushes.LeaseLost:
        return None  # whoever has it now brings it to its end


def _ended(work: Work) -> datetime | None:
    """Note what came of it. Raises LeaseLost."""
    now, firm_id, subject = work.now, work.appointment.firm_id, work.appointment.pk
    if not work.troubles:
        if pushes.done(work.lease, place=work.place, now=now):
            return now
        with transaction.atomic():
            record("appointment_pushed", firm=firm_id, now=now, subject=subject, **_reached(work))
        return None
    text = " ".join(dict.fromkeys(one.text for one in work.troubles))
    waiting = [one for one in work.troubles if not one.for_good]
    if waiting:
        known = [one.after for one in waiting if one.after is not None]
        return pushes.failed(
            work.lease,
            text=text,
            now=timezone.now() if known else now,
            after=min(known) if len(known) == len(waiting) else None,
            counts=any(one.counts for one in waiting),
            for_good=False,
        )
    again = pushes.failed(work.lease, text=text, now=now, after=None, counts=True, for_good=True)
    if again is None:
        with transaction.atomic():
            record("push_failed", firm=firm_id, now=now, subject=subject)
    return again


def _reached(work: Work) -> dict[str, Any]:
    """Which calendar was written to, for the appointment's history to say."""
    gone = work.appointment.state == State.CANCELLED
    return {
        "place": work.place,
        "gone": gone,
        "asked": not gone and proposals.open_of(work.appointment.pk) is not None,
    }


def _attempt(work: Work, step: Callable[[], object]) -> bool:
    """One step at one account; whether it succeeded. Raises LeaseLost."""
    try:
        step()
    except NeedsPerson as need:
        work.troubles.append(Trouble(need.text, for_good=True))
    except Waits as wait:
        work.troubles.append(Trouble(wait.text, for_good=False, after=UNTIL_MENDED, counts=False))
    except Stale as trouble:
        work.troubles.append(Trouble(trouble.text, for_good=False, after=timedelta(seconds=1)))
    except RemoteTrouble as trouble:
        work.troubles.append(_judged(work, trouble))
    else:
        return True
    return False


def _judged(work: Work, trouble: RemoteTrouble) -> Trouble:
    attempts = Push.objects.values_list("attempts", flat=True).get(pk=work.lease.push_id)
    waits = trouble.retry is not Retry.NEVER or (isinstance(trouble, Garbled) and attempts < GARBLED_TRIES)
    # It broke just now; mending it starts us again.
    refused = isinstance(trouble, NotAuthorised)
    return Trouble(
        trouble.text,
        for_good=not waits and not refused,
        after=timedelta(seconds=trouble.after) if isinstance(trouble, Limited) and trouble.after else None,
        counts=trouble.retry is not Retry.AFTER,
    )


def _hand(work: Work, connection: Connection) -> Hand:
    """Raises Waits."""
    side = work.clio
    if side is None or connection.pk != side.connection.pk:
        return hand_of(connection, work.appointment, now=work.now, before=work.lease.keep)
    return hand_of(
        connection,
        work.appointment,
        now=work.now,
        before=work.lease.keep,
        matter_id=_matter_of(side) or None,
        contact_ids=(side.contact_id,) if side.contact_id else (),
    )


def _matter_of(side: InClio) -> str:
    return "" if side.lost_matter else activities.matter_of(side.connection, side.appointment)


def _open_clio(work: Work) -> Connection | None:
    """The firm's connection to Clio, opened when it works; one that is broken leaves its trouble."""
    connection = queries.connection_of(work.appointment.firm_id)
    if connection is not None and connection.state == Connection.State.ACTIVE:
        session = clio.session(connection, Priority.SOON, before=work.lease.keep)
        work.clio = InClio(connection, session, work.appointment, work.now)
    elif connection is not None or _was_in_clio(work.appointment):
        text = "Clio has to be connected again."
        work.troubles.append(Trouble(text, for_good=False, after=UNTIL_MENDED, counts=False))
    return connection


def _was_in_clio(appointment: Appointment) -> bool:
    """Whether there is nowhere else than the Clio that the firm has left: then it waits to come back."""
    return entries.target(appointment) is None and not entries.links_of(appointment)


# --- there ------------------------------------------------------------------------------------------------------------


def _present(work: Work) -> None:
    firms = _open_clio(work)
    calendar = entries.target(work.appointment)
    chosen = calendar is not None
    if calendar is None:
        calendar = next(filter(None, map(entries.where_it_is, entries.links_of(work.appointment))), None)
    in_clio = calendar is not None and firms is not None and calendar.connection_id == firms.pk
    if calendar is not None and not in_clio:
        _attempt(work, lambda: _place(work, calendar))
    side = work.clio
    if side is not None:

        def everything() -> None:
            with providers.noticing(side.connection):
                _converge(work, side, calendar if in_clio else None)

        _attempt(work, everything)
        if not chosen:
            name = work.appointment.lawyer.name
            text = f"{name} has no primary calendar. Choose one under Manage Calendars."
            work.troubles.append(Trouble(text, for_good=True))
    _clear(work)


def _converge(work: Work, side: InClio, calendar: Calendar | None) -> None:
    """What is refused may speak of something that Clio no longer has: then once more, without that."""
    try:
        _approach(work, side, calendar)
    except (Missing, Rejected):
        # Both are looked for: a contact and an entry may be gone at once.
        lost = gone.unlink(side)
        if not (entries.is_gone(_hand(work, side.connection)) or lost):
            raise
        _approach(work, side, calendar)


def _approach(work: Work, side: InClio, calendar: Calendar | None) -> None:
    appointment = work.appointment
    if appointment.contact is not None:
        contact, side.contact_id = people.ensure(
            connection=side.connection, session=side.session, contact=appointment.contact, now=work.now
        )
        appointment.contact = contact
    time = TimeEntry.objects.select_related("matter__client").filter(appointment=appointment).first()
    if time is not None and time.wanted and not side.lost_matter:
        activities.ensure_matter(
            side.connection, side.session, time.matter, side.contact_id, appointment, work.now
        )
    if calendar is not None:
        side.entry_id = _place(work, calendar)
    if side.lost_matter:
        raise NeedsPerson(side.lost_matter)
    if time is not None:
        _ensure_time(side, time)


def _ensure_time(side: InClio, time: TimeEntry) -> None:
    activities.ensure(
        connection=side.connection,
        session=side.session,
        appointment=side.appointment,
        time=time,
        contact_id=side.contact_id,
        entry_id=side.entry_id,
        now=side.now,
    )


def _place(work: Work, calendar: Calendar) -> str:
    """The entry in `calendar`, and in no other one. Raises Waits, RemoteTrouble, NeedsPerson."""
    connection, appointment = calendar.connection, work.appointment
    if proposals.open_of(appointment.pk) is None:
        for held in entries.links_of(appointment):
            if held.connection_id != connection.pk and not _leave(work, held):
                return ""
    hand = _hand(work, connection)
    matter_id = _matter_of(work.clio) if hand.in_clio and work.clio is not None else None
    said = entries.wanted(appointment, calendar, matter_id=matter_id)
    with providers.noticing(connection):
        entry_id = entries.present(hand, calendar, said)
    work.place = PLACES[connection.provider]
    return entry_id


def _leave(work: Work, held: Link) -> bool:
    """An account that does not answer is left all the same: what is there is deleted later."""
    done = [True]

    def step() -> None:
        with providers.noticing(held.connection):
            done[0] = entries.leave(_hand(work, held.connection), held)

    if not _attempt(work, step):
        entries.abandon(work.appointment, held, work.now)
    return done[0]


def _clear(work: Work) -> None:
    """Delete what other calendars still show, once the one that should have the appointment shows it."""
    if work.place:
        for one in entries.leftovers_of(work.appointment):

            def step(one: Leftover = one) -> None:
                with providers.noticing(one.connection):
                    entries.clear(_hand(work, one.connection), one)

            _attempt(work, step)


# --- gone -------------------------------------------------------------------------------------------------------------


def _absent(work: Work) -> None:
    appointment = work.appointment
    _open_clio(work)
    links = entries.links_of(appointment)
    side = work.clio
    time = TimeEntry.objects.select_related("matter").filter(appointment=appointment).first()
    if side is not None and time is not None:
        side.entry_id = next((one.theirs for one in links if one.connection_id == side.connection.pk), "")

        def take_back() -> None:
            with providers.noticing(side.connection):
                _ensure_time(side, time)

        if not _attempt(work, take_back):
            # The activity is found by its entry: that one goes last.
            links = [one for one in links if one.connection_id != side.connection.pk]
    for held in links:

        def step(held: Link = held) -> None:
            with providers.noticing(held.connection):
                entries.absent(_hand(work, held.connection), held)
            work.place = PLACES[held.connection.provider]

        _attempt(work, step)
    work.place = work.place or "calendar"
    _clear(work)
    work.place = "" if work.place == "calendar" else work.place
