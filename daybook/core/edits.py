"""What follows when an appointment's entry was changed in its calendar by somebody else: one table, and what is read for it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from daybook.core.periods import Period


class Ours(StrEnum):
    """The appointment, against what was last agreed with its calendar."""

    STANDS = "stands"  # promised for the time that was agreed
    CHANGED = "changed"  # promised for another time by now, which the calendar has still to hear of
    OVER = "over"  # it has ended
    OFF = "off"  # cancelled, or never confirmed


class Theirs(StrEnum):
    """The entry over there, against what was last agreed."""

    SAME = "same"
    AGREES = "agrees"  # as the appointment says now, whoever saw to that
    LENGTH = "length"  # begins when it should, and ends earlier or later
    MOVED = "moved"  # begins at another time
    UNTIMED = "untimed"  # still there, at no time that could be taken over: a whole day, or years away
    GONE = "gone"


class Verdict(StrEnum):
    """What is done about it. All but `NOTHING` and `RESTORE` say what becomes of an open proposal."""

    NOTHING = "nothing"  # left alone; a proposal made before stays
    WITHDRAW = "withdraw"  # there is nothing to ask (any more)
    RESTORE = "restore"  # the calendar is made to show the appointment as it is, without asking
    MOVE = "move"  # propose to move the appointment
    ASK = "ask"  # put it to a person: the entry tells no time to move to
    CANCEL = "cancel"  # propose to cancel the appointment


#: The appointment down the side, the entry across the top. Titles, notes and colors are nobody's business here.
VERDICTS: dict[Ours, dict[Theirs, Verdict]] = {
    Ours.STANDS: {
        Theirs.SAME: Verdict.WITHDRAW,
        Theirs.AGREES: Verdict.WITHDRAW,
        # How long it takes is the appointment's: the calendar may keep more or less of the day free for it.
        Theirs.LENGTH: Verdict.WITHDRAW,
        Theirs.MOVED: Verdict.MOVE,
        Theirs.UNTIMED: Verdict.ASK,
        Theirs.GONE: Verdict.CANCEL,
    },
    Ours.CHANGED: {
        Theirs.SAME: Verdict.RESTORE,
        Theirs.AGREES: Verdict.WITHDRAW,
        Theirs.LENGTH: Verdict.RESTORE,
        # Both sides were changed: neither is overwritten before somebody has said which.
        Theirs.MOVED: Verdict.MOVE,
        Theirs.UNTIMED: Verdict.ASK,
        Theirs.GONE: Verdict.CANCEL,
    },
    Ours.OVER: {
        Theirs.SAME: Verdict.WITHDRAW,
        Theirs.AGREES: Verdict.WITHDRAW,
        Theirs.LENGTH: Verdict.WITHDRAW,
        # Put right afterwards, or put off: the books may follow.
        Theirs.MOVED: Verdict.MOVE,
        # Whoever tidies up last week's calendar calls nothing off.
        Theirs.UNTIMED: Verdict.NOTHING,
        Theirs.GONE: Verdict.NOTHING,
    },
    Ours.OFF: {
        Theirs.SAME: Verdict.RESTORE,
        Theirs.AGREES: Verdict.RESTORE,
        Theirs.LENGTH: Verdict.RESTORE,
        Theirs.MOVED: Verdict.RESTORE,
        Theirs.UNTIMED: Verdict.RESTORE,
        Theirs.GONE: Verdict.WITHDRAW,
    },
}

#: The verdicts that put something to a person. Until it is answered nothing is written over there.
PROPOSES = frozenset({Verdict.MOVE, Verdict.ASK, Verdict.CANCEL})


@dataclass(frozen=True, slots=True)
class Sight:
    """How an entry stands over there; `during` where it has a time of its own."""

    theirs: Theirs
    during: Period | None = None

    @property
    def mark(self) -> str:
        """What tells one sight from another: the same for the same times, however often they are read."""
        if self.during is None:
            return str(self.theirs)
        return f"{self.during.start.isoformat()}/{self.during.end.isoformat()}"


def ours(*, confirmed: bool, during: Period, agreed: Period, now: datetime) -> Ours:
    """Where the appointment stands that takes `during`, when `agreed` is what its calendar was last known to show."""
    if not confirmed:
        return Ours.OFF
    if during.end <= now:
        return Ours.OVER
    return Ours.STANDS if during == agreed else Ours.CHANGED


def sight(seen: Iterable[tuple[Period, bool]] | None, *, during: Period, agreed: Period) -> Sight:
    """
    How the entry stands whose occurrences are `seen` (each with whether it is a whole day), None when it is gone.

    Somebody may have made it repeat: then it is where any one of its occurrences is.
    """
    if seen is None:
        return Sight(Theirs.GONE)
    timed = sorted(period for period, all_day in seen if not all_day)
    if during in timed:
        return Sight(Theirs.AGREES, during)
    if agreed in timed:
        return Sight(Theirs.SAME, agreed)
    for period in timed:
        if period.start in (agreed.start, during.start):
            return Sight(Theirs.LENGTH, period)
    return Sight(Theirs.MOVED, timed[0]) if timed else Sight(Theirs.UNTIMED)


def verdict(ours: Ours, theirs: Theirs) -> Verdict:
    """The cell of the table."""
    return VERDICTS[ours][theirs]
