"""Any series, over the days on which clocks change, is told as the sandbox's own reckoning has it."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from daybook.connectors.google import shapes
from daybook.core.periods import Period
from sandbox.google import times

ZONES = (
    "America/Denver", "America/New_York", "America/Sao_Paulo", "Asia/Kathmandu", "Asia/Tokyo", "Australia/Lord_Howe",
    "Australia/Sydney", "Europe/Dublin", "Europe/London", "Pacific/Auckland",
)  # fmt: skip
#: A year with both changes of every zone.
YEAR = Period(datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))
#: Around the changes of one zone or another, on both hemispheres.
DAYS = st.one_of(st.dates(date(2026, 3, 1), date(2026, 4, 8)), st.dates(date(2026, 9, 20), date(2026, 11, 5)))
RULES = st.one_of(
    st.builds("FREQ=DAILY;INTERVAL={};COUNT={}".format, st.integers(1, 4), st.integers(1, 20)),
    st.builds("FREQ=WEEKLY;INTERVAL={};COUNT={}".format, st.integers(1, 3), st.integers(1, 8)),
    st.builds(
        "FREQ=WEEKLY;BYDAY={};COUNT={}".format,
        st.sets(st.sampled_from(["MO", "TU", "WE", "TH", "FR", "SA", "SU"]), min_size=1).map(
            lambda days: ",".join(sorted(days))
        ),
        st.integers(1, 12),
    ),
    st.builds("FREQ=MONTHLY;COUNT={}".format, st.integers(1, 6)),
)


@st.composite
def series(draw: st.DrawFn, *, all_day: bool) -> tuple[dict[str, Any], str]:
    zone, first = draw(st.sampled_from(ZONES)), draw(DAYS)
    rule = f"RRULE:{draw(RULES)}"
    event: dict[str, Any] = {"id": "aaaaa", "status": "confirmed", "recurrence": [rule]}
    if all_day:
        last = first + timedelta(days=draw(st.integers(1, 3)))
        return event | {"start": {"date": first.isoformat()}, "end": {"date": last.isoformat()}}, zone
    # Not in the hours that clocks skip or repeat: what is meant there is said differently by each program.
    start = datetime.combine(first, time(draw(st.integers(4, 22)), draw(st.sampled_from([0, 30]))))
    end = start + timedelta(minutes=draw(st.sampled_from([15, 60, 90])))
    shown = [one.replace(tzinfo=ZoneInfo(zone)).isoformat() for one in (start, end)]
    return event | {
        name: {"dateTime": at, "timeZone": zone} for name, at in zip(("start", "end"), shown, strict=True)
    }, zone


def expected(event: dict[str, Any], zone: str) -> list[tuple[datetime, datetime]]:
    pairs = (times.moved(event, slot, zone) for slot in times.slots(event, zone))
    return [(times.instant(start, zone), times.instant(end, zone)) for start, end in pairs]


def told(records: list[dict[str, Any]], zone: str) -> list[tuple[datetime, datetime]]:
    (group,) = shapes.groups(records).values()
    return [(item.during.start, item.during.end) for item in shapes.items(group, YEAR, zone, zone)]


@settings(max_examples=150, deadline=None)
@given(series(all_day=False))
def test_a_series_of_hours_is_told_as_clocks_show_it(made: tuple[dict[str, Any], str]) -> None:
    event, zone = made
    within = [(start, end) for start, end in expected(event, zone) if start < YEAR.end]
    assert told([event], zone) == within


@settings(max_examples=100, deadline=None)
@given(series(all_day=True))
def test_a_series_of_days_is_told_as_days_where_it_takes_place(made: tuple[dict[str, Any], str]) -> None:
    event, zone = made
    within = [(start, end) for start, end in expected(event, zone) if start < YEAR.end]
    assert told([event], zone) == within


@settings(max_examples=100, deadline=None)
@given(st.booleans().flatmap(lambda days: series(all_day=days)), st.sets(st.integers(0, 6)))
def test_what_is_left_out_of_a_series_is_left_out_and_nothing_else(
    made: tuple[dict[str, Any], str], gone: set[int]
) -> None:
    event, zone = made
    slots = list(times.slots(event, zone))
    cancelled = [
        {"id": f"aaaaa_{n}", "recurringEventId": "aaaaa", "status": "cancelled", "originalStartTime": slot}
        for n, slot in enumerate(slots)
        if n in gone
    ]
    kept = [pair for n, pair in enumerate(expected(event, zone)) if n not in gone and pair[0] < YEAR.end]
    assert told([event, *cancelled], zone) == kept
