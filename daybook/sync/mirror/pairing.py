"""Who of ours a stranger from Clio may be: candidates found by index, judged by the core."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Self

from django.db.models import Q

from daybook.contacts import lookup
from daybook.contacts import queries as contact_queries
from daybook.contacts.cards import card_of
from daybook.contacts.models import Contact
from daybook.core import matching
from daybook.core.cards import SETS, Card
from daybook.core.changes import alike
from daybook.core.people import Person, fold
from daybook.sync.mirror import owing, rows
from daybook.sync.mirror.records import Theirs
from daybook.sync.models import Apart, Connection


@dataclass(frozen=True, slots=True)
class Found:
    """What was decided of a stranger. `contacts` are ours it may be, the likeliest first."""

    decision: matching.Decision
    contacts: tuple[Contact, ...] = ()
    because: str = ""
    score: float = 0.0

    @property
    def contact(self) -> Contact | None:
        return self.contacts[0] if self.contacts else None


@dataclass(slots=True)
class Apartness:
    """What people said, or time has shown, about some of Clio's contacts."""

    unwanted: dict[str, Apart] = field(default_factory=dict)  # theirs that shall not come in (again)
    returning: dict[str, int] = field(default_factory=dict)  # theirs that was gone -> ours that it was
    different: set[tuple[int, str]] = field(default_factory=set)

    @classmethod
    def of(cls, connection: Connection, theirs: Sequence[str]) -> Self:
        found = cls()
        if not Apart.objects.filter(connection=connection).exists():  # the rule, while a book is being filled
            return found
        for row in Apart.objects.filter(connection=connection, theirs__in=theirs):
            if row.why in (Apart.Why.REMOVED, Apart.Why.UNLINKED):
                found.unwanted[row.theirs] = row
            elif row.ours is not None and row.why == Apart.Why.GONE:
                found.returning[row.theirs] = row.ours
            elif row.ours is not None:
                found.different.add((row.ours, row.theirs))
        if found.returning:
            taken = rows.linked(connection, found.returning.values())
            found.returning = {theirs: ours for theirs, ours in found.returning.items() if ours not in taken}
        return found


def person_of(key: str, card: Card) -> Person:
    """A card as the core compares people."""
    company = card.kind == "company"
    return Person(
        key=key,
        first="" if company else card.first_name,
        last=card.company if company else card.last_name,
        emails=tuple(m.key for m in card.emails),
        phones=tuple(m.key for m in card.phones if m.key.startswith("+")),
        middle="" if company else card.middle_name,
        company="" if company else card.company,
        kind=card.kind,
    )


def pair_all(
    connection: Connection, records: Sequence[Theirs], apart: Apartness
) -> Iterator[tuple[Theirs, Found]]:
    """
    Decide of each record which contact of ours, linked to nobody, it is. Ours that may be linked are locked.

    Two records that would both be linked to one of ours are asked about, unless one is clearly likelier: the other is
    then somebody new, since Clio keeps the two apart as well.
    """
    if not records:
        return
    near = _near(connection, records)
    ours = _Ours(near, owing.tried(connection, near))
    found = {record.id: _judge(record, ours, apart) for record in records}
    wanted: dict[int, list[str]] = defaultdict(list)
    for theirs, one in found.items():
        if one.decision is matching.Decision.LINK and one.contact is not None:
            wanted[one.contact.pk].append(theirs)
    for rivals in wanted.values():
        ranked = sorted(rivals, key=lambda theirs: -found[theirs].score)
        if len(ranked) > 1:
            equal = found[ranked[0]].score == found[ranked[1]].score
            for theirs in ranked if equal else ranked[1:]:
                one = found[theirs]
                found[theirs] = Found(matching.Decision.REVIEW, one.contacts, one.because) if equal else _NEW
    for record in records:
        yield record, found[record.id]


_NEW = Found(matching.Decision.NEW)


def _near(connection: Connection, records: Sequence[Theirs]) -> dict[int, Contact]:
    """Ours, unlinked and locked, that share an address, a number or a whole name with any of the records."""
    emails = {m.key for record in records for m in record.card.emails}
    phones = {m.key for record in records for m in record.card.phones if m.key.startswith("+")}
    names = {name for record in records if (name := fold(record.card.name))}
    ids = lookup.near(connection.firm_id, emails=emails, phones=phones, names=names)
    if not ids:
        return {}
    ids -= rows.linked(connection, ids)
    if not ids:
        return {}
    apart = Apart.objects.filter(connection=connection, ours__in=ids, why=Apart.Why.UNLINKED)
    free = ids - set(apart.values_list("ours", flat=True))
    return contact_queries.contacts_by_id(connection.firm_id, free, lock=True)


class _Ours:
    """Contacts of ours, and who of them holds what."""

    def __init__(self, contacts: dict[int, Contact], tried: set[int]) -> None:
        self.contacts, self.tried = contacts, tried
        self.people: dict[int, Person] = {}
        self.cards: dict[int, Card] = {}
        self.holders: dict[str, set[int]] = defaultdict(set)
        for pk, contact in contacts.items():
            card = self.cards[pk] = card_of(contact)
            self.people[pk] = person_of(str(pk), card)
            for key in _marks(card):
                self.holders[key].add(pk)
        #: Addresses and numbers that several share: an office's, a family's.
        self.crowded = frozenset(key for key, holders in self.holders.items() if len(holders) > 1)

    def same(self, pk: int, card: Card) -> bool:
        """
        Whether one of ours says the very same, and more than a name: unless it was on its way to Clio, the answer never
        came, and so what Clio has is most likely what we sent.
        """
        more = pk in self.tried or any(getattr(card, name) for name in SETS)
        return more and alike(self.cards[pk], card)

    def like(self, card: Card) -> list[int]:
        if not self.holders:
            return []
        return sorted(set().union(*(self.holders.get(key, ()) for key in _marks(card))))


def _marks(card: Card) -> list[str]:
    """By what somebody is found."""
    marks = [*(m.key for m in card.emails), *(m.key for m in card.phones), fold(card.name)]
    return [mark for mark in marks if mark]


def _judge(record: Theirs, ours: _Ours, apart: Apartness) -> Found:
    known = [ours.people[pk] for pk in ours.like(record.card) if (pk, record.id) not in apart.different]
    if not known:
        return _NEW
    same = [person for person in known if ours.same(int(person.key), record.card)]
    if len(same) == 1:
        return Found(matching.Decision.LINK, (ours.contacts[int(same[0].key)],), "everything the same", 1.0)
    found = matching.pair(person_of(record.id, record.card), known, crowded=ours.crowded)
    if found.decision is matching.Decision.NEW or found.best is None or found.likeness is None:
        return _NEW
    people = (found.best, *found.others)
    return Found(
        found.decision,
        tuple(ours.contacts[int(person.key)] for person in people),
        ", ".join(found.likeness.reasons),
        found.likeness.score,
    )


def held_apart(connection: Connection, contact_id: int) -> Apart | None:
    """Why a contact of ours, linked to nobody, shall not be added to Clio by itself."""
    return Apart.objects.filter(
        Q(why=Apart.Why.GONE) | Q(why=Apart.Why.UNLINKED), connection=connection, ours=contact_id
    ).first()
