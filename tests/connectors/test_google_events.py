"""Single events of Google's, read as values: what cannot be understood is never free."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from daybook.connectors.errors import Garbled
from daybook.connectors.google import shapes
from daybook.core.periods import Period
from tests.connectors.calendar_rig import hour, midnight

DENVER = "America/Denver"
GOOD: dict[str, Any] = {
    "id": "abcde",
    "start": {"dateTime": "2026-11-24T09:00:00-07:00", "timeZone": DENVER},
    "end": {"dateTime": "2026-11-24T10:00:00-07:00", "timeZone": DENVER},
}
SOON = Period(datetime(2026, 11, 20, tzinfo=UTC), datetime(2026, 12, 20, tzinfo=UTC))


@pytest.mark.parametrize(
    "wrong",
    [
        {"id": ""},
        {"id": 7},
        {"start": None},
        {"start": {}},
        {"start": {"dateTime": "soon"}},
        {"start": {"dateTime": "2026-11-24T09:00:00"}},
        {"start": {"dateTime": "2026-11-24T09:00:00", "timeZone": "Nowhere/Land"}},
        {"start": {"date": "2026-13-01"}},
        {"start": {"date": "2026-11-24"}},
        {"end": "10:00"},
        {"recurrence": "RRULE:FREQ=WEEKLY", "end": {"date": "2026-11-25"}},
        {"recurrence": ["RRULE:FREQ=FORTNIGHTLY"]},
        {"recurrence": ["RRULE FREQ=DAILY"]},
        {"recurrence": ["SOMETHING:NEW"]},
        {"recurrence": [7]},
        {"recurrence": ["RRULE:FREQ=DAILY", "EXDATE:never"]},
    ],
)
def test_an_entry_that_cannot_be_read_is_never_free(wrong: dict[str, Any]) -> None:
    with pytest.raises(Garbled):
        [shapes.items(one, SOON, DENVER, DENVER) for one in shapes.groups([GOOD | wrong]).values()]


def test_a_series_in_a_zone_of_windows_keeps_its_hour() -> None:
    named = {name: GOOD[name] | {"timeZone": "Mountain Standard Time"} for name in ("start", "end")}
    series = GOOD | named | {"recurrence": ["RRULE:FREQ=YEARLY;BYMONTH=3,11;BYMONTHDAY=24"]}
    (group,) = shapes.groups([series]).values()
    year = Period(datetime(2026, 11, 1, tzinfo=UTC), datetime(2027, 11, 1, tzinfo=UTC))
    told = [item.during.start for item in shapes.items(group, year, DENVER, "Asia/Tokyo")]
    assert told == [datetime(2026, 11, 24, 16, tzinfo=UTC), datetime(2027, 3, 24, 15, tzinfo=UTC)]


def test_a_series_without_a_zone_takes_place_in_its_calendars() -> None:
    bare = {name: {"dateTime": GOOD[name]["dateTime"]} for name in ("start", "end")}
    series = GOOD | bare | {"recurrence": ["RRULE:FREQ=DAILY;COUNT=2"]}
    (group,) = shapes.groups([series]).values()
    assert len(shapes.items(group, SOON, DENVER, DENVER)) == 2
    with pytest.raises(Garbled, match="time zone"):
        shapes.items(group, SOON, DENVER, "")


def test_an_occurrence_whose_series_is_not_shown_stands_for_itself() -> None:
    invited = GOOD | {
        "id": "abcde_20261124T160000Z",
        "recurringEventId": "abcde",
        "originalStartTime": GOOD["start"],
    }
    (group,) = shapes.groups([invited]).values()
    start = datetime(2026, 11, 24, 16, tzinfo=UTC)
    assert [item.during for item in shapes.items(group, SOON, "Asia/Tokyo", DENVER)] == [hour(start)]


def test_a_long_holiday_is_told_whole() -> None:
    away = {"id": "away1", "start": {"date": "2026-11-01"}, "end": {"date": "2027-03-01"}}
    (group,) = shapes.groups([away]).values()
    (item,) = shapes.items(group, SOON, DENVER, DENVER)
    assert item.during == Period(midnight(date(2026, 11, 1), DENVER), midnight(date(2027, 3, 1), DENVER))
