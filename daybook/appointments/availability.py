"""What can be booked, from rows to the core's rules and back; used to show times and to check one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

from daybook.appointments.models import Appointment, AppointmentType
from daybook.calendars import queries as calendars
from daybook.core import availability as engine
from daybook.core import lifecycle
from daybook.core.availability import Offer, Span
from daybook.core.errors import SlotTaken
from daybook.core.hours import open_spans, to_local
from daybook.core.lifecycle import ClientPolicy
from daybook.core.periods import Period
from daybook.firms import prepared
from daybook.firms.models import Lawyer

#: Live means: takes the lawyer's time now. A hold that has run out does not, whatever its row still says. What is their own,
#: and what they take part in beside somebody else. A plan made without the dates would look up `lower(during) < end`,
#: which all the past fulfills (5,000 rows, 1.2 ms; PostgreSQL 18.4, 2026-11): the sum keeps it from that.
_TAKEN = """
    SELECT floor(extract(epoch FROM lower(during)))::bigint - before_minutes * 60,
           ceil(extract(epoch FROM upper(during)))::bigint + after_minutes * 60,
           floor(extract(epoch FROM lower(during)))::bigint, appointment_type_id
      FROM appointments_appointment
     WHERE state IN ('held', 'requested', 'confirmed') AND upper(during) > %(start)s
       AND (lawyer_id = %(lawyer)s
            OR id = ANY(ARRAY(SELECT appointment_id FROM appointments_seat
                               WHERE lawyer_id = %(lawyer)s AND NOT lead AND upper(during) > %(start)s)))
       AND lower(during) + interval '0' < %(end)s
       AND (state <> 'held' OR held_until > %(now)s) AND id <> %(without)s
       AND NOT (state = 'held' AND hold_key = %(key)s)
"""

#: The widest buffer; rows this far outside a window may still reach into it.
REACH = timedelta(hours=12)


#: How far around a missed time its own question looks: over the days shown to whoever missed it, in any zone.
_NEAR = timedelta(hours=50)


class Missed(SlotTaken):
    """
    Another hold or appointment has the time. `own` is what the lawyer's own time held around it when that was seen,
    as `own_spans` says it: what is left near it can be shown without asking again.
    """

    def __init__(self, start: datetime, own: tuple[tuple[int, int, int, int], ...]) -> None:
        super().__init__()
        self.start, self.own = start, own


Missed.code = SlotTaken.code  # to a program it is no other refusal


@dataclass(frozen=True, slots=True)
class Day:
    """Everything that decides over one stretch of a lawyer's time, in epoch seconds."""

    hours: list[Span]
    external: list[Span]  # other systems' calendars
    own: list[Span]  # holds and appointments, their buffers included
    booked: dict[date, int]  # of this type, by the lawyer's date, for the caps
    trouble: str
    unread: str = ""  # what would be trouble, had the lawyer not said to take requests meanwhile

    @property
    def busy(self) -> list[Span]:
        return self.external + self.own


def offer_of(appointment_type: AppointmentType) -> Offer:
    """The core's view of a type."""
    return Offer(
        length=timedelta(minutes=appointment_type.minutes),
        before=timedelta(minutes=appointment_type.before_minutes),
        after=timedelta(minutes=appointment_type.after_minutes),
        notice=timedelta(minutes=appointment_type.notice_minutes),
        horizon=timedelta(days=appointment_type.horizon_days),
        step=timedelta(minutes=appointment_type.step_minutes),
        cap_per_day=appointment_type.cap_per_day,
        cap_per_week=appointment_type.cap_per_week,
    )


def offer_for(appointment_type: AppointmentType, during: Period) -> Offer:
    """The type's rules for a stretch as long as `during`: an appointment keeps its length when its type's changes."""
    return replace(offer_of(appointment_type), length=during.length)


def periods_of(spans: Iterable[Span]) -> list[Period]:
    """Spans as the core's periods."""
    return [
        Period(datetime.fromtimestamp(start, UTC), datetime.fromtimestamp(end, UTC)) for start, end in spans
    ]


