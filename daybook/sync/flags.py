"""What each kind of calendar can say of an entry: the one table of flag and provider."""

from __future__ import annotations

from daybook.core.entries import CHOOSABLE, Standing
from daybook.sync.models import Connection

_PROVIDER = Connection.Provider

#: What a lawyer is asked about, by provider; each provider's own words for it are in its connector, and the suite of
#: calendar providers checks that it says what stands here. Clio has no such words (facts, read 2026-10).
TELLS: dict[str, frozenset[Standing]] = {
    _PROVIDER.CLIO: frozenset(),
    _PROVIDER.GOOGLE: frozenset(CHOOSABLE) - {Standing.TRAVEL},
    _PROVIDER.MICROSOFT: frozenset(CHOOSABLE) - {Standing.TRAVEL},
    _PROVIDER.EXCHANGE: frozenset(CHOOSABLE) - {Standing.TRAVEL},
    _PROVIDER.CALDAV: frozenset(CHOOSABLE),
    _PROVIDER.ICS: frozenset(CHOOSABLE),
}


def told_by(provider: str) -> tuple[Standing, ...]:
    """What entries of this provider may say, in the order people are asked."""
    return tuple(one for one in CHOOSABLE if one in TELLS[provider])
