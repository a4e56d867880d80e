"""Reads: what can be booked, what is booked, and one lawyer's week as a picture."""

from __future__ import annotations

import uuid
from bisect import bisect_left
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache

from django.db.models import Q, QuerySet
from django.http import Http404

from daybook.appointments import fetched, teams
from daybook.appointments.availability import offer_of, survey
from daybook.appointments.models import Appointment, AppointmentType, Seat, TeamMember
from daybook.calendars import queries as calendars
from daybook.core import availability as engine
from daybook.core.hours import day_period, open_spans, zone
from daybook.firms.models import Firm, Lawyer
from daybook.firms.permissions import Actor, may

Because = Appointment.Because

#: How far ahead the next free day is looked for, beyond what a page shows.
LOOK_AHEAD = timedelta(days=200)
_A_DAY = 86_400


@dataclass(frozen=True, slots=True)
class OpenDays:
    """Free starts by the visitor's day; `next_from` is the next day worth asking for, if there is one."""

    days: tuple[tuple[date, tuple[datetime, ...]], ...]
    next_from: date | None
    trouble: str  # why times are hidden, for the firm; a visitor is told only that they cannot be shown
    because: str = ""  # a value of Because where the times can only be requested

    def besides(self, start: datetime) -> OpenDays:
        """The same without one start: the time an appointment already has is no choice for moving it."""
        others = ((on, tuple(at for at in starts if at != start)) for on, starts in self.days)
        return replace(self, days=tuple(day for day in others if day[1]))


def public_types(lawyer: Lawyer) -> QuerySet[AppointmentType]:
    """What anybody with the link may book with them, alone or among several, in the order of their names."""
    among = _led_by(lawyer).filter(lawyer__public=True, lawyer__active=True).values("pk")
    return AppointmentType.objects.filter(
        Q(lawyer=lawyer) | Q(pk__in=among), active=True, who_may_book=AppointmentType.WhoMayBook.ANYONE
    ).select_related("lawyer")


def public_team_types(firm: Firm) -> QuerySet[AppointmentType]:
    """What anybody may book with any or all of several lawyers of the firm, the page's lawyer fetched along."""
    return (
        AppointmentType.objects.filter(
            firm=firm,
            active=True,
            who_may_book=AppointmentType.WhoMayBook.ANYONE,
            lawyer__public=True,
            lawyer__active=True,
        )
        .exclude(kind=AppointmentType.Kind.ONE)
        .select_related("lawyer")
    )


def with_something_public(firm: Firm) -> set[int]:
    """The ids of the firm's lawyers with whom anybody with the link may book something."""
    offered = AppointmentType.objects.filter(
        firm=firm, active=True, who_may_book=AppointmentType.WhoMayBook.ANYONE
    )
    among = TeamMember.objects.filter(
        appointment_type__in=public_team_types(firm), role=TeamMember.Role.LEAD, active=True
    )
    return {*offered.values_list("lawyer", flat=True), *among.values_list("lawyer", flat=True)}


def _led_by(lawyer: Lawyer) -> QuerySet[AppointmentType]:
    """The types of several lawyers of which this is one, whoever's they are."""
    led = TeamMember.objects.filter(lawyer=lawyer, role=TeamMember.Role.LEAD, active=True)
    return AppointmentType.objects.filter(pk__in=led.values("appointment_type")).exclude(
        kind=AppointmentType.Kind.ONE
    )


def shared_types(lawyer: Lawyer) -> QuerySet[AppointmentType]:
    """What is offered of others' types of several lawyers of which this is one."""
    return _led_by(lawyer).filter(active=True).exclude(lawyer=lawyer).select_related("lawyer", "firm")


def public_type(firm_slug: str, lawyer_slug: str, type_slug: str) -> AppointmentType | None:
    """The type of a public page, lawyer and firm fetched along; None when there is none to be shown."""
    return fetched.type_by_slugs(firm_slug, lawyer_slug, type_slug)


