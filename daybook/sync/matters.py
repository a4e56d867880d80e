"""Clio's matters for *Link to Matter*: searched as somebody types, the client's own first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from daybook.billing.models import Matter
from daybook.connectors.clio import activities, contacts, matters
from daybook.connectors.clio.session import Priority, Session
from daybook.connectors.clio.shapes_work import ActivityDescription, PracticeArea
from daybook.connectors.clio.shapes_work import Matter as ClioMatter
from daybook.contacts.models import Contact
from daybook.sync import clio
from daybook.sync.clio import NotConnected
from daybook.sync.mirror import terms
from daybook.sync.mirror.meeting import meet
from daybook.sync.mirror.records import theirs_of
from daybook.sync.models import Connection, Cycle, Link


@dataclass(frozen=True, slots=True)
class Choice:
    """A matter that can be chosen. `id` is ours; `own` means it is this client's."""

    id: int
    display_number: str
    description: str
    status: str
    client_name: str
    own: bool


def search(
    *, firm_id: int, text: str, client: Contact | None, now: datetime, limit: int = 20
) -> list[Choice]:
    """
    Open and pending matters that fit `text`, the client's own first. What is shown is remembered here, so that
    choosing one needs no further question to Clio. Raises NotConnected, RemoteTrouble.
    """
    connection = clio.active(firm_id)
    if connection is None:
        raise NotConnected
    session = clio.session(connection, Priority.LIVE)
    with clio.noticing(connection):
        client_id = _client_id(connection, session, client)
        own = matters.search(session, text, client_id, limit=limit) if client_id else ()
        found = list(own)
        if text.strip() or not own:
            found += [
                m for m in matters.search(session, text, limit=limit) if m.id not in {o.id for o in own}
            ]
        rows = _remember(connection, session, found[:limit], now)
    return [
        Choice(
            id=row.pk,
            display_number=theirs.display_number,
            description=theirs.description,
            status=theirs.status,
            client_name=theirs.client_name,
            own=client_id is not None and theirs.client_id == client_id,
        )
        for row, theirs in zip(rows, found[:limit], strict=True)
    ]


def _client_id(connection: Connection, session: Session, client: Contact | None) -> str | None:
    if client is None:
        return None
    known = Link.objects.filter(connection=connection, kind=Link.Kind.CONTACT, ours=client.pk).first()
    if known is not None:
        return known.theirs
    for row in client.emails.all():
        found = contacts.find_by_email(session, row.normal)
        if found:
            return found[0].id
    return None


def _remember(
    connection: Connection, session: Session, found: list[ClioMatter], now: datetime
) -> list[Matter]:
    """Our rows for Clio's matters, added or brought up to date; their clients are linked or added as contacts."""
    people = {m.client_id for m in found if m.client_id}
    unknown = people - set(_linked(connection, people))
    clients = [contacts.get(session, one) for one in sorted(unknown)]
    rows = []
    with transaction.atomic():
        setting = terms.begin(connection)
        terms.hold(connection)
        records = [theirs_of(one, connection.firm.country) for one in clients if not one.redacted]
        meet(
            setting,
            records,
            now=now,
            tally=Cycle(connection=connection, kind=Cycle.Kind.EDIT, started_at=now),
        )
        linked = _linked(connection, people)
        for theirs_matter in found:
            rows.append(_row(connection, theirs_matter, linked.get(theirs_matter.client_id or ""), now))
    return rows


def _linked(connection: Connection, people: set[str]) -> dict[str, int]:
    found = Link.objects.filter(connection=connection, kind=Link.Kind.CONTACT, theirs__in=people)
    return dict(found.values_list("theirs", "ours"))


def _row(connection: Connection, theirs: ClioMatter, client: int | None, now: datetime) -> Matter:
    known = Link.objects.filter(connection=connection, kind=Link.Kind.MATTER, theirs=theirs.id).first()
    values = {
        "client_id": client,
        "display_number": theirs.display_number[:255],
        "description": theirs.description[:255],
        "status": theirs.status[:20],
    }
    row = Matter.objects.filter(pk=known.ours, firm=connection.firm_id).first() if known else None
    if row is not None:
        Matter.objects.filter(pk=row.pk).update(**values)
        row.refresh_from_db()
        return row
    row = Matter.objects.create(
        firm_id=connection.firm_id, reference=f"clio-{connection.pk}-{theirs.id}", **values
    )
    Link.objects.update_or_create(
        connection=connection,
        kind=Link.Kind.MATTER,
        theirs=theirs.id,
        defaults={"ours": row.pk, "etag": theirs.etag, "agreed_at": now},
    )
    return row


def practice_areas(firm_id: int) -> tuple[PracticeArea, ...]:
    """The firm's practice areas in Clio, for a new matter. Raises NotConnected, RemoteTrouble."""
    connection = clio.active(firm_id)
    if connection is None:
        raise NotConnected
    with clio.noticing(connection):
        return matters.practice_areas(clio.session(connection, Priority.LIVE))


def categories(firm_id: int) -> tuple[ActivityDescription, ...]:
    """The firm's activity categories in Clio. Raises NotConnected, RemoteTrouble."""
    connection = clio.active(firm_id)
    if connection is None:
        raise NotConnected
    with clio.noticing(connection):
        return activities.descriptions(clio.session(connection, Priority.LIVE))
