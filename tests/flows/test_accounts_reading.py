"""Calendars of one's own in the mirror: whole once, then what has changed; and appointments known in their copies."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone

from daybook.appointments import operations
from daybook.appointments.models import Appointment
from daybook.calendars.models import BusyPeriod, Calendar
from daybook.firms import operations as firms
from daybook.sync import calendars as sync
from daybook.sync.copies import COPIES_FOLLOW
from daybook.sync.deltas import FURTHER
from tests.flows.accounts_desk import ALICE, Desk

if TYPE_CHECKING:
    from sandbox.google import Sandbox as Google
    from sandbox.microsoft import Sandbox as Microsoft


@pytest.fixture
def desk(db: None) -> Desk:
    return Desk()


def lists(google: Google) -> list[bool]:
    """The readings Google was asked for since the log was cleared: whether each asked for changes only."""
    asked = [one for one in google.exchanges if one.method == "GET" and one.path.endswith("/events")]
    return ["syncToken" in one.query for one in asked]


def event(desk: Desk, google: Google, hour: int, title: str = "Hearing", **more: object) -> str:
    made = google.control.create_entry(
        ALICE, summary=title, start=desk.wall(hour), end=desk.wall(hour + 1), **more
    )
    return str(made["id"])


def test_after_the_first_reading_a_refresh_is_one_request_for_what_has_changed(
    desk: Desk, google: Google
) -> None:
    first, second = event(desk, google, 10), event(desk, google, 13)
    desk.connect("google")
    google.control.clear_log()
    desk.refresh(timedelta(minutes=5))
    assert lists(google) == [True]
    google.control.edit_entry(ALICE, first, start=desk.wall(15), end=desk.wall(16))
    google.control.delete_entry(ALICE, second)
    event(desk, google, 9)
    google.control.clear_log()
    desk.refresh(timedelta(minutes=10))
    assert lists(google) == [True]
    times = desk.free()[0]
    assert {"10:00", "13:00"} <= set(times)
    assert {"15:00", "15:30", "09:00", "09:30"}.isdisjoint(times)
    assert BusyPeriod.objects.count() == 2


def test_days_later_all_is_read_again_once_as_far_as_the_mirror_must_reach(
    desk: Desk, google: Google
) -> None:
    desk.connect("google")
    calendar = Calendar.objects.get(name=ALICE)
    until = calendar.read_until
    google.control.clear_log()
    desk.refresh(FURTHER - timedelta(hours=1))
    assert lists(google) == [True]
    desk.refresh(FURTHER + timedelta(hours=1))
    desk.refresh(FURTHER + timedelta(hours=2))
    assert lists(google) == [True, False, True]
    calendar.refresh_from_db()
    assert until is not None
    assert calendar.read_until is not None
    assert calendar.read_until > until + FURTHER


def test_a_lawyer_who_moves_has_all_read_again_as_their_clock_shows_it(desk: Desk, google: Google) -> None:
    desk.connect("google")
    google.control.clear_log()
    type(desk.cast.alice).objects.update(time_zone="America/New_York")
    desk.refresh(timedelta(minutes=5))
    assert lists(google) == [False]
    assert Calendar.objects.get(name=ALICE).token_zone == "America/New_York"


def test_a_lost_token_reads_everything_again_in_the_same_breath(desk: Desk, google: Google) -> None:
    gone = event(desk, google, 10)
    desk.connect("google")
    google.control.delete_entry(ALICE, gone)
    event(desk, google, 14)
    google.control.lose_tokens()
    desk.refresh(timedelta(minutes=5))
    times, trouble = desk.free(timedelta(minutes=5))
    assert not trouble
    assert "10:00" in times
    assert "14:00" not in times


def test_something_new_is_seen_at_confirmation_by_the_changes_alone(desk: Desk, google: Google) -> None:
    from daybook.core.errors import SlotTaken

    desk.connect("google")
    Calendar.objects.update(read_at=timezone.now() - timedelta(minutes=4))
    google.control.clear_log()
    event(desk, google, 10)
    with pytest.raises(SlotTaken):
        desk.book(10)
    assert lists(google) == [True]


def test_microsofts_changes_arrive_by_its_delta_too(desk: Desk, microsoft: Microsoft) -> None:
    at = (desk.wall(10)["dateTime"], desk.wall(11)["dateTime"])
    made = microsoft.control.create_event(ALICE, "Hearing", *at)
    desk.connect("microsoft")
    assert "10:00" not in desk.free()[0]
    microsoft.control.delete_event(ALICE, made["id"])
    microsoft.control.create_event(ALICE, "Hearing", desk.wall(14)["dateTime"], desk.wall(15)["dateTime"])
    desk.refresh(timedelta(minutes=5))
    times = desk.free()[0]
    assert "10:00" in times
    assert "14:00" not in times


def test_a_reading_that_another_one_has_crossed_does_not_bring_back_what_was_told_before(
    desk: Desk, google: Google, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two workers ask with the same token; the one that asked first stores last."""
    moved = event(desk, google, 10)
    desk.connect("google")
    google.control.edit_entry(ALICE, moved, start=desk.wall(11), end=desk.wall(12))
    calendar = Calendar.objects.get(name=ALICE)
    find = sync.FINDERS["google"]
    crossed = []

    def slow(*asked: object) -> object:
        told = find(*asked)  # type: ignore[arg-type]
        if not crossed:
            crossed.append(True)
            google.control.edit_entry(ALICE, moved, start=desk.wall(14), end=desk.wall(15))
            sync.refresh_busy(calendar_id=calendar.pk, now=desk.now + timedelta(minutes=6))
        return told

    monkeypatch.setitem(sync.FINDERS, "google", slow)
    sync.refresh_busy(calendar_id=calendar.pk, now=desk.now + timedelta(minutes=5))
    times = desk.free()[0]
    assert "11:00" in times
    assert "14:00" not in times


