"""Google's events as it writes them: what they say of a time, and when they take place."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from daybook.connectors.calendars import Item
from daybook.connectors.errors import Garbled
from daybook.connectors.google import NAME
from daybook.connectors.recurrence.lines import Block, Line, parsed
from daybook.connectors.recurrence.occurrences import Reader
from daybook.connectors.recurrence.values import Moment, is_day
from daybook.connectors.recurrence.zones import Zones, by_name
from daybook.core.entries import Standing
from daybook.core.periods import Period

Record = dict[str, Any]

#: The private property under which an event carries the UID of the appointment it was made for.
MARK = "daybook"

#: What is asked for of each event, and nothing else. With `maxAttendees=1` Google tells of the calendar's own answer
#: to an invitation and of nobody else's.
FIELDS = (
    "id,etag,iCalUID,status,summary,start,end,transparency,eventType,recurrence,recurringEventId,"
    "originalStartTime,attendees(self,responseStatus),extendedProperties/private"
)

#: Every word of Google's with which an event says how its time is meant (calendar.v3 discovery document, 2026-10-30).
#: `responseStatus` is the calendar's own answer. A word that is not here takes time.
WORDS: dict[str, dict[str, Standing]] = {
    "status": {
        "confirmed": Standing.BUSY,
        "tentative": Standing.TENTATIVE,
        "cancelled": Standing.CANCELLED,
    },
    "responseStatus": {
        "accepted": Standing.BUSY,
        "needsAction": Standing.UNANSWERED,
        "tentative": Standing.TENTATIVE,
        "declined": Standing.DECLINED,
    },
    "transparency": {
        "opaque": Standing.BUSY,
        "transparent": Standing.FREE,
    },
    "eventType": {
        "default": Standing.BUSY,
        "focusTime": Standing.BUSY,
        "fromGmail": Standing.BUSY,
        "outOfOffice": Standing.OUT_OF_OFFICE,
        "workingLocation": Standing.FREE,
        "birthday": Standing.FREE,
    },
}
#: Of several that differ, the first counts.
FIRST = (
    Standing.CANCELLED,
    Standing.DECLINED,
    Standing.FREE,
    Standing.OUT_OF_OFFICE,
    Standing.UNANSWERED,
    Standing.TENTATIVE,
    Standing.BUSY,
)


def standing(record: Record) -> Standing:
    """What the event says of itself, for the person whose calendar it is."""
    attendees = record.get("attendees")
    own = [
        one
        for one in (attendees if isinstance(attendees, list) else [])
        if isinstance(one, dict) and one.get("self")
    ]
    says = {**record, "responseStatus": own[0].get("responseStatus") if own else None}
    found = {words.get(str(says.get(name)), Standing.BUSY) for name, words in WORDS.items()}
    return next(one for one in FIRST if one in found)


def garbled(why: str) -> Garbled:
    return Garbled(NAME, text=f"An entry of this Google calendar cannot be read: {why}.")


def text(record: Record, name: str) -> str:
    value = record.get(name)
    return value if isinstance(value, str) else ""


def identity(record: Record) -> str:
    """The event's own id. Raises `Garbled` for one without."""
    found = text(record, "id")
    if not found:
        raise garbled("it has no id")
    return found


def series_of(record: Record) -> str:
    """The id of the entry this event is part of: of its series, or its own."""
    return text(record, "recurringEventId") or identity(record)


def is_cancelled(record: Record) -> bool:
    return record.get("status") == "cancelled"


def mark(record: Record) -> str:
    """The UID of the appointment it was made for, empty on everybody else's."""
    properties = record.get("extendedProperties")
    private = properties.get("private") if isinstance(properties, dict) else None
    return text(private, MARK) if isinstance(private, dict) else ""


def moment(record: Record, name: str) -> Moment:
    """A day, or an aware time in the zone it is meant in where that is told. Raises `Garbled`."""
    value = record.get(name)
    if not isinstance(value, dict):
        raise garbled(f"it has no {name}")
    day, at = text(value, "date"), text(value, "dateTime")
    try:
        if day and not at:
            return date.fromisoformat(day)
        found = datetime.fromisoformat(at)
        place = by_name(text(value, "timeZone")) if text(value, "timeZone") else None
        if found.tzinfo is None and place is not None:
            found = found.replace(tzinfo=place)
        if found.tzinfo is None:
            raise ValueError
        return found.astimezone(place or found.tzinfo)
    except (ValueError, OverflowError):
        raise garbled(f"its {name} is not a time") from None


def roughly(at: Moment) -> datetime:
    """An instant not further than a day from what is meant."""
    if isinstance(at, datetime):
        return at.astimezone(UTC)
    return datetime(at.year, at.month, at.day, tzinfo=UTC)


