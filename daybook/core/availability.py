"""Which times can still be booked, and why a time cannot: one set of rules for both questions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from math import ceil, floor

from daybook.core.errors import (
    BeyondHorizon,
    CapReached,
    NoticeTooShort,
    NotOnGrid,
    Refusal,
    SlotOutsideHours,
    SlotPast,
    SlotTaken,
)
from daybook.core.hours import day_period, local_day
from daybook.core.periods import Period, as_utc, equal_periods

#: From and to, in whole seconds since 1970 UTC, half-open.
Span = tuple[int, int]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = timedelta(seconds=1)
_NOTHING = timedelta(0)


@dataclass(frozen=True, slots=True)
class Offer:
    """
    What is offered for booking: how long it takes, what it needs around it, when it may be asked for.

    `before` and `after` are buffers: time that must be free around the meeting but is not part of it. `notice` is the
    least and `horizon` the most time between booking and start. Starts lie `step` apart. The caps limit how many are
    booked in one local day or one week from Monday; None is no limit.

    Raises: ValueError for lengths that are not whole seconds, a length or step that is not positive, or a negative rest.
    """

    length: timedelta
    before: timedelta = _NOTHING
    after: timedelta = _NOTHING
    notice: timedelta = _NOTHING
    horizon: timedelta = timedelta(days=60)
    step: timedelta = timedelta(minutes=15)
    cap_per_day: int | None = None
    cap_per_week: int | None = None

    def __post_init__(self) -> None:
        spans = (self.length, self.before, self.after, self.notice, self.horizon, self.step)
        if any(span % _SECOND for span in spans):
            raise ValueError("an offer is measured in whole seconds")
        if self.length <= _NOTHING or self.step <= _NOTHING or min(spans) < _NOTHING:
            raise ValueError("an offer has a positive length and step, and nothing negative")
        if any(cap is not None and cap < 0 for cap in (self.cap_per_day, self.cap_per_week)):
            raise ValueError("a cap is not negative")


def open_slots(
    offer: Offer,
    *,
    hours: Iterable[Period],
    busy: Iterable[Period],
    now: datetime,
    booked: Mapping[date, int] | None = None,
    zone: str | None = None,
) -> tuple[Period, ...]:
    """
    List the periods in which `offer` can still be booked, earliest first.

    A slot is offered when it starts at least `offer.notice` and at most `offer.horizon` after `now`, the meeting itself
    fits inside `hours`, and meeting and buffers together have nothing from `busy` in them. Buffers may reach outside
    the hours: a lawyer who works until five can finish a meeting at five and write the note afterwards.

    Starts count in steps from the opening of each stretch of `hours`, so the grid a visitor sees does not shift when
    somebody else books. Stretches that overlap are one; stretches that only touch count their starts afresh, but a
    meeting may run on from one into the next. Across a clock change the steps are elapsed time.

    `booked` counts, per date in the lawyer's `zone`, what fills the caps; for a weekly cap it must hold the whole of the
    first and last week. `busy` is taken as it is: pad it first if other appointments bring buffers of their own.

    The answer is a snapshot: nothing is reserved.

    Raises: ValueError if `offer` has a cap and `zone` is missing. UnknownTimeZone.
    """
    starts = open_starts(
        offer,
        hours=spans(hours),
        busy=spans(busy),
        now=_floor(now),
        booked=booked,
        zone=zone,
        tick=_tick(now),
    )
    return equal_periods(starts, offer.length)


def open_starts(
    offer: Offer,
    *,
    hours: Iterable[Span],
    busy: Iterable[Span],
    now: int,
    booked: Mapping[date, int] | None = None,
    zone: str | None = None,
    at_most: int | None = None,
    tick: int = 0,
) -> list[int]:
    """
    What `open_slots` promises, as starts in whole seconds since 1970: the quick way, for many lawyers at once.

    `at_most` stops early once that many are found. `tick` is 1 when `now` was rounded down to a whole second.

    Raises: as `open_slots`.
    """
    length, step = _seconds(offer.length), _seconds(offer.step)
    earliest = now + tick + _seconds(offer.notice)
    latest = now + _seconds(offer.horizon)
    blocked = blocked_starts(offer, busy, booked, zone)
    count = len(blocked)
    starts: list[int] = []
    extend = starts.extend
    head = 0
    for opens, closes, runs_to in stretches(hours):
        last = min(closes - 1, runs_to - length, latest)
        at = opens if opens >= earliest else opens - (opens - earliest) // step * step
        if at > last:
            continue
        while head < count and blocked[head][1] <= at:
            head += 1
        while head < count:
            until, resume = blocked[head]
            if until >= last:
                break
            if until >= at:
                extend(range(at, until + 1, step))
            at = opens - (opens - resume) // step * step
            if at > last:
                break
            head += 1
        if at <= last:
            extend(range(at, last + 1, step))
        if at_most is not None and len(starts) >= at_most:
            return starts[:at_most]
    return starts


def soonest(
    offer: Offer,
    *,
    hours: Iterable[Period],
    busy: Iterable[Period],
    now: datetime,
    booked: Mapping[date, int] | None = None,
    zone: str | None = None,
) -> Period | None:
    """
    The first of `open_slots`, or None when there is none.

    Raises: as `open_slots`.
    """
    found = open_starts(
        offer,
        hours=spans(hours),
        busy=spans(busy),
        now=_floor(now),
        booked=booked,
        zone=zone,
        at_most=1,
        tick=_tick(now),
    )
    return equal_periods(found, offer.length)[0] if found else None


def why_not(
    offer: Offer,
    start: datetime,
    *,
    hours: Iterable[Period],
    busy: Iterable[Period],
    now: datetime,
    booked: Mapping[date, int] | None = None,
    zone: str | None = None,
) -> Refusal | None:
    """
    The weightiest reason why `offer` cannot be booked at `start` (aware), or None if it can.

    It is None exactly for the starts that `open_slots` lists.

    Raises: as `open_slots`.
    """
    found = reasons(offer, start, hours=hours, busy=busy, now=now, booked=booked, zone=zone)
    return found[0] if found else None


def require_open(
    offer: Offer,
    start: datetime,
    *,
    hours: Iterable[Period],
    busy: Iterable[Period],
    now: datetime,
    booked: Mapping[date, int] | None = None,
    zone: str | None = None,
) -> Period:
    """
    The slot of `offer` at `start` (aware), if it can be booked.

    Raises: the Refusal of `why_not` if it cannot; else as `open_slots`.
    """
    refusal = why_not(offer, start, hours=hours, busy=busy, now=now, booked=booked, zone=zone)
    if refusal is not None:
        raise refusal
    return Period(start, as_utc(start) + offer.length)


def reasons(
    offer: Offer,
    start: datetime,
    *,
    hours: Iterable[Period],
    busy: Iterable[Period],
    now: datetime,
    booked: Mapping[date, int] | None = None,
    zone: str | None = None,
) -> tuple[Refusal, ...]:
    """
    Every reason why `offer` cannot be booked at `start` (aware), weightiest first; empty if it can.

    The firm may overlook some of them (notice, horizon, hours, grid, caps) when it books by hand; this says which there are.

    Raises: as `open_slots`.
    """
    begin, now_utc = as_utc(start), as_utc(now)
    at, length = _floor(begin), _seconds(offer.length)
    found: list[Refusal] = []
    if begin < now_utc:
        found.append(SlotPast())
    elif begin < now_utc + offer.notice:
        found.append(NoticeTooShort())
    elif at > _floor(now_utc) + _seconds(offer.horizon):
        found.append(BeyondHorizon())
    if any(low < at < high for low, high in blocked_starts(offer, spans(busy), None, None, caps=False)):
        found.append(SlotTaken())
    stretch = next((s for s in stretches(spans(hours)) if s[0] <= at < s[1]), None)
    if stretch is None or at + length > stretch[2]:
        found.append(SlotOutsideHours())
    elif begin.microsecond or (at - stretch[0]) % _seconds(offer.step):
        found.append(NotOnGrid())
    if any(low < at < high for low, high in _full_days(offer, booked, zone)):
        found.append(CapReached())
    return tuple(found)


def spans(periods: Iterable[Period]) -> list[Span]:
    """The periods as pairs of whole seconds since 1970, rounded outwards, in the order given."""
    return [(floor(p.start.timestamp()), ceil(p.end.timestamp())) for p in periods]


def stretches(hours: Iterable[Span]) -> list[tuple[int, int, int]]:
    """
    The hours in order: (opens, closes, runs to), where the last looks through stretches that touch at the end.

    Starts lie between the first two, counted from the first; a meeting may last until the third.
    """
    joined: list[Span] = []
    for opens, closes in sorted(hours):
        if joined and opens < joined[-1][1]:
            if closes > joined[-1][1]:
                joined[-1] = (joined[-1][0], closes)
        else:
            joined.append((opens, closes))
    chained: list[tuple[int, int, int]] = []
    next_opens = next_runs_to = -1
    for opens, closes in reversed(joined):
        next_runs_to = next_runs_to if closes == next_opens else closes
        next_opens = opens
        chained.append((opens, closes, next_runs_to))
    chained.reverse()
    return chained


def blocked_starts(
    offer: Offer,
    busy: Iterable[Span],
    booked: Mapping[date, int] | None,
    zone: str | None,
    *,
    caps: bool = True,
) -> list[Span]:
    """
    Where a slot may not start: between the two of each pair, both of them still allowed. In order, none overlapping.
    """
    lead = _seconds(offer.length + offer.after)
    trail = _seconds(offer.before)
    blocked = [(start - lead, end + trail) for start, end in busy if start < end]
    if caps:
        blocked += _full_days(offer, booked, zone)
    blocked.sort()
    apart: list[Span] = []
    low = high = 0
    for start, end in blocked:
        if apart and start < high:
            if end > high:
                high = end
                apart[-1] = (low, high)
        else:
            low, high = start, end
            apart.append((low, high))
    return apart


def _full_days(offer: Offer, booked: Mapping[date, int] | None, zone: str | None) -> list[Span]:
    """The days and weeks whose cap is reached, in the manner of `blocked_starts`."""
    if offer.cap_per_day is None and offer.cap_per_week is None:
        return []
    if zone is None:
        raise ValueError("a cap is counted in the lawyer's days, so it needs their zone")
    if offer.cap_per_day == 0 or offer.cap_per_week == 0:
        return [(-(1 << 62), 1 << 62)]
    counts = booked or {}
    full: set[date] = set()
    if offer.cap_per_day is not None:
        full.update(day for day, number in counts.items() if number >= offer.cap_per_day)
    if offer.cap_per_week is not None:
        weeks: dict[date, int] = {}
        for day, number in counts.items():
            monday = day - timedelta(days=day.weekday())
            weeks[monday] = weeks.get(monday, 0) + number
        for monday, number in weeks.items():
            if number >= offer.cap_per_week:
                full.update(monday + timedelta(days=offset) for offset in range(7))
    periods = (day_period(day, zone) for day in full)
    return [(start - 1, end) for start, end in spans(p for p in periods if p is not None)]


def count_by_day(starts: Iterable[datetime], zone: str) -> dict[date, int]:
    """
    How many of `starts` (aware) fall on each date in the zone: the `booked` that the caps are held against.

    Raises: UnknownTimeZone. ValueError for a naive time.
    """
    counts: dict[date, int] = {}
    for start in starts:
        day = local_day(start, zone)
        counts[day] = counts.get(day, 0) + 1
    return counts


def _seconds(span: timedelta) -> int:
    return span // _SECOND


def _floor(moment: datetime) -> int:
    return (as_utc(moment) - _EPOCH) // _SECOND


def _tick(moment: datetime) -> int:
    return 1 if moment.microsecond else 0
