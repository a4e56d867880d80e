"""When entries take place: every occurrence of one entry, or of a series and its changes, that touches a window."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from daybook.connectors.errors import Garbled
from daybook.connectors.recurrence import series
from daybook.connectors.recurrence.lines import Block
from daybook.connectors.recurrence.values import (
    Moment,
    Unreadable,
    after,
    elapsed,
    is_day,
    moment,
    rough,
)
from daybook.connectors.recurrence.zones import Zones
from daybook.core.hours import day_period
from daybook.core.periods import Period

#: Zones reach from -12 to +14 hours: what lies further off than this by its bare digits lies outside for sure.
MARGIN = timedelta(days=2)
#: Whole days are told whole as far as this beyond the window, where a calendar says something like "for ever".
FAR = timedelta(days=3 * 366)
ONCE = ("DTSTART", "DTEND", "DURATION", "RECURRENCE-ID")
SERIES = frozenset({"RRULE", "RDATE", "RECURRENCE-ID"})


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One time an entry takes place, whole, and the block that describes it. Days are days where its lawyer is."""

    block: Block
    during: Period
    all_day: bool


@dataclass(slots=True)
class Reader:
    """
    Reads entries over one window, for a lawyer who lives in `home`. `name` is what people know their source by, and
    `place` how an entry that cannot be read is pointed to, with the number of its block.
    """

    window: Period
    zones: Zones
    home: str
    name: str
    place: str = "The entry on line {number} of the calendar"
    near: tuple[datetime, datetime] = field(init=False)

    def __post_init__(self) -> None:
        self.near = (self.window.start - MARGIN, self.window.end + MARGIN)

    def group(self, group: list[Block]) -> Iterator[Occurrence]:
        """
        The occurrences that share time with the window, of entries with one UID; in no order, cancelled ones among them.

        Raises Garbled for one that may take place in the window and cannot be read.
        """
        if any(line.name in SERIES for block in group for line in block.lines):
            if not all(self._after(block) for block in group):
                yield from self._series(group)
        else:
            # Some programs give all their entries one UID: without series each stands for itself.
            for block in group:
                if not self._elsewhere(block):
                    try:
                        yield from self._at(block, *self.span(block))
                    except (Unreadable, ValueError, OverflowError) as error:
                        raise self.trouble(block, error) from error

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
                ends = max(ends, after(starts, length))  # type: ignore[assignment]
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

    def _series(self, group: list[Block]) -> Iterator[Occurrence]:
        masters = [block for block in group if not block.all("RECURRENCE-ID")]
        changes = [block for block in group if block.all("RECURRENCE-ID")]
        spans: dict[int, tuple[Moment, Moment]] = {}
        for block in group:
            try:
                spans[block.number] = self.span(block)
                series.heed(block, spans[block.number][0], self.near[1])
            except (ValueError, OverflowError) as error:
                raise self.trouble(block, error) from error
        # Two that share a UID without being changes of one another each count: better twice than not at all.
        for one in [[master, *changes] for master in masters] or [changes]:
            try:
                for block, start, end in series.expand(one, spans, self.near, self.zones):
                    yield from self._at(block, start, end)
            except (ValueError, OverflowError, TypeError, KeyError, IndexError) as error:
                raise self.trouble(one[0], error) from error

    def _at(self, block: Block, start: Moment, end: Moment) -> Iterator[Occurrence]:
        """The occurrence, if it shares time with the window; nothing for one that lasts no time."""
        all_day = is_day(start) or block.text("X-MICROSOFT-CDO-ALLDAYEVENT").upper() == "TRUE"
        during = self._days(start, end) if is_day(start) else between(start, end)
        if during is not None and during.overlaps(self.window):
            yield Occurrence(block, during, all_day)

    def _days(self, first: date, until: date) -> Period | None:
        if until < first:
            first, until = until, first
        last = max(first, until - timedelta(days=1))
        first, last = max(first, self.near[0].date() - FAR), min(last, self.near[1].date() + FAR)
        days = [day_period(day, self.home) for day in (first, last)] if first <= last else []
        known = [day for day in days if day is not None]
        return Period(known[0].start, known[-1].end) if known else None

    def trouble(self, block: Block, error: Exception) -> Garbled:
        """What to raise for a block that cannot be read, naming it."""
        starts = rough(block.text("DTSTART"))
        when = f", starting {starts:%Y-%m-%d}," if starts else ""
        why = str(error) if isinstance(error, Unreadable) else "its times make no sense"
        place = self.place.format(number=block.number)
        return Garbled(self.name, text=f"{place}{when} cannot be read: {why}.")


def between(start: Moment, end: Moment) -> Period | None:
    """The period of two times, whichever comes first; None when no time lies between. Raises Unreadable for a day."""
    if not isinstance(start, datetime) or not isinstance(end, datetime):
        raise Unreadable("it begins with a day and ends with a time, or the other way round")
    begin = start.astimezone(UTC)
    low, high = sorted((begin, begin + elapsed(start, end)))
    return Period(low, high) if low < high else None
