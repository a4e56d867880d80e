"""Reads: when a lawyer works, which calendars take their time, what those calendars say."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache, lru_cache
from itertools import chain
from math import ceil, floor
from typing import Any

from django.db import connection as database
from django.db.models import Q, QuerySet
from django.http import Http404

from daybook.calendars.models import (
    BusyPeriod,
    Calendar,
    CalendarUse,
    HolidayCalendar,
    HoursException,
    WorkingHours,
)
from daybook.calendars.reading import trouble_of
from daybook.core.availability import Span
from daybook.core.entries import TAKEN_BY_DEFAULT, Standing
from daybook.core.hours import DayException, WeeklyHours
from daybook.firms import prepared
from daybook.firms.models import Lawyer
from daybook.firms.permissions import Actor, may


@dataclass(frozen=True, slots=True)
class Hours:
    """A lawyer's ordinary week and the dates that differ from it."""

    weekly: WeeklyHours
    exceptions: tuple[DayException, ...]


@lru_cache(maxsize=512)
def public_holidays(country: str, subdivision: str, year: int) -> tuple[tuple[date, str], ...]:
    """The public holidays of a year, by name. Empty for a country the library does not know."""
    import holidays  # slow to import, and most requests need none

    try:
        days = holidays.country_holidays(country, subdiv=subdivision or None, years=year)
    except NotImplementedError:
        return ()
    return tuple(sorted(days.items()))


def hours_of(lawyer: Lawyer, appointment_type_id: int | None, first: date, last: date) -> Hours:
    """The hours of `lawyer` for a type (their usual ones where the type has none) from `first` to `last`."""
    rows = (
        WorkingHours.objects.filter(lawyer=lawyer)
        .filter(Q(appointment_type=None) | Q(appointment_type=appointment_type_id))
        .order_by()
        .values_list("appointment_type_id", "weekday", "opens", "closes")
    )
    return Hours(_week(list(rows)), exceptions_of(lawyer, first, last))


def _week(rows: Sequence[Sequence[Any]]) -> WeeklyHours:
    own = [row for row in rows if row[0] is not None] or rows
    week: dict[int, tuple[tuple[int, int], ...]] = {}
    for _, weekday, opens, closes in own:
        week[weekday] = (*week.get(weekday, ()), (opens, closes))
    return WeeklyHours(week)


def exceptions_of(lawyer: Lawyer, first: date, last: date) -> tuple[DayException, ...]:
    """The dates that differ. A date the lawyer set by hand wins over a public holiday."""
    rows = (
        HoursException.objects.filter(lawyer=lawyer, on__range=(first, last))
        .order_by()
        .values_list("on", "opens", "closes", "reason")
    )
    observed = HolidayCalendar.objects.filter(lawyer=lawyer).values_list("country", "subdivision").first()
    return _exceptions(list(rows), observed, first, last)


def _exceptions(
    rows: Sequence[Sequence[Any]], observed: Sequence[str] | None, first: date, last: date
) -> tuple[DayException, ...]:
    by_hand = tuple(
        DayException(on, ((opens, closes),) if opens is not None else (), reason)
        for on, opens, closes, reason in rows
    )
    if observed is None:
        return by_hand
    country, subdivision = observed
    set_by_hand = {exception.on for exception in by_hand}
    years = range(first.year, last.year + 1)
    all_days = chain.from_iterable(public_holidays(country, subdivision, year) for year in years)
    return by_hand + tuple(
        DayException(on, (), name) for on, name in all_days if first <= on <= last and on not in set_by_hand
    )


@dataclass(frozen=True, slots=True)
class Time:
    """A lawyer's hours, what their calendars hold, and why those cannot be trusted ("" when they can)."""

    hours: Hours
    busy: list[Span]
    trouble: str


#: What takes time in a calendar that nobody has chosen for: one linked by an appointment type.
DEFAULTS = sorted(TAKEN_BY_DEFAULT)

#: The end of time, in epoch seconds: the year 9999.
FAR = 253_000_000_000

