"""What waits for an answer, and what the day of a request holds beside it: appointments, requests, busy times."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from django.db.models import Q, QuerySet

from daybook.appointments.models import Appointment, Seat
from daybook.appointments.queries import live, midnight
from daybook.calendars import queries as calendars
from daybook.core.entries import Standing
from daybook.firms.models import Lawyer


def requests(lawyer_ids: list[int]) -> QuerySet[Appointment]:
    """What clients have requested of these lawyers and nobody has answered yet; what waits least first."""
    waiting = Appointment.objects.filter(lawyer__in=lawyer_ids, state=Appointment.State.REQUESTED)
    return waiting.select_related("lawyer", "firm", "appointment_type").order_by("answer_by", "pk")


@dataclass(frozen=True, slots=True)
class Line:
    """One stretch of the day: an appointment of ours, or what a calendar holds without one."""

    start: datetime
    end: datetime
    appointment: Appointment | None = None
    calendar: str = ""  # with its account
    all_day: bool = False
    standing: Standing = Standing.BUSY


def agenda(
    lawyer: Lawyer, on: date, now: datetime, *, linked_calendar_id: int | None = None
) -> tuple[Line, ...]:
    """
    Everything that takes a lawyer's time on one date, as clocks in their zone show it, in order. Entries that are
    copies of our own appointments are left out.
    """
    low, high = midnight(on, lawyer.time_zone), midnight(on + timedelta(days=1), lawyer.time_zone)
    beside = Seat.objects.filter(lawyer=lawyer, lead=False, during__overlap=(low, high)).values("appointment")
    own = (
        Appointment.objects.filter(
            live(now), Q(lawyer=lawyer) | Q(pk__in=beside), during__overlap=(low, high)
        )
        .select_related("appointment_type")
        .order_by("during")
    )
    lines = [Line(one.start, one.end, one) for one in own]
    uses = calendars.blocking_uses(lawyer.pk, linked_calendar_id)
    for entry in calendars.entries_in_the_way(uses, low, high):
        if entry.appointment_id is None:
            start, end = (datetime.fromtimestamp(second, UTC) for second in (entry.start, entry.end))
            lines.append(
                Line(start, end, calendar=entry.calendar, all_day=entry.all_day, standing=entry.standing)
            )
    return tuple(sorted(lines, key=lambda line: (line.start, line.end)))
