from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from daybook.core.errors import UnknownTimeZone
from daybook.core.hours import day_period, to_local
from daybook.core.times import (
    group_by_day,
    same_clock,
    say,
    say_day,
    say_length,
    say_moment,
    say_start,
    say_time,
    zone_label,
)

from .zones import DAYS, in_every_zone, minutes, on_changeovers, utc

START, END = utc("2026-11-24 21:30"), utc("2026-11-24 22:00")


def test_a_time_names_its_day_and_its_zone() -> None:
    assert say(START, END, "America/Denver") == "Tue 24 Nov 2026, 2:30 pm – 3:00 pm (Denver, MST)"
    assert say(START, None, "America/Denver") == "Tue 24 Nov 2026, 2:30 pm (Denver, MST)"


def test_the_other_partys_clock_is_shown_when_it_differs() -> None:
    assert say(START, END, "America/Denver", "Europe/London") == (
        "Tue 24 Nov 2026, 2:30 pm – 3:00 pm (Denver, MST) · 9:30 pm London (GMT)"
    )
    assert say(START, END, "America/Denver", "Asia/Kathmandu") == (
        "Tue 24 Nov 2026, 2:30 pm – 3:00 pm (Denver, MST) · Wed 25 Nov, 3:15 am Kathmandu (UTC+5:45)"
    )
    assert say(START, END, "America/Denver", "America/Boise") == say(START, END, "America/Denver")
    assert say(START, END, "America/Denver", "UTC").endswith(" · 9:30 pm UTC")


def test_a_text_message_gets_cheap_signs_only() -> None:
    text = say(START, END, "America/Denver", "Europe/London", plain=True)
    assert text == "Tue 24 Nov 2026, 2:30 pm to 3:00 pm (Denver, MST), 9:30 pm London (GMT)"
    assert text.isascii()
    short = say_start(START, "America/Denver", "Europe/London")
    assert short == "Tue 24 Nov, 2:30 pm (Denver, MST), 9:30 pm London (GMT)"
    assert short.isascii()


def test_an_end_on_another_day_names_its_day() -> None:
    late = utc("2027-01-01 06:30")
    assert say(late, late + minutes(60), "America/Denver") == (
        "Thu 31 Dec 2026, 11:30 pm – Fri 1 Jan 2027, 12:30 am (Denver, MST)"
    )


def test_a_meeting_across_the_change_names_both_rules() -> None:
    start = utc("2026-11-01 07:30")
    assert (
        say(start, start + minutes(60), "America/Denver")
        == "Sun 1 Nov 2026, 1:30 am MDT – 1:30 am MST (Denver)"
    )


@on_changeovers
def test_what_is_said_can_be_read_back(zone: str, day: date) -> None:
    whole = day_period(day, zone)
    if whole is None:
        return
    instant = whole.start
    while instant < whole.end:
        said = say_moment(instant, zone)
        shown = to_local(instant, zone)
        assert datetime.strptime(said, "%a %d %b %Y, %I:%M %p") == shown.replace(tzinfo=None)
        assert said.startswith(say_day(instant, zone))
        assert said.endswith(say_time(instant, zone))
        instant += minutes(30)


@on_changeovers
def test_no_two_instants_of_a_day_are_said_alike(zone: str, day: date) -> None:
    whole = day_period(day, zone)
    if whole is None:
        return
    said = [say(whole.start + minutes(15 * n), None, zone) for n in range(whole.length // minutes(15))]
    assert len(set(said)) == len(said)


@on_changeovers
def test_the_other_zone_is_shown_exactly_when_clocks_differ(zone: str, day: date) -> None:
    instant = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    for other in DAYS:
        differs = (
            instant.astimezone(ZoneInfo(zone)).utcoffset() != instant.astimezone(ZoneInfo(other)).utcoffset()
        )
        assert same_clock(zone, other, instant) != differs
        assert ("·" in say(instant, None, zone, other)) == differs


@pytest.mark.parametrize(
    ("zone", "at", "label"),
    [
        ("America/Denver", "2026-11-24 12:00", "Denver, MST"), ("America/Denver", "2026-06-17 12:00", "Denver, MDT"),
        ("Europe/London", "2026-06-17 12:00", "London, BST"), ("Asia/Kathmandu", "2026-06-17 12:00", "Kathmandu, UTC+5:45"),
        ("Australia/Lord_Howe", "2026-06-17 12:00", "Lord Howe, UTC+10:30"),
        ("Australia/Lord_Howe", "2026-12-17 12:00", "Lord Howe, UTC+11"), ("UTC", "2026-06-17 12:00", "UTC"),
        ("America/Argentina/Buenos_Aires", "2026-06-17 12:00", "Buenos Aires, UTC-3"), ("Etc/GMT+5", "2026-06-17 12:00", "UTC-5"),
        ("Pacific/Apia", "2026-06-17 12:00", "Apia, UTC+13"),
    ],
)  # fmt: skip
def test_zones_are_named_as_people_know_them(zone: str, at: str, label: str) -> None:
    assert zone_label(zone, utc(at)) == label


def test_noon_and_midnight_are_twelve() -> None:
    assert say_time(utc("2026-11-24 12:00"), "UTC") == "12:00 pm"
    assert say_time(utc("2026-11-24 00:05"), "UTC") == "12:05 am"


def test_a_day_of_an_instant_needs_a_zone() -> None:
    assert say_day(date(2026, 11, 24)) == "Tue 24 Nov 2026"
    assert say_day(date(2026, 11, 24), year=False) == "Tue 24 Nov"
    with pytest.raises(ValueError, match="zone"):
        say_day(START)


@pytest.mark.parametrize(
    ("length", "text"),
    [(45, "45 minutes"), (60, "1 hour"), (90, "1 hour 30 minutes"), (1440, "1 day"), (2881, "2 days 1 minute"), (0, "0 minutes")],
)  # fmt: skip
def test_lengths_are_said_in_words(length: int, text: str) -> None:
    assert say_length(minutes(length)) == text


@in_every_zone
def test_days_are_those_of_the_visitor(zone: str) -> None:
    for day in DAYS[zone]:
        noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
        starts = [noon + timedelta(hours=6 * n) for n in range(-6, 7)]
        grouped = group_by_day(reversed(starts), zone)
        assert [start for _, of_day in grouped for start in of_day] == starts
        assert [on for on, _ in grouped] == sorted({to_local(start, zone).date() for start in starts})
        assert all(to_local(start, zone).date() == on for on, of_day in grouped for start in of_day)


def test_a_date_depends_on_the_zone() -> None:
    assert group_by_day([START], "America/Denver")[0][0] == date(2026, 11, 24)
    assert group_by_day([START], "Asia/Kathmandu")[0][0] == date(2026, 11, 25)
    assert group_by_day([], "Asia/Kathmandu") == ()
    with pytest.raises(UnknownTimeZone):
        group_by_day([], "Nowhere")


def test_a_naive_time_is_not_said() -> None:
    with pytest.raises(ValueError, match="zone"):
        say(datetime(2026, 11, 24, 9), None, "UTC")
