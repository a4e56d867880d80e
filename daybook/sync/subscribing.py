"""Subscribing to Clio's webhooks, and keeping the subscriptions alive: what Clio lists is made to be what we want."""

from __future__ import annotations

import enum
import secrets
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.db.models import Q

from daybook.connectors.clio import webhooks as remote
from daybook.connectors.clio.session import Priority, Session
from daybook.connectors.clio.shapes import Webhook
from daybook.connectors.errors import Missing, NotAuthorised, RemoteTrouble
from daybook.sync import clio, hooks
from daybook.sync.hooks import Subscription
from daybook.sync.models import Connection, Hook
from daybook.sync.trouble import worth_repeating

log = structlog.get_logger()

#: Clio allows 31 days (webhooks guide, read 2026-10); its clock need not be ours.
LIFE = timedelta(days=30)
#: The end comes without notice: nine missed days must not matter.
RENEW_BEFORE = timedelta(days=10)
LEASE = timedelta(minutes=2)
#: How long a handshake may be under way before a subscription without a secret is given up.
PATIENCE = timedelta(hours=1)
#: When to look again after something was made: the handshake has come by then, or is made up for.
LOOK_AGAIN = timedelta(minutes=1)


class Verdict(enum.Enum):
    """What becomes of one of our rows."""

    KEEP = "it is as it should be"
    RENEW = "its end is near"
    CONFIRM = "the handshake was missed"
    AWAIT = "the handshake may still come"
    MAKE = "Clio was not asked yet, or never heard the request"
    ANEW = "there is no way back to a working one"


#: By Clio's word for how it stands. There is no documented way out of a suspension (2026-10). A word nobody has
#: published yet is no reason to throw a subscription away.
STANDING: dict[str, Verdict] = {
    "enabled": Verdict.KEEP,
    "pending": Verdict.CONFIRM,
    "suspended": Verdict.ANEW,
}


@dataclass(frozen=True, slots=True)
class Work:
    """One row at work: what we have, what Clio has of it, what is wanted."""

    session: Session
    hook: Hook
    wanted: Subscription
    theirs: Webhook | None
    now: datetime


def look_after(*, connection_id: int, now: datetime, soon: bool = False) -> datetime | None:
    """
    Make Clio's subscriptions what `hooks.WANTED` says: made, confirmed, renewed, made anew, strangers of ours removed.

    One request when all is well. Safe to repeat and to interrupt: a row is there before Clio is asked, and what was
    made without our hearing of it is found by its address. Where Clio cannot reach us, nothing is subscribed, and
    what still is gets removed. Returns when to look again, if that is before tomorrow. Raises RemoteTrouble, after
    noting it where `hooks.state_of` reads it.
    """
    connection = Connection.objects.filter(pk=connection_id, state=Connection.State.ACTIVE).first()
    if connection is None:
        return None
    wanted = hooks.WANTED if hooks.reachable(connection) else ()
    rows = _claim(connection, wanted, now)
    if rows is None:
        return now + LEASE
    if not rows:
        return None
    session = clio.session(connection, Priority.SOON if soon else Priority.BACKGROUND)
    try:
        with clio.noticing(connection):
            _agree(session, connection, rows, wanted, now)
    except RemoteTrouble as trouble:
        hooks.live(connection).update(trouble=trouble.text[:300])
        raise
    finally:
        hooks.live(connection).update(leased_until=None)
    fresh = hooks.live(connection).filter(status=Hook.Status.WAITING, made_at__gte=now, trouble="")
    return now + LOOK_AGAIN if fresh.exists() else None


def _claim(connection: Connection, wanted: Sequence[Subscription], now: datetime) -> list[Hook] | None:
    """The rows, those missing added, for this process alone; None while another is at it."""
    with transaction.atomic():
        still = Connection.objects.select_for_update(no_key=True).filter(
            pk=connection.pk, state=Connection.State.ACTIVE
        )
        if not still.exists():
            return []
        rows = {row.model: row for row in hooks.live(connection)}
        if any(row.leased_until and row.leased_until > now for row in rows.values()):
            return None
        for one in wanted:
            if one.model not in rows:
                rows[one.model] = _new_row(connection, one.model, now)
        hooks.live(connection).update(leased_until=now + LEASE)
    return list(rows.values())


