"""Stripe's test cards: what each number does (docs.stripe.com/testing, read 2026-11)."""

from __future__ import annotations

from dataclasses import dataclass

DAY = 24 * 60 * 60


@dataclass(frozen=True)
class Card:
    """`page` and `later` are the decline codes on a page and without the owner; "" where it works."""

    brand: str
    page: str = ""
    later: str = ""
    asks: bool = False  # its owner has to agree on the page
    disputed: bool = False
    refund_fails: bool = False


CARDS: dict[str, Card] = {
    "4242424242424242": Card("visa"),
    "5555555555554444": Card("mastercard"),
    "378282246310005": Card("amex"),
    "6011111111111117": Card("discover"),
    "4000000000000002": Card("visa", page="generic_decline", later="generic_decline"),
    "4000000000009995": Card("visa", page="insufficient_funds", later="insufficient_funds"),
    "4000000000000069": Card("visa", page="expired_card", later="expired_card"),
    "4000000000000341": Card("visa", later="generic_decline"),
    "4000002500003155": Card("visa", asks=True),
    "4000002760003184": Card("visa", asks=True, later="authentication_required"),
    "4000000000000259": Card("visa", disputed=True),
    "4000000000005126": Card("visa", refund_fails=True),
}

#: How long a reservation lasts, on a page and without the owner.
LASTS: dict[str, tuple[int, int]] = {
    "visa": (7 * DAY, 4 * DAY + 18 * 60 * 60),
    "mastercard": (7 * DAY, 7 * DAY),
    "amex": (7 * DAY, 7 * DAY),
    "discover": (7 * DAY, 7 * DAY),
}

#: What the words of a decline are.
WORDS: dict[str, str] = {
    "generic_decline": "Your card was declined.",
    "insufficient_funds": "Your card has insufficient funds.",
    "expired_card": "Your card has expired.",
    "authentication_required": "Your card was declined. This transaction requires authentication.",
}
