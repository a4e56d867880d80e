from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daybook.core.reminders import (
    NEVER_QUIET,
    NIGHT,
    QuietHours,
    Reminder,
    before_quiet,
    due_times,
    is_quiet,
    reminders,
)

from .zones import hours, minutes, on_changeovers, utc

START = utc("2026-11-24 21:30")  # 2:30 pm in Denver
BOOKED = utc("2026-11-20 18:00")


def test_reminders_are_due_their_offset_before_the_start() -> None:
    found = reminders(START, [hours(2), hours(24)], now=BOOKED, zone="America/Denver")
    assert found == (Reminder(START - hours(24), hours(24)), Reminder(START - hours(2), hours(2)))


def test_a_reminder_at_night_comes_the_evening_before() -> None:
    early = utc("2026-11-24 15:30")  # 8:30 am in Denver
    assert due_times(early, [hours(1)], now=BOOKED, zone="America/Denver") == (utc("2026-11-24 04:00"),)


def test_the_night_is_that_of_the_recipient() -> None:
    assert due_times(START, [hours(2)], now=BOOKED, zone="Europe/London") == (START - hours(2),)
    assert due_times(START, [hours(2)], now=BOOKED, zone="Asia/Kathmandu") == (utc("2026-11-24 15:15"),)


def test_nothing_is_due_in_the_past_or_once_it_has_begun() -> None:
    now = START - hours(3)
    offsets = [hours(24), hours(2), hours(0), -hours(1)]
    assert due_times(START, offsets, now=now, zone="America/Denver") == (START - hours(2),)
    assert due_times(START, offsets, now=START, zone="America/Denver") == ()


def test_two_that_fall_together_are_one() -> None:
    early = utc("2026-11-24 15:00")
    found = reminders(early, [hours(1), hours(2), hours(2)], now=BOOKED, zone="America/Denver")
    assert found == (Reminder(utc("2026-11-24 04:00"), hours(1)),)


def test_the_edges_of_the_night_are_not_quiet() -> None:
    assert not is_quiet(utc("2026-11-24 21:00"), "UTC")
    assert is_quiet(utc("2026-11-24 21:00") + timedelta(seconds=1), "UTC")
    assert is_quiet(utc("2026-11-24 07:59"), "UTC")
    assert not is_quiet(utc("2026-11-24 08:00"), "UTC")


def test_a_firm_may_have_no_quiet_hours_or_others() -> None:
    night = utc("2026-11-24 03:00")
    assert not is_quiet(night, "UTC", NEVER_QUIET)
    noon = QuietHours(12 * 60, 14 * 60)
    assert is_quiet(utc("2026-11-24 13:00"), "UTC", noon)
    assert before_quiet(utc("2026-11-24 13:00"), "UTC", noon) == utc("2026-11-24 12:00")
    with pytest.raises(ValueError, match="one day"):
        QuietHours(0, 1440)


def test_a_night_that_begins_in_the_gap_begins_before_it() -> None:
    quiet = QuietHours(2 * 60 + 30, 8 * 60)
    moved = before_quiet(utc("2026-03-08 12:00"), "America/Denver", quiet)
    assert moved == utc("2026-03-08 08:45")
    assert not is_quiet(moved, "America/Denver", quiet)


@on_changeovers
@settings(max_examples=25)
@given(
    st.integers(-48 * 12, 48 * 12),
    st.lists(st.integers(-10, 3000), max_size=4),
    st.integers(0, 1439),
    st.integers(0, 1439),
)
def test_reminders_keep_every_promise(
    zone: str, day: date, start: int, offsets: list[int], begins: int, ends: int
) -> None:
    at = datetime(day.year, day.month, day.day, tzinfo=UTC) + minutes(5 * start)
    now = at - hours(30)
    for quiet in (NIGHT, QuietHours(begins, ends)):
        found = reminders(at, [minutes(offset) for offset in offsets], now=now, zone=zone, quiet=quiet)
        times = [reminder.at for reminder in found]
        assert times == sorted(set(times))
        assert times == list(due_times(at, [r.offset for r in found], now=now, zone=zone, quiet=quiet))
        for reminder in found:
            assert now <= reminder.at <= at - reminder.offset
            assert reminder.at < at
            assert not is_quiet(reminder.at, zone, quiet)
            assert reminder.offset in [minutes(offset) for offset in offsets]
