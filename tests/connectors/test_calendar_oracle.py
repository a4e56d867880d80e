"""Any calendar over both changeover days of ten zones is busy when plain arithmetic says so: as a file."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from daybook.connectors.calendars import Item, Reading, Seen
from daybook.connectors.ics.read import read
from daybook.core.periods import Period
from tests.connectors.calendar_oracle import CHANGES, ZONES, OracleContract, Plan, instant, unlike

STANDARD = "%Y%m%dT%H%M%S"


@dataclass
class Feed:
    """Entries as lines of a calendar file, written by hand and read as feeds are."""

    calendar: str = "feed"
    entries: dict[str, list[str]] = field(default_factory=dict)
    zones: dict[str, str] = field(default_factory=dict)  # of entries; empty for whole days
    numbers: itertools.count[int] = field(default_factory=itertools.count)

    @property
    def service(self) -> Feed:
        return self

    def read(self, calendar_id: str, window: Period, *, home: str, since: str = "") -> Reading:
        lines = [line for entry in self.entries.values() for line in entry]
        body = "\r\n".join(["BEGIN:VCALENDAR", *lines, "END:VCALENDAR", ""]).encode()
        seen: dict[str, list[Item]] = {}
        for entry in read(body, window=window, home=home):
            seen.setdefault(entry.external_id, []).append(Item(entry.during, entry.all_day, entry.standing))
        return Reading(tuple(Seen(id, tuple(items)) for id, items in seen.items()), "", whole=True)

    def add(
        self,
        title: str,
        start: datetime,
        end: datetime,
        *,
        all_day: bool = False,
        rrule: str = "",
        time_zone: str = "America/Denver",
    ) -> str:
        id = f"entry-{next(self.numbers)}"
        self.zones[id] = "" if all_day else time_zone
        lines = ["BEGIN:VEVENT", f"UID:{id}", f"SUMMARY:{title}", self._at(id, "DTSTART", start)]
        lines += [self._at(id, "DTEND", end), *([f"RRULE:{rrule}"] if rrule else []), "END:VEVENT"]
        self.entries[id] = lines
        return id

    def leave_out(self, entry_id: str, was: datetime) -> None:
        self.entries[entry_id].insert(2, self._at(entry_id, "EXDATE", was))

    def move_one(self, entry_id: str, was: datetime, start: datetime, end: datetime) -> None:
        self.entries[entry_id] += [
            "BEGIN:VEVENT",
            f"UID:{entry_id}",
            self._at(entry_id, "RECURRENCE-ID", was),
            self._at(entry_id, "DTSTART", start),
            self._at(entry_id, "DTEND", end),
            "END:VEVENT",
        ]

    def remove(self, entry_id: str) -> None:
        del self.entries[entry_id]

    def _at(self, entry_id: str, name: str, wall: datetime) -> str:
        zone = self.zones[entry_id]
        return f"{name};TZID={zone}:{wall.strftime(STANDARD)}" if zone else f"{name};VALUE=DATE:{wall:%Y%m%d}"


class TestFeed(OracleContract):
    examples = 150

    @pytest.fixture
    def rig(self) -> Feed:
        return Feed()


# The oracle itself ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("zone", ZONES)
def test_the_days_of_the_table_are_changeover_days(zone: str) -> None:
    first, second = CHANGES[zone]
    assert (first.year, second.year) == (2027, 2027)
    for day in (first, second):
        noons = [instant(datetime.combine(day + timedelta(days=n), time(12)), zone) for n in (-1, 0, 1)]
        assert [later - earlier for earlier, later in pairwise(noons)] != [timedelta(days=1)] * 2


def test_the_oracle_counts_as_people_do() -> None:
    """Mondays and Wednesdays of every second week, the second one on a Thursday, the third not at all."""
    plan = Plan(
        zone="America/Denver",
        first=datetime(2027, 3, 1, 9),
        length=timedelta(hours=1),
        every="WEEKLY",
        interval=2,
        days=frozenset({0, 2}),
        count=5,
        left_out=frozenset({2}),
        moved=(1, timedelta(days=1, hours=2)),
    )
    assert plan.rule == "FREQ=WEEKLY;INTERVAL=2;COUNT=5;BYDAY=MO,WE"
    denver = ZoneInfo("America/Denver")
    days = [(3, 1, 9), (3, 4, 11), (3, 17, 9), (3, 29, 9)]
    expected = [datetime(2027, month, day, hour, tzinfo=denver) for month, day, hour in days]
    busy = sorted(plan.busy("Europe/London"))
    assert [start for start, _ in busy] == expected
    assert [ends for start, ends in busy] == [{start + timedelta(hours=1)} for start in expected]
    assert busy[1][0] == datetime(2027, 3, 4, 18, tzinfo=UTC)
    assert busy[2][0] == datetime(2027, 3, 17, 15, tzinfo=UTC)


def test_the_oracle_knows_days_of_twenty_three_hours_and_nights_that_end_in_two_ways() -> None:
    change = date(2027, 3, 14)
    assert CHANGES["America/Denver"][0] == change
    whole = Plan("America/Denver", datetime(2027, 3, 14), timedelta(days=1), all_day=True)
    ((start, ends),) = whole.busy("America/Denver")
    assert ends == {start + timedelta(hours=23)}
    nights = Plan("America/Denver", datetime(2027, 3, 12, 22), timedelta(hours=8), every="DAILY", count=2)
    plain, short = nights.busy("America/Denver")
    assert plain == (datetime(2027, 3, 13, 5, tzinfo=UTC), {datetime(2027, 3, 13, 13, tzinfo=UTC)})
    assert short[0] == datetime(2027, 3, 14, 5, tzinfo=UTC)
    assert short[1] == {datetime(2027, 3, 14, 12, tzinfo=UTC), datetime(2027, 3, 14, 13, tzinfo=UTC)}


def test_an_hour_too_many_or_too_few_is_told_by_the_oracle() -> None:
    at = datetime(2027, 3, 14, 9, tzinfo=UTC)
    hour = timedelta(hours=1)
    window = Period(at - 24 * hour, at + 24 * hour)
    expected = [(at, {at + hour})]
    assert unlike([Period(at, at + hour)], expected, window) == []
    assert len(unlike([], expected, window)) == 1
    assert len(unlike([Period(at + hour, at + 2 * hour)], expected, window)) == 2
    assert len(unlike([Period(at, at + 2 * hour)], expected, window)) == 2
    assert len(unlike([Period(at, at + hour)] * 2, expected, window)) == 1
    assert unlike([Period(at, at + 3 * hour)], [(at, {at + 2 * hour})], Period(at, at + hour)) == []
