"""Where the two books meet: what Clio says of some contacts, joined with what we have. The one path there is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.db.models import Q

from daybook.contacts import operations as contacts
from daybook.contacts import queries as contact_queries
from daybook.contacts.cards import card_of
from daybook.contacts.models import Contact, Source
from daybook.core.cards import Card
from daybook.core.changes import reached, writes
from daybook.core.matching import Decision
from daybook.core.merging import Conflict, Merged, Side, merge
from daybook.core.reconcile import Rule
from daybook.sync import questions
from daybook.sync.mirror import asking, owing, pairing, rows, terms
from daybook.sync.mirror.records import Agreed, Theirs
from daybook.sync.models import Apart, Connection, ContactSync, Cycle, Link, Owed, Question


@dataclass(slots=True)
class _Meeting:
    """What comes of one batch, gathered first and written at the end."""

    terms: ContactSync
    now: datetime
    tally: Cycle
    new: list[Theirs] = field(default_factory=list)
    changed: list[tuple[Contact, Card, bool]] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    fresh: list[dict[str, Any]] = field(default_factory=list)  # links, as `rows` takes them
    owed: list[int] = field(default_factory=list)
    merged: list[tuple[Contact, Sequence[Conflict]]] = field(default_factory=list)
    joined: list[tuple[Contact, Theirs]] = field(default_factory=list)
    edited: dict[int, datetime] = field(default_factory=dict)
    stuck: set[int] = field(default_factory=set)  # of which Clio could not be told
    companies: dict[str, str] = field(default_factory=dict)  # Clio's name of each that there is news of
    rules: dict[str, Rule] = field(init=False)

    def __post_init__(self) -> None:
        self.rules = terms.rules(self.terms)


def meet(setting: ContactSync, records: Sequence[Theirs], *, now: datetime, tally: Cycle) -> None:
    """
    Take in what Clio says of these contacts, in the caller's transaction: linked ones are merged field by field,
    strangers are matched with ours, added, or asked about. What Clio then lacks is owed to it.

    The caller holds the cursor's row (`terms.hold`), so that nobody links the same record meanwhile. Records of which
    nothing is new since the link was last agreed cost nothing.
    """
    connection = setting.connection
    links = rows.links_of(connection, [one.id for one in records])
    fresh = [one for one in records if _is_news(links.get(one.id), one)]
    meeting = _Meeting(setting, now, tally)
    meeting.companies = {one.id: one.card.company for one in fresh if one.card.kind == "company"}
    known = [(links[one.id], one) for one in fresh if one.id in links]
    held = contact_queries.contacts_by_id(connection.firm_id, [link.ours for link, _ in known], lock=True)
    for owed in Owed.objects.filter(connection=connection, contact__in=list(held)):
        meeting.edited[owed.contact] = owed.since
        if owed.state == Owed.State.TROUBLE:
            meeting.stuck.add(owed.contact)
    for link, record in known:
        contact = held.get(link.ours)
        if contact is None:  # it went without anybody telling: as if it had been removed
            Apart.objects.get_or_create(
                connection=connection,
                ours=link.ours,
                theirs=link.theirs,
                defaults={"why": Apart.Why.REMOVED, "name": record.card.name[:300], "at": now},
            )
            link.delete()
            continue
        _agree(meeting, link, contact, record)
        meeting.links.append(link)
    _strangers(meeting, [one for one in fresh if one.id not in links])
    _write(meeting)


def join(
    setting: ContactSync,
    contact_id: int,
    record: Theirs,
    *,
    base: Card | None,
    now: datetime,
    tally: Cycle,
    by_hand: bool = False,
) -> None:
    """
    From now on a contact of ours and one of Clio's are one, in the caller's transaction, the cursor held. `base` is
    what is known to be agreed already: what Clio was just given. Nothing happens when either is taken or gone.
    """
    connection = setting.connection
    links = Link.objects.filter(connection=connection, kind=Link.Kind.CONTACT)
    contact = contact_queries.contacts_by_id(connection.firm_id, [contact_id], lock=True).get(contact_id)
    if contact is None or links.filter(Q(ours=contact_id) | Q(theirs=record.id)).exists():
        return
    meeting = _Meeting(setting, now, tally)
    _join(meeting, contact, record, base=base, by_hand=by_hand)
    _write(meeting)


def _is_news(link: Link | None, record: Theirs) -> bool:
    return link is None or not link.agreed or link.etag != record.etag


def _agree(meeting: _Meeting, link: Link, contact: Contact, record: Theirs) -> None:
    """Merge one pair, and note what either side lacks."""
    ours = card_of(contact)
    before = Agreed.of(link)
    if record.company_hidden:  # hidden is not removed: what was last seen, or what we have, still holds
        company = before.theirs.company if before.theirs is not None else ours.company
        record = replace(record, card=replace(record.card, company=company))
    since = meeting.edited.get(contact.pk, contact.updated_at)
    merged = merge(
        agreed=before.baseline(record.card),
        ours=ours,
        theirs=record.card,
        policy=meeting.rules,
        newer=_newer(since, record),
    )
    base = merged.base
    if record.company_hidden:  # and nothing is agreed about it: whoever can be seen again may be another
        base = replace(base, company=before.base.company if before.base is not None else "")
    link.etag, link.agreed_at = record.etag, meeting.now
    link.agreed = Agreed(record.card, base, employer=record.employer).json()
    if merged.ours != ours or record.is_client != contact.is_client:
        meeting.changed.append((contact, merged.ours, record.is_client))
    needed = writes(record.card, merged.theirs)
    if not needed.empty or needed.left_out or contact.pk in meeting.stuck:
        meeting.owed.append(contact.pk)
    meeting.merged.append((contact, merged.conflicts))


def look_again(connection: Connection, companies: Mapping[str, str] | None, now: datetime) -> None:
    """
    Have everybody read again who works for one of these companies (Clio's id, and what it is called there; "" for one
    that is gone) and was last seen naming it otherwise: Clio tells nobody of that, a person's own tag stays as it is.
    With None all linked companies are compared. In the caller's transaction, the cursor held.
    """
    owing.want(connection, rows.names_it_otherwise(connection, companies), now, edited=False)


def _newer(edited: datetime, record: Theirs) -> Side | None:
    """Which side was changed last, as far as the two clocks can tell."""
    if record.changed_at is None:
        return None
    return Side.OURS if edited > record.changed_at else Side.THEIRS


def _ask(meeting: _Meeting) -> None:
    """Ask about what no rule decides; withdraw questions of which nothing is left."""
    if not meeting.merged:
        return
    setting, now = meeting.terms, meeting.now
    abouts = [asking.about_ours(contact.pk) for contact, _ in meeting.merged]
    abouts += [asking.about_theirs(record.id) for _, record in meeting.joined]
    waiting = questions.open_about(setting.connection.firm_id, abouts)
    for contact, conflicts in meeting.merged:
        if conflicts:
            meeting.tally.asked += asking.conflict(setting, contact, conflicts, now=now)
        elif (Question.Kind.CONFLICT, asking.about_ours(contact.pk)) in waiting:
            asking.no_conflict(setting, contact, now)
    for contact, record in meeting.joined:
        if waiting:
            asking.settle_same(setting, record.id, contact.pk, now)


def _strangers(meeting: _Meeting, records: list[Theirs]) -> None:
    """Contacts of Clio's that are linked to nobody."""
    if not records:
        return
    connection = meeting.terms.connection
    apart = pairing.Apartness.of(connection, [one.id for one in records])
    returning = contact_queries.contacts_by_id(connection.firm_id, apart.returning.values(), lock=True)
    candidates: list[Theirs] = []
    for record in records:
        if record.id in apart.unwanted:
            asking.changed_although_removed(meeting.terms, apart.unwanted[record.id], record, meeting.now)
        elif (contact := returning.get(apart.returning.get(record.id, 0))) is not None:
            _join(meeting, contact, record)
        elif terms.wants(meeting.terms, record):
            candidates.append(record)
    for record, found in pairing.pair_all(connection, candidates, apart):
        if found.decision is Decision.LINK and found.contact is not None:
            _join(meeting, found.contact, record)
        elif found.decision is Decision.REVIEW:
            meeting.tally.asked += asking.maybe_same(
                meeting.terms, record, found.contacts, found.because, now=meeting.now
            )
        else:
            meeting.new.append(record)


