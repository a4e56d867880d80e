"""Audit: what happened in the firm, newest first, in sentences."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from daybook.core.events import EVENTS
from daybook.firms.models import Event, Invitation, Lawyer, Member
from daybook.firms.queries import audit_trail
from daybook.web.office.desks import named_id
from daybook.web.signed_in import OfficeRequest, office

A_PAGE = 50

#: Whose id the subject of an event is, for the events about people of the firm.
LAWYER, MEMBER, INVITATION = "lawyer", "member", "invitation"
ABOUT: dict[str, str] = {
    "lawyer_added": LAWYER,
    "page_switched": LAWYER,
    "profile_saved": LAWYER,
    "acted_for": LAWYER,
    "lawyer_matched": LAWYER,
    "calendars_chosen": LAWYER,
    "calendar_account_connected": LAWYER,
    "calendar_account_declined": LAWYER,
    "calendar_account_removed": LAWYER,
    "feed_added": LAWYER,
    "feed_removed": LAWYER,
    "hours_saved": LAWYER,
    "exception_saved": LAWYER,
    "exception_removed": LAWYER,
    "member_invited": INVITATION,
    "invitation_withdrawn": INVITATION,
    "member_joined": MEMBER,
    "role_changed": MEMBER,
}


@require_safe
@office("see_audit")
def audit(request: OfficeRequest) -> HttpResponse:
    trail = audit_trail(request.actor.firm)
    who = request.GET.get("who", "")
    if who == "nobody":
        trail = trail.filter(actor=None)
    elif named_id(who):
        trail = trail.filter(actor=named_id(who))
    page = Paginator(trail, A_PAGE).get_page(request.GET.get("page"))
    names = _names(page.object_list)
    context = {
        "page": page,
        "rows": [_row(event, names) for event in page.object_list],
        "people": [
            (str(member.user.pk), str(member.user))
            for member in Member.objects.filter(firm=request.actor.firm).select_related("user")
        ],
        "who": who,
    }
    return render(request, "firm/audit.html", context)


def _row(event: Event, names: dict[tuple[str, int], str]) -> dict[str, Any]:
    about = names.get((ABOUT.get(event.name, ""), event.subject or 0), "")
    behalf = event.behalf_of.name if event.behalf_of else ""
    return {
        "at": event.at,
        "says": EVENTS.get(event.name, event.name),
        "about": about if about != behalf else "",
        "who": str(event.actor) if event.actor else "Daybook, or a client",
        "behalf": behalf,
    }


def _names(events: Iterable[Event]) -> dict[tuple[str, int], str]:
    """The people the events of one page are about: three questions to the database, not one for each row."""
    wanted: dict[str, set[int]] = {LAWYER: set(), MEMBER: set(), INVITATION: set()}
    for event in events:
        if event.name in ABOUT and event.subject:
            wanted[ABOUT[event.name]].add(event.subject)
    names = {(LAWYER, row.pk): row.name for row in Lawyer.objects.filter(pk__in=wanted[LAWYER])}
    members = Member.objects.filter(pk__in=wanted[MEMBER]).select_related("user")
    names |= {(MEMBER, row.pk): str(row.user) for row in members}
    return names | {
        (INVITATION, row.pk): row.name for row in Invitation.objects.filter(pk__in=wanted[INVITATION])
    }
