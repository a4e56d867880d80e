"""What only a person can settle: asked once, shown until answered."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404

from daybook.firms.models import Firm
from daybook.firms.outbox import record
from daybook.firms.permissions import Actor, may
from daybook.sync.models import Question


def ask(
    *,
    firm_id: int,
    kind: str,
    text: str,
    now: datetime,
    details: dict[str, Any] | None = None,
    lawyer_id: int | None = None,
    appointment_id: int | None = None,
) -> Question:
    """Put a question to the office. An open one of the same kind about the same appointment is renewed, not doubled."""
    with transaction.atomic():
        Firm.objects.select_for_update(no_key=True).get(pk=firm_id)
        same = Question.objects.filter(firm=firm_id, kind=kind, appointment=appointment_id, answered_at=None)
        if appointment_id is None:
            same = same.filter(details=details or {})
        question = same.first()
        if question is not None:
            question.text, question.details = text[:500], details or {}
            question.save(update_fields=["text", "details"])
            return question
        question = Question.objects.create(
            firm_id=firm_id,
            lawyer_id=lawyer_id,
            appointment_id=appointment_id,
            kind=kind,
            text=text[:500],
            details=details or {},
            asked_at=now,
        )
        record("question_asked", firm=firm_id, now=now, subject=question.pk, kind=kind)
    return question


def ask_about(
    *, firm_id: int, kind: str, about: str, text: str, details: dict[str, Any], now: datetime
) -> bool:
    """
    Put a question that belongs to no appointment, in the caller's transaction. An open one of the same kind about the
    same thing is brought up to date. Returns whether it is new.

    The caller sees to it that nobody else asks about the same thing at this moment.
    """
    same = Question.objects.filter(firm=firm_id, kind=kind, about=about, answered_at=None)
    if same.update(text=text[:500], details=details):
        return False
    question = Question.objects.create(
        firm_id=firm_id, kind=kind, about=about, text=text[:500], details=details, asked_at=now
    )
    record("question_asked", firm=firm_id, now=now, subject=question.pk, kind=kind)
    return True


def open_about(firm_id: int, abouts: Iterable[str]) -> set[tuple[str, str]]:
    """Kind and subject of the open questions about any of these."""
    found = Question.objects.filter(firm=firm_id, answered_at=None, about__in=list(abouts))
    return set(found.values_list("kind", "about"))


def settle_about(
    *, firm_id: int, kind: str, about: str, now: datetime, answer: str = "settled itself"
) -> None:
    """What a question was about is so no longer: close it."""
    Question.objects.filter(firm=firm_id, kind=kind, about=about, answered_at=None).update(
        answered_at=now, answer=answer[:60]
    )


def settle(*, appointment_id: int, kind: str, now: datetime, answer: str) -> None:
    """The matter of a question has resolved itself: close it."""
    Question.objects.filter(appointment=appointment_id, kind=kind, answered_at=None).update(
        answered_at=now, answer=answer[:60]
    )


def answer(*, actor: Actor, question: Question, answer: str, now: datetime) -> None:
    """Somebody dealt with it."""
    with transaction.atomic():
        answered = Question.objects.filter(pk=question.pk, answered_at=None).update(
            answered_at=now, answered_by=actor.user, answer=answer[:60]
        )
        if answered:
            record("question_answered", firm=actor.firm, now=now, subject=question.pk, actor=actor.user)


def open_questions(actor: Actor) -> QuerySet[Question]:
    """
    What waits for this person of appointments: at their desk, or in the whole firm when they may see everything.
    Questions about contacts have answers of their own, in the Sync centre.
    """
    found = Question.objects.filter(firm=actor.firm, answered_at=None, about="").select_related(
        "appointment__lawyer", "appointment__contact", "lawyer"
    )
    if not may(actor, "connect_firm"):
        found = found.filter(lawyer=actor.lawyer)
    return found.order_by("asked_at")


def access_question(actor: Actor, question_id: int) -> Question:
    """Raises Http404 for another firm's question, or another lawyer's."""
    question = open_questions(actor).filter(pk=question_id).first()
    if question is None:
        raise Http404
    return question