def _join(
    meeting: _Meeting, contact: Contact, record: Theirs, *, base: Card | None = None, by_hand: bool = False
) -> None:
    """From now on the two are one."""
    link = Link(
        connection=meeting.terms.connection,
        kind=Link.Kind.CONTACT,
        ours=contact.pk,
        theirs=record.id,
        by_hand=by_hand,
        agreed=Agreed(base=base).json(),
    )
    _agree(meeting, link, contact, record)
    meeting.fresh.append(
        rows.columns(link.ours, link.theirs, link.etag, link.agreed, link.agreed_at, link.by_hand)
    )
    meeting.tally.linked += 1
    meeting.joined.append((contact, record))


def _write(meeting: _Meeting) -> None:
    connection, now, tally = meeting.terms.connection, meeting.now, meeting.tally
    contacts.store(firm=connection.firm, new=[], changed=meeting.changed, source=Source.CLIO, now=now)
    people = [(one.card, one.is_client) for one in meeting.new]
    added = contacts.add_many(firm=connection.firm, people=people, source=Source.CLIO, now=now)
    for ours, record in zip(added, meeting.new, strict=True):
        agreed = Agreed(record.card, record.card, employer=record.employer)
        meeting.fresh.append(rows.columns(ours, record.id, record.etag, agreed.json(), now))
    rows.add_links(connection, meeting.fresh)
    rows.save_links(meeting.links)
    if meeting.joined:
        # Of ours, what kept them apart; of Clio's, that it was not wanted. Who else was parted from it stays so.
        Why = Apart.Why
        Apart.objects.filter(
            Q(ours__in=[contact.pk for contact, _ in meeting.joined], why__in=[Why.GONE, Why.UNLINKED])
            | Q(theirs__in=[record.id for _, record in meeting.joined], why=Why.REMOVED),
            connection=connection,
        ).delete()
    owing.want(connection, meeting.owed, now, edited=False)
    # While a book is being filled, all are compared once, at the end.
    if meeting.companies and meeting.terms.phase == ContactSync.Phase.LIVE:
        look_again(connection, meeting.companies, now)
    _ask(meeting)
    tally.added_here += len(meeting.new)
    tally.changed_here += len(meeting.changed)


def agreed_after(merged: Merged, setting: ContactSync, left_out: Sequence[str]) -> Card:
    """What both sides agree on once Clio has taken what `merged` wants it to hold, but for what was left out."""
    after = merge(
        agreed=merged.base,
        ours=merged.ours,
        theirs=merged.theirs,
        policy=terms.rules(setting),
        newer=None,
    ).base
    return reached(after, merged.base, left_out)
