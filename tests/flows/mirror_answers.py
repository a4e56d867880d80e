"""How the people of the machine answer what contact sync asks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils import timezone

from daybook.contacts import queries as contact_queries
from daybook.core.merging import Side
from daybook.sync import questions
from daybook.sync.mirror import answers
from daybook.sync.models import Question

if TYPE_CHECKING:
    from tests.flows.mirror_machine import Machine

Kind = Question.Kind


def answer(machine: Machine, question: Question, how: int) -> None:
    """Answer one question, one way or another. Raises Refusal when what it was about has changed."""
    said = _ANSWERS.get(question.kind)
    if said is None:
        questions.answer(actor=machine.actor, question=question, answer="seen", now=timezone.now())
    else:
        said(machine, question, how)


def _conflict(machine: Machine, question: Question, how: int) -> None:
    sides = tuple(Side)
    choices = {
        f"{one['field']}/{one['part']}".rstrip("/"): sides[(how + at) % 2]
        for at, one in enumerate(question.details["conflicts"])
    }
    answers.settle_conflict(
        actor=machine.actor,
        setting=machine.setting(),
        question=question,
        choices=choices,
        now=timezone.now(),
    )


def _maybe_same(machine: Machine, question: Question, how: int) -> None:
    now = timezone.now()
    if how % 2:
        answers.different_people(actor=machine.actor, setting=machine.setting(), question=question, now=now)
    else:
        ours = question.details["ours"]
        answers.same_person(
            actor=machine.actor,
            setting=machine.setting(),
            question=question,
            contact_id=ours[how // 2 % len(ours)],
            now=now,
        )


def _changed_gone(machine: Machine, question: Question, how: int) -> None:
    now = timezone.now()
    if how % 2:
        answers.leave(actor=machine.actor, question=question, now=now)
    elif "contact" in question.details:
        found = contact_queries.contacts_by_id(machine.firm.pk, [question.details["contact"]])
        for contact in found.values():
            answers.add_again(actor=machine.actor, setting=machine.setting(), contact=contact, now=now)
        if not found:
            answers.leave(actor=machine.actor, question=question, now=now)
    else:
        answers.bring_back(actor=machine.actor, setting=machine.setting(), question=question, now=now)


def _merged_there(machine: Machine, question: Question, how: int) -> None:
    details = question.details
    both = contact_queries.contacts_by_id(machine.firm.pk, [details["contact"], details["other"]])
    if how % 2 and len(both) == 2:
        machine.merge_ours(both[details["other"]], both[details["contact"]])
        questions.answer(actor=machine.actor, question=question, answer="merged", now=timezone.now())
    else:
        answers.not_one_person(
            actor=machine.actor, setting=machine.setting(), question=question, now=timezone.now()
        )


def _alarm(machine: Machine, question: Question, how: int) -> None:
    answers.they_were_deleted(
        actor=machine.actor, setting=machine.setting(), question=question, now=timezone.now()
    )


_ANSWERS = {
    Kind.CONFLICT: _conflict,
    Kind.MAYBE_SAME: _maybe_same,
    Kind.CHANGED_GONE: _changed_gone,
    Kind.MERGED_THERE: _merged_there,
    Kind.ALARM: _alarm,
}