def _new_row(connection: Connection, model: str, now: datetime) -> Hook:
    return Hook.objects.create(
        connection=connection,
        model=model,
        token=secrets.token_urlsafe(32),
        made_at=now,
        leased_until=now + LEASE,
    )


def _agree(
    session: Session,
    connection: Connection,
    rows: Sequence[Hook],
    wanted: Sequence[Subscription],
    now: datetime,
) -> None:
    listed = remote.list(session)
    by_token: dict[str, list[Webhook]] = defaultdict(list)
    for theirs in listed:
        by_token[hooks.token_of(theirs.url)].append(theirs)
    kept: set[str] = set()
    models = {one.model: one for one in wanted}
    for row in rows:
        if row.model not in models:
            _end_rows(Q(pk=row.pk), now)
            continue
        theirs_one = _pick(by_token.get(row.token, []), row)
        work = Work(session, row, models[row.model], theirs_one, now)
        judged = verdict(work)
        if theirs_one is not None and judged is not Verdict.ANEW:
            kept.add(theirs_one.id)
        try:
            ACTS[judged](work)
        except NotAuthorised:
            raise
        except RemoteTrouble as trouble:
            if worth_repeating(trouble):
                raise
            # Only this one is turned down: the others may still do.
            hooks.live(connection).filter(model=row.model).update(trouble=trouble.text[:300])
    _remove_strangers(session, connection, [one for one in listed if one.id not in kept])


def _pick(found: Sequence[Webhook], row: Hook) -> Webhook | None:
    """Of several with one address, as an answer that got lost may leave them, the one we know, else the last."""
    return next((one for one in found if one.id == row.theirs), None) or (found[-1] if found else None)


def verdict(work: Work) -> Verdict:
    """What is to become of a row; decides and does nothing."""
    hook, theirs, wanted, now = work.hook, work.theirs, work.wanted, work.now
    if theirs is None:
        return Verdict.ANEW if hook.theirs or hook.secret else Verdict.MAKE
    if theirs.expires_at is not None and theirs.expires_at <= now:
        return Verdict.ANEW
    if not _as_wanted(theirs, wanted, hook):
        return Verdict.ANEW
    standing = STANDING.get(theirs.status, Verdict.KEEP)
    if standing is not Verdict.ANEW and not (theirs.shared_secret or hook.secret):
        young = standing is Verdict.CONFIRM and now - hook.made_at < PATIENCE
        return Verdict.AWAIT if young else Verdict.ANEW
    if standing is Verdict.KEEP and theirs.expires_at and theirs.expires_at < now + RENEW_BEFORE:
        return Verdict.RENEW
    return standing


def _as_wanted(theirs: Webhook, wanted: Subscription, hook: Hook) -> bool:
    """Whether address, model, events and fields are those of the table; more than asked for does no harm."""
    fields = {name.strip() for name in theirs.fields.split(",")}
    return (
        theirs.url == hooks.url_of(hook.token)
        and theirs.model == wanted.model
        and set(wanted.events) <= set(theirs.events)
        and set(wanted.fields.split(",")) <= fields
    )


# --- the acts ---------------------------------------------------------------------------------------------------------


def _keep(work: Work) -> None:
    assert work.theirs is not None
    _remember(work.hook, work.theirs)


def _await(work: Work) -> None:
    """Nothing can be done but to wait."""


def _renew(work: Work) -> None:
    assert work.theirs is not None
    renewed = remote.renew(work.session, work.theirs.id, work.now + LIFE)
    if _remember(work.hook, renewed):
        Hook.objects.filter(pk=work.hook.pk).update(renewed_at=work.now)


def _confirm(work: Work) -> None:
    assert work.theirs is not None
    secret = work.theirs.shared_secret or work.hook.secret
    remote.activate(work.session, work.theirs.id, secret)
    _remember(work.hook, work.theirs, confirmed=True)


def _make(work: Work) -> None:
    _create(work, work.hook)