def client_policy(appointment_type: AppointmentType) -> ClientPolicy:
    """What a client may do alone with an appointment of this type, and until when."""
    until = timedelta(minutes=appointment_type.change_cutoff_minutes)
    return ClientPolicy(cancel_until=until, move_until=until)


def cancelled_late(appointment: Appointment) -> bool:
    """Whether its client called it off at shorter notice than its type asks of clients."""
    by = lifecycle.Actor.CLIENT if appointment.cancelled_by == Appointment.Party.CLIENT else None
    policy = client_policy(appointment.appointment_type)
    return lifecycle.cancelled_late(by, appointment.start, appointment.cancelled_at, policy)


def own_spans(
    lawyer_id: int, start: datetime, end: datetime, now: datetime, *, without: int = 0, hold_key: str = ""
) -> list[tuple[int, int, int, int]]:
    """The lawyer's own live appointments as (from, to, start, type), buffers included in the first two."""
    asked = {
        "lawyer": lawyer_id,
        "start": start - REACH,
        "end": end + REACH,
        "now": now,
        "without": without,
        "key": hold_key or "-",
    }
    return prepared.rows(_TAKEN, asked)


def require_not_taken(
    appointment_type: AppointmentType, start: datetime, end: datetime, now: datetime, *, hold_key: str
) -> None:
    """
    Check that no hold or appointment of the lawyer, buffers included, stands in the way of [start, end).

    Raises Missed.
    """
    low = start.timestamp() - appointment_type.before_minutes * 60
    high = end.timestamp() + appointment_type.after_minutes * 60
    rows = own_spans(appointment_type.lawyer_id, start - _NEAR, end + _NEAR, now, hold_key=hold_key)
    if any(row[0] < high and row[1] > low for row in rows):
        raise Missed(start, tuple(rows))


def count_booked(
    rows: list[tuple[int, int, int, int]], appointment_type: AppointmentType, zone: str
) -> dict[date, int]:
    """How many of the type each of the lawyer's dates holds; empty when nothing caps it."""
    if appointment_type.cap_per_day is None and appointment_type.cap_per_week is None:
        return {}
    starts = [datetime.fromtimestamp(row[2], UTC) for row in rows if row[3] == appointment_type.pk]
    return engine.count_by_day(starts, zone)


def survey(
    appointment_type: AppointmentType,
    start: datetime,
    end: datetime,
    now: datetime,
    *,
    without: int = 0,
    hold_key: str = "",
    lawyer: Lawyer | None = None,
    by_request: bool = False,
) -> Day:
    """
    Gather what decides over [start, end) for a type and its lawyer, or another of its people. `without` leaves one
    appointment (being moved) out. With `by_request` a calendar that cannot be read is believed as it was last known, if
    its lawyer takes requests meanwhile; `unread` says why it cannot be read then.
    """
    lawyer = lawyer or appointment_type.lawyer
    days = (to_local(start, lawyer.time_zone).date(), to_local(end, lawyer.time_zone).date())
    time = calendars.time_of(
        lawyer.pk,
        appointment_type.pk,
        appointment_type.linked_calendar_id,
        days=days,
        start=start - REACH,
        end=end + REACH,
        now=now,
        without_appointment=without or None,
    )
    instead = by_request and lawyer.requests_when_unread
    capped = appointment_type.cap_per_day is not None or appointment_type.cap_per_week is not None
    # A weekly cap is held against whole weeks, so the count looks a week further on both sides.
    margin = timedelta(days=8) if capped else timedelta(0)
    rows = own_spans(lawyer.pk, start - margin, end + margin, now, without=without, hold_key=hold_key)
    return Day(
        hours=open_spans(time.hours.weekly, time.hours.exceptions, lawyer.time_zone, *days),
        external=time.busy,
        own=[(row[0], row[1]) for row in rows],
        booked=count_booked(rows, appointment_type, lawyer.time_zone),
        trouble="" if instead else time.trouble,
        unread=time.trouble if instead else "",
    )
