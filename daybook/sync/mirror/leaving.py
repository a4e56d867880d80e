"""Contacts that are no longer on one side. Nothing is ever deleted on the other because of that."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from daybook.connectors.clio import contacts as remote
from daybook.connectors.clio.session import Session
from daybook.connectors.errors import Forbidden, Missing
from daybook.contacts import queries as contact_queries
from daybook.contacts.cards import card_of
from daybook.contacts.models import Contact
from daybook.core import matching
from daybook.core.changes import alike
from daybook.firms.outbox import record
from daybook.sync.mirror import asking, owing, terms
from daybook.sync.mirror.meeting import look_again, meet
from daybook.sync.mirror.pairing import person_of
from daybook.sync.mirror.records import Agreed, Theirs, theirs_of
from daybook.sync.models import Apart, Connection, ContactSync, Cycle, Link


def look_for(setting: ContactSync, session: Session, theirs: str, *, now: datetime, tally: Cycle) -> bool:
    """
    Ask Clio for one linked contact that was missing somewhere. One that is there is taken in; one that is not is
    unlinked and shown; one that is only hidden stays as it is. Returns whether it was gone.

    Raises RemoteTrouble.
    """
    firm = setting.connection.firm
    try:
        found = remote.get(session, theirs)
    except Forbidden:
        return False
    except Missing:
        link = Link.objects.filter(
            connection=setting.connection, kind=Link.Kind.CONTACT, theirs=theirs
        ).first()
        if link is None:
            with transaction.atomic():
                terms.hold(setting.connection)
                asking.nobody_there(setting, theirs, now)
            return False
        heir = _heir(setting, session, link)
        with transaction.atomic():
            terms.hold(setting.connection)
            gone(setting, theirs, heir, now=now, tally=tally)
        return True
    if not found.redacted:
        with transaction.atomic():
            terms.hold(setting.connection)
            meet(setting, [theirs_of(found, firm.country)], now=now, tally=tally)
    return False


def _heir(setting: ContactSync, session: Session, link: Link) -> Theirs | None:
    """The contact in Clio into which one that is gone seems to have been merged: it has its address, and its name."""
    last = Agreed.of(link).theirs
    if last is None or not last.emails:
        return None
    was = person_of("", last)
    for found in remote.find_by_email(session, last.emails[0].key):
        heir = theirs_of(found, setting.connection.firm.country)
        if found.id != link.theirs and not found.redacted:
            decision = matching.pair(was, [person_of(heir.id, heir.card)]).decision
            if decision is matching.Decision.LINK:
                return heir
    return None


def gone(setting: ContactSync, theirs: str, heir: Theirs | None, *, now: datetime, tally: Cycle) -> None:
    """
    Clio no longer shows a contact: forget the pair, keep ours, and say so. In the caller's transaction, the cursor held.

    With an `heir`, the contact that took it over in Clio, ours is linked to that one, or, if that one is another of
    ours, somebody is asked whether the two should be merged here as well.
    """
    connection = setting.connection
    link = Link.objects.filter(connection=connection, kind=Link.Kind.CONTACT, theirs=theirs).first()
    if link is None:
        return
    contact = contact_queries.contacts_by_id(connection.firm_id, [link.ours], lock=True).get(link.ours)
    before = Agreed.of(link)
    link.delete()
    tally.unlinked += 1
    if before.theirs is not None and before.theirs.kind == "company":
        look_again(connection, {theirs: ""}, now)
    if contact is None:
        return
    owing.forget(connection, contact.pk)
    asking.no_conflict(setting, contact, now)
    record("contact_unlinked", firm=connection.firm_id, now=now, subject=contact.pk, because="gone")
    twin = None
    if heir is not None:
        taken = Link.objects.filter(connection=connection, kind=Link.Kind.CONTACT, theirs=heir.id).first()
        if taken is None:
            Apart.objects.create(
                connection=connection,
                ours=contact.pk,
                theirs=heir.id,
                why=Apart.Why.GONE,
                name=contact.name[:300],
                at=now,
            )  # as if the heir were the lost one come back
            meet(setting, [heir], now=now, tally=tally)
            return
        twin = contact_queries.contacts_by_id(connection.firm_id, [taken.ours]).get(taken.ours)
    Apart.objects.update_or_create(
        connection=connection,
        ours=contact.pk,
        theirs=theirs,
        defaults={"why": Apart.Why.GONE, "name": contact.name[:300], "at": now},
    )
    if twin is not None and heir is not None:
        tally.asked += asking.merged_there(setting, contact, twin, heir.id, now)
    elif _changed_here(contact, before):
        tally.asked += asking.gone_although_changed(setting, contact, theirs, now)


def _changed_here(contact: Contact, agreed: Agreed) -> bool:
    return agreed.base is not None and not alike(card_of(contact), agreed.base)


def removed(*, firm_id: int, contact_id: int, name: str, now: datetime) -> None:
    """A contact was removed from Daybook: Clio keeps it, and it does not come back by itself."""
    asking.nobody_here(firm_id, contact_id, now)
    for link in Link.objects.filter(
        connection__firm=firm_id,
        connection__provider=Connection.Provider.CLIO,
        kind=Link.Kind.CONTACT,
        ours=contact_id,
    ):
        Apart.objects.update_or_create(
            connection_id=link.connection_id,
            ours=contact_id,
            theirs=link.theirs,
            defaults={"why": Apart.Why.REMOVED, "etag": link.etag, "name": name[:300], "at": now},
        )
        link.delete()
        owing.forget(link.connection, contact_id)


def merged(*, firm_id: int, kept: int, dropped: int, now: datetime) -> None:
    """
    Two of ours became one. The one that stays takes over the other's contact in Clio if it has none of its own; else
    Clio keeps two, of which only one is ours: Daybook merges nothing over there.
    """
    asking.nobody_here(firm_id, dropped, now)
    for link in Link.objects.filter(connection__firm=firm_id, kind=Link.Kind.CONTACT, ours=dropped):
        links = Link.objects.filter(connection=link.connection_id, kind=Link.Kind.CONTACT)
        if links.filter(ours=kept).exists():
            Apart.objects.update_or_create(
                connection_id=link.connection_id,
                ours=dropped,
                theirs=link.theirs,
                defaults={"why": Apart.Why.REMOVED, "etag": link.etag, "name": "", "at": now},
            )
            link.delete()
        else:
            # Without a tag: what was asked about the other is asked anew about this one.
            links.filter(pk=link.pk).update(ours=kept, etag="")
        owing.want(link.connection, [kept], now)
        owing.forget(link.connection, dropped)


def restored(*, firm_id: int, contact_id: int, was: int, now: datetime) -> None:
    """A merge was undone: the contact that is back (`was` is its old id) is linked to what it was linked to before."""
    for apart in Apart.objects.filter(connection__firm=firm_id, ours=was, why=Apart.Why.REMOVED).exclude(
        theirs=""
    ):
        links = Link.objects.filter(connection=apart.connection_id, kind=Link.Kind.CONTACT)
        if not links.filter(theirs=apart.theirs).exists():
            # Never agreed, as far as we still know: the next look at Clio's side merges the two.
            Link.objects.create(
                connection_id=apart.connection_id,
                kind=Link.Kind.CONTACT,
                ours=contact_id,
                theirs=apart.theirs,
                agreed_at=now,
            )
        apart.delete()
