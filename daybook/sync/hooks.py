"""What Clio tells us by webhook: which changes we ask for, whom we believe, and what still has to be looked at."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import structlog
from django.conf import settings
from django.db import connection as database
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils.crypto import constant_time_compare

from daybook.connectors.clio import webhooks as remote
from daybook.connectors.errors import Garbled
from daybook.firms import throttle
from daybook.sync import clio
from daybook.sync.models import Connection, Delivery, Heard, Hook, Link

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Subscription:
    """`follow` is the job that looks at what changed, `wait` how long changes gather before it does."""

    model: remote.Model
    fields: str
    events: tuple[str, ...]
    follow: str
    wait: timedelta


#: All that is subscribed to. `updated_at` among the fields lets every change be told, the etag says which of them are
#: our own. Reading calendars takes a request for each, contacts one in all: hence the different patience.
WANTED: tuple[Subscription, ...] = (
    Subscription("contact", "id,etag,updated_at", remote.CHANGES, "heed_contacts", timedelta(seconds=3)),
    Subscription(
        "calendar_entry", "id,etag,updated_at", remote.CHANGES, "heed_calendars", timedelta(seconds=10)
    ),
)
BY_MODEL: dict[str, Subscription] = {one.model: one for one in WANTED}

PATH = "/hooks/clio/"
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
#: What serves where Clio does not tell, and beside it where it does (jobs/schedule.py).
ASKING = "contacts every two hours, calendars every five minutes"
#: A delivery with three short fields has some 200 bytes.
LARGEST = 64 * 1024
#: Posts to one address in ten minutes. Whoever changes more at once is found by the next round of asking.
MOST = 12_000
#: Clio repeats a delivery for about an hour (facts: 5 attempts, doubling from 2 minutes; read 2026-10).
DELIVERIES_KEPT = timedelta(days=3)
#: No subscription lives longer than 31 days: after these nobody can post to an ended address any more.
ENDED_KEPT = timedelta(days=40)
#: What has been heard for so long without anybody looking was forgotten by the job that should have.
FORGOTTEN = timedelta(minutes=1)

Listener = Callable[[Subscription, Connection], None]
_listeners: list[Listener] = []


def listen(listener: Listener) -> None:
    """Call `listener` with every change told, inside the transaction that notes it. Called once, at start."""
    if listener not in _listeners:
        _listeners.append(listener)


# --- where, and whether -----------------------------------------------------------------------------------------------


def url_of(token: str) -> str:
    """The address Clio posts to."""
    return f"{settings.PUBLIC_URL}{PATH}{token}"


def token_of(url: str) -> str:
    """The token in an address of ours, of this host or an earlier one; empty for anybody else's."""
    path = urlsplit(url).path
    return path.removeprefix(PATH) if path.startswith(PATH) else ""


def reachable(connection: Connection) -> bool:
    """
    Whether Clio can post to this Daybook: over https (webhooks guide, read 2026-10), or without it when both are on
    one machine, as in the demo.
    """
    if settings.PUBLIC_URL.startswith("https://"):
        return True
    return bool(settings.PUBLIC_URL) and urlsplit(clio.host(connection.region)).hostname in LOOPBACK


def live(connection: Connection) -> QuerySet[Hook]:
    """The subscriptions that are, or are to be."""
    return Hook.objects.filter(connection=connection).exclude(status=Hook.Status.ENDED)


def state_of(connection: Connection, now: datetime) -> str:
    """One line for Integrations: whether Clio tells us of changes, and what serves where it does not."""
    rows = list(live(connection))
    working = [row for row in rows if row.status == Hook.Status.ON and (row.expires_at or now) >= now]
    trouble = next((row.trouble for row in rows if row.trouble), "")
    if connection.state != Connection.State.ACTIVE:
        return "Clio is not connected, so it tells Daybook of no changes."
    if not reachable(connection):
        return f"Clio cannot reach this Daybook by https, so Daybook asks: {ASKING}."
    if rows and len(working) == len(WANTED):
        return "Clio tells Daybook of changes within seconds."
    if trouble:
        return f"Clio does not tell Daybook of every change: {trouble} Meanwhile Daybook asks: {ASKING}."
    return f"Clio is being asked to tell Daybook of changes. Meanwhile Daybook asks: {ASKING}."


# --- what arrives ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Answer:
    """What to tell whoever posted: a status, and in a handshake the secret."""

    status: int
    secret: str = ""


@dataclass(frozen=True, slots=True)
class Post:
    """What was posted to an address, the two headers empty where they were missing."""

    secret: str
    signature: str
    body: bytes


def take(*, token: str, post: Post, now: datetime) -> Answer:
    """
    Answer a handshake or a delivery: 200, or 404 for an address of nobody's, 410 for one that has ended, 429 for too
    much at once, 401 for what Clio did not sign.

    A delivery is noted together with the job that follows it, and nothing is done about it here.
    """
    hook = Hook.objects.select_related("connection").filter(token=token).first()
    if hook is None:
        return Answer(404)
    if hook.status == Hook.Status.ENDED or hook.connection.state == Connection.State.DISCONNECTED:
        return Answer(410)
    if not throttle.attempt("clio_hook", str(hook.pk), limit=MOST, now=now):
        return Answer(429)
    if post.secret:
        return _shake_hands(hook.pk, post.secret)
    if not remote.verify(hook.secret, post.body, post.signature):
        return _refuse(hook.pk)
    _note(hook, post.body, now)
    return Answer(200)


def _refuse(hook_id: int) -> Answer:
    Hook.objects.filter(pk=hook_id).update(refused=F("refused") + 1)
    return Answer(401)


