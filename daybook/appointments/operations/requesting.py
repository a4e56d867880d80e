"""A hold becomes a request where it cannot become an appointment: the time stays taken, and the firm is asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from daybook.appointments import fetched
from daybook.appointments.locking import books
from daybook.appointments.models import Appointment, AppointmentType
from daybook.appointments.operations.checks import claim, lock_people, require_mirror_free, take_shared
from daybook.calendars import queries as calendars
from daybook.core import lifecycle
from daybook.core.errors import HoldExpired
from daybook.core.periods import Period
from daybook.core.requests import answer_by
from daybook.firms.models import Lawyer
from daybook.firms.outbox import record

Because, State = Appointment.Because, Appointment.State

_REQUESTED = (
    "state",
    "requested_because",
    "request_detail",
    "requested_at",
    "answer_by",
    "held_until",
    "updated_at",
)


@dataclass(frozen=True, slots=True)
class Only:
    """Why a time can only be requested, with what is known of that for the office; false when it can be confirmed."""

    because: str = ""
    detail: str = ""

    def __bool__(self) -> bool:
        return bool(self.because)

    @property
    def unread(self) -> bool:
        return self.because == Because.UNREAD


def only_because(appointment_type: AppointmentType, people: Sequence[Lawyer], now: datetime) -> Only:
    """
    Why the public can only request a time of these people at `now`, as far as is known without asking any calendar.

    Where it is known that a calendar cannot be read, asking again would only keep the visitor waiting.
    """
    if _takes_requests(appointment_type, people):
        uses = calendars.blocking_uses(people[0].pk, appointment_type.linked_calendar_id)
        trouble = calendars.trouble(uses, now)
        if trouble:
            return Only(Because.UNREAD, trouble)
    return Only(Because.TYPE) if appointment_type.by_request else Only()


def because_unread(appointment_type: AppointmentType, people: Sequence[Lawyer]) -> Only:
    """What follows where a calendar did not answer just now: a request, for a lawyer who takes them meanwhile."""
    if not _takes_requests(appointment_type, people):
        return Only()
    return Only(Because.UNREAD, "A calendar did not answer.")


def _takes_requests(appointment_type: AppointmentType, people: Sequence[Lawyer]) -> bool:
    return not appointment_type.has_team and people[0].requests_when_unread


@books
def request(
    appointment: Appointment,
    people: tuple[Lawyer, ...],
    columns: dict[str, object],
    only: Only,
    now: datetime,
) -> Appointment:
    """
    Turn a hold into a request, which waits for the firm until `answer_by`. No contact is looked up or added, and
    nothing is queued for Clio or a calendar.

    Raises HoldExpired, SlotTaken, CalendarUnreadable.
    """
    with transaction.atomic():
        lock_people(people)
        appointment = fetched.locked_appointment(appointment)
        if appointment.state == State.REQUESTED and appointment.client_email == columns["client_email"]:
            return appointment
        if appointment.state != State.HELD:
            raise HoldExpired
        kind = appointment.appointment_type
        others = take_shared(kind, people)
        during = Period(appointment.start, appointment.end)
        for lawyer in people:
            require_mirror_free(kind, during, now, without=appointment.pk, lawyer=lawyer, unread=only.unread)
        for name, value in columns.items():
            setattr(appointment, name, value)
        appointment.state = lifecycle.step(
            lifecycle.State.HELD, lifecycle.Action.REQUEST, lifecycle.Actor.CLIENT
        ).value
        appointment.requested_because, appointment.request_detail = only.because, only.detail[:300]
        appointment.requested_at, appointment.held_until = now, None
        notice = timedelta(minutes=kind.notice_minutes)
        appointment.answer_by = answer_by(now, appointment.start, notice)
        appointment.save(update_fields=(*columns, *_REQUESTED))
        claim(appointment, kind, others)
        record(
            "appointment_requested",
            firm=appointment.firm_id,
            now=now,
            subject=appointment.pk,
            because=only.because,
            booked_by=appointment.booked_by,
        )
    return appointment
