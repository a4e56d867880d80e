"""The lines of a calendar file: unfolded, numbered, and put into the entries they belong to."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from daybook.connectors.errors import Garbled, Unreachable

#: What is looked at of every entry. Titles, descriptions and guests are not even taken apart, unless asked for.
WANTED = frozenset(
    {
        "DTSTART",
        "DTEND",
        "DURATION",
        "RRULE",
        "RDATE",
        "EXDATE",
        "RECURRENCE-ID",
        "UID",
        "STATUS",
        "TRANSP",
        "SEQUENCE",
        "X-MICROSOFT-CDO-BUSYSTATUS",
        "X-MICROSOFT-CDO-ALLDAYEVENT",
        "FREEBUSY",
    }
)
#: Whose lines are kept.
KINDS = frozenset({"VEVENT", "VFREEBUSY", "VTIMEZONE"})
MOST_ENTRIES = 50_000

_NAME = re.compile(r"([A-Za-z0-9-]+)")
_PARAMETER = re.compile(r';([A-Za-z0-9-]+)=("[^"]*"|[^";:]*)')
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
NOT_A_CALENDAR = (
    "What this address gives is not a calendar. It should be the address of an iCalendar (.ics) file."
)


@dataclass(frozen=True, slots=True)
class Line:
    """One unfolded line: its name in capitals, its parameters by name in capitals. Without a colon it is `broken`."""

    name: str
    parameters: dict[str, str]
    value: str
    broken: bool = False


@dataclass(slots=True)
class Block:
    """One entry (or zone) of the file: the number of its first line, and the lines of it that are wanted."""

    kind: str
    number: int
    lines: list[Line] = field(default_factory=list)
    raw: list[str] = field(default_factory=list)  # of a zone, all

    def all(self, name: str) -> list[Line]:
        return [line for line in self.lines if line.name == name]

    def text(self, name: str) -> str:
        """The value of the first such line, or empty."""
        return next((line.value.strip() for line in self.lines if line.name == name), "")


def blocks(body: bytes, name: str, *, also: frozenset[str] = frozenset()) -> list[Block]:
    """
    Take a calendar file apart. `name` is what people know its source by, `also` names lines wanted besides `WANTED`.

    Raises Garbled for what is no calendar, Unreachable for one that stops in the middle: the rest of it is unknown.
    """
    text, wanted = _decoded(body), WANTED | also
    if not re.match(r"\s*BEGIN[ \t]*:[ \t]*VCALENDAR\s", text, re.IGNORECASE):
        raise Garbled(name, text=NOT_A_CALENDAR)
    found: list[Block] = []
    open_names: list[str] = []
    block: Block | None = None
    for number, text_line in _unfolded(text):
        marker = _marker(text_line)
        if marker is not None:
            begins, kind = marker
            if begins:
                if kind in KINDS and open_names != ["VCALENDAR"]:
                    raise Garbled(
                        name, text=f"Line {number} of this calendar begins an entry inside another."
                    )
                open_names.append(kind)
                if kind in KINDS:
                    block = Block(kind, number)
                    found.append(block)
                    if len(found) > MOST_ENTRIES:
                        raise Garbled(
                            name, text="This calendar has more entries than Daybook reads (50,000)."
                        )
            else:
                if not open_names or open_names.pop() != kind:
                    raise Garbled(name, text=f"Line {number} of this calendar ends what never began.")
                if kind in KINDS:
                    block = None
        if block is not None:
            if block.kind == "VTIMEZONE":
                block.raw.append(text_line)
            if marker is None and len(open_names) == 2:
                line = parsed(text_line, wanted)
                if line is not None:
                    block.lines.append(line)
    if open_names:
        raise Unreachable(name, text="This calendar stops in the middle. Daybook will try again.")
    return found


def _decoded(body: bytes) -> str:
    for mark, encoding in _BOMS:
        if body.startswith(mark):
            return body[len(mark) :].decode(encoding, errors="replace")
    return body.decode("utf-8", errors="replace")


def _unfolded(text: str) -> Iterator[tuple[int, str]]:
    """Each line whole, with the number of the line it begins on. All three ways to end a line are taken."""
    pending, at = "", 0
    for number, line in enumerate(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), start=1):
        if line[:1] in (" ", "\t") and pending:
            pending += line[1:]
            continue
        if pending:
            yield at, pending
        pending, at = line, number
    if pending:
        yield at, pending


def _marker(line: str) -> tuple[bool, str] | None:
    head, colon, name = line.partition(":")
    word = head.strip().upper()
    return (word == "BEGIN", name.strip().upper()) if colon and word in ("BEGIN", "END") else None


def parsed(text: str, wanted: frozenset[str] = WANTED) -> Line | None:
    """An unfolded line taken apart; None for one that is not wanted."""
    match = _NAME.match(text)
    name = match[1].upper() if match else ""
    if match is None or (name not in wanted and name not in ("TZID", "X-LIC-LOCATION")):
        return None
    parameters: dict[str, str] = {}
    at = match.end()
    while parameter := _PARAMETER.match(text, at):
        parameters[parameter[1].upper()] = parameter[2].strip('"').strip()
        at = parameter.end()
    if text[at : at + 1] != ":":
        return Line(name, {}, text, broken=True)
    return Line(name, parameters, text[at + 1 :])