def page_of(appointment: Appointment) -> str:
    """The slug of the lawyer on whose page an appointment's type is offered: not always whom the client meets."""
    owner = appointment.appointment_type.owner_id
    if owner == appointment.lawyer_id:
        return appointment.lawyer.slug
    return Lawyer.objects.values_list("slug", flat=True).get(pk=owner)


def zone_of(appointment_type: AppointmentType, moved: int = 0) -> str:
    """The time zone the desk chooses times in: that of whoever leads the appointment `moved`, or of the type's own lawyer."""
    if not moved:
        return appointment_type.lawyer.time_zone
    return Appointment.objects.values_list("lawyer__time_zone", flat=True).get(pk=moved)


def open_starts(
    appointment_type: AppointmentType,
    *,
    start: datetime,
    end: datetime,
    now: datetime,
    without: int = 0,
    hold_key: str = "",
) -> tuple[list[int], str]:
    """
    The free starts in [start, end) as epoch seconds, and why there are none if calendars cannot be trusted.

    `without` leaves out an appointment that is being moved, with the very people it has; `hold_key` what this visitor
    holds themselves.
    """
    found = open_to_clients(
        appointment_type, start=start, end=end, now=now, without=without, hold_key=hold_key, by_request=False
    )
    return found[:2]


def open_to_clients(
    appointment_type: AppointmentType,
    *,
    start: datetime,
    end: datetime,
    now: datetime,
    without: int = 0,
    hold_key: str = "",
    by_request: bool = True,
) -> tuple[list[int], str, str]:
    """
    As `open_starts`, with what the public may only request (`by_request`): then the third is why, a value of Because.

    Of types of several people a calendar that cannot be read takes its lawyer's times away, whatever they prefer.
    """
    end = min(end, now + timedelta(days=appointment_type.horizon_days, hours=1))
    start = max(start, now - timedelta(hours=1))
    because = str(Because.TYPE) if by_request and appointment_type.by_request and not without else ""
    if start >= end:
        return [], "", because
    if appointment_type.has_team or without:
        starts, trouble = teams.open_starts(
            appointment_type, start, end, now, without=without, hold_key=hold_key
        )
    else:
        starts, trouble, unread = _own_starts(appointment_type, start, end, now, hold_key, by_request)
        because = str(Because.UNREAD) if unread else because
    if trouble:
        return [], trouble, because
    low, high = int(start.timestamp()), int(end.timestamp())
    return starts[bisect_left(starts, low) : bisect_left(starts, high)], "", because


def _own_starts(
    appointment_type: AppointmentType,
    start: datetime,
    end: datetime,
    now: datetime,
    hold_key: str,
    by_request: bool,
) -> tuple[list[int], str, str]:
    """The starts at which the type's own lawyer is free, who is all it needs."""
    day = survey(appointment_type, start, end, now, hold_key=hold_key, by_request=by_request)
    if day.trouble:
        return [], day.trouble, ""
    starts = engine.open_starts(
        offer_of(appointment_type),
        hours=day.hours,
        busy=day.busy,
        now=int(now.timestamp()),
        booked=day.booked,
        zone=appointment_type.lawyer.time_zone,
        tick=1 if now.microsecond else 0,
    )
    return starts, "", day.unread


def open_days(
    appointment_type: AppointmentType,
    *,
    first: date,
    days: int,
    zone: str,
    now: datetime,
    without: int = 0,
    hold_key: str = "",
    by_request: bool = False,
) -> OpenDays:
    """
    The free starts of `days` days from `first`, by the date a clock in `zone` shows. Days without any are left out.
    With `by_request` those too that the public may only request: `because` says that they are.

    `next_from` is the next day with a free start after those, or None up to the type's horizon.
    Raises UnknownTimeZone.
    """
    last = first + timedelta(days=days)
    start, end = midnight(first, zone), midnight(last, zone)
    horizon = now + timedelta(days=min(appointment_type.horizon_days + 1, LOOK_AHEAD.days))
    starts, trouble, because = open_to_clients(
        appointment_type,
        start=start,
        end=max(end, horizon),
        now=now,
        without=without,
        hold_key=hold_key,
        by_request=by_request,
    )
    if trouble:
        return OpenDays((), None, trouble, because)
    cut = bisect_left(starts, int(end.timestamp()))
    place = _place(zone)
    following = starts[cut : cut + 1]
    next_from = datetime.fromtimestamp(following[0], place).date() if following else None
    return OpenDays(by_day(starts[:cut], place), next_from, "", because)


