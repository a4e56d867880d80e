"""Choosing a time: the page of free times, the same as data, and the hold that follows a press of a button."""

from __future__ import annotations

import json
import re
import secrets
from datetime import date, datetime
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from daybook.appointments import links, operations, queries
from daybook.appointments.models import Appointment, AppointmentType
from daybook.core import hours
from daybook.core.errors import Refusal, SubscriptionEnded, UnknownTimeZone
from daybook.firms.permissions import firm_may
from daybook.web.public import limits
from daybook.web.public.page import context_of, html_for_anybody, times_page_of
from daybook.web.public.places import closed
from daybook.web.public.timetable import Refused, asked_days, chosen_start, timetable
from daybook.web.public.zones import Zone, remember, visitor_zone

_HOLD_COOKIE = "daybook_hold"
_AN_HOUR = 3600

#: Any token of Django's for a form; what the middleware has let pass is this visitor's own.
_TOKEN = re.compile(r"[A-Za-z0-9]{32}(?:[A-Za-z0-9]{32})?")

#: With one of these a page may hold something of the visitor's own: a message, or who is signed in.
_ONES_OWN = {settings.SESSION_COOKIE_NAME, "messages"}


def _offer(firm_slug: str, lawyer_slug: str, type_slug: str) -> AppointmentType:
    found = queries.public_type(firm_slug, lawyer_slug, type_slug)
    if found is None:
        raise Http404
    return found


@require_http_methods(["GET", "HEAD", "POST"])
def times(request: HttpRequest, firm_slug: str, lawyer_slug: str, type_slug: str) -> HttpResponse:
    """The free times of a type in the visitor's zone; a press on one of them holds it."""
    offer = _offer(firm_slug, lawyer_slug, type_slug)
    if not firm_may(offer.firm, "public_booking"):
        return closed(request, offer.firm)
    if request.method == "POST":
        return _hold(request, offer)
    return times_page(request, offer)


def _form_token(request: HttpRequest) -> str:
    """What the page's form says to show that it is ours: after a press what that said, which has just been checked."""
    pressed = request.POST.get("csrfmiddlewaretoken", "")
    return pressed if _TOKEN.fullmatch(pressed) else get_token(request)


def _hold(request: HttpRequest, offer: AppointmentType) -> HttpResponse:
    now = timezone.now()
    start = chosen_start(request)
    if start is None:
        messages.error(request, "Please choose one of the times shown.")
        return redirect(request.get_full_path())
    if not limits.within_limit(request, "hold", now):
        return times_page(request, offer, notice=limits.SAYS, status=429)
    key = _hold_key(request) or secrets.token_hex(16)
    try:
        held = operations.hold(appointment_type=offer, start=start, hold_key=key, now=now)
    except Refusal as refusal:
        missed = Refused(start, refusal)
        return times_page(request, offer, notice=refusal.text, status=refusal.status, missed=missed)
    # Whoever is met may live elsewhere: from here on the client's zone is the one the page was read in.
    query = urlencode({"zone": visitor_zone(request, offer.lawyer.time_zone).name})
    response = redirect(f"{reverse('public_hold', args=[links.link_token(held)])}?{query}")
    response.set_signed_cookie(
        _HOLD_COOKIE,
        key,
        salt=_HOLD_COOKIE,
        max_age=_AN_HOUR,
        httponly=True,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )
    return response


def _hold_key(request: HttpRequest) -> str:
    """Which holds are this visitor's own; empty for somebody who holds nothing."""
    return request.get_signed_cookie(_HOLD_COOKIE, "", salt=_HOLD_COOKIE, max_age=_AN_HOUR)


def times_page(
    request: HttpRequest,
    offer: AppointmentType,
    *,
    notice: str = "",
    status: int = 200,
    moved: Appointment | None = None,
    missed: Refused | None = None,
    template: str = "public/times.html",
    extra: dict[str, Any] | None = None,
    zone_name: str = "",
) -> HttpResponse:
    """The page itself, with a notice when something was refused; in `zone_name` for a visitor who chose no zone."""
    now = timezone.now()
    zone: Zone = visitor_zone(request, zone_name or offer.lawyer.time_zone)
    key = _hold_key(request)
    table = timetable(request, offer, zone.name, now, moved=moved, hold_key=key, missed=missed)
    asked_from = request.GET.get("from", "")[:10]
    page = times_page_of(offer, zone, now, notice=notice, table=table, asked_from=asked_from)
    if extra or _ONES_OWN & request.COOKIES.keys():
        html: str | bytes = render_to_string(template, {**context_of(page), **(extra or {})}, request)
    else:
        html = html_for_anybody(page, _form_token(request))
    response = HttpResponse(html, status=422 if zone.error and status == 200 else status)
    remember(response, zone)
    # What is free changes by the second, and no shared cache may keep one visitor's zone for another.
    response["Cache-Control"] = "private, no-store"
    return response


@require_safe
def times_data(request: HttpRequest, firm_slug: str, lawyer_slug: str, type_slug: str) -> HttpResponse:
    """The same times as data: days, and in each the starts as instants of the asked zone. Nothing is reserved."""
    offer = queries.public_type(firm_slug, lawyer_slug, type_slug)
    if offer is None:
        return JsonResponse({"error": "not_found"}, status=404)
    if not firm_may(offer.firm, "public_booking"):
        return _refused(SubscriptionEnded("Booking online is closed at present."))
    now = timezone.now()
    zone = request.GET.get("zone") or offer.lawyer.time_zone
    try:
        first, days, _ = asked_days(request, zone, now)
        found = queries.open_days(offer, first=first, days=days, zone=zone, now=now, by_request=True)
        shown = _days_as_json(found.days, zone)
    except UnknownTimeZone as refusal:
        return _refused(refusal)
    said = json.dumps(
        {
            "zone": zone,
            "minutes": offer.minutes,
            "from": first.isoformat(),
            "hidden": bool(found.trouble),
            "requests": bool(found.because),
            "next_from": found.next_from.isoformat() if found.next_from else None,
        }
    )
    return HttpResponse(
        f'{said[:-1]}, "days": {shown}}}',
        content_type="application/json",
        headers={"Cache-Control": "private, no-store"},
    )


@lru_cache(maxsize=32)
def _days_as_json(days: tuple[tuple[date, tuple[datetime, ...]], ...], zone: str) -> str:
    """The days by the clock of `zone`: written once for all who are told the same. Raises UnknownTimeZone."""
    place = hours.zone(zone)
    return json.dumps(
        [
            {"date": on.isoformat(), "starts": [at.astimezone(place).isoformat() for at in starts]}
            for on, starts in days
        ]
    )


def _refused(refusal: Refusal) -> JsonResponse:
    return JsonResponse({"error": refusal.code, "text": refusal.text}, status=refusal.status)
