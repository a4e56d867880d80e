"""What a calendar of any kind says of a time, and whether that takes it: the contract of every calendar provider."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from daybook.core.periods import Period


class Standing(enum.Enum):
    """What an entry says of itself. What says nothing is busy."""

    BUSY = "busy"
    TENTATIVE = "tentative"
    FREE = "free"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Entry:
    """One occurrence of one entry. Series have been expanded, zones resolved; a whole day is a day where its lawyer is."""

    external_id: str
    during: Period
    all_day: bool = False
    standing: Standing = Standing.BUSY


class Takes(enum.Enum):
    """Whether an entry takes its lawyer's time, where `CalendarUse` holds the lawyer's choices for the calendar."""

    ALWAYS = "always"
    NEVER = "never"
    IF_ALL_DAY_BLOCKS = "if whole days block"
    IF_TENTATIVE_BLOCKS = "if tentative entries block"
    IF_BOTH_BLOCK = "if whole days and tentative entries block"


#: (what the entry says, whether it is for whole days) -> whether it takes time. Unless chosen otherwise, everything blocks.
TAKES: dict[tuple[Standing, bool], Takes] = {
    (Standing.BUSY, False): Takes.ALWAYS,
    (Standing.BUSY, True): Takes.IF_ALL_DAY_BLOCKS,
    (Standing.TENTATIVE, False): Takes.IF_TENTATIVE_BLOCKS,
    (Standing.TENTATIVE, True): Takes.IF_BOTH_BLOCK,
    (Standing.FREE, False): Takes.NEVER,
    (Standing.FREE, True): Takes.NEVER,
    (Standing.CANCELLED, False): Takes.NEVER,
    (Standing.CANCELLED, True): Takes.NEVER,
}


def may_take(entry: Entry) -> bool:
    """Whether the entry takes time under any choice, and so belongs into the mirror."""
    return TAKES[entry.standing, entry.all_day] is not Takes.NEVER