#: Everything `time_of` needs, asked once: what was one question each cost more than the answers. Epoch seconds come
#: straight from the server: no datetime is built for the hundreds of rows of a busy month.
_TIME = """
    WITH used AS MATERIALIZED (
        SELECT c.id, u.all_day_blocks, u.standings, c.name, c.read_at, c.trouble, c.trouble_final, c.read_until
          FROM calendars_calendaruse u
          JOIN calendars_calendar c ON c.id = u.calendar_id
          JOIN sync_connection k ON k.id = c.connection_id
         WHERE u.lawyer_id = %(lawyer)s AND u.blocks AND k.state <> 'disconnected'
         UNION ALL
        SELECT c.id, true, %(defaults)s::varchar[], c.name, c.read_at, c.trouble, c.trouble_final, c.read_until
          FROM calendars_calendar c
          JOIN sync_connection k ON k.id = c.connection_id
         WHERE c.id = %(linked)s AND k.state <> 'disconnected' AND NOT EXISTS
               (SELECT 1 FROM calendars_calendaruse u
                 WHERE u.lawyer_id = %(lawyer)s AND u.calendar_id = c.id AND u.blocks)
    )
    SELECT
        (SELECT json_agg(json_build_array(appointment_type_id, weekday, opens, closes))
           FROM calendars_workinghours
          WHERE lawyer_id = %(lawyer)s
            AND (appointment_type_id IS NULL OR appointment_type_id = %(type)s)),
        (SELECT json_agg(json_build_array("on", opens, closes, reason))
           FROM calendars_hoursexception
          WHERE lawyer_id = %(lawyer)s AND "on" BETWEEN %(first)s AND %(last)s),
        (SELECT json_build_array(country, subdivision)
           FROM calendars_holidaycalendar WHERE lawyer_id = %(lawyer)s),
        (SELECT json_agg(json_build_array(
                    id, name, extract(epoch FROM read_at), trouble, trouble_final,
                    floor(extract(epoch FROM read_until))::bigint)) FROM used),
        (SELECT json_agg(json_build_array(
                    floor(extract(epoch FROM lower(b.during)))::bigint,
                    ceil(extract(epoch FROM upper(b.during)))::bigint))
           FROM used
           JOIN calendars_busyperiod b ON b.calendar_id = used.id
          WHERE upper(b.during) > %(start)s AND lower(b.during) < %(end)s
            AND (used.all_day_blocks OR NOT b.all_day)
            AND b.standing = ANY(used.standings)
            AND (b.appointment_id IS NULL OR b.appointment_id <> %(without)s))
"""


def time_of(
    lawyer_id: int,
    appointment_type_id: int,
    linked_calendar_id: int | None,
    *,
    days: tuple[date, date],
    start: datetime,
    end: datetime,
    now: datetime,
    without_appointment: int | None = None,
) -> Time:
    """
    What `hours_of` (for `days`), `blocking_uses`, `busy_spans` (for [start, end)) and `trouble` say, in one read.
    """
    first, last = days
    asked = {
        "lawyer": lawyer_id,
        "type": appointment_type_id,
        "linked": linked_calendar_id or 0,
        "first": first,
        "last": last,
        "start": start,
        "end": end,
        "without": without_appointment or 0,
        "defaults": DEFAULTS,
    }
    ((week, exceptions, observed, used, busy),) = prepared.rows(_TIME, asked)
    by_hand = [(date.fromisoformat(on), *rest) for on, *rest in exceptions or ()]
    calendars = (
        Calendar(
            pk=pk,
            name=name,
            read_at=None if read_at is None else datetime.fromtimestamp(read_at, UTC),
            trouble=text,
            trouble_final=final,
        )
        for pk, name, read_at, text, final, _ in used or ()
    )
    # Beyond what a mirror has read nobody knows: taken, until somebody has looked.
    unknown = [(read_until, FAR) for *_, read_until in used or () if read_until is not None]
    return Time(
        hours=Hours(_week(week or ()), _exceptions(by_hand, observed, first, last)),
        busy=(busy or []) + unknown,
        trouble=next((text for calendar in calendars if (text := trouble_of(calendar, now))), ""),
    )


