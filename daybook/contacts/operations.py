"""Writes to the firm's people: find or add for a booking, store what another system tells, keep search keys true."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction

from daybook.contacts import queries
from daybook.contacts.models import Contact, ContactEmail, ContactPhone, SearchKey
from daybook.contacts.phones import normal_phone
from daybook.core import people
from daybook.core.errors import BadEmail
from daybook.core.matching import Ambiguous, Because, Match, find_match
from daybook.core.people import (
    clean_text,
    email_keys,
    name_keys,
    normalise_email,
    phone_keys,
    split_name,
)
from daybook.firms.models import Firm, User
from daybook.firms.outbox import record


@dataclass(frozen=True, slots=True)
class Reach:
    """An email address or a phone number with its label."""

    label: str
    value: str
    is_default: bool = False


@dataclass(frozen=True, slots=True)
class Person:
    """A contact as values: what another system tells, or a form."""

    kind: str = "person"
    first_name: str = ""
    middle_name: str = ""
    last_name: str = ""
    prefix: str = ""
    title: str = ""
    company_name: str = ""
    is_client: bool = False
    emails: tuple[Reach, ...] = field(default=())
    phones: tuple[Reach, ...] = field(default=())


SCALARS = ("kind", "first_name", "middle_name", "last_name", "prefix", "title", "company_name", "is_client")


@dataclass(frozen=True, slots=True)
class Found:
    """Who somebody turned out to be. `others` are further contacts that fit as well: a person should look."""

    contact: Contact
    created: bool
    others: tuple[int, ...] = ()


def _normal_email(address: str) -> str:
    """Addresses of other systems may be none; they are kept as written and compared in lower case."""
    try:
        return normalise_email(address)
    except BadEmail:
        return address.strip().lower()[:255]


def find_or_create(*, firm: Firm, name: str, email: str, phone: str, now: datetime) -> Found:
    """
    The contact for somebody who books: one the firm knows, by the rule of `core.matching`, else a new one.

    Where several known people fit equally, an email address never gets a second contact: the oldest is taken and the
    others are named, for a person to look at. An address or number the contact lacked is added.
    `email` and `phone` are normalised already, or empty.
    """
    with transaction.atomic():
        # Two bookings of one new client at once must not add two contacts: the firm's row is the queue.
        Firm.objects.select_for_update(no_key=True).get(pk=firm.pk)
        near = {c.pk: c for c in queries.with_email(firm.pk, email)} if email else {}
        if phone:
            near |= {c.pk: c for c in queries.with_phone(firm.pk, phone) if c.pk not in near}
        candidate = known_as(name, email, phone)
        match = find_match(candidate, [_known(contact) for contact in near.values()])
        others: tuple[int, ...] = ()
        if isinstance(match, Match):
            contact = near[int(match.person.key)]
            _add_reach(firm, contact, email, phone)
            return Found(contact, created=False)
        if isinstance(match, Ambiguous):
            others = tuple(int(person.key) for person in match.people)
            if match.because is not Because.PHONE_AND_NAME:
                contact = near[others[0]]
                _add_reach(firm, contact, email, phone)
                return Found(contact, created=False, others=others[1:])
        first, last = split_name(name)
        contact = _insert(
            firm,
            [
                Person(
                    first_name=first,
                    last_name=last,
                    emails=(Reach("Work", email, True),) if email else (),
                    phones=(Reach("Mobile", phone, True),) if phone else (),
                )
            ],
        )[0]
        record("contact_saved", firm=firm, now=now, subject=contact.pk)
        return Found(contact, created=True, others=others)


def known_as(name: str, email: str, phone: str) -> people.Person:
    """Somebody who booked, as the core compares people."""
    first, last = split_name(name)
    return people.Person("", first, last, (email,) if email else (), (phone,) if phone else ())


def _known(contact: Contact) -> people.Person:
    company = contact.kind == Contact.Kind.COMPANY
    return people.Person(
        key=str(contact.pk),
        first="" if company else " ".join(filter(None, (contact.first_name, contact.middle_name))),
        last=contact.company_name if company else contact.last_name,
        emails=tuple(row.normal for row in contact.emails.all()),
        phones=tuple(row.normal for row in contact.phones.all() if row.normal),
    )


def _add_reach(firm: Firm, contact: Contact, email: str, phone: str) -> None:
    added = False
    if email and all(row.normal != email for row in contact.emails.all()):
        first = not contact.emails.all()
        ContactEmail.objects.create(contact=contact, firm=firm, address=email, normal=email, is_default=first)
        added = True
    if phone and all(row.normal != phone for row in contact.phones.all()):
        first = not contact.phones.all()
        ContactPhone.objects.create(
            contact=contact, firm=firm, label="Mobile", number=phone, normal=phone, is_default=first
        )
        added = True
    if added:
        contact = Contact.objects.prefetch_related("emails", "phones").get(pk=contact.pk)
        reindex(firm, [contact])


def create(*, firm: Firm, person: Person, now: datetime, actor: User | None = None) -> Contact:
    """Add a contact somebody typed in."""
    with transaction.atomic():
        contact = _insert(firm, [_cleaned(person)])[0]
        record("contact_saved", firm=firm, now=now, subject=contact.pk, actor=actor)
    return contact


def update(
    *, firm: Firm, contact: Contact, person: Person, now: datetime, actor: User | None = None
) -> Contact:
    """Make a contact say what `person` says. Emails and phones are replaced as a whole."""
    with transaction.atomic():
        Contact.objects.select_for_update(no_key=True).get(pk=contact.pk)
        _overwrite(firm, [(contact, _cleaned(person))])
        record("contact_saved", firm=firm, now=now, subject=contact.pk, actor=actor)
    return contact


def store(*, firm: Firm, new: Sequence[Person], changed: Sequence[tuple[Contact, Person]]) -> list[Contact]:
    """
    Store what another system tells of many contacts at once, in the caller's transaction; returns the new ones in
    order. Records no events: the caller says what came of it as a whole. `changed` needs emails and phones prefetched.
    """
    created = _insert(firm, new)
    _overwrite(firm, changed)
    return created


def _cleaned(person: Person) -> Person:
    names = {
        name: clean_text(getattr(person, name), 255)
        for name in ("first_name", "middle_name", "last_name", "prefix", "title", "company_name")
    }
    return Person(
        kind=person.kind, is_client=person.is_client, emails=person.emails, phones=person.phones, **names
    )


def _insert(firm: Firm, people: Sequence[Person]) -> list[Contact]:
    contacts = Contact.objects.bulk_create(
        [Contact(firm=firm, **{name: getattr(person, name) for name in SCALARS}) for person in people]
    )
    pairs = list(zip(contacts, people, strict=True))
    _insert_reach(firm, pairs)
    _insert_keys(firm, pairs)
    return contacts


def _overwrite(firm: Firm, pairs: Sequence[tuple[Contact, Person]]) -> None:
    if not pairs:
        return
    for contact, person in pairs:
        for name in SCALARS:
            setattr(contact, name, getattr(person, name))
    contacts = [contact for contact, _ in pairs]
    Contact.objects.bulk_update(contacts, SCALARS)
    ContactEmail.objects.filter(contact__in=contacts).delete()
    ContactPhone.objects.filter(contact__in=contacts).delete()
    SearchKey.objects.filter(contact__in=contacts).delete()
    _insert_reach(firm, pairs)
    _insert_keys(firm, pairs)


def _insert_reach(firm: Firm, pairs: Iterable[tuple[Contact, Person]]) -> None:
    emails, phones = [], []
    for contact, person in pairs:
        seen: set[str] = set()
        for reach in person.emails:
            normal = _normal_email(reach.value)
            if normal in seen:
                continue
            seen.add(normal)
            emails.append(
                ContactEmail(
                    contact=contact,
                    firm=firm,
                    label=reach.label[:60],
                    address=reach.value[:255],
                    normal=normal,
                    is_default=reach.is_default,
                )
            )
        phones += [
            ContactPhone(
                contact=contact,
                firm=firm,
                label=reach.label[:60],
                number=reach.value[:255],
                normal=normal_phone(reach.value, firm.country),
                is_default=reach.is_default,
            )
            for reach in person.phones
        ]
    ContactEmail.objects.bulk_create(emails)
    ContactPhone.objects.bulk_create(phones)


def _keys(firm: Firm, person: Person) -> set[str]:
    full = " ".join(filter(None, (person.first_name, person.middle_name, person.last_name)))
    keys = set(name_keys(full, person.company_name))
    for reach in person.emails:
        keys.update(email_keys(_normal_email(reach.value)))
    for reach in person.phones:
        normal = normal_phone(reach.value, firm.country)
        if normal:
            keys.update(phone_keys(normal))
    return {key for key in keys if key}


def _insert_keys(firm: Firm, pairs: Iterable[tuple[Contact, Person]]) -> None:
    SearchKey.objects.bulk_create(
        [
            SearchKey(contact=contact, firm=firm, key=key[:120])
            for contact, person in pairs
            for key in sorted(_keys(firm, person))
        ],
        batch_size=5000,
    )


def as_person(contact: Contact) -> Person:
    """A stored contact as values."""
    return Person(
        **{name: getattr(contact, name) for name in SCALARS},
        emails=tuple(Reach(row.label, row.address, row.is_default) for row in contact.emails.all()),
        phones=tuple(Reach(row.label, row.number, row.is_default) for row in contact.phones.all()),
    )


def reindex(firm: Firm, contacts: Sequence[Contact]) -> None:
    """Rebuild the search keys of contacts whose emails and phones are prefetched."""
    SearchKey.objects.filter(contact__in=contacts).delete()
    _insert_keys(firm, [(contact, as_person(contact)) for contact in contacts])


def absorb(*, firm: Firm, keep: Contact, drop: Contact, now: datetime) -> None:
    """
    Make `drop` part of `keep`: emails and phones that `keep` lacks come along, then `drop` is deleted.

    Whoever refers to `drop` must have been pointed to `keep` before: the database refuses otherwise.
    """
    with transaction.atomic():
        for row in drop.emails.all():
            _add_reach(firm, keep, row.normal, "")
        for phone in drop.phones.all():
            _add_reach(firm, keep, "", phone.normal)
        drop_id = drop.pk
        Contact.objects.filter(pk=drop_id, firm=firm).delete()
        record("contacts_merged", firm=firm, now=now, subject=keep.pk, dropped=drop_id)
