"""Which zone a calendar file means: by its name where that is known, else by what the file says of its clocks."""

from __future__ import annotations

import io
import re
from datetime import datetime, time, timedelta, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

from dateutil.tz import tzical
from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from daybook.connectors.recurrence.lines import Block
from daybook.core.errors import UnknownTimeZone
from daybook.core.hours import zone
from daybook.core.periods import Period

#: Looked through, besides the lawyer's own, for a zone that keeps the clocks a file describes.
CANDIDATES: tuple[str, ...] = (
    *sorted(set(WINDOWS_TO_OLSON.values())),
    *(f"Etc/GMT{hours:+d}" for hours in range(-14, 13)),
)
#: The clocks are compared at these times of each day of the window: around changes, and well away from them.
LOOKED_AT = (time(0, 30), time(4, 30), time(12))
MARGIN = timedelta(days=2)


class Zones:
    """The zones of one file, read over one window, for a lawyer who lives in `home`."""

    def __init__(self, blocks: list[Block], window: Period, home: str) -> None:
        self.home = zone(home)
        self._window = window
        self._described = {block.text("TZID"): block for block in blocks if block.kind == "VTIMEZONE"}
        self._found: dict[str, ZoneInfo | None] = {}

    def find(self, name: str) -> ZoneInfo | None:
        """The zone a TZID stands for; None for one that cannot be told."""
        if name not in self._found:
            self._found[name] = by_name(name) or self._by_description(name)
        return self._found[name]

    def _by_description(self, name: str) -> ZoneInfo | None:
        block = self._described.get(name)
        if block is None:
            return None
        return by_name(block.text("X-LIC-LOCATION")) or self._by_clocks(block)

    def _by_clocks(self, block: Block) -> ZoneInfo | None:
        """A zone whose clocks show over the whole window what the file describes."""
        described = _clocks(block)
        if described is None:
            return None
        first, days = self._window.start.date() - MARGIN, (self._window.length + 2 * MARGIN).days + 1
        walls = [datetime.combine(first + timedelta(days=day), at) for day in range(days) for at in LOOKED_AT]
        try:
            offsets = [(wall, described.utcoffset(wall)) for wall in walls]
        except (ValueError, OverflowError, TypeError):
            return None
        for candidate in (self.home, *(zone(name) for name in CANDIDATES)):
            if all(wall.replace(tzinfo=candidate).utcoffset() == offset for wall, offset in offsets):
                return candidate
        return None


@lru_cache(maxsize=1024)
def by_name(name: str) -> ZoneInfo | None:
    """The zone with this name: IANA's, Windows', or IANA's behind a program's own path."""
    text = name.strip().strip('"')
    parts = [part for part in text.split("/") if part]
    tails = ("/".join(parts[-length:]) for length in (3, 2, 1) if length < len(parts) or text[:1] == "/")
    for one in (text, WINDOWS_TO_OLSON.get(text, ""), *tails):
        try:
            return zone(one)
        except UnknownTimeZone:
            continue
    return None


def _clocks(block: Block) -> tzinfo | None:
    text = "\r\n".join(block.raw)
    rules = re.findall(r"(?im)^RRULE[^:]*:(.*)$", text)
    # Other rules than "every year" do not describe clocks, and could keep us busy for ever.
    if any("FREQ=YEARLY" not in rule.upper() or "INTERVAL" in rule.upper() for rule in rules):
        return None
    try:
        return tzical(io.StringIO(f"BEGIN:VCALENDAR\r\n{text}\r\nEND:VTIMEZONE\r\nEND:VCALENDAR\r\n")).get()
    except (ValueError, KeyError, IndexError, TypeError, AttributeError):
        return None
