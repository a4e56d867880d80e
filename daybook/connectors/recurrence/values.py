"""Times, lengths and flags as a calendar file writes them (RFC 5545, 3.3)."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, tzinfo

from daybook.connectors.recurrence.lines import Block, Line
from daybook.connectors.recurrence.zones import Zones
from daybook.core.entries import Standing
from daybook.core.periods import Period

Moment = date | datetime

_TIME = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(\d\d)(Z)?)?", re.ASCII | re.IGNORECASE)
_LENGTH = re.compile(
    r"([+-])?P(?:(\d{1,4})W)?(?:(\d{1,5})D)?(?:T(?:(\d{1,6})H)?(?:(\d{1,7})M)?(?:(\d{1,9})S)?)?", re.ASCII
)
#: What Outlook says of an entry (X-MICROSOFT-CDO-BUSYSTATUS), where TRANSP does not say it.
OUTLOOK: dict[str, Standing] = {
    "FREE": Standing.FREE,
    "TENTATIVE": Standing.TENTATIVE,
    "BUSY": Standing.BUSY,
    "OOF": Standing.OUT_OF_OFFICE,
}
#: Of a VFREEBUSY (FBTYPE); what is not listed is busy. Outlook tells an absence as BUSY-UNAVAILABLE.
FBTYPES: dict[str, Standing] = {
    "FREE": Standing.FREE,
    "BUSY-TENTATIVE": Standing.TENTATIVE,
    "BUSY-UNAVAILABLE": Standing.OUT_OF_OFFICE,
}
#: What the calendar's owner has answered to an invitation (PARTSTAT); an answer that is not listed says nothing more.
ANSWERS: dict[str, Standing] = {
    "NEEDS-ACTION": Standing.UNANSWERED,
    "DECLINED": Standing.DECLINED,
    "TENTATIVE": Standing.TENTATIVE,
}
#: What makes its owner go there.
ATTENDED = frozenset({Standing.BUSY, Standing.TENTATIVE, Standing.UNANSWERED, Standing.OUT_OF_OFFICE})


class Unreadable(ValueError):
    """An entry says something that cannot be understood; the text says what."""


def is_day(moment: Moment) -> bool:
    return not isinstance(moment, datetime)


def rough(text: str) -> datetime | None:
    """A time without its zone: at most a day off, which is enough to see that an entry lies elsewhere."""
    match = _TIME.fullmatch(text.strip())
    if match is None:
        return None
    try:
        return datetime(*(int(part or 0) for part in match.groups()[:6]), tzinfo=UTC)  # type: ignore[arg-type, misc]
    except ValueError:
        return None


def moment(text: str, line: Line, zones: Zones, place: tzinfo | None = None) -> Moment:
    """
    A date, or an aware time. One without a zone is as a clock in `place` shows it, else the lawyer's.

    Raises Unreadable.
    """
    match = _TIME.fullmatch(text.strip())
    try:
        if match is None:
            raise ValueError
        year, month, day, hour, minute, second = (int(part or 0) for part in match.groups()[:6])
        if match[4] is None:
            return date(year, month, day)
        known = datetime(year, month, day, hour, minute, min(second, 59), tzinfo=UTC)
    except ValueError:
        raise Unreadable(f"its {line.name} is not a time") from None
    if match[7]:
        return known
    name = line.parameters.get("TZID", "")
    found = zones.find(name) if name else place or zones.home
    if found is None:
        raise Unreadable(f"nothing says which time zone “{name[:60]}” is")
    return known.replace(tzinfo=found)


def moments(line: Line, zones: Zones, place: tzinfo | None = None) -> list[Moment | tuple[Moment, Moment]]:
    """The times of an RDATE or EXDATE, periods among them. Raises Unreadable."""
    found: list[Moment | tuple[Moment, Moment]] = []
    for text in filter(None, (part.strip() for part in line.value.split(","))):
        start, slash, end = text.partition("/")
        begins = moment(start, line, zones, place)
        found.append((begins, _end_of_period(begins, end, line, zones)) if slash else begins)
    return found


def _end_of_period(start: Moment, text: str, line: Line, zones: Zones) -> Moment:
    if text[:1].upper() in ("P", "+"):
        return after(start, text)
    return moment(text, line, zones)


def after(start: Moment, text: str) -> Moment:
    """`start` and a length: days go by the clock on the wall, hours by elapsed time. Raises Unreadable."""
    match = _LENGTH.fullmatch(text.strip().upper())
    if match is None or not any(match.groups()[1:]) or match[1] == "-":
        raise Unreadable("its DURATION is not a length of time")
    weeks, days, hours, minutes, seconds = (int(part or 0) for part in match.groups()[1:])
    try:
        end = start + timedelta(weeks=weeks, days=days)
        exact = timedelta(hours=hours, minutes=minutes, seconds=seconds)
        if not isinstance(end, datetime):
            return end if not exact else end + timedelta(days=-(-exact // timedelta(days=1)))
        return (end.astimezone(UTC) + exact).astimezone(end.tzinfo)
    except OverflowError:
        raise Unreadable("its DURATION is too long") from None


def elapsed(start: datetime, end: datetime) -> timedelta:
    """
    The time that goes by between two clock times. Where clocks skip all of it, what the clock would have shown: an
    hour's meeting in an hour that does not exist is taken to be held after it.
    """
    gone, shown = end.astimezone(UTC) - start.astimezone(UTC), end - start
    return shown if gone <= timedelta(0) < shown else gone


def standing(block: Block, own: frozenset[str] = frozenset()) -> Standing:
    """
    What the entry says of itself to whoever has the mail addresses `own` (lower case). Of flags that differ, what takes
    no time counts before an answer not given yet, that before a tentative one, and TRANSP before Outlook's own.
    """
    outlook = OUTLOOK.get(block.text("X-MICROSOFT-CDO-BUSYSTATUS").upper())
    if block.text("STATUS").upper() == "CANCELLED":
        return Standing.CANCELLED
    answer = _answer(block, own)
    transparency = block.text("TRANSP").upper()
    if answer is Standing.DECLINED:
        return Standing.DECLINED
    if transparency == "TRANSPARENT" or (not transparency and outlook is Standing.FREE):
        return Standing.FREE
    if answer is Standing.UNANSWERED:
        return Standing.UNANSWERED
    if (
        block.text("STATUS").upper() == "TENTATIVE"
        or answer is Standing.TENTATIVE
        or outlook is Standing.TENTATIVE
    ):
        return Standing.TENTATIVE
    return Standing.OUT_OF_OFFICE if outlook is Standing.OUT_OF_OFFICE else Standing.BUSY


def _answer(block: Block, own: frozenset[str]) -> Standing | None:
    """What one of `own` has answered; None for nothing that matters, or for one's own meeting."""
    mine = [line for line in block.all("ATTENDEE") if not line.broken and _addresses(line) & own]
    organizes = any(_addresses(line) & own for line in block.all("ORGANIZER") if not line.broken)
    for line in mine:
        said = ANSWERS.get(line.parameters.get("PARTSTAT", "NEEDS-ACTION").upper())
        if said is not None and not (organizes and said is Standing.UNANSWERED):
            return said
    return None


def _addresses(line: Line) -> frozenset[str]:
    texts = (line.value, line.parameters.get("EMAIL", ""))
    return frozenset(text.strip().lower().removeprefix("mailto:") for text in texts) - {""}


def travel(block: Block, during: Period, says: Standing, *, all_day: bool) -> Period | None:
    """
    The time on the way to an occurrence, as Apple's calendar notes it (X-APPLE-TRAVEL-DURATION, seen 2026-11).

    Raises Unreadable.
    """
    line = next(iter(block.all("X-APPLE-TRAVEL-DURATION")), None)
    if line is None or all_day or says not in ATTENDED:
        return None
    length = after(during.start, line.value)
    if line.broken or not isinstance(length, datetime):
        raise Unreadable("its time of travel is not a length of time")
    start = during.start - (length - during.start)
    return Period(start, during.start) if start < during.start else None
