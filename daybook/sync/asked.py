"""What people ask of contact sync by a button: a round at once, another try, an answer that counts once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import transaction

from daybook.core.errors import Refusal
from daybook.firms.models import Event
from daybook.firms.outbox import record
from daybook.firms.permissions import Actor
from daybook.sync import questions
from daybook.sync.mirror import answers, asking, owing, terms
from daybook.sync.models import Apart, ContactSync, Link, Question

#: How often somebody may ask for a round.
PAUSE = timedelta(minutes=1)


class TooSoon(Refusal):
    """A round was asked for a moment ago."""

    says = "Syncing was asked for less than a minute ago. It is on its way."


class NotInSync(Refusal):
    """There is no round to be had before the first import is over, nor while sync is stopped."""

    says = "Contacts are not synced just now, so nothing can be asked for at once."


class Answered(Refusal):
    """Somebody else was faster."""

    says = "This has been settled already."


def sync_now(*, actor: Actor, setting: ContactSync, now: datetime) -> None:
    """Have what changed in Clio read at once, and Clio told what it is owed. Raises NotInSync, TooSoon."""
    connection = setting.connection
    with transaction.atomic():
        terms.hold(connection)
        setting.refresh_from_db(fields=["phase"])
        if setting.phase != ContactSync.Phase.LIVE:
            raise NotInSync
        if Event.objects.filter(
            firm=actor.firm, name="contact_sync_asked_for", subject=connection.pk, at__gt=now - PAUSE
        ).exists():
            raise TooSoon
        record("contact_sync_asked_for", firm=actor.firm, now=now, subject=connection.pk, actor=actor.user)


def try_again(*, actor: Actor, setting: ContactSync, contact_id: int | None, now: datetime) -> None:
    """Tell Clio at once what it is owed of one contact, or of all."""
    with transaction.atomic():
        owing.retry(setting.connection, now, contact_id)
        record("contact_decided", firm=actor.firm, now=now, subject=setting.connection_id, actor=actor.user)


def mark(question: Question) -> str:
    """What a page remembers of a question, so that nobody answers another than they read."""
    return hashlib.sha256(json.dumps(question.details, sort_keys=True).encode()).hexdigest()[:16]


def decide(
    *,
    actor: Actor,
    setting: ContactSync,
    question: Question,
    read: str,
    settle: Callable[[Question], None],
    now: datetime,
) -> None:
    """
    Carry out an answer by `settle`, for the first who gives one. `read` is the `mark` of what they read.

    Raises Answered, and answers.NoLonger when what the question was about is not so any more.
    """
    try:
        with transaction.atomic():
            terms.hold(setting.connection)
            question = Question.objects.select_for_update().get(pk=question.pk)
            if question.answered_at is not None:
                raise Answered
            if read != mark(question):
                raise answers.NoLonger
            settle(question)
    except answers.NoLonger:
        _close_if_moot(actor, setting, question, now)
        raise


def _close_if_moot(actor: Actor, setting: ContactSync, question: Question, now: datetime) -> None:
    """A dispute about a contact that is no longer linked has nothing left to decide."""
    if question.kind != Question.Kind.CONFLICT:
        return
    links = Link.objects.filter(connection=setting.connection, kind=Link.Kind.CONTACT)
    if not links.filter(ours=question.details["contact"]).exists():
        questions.answer(actor=actor, question=question, answer="no longer linked", now=now)


def bring_back(*, actor: Actor, setting: ContactSync, apart: Apart, now: datetime) -> None:
    """A contact removed here is wanted again: it is read from Clio, and comes in as any other. Raises NoLonger."""
    connection = setting.connection
    with transaction.atomic():
        terms.hold(connection)
        gone, _ = Apart.objects.filter(pk=apart.pk, why=Apart.Why.REMOVED).exclude(theirs="").delete()
        if not gone:
            raise answers.NoLonger
        questions.settle_about(
            firm_id=actor.firm.pk,
            kind=Question.Kind.CHANGED_GONE,
            about=asking.about_theirs(apart.theirs),
            now=now,
            answer="brought back",
        )
        record(
            "contact_decided",
            firm=actor.firm,
            now=now,
            subject=connection.pk,
            actor=actor.user,
            theirs=apart.theirs,
        )
