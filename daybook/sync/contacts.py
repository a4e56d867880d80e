"""Clio's contacts into Daybook: the first import with progress, then what has changed since."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from daybook.connectors.clio import contacts as remote
from daybook.connectors.clio.session import Page, Priority
from daybook.connectors.clio.shapes import ClioContact
from daybook.connectors.errors import Limited, Missing, Rejected, RemoteTrouble
from daybook.contacts import operations as contacts
from daybook.contacts import queries as contact_queries
from daybook.contacts.cards import card_of, is_e164
from daybook.contacts.models import Contact
from daybook.core import matching
from daybook.core import people as core
from daybook.core.cards import TEXTS, Card, tidy
from daybook.firms.outbox import record
from daybook.sync import clio
from daybook.sync.models import Connection, Cursor, Link
from daybook.sync.people import compared, person_of

KIND = "contacts"

#: Clio's timestamps have whole seconds, and its pages are no snapshot: ask again for a little of what was read.
OVERLAP = timedelta(minutes=2)
LEASE = timedelta(minutes=2)
#: One job reads for this long, then makes room for others and goes on in the next.
STRETCH = timedelta(seconds=40)


def run(*, connection_id: int, now: datetime) -> datetime | None:
    """
    Read contacts from where the cursor stands until the end, or until the stretch is over.

    The first time reads all of them; later times what has changed. Every page is stored together with the cursor, so
    whatever happens no page is read for nothing or stored twice. Returns when to come back, if there is more to do.
    """
    connection = Connection.objects.filter(pk=connection_id, state=Connection.State.ACTIVE).first()
    if connection is None:
        return None
    cursor = _take(connection, now)
    if cursor is None:
        return None
    session = clio.session(connection, Priority.BACKGROUND)
    until = timezone.now() + STRETCH
    try:
        with clio.noticing(connection):
            pages = remote.pages(
                session,
                start_url=cursor.next_url or None,
                updated_since=cursor.since - OVERLAP if cursor.since else None,
            )
            for page in pages:
                _store(connection, cursor, page, timezone.now())
                if page.next_url and timezone.now() >= until:
                    return _pause(cursor, timezone.now())
    except (Missing, Rejected) as trouble:
        if cursor.next_url:  # an address of an earlier run that Clio no longer takes: begin this reading anew
            return _pause(cursor, now + timedelta(seconds=5), next_url="", trouble=trouble.text)
        return _pause(cursor, now + timedelta(minutes=15), trouble=trouble.text)
    except RemoteTrouble as trouble:
        wait = timedelta(seconds=trouble.after or 60)
        text = "" if isinstance(trouble, Limited) else trouble.text
        return _pause(cursor, timezone.now() + wait, trouble=text)
    return None


def _take(connection: Connection, now: datetime) -> Cursor | None:
    free = Q(leased_until=None) | Q(leased_until__lte=now)
    with transaction.atomic():
        Cursor.objects.get_or_create(connection=connection, kind=KIND)
        cursor = Cursor.objects.select_for_update().filter(free, connection=connection, kind=KIND).first()
        if cursor is None:
            return None
        if cursor.state in (Cursor.State.WAITING, Cursor.State.DONE, Cursor.State.STOPPED):
            if not cursor.next_url:
                cursor.started_at = now
                cursor.pages = cursor.seen = cursor.created = cursor.changed = 0
            cursor.state = Cursor.State.RUNNING
        cursor.leased_until = now + LEASE
        cursor.save()
    return cursor


def _pause(cursor: Cursor, at: datetime, *, next_url: str | None = None, trouble: str = "") -> datetime:
    changes = {"leased_until": None, "trouble": trouble[:300], "next_try_at": at if trouble else None}
    if next_url is not None:
        changes["next_url"] = next_url
    Cursor.objects.filter(pk=cursor.pk).update(**changes)
    return at


def hold_links(connection: Connection) -> Cursor:
    """Wait for one's turn to say which contact is which, until the transaction ends."""
    return Cursor.objects.select_for_update().get(connection=connection, kind=KIND)