def _anew(work: Work) -> None:
    """The new one first, with an address of its own; what is left of the old one is then a stranger of ours."""
    with transaction.atomic():
        _end_rows(Q(pk=work.hook.pk), work.now)
        fresh = _new_row(work.hook.connection, work.hook.model, work.now)
    _create(work, fresh)


ACTS: dict[Verdict, Callable[[Work], None]] = {
    Verdict.KEEP: _keep,
    Verdict.RENEW: _renew,
    Verdict.CONFIRM: _confirm,
    Verdict.AWAIT: _await,
    Verdict.MAKE: _make,
    Verdict.ANEW: _anew,
}


def _create(work: Work, hook: Hook) -> None:
    """The handshake comes to the row's address, perhaps before Clio has answered here."""
    wanted = work.wanted
    made = remote.create(
        work.session,
        url=hooks.url_of(hook.token),
        model=wanted.model,
        fields=wanted.fields,
        events=wanted.events,
        expires_at=work.now + LIFE,
    )
    if not _remember(hook, made):
        # The firm disconnected meanwhile. If this fails too, the address answers 410, at which Clio gives up.
        _delete(work.session, made.id)


def _remember(hook: Hook, theirs: Webhook, *, confirmed: bool = False) -> bool:
    """Take over what Clio says of a subscription; False when it has been ended here meanwhile."""
    with transaction.atomic():
        row = Hook.objects.select_for_update().get(pk=hook.pk)
        if row.status == Hook.Status.ENDED:
            return False
        row.theirs, row.trouble = theirs.id, ""
        row.expires_at = theirs.expires_at or row.expires_at
        row.secret = theirs.shared_secret or row.secret
        if row.secret and (confirmed or theirs.status == "enabled"):
            row.status = Hook.Status.ON
        row.save()
    return True


def _delete(session: Session, webhook_id: str) -> None:
    try:
        remote.delete(session, webhook_id)
    except Missing:
        return


def _remove_strangers(session: Session, connection: Connection, others: Sequence[Webhook]) -> None:
    """
    Subscriptions that lead to us and that no living row knows: of rows that ended, and doubles. Another Daybook with
    the same application has other addresses, and another firm in the same Clio account rows of its own.
    """
    tokens = {one.id: hooks.token_of(one.url) for one in others}
    living = set(
        Hook.objects.filter(token__in=tokens.values())
        .exclude(status=Hook.Status.ENDED)
        .exclude(connection=connection)
        .values_list("token", flat=True)
    )
    once_ours = set(Hook.objects.filter(connection=connection).values_list("token", flat=True))
    for one in others:
        token = tokens[one.id]
        here = bool(token) and one.url == hooks.url_of(token)
        if token and token not in living and (here or token in once_ours):
            _delete(session, one.id)


# --- the end ----------------------------------------------------------------------------------------------------------


def _end_rows(which: Q, now: datetime) -> None:
    Hook.objects.filter(which).update(
        status=Hook.Status.ENDED, ended_at=now, secret="", leased_until=None, trouble=""
    )


def end_here(connection: Connection, now: datetime) -> list[Hook]:
    """From now on every address of the connection answers 410; returns what was living. Asks nobody."""
    rows = list(hooks.live(connection))
    _end_rows(Q(pk__in=[row.pk for row in rows]), now)
    return rows


def end_there(session: Session, rows: Sequence[Hook]) -> None:
    """
    Remove these at Clio as far as that goes. What stays is told 410 with its next delivery, and lives 31 days at
    most; the row keeps the reason.
    """
    try:
        known = {row.theirs for row in rows if row.theirs}
        lost = {row.token for row in rows if not row.theirs}
        if lost:
            known |= {one.id for one in remote.list(session) if hooks.token_of(one.url) in lost}
        for webhook_id in sorted(known):
            _delete(session, webhook_id)
    except RemoteTrouble as trouble:
        log.warning("clio_hooks_not_removed", trouble=type(trouble).__name__)
        Hook.objects.filter(pk__in=[row.pk for row in rows]).update(trouble=trouble.text[:300])