def by_day(starts: list[int], place: tzinfo) -> tuple[tuple[date, tuple[datetime, ...]], ...]:
    """The starts as instants, by the date a clock in `place` shows; looked up once a day, not once a start."""
    grouped: dict[date, list[datetime]] = {}
    at = 0
    while at < len(starts):
        first = datetime.fromtimestamp(starts[at], place)
        shift = first.utcoffset() or timedelta(0)
        midnight = starts[at] + _A_DAY - (starts[at] + int(shift.total_seconds())) % _A_DAY
        until = bisect_left(starts, midnight, at)
        if datetime.fromtimestamp(starts[until - 1], place).utcoffset() != shift:
            until = at + 1  # the clocks are changed within this day: one at a time
        day = grouped.setdefault(first.date(), [])
        day.extend(datetime.fromtimestamp(second, UTC) for second in starts[at:until])
        at = until
    return tuple((on, tuple(instants)) for on, instants in grouped.items())


def _place(name: str):
    return zone(name)


@lru_cache(maxsize=512)
def midnight(on: date, zone_name: str) -> datetime:
    """When a date begins in a zone."""
    period = day_period(on, zone_name)
    if period is None:  # a date the zone skipped altogether
        return midnight(on + timedelta(days=1), zone_name)
    return period.start


def appointment_by_uid(uid: uuid.UUID) -> Appointment | None:
    return (
        Appointment.objects.select_related("lawyer", "firm", "appointment_type", "contact")
        .filter(uid=uid)
        .first()
    )


def access_appointment(actor: Actor, appointment_id: int, action: str = "see_appointments") -> Appointment:
    """Raises Http404 for another firm's appointment, and for what this person may not do to it."""
    appointment = (
        Appointment.objects.select_related("lawyer", "firm", "appointment_type", "contact")
        .filter(pk=appointment_id, firm=actor.firm)
        .first()
    )
    if appointment is None or not (
        may(actor, action, appointment.lawyer) or _takes_part(actor, action, appointment)
    ):
        raise Http404
    return appointment


def _takes_part(actor: Actor, action: str, appointment: Appointment) -> bool:
    """Whoever takes part in an appointment beside its lawyer may see it; changing it is its lawyer's."""
    return action == "see_appointments" and actor.own is not None and actor.own.pk in appointment.others


def access_type(actor: Actor, type_id: int, action: str = "edit_types") -> AppointmentType:
    """Raises Http404 for another firm's type, and for what this person may not do to it."""
    found = (
        AppointmentType.objects.select_related("lawyer", "firm").filter(pk=type_id, firm=actor.firm).first()
    )
    if found is None or not may(actor, action, found.lawyer):
        raise Http404
    return found


def types_of(lawyer: Lawyer) -> QuerySet[AppointmentType]:
    return AppointmentType.objects.filter(lawyer=lawyer).select_related("linked_calendar", "lawyer", "firm")


def _shown(lawyer_ids: list[int]) -> QuerySet[Appointment]:
    """Their own appointments, and those they take part in beside somebody else."""
    beside = Seat.objects.filter(lawyer__in=lawyer_ids, lead=False).values_list("appointment_id", flat=True)
    theirs = Q(lawyer__in=lawyer_ids)
    # Asked first: an index serves a list of ids, and nothing serves a question within an "or".
    return Appointment.objects.filter(
        theirs | Q(pk__in=ids) if (ids := list(beside)) else theirs
    ).select_related("lawyer", "appointment_type", "contact", "push", "time_entry__matter")