@dataclass(slots=True)
class Group:
    """One entry: the event that stands for it, if Google shows it, and what is told of single occurrences."""

    id: str
    master: Record | None = None
    changes: list[Record] = field(default_factory=list)

    @property
    def is_series(self) -> bool:
        return bool(self.changes) or bool(self.master and self.master.get("recurrence"))


def groups(records: Iterable[Record]) -> dict[str, Group]:
    """The events put together to entries, in the order they came."""
    found: dict[str, Group] = {}
    for record in records:
        group = found.setdefault(series_of(record), Group(series_of(record)))
        if text(record, "recurringEventId"):
            group.changes.append(record)
        else:
            group.master = record
    return found


def items(group: Group, window: Period, home: str, zone: str) -> tuple[Item, ...]:
    """
    All occurrences of the entry that share time with `window`, earliest first, cancelled ones left out. `home` is
    where a whole day is a day, `zone` the calendar's own, for a series that names none.

    Raises `Garbled` for what may lie in the window and cannot be read.
    """
    found: list[Item] = []
    for record in group.changes:
        if not is_cancelled(record):
            found += _single(record, window, home)
    if group.master is not None and not is_cancelled(group.master):
        if group.master.get("recurrence"):
            found += _series(group.master, group.changes, window, home, zone)
        else:
            found += _single(group.master, window, home)
    return tuple(sorted(found, key=lambda item: item.during))


def _item(record: Record, during: Period, *, all_day: bool) -> Item:
    return Item(during, all_day, standing(record), text(record, "summary"))


def _single(record: Record, window: Period, home: str) -> list[Item]:
    start, end = moment(record, "start"), moment(record, "end")
    if isinstance(start, datetime) and isinstance(end, datetime):
        low, high = sorted((start.astimezone(UTC), end.astimezone(UTC)))
        period = Period(low, high) if low < high else None
    elif is_day(start) and is_day(end):
        block = _block(record, start, end)
        return [_item(record, one.during, all_day=True) for one in _reader(window, home).group([block])]
    else:
        raise garbled("it begins with a day and ends with a time, or the other way round")
    return [_item(record, period, all_day=False)] if period is not None and period.overlaps(window) else []


def _series(record: Record, changes: list[Record], window: Period, home: str, zone: str) -> list[Item]:
    start, end = moment(record, "start"), moment(record, "end")
    if isinstance(start, datetime) and isinstance(end, datetime):
        place = by_name(text(record["start"], "timeZone") or zone)
        if place is None:
            raise garbled("nothing says in which time zone it repeats")
        start, end = start.astimezone(place), end.astimezone(place)
    elif is_day(start) != is_day(end):
        raise garbled("it begins with a day and ends with a time, or the other way round")
    block = _block(record, start, end)
    block.lines += _rules(record)
    days, instants = _replaced(changes)
    if is_day(start):
        block.lines += [Line("EXDATE", {}, f"{day:%Y%m%d}") for day in sorted(days)]
    # Compared as instants: in an hour that clocks skip, Google names the time after it, and the rule the one before.
    return [
        _item(record, one.during, all_day=one.all_day)
        for one in _reader(window, home).group([block])
        if one.during.start not in instants
    ]


def _replaced(changes: list[Record]) -> tuple[set[date], set[datetime]]:
    """Where in the series the occurrences stood that have something of their own to say."""
    days: set[date] = set()
    instants: set[datetime] = set()
    for record in changes:
        at = moment(record, "originalStartTime")
        if isinstance(at, datetime):
            instants.add(at.astimezone(UTC))
        else:
            days.add(at)
    return days, instants


def _reader(window: Period, home: str) -> Reader:
    return Reader(window, Zones([], window, home), home, NAME, place="An entry of this Google calendar")


def _block(record: Record, start: Moment, end: Moment) -> Block:
    return Block(
        "VEVENT", 1, [Line("UID", {}, series_of(record)), _line("DTSTART", start), _line("DTEND", end)]
    )


def _line(name: str, at: Moment) -> Line:
    if not isinstance(at, datetime):
        return Line(name, {}, f"{at:%Y%m%d}")
    place = getattr(at.tzinfo, "key", None)
    if place is None:
        return Line(name, {}, f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}")
    return Line(name, {"TZID": place}, f"{at:%Y%m%dT%H%M%S}")


def _rules(record: Record) -> list[Line]:
    """The lines of `recurrence`: what is not understood is not left out, except what would only take time away."""
    lines: list[Line] = []
    rules = record["recurrence"]
    for one in rules if isinstance(rules, list) else [rules]:
        line = (
            parsed(one, frozenset({"RRULE", "RDATE", "EXDATE", "EXRULE"})) if isinstance(one, str) else None
        )
        if line is None:
            raise garbled("its rule of repeating is not understood")
        if line.name != "EXRULE":
            lines.append(line)
    return lines
