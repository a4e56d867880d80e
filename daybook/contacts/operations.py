"""Writes to the firm's people: find or add for a booking, store what another system tells, keep search keys true."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import transaction

from daybook.contacts import history, queries, storing
from daybook.contacts.adding import insert_one
from daybook.contacts.cards import card_of, email_member, fingerprint, is_e164, phone_member
from daybook.contacts.merging import absorb, part
from daybook.contacts.models import Contact, ContactChange, Source
from daybook.contacts.storing import Told
from daybook.core import people
from daybook.core.cards import Card
from daybook.core.errors import ChangedMeanwhile
from daybook.core.matching import Ambiguous, Because, Match, find_match
from daybook.core.people import split_name
from daybook.firms import prepared
from daybook.firms.models import Firm, User
from daybook.firms.outbox import record

__all__ = [
    "Found",
    "absorb",
    "create",
    "find_or_create",
    "known_as",
    "part",
    "remove",
    "store",
    "undo",
    "update",
]


@dataclass(frozen=True, slots=True)
class Found:
    """Who somebody turned out to be. `others` are further contacts that fit as well: a person should look."""

    contact: Contact
    created: bool
    others: tuple[int, ...] = ()


def find_or_create(*, firm: Firm, name: str, email: str, phone: str, now: datetime) -> Found:
    """
    The contact for somebody who books: one the firm knows, by the rule of `core.matching`, else a new one.

    Where several known people fit equally, an email address never gets a second contact: the oldest is taken and the
    others are named, for a person to look at. An address or number the contact lacked is added.
    `email` and `phone` are normalised already, or empty.
    """
    # Without a savepoint: whoever books loses all of it or nothing.
    with transaction.atomic(savepoint=False):
        # Two bookings of one new client at once must not add two contacts: the firm's row is the queue.
        prepared.rows("SELECT 1 FROM firms_firm WHERE id = %s FOR NO KEY UPDATE", [firm.pk])
        near = queries.reached_by(firm.pk, email, phone)
        candidate = known_as(name, email, phone)
        match = find_match(candidate, [_known(one) for one in near.values()])
        others: tuple[int, ...] = ()
        if isinstance(match, Match):
            reached = near[int(match.person.key)]
            _add_reach(firm, reached, email, phone, now)
            return Found(reached.contact, created=False)
        if isinstance(match, Ambiguous):
            others = tuple(int(person.key) for person in match.people)
            if match.because is not Because.PHONE_AND_NAME:
                reached = near[others[0]]
                _add_reach(firm, reached, email, phone, now)
                return Found(reached.contact, created=False, others=others[1:])
        first, last = split_name(name)
        card = Card(
            first_name=first,
            last_name=last,
            emails=(email_member(email, main=True),) if email else (),
            phones=(phone_member(phone, "Mobile", True, country=firm.country),) if phone else (),
        )
        contact = insert_one(firm=firm, card=card, source=Source.BOOKING, now=now)
        record("contact_saved", firm=firm, now=now, subject=contact.pk)
        return Found(contact, created=True, others=others)


def known_as(name: str, email: str, phone: str) -> people.Person:
    """Somebody who booked, as the core compares people."""
    first, last = split_name(name)
    return people.Person("", first, last, (email,) if email else (), (phone,) if phone else ())


def _known(reached: queries.Reached) -> people.Person:
    contact = reached.contact
    company = contact.kind == Contact.Kind.COMPANY
    return people.Person(
        key=str(contact.pk),
        first="" if company else " ".join(filter(None, (contact.first_name, contact.middle_name))),
        last=contact.company_name if company else contact.last_name,
        emails=reached.emails,
        phones=tuple(number for number in reached.phones if is_e164(number)),
    )


def _add_reach(firm: Firm, reached: queries.Reached, email: str, phone: str, now: datetime) -> None:
    more_email, more_phone = email and email not in reached.emails, phone and phone not in reached.phones
    if not more_email and not more_phone:  # most who come back
        return
    contact = queries.contacts_by_id(firm.pk, [reached.contact.pk])[reached.contact.pk]
    card = card_of(contact)
    if more_email:
        card = replace(card, emails=(*card.emails, email_member(email)))
    if more_phone:
        card = replace(card, phones=(*card.phones, phone_member(phone, "Mobile", country=firm.country)))
    if storing.overwrite(
        firm=firm, changed=[(contact, card, contact.is_client)], source=Source.BOOKING, now=now
    ):
        record("contact_saved", firm=firm, now=now, subject=contact.pk)


def create(
    *, firm: Firm, card: Card, is_client: bool = False, now: datetime, actor: User | None = None
) -> Contact:
    """Add a contact somebody typed in."""
    with transaction.atomic():
        contact = storing.insert(firm=firm, people=[(card, is_client)], source=Source.DESK, now=now)[0]
        record("contact_saved", firm=firm, now=now, subject=contact.pk, actor=actor)
    return contact


def update(
    *,
    firm: Firm,
    contact: Contact,
    card: Card,
    is_client: bool | None = None,
    now: datetime,
    actor: User | None = None,
    seen: str = "",
) -> Contact:
    """
    Make a contact say what `card` says; without `is_client`, that stays. What is the same already leaves no trace.

    `seen` is the fingerprint of the card that was on the page when it was opened. Raises ChangedMeanwhile when it is no longer so.
    """
    with transaction.atomic():
        contact = queries.locked_contact(firm.pk, contact.pk)
        if seen and fingerprint(card_of(contact)) != seen:
            raise ChangedMeanwhile
        _say(firm, contact, card, is_client, Source.DESK, now, actor)
    return contact


def _say(
    firm: Firm,
    contact: Contact,
    card: Card,
    is_client: bool | None,
    source: Source,
    now: datetime,
    actor: User | None,
) -> None:
    client = contact.is_client if is_client is None else is_client
    if storing.overwrite(firm=firm, changed=[(contact, card, client)], source=source, now=now, actor=actor):
        record("contact_saved", firm=firm, now=now, subject=contact.pk, actor=actor)


def store(
    *,
    firm: Firm,
    new: Sequence[Told],
    changed: Sequence[tuple[Contact, Card, bool]],
    source: Source = Source.CLIO,
    now: datetime,
) -> list[Contact]:
    """
    Store what another system tells of many contacts at once, in the caller's transaction; returns the new ones in
    order. `new` are cards and whether they are clients; `changed` has the contact in front, as the database has it
    (`queries.contacts_by_id`, locked if others may write). Records no events: the caller says what came of it as a
    whole. What a card says that is no news leaves no trace.
    """
    created = storing.insert(firm=firm, people=new, source=source, now=now)
    storing.overwrite(firm=firm, changed=changed, source=source, now=now)
    return created


def add_many(*, firm: Firm, people: Sequence[Told], source: Source = Source.CLIO, now: datetime) -> list[int]:
    """
    Add what another system tells of very many contacts, in the caller's transaction; returns their ids in order. The
    cards must be as `cards.kept` makes them. Records no events, as `store`.
    """
    return storing.add(firm=firm, people=people, source=source, now=now)


def remove(*, firm: Firm, contact: Contact, now: datetime, actor: User | None = None) -> None:
    """Delete a contact here; another system keeps it. The database refuses while anything refers to it."""
    with transaction.atomic():
        pk = contact.pk
        if Contact.objects.filter(pk=pk, firm=firm).delete()[0]:
            record("contact_removed", firm=firm, now=now, subject=pk, actor=actor)


def undo(*, actor: User | None, change: ContactChange, now: datetime) -> Contact:
    """
    Put back what a field said before `change`, as a change of its own.

    Raises ChangedMeanwhile when the field no longer says what the change made it say.
    """
    with transaction.atomic():
        contact = queries.locked_contact(change.firm_id, change.contact_id)
        card, is_client = card_of(contact), contact.is_client
        if change.field == "is_client":
            current, is_client = is_client, bool(change.was)
        else:
            current = history.value_of(card, change.field)
        if current != change.now_value:
            raise ChangedMeanwhile("This was changed again since, so there is nothing to put back.")
        if change.field != "is_client":
            try:
                card = history.with_value(card, change.field, change.was)
            except KeyError as gone:
                raise ChangedMeanwhile("What was the default then is no longer there.") from gone
        _say(contact.firm, contact, card, is_client, Source.UNDO, now, actor)
    return contact
