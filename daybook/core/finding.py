"""Who can be seen soonest: free hours on a ring of four weeks, and what somebody wishes as places on it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from daybook.core.availability import Span
from daybook.core.errors import Refusal
from daybook.core.hours import WeeklyHours, local_day, open_spans
from daybook.core.people import fold

#: The hour of an instant has its place at `hours since 1970 % RING`, so that a ring stays true while time passes: what lies
#: behind now is not asked for, and is written anew before it would count again, four weeks later.
RING = 28 * 24
HOUR = 3600
#: How far ahead a search looks: a day less than a ring holds, which is how old a ring may become.
AHEAD = timedelta(days=27)
DAY_MINUTES = 1440


class BadWish(Refusal):
    """Part of a search that cannot be meant."""

    says = "Please look at what you are searching for."
    status = 422


@dataclass(frozen=True, slots=True)
class When:
    """
    The days and the time of day somebody could come, by the clock of `zone`.

    `first` and `last` are dates, both included; `opens` and `closes` minutes since midnight. Raises BadWish when the
    days or the hours are the wrong way round.
    """

    zone: str
    first: date
    last: date
    opens: int = 0
    closes: int = DAY_MINUTES

    def __post_init__(self) -> None:
        if self.first > self.last:
            raise BadWish("The first day is after the last.", field="day")
        if not 0 <= self.opens < self.closes <= DAY_MINUTES:
            raise BadWish("The time of day ends before it begins.", field="after")

    @property
    def any_hour(self) -> bool:
        return (self.opens, self.closes) == (0, DAY_MINUTES)


def soon(zone: str, now: datetime) -> When:
    """Any time in the days a search looks at."""
    return When(zone, local_day(now, zone), local_day(now + AHEAD, zone))


def windows(when: When, now: datetime) -> list[Span]:
    """
    The stretches `when` means, from `now` on and no further than a search looks, in seconds since 1970; earliest first.

    On the days clocks change a stretch is as long as its clock says. Raises UnknownTimeZone.
    """
    every_day = WeeklyHours(dict.fromkeys(range(7), ((when.opens, when.closes),)))
    low, high = int(now.timestamp()), int((now + AHEAD).timestamp())
    found: list[Span] = []
    for start, end in open_spans(every_day, (), when.zone, when.first, when.last):
        start, end = max(start, low), min(end, high)
        if start >= end:
            continue
        if found and found[-1][1] == start:
            found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
    return found


def within(starts: Iterable[int], spans: Sequence[Span], most: int) -> list[int]:
    """The first `most` of `starts` (ascending) that lie in `spans` (ascending, apart)."""
    found: list[int] = []
    at = 0
    for start in starts:
        while at < len(spans) and spans[at][1] <= start:
            at += 1
        if at == len(spans) or len(found) == most:
            break
        if start >= spans[at][0]:
            found.append(start)
    return found


def ring_hours(starts: Iterable[int]) -> list[int]:
    """The places on the ring in which `starts` lie, in order. They must lie within RING hours of each other."""
    return sorted({start // HOUR % RING for start in starts})


def hours_of(spans: Iterable[Span]) -> list[int]:
    """The places that `spans` touch: whoever has none of them free has no start in the spans."""
    return sorted(
        {hour % RING for start, end in spans for hour in range(start // HOUR, (end - 1) // HOUR + 1)}
    )


def facet(kind: str, text: str) -> str:
    """One thing that can be searched for, as it is kept: its kind, and the words without case and accents."""
    return f"{kind}:{fold(text)}"


def facets(**kinds: Iterable[str]) -> list[str]:
    """All of them, each once, in order."""
    return sorted({facet(kind, text) for kind, texts in kinds.items() for text in texts if fold(text)})
