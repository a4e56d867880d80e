"""Clio's calendars block a lawyer's time: series, moved occurrences, whole days, hidden entries."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

if TYPE_CHECKING:
    from datetime import date

    from tests.flows.office import Office

ALICE, BEN = "alice@hartvale.example", "ben@hartvale.example"
DENVER = ZoneInfo("America/Denver")


def offered(office: Office, on: date) -> list[str]:
    """The free times of one day, as Alice's clock shows them."""
    from daybook.appointments import queries

    start = datetime.combine(on, time(), DENVER)
    starts, trouble = queries.open_starts(
        office.cast.consultation,
        start=start.astimezone(UTC),
        end=(start + timedelta(days=1)).astimezone(UTC),
        now=office.now,
    )
    assert not trouble
    return [datetime.fromtimestamp(second, DENVER).strftime("%H:%M") for second in starts]


def wall(on: date, hour: int, minute: int = 0) -> str:
    return datetime.combine(on, time(hour, minute), DENVER).isoformat()


def refresh(office: Office) -> None:
    from daybook.jobs.schedule import calendars_tick

    calendars_tick.func(0)
    office.work()


@pytest.fixture
def quiet(office: Office) -> Office:
    """Alice's Clio calendar without the demo's entries."""
    office.clio.control.clear_table("calendar_entries")
    refresh(office)
    return office


def test_without_entries_the_whole_day_is_offered(quiet: Office) -> None:
    assert len(offered(quiet, quiet.day)) == 16


def test_a_weekly_series_blocks_every_week_and_an_occurrence_moved_elsewhere_blocks_there(
    quiet: Office,
) -> None:
    control, first = quiet.clio.control, quiet.day
    series = control.create_entry(
        ALICE,
        summary="Team meeting",
        start_at=wall(first, 10),
        end_at=wall(first, 11),
        recurrence_rule="FREQ=WEEKLY",
    )
    second = first + timedelta(weeks=1)
    (moved,) = control.occurrence_ids(series["id"], wall(second, 0), wall(second, 23))
    control.move_entry(ALICE, moved, wall(second, 15), wall(second, 16))
    refresh(quiet)
    assert "10:00" not in offered(quiet, first)
    assert "10:30" not in offered(quiet, first)
    after = offered(quiet, second)
    assert "10:00" in after
    assert "15:00" not in after
    assert "10:00" not in offered(quiet, second + timedelta(weeks=1))


def test_an_all_day_entry_closes_the_day_unless_the_lawyer_says_otherwise(quiet: Office) -> None:
    from daybook.calendars.models import CalendarUse

    quiet.clio.control.create_entry(
        ALICE,
        summary="Conference",
        start_at=wall(quiet.day, 0),
        end_at=wall(quiet.day, 23, 59),
        all_day=True,
    )
    refresh(quiet)
    assert offered(quiet, quiet.day) == []
    CalendarUse.objects.update(all_day_blocks=False)
    assert len(offered(quiet, quiet.day)) == 16


def test_an_entry_whose_details_are_hidden_blocks_all_the_same(quiet: Office) -> None:
    from daybook.calendars import operations

    control = quiet.clio.control
    control.create_entry(
        BEN, summary="Private", start_at=wall(quiet.day, 9), end_at=wall(quiet.day, 12), private=True
    )
    bens, own = quiet.calendar("Ben Vale"), quiet.calendar("Alice Hart")
    operations.choose_calendars(
        lawyer=quiet.cast.alice, blocking={own.pk: True, bens.pk: True}, primary=own, now=quiet.now
    )
    quiet.work()
    times = offered(quiet, quiet.day)
    assert "09:00" not in times
    assert "11:30" not in times
    assert "12:00" in times


def test_any_number_of_calendars_block_and_one_that_is_not_chosen_does_not(quiet: Office) -> None:
    control = quiet.clio.control
    control.create_entry(BEN, summary="Hearing", start_at=wall(quiet.day, 9), end_at=wall(quiet.day, 10))
    refresh(quiet)
    assert "09:00" in offered(quiet, quiet.day)


