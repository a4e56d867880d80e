"""One object of a calendar collection, an entry with all its changes in one file, as the contract wants it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from daybook.connectors.calendars import Item, Seen
from daybook.connectors.recurrence.lines import Block, blocks
from daybook.connectors.recurrence.occurrences import Occurrence, Reader
from daybook.connectors.recurrence.values import Unreadable, standing, travel
from daybook.connectors.recurrence.zones import Zones
from daybook.core.entries import Standing
from daybook.core.periods import Period

#: What is looked at besides times: the title (to recognize our own), what its owner has answered, and our mark.
ALSO = frozenset({"SUMMARY", "ATTENDEE", "ORGANIZER", "X-APPLE-TRAVEL-DURATION", "X-DAYBOOK"})
#: Nobody travels longer than this to an appointment; what begins so soon after the window may still reach into it.
LONGEST_TRAVEL = timedelta(days=1)

_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Eyes:
    """With whose eyes entries are read: the window, the lawyer's zone, the account's own mail addresses."""

    name: str
    window: Period
    home: str
    own: frozenset[str]


def uid_of(appointment: str) -> str:
    """The iCalendar UID of an appointment of ours, the same as in the files Daybook sends by mail."""
    return appointment if "@" in appointment else f"{appointment}@daybook"


def seen(id: str, etag: str, body: bytes, eyes: Eyes) -> Seen:
    """
    The object as one entry, its occurrences in the window among `items`, cancelled ones not.

    Raises Garbled for one that may lie in the window and cannot be read, Unreachable for one that stops in the middle.
    """
    found = events(body, eyes.name)
    window = Period(eyes.window.start, eyes.window.end + LONGEST_TRAVEL)
    reader = Reader(window, Zones(found, window, eyes.home), eyes.home, eyes.name, "An entry")
    groups: dict[str, list[Block]] = {}
    for block in found:
        if block.kind == "VEVENT":
            groups.setdefault(block.text("UID"), []).append(block)
    items = [
        item for group in groups.values() for one in reader.group(group) for item in _items(one, reader, eyes)
    ]
    inside = (item for item in items if item.during.overlaps(eyes.window))
    first = next((block for block in found if block.kind == "VEVENT"), None)
    uid = text(first, "UID") if first else ""
    mark = text(first, "X-DAYBOOK") if first else ""
    # A copy that somebody made of our entry has a UID of its own, and the mark of the one it was copied from.
    ours = mark if mark and uid_of(mark) == uid else ""
    return Seen(id, tuple(sorted(inside, key=lambda item: item.during)), etag, uid, ours)


def events(body: bytes, name: str) -> list[Block]:
    return blocks(body, name, also=ALSO)


def cancelled(body: bytes, name: str) -> bool:
    """Whether all of it is cancelled."""
    found = [block for block in events(body, name) if block.kind == "VEVENT"]
    return all(block.text("STATUS").upper() == "CANCELLED" for block in found)


def _items(one: Occurrence, reader: Reader, eyes: Eyes) -> Iterator[Item]:
    says = standing(one.block, eyes.own)
    if says is Standing.CANCELLED:
        return
    yield Item(one.during, one.all_day, says, text(one.block, "SUMMARY"))
    try:
        before = travel(one.block, one.during, says, all_day=one.all_day)
    except Unreadable as error:
        raise reader.trouble(one.block, error) from error
    if before is not None:
        yield Item(before, False, Standing.TRAVEL)


def text(block: Block, name: str) -> str:
    """A line of text as people see it (RFC 5545, 3.3.11)."""
    return _ESCAPED.sub(lambda found: "\n" if found[1] in "nN" else found[1], block.text(name))


def own(addresses: Iterable[str]) -> frozenset[str]:
    """Mail addresses as they are compared."""
    return frozenset(address.strip().lower().removeprefix("mailto:") for address in addresses)
