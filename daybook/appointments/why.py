"""Why a time of a lawyer is not free, for the office: the facts gathered as rows, told by `core.reasons`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from math import ceil, floor

from django.db.models import Q

from daybook.appointments import teams
from daybook.appointments.availability import REACH, count_booked, offer_of, own_spans
from daybook.appointments.models import Appointment, AppointmentType, Seat
from daybook.appointments.queries import live, midnight
from daybook.calendars import queries as calendars
from daybook.calendars.models import CalendarUse
from daybook.calendars.queries import FAR, Hours
from daybook.calendars.reading import trouble_of
from daybook.core import reasons
from daybook.core.hours import local_day
from daybook.core.reasons import By, Cause, Reason, Taken
from daybook.core.times import same_clock, zone_label
from daybook.firms.models import Lawyer
from daybook.firms.permissions import firm_may

#: A weekly cap is held against whole weeks.
_WEEK = timedelta(days=8)
_A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Asked:
    """
    A time, and all that stands in its way, the most telling first; nothing when it is free. Of a type of several people,
    `free` names those who are.
    """

    start: datetime
    reasons: tuple[Reason, ...]
    free: tuple[str, ...] = ()


class Day:
    """
    One date, as clocks in `zone` show it, of all the people that a type needs, as it stands at `now`; of an appointment
    that is to be moved (`without`), of its very people. Of several people, those of whom `may_tell` says no are said to
    be free or not, and no more.
    """

    def __init__(
        self,
        appointment_type: AppointmentType,
        on: date,
        zone: str,
        now: datetime,
        *,
        without: int = 0,
        may_tell: Callable[[Lawyer], bool] = lambda _: True,
    ) -> None:
        self._low, self._high = midnight(on, zone), midnight(on + _A_DAY, zone)
        self._zone, self._may_tell = zone, may_tell
        team = teams.party_of(appointment_type, without)
        self._together, self._several = team.together, len(team.leads) + len(team.seconds) != 1
        self._needs_second = appointment_type.needs_second and not without

        def facts(people: tuple[Lawyer, ...]) -> list[Facts]:
            window = (self._low, self._high)
            return [Facts(appointment_type, one, window, now, without=without) for one in people]

        self._leads, self._seconds = facts(team.leads), facts(team.seconds)

    def at(self, start: datetime) -> Asked:
        """What stands in the way of one start on that date."""
        leads = [
            (one, one.at(start, grid=not self._together or place == 0))
            for place, one in enumerate(self._leads)
        ]
        seconds = [(one, one.at(start, grid=False)) for one in self._seconds]
        if not self._several:
            return Asked(start, leads[0][1])
        found: list[Reason] = []
        for people, enough in (
            (leads, all if self._together else any),
            *([(seconds, any)] if self._needs_second else []),
        ):
            if not people:
                found.append(Reason(Cause.NOT_OFFERED, "Nobody who is needed can be met at present."))
            elif not enough(not reasons_ for _, reasons_ in people):
                found += [named for one, reasons_ in people for named in self._named(one, reasons_)]
        free = tuple(one.lawyer.name for one, reasons_ in [*leads, *seconds] if not reasons_)
        return Asked(start, tuple(found), free)

    def _named(self, one: Facts, found: tuple[Reason, ...]) -> list[Reason]:
        if not self._may_tell(one.lawyer):
            return [Reason(Cause.CALENDAR, f"{one.lawyer.name}: not free at this time.")] if found else []
        zone = one.lawyer.time_zone
        there = "" if same_clock(zone, self._zone, self._low) else f" ({zone_label(zone, self._low)})"
        return [replace(reason, text=f"{one.lawyer.name}{there}: {reason.text}") for reason in found]

    def grid(self) -> list[Asked]:
        """Every start that the hours of the date give, each with what stands in its way."""
        leads = self._leads[:1] if self._together else self._leads
        starts = {start for one in leads for start in one.grid() if self._low <= start < self._high}
        return [self.at(start) for start in sorted(starts)]


class Facts:
    """Everything that decides over a day's stretch of one lawyer, for one type, as it stands at `now`."""

    def __init__(
        self,
        appointment_type: AppointmentType,
        lawyer: Lawyer,
        window: tuple[datetime, datetime],
        now: datetime,
        *,
        without: int = 0,
    ) -> None:
        self._type, self.lawyer, self._now = appointment_type, lawyer, now
        zone = lawyer.time_zone
        low, high = window[0], window[1] + timedelta(minutes=appointment_type.minutes)
        self._days = local_day(low, zone), local_day(high, zone)
        first, last = self._days[0] - _A_DAY, self._days[1] + _A_DAY
        uses = calendars.blocking_uses(lawyer.pk, appointment_type.linked_calendar_id)
        self._hours: Hours = calendars.hours_of(lawyer, appointment_type.pk, first, last)
        self._holidays = calendars.holidays_between(lawyer, first, last)
        self._taken = _taken(lawyer, uses, low - REACH, high + REACH, now, without)
        rows = own_spans(lawyer.pk, low - _WEEK, high + _WEEK, now, without=without)
        self._booked = count_booked(rows, appointment_type, zone)
        instead = lawyer.requests_when_unread and not (appointment_type.has_team or without)
        self._also = [*_not_offered(appointment_type, lawyer), *_unreadable(uses, now, instead)]

    def at(self, start: datetime, *, grid: bool = True) -> tuple[Reason, ...]:
        """What stands in the way of one start."""
        return reasons.explain(
            offer_of(self._type),
            start,
            weekly=self._hours.weekly,
            exceptions=self._hours.exceptions,
            zone=self.lawyer.time_zone,
            taken=self._taken,
            now=self._now,
            booked=self._booked,
            holidays=self._holidays,
            also=self._also,
            grid=grid,
        )

    def grid(self) -> list[datetime]:
        """Every start that the hours give on the dates the stretch touches."""
        first, last = self._days
        return [
            start
            for number in range((last - first).days + 1)
            for start in reasons.grid_of_day(
                offer_of(self._type),
                first + number * _A_DAY,
                weekly=self._hours.weekly,
                exceptions=self._hours.exceptions,
                zone=self.lawyer.time_zone,
            )
        ]


