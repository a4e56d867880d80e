"""Appointments as the desk shows them: words with a color, and which buttons there are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.urls import NoReverseMatch, reverse

from daybook.appointments.availability import cancelled_late
from daybook.appointments.models import Appointment
from daybook.billing.models import TimeEntry
from daybook.core import lifecycle, times
from daybook.core.hours import local_day
from daybook.core.money import Money
from daybook.firms.models import Lawyer
from daybook.firms.permissions import Actor, may
from daybook.sync import entries
from daybook.sync.models import Connection, Push

#: Where an appointment is shown, if nothing else was noted.
CLIO = "Clio"

#: How far its calendar and Clio are, in a word, and the tone of that word.
SYNC_WORDS: dict[str, tuple[str, str]] = {
    Push.State.DONE: ("In {place}", "good"),
    Push.State.PENDING: ("Pending", "warn"),
    Push.State.TROUBLE: ("Needs attention", "bad"),
}
NOT_CONNECTED = ("Not connected", "plain")
NEVER_PUSHED = ("Not in Clio", "plain")
REMOVED = ("Removed from {place}", "plain")
LEFT = ("Left in {place}", "warn")
EDITED = ("Changed in calendar", "warn")
ON_BILL = ("Left on its bill", "warn")

#: What became of an appointment, and the tone of the word.
OUTCOMES: dict[str, tuple[str, str]] = {
    Appointment.Outcome.ATTENDED: ("Attended", "good"),
    Appointment.Outcome.NO_SHOW: ("No-show", "bad"),
    Appointment.Outcome.LATE_CANCEL: ("Late cancellation", "warn"),
}

#: A push this young is worth looking at again by itself.
FRESH = timedelta(minutes=1)
#: Every two seconds for a minute.
MOST_LOOKS = 30


@dataclass(frozen=True, slots=True)
class Sync:
    """How far its calendar and Clio are with one appointment. `looks` counts how often the page has asked by itself."""

    word: str
    tone: str
    reason: str = ""
    can_retry: bool = False
    moving: bool = False
    looks: int = 0


def sync_of(
    appointment: Appointment,
    connection: Connection | None,
    now: datetime,
    *,
    looks: int = 0,
    edited: bool = False,
    stays: str = "",
) -> Sync:
    """
    The state of an appointment's way to its calendar and to Clio. `moving` means that it is worth asking again in two
    seconds; `edited` that a change over there waits for an answer. `stays` is the place of an entry that nobody can reach:
    its account is no longer connected (`whereabouts.left_behind`).
    """
    push: Push | None = getattr(appointment, "push", None)
    if appointment.only_requested:
        return Sync(*NEVER_PUSHED)
    if push is None:
        return Sync(*(NOT_CONNECTED if connection is None else NEVER_PUSHED))
    in_clio = push.place in ("", CLIO)
    if connection is None and in_clio and not _waits_elsewhere(push, now):
        return Sync(*NOT_CONNECTED)
    if stays and (push.state == Push.State.DONE or (connection is None and _nowhere(appointment))):
        return Sync(LEFT[0].format(place=stays), LEFT[1])
    if push.state == Push.State.DONE:
        if edited:
            return Sync(*EDITED)
        gone = appointment.state == Appointment.State.CANCELLED
        billed = gone and bill_text(getattr(appointment, "time_entry", None))
        word, tone = ON_BILL if billed else REMOVED if gone else SYNC_WORDS[Push.State.DONE]
        return Sync(word.format(place=push.place or CLIO), tone)
    broken = connection is not None and connection.state == Connection.State.BROKEN and in_clio
    reason = push.trouble or ("Clio has to be connected again." if broken else "")
    young = push.next_try_at is not None and abs(now - push.next_try_at) < FRESH
    return Sync(
        *SYNC_WORDS[push.state],
        reason=reason,
        can_retry=bool(push.trouble) and not broken,
        moving=push.state == Push.State.PENDING and young and not broken and looks < MOST_LOOKS,
        looks=looks + 1,
    )


def _nowhere(appointment: Appointment) -> bool:
    """Whether no connected calendar will show its next change."""
    return entries.target(appointment) is None


def _waits_elsewhere(push: Push, now: datetime) -> bool:
    """Whether a push of a firm without Clio is on its way to some calendar: the first one does not know where yet."""
    tried = bool(push.trouble) or (push.next_try_at is not None and abs(now - push.next_try_at) < FRESH)
    return not push.place and not push.reached and push.state != Push.State.DONE and tried


@dataclass(frozen=True, slots=True)
class Row:
    """One appointment in a list, with everything a template needs and nothing it has to work out."""

    appointment: Appointment
    who: str
    starts: str
    ends: str
    for_client: str  # their clock, when it differs
    place: str
    state: tuple[str, str] | None  # only where it is not plainly confirmed
    outcome: tuple[str, str] | None
    sync: Sync
    time: str  # the time entry
    may_move: bool
    may_cancel: bool
    may_send: bool
    may_answer: bool
    outcomes: tuple[tuple[str, str], ...]  # buttons: value, words


def row(
    appointment: Appointment,
    *,
    actor: Actor,
    zone: str,
    connection: Connection | None,
    now: datetime,
    looks: int = 0,
    edited: bool = False,
    stays: str = "",
) -> Row:
    state = lifecycle.State(appointment.state)
    manages = may(actor, "manage_appointments", appointment.lawyer) and state is not lifecycle.State.HELD
    sends = may(actor, "send_time", appointment.lawyer)
    firm = lifecycle.Actor.FIRM
    client_zone = appointment.client_time_zone
    differs = client_zone and not times.same_clock(client_zone, zone, appointment.start)
    return Row(
        appointment=appointment,
        who=appointment.client_name or "Being booked online",
        starts=times.say_time(appointment.start, zone),
        ends=times.say_time(appointment.end, zone),
        for_client=times.say_start(appointment.start, client_zone) if differs else "",
        place=appointment.get_place_display(),
        state=_state(appointment),
        outcome=OUTCOMES.get(appointment.outcome),
        sync=sync_of(appointment, connection, now, looks=looks, edited=edited, stays=stays),
        time=time_text(getattr(appointment, "time_entry", None), actor.firm.currency),
        may_move=manages and lifecycle.allowed(state, lifecycle.Action.RESCHEDULE, firm),
        may_cancel=manages and lifecycle.allowed(state, lifecycle.Action.CANCEL, firm),
        may_send=sends and lifecycle.allowed(state, lifecycle.Action.SEND, firm),
        may_answer=manages and lifecycle.allowed(state, lifecycle.Action.ACCEPT, firm),
        outcomes=_outcomes(appointment, state, now) if manages else (),
    )


#: A request, in a word and the tone of that word, until it is accepted.
REQUESTS: dict[str, tuple[str, str]] = {
    Appointment.State.REQUESTED: ("Requested", "warn"),
    Appointment.State.DECLINED: ("Declined", "plain"),
    Appointment.State.LAPSED: ("Not answered in time", "bad"),
    Appointment.State.CANCELLED: ("Withdrawn by the client", "plain"),
}


def _state(appointment: Appointment) -> tuple[str, str] | None:
    if appointment.only_requested:
        return REQUESTS[appointment.state]
    if appointment.state == Appointment.State.CANCELLED:
        by = "client" if appointment.cancelled_by == Appointment.Party.CLIENT else "firm"
        return (f"Cancelled by the {by}", "plain")
    if appointment.state == Appointment.State.CONFIRMED:
        return None
    return (appointment.get_state_display(), "info")


def _outcomes(appointment: Appointment, state: lifecycle.State, now: datetime) -> tuple[tuple[str, str], ...]:
    """The outcomes that can be recorded now; one that stands can only be taken back."""
    if appointment.only_requested:
        return ()
    if appointment.outcome:
        return (("none", "Take back"),)
    late = cancelled_late(appointment)
    offered = lifecycle.outcomes_to_offer(
        state, lifecycle.Actor.FIRM, start=appointment.start, now=now, late=late
    )
    return tuple((str(one), OUTCOMES[one][0]) for one in offered)


def time_text(entry: TimeEntry | None, currency: str) -> str:
    """The time entry in a line: matter, length, and its bill when it is on one."""
    if entry is None:
        return ""
    bill = bill_text(entry)
    if not entry.wanted and not bill:
        return ""
    parts = [str(entry.matter), say_worked(entry.seconds)]
    if entry.billed_cents is not None:
        parts.append(str(Money(entry.billed_cents, currency)))
    if entry.non_billable:
        parts.append("not billable")
    return " · ".join([*parts, bill] if bill else parts)


def bill_text(entry: TimeEntry | None) -> str:
    """ "on bill 12 (draft)", or empty when Clio last showed it on none."""
    if entry is None or not (entry.bill_number or entry.bill_state):
        return ""
    number = f"on bill {entry.bill_number}" if entry.bill_number else "on a bill"
    return f"{number} ({entry.bill_state.replace('_', ' ')})" if entry.bill_state else number


def say_worked(seconds: int) -> str:
    """ "1 hour 30 minutes", for reading; odd seconds as decimal hours."""
    if seconds % 60:
        return f"{(Decimal(seconds) / 3600).quantize(Decimal('0.0001')).normalize():f} hours"
    return times.say_length(timedelta(seconds=seconds))


def say_hours(seconds: int) -> str:
    """ "0:30", as it can be typed again; odd seconds as decimal hours."""
    if seconds % 60:
        return f"{(Decimal(seconds) / 3600).quantize(Decimal('0.0001')).normalize():f}h"
    return f"{seconds // 3600}:{seconds % 3600 // 60:02d}"


def by_day(rows: Iterable[Row], lawyer: Lawyer, now: datetime) -> list[tuple[str, list[Row]]]:
    """Rows under the day they start on, in the lawyer's zone, in the order they come."""
    days: list[tuple[str, list[Row]]] = []
    today = local_day(now, lawyer.time_zone)
    last: date | None = None
    for one in rows:
        on = local_day(one.appointment.start, lawyer.time_zone)
        if on != last:
            days.append((day_heading(on, today), []))
            last = on
        days[-1][1].append(one)
    return days


def day_heading(on: date, today: date) -> str:
    """ "Today, Tue 24 Nov"; the year only where it is another."""
    near = {0: "Today, ", 1: "Tomorrow, ", -1: "Yesterday, "}.get((on - today).days, "")
    return near + times.say_day(on, year=on.year != today.year)


def first_address(*names: str) -> str:
    """The address of the first of these pages that this Daybook has."""
    for name in names:
        try:
            return reverse(name)
        except NoReverseMatch:
            continue
    return "/"
