"""What becomes of a request: accepted, declined, withdrawn, or left without an answer."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from daybook.appointments import fetched
from daybook.appointments.locking import books
from daybook.appointments.models import Appointment
from daybook.appointments.operations.booking import finish
from daybook.appointments.operations.checks import buffers, claim, lock_people, take_shared
from daybook.appointments.teams import people_of
from daybook.calendars import operations as calendar_operations
from daybook.calendars import queries as calendars
from daybook.calendars.reading import reread_in_time
from daybook.core import lifecycle
from daybook.core.errors import BusyElsewhere, Refusal, SubscriptionEnded
from daybook.core.lifecycle import Action
from daybook.core.people import clean_text
from daybook.core.periods import Period
from daybook.core.requests import may_answer
from daybook.firms.models import Lawyer
from daybook.firms.outbox import record
from daybook.firms.permissions import Actor, firm_may

Party, State = Appointment.Party, Appointment.State


def accept(*, appointment: Appointment, actor: Actor, now: datetime, anyway: bool = False) -> Appointment:
    """
    Make an appointment of a request, with everything that follows from a confirmation.

    Its calendars are read again first, as far as they answer soon; the rest is accepted as it was last read. Other systems' busy
    time found in its way refuses it, unless they want it `anyway`; anything of our own has been kept out all along.
    Outside any transaction. Raises NotAllowedNow, SlotPast, BusyElsewhere, SubscriptionEnded.
    """
    if not firm_may(actor.firm, "new_appointments"):
        raise SubscriptionEnded
    may_answer(lifecycle.State(appointment.state), Action.ACCEPT, start=appointment.start, now=now)
    people = people_of(appointment)
    _read_what_can_be(appointment, people, now)
    return _accept(fetched.appointment_by_id(appointment.pk), people, actor, now, anyway)


def _window(appointment: Appointment) -> Period:
    """What must be free: the meeting with its buffers."""
    before, after = buffers(appointment.appointment_type)
    return Period(appointment.start - before, appointment.end + after)


def _read_what_can_be(appointment: Appointment, people: tuple[Lawyer, ...], now: datetime) -> None:
    """Of what cannot be read the person knows: it says so beside the button."""
    window = _window(appointment)
    linked = appointment.appointment_type.linked_calendar_id
    uses = [use for lawyer in people for use in calendars.blocking_uses(lawyer.pk, linked)]
    reread_in_time((use.calendar for use in uses), start=window.start, end=window.end, now=now)


@books
def _accept(
    appointment: Appointment, people: tuple[Lawyer, ...], actor: Actor, now: datetime, anyway: bool
) -> Appointment:
    with transaction.atomic():
        lock_people(people)
        appointment = fetched.locked_appointment(appointment)
        may_answer(lifecycle.State(appointment.state), Action.ACCEPT, start=appointment.start, now=now)
        kind = appointment.appointment_type
        others = take_shared(kind, people)
        if not anyway:
            _require_free(appointment, people)
        finish(appointment, {}, appointment.firm, now, contact=None)
        calendar_operations.forget_own(appointment_id=appointment.pk)
        claim(appointment, kind, others)
        record(
            "appointment_confirmed",
            firm=appointment.firm_id,
            now=now,
            subject=appointment.pk,
            accepted=True,
            actor=actor.user,
            behalf_of=actor.on_behalf,
        )
    return appointment


def _require_free(appointment: Appointment, people: tuple[Lawyer, ...]) -> None:
    window = _window(appointment)
    for lawyer in people:
        uses = calendars.blocking_uses(lawyer.pk, appointment.appointment_type.linked_calendar_id)
        if calendars.busy_spans(uses, window.start, window.end, without_appointment=appointment.pk):
            raise BusyElsewhere


def decline(*, appointment: Appointment, actor: Actor, now: datetime, line: str = "") -> Appointment:
    """
    Turn a request down: the time is free again, and the client is told without a reason, with the firm's own `line`
    if there is one. Raises NotAllowedNow, TextTooLong.
    """
    line = clean_text(line, 300, field="line")
    trace: dict[str, Any] = {"actor": actor.user, "behalf_of": actor.on_behalf}
    return _end(appointment, Action.DECLINE, "request_declined", now, {"answer_line": line}, trace)


def withdraw(*, appointment: Appointment, now: datetime) -> Appointment:
    """The client takes a request back. Raises NotAllowedNow."""
    columns = {"cancelled_by": Party.CLIENT, "cancelled_at": now}
    return _end(appointment, Action.WITHDRAW, "request_withdrawn", now, columns, {"by": Party.CLIENT.value})


def lapse_requests(*, now: datetime, limit: int = 500) -> int:
    """End the requests whose time for an answer is over; returns how many. Each client is told, and each lawyer."""
    over = Appointment.objects.filter(state=State.REQUESTED, answer_by__lte=now).order_by("answer_by", "pk")
    ended = 0
    for one in over.select_related("lawyer", "firm", "appointment_type")[:limit]:
        try:
            _end(one, Action.EXPIRE, "request_lapsed", now, {}, {})
        except Refusal:
            continue  # answered or withdrawn in this very moment
        ended += 1
    return ended


#: Who does what ends a request.
_BY = {
    Action.DECLINE: lifecycle.Actor.FIRM,
    Action.WITHDRAW: lifecycle.Actor.CLIENT,
    Action.EXPIRE: lifecycle.Actor.SYSTEM,
}


def _end(
    appointment: Appointment,
    action: Action,
    event: str,
    now: datetime,
    columns: dict[str, Any],
    trace: dict[str, Any],
) -> Appointment:
    with transaction.atomic():
        lock_people(people_of(appointment))
        appointment = fetched.locked_appointment(fetched.appointment_by_id(appointment.pk))
        to = lifecycle.step(lifecycle.State(appointment.state), action, _BY[action])
        appointment.state = to.value
        for name, value in columns.items():
            setattr(appointment, name, value)
        appointment.save(update_fields=["state", "updated_at", *columns])
        calendar_operations.forget_own(appointment_id=appointment.pk)
        record(event, firm=appointment.firm_id, now=now, subject=appointment.pk, **trace)
    return appointment


def in_the_way(appointment: Appointment) -> list[calendars.Entry]:
    """What other systems' calendars, as last read, hold over a request and its buffers: for whoever is to answer."""
    window = _window(appointment)
    found: list[calendars.Entry] = []
    for lawyer in people_of(appointment):
        uses = calendars.blocking_uses(lawyer.pk, appointment.appointment_type.linked_calendar_id)
        found += calendars.entries_in_the_way(
            uses, window.start, window.end, without_appointment=appointment.pk
        )
    return found
