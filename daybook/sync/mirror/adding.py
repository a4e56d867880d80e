"""A contact of ours that Clio does not have yet: looked for first, then added, once."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from daybook.connectors.clio import contacts as remote
from daybook.connectors.clio.session import Session
from daybook.connectors.clio.shapes import ClioContact
from daybook.contacts import queries as contact_queries
from daybook.contacts.cards import card_of
from daybook.contacts.models import Contact
from daybook.core import matching
from daybook.core.cards import Card
from daybook.core.changes import alike, reached, writes
from daybook.core.people import fold
from daybook.sync.mirror import asking, pairing, terms, wire
from daybook.sync.mirror.alone import alone
from daybook.sync.mirror.meeting import join
from daybook.sync.mirror.records import Theirs, theirs_of
from daybook.sync.models import Apart, Connection, ContactSync, Cycle, Link

#: Why a contact is not added yet, for people to read.
WAITS = "Waits for your answer: it may be somebody Clio has already."
NAMELESS = "Clio does not take a contact without a name. Give it one, and it is sent."


def add(setting: ContactSync, session: Session, contact: Contact, *, now: datetime, tally: Cycle) -> str:
    """
    See to it that Clio has this contact once: linked to the one that it is, asked about, or added.

    Returns what has to happen first when it cannot be added yet, or "". Raises RemoteTrouble.
    """
    connection = setting.connection
    card = card_of(contact)
    if pairing.held_apart(connection, contact.pk) or not terms.gives(setting, card):
        return ""
    if asking.waits_for_answer(setting, contact.pk):
        return WAITS
    with alone(connection, contact.pk):
        if Link.objects.filter(connection=connection, kind=Link.Kind.CONTACT, ours=contact.pk).exists():
            return ""
        free, taken = _near(setting, session, contact, card)
        found = _judge(contact, card, free)
        if found is not None:
            decision, record = found
            with transaction.atomic():
                terms.hold(connection)
                if decision is matching.Decision.LINK:
                    join(setting, contact.pk, record, base=None, now=now, tally=tally)
                    return ""
                tally.asked += asking.maybe_same(setting, record, [contact], "", now=now)
            return WAITS
        twin = _twin(connection, contact, card, taken)
        if twin is not None:
            with transaction.atomic():
                terms.hold(connection)
                tally.asked += asking.twins(setting, contact, *twin, now=now)
            return WAITS
        if not card.name:
            return NAMELESS
        made, base = create(session, card)
        with transaction.atomic():
            terms.hold(connection)
            record = theirs_of(made, connection.firm.country)
            join(setting, contact.pk, record, base=base, now=now, tally=tally)
            tally.added_there += 1
            tally.linked -= 1
    return ""


def create(session: Session, card: Card) -> tuple[ClioContact, Card]:
    """
    Add a contact as far as Clio can hold it; returns Clio's, and as much of the card as it was given. Raises
    RemoteTrouble, and ValueError for one without a name.
    """
    nobody = Card(kind=card.kind)
    made = remote.create(session, **wire.whole(card, lambda name: company_id(session, name)))
    return made, reached(card, nobody, writes(nobody, card).left_out)


def company_id(session: Session, name: str) -> str:
    """Clio's contact for a company: the one of exactly this name, else a new one. Raises RemoteTrouble."""
    for found in remote.find_by_name(session, name):
        if found.type == "Company":
            return found.id
    return remote.create(session, company_name=name).id


def _near(
    setting: ContactSync, session: Session, contact: Contact, card: Card
) -> tuple[dict[str, Theirs], dict[str, Theirs]]:
    """Clio's contacts with one of the addresses, or else the name: linked to nobody, and linked to others of ours."""
    connection = setting.connection
    seen: dict[str, ClioContact] = {}
    for member in card.emails:
        seen |= {one.id: one for one in remote.find_by_email(session, member.key)}
    if not seen and card.name:
        seen = {one.id: one for one in remote.find_by_name(session, card.name)}
    different = set(
        Apart.objects.filter(connection=connection, ours=contact.pk).values_list("theirs", flat=True)
    )
    near = {
        one.id: theirs_of(one, connection.firm.country)
        for one in seen.values()
        if not one.redacted and one.id not in different
    }
    linked = set(
        Link.objects.filter(connection=connection, kind=Link.Kind.CONTACT, theirs__in=list(near)).values_list(
            "theirs", flat=True
        )
    )
    free = {id: one for id, one in near.items() if id not in linked}
    return free, {id: near[id] for id in linked}


def _judge(contact: Contact, card: Card, near: dict[str, Theirs]) -> tuple[matching.Decision, Theirs] | None:
    """The contact in Clio that this is or may be."""
    same = [one for one in near.values() if _same_name(one.card, card) and _all_agrees(one.card, card)]
    if same:  # what was added a moment ago, or could have been: a double would help nobody
        return matching.Decision.LINK, same[0]
    found = matching.pair(
        pairing.person_of(str(contact.pk), card),
        [pairing.person_of(id, one.card) for id, one in near.items()],
    )
    if found.decision is matching.Decision.NEW or found.best is None:
        return None
    return found.decision, near[found.best.key]


def _all_agrees(one: Card, other: Card) -> bool:
    """Whether two of one name say the same, or have nothing but the name."""
    return (_bare(one) and _bare(other)) or alike(one, other)


def _bare(card: Card) -> bool:
    return not card.emails and not card.phones and not card.addresses


def _same_name(one: Card, other: Card) -> bool:
    return fold(one.name) == fold(other.name) and one.kind == other.kind


def _twin(
    connection: Connection, contact: Contact, card: Card, taken: dict[str, Theirs]
) -> tuple[Contact, str] | None:
    """Another contact of ours that is beyond doubt the same person, and its contact in Clio."""
    found = matching.pair(
        pairing.person_of(str(contact.pk), card),
        [pairing.person_of(id, one.card) for id, one in taken.items()],
    )
    if found.decision is not matching.Decision.LINK or found.best is None:
        return None
    link = Link.objects.filter(connection=connection, kind=Link.Kind.CONTACT, theirs=found.best.key).first()
    if link is None:
        return None
    other = contact_queries.contacts_by_id(connection.firm_id, [link.ours]).get(link.ours)
    return (other, link.theirs) if other is not None else None
