"""Everybody at once, for types of several people: nobody is met twice, by the rules and by the bare constraint alike."""

from __future__ import annotations

import random
import uuid
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tests.flows.test_race import _now, together

if TYPE_CHECKING:
    from daybook.appointments.models import AppointmentType
    from daybook.firms.models import Lawyer
    from tests.cast import Cast

#: So many at once, so often: more would only wait for a connection.
CROWD, EACH, TIMES = 16, 4, 4


@pytest.fixture
def cast(transactional_db: None) -> Cast:
    from tests.cast import hart_and_vale

    return hart_and_vale(_now())


@pytest.fixture
def people(cast: Cast) -> list[Lawyer]:
    from daybook.calendars import operations as calendars
    from daybook.firms import operations as firms
    from tests.cast import NINE_TO_FIVE

    found = [cast.alice]
    for name in ("Ben", "Cy", "Ivy"):
        who = firms.add_lawyer(
            firm=cast.firm,
            name=name,
            email=f"{name}@hartvale.example",
            time_zone="America/Denver",
            now=_now(),
        )
        calendars.save_hours(lawyer=who, weekly=NINE_TO_FIVE, now=_now())
        found.append(who)
    return found


@pytest.fixture
def kinds(cast: Cast, people: list[Lawyer]) -> list[AppointmentType]:
    """Each lawyer's own, any of three, three together, and one with somebody beside them."""
    from daybook.appointments.models import AppointmentType, TeamMember

    def made(owner: Lawyer, kind: str, leads: list[Lawyer], seconds: list[Lawyer]) -> AppointmentType:
        row = AppointmentType.objects.create(
            firm=cast.firm, lawyer=owner, name=kind, slug=uuid.uuid4().hex[:8], minutes=30, step_minutes=30,
            notice_minutes=0, places=["phone"], kind=kind, needs_second=bool(seconds),
        )  # fmt: skip
        for role, members in (("lead", leads), ("second", seconds)):
            for one in members:
                TeamMember.objects.create(appointment_type=row, lawyer=one, role=role)
        return row

    alice, ben, cy, ivy = people
    return [
        *(made(one, "one", [], []) for one in people),
        made(alice, "round_robin", [alice, ben, cy], []),
        made(ben, "round_robin", [ben, ivy], []),
        made(cy, "collective", [cy, alice, ben], []),
        made(alice, "one", [], [ivy, cy]),
        made(ben, "round_robin", [alice, ben], [ivy, cy]),
    ]


def crowd(attempt: Callable[[int], None]) -> None:
    def several(first: int) -> None:
        for number in range(first, CROWD * EACH, CROWD):
            attempt(number)

    together(*(lambda first=first: several(first) for first in range(CROWD)))


def doubly_met() -> list[tuple[int, int]]:
    """Pairs of live appointments in which anybody sits at the same time, worked out from the appointments alone."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT a.id, b.id FROM appointments_appointment a JOIN appointments_appointment b"
            " ON a.id < b.id AND a.during && b.during AND (a.lawyer_id || a.others) && (b.lawyer_id || b.others)"
            " WHERE a.state IN ('held', 'confirmed') AND b.state IN ('held', 'confirmed')"
        )
        return cursor.fetchall()


def test_visitors_and_desks_of_every_kind_of_type_meet_nobody_twice(
    cast: Cast, kinds: list[AppointmentType]
) -> None:
    from daybook.appointments import operations
    from daybook.appointments.models import Appointment
    from daybook.core.errors import Refusal
    from tests.cast import DANA, at, next_weekday

    first = at(cast.alice, next_weekday(_now(), weekday=2, weeks=2), 9)
    starts = [first + timedelta(minutes=30 * number) for number in range(TIMES)]
    refusals: Counter[str] = Counter()
    made: list[int] = []

    def attempt(number: int) -> None:
        chance = random.Random(number)
        kind, start = kinds[number % len(kinds)], chance.choice(starts)
        try:
            if number % 3:
                held = operations.hold(
                    appointment_type=kind, start=start, hold_key=f"visitor {number}", now=_now()
                )
                booked = operations.confirm(appointment=held, details=DANA, now=_now())
            else:
                booked = operations.book(
                    actor=cast.alice_actor, appointment_type=kind, start=start, details=DANA, now=_now()
                )
            made.append(booked.pk)
            if number % 4 == 0:
                operations.reschedule(
                    appointment=booked,
                    start=chance.choice(starts),
                    by="firm",
                    now=_now(),
                    actor=cast.alice_actor,
                )
            if number % 7 == 0:
                operations.cancel(appointment=booked, by="firm", now=_now())
        except Refusal as refusal:
            refusals[refusal.code] += 1

    crowd(attempt)
    assert doubly_met() == []
    assert set(refusals) <= {"slot_taken", "crowded", "hold_expired"}, refusals
    assert refusals["slot_taken"], "nobody was refused: this was no race"
    confirmed = Appointment.objects.filter(state="confirmed").count()
    assert TIMES <= confirmed <= TIMES * 4
    assert len(made) == len(set(made))


def test_the_bare_constraint_alone_lets_nobody_be_met_twice(
    cast: Cast, people: list[Lawyer], kinds: list[AppointmentType]
) -> None:
    from django.db import IntegrityError, OperationalError, connection
    from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
    from psycopg.errors import DeadlockDetected, ExclusionViolation, LockNotAvailable

    from daybook.appointments.models import Appointment
    from tests.cast import at, next_weekday

    first = at(cast.alice, next_weekday(_now(), weekday=2, weeks=2), 9)
    written: list[int] = []
    refused: list[str] = []

    def write(number: int) -> None:
        chance = random.Random(number)
        lead, *others = chance.sample([one.pk for one in people], chance.choice((1, 1, 2, 3)))
        start = first + timedelta(minutes=10 * chance.randrange(TIMES * 3))
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '20s'")
        try:
            row = Appointment.objects.create(
                firm=cast.firm, lawyer_id=lead, others=others, appointment_type=kinds[0], uid=uuid.uuid4(),
                state="confirmed", during=DateTimeTZRange(start, start + timedelta(minutes=30)),
            )  # fmt: skip
        except (IntegrityError, OperationalError) as error:
            # Writers who take no turns may wait for each other in a circle: one of them is turned away.
            if not isinstance(error.__cause__, ExclusionViolation | DeadlockDetected | LockNotAvailable):
                raise
            refused.append(type(error).__name__)
        else:
            written.append(row.pk)

    crowd(write)
    assert doubly_met() == []
    assert refused
    assert sorted(written) == sorted(Appointment.objects.values_list("pk", flat=True))
