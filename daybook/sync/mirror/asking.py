"""What contact sync asks people, in words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from daybook.contacts.models import Contact
from daybook.core.merging import Conflict
from daybook.sync import questions
from daybook.sync.mirror import owing
from daybook.sync.mirror.records import Theirs, kept_card
from daybook.sync.models import Apart, ContactSync, Question

#: How people call the fields of a card.
FIELDS = {
    "kind": "kind",
    "first_name": "first name",
    "middle_name": "middle name",
    "last_name": "last name",
    "prefix": "prefix",
    "title": "title",
    "company": "company",
    "emails": "email",
    "phones": "phone",
    "addresses": "address",
}


def field_name(field: str) -> str:
    """The words for a field, or for a member of a set ("emails:dana@x.example" is an email)."""
    return FIELDS.get(field.partition(":")[0], field)


def as_json(conflict: Conflict) -> dict[str, Any]:
    return {
        "field": conflict.field,
        "part": conflict.part,
        "was": conflict.was,
        "ours": conflict.ours,
        "theirs": conflict.theirs,
    }


def conflict_text(name: str, conflicts: Sequence[Conflict]) -> str:
    fields = ", ".join(dict.fromkeys(field_name(one.field) for one in conflicts))
    return f"{name or 'A contact'} was changed in Daybook and in Clio: {fields}. Which one is right?"


def about_theirs(theirs: str) -> str:
    return f"clio:{theirs}"


def about_ours(contact_id: int) -> str:
    return f"contact:{contact_id}"


def conflict(terms: ContactSync, contact: Contact, conflicts: Sequence[Conflict], *, now: datetime) -> bool:
    """Ask whose value holds."""
    return questions.ask_about(
        firm_id=terms.connection.firm_id,
        kind=Question.Kind.CONFLICT,
        about=about_ours(contact.pk),
        text=conflict_text(contact.name, conflicts),
        details={"contact": contact.pk, "conflicts": [as_json(one) for one in conflicts]},
        now=now,
    )


def no_conflict(terms: ContactSync, contact: Contact, now: datetime) -> None:
    """Both sides agree again, or there is no other side any more."""
    questions.settle_about(
        firm_id=terms.connection.firm_id, kind=Question.Kind.CONFLICT, about=about_ours(contact.pk), now=now
    )


def nobody_here(firm_id: int, contact_id: int, now: datetime) -> None:
    """A contact of ours is no longer there: nothing is left to decide about it."""
    for kind, about in questions.open_about(firm_id, [about_ours(contact_id)]):
        questions.settle_about(firm_id=firm_id, kind=kind, about=about, now=now)


def maybe_same(
    terms: ContactSync, record: Theirs, contacts: Sequence[Contact], because: str, *, now: datetime
) -> bool:
    """Ask whether a contact in Clio is one of ours. Until somebody answers neither is touched."""
    names = " or ".join(dict.fromkeys(contact.name or "(no name)" for contact in contacts))
    return questions.ask_about(
        firm_id=terms.connection.firm_id,
        kind=Question.Kind.MAYBE_SAME,
        about=about_theirs(record.id),
        text=f"Is {record.card.name or 'a contact without a name'} in Clio the same as {names} in Daybook? {because}"[
            :500
        ],
        details={
            "theirs": record.id,
            "card": kept_card(record),
            "is_client": record.is_client,
            "ours": [contact.pk for contact in contacts],
            "because": because,
        },
        now=now,
    )


def waits_for_answer(terms: ContactSync, contact_id: int) -> bool:
    """Whether somebody has yet to say if a contact of ours is one of Clio's."""
    waiting = Question.objects.filter(firm=terms.connection.firm_id, answered_at=None)
    return (
        waiting.filter(kind=Question.Kind.MAYBE_SAME, details__ours__contains=contact_id).exists()
        or waiting.filter(kind=Question.Kind.MERGED_THERE, details__contact=contact_id).exists()
    )


def settle_same(terms: ContactSync, theirs: str, contact_id: int, now: datetime) -> None:
    """The two are linked: nobody needs to say any more whether they are one."""
    questions.settle_about(
        firm_id=terms.connection.firm_id,
        kind=Question.Kind.MAYBE_SAME,
        about=about_theirs(theirs),
        now=now,
    )
    gone = Question.Kind.CHANGED_GONE
    questions.settle_about(firm_id=terms.connection.firm_id, kind=gone, about=about_ours(contact_id), now=now)