def live(now: datetime) -> Q:
    """Whatever takes a lawyer's time at `now`: a hold that has run out does not, whatever its row still says."""
    State = Appointment.State
    return Q(state__in=[State.REQUESTED, State.CONFIRMED]) | Q(state=State.HELD, held_until__gt=now)


def upcoming(lawyer_ids: list[int], now: datetime) -> QuerySet[Appointment]:
    """Confirmed and requested appointments that have not ended, soonest first, and holds still running."""
    return _shown(lawyer_ids).filter(live(now)).filter(during__endswith__gt=now).order_by("during", "pk")


def past(lawyer_ids: list[int], now: datetime) -> QuerySet[Appointment]:
    """What has ended, cancelled or not, and requests that came to nothing; latest first."""
    return (
        _shown(lawyer_ids)
        .filter(Q(state=Appointment.State.CONFIRMED) | _called_off(), during__endswith__lte=now)
        .order_by("-during", "-pk")
    )


def called_off(lawyer_ids: list[int], now: datetime) -> QuerySet[Appointment]:
    """What was cancelled, declined or never answered, and would not have ended yet; soonest first."""
    return _shown(lawyer_ids).filter(_called_off(), during__endswith__gt=now).order_by("during", "pk")


def _called_off() -> Q:
    State = Appointment.State
    given_up = Q(confirmed_at__isnull=False) | Q(requested_at__isnull=False)
    return Q(given_up, state=State.CANCELLED) | Q(state__in=[State.DECLINED, State.LAPSED])


def clients_of(appointment_ids: list[int]) -> dict[int, str]:
    """The clients' names of some appointments, which the caller has reached through their lawyer."""
    return dict(Appointment.objects.filter(pk__in=appointment_ids).values_list("pk", "client_name"))


@dataclass(frozen=True, slots=True)
class WeekDay:
    """One day of the picture: hours, what other calendars hold, appointments. Instants are aware UTC."""

    on: date
    start: datetime
    end: datetime
    hours: tuple[tuple[datetime, datetime], ...]
    busy: tuple[tuple[datetime, datetime], ...]
    appointments: tuple[Appointment, ...]
    closed_because: str


def week(lawyer: Lawyer, monday: date, now: datetime) -> tuple[WeekDay, ...]:
    """Seven days of a lawyer from `monday`, in the lawyer's zone: hours, busy, appointments; the rest is free."""
    last = monday + timedelta(days=6)
    start, end = midnight(monday, lawyer.time_zone), midnight(last + timedelta(days=1), lawyer.time_zone)
    hours = calendars.hours_of(lawyer, None, monday, last)
    open_all = open_spans(hours.weekly, hours.exceptions, lawyer.time_zone, monday, last)
    busy_all = calendars.busy_spans(calendars.blocking_uses(lawyer.pk), start, end)
    booked = list(
        _shown([lawyer.pk]).filter(live(now)).filter(during__overlap=(start, end)).order_by("during")
    )
    reasons = {exception.on: exception.reason for exception in hours.exceptions if not exception.stretches}
    picture = []
    for offset in range(7):
        on = monday + timedelta(days=offset)
        low, high = midnight(on, lawyer.time_zone), midnight(on + timedelta(days=1), lawyer.time_zone)
        picture.append(
            WeekDay(
                on=on,
                start=low,
                end=high,
                hours=_within(open_all, low, high),
                busy=_within(busy_all, low, high),
                appointments=tuple(a for a in booked if a.start < high and a.end > low),
                closed_because=reasons.get(on, ""),
            )
        )
    return tuple(picture)


def _within(
    spans: list[tuple[int, int]], low: datetime, high: datetime
) -> tuple[tuple[datetime, datetime], ...]:
    first, last = int(low.timestamp()), int(high.timestamp())
    return tuple(
        (datetime.fromtimestamp(max(start, first), UTC), datetime.fromtimestamp(min(end, last), UTC))
        for start, end in sorted(spans)
        if start < last and end > first
    )
