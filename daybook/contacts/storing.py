"""Cards into rows, few or a hundred thousand at a time, with their search keys and their history."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from operator import attrgetter

from django.db import connection, models
from django.db.backends.utils import CursorWrapper

from daybook.contacts import history
from daybook.contacts.cards import COLUMNS, PARTS, card_of, kept
from daybook.contacts.keys import keys_of
from daybook.contacts.models import (
    Contact,
    ContactAddress,
    ContactChange,
    ContactEmail,
    ContactPhone,
    Reach,
    SearchKey,
)
from daybook.core.cards import Card
from daybook.core.changes import Difference, differences
from daybook.firms.models import Firm, User

#: Which rows hold a set of a card, and in which columns the parts of a member's value are.
ROWS: dict[str, tuple[type[Reach], tuple[str, ...]]] = {
    "emails": (ContactEmail, ("address",)),
    "phones": (ContactPhone, ("number",)),
    "addresses": (ContactAddress, PARTS),
}

_KEY_COLUMNS = ("contact_id", "firm_id", "key")
_TEXTS = ("kind", *COLUMNS.values())
_texts_of = attrgetter("kind", *COLUMNS)

#: What would end a value or a line, and what says so (PostgreSQL 17, COPY, text format).
_ESCAPES = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})

Told = tuple[Card, bool]  # what somebody says of a contact, and whether it is a client


def insert(*, firm: Firm, people: Iterable[Told], source: str, now: datetime) -> list[Contact]:
    """Add contacts, in order, in the caller's transaction. COPY: some ten times as fast as INSERT for many."""
    told = [(kept(card), is_client) for card, is_client in people]
    ids = add(firm=firm, people=told, source=source, now=now)
    contacts = [
        Contact(
            id=pk,
            firm=firm,
            kind=card.kind,
            **{column: getattr(card, text) for text, column in COLUMNS.items()},
            is_client=is_client,
            source=source,
            created_at=now,
            updated_at=now,
        )
        for pk, (card, is_client) in zip(ids, told, strict=True)
    ]
    for contact in contacts:
        contact._state.adding = False
        contact._state.db = "default"
    return contacts


def add(*, firm: Firm, people: Sequence[Told], source: str, now: datetime) -> list[int]:
    """As `insert`, for cards that are as `kept` makes them, and only their ids: for very many."""
    if not people:
        return []
    firm_id = firm.pk
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence('contacts_contact', 'id')) FROM generate_series(1, %s)",
            [len(people)],
        )
        ids = [pk for (pk,) in cursor.fetchall()]
        cards = [(pk, card) for pk, (card, _) in zip(ids, people, strict=True)]
        _copy(
            cursor,
            Contact,
            ("id", "firm_id", *_TEXTS, "is_client", "source", "created_at", "updated_at"),
            (
                (pk, firm_id, *_texts_of(card), is_client, source, now, now)
                for pk, (card, is_client) in zip(ids, people, strict=True)
            ),
        )
        for name, (model, parts) in ROWS.items():
            _copy(
                cursor,
                model,
                ("contact_id", "firm_id", "label", "normal", "is_default", "position", *parts),
                (
                    (pk, firm_id, member.label, member.key, member.main, position, *member.value)
                    for pk, card in cards
                    for position, member in enumerate(getattr(card, name))
                ),
            )
        _copy(
            cursor,
            SearchKey,
            _KEY_COLUMNS,
            [(pk, firm_id, key) for pk, card in cards for key in keys_of(card)],
        )
    return ids


def _copy(
    cursor: CursorWrapper, model: type[models.Model], columns: Sequence[str], rows: Iterable[Sequence[object]]
) -> None:
    if text := _text([tuple(row) for row in rows]):
        with cursor.copy(f"COPY {model._meta.db_table} ({', '.join(columns)}) FROM STDIN") as copy:
            copy.write(text)


def _text(rows: Sequence[tuple[object, ...]]) -> str:
    """
    Rows in COPY's text format. There are no nulls among ours, and hardly ever a sign that needs care: so all are looked
    at together, and only then one by one.
    """
    if not rows:
        return ""
    parts = len(rows[0])
    form = "\t".join(["%s"] * parts) + "\n"
    text = "".join([form % row for row in rows])
    plain = "\\" not in text and "\r" not in text
    if plain and text.count("\n") == len(rows) and text.count("\t") == len(rows) * (parts - 1):
        return text
    return "".join([form % tuple(str(value).translate(_ESCAPES) for value in row) for row in rows])


