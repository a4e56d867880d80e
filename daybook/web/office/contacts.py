"""The firm's contacts: the list, one of them, and how far the first import has come."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from daybook.appointments import queries as appointments
from daybook.contacts import queries
from daybook.contacts.models import ContactAddress
from daybook.core import times
from daybook.firms.permissions import may
from daybook.sync import queries as sync
from daybook.sync import whereabouts
from daybook.sync.models import Connection, Cursor
from daybook.web.office.contact_history import BEGINNINGS
from daybook.web.office.desks import typed
from daybook.web.office.shown import row
from daybook.web.office.sync_contact import sync_of
from daybook.web.signed_in import OfficeRequest, office

#: One page of the list.
PAGE = 30

#: The most of a contact's appointments that its page lists, each way.
MOST = 20


@dataclass(frozen=True, slots=True)
class Import:
    """The first reading of Clio's contacts, under way."""

    seen: int
    expected: int | None
    left: str  # how long it will take, when that can be told
    trouble: str


def import_of(connection: Connection | None, now: datetime) -> Import | None:
    """How far the first import is; None when there is none to wait for."""
    if connection is None or connection.state != Connection.State.ACTIVE:
        return None
    cursor = sync.contact_import(connection)
    if cursor is None or cursor.since is not None or cursor.state == Cursor.State.STOPPED:
        return None
    return Import(cursor.seen, cursor.expected, _left(cursor, now), cursor.trouble)


def _left(cursor: Cursor, now: datetime) -> str:
    if not (cursor.expected and cursor.seen and cursor.started_at):
        return ""
    rate = cursor.seen / max((now - cursor.started_at).total_seconds(), 1)
    seconds = max(cursor.expected - cursor.seen, 0) / rate
    if seconds < 60:
        return "less than a minute left"
    return f"about {times.say_length(timedelta(minutes=round(seconds / 60)))} left"


@require_safe
@office("see_contacts")
def contacts(request: OfficeRequest) -> HttpResponse:
    """Everybody in the firm's book, searched by the first letters of any word of their name."""
    text = typed(request.GET, "q")
    asked = request.GET.get("page", "")
    page = max(int(asked), 1) if asked.isascii() and asked.isdigit() and len(asked) < 6 else 1
    found, more = queries.contact_page(request.actor.firm, text, page=page, size=PAGE)
    connection = sync.connection_of(request.actor.firm.pk)
    context = {
        "contacts": found,
        "q": text,
        "page": page,
        "earlier": page - 1,
        "later": page + 1 if more else None,
        "count": queries.contact_count(request.actor.firm),
        "connection": connection,
        "progress": import_of(connection, timezone.now()),
    }
    return render(request, "desk/contacts.html", context)


@require_safe
@office("see_contacts")
def import_progress(request: OfficeRequest) -> HttpResponse:
    """The banner of the import, as a part of the page; once it is over the page is loaded anew."""
    progress = import_of(sync.connection_of(request.actor.firm.pk), timezone.now())
    response = render(request, "desk/import.html", {"progress": progress})
    if progress is None and request.htmx:
        response["HX-Refresh"] = "true"
    return response


def _lines(row: ContactAddress) -> list[str]:
    """A postal address as it stands on an envelope."""
    region = " ".join(filter(None, (row.province, row.postal_code)))
    return [line for line in (row.street, ", ".join(filter(None, (row.city, region))), row.country) if line]


@require_safe
@office("see_contacts")
def contact(request: OfficeRequest, contact_id: int) -> HttpResponse:
    """One contact: how to reach them, their appointments at the desks one may see, and whether Clio has them."""
    actor, now = request.actor, timezone.now()
    found = queries.access_contact(actor, contact_id)
    connection = sync.connection_of(actor.firm.pk)
    desks = [lawyer.pk for lawyer in request.desks]
    coming = appointments.upcoming(desks, now).filter(contact=found.pk)[:MOST]
    gone = appointments.past(desks, now).filter(contact=found.pk)[:MOST]
    stays = whereabouts.left_behind([*coming, *gone])
    context = {
        "contact": found,
        "emails": found.emails.all(),
        "phones": found.phones.all(),
        "addresses": [{"label": row.label, "lines": _lines(row)} for row in found.addresses.all()],
        "began": BEGINNINGS.get(found.source, ""),
        "zone": actor.lawyer.time_zone if actor.lawyer else actor.firm.time_zone,
        "sync": sync_of(actor, found),
        "lists": [
            (
                title,
                [
                    (
                        times.say_start(one.start, one.lawyer.time_zone),
                        row(
                            one,
                            actor=actor,
                            zone=one.lawyer.time_zone,
                            connection=connection,
                            now=now,
                            stays=stays.get(one.pk, ""),
                        ),
                    )
                    for one in some
                ],
            )
            for title, some in (("Upcoming", coming), ("Past", gone))
        ],
        "may_book": actor.lawyer is not None and may(actor, "manage_appointments", actor.lawyer),
    }
    return render(request, "desk/contact.html", context)
