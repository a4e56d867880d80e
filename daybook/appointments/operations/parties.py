"""Taking the time of several people at once: whose turn it is goes first, and the next is tried if theirs is gone."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime
from itertools import islice

from django.db import transaction

from daybook.appointments import fetched, teams
from daybook.appointments.locking import books
from daybook.appointments.models import Appointment, AppointmentType
from daybook.appointments.operations.checks import as_range, end_holds, lock_people, require_own_time_free
from daybook.core.errors import CalendarUnreadable, CapReached, SlotTaken
from daybook.core.periods import Period
from daybook.firms import prepared
from daybook.firms.models import Lawyer
from daybook.firms.outbox import record

People = tuple[Lawyer, ...]

#: What says nothing about whoever is next in turn.
_NEXT = (SlotTaken, CapReached, CalendarUnreadable)
#: So many parties are tried for one press: enough for every lawyer of a large firm, and an end to it.
_MOST = 40


def first_to_succeed(
    take: Callable[[People], Appointment],
    appointment_type: AppointmentType,
    during: Period,
    now: datetime,
    *,
    hold_key: str = "",
    by_firm: bool = False,
) -> Appointment:
    """
    What `take` makes of the first party that can be had at that time, in the order of their turns.

    Raises the Refusal of the last one tried, or the one that says why there is nobody to try.
    """
    refused: SlotTaken | CapReached | CalendarUnreadable | None = None
    found = teams.parties(appointment_type, during, now, hold_key=hold_key, by_firm=by_firm)
    for people in islice(found, _MOST):
        try:
            return take(people)
        except _NEXT as refusal:
            refused = refusal
    raise refused or SlotTaken


def hold(
    appointment_type: AppointmentType,
    during: Period,
    hold_key: str,
    now: datetime,
    *,
    until: datetime,
    only: People = (),
) -> Appointment:
    """
    Keep a free time of a type of several people for one visitor; their earlier hold of the type is given back.

    `only` are the people it must be. Raises the Refusal that says why the time cannot be had.
    """

    def take(people: People) -> Appointment:
        return _hold(appointment_type, people, during, hold_key, now, until)

    if only:
        found = teams.parties(appointment_type, during, now, hold_key=hold_key)
        if all({one.pk for one in people} != {one.pk for one in only} for people in found):
            raise SlotTaken
        held = take(only)
    else:
        held = first_to_succeed(take, appointment_type, during, now, hold_key=hold_key)
    # The type of an appointment comes with that appointment's lawyer, who is seldom the type's own.
    return fetched.appointment_by_id(held.pk)


@books
def _hold(
    appointment_type: AppointmentType,
    people: People,
    during: Period,
    hold_key: str,
    now: datetime,
    until: datetime,
) -> Appointment:
    with transaction.atomic():
        lock_people(people)
        for lawyer in people:
            require_own_time_free(appointment_type, during, now, hold_key=hold_key, lawyer=lawyer)
        for lawyer in people:
            end_holds(lawyer.pk, now, hold_key=hold_key)
        prepared.rows(_GIVE_BACK, [appointment_type.pk, hold_key])
        appointment = Appointment.objects.create(
            firm_id=appointment_type.firm_id,
            lawyer=people[0],
            others=[lawyer.pk for lawyer in people[1:]],
            appointment_type_id=appointment_type.pk,
            uid=uuid.uuid4(),
            state=Appointment.State.HELD,
            during=as_range(during),
            before_minutes=appointment_type.before_minutes,
            after_minutes=appointment_type.after_minutes,
            held_until=until,
            hold_key=hold_key,
            fee_cents=appointment_type.fee_cents,
        )
        record("appointment_held", firm=appointment_type.firm_id, now=now, subject=appointment.pk)
    return appointment


#: With whomever this visitor held a time of the type before. Giving back needs no turn: it only frees.
_GIVE_BACK = """
    UPDATE appointments_appointment SET state = 'expired', held_until = NULL
     WHERE id IN (SELECT id FROM appointments_appointment
                   WHERE appointment_type_id = %s AND state = 'held' AND hold_key = %s ORDER BY id FOR UPDATE)
    RETURNING id
"""
