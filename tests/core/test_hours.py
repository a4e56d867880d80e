from __future__ import annotations

from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daybook.core.errors import BadHours, NonexistentTime, UnknownTimeZone
from daybook.core.hours import (
    DayException,
    Stretch,
    WeeklyHours,
    day_period,
    local_day,
    local_to_utc,
    open_periods,
    to_local,
    zone,
)
from daybook.core.periods import Period, total

from .zones import DAYS, hours, in_every_zone, on_changeovers, utc

NINE_TO_FIVE = WeeklyHours(dict.fromkeys(range(5), ((540, 1020),)))
ALWAYS = WeeklyHours(dict.fromkeys(range(7), ((0, 1440),)))

stretches = st.lists(
    st.tuples(st.integers(0, 95), st.integers(1, 40)).map(
        lambda pair: (pair[0] * 15, min(1440, (pair[0] + pair[1]) * 15))
    ),
    max_size=4,
).map(tuple)


@lru_cache
def wall_clock(zone: str, day: date) -> tuple[tuple[datetime, date, int], ...]:
    """Every quarter of an hour around three days: the instant, and the date and minute that the wall then shows."""
    begin = datetime(day.year, day.month, day.day, tzinfo=UTC) - hours(40)
    instants = [begin + timedelta(minutes=15 * quarter) for quarter in range(4 * 24 * 5)]
    shown = [instant.astimezone(ZoneInfo(zone)) for instant in instants]
    return tuple(
        (instant, wall.date(), wall.hour * 60 + wall.minute)
        for instant, wall in zip(instants, shown, strict=True)
    )


@on_changeovers
@settings(max_examples=30)
@given(stretches)
def test_open_is_when_the_clock_on_the_wall_says_so(
    zone: str, day: date, each_day: tuple[Stretch, ...]
) -> None:
    weekly = WeeklyHours(dict.fromkeys(range(7), each_day))
    first, last = day - timedelta(days=1), day + timedelta(days=1)
    periods = open_periods(weekly, (), zone, first, last)
    assert all(one.end <= other.start for one, other in pairwise(periods))
    at = 0
    for instant, on, minute in wall_clock(zone, day):
        while at < len(periods) and periods[at].end <= instant:
            at += 1
        inside = at < len(periods) and periods[at].contains(instant)
        open_then = any(opens <= minute < closes for opens, closes in weekly.on(on.weekday()))
        assert inside == (first <= on <= last and open_then), (instant, on, minute)


@on_changeovers
def test_a_local_day_has_as_many_hours_as_the_zone_gave_it(zone: str, day: date) -> None:
    lengths = {
        ("America/Denver", 3): 23, ("America/Denver", 11): 25, ("America/New_York", 3): 23,
        ("America/New_York", 11): 25, ("Europe/London", 3): 23, ("Europe/London", 10): 25,
        ("Australia/Lord_Howe", 10): 23.5, ("Australia/Lord_Howe", 4): 24.5, ("Asia/Kathmandu", 1): 23.75,
        ("Pacific/Apia", 9): 23, ("Pacific/Apia", 4): 25,
    }  # fmt: skip
    whole = day_period(day, zone)
    if day == date(2011, 12, 30):
        assert whole is None
        return
    assert whole is not None
    assert whole.length == hours(lengths.get((zone, day.month), 24))
    assert total(open_periods(ALWAYS, (), zone, day, day)) == whole.length


@on_changeovers
def test_nine_to_five_is_eight_hours_whatever_happened_at_night(zone: str, day: date) -> None:
    weekly = WeeklyHours(dict.fromkeys(range(7), ((540, 1020),)))
    periods = open_periods(weekly, (), zone, day, day)
    if day == date(2011, 12, 30):
        assert periods == ()
        return
    (period,) = periods
    assert period.length == hours(8)
    assert to_local(period.start, zone).replace(tzinfo=None) == datetime(day.year, day.month, day.day, 9)


def test_a_stretch_across_the_gap_is_shorter_and_across_the_fold_longer() -> None:
    night = WeeklyHours({6: ((60, 240),)})
    spring = open_periods(night, (), "America/Denver", date(2026, 3, 8), date(2026, 3, 8))
    assert spring == (Period(utc("2026-03-08 08:00"), utc("2026-03-08 10:00")),)
    autumn = open_periods(night, (), "America/Denver", date(2026, 11, 1), date(2026, 11, 1))
    assert autumn == (Period(utc("2026-11-01 07:00"), utc("2026-11-01 11:00")),)


def test_opening_inside_the_gap_moves_to_its_end() -> None:
    early = WeeklyHours({6: ((150, 300),)})
    (period,) = open_periods(early, (), "America/New_York", date(2026, 3, 8), date(2026, 3, 8))
    assert to_local(period.start, "America/New_York").hour == 3
    within = WeeklyHours({6: ((130, 170),)})
    assert open_periods(within, (), "America/New_York", date(2026, 3, 8), date(2026, 3, 8)) == ()


def test_a_stretch_that_ends_in_the_repeated_hour_comes_twice() -> None:
    early = WeeklyHours({6: ((30, 90),)})
    periods = open_periods(early, (), "America/New_York", date(2026, 11, 1), date(2026, 11, 1))
    assert [p.length for p in periods] == [hours(1), hours(0.5)]


def test_days_that_meet_at_midnight_stay_two_periods() -> None:
    assert len(open_periods(ALWAYS, (), "Europe/London", date(2026, 6, 1), date(2026, 6, 30))) == 30


