"""What people decide about contacts, and what follows from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from django.db import transaction

from daybook.contacts import operations as contacts
from daybook.contacts import queries as contact_queries
from daybook.contacts.cards import card_of
from daybook.contacts.models import Contact, Source
from daybook.core.errors import Refusal
from daybook.core.merging import Side, merge, resolve_all
from daybook.firms.outbox import record
from daybook.firms.permissions import Actor
from daybook.sync import questions
from daybook.sync.mirror import asking, owing, terms
from daybook.sync.mirror.meeting import join, meet
from daybook.sync.mirror.records import Agreed, later
from daybook.sync.models import Apart, Connection, ContactSync, Cycle, Link, Question


class NoLonger(Refusal):
    """The situation a question was about has changed meanwhile."""

    says = "This has changed in the meantime. Please look again."


def _unsaved(connection: Connection, now: datetime) -> Cycle:
    """What a person decides is told in the contact's history; it is no round of its own."""
    return Cycle(connection=connection, kind=Cycle.Kind.EDIT, started_at=now)


def settle_conflict(
    *, actor: Actor, setting: ContactSync, question: Question, choices: Mapping[str, Side], now: datetime
) -> None:
    """
    Say whose value holds of each field in dispute; `choices` go by "field" or "field/part". What is left open stays a
    question. Both sides are made to say it: ours now, Clio's by the next job. Raises NoLonger.
    """
    connection = setting.connection
    with transaction.atomic():
        terms.hold(connection)
        contact = contact_queries.contacts_by_id(actor.firm.pk, [question.details["contact"]], lock=True).get(
            question.details["contact"]
        )
        link = (
            contact
            and Link.objects.filter(connection=connection, kind=Link.Kind.CONTACT, ours=contact.pk).first()
        )
        known = Agreed.of(link) if link else Agreed()
        if contact is None or not link or known.theirs is None:
            raise NoLonger
        ours, rules = card_of(contact), terms.rules(setting)
        merged = merge(agreed=known.base, ours=ours, theirs=known.theirs, policy=rules, newer=None)
        chosen = [
            (conflict, side)
            for conflict in merged.conflicts
            if (side := choices.get(f"{conflict.field}/{conflict.part}".rstrip("/"))) is not None
        ]
        base = known.base
        if chosen:
            base = resolve_all(chosen, agreed=base, ours=ours, theirs=known.theirs)
        after = merge(agreed=base, ours=ours, theirs=known.theirs, policy=rules, newer=None)
        Link.objects.filter(pk=link.pk).update(agreed=replace(known, base=after.base).json(), agreed_at=now)
        contacts.store(
            firm=actor.firm,
            new=[],
            changed=[(contact, after.ours, contact.is_client)],
            source=Source.CLIO,
            now=now,
        )
        owing.want(connection, [contact.pk], now)
        if after.conflicts:
            details = {"contact": contact.pk, "conflicts": [asking.as_json(one) for one in after.conflicts]}
            Question.objects.filter(pk=question.pk).update(details=details)
        else:
            questions.answer(actor=actor, question=question, answer="decided", now=now)
        record("contact_decided", firm=actor.firm, now=now, subject=connection.pk, actor=actor.user)


def same_person(
    *, actor: Actor, setting: ContactSync, question: Question, contact_id: int, now: datetime
) -> None:
    """The contact in Clio is this one of ours: they are linked and merged. Raises NoLonger."""
    if contact_id not in question.details["ours"]:
        raise NoLonger
    _bring_in(actor, setting, question, now, contact_id)
    questions.answer(actor=actor, question=question, answer="same person", now=now)


def different_people(*, actor: Actor, setting: ContactSync, question: Question, now: datetime) -> None:
    """The contact in Clio is none of those: it is added to Daybook, and ours to Clio."""
    connection = setting.connection
    with transaction.atomic():
        terms.hold(connection)
        for ours in question.details["ours"]:
            Apart.objects.get_or_create(
                connection=connection,
                ours=ours,
                theirs=question.details["theirs"],
                defaults={"why": Apart.Why.DIFFERENT, "at": now},
            )
        questions.answer(actor=actor, question=question, answer="different people", now=now)
        owing.want(connection, question.details["ours"], now)
        record("contact_decided", firm=actor.firm, now=now, subject=connection.pk, actor=actor.user)
    _bring_in(actor, setting, question, now, None)


def _bring_in(
    actor: Actor, setting: ContactSync, question: Question, now: datetime, contact_id: int | None
) -> None:
    """
    Take in the contact as it was read when the question came up; without a tag, so that the next look at Clio's side
    brings it up to date.
    """
    details = question.details
    stranger = later(details["theirs"], "", details["card"], bool(details.get("is_client")), None)
    tally = _unsaved(setting.connection, now)
    with transaction.atomic():
        terms.hold(setting.connection)
        if contact_id is None:
            meet(setting, [stranger], now=now, tally=tally)
        else:
            join(setting, contact_id, stranger, base=None, now=now, tally=tally, by_hand=True)
            owing.want(setting.connection, [contact_id], now)
        record(
            "contact_decided",
            firm=actor.firm,
            now=now,
            subject=setting.connection_id,
            actor=actor.user,
            theirs=stranger.id,
        )


