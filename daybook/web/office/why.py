"""Why a time is (not) free: for one time, and for every start of its day, what stands in the way."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from itertools import groupby
from typing import Any

from django import forms
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from daybook.appointments import queries
from daybook.appointments.models import AppointmentType
from daybook.appointments.why import Asked, Day
from daybook.core import times
from daybook.core.errors import NonexistentTime
from daybook.core.hours import local_day, local_to_utc, to_local
from daybook.core.reasons import By, Reason
from daybook.firms.models import Lawyer
from daybook.firms.permissions import may
from daybook.web.office.choosing import CLOCKS, FIRST, LAST
from daybook.web.office.desks import named_id
from daybook.web.signed_in import OfficeRequest, office


class WhyForm(forms.Form):
    """A type, a date, and perhaps a time, as the lawyer's clock shows it."""

    type = forms.ChoiceField(label="Appointment type")
    on = forms.DateField(
        label="Date",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={
            "invalid": "Please enter a date such as 2026-12-01.",
            "required": "Please enter a date.",
        },
    )
    at = forms.TimeField(
        label="Time",
        required=False,
        help_text="Empty shows the whole day.",
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        input_formats=CLOCKS,
        error_messages={"invalid": "Please enter a time such as 14:30 or 2:30 pm."},
    )

    def __init__(self, lawyer: Lawyer, types: list[AppointmentType], data: Any) -> None:
        super().__init__(data)
        self._lawyer = lawyer
        self._types = {str(one.pk): one for one in types}
        self.instants: list[datetime] = []  # two in the hour that the clock shows twice
        self.fields["type"].choices = [(key, one.name) for key, one in self._types.items()]

    @property
    def chosen_type(self) -> AppointmentType:
        return self._types[self.cleaned_data["type"]]

    def clean_on(self) -> date:
        on = self.cleaned_data["on"]
        if not FIRST <= on < LAST:
            raise forms.ValidationError("Please check the year.")
        return on

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        on, at = data.get("on"), data.get("at")
        if on and at:
            self._find(on, at)
        return data

    def _find(self, on: date, at: time) -> None:
        local, zone = datetime.combine(on, at.replace(second=0, microsecond=0)), self._lawyer.time_zone
        try:
            self.instants = sorted({local_to_utc(local, zone, fold) for fold in (0, 1)})
        except NonexistentTime as refusal:
            self.add_error("at", refusal.text)


@dataclass(frozen=True, slots=True)
class Line:
    """One reason: its sentence, and the appointment it is about for those who may see it."""

    text: str
    url: str
    link: str


@dataclass(frozen=True, slots=True)
class Shown:
    """One time with its reasons."""

    when: str
    lines: tuple[Line, ...]
    free: str  # who is, of several


@require_safe
@office()
def why(request: OfficeRequest) -> HttpResponse:
    """The form, and below it the answer for the time and the day that were asked for."""
    moved = None
    if asked := request.GET.get("appointment", ""):
        moved = queries.access_appointment(request.actor, named_id(asked))
    lawyer = moved.lawyer if moved else request.actor.lawyer
    if lawyer is None:
        return render(request, "desk/choose.html", {"next": request.get_full_path()})
    if not may(request.actor, "see_appointments", lawyer):
        raise Http404
    lawyer.firm = request.actor.firm
    types = list(queries.types_of(lawyer))
    if moved and all(one.pk != moved.appointment_type_id for one in types):
        types.append(moved.appointment_type)
    if not types:
        return render(request, "desk/no_types.html", {"lawyer": lawyer})
    now = timezone.now()
    usual = moved.appointment_type if moved else next((one for one in types if one.active), types[0])
    today = local_day(moved.start if moved and moved.start > now else now, lawyer.time_zone)
    data = {"type": str(usual.pk), "on": today.isoformat(), "at": ""}
    data |= {name: request.GET[name] for name in data if request.GET.get(name)}
    form = WhyForm(lawyer, types, data)
    context: dict[str, Any] = {
        "lawyer": lawyer,
        "form": form,
        "moved": moved,
        "zone": times.zone_label(lawyer.time_zone, now),
    }
    if form.is_valid():
        context |= _answer(request, form, lawyer, now, moved.pk if moved else 0)
    return render(request, "desk/why.html", context, status=200 if form.is_valid() else 422)


def _answer(
    request: OfficeRequest, form: WhyForm, lawyer: Lawyer, now: datetime, without: int
) -> dict[str, Any]:
    on = form.cleaned_data["on"]
    asked = Day(
        form.chosen_type,
        on,
        lawyer.time_zone,
        now,
        without=without,
        may_tell=lambda one: may(request.actor, "see_appointments", one),
    )
    grid = asked.grid()
    show = _Words(lawyer, on, [*map(asked.at, form.instants), *grid])
    return {
        "type": form.chosen_type,
        "day": times.say_day(on),
        "times": [show(asked.at(start)) for start in form.instants],
        "grid": _folded([show(one) for one in grid]),
        "starts": len(grid),
        "free": sum(not one.reasons for one in grid),
        # A day without hours has no starts; noon can tell why as well as any other time.
        "closed": None if grid else show(asked.at(_noon(on, lawyer.time_zone))),
        "before": on - timedelta(days=1),
        "after": on + timedelta(days=1),
        "online": form.chosen_type.get_who_may_book_display(),
        "by_all": form.chosen_type.who_may_book == AppointmentType.WhoMayBook.ANYONE,
    }


def _folded(grid: list[Shown]) -> list[Shown]:
    """Starts one after the other that the same stands in the way of, as one line: a morning of them says no more."""
    runs = [list(run) for _, run in groupby(grid, key=lambda one: (one.lines, one.free))]
    return [
        one
        for run in runs
        for one in ([replace(run[0], when=f"{run[0].when} to {run[-1].when}")] if _long(run) else run)
    ]


def _long(run: list[Shown]) -> bool:
    return len(run) > 2 and bool(run[0].lines)


def _noon(on: date, zone: str) -> datetime:
    return queries.midnight(on, zone) + timedelta(hours=12)


class _Words:
    """Times as the day needs them said, reasons with the clients' names where there are appointments."""

    def __init__(self, lawyer: Lawyer, on: date, asked: list[Asked]) -> None:
        self._zone = lawyer.time_zone
        midnights = queries.midnight(on, self._zone), queries.midnight(on + timedelta(days=1), self._zone)
        self._changes = midnights[1] - midnights[0] != timedelta(hours=24)
        keys = {reason.taken.key for one in asked for reason in one.reasons if reason.taken}
        self._clients = queries.clients_of(sorted(keys - {0}))

    def __call__(self, asked: Asked) -> Shown:
        rule = f" {to_local(asked.start, self._zone).tzname()}" if self._changes else ""
        when = times.say_time(asked.start, self._zone) + rule
        return Shown(when, tuple(map(self._line, asked.reasons)), ", ".join(asked.free))

    def _line(self, reason: Reason) -> Line:
        taken = reason.taken
        if taken is None or taken.by not in (By.APPOINTMENT, By.REQUEST, By.HOLD):
            return Line(reason.text, "", "")
        client = self._clients.get(taken.key) or "the hold"
        return Line(reason.text, reverse("appointment", args=[taken.key]), client)
