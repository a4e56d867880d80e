"""An appointment of ours as a calendar file, and somebody's edited one brought up to it again."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from icalendar import Calendar, Event

from daybook.connectors.caldav.objects import uid_of
from daybook.connectors.calendars import Draft

#: Lines that a draft decides. Whatever else somebody has added (notes, guests, alarms of their own) stays as it is.
DECIDED = frozenset(
    {"DTSTART", "DTEND", "DURATION", "SUMMARY", "LOCATION", "SEQUENCE", "DTSTAMP", "LAST-MODIFIED"}
    | {"STATUS", "TRANSP", "CLASS", "X-DAYBOOK", "RRULE", "RDATE", "EXDATE", "EXRULE"}
)
#: What must agree for an entry to say what a draft says.
SAID = ("DTSTART", "DTEND", "SUMMARY", "LOCATION", "STATUS", "TRANSP", "CLASS", "X-DAYBOOK")

_NAME = re.compile(r"[A-Za-z0-9-]+")
_FOLD = re.compile(r"\r?\n[ \t]")


def written(draft: Draft, now: datetime) -> bytes:
    """
    A whole new object: private, taking time, nobody invited. Times are in UTC, which needs no description of a zone.

    No alarm: and the two lines at its end keep Thunderbird and Apple's programs from adding one of their own.
    """
    calendar = Calendar()
    calendar.add("prodid", "-//Daybook//EN")
    calendar.add("version", "2.0")
    calendar.add_component(_event(draft, draft.sequence, now))
    return bytes(calendar.to_ical())


def _event(draft: Draft, sequence: int, now: datetime) -> Event:
    event = Event()
    event.add("uid", uid_of(draft.uid))
    event.add("dtstamp", now.astimezone(UTC))
    event.add("last-modified", now.astimezone(UTC))
    event.add("sequence", sequence)
    event.add("dtstart", draft.start.astimezone(UTC))
    event.add("dtend", draft.end.astimezone(UTC))
    event.add("summary", draft.title)
    if draft.location:
        event.add("location", draft.location)
    event.add("status", "CONFIRMED")
    event.add("transp", "OPAQUE")
    event.add("class", "PRIVATE")
    event.add("x-daybook", draft.uid)
    event.add("x-moz-lastack", now.astimezone(UTC))
    event.add("x-apple-default-alarm", "FALSE")
    return event


def edited(body: bytes, draft: Draft, now: datetime) -> bytes | None:
    """
    The object `body`, its entry brought up to `draft` and all else in it kept line by line; None when it says all that
    already. An appointment is held once: rules of repeating, and entries that change single occurrences, go.
    """
    lines = _FOLD.sub("", body.decode("utf-8", errors="replace")).replace("\r\n", "\n").split("\n")
    main, others = _entries(lines)
    if main is None:
        return written(draft, now)
    first, last = main
    top = _top(lines, first, last)
    had = {lines[at].partition(":")[2] for at in top if _name(lines[at]) == "SEQUENCE"}
    before = max((int(text) for text in had if text.strip().isdecimal()), default=0)
    wanted = _lines(_event(draft, draft.sequence, now))
    same = all(
        [lines[at] for at in top if _name(lines[at]) == name] == [one for one in wanted if _name(one) == name]
        for name in SAID
    )
    if (
        same
        and not others
        and before >= draft.sequence
        and not any(_name(lines[at]) == "RRULE" for at in top)
    ):
        return None
    new = [
        one for one in _lines(_event(draft, max(draft.sequence, before + 1), now)) if _name(one) in DECIDED
    ]
    gone = {at for at in top if _name(lines[at]) in DECIDED} | {
        at for a, b in others for at in range(a, b + 1)
    }
    kept: list[str] = []
    for at, line in enumerate(lines):
        if at == first:
            kept += [line, *new]
        elif at not in gone and line:
            kept.append(line)
    return "".join(_folded(line) + "\r\n" for line in kept).encode()


def _entries(lines: list[str]) -> tuple[tuple[int, int] | None, list[tuple[int, int]]]:
    """First and last line of the entry itself, and of those that change single occurrences of it."""
    main: tuple[int, int] | None = None
    others: list[tuple[int, int]] = []
    first = 0
    for at, line in enumerate(lines):
        marker = line.strip().upper()
        if marker == "BEGIN:VEVENT":
            first = at
        elif marker == "END:VEVENT":
            changes = any(_name(lines[one]) == "RECURRENCE-ID" for one in _top(lines, first, at))
            if changes or main is not None:
                others.append((first, at))
            else:
                main = (first, at)
    if main is None and others:
        main = others.pop(0)
    return main, others


def _top(lines: list[str], first: int, last: int) -> list[int]:
    """The lines of an entry that are its own, not those of an alarm in it."""
    found: list[int] = []
    depth = 0
    for at in range(first + 1, last):
        marker = lines[at].strip().upper()
        if marker.startswith("BEGIN:"):
            depth += 1
        elif marker.startswith("END:"):
            depth -= 1
        elif depth == 0:
            found.append(at)
    return found


def _name(line: str) -> str:
    match = _NAME.match(line)
    return match[0].upper() if match else ""


def _lines(event: Event) -> list[str]:
    text = _FOLD.sub("", bytes(event.to_ical()).decode())
    return [line for line in text.split("\r\n") if line and not line.startswith(("BEGIN:", "END:"))]


def _folded(line: str) -> str:
    """At most 75 octets a line (RFC 5545, 3.1), and no letter torn apart."""
    parts: list[str] = []
    part, size = "", 0
    for letter in line:
        octets = len(letter.encode())
        if size + octets > 75:
            parts.append(part)
            part, size = " ", 1
        part, size = part + letter, size + octets
    return "\r\n".join([*parts, part])