def nobody_there(terms: ContactSync, theirs: str, now: datetime) -> None:
    """Clio no longer has a contact that was asked about and is linked to nobody: nothing is left to decide."""
    asked = Question.objects.filter(
        firm=terms.connection.firm_id, about=about_theirs(theirs), answered_at=None
    )
    for question in asked.filter(kind__in=[Question.Kind.MAYBE_SAME, Question.Kind.CHANGED_GONE]):
        owing.want(terms.connection, question.details.get("ours", ()), now, edited=False)
        questions.settle_about(
            firm_id=terms.connection.firm_id, kind=question.kind, about=question.about, now=now
        )


def changed_although_removed(terms: ContactSync, apart: Apart, record: Theirs, now: datetime) -> None:
    """Somebody removed a contact here, and it was changed in Clio since: ask once whether it is wanted back."""
    if apart.why != Apart.Why.REMOVED or not apart.etag or apart.etag == record.etag:
        return
    questions.ask_about(
        firm_id=terms.connection.firm_id,
        kind=Question.Kind.CHANGED_GONE,
        about=about_theirs(record.id),
        text=f"{record.card.name or apart.name or 'A contact'} was removed from Daybook, and has been changed in Clio since.",
        details={"theirs": record.id, "card": kept_card(record), "is_client": record.is_client},
        now=now,
    )
    Apart.objects.filter(pk=apart.pk).update(etag=record.etag)


def gone_although_changed(terms: ContactSync, contact: Contact, theirs: str, now: datetime) -> bool:
    """Clio no longer has a contact that was changed here meanwhile."""
    return questions.ask_about(
        firm_id=terms.connection.firm_id,
        kind=Question.Kind.CHANGED_GONE,
        about=about_ours(contact.pk),
        text=f"{contact.name or 'A contact'} was changed in Daybook, but was deleted in Clio or hidden from the connection.",
        details={"contact": contact.pk, "theirs": theirs},
        now=now,
    )


def merged_there(terms: ContactSync, contact: Contact, other: Contact, theirs: str, now: datetime) -> bool:
    """Clio seems to have made one contact of two that Daybook still has."""
    return questions.ask_about(
        firm_id=terms.connection.firm_id,
        kind=Question.Kind.MERGED_THERE,
        about=about_ours(contact.pk),
        text=f"Clio seems to have merged {contact.name or 'a contact'} into {other.name or 'another'}. Merge them in Daybook too?",
        details={"contact": contact.pk, "other": other.pk, "theirs": theirs},
        now=now,
    )


def twins(terms: ContactSync, contact: Contact, other: Contact, theirs: str, *, now: datetime) -> bool:
    """Two of ours look like one person, whom Clio has once."""
    return questions.ask_about(
        firm_id=terms.connection.firm_id,
        kind=Question.Kind.MERGED_THERE,
        about=about_ours(contact.pk),
        text=f"{contact.name or 'A contact'} and {other.name or 'another'} in Daybook seem to be one person, whom Clio has once.",
        details={"contact": contact.pk, "other": other.pk, "theirs": theirs},
        now=now,
    )


def too_much(terms: ContactSync, contact: Contact, left_out: Sequence[str], now: datetime) -> None:
    """Clio cannot hold all that we have; what fits is there."""
    about = about_ours(contact.pk)
    firm_id, kind = terms.connection.firm_id, Question.Kind.TOO_MUCH
    if not left_out:
        questions.settle_about(firm_id=firm_id, kind=kind, about=about, now=now)
        return
    # Dismissed once is dismissed, as long as the same things do not fit.
    details = {"contact": contact.pk, "left_out": list(left_out)}
    if Question.objects.filter(firm=firm_id, kind=kind, about=about, details=details).exists():
        return
    what = "; ".join(left_out)
    questions.ask_about(
        firm_id=firm_id,
        kind=kind,
        about=about,
        text=f"Not everything about {contact.name or 'a contact'} fits into Clio: {what}",
        details=details,
        now=now,
    )
