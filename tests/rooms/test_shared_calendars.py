"""Two lawyers and one meeting room: whoever comes second is refused, also before the room's own calendar says so."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone

if TYPE_CHECKING:
    from pytest_django.fixtures import SettingsWrapper

    from daybook.appointments.models import Appointment, AppointmentType
    from daybook.calendars.models import Calendar
    from tests.cast import Cast


@dataclass
class Rooms:
    alice: AppointmentType
    ben: AppointmentType
    room: Calendar
    start: datetime


@pytest.fixture
def rooms(transactional_db: None, settings: SettingsWrapper) -> Rooms:
    from daybook.calendars.models import Calendar
    from daybook.sync.models import Connection
    from tests.cast import at, hart_and_vale, next_weekday

    now = timezone.now()
    settings.CLIO_BASE_URL = (
        "http://127.0.0.1:9"  # nobody listens: a mirror this young is believed all the same
    )
    cast = hart_and_vale(now)
    clio = Connection.objects.create(
        firm=cast.firm, provider="clio", region="US", account_id="1", connected_at=now
    )
    room = Calendar.objects.create(
        firm=cast.firm,
        connection=clio,
        external_id="7",
        name="Meeting room",
        permission="owner",
        read_at=now,
        read_from=now - timedelta(days=1),
        read_until=now + timedelta(days=400),
    )
    ben = _ben(cast, now)
    for offer in (cast.consultation, ben):
        offer.linked_calendar = room
        offer.save()
    return Rooms(cast.consultation, ben, room, at(cast.alice, next_weekday(now, 2, 3), 10))


def _ben(cast: Cast, now: datetime) -> AppointmentType:
    from daybook.appointments.models import AppointmentType
    from daybook.calendars import operations as calendars
    from daybook.firms.models import Lawyer
    from tests.cast import NINE_TO_FIVE

    ben = Lawyer.objects.create(
        firm=cast.firm, name="Ben Vale", slug="ben-vale", time_zone=cast.alice.time_zone
    )
    calendars.save_hours(lawyer=ben, weekly=NINE_TO_FIVE, now=now)
    offer = AppointmentType.objects.get(pk=cast.consultation.pk)
    offer.pk, offer.lawyer = None, ben
    offer.save()
    return AppointmentType.objects.select_related("lawyer", "firm").get(pk=offer.pk)


def _confirm(held: Appointment, name: str) -> Appointment:
    from daybook.appointments import operations
    from tests.cast import DANA

    details = replace(DANA, name=name, email=f"{name.split()[0].lower()}@example.com")
    return operations.confirm(appointment=held, details=details, now=timezone.now())


def _hold(offer: AppointmentType, start: datetime, key: str) -> Appointment:
    from daybook.appointments import operations

    return operations.hold(appointment_type=offer, start=start, hold_key=key, now=timezone.now())


def test_the_second_lawyer_is_refused_before_clio_shows_the_first_ones_entry(rooms: Rooms) -> None:
    from daybook.core.errors import SlotTaken

    first, second = _hold(rooms.alice, rooms.start, "one"), _hold(rooms.ben, rooms.start, "two")
    assert _confirm(first, "Dana Reyes").state == "confirmed"
    with pytest.raises(SlotTaken):
        _confirm(second, "Noah Lind")


def test_the_room_stays_taken_when_clio_is_read_before_the_entry_is_there_and_is_free_after_a_cancellation(
    rooms: Rooms,
) -> None:
    from daybook.appointments import operations
    from daybook.calendars import operations as mirror
    from daybook.calendars.models import BusyPeriod
    from daybook.calendars.operations import Busy
    from daybook.core.periods import Period

    made = _confirm(_hold(rooms.alice, rooms.start, "one"), "Dana Reyes")
    now = timezone.now()
    window = {"start": now - timedelta(days=1), "end": now + timedelta(days=90), "read_at": now}
    mirror.store_busy(calendar_id=rooms.room.pk, busy=[], whole=True, **window)
    assert BusyPeriod.objects.get().appointment_id == made.pk
    entry = Busy("88", Period(made.start, made.end), False, made.pk)
    mirror.store_busy(calendar_id=rooms.room.pk, busy=[entry], whole=True, **window)
    assert BusyPeriod.objects.get().external_id == "88"
    operations.cancel(appointment=made, by="firm", now=now)
    assert not BusyPeriod.objects.exists()
    assert _confirm(_hold(rooms.ben, rooms.start, "two"), "Noah Lind").state == "confirmed"


def test_a_move_takes_the_room_along(rooms: Rooms) -> None:
    from daybook.appointments import operations
    from daybook.core.errors import SlotTaken

    made = _confirm(_hold(rooms.alice, rooms.start, "one"), "Dana Reyes")
    later = rooms.start + timedelta(hours=2)
    blocked = _hold(rooms.ben, later, "two")
    operations.reschedule(appointment=made, start=later, by="firm", now=timezone.now())
    with pytest.raises(SlotTaken):
        _confirm(blocked, "Noah Lind")
    assert _confirm(_hold(rooms.ben, rooms.start, "three"), "Noah Lind").state == "confirmed"


def test_of_two_confirmations_at_once_one_gets_the_room(rooms: Rooms) -> None:
    from django.db import connections

    from daybook.core.errors import SlotTaken

    for round in range(6):
        start = rooms.start + timedelta(days=round // 4, minutes=30 * (round % 4))
        held = [_hold(rooms.alice, start, f"a{round}"), _hold(rooms.ben, start, f"b{round}")]
        gate, outcomes = threading.Barrier(2), []

        def one(appointment: Appointment, name: str, gate=gate, outcomes=outcomes) -> None:
            gate.wait(20)
            try:
                outcomes.append(_confirm(appointment, name).state)
            except SlotTaken:
                outcomes.append("taken")
            finally:
                connections.close_all()

        threads = [
            threading.Thread(target=one, args=(held[0], "Dana Reyes")),
            threading.Thread(target=one, args=(held[1], "Noah Lind")),
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert sorted(outcomes) == ["confirmed", "taken"]