_USE, _CALENDAR = prepared.Columns(CalendarUse, "u"), prepared.Columns(Calendar, "c")


@cache
def _blocking_sql() -> str:
    return f"""
        SELECT {_USE.sql}, {_CALENDAR.sql}
          FROM calendars_calendaruse u
          JOIN calendars_calendar c ON c.id = u.calendar_id
          JOIN sync_connection n ON n.id = c.connection_id
         WHERE u.lawyer_id = %s AND u.blocks AND n.state <> 'disconnected'
    """  # noqa: S608  # names of our own columns


def blocking_uses(lawyer_id: int, linked_calendar_id: int | None = None) -> list[CalendarUse]:
    """
    How the lawyer uses each calendar that takes their time, `calendar` fetched along.

    A type's linked calendar blocks too. Calendars of a disconnected account take no part.
    """
    uses = []
    for row in prepared.rows(_blocking_sql(), [lawyer_id]):
        use = _USE.instance(row[: len(_USE)])
        use.calendar = _CALENDAR.instance(row[len(_USE) :])
        uses.append(use)
    if linked_calendar_id and all(use.calendar_id != linked_calendar_id for use in uses):
        linked = (
            Calendar.objects.filter(pk=linked_calendar_id).exclude(connection__state="disconnected").first()
        )
        if linked is not None:
            uses.append(CalendarUse(lawyer_id=lawyer_id, calendar=linked, firm_id=linked.firm_id))
    return uses


def trouble(uses: Iterable[CalendarUse], now: datetime) -> str:
    """Why the lawyer's times cannot be shown now; empty when every calendar can be trusted."""
    return next((text for use in uses if (text := trouble_of(use.calendar, now))), "")


#: Epoch seconds straight from the server: no datetime is built for the hundreds of rows of a busy month.
_BUSY = """
    SELECT floor(extract(epoch FROM lower(during)))::bigint, ceil(extract(epoch FROM upper(during)))::bigint
      FROM calendars_busyperiod
     WHERE calendar_id = ANY(%s) AND upper(during) > %s AND lower(during) < %s
       AND NOT (all_day AND calendar_id = ANY(%s))
       AND NOT (calendar_id || standing) = ANY(%s)
       AND (appointment_id IS NULL OR appointment_id <> %s)
"""


def busy_spans(
    uses: Sequence[CalendarUse], start: datetime, end: datetime, *, without_appointment: int | None = None
) -> list[Span]:
    """What the mirror says is taken between `start` and `end`, each use by its own rules."""
    if not uses:
        return []
    calendars = [use.calendar_id for use in uses]
    lenient = [use.calendar_id for use in uses if not use.all_day_blocks]
    lets = [f"{use.calendar_id}{one}" for use in uses for one in Standing if one not in use.standings]
    with database.cursor() as cursor:
        cursor.execute(_BUSY, [calendars, start, end, lenient, lets, without_appointment or 0])
        return cursor.fetchall()


@dataclass(frozen=True, slots=True)
class Entry:
    """A stretch that a calendar takes, in epoch seconds, and what may be said of it: no title, nothing private."""

    calendar: str  # its name, provider and account
    start: int
    end: int
    all_day: bool
    standing: Standing
    appointment_id: int | None


def entries_in_the_way(
    uses: Sequence[CalendarUse], start: datetime, end: datetime, *, without_appointment: int | None = None
) -> list[Entry]:
    """What `busy_spans` says is taken, each with its calendar: for people, who ask why."""
    found: list[Entry] = []
    for use in uses:
        rows = BusyPeriod.objects.filter(calendar=use.calendar, during__overlap=(start, end))
        rows = rows.filter(standing__in=use.standings)
        if not use.all_day_blocks:
            rows = rows.filter(all_day=False)
        name = account_name(use.calendar)
        found += [
            Entry(
                name,
                floor(one.during.lower.timestamp()),
                ceil(one.during.upper.timestamp()),
                one.all_day,
                Standing(one.standing),
                one.appointment_id,
            )
            for one in rows
            if one.appointment_id is None or one.appointment_id != without_appointment
        ]
    return found


