"""What Clio has not heard yet of our contacts: one row for each, gone when Clio has heard."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection as database
from django.db import transaction
from django.db.models import F, Min, Q, QuerySet

from daybook.firms import prepared
from daybook.sync.models import Connection, ContactSync, Owed
from daybook.sync.pushes import PAUSES

#: Nobody else tells Clio of a contact this long; longer than the few requests of one contact can take.
LEASE = timedelta(minutes=3)

_SAID_ANEW = """
        ON CONFLICT (connection_id, contact) DO UPDATE
       SET wanted = sync_owed.wanted + 1, state = 'pending', attempts = 0, trouble = '',
           since = CASE WHEN %(edited)s THEN EXCLUDED.since ELSE sync_owed.since END, next_try_at = EXCLUDED.next_try_at
"""
_COLUMNS = "connection_id, contact, state, wanted, attempts, trouble, since, next_try_at"
_WANT = f"""
    INSERT INTO sync_owed ({_COLUMNS})
    SELECT %(connection)s, contact, 'pending', 1, 0, '', %(now)s, %(now)s FROM unnest(%(contacts)s::bigint[]) AS contact
    {_SAID_ANEW}
"""  # noqa: S608 - our own columns
_WANT_OF_FIRM = f"""
    WITH said AS (
        INSERT INTO sync_owed ({_COLUMNS})
        SELECT id, %(contact)s, 'pending', 1, 0, '', %(now)s, %(now)s FROM sync_connection
         WHERE firm_id = %(firm)s AND provider = 'clio'
        {_SAID_ANEW}
        RETURNING connection_id
    )
    SELECT id FROM said JOIN sync_connection ON id = connection_id WHERE state <> 'disconnected'
"""  # noqa: S608 - our own columns


def want(connection: Connection, contacts: Iterable[int], now: datetime, *, edited: bool = True) -> None:
    """
    Note, in the caller's transaction, that Clio should hear of these contacts as they are now. `since` is when they were
    last edited here: unless nobody edited them now.
    """
    ids = sorted(set(contacts))
    if ids:
        with database.cursor() as cursor:
            cursor.execute(
                _WANT, {"connection": connection.pk, "contacts": ids, "now": now, "edited": edited}
            )


def want_of_firm(firm_id: int, contact: int, now: datetime) -> int | None:
    """
    As `want`, for the connection of a contact's firm, broken or not; returns its id. One that has ended is owed it as well,
    for the day on which somebody connects again, but there is nobody to tell now: None.
    """
    said = {"firm": firm_id, "contact": contact, "now": now, "edited": True}
    return next((row[0] for row in prepared.rows(_WANT_OF_FIRM, said)), None)


@dataclass(frozen=True, slots=True)
class Turn:
    """The right to tell Clio of one contact for a while, and what was wanted when it was taken."""

    row: int
    contact: int
    wanted: int
    since: datetime
    attempts: int


def take(connection: Connection, now: datetime) -> Turn | None:
    """The contact that has waited longest and that nobody is at."""
    with transaction.atomic():
        row = _free(connection, now).select_for_update(skip_locked=True).order_by("next_try_at", "pk").first()
        if row is None:
            return None
        row.leased_until = now + LEASE
        row.save(update_fields=["leased_until"])
        return Turn(row.pk, row.contact, row.wanted, row.since, row.attempts)


def _free(connection: Connection, now: datetime) -> QuerySet[Owed]:
    return Owed.objects.filter(
        Q(leased_until=None) | Q(leased_until__lte=now),
        connection=connection,
        state=Owed.State.PENDING,
        next_try_at__lte=now,
    )


def done(turn: Turn, now: datetime) -> None:
    """Clio has heard; unless something newer is wanted by now, nothing is owed any more."""
    gone, _ = Owed.objects.filter(pk=turn.row, wanted=turn.wanted).delete()
    if not gone:
        Owed.objects.filter(pk=turn.row).update(leased_until=None, next_try_at=now)


def again(turn: Turn, *, text: str, at: datetime | None, now: datetime) -> None:
    """It did not work this time: `at`, or after the usual growing pause."""
    pause = PAUSES[min(turn.attempts, len(PAUSES) - 1)]
    spread = random.uniform(1.0, 1.2)  # noqa: S311 - spreads the herd after an outage
    Owed.objects.filter(pk=turn.row).update(
        leased_until=None,
        trouble=text[:300],
        attempts=F("attempts") + (0 if at else 1),
        next_try_at=at or now + pause * spread,
    )


def stuck(turn: Turn, *, text: str, now: datetime) -> None:
    """Only a person can help, unless something newer is wanted by now."""
    newer = Q(wanted__gt=turn.wanted)
    rows = Owed.objects.filter(pk=turn.row)
    if not rows.exclude(newer).update(
        leased_until=None, state=Owed.State.TROUBLE, trouble=text[:300], next_try_at=None
    ):
        rows.update(leased_until=None, next_try_at=now)


def forget(connection: Connection, contact: int) -> None:
    Owed.objects.filter(connection=connection, contact=contact).delete()


def tried(connection: Connection, contacts: Iterable[int]) -> set[int]:
    """Those of these contacts that somebody began to tell Clio of, without it having come to an end."""
    ids = list(contacts)
    if not ids:
        return set()
    rows = Owed.objects.filter(
        Q(attempts__gt=0) | ~Q(leased_until=None), connection=connection, contact__in=ids
    )
    return set(rows.values_list("contact", flat=True))


def how_many(connection: Connection) -> int:
    """Contacts of which Clio is to hear and that can go by themselves."""
    return Owed.objects.filter(connection=connection, state=Owed.State.PENDING).count()


def next_try(connection: Connection) -> datetime | None:
    """When something is due next; None when nothing is owed that could go by itself."""
    due: datetime | None = Owed.objects.filter(connection=connection, state=Owed.State.PENDING).aggregate(
        at=Min("next_try_at")
    )["at"]
    return due


def due(now: datetime) -> list[int]:
    """Working connections in sync that are owed something whose time has come."""
    rows = Owed.objects.filter(
        Q(leased_until=None) | Q(leased_until__lte=now),
        state=Owed.State.PENDING,
        next_try_at__lte=now,
        connection__state=Connection.State.ACTIVE,
        connection__contact_sync__phase=ContactSync.Phase.LIVE,
    )
    return sorted(set(rows.values_list("connection_id", flat=True)))


def retry(connection: Connection, now: datetime, contact: int | None = None) -> None:
    """Somebody asks to try again at once: one contact, or all."""
    rows = Owed.objects.filter(connection=connection)
    if contact is not None:
        rows = rows.filter(contact=contact)
    rows.update(state=Owed.State.PENDING, next_try_at=now, attempts=0, leased_until=None)
