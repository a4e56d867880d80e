"""What people see of contact sync: how it stands, what it did, what waits, what only they can settle."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Case, Count, Q, QuerySet, Value, When
from django.http import Http404

from daybook.connectors.clio.session import Priority
from daybook.contacts import queries as contact_queries
from daybook.contacts.cards import card_of
from daybook.contacts.models import Contact, Merge
from daybook.core.cards import Card
from daybook.core.changes import Difference, differences
from daybook.firms.permissions import Actor
from daybook.sync import queries
from daybook.sync.budget import RESERVED
from daybook.sync.mirror import terms
from daybook.sync.mirror.records import Agreed
from daybook.sync.models import Apart, Connection, ContactSync, Cycle, Link, Owed, Question, Staged

#: The questions that contact sync asks; those of other kinds are about appointments.
KINDS = (
    Question.Kind.ALARM,
    Question.Kind.CONFLICT,
    Question.Kind.MAYBE_SAME,
    Question.Kind.CHANGED_GONE,
    Question.Kind.MERGED_THERE,
    Question.Kind.TOO_MUCH,
)

#: Requests a minute that Clio allows in peak hours, until it has told its own number (facts: 2026-10).
USUAL_LIMIT = 50
#: A contact that Clio does not have is looked for before it is added.
REQUESTS_FOR_NEW = 2


def of_connection(connection: Connection) -> ContactSync | None:
    """The terms of a connection; None for one of which nobody has begun to read contacts."""
    return ContactSync.objects.filter(connection=connection).select_related("connection__firm").first()


def access(actor: Actor) -> ContactSync:
    """The terms of the firm's connection. Raises Http404 when there is none."""
    connection = queries.access_connection(actor)
    return of_connection(connection) or terms.begin(connection)


def before_go_ahead(connection: Connection) -> bool:
    """Whether nobody has looked yet at what the first import will do, and said go."""
    setting = of_connection(connection)
    early = (ContactSync.Phase.READING, ContactSync.Phase.REVIEW)
    return setting is not None and (setting.stopped_from or setting.phase) in early


# --- how it stands ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Summary:
    """Numbers of contacts: linked, on their way to Clio, stuck, and not synced any more; and of open questions."""

    linked: int
    pending: int
    trouble: int
    apart: int
    questions: int

    @property
    def waiting(self) -> int:
        return self.pending + self.trouble


def summary(setting: ContactSync) -> Summary:
    connection = setting.connection
    owed = Owed.objects.filter(connection=connection).aggregate(
        pending=Count("pk", filter=Q(state=Owed.State.PENDING)),
        trouble=Count("pk", filter=Q(state=Owed.State.TROUBLE)),
    )
    return Summary(
        linked=Link.objects.filter(connection=connection, kind=Link.Kind.CONTACT).count(),
        apart=unlinked(setting).count(),
        questions=open_questions(connection.firm_id).count(),
        **owed,
    )


def rounds(setting: ContactSync) -> QuerySet[Cycle]:
    """What was done, latest first."""
    return Cycle.objects.filter(connection=setting.connection).order_by("-started_at", "-pk")


def last_round(setting: ContactSync) -> Cycle | None:
    """The latest round that looked at all that had changed, and is over."""
    whole = [Cycle.Kind.REGULAR, Cycle.Kind.ASKED, Cycle.Kind.FIRST]
    return rounds(setting).filter(kind__in=whole, finished_at__isnull=False).first()


@dataclass(frozen=True, slots=True)
class Writing:
    """How far Clio has heard what the first import found it lacks. `left` counts those that go by themselves."""

    done: int
    left: int
    stuck: int
    minutes: int  # at Clio's limit

    @property
    def total(self) -> int:
        return self.done + self.left


