"""Periods of time: half-open, in UTC, and the linear sweeps over them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from operator import attrgetter


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """
    The time from `start` up to but not including `end`, both aware and kept in UTC.

    Aware times of other zones are converted. Periods sort by start, then end.

    Raises: ValueError for a naive time, or when `end` does not lie after `start`; both are mistakes of the caller.
    """

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start.tzinfo is not UTC:
            object.__setattr__(self, "start", as_utc(self.start))
        if self.end.tzinfo is not UTC:
            object.__setattr__(self, "end", as_utc(self.end))
        if not self.start < self.end:
            raise ValueError(f"a period must end after it starts: {self.start} .. {self.end}")

    @property
    def length(self) -> timedelta:
        """The elapsed time between start and end."""
        return self.end - self.start

    def overlaps(self, other: Period) -> bool:
        """Whether the two share any time; periods that only touch do not."""
        return self.start < other.end and other.start < self.end

    def contains(self, instant: datetime) -> bool:
        """Whether `instant` (aware) lies inside; the start does, the end does not."""
        return self.start <= instant < self.end

    def covers(self, other: Period) -> bool:
        """Whether `other` lies wholly inside."""
        return self.start <= other.start and other.end <= self.end

    def clip(self, window: Period) -> Period | None:
        """The part inside `window`, or None if there is none."""
        start, end = max(self.start, window.start), min(self.end, window.end)
        return Period(start, end) if start < end else None

    def pad(self, before: timedelta = timedelta(0), after: timedelta = timedelta(0)) -> Period:
        """This period begun `before` earlier and ended `after` later. Raises ValueError if nothing would be left."""
        return Period(self.start - before, self.end + after)


_by_start = attrgetter("start")
_set_start = Period.__dict__["start"].__set__
_set_end = Period.__dict__["end"].__set__


def equal_periods(starts: Iterable[int], length: timedelta) -> tuple[Period, ...]:
    """
    A period of `length` from each of `starts` (whole seconds since 1970), in the order given.

    Made without the checks of `Period`, which nothing here could fail; a page of slots is mostly this.

    Raises: ValueError if `length` is not positive.
    """
    if length <= timedelta(0):
        raise ValueError("a period must end after it starts")
    new, moment, made = object.__new__, datetime.fromtimestamp, []
    for second in starts:
        start = moment(second, UTC)
        period = new(Period)
        _set_start(period, start)
        _set_end(period, start + length)
        made.append(period)
    return tuple(made)


def as_utc(moment: datetime) -> datetime:
    """
    The same instant in UTC.

    Raises: ValueError for a naive time, which names no instant.
    """
    if moment.utcoffset() is None:
        raise ValueError(f"a time without a zone names no instant: {moment}")
    return moment.astimezone(UTC)


def merge(periods: Iterable[Period]) -> tuple[Period, ...]:
    """
    The same time with no overlaps, earliest first. Periods that touch become one.
    """
    merged: list[Period] = []
    for period in sorted(periods, key=_by_start):
        if merged and period.start <= merged[-1].end:
            if period.end > merged[-1].end:
                merged[-1] = Period(merged[-1].start, period.end)
        else:
            merged.append(period)
    return tuple(merged)


def subtract(periods: Iterable[Period], taken: Iterable[Period]) -> tuple[Period, ...]:
    """
    What is left of `periods` once everything in `taken` is removed, merged, earliest first.
    """
    holes = merge(taken)
    left: list[Period] = []
    at = 0
    for period in merge(periods):
        while at < len(holes) and holes[at].end <= period.start:
            at += 1
        start, look = period.start, at
        while look < len(holes) and holes[look].start < period.end:
            hole = holes[look]
            if start < hole.start:
                left.append(Period(start, hole.start))
            start = hole.end
            look += 1
        if start < period.end:
            left.append(Period(start, period.end))
    return tuple(left)


def intersect(ours: Iterable[Period], theirs: Iterable[Period]) -> tuple[Period, ...]:
    """
    The time that lies in both, merged, earliest first.
    """
    left, right = merge(ours), merge(theirs)
    shared: list[Period] = []
    i = j = 0
    while i < len(left) and j < len(right):
        both = left[i].clip(right[j])
        if both is not None:
            shared.append(both)
        if left[i].end <= right[j].end:
            i += 1
        else:
            j += 1
    return tuple(shared)


def overlaps(one: Period, others: Iterable[Period]) -> bool:
    """Whether `one` shares any time with any of `others`."""
    return any(one.overlaps(other) for other in others)


def clip(periods: Iterable[Period], window: Period) -> tuple[Period, ...]:
    """
    The parts of `periods` inside `window`, in the order given; what lies outside is dropped.
    """
    parts = (period.clip(window) for period in periods)
    return tuple(part for part in parts if part is not None)


def pad(
    periods: Iterable[Period], before: timedelta = timedelta(0), after: timedelta = timedelta(0)
) -> tuple[Period, ...]:
    """Each period begun `before` earlier and ended `after` later, merged, earliest first."""
    return merge(period.pad(before, after) for period in periods)


def total(periods: Iterable[Period]) -> timedelta:
    """The time covered, counted once where periods overlap."""
    return sum((period.length for period in merge(periods)), timedelta(0))
