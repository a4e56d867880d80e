"""Questions of contact sync: the values side by side, and answers of one click."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from daybook.contacts.cards import card_of
from daybook.contacts.models import Contact
from daybook.core.cards import from_json
from daybook.core.errors import Refusal
from daybook.core.merging import Side
from daybook.firms.permissions import Actor
from daybook.sync import asked, questions
from daybook.sync.mirror import answers, shown, terms
from daybook.sync.mirror.asking import field_name
from daybook.sync.models import ContactSync, Question
from daybook.web.office.sync_centre import frame, paged
from daybook.web.office.sync_words import card_rows, conflict_field, name_of
from daybook.web.signed_in import OfficeRequest, office

KIND = Question.Kind
SIDE = "side:"  # how the name of a field's choice begins


class NothingChosen(Refusal):
    """The form was sent without a choice."""

    says = "Nothing was chosen. Choose a side for at least one field."


@dataclass(frozen=True, slots=True)
class Field:
    """One field in dispute."""

    name: str
    words: str
    was: str
    ours: str
    theirs: str


@dataclass(frozen=True, slots=True)
class CardShown:
    """One card beside others: where it is, what it says, and the answer that means it."""

    title: str
    rows: list[tuple[str, str]]
    contact: Contact | None = None
    answer: str = ""
    value: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """One question as it is shown."""

    question: Question
    mark: str
    text: str
    fields: list[Field] = field(default_factory=list)
    cards: list[CardShown] = field(default_factory=list)
    points: list[str] = field(default_factory=list)
    contact: Contact | None = None
    merge: str = ""  # the address where two contacts are merged
    answers: tuple[tuple[str, str, str], ...] = ()  # value, words, and what that means


#: Every answer but those with cards or fields: value, words, what it means. By kind; a question about a contact that
#: is gone on one side has others on the other.
_GONE_HERE = "gone here"
ANSWERS: dict[str, tuple[tuple[str, str, str], ...]] = {
    KIND.ALARM: (
        (
            "deleted",
            "They were deleted: unlink them",
            "Daybook keeps its contacts and looks for each in Clio.",
        ),
        ("leave", "Leave everything linked", "Sync goes on, and asks again should they stay missing."),
    ),
    KIND.CONFLICT: (("ours", "Keep Daybook’s", ""), ("theirs", "Keep Clio’s", "")),
    KIND.MAYBE_SAME: (("different", "Different people", "Each is added to the other side."),),
    KIND.CHANGED_GONE: (
        ("add", "Add to Clio again", "Clio gets a new contact."),
        ("leave", "Leave as it is", "Daybook keeps its contact, and Clio has none."),
    ),
    _GONE_HERE: (
        ("bring", "Bring back", "It is added to Daybook as it is in Clio."),
        ("leave", "Leave removed", "Clio keeps its contact, and Daybook has none."),
    ),
    KIND.MERGED_THERE: (("different", "They are different people", "Clio gets a contact for each."),),
    KIND.TOO_MUCH: (("dismiss", "Dismiss", "What fits is in Clio; the rest stays in Daybook."),),
}


@require_safe
@office("see_integrations")
def page(request: OfficeRequest) -> HttpResponse:
    setting = shown.access(request.actor)
    asked_page = paged(request, shown.open_questions(request.actor.firm.pk))
    context = frame(request, setting, "questions") | {
        "page": asked_page,
        "questions": show(list(asked_page), setting),
    }
    return render(request, "firm/sync_questions.html", context)


# --- showing ----------------------------------------------------------------------------------------------------------


def show(rows: list[Question], setting: ContactSync) -> list[Asked]:
    """The questions with the contacts they are about."""
    firm = setting.connection.firm
    ids: list[int | None] = []
    for row in rows:
        ids += [row.details.get("contact"), row.details.get("other"), *row.details.get("ours", ())]
    contacts = shown.contacts_of(firm.pk, ids)
    return [_SHOWS[row.kind](row, contacts, firm.country) for row in rows]


Contacts = Mapping[int, Contact]


def _conflict(question: Question, contacts: Contacts, country: str) -> Asked:
    fields = [
        Field(
            f"{SIDE}{one['field']}/{one['part']}".rstrip("/"),
            conflict_field(one["field"], one["part"]),
            one["was"],
            one["ours"],
            one["theirs"],
        )
        for one in question.details["conflicts"]
    ]
    contact = contacts.get(question.details["contact"])
    return Asked(
        question,
        asked.mark(question),
        "Changed in Daybook and in Clio since the two last agreed. Which is right?",
        fields,
        contact=contact,
        answers=ANSWERS[KIND.CONFLICT],
    )


def _maybe_same(question: Question, contacts: Contacts, country: str) -> Asked:
    details = question.details
    theirs = from_json(details["card"])
    cards = [CardShown("In Clio", card_rows(theirs, country))]
    for pk in details["ours"]:
        if contact := contacts.get(pk):
            rows = card_rows(card_of(contact), country)
            cards.append(CardShown("In Daybook", rows, contact, "Same person", f"same:{pk}"))
    why = f" What speaks for it: {details['because']}." if details.get("because") else ""
    return Asked(
        question,
        asked.mark(question),
        f"Is {theirs.name or 'this contact'} in Clio somebody you have in Daybook?{why}",
        cards=cards,
        answers=ANSWERS[KIND.MAYBE_SAME],
    )


def _changed_gone(question: Question, contacts: Contacts, country: str) -> Asked:
    details = question.details
    cards = (
        [CardShown("In Clio", card_rows(from_json(details["card"]), country))] if "card" in details else []
    )
    contact = contacts.get(details.get("contact", 0))
    if contact is not None:
        cards.append(CardShown("In Daybook", card_rows(card_of(contact), country), contact))
    which = KIND.CHANGED_GONE if "contact" in details else _GONE_HERE
    return Asked(question, asked.mark(question), question.text, cards=cards, answers=ANSWERS[which])


def _merged_there(question: Question, contacts: Contacts, country: str) -> Asked:
    details = question.details
    pair = [contacts.get(details[name]) for name in ("other", "contact")]
    cards = [
        CardShown("In Daybook", card_rows(card_of(one), country), one) for one in pair if one is not None
    ]
    return Asked(
        question,
        asked.mark(question),
        question.text,
        cards=cards,
        merge=reverse("merge_contacts", args=[details["other"], details["contact"]]) if all(pair) else "",
        answers=ANSWERS[KIND.MERGED_THERE],
    )


def _too_much(question: Question, contacts: Contacts, country: str) -> Asked:
    points = []
    for one in question.details["left_out"]:
        name, _, key = one.partition(":")
        points.append(f"{field_name(name).capitalize()}: {key}" if key else field_name(name).capitalize())
    contact = contacts.get(question.details["contact"])
    text = f"Not everything about {name_of(contact, 'a contact')} fits into Clio. What does not fit:"
    return Asked(
        question,
        asked.mark(question),
        text,
        points=points,
        contact=contact,
        answers=ANSWERS[KIND.TOO_MUCH],
    )


def _alarm(question: Question, contacts: Contacts, country: str) -> Asked:
    return Asked(question, asked.mark(question), question.text, answers=ANSWERS[KIND.ALARM])


_SHOWS: dict[str, Callable[[Question, Contacts, str], Asked]] = {
    KIND.ALARM: _alarm,
    KIND.CONFLICT: _conflict,
    KIND.MAYBE_SAME: _maybe_same,
    KIND.CHANGED_GONE: _changed_gone,
    KIND.MERGED_THERE: _merged_there,
    KIND.TOO_MUCH: _too_much,
}


# --- answering --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Call:
    """What carrying out an answer takes."""

    actor: Actor
    setting: ContactSync
    question: Question
    value: str
    posted: Mapping[str, str]
    now: datetime

    @property
    def usual(self) -> dict[str, Any]:
        return {"actor": self.actor, "setting": self.setting, "question": self.question, "now": self.now}


def _settle(call: _Call) -> None:
    conflicts = [f"{one['field']}/{one['part']}".rstrip("/") for one in call.question.details["conflicts"]]
    if call.value in ("ours", "theirs"):
        chosen = dict.fromkeys(conflicts, Side(call.value))
    else:
        said = {name: call.posted.get(SIDE + name, "") for name in conflicts}
        chosen = {name: Side(side) for name, side in said.items() if side in ("ours", "theirs")}
    if not chosen:
        raise NothingChosen
    answers.settle_conflict(**call.usual, choices=chosen)


def _same(call: _Call) -> None:
    answers.same_person(**call.usual, contact_id=int(call.value.partition(":")[2]))


def _different(call: _Call) -> None:
    answers.different_people(**call.usual)


def _add(call: _Call) -> None:
    contact = shown.contacts_of(call.actor.firm.pk, [call.question.details["contact"]])
    if not contact:
        raise answers.NoLonger
    (one,) = contact.values()
    answers.add_again(actor=call.actor, setting=call.setting, contact=one, now=call.now)


def _leave(call: _Call) -> None:
    answers.leave(actor=call.actor, question=call.question, now=call.now)


def _leave_linked(call: _Call) -> None:
    terms.resume(actor=call.actor, terms=call.setting, now=call.now)
    _leave(call)


def _dismiss(call: _Call) -> None:
    questions.answer(actor=call.actor, question=call.question, answer="dismissed", now=call.now)


#: What each answer does, and what is said then.
ACTS: dict[tuple[str, str], tuple[Callable[[_Call], None], str]] = {
    (KIND.CONFLICT, "each"): (_settle, "Saved. Clio hears of it in a moment."),
    (KIND.CONFLICT, "ours"): (_settle, "Daybook's values stay. Clio gets them in a moment."),
    (KIND.CONFLICT, "theirs"): (_settle, "Clio's values hold, here as well."),
    (KIND.MAYBE_SAME, "same"): (_same, "Linked as one person. Each side gets what it lacks."),
    (KIND.MAYBE_SAME, "different"): (_different, "Kept apart. Each is added to the other side."),
    (KIND.CHANGED_GONE, "add"): (_add, "It is being added to Clio again."),
    (KIND.CHANGED_GONE, "bring"): (
        lambda call: answers.bring_back(**call.usual),
        "Brought back to Daybook.",
    ),
    (KIND.CHANGED_GONE, "leave"): (_leave, "Left as it is."),
    (KIND.MERGED_THERE, "different"): (
        lambda call: answers.not_one_person(**call.usual),
        "Kept apart. Clio gets a contact for each.",
    ),
    (KIND.TOO_MUCH, "dismiss"): (_dismiss, "Dismissed."),
    (KIND.ALARM, "deleted"): (
        lambda call: answers.they_were_deleted(**call.usual),
        "Clio is searched once more, and what is not there is unlinked. Sync goes on.",
    ),
    (KIND.ALARM, "leave"): (_leave_linked, "Everything stays linked. Sync goes on."),
}


@require_POST
@office("connect_firm")
def answer(request: OfficeRequest, question_id: int) -> HttpResponse:
    """Settle one question. What somebody else has settled meanwhile, or what is not so any more, is said."""
    actor, now = request.actor, timezone.now()
    setting = shown.access(actor)
    question = shown.access_question(actor, question_id)
    value = request.POST.get("answer", "")
    name, _, whom = value.partition(":")
    act = ACTS.get((question.kind, name))
    if act is None or (name == "same") != whom.isdecimal():
        messages.error(request, "That is no answer to this question.")
        return redirect("sync_questions")
    carry_out, said = act

    def settle(locked: Question) -> None:
        carry_out(_Call(actor, setting, locked, value, request.POST, now))

    try:
        asked.decide(
            actor=actor,
            setting=setting,
            question=question,
            read=request.POST.get("mark", ""),
            settle=settle,
            now=now,
        )
    except asked.Answered:
        messages.info(request, _by_whom(shown.access_question(actor, question_id)))
    except Refusal as refusal:
        messages.error(request, refusal.text)
    else:
        messages.success(request, said)
    return redirect("sync_questions")


def _by_whom(question: Question) -> str:
    who = str(question.answered_by) if question.answered_by else ""
    if who:
        return f"{who} has settled this already ({question.answer}). Nothing was changed now."
    return "This has settled itself in the meantime. Nothing was changed now."
