"""Choosing a time at the desk: one of the free ones, or any other by date and clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django import forms

from daybook.appointments import queries, teams
from daybook.appointments.models import Appointment, AppointmentType
from daybook.calendars.queries import hours_of
from daybook.core import times
from daybook.core.errors import NonexistentTime
from daybook.core.hours import local_day, local_to_utc, open_spans, to_local
from daybook.firms.models import Lawyer
from daybook.web.forms import RefusableForm

#: Days of free times on one page.
DAYS = 7
#: The radio button beside the date and the clock.
OTHER = "other"
#: What can be typed as a date: far enough for anything, near enough to reckon with.
FIRST, LAST = date(2000, 1, 1), date(2100, 1, 1)
#: How a time can be typed.
CLOCKS = ["%H:%M", "%I:%M %p", "%I:%M%p", "%I %p", "%I%p", "%H:%M:%S"]


@dataclass(frozen=True, slots=True)
class Slot:
    value: str
    words: str


@dataclass(frozen=True, slots=True)
class Choices:
    """The free times of some days, and where earlier and later ones begin."""

    days: tuple[tuple[str, tuple[Slot, ...]], ...]
    trouble: str
    earlier: date | None
    later: date | None
    zone: str


def choices(
    appointment_type: AppointmentType, *, first: str, now: datetime, moved: Appointment | None = None
) -> Choices:
    """
    Free times from the day `first` (ISO; today when it is none), or from the next day that has any; for an appointment
    that is `moved` without the time it has.
    """
    without = moved.pk if moved else 0
    zone = queries.zone_of(appointment_type, without)
    today = local_day(now, zone)
    try:
        start = min(max(date.fromisoformat(first), today), today + timedelta(days=800))
    except ValueError:
        start = today
    found = queries.open_days(appointment_type, first=start, days=DAYS, zone=zone, now=now, without=without)
    if not found.days and found.next_from:
        start = found.next_from
        found = queries.open_days(
            appointment_type, first=start, days=DAYS, zone=zone, now=now, without=without
        )
    if moved:
        found = found.besides(moved.start)
    return Choices(
        days=tuple(
            (times.say_day(on, year=on.year != today.year), _slots(starts, zone)) for on, starts in found.days
        ),
        trouble=found.trouble,
        earlier=max(today, start - timedelta(days=DAYS)) if start > today else None,
        later=found.next_from,
        zone=times.zone_label(zone, now),
    )


def _slots(starts: tuple[datetime, ...], zone: str) -> tuple[Slot, ...]:
    words = [times.say_time(at, zone) for at in starts]
    return tuple(
        Slot(
            str(int(at.timestamp())),
            # The night the clocks go back shows an hour twice.
            f"{text} {to_local(at, zone).tzname()}" if words.count(text) > 1 else text,
        )
        for at, text in zip(starts, words, strict=True)
    )


def outside_hours(appointment_type: AppointmentType, start: datetime) -> bool:
    """Whether an appointment of the type from `start` would leave the hours of whoever is met: any of them, or all."""
    team = teams.team_of(appointment_type)
    outside = (_outside(appointment_type, lawyer, start) for lawyer in team.leads)
    return any(outside) if team.together else all(outside)


def _outside(appointment_type: AppointmentType, lawyer: Lawyer, start: datetime) -> bool:
    end = start + timedelta(minutes=appointment_type.minutes)
    days = local_day(start, lawyer.time_zone), local_day(end, lawyer.time_zone)
    hours = hours_of(lawyer, appointment_type.pk, *days)
    spans = open_spans(hours.weekly, hours.exceptions, lawyer.time_zone, *days)
    return not any(opens <= start.timestamp() and end.timestamp() <= closes for opens, closes in spans)


class TimeForm(RefusableForm):
    """A free time (`start` in epoch seconds), or `on` and `at` by the lawyer's clock."""

    start = forms.CharField(label="Date and time", required=False)
    on = forms.DateField(
        label="Date",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"invalid": "Please enter a date such as 2026-12-01."},
    )
    at = forms.TimeField(
        label="Time",
        required=False,
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        input_formats=CLOCKS,
        error_messages={"invalid": "Please enter a time such as 14:30 or 2:30 pm."},
    )
    anyway = forms.BooleanField(label="Book it anyway", required=False)

    def __init__(self, lawyer: Lawyer, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._lawyer = lawyer
        self.instant: datetime | None = None
        self.is_typed = False  # rather than chosen from the times shown

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        start, on, at = data.get("start", ""), data.get("on"), data.get("at")
        if start and start != OTHER:
            self._chosen(start)
        elif self.errors.keys() & {"on", "at"}:
            pass
        elif on and at:
            self._typed(on, at)
        elif on or at or start == OTHER:
            missing = "at" if on else "on"
            self.add_error(missing, f"Please enter a {'time' if on else 'date'}.")
        else:
            self.add_error("start", "Please choose a time.")
        return data

    def ask_outside(self, appointment_type: AppointmentType, now: datetime) -> None:
        """A typed time outside the hours of the type is asked about once, before it is believed."""
        ahead = self.is_typed and self.instant is not None and self.instant >= now
        if ahead and not self.cleaned_data.get("anyway") and outside_hours(appointment_type, self.instant):
            self.add_error("anyway", f"Outside {self._lawyer.name}’s hours.")

    def _chosen(self, start: str) -> None:
        latest = datetime(LAST.year, 1, 1, tzinfo=UTC).timestamp()
        if not (start.isascii() and start.isdigit() and len(start) < 12 and int(start) < latest):
            self.add_error("start", "Please choose one of the times shown.")
            return
        self.instant = datetime.fromtimestamp(int(start), UTC)

    def _typed(self, on: date, at: time) -> None:
        if not FIRST <= on < LAST:
            self.add_error("on", "Please check the year.")
            return
        self.is_typed = True
        try:
            self.instant = local_to_utc(
                datetime.combine(on, at.replace(second=0, microsecond=0)), self._lawyer.time_zone
            )
        except NonexistentTime as refusal:
            self.add_error("at", refusal.text)
