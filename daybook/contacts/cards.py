"""A contact's card: built from what somebody typed or another system tells, and read from the rows."""

from __future__ import annotations

import hashlib
import json
import unicodedata
from typing import Any

from daybook.contacts.models import Contact
from daybook.contacts.phones import normal_phone
from daybook.core.cards import MOST_CHARACTERS, SETS, TEXTS, Card, Member, tidy, to_json
from daybook.core.errors import BadEmail
from daybook.core.people import clean_text, fold, normalise_email

#: The parts of a postal address, in the order of a member's `value`.
PARTS = ("street", "city", "province", "postal_code", "country")

#: What the rows call a card's texts.
COLUMNS = {text: text for text in TEXTS} | {"company": "company_name"}

#: How the key of a number begins that no country's rules can read.
RAW = "raw:"

#: More than any text that arrives; `clean_text` would refuse it, and here it is cut.
_ANY_LENGTH = 10**9


def clean(text: str) -> str:
    """A text as it is kept: composed, on one line, no needless white space, no hidden signs, 255 characters at most."""
    if not text:
        return ""
    if text.isascii() and text.isprintable():
        short = " ".join(text.split())
        return short if len(short) <= MOST_CHARACTERS else short[:MOST_CHARACTERS].rstrip()
    # What is taken out may have parted a letter from its accent: composed once more.
    text = unicodedata.normalize("NFC", clean_text(text, _ANY_LENGTH))
    return text[:MOST_CHARACTERS].rstrip()


def _key(folded: str) -> str:
    """A key that fits its column; what is cut off still counts."""
    if len(folded) <= MOST_CHARACTERS:
        return folded
    return folded[:222] + "#" + hashlib.sha256(folded.encode()).hexdigest()[:32]


def _folded(text: str) -> str:
    """Text without accents, case and punctuation; signs alone (an emoji) stay as they are."""
    return fold(text) or text


def email_key(address: str) -> str:
    """Addresses of other systems may be none; they are compared in lower case."""
    try:
        return normalise_email(address)
    except BadEmail:
        return _key(unicodedata.normalize("NFC", address.strip().lower()))


def email_member(address: str, label: str = "Work", main: bool = False, id: str = "") -> Member:
    address = clean(address)
    return Member(email_key(address), (address,), clean(label), main, id)


def phone_member(
    number: str, label: str = "Work", main: bool = False, *, country: str, id: str = ""
) -> Member:
    """A number without a country code is one of `country`."""
    number = clean(number)
    key = normal_phone(number, country) or _key(RAW + _folded(number))
    return Member(key, (number,), clean(label), main, id)


def address_member(parts: tuple[str, ...], label: str = "Work", main: bool = False, id: str = "") -> Member:
    """`parts` are street, city, province, postal code and country. Raises ValueError for more or fewer."""
    if len(parts) != len(PARTS):
        raise ValueError(f"a postal address has {len(PARTS)} parts")
    parts = tuple(map(clean, parts))
    return Member(_key(_folded(" ".join(filter(None, parts)))), parts, clean(label), main, id)


def kept(card: Card) -> Card:
    """The card as the rows hold it: texts cleaned, members without a value left out, each once, one the main one."""
    texts: list[Any] = [clean(getattr(card, name)) for name in TEXTS]
    sets: list[Any] = [tidy([m for m in getattr(card, name) if any(m.value)]) for name in SETS]
    return Card(card.kind, *texts, *sets)


def fingerprint(card: Card) -> str:
    """What a page remembers of the card it was made from: equal for equal cards, and for no others."""
    return hashlib.sha256(json.dumps(to_json(card), sort_keys=True).encode()).hexdigest()[:32]


def is_e164(key: str) -> bool:
    """Whether a phone's key is a number that could be dialed."""
    return key.startswith("+")


def card_of(contact: Contact) -> Card:
    """A stored contact as values. Reads three times unless emails, phones and addresses are prefetched."""
    return Card(
        kind=contact.kind,
        **{name: getattr(contact, column) for name, column in COLUMNS.items()},
        emails=tuple(
            Member(row.normal, (row.address,), row.label, row.is_default) for row in contact.emails.all()
        ),
        phones=tuple(
            Member(row.normal, (row.number,), row.label, row.is_default) for row in contact.phones.all()
        ),
        addresses=tuple(
            Member(row.normal, tuple(getattr(row, part) for part in PARTS), row.label, row.is_default)
            for row in contact.addresses.all()
        ),
    )
