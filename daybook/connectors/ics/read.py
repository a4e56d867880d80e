"""When a calendar file says its owner is taken: every occurrence inside a window, or the reason why that is unknown."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from daybook.connectors.errors import Garbled
from daybook.connectors.ics import NAME, series
from daybook.connectors.ics.lines import Block, blocks
from daybook.connectors.ics.values import (
    FBTYPES,
    Moment,
    Unreadable,
    after,
    elapsed,
    is_day,
    moment,
    moments,
    rough,
    standing,
)
from daybook.connectors.ics.zones import Zones
from daybook.core.entries import Entry, Standing, may_take
from daybook.core.hours import day_period
from daybook.core.periods import Period

#: Zones reach from -12 to +14 hours: what lies further off than this by its bare digits lies outside for sure.
MARGIN = timedelta(days=2)
MOST_OCCURRENCES = 100_000
ONCE = ("DTSTART", "DTEND", "DURATION", "RECURRENCE-ID")
SERIES = frozenset({"RRULE", "RDATE", "RECURRENCE-ID"})


def read(body: bytes, *, window: Period, home: str) -> list[Entry]:
    """
    Everything in the calendar file `body` that may take time inside `window`, cut to it, earliest first.

    `home` is the lawyer's zone: a day, and a time without a zone, are read as their clock shows them. An entry that
    lies outside the window for certain is not looked at further. One inside it that cannot be read makes the whole
    calendar unreadable, since free is not what it says.

    Raises Garbled, naming the entry, and Unreachable for a file that stops in the middle.
    """
    found = blocks(body)
    reader = _Reader(window, Zones(found, window, home), home)
    entries: list[Entry] = []
    for group in _groups(found):
        for entry in reader.group(group):
            entries.append(entry)
            if len(entries) > MOST_OCCURRENCES:
                raise Garbled(NAME, text="This calendar has more occurrences than Daybook reads (100,000).")
    return sorted(entries, key=lambda entry: entry.during)


def _groups(found: list[Block]) -> Iterator[list[Block]]:
    """Entries that are one series with its changes share a UID; what has none stands for itself."""
    by_uid: dict[str, list[Block]] = {}
    for block in found:
        if block.kind == "VEVENT":
            by_uid.setdefault(block.text("UID") or f"line {block.number}", []).append(block)
        elif block.kind == "VFREEBUSY":
            yield [block]
    yield from by_uid.values()


@dataclass(slots=True)
class _Reader:
    window: Period
    zones: Zones
    home: str
    near: tuple[datetime, datetime] = field(init=False)

    def __post_init__(self) -> None:
        self.near = (self.window.start - MARGIN, self.window.end + MARGIN)

    def group(self, group: list[Block]) -> Iterator[Entry]:
        if group[0].kind == "VFREEBUSY":
            yield from self._named(group[0], self._free_busy)
        elif any(line.name in SERIES for block in group for line in block.lines):
            if not all(self._after(block) for block in group):
                yield from self._series(group)
        else:
            # Some programs give all their entries one UID: without series each stands for itself.
            for block in group:
                if not self._elsewhere(block):
                    yield from self._named(block, self._single)

    def _named(self, block: Block, reading: Callable[[Block], Iterator[Entry]]) -> Iterator[Entry]:
        try:
            yield from reading(block)
        except (Unreadable, ValueError, OverflowError) as error:
            raise _trouble(block, error) from error

    def _after(self, block: Block) -> bool:
        """Whether the entry and all that could follow from it lie beyond the window."""
        if any(line.name in ("RDATE", "RECURRENCE-ID") for line in block.lines):
            return False
        starts = rough(block.text("DTSTART"))
        return starts is not None and starts > self.near[1]

    def _elsewhere(self, block: Block) -> bool:
        starts = rough(block.text("DTSTART"))
        if starts is None or any(line.broken for line in block.lines):
            return False
        if starts > self.near[1]:
            return True
        ends = starts + timedelta(days=1)
        if end := block.text("DTEND"):
            known = rough(end)
            if known is None:
                return False
            ends = max(ends, known)
        elif length := block.text("DURATION"):
            try:
                ends = max(ends, after(starts, length))  # type: ignore[type-var, assignment]
            except Unreadable:
                return False
        return ends < self.near[0]

    def span(self, block: Block) -> tuple[Moment, Moment]:
        """When an entry by itself begins and ends. Raises Unreadable."""
        for line in block.lines:
            if line.broken:
                raise Unreadable(f"its {line.name} is broken")
        for name in ONCE:
            if len({(line.value, line.parameters.get("TZID")) for line in block.all(name)}) > 1:
                raise Unreadable(f"it has several {name}")
        starts = block.all("DTSTART")
        if not starts:
            raise Unreadable("it has no beginning")
        start = moment(starts[0].value, starts[0], self.zones)
        if ends := block.all("DTEND"):
            end = moment(ends[0].value, ends[0], self.zones)
            if is_day(start) != is_day(end):
                raise Unreadable("it begins with a day and ends with a time, or the other way round")
        elif length := block.text("DURATION"):
            end = after(start, length)
        else:
            end = start
        return start, end

    def _single(self, block: Block) -> Iterator[Entry]:
        start, end = self.span(block)
        yield from self.entry(block, start, end)

    def _series(self, group: list[Block]) -> Iterator[Entry]:
        masters = [block for block in group if not block.all("RECURRENCE-ID")]
        changes = [block for block in group if block.all("RECURRENCE-ID")]
        spans: dict[int, tuple[Moment, Moment]] = {}
        for block in group:
            try:
                spans[block.number] = self.span(block)
                series.heed(block, spans[block.number][0], self.near[1])
            except (ValueError, OverflowError) as error:
                raise _trouble(block, error) from error
        # Two that share a UID without being changes of one another each count: better twice than not at all.
        for one in [[master, *changes] for master in masters] or [changes]:
            try:
                for block, start, end in series.expand(one, spans, self.near, self.zones):
                    yield from self.entry(block, start, end)
            except (ValueError, OverflowError, TypeError, KeyError, IndexError) as error:
                raise _trouble(one[0], error) from error

    def entry(self, block: Block, start: Moment, end: Moment) -> Iterator[Entry]:
        """The entry inside the window; nothing for one that lasts no time."""
        says = standing(block)
        all_day = is_day(start) or block.text("X-MICROSOFT-CDO-ALLDAYEVENT").upper() == "TRUE"
        during = self._days(start, end) if is_day(start) else _between(start, end)
        during = during and during.clip(self.window)
        if during is not None:
            entry = Entry(_id(block), during, all_day, says)
            if may_take(entry):
                yield entry

    def _days(self, first: date, until: date) -> Period | None:
        if until < first:
            first, until = until, first
        last = max(first, until - timedelta(days=1))
        first, last = max(first, self.near[0].date()), min(last, self.near[1].date())
        days = [day_period(day, self.home) for day in (first, last)] if first <= last else []
        known = [day for day in days if day is not None]
        return Period(known[0].start, known[-1].end) if known else None

    def _free_busy(self, block: Block) -> Iterator[Entry]:
        for line in block.all("FREEBUSY"):
            if line.broken:
                raise Unreadable("a FREEBUSY of it is broken")
            says = FBTYPES.get(line.parameters.get("FBTYPE", "").upper(), Standing.BUSY)
            for one in moments(line, self.zones):
                if not isinstance(one, tuple):
                    raise Unreadable("a FREEBUSY of it is not a period")
                during = _between(*one)
                during = during and during.clip(self.window)
                entry = during and Entry(_id(block), during, False, says)
                if entry and may_take(entry):
                    yield entry


def _between(start: Moment, end: Moment) -> Period | None:
    if not isinstance(start, datetime) or not isinstance(end, datetime):
        raise Unreadable("it begins with a day and ends with a time, or the other way round")
    begin = start.astimezone(UTC)
    low, high = sorted((begin, begin + elapsed(start, end)))
    return Period(low, high) if low < high else None


def _id(block: Block) -> str:
    return "".join(c for c in block.text("UID") if c.isprintable())[:200] or f"line {block.number}"


def _trouble(block: Block, error: Exception) -> Garbled:
    starts = rough(block.text("DTSTART"))
    when = f", starting {starts:%Y-%m-%d}," if starts else ""
    why = str(error) if isinstance(error, Unreadable) else "its times make no sense"
    return Garbled(
        NAME, text=f"The entry on line {block.number} of the calendar{when} cannot be read: {why}."
    )
