"""Appointments of several people: whose turn it is, and when enough of them are free together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

from daybook.core.availability import Offer, Span, blocked_starts, stretches

_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Share:
    """
    What one person of a round robin was given: `booked` within the window, and when the last one was given at all.

    `weight` is how many they are meant to get for everybody else's one.

    Raises: ValueError for a weight below one.
    """

    person: int
    name: str
    booked: int = 0
    last: datetime | None = None
    weight: int = 1

    def __post_init__(self) -> None:
        if self.weight < 1:
            raise ValueError("a weight is one at least")

    @property
    def burden(self) -> Fraction:
        return Fraction(self.booked, self.weight)


def in_turn(shares: Iterable[Share]) -> tuple[Share, ...]:
    """
    The people in the order in which the next appointment is offered to them.

    Fewest booked first, each count divided by its weight; then whoever has waited longest since their last; then the
    lower id, so that the same books always give the same answer.
    """
    return tuple(sorted(shares, key=lambda one: (one.burden, one.last or _NEVER, one.person)))


def why_next(shares: Iterable[Share], days: int) -> str:
    """Who is next and why, in a sentence or two; empty when there is nobody."""
    order = in_turn(shares)
    if not order:
        return ""
    first, *others = order
    given = f"{first.name} is next, with {first.booked} in the last {days} days"
    if not others:
        return f"{given}."
    second = others[0]
    weighed = any(one.weight != 1 for one in order)
    if first.burden < second.burden:
        return f"{given}: the fewest{' for their weight' if weighed else ''}."
    as_many = "as few for their weight as" if weighed else "as few as"
    if first.last != second.last:
        wait = "none so far" if first.last is None else "the longest wait since the last one"
        return f"{given}: {as_many} {second.name}, and {wait}."
    return f"{given}: {as_many} {second.name}, and longer in the firm's list."


def any_of(lists: Iterable[Sequence[int]]) -> list[int]:
    """The starts at which at least one of several people is free, earliest first."""
    return sorted(set().union(*lists))


def comes_along(
    offer: Offer,
    starts: Iterable[int],
    *,
    hours: Iterable[Span],
    busy: Iterable[Span],
    booked: Mapping[date, int] | None = None,
    zone: str | None = None,
) -> list[int]:
    """
    Those of `starts` (epoch seconds, in order) at which a person is free who keeps no grid of their own.

    The meeting fits into their `hours`, nothing `busy` lies in it or in its buffers, and no cap of theirs is reached. Notice
    and horizon were looked at for the person whose starts these are.

    Raises: as `availability.open_slots`.
    """
    length = offer.length // timedelta(seconds=1)
    open_, blocked = stretches(hours), blocked_starts(offer, busy, booked, zone)
    found: list[int] = []
    here = ahead = 0
    for at in starts:
        while here < len(open_) and open_[here][1] <= at:
            here += 1
        if here == len(open_):
            break
        opens, _, runs_to = open_[here]
        if at < opens or at + length > runs_to:
            continue
        while ahead < len(blocked) and blocked[ahead][1] <= at:
            ahead += 1
        if ahead == len(blocked) or blocked[ahead][0] >= at:
            found.append(at)
    return found
