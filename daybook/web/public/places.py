"""Where a visitor arrives: the landing page, a firm, a lawyer."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from daybook.appointments import queries as appointments
from daybook.appointments import teams
from daybook.appointments.models import AppointmentType
from daybook.directory import queries as directory
from daybook.firms import queries as firms
from daybook.firms.models import Firm
from daybook.firms.permissions import firm_may
from daybook.web.public import structured


def landing(request: HttpRequest) -> HttpResponse:
    """What this is; somebody signed in goes on to their dashboard."""
    if request.user.is_authenticated:
        return redirect("dashboard")
    return render(request, "landing.html")


def firm(request: HttpRequest, firm_slug: str) -> HttpResponse:
    """The firm's lawyers who can be booked."""
    found = firms.public_firm(firm_slug)
    if found is None:
        raise Http404
    if not firm_may(found, "public_booking"):
        return closed(request, found)
    lawyers = firms.lawyers(found).filter(public=True, pk__in=appointments.with_something_public(found))
    together = [(one, _people(one)) for one in appointments.public_team_types(found)]
    context = {"firm": found, "lawyers": lawyers, "together": together}
    return render(request, "public/firm.html", context | {"structured": structured.of_firm(request, found)})


def _people(offer: AppointmentType) -> str:
    """Who may be met, where that is not its own lawyer alone."""
    return teams.named(teams.team_of(offer), to_public=True) if offer.has_team else ""


def lawyer(request: HttpRequest, firm_slug: str, lawyer_slug: str) -> HttpResponse:
    """Who the lawyer is, and what can be booked with them."""
    found = firms.public_lawyer(firm_slug, lawyer_slug)
    if found is None:
        raise Http404
    if not firm_may(found.firm, "public_booking"):
        return closed(request, found.firm)
    types = [(one, _people(one)) for one in appointments.public_types(found)]
    profile = directory.profile_of(found)
    context = {
        "firm": found.firm,
        "lawyer": found,
        "types": types,
        "profile": profile,
        "admitted": list(directory.admitted_in(profile)),
        "structured": structured.of_lawyer(request, found, profile, [one for one, _ in types]),
    }
    return render(request, "public/lawyer.html", context)


def privacy(request: HttpRequest, firm_slug: str) -> HttpResponse:
    """The firm's own privacy notice, or in a few words what is kept here and for what."""
    found = firms.public_firm(firm_slug)
    if found is None:
        raise Http404
    if found.privacy_url:
        return redirect(found.privacy_url)
    return render(request, "public/privacy.html", {"firm": found})


def closed(request: HttpRequest, firm: Firm) -> HttpResponse:
    """Online booking is closed; the firm can still be called."""
    return render(request, "public/closed.html", {"firm": firm})
