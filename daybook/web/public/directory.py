"""Finding a lawyer: what is wished for, and who can be seen soonest."""

from __future__ import annotations

import hashlib
import hmac
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from daybook.appointments.models import AppointmentType
from daybook.core import finding
from daybook.core.finding import When
from daybook.core.hours import local_day
from daybook.core.times import zone_label
from daybook.directory import search
from daybook.directory.search import CIRCLE, Place, Wish
from daybook.web.public import limits
from daybook.web.public.zones import Zone, remember, visitor_zone, zone_options

#: Where nobody has said or shown which zone they are in.
_FALLBACK = "America/New_York"

#: Which days each choice means: the first and the last after today, by the visitor's calendar; None counts from the weekday.
#: Any day is further than a search looks.
DAYS: dict[str, tuple[str, tuple[int, int] | None]] = {
    "": ("Any day", (0, finding.AHEAD.days + 1)),
    "today": ("Today", (0, 0)),
    "tomorrow": ("Tomorrow", (1, 1)),
    "week": ("Within a week", (0, 6)),
    "two_weeks": ("Within two weeks", (0, 13)),
    "weekend": ("At the weekend", None),
}
#: Which time of day, in minutes since midnight.
CLOCK: dict[str, tuple[str, tuple[int, int]]] = {
    "": ("Any time", (0, 1440)),
    "morning": ("Before 12:00", (0, 720)),
    "afternoon": ("12:00 to 17:00", (720, 1020)),
    "evening": ("After 17:00", (1020, 1440)),
}
#: The most a first appointment may cost, in whole units of the lawyer's currency.
FEES = {"": "Any fee", "0": "No fee", "100": "Up to 100", "250": "Up to 250", "500": "Up to 500"}


class WishForm(forms.Form):
    q = forms.CharField(
        label="Name or words",
        max_length=100,
        required=False,
        widget=forms.TextInput(attrs={"type": "search"}),
    )
    area = forms.CharField(label="Practice area", max_length=80, required=False)
    place = forms.CharField(label="Place", max_length=80, required=False)
    language = forms.CharField(label="Language", max_length=40, required=False)
    kind = forms.ChoiceField(
        label="Meeting", choices=[("", "Any kind"), *AppointmentType.Place.choices], required=False
    )
    fee = forms.ChoiceField(label="Fee of a first appointment", choices=list(FEES.items()), required=False)
    day = forms.ChoiceField(
        label="Day", choices=[(name, says) for name, (says, _) in DAYS.items()], required=False
    )
    clock = forms.ChoiceField(
        label="Time", choices=[(name, says) for name, (says, _) in CLOCK.items()], required=False
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for field in self.fields.values():
            field.needed = True  # nothing is, so that saying "optional" eight times says nothing
        for name in ("area", "place", "language"):
            self.fields[name].widget.attrs["list"] = f"{name}_choices"


@require_safe
def find(request: HttpRequest) -> HttpResponse:
    """The search and a page of what it finds."""
    now = timezone.now()
    zone = visitor_zone(request, _FALLBACK)
    form = WishForm(request.GET)
    fits = form.is_valid()
    wish = _wish(form.cleaned_data if fits else {}, zone.name, now)
    seed = _order(request, now)
    after = Place.read(request.GET.get("after", ""))
    if not limits.within_limit(request, "find", now, times=10):
        return render(
            request, "public/find.html", _context(form, zone, now) | {"notice": limits.SAYS}, status=429
        )
    page = search.search(wish, seed=seed, after=after, now=now)
    asked = {name: value for name, value in request.GET.items() if name in form.fields and value}
    following = urlencode(asked | {"order": seed, "after": str(page.following)}) if page.following else ""
    context = _context(form, zone, now) | {
        "cards": page.cards,
        "following": following,
        "first_page": after == Place(),
        "searched": bool(asked),
        "order": seed,
    }
    response = render(request, "public/find.html", context, status=200 if fits else 422)
    remember(response, zone)
    response["Cache-Control"] = "private, no-store"
    return response


def _context(form: WishForm, zone: Zone, now: datetime) -> dict[str, Any]:
    return {
        "form": form,
        "choices": search.choices(),
        "zone": zone,
        "zone_label": zone_label(zone.name, now),
        "zone_options": zone_options(zone.name),
    }


def _wish(typed: dict[str, str], zone: str, now: datetime) -> Wish:
    first, last = _days(typed.get("day", ""), local_day(now, zone))
    opens, closes = CLOCK[typed.get("clock", "")][1]
    fee = typed.get("fee", "")
    return Wish(
        When(zone, first, last, opens, closes),
        words=typed.get("q", ""),
        area=typed.get("area", ""),
        place=typed.get("place", ""),
        language=typed.get("language", ""),
        kind=typed.get("kind", ""),
        fee_cents=int(fee) * 100 if fee else None,
    )


def _days(name: str, today: date) -> tuple[date, date]:
    ahead = DAYS[name][1]
    if ahead is None:  # the coming Saturday and Sunday, or what is left of them
        sunday = today + timedelta(days=6 - today.weekday())
        return max(today, sunday - timedelta(days=1)), sunday
    return today + timedelta(days=ahead[0]), today + timedelta(days=ahead[1])


def _order(request: HttpRequest, now: datetime) -> int:
    """
    Where this visitor's order begins: as their page says, else drawn for the device and the day, so that it stays the
    same when they come back, and nothing has to be stored on their device for it.
    """
    said = request.GET.get("order", "")
    if said.isascii() and said.isdigit() and len(said) < 11:
        return int(said) % CIRCLE
    device = f"{limits.visitor(request)}|{request.META.get('HTTP_USER_AGENT', '')}|{now.date()}"
    drawn = hmac.new(settings.SECRET_KEY.encode(), device.encode(), hashlib.sha256).digest()
    return int.from_bytes(drawn[:4]) >> 1