def _not_offered(appointment_type: AppointmentType, lawyer: Lawyer) -> Iterator[Reason]:
    if not appointment_type.active:
        yield Reason(Cause.NOT_OFFERED, f"{appointment_type.name} is no longer offered.")
    if not lawyer.active:
        yield Reason(Cause.NOT_OFFERED, f"{lawyer.name} takes no appointments at present.")
    if not firm_may(lawyer.firm, "new_appointments"):
        yield Reason(
            Cause.NOT_OFFERED, "The firm's subscription is not active: no new appointments can be booked."
        )


def _unreadable(uses: list[CalendarUse], now: datetime, instead: bool) -> Iterator[Reason]:
    """The calendars that keep times from being promised; `instead` they can be requested."""
    then = " Clients can only request times: you confirm them by hand." if instead else ""
    for use in uses:
        if text := trouble_of(use.calendar, now):
            name = calendars.account_name(use.calendar)
            yield Reason(Cause.UNREADABLE, f"{name} cannot be read: {text}{then}")


def _taken(
    lawyer: Lawyer, uses: list[CalendarUse], low: datetime, high: datetime, now: datetime, without: int
) -> list[Taken]:
    own = _own(lawyer, low, high, now, without)
    spans = {one.key: one.span for one in own}
    found = list(own)
    for entry in calendars.entries_in_the_way(uses, low, high, without_appointment=without or None):
        around = spans.get(entry.appointment_id or 0)
        # Our own appointment, seen again in the calendar it was written to, is named once.
        if around is None or not (around[0] <= entry.start and entry.end <= around[1]):
            found.append(
                Taken(
                    entry.start,
                    entry.end,
                    By.CALENDAR,
                    entry.calendar,
                    all_day=entry.all_day,
                    standing=entry.standing,
                )
            )
    for use in uses:
        until = use.calendar.read_until
        if until is not None:
            found.append(
                Taken(floor(until.timestamp()), FAR, By.UNREAD, calendars.account_name(use.calendar))
            )
    return found


_BY = {
    Appointment.State.HELD: By.HOLD,
    Appointment.State.REQUESTED: By.REQUEST,
    Appointment.State.CONFIRMED: By.APPOINTMENT,
}


def _own(lawyer: Lawyer, low: datetime, high: datetime, now: datetime, without: int) -> list[Taken]:
    """The lawyer's live appointments and holds, as `availability.own_spans` counts them, by name."""
    beside = Seat.objects.filter(lawyer=lawyer, lead=False, during__overlap=(low, high)).values("appointment")
    rows = (
        Appointment.objects.filter(
            live(now), Q(lawyer=lawyer) | Q(pk__in=beside), during__overlap=(low, high)
        )
        .exclude(pk=without)
        .select_related("appointment_type")
    )
    return [
        Taken(
            floor(one.start.timestamp()),
            ceil(one.end.timestamp()),
            _BY[Appointment.State(one.state)],
            one.appointment_type.name,
            before=one.before_minutes * 60,
            after=one.after_minutes * 60,
            key=one.pk,
        )
        for one in rows
    ]
