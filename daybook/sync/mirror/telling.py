"""Telling Clio what it is owed: one contact after another, each only what changed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from django.db import transaction
from django.utils import timezone

from daybook.connectors.clio import contacts as remote
from daybook.connectors.clio.session import Priority, Session
from daybook.connectors.clio.shapes import ClioContact
from daybook.connectors.errors import (
    Garbled,
    Limited,
    Missing,
    NotAuthorised,
    RemoteTrouble,
    Retry,
    Stale,
    Unreachable,
)
from daybook.contacts import queries as contact_queries
from daybook.contacts.cards import card_of
from daybook.core.changes import reached, writes
from daybook.core.merging import merge
from daybook.sync import clio
from daybook.sync.mirror import adding, asking, leaving, owing, terms, wire
from daybook.sync.mirror.meeting import agreed_after, meet
from daybook.sync.mirror.owing import Turn
from daybook.sync.mirror.records import Agreed, theirs_of
from daybook.sync.mirror.tally import counted, round_of
from daybook.sync.models import ContactSync, Cycle, Link

#: One job tells for this long, then makes room for others and goes on in the next.
STRETCH = timedelta(seconds=40)

#: An answer nobody can read is often a proxy's, and the next one is Clio's: tried so often before a person is asked.
GARBLED_TRIES = 3

#: What somebody edits is told soon; a whole book that is to be told makes way for bookings.
A_FEW = 10

#: How often a contact that changes in Clio while it is being told is looked at again before it has to wait.
PATIENCE = 3


@dataclass(slots=True)
class Work:
    """What telling one contact takes along."""

    setting: ContactSync
    session: Session
    tally: Cycle


def tell(*, connection_id: int, now: datetime, kind: str = Cycle.Kind.EDIT) -> datetime | None:
    """
    Tell Clio of every contact it is owed and that is due, until none is left or the stretch is over.

    Returns when to come back, if anything is left that can go by itself. Never raises RemoteTrouble: what went wrong
    is kept with the contact it was about.
    """
    setting = terms.of_active(connection_id)
    if setting is None or setting.phase != ContactSync.Phase.LIVE:
        return None
    connection = setting.connection
    many = owing.how_many(connection)
    if not many:  # as after nearly every cycle
        return None
    until = timezone.now() + STRETCH
    with round_of(connection, kind, now) as tally:
        soon = Priority.SOON if many <= A_FEW else Priority.BACKGROUND
        session = clio.session(connection, soon, before=partial(counted, tally))
        work = Work(setting, session, tally)
        while (turn := owing.take(connection, timezone.now())) is not None:
            wait = _tell_one(work, turn)
            if wait is not None:
                return wait
            if timezone.now() >= until:
                return timezone.now()
    return owing.next_try(connection)


def _tell_one(work: Work, turn: Turn) -> datetime | None:
    """Returns the instant before which no other contact needs to be tried either."""
    now = timezone.now()
    try:
        with clio.noticing(work.setting.connection):
            first = _agree(work, turn)
    except Limited as trouble:
        at = now + timedelta(seconds=trouble.after or 60)
        owing.again(turn, text="", at=at, now=now)
        return at
    except NotAuthorised as trouble:  # somebody connects again; then everything goes on
        owing.again(turn, text=trouble.text, at=now, now=now)
        return now + timedelta(days=1)
    except RemoteTrouble as trouble:
        waits = isinstance(trouble, Stale) or (isinstance(trouble, Garbled) and turn.attempts < GARBLED_TRIES)
        if trouble.retry is Retry.NEVER and not waits:
            owing.stuck(turn, text=trouble.text, now=timezone.now())
            work.tally.trouble = trouble.text[:300]
            return None
        owing.again(turn, text=trouble.text, at=None, now=timezone.now())
        return timezone.now() + timedelta(seconds=5) if isinstance(trouble, Unreachable) else None
    if first:
        owing.stuck(turn, text=first, now=timezone.now())
    else:
        owing.done(turn, timezone.now())
    return None


def _agree(work: Work, turn: Turn) -> str:
    """
    Make Clio's contact what it should be. Returns what has to happen first when it cannot be done yet, or "".

    Raises RemoteTrouble; Stale when Clio's side kept changing meanwhile.
    """
    connection = work.setting.connection
    for _ in range(PATIENCE):
        contact = contact_queries.contacts_by_id(connection.firm_id, [turn.contact]).get(turn.contact)
        if contact is None:
            return ""
        link = Link.objects.filter(connection=connection, kind=Link.Kind.CONTACT, ours=contact.pk).first()
        if link is None:
            return adding.add(work.setting, work.session, contact, now=timezone.now(), tally=work.tally)
        known = Agreed.of(link)
        if known.sent is not None:
            # Nobody knows whether that arrived; it has to be found out before anything else is noted in its place.
            Link.objects.filter(pk=link.pk, etag=link.etag).update(etag="")
        if known.theirs is None or known.sent is not None or not link.etag:
            _read_again(work, link)
            continue
        merged = merge(
            agreed=known.base,
            ours=card_of(contact),
            theirs=known.theirs,
            policy=terms.rules(work.setting),
            newer=None,
        )
        needed = writes(known.theirs, merged.theirs)
        with transaction.atomic():
            asking.too_much(work.setting, contact, needed.left_out, timezone.now())
        if needed.empty:
            return ""
        noted = replace(known, sent=reached(merged.theirs, known.theirs, needed.left_out))
        if not _note(link, noted):
            continue  # somebody else has seen Clio's side meanwhile, or decided: look again
        try:
            changes = wire.changes(
                needed, merged.theirs.kind, lambda name: adding.company_id(work.session, name)
            )
            answer = remote.update(work.session, link.theirs, changes, link.etag)
        except Stale:
            _read_again(work, link)
            continue
        except Missing:
            leaving.look_for(work.setting, work.session, link.theirs, now=timezone.now(), tally=work.tally)
            return ""
        after = Agreed(
            noted.sent, agreed_after(merged, work.setting, needed.left_out), employer=known.employer
        )
        if not _heard(work, link, noted, after, answer):
            _read_again(work, link)
        work.tally.changed_there += 1
        return ""
    raise Stale("Clio")


def _read_again(work: Work, link: Link) -> None:
    """Clio's side is another than we thought: look, decide again."""
    leaving.look_for(work.setting, work.session, link.theirs, now=timezone.now(), tally=work.tally)


def _note(link: Link, noted: Agreed) -> bool:
    """Note what is on its way, ahead of sending it; unless the link is no longer as it was read."""
    same = Link.objects.filter(pk=link.pk, theirs=link.theirs, etag=link.etag, agreed=link.agreed)
    return bool(same.update(agreed=noted.json()))


def _heard(work: Work, link: Link, noted: Agreed, after: Agreed, answer: ClioContact) -> bool:
    """
    Clio has taken it: from now on that is what both sides agree on, and its answer is news like any other. Unless
    somebody else has seen Clio's side in between: theirs may be newer than the answer.
    """
    connection, now = work.setting.connection, timezone.now()
    with transaction.atomic():
        terms.hold(connection)
        same = Link.objects.filter(pk=link.pk, theirs=link.theirs, etag=link.etag, agreed=noted.json())
        # Without a tag: the answer is looked at even where Clio thinks that nothing has changed.
        if not same.update(agreed=after.json(), etag=""):
            return False
        meet(work.setting, [theirs_of(answer, connection.firm.country)], now=now, tally=work.tally)
    return True
