"""What the link of a request leads to: how it stands, and taking it back."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from daybook.appointments import queries
from daybook.appointments.models import Appointment
from daybook.appointments.operations import answering
from daybook.core import lifecycle, times
from daybook.core.errors import Refusal
from daybook.web.public.linked import linked_request, names_of
from daybook.web.public.zones import visitor_zone


def _context(request: HttpRequest, found: Appointment, token: str) -> dict[str, Any]:
    zone = visitor_zone(request, found.client_time_zone or found.lawyer.time_zone).name
    until = found.answer_by
    waits = lifecycle.allowed(lifecycle.State(found.state), lifecycle.Action.WITHDRAW, lifecycle.Actor.CLIENT)
    return {
        "firm": found.firm,
        "lawyer": found.lawyer,
        "people": names_of(found),
        "page_of": queries.page_of(found),
        "type": found.appointment_type,
        "appointment": found,
        "token": token,
        "zone": zone,
        "waits": waits,
        "answer_by": f"{times.say_moment(until, zone)} ({times.zone_label(zone, until)})" if until else "",
    }


@require_safe
@linked_request
def requested(request: HttpRequest, found: Appointment, token: str) -> HttpResponse:
    """What was asked for, what happens next and by when; or what has become of it."""
    return render(request, "public/requested.html", _context(request, found, token))


@require_http_methods(["GET", "HEAD", "POST"])
@linked_request
def withdraw(request: HttpRequest, found: Appointment, token: str) -> HttpResponse:
    """Ask once, then take it back."""
    context = _context(request, found, token)
    if not context["waits"]:
        return redirect("public_request", token=token)
    if request.method == "POST":
        try:
            answering.withdraw(appointment=found, now=timezone.now())
        except Refusal as refusal:  # answered while this page was open: the page it leads to says how
            messages.info(request, refusal.text)
        else:
            messages.success(request, "Your request has been withdrawn.")
        return redirect("public_request", token=token)
    return render(request, "public/withdraw.html", context)