def test_a_lunch_break_splits_the_day_and_touching_stretches_do_not() -> None:
    assert WeeklyHours({0: ((540, 720), (780, 1020))}).on(0) == ((540, 720), (780, 1020))
    assert WeeklyHours({0: ((720, 1020), (540, 720))}).on(0) == ((540, 1020),)
    assert WeeklyHours({0: ((540, 800), (600, 700))}).on(0) == ((540, 800),)


@pytest.mark.parametrize("stretch", [(540, 540), (600, 540), (-1, 60), (0, 1441)])
def test_hours_that_make_no_sense_are_refused(stretch: Stretch) -> None:
    with pytest.raises(BadHours):
        WeeklyHours({0: (stretch,)})
    with pytest.raises(BadHours):
        DayException(date(2026, 7, 4), (stretch,))


def test_an_eighth_weekday_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="weekday"):
        WeeklyHours({7: ((0, 60),)})


def test_weekly_hours_can_be_compared_and_hashed() -> None:
    again = WeeklyHours(dict.fromkeys(range(5), ((540, 720), (720, 1020))))
    assert again == NINE_TO_FIVE
    assert hash(again) == hash(NINE_TO_FIVE)


@in_every_zone
def test_an_exception_replaces_the_ordinary_day(zone: str) -> None:
    for day in DAYS[zone]:
        if day == date(2011, 12, 30):
            continue
        closed = DayException(day, (), "Holiday")
        assert open_periods(ALWAYS, [closed], zone, day, day) == ()
        short = DayException(day, ((600, 660),))
        (period,) = open_periods(ALWAYS, [short], zone, day, day)
        assert to_local(period.start, zone).hour == 10
        assert period.length == hours(1)
        assert open_periods(ALWAYS, [short, closed], zone, day, day) == ()
        both = open_periods(WeeklyHours(), [short, DayException(day, ((720, 780),))], zone, day, day)
        assert len(both) == 2


def test_no_days_no_hours() -> None:
    assert open_periods(ALWAYS, (), "Europe/London", date(2026, 6, 2), date(2026, 6, 1)) == ()
    assert len(open_periods(ALWAYS, (), "Europe/London", date(1, 1, 1), date(1970, 1, 2))) == 2
    assert open_periods(ALWAYS, (), "Europe/London", date(9990, 1, 1), date(9999, 12, 31)) == ()


@on_changeovers
def test_every_time_a_clock_shows_leads_back_to_its_instant(zone: str, day: date) -> None:
    instant = datetime(day.year, day.month, day.day, tzinfo=UTC) - hours(14)
    for _ in range(12 * 52):
        shown = instant.astimezone(ZoneInfo(zone))
        assert local_to_utc(shown.replace(tzinfo=None), zone, shown.fold) == instant
        instant += timedelta(minutes=5)


@pytest.mark.parametrize(
    ("zone", "local"),
    [
        ("America/Denver", datetime(2026, 3, 8, 2, 30)),
        ("Europe/London", datetime(2026, 3, 29, 1, 0)),
        ("Australia/Lord_Howe", datetime(2026, 10, 4, 2, 15)),
        ("Asia/Kathmandu", datetime(1986, 1, 1, 0, 10)),
        ("Pacific/Apia", datetime(2011, 12, 30, 12)),
    ],
)
@pytest.mark.parametrize("fold", [0, 1])
def test_a_time_the_clock_skips_is_refused(zone: str, local: datetime, fold: int) -> None:
    with pytest.raises(NonexistentTime):
        local_to_utc(local, zone, fold)


def test_a_time_shown_twice_needs_telling_which() -> None:
    twice = datetime(2026, 11, 1, 1, 30)
    assert local_to_utc(twice, "America/Denver", 1) - local_to_utc(twice, "America/Denver", 0) == hours(1)


def test_times_at_the_end_of_the_calendar_are_refused_calmly() -> None:
    with pytest.raises(NonexistentTime):
        local_to_utc(datetime(1, 1, 1), "Asia/Kathmandu")
    with pytest.raises(NonexistentTime):
        local_to_utc(datetime(9999, 12, 31, 23), "America/Denver")


def test_a_local_time_carries_no_zone_and_an_instant_does() -> None:
    with pytest.raises(ValueError, match="no zone"):
        local_to_utc(utc("2026-11-24 09:00"), "America/Denver")
    with pytest.raises(ValueError, match="zone"):
        to_local(datetime(2026, 11, 24, 9), "America/Denver")


def test_the_day_is_the_lawyers_not_the_worlds() -> None:
    assert local_day(utc("2026-11-25 01:00"), "America/Denver") == date(2026, 11, 24)
    assert local_day(utc("2026-11-24 20:00"), "Pacific/Apia") == date(2026, 11, 25)


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", "/etc/passwd", "../../etc/passwd", "America", "America/", "America/denver/", "Nowhere/City",
     "Europe/London\0", "Europe/London\n", "posix/Europe/London", "right/UTC", "Factory", "localtime", "a" * 5000,
     "Europe\\London", "tzdata.zi", "zone.tab", "Ünter/Wegs", None, 7],
)  # fmt: skip
def test_whatever_is_not_a_zone_is_refused(name: str) -> None:
    with pytest.raises(UnknownTimeZone):
        zone(name)


@given(st.text(max_size=40))
def test_no_name_breaks_the_zone_reader(name: str) -> None:
    with suppress(UnknownTimeZone):
        assert zone(name).key == name


@in_every_zone
def test_known_zones_are_known(zone: str) -> None:
    assert local_day(utc("2026-06-17 12:00"), zone)
