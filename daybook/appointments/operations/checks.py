"""What must be so before a lawyer's time is taken: looked at without the lock, read again, and checked under it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import chain

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from daybook.appointments import teams
from daybook.appointments.availability import count_booked, offer_for, own_spans, periods_of, survey
from daybook.appointments.locking import lock_lawyer
from daybook.appointments.models import Appointment, AppointmentType
from daybook.calendars import queries as calendars
from daybook.calendars import shared
from daybook.calendars.models import CalendarUse
from daybook.calendars.reading import reread
from daybook.core import availability as engine
from daybook.core.errors import CalendarUnreadable, SlotTaken
from daybook.core.hours import to_local
from daybook.core.periods import Period
from daybook.firms import prepared
from daybook.firms.models import Lawyer


def take_turn(people: Sequence[Lawyer], now: datetime) -> None:
    """
    Wait for one's turn with the time of all these people, and mark the holds that have run out: the database's
    constraint does not look at the clock.
    """
    lock_people(people)
    for lawyer in people:
        end_holds(lawyer.pk, now)


def lock_people(people: Sequence[Lawyer]) -> None:
    """Wait for one's turn with each, in the order of ids, so that nobody waits in a circle."""
    for lawyer_id in sorted({lawyer.pk for lawyer in people}):
        lock_lawyer(lawyer_id)


def end_holds(lawyer_id: int, now: datetime, *, hold_key: str = "") -> None:
    """Under the lawyer's lock: mark the holds that have run out, and give back what a visitor (`hold_key`) holds."""
    prepared.rows(_END_HOLDS, {"lawyer": lawyer_id, "now": now, "key": hold_key or None})


_END_HOLDS = """
    UPDATE appointments_appointment SET state = 'expired', held_until = NULL
     WHERE state = 'held' AND (held_until <= %(now)s OR hold_key = %(key)s)
       AND id IN (SELECT id FROM appointments_appointment WHERE lawyer_id = %(lawyer)s AND state = 'held'
                   UNION ALL
                  SELECT appointment_id FROM appointments_seat
                   WHERE lawyer_id = %(lawyer)s AND NOT lead AND live)
    RETURNING id
"""


def require_offered(
    appointment_type: AppointmentType, during: Period, now: datetime, *, without: int = 0, hold_key: str = ""
) -> None:
    """
    Check, without a lock, that the public is offered this time. Raises the Refusal that says why it is not.

    An appointment that is being moved (`without`) keeps its people, who must all be free.
    """
    if without:
        teams.require_offered(appointment_type, during, now, without=without)
        return
    day = survey(appointment_type, during.start, during.end, now, hold_key=hold_key, by_request=True)
    if day.trouble:
        raise CalendarUnreadable
    engine.require_open(
        offer_for(appointment_type, during),
        during.start,
        hours=periods_of(day.hours),
        busy=periods_of(day.busy),
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
    lawyer: Lawyer | None = None,
) -> None:
    """
    Check, under the lawyer's lock, that no appointment of the lawyer (the type's own, or another of its people) nor a cap
    stands in the way. What the visitor with `hold_key` holds themselves does not.

    Raises SlotTaken or CapReached.
    """
    lawyer = lawyer or appointment_type.lawyer
    margin = timedelta(days=8) if caps else timedelta(0)
    low, high = during.start - margin, during.end + margin
    rows = own_spans(lawyer.pk, low, high, now, without=without, hold_key=hold_key)
    found = engine.reasons(
        offer_for(appointment_type, during),
        during.start,
        hours=(),
        busy=periods_of((row[0], row[1]) for row in rows),
        now=during.start,
        booked=count_booked(rows, appointment_type, lawyer.time_zone) if caps else {},
        zone=lawyer.time_zone,
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
    appointment_type: AppointmentType,
    during: Period,
    now: datetime,
    *,
    without: int = 0,
    lawyer: Lawyer | None = None,
    unread: bool = False,
) -> None:
    """
    Check the mirror over meeting and buffers, after `read_calendars`: as `require_calendars_free`, in one kept read.
    With `unread` it is believed as it was last known: for what is only requested.

    Raises CalendarUnreadable, SlotTaken.
    """
    lawyer = lawyer or appointment_type.lawyer
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
    if mirror.trouble and not unread:
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


#: People, and how each uses the calendars that take their time.
Uses = list[tuple[Lawyer, list[CalendarUse]]]


def read_again(
    appointment_type: AppointmentType, people: Sequence[Lawyer], during: Period, now: datetime
) -> Uses:
    """
    Read every calendar that takes these people's time again, around `during`, and return how they are used.

    Outside any transaction. Raises CalendarUnreadable.
    """
    read_calendars(appointment_type, people, during, now)
    linked = appointment_type.linked_calendar_id
    return [(lawyer, calendars.blocking_uses(lawyer.pk, linked)) for lawyer in people]


def read_calendars(
    appointment_type: AppointmentType, people: Sequence[Lawyer], during: Period, now: datetime
) -> None:
    """Read every calendar that takes these people's time again, around `during`. As `read_again`."""
    before, after = buffers(appointment_type)
    for lawyer in people:
        uses = calendars.blocking_uses(lawyer.pk, appointment_type.linked_calendar_id)
        reread((use.calendar for use in uses), start=during.start - before, end=during.end + after, now=now)


def take_shared(appointment_type: AppointmentType, people: Sequence[Lawyer]) -> tuple[int, ...]:
    """Wait for one's turn with the calendars that these people share with others: `shared.take_turn` for each."""
    linked = appointment_type.linked_calendar_id
    found = (shared.take_turn(lawyer.pk, linked) for lawyer in sorted(people, key=lambda one: one.pk))
    return tuple(dict.fromkeys(chain.from_iterable(found)))


def as_range(during: Period) -> DateTimeTZRange:
    """A period as the column `during` has it."""
    return DateTimeTZRange(during.start, during.end)
