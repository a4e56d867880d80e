"""Hours: a lawyer's usual week, dates that differ, and public holidays."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from daybook.calendars import operations, queries
from daybook.calendars.models import HolidayCalendar, HoursException
from daybook.core.hours import local_day
from daybook.core.times import say_time
from daybook.firms.models import Lawyer
from daybook.web.forms import RefusableForm
from daybook.web.office.choices import holiday_countries, subdivisions
from daybook.web.office.desks import at_desk
from daybook.web.office.week_form import WeekForm, clock, minutes_of, time_field
from daybook.web.signed_in import OfficeRequest, office

HOLIDAYS_SHOWN = 5


class DateForm(RefusableForm):
    on = forms.DateField(
        label="Date",
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        error_messages={
            "required": "Please choose a date.",
            "invalid": "Please enter a date, such as 2026-12-24.",
        },
    )
    reason = forms.CharField(
        label="Reason", max_length=100, required=False, help_text="Only you and your firm see it."
    )

    def __init__(self, today: date, data: Any = None) -> None:
        super().__init__(data)
        self.today = today
        self.fields["opens"] = time_field("From")
        self.fields["closes"] = time_field("To")
        self.fields["opens"].help_text = "Leave both empty for a closed day."
        self.order_fields(["on", "opens", "closes", "reason"])

    def clean_on(self) -> date:
        on = self.cleaned_data["on"]
        if on < self.today:
            raise forms.ValidationError("This date has passed.")
        if (on - self.today).days > 3660:
            raise forms.ValidationError("This date is too far away.")
        return on

    def clean(self) -> dict[str, Any]:
        typed = super().clean() or self.cleaned_data
        self.stretch: tuple[int | None, int | None] = (None, None)
        opens, closes = typed.get("opens"), typed.get("closes")
        if {"opens", "closes"} & set(self.errors) or (opens is None and closes is None):
            return typed
        if opens is None or closes is None:
            self.add_error("closes" if closes is None else "opens", "Please enter both times, or none.")
            return typed
        self.stretch = minutes_of(opens, closes)
        if self.stretch[0] >= self.stretch[1]:
            self.add_error("closes", "This must be later than the start. Midnight is 12:00 am.")
        return typed


class HolidaysForm(RefusableForm):
    country = forms.ChoiceField(label="Country", required=False)
    subdivision = forms.ChoiceField(
        label="State or part", required=False, help_text="For holidays that only a part of the country keeps."
    )

    def __init__(self, observed: HolidayCalendar | None, data: Any = None) -> None:
        super().__init__(data)
        kept = (observed.country, observed.subdivision) if observed else ("", "")
        country = data.get("country", "") if data is not None else kept[0]
        self.fields["country"].choices = [("", "None"), *holiday_countries()]
        self.fields["country"].initial = kept[0]
        parts = subdivisions(country) if country else []
        if parts:
            self.fields["subdivision"].choices = [("", "The whole country"), *parts]
            self.fields["subdivision"].initial = kept[1]
        else:
            del self.fields["subdivision"]


@require_http_methods(["GET", "HEAD", "POST"])
@at_desk("edit_hours")
def hours(request: OfficeRequest, lawyer: Lawyer) -> HttpResponse:
    """The usual week. The parts of the page about dates and holidays have addresses of their own."""
    if request.method != "POST":
        return _page(request, lawyer)
    form = WeekForm([], request.POST)
    if not form.is_valid():
        return _page(request, lawyer, week=form)
    operations.save_hours(lawyer=lawyer, weekly=form.weekly(), now=timezone.now(), actor=request.actor)
    messages.success(request, "Your hours are saved. Free times follow them from now on.")
    return redirect("hours")


@require_http_methods(["GET", "HEAD", "POST"])
@at_desk("edit_hours")
def add_date(request: OfficeRequest, lawyer: Lawyer) -> HttpResponse:
    now = timezone.now()
    if request.method != "POST":
        return redirect("hours")
    form = DateForm(local_day(now, lawyer.time_zone), request.POST)
    if not form.is_valid():
        return _page(request, lawyer, dates=form)
    opens, closes = form.stretch
    operations.save_exception(
        lawyer=lawyer,
        on=form.cleaned_data["on"],
        opens=opens,
        closes=closes,
        reason=form.cleaned_data["reason"],
        now=now,
        actor=request.actor,
    )
    messages.success(request, "The date is saved.")
    return redirect("hours")


@require_POST
@office("edit_hours")
def remove_date(request: OfficeRequest, exception_id: int) -> HttpResponse:
    exception = queries.access_exception(request.actor, exception_id)
    operations.drop_exception(exception=exception, now=timezone.now(), actor=request.actor)
    messages.success(request, "That date is an ordinary day again.")
    return redirect("hours")


@require_http_methods(["GET", "HEAD", "POST"])
@at_desk("edit_hours")
def holidays(request: OfficeRequest, lawyer: Lawyer) -> HttpResponse:
    if request.method != "POST":
        return redirect("hours")
    form = HolidaysForm(None, request.POST)
    if "subdivision" in form.errors and "country" not in form.errors:  # of the country chosen before
        form = HolidaysForm(None, {"country": request.POST.get("country", "")})
    if not form.is_valid():
        return _page(request, lawyer, observed=form)
    operations.observe_holidays(
        lawyer=lawyer,
        country=form.cleaned_data["country"],
        subdivision=form.cleaned_data.get("subdivision", ""),
        now=timezone.now(),
        actor=request.actor,
    )
    messages.success(request, "Public holidays are saved.")
    return redirect("hours")


def _page(
    request: OfficeRequest,
    lawyer: Lawyer,
    *,
    week: WeekForm | None = None,
    dates: DateForm | None = None,
    observed: HolidaysForm | None = None,
) -> HttpResponse:
    today = local_day(timezone.now(), lawyer.time_zone)
    kept = queries.holidays_of(lawyer)
    wrong = next((form for form in (week, dates, observed) if form is not None), None)
    context = {
        "lawyer": lawyer,
        "week": week or WeekForm(queries.usual_hours(lawyer)),
        "dates": dates or DateForm(today),
        "observed": observed or HolidaysForm(kept),
        "coming": [_told(row) for row in queries.coming_exceptions(lawyer, today)],
        "holidays": queries.coming_holidays(kept, today)[:HOLIDAYS_SHOWN] if kept else (),
        "wrong": wrong,
        "fresh": not queries.usual_hours(lawyer),
    }
    return render(request, "firm/hours.html", context, status=422 if wrong else 200)


def _told(row: HoursException) -> dict[str, Any]:
    if row.opens is None or row.closes is None:
        return {"row": row, "says": "Closed"}
    return {"row": row, "says": f"{_clock(row.opens)} – {_clock(row.closes)}"}


def _clock(minutes: int) -> str:
    from datetime import UTC, datetime

    return say_time(datetime.combine(date(2026, 1, 1), clock(minutes), UTC), "UTC")
