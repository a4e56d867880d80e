"""The lawyer's week as a picture: hours, what other calendars hold, appointments, and what is free."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from daybook.appointments import queries
from daybook.appointments.models import Appointment
from daybook.appointments.queries import WeekDay
from daybook.calendars import queries as calendars
from daybook.core import times
from daybook.core.hours import local_day, to_local
from daybook.core.periods import Period, subtract
from daybook.firms.models import Lawyer
from daybook.firms.permissions import may
from daybook.web.office.desks import at_desk
from daybook.web.signed_in import OfficeRequest

_QUARTER = timedelta(minutes=15)
_A_DAY = 96  # quarter hours on the wall

#: The hours a week shows when nobody works in it.
_USUAL = (8 * 4, 18 * 4)

#: The furthest weeks worth looking at.
_REACH = timedelta(days=3660)


@dataclass(frozen=True, slots=True)
class Entry:
    """One block of a day. `top` and `length` count quarter hours from the first hour shown."""

    kind: str  # appointment, requested, held, busy, free, shut
    time: str
    who: str  # or what it is, where it is nobody's
    what: str  # the type of an appointment
    url: str
    top: int
    length: int

    @property
    def words(self) -> str:
        return ", ".join(part for part in (self.who, self.what) if part)

    @property
    def begins(self) -> str:
        return self.time.partition(" – ")[0]

    @property
    def until(self) -> str:
        return "".join(self.time.partition(" – ")[1:])


@dataclass(frozen=True, slots=True)
class Column:
    """One day of the picture, in the order of the clock."""

    heading: str
    is_today: bool
    note: str  # why it is closed; that clocks change
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Picture:
    columns: tuple[Column, ...]
    hours: tuple[tuple[int, str], ...]  # quarter, label
    five_days: bool


@require_safe
@at_desk("see_appointments")
def week(request: OfficeRequest, lawyer: Lawyer) -> HttpResponse:
    """One week of the lawyer whose desk this is, from Monday."""
    now = timezone.now()
    today = local_day(now, lawyer.time_zone)
    monday = _monday(request.GET.get("on", ""), today)
    days = queries.week(lawyer, monday, now)
    troubled = calendars.troubled_calendars([lawyer.pk], now)
    context = {
        "lawyer": lawyer,
        "tab": "week",
        "zone": times.zone_label(lawyer.time_zone, days[0].start),
        "monday": monday,
        "title": f"{times.say_day(monday, year=False)} – {times.say_day(monday + timedelta(days=6))}",
        "earlier": monday - timedelta(days=7),
        "later": monday + timedelta(days=7),
        "is_now": monday <= today < monday + timedelta(days=7),
        "picture": picture(days, lawyer.time_zone, today),
        "trouble": [text for _, text in troubled],
        "may_book": may(request.actor, "manage_appointments", lawyer),
    }
    return render(request, "desk/week.html", context)


def _monday(asked: str, today: date) -> date:
    try:
        on = date.fromisoformat(asked)
    except ValueError:
        on = today
    on = min(max(on, today - _REACH), today + _REACH)
    return on - timedelta(days=on.weekday())


def picture(days: tuple[WeekDay, ...], zone: str, today: date) -> Picture:
    """The picture of seven days. The weekend is left out when nothing is in it."""
    five = not any(day.hours or day.appointments for day in days[5:])
    shown = days[:5] if five else days
    first, last = _window(shown, zone)
    return Picture(
        columns=tuple(_column(day, zone, today, first, last) for day in shown),
        hours=tuple((quarter - first, _hour(quarter // 4)) for quarter in range(first, last, 4)),
        five_days=five,
    )


def _hour(hour: int) -> str:
    return f"{hour % 12 or 12} {'am' if hour < 12 else 'pm'}"


def _window(days: tuple[WeekDay, ...], zone: str) -> tuple[int, int]:
    """The whole hours that show everybody's work, as quarters of the wall clock."""
    spans = [(day, start, end) for day in days for start, end in day.hours]
    spans += [(day, one.start, one.end) for day in days for one in day.appointments]
    if not spans:
        return _USUAL
    first = min(_quarter(start, day.on, zone) for day, start, _ in spans)
    last = max(_quarter(end, day.on, zone, up=True) for day, _, end in spans)
    first, last = first // 4 * 4, -(-last // 4) * 4
    return first, max(last, first + 4)


def _quarter(at: datetime, on: date, zone: str, *, up: bool = False) -> int:
    """Where an instant lies on that day's wall clock, in quarter hours, rounded down (or up)."""
    local = to_local(at, zone)
    if local.date() != on:
        return 0 if local.date() < on else _A_DAY
    minutes = local.hour * 60 + local.minute
    return -(-minutes // 15) if up else minutes // 15


def _column(day: WeekDay, zone: str, today: date, first: int, last: int) -> Column:
    clocks_change = day.end - day.start != timedelta(hours=24)
    taken = [Period(max(one.start, day.start), min(one.end, day.end)) for one in day.appointments]
    # Our own appointments are seen again in the calendars they are written to: they are shown once.
    busy = subtract([Period(start, end) for start, end in day.busy], taken)
    work = [Period(start, end) for start, end in day.hours]
    free = subtract(work, [*busy, *taken])
    shut = subtract([Period(day.start, day.end)], work)

    def entry(
        kind: str, during: Period, who: str, what: str = "", url: str = "", whole: Period | None = None
    ) -> Entry:
        top, bottom = _quarter(during.start, day.on, zone), _quarter(during.end, day.on, zone, up=True)
        if bottom <= top:  # in the hour that the clock shows twice
            bottom = top - (during.start - during.end) // _QUARTER
        top, bottom = max(top, first), min(bottom, last)
        length = bottom - top
        return Entry(kind, _time(whole or during, zone, clocks_change), who, what, url, top - first, length)

    blocks = [
        *((one.start, 1, entry("busy", one, "Busy")) for one in busy),
        *((one.start, 2, entry("free", one, "Free")) for one in free),
        *((one.start, 0, entry("shut", one, "")) for one in shut),
        *(
            (part.start, 3, _appointment(one, entry, part))
            for one, part in zip(day.appointments, taken, strict=True)
        ),
    ]
    return Column(
        heading=times.say_day(day.on, year=False),
        is_today=day.on == today,
        note=" · ".join(
            part
            for part in (
                f"Closed: {day.closed_because}" if day.closed_because else "",
                "The clocks change" if clocks_change else "",
            )
            if part
        ),
        entries=tuple(one for _, _, one in sorted(blocks, key=lambda block: block[:2]) if one.length > 0),
    )


def _appointment(one: Appointment, entry: Callable[..., Entry], part: Period) -> Entry:
    held, asked = one.state == Appointment.State.HELD, one.state == Appointment.State.REQUESTED
    who = f"Requested: {one.client_name}" if asked else one.client_name
    return entry(
        "held" if held else "requested" if asked else "appointment",
        part,
        "Being booked online" if held else who,
        "" if held else one.appointment_type.name,
        reverse("appointment", args=[one.pk]),
        Period(one.start, one.end),
    )


def _time(during: Period, zone: str, clocks_change: bool) -> str:
    """From and to on the wall; on a day when clocks change, with the rule of each."""
    start, end = to_local(during.start, zone), to_local(during.end, zone)
    first, last = times.say_time(during.start, zone), times.say_time(during.end, zone)
    if clocks_change and start.utcoffset() != end.utcoffset():
        return f"{first} {start.tzname()} – {last} {end.tzname()}"
    return f"{first} – {last} {start.tzname()}" if clocks_change else f"{first} – {last}"
