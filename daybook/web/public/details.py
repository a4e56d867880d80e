"""A time is held: who the client is, and the confirmation."""

from __future__ import annotations

from datetime import datetime, timedelta
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
from daybook.appointments.operations import requesting
from daybook.appointments.teams import people_of
from daybook.core import lifecycle, times
from daybook.core.errors import OnlyByRequest, Refusal, TooLateToCancel
from daybook.core.hours import to_local
from daybook.core.requests import answer_by
from daybook.web.public import drafts, limits, paying
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
    as_request = request.POST.get("ask") == "request"
    try:
        if not as_request and (way := paying.instead(request, held, form.details(zone))) is not None:
            return way
        confirmed = operations.confirm(
            appointment=held, details=form.details(zone), now=now, as_request=as_request
        )
    except OnlyByRequest as refusal:
        form.refuse(refusal)
        return _page(request, held, form, status=refusal.status, only_request=True)
    except Refusal as refusal:
        if refusal.field in form.fields or refusal.code in _TRY_AGAIN:
            form.refuse(refusal)
            return _page(request, held, form, status=refusal.status)
        drafts.keep(request, held.appointment_type, form.cleaned_data)
        messages.error(request, f"{refusal.text} What you typed is kept.")
        return redirect(_other_times(held, zone))
    drafts.forget(request)
    page = "public_request" if confirmed.only_requested else "public_appointment"
    return redirect(page, token=links.link_token(confirmed))


def _page(
    request: HttpRequest,
    held: Appointment,
    form: DetailsForm,
    status: int = 200,
    *,
    only_request: bool = False,
) -> HttpResponse:
    now = timezone.now()
    zone = visitor_zone(request, held.lawyer.time_zone).name
    gone = held.state == Appointment.State.EXPIRED or held.held_until is None
    over = gone or lifecycle.hold_runs_out(held.held_until, now)
    too_soon = _too_soon(held, now)
    if too_soon:
        form["email"].help_text = "The confirmation goes there."
    only_request = only_request or bool(requesting.only_because(held.appointment_type, people_of(held), now))
    if only_request:
        form["email"].help_text = "The answer goes there, with a link to look it up or withdraw it."
    fee_says, button = ("", "") if only_request else paying.ahead(held)
    context = {
        "fee_says": fee_says,
        "button": button or "Confirm appointment",
        "firm": held.firm,
        "only_request": only_request,
        "answer_by": _answer_by(held, now, zone) if only_request else "",
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


def _answer_by(held: Appointment, now: datetime, zone: str) -> str:
    """Until when the firm would answer, if it were asked now."""
    notice = timedelta(minutes=held.appointment_type.notice_minutes)
    until = answer_by(now, held.start, notice)
    return f"{times.say_moment(until, zone)} ({times.zone_label(zone, until)})"


def _other_times(held: Appointment, zone: str) -> str:
    offer = held.appointment_type
    url = reverse("public_times", args=[offer.firm.slug, queries.page_of(held), offer.slug])
    return f"{url}?{urlencode({'from': to_local(held.start, zone).date().isoformat(), 'zone': zone})}"
