"""When a calendar file says its owner is taken: every occurrence inside a window, or the reason why that is unknown."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from daybook.connectors.errors import Garbled
from daybook.connectors.ics import NAME
from daybook.connectors.recurrence.lines import Block, blocks
from daybook.connectors.recurrence.occurrences import Reader, between
from daybook.connectors.recurrence.values import FBTYPES, Unreadable, moments, standing, travel
from daybook.connectors.recurrence.zones import Zones
from daybook.core.entries import Entry, Standing, may_take
from daybook.core.periods import Period

MOST_OCCURRENCES = 100_000


def read(body: bytes, *, window: Period, home: str) -> list[Entry]:
    """
    Everything in the calendar file `body` that may take time inside `window`, cut to it, earliest first; what says that
    it is free among them, but nothing cancelled.

    `home` is the lawyer's zone: a day, and a time without a zone, are read as their clock shows them. An entry that
    lies outside the window for certain is not looked at further. One inside it that cannot be read makes the whole
    calendar unreadable, since free is not what it says.

    Raises Garbled, naming the entry, and Unreachable for a file that stops in the middle.
    """
    found = blocks(body, NAME, also=frozenset({"X-APPLE-TRAVEL-DURATION"}))
    reader = Reader(window, Zones(found, window, home), home, NAME)
    entries: list[Entry] = []
    for group in _groups(found):
        for entry in _entries(reader, group):
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


def _entries(reader: Reader, group: list[Block]) -> Iterator[Entry]:
    if group[0].kind == "VFREEBUSY":
        try:
            yield from _free_busy(reader, group[0])
        except (Unreadable, ValueError, OverflowError) as error:
            raise reader.trouble(group[0], error) from error
        return
    for found in reader.group(group):
        says = standing(found.block)
        whole = Entry(_id(found.block), found.during, found.all_day, says)
        if may_take(whole):
            yield from _clipped(whole, reader.window)
            try:
                before = travel(found.block, found.during, says, all_day=found.all_day)
            except Unreadable as error:
                raise reader.trouble(found.block, error) from error
            if before is not None:
                yield from _clipped(Entry(whole.external_id, before, False, Standing.TRAVEL), reader.window)


def _clipped(entry: Entry, window: Period) -> Iterator[Entry]:
    during = entry.during.clip(window)
    if during is not None:
        yield replace(entry, during=during)


def _free_busy(reader: Reader, block: Block) -> Iterator[Entry]:
    for line in block.all("FREEBUSY"):
        if line.broken:
            raise Unreadable("a FREEBUSY of it is broken")
        says = FBTYPES.get(line.parameters.get("FBTYPE", "").upper(), Standing.BUSY)
        for one in moments(line, reader.zones):
            if not isinstance(one, tuple):
                raise Unreadable("a FREEBUSY of it is not a period")
            during = between(*one)
            during = during and during.clip(reader.window)
            entry = during and Entry(_id(block), during, False, says)
            if entry and may_take(entry):
                yield entry


def _id(block: Block) -> str:
    return "".join(c for c in block.text("UID") if c.isprintable())[:200] or f"line {block.number}"
