from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daybook.core.periods import (
    Period,
    as_utc,
    clip,
    equal_periods,
    intersect,
    merge,
    overlaps,
    pad,
    subtract,
    total,
)

from .zones import DAYS, hours, in_every_zone, minutes, utc

BASE = utc("2026-11-23 00:00")


def at(first: float, last: float) -> Period:
    return Period(BASE + minutes(first), BASE + minutes(last))


@st.composite
def some_periods(draw: st.DrawFn) -> list[Period]:
    pairs = draw(st.lists(st.tuples(st.integers(0, 60), st.integers(1, 20)), max_size=12))
    return [at(start, start + length) for start, length in pairs]


def seen_in(periods: tuple[Period, ...] | list[Period]) -> set[int]:
    return {m for m in range(-30, 120) if any(p.contains(BASE + minutes(m)) for p in periods)}


def is_tidy(periods: tuple[Period, ...]) -> bool:
    return all(one.end < other.start for one, other in pairwise(periods))


def test_a_naive_time_is_not_a_period() -> None:
    with pytest.raises(ValueError, match="zone"):
        Period(datetime(2026, 11, 24, 9), BASE + hours(48))
    with pytest.raises(ValueError, match="zone"):
        Period(BASE, datetime(2026, 11, 24, 9))
    with pytest.raises(ValueError, match="zone"):
        as_utc(datetime(2026, 11, 24, 9))


@pytest.mark.parametrize("length", [0, -5])
def test_a_period_takes_time(length: int) -> None:
    with pytest.raises(ValueError, match="end after it starts"):
        at(0, length)


@in_every_zone
def test_other_zones_become_utc(zone: str) -> None:
    for day in DAYS[zone]:
        noon = datetime(day.year, day.month, day.day, 12, tzinfo=ZoneInfo(zone))
        period = Period(noon, noon.astimezone(UTC) + hours(1))
        assert period.start.tzinfo is UTC
        assert period.start == noon.astimezone(UTC)
        assert period.length == hours(1)


def test_periods_that_touch_do_not_overlap_but_merge() -> None:
    assert not at(0, 10).overlaps(at(10, 20))
    assert merge([at(10, 20), at(0, 10)]) == (at(0, 20),)


def test_a_meeting_in_the_middle_splits_the_day() -> None:
    assert subtract([at(0, 60)], [at(20, 30)]) == (at(0, 20), at(30, 60))


def test_one_long_absence_takes_several_stretches() -> None:
    assert subtract([at(0, 10), at(20, 30), at(40, 50)], [at(5, 45)]) == (at(0, 5), at(45, 50))


def test_clipping_drops_what_lies_outside() -> None:
    assert clip([at(0, 10), at(20, 30), at(5, 25)], at(8, 22)) == (at(8, 10), at(20, 22), at(8, 22))


def test_padding_reaches_both_ways_and_joins_neighbors() -> None:
    assert pad([at(0, 10), at(14, 20)], before=minutes(2), after=minutes(3)) == (at(-2, 23),)


def test_covering_includes_the_edges() -> None:
    assert at(0, 10).covers(at(0, 10))
    assert not at(0, 10).covers(at(0, 11))


@given(some_periods())
def test_merging_keeps_the_time_and_leaves_gaps(periods: list[Period]) -> None:
    merged = merge(periods)
    assert is_tidy(merged)
    assert seen_in(merged) == seen_in(periods)
    assert total(periods) == minutes(len(seen_in(periods)))


@given(some_periods(), some_periods())
def test_subtracting_leaves_exactly_what_is_not_taken(periods: list[Period], taken: list[Period]) -> None:
    left = subtract(periods, taken)
    assert is_tidy(left)
    assert seen_in(left) == seen_in(periods) - seen_in(taken)


@given(some_periods(), some_periods())
def test_intersecting_keeps_exactly_what_both_have(ours: list[Period], theirs: list[Period]) -> None:
    assert seen_in(intersect(ours, theirs)) == seen_in(ours) & seen_in(theirs)


@given(some_periods(), st.integers(0, 60))
def test_overlapping_is_sharing_a_minute(periods: list[Period], start: int) -> None:
    one = at(start, start + 7)
    assert overlaps(one, periods) == bool(seen_in([one]) & seen_in(periods))


def test_periods_made_quickly_are_like_any_other() -> None:
    start = int(BASE.timestamp())
    made = equal_periods([start, start + 600], minutes(10))
    assert made == (at(0, 10), at(10, 20))
    assert hash(made[0]) == hash(at(0, 10))
    with pytest.raises(ValueError, match="end after"):
        equal_periods([start], timedelta(0))
