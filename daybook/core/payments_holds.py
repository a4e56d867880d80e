"""How long a reservation on a card lasts, and when it is placed so that it lives until the meeting is over."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from daybook.core.periods import as_utc


class Initiator(StrEnum):
    """Who sets a card payment off: its owner on a page, or the firm later with the saved card."""

    CLIENT = "client"
    FIRM = "firm"


#: How long a card network keeps a reservation, by who set it off (docs.stripe.com/payments/place-a-hold-on-a-payment-method,
#: read 2026-11). Visa's 5 days for the firm are 4 days and 18 hours exactly. What really holds for a payment is told with it.
LASTS: dict[str, dict[Initiator, timedelta]] = {
    "visa": {Initiator.CLIENT: timedelta(days=7), Initiator.FIRM: timedelta(days=4, hours=18)},
    "mastercard": {Initiator.CLIENT: timedelta(days=7), Initiator.FIRM: timedelta(days=7)},
    "amex": {Initiator.CLIENT: timedelta(days=7), Initiator.FIRM: timedelta(days=7)},
    "discover": {Initiator.CLIENT: timedelta(days=7), Initiator.FIRM: timedelta(days=7)},
}

#: The shortest of them: a saved card is whatever it is.
SHORTEST = min(lasts for row in LASTS.values() for lasts in row.values())

#: After the meeting, for somebody to say that it took place.
TO_SAY_SO = timedelta(hours=24)

#: A hold this close to its end is not counted on.
MARGIN = timedelta(hours=2)


def hold_from(end: datetime) -> datetime:
    """The earliest instant at which a hold on any card still lives when the meeting's outcome is said."""
    return as_utc(end) + TO_SAY_SO + MARGIN - SHORTEST


def lives_until(placed: datetime, brand: str = "", by: Initiator = Initiator.FIRM) -> datetime:
    """When a hold ends, as far as can be said before the provider tells; an unknown brand is taken for the shortest."""
    return as_utc(placed) + LASTS.get(brand, {}).get(by, SHORTEST)


def hold_serves(placed: datetime, end: datetime, brand: str = "", by: Initiator = Initiator.CLIENT) -> bool:
    """Whether a hold placed now, at booking, would live long enough: then the card need not be asked again later."""
    return lives_until(placed, brand, by) >= as_utc(end) + TO_SAY_SO + MARGIN
