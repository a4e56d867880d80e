"""Our contact in Clio: found by exact email and name, else added, and never twice."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db import connection as database
from django.db import transaction

from daybook.appointments import operations as appointments
from daybook.connectors.clio import contacts as remote
from daybook.connectors.clio.contacts import EmailWrite, PhoneWrite
from daybook.connectors.clio.session import Session
from daybook.connectors.clio.shapes import ClioContact
from daybook.connectors.errors import Unreachable
from daybook.contacts import operations as contacts
from daybook.contacts import queries as contact_queries
from daybook.contacts.cards import PARTS, address_member, card_of, email_member, is_e164, kept, phone_member
from daybook.contacts.models import Contact
from daybook.core import matching
from daybook.core import people as core
from daybook.core.cards import Card
from daybook.firms.models import Firm
from daybook.sync import questions
from daybook.sync.models import Connection, Cursor, Link, Question
from daybook.sync.pushes import link, remember

#: Clio's contact types, by ours.
_TYPES = {"Company": Contact.Kind.COMPANY, "Person": Contact.Kind.PERSON}


@contextmanager
def alone(connection: Connection, contact_id: int) -> Iterator[None]:
    """
    Let one worker at a time look for and add a contact: two appointments of one new client are pushed at once.

    A lock of the database session, since no transaction may be open while Clio is asked. Raises Unreachable when
    somebody else is at it: the push comes back in a moment and finds the contact there.
    """
    key = (connection.pk << 32 | (contact_id & 0xFFFFFFFF)) & 0x7FFFFFFFFFFFFFFF
    with database.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [key])
        row = cursor.fetchone()
    if row is None or not row[0]:
        raise Unreachable("Clio", text="Another appointment of this client is being sent; this one follows.")
    try:
        yield
    finally:
        with database.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [key])


def person_of(theirs: ClioContact, country: str) -> Card:
    """A Clio contact as our values."""
    company = _TYPES.get(theirs.type) == Contact.Kind.COMPANY
    return kept(
        Card(
            kind=_TYPES.get(theirs.type, Contact.Kind.PERSON),
            first_name="" if company else theirs.first_name or _first(theirs),
            middle_name="" if company else theirs.middle_name,
            last_name="" if company else theirs.last_name or _last(theirs),
            prefix=theirs.prefix,
            title=theirs.title,
            company=theirs.name if company else theirs.company.name if theirs.company else "",
            emails=tuple(email_member(e.address, e.label, e.primary, e.id) for e in theirs.emails),
            phones=tuple(
                phone_member(p.number, p.label, p.primary, country=country, id=p.id) for p in theirs.phones
            ),
            addresses=tuple(
                address_member(tuple(getattr(a, part) for part in PARTS), a.label, a.primary, a.id)
                for a in theirs.addresses
            ),
        )
    )


def _first(theirs: ClioContact) -> str:
    return "" if theirs.last_name else core.split_name(theirs.name)[0]


def _last(theirs: ClioContact) -> str:
    return "" if theirs.first_name else core.split_name(theirs.name)[1]


def compared(theirs: ClioContact, country: str) -> core.Person:
    """A Clio contact as the core compares people."""
    card = person_of(theirs, country)
    company = card.kind == Contact.Kind.COMPANY
    return core.Person(
        key=theirs.id,
        first="" if company else card.first_name,
        last=card.company if company else card.last_name,
        emails=tuple(member.key for member in card.emails),
        phones=tuple(member.key for member in card.phones if is_e164(member.key)),
    )


def ensure(
    *, connection: Connection, session: Session, contact: Contact, now: datetime
) -> tuple[Contact, str]:
    """
    Make sure Clio has this contact once, and return it with Clio's id. What is found is linked, not changed.

    When Clio's contact turns out to be linked to another of ours, ours were two rows of one person: they become one,
    and that one is returned. Raises RemoteTrouble.
    """
    known = link(connection, Link.Kind.CONTACT, contact.pk)
    if known is not None:
        return contact, known.theirs
    with alone(connection, contact.pk):
        known = link(connection, Link.Kind.CONTACT, contact.pk)
        if known is not None:
            return contact, known.theirs
        found, others = _find(connection.firm, session, contact)
        if found is None:
            found = _add(session, contact)
        return _attach(connection, contact, found, others, now)


def _find(firm: Firm, session: Session, contact: Contact) -> tuple[ClioContact | None, tuple[str, ...]]:
    """Clio's contact for ours, and further ones that fit as well."""
    ours = card_of(contact)
    emails = [member.key for member in ours.emails]
    near: dict[str, ClioContact] = {}
    for email in emails:
        near |= {one.id: one for one in remote.find_by_email(session, email)}
    if not near and not emails:
        near = {one.id: one for one in remote.find_by_name(session, contact.name)}
    if not near:
        return None, ()
    phones = tuple(member.key for member in ours.phones if is_e164(member.key))
    company = contact.kind == Contact.Kind.COMPANY
    candidate = core.Person(
        "",
        "" if company else contact.first_name,
        contact.company_name if company else contact.last_name,
        tuple(emails),
        phones,
    )
    if not emails and not phones:
        # Only a name: it is ours if it, too, has nothing but the name. Better a namesake's double than a stranger's file.
        bare = [one for one in near.values() if not one.emails and not one.phones]
        return (bare[0] if bare else None), ()
    match = matching.find_match(candidate, [compared(one, firm.country) for one in near.values()])
    if isinstance(match, matching.Match):
        return near[match.person.key], ()
    if isinstance(match, matching.Ambiguous) and emails:
        ids = [person.key for person in match.people]
        return near[ids[0]], tuple(ids[1:])
    return None, ()


def _add(session: Session, contact: Contact) -> ClioContact:
    person = card_of(contact)
    company = contact.kind == Contact.Kind.COMPANY
    return remote.create(
        session,
        first_name=person.first_name,
        middle_name=person.middle_name,
        last_name=person.last_name,
        company_name=person.company if company else "",
        emails=[EmailWrite(m.value[0], m.label, m.main) for m in person.emails],
        phones=[PhoneWrite(m.value[0], m.label, m.main) for m in person.phones],
    )


def _attach(
    connection: Connection, contact: Contact, found: ClioContact, others: tuple[str, ...], now: datetime
) -> tuple[Contact, str]:
    with transaction.atomic():
        # The reader of contacts may be linking the same record at this moment.
        Cursor.objects.select_for_update().filter(connection=connection, kind="contacts").first()
        taken = Link.objects.filter(connection=connection, kind=Link.Kind.CONTACT, theirs=found.id).first()
        if taken is not None and taken.ours != contact.pk:
            twin = contact_queries.contacts_by_id(connection.firm_id, [taken.ours]).get(taken.ours)
            if twin is not None:
                moved = appointments.repoint(firm_id=connection.firm_id, old=contact.pk, new=twin.pk)
                contacts.absorb(firm=connection.firm, keep=twin, drop=contact, moved=moved, now=now)
                return twin, found.id
            taken.delete()
        remember(connection, Link.Kind.CONTACT, contact.pk, found.id, found.etag, {}, now)
        if others:
            questions.ask(
                firm_id=connection.firm_id,
                kind=Question.Kind.AMBIGUOUS_CONTACT,
                text=f"Clio has more than one contact with the email of {contact.name}. The first one was taken.",
                details={"contact": contact.pk, "taken": found.id, "others": list(others)},
                now=now,
            )
    return contact, found.id
