"""Moving, cancelling, correcting, and saying what became of an appointment."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from daybook.appointments.availability import cancelled_late, client_policy
from daybook.appointments.locking import books, lock_lawyer
from daybook.appointments.models import Appointment, AppointmentType
from daybook.appointments.operations.checks import (
    Uses,
    as_range,
    claim,
    read_again,
    require_calendars_free,
    require_offered,
    require_own_time_free,
    take_shared,
    take_turn,
)
from daybook.appointments.operations.details import ClientDetails, checked
from daybook.appointments.teams import people_of
from daybook.billing import operations as billing
from daybook.calendars import operations as calendar_operations
from daybook.core import lifecycle
from daybook.core.billing import entry_date, scheduled_seconds
from daybook.core.people import clean_text
from daybook.core.periods import Period
from daybook.firms.outbox import record
from daybook.firms.permissions import Actor

State, Party = Appointment.State, Appointment.Party


def _who(by: str) -> lifecycle.Actor:
    return lifecycle.Actor.CLIENT if by == Party.CLIENT else lifecycle.Actor.FIRM


def _trace(actor: Actor | None) -> dict[str, object]:
    return {"actor": actor.user, "behalf_of": actor.on_behalf} if actor else {}


def reschedule(
    *,
    appointment: Appointment,
    start: datetime,
    by: str,
    now: datetime,
    actor: Actor | None = None,
    tell_client: bool = True,
) -> Appointment:
    """
    Move an appointment to another time: the same appointment, the same UID, one SEQUENCE further.

    A client may choose only among the free times and until the type's limit; the firm may overlook hours, notice
    and caps, may move a past appointment into the past, and may tell the client itself (`tell_client`). Nobody may move onto another appointment or a busy
    calendar. Raises the Refusal that says why not.
    """
    who = _who(by)
    appointment_type, during = _looked_at(appointment, start, who, now)
    if during.start == appointment.start:
        return appointment
    uses = read_again(appointment_type, people_of(appointment), during, now)
    return _reschedule(appointment, appointment_type, during, who, uses, now, actor, tell_client)


def could_move(*, appointment: Appointment, start: datetime, by: str, now: datetime) -> Period:
    """
    When it would be, as far as a look without a lock says; nothing is kept or written, and `reschedule` looks again.

    Raises the Refusal that says why not.
    """
    return _looked_at(appointment, start, _who(by), now)[1]


def _looked_at(
    appointment: Appointment, start: datetime, who: lifecycle.Actor, now: datetime
) -> tuple[AppointmentType, Period]:
    appointment_type = AppointmentType.objects.select_related("lawyer", "firm").get(
        pk=appointment.appointment_type_id
    )
    lifecycle.may_move(
        lifecycle.State(appointment.state),
        who,
        start=appointment.start,
        now=now,
        policy=client_policy(appointment_type),
    )
    during = Period(start, start + (appointment.end - appointment.start))
    if during.start == appointment.start:
        return appointment_type, during
    if who is lifecycle.Actor.CLIENT:
        require_offered(appointment_type, during, now, without=appointment.pk)
    elif appointment.start > now:
        lifecycle.must_not_be_past(during.start, now)
    return appointment_type, during


@books
def _reschedule(
    appointment: Appointment,
    appointment_type: AppointmentType,
    during: Period,
    who: lifecycle.Actor,
    uses: Uses,
    now: datetime,
    actor: Actor | None,
    tell_client: bool,
) -> Appointment:
    people = [lawyer for lawyer, _ in uses]
    with transaction.atomic():
        take_turn(people, now)
        appointment = Appointment.objects.select_for_update(of=("self",)).get(pk=appointment.pk)
        lifecycle.step(lifecycle.State(appointment.state), lifecycle.Action.RESCHEDULE, who)
        own_caps = who is lifecycle.Actor.CLIENT
        for lawyer in people:
            require_own_time_free(
                appointment_type, during, now, without=appointment.pk, caps=own_caps, lawyer=lawyer
            )
        before = timedelta(minutes=appointment.before_minutes)
        after = timedelta(minutes=appointment.after_minutes)
        others = take_shared(appointment_type, people)
        for _, own in uses:
            require_calendars_free(own, during, before, after, now, without=appointment.pk)
        was = appointment.start
        appointment.during = as_range(during)
        appointment.sequence += 1
        appointment.save(update_fields=["during", "sequence", "updated_at"])
        calendar_operations.forget_own(appointment_id=appointment.pk)
        claim(appointment, appointment_type, others)
        billing.follow(
            appointment_id=appointment.pk,
            on=entry_date(during.start, people[0].time_zone),
            seconds=scheduled_seconds(during),
        )
        record(
            "appointment_rescheduled",
            firm=appointment.firm_id,
            now=now,
            subject=appointment.pk,
            was=was.isoformat(),
            by=str(who),
            tell_client=tell_client,
            **_trace(actor),
        )
    return appointment


def cancel(
    *,
    appointment: Appointment,
    by: str,
    now: datetime,
    reason: str = "",
    actor: Actor | None = None,
    tell_client: bool = True,
    for_client: bool = False,
) -> Appointment:
    """
    Call an appointment off. A client may until the type's limit, the firm always; `for_client` is the firm's doing what
    the client asked it for, on the telephone at the last minute, say, and counts as cancelled by the client.

    Raises NotAllowedNow, TooLateToCancel.
    """
    appointment_type = appointment.appointment_type
    who = _who(by)
    reason = clean_text(reason, 300, field="reason")
    with transaction.atomic():
        lock_lawyer(appointment.lawyer_id)
        appointment = Appointment.objects.select_for_update(of=("self",)).get(pk=appointment.pk)
        lifecycle.may_cancel(
            lifecycle.State(appointment.state),
            who,
            start=appointment.start,
            now=now,
            policy=client_policy(appointment_type),
        )
        appointment.state = State.CANCELLED
        appointment.sequence += 1
        appointment.cancelled_by = Party.CLIENT if for_client else by
        appointment.cancelled_at = now
        appointment.cancel_reason = reason
        appointment.held_until = None
        appointment.save()
        calendar_operations.forget_own(appointment_id=appointment.pk)
        billing.withdraw(appointment_id=appointment.pk)
        record(
            "appointment_cancelled",
            firm=appointment.firm_id,
            now=now,
            subject=appointment.pk,
            by=str(who),
            tell_client=tell_client,
            **_trace(actor),
        )
    return appointment


def change_details(
    *, appointment: Appointment, details: ClientDetails, note: str, now: datetime, actor: Actor
) -> Appointment:
    """Correct what an appointment says of its client, place and note; the time stays. Raises a Refusal."""
    appointment_type = AppointmentType.objects.select_related("lawyer", "firm").get(
        pk=appointment.appointment_type_id
    )
    columns = checked(details, appointment_type, appointment_type.firm, by_firm=True)
    columns.pop("answers")
    columns["note"] = clean_text(note, 2000, lines=True, field="note")
    with transaction.atomic():
        appointment = Appointment.objects.select_for_update(of=("self",)).get(pk=appointment.pk)
        for name, value in columns.items():
            setattr(appointment, name, value)
        appointment.sequence += 1
        appointment.save()
        record(
            "appointment_changed",
            firm=appointment.firm_id,
            now=now,
            subject=appointment.pk,
            **_trace(actor),
        )
    return appointment


def record_outcome(*, appointment: Appointment, outcome: str, now: datetime, actor: Actor) -> Appointment:
    """Note what became of it; "none" takes the note back. Raises NotAllowedNow, TooEarly."""
    with transaction.atomic():
        appointment = Appointment.objects.select_for_update(of=("self",)).get(pk=appointment.pk)
        lifecycle.may_record(
            lifecycle.State(appointment.state),
            lifecycle.Outcome(outcome),
            lifecycle.Actor.FIRM,
            start=appointment.start,
            now=now,
            late=cancelled_late(appointment),
        )
        appointment.outcome = outcome
        appointment.save(update_fields=["outcome", "updated_at"])
        record(
            "outcome_recorded",
            firm=appointment.firm_id,
            now=now,
            subject=appointment.pk,
            outcome=outcome,
            **_trace(actor),
        )
    return appointment
