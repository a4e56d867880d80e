"""When reminders are due: never in the past, never at night, never once the appointment has begun."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from daybook.core.errors import NonexistentTime
from daybook.core.hours import local_to_utc, to_local
from daybook.core.periods import as_utc


@dataclass(frozen=True, slots=True)
class QuietHours:
    """
    The local time in which nobody wants to be reminded, in minutes since midnight: after `begins` until before `ends`.

    The default is from 9 pm to 8 am, the hours in which US rules bar sales calls to homes (47 CFR 64.1200(c)(1), 2024) and
    the safe reading for text messages. `begins` equal to `ends` means never quiet.

    Raises: ValueError outside 0..1439.
    """

    begins: int = 21 * 60
    ends: int = 8 * 60

    def __post_init__(self) -> None:
        if not (0 <= self.begins < 1440 and 0 <= self.ends < 1440):
            raise ValueError("quiet hours are minutes of one day")


NIGHT = QuietHours()
NEVER_QUIET = QuietHours(0, 0)


@dataclass(frozen=True, slots=True)
class Reminder:
    """A reminder due `at` (aware, UTC), for the wish to be reminded `offset` before the start."""

    at: datetime
    offset: timedelta


def reminders(
    start: datetime, offsets: Iterable[timedelta], *, now: datetime, zone: str, quiet: QuietHours = NIGHT
) -> tuple[Reminder, ...]:
    """
    The reminders for an appointment at `start` (aware), earliest first.

    Each is due its offset before the start, or, if that falls into the quiet hours of the recipient's `zone`, when those
    begin: earlier, never later, so that nobody learns too late. What would be due before `now`, or not before the start,
    is left out. Of several due at the same instant the one with the smallest offset stays.

    Raises: UnknownTimeZone. ValueError for a naive time.
    """
    begin, earliest = as_utc(start), as_utc(now)
    due: dict[datetime, Reminder] = {}
    for offset in sorted(set(offsets)):
        if offset <= timedelta(0):
            continue
        at = before_quiet(begin - offset, zone, quiet)
        if at >= earliest:
            due.setdefault(at, Reminder(at, offset))
    return tuple(due[at] for at in sorted(due))


def due_times(
    start: datetime, offsets: Iterable[timedelta], *, now: datetime, zone: str, quiet: QuietHours = NIGHT
) -> tuple[datetime, ...]:
    """
    When the `reminders` are due, earliest first.

    Raises: as `reminders`.
    """
    return tuple(reminder.at for reminder in reminders(start, offsets, now=now, zone=zone, quiet=quiet))


def is_quiet(at: datetime, zone: str, quiet: QuietHours = NIGHT) -> bool:
    """
    Whether clocks in the zone show a quiet time at that instant (aware).

    Raises: UnknownTimeZone. ValueError for a naive time.
    """
    local = to_local(at, zone)
    minute = local.hour * 60 + local.minute + (local.second + local.microsecond / 1e6) / 60
    if quiet.begins <= quiet.ends:
        return quiet.begins < minute < quiet.ends
    return minute > quiet.begins or minute < quiet.ends


def before_quiet(at: datetime, zone: str, quiet: QuietHours = NIGHT) -> datetime:
    """
    The same instant (aware), or the one before it at which the quiet hours it falls into began; in UTC.

    Raises: UnknownTimeZone. ValueError for a naive time.
    """
    instant = as_utc(at)
    if not is_quiet(instant, zone, quiet):
        return instant
    shown = to_local(instant, zone).replace(tzinfo=None, fold=0)
    begins = shown.replace(hour=quiet.begins // 60, minute=quiet.begins % 60, second=0, microsecond=0)
    if begins > shown:
        begins -= timedelta(days=1)
    while True:
        try:
            moved = local_to_utc(begins, zone)
        except NonexistentTime:
            begins -= timedelta(
                minutes=15
            )  # the clock skipped it: a quarter before the gap, if that is not quiet too
            continue
        return before_quiet(min(moved, instant), zone, quiet)
