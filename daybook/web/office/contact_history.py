"""What became of a contact, change by change, and the way back from each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from daybook.appointments import operations as appointments
from daybook.contacts import history, operations, queries
from daybook.contacts.cards import RAW, card_of
from daybook.contacts.models import Contact, ContactChange, Merge, Source
from daybook.contacts.phones import show_phone
from daybook.core.cards import Card, from_json
from daybook.core.changes import MAIN, Value
from daybook.core.errors import Refusal
from daybook.web.office.contact_form import NAMES
from daybook.web.signed_in import OfficeRequest, office

PAGE = 50

#: Where a change came from, as the page says it before "on Mon 23 Nov".
SOURCES: dict[str, str] = {
    Source.CLIO: "from Clio",
    Source.DESK: "typed in Daybook",
    Source.BOOKING: "given when booking",
    Source.MERGE: "by a merge",
    Source.UNDO: "by Undo",
}

#: Where a contact came from, as the page says it after "Added"; nothing for those older than the record of it.
BEGINNINGS: dict[str, str] = {
    Source.CLIO: "from Clio",
    Source.DESK: "in Daybook",
    Source.BOOKING: "by a booking",
    Source.MERGE: "by a merge",
    Source.UNDO: "when a merge was undone",
}

FIELDS = NAMES | {
    "kind": "Person or company",
    "is_client": "Client",
    "emails": "Email",
    "phones": "Phone",
    "addresses": "Address",
}


@dataclass(frozen=True, slots=True)
class Line:
    """A change in words: "Last name: Smyth", "was Smith"; whether it can be put back."""

    id: int
    field: str
    says: str
    was: str
    source: str
    who: str
    at: datetime
    undoable: bool


@dataclass(frozen=True, slots=True)
class Joined:
    """A merge in words."""

    id: int
    name: str
    who: str
    at: datetime


def field_name(field: str) -> str:
    name = field.partition(":")[0]
    if name.endswith(MAIN):
        return f"Default {FIELDS[name.removesuffix(MAIN)].lower()}"
    return FIELDS[name]


def said(field: str, value: Value, country: str) -> str:
    """A value of a change as people read it; "" for nothing."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        parts = [part for part in value[1] if part]
        shown = show_phone(parts[0], country) if field.startswith("phones") and parts else ", ".join(parts)
        return f"{shown} ({value[2]})" if value[2] else shown
    if field == "phones" + MAIN and value:
        return show_phone(value.removeprefix(RAW), country)
    return value or ""


def line(change: ContactChange, card: Card, is_client: bool, country: str) -> Line:
    current = is_client if change.field == "is_client" else history.value_of(card, change.field)
    now, was = (said(change.field, value, country) for value in (change.now_value, change.was))
    return Line(
        id=change.pk,
        field=field_name(change.field),
        says=now or "removed",
        was=f"was {was}" if was else "new",
        source=SOURCES[change.source],
        who=(change.actor.name or change.actor.email) if change.actor else "",
        at=change.at,
        undoable=current == change.now_value,
    )


def joined(merge: Merge) -> Joined:
    who = (merge.actor.name or merge.actor.email) if merge.actor else ""
    return Joined(merge.pk, from_json(merge.dropped_card).name or "No name", who, merge.at)


@require_safe
@office("see_contacts")
def contact_history(request: OfficeRequest, contact_id: int) -> HttpResponse:
    contact = queries.access_contact(request.actor, contact_id)
    asked = request.GET.get("before", "")
    before = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 19 else None
    return _page(request, contact, before, 200)


def _page(request: OfficeRequest, contact: Contact, before: int | None, status: int) -> HttpResponse:
    card, country = card_of(contact), request.actor.firm.country
    changes = queries.changes_of(contact, before=before, size=PAGE + 1)
    shown = changes[:PAGE]
    context = {
        "contact": contact,
        "lines": [line(change, card, contact.is_client, country) for change in shown],
        "older": shown[-1].pk if len(changes) > PAGE else None,
        "merges": [joined(merge) for merge in queries.merges_of(contact)] if before is None else [],
        "before": before,
        "began": BEGINNINGS.get(contact.source, ""),
        "zone": request.actor.lawyer.time_zone if request.actor.lawyer else request.actor.firm.time_zone,
    }
    return render(request, "desk/contact_history.html", context, status=status)


@require_POST
@office("see_contacts")
def undo_change(request: OfficeRequest, contact_id: int, change_id: int) -> HttpResponse:
    change = queries.access_change(request.actor, contact_id, change_id)
    try:
        operations.undo(actor=request.actor.user, change=change, now=timezone.now())
    except Refusal as refusal:
        messages.error(request, refusal.text)
        return _page(request, change.contact, None, refusal.status)
    messages.success(request, f"{field_name(change.field)} is as it was before.")
    return redirect("contact_history", contact_id)


@require_POST
@office("see_contacts")
def undo_merge(request: OfficeRequest, contact_id: int, merge_id: int) -> HttpResponse:
    merge = queries.access_merge(request.actor, contact_id, merge_id)
    try:
        back = appointments.part_contacts(actor=request.actor, merge=merge, now=timezone.now())
    except Refusal as refusal:
        messages.error(request, refusal.text)
        return _page(request, merge.kept, None, refusal.status)
    messages.success(request, f"{back.name or 'The other contact'} is a contact of its own again.")
    return redirect("contact", back.pk)
