"""Double bookings found afterwards: an entry that a reading brings, over an appointment made without knowing of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

import structlog
from django.db import OperationalError, transaction
from django.http import Http404
from psycopg import errors as pg

from daybook.appointments import locking
from daybook.appointments.models import AppointmentType, TeamMember
from daybook.calendars.models import BusyPeriod, Calendar, CalendarUse
from daybook.calendars.queries import DEFAULTS
from daybook.calendars.shared import EXPECTED
from daybook.firms import prepared
from daybook.firms.models import User
from daybook.firms.outbox import record
from daybook.firms.permissions import Actor, may
from daybook.sync.models import Clash, Connection
from daybook.sync.reading import Told

log = structlog.get_logger("daybook.sync")

Answer = Clash.Answer

#: Appointment, lawyer, entry, when that begins and ends, when the appointment begins.
Key = tuple[int, int, str, datetime, datetime, datetime]


@dataclass(frozen=True, slots=True)
class Pair:
    """A coming appointment and an entry at the same time."""

    key: Key
    all_day: bool
    takes: bool  # whether the entry takes that lawyer's time by their rules for the calendar


#: What lies in one calendar over coming appointments of those whose time it takes: its users and, where it is linked to
#: a type, whoever meets clients in that type. An appointment's own entry, and a copy of that, is none.
_PAIRS = """
    WITH taken AS (
        SELECT s.appointment_id, s.lawyer_id, s.during, u.all_day_blocks, u.standings
          FROM calendars_calendaruse u
          JOIN appointments_seat s ON s.lawyer_id = u.lawyer_id
         WHERE u.calendar_id = %(calendar)s AND u.blocks AND s.live AND upper(s.during) > %(now)s
         UNION ALL
        SELECT s.appointment_id, s.lawyer_id, s.during, true, %(defaults)s::varchar[]
          FROM appointments_appointmenttype t
          JOIN appointments_appointment a ON a.appointment_type_id = t.id AND a.state = 'confirmed'
          JOIN appointments_seat s ON s.appointment_id = a.id
         WHERE t.linked_calendar_id = %(calendar)s AND s.live AND s.lead AND upper(s.during) > %(now)s
           AND NOT EXISTS (SELECT 1 FROM calendars_calendaruse u
                            WHERE u.calendar_id = %(calendar)s AND u.blocks AND u.lawyer_id = s.lawyer_id)
    )
    SELECT a.id, taken.lawyer_id, b.external_id, lower(b.during), upper(b.during), lower(taken.during), b.all_day,
           (taken.all_day_blocks OR NOT b.all_day) AND b.standing = ANY(taken.standings)
      FROM taken
      JOIN appointments_appointment a ON a.id = taken.appointment_id AND a.state = 'confirmed'
      JOIN calendars_busyperiod b
        ON b.calendar_id = %(calendar)s
       AND upper(b.during) > lower(taken.during) AND lower(b.during) < upper(taken.during)
     WHERE b.external_id <> %(expected)s AND (b.appointment_id IS NULL OR b.appointment_id <> a.id)
