"""What became different of a contact, kept as rows that can be shown and undone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from daybook.contacts.models import Contact, ContactChange
from daybook.core.cards import SETS, TEXTS, Card, Member, tidy
from daybook.core.changes import MAIN, Difference, Value, main_of, written
from daybook.firms.models import User


def value_of(card: Card, field: str) -> Value:
    """What a card says in `field` of a Difference. Raises KeyError for a field that cards do not have."""
    name, colon, key = field.partition(":")
    if colon and name in SETS:
        return next((written(member) for member in getattr(card, name) if member.key == key), None)
    if field.endswith(MAIN) and field.removesuffix(MAIN) in SETS:
        return main_of(getattr(card, field.removesuffix(MAIN)))
    if field in ("kind", *TEXTS):
        return getattr(card, field)
    raise KeyError(field)


def with_value(card: Card, field: str, value: Value) -> Card:
    """
    The card with `value` in `field`. A member that comes back is the main one only if there is no other.

    Raises KeyError for a field that cards do not have, or a main member that is not there.
    """
    name, colon, key = field.partition(":")
    if colon and name in SETS:
        members = getattr(card, name)
        if value is None:
            return replace(card, **{name: tidy(m for m in members if m.key != key)})
        assert isinstance(value, list)
        put = Member(value[0], tuple(value[1]), value[2])
        if all(m.key != key for m in members):
            return replace(card, **{name: tidy((*members, put))})
        return replace(
            card, **{name: tuple(replace(put, main=m.main) if m.key == key else m for m in members)}
        )
    if field.endswith(MAIN) and field.removesuffix(MAIN) in SETS:
        name = field.removesuffix(MAIN)
        members = getattr(card, name)
        if all(m.key != value for m in members):
            raise KeyError(value)
        return replace(card, **{name: tidy(replace(m, main=m.key == value) for m in members)})
    if field in ("kind", *TEXTS):
        return replace(card, **{field: value})
    raise KeyError(field)


def rows_of(
    contact: Contact, changes: Iterable[Difference], *, source: str, now: datetime, actor: User | None
) -> list[ContactChange]:
    """The rows for what became different, not stored yet."""
    return [
        ContactChange(
            firm_id=contact.firm_id,
            contact=contact,
            field=change.field,
            was=change.was,
            now_value=change.now,
            source=source,
            actor=actor,
            at=now,
        )
        for change in changes
    ]
