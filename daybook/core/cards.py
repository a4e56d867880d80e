"""A contact as values: what two systems compare, agree on and remember."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

#: The plain texts of a card, in the order in which people read them.
TEXTS = ("first_name", "middle_name", "last_name", "prefix", "title", "company")

#: The sets of a card: how somebody is reached.
SETS = ("emails", "phones", "addresses")

#: The most characters of a text, and members of a set, that both sides hold (changelog 4.0.13, 2025-10-06, for the 20).
MOST_CHARACTERS = 255
MOST_MEMBERS = 20


@dataclass(frozen=True, slots=True)
class Member:
    """
    One email address, phone number or postal address of a contact.

    `key` makes it this one and no other: the normalised address, the number in E.164, the folded parts. `value` is as
    somebody wrote it: one part, or street, city, province, postal code and country. `id` is what the other system calls
    it, where that is known; two members that differ only in it are equal.
    """

    key: str
    value: tuple[str, ...]
    label: str = ""
    main: bool = False
    id: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Card:
    """A person or a company as both systems can hold them. A company has its name in `company` and no other."""

    kind: str = "person"
    first_name: str = ""
    middle_name: str = ""
    last_name: str = ""
    prefix: str = ""
    title: str = ""
    company: str = ""
    emails: tuple[Member, ...] = ()
    phones: tuple[Member, ...] = ()
    addresses: tuple[Member, ...] = ()

    @property
    def name(self) -> str:
        """What the contact is called: a company's name, else first, middle and last name."""
        if self.kind == "company":
            return self.company
        return " ".join(part for part in (self.first_name, self.middle_name, self.last_name) if part)


def tidy(members: Iterable[Member]) -> tuple[Member, ...]:
    """
    A set as it is kept and compared: each key once (the first of them stays), exactly one member the main one (the
    first that says so, a dropped twin included, else the first), and that one in front; the others keep their order.
    """
    members = tuple(members)
    if not members or (len(members) == 1 and members[0].main):
        return members
    once: dict[str, Member] = {}
    main = ""
    for member in members:
        once.setdefault(member.key, member)
        if member.main and not main:
            main = member.key
    main = main or next(iter(once))
    ordered = sorted(once.values(), key=lambda m: m.key != main)
    return tuple(
        m if m.main == (m.key == main) else Member(m.key, m.value, m.label, m.key == main, m.id)
        for m in ordered
    )


def to_json(card: Card) -> dict[str, Any]:
    """A card as plain JSON, small: what is empty is left out. `from_json` gives an equal card with the same ids."""
    record: dict[str, Any] = {name: value for name in ("kind", *TEXTS) if (value := getattr(card, name))}
    for name in SETS:
        if members := getattr(card, name):
            record[name] = [[m.key, list(m.value), m.label, int(m.main), m.id] for m in members]
    return record


def from_json(record: Mapping[str, Any]) -> Card:
    """The card that `to_json` made this of. Raises KeyError, TypeError or ValueError for anything else."""
    sets: dict[str, Any] = {
        name: tuple(
            Member(key, tuple(value), label, bool(main), id)
            for key, value, label, main, id in record.get(name, ())
        )
        for name in SETS
    }
    return Card(kind=record["kind"], **{name: record.get(name, "") for name in TEXTS}, **sets)
