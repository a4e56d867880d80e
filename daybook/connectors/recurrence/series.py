"""Series of a calendar file: which rules are followed at all, and their occurrences near the window."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import recurring_ical_events
from icalendar import Calendar, Event
from icalendar.prop import vRecur
from recurring_ical_events import CalendarQuery

from daybook.connectors.recurrence.lines import Block, Line
from daybook.connectors.recurrence.values import Moment, Unreadable, after, elapsed, is_day, moment, moments
from daybook.connectors.recurrence.zones import Zones

#: How often a rule may come round between its beginning and the end of the window.
MOST_STEPS = 200_000
#: Seconds between two rounds of a rule; what is missing cannot be followed. Every second is nobody's calendar.
STEPS: dict[str, int] = {
    "MINUTELY": 60,
    "HOURLY": 3600,
    "DAILY": 86_400,
    "WEEKLY": 7 * 86_400,
    "MONTHLY": 28 * 86_400,
    "YEARLY": 365 * 86_400,
}
PARTS = frozenset(
    {"FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST", "BYDAY", "BYMONTH", "BYMONTHDAY", "BYYEARDAY", "BYWEEKNO"}
    | {"BYSETPOS", "BYHOUR", "BYMINUTE"}
)
#: Rules that come round within a day have none of the parts that could make them search for ever.
PLAIN = frozenset({"FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST"})
RARE = frozenset({"BYYEARDAY", "BYWEEKNO", "BYSETPOS"})
_LONGEST = {2: 29, 4: 30, 6: 30, 9: 30, 11: 30}
_KEY = "X-DAYBOOK-LINE"


class _Query(CalendarQuery):
    """Occurrences as they are: a copy of the whole entry for each would be most of the work."""

    def _occurrences_to_components(self, occurrences: list[Any]) -> list[Any]:
        return occurrences


def heed(block: Block, start: Moment, until: datetime) -> None:
    """Refuse rules that cannot be followed, or not within reasonable time. Raises Unreadable."""
    for line in block.all("RRULE"):
        parts = _parts(line.value)
        step, interval = STEPS.get(parts.get("FREQ", "")), parts.get("INTERVAL", "1")
        if step is None or set(parts) - PARTS or not re.fullmatch(r"[1-9]\d{0,5}", interval):
            raise Unreadable("its rule of repeating is not understood")
        if step < STEPS["DAILY"] and set(parts) - PLAIN:
            raise Unreadable("its rule of repeating is too intricate")
        if parts["FREQ"] == "DAILY" and set(parts) & RARE:
            raise Unreadable("its rule of repeating is too intricate")
        known = (until.date() - (start.date() if isinstance(start, datetime) else start)).days + 1
        a_day = _count(parts, "BYHOUR") * _count(parts, "BYMINUTE")
        if known * 86_400 * a_day > MOST_STEPS * step * int(interval):
            raise Unreadable("it repeats too often")
        if not _can_happen(parts):
            raise Unreadable("its rule of repeating names days that do not exist")


def _parts(rule: str) -> dict[str, str]:
    pairs = (part.partition("=") for part in rule.strip().strip(";").split(";"))
    return {name.strip().upper(): value.strip().upper() for name, _, value in pairs}


def _count(parts: dict[str, str], name: str) -> int:
    return parts.get(name, "").count(",") + 1


def _can_happen(parts: dict[str, str]) -> bool:
    """Whether some month named has some day named: a rule without one is searched to the year 9999."""
    months = [int(month) for month in parts.get("BYMONTH", "1").split(",")]
    if any(not 1 <= month <= 12 for month in months):
        return False
    if "BYMONTHDAY" not in parts:
        return True
    days = [abs(int(day)) for day in parts["BYMONTHDAY"].split(",")]
    return any(0 < day <= _LONGEST.get(month, 31) for month in months for day in days)


def expand(
    group: list[Block],
    spans: dict[int, tuple[Moment, Moment]],
    near: tuple[datetime, datetime],
    zones: Zones,
) -> Iterator[tuple[Block, Moment, Moment]]:
    """
    The occurrences near the window of one series and its changes, each with the entry that describes it.

    The clock on the wall and elapsed time can differ by an hour on the days clocks change; of the two ends a series
    may have meant then, the later one is taken (RFC 5545, 3.8.5.3, wants elapsed time; most programs do the other).
    """
    by_number = {block.number: block for block in group}
    changes = _latest([block for block in group if block.all("RECURRENCE-ID")])
    for block in changes:
        yield block, *spans[block.number]
    if len(group) == len([block for block in group if block.all("RECURRENCE-ID")]):
        return
    calendar = Calendar()
    place = getattr(spans[group[0].number][0], "tzinfo", None)
    for block in [group[0], *changes]:
        calendar.add_component(_event(block, spans[block.number], zones, place))
    periods = _periods(group[0], zones)
    for found in recurring_ical_events.of(calendar, calendar_query=_Query).between(*near):
        block = by_number[int(found._adapter._component[_KEY])]
        start, end = found.start, found.end
        if block is not group[0] and not _and_future(block):
            continue  # told already, wherever it was moved to
        if start not in periods:
            end = _end(block, start, *spans[block.number])
        yield block, start, end


def _end(block: Block, start: Moment, first: Moment, first_end: Moment) -> Moment:
    if block.text("DURATION") and not block.all("DTEND"):
        return after(start, block.text("DURATION"))
    if not isinstance(start, datetime) or not isinstance(first, datetime) or is_day(first_end):
        return start + (first_end - first)  # type: ignore[operator]
    wall = first_end - first  # type: ignore[operator]
    exact = elapsed(first, first_end)  # type: ignore[arg-type]
    return max((start + wall).astimezone(UTC), start.astimezone(UTC) + exact)


def _latest(changes: list[Block]) -> list[Block]:
    """Of several changes of one occurrence, the last."""
    kept: dict[tuple[str, str], Block] = {}
    for block in changes:
        line = block.all("RECURRENCE-ID")[0]
        key = (line.value.strip(), line.parameters.get("TZID", ""))
        if key not in kept or _sequence(block) >= _sequence(kept[key]):
            kept[key] = block
    return list(kept.values())


def _sequence(block: Block) -> int:
    text = block.text("SEQUENCE")
    return int(text) if text.isdecimal() and len(text) < 10 else 0


def _and_future(block: Block) -> bool:
    return any(line.parameters.get("RANGE", "").upper() == "THISANDFUTURE" for line in block.lines)


def _periods(block: Block, zones: Zones) -> set[Any]:
    found = (one for line in block.all("RDATE") for one in moments(line, zones))
    return {one[0] for one in found if isinstance(one, tuple)}


def _event(block: Block, span: tuple[Moment, Moment], zones: Zones, place: Any) -> Event:
    """The entry as the expanding library wants it, every time resolved: it never sees a zone's name of the file."""
    start, end = span
    event = Event()
    event.add("UID", "one")
    event.add("DTSTART", start)
    event.add("DTEND", end)
    event.add("SEQUENCE", _sequence(block))
    event.add(_KEY, str(block.number))
    for line in block.lines:
        if line.name == "RRULE":
            event.add("RRULE", vRecur.from_ical(_rule(line, start)))
        elif line.name in ("RDATE", "EXDATE") and line.value.strip():
            event.add(line.name, moments(line, zones, place))
        elif line.name == "RECURRENCE-ID":
            at = moment(line.value, line, zones, place)
            event.add(
                "RECURRENCE-ID", at, parameters={"RANGE": "THISANDFUTURE"} if _and_future(block) else {}
            )
    return event


def _rule(line: Line, start: Moment) -> str:
    """The rule, its end widened where it only names a day: that day is meant whole, where the series takes place."""
    parts = _parts(line.value)
    until = parts.get("UNTIL", "")
    if until and isinstance(start, datetime):
        match = re.fullmatch(r"(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(\d\d)(Z)?)?", until)
        if match is None:
            raise Unreadable("the end of its rule is not a time")
        year, month, day, hour, minute, second = (int(part or 0) for part in match.groups()[:6])
        place = UTC if match[7] else start.tzinfo
        aware = datetime(year, month, day, hour, minute, min(second, 59), tzinfo=place)
        if match[4] is None:
            aware += timedelta(days=1, seconds=-1)
        parts["UNTIL"] = aware.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    elif until:
        parts["UNTIL"] = until[:8]
    return ";".join(f"{name}={value}" for name, value in parts.items())
