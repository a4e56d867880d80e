"""The free times of a page, ready to be shown: days, and each day's times as finished HTML."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any

from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString, mark_safe

from daybook.appointments import queries
from daybook.appointments.availability import Missed
from daybook.appointments.models import Appointment, AppointmentType
from daybook.appointments.near import left_near
from daybook.core import hours, times
from daybook.core.errors import Refusal
from daybook.core.hours import to_local

DAYS_SHOWN = 7
#: How many are shown to somebody who just missed a time.
DAYS_NEAR = 2
MOST_DAYS = 62


@dataclass(frozen=True, slots=True)
class Timetable:
    """
    `days` is the finished HTML, "" when nothing is free. `more_from` and `earlier_from` are the days other pages begin
    with; `hidden` is set when no calendar could be read, and `because` when the times can only be requested.
    """

    days: SafeString
    more_from: date | None
    earlier_from: date | None
    hidden: bool
    because: str = ""


@dataclass(frozen=True, slots=True)
class Refused:
    """A time that could not be had, and why."""

    start: datetime
    why: Refusal


_DAY = (
    '<section class="day"><h2 id="day-{}">{}</h2>'
    '<div class="slots" role="group" aria-labelledby="day-{}">{}</div></section>\n'
)


def asked_days(request: HttpRequest, zone: str, now: datetime) -> tuple[date, int, bool]:
    """The first day asked for (today at the earliest), how many, and whether the visitor chose them."""
    today = to_local(now, zone).date()
    first, chosen = today, False
    try:
        asked = date.fromisoformat(request.GET.get("from", ""))
        first, chosen = max(today, min(asked, today + timedelta(days=800))), asked > today
    except ValueError:
        pass
    try:
        days = max(1, min(int(request.GET.get("days", DAYS_SHOWN)), MOST_DAYS))
    except ValueError:
        days = DAYS_SHOWN
    return first, days, chosen


def timetable(
    request: HttpRequest,
    appointment_type: AppointmentType,
    zone: str,
    now: datetime,
    *,
    moved: Appointment | None = None,
    hold_key: str = "",
    missed: Refused | None = None,
) -> Timetable:
    """
    The days asked for; when none of them is free, those from the next free day.

    `missed` is a time that could not be had: what is left near it comes first, and the rest behind a button.
    `hold_key` is the visitor's own: what they hold themselves is free to them. An appointment that is `moved` is not in
    its own way, and the time it has is no choice.
    """
    first, days, chosen = asked_days(request, zone, now)
    today = to_local(now, zone).date()
    found = None
    if missed is not None and now < missed.start < now + timedelta(days=800):
        first, days, chosen = max(today, to_local(missed.start, zone).date()), DAYS_NEAR, True
        if isinstance(missed.why, Missed) and not hold_key:
            found = left_near(appointment_type, missed.why, first=first, days=days, zone=zone, now=now)
    if found is None:
        without = moved.pk if moved else 0
        own = {"without": without, "hold_key": hold_key, "by_request": moved is None}
        found = _asked(appointment_type, first, days, zone, now, **own)
    if moved is not None:
        found = found.besides(moved.start)
    earlier = max(today, first - timedelta(days=DAYS_SHOWN)) if chosen and first > today else None
    return _shown(found, zone, today.year, earlier)


def _asked(
    appointment_type: AppointmentType, first: date, days: int, zone: str, now: datetime, **own: Any
) -> queries.OpenDays:
    found = queries.open_days(appointment_type, first=first, days=days, zone=zone, now=now, **own)
    if not found.days and found.next_from:
        return queries.open_days(
            appointment_type, first=found.next_from, days=days, zone=zone, now=now, **own
        )
    return found


@lru_cache(maxsize=32)
def _shown(found: queries.OpenDays, zone: str, year: int, earlier: date | None) -> Timetable:
    return Timetable(
        days=format_html_join(
            "",
            _DAY,
            (
                (key := on.isoformat(), times.say_day(on, year=on.year != year), key, _buttons(starts, zone))
                for on, starts in found.days
            ),
        ),
        more_from=found.next_from,
        earlier_from=earlier,
        hidden=bool(found.trouble),
        because=found.because,
    )


def _buttons(starts: tuple[datetime, ...], zone: str) -> SafeString:
    """One button a time. Numbers and our own words only, so that nothing needs escaping."""
    place = hours.zone(zone)
    shown = [at.astimezone(place) for at in starts]
    texts = [_clock(local.hour, local.minute) for local in shown]
    if len(set(texts)) < len(texts):  # the night the clocks go back shows an hour twice
        texts = [
            f"{text} {local.tzname()}" if texts.count(text) > 1 else text
            for text, local in zip(texts, shown, strict=True)
        ]
    return mark_safe(  # noqa: S308
        "".join(
            f'<button class="slot" name="start" value="{int(at.timestamp())}">{text}</button>'
            for text, at in zip(texts, starts, strict=True)
        )
    )


@lru_cache(maxsize=1440)
def _clock(hour: int, minute: int) -> str:
    """core.times' words for a clock's time, kept: a page of a month says the same few times hundreds of times."""
    return times.say_time(datetime(2000, 1, 1, hour, minute, tzinfo=UTC), "UTC")


def chosen_start(request: HttpRequest) -> datetime | None:
    """The time whose button was pressed, or None for what is no time at all, or one nobody reckons with."""
    try:
        given = request.POST if "start" in request.POST else request.GET
        start = datetime.fromtimestamp(int(given.get("start", "")), UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return start if 2000 <= start.year < 2100 else None
