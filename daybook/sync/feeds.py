"""Calendar feeds: a lawyer's own, by its address; read only."""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.db import IntegrityError, transaction
from django.http import Http404

from daybook.calendars import operations as mirror
from daybook.calendars.models import Calendar
from daybook.calendars.operations import Busy
from daybook.connectors.errors import Missing, RemoteTrouble
from daybook.connectors.ics import NAME
from daybook.connectors.ics import fetch as remote
from daybook.connectors.ics.fetch import Fetched, Marks
from daybook.connectors.ics.read import read
from daybook.core.entries import Entry
from daybook.core.errors import Refusal
from daybook.core.periods import Period
from daybook.firms.models import Lawyer
from daybook.firms.outbox import record
from daybook.firms.permissions import Actor, firm_may, may
from daybook.sync.models import Connection, Feed
from daybook.sync.reading import Asked, Told

KIND = "feed"
#: Read this much further than the mirror must reach, so that for days "nothing has changed" needs no reading.
FURTHER = timedelta(days=7)
BEHIND = timedelta(days=1)
#: Raised whenever files are read differently than before: then what has not changed is read again, once.
READING = 2
MOST = 20  # feeds of one lawyer


class FeedRefused(Refusal):
    """An address that gives no calendar Daybook can read; the text says why."""

    says = "This calendar cannot be read."
    about = "address"


class NoSubscription(Refusal):
    """The firm's subscription has ended."""

    says = "Calendars cannot be added while the firm's subscription has ended."
    about = "address"


def add(
    *, lawyer: Lawyer, actor: Actor, address: str, name: str, until: datetime, now: datetime
) -> Connection:
    """
    Add a feed to the lawyer's calendars, read at once as far as `until`; from then on it blocks their time.

    Does HTTP before its transaction. Raises FeedRefused, NoSubscription.
    """
    if not firm_may(actor.firm, "integrations"):
        raise NoSubscription
    wanted = remote.address_of(address)
    if Connection.objects.filter(lawyer=lawyer, provider=Connection.Provider.ICS).count() >= MOST:
        raise FeedRefused(f"More than {MOST} feeds are too many. Remove one first.")
    if Connection.objects.filter(lawyer=lawyer, account_id=_fingerprint(wanted)).exists():
        raise FeedRefused("This calendar has been added already.")
    window = Period(now - BEHIND, until + FURTHER)
    try:
        found = remote.fetch(wanted, private=settings.PRIVATE_NETWORKS)
        busy = _busy(read(found.body or b"", window=window, home=lawyer.time_zone))
    except RemoteTrouble as trouble:
        raise FeedRefused(trouble.text) from trouble
    host = urlsplit(wanted).hostname or ""
    try:
        with transaction.atomic():
            connection = Connection.objects.create(
                firm_id=lawyer.firm_id,
                lawyer=lawyer,
                provider=Connection.Provider.ICS,
                account_id=_fingerprint(wanted),
                account_name=name[:255] or host[:255],
                connected_by=actor.user,
                connected_at=now,
            )
            feed = Feed(connection=connection, address=wanted, host=host[:255])
            _remember(feed, found, lawyer.time_zone)
            feed.save()
            calendar = mirror.add_own(
                lawyer=lawyer,
                connection_id=connection.pk,
                external_id=KIND,
                name=connection.account_name,
                kind=KIND,
            )
            mirror.store_busy(
                calendar_id=calendar.pk,
                busy=busy,
                start=window.start,
                end=window.end,
                read_at=now,
                whole=True,
            )
            _record("feed_added", lawyer, actor, calendar, now)
    except IntegrityError as error:
        raise FeedRefused("This calendar has been added already.") from error
    return connection


def remove(*, connection: Connection, actor: Actor, now: datetime) -> None:
    """Forget a feed: its address, its mirror, and that it blocked anything."""
    with transaction.atomic():
        lawyer = Lawyer.objects.get(pk=connection.lawyer_id)
        calendar = Calendar.objects.get(connection=connection)
        _record("feed_removed", lawyer, actor, calendar, now)
        connection.delete()


