"""What type-ahead searches: the ways somebody may begin to type a contact."""

from __future__ import annotations

from functools import lru_cache

from daybook.core.cards import Card
from daybook.core.errors import BadPhone
from daybook.core.people import email_keys, name_keys, phone_keys

LONGEST = 120

_name_keys = lru_cache(maxsize=4096)(name_keys)


def keys_of(card: Card) -> frozenset[str]:
    """Every key of a card, none of them empty: of its names, its emails, and the phones that can be read."""
    full = " ".join(filter(None, (card.first_name, card.middle_name, card.last_name)))
    keys = set(_name_keys(full, card.company))
    for member in card.emails:
        keys.update(key.strip()[:LONGEST] for key in email_keys(member.key))
    for member in card.phones:
        keys.update(_digits(member.key))
    keys.discard("")
    return frozenset(keys)


def _digits(key: str) -> tuple[str, ...]:
    try:
        return phone_keys(key)
    except BadPhone:  # kept as it was written, or too short for a subscriber's number
        return ()
