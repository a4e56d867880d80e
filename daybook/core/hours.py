"""When a lawyer works, from local clock times to UTC: the only code that knows about daylight saving."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from daybook.core.errors import BadHours, NonexistentTime, UnknownTimeZone
from daybook.core.periods import Period, as_utc

#: Local minutes since midnight, from and to, half-open: (540, 1020) is 9:00 to 17:00. 1440 is the midnight that ends a day.
Stretch = tuple[int, int]

MINUTES_A_DAY = 1440
DAY = 86_400

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_DAY = 2_495_000  # in the year 8801, far enough from where datetime ends
_BLOCK = 366 * DAY
_EPOCH_DAY = date(1970, 1, 1).toordinal()
_ZONE_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_+\-]*(/[A-Za-z0-9_+\-]+){0,2}", re.ASCII)

#: Files that live beside the zones and are not places (tzdata 2025b).
_NOT_PLACES = frozenset({"Factory", "localtime", "posixrules", "posix", "right", "leapseconds", "tzdata"})


@dataclass(frozen=True, slots=True)
class WeeklyHours:
    """
    The hours of an ordinary week, as the lawyer's own clock shows them.

    `days` maps a weekday (Monday is 0) to its stretches; a weekday left out is closed. Stretches of one day that
    overlap or touch become one, so "9 to 12, 12 to 5" is the same as "9 to 5".

    Raises: BadHours for a stretch that does not start before it ends within 0..1440. ValueError for a weekday outside 0..6.
    """

    days: Mapping[int, tuple[Stretch, ...]] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        wrong = set(self.days) - set(range(7))
        if wrong:
            raise ValueError(f"no such weekday: {sorted(wrong)}")
        tidy = {day: tidy_stretches(stretches) for day, stretches in sorted(self.days.items()) if stretches}
        object.__setattr__(self, "days", tidy)

    def on(self, weekday: int) -> tuple[Stretch, ...]:
        """The stretches of a weekday, earliest first; empty when closed."""
        return self.days.get(weekday, ())


@dataclass(frozen=True, slots=True)
class DayException:
    """
    Hours for one date that replace the ordinary week: no stretches means closed. Holidays arrive this way.

    Raises: BadHours for a stretch that does not start before it ends within 0..1440.
    """

    on: date
    stretches: tuple[Stretch, ...] = ()
    reason: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "stretches", tidy_stretches(self.stretches))


def tidy_stretches(stretches: Iterable[Stretch]) -> tuple[Stretch, ...]:
    """
    The stretches of one day in order, those that overlap or touch made one.

    Raises: BadHours for a stretch that does not start before it ends within 0..1440.
    """
    tidy: list[Stretch] = []
    for start, end in sorted(stretches):
        if not 0 <= start < end <= MINUTES_A_DAY:
            raise BadHours
        if tidy and start <= tidy[-1][1]:
            tidy[-1] = (tidy[-1][0], max(end, tidy[-1][1]))
        else:
            tidy.append((start, end))
    return tuple(tidy)


@lru_cache(maxsize=1024)
def _known_zone(name: str) -> ZoneInfo | None:
    if not _ZONE_NAME.fullmatch(name) or name.partition("/")[0] in _NOT_PLACES:
        return None
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, KeyError):
        return None


def zone(name: str) -> ZoneInfo:
    """
    The time zone with this IANA name, such as "America/Denver".

    Raises: UnknownTimeZone for anything else, whatever it looks like: names may come from a browser or an address.
    """
    known = _known_zone(name) if isinstance(name, str) and len(name) <= 64 else None
    if known is None:
        raise UnknownTimeZone
    return known


def local_to_utc(local: datetime, zone_name: str, fold: int = 0) -> datetime:
    """
    The instant at which a clock in the zone shows `local` (naive), in UTC.

    When clocks go back and show the time twice, `fold` picks the first (0) or the second (1).

    Raises: NonexistentTime when clocks go forward and skip it. UnknownTimeZone. ValueError if `local` has a zone.
    """
    if local.tzinfo is not None:
        raise ValueError(f"a local clock time carries no zone: {local}")
    place = zone(zone_name)
    try:
        instant = local.replace(tzinfo=place, fold=fold).astimezone(UTC)
        shown = instant.astimezone(place)
    except OverflowError:
        raise NonexistentTime from None
    if shown.replace(tzinfo=None, fold=0) != local.replace(fold=0):
        raise NonexistentTime
    return instant


def to_local(instant: datetime, zone_name: str) -> datetime:
    """
    The instant (aware) as clocks in the zone show it, aware.

    For showing only. Compare, sort and add in UTC: in a zone, Python ignores daylight saving between two times, and never
    finds a time of the repeated hour equal to the same instant elsewhere (PEP 495).

    Raises: UnknownTimeZone. ValueError for a naive time.
    """
    return as_utc(instant).astimezone(zone(zone_name))


def local_day(instant: datetime, zone_name: str) -> date:
    """
    The date in the zone at that instant (aware).

    Raises: UnknownTimeZone. ValueError for a naive time.
    """
    return to_local(instant, zone_name).date()


def day_period(on: date, zone_name: str) -> Period | None:
    """
    All of one local date: 23, 24 or 25 hours, or None for a date the zone skipped altogether.

    Raises: UnknownTimeZone.
    """
    spans = open_spans(WeeklyHours({on.weekday(): ((0, MINUTES_A_DAY),)}), (), zone_name, on, on)
    if not spans:
        return None
    return Period(_moment(spans[0][0]), _moment(spans[-1][1]))


def open_periods(
    weekly: WeeklyHours, exceptions: Iterable[DayException], zone_name: str, first: date, last: date
) -> tuple[Period, ...]:
    """
    The hours from local date `first` to `last`, both included, as periods in UTC, earliest first.

    An instant is inside exactly when the clock on the lawyer's wall then shows a time inside that date's stretches. So on
    the day clocks go forward a stretch across the gap is shorter and one that opens inside it opens at its end; on the day
    they go back a stretch across the repeated hour is longer, and one that ends inside it comes twice.

    Stretches that meet at midnight stay two periods, so the opening of each day can be told; nothing overlaps.
    Several exceptions for one date: their stretches together, unless one of them closes the day. Dates before 1970 or after
    the year 8800 are never open.

    Raises: UnknownTimeZone.
    """
    spans = open_spans(weekly, exceptions, zone_name, first, last)
    return tuple(Period(_moment(start), _moment(end)) for start, end in spans)


def open_spans(
    weekly: WeeklyHours, exceptions: Iterable[DayException], zone_name: str, first: date, last: date
) -> list[tuple[int, int]]:
    """
    What `open_periods` promises, as pairs of whole seconds since 1970 in UTC: the quick way for the slot engine.

    Raises: UnknownTimeZone.
    """
    place = zone(zone_name)
    special = _by_date(exceptions)
    first_day = max(first.toordinal() - _EPOCH_DAY, 0)
    last_day = min(last.toordinal() - _EPOCH_DAY, _LAST_DAY)
    if first_day > last_day:
        return []
    week = [weekly.on(weekday) for weekday in range(7)]
    spans: list[tuple[int, int]] = []
    previous: tuple[int, int] | None = None  # the date and the opening minute of the last span
    for seg_start, seg_end, offset in _segments(place, first_day * DAY - DAY, (last_day + 2) * DAY):
        wall_start, wall_end = seg_start + offset, seg_end + offset
        day = max(first_day, wall_start // DAY)
        final = min(last_day, (wall_end - 1) // DAY)
        while day <= final:
            stretches = week[(day + 3) % 7]  # 1 January 1970 was a Thursday
            if special:
                stretches = special.get(day, stretches)
            midnight = day * DAY
            for opens, closes in stretches:
                start, end = midnight + opens * 60, midnight + closes * 60
                if start < wall_start:
                    start = wall_start
                if end > wall_end:
                    end = wall_end
                if start < end:
                    if previous == (day, opens) and spans[-1][1] == start - offset:
                        spans[-1] = (spans[-1][0], end - offset)
                    else:
                        spans.append((start - offset, end - offset))
                        previous = (day, opens)
            day += 1
    return spans


def _by_date(exceptions: Iterable[DayException]) -> dict[int, tuple[Stretch, ...]]:
    special: dict[int, tuple[Stretch, ...]] = {}
    for exception in exceptions:
        day = exception.on.toordinal() - _EPOCH_DAY
        known = special.get(day)
        if known is None:
            special[day] = exception.stretches
        elif not known or not exception.stretches:
            special[day] = ()
        else:
            special[day] = tidy_stretches(known + exception.stretches)
    return special


def _segments(place: ZoneInfo, start: int, end: int) -> list[tuple[int, int, int]]:
    """The UTC seconds from `start` to `end`, cut where the zone's offset changes: (start, end, offset in seconds)."""
    segments: list[tuple[int, int, int]] = []
    for block in range(start // _BLOCK, (end - 1) // _BLOCK + 1):
        for seg_start, seg_end, offset in _block_segments(place, block):
            low, high = max(seg_start, start), min(seg_end, end)
            if low < high:
                if segments and segments[-1][2] == offset:
                    low = segments.pop()[0]
                segments.append((low, high, offset))
    return segments


@lru_cache(maxsize=2048)
def _block_segments(place: ZoneInfo, block: int) -> tuple[tuple[int, int, int], ...]:
    """
    The segments of one block of about a year.

    Looks once a day and closes in on a change, so two changes within a day that cancel out would be missed; the IANA
    database has no two changes within two days since 1970 (all zones looked at, 2026-11).
    """
    at, end = block * _BLOCK, (block + 1) * _BLOCK
    segments: list[tuple[int, int, int]] = []
    seg_start, offset = at, _offset(place, at)
    while at < end:
        nxt = min(at + DAY, end)
        later = _offset(place, nxt)
        if later != offset:
            low, high = at, nxt
            while high - low > 1:
                middle = (low + high) // 2
                if _offset(place, middle) == offset:
                    low = middle
                else:
                    high = middle
            segments.append((seg_start, high, offset))
            seg_start, offset = high, later
        at = nxt
    segments.append((seg_start, end, offset))
    return tuple(segment for segment in segments if segment[0] < segment[1])


def _offset(place: ZoneInfo, second: int) -> int:
    shift = _moment(second).astimezone(place).utcoffset()
    assert shift is not None
    return shift.days * DAY + shift.seconds


def _moment(second: int) -> datetime:
    return _EPOCH + timedelta(seconds=second)
