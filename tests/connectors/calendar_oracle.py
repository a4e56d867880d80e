"""
When a calendar is busy, by counting days and looking at clocks: whatever a provider makes of the same entries is held
against it.

Nothing of the product and no rule of repeating is used here, only dates and what `zoneinfo` knows of clocks. A provider
plugs in with a fixture `rig` and a class `TestSomething(OracleContract)`. Where calendars differ in earnest, both answers
are right: an occurrence over a change of clocks ends when the clock says so or after the time that went by.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from hypothesis import assume, given, note, settings
from hypothesis import strategies as st

from daybook.connectors.calendars import Reading
from daybook.core.periods import Period
from tests.connectors.calendar_rig import changeovers

ZONES = (
    "America/Denver",
    "America/New_York",
    "America/St_Johns",
    "America/Santiago",  # at midnight
    "Europe/London",
    "Europe/Berlin",
    "Africa/Cairo",  # at midnight
    "Asia/Beirut",  # at midnight
    "Australia/Lord_Howe",  # by half an hour
    "Pacific/Auckland",
)
#: The two days of 2027 on which each zone's clocks change.
CHANGES = {zone: changeovers(zone, datetime(2027, 1, 2, tzinfo=UTC)) for zone in ZONES}
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
WIDE = Period(datetime(2026, 12, 1, tzinfo=UTC), datetime(2028, 9, 1, tzinfo=UTC))


class Reads(Protocol):
    def read(self, calendar_id: str, window: Period, *, home: str, since: str = "") -> Reading: ...


class Diary(Protocol):
    """What of `calendar_rig.Rig` is needed here."""

    @property
    def service(self) -> Reads: ...

    @property
    def calendar(self) -> str: ...

    def add(
        self,
        title: str,
        start: datetime,
        end: datetime,
        *,
        all_day: bool = False,
        rrule: str = "",
        time_zone: str = "America/Denver",
    ) -> str: ...

    def move_one(self, entry_id: str, was: datetime, start: datetime, end: datetime) -> None: ...

    def leave_out(self, entry_id: str, was: datetime) -> None: ...

    def remove(self, entry_id: str) -> None: ...


# Clocks --------------------------------------------------------------------------------------------------------------


def instant(wall: datetime, zone: str) -> datetime:
    """When clocks show a time, the first time they do; in the hour they skip, as if they had not been changed yet."""
    return wall.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def shown(wall: datetime, zone: str) -> bool:
    """Whether clocks ever show that time."""
    return instant(wall, zone).astimezone(ZoneInfo(zone)).replace(tzinfo=None) == wall


def begins(day: date, zone: str) -> datetime:
    """When a date begins: where midnight is skipped, at the end of the gap."""
    at = instant(datetime.combine(day, time()), zone) - timedelta(hours=3)
    while at.astimezone(ZoneInfo(zone)).date() < day:
        at += 15 * MINUTE
    return at


# Entries -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Plan:
    """
    An entry somebody makes. `first` is what the clock shows in `zone` as it begins; `length` is by that clock, or whole
    days. `every` is empty for one that does not repeat.
    """

    zone: str
    first: datetime
    length: timedelta
    all_day: bool = False
    every: str = ""
    interval: int = 1
    days: frozenset[int] = frozenset()
    count: int = 1
    left_out: frozenset[int] = frozenset()
    moved: tuple[int, timedelta] | None = None

    def occurrences(self) -> list[datetime]:
        """As the clock shows them, counted day by day."""
        found, day = [self.first], 0
        monday = self.first.date() - self.first.weekday() * DAY
        while self.every and len(found) < self.count:
            day += 1
            at = self.first + day * DAY
            months = (at.year - self.first.year) * 12 + at.month - self.first.month
            weeks = (at.date() - monday).days // 7
            if {
                "DAILY": day % self.interval == 0,
                "WEEKLY": at.weekday() in self.days and weeks % self.interval == 0,
                "MONTHLY": at.day == self.first.day and months % self.interval == 0,
            }[self.every]:
                found.append(at)
        return found

    @property
    def rule(self) -> str:
        if not self.every:
            return ""
        rule = f"FREQ={self.every};INTERVAL={self.interval};COUNT={self.count}"
        if self.every == "WEEKLY":
            rule += ";BYDAY=" + ",".join(WEEKDAYS[day] for day in sorted(self.days))
        return rule

    def walls(self) -> list[tuple[datetime, bool]]:
        """Every occurrence that takes place, as the clock shows it, and whether it was given times of its own."""
        found = [
            (at, False)
            for number, at in enumerate(self.occurrences())
            if number not in self.left_out and not (self.moved and number == self.moved[0])
        ]
        if self.moved:
            found.append((self.occurrences()[self.moved[0]] + self.moved[1], True))
        return found

    def busy(self, home: str) -> list[tuple[datetime, set[datetime]]]:
        """Beginnings, each with the ends that are right for it."""
        if self.all_day:
            return [
                (begins(at.date(), home), {begins((at + self.length).date(), home)}) for at, _ in self.walls()
            ]
        elapsed = instant(self.first + self.length, self.zone) - instant(self.first, self.zone)
        found = []
        for at, own in self.walls():
            start, end = instant(at, self.zone), instant(at + self.length, self.zone)
            ends = {end} if own or not self.every else {end, start + elapsed}
            found.append((start, {one for one in ends if one > start}))
        return found

    def sound(self, *, gaps: bool) -> bool:
        """Whether somebody could make that entry: the times they type are shown by clocks, and it lasts some time."""
        if self.all_day:
            return True
        typed = [self.first] + [at for at, own in self.walls() if own]
        if not gaps:
            typed += self.occurrences()
        ends = [at + self.length for at in typed]
        return all(shown(wall, self.zone) for wall in typed + ends) and all(
            instant(at, self.zone) < instant(at + self.length, self.zone) for at in typed
        )


@st.composite
def plans(draw: Any, home: str, *, gaps: bool) -> Plan:
    """One entry near a change of clocks; those of whole days are in the zone of their reader."""
    all_day = draw(st.booleans())
    zone = home if all_day else draw(st.one_of(st.just(home), st.sampled_from(ZONES)))
    first = datetime.combine(draw(st.sampled_from(CHANGES[zone])), time())
    first -= draw(st.integers(0, 12)) * DAY
    length = draw(st.integers(1, 3)) * DAY
    if not all_day:
        first += draw(st.integers(0, 24 * 12 - 1)) * 5 * MINUTE
        length = draw(st.one_of(st.integers(1, 24), st.integers(1, 36 * 12))) * 5 * MINUTE
    plan = Plan(zone, first, length, all_day)
    if every := draw(st.sampled_from(["", "DAILY", "WEEKLY", "WEEKLY", "MONTHLY"])):
        if every == "MONTHLY":
            first = first.replace(day=min(first.day, 28))
        count = draw(st.integers(3, 8))
        days = draw(st.frozensets(st.integers(0, 6))) | {first.weekday()}
        left_out = draw(st.frozensets(st.integers(0, count - 1), max_size=2))
        moved = draw(st.one_of(st.none(), st.integers(0, count - 1)))
        steps = DAY * draw(st.integers(-3, 3)) if all_day else 5 * MINUTE * draw(st.integers(-120, 120))
        change = None if moved is None or moved in left_out else (moved, steps)
        interval = draw(st.integers(1, 3))
        plan = Plan(zone, first, length, all_day, every, interval, days, count, left_out, change)
    assume(plan.sound(gaps=gaps))
    return plan


@st.composite
def worlds(draw: Any, *, gaps: bool) -> tuple[str, list[Plan]]:
    """Where the reader is, and what is in the calendar."""
    home = draw(st.sampled_from(ZONES))
    return home, draw(st.lists(plans(home, gaps=gaps), min_size=1, max_size=3))


# Holding a provider to it --------------------------------------------------------------------------------------------


def make(rig: Diary, plan: Plan, ids: dict[str, Plan]) -> None:
    """Put the entry in and remember its id."""
    place = ZoneInfo(plan.zone)

    def aware(wall: datetime) -> datetime:
        return wall.replace(tzinfo=place)

    id = rig.add(
        f"{plan.every or 'once'} in {plan.zone}",
        aware(plan.first),
        aware(plan.first + plan.length),
        all_day=plan.all_day,
        rrule=plan.rule,
        time_zone=plan.zone,
    )
    ids[id] = plan
    occurrences = plan.occurrences()
    for number in sorted(plan.left_out):
        rig.leave_out(id, aware(occurrences[number]))
    if plan.moved:
        was = occurrences[plan.moved[0]]
        start = was + plan.moved[1]
        rig.move_one(id, aware(was), aware(start), aware(start + plan.length))


def unlike(found: list[Period], expected: list[tuple[datetime, set[datetime]]], window: Period) -> list[str]:
    """What was told and should not have been, and the other way round; only what lies in the window counts."""
    told = sorted(filter(None, (one.clip(window) for one in found)))
    wrong = []
    for start, ends in sorted(expected, key=lambda one: one[0]):
        right = {Period(start, end).clip(window) for end in ends}
        match = next((one for one in told if one in right), None)
        if match is not None:
            told.remove(match)
        elif None not in right:
            wrong.append(f"not told: {start} until {' or '.join(map(str, sorted(ends)))}")
    return wrong + [f"told: {one.start} until {one.end}" for one in told]


class OracleContract:
    """A provider is busy when plain arithmetic says so."""

    #: How many calendars are tried in one run.
    examples = 15
    #: Whether series may have occurrences in an hour that clocks skip. Providers that expand series themselves do not
    #: publish what becomes of those.
    gaps = True

    def test_it_is_busy_when_plain_arithmetic_with_clocks_says_so(self, rig: Diary) -> None:
        @settings(max_examples=self.examples, deadline=None)
        @given(worlds(gaps=self.gaps))
        def holds(world: tuple[str, list[Plan]]) -> None:
            home, entries = world
            ids: dict[str, Plan] = {}
            try:
                for plan in entries:
                    make(rig, plan, ids)
                for window in (WIDE, *(around(day, home) for day in CHANGES[home])):
                    self.check(rig, ids, window, home)
            finally:
                for id in ids:
                    rig.remove(id)

        holds()

    def check(self, rig: Diary, ids: dict[str, Plan], window: Period, home: str) -> None:
        reading = rig.service.read(rig.calendar, window, home=home)
        assert reading.whole
        told = {one.id: [item.during for item in one.items] for one in reading.seen if one.items}
        assert set(told) <= set(ids)
        for id, plan in ids.items():
            note(f"{plan} seen from {home} in {window.start} until {window.end}")
            assert unlike(told.get(id, []), plan.busy(home), window) == []
            days = [item.all_day for one in reading.seen if one.id == id for item in one.items]
            assert set(days) <= {plan.all_day}


def around(day: date, zone: str) -> Period:
    """The day of the change and half a day on each side."""
    return Period(begins(day, zone) - DAY / 2, begins(day + DAY, zone) + DAY / 2)
