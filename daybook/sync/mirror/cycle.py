"""One round: what has changed in Clio is read page by page, then Clio hears what it is owed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from daybook.connectors.clio import contacts as remote
from daybook.connectors.clio.session import Page, Priority
from daybook.connectors.clio.shapes import ClioContact
from daybook.connectors.errors import Limited, Missing, Rejected, RemoteTrouble
from daybook.firms.outbox import record
from daybook.sync import clio
from daybook.sync.mirror import first, leaving, telling, terms
from daybook.sync.mirror.meeting import meet
from daybook.sync.mirror.records import Theirs, theirs_of
from daybook.sync.mirror.tally import counted, round_of
from daybook.sync.models import Connection, ContactSync, Cursor, Cycle

#: How often a firm's contacts are compared.
EVERY = timedelta(hours=2)

#: Clio's timestamps have whole seconds, and its pages are no snapshot: ask again for a little of what was read.
OVERLAP = timedelta(minutes=2)
LEASE = timedelta(minutes=2)
#: One job reads for this long, then makes room for others and goes on in the next.
STRETCH = timedelta(seconds=40)

#: The most contacts that are asked for by id; beyond that the list of changes is the shorter way.
MOST_BY_ID = 200

Take = Callable[[ContactSync, Sequence[Theirs], datetime, Cycle], None]


def _meet(setting: ContactSync, records: Sequence[Theirs], now: datetime, tally: Cycle) -> None:
    meet(setting, records, now=now, tally=tally)


#: What becomes of a page, by how far the connection has come. Where there is no row nothing is read.
TAKES: dict[str, Take] = {
    ContactSync.Phase.READING: first.stage,
    ContactSync.Phase.REVIEW: first.stage,
    ContactSync.Phase.LIVE: _meet,
}


def run(*, connection_id: int, now: datetime, kind: str = Cycle.Kind.REGULAR) -> datetime | None:
    """
    Read what has changed in Clio from where the cursor stands until the end, or until the stretch is over; then tell
    Clio what it is owed.

    The first time all contacts are read, and only laid out for review. Every page is stored together with the cursor,
    so whatever happens no page is read for nothing or taken in twice. Returns when to come back, if there is more to do.
    """
    setting = terms.of_active(connection_id)
    if setting is None:
        return None
    if setting.phase == ContactSync.Phase.TAKING_IN:
        return first.take_in(connection_id=connection_id, now=now)
    if setting.phase not in TAKES:
        return None
    connection = setting.connection
    cursor = _take(connection, now)
    if cursor is None:
        return None
    reading = setting.phase != ContactSync.Phase.LIVE
    with round_of(connection, Cycle.Kind.FIRST if reading else kind, now) as tally:
        try:
            again = _read(setting, cursor, tally)
        except (Missing, Rejected) as trouble:
            if (
                cursor.next_url
            ):  # an address of an earlier run that Clio no longer takes: begin this reading anew
                return _pause(cursor, now + timedelta(seconds=5), next_url="", trouble=trouble.text)
            return _pause(cursor, now + timedelta(minutes=15), trouble=trouble.text)
        except RemoteTrouble as trouble:
            wait = timedelta(seconds=trouble.after or 60)
            text = "" if isinstance(trouble, Limited) else trouble.text
            return _pause(cursor, timezone.now() + wait, trouble=text)
        if again is not None:
            return again
        if not reading:
            tally.finished_at = timezone.now()
    return telling.tell(connection_id=connection_id, now=timezone.now())


def _read(setting: ContactSync, cursor: Cursor, tally: Cycle) -> datetime | None:
    connection = setting.connection
    until = timezone.now() + STRETCH
    session = clio.session(connection, Priority.BACKGROUND, before=partial(counted, tally))
    with clio.noticing(connection):
        for page in remote.pages(
            session,
            start_url=cursor.next_url or None,
            updated_since=cursor.since - OVERLAP if cursor.since else None,
        ):
            cursor = _store(setting, cursor, page, tally)
            if page.next_url and timezone.now() >= until:
                return _pause(cursor, timezone.now())
    return None


def _take(connection: Connection, now: datetime) -> Cursor | None:
    free = Q(leased_until=None) | Q(leased_until__lte=now)
    with transaction.atomic():
        terms.begin(connection)
        cursor = (
            Cursor.objects.select_for_update().filter(free, connection=connection, kind=terms.CHANGES).first()
        )
        if cursor is None:
            return None
        if cursor.state != Cursor.State.RUNNING:
            if not cursor.next_url:
                cursor.started_at, cursor.told_at = now, None
                cursor.pages = cursor.seen = cursor.created = cursor.changed = 0
            cursor.state = Cursor.State.RUNNING
        cursor.leased_until = now + LEASE
        cursor.save()
        ContactSync.objects.filter(connection=connection).update(next_cycle_at=now + EVERY)
    return cursor


def _pause(cursor: Cursor, at: datetime, *, next_url: str | None = None, trouble: str = "") -> datetime:
    changes = {"leased_until": None, "trouble": trouble[:300], "next_try_at": at if trouble else None}
    if next_url is not None:
        changes["next_url"] = next_url
    Cursor.objects.filter(pk=cursor.pk).update(**changes)
    return at


def _store(setting: ContactSync, cursor: Cursor, page: Page[ClioContact], tally: Cycle) -> Cursor:
    """One page: what comes of it and the cursor in one transaction."""
    connection, now = setting.connection, timezone.now()
    records = [theirs_of(one, connection.firm.country) for one in page.items if not one.redacted]
    with transaction.atomic():
        locked = terms.hold(connection)
        before = tally.added_here, tally.changed_here
        # The phase may have changed since the page was asked for: what was read is still good.
        setting.refresh_from_db(fields=["phase", "clients_only", "people_only", "policy"])
        take = TAKES.get(setting.phase, first.stage)
        take(setting, records, now, tally)
        tally.looked_at += len(page.items)
        locked.pages += 1
        locked.seen += len(page.items)
        locked.created += tally.added_here - before[0]
        locked.changed += tally.changed_here - before[1]
        locked.next_url = page.next_url or ""
        locked.told_at = locked.told_at or page.at or locked.started_at
        locked.trouble, locked.next_try_at = "", None
        locked.leased_until = now + LEASE
        if not page.next_url:
            _finish(setting, locked, now)
        locked.save()
    return locked


def _finish(setting: ContactSync, cursor: Cursor, now: datetime) -> None:
    """The last page: everything Clio had changed before this reading began is known."""
    cursor.state = Cursor.State.DONE
    cursor.since = cursor.told_at
    cursor.finished_at = now
    cursor.leased_until = None
    if setting.phase == ContactSync.Phase.READING:
        ContactSync.objects.filter(pk=setting.pk).update(phase=ContactSync.Phase.REVIEW)
        setting.phase = ContactSync.Phase.REVIEW
        record(
            "contacts_read",
            firm=setting.connection.firm_id,
            now=now,
            subject=setting.connection_id,
            seen=cursor.seen,
        )
    elif cursor.created or cursor.changed:
        record(
            "contacts_synced",
            firm=setting.connection.firm_id,
            now=now,
            subject=setting.connection_id,
            seen=cursor.seen,
        )


def look_at(*, connection_id: int, theirs: Sequence[str], now: datetime) -> None:
    """
    Look at single contacts in Clio, of which something was heard: by one request for all that are there, and one for
    each that is not. Raises RemoteTrouble.
    """
    setting = terms.of_active(connection_id)
    if setting is None or setting.phase != ContactSync.Phase.LIVE or not theirs:
        return
    connection = setting.connection
    with round_of(connection, Cycle.Kind.TOLD, now) as tally, clio.noticing(connection):
        session = clio.session(connection, Priority.SOON, before=partial(counted, tally))
        for start in range(0, len(theirs), MOST_BY_ID):
            some = list(theirs[start : start + MOST_BY_ID])
            found = remote.by_ids(session, some)
            records = [theirs_of(one, connection.firm.country) for one in found if not one.redacted]
            with transaction.atomic():
                terms.hold(connection)
                meet(setting, records, now=timezone.now(), tally=tally)
                tally.looked_at += len(records)
            for missing in sorted(set(some) - {one.id for one in found}):
                leaving.look_for(setting, session, missing, now=timezone.now(), tally=tally)


def due(now: datetime, limit: int = 500) -> list[int]:
    """Working connections whose next round has come."""
    rows = ContactSync.objects.filter(
        Q(next_cycle_at__lte=now) | Q(next_cycle_at=None), connection__state=Connection.State.ACTIVE
    ).exclude(phase=ContactSync.Phase.STOPPED)
    return list(rows.order_by("next_cycle_at").values_list("connection_id", flat=True)[:limit])