def _store(connection: Connection, cursor: Cursor, page: Page[ClioContact], now: datetime) -> None:
    """One page: contacts, links and cursor in one transaction."""
    with transaction.atomic():
        locked = hold_links(connection)
        created, changed = take_in(connection, [c for c in page.items if not c.redacted], now)
        locked.pages += 1
        locked.seen += len(page.items)
        locked.created += created
        locked.changed += changed
        locked.next_url = page.next_url or ""
        locked.trouble, locked.next_try_at = "", None
        locked.leased_until = now + LEASE
        if not page.next_url:
            first = locked.since is None
            locked.state = Cursor.State.DONE
            locked.since = locked.started_at
            locked.finished_at = now
            locked.leased_until = None
            name = "contacts_imported" if first else "contacts_synced"
            if first or created or changed:
                record(name, firm=connection.firm_id, now=now, subject=connection.pk, seen=locked.seen)
        locked.save()
    for name in ("pages", "seen", "created", "changed", "next_url", "state", "since"):
        setattr(cursor, name, getattr(locked, name))


def take_in(connection: Connection, page: list[ClioContact], now: datetime) -> tuple[int, int]:
    """
    Make our contacts say what Clio's do, link by link, in the caller's transaction; returns how many were added and
    changed. The caller holds the cursor's row, so that nobody links the same record to somebody else meanwhile.
    """
    links = {
        link.theirs: link
        for link in Link.objects.filter(
            connection=connection, kind=Link.Kind.CONTACT, theirs__in=[one.id for one in page]
        )
    }
    ours = contact_queries.contacts_by_id(connection.firm_id, [link.ours for link in links.values()])
    country = connection.firm.country
    new: list[tuple[ClioContact, Card]] = []
    changed: list[tuple[Contact, Card, bool]] = []
    fresh: list[Link] = []
    for theirs in page:
        link = links.get(theirs.id)
        contact = ours.get(link.ours) if link else None
        if link is not None and contact is not None and link.etag == theirs.etag and link.agreed:
            continue
        if contact is None:
            contact = _known_already(connection, theirs)
        if contact is None:
            new.append((theirs, person_of(theirs, country)))
            continue
        before = card_of(contact)
        after = merged(before, person_of(theirs, country))
        if after != before or contact.is_client != theirs.is_client:
            changed.append((contact, after, theirs.is_client))
        if link is None:
            fresh.append(_link(connection, contact.pk, theirs, now))
        else:
            link.etag, link.agreed, link.agreed_at = theirs.etag[:200], {"read": True}, now
    for row, (theirs, _) in zip(
        contacts.store(
            firm=connection.firm,
            new=[(card, theirs.is_client) for theirs, card in new],
            changed=changed,
            now=now,
        ),
        new,
        strict=True,
    ):
        fresh.append(_link(connection, row.pk, theirs, now))
    Link.objects.bulk_create(fresh, ignore_conflicts=True)
    Link.objects.bulk_update(links.values(), ["etag", "agreed", "agreed_at"])
    return len(new), len(changed)


def _link(connection: Connection, ours: int, theirs: ClioContact, now: datetime) -> Link:
    return Link(
        connection=connection,
        kind=Link.Kind.CONTACT,
        ours=ours,
        theirs=theirs.id,
        etag=theirs.etag[:200],
        agreed={"read": True},
        agreed_at=now,
    )


def _known_already(connection: Connection, theirs: ClioContact) -> Contact | None:
    """A contact of ours, linked to nobody yet, who is this person beyond doubt."""
    candidate = compared(theirs, connection.firm.country)
    near: dict[int, Contact] = {}
    for email in candidate.emails:
        near |= {one.pk: one for one in contact_queries.with_email(connection.firm_id, email)}
    if not near:
        return None
    linked = set(
        Link.objects.filter(connection=connection, kind=Link.Kind.CONTACT, ours__in=list(near)).values_list(
            "ours", flat=True
        )
    )
    free = [
        core.Person(
            str(pk),
            contact.first_name,
            contact.last_name or contact.company_name,
            tuple(row.normal for row in contact.emails.all()),
            tuple(row.normal for row in contact.phones.all() if is_e164(row.normal)),
        )
        for pk, contact in near.items()
        if pk not in linked
    ]
    match = matching.find_match(candidate, free)
    sure = isinstance(match, matching.Match) and match.because is matching.Because.EMAIL_AND_NAME
    return near[int(match.person.key)] if sure and isinstance(match, matching.Match) else None


def merged(ours: Card, theirs: Card) -> Card:
    """Clio's values, and of ours what Clio has not: nobody's number is lost because the other side never knew it."""
    return Card(
        kind=theirs.kind,
        **{name: getattr(theirs, name) for name in TEXTS if name != "company"},
        company=theirs.company or ours.company,
        emails=tidy((*theirs.emails, *ours.emails)),
        phones=tidy((*theirs.phones, *ours.phones)),
        addresses=tidy((*theirs.addresses, *ours.addresses)),
    )