"""


def _pairs(calendar_id: int, now: datetime) -> dict[Key, Pair]:
    asked = {"calendar": calendar_id, "now": now, "defaults": DEFAULTS, "expected": EXPECTED}
    found = {}
    for *key, all_day, takes in prepared.rows(_PAIRS, asked):
        pair = Pair(tuple(key), all_day, takes)
        found[pair.key] = pair
    return found


# --- what a reading brings --------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Found:
    """What lay over appointments before a reading was stored; None when it has brought nothing that was not there."""

    before: dict[Key, Pair] | None = None


@contextmanager
def noticing(calendar: Calendar, told: Told, now: datetime) -> Iterator[Found]:
    """
    Wrap the storing of a reading, in the caller's transaction: what lies over an appointment afterwards and did not before
    is noticed, and what was noticed and does so no longer is closed. `look_again` follows, once that has been committed.

    What the mirror held before was known when the appointment was made, or has been noticed: who lets an entry take time
    afterwards knows of it. Nothing is asked when nothing has changed.
    """
    found = Found()
    if not told.changes and told.busy is None:
        yield found
        return
    before = _pairs(calendar.pk, now)
    if _brings_any(calendar, told):
        found.before = before
    yield found
    after = _pairs(calendar.pk, now)
    _settle(calendar.pk, after, now)
    _notice_new(calendar, before, after, now)


def _brings_any(calendar: Calendar, told: Told) -> bool:
    """Whether there is anything in it that the mirror does not have: most readings say again what is known."""
    rows = BusyPeriod.objects.filter(calendar=calendar)
    if told.changes is not None:
        rows = rows.filter(external_id__in=list(told.changes))
        items = [item for some in told.changes.values() for item in some]
    else:
        items = told.busy or []
    known = {
        (external_id, during.lower, during.upper)
        for external_id, during in rows.values_list("external_id", "during")
    }
    return any((one.external_id, one.during.start, one.during.end) not in known for one in items)


def look_again(calendar: Calendar, found: Found, now: datetime) -> None:
    """
    Notice as well what lies over appointments that were being made while the reading was stored: they had looked at the
    mirror before, and could not be seen yet. Waits for them, by the lock whoever makes one holds; who comes later sees
    what was stored. Outside the transaction that stored it: there the lock of the calendar comes first.

    In a crowd that keeps the lock for longer than anybody waits, it looks at what has been made by then.
    """
    if found.before is None:
        return
    try:
        with transaction.atomic():
            for lawyer_id in _whose(calendar.pk):
                locking.lock_lawyer(lawyer_id)
            _notice_new(calendar, found.before, _pairs(calendar.pk, now), now)
    except OperationalError as error:
        if not isinstance(error.__cause__, pg.LockNotAvailable):
            raise
        log.warning("overlaps_looked_for_in_a_crowd", calendar=calendar.pk)
        with transaction.atomic():
            _notice_new(calendar, found.before, _pairs(calendar.pk, now), now)


def _whose(calendar_id: int) -> list[int]:
    """Whose time the calendar takes, in the order of their locks."""
    users = CalendarUse.objects.filter(calendar=calendar_id, blocks=True).values_list("lawyer", flat=True)
    types = AppointmentType.objects.filter(linked_calendar=calendar_id)
    teams = TeamMember.objects.filter(appointment_type__in=types).values_list("lawyer", flat=True)
    return sorted({*users, *types.values_list("lawyer", flat=True), *teams})


def _notice_new(calendar: Calendar, before: dict[Key, Pair], after: dict[Key, Pair], now: datetime) -> None:
    new = [pair for key, pair in after.items() if pair.takes and key not in before]
    if new:
        # With a calendar that is read for the first time its lawyer has just been busy: they see it, without a mail each.
        _notice(calendar, new, now, tell=calendar.read_at is not None)


def _notice(calendar: Calendar, new: Iterable[Pair], now: datetime, *, tell: bool) -> None:
    known = {
        _key_of(one)
        for one in Clash.objects.filter(calendar=calendar).exclude(
            answer=Answer.GONE
        )  # open, or said to be fine
    }
    for pair in sorted(new, key=lambda one: one.key[5]):
        if pair.key in known:
            continue
        appointment_id, lawyer_id, external_id, start, end, starts_at = pair.key
        clash = Clash.objects.create(
            firm_id=calendar.firm_id,
            lawyer_id=lawyer_id,
            appointment_id=appointment_id,
            calendar=calendar,
            external_id=external_id,
            start=start,
            end=end,
            all_day=pair.all_day,
            starts_at=starts_at,
            noticed_at=now,
        )
        record(
            "overlap_noticed",
            firm=calendar.firm_id,
            now=now,
            subject=clash.pk,
            lawyer=lawyer_id,
            appointment=appointment_id,
            calendar=calendar.pk,
            start=start.isoformat(),
            end=end.isoformat(),
            all_day=pair.all_day,
            tell=tell,
        )


def _key_of(one: Clash) -> Key:
    return (one.appointment_id, one.lawyer_id, one.external_id, one.start, one.end, one.starts_at)


def _settle(calendar_id: int, pairs: dict[Key, Pair], now: datetime) -> None:
    """Close what overlaps no longer, or takes nobody's time any more. What is over has run out by itself."""
    for one in Clash.objects.filter(calendar=calendar_id, answered_at=None):
        pair = pairs.get(_key_of(one))
        if pair is None or not pair.takes:
            _close(one, Answer.GONE, now)


def _close(one: Clash, answer: str, now: datetime, actor: Actor | None = None) -> None:
    by: User | None = actor.user if actor else None
    open_still = Clash.objects.filter(pk=one.pk, answered_at=None)
    if open_still.update(answer=answer, answered_at=now, answered_by=by):
        record(
            "overlap_settled",
            firm=one.firm_id,
            now=now,
            subject=one.pk,
            actor=by,
            behalf_of=actor.on_behalf if actor else None,
            answer=answer,
        )


# --- what people do ---------------------------------------------------------------------------------------------------


def overtaken(*, appointment_id: int, now: datetime) -> None:
    """The appointment was moved or cancelled, in the caller's transaction."""
    for one in Clash.objects.filter(appointment=appointment_id, answered_at=None):
        _close(one, Answer.GONE, now)


def chosen(*, lawyer_id: int, now: datetime) -> None:
    """It was chosen, in the caller's transaction, which calendars take the lawyer's time, and what of them."""
    mine = Clash.objects.filter(lawyer=lawyer_id, answered_at=None)
    for calendar_id in mine.order_by("calendar").values_list("calendar", flat=True).distinct():
        _settle(calendar_id, _pairs(calendar_id, now), now)


def open_at(actor: Actor, lawyer_id: int, now: datetime) -> list[Clash]:
    """What overlaps in a lawyer's time, for somebody who may settle it, soonest first."""
    found = (
        Clash.objects.filter(
            firm=actor.firm, lawyer=lawyer_id, answered_at=None, appointment__during__endswith__gt=now
        )
        .exclude(calendar__connection__state=Connection.State.DISCONNECTED)
        .select_related("appointment__lawyer", "calendar__connection", "lawyer")
    )
    return [one for one in found.order_by("starts_at", "pk") if may(actor, "manage_appointments", one.lawyer)]


def access_clash(actor: Actor, clash_id: int) -> Clash:
    """An open or closed one. Raises Http404 for another firm's, and for a lawyer this person does not manage."""
    found = Clash.objects.filter(pk=clash_id, firm=actor.firm).select_related("lawyer").first()
    if found is None or not may(actor, "manage_appointments", found.lawyer):
        raise Http404
    return found


def accept(*, actor: Actor, clash: Clash, now: datetime) -> None:
    """It is fine: both stay, and nobody is told again. One that is closed stays as it is."""
    with transaction.atomic():
        _close(clash, Answer.FINE, now, actor)
