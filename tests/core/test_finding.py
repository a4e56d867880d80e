"""Who can be seen soonest: rings and windows."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daybook.core import finding
from daybook.core.finding import BadWish, When
from daybook.core.hours import to_local

from .zones import DAYS, on_changeovers, utc

NOW = utc("2026-11-24 10:20")


def shares_an_hour(one: list[int], other: list[int]) -> bool:
    return bool(set(one) & set(other))


@st.composite
def wishes(draw: st.DrawFn) -> tuple[When, datetime]:
    zone = draw(st.sampled_from(list(DAYS)))
    day = draw(st.sampled_from(DAYS[zone]))
    now = datetime.combine(day, time(draw(st.integers(0, 23)), draw(st.integers(0, 59))), UTC) - timedelta(
        days=1
    )
    first = now.date() + timedelta(days=draw(st.integers(-2, 30)))
    opens = draw(st.integers(0, 1439))
    closes = draw(st.integers(opens + 1, 1440))
    return When(zone, first, first + timedelta(days=draw(st.integers(0, 9))), opens, closes), now


@given(wishes(), st.lists(st.integers(0, 27 * 96 - 1), max_size=30))
def test_a_start_is_found_exactly_if_its_clock_shows_a_time_that_is_wished(
    asked: tuple[When, datetime], quarters: list[int]
):
    when, now = asked
    base = int(now.timestamp()) // 900 * 900 + 900
    starts = sorted({base + 900 * quarter for quarter in quarters})
    found = finding.within(starts, finding.windows(when, now), most=1000)
    for start in starts:
        local = to_local(datetime.fromtimestamp(start, UTC), when.zone)
        fits = (
            when.first <= local.date() <= when.last
            and when.opens <= local.hour * 60 + local.minute < when.closes
        )
        inside = start < (now + finding.AHEAD).timestamp()
        assert (start in found) == (fits and inside), local


@given(wishes(), st.lists(st.integers(0, 26 * 96), max_size=30))
def test_nobody_with_a_start_in_the_windows_is_hidden_by_the_ring(
    asked: tuple[When, datetime], quarters: list[int]
):
    when, now = asked
    spans = finding.windows(when, now)
    starts = sorted({int(now.timestamp()) + 900 * quarter for quarter in quarters})
    if finding.within(starts, spans, most=1):
        assert shares_an_hour(finding.ring_hours(starts), finding.hours_of(spans))


def test_a_ring_a_day_old_still_tells_the_truth_about_every_hour_a_search_looks_at():
    written = int(NOW.timestamp()) // 3600
    for hour in range(finding.RING):
        ring = finding.ring_hours([(written + hour) * 3600])
        for age in (0, 23):
            now = NOW + timedelta(hours=age)
            asked = finding.windows(finding.soon("UTC", now), now)
            ahead = written + hour >= int(now.timestamp()) // 3600
            near = (written + hour) * 3600 < (now + finding.AHEAD).timestamp()
            assert shares_an_hour(ring, finding.hours_of(asked)) == (ahead and near)


@on_changeovers
def test_an_evening_is_an_evening_on_both_changeover_days(zone: str, day: date):
    now = datetime.combine(day, time(0), UTC) - timedelta(days=1)
    (span,) = finding.windows(When(zone, day, day, 17 * 60, 20 * 60), now) or [(0, 0)]
    if span == (0, 0):
        assert (zone, day) == ("Pacific/Apia", date(2011, 12, 30)), "only a day that never was has no evening"
        return
    shown = [to_local(datetime.fromtimestamp(at, UTC), zone) for at in span]
    assert [(at.date(), at.hour) for at in shown] == [(day, 17), (day, 20)]


def test_windows_that_touch_are_one():
    whole = finding.windows(When("America/Denver", date(2026, 11, 25), date(2026, 11, 27)), NOW)
    assert len(whole) == 1


def test_what_is_the_wrong_way_round_is_refused_beside_its_field():
    with pytest.raises(BadWish) as days:
        When("UTC", date(2026, 11, 25), date(2026, 11, 24))
    with pytest.raises(BadWish) as hours:
        When("UTC", date(2026, 11, 25), date(2026, 11, 25), 600, 600)
    assert (days.value.field, hours.value.field) == ("day", "after")


def test_facets_are_written_without_case_accents_and_doubles():
    assert finding.facets(place=["Denver", "denver ", ""], language=["Español"]) == [
        "language:espanol",
        "place:denver",
    ]