# --- copies -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def copied(desk: Desk, google: Google) -> tuple[Desk, Google, Appointment]:
    """An appointment that lives elsewhere, and its copy in the lawyer's Google calendar."""
    desk.connect("google")
    Calendar.objects.update(permission=Calendar.Permission.VIEWER)  # appointments are not written here
    appointment = desk.book(10)
    google.control.create_entry(
        ALICE,
        summary=f"appointment with  {appointment.client_name.upper()}",
        start=desk.wall(10),
        end=desk.wall(10, 30),
    )
    desk.refresh(timedelta(minutes=5))
    return desk, google, appointment


def test_a_copy_of_an_appointment_is_taken_as_the_appointment_itself(
    copied: tuple[Desk, Google, Appointment],
) -> None:
    _, _, appointment = copied
    assert BusyPeriod.objects.get().appointment_id == appointment.pk


def test_a_copy_in_the_calendar_of_somebody_who_takes_part_is_the_appointment_too(
    desk: Desk, google: Google
) -> None:
    desk.connect("google")
    Calendar.objects.update(permission=Calendar.Permission.VIEWER)
    appointment = desk.book(10)
    alice = appointment.lawyer
    ben = firms.add_lawyer(
        firm=alice.firm, name="Ben Vale", email="ben@example.com", time_zone=alice.time_zone, now=desk.now
    )
    Appointment.objects.filter(pk=appointment.pk).update(lawyer=ben, others=[alice.pk])
    title = f"Appointment with {appointment.client_name}"
    google.control.create_entry(ALICE, summary=title, start=desk.wall(10), end=desk.wall(10, 30))
    desk.refresh(timedelta(minutes=5))
    assert BusyPeriod.objects.get().appointment_id == appointment.pk


def test_an_entry_at_the_same_time_with_another_title_is_somebodys_own(desk: Desk, google: Google) -> None:
    desk.connect("google")
    Calendar.objects.update(permission=Calendar.Permission.VIEWER)
    desk.book(10)
    google.control.create_entry(ALICE, summary="Dentist", start=desk.wall(10), end=desk.wall(10, 30))
    desk.refresh(timedelta(minutes=5))
    assert BusyPeriod.objects.get().appointment_id is None


@pytest.mark.parametrize("how", ["moved", "cancelled"])
def test_a_copy_that_lags_behind_blocks_nothing_until_copies_had_their_time_to_follow(
    copied: tuple[Desk, Google, Appointment], how: str
) -> None:
    desk, google, appointment = copied
    if how == "moved":
        operations.reschedule(
            appointment=appointment,
            start=desk.start(14),
            by=Appointment.Party.FIRM,
            now=timezone.now(),
            actor=desk.cast.alice_actor,
        )
    else:
        operations.cancel(
            appointment=appointment,
            by=Appointment.Party.FIRM,
            now=timezone.now(),
            actor=desk.cast.alice_actor,
        )
    google.control.lose_tokens()  # everything is told anew, the copy in its old place too
    desk.refresh(timedelta(minutes=10))
    assert "10:00" in desk.free()[0]
    late = COPIES_FOLLOW + timedelta(minutes=5)
    desk.refresh(late)
    assert "10:00" not in desk.free(late)[0]


def test_a_copy_that_follows_is_the_appointment_again(copied: tuple[Desk, Google, Appointment]) -> None:
    desk, google, appointment = copied
    operations.reschedule(
        appointment=appointment,
        start=desk.start(14),
        by=Appointment.Party.FIRM,
        now=timezone.now(),
        actor=desk.cast.alice_actor,
    )
    (copy,) = [e for e in google.control.records("events", calendar=ALICE) if e.get("status") != "cancelled"]
    google.control.edit_entry(ALICE, copy["id"], start=desk.wall(14), end=desk.wall(14, 30))
    desk.refresh(timedelta(minutes=10))
    (row,) = BusyPeriod.objects.all()
    assert row.appointment_id == appointment.pk
    assert row.during.lower == desk.start(14)
    desk.refresh(COPIES_FOLLOW * 2)
    assert BusyPeriod.objects.get().appointment_id == appointment.pk