def unlink(*, actor: Actor, setting: ContactSync, contact: Contact, now: datetime) -> None:
    """Keep the two as they are, and tell neither of the other's changes any more. `relink` undoes it."""
    connection = setting.connection
    with transaction.atomic():
        terms.hold(connection)
        link = Link.objects.filter(connection=connection, kind=Link.Kind.CONTACT, ours=contact.pk).first()
        if link is None:
            raise NoLonger
        Apart.objects.update_or_create(
            connection=connection,
            ours=contact.pk,
            theirs=link.theirs,
            defaults={"why": Apart.Why.UNLINKED, "name": contact.name[:300], "at": now},
        )
        link.delete()
        owing.forget(connection, contact.pk)
        asking.no_conflict(setting, contact, now)
        record(
            "contact_unlinked",
            firm=actor.firm,
            now=now,
            subject=contact.pk,
            actor=actor.user,
            because="by hand",
        )


def relink(*, actor: Actor, setting: ContactSync, apart: Apart, now: datetime) -> None:
    """Undo an unlinking: the two are looked at again, and merged."""
    connection = setting.connection
    with transaction.atomic():
        terms.hold(connection)
        links = Link.objects.filter(connection=connection, kind=Link.Kind.CONTACT)
        if (
            apart.ours is None
            or not contact_queries.contacts_by_id(actor.firm.pk, [apart.ours], lock=True)
            or links.filter(theirs=apart.theirs).exists()
            or links.filter(ours=apart.ours).exists()
        ):
            raise NoLonger
        Link.objects.create(
            connection=connection,
            kind=Link.Kind.CONTACT,
            ours=apart.ours,
            theirs=apart.theirs,
            by_hand=True,
            agreed_at=now,
        )
        owing.want(connection, [apart.ours], now)
        apart.delete()
        record("contact_decided", firm=actor.firm, now=now, subject=connection.pk, actor=actor.user)


def add_again(*, actor: Actor, setting: ContactSync, contact: Contact, now: datetime) -> None:
    """Clio no longer has a contact of ours: it is to get it anew."""
    connection = setting.connection
    with transaction.atomic():
        terms.hold(connection)
        Apart.objects.filter(
            connection=connection, ours=contact.pk, why__in=[Apart.Why.GONE, Apart.Why.UNLINKED]
        ).delete()
        owing.want(connection, [contact.pk], now)
        _close(actor, asking.about_ours(contact.pk), "added to Clio again", now)
        record("contact_decided", firm=actor.firm, now=now, subject=connection.pk, actor=actor.user)


def bring_back(*, actor: Actor, setting: ContactSync, question: Question, now: datetime) -> None:
    """A contact removed here was changed in Clio: it is wanted in Daybook again."""
    with transaction.atomic():
        terms.hold(setting.connection)
        Apart.objects.filter(
            connection=setting.connection, theirs=question.details["theirs"], why=Apart.Why.REMOVED
        ).delete()
        questions.answer(actor=actor, question=question, answer="brought back", now=now)
    _bring_in(actor, setting, question, now, None)


def leave(*, actor: Actor, question: Question, now: datetime) -> None:
    """Nothing is to happen."""
    questions.answer(actor=actor, question=question, answer="left as it is", now=now)


def not_one_person(*, actor: Actor, setting: ContactSync, question: Question, now: datetime) -> None:
    """Two of ours that looked like one are two: the one without a contact in Clio gets its own."""
    with transaction.atomic():
        terms.hold(setting.connection)
        contact = question.details["contact"]
        Apart.objects.get_or_create(
            connection=setting.connection,
            ours=contact,
            theirs=question.details["theirs"],
            defaults={"why": Apart.Why.DIFFERENT, "at": now},
        )
        owing.want(setting.connection, [contact], now)
        questions.answer(actor=actor, question=question, answer="different people", now=now)
        record("contact_decided", firm=actor.firm, now=now, subject=setting.connection_id, actor=actor.user)


def they_were_deleted(*, actor: Actor, setting: ContactSync, question: Question, now: datetime) -> None:
    """The alarm was none: go on, and unlink what is not there."""
    questions.answer(actor=actor, question=question, answer="they were deleted", now=now)
    terms.resume(actor=actor, terms=setting, now=now)
    with transaction.atomic():
        record(
            "contact_search_asked_for",
            firm=actor.firm,
            now=now,
            subject=setting.connection_id,
            actor=actor.user,
        )


def _close(actor: Actor, about: str, answer: str, now: datetime) -> None:
    for question in Question.objects.filter(firm=actor.firm, about=about, answered_at=None):
        questions.answer(actor=actor, question=question, answer=answer, now=now)
