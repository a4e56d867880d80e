"""What a calendar of any kind says of a time, and whether that takes it: the words every calendar provider is read into."""

from __future__ import annotations

import enum
from collections.abc import Collection
from dataclasses import dataclass

from daybook.core.periods import Period


class Standing(enum.StrEnum):
    """What an entry says of itself, for the person whose calendar it is. What says nothing is busy."""

    BUSY = "busy"
    TENTATIVE = "tentative"
    UNANSWERED = "unanswered"  # an invitation not answered yet
    OUT_OF_OFFICE = "out_of_office"
    TRAVEL = "travel"  # one's own way to an appointment
    FREE = "free"
    DECLINED = "declined"
    CANCELLED = "cancelled"


#: A whole-day entry takes time only if whole days do in that calendar, and then by its standing like any other.
#: What takes time in a calendar for which nobody has chosen: everything but what says that it does not.
TAKES: dict[Standing, bool] = {
    Standing.BUSY: True,
    Standing.TENTATIVE: True,
    Standing.UNANSWERED: True,
    Standing.OUT_OF_OFFICE: True,
    Standing.TRAVEL: True,
    Standing.FREE: False,
    Standing.DECLINED: False,
    Standing.CANCELLED: False,
}

#: What a lawyer may choose for each calendar. The others are no question: busy is busy, cancelled is gone.
CHOOSABLE = tuple(one for one in Standing if one not in (Standing.BUSY, Standing.CANCELLED))
TAKEN_BY_DEFAULT = frozenset(standing for standing, takes in TAKES.items() if takes)


@dataclass(frozen=True, slots=True)
class Entry:
    """One occurrence of one entry. Series have been expanded, zones resolved; a whole day is a day where its lawyer is."""

    external_id: str
    during: Period
    all_day: bool = False
    standing: Standing = Standing.BUSY


def may_take(entry: Entry) -> bool:
    """Whether the entry takes time under any choice, and so belongs into the mirror."""
    return entry.standing is not Standing.CANCELLED


def takes(entry: Entry, *, all_day: bool = True, standings: Collection[Standing] = TAKEN_BY_DEFAULT) -> bool:
    """Whether the entry takes its lawyer's time, where whole days do or not and those standings do."""
    return (all_day or not entry.all_day) and entry.standing in standings
