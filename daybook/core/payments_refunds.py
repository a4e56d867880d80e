"""How much of a fee a firm may keep when a meeting does not take place."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from itertools import pairwise

from daybook.core.errors import UNPROCESSABLE, Refusal
from daybook.core.money import Money
from daybook.core.periods import as_utc

#: A year: more hours than any booking lies ahead.
MOST_HOURS = 24 * 366


class BadTiers(Refusal):
    """Hours or percentages that do not make a policy."""

    says = "Each line needs hours before the meeting and a percentage from 0 to 100, and more notice never gives less back."
    about = "tiers"
    status = UNPROCESSABLE


class Who(StrEnum):
    """Who called it off."""

    CLIENT = "client"
    FIRM = "firm"


@dataclass(frozen=True, slots=True)
class Tier:
    """Cancelled at least `hours` before the start, `percent` of the fee goes back."""

    hours: int
    percent: int


#: Everything goes back until a firm says otherwise: what is not earned is the client's (ABA Formal Opinion 505, 2023).
ALL_BACK = (Tier(0, 100),)


def checked(tiers: Iterable[Tier]) -> tuple[Tier, ...]:
    """
    Tiers from the longest notice to the shortest.

    Raises: BadTiers for hours or percentages out of range, the same hours twice, or more notice giving less back.
    """
    ordered = tuple(sorted(tiers, key=lambda tier: -tier.hours))
    for tier in ordered:
        if not (0 <= tier.hours <= MOST_HOURS and 0 <= tier.percent <= 100):
            raise BadTiers
    for longer, shorter in pairwise(ordered):
        if longer.hours == shorter.hours or longer.percent < shorter.percent:
            raise BadTiers
    return ordered


def percent_back(tiers: Iterable[Tier], *, by: Who, start: datetime, at: datetime) -> int:
    """
    How many percent of the fee go back. All of it when the firm calls off, or when the firm has no tiers; nothing with
    less notice than any tier asks for. The boundary belongs to the client: exactly 24 hours before is 24 hours.
    """
    known = checked(tiers)
    if by is Who.FIRM or not known:
        return 100
    notice = as_utc(start) - as_utc(at)
    return next((tier.percent for tier in known if notice >= timedelta(hours=tier.hours)), 0)


def kept(fee: Money, percent_back: int) -> Money:
    """What stays with the firm when so many percent go back; half a cent goes to the client."""
    back = fee.times(Decimal(percent_back) / 100)
    return fee - back
