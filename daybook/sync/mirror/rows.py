"""Links and laid-out contacts by the hundred: one statement each, the values as one JSON document."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import connection as database

from daybook.contacts.lookup import array
from daybook.sync.models import Connection, Link

_LINK = "theirs text, etag text, agreed jsonb, agreed_at timestamptz, ours bigint, by_hand boolean, id bigint"

_ADD_LINKS = f"""
    INSERT INTO sync_link (connection_id, kind, ours, theirs, etag, agreed, agreed_at, by_hand)
    SELECT %s, 'contact', ours, theirs, etag, agreed, agreed_at, by_hand
      FROM jsonb_to_recordset(%s::jsonb) AS said ({_LINK})
"""  # noqa: S608, nothing of anybody's is in it

_SAVE_LINKS = f"""
    UPDATE sync_link AS link SET etag = said.etag, agreed = said.agreed, agreed_at = said.agreed_at
      FROM jsonb_to_recordset(%s::jsonb) AS said ({_LINK}) WHERE link.id = said.id
"""  # noqa: S608

_STAGE = """
    INSERT INTO sync_staged (connection_id, theirs, etag, card, is_client, changed_at, verdict, ours, because)
    SELECT %s, theirs, etag, card, is_client, changed_at, verdict, ours, because
      FROM jsonb_to_recordset(%s::jsonb) AS said (theirs text, etag text, card jsonb, is_client boolean,
           changed_at timestamptz, verdict text, ours bigint, because text)
        ON CONFLICT (connection_id, theirs) DO UPDATE
       SET etag = EXCLUDED.etag, card = EXCLUDED.card, is_client = EXCLUDED.is_client,
           changed_at = EXCLUDED.changed_at, verdict = EXCLUDED.verdict, ours = EXCLUDED.ours,
           because = EXCLUDED.because
"""

_LAID_OUT = """
    SELECT id, theirs, etag, card, is_client, changed_at FROM sync_staged WHERE connection_id = %s ORDER BY id LIMIT %s
"""

_OF_THEIRS = """
    SELECT id, ours, theirs, etag, agreed, agreed_at, by_hand FROM sync_link
     WHERE connection_id = %s AND kind = 'contact' AND theirs = ANY(%s::text[])
"""

_OF_OURS = "SELECT ours FROM sync_link WHERE connection_id = %s AND kind = 'contact' AND ours = ANY(%s)"


_COMPANIES = "SELECT key AS theirs, value AS name FROM jsonb_each_text(%s::jsonb)"
_LINKED_COMPANIES = """
    SELECT theirs, agreed->'theirs'->>'company' AS name FROM sync_link
     WHERE connection_id = %s AND kind = 'contact' AND agreed->'theirs'->>'kind' = 'company'
"""
_FORGET_TAGS = """
    UPDATE sync_link AS link SET etag = '' FROM ({company}) AS company
     WHERE link.connection_id = %s AND link.kind = 'contact' AND link.agreed->>'employer' = company.theirs
       AND coalesce(link.agreed->'theirs'->>'company', '') <> coalesce(company.name, '')
    RETURNING link.ours
"""


def links_of(connection: Connection, theirs: Iterable[str]) -> dict[str, Link]:
    """The links of these contacts of Clio's, by their id."""
    with database.cursor() as cursor:
        cursor.execute(_OF_THEIRS, [connection.pk, array(theirs)])
        return {
            row[2]: Link(
                id=row[0],
                connection=connection,
                kind=Link.Kind.CONTACT,
                ours=row[1],
                theirs=row[2],
                etag=row[3],
                agreed=json.loads(row[4]),
                agreed_at=row[5],
                by_hand=row[6],
            )
            for row in cursor.fetchall()
        }


def linked(connection: Connection, ours: Iterable[int]) -> set[int]:
    """Those of these contacts of ours that are linked."""
    with database.cursor() as cursor:
        cursor.execute(_OF_OURS, [connection.pk, list(ours)])
        return {row[0] for row in cursor.fetchall()}


def names_it_otherwise(connection: Connection, companies: Mapping[str, str] | None) -> list[int]:
    """
    Contacts of ours whose person in Clio works for one of these companies (Clio's id, and name) and was last seen giving
    another name for it. With None: for any that is linked. Their links forget the tag, so that they are read again.
    """
    linked = companies is None
    company, said = (
        _LINKED_COMPANIES if linked else _COMPANIES,
        connection.pk if linked else json.dumps(companies),
    )
    with database.cursor() as cursor:
        cursor.execute(_FORGET_TAGS.format(company=company), [said, connection.pk])
        return [row[0] for row in cursor.fetchall()]


def add_links(connection: Connection, links: Sequence[dict[str, Any]]) -> None:
    """Keep new links, each as `columns` gives it."""
    if links:
        _run(_ADD_LINKS, [connection.pk], links)


def save_links(links: Sequence[Link]) -> None:
    """Keep what links remember: tag, values, instant."""
    if links:
        _run(
            _SAVE_LINKS,
            [],
            [
                columns(one.ours, one.theirs, one.etag, one.agreed, one.agreed_at, one.by_hand)
                | {"id": one.pk}
                for one in links
            ],
        )


def columns(
    ours: int, theirs: str, etag: str, agreed: dict[str, Any], agreed_at: datetime, by_hand: bool = False
) -> dict[str, Any]:
    """A link as a statement takes it. A hundred thousand rows of the model would take as long as all the rest."""
    return {
        "ours": ours,
        "theirs": theirs,
        "etag": etag,
        "agreed": agreed,
        "agreed_at": agreed_at.isoformat(),
        "by_hand": by_hand,
    }


def stage(connection: Connection, records: Sequence[dict[str, Any]]) -> None:
    """Lay out contacts of Clio's (`records.staged`); what was read of one before is replaced."""
    if records:
        _run(_STAGE, [connection.pk], records)


def laid_out(connection: Connection, most: int) -> tuple[int, list[tuple[Any, ...]]]:
    """The first contacts that are laid out: the last of their ids (0 for none), and what `records.later` takes of each."""
    with database.cursor() as cursor:
        cursor.execute(_LAID_OUT, [connection.pk, most])
        found = cursor.fetchall()
    cards = json.loads(f"[{','.join([row[3] for row in found])}]")  # one document: thousands take far longer
    said = [(*row[1:3], card, *row[4:]) for row, card in zip(found, cards, strict=True)]
    return (found[-1][0] if found else 0), said


def _run(statement: str, parameters: list[Any], records: Sequence[dict[str, Any]]) -> None:
    # PostgreSQL's jsonb takes every sign but this one; no name has it, and nothing is lost that could be shown.
    document = json.dumps(records, ensure_ascii=False).replace("\\u0000", "")
    with database.cursor() as cursor:
        cursor.execute(statement, [*parameters, document])
