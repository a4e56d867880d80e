"""A time is held: who the client is, and the confirmation."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from daybook.appointments import links, operations, queries
from daybook.appointments.availability import client_policy
from daybook.appointments.models import Appointment
from daybook.core import lifecycle, times
from daybook.core.errors import Refusal, TooLateToCancel
from daybook.core.hours import to_local
from daybook.web.public import drafts, limits
from daybook.web.public.forms import DetailsForm
from daybook.web.public.linked import linked, names_of
from daybook.web.public.zones import visitor_zone

#: Nothing is wrong with what was typed nor with the time: the same page again, and another try.
_TRY_AGAIN = {"calendar_unreadable", "crowded"}


@require_http_methods(["GET", "HEAD", "POST"])
@linked
def details(request: HttpRequest, held: Appointment, token: str) -> HttpResponse:
    """Ask who the client is; their answer confirms the appointment."""
    if held.state in (Appointment.State.CONFIRMED, Appointment.State.CANCELLED):
        return redirect("public_appointment", token=token)
    offer = held.appointment_type
    if request.method != "POST":
        return _page(request, held, DetailsForm(offer, initial=drafts.recall(request, offer)))
    return _confirm(request, held, DetailsForm(offer, request.POST))


def _confirm(request: HttpRequest, held: Appointment, form: DetailsForm) -> HttpResponse:
    now = timezone.now()
    if not limits.within_limit(request, "confirm", now):
        form.add_error(None, limits.SAYS)
        return _page(request, held, form, status=429)
    if not form.is_valid():
        return _page(request, held, form, status=422)
    zone = visitor_zone(request, held.lawyer.time_zone).name
    try:
        confirmed = operations.confirm(appointment=held, details=form.details(zone), now=now)
    except Refusal as refusal:
        if refusal.field in form.fields or refusal.code in _TRY_AGAIN:
            form.refuse(refusal)
            return _page(request, held, form, status=refusal.status)
        drafts.keep(request, held.appointment_type, form.cleaned_data)
        messages.error(request, f"{refusal.text} What you typed is kept.")
        return redirect(_other_times(held, zone))
    drafts.forget(request)
    return redirect("public_appointment", token=links.link_token(confirmed))


def _page(request: HttpRequest, held: Appointment, form: DetailsForm, status: int = 200) -> HttpResponse:
    now = timezone.now()
    zone = visitor_zone(request, held.lawyer.time_zone).name
    gone = held.state == Appointment.State.EXPIRED or held.held_until is None
    over = gone or lifecycle.hold_runs_out(held.held_until, now)
    too_soon = _too_soon(held, now)
    if too_soon:
        form["email"].help_text = "The confirmation goes there."
    context = {
        "firm": held.firm,
        "lawyer": held.lawyer,
        "people": names_of(held),
        "type": held.appointment_type,
        "held": held,
        "zone": zone,
        "form": form,
        "too_soon": too_soon,
        "kept_until": "" if over else times.say_time(held.held_until, zone),
        "other_times": _other_times(held, zone),
    }
    return render(request, "public/details.html", context, status=status)


def _too_soon(held: Appointment, now: datetime) -> bool:
    """Whether the time for moving or cancelling will be over as soon as it is confirmed."""
    policy = client_policy(held.appointment_type)
    try:
        lifecycle.may_cancel(
            lifecycle.State.CONFIRMED, lifecycle.Actor.CLIENT, start=held.start, now=now, policy=policy
        )
    except TooLateToCancel:
        return True
    return False


def _other_times(held: Appointment, zone: str) -> str:
    offer = held.appointment_type
    url = reverse("public_times", args=[offer.firm.slug, queries.page_of(held), offer.slug])
    return f"{url}?{urlencode({'from': to_local(held.start, zone).date().isoformat(), 'zone': zone})}"
