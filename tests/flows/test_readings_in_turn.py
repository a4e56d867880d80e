"""Readings of one calendar that cross, and a booking that crosses one: over two connections, as two workers have them."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from daybook.calendars.turns import REMEMBERED, Verdict, begin, judge, note
from daybook.core.periods import Period

if TYPE_CHECKING:
    from tests.flows.entry_places import Place

HOUR = timedelta(hours=1)
NINE = datetime(2027, 3, 15, 9, tzinfo=UTC)
DAYS = Period(NINE - timedelta(days=1), NINE + timedelta(days=60))
NOW = NINE - timedelta(hours=1)


def span(hours: float, length: float = 1) -> Period:
    return Period(NINE + hours * HOUR, NINE + (hours + length) * HOUR)


@pytest.fixture
def calendar(db: None) -> Any:
    from django.utils import timezone

    from daybook.calendars.models import Calendar
    from daybook.sync.models import Connection
    from tests.cast import hart_and_vale

    cast = hart_and_vale(timezone.now())
    connection = Connection.objects.create(firm=cast.firm, provider="clio", connected_at=timezone.now())
    return Calendar.objects.create(firm=cast.firm, connection=connection, external_id="1", name="Own")


#: What the younger one was about, what the older one is about, what becomes of that.
CROSSED = {
    "one of everything says all that an older one could": (DAYS, DAYS, Verdict.ANSWERED),
    "one of everything answers an older one of an hour": (DAYS, span(0), Verdict.ANSWERED),
    "one of an hour does not answer an older one of everything": (span(0), DAYS, Verdict.AGAIN),
    "one of the same hour answers": (span(0), span(0), Verdict.ANSWERED),
    "one of half the hour does not": (span(0, 0.5), span(0), Verdict.AGAIN),
    "one of another hour says nothing of it": (span(1), span(0), Verdict.WRITE),
    "one that began as late as now answers what began before": (
        Period(NOW, DAYS.end),
        DAYS,
        Verdict.ANSWERED,
    ),
}


@pytest.mark.parametrize("case", CROSSED)
def test_of_two_readings_that_cross_the_one_that_began_later_stands(calendar: Any, case: str) -> None:
    younger, older, verdict = CROSSED[case]
    first, second = begin(calendar.pk), begin(calendar.pk)
    calendar.refresh_from_db()
    note(calendar, second, younger, whole=younger == DAYS)
    calendar.refresh_from_db()
    assert judge(calendar, first, older, NOW) is verdict
    assert judge(calendar, begin(calendar.pk), older, NOW) is Verdict.WRITE


def test_what_began_too_long_ago_is_begun_again_and_little_is_remembered(calendar: Any) -> None:
    first = begin(calendar.pk)
    for at in range(REMEMBERED + 20):
        number = begin(calendar.pk)
        calendar.refresh_from_db()
        note(calendar, number, span(100 + at), whole=False)
    calendar.refresh_from_db()
    assert judge(calendar, first, span(0), NOW) is Verdict.AGAIN
    assert len(calendar.written) <= REMEMBERED
    note(calendar, begin(calendar.pk), DAYS, whole=True)
    calendar.refresh_from_db()
    assert len(calendar.written) == 1


# --- two connections --------------------------------------------------------------------------------------------------


@pytest.fixture
def place(transactional_db: None, settings: Any) -> Iterator[Place]:
    """A lawyer with an account at an Exchange Server, which knows of no changes and is read whole each time."""
    from sandbox.exchange import start
    from tests.flows.entry_places import at_exchange
    from tests.flows.office import Office

    settings.PRIVATE_NETWORKS = True
    with start() as sandbox:
        yield at_exchange(Office(None, connected=False), sandbox)  # type: ignore[arg-type]


def aside(work: Any) -> threading.Thread:
    """Another worker, with a connection of its own."""
    from django.db import connection

    def run() -> None:
        try:
            work()
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def test_readings_and_bookings_that_cross_lose_nothing(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.db import transaction
    from django.utils import timezone

    from daybook.appointments.models import Appointment
    from daybook.calendars.models import BusyPeriod, Calendar
    from daybook.connectors.exchange.service import ExchangeCalendars
    from daybook.sync import calendars
    from daybook.sync.models import Clash

    # A whole reading has its answer; before it is written, somebody's hearing is entered and a booking looks at that hour.
    read, told = ExchangeCalendars.read, []
    start = place.office.start(10)

    def slow(self: Any, *args: Any, **kwargs: Any) -> Any:
        answer = read(self, *args, **kwargs)
        if not told:
            told.append(True)
            place.rig.add("Hearing", start, start + HOUR)
            crossing = aside(lambda: calendars.read(stale(), start, start + HOUR, timezone.now()))
            crossing.join(20)
            assert BusyPeriod.objects.filter(during__contains=start).exists()
        return answer

    def stale() -> Calendar:
        Calendar.objects.update(read_at=timezone.now() - timedelta(minutes=4))
        return Calendar.objects.get(pk=place.calendar.pk)

    with monkeypatch.context() as patch:
        patch.setattr(ExchangeCalendars, "read", slow)
        assert calendars.refresh_busy(calendar_id=place.calendar.pk, now=timezone.now())
    assert BusyPeriod.objects.filter(during__contains=start).count() == 1

    # A booking has looked and is not committed yet; a reading brings an entry at that very time.
    with transaction.atomic():
        appointment = place.office.book(14)
        place.rig.add("Dentist", appointment.start, appointment.end)
        reading = aside(lambda: calendars.refresh_busy(calendar_id=place.calendar.pk, now=timezone.now()))
        until = time.monotonic() + 4
        while not waiting_for_a_lock() and time.monotonic() < until:
            time.sleep(0.02)
    reading.join(20)
    assert Appointment.objects.get(pk=appointment.pk).state == "confirmed"
    assert [one.appointment_id for one in Clash.objects.filter(answered_at=None)] == [appointment.pk]


def waiting_for_a_lock() -> bool:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return bool(cursor.fetchone()[0])
