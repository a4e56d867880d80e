"""How a calendar is read again right now, without this room knowing whose calendar it is."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from daybook.calendars.models import Calendar
from daybook.core.errors import CalendarUnreadable

#: How long a mirror may be trusted while its calendar does not answer. Older than this, its lawyer's times are not offered.
STALENESS = timedelta(minutes=15)

#: A reading this young is as good as a new one: two confirmations in one breath cost one request.
FRESH = timedelta(seconds=2)

#: After so long no further question is asked for a person who has pressed a button and waits.
PRESS_SECONDS = 8.0

#: Reads one calendar over a window and brings the mirror up to date. True when the other system answered.
Reader = Callable[[Calendar, datetime, datetime, datetime], bool]

_readers: list[Reader] = []


def read_with(reader: Reader) -> None:
    """Name the one function that reads calendars. Called once, at start."""
    _readers[:] = [reader]


def trouble_of(calendar: Calendar, now: datetime) -> str:
    """Why this calendar's busy times cannot be trusted at `now`; empty when they can."""
    if calendar.trouble_final:
        return calendar.trouble or f"{calendar.name} can no longer be read."
    if calendar.read_at is None:
        return calendar.trouble or f"{calendar.name} has not been read yet."
    if now - calendar.read_at > STALENESS:
        return calendar.trouble or f"{calendar.name} has not answered lately."
    return ""


def reread(calendars: Iterable[Calendar], *, start: datetime, end: datetime, now: datetime) -> None:
    """
    Read the busy times of each calendar again over [start, end), before a promise is made.

    A calendar that does not answer is forgiven while its mirror is younger than STALENESS and reaches as far, so that
    an outage of minutes loses no booking; after that it fails closed. Does HTTP: never call it inside a transaction.

    Raises CalendarUnreadable.
    """
    for calendar in calendars:
        answered = any(reader(calendar, start, end, now) for reader in _readers)
        if not answered:
            calendar.refresh_from_db()
            if trouble_of(calendar, now) or calendar.read_until is None or calendar.read_until < end:
                raise CalendarUnreadable


def reread_in_time(calendars: Iterable[Calendar], *, start: datetime, end: datetime, now: datetime) -> None:
    """
    Read again what answers, one calendar after the other, until PRESS_SECONDS have passed; the rest stays as it was
    last read. For whoever decides knowing that. Does HTTP: never call it inside a transaction.
    """
    until = time.monotonic() + PRESS_SECONDS
    for calendar in calendars:
        if time.monotonic() > until:
            return
        for reader in _readers:
            reader(calendar, start, end, now)
