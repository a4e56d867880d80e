"""A contact of Clio's as values, and what its link remembers of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from daybook.connectors.clio.shapes import ClioContact
from daybook.contacts.cards import address_member, email_member, kept, phone_member
from daybook.core import people
from daybook.core.cards import SETS, TEXTS, Card, from_json, to_json
from daybook.sync.models import Link

#: Clio's contact types, by ours. A type Clio may add one day is taken for a person.
KINDS = {"Company": "company", "Person": "person"}


@dataclass(frozen=True, slots=True)
class Theirs:
    """
    One contact in Clio. `changed_at` is Clio's own clock. `employer` is Clio's id of the company a person works for.
    `company_hidden`: the connection may not see that company, so that the card's empty company says nothing.
    """

    id: str
    etag: str
    card: Card
    is_client: bool
    changed_at: datetime | None
    employer: str = ""
    company_hidden: bool = False


def theirs_of(contact: ClioContact, country: str) -> Theirs:
    """A contact read from Clio; `country` is how numbers without a country code are read."""
    return Theirs(
        contact.id,
        contact.etag[:200],
        card_of(contact, country),
        contact.is_client,
        contact.updated_at,
        employer=contact.company.id if contact.company is not None else "",
        company_hidden=contact.company is not None and not contact.company.name,
    )


def card_of(contact: ClioContact, country: str) -> Card:
    """What Clio says of a contact, in the form both sides are compared in."""
    kind = KINDS.get(contact.type, "person")
    company = kind == "company"
    first, last = contact.first_name, contact.last_name
    if not company and not first and not last:
        first, last = people.split_name(contact.name)
    return kept(
        Card(
            kind=kind,
            first_name="" if company else first,
            middle_name="" if company else contact.middle_name,
            last_name="" if company else last,
            prefix=contact.prefix,
            title=contact.title,
            company=contact.name if company else contact.company.name if contact.company else "",
            emails=tuple(email_member(e.address, e.label, e.primary, e.id) for e in contact.emails),
            phones=tuple(
                phone_member(p.number, p.label, p.primary, country=country, id=p.id) for p in contact.phones
            ),
            addresses=tuple(
                address_member(
                    (a.street, a.city, a.province, a.postal_code, a.country), a.label, a.primary, a.id
                )
                for a in contact.addresses
            ),
        )
    )


def kept_card(record: Theirs) -> dict[str, Any]:
    """The card of a record to be taken in later, with what else is known of its company. `later` reads it again."""
    said: dict[str, Any] = {"employer": record.employer} if record.employer else {}
    if record.company_hidden:
        said["company_hidden"] = True
    return to_json(record.card) | said


def later(
    theirs: str, etag: str, card: dict[str, Any], is_client: bool, changed_at: datetime | None
) -> Theirs:
    """A record whose card was kept by `kept_card`."""
    return Theirs(
        theirs,
        etag,
        from_json(card),
        is_client,
        changed_at,
        employer=card.get("employer", ""),
        company_hidden=card.get("company_hidden", False),
    )


def staged(record: Theirs, verdict: str, ours: int | None = None, because: str = "") -> dict[str, Any]:
    """The columns of a laid-out row: the record, and what is to become of it."""
    return {
        "theirs": record.id,
        "etag": record.etag,
        "card": kept_card(record),
        "is_client": record.is_client,
        "changed_at": record.changed_at.isoformat() if record.changed_at else None,
        "verdict": verdict,
        "ours": ours,
        "because": because[:200],
    }


@dataclass(frozen=True, slots=True)
class Agreed:
    """
    What a link remembers: Clio's card as last seen (with the ids of its parts), the card both sides last agreed on
    (None: never yet), and the card that was on its way to Clio when nothing more was heard. `employer` is Clio's id of
    the company that Clio's card names.
    """

    theirs: Card | None = None
    base: Card | None = None
    sent: Card | None = None
    employer: str = ""

    @classmethod
    def of(cls, link: Link) -> Agreed:
        """Links made before values were remembered know nothing, as if they had just been made."""
        kept = {
            name: from_json(link.agreed[name]) for name in ("theirs", "base", "sent") if name in link.agreed
        }
        if link.agreed.get("same"):
            kept["base"] = kept["theirs"]
        return cls(**kept, employer=link.agreed.get("employer", ""))

    def json(self) -> dict[str, Any]:
        same = self.theirs is not None and self.base == self.theirs
        record: dict[str, Any] = {"same": True} if same else {}
        for name in ("theirs", "sent") if same else ("theirs", "base", "sent"):
            card = getattr(self, name)
            if card is not None:
                record[name] = to_json(card)
        if self.employer:
            record["employer"] = self.employer
        return record

    def baseline(self, now_theirs: Card) -> Card | None:
        """
        What to compare with, given Clio's card now: the agreed one, except that what we were sending and Clio has now
        is agreed as well. Without that, an edit made here after a write whose answer was lost would look like a
        change on both sides.
        """
        if self.base is None or self.sent is None:
            return self.base
        arrived = {
            name: getattr(self.sent, name)
            for name in (*TEXTS, *SETS)
            if _same(getattr(self.sent, name), getattr(now_theirs, name))
        }
        return replace(self.base, **arrived)


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, str):
        return bool(one == other)
    return {m.key: m for m in one} == {m.key: m for m in other}
