"""What the links in a confirmation lead to: the appointment, its calendar file, moving it, calling it off."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from daybook.appointments import operations, queries
from daybook.appointments.availability import client_policy
from daybook.appointments.models import Appointment, AppointmentType
from daybook.core import lifecycle
from daybook.core.errors import ChangedMeanwhile, Refusal
from daybook.core.payments_refunds import Who
from daybook.firms.permissions import firm_may
from daybook.messaging.calendar_file import FILE_NAME, calendar_file
from daybook.web.forms import stale
from daybook.web.public import limits, paying
from daybook.web.public.booking import times_page
from daybook.web.public.linked import linked, names_of
from daybook.web.public.timetable import chosen_start
from daybook.web.public.zones import visitor_zone

CLIENT = Appointment.Party.CLIENT
State = Appointment.State


def _refusals(appointment: Appointment, now: datetime) -> tuple[Refusal | None, Refusal | None]:
    """Why the client cannot move it, and why they cannot cancel it; None where they can."""
    policy = client_policy(appointment.appointment_type)
    found: list[Refusal | None] = []
    for rule in (lifecycle.may_move, lifecycle.may_cancel):
        try:
            rule(
                lifecycle.State(appointment.state),
                lifecycle.Actor.CLIENT,
                start=appointment.start,
                now=now,
                policy=policy,
            )
            found.append(None)
        except Refusal as refusal:
            found.append(refusal)
    return found[0], found[1]


def _context(request: HttpRequest, appointment: Appointment, token: str, now: datetime) -> dict[str, Any]:
    cannot_move, cannot_cancel = _refusals(appointment, now)
    return {
        "owed": paying.owed(appointment),
        "firm": appointment.firm,
        "lawyer": appointment.lawyer,
        "people": names_of(appointment),
        "page_of": (page := queries.page_of(appointment)),
        "book_again": _is_offered(appointment, page),
        "type": appointment.appointment_type,
        "appointment": appointment,
        "token": token,
        "zone": _zone(request, appointment),
        "cannot_move": cannot_move,
        "cannot_cancel": cannot_cancel,
        "is_over": appointment.end <= now,
        "where": _where(appointment),
    }


def _is_offered(appointment: Appointment, page: str) -> bool:
    """Whether what was cancelled can be booked anew where it was booked: its page may be switched off since."""
    if appointment.state != State.CANCELLED or not firm_may(appointment.firm, "public_booking"):
        return False
    return queries.public_type(appointment.firm.slug, page, appointment.appointment_type.slug) is not None


def _where(appointment: Appointment) -> str:
    """The place, in words that tell whoever holds the link no more than it must."""
    place, detail = appointment.place, appointment.place_detail
    if place == AppointmentType.Place.PHONE:
        last = appointment.client_phone[-2:]
        return f"By phone. We call the number you gave, ending in {last}." if last else "By phone."
    if place == AppointmentType.Place.IN_PERSON:
        return f"In person: {detail}" if detail else "In person, at the firm’s office."
    return "By video." if detail else "By video. The firm sends you the link."


@require_safe
@linked
def appointment(request: HttpRequest, found: Appointment, token: str) -> HttpResponse:
    """What is confirmed, and what can be done with it."""
    if found.state in (State.HELD, State.EXPIRED):
        return redirect("public_hold", token=token)
    return render(request, "public/appointment.html", _context(request, found, token, timezone.now()))


@require_safe
@linked
def calendar(request: HttpRequest, found: Appointment, token: str) -> HttpResponse:
    """The appointment for the client's own calendar."""
    if found.state in (State.HELD, State.EXPIRED):
        return redirect("public_hold", token=token)
    response = HttpResponse(calendar_file(found, timezone.now()), content_type="text/calendar; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{FILE_NAME}"'
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@linked
def move(request: HttpRequest, found: Appointment, token: str) -> HttpResponse:
    """Choose another time; a press on one that is free leads to the page that asks once more."""
    now = timezone.now()
    context = _context(request, found, token, now)
    if context["cannot_move"]:
        return render(request, "public/appointment.html", context, status=409)
    if request.method != "POST":
        return _other_times(request, found, token)
    start = chosen_start(request)
    if start is None:
        return _other_times(request, found, token, "Please choose one of the times shown.", 422)
    try:
        operations.could_move(appointment=found, start=start, by=CLIENT, now=now)
    except Refusal as refusal:
        return _other_times(request, found, token, refusal.text, refusal.status)
    query = urlencode({"start": int(start.timestamp()), "zone": _zone(request, found)})
    return redirect(f"{reverse('public_move_review', args=[token])}?{query}")


@require_http_methods(["GET", "HEAD", "POST"])
@linked
def review(request: HttpRequest, found: Appointment, token: str) -> HttpResponse:
    """
    The old time and the new one; the press there moves it, after another look at the new time.

    The appointment, its link and its calendar entry stay the same ones.
    """
    now = timezone.now()
    context = _context(request, found, token, now)
    if context["cannot_move"]:
        return render(request, "public/appointment.html", context, status=409)
    start = chosen_start(request)
    if start is None:
        return _other_times(request, found, token, "Please choose one of the times shown.", 422)
    if start == found.start:
        messages.info(request, "That is the time it already has. Nothing was changed.")
        return redirect("public_appointment", token=token)
    if request.method == "POST" and not limits.within_limit(request, "move", now):
        return _other_times(request, found, token, limits.SAYS, 429)
    try:
        if request.method != "POST":
            during = operations.could_move(appointment=found, start=start, by=CLIENT, now=now)
            context |= {"new_start": during.start, "new_end": during.end, "zone": _zone(request, found)}
            return render(request, "public/move_review.html", context)
        if stale(request.POST.get("sequence"), found.sequence):
            raise ChangedMeanwhile
        operations.reschedule(appointment=found, start=start, by=CLIENT, now=now)
    except Refusal as refusal:
        return _other_times(request, found, token, refusal.text, refusal.status)
    messages.success(request, "Your appointment has been moved. A new confirmation is on its way.")
    return redirect("public_appointment", token=token)


def _zone(request: HttpRequest, found: Appointment) -> str:
    return visitor_zone(request, found.client_time_zone or found.lawyer.time_zone).name


def _other_times(
    request: HttpRequest, found: Appointment, token: str, notice: str = "", status: int = 200
) -> HttpResponse:
    return times_page(
        request,
        found.appointment_type,
        notice=notice,
        status=status,
        moved=found,
        template="public/move.html",
        zone_name=found.client_time_zone,
        extra={
            "appointment": found,
            "token": token,
            "people": names_of(found),
            "here": reverse("public_move", args=[token]),
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@linked
def cancel(request: HttpRequest, found: Appointment, token: str) -> HttpResponse:
    """Ask once, then call it off."""
    now = timezone.now()
    context = _context(request, found, token, now)
    if context["cannot_cancel"]:
        return render(request, "public/appointment.html", context, status=409)
    context["money"] = paying.if_cancelled(found, Who.CLIENT)
    if request.method == "POST":
        reason = request.POST.get("reason", "")[:300]
        if stale(request.POST.get("sequence"), found.sequence):
            context |= {"notice": ChangedMeanwhile.says, "reason": reason}
            return render(request, "public/cancel.html", context, status=409)
        operations.cancel(appointment=found, by=CLIENT, now=now, reason=reason)
        messages.success(request, "Your appointment has been cancelled.")
        return redirect("public_appointment", token=token)
    return render(request, "public/cancel.html", context)
