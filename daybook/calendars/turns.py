"""Readings of one calendar that cross each other: which of them may still say what the mirror is to hold."""

from __future__ import annotations

import enum
from datetime import datetime

from daybook.calendars.models import Calendar
from daybook.core.periods import Period
from daybook.firms import prepared

#: Of readings that began before so many others nobody remembers what has been written since.
REMEMBERED = 64

_BEGIN = "UPDATE calendars_calendar SET readings = readings + 1 WHERE id = %s RETURNING readings"

#: The number of a reading that was written, and the window it was about.
Note = tuple[int, Period]


class Verdict(enum.Enum):
    """What becomes of a reading that arrives."""

    WRITE = "nothing younger is known of its window"
    ANSWERED = "one that began later was about all of its window, and is in the mirror"
    AGAIN = "one that began later was about a part of its window, which says nothing of the rest"


def begin(calendar_id: int) -> int:
    """
    Take the number of a reading, before the other system is asked: one that begins later has a higher one. 0 when the
    calendar is gone. Outside a transaction, so that nobody waits for the answer.
    """
    found = prepared.rows(_BEGIN, [calendar_id])
    return found[0][0] if found else 0


def judge(calendar: Calendar, number: int, window: Period, now: datetime) -> Verdict:
    """
    Whether what a reading says of `window` may be written. `calendar` as it is under its row's lock. What is over does
    not matter: of a window only the part from `now` on has to be known.
    """
    if number <= calendar.readings - REMEMBERED:
        return Verdict.AGAIN
    matters = max(window.start, min(now, window.end))
    younger = [about for other, about in _notes(calendar) if other > number]
    if any(about.start <= matters and window.end <= about.end for about in younger):
        return Verdict.ANSWERED
    if any(about.start < window.end and window.start < about.end for about in younger):
        return Verdict.AGAIN
    return Verdict.WRITE


def note(calendar: Calendar, number: int, window: Period, *, whole: bool) -> None:
    """
    Remember, in the transaction that writes it, that a reading was written; `whole` is one of all that the mirror keeps:
    those before it need not be known any more.
    """
    kept = [
        [other, about.start.isoformat(), about.end.isoformat()]
        for other, about in _notes(calendar)
        if other > number or (not whole and other > calendar.readings - REMEMBERED)
    ]
    kept.append([number, window.start.isoformat(), window.end.isoformat()])
    Calendar.objects.filter(pk=calendar.pk).update(written=kept)


def _notes(calendar: Calendar) -> list[Note]:
    return [
        (number, Period(datetime.fromisoformat(start), datetime.fromisoformat(end)))
        for number, start, end in calendar.written
    ]