def _shake_hands(hook_id: int, secret: str) -> Answer:
    """
    Take the secret of a subscription that has none yet; it may come before the request that makes the subscription
    was answered. Told again the same secret, the answer is the same; another one is refused.
    """
    with transaction.atomic():
        hook = Hook.objects.select_for_update().get(pk=hook_id)
        known = hook.secret
        if known and not constant_time_compare(known, secret):
            return _refuse(hook_id)
        if not known and hook.status != Hook.Status.WAITING:
            return _refuse(hook_id)
        if len(secret) > 300 or not secret.isprintable():
            return _refuse(hook_id)
        hook.secret, hook.status = secret, Hook.Status.ON
        hook.save(update_fields=["secret", "status"])
    return Answer(200, secret)


def _note(hook: Hook, body: bytes, now: datetime) -> None:
    """Once for each change: the same delivery again, in whatever order, changes nothing."""
    try:
        said = remote.parse(body)
    except Garbled:
        # Signed, but in a shape nobody has published: something happened, and the job finds out what.
        log.warning("clio_hook_not_understood", hook=hook.pk, model=hook.model)
        said = remote.Delivery("", "", "", "")
    told = "\n".join((said.webhook_id, said.event, said.id, said.etag)) if said.id and said.etag else None
    digest = hashlib.sha256(told.encode() if told else body).hexdigest()
    with transaction.atomic():
        if not _first_time(hook.pk, digest, now):
            return
        Heard.objects.bulk_create(
            [
                Heard(
                    connection=hook.connection,
                    model=hook.model,
                    theirs=said.id[:200],
                    event=said.event[:40],
                    etag=said.etag[:200],
                    at=now,
                )
            ],
            update_conflicts=True,
            unique_fields=["connection", "model", "theirs"],
            update_fields=["event", "etag", "at"],
        )
        Hook.objects.filter(pk=hook.pk).update(last_heard_at=now)
        wanted = BY_MODEL.get(hook.model)
        if wanted is not None:
            for listener in _listeners:
                listener(wanted, hook.connection)


def _first_time(hook_id: int, digest: str, now: datetime) -> bool:
    """Two of the same at once wait for each other here; the second sees the first."""
    with database.cursor() as cursor:
        cursor.execute(
            "INSERT INTO sync_delivery (hook_id, digest, at) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
            [hook_id, digest, now],
        )
        return bool(cursor.rowcount)


# --- what was heard and is still to be looked at ----------------------------------------------------------------------


def heard(connection: Connection, model: str) -> list[str]:
    """Ids of Clio's records to which something happened that nobody has looked at yet, longest ago first."""
    rows = Heard.objects.filter(connection=connection, model=model).exclude(theirs="")
    return list(rows.order_by("at", "pk").values_list("theirs", flat=True))


def looked_at(connection: Connection, model: str, theirs: Iterable[str], since: datetime) -> None:
    """These were read from Clio, at `since` or later: what was heard of them until then is dealt with."""
    rows = Heard.objects.filter(connection=connection, model=model, at__lte=since)
    rows.filter(theirs__in=list(theirs)).delete()


def contacts_to_look_at(connection: Connection) -> list[str]:
    """
    Ids of contacts of which something was heard. One that is as we know it is our own doing, told back to us; where it
    was not said which one, the next round of asking finds it.
    """
    Heard.objects.filter(connection=connection, model="contact", theirs="").delete()
    rows = list(Heard.objects.filter(connection=connection, model="contact"))
    known = dict(
        Link.objects.filter(
            connection=connection, kind=Link.Kind.CONTACT, theirs__in=[row.theirs for row in rows]
        ).values_list("theirs", "etag")
    )
    echoes = [
        row.pk for row in rows if row.event != "deleted" and row.etag and known.get(row.theirs) == row.etag
    ]
    Heard.objects.filter(pk__in=echoes).delete()
    return [row.theirs for row in rows if row.pk not in set(echoes)]


def entries_to_read(connection: Connection) -> bool:
    """
    Whether calendars have to be read for what was heard of entries, which is forgotten with the answer.

    An entry that is as we wrote it last is our own doing, told back to us.
    """
    with transaction.atomic():
        rows = list(Heard.objects.select_for_update().filter(connection=connection, model="calendar_entry"))
        Heard.objects.filter(pk__in=[row.pk for row in rows]).delete()
    told = {row.theirs: row.etag for row in rows if row.event != "deleted"}
    ours = dict(
        Link.objects.filter(connection=connection, kind=Link.Kind.ENTRY, theirs__in=list(told)).values_list(
            "theirs", "etag"
        )
    )
    return any(not row.etag or ours.get(row.theirs) != row.etag for row in rows)


def forgotten(now: datetime) -> list[tuple[Subscription, Connection]]:
    """Whose changes were noted a while ago and looked at by nobody: the job came between, or was lost."""
    rows = Heard.objects.filter(
        at__lte=now - FORGOTTEN,
        model__in=list(BY_MODEL),
        connection__state=Connection.State.ACTIVE,
    )
    pairs = rows.values_list("connection", "model").distinct()
    connections = Connection.objects.in_bulk({pk for pk, _ in pairs})
    return [(BY_MODEL[model], connections[pk]) for pk, model in pairs]


def forget_old(now: datetime) -> None:
    """Drop what only served to know repetitions, and addresses nobody can post to any more."""
    Delivery.objects.filter(at__lte=now - DELIVERIES_KEPT).delete()
    Hook.objects.filter(status=Hook.Status.ENDED, ended_at__lte=now - ENDED_KEPT).delete()