def test_the_linked_calendar_of_a_type_receives_its_appointments_and_blocks(quiet: Office) -> None:
    from daybook.appointments import operations as appointments

    bens = quiet.calendar("Ben Vale")
    quiet.cast.consultation.linked_calendar = bens
    appointments.save_type(appointment_type=quiet.cast.consultation, now=quiet.now)
    quiet.clio.control.create_entry(
        BEN, summary="Hearing", start_at=wall(quiet.day, 9), end_at=wall(quiet.day, 10)
    )
    quiet.work()
    refresh(quiet)
    assert "09:00" not in offered(quiet, quiet.day)
    appointment = quiet.book(11)
    quiet.work()
    (entry,) = quiet.entries(appointment)
    assert entry["calendar_id"] == int(bens.external_id)


def test_a_calendar_that_may_only_be_viewed_cannot_receive_appointments(quiet: Office) -> None:
    from daybook.appointments import operations as appointments
    from daybook.calendars import operations

    chloes = quiet.calendar("Chloe Okafor")
    with pytest.raises(operations.NotWritable):
        operations.choose_calendars(
            lawyer=quiet.cast.alice, blocking={chloes.pk: True}, primary=chloes, now=quiet.now
        )
    quiet.cast.consultation.linked_calendar = chloes
    with pytest.raises(operations.NotWritable):
        appointments.save_type(appointment_type=quiet.cast.consultation, now=quiet.now)


def test_our_own_entry_does_not_stand_in_the_way_of_moving_the_appointment_a_little(quiet: Office) -> None:
    from daybook.appointments import operations as appointments

    appointment = quiet.book(10)
    quiet.work()
    refresh(quiet)
    moved = appointments.reschedule(
        appointment=appointment, start=quiet.start(10, 30), by="client", now=quiet.now
    )
    assert moved.sequence == 1
    assert "10:00" in offered(quiet, quiet.day)


def test_a_calendar_no_longer_shared_closes_the_lawyers_times_and_says_so(quiet: Office) -> None:
    from daybook.appointments import queries
    from daybook.calendars import operations
    from daybook.jobs.schedule import contacts_tick

    bens, own = quiet.calendar("Ben Vale"), quiet.calendar("Alice Hart")
    operations.choose_calendars(
        lawyer=quiet.cast.alice, blocking={own.pk: True, bens.pk: True}, primary=own, now=quiet.now
    )
    quiet.work()
    quiet.clio.control.unshare_calendar(int(bens.external_id), ALICE)
    contacts_tick.func(0)
    quiet.work()
    refresh(quiet)
    starts, trouble = queries.open_starts(
        quiet.cast.consultation, start=quiet.start(8), end=quiet.start(18), now=quiet.now
    )
    assert starts == []
    assert "Ben Vale" in trouble


def test_what_lies_beyond_the_reading_of_a_calendar_is_not_offered(quiet: Office) -> None:
    from daybook.calendars.models import Calendar

    assert offered(quiet, quiet.day)
    Calendar.objects.update(read_until=quiet.start(12))
    assert offered(quiet, quiet.day)[-1] == "11:30"
    assert offered(quiet, quiet.day + timedelta(days=1)) == []


def test_access_taken_away_stays_so_while_clio_is_silent(quiet: Office) -> None:
    from daybook.appointments import operations
    from daybook.calendars.queries import primary_calendar
    from daybook.core.errors import CalendarUnreadable
    from daybook.sync import calendars
    from tests.flows.office import NOBODY

    held = quiet.hold(9)
    own = primary_calendar(quiet.cast.alice.pk)
    assert own is not None
    quiet.clio.control.fault(
        method="GET", path="/api/v4/calendar_entries.json", kind="status", status=403, count=9
    )
    assert not calendars.refresh_busy(calendar_id=own.pk, now=quiet.now)
    quiet.clio.control.clear_faults()
    quiet.clio.control.down(True)
    with pytest.raises(CalendarUnreadable):
        operations.confirm(appointment=held, details=NOBODY, now=quiet.now + timedelta(seconds=10))


