"""One card into rows while somebody waits for the answer: contact, emails, phones, addresses and keys in one statement."""

from __future__ import annotations

from datetime import datetime
from functools import cache

from daybook.contacts.cards import COLUMNS, kept
from daybook.contacts.keys import keys_of
from daybook.contacts.models import Contact
from daybook.contacts.storing import ROWS
from daybook.core.cards import Card
from daybook.firms import prepared
from daybook.firms.models import Firm


def insert_one(*, firm: Firm, card: Card, source: str, now: datetime) -> Contact:
    """Add one contact who is no client yet: as `storing.insert`, but what it writes is one statement."""
    card = kept(card)
    texts = {column: getattr(card, text) for text, column in COLUMNS.items()}
    values: list[object] = [firm.pk, card.kind, *texts.values(), source, now, now]
    for name, (_, parts) in ROWS.items():
        members = getattr(card, name)
        values += [
            firm.pk,
            [member.label for member in members],
            [member.key for member in members],
            [member.main for member in members],
            list(range(len(members))),
            *([member.value[at] for member in members] for at in range(len(parts))),
        ]
    values += [firm.pk, sorted(keys_of(card))]
    contact = Contact(
        id=prepared.rows(_insert_one_sql(), values)[0][0],
        firm=firm,
        kind=card.kind,
        **texts,
        source=source,
        created_at=now,
        updated_at=now,
    )
    contact._state.adding, contact._state.db = False, "default"
    return contact


@cache
def _insert_one_sql() -> str:
    columns = ("firm_id", "kind", *COLUMNS.values(), "is_client", "source", "created_at", "updated_at")
    marks = ", ".join("false" if name == "is_client" else "%s" for name in columns)
    steps = [
        f"made AS (INSERT INTO contacts_contact ({', '.join(columns)}) VALUES ({marks}) RETURNING id)"  # noqa: S608
    ]
    for name, (model, parts) in ROWS.items():
        names = ("label", "normal", "is_default", "position", *parts)
        types = ("text", "text", "bool", "int", *("text" for _ in parts))
        steps.append(
            f"{name} AS (INSERT INTO {model._meta.db_table} (contact_id, firm_id, {', '.join(names)})"  # noqa: S608
            f" SELECT made.id, %s, member.* FROM made, unnest({', '.join(f'%s::{kind}[]' for kind in types)}) AS member)"
        )
    steps.append(
        "keyed AS (INSERT INTO contacts_searchkey (contact_id, firm_id, key)"
        " SELECT made.id, %s, key FROM made, unnest(%s::text[]) AS key)"
    )
    return f"WITH {', '.join(steps)} SELECT id FROM made"  # noqa: S608 - our own columns
