"""Appointments made before several people could take part: each gets its seat, and the way back is open."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from daybook.appointments.models import Appointment, Seat
from tests.cast import NOW, hart_and_vale

pytestmark = pytest.mark.django_db(transaction=True)
BEFORE = [("appointments", "0001_squashed_0003_teams")]  # the step after it keeps the seats


def migrate(to: list[tuple[str, str]]) -> None:
    executor = MigrationExecutor(connection)
    executor.migrate(to)


@pytest.fixture
def afterwards() -> Iterator[None]:
    yield
    migrate(MigrationExecutor(connection).loader.graph.leaf_nodes())


def test_what_was_booked_before_is_guarded_afterwards(afterwards: None) -> None:
    cast = hart_and_vale(NOW)
    made = [
        Appointment.objects.create(
            firm=cast.firm, lawyer=cast.alice, appointment_type=cast.consultation, uid=uuid.uuid4(), state=state,
            during=(NOW + timedelta(hours=hour), NOW + timedelta(hours=hour + 1)),
        ).pk
        for hour, state in enumerate(("confirmed", "cancelled", "held"))
    ]  # fmt: skip
    now = MigrationExecutor(connection).loader.graph.leaf_nodes("appointments")
    migrate(BEFORE)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM appointments_appointment")
        assert cursor.fetchone() == (3,)
        cursor.execute("UPDATE appointments_appointment SET cancel_reason = 'moved' WHERE id = %s", [made[1]])
    migrate(now)
    seats = Seat.objects.order_by("appointment").values_list("appointment", "lawyer", "lead", "live")
    assert list(seats) == [
        (pk, cast.alice.pk, True, live) for pk, live in zip(made, (True, False, True), strict=True)
    ]
    Appointment.objects.filter(pk=made[0]).update(state="cancelled")
    assert not Seat.objects.get(appointment=made[0]).live