def writing(setting: ContactSync) -> Writing | None:
    """
    The first writing to Clio; None before it, and once nothing of it is left that could go by itself.

    What is owed since the import ended is of the import; what was agreed on since then has been written.
    """
    connection = setting.connection
    began = (
        rounds(setting)
        .filter(kind=Cycle.Kind.FIRST, finished_at__isnull=False)
        .values_list("finished_at", flat=True)
        .first()
    )
    if began is None:
        return None
    owed = Owed.objects.filter(connection=connection, since__lte=began)
    pending = owed.filter(state=Owed.State.PENDING)
    left = pending.count()
    if not left:
        return None
    links = Link.objects.filter(connection=connection, kind=Link.Kind.CONTACT)
    known = links.filter(ours__in=pending.values("contact")).count()
    requests = known + (left - known) * REQUESTS_FOR_NEW
    return Writing(
        done=links.filter(agreed_at__gt=began).exclude(ours__in=pending.values("contact")).count(),
        left=left,
        stuck=owed.filter(state=Owed.State.TROUBLE).count(),
        minutes=-(-requests // a_minute(connection)),
    )


def a_minute(connection: Connection) -> int:
    """How many requests a minute are left for telling Clio of contacts: the rest is kept for people who wait."""
    limit = connection.rate_limit or USUAL_LIMIT
    return max(1, limit - min(RESERVED[Priority.SOON], limit // 2))


# --- the first import ---------------------------------------------------------------------------------------------------


def left_out(setting: ContactSync, most: int) -> list[Staged]:
    """The first few of those that the firm's filters keep out."""
    out = Q(pk__in=[])
    if setting.clients_only:
        out |= Q(is_client=False)
    if setting.people_only:
        out |= ~Q(card__kind="person")
    rows = Staged.objects.filter(out, connection=setting.connection)
    return list(rows.exclude(verdict=Staged.Verdict.KNOWN).order_by("theirs")[:most])


def contacts_of(firm_id: int, ids: Iterable[int | None]) -> dict[int, Contact]:
    """Contacts by id, with all it takes for a card; ids of nobody are left out."""
    return contact_queries.contacts_by_id(firm_id, {pk for pk in ids if pk})


# --- what waits ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Waiting:
    """A contact of which Clio has not heard everything. `differences` say what Clio has, and what we have."""

    owed: Owed
    contact: Contact | None
    in_clio: bool
    differences: tuple[Difference, ...] = ()


def owed_rows(setting: ContactSync) -> QuerySet[Owed]:
    """What Clio is owed: first what needs a person, then what comes next."""
    return Owed.objects.filter(connection=setting.connection).order_by("-state", "next_try_at", "pk")


def waiting(setting: ContactSync, rows: Sequence[Owed]) -> list[Waiting]:
    """These rows with their contacts, and what differs."""
    ids = [row.contact for row in rows]
    contacts = contacts_of(setting.connection.firm_id, ids)
    links = Link.objects.filter(connection=setting.connection, kind=Link.Kind.CONTACT, ours__in=ids)
    by_ours = {link.ours: link for link in links}
    found = []
    for row in rows:
        contact, link = contacts.get(row.contact), by_ours.get(row.contact)
        theirs = Agreed.of(link).theirs if link else None
        differ: tuple[Difference, ...] = ()
        if contact is not None and (theirs is not None or link is None):
            differ = tuple(differences(theirs or Card(kind=contact.kind), card_of(contact)))
        found.append(Waiting(row, contact, link is not None, differ))
    return found


# --- what only people can settle ------------------------------------------------------------------------------------------


def open_questions(firm_id: int) -> QuerySet[Question]:
    """What contact sync asks the firm, longest asked first; an alarm before all."""
    asked = Question.objects.filter(firm=firm_id, kind__in=KINDS, answered_at=None)
    alarms_first = Case(When(kind=Question.Kind.ALARM, then=Value(0)), default=Value(1))
    return asked.order_by(alarms_first, "asked_at", "pk")


def access_question(actor: Actor, question_id: int) -> Question:
    """One of these questions, answered or not. Raises Http404 for another firm's."""
    asked = Question.objects.filter(firm=actor.firm, kind__in=KINDS).select_related("answered_by")
    question = asked.filter(pk=question_id).first()
    if question is None:
        raise Http404
    return question


# --- what is no longer synced ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Unlinked:
    """A contact that is not synced any more; `into` is who it became part of here, where it was merged."""

    apart: Apart
    contact: Contact | None
    into: Contact | None = None


def unlinked(setting: ContactSync) -> QuerySet[Apart]:
    """Latest first. Pairs that are two people are none of these: each of the two is synced."""
    rows = Apart.objects.filter(connection=setting.connection).exclude(why=Apart.Why.DIFFERENT)
    return rows.order_by("-at", "-pk")


def who_is_unlinked(setting: ContactSync, rows: Sequence[Apart]) -> list[Unlinked]:
    firm_id = setting.connection.firm_id
    ids = [row.ours for row in rows if row.ours]
    merges = Merge.objects.filter(firm=firm_id, dropped__in=ids, undone_at=None).select_related("kept")
    into = {merge.dropped: merge.kept for merge in merges}
    contacts = contacts_of(firm_id, ids)
    return [Unlinked(row, contacts.get(row.ours or 0), into.get(row.ours or 0)) for row in rows]


def access_apart(setting: ContactSync, apart_id: int) -> Apart:
    """Raises Http404 for a row of another connection, or one that is gone."""
    apart = unlinked(setting).filter(pk=apart_id).first()
    if apart is None:
        raise Http404
    return apart


# --- one contact ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Standing:
    """How one contact stands: linked, owed, apart, asked about; any of them may be None."""

    link: Link | None
    owed: Owed | None
    apart: Apart | None
    question: Question | None


def standing(setting: ContactSync, contact_id: int) -> Standing:
    connection = setting.connection
    asked = open_questions(connection.firm_id)
    about = Q(about=f"contact:{contact_id}") | Q(details__ours__contains=contact_id)
    return Standing(
        Link.objects.filter(connection=connection, kind=Link.Kind.CONTACT, ours=contact_id).first(),
        Owed.objects.filter(connection=connection, contact=contact_id).first(),
        unlinked(setting).filter(ours=contact_id).first(),
        asked.filter(about).first(),
    )


def time_left(done: int, total: int, began: datetime | None, now: datetime) -> timedelta | None:
    """How long the rest takes at the speed so far; None where that cannot be told."""
    if began is None or not done or now <= began:
        return None
    return (now - began) * max(total - done, 0) / done