def overwrite(
    *,
    firm: Firm,
    changed: Iterable[tuple[Contact, Card, bool]],
    source: str,
    now: datetime,
    actor: User | None = None,
) -> list[Contact]:
    """
    Make contacts say what their cards say, in the caller's transaction, and return those that said something else.

    Only what differs is written; emails, phones and addresses that stay keep their rows. `contact` must be as the
    database has it: emails, phones and addresses prefetched, or read here one by one.
    """
    touched: list[Contact] = []
    log: list[ContactChange] = []
    pending = [(contact, card_of(contact), kept(card), is_client) for contact, card, is_client in changed]
    for contact, before, after, is_client in pending:
        changes = list(differences(before, after))
        if contact.is_client != is_client:
            changes.append(Difference("is_client", contact.is_client, is_client))
        if not changes and before == after:
            continue
        touched.append(contact)
        log += history.rows_of(contact, changes, source=source, now=now, actor=actor)
        contact.kind, contact.is_client, contact.updated_at = after.kind, is_client, now
        for text, column in COLUMNS.items():
            setattr(contact, column, getattr(after, text))
    if not touched:
        return []
    columns = (*_TEXTS, "is_client", "updated_at")
    _update(Contact, columns, [(one.pk, *(getattr(one, name) for name in columns)) for one in touched])
    touched_ids = {contact.pk for contact in touched}
    pairs = [(contact, before, after) for contact, before, after, _ in pending if contact.pk in touched_ids]
    for name in ROWS:
        _overwrite_set(name, firm, pairs)
    _overwrite_keys(firm, pairs)
    ContactChange.objects.bulk_create(log, batch_size=2000)
    for contact in touched:
        contact._prefetched_objects_cache = {}  # type: ignore[attr-defined]
    return touched


def _overwrite_set(name: str, firm: Firm, pairs: Sequence[tuple[Contact, Card, Card]]) -> None:
    model, parts = ROWS[name]
    fields = ("label", "is_default", "position", *parts)
    gone, differing, fresh = [], [], []
    for contact, before, after in pairs:
        if getattr(before, name) == getattr(after, name):
            continue
        rows: dict[str, Reach] = {row.normal: row for row in getattr(contact, name).all()}
        for position, member in enumerate(getattr(after, name)):
            row = rows.pop(member.key, None)
            says = (member.label, member.main, position, *member.value)
            if row is None:
                fresh.append((contact.pk, firm.pk, member.key, *says))
            elif says != tuple(getattr(row, field) for field in fields):
                differing.append((row.pk, *says))
        gone += [row.pk for row in rows.values()]
    if gone:
        model._default_manager.filter(pk__in=gone).delete()
    _update(model, fields, differing)
    with connection.cursor() as cursor:
        _copy(cursor, model, ("contact_id", "firm_id", "normal", *fields), fresh)


def _overwrite_keys(firm: Firm, pairs: Sequence[tuple[Contact, Card, Card]]) -> None:
    stale = {
        contact.pk: keys_of(after) for contact, before, after in pairs if keys_of(before) != keys_of(after)
    }
    if not stale:
        return
    SearchKey.objects.filter(contact__in=list(stale)).delete()
    rows = ((pk, firm.pk, key) for pk, keys in stale.items() for key in keys)
    with connection.cursor() as cursor:
        _copy(cursor, SearchKey, _KEY_COLUMNS, rows)


def _update(model: type[models.Model], columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Give rows (the id in front) other values in `columns`: one statement for all, each column as one array."""
    if not rows:
        return
    types = [model._meta.get_field(name).db_type(connection) for name in ("id", *columns)]
    arrays = ", ".join(f"%s::{kind}[]" for kind in types)
    sets = ", ".join(f"{name} = said.{name}" for name in columns)
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {model._meta.db_table} AS row SET {sets}"  # noqa: S608
            f" FROM unnest({arrays}) AS said (id, {', '.join(columns)}) WHERE row.id = said.id",
            [list(column) for column in zip(*rows, strict=True)],
        )
