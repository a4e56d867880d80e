"""What must be so before a lawyer's time is taken: looked at without the lock, read again, and checked under it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from daybook.appointments.availability import count_booked, offer_of, own_spans, survey
from daybook.appointments.locking import lock_lawyer
from daybook.appointments.models import Appointment, AppointmentType
from daybook.calendars import queries as calendars
from daybook.calendars import shared
from daybook.calendars.models import CalendarUse
from daybook.calendars.reading import reread
from daybook.core import availability as engine
from daybook.core.availability import Offer, Span
from daybook.core.errors import CalendarUnreadable, SlotTaken
from daybook.core.hours import to_local
from daybook.core.periods import Period
from daybook.firms import prepared


def take_turn(lawyer_id: int, now: datetime) -> None:
    """
    Wait for one's turn with the lawyer's time, and mark the holds that have run out: the database's constraint does
    not look at the clock.
    """
    lock_lawyer(lawyer_id)
    end_holds(lawyer_id, now)


def end_holds(lawyer_id: int, now: datetime, *, hold_key: str = "") -> None:
    """Under the lawyer's lock: mark the holds that have run out, and give back what a visitor (`hold_key`) holds."""
    prepared.rows(_END_HOLDS, [lawyer_id, now, hold_key or None])


_END_HOLDS = """
    UPDATE appointments_appointment SET state = 'expired', held_until = NULL
     WHERE lawyer_id = %s AND state = 'held' AND (held_until <= %s OR hold_key = %s)
    RETURNING id
"""


def require_offered(
    appointment_type: AppointmentType, during: Period, now: datetime, *, without: int = 0, hold_key: str = ""
) -> None:
    """
    Check, without a lock, that the public is offered this time. Raises the Refusal that says why it is not.
    """
    day = survey(appointment_type, during.start, during.end, now, without=without, hold_key=hold_key)
    if day.trouble:
        raise CalendarUnreadable
    engine.require_open(
        _offer(appointment_type, during),
        during.start,
        hours=_periods(day.hours),
        busy=_periods(day.busy),
        now=now,
        booked=day.booked,
        zone=appointment_type.lawyer.time_zone,
    )


def require_own_time_free(
    appointment_type: AppointmentType,
    during: Period,
    now: datetime,
    *,
    without: int = 0,
    hold_key: str = "",
    caps: bool = True,
) -> None:
    """
    Check, under the lawyer's lock, that no appointment of the lawyer nor a cap stands in the way. What the visitor
    with `hold_key` holds themselves does not.

    Raises SlotTaken or CapReached.
    """
    margin = timedelta(days=8) if caps else timedelta(0)
    low, high = during.start - margin, during.end + margin
    rows = own_spans(appointment_type.lawyer_id, low, high, now, without=without, hold_key=hold_key)
    offer = _offer(appointment_type, during)
    found = engine.reasons(
        offer,
        during.start,
        hours=(),
        busy=_periods([(row[0], row[1]) for row in rows]),
        now=during.start,
        booked=count_booked(rows, appointment_type, appointment_type.lawyer.time_zone) if caps else {},
        zone=appointment_type.lawyer.time_zone,
    )
    heeded = ("slot_taken", "cap_reached") if caps else ("slot_taken",)
    for refusal in found:
        if refusal.code in heeded:
            raise refusal


def require_calendars_free(
    uses: list[CalendarUse],
    during: Period,
    before: timedelta,
    after: timedelta,
    now: datetime,
    *,
    without: int = 0,
) -> None:
    """Check the mirror over meeting and buffers. Raises CalendarUnreadable, SlotTaken."""
    if calendars.trouble(uses, now):
        raise CalendarUnreadable
    low, high = during.start - before, during.end + after
    for start, end in calendars.busy_spans(uses, low, high, without_appointment=without or None):
        if start < high.timestamp() and end > low.timestamp():
            raise SlotTaken


def require_mirror_free(
    appointment_type: AppointmentType, during: Period, now: datetime, *, without: int = 0
) -> None:
    """
    Check the mirror over meeting and buffers, after `read_calendars`: as `require_calendars_free`, in one kept read.

    Raises CalendarUnreadable, SlotTaken.
    """
    lawyer = appointment_type.lawyer
    before, after = buffers(appointment_type)
    low, high = during.start - before, during.end + after
    mirror = calendars.time_of(
        lawyer.pk,
        appointment_type.pk,
        appointment_type.linked_calendar_id,
        days=(to_local(low, lawyer.time_zone).date(), to_local(high, lawyer.time_zone).date()),
        start=low,
        end=high,
        now=now,
        without_appointment=without or None,
    )
    if mirror.trouble:
        raise CalendarUnreadable
    for start, end in mirror.busy:
        # Beyond what is kept of a calendar nobody knows; these very hours have just been read.
        if end != calendars.FAR and start < high.timestamp() and end > low.timestamp():
            raise SlotTaken


def claim(
    appointment: Appointment, appointment_type: AppointmentType, shared_calendars: tuple[int, ...]
) -> None:
    """
    Let the calendar that will hold an appointment be taken at once for the other lawyers who use it, of those that
    `shared.take_turn` has named.
    """
    if not shared_calendars:
        return
    calendar_id = appointment_type.linked_calendar_id
    if calendar_id is None:
        primary = calendars.primary_calendar(appointment.lawyer_id)
        calendar_id = primary.pk if primary else None
    if calendar_id in shared_calendars:
        shared.expect(
            calendar_id=calendar_id,
            appointment_id=appointment.pk,
            start=appointment.start,
            end=appointment.end,
        )


def buffers(appointment_type: AppointmentType) -> tuple[timedelta, timedelta]:
    """What must be free before and after."""
    return (
        timedelta(minutes=appointment_type.before_minutes),
        timedelta(minutes=appointment_type.after_minutes),
    )


def read_again(appointment_type: AppointmentType, during: Period, now: datetime) -> list[CalendarUse]:
    """
    Read every calendar that takes the lawyer's time again, around `during`, and return how they are used.

    Outside any transaction. Raises CalendarUnreadable.
    """
    read_calendars(appointment_type, during, now)
    return calendars.blocking_uses(appointment_type.lawyer_id, appointment_type.linked_calendar_id)


def read_calendars(appointment_type: AppointmentType, during: Period, now: datetime) -> None:
    """Read every calendar that takes the lawyer's time again, around `during`. As `read_again`."""
    uses = calendars.blocking_uses(appointment_type.lawyer_id, appointment_type.linked_calendar_id)
    before, after = buffers(appointment_type)
    reread((use.calendar for use in uses), start=during.start - before, end=during.end + after, now=now)


def _offer(appointment_type: AppointmentType, during: Period) -> Offer:
    """The type's rules for a stretch as long as `during`: an appointment keeps its length when its type's changes."""
    return replace(offer_of(appointment_type), length=during.length)


def _periods(spans: list[Span]) -> list[Period]:
    return [
        Period(datetime.fromtimestamp(start, UTC), datetime.fromtimestamp(end, UTC)) for start, end in spans
    ]


def as_range(during: Period) -> DateTimeTZRange:
    """A period as the column `during` has it."""
    return DateTimeTZRange(during.start, during.end)
