"""The client of an appointment in Clio: found by exact email and name, else added, and never twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from django.db import transaction

from daybook.appointments import operations as appointments
from daybook.connectors.clio import contacts as remote
from daybook.connectors.clio.session import Session
from daybook.connectors.clio.shapes import ClioContact
from daybook.contacts import operations as contacts
from daybook.contacts import queries as contact_queries
from daybook.contacts.cards import card_of
from daybook.contacts.models import Contact, Source
from daybook.core import matching
from daybook.core.cards import SETS, TEXTS, Card
from daybook.sync import questions
from daybook.sync.mirror import adding, terms
from daybook.sync.mirror.alone import alone
from daybook.sync.mirror.meeting import join
from daybook.sync.mirror.pairing import person_of
from daybook.sync.mirror.records import Theirs, theirs_of
from daybook.sync.models import Connection, Cycle, Link, Question
from daybook.sync.pushes import link


def ensure(
    *, connection: Connection, session: Session, contact: Contact, now: datetime
) -> tuple[Contact, str]:
    """
    Make sure Clio has this contact once, and return it with Clio's id. What is found is linked; contact sync does the
    rest.

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
        card = card_of(contact)
        found, others = _find(connection, session, contact, card)
        base = None if found is None else _typed_by_a_visitor(contact, card, found)
        if found is None:
            made, base = adding.create(session, card)
            found = theirs_of(made, connection.firm.country)
        return _attach(connection, contact, found, base, others, now)


def _find(
    connection: Connection, session: Session, contact: Contact, card: Card
) -> tuple[Theirs | None, tuple[str, ...]]:
    """Clio's contact for ours, and further ones that fit as well."""
    found: dict[str, ClioContact] = {}
    for member in card.emails:
        found |= {one.id: one for one in remote.find_by_email(session, member.key)}
    if not found and not card.emails:
        found = {one.id: one for one in remote.find_by_name(session, contact.name)}
    near = {id: theirs_of(one, connection.firm.country) for id, one in found.items()}
    if not near:
        return None, ()
    if not card.emails and not card.phones:
        # Only a name: it is ours if it, too, has nothing but the name. Better a namesake's double than a stranger's file.
        bare = [one for one in near.values() if not one.card.emails and not one.card.phones]
        return (bare[0] if bare else None), ()
    match = matching.find_match(person_of("", card), [person_of(one.id, one.card) for one in near.values()])
    if isinstance(match, matching.Match):
        return near[match.person.key], ()
    if isinstance(match, matching.Ambiguous) and card.emails:
        ids = [person.key for person in match.people]
        return near[ids[0]], tuple(ids[1:])
    return None, ()


def _typed_by_a_visitor(contact: Contact, card: Card, found: Theirs) -> Card | None:
    """
    What counts as agreed when somebody who booked turns out to be in Clio: a name typed on a phone yields to the one
    the firm has on file, without a question. Whatever else we know of them counts as added.
    """
    if contact.source != Source.BOOKING:
        return None
    yielding = {name: getattr(card, name) if getattr(found.card, name) else "" for name in TEXTS}
    return replace(card, kind=card.kind, **yielding, **dict.fromkeys(SETS, ()))


def _attach(
    connection: Connection,
    contact: Contact,
    found: Theirs,
    base: Card | None,
    others: tuple[str, ...],
    now: datetime,
) -> tuple[Contact, str]:
    setting = terms.begin(connection)
    with transaction.atomic():
        # The reader of contacts may be linking the same record at this moment.
        terms.hold(connection)
        taken = Link.objects.filter(connection=connection, kind=Link.Kind.CONTACT, theirs=found.id).first()
        if taken is not None and taken.ours != contact.pk:
            twin = contact_queries.contacts_by_id(connection.firm_id, [taken.ours]).get(taken.ours)
            if twin is not None:
                moved = appointments.repoint(firm_id=connection.firm_id, old=contact.pk, new=twin.pk)
                contacts.absorb(firm=connection.firm, keep=twin, drop=contact, moved=moved, now=now)
                return twin, found.id
            taken.delete()
        tally = Cycle(connection=connection, kind=Cycle.Kind.EDIT, started_at=now)
        join(setting, contact.pk, found, base=base, now=now, tally=tally)
        if others:
            questions.ask(
                firm_id=connection.firm_id,
                kind=Question.Kind.AMBIGUOUS_CONTACT,
                text=f"Clio has more than one contact with the email of {contact.name}. The first one was taken.",
                details={"contact": contact.pk, "taken": found.id, "others": list(others)},
                now=now,
            )
    return contact, found.id
