"""What became different between two cards of one contact, as rows that can be shown and undone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from daybook.contacts.models import Contact, ContactChange
from daybook.core.cards import SETS, TEXTS, Card, Member, tidy
from daybook.firms.models import User

#: A text, a member as [key, [parts], label], whether somebody is a client; None is a member that is not there.
Value = str | bool | list | None

#: The field that says which member of a set is the main one: its value is that member's key.
MAIN = ".main"


@dataclass(frozen=True, slots=True)
class Difference:
    """`field` is "last_name", "emails:dana@example.com", "emails.main" or "is_client"."""

    field: str
    was: Value
    now: Value


def _written(member: Member) -> list:
    return [member.key, list(member.value), member.label]


def _main(members: tuple[Member, ...]) -> str:
    return next((member.key for member in members if member.main), "")


def differences(before: Card, after: Card) -> Iterator[Difference]:
    """Every field in which two cards differ, in the order of a card. The order within a set is no difference."""
    for name in ("kind", *TEXTS):
        was, now = getattr(before, name), getattr(after, name)
        if was != now:
            yield Difference(name, was, now)
    for name in SETS:
        old, new = getattr(before, name), getattr(after, name)
        if old == new:
            continue
        olds = {member.key: _written(member) for member in old}
        news = {member.key: _written(member) for member in new}
        for key in olds | news:
            if olds.get(key) != news.get(key):
                yield Difference(f"{name}:{key}", olds.get(key), news.get(key))
        # That the only member is the main one goes without saying.
        if old and new and _main(old) != _main(new):
            yield Difference(name + MAIN, _main(old), _main(new))


def value_of(card: Card, field: str) -> Value:
    """What a card says in `field` of a Difference. Raises KeyError for a field that cards do not have."""
    name, colon, key = field.partition(":")
    if colon and name in SETS:
        return next((_written(member) for member in getattr(card, name) if member.key == key), None)
    if field.endswith(MAIN) and field.removesuffix(MAIN) in SETS:
        return _main(getattr(card, field.removesuffix(MAIN)))
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
