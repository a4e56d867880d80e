"""
Calendars that several lawyers rely on, a meeting room's: whoever takes time there waits for their turn, and is seen
there before the other system says so.
"""

from __future__ import annotations

from datetime import datetime

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from daybook.calendars.models import BusyPeriod
from daybook.firms import prepared

#: The id of a busy period that we know of before the other system does.
EXPECTED = "daybook:expected"

_TAKE_TURN = """
    SELECT c.id FROM calendars_calendar c
     WHERE (c.id = %(linked)s OR EXISTS (
                SELECT 1 FROM calendars_calendaruse u
                 WHERE u.calendar_id = c.id AND u.lawyer_id = %(lawyer)s AND (u.blocks OR u.is_primary)))
       AND (EXISTS (SELECT 1 FROM calendars_calendaruse o
                     WHERE o.calendar_id = c.id AND o.lawyer_id <> %(lawyer)s)
            OR EXISTS (SELECT 1 FROM appointments_appointmenttype t
                        WHERE t.linked_calendar_id = c.id AND t.lawyer_id <> %(lawyer)s))
     ORDER BY c.id FOR NO KEY UPDATE OF c
"""


def take_turn(lawyer_id: int, linked_calendar_id: int | None) -> tuple[int, ...]:
    """
    Wait, after the lawyer's own lock, for one's turn with every calendar of theirs that other lawyers use as well, and
    return those calendars' ids; none for most. The turn ends with the caller's transaction.
    """
    asked = {"lawyer": lawyer_id, "linked": linked_calendar_id or 0}
    return tuple(row[0] for row in prepared.rows(_TAKE_TURN, asked))


def expect(*, calendar_id: int, appointment_id: int, start: datetime, end: datetime) -> None:
    """
    Let a calendar be taken by an appointment that is about to be written there. The row stays until the other system
    shows the entry (`operations.store_busy`) or the appointment goes elsewhere (`operations.forget_own`).
    """
    BusyPeriod.objects.create(
        calendar_id=calendar_id,
        external_id=EXPECTED,
        during=DateTimeTZRange(start, end),
        appointment_id=appointment_id,
    )