def test_while_clio_is_silent_nobody_books_beyond_what_has_been_read(quiet: Office) -> None:
    from daybook.appointments import operations
    from daybook.core.errors import CalendarUnreadable
    from tests.flows.office import NOBODY

    quiet.clio.control.down(True)
    now = quiet.now + timedelta(seconds=10)

    def book(start: datetime) -> None:
        operations.book(
            actor=quiet.cast.alice_actor,
            appointment_type=quiet.cast.consultation,
            start=start,
            details=NOBODY,
            now=now,
        )

    book(quiet.start(9))
    with pytest.raises(CalendarUnreadable):
        book(quiet.start(9) + timedelta(days=200))


def test_a_new_connection_is_settled_in_however_long_clio_was_away(office: Office) -> None:
    from procrastinate.contrib.django.models import ProcrastinateJob

    from daybook.jobs import tasks
    from daybook.sync.models import Connection

    connection = Connection.objects.get()
    office.clio.control.down(True)
    for tries in range(12):
        ProcrastinateJob.objects.all().delete()
        tasks.settle_in.func(connection.pk, tries)
        (waiting,) = ProcrastinateJob.objects.filter(task_name="settle_in", status="todo")
        assert waiting.scheduled_at > office.now
        assert waiting.args["tries"] == tries + 1


def test_our_entry_moved_by_hand_blocks_where_it_now_stands_while_its_push_waits_for_a_person(
    quiet: Office,
) -> None:
    from daybook.sync.models import Push

    appointment = quiet.book(9)
    quiet.work()
    Push.objects.filter(appointment=appointment).update(state=Push.State.TROUBLE, next_try_at=None)
    (entry,) = quiet.entries(appointment)
    quiet.clio.control.move_entry(ALICE, entry["id"], wall(quiet.day, 15), wall(quiet.day, 15, 30))
    refresh(quiet)
    assert "15:00" not in offered(quiet, quiet.day)
    assert "09:00" not in offered(quiet, quiet.day)


def test_whoever_presses_try_again_does_not_wait_for_one_slow_calendar_after_the_other(
    quiet: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    from daybook.calendars.models import Calendar
    from daybook.sync import calendars

    every = list(Calendar.objects.filter(present=True).values_list("pk", flat=True))
    assert len(every) > 1
    later = quiet.now + timedelta(minutes=30)
    monkeypatch.setattr(calendars, "PRESS_SECONDS", 0.2)
    quiet.clio.control.fault(
        method="GET", path="/api/v4/calendar_entries.json", kind="slow", seconds=0.4, count=99
    )
    asked = len(quiet.clio.exchanges)
    calendars.look_again(calendar_ids=every, now=later)
    assert len(quiet.clio.exchanges) == asked + 1  # neither its next page nor the next calendar
    assert not Calendar.objects.filter(read_at=later).exists()
    quiet.clio.control.clear_faults()
    monkeypatch.setattr(calendars, "PRESS_SECONDS", 60.0)
    calendars.look_again(calendar_ids=every, now=later)
    assert Calendar.objects.filter(read_at=later).count() == len(every)


def test_a_reading_somebody_waits_for_ends_in_the_middle_when_it_takes_too_long(
    quiet: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    from daybook.calendars.queries import primary_calendar
    from daybook.sync import calendars

    own = primary_calendar(quiet.cast.alice.pk)
    assert own is not None
    monkeypatch.setattr(calendars, "PRESS_SECONDS", -1.0)  # the time is over before the first request
    asked = len(quiet.clio.exchanges)
    assert not calendars.read(own, quiet.start(9), quiet.start(10), quiet.now + timedelta(minutes=30))
    assert len(quiet.clio.exchanges) == asked
    own.refresh_from_db()
    assert own.trouble == "Clio is slow to answer. Daybook will try again."
    assert not own.trouble_final