def of_lawyer(lawyer: Lawyer) -> list[Calendar]:
    """The lawyer's feeds, each with its connection and what is kept of its address."""
    own = Calendar.objects.filter(connection__lawyer=lawyer, connection__provider=Connection.Provider.ICS)
    return list(own.select_related("connection__feed").order_by("name", "pk"))


def access_feed(actor: Actor, connection_id: int) -> Connection:
    """Raises Http404 for another firm's, and for a lawyer whose calendars this person may not choose."""
    found = (
        Connection.objects.filter(pk=connection_id, firm=actor.firm, provider=Connection.Provider.ICS)
        .select_related("lawyer", "feed")
        .first()
    )
    if found is None or not may(actor, "choose_calendars", found.lawyer):
        raise Http404
    return found


def _record(event: str, lawyer: Lawyer, actor: Actor, calendar: Calendar, now: datetime) -> None:
    own = actor.own is not None and actor.own.pk == lawyer.pk
    record(
        event,
        firm=lawyer.firm_id,
        now=now,
        subject=lawyer.pk,
        actor=actor.user,
        behalf_of=None if own else lawyer,
        calendar=calendar.pk,
        called=calendar.name,
    )


def find(calendar: Calendar, connection: Connection, asked: Asked) -> Told:
    """
    What the feed says now. When it says that nothing has changed and the mirror reaches far enough, nothing is read.

    Raises RemoteTrouble.
    """
    feed = Feed.objects.select_related("connection__lawyer").filter(connection=connection).first()
    if feed is None:
        raise Missing(NAME, text="This feed has been removed.")
    home = feed.connection.lawyer.time_zone
    known = _known(calendar, feed, home, asked)
    found = remote.fetch(
        feed.address,
        since=Marks(feed.etag, feed.modified) if known else None,
        private=settings.PRIVATE_NETWORKS,
        seconds=remote.LIVE_SECONDS if asked.live else remote.BACKGROUND_SECONDS,
    )
    if known and calendar.read_from is not None and calendar.read_until is not None:
        same = found.body is None or _digest(found.body) == feed.digest
        if same:
            return Told(None, calendar.read_from, calendar.read_until, whole=True)
    # A feed comes whole, however little was asked of it: then the mirror is renewed as far as it reached.
    reached = calendar.read_until or asked.end
    window = Period(
        min(asked.start, asked.now - BEHIND), max(asked.end + (FURTHER if asked.whole else BEHIND), reached)
    )
    busy = _busy(read(found.body or b"", window=window, home=home))

    def kept() -> None:
        _remember(feed, found, home)
        kept_now = {name: getattr(feed, name) for name in ("etag", "modified", "digest", "zone", "reading")}
        Feed.objects.filter(pk=feed.pk).update(**kept_now)  # it may have been removed meanwhile

    return Told(busy, window.start, window.end, whole=True, kept=kept)


def _known(calendar: Calendar, feed: Feed, home: str, asked: Asked) -> bool:
    """Whether the mirror, if the feed has not changed, answers what is asked."""
    return (
        calendar.read_until is not None
        and calendar.read_from is not None
        and calendar.read_from <= asked.start
        and asked.end <= calendar.read_until
        and (feed.zone, feed.reading) == (home, READING)
        and bool(feed.digest)
    )


def _remember(feed: Feed, found: Fetched, home: str) -> None:
    feed.etag, feed.modified = found.marks.etag, found.marks.modified
    feed.digest = _digest(found.body or b"")
    feed.zone, feed.reading = home, READING


def _busy(entries: list[Entry]) -> list[Busy]:
    return [
        Busy(
            external_id=entry.external_id,
            during=entry.during,
            all_day=entry.all_day,
            standing=entry.standing,
        )
        for entry in entries
    ]


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def _fingerprint(address: str) -> str:
    """What tells two addresses apart without telling what they are."""
    return hmac.new(settings.SECRET_KEY.encode(), address.encode(), hashlib.sha256).hexdigest()[:60]