def account_name(calendar: Calendar) -> str:
    """A calendar as the office knows it: "Court (Google Calendar, alice@hartvale.example)"."""
    connection = calendar.connection
    parts = dict.fromkeys([connection.get_provider_display(), connection.account_name])
    inside = ", ".join(part for part in parts if part and part != calendar.name)
    return f"{calendar.name} ({inside})" if inside else calendar.name


def holidays_between(lawyer: Lawyer, first: date, last: date) -> frozenset[date]:
    """Which dates are closed by a public holiday, rather than by hand."""
    observed = holidays_of(lawyer)
    if observed is None:
        return frozenset()
    by_hand = HoursException.objects.filter(lawyer=lawyer, on__range=(first, last)).values_list(
        "on", flat=True
    )
    closed = _exceptions([], (observed.country, observed.subdivision), first, last)
    return frozenset(exception.on for exception in closed) - frozenset(by_hand)


def uses_of(lawyer: Lawyer) -> QuerySet[CalendarUse]:
    return (
        CalendarUse.objects.filter(lawyer=lawyer)
        .exclude(calendar__connection__state="disconnected")
        .select_related("calendar")
        .order_by("calendar__name", "pk")
    )


def calendars_of_firm(firm_id: int) -> QuerySet[Calendar]:
    """Every calendar the firm's connections can see now. A lawyer's own are nobody else's."""
    return _present(firm_id).filter(connection__lawyer=None)


def calendars_for(lawyer: Lawyer) -> QuerySet[Calendar]:
    """Every calendar that may take this lawyer's time: the firm's, and their own."""
    own_or_the_firms = Q(connection__lawyer=None) | Q(connection__lawyer=lawyer)
    return _present(lawyer.firm_id).filter(own_or_the_firms).select_related("connection")


def _present(firm_id: int) -> QuerySet[Calendar]:
    return Calendar.objects.filter(firm_id=firm_id, present=True).exclude(connection__state="disconnected")


def primary_calendar(lawyer_id: int) -> Calendar | None:
    use = (
        CalendarUse.objects.filter(lawyer_id=lawyer_id, is_primary=True)
        .exclude(calendar__connection__state="disconnected")
        .select_related("calendar")
        .first()
    )
    return use.calendar if use else None


def usual_hours(lawyer: Lawyer, appointment_type_id: int | None = None) -> list[WorkingHours]:
    return list(WorkingHours.objects.filter(lawyer=lawyer, appointment_type=appointment_type_id))


def coming_exceptions(lawyer: Lawyer, today: date) -> QuerySet[HoursException]:
    return HoursException.objects.filter(lawyer=lawyer, on__gte=today)


def access_exception(actor: Actor, exception_id: int) -> HoursException:
    """Raises Http404 for another firm's date, and for a lawyer whose hours this person may not change."""
    found = HoursException.objects.select_related("lawyer").filter(pk=exception_id, firm=actor.firm).first()
    if found is None or not may(actor, "edit_hours", found.lawyer):
        raise Http404
    return found


def holidays_of(lawyer: Lawyer) -> HolidayCalendar | None:
    return HolidayCalendar.objects.filter(lawyer=lawyer).first()


def coming_holidays(observed: HolidayCalendar, today: date) -> list[tuple[date, str]]:
    """The public holidays from `today` to the end of next year."""
    years = (today.year, today.year + 1)
    days = chain.from_iterable(public_holidays(observed.country, observed.subdivision, y) for y in years)
    return [(on, name) for on, name in days if on >= today]


def troubled_calendars(lawyer_ids: Sequence[int], now: datetime) -> list[tuple[CalendarUse, str]]:
    """The calendars that keep a lawyer's times from being offered, with the reason in words."""
    uses = (
        CalendarUse.objects.filter(lawyer__in=lawyer_ids, blocks=True)
        .exclude(calendar__connection__state="disconnected")
        .select_related("calendar", "lawyer")
    )
    return [(use, text) for use in uses if (text := trouble_of(use.calendar, now))]
