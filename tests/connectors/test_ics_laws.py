"""Any series, on both changeover days of ten zones, is busy when plain arithmetic with clocks says so."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daybook.connectors.ics.read import read
from daybook.core.periods import Period

#: Ten zones and the two dates on which their clocks change in 2026 and early 2027.
CHANGES: dict[str, tuple[date, date]] = {
    "America/Denver": (date(2026, 3, 8), date(2026, 11, 1)),
    "America/New_York": (date(2026, 3, 8), date(2026, 11, 1)),
    "America/St_Johns": (date(2026, 3, 8), date(2026, 11, 1)),
    "America/Santiago": (date(2026, 4, 4), date(2026, 9, 6)),
    "Europe/London": (date(2026, 3, 29), date(2026, 10, 25)),
    "Europe/Berlin": (date(2026, 3, 29), date(2026, 10, 25)),
    "Africa/Cairo": (date(2026, 4, 24), date(2026, 10, 29)),
    "Asia/Beirut": (date(2026, 3, 29), date(2026, 10, 24)),
    "Australia/Lord_Howe": (date(2026, 4, 5), date(2026, 10, 4)),
    "Pacific/Auckland": (date(2026, 4, 5), date(2026, 9, 27)),
}
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")

series = st.fixed_dictionaries(
    {
        "zone": st.sampled_from(sorted(CHANGES)),
        "which": st.integers(0, 1),
        "before": st.integers(0, 12),  # days between the first occurrence and the change
        "minute": st.integers(0, 1439),
        "length": st.integers(1, 36 * 60),
        "weekly": st.booleans(),
        "interval": st.integers(1, 3),
        "days": st.sets(st.integers(0, 6), min_size=1),
        "count": st.integers(1, 20),
        "until": st.booleans(),
        "all_day": st.booleans(),
        "left_out": st.sets(st.integers(0, 6), max_size=2),
        "moved": st.one_of(st.none(), st.tuples(st.integers(0, 6), st.integers(-600, 600))),
    }
)


def walls(one) -> list[datetime]:
    """The occurrences as a clock on the wall shows them: counted day by day, without any rule of repeating."""
    first = datetime.combine(CHANGES[one["zone"]][one["which"]] - timedelta(days=one["before"]), time())
    first += timedelta(minutes=0 if one["all_day"] else one["minute"])
    found, day = [first], 0
    monday = first.date() - timedelta(days=first.weekday())
    while len(found) < one["count"]:
        day += 1
        at = first + timedelta(days=day)
        if one["weekly"]:
            week = (at.date() - monday).days // 7
            wanted = at.weekday() in one["days"] | {first.weekday()} and week % one["interval"] == 0
        else:
            wanted = day % one["interval"] == 0
        if wanted:
            found.append(at)
    return found


def instant(wall: datetime, zone: str) -> datetime:
    return wall.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def midnight(day: date, zone: str) -> datetime:
    """When a date begins: where midnight is skipped, at the end of the gap."""
    at = instant(datetime.combine(day, time()), zone) - timedelta(hours=3)
    while at.astimezone(ZoneInfo(zone)).date() < day:
        at += timedelta(minutes=15)
    return at


def span(one, wall: datetime, first: datetime) -> tuple[datetime, datetime]:
    """The later of both ends: of the one the clock shows, and of the time that has gone by."""
    zone, length = one["zone"], timedelta(minutes=one["length"])
    if one["all_day"]:
        days = one["length"] // 720 + 1
        return midnight(wall.date(), zone), midnight(wall.date() + timedelta(days=days), zone)
    exact = instant(first + length, zone) - instant(first, zone)
    if exact <= timedelta(0):  # an hour that clocks skip
        exact = length
    start = instant(wall, zone)
    return start, max(instant(wall + length, zone), start + exact)


def stamp(one, name: str, *walls: datetime) -> str:
    if one["all_day"]:
        return f"{name};VALUE=DATE:" + ",".join(f"{wall:%Y%m%d}" for wall in walls)
    return f"{name};TZID={one['zone']}:" + ",".join(f"{wall:%Y%m%dT%H%M%S}" for wall in walls)


def written(one, occurrences: list[datetime]) -> bytes:
    first, last = occurrences[0], occurrences[-1]
    length = timedelta(days=one["length"] // 720 + 1) if one["all_day"] else timedelta(minutes=one["length"])
    rule = f"FREQ={'WEEKLY' if one['weekly'] else 'DAILY'};INTERVAL={one['interval']}"
    if one["weekly"]:
        rule += ";BYDAY=" + ",".join(WEEKDAYS[day] for day in sorted(one["days"] | {first.weekday()}))
    if not one["until"]:
        rule += f";COUNT={one['count']}"
    elif one["all_day"]:
        rule += f";UNTIL={last:%Y%m%d}"
    else:
        rule += f";UNTIL={instant(last, one['zone']):%Y%m%dT%H%M%SZ}"
    lines = ["UID:one", stamp(one, "DTSTART", first), stamp(one, "DTEND", first + length), f"RRULE:{rule}"]
    out = [occurrences[at] for at in sorted(one["left_out"]) if at < len(occurrences)]
    lines += [stamp(one, "EXDATE", *out)] if out else []
    text = ["BEGIN:VEVENT", *lines, "END:VEVENT"]
    if moved := _moved(one, occurrences):
        was, becomes = moved
        text += ["BEGIN:VEVENT", "UID:one", stamp(one, "RECURRENCE-ID", was), stamp(one, "DTSTART", becomes)]
        text += [stamp(one, "DTEND", becomes + length), "END:VEVENT"]
    return "\r\n".join(["BEGIN:VCALENDAR", *text, "END:VCALENDAR", ""]).encode()


def _moved(one, occurrences: list[datetime]) -> tuple[datetime, datetime] | None:
    if one["moved"] is None or one["moved"][0] in one["left_out"] or one["moved"][0] >= len(occurrences):
        return None
    was = occurrences[one["moved"][0]]
    by = timedelta(days=one["moved"][1] // 60) if one["all_day"] else timedelta(minutes=one["moved"][1])
    return was, was + by


def expected(one, occurrences: list[datetime]) -> set[tuple[datetime, datetime]]:
    first = occurrences[0]
    kept = {wall for at, wall in enumerate(occurrences) if at not in one["left_out"]}
    spans = set()
    if moved := _moved(one, occurrences):
        kept.discard(moved[0])
        spans.add(span(one, moved[1], moved[1]))
    return spans | {span(one, wall, first) for wall in kept}


@settings(max_examples=300, deadline=None)
@given(series)
def test_a_series_is_busy_when_plain_arithmetic_says_so(one):
    occurrences = walls(one)
    change = CHANGES[one["zone"]][one["which"]]
    start = datetime.combine(change, time(), UTC) - timedelta(days=60)
    window = Period(start, start + timedelta(days=500))
    found = read(written(one, occurrences), window=window, home=one["zone"])
    assert {(entry.during.start, entry.during.end) for entry in found} == expected(one, occurrences)


@pytest.mark.parametrize("zone", CHANGES)
def test_the_dates_of_the_table_are_changeover_days(zone):
    for day in CHANGES[zone]:
        around = [instant(datetime.combine(day + timedelta(days=n), time(12)), zone) for n in (-1, 0, 1)]
        lengths = [later - earlier for earlier, later in pairwise(around)]
        assert lengths != [timedelta(days=1)] * 2
