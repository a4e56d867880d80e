"""Calendars into our mirror: which there are in Clio, and when those of any provider are busy."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import F, Max, Q

from daybook.appointments.models import Appointment, AppointmentType
from daybook.calendars import operations as mirror
from daybook.calendars.models import Calendar, CalendarUse
from daybook.calendars.operations import Busy
from daybook.calendars.reading import FRESH
from daybook.connectors.clio import calendars, entries
from daybook.connectors.clio.session import Priority
from daybook.connectors.clio.shapes import CalendarEntry, ClioCalendar
from daybook.connectors.errors import NotAuthorised, RemoteTrouble, Retry
from daybook.core.hours import zone
from daybook.core.periods import Period
from daybook.firms.models import Lawyer
from daybook.firms.outbox import record
from daybook.sync import clio, feeds
from daybook.sync.models import Connection, Link, Push
from daybook.sync.reading import Asked, Find, Told

#: The property under which a calendar entry carries our appointment's UID.
MARK = "daybook"

#: How far the mirror reaches beyond the firm's longest horizon, and how far where nothing is offered yet.
BEYOND = timedelta(days=8)
AT_LEAST = timedelta(days=60)
BEHIND = timedelta(days=1)


def refresh_list(*, connection: Connection, now: datetime) -> None:
    """
    Bring the list of calendars up to date. A calendar that is no longer listed stays known, but can neither be
    chosen nor trusted. Lawyers just matched start with their own Clio calendar. Raises RemoteTrouble.
    """
    with clio.noticing(connection):
        found = calendars.all(clio.session(connection))
    users = {
        str(link.agreed.get("calendar")): link
        for link in Link.objects.filter(connection=connection, kind=Link.Kind.LAWYER)
        if link.agreed.get("calendar")
    }
    with transaction.atomic():
        known = {
            row.external_id: row
            for row in Calendar.objects.select_for_update(no_key=True).filter(connection=connection)
        }
        for theirs in found:
            row = known.pop(theirs.id, None) or Calendar(
                firm_id=connection.firm_id, connection=connection, external_id=theirs.id
            )
            _take_over(row, theirs, users.get(theirs.id))
            row.save()
        for row in known.values():
            if row.present:
                Calendar.objects.filter(pk=row.pk).update(
                    present=False,
                    trouble=f"{row.name} is no longer shared with the connection."[:300],
                    trouble_final=True,
                    trouble_since=now,
                )
        _start_with_own(connection, users)
        record("calendars_read", firm=connection.firm_id, now=now, subject=connection.pk)


def _take_over(row: Calendar, theirs: ClioCalendar, owner: Link | None) -> None:
    row.name = theirs.name[:255] or "Calendar"
    row.kind = theirs.type[:40]
    permissions = Calendar.Permission.values
    row.permission = theirs.permission if theirs.permission in permissions else Calendar.Permission.NONE
    row.owner_name = (theirs.creator.name if theirs.creator else "")[:255]
    row.time_zone = str(owner.agreed.get("time_zone") or "") if owner else row.time_zone
    if not row.present:
        row.present, row.trouble, row.trouble_final, row.trouble_since = True, "", False, None


def _start_with_own(connection: Connection, users: dict[str, Link]) -> None:
    chosen = set(
        CalendarUse.objects.filter(calendar__connection=connection).values_list("lawyer_id", flat=True)
    )
    for external_id, link in users.items():
        row = Calendar.objects.filter(connection=connection, external_id=external_id, present=True).first()
        lawyer = Lawyer.objects.filter(pk=link.ours, firm=connection.firm_id).first()
        if row is None or lawyer is None or lawyer.pk in chosen:
            continue
        has_primary = CalendarUse.objects.filter(lawyer=lawyer, is_primary=True).exists()
        CalendarUse.objects.create(
            firm_id=connection.firm_id,
            lawyer=lawyer,
            calendar=row,
            blocks=True,
            is_primary=row.writable and not has_primary,
        )


def read(calendar: Calendar, start: datetime, end: datetime, now: datetime) -> bool:
    """
    Read one calendar over [start, end) for a promise about to be made; True when it answered.

    Somebody waits for the answer: it goes before background work.
    """
    if calendar.read_at is not None and timedelta(0) <= now - calendar.read_at < FRESH:
        return True
    return _read(calendar, start, end, now, live=True, whole=False)


def refresh_busy(*, calendar_id: int, now: datetime) -> bool:
    """Read everything the mirror keeps of one calendar; True when it answered."""
    calendar = Calendar.objects.filter(pk=calendar_id).first()
    if calendar is None:
        return True
    return _read(calendar, now - BEHIND, now + ahead(calendar.firm_id), now, live=False, whole=True)


def ahead(firm_id: int) -> timedelta:
    """As far as anybody in the firm can book: every page more is a request of the firm's fifty a minute."""
    types = AppointmentType.objects.filter(firm=firm_id, active=True)
    longest = types.aggregate(most=Max("horizon_days"))["most"] or 0
    return max(AT_LEAST, timedelta(days=longest)) + BEYOND


def refresh_firm(*, firm_id: int, now: datetime) -> int:
    """
    Read every calendar of a firm that takes somebody's time or receives appointments; returns how many answered.

    The one read longest ago goes first, so that a firm with more calendars than requests a minute still reads all.
    """
    used = CalendarUse.objects.filter(firm=firm_id).values("calendar")
    linked = AppointmentType.objects.filter(firm=firm_id, linked_calendar__isnull=False).values(
        "linked_calendar"
    )
    rows = (
        Calendar.objects.filter(Q(pk__in=used) | Q(pk__in=linked), firm=firm_id, present=True)
        .filter(connection__state=Connection.State.ACTIVE)
        .order_by(F("read_at").asc(nulls_first=True))
    )
    return sum(refresh_busy(calendar_id=pk, now=now) for pk in rows.values_list("pk", flat=True))


def _read(
    calendar: Calendar, start: datetime, end: datetime, now: datetime, *, live: bool, whole: bool
) -> bool:
    connection = Connection.objects.filter(pk=calendar.connection_id).first()
    if connection is None or connection.state == Connection.State.DISCONNECTED:
        return True
    if connection.state == Connection.State.BROKEN:
        mirror.mark_trouble(calendar=calendar, text=connection.trouble, final=True, now=now)
        return False
    asked = Asked(start, end, now, whole=whole, live=live)
    try:
        told = FINDERS[connection.provider](calendar, connection, asked)
    except RemoteTrouble as trouble:
        final = trouble.retry is Retry.NEVER
        lost = (
            final
            and connection.provider == Connection.Provider.CLIO
            and not isinstance(trouble, NotAuthorised)
        )
        text = _lost(calendar) if lost else trouble.text
        mirror.mark_trouble(calendar=calendar, text=text, final=final, now=now)
        return False
    if told.busy is None:
        mirror.renew(calendar_id=calendar.pk, read_at=now)
        return True
    with transaction.atomic():
        mirror.store_busy(
            calendar_id=calendar.pk,
            busy=told.busy,
            start=told.start,
            end=told.end,
            read_at=now,
            whole=told.whole,
        )
        if told.kept is not None:
            told.kept()
    return True


def _in_clio(calendar: Calendar, connection: Connection, asked: Asked) -> Told:
    priority = Priority.LIVE if asked.live else Priority.BACKGROUND
    with clio.noticing(connection):
        session = clio.session(connection, priority)
        found = entries.busy(session, calendar.external_id, asked.start, asked.end)
    return Told(_busy(calendar, connection, found), asked.start, asked.end, asked.whole)


#: Who is asked when a calendar is busy, by its connection's provider. Each has a row.
FINDERS: dict[str, Find] = {Connection.Provider.CLIO: _in_clio, Connection.Provider.ICS: feeds.find}


def _lost(calendar: Calendar) -> str:
    return f"Clio no longer lets Daybook read {calendar.name}. Share it with the connecting user again."


def _busy(calendar: Calendar, connection: Connection, found: Iterable[CalendarEntry]) -> list[Busy]:
    place: ZoneInfo = zone(calendar.time_zone or connection.firm.time_zone)
    found = list(found)
    own = _own(connection, {entry.external[MARK] for entry in found if entry.external.get(MARK)})
    busy = []
    for entry in found:
        during = entry.blocks(place)
        if during is None:
            continue
        appointment = own.get(entry.external.get(MARK, ""))
        if appointment is not None and _stale(appointment):
            continue
        busy.append(
            Busy(
                external_id=entry.id,
                during=Period(during.start, during.end),
                all_day=entry.all_day,
                appointment_id=appointment.pk if appointment else None,
            )
        )
    return busy


def _own(connection: Connection, uids: set[str]) -> dict[str, Appointment]:
    """Our appointments by the mark on their entries; a mark that is not ours means nothing."""
    fitting = [uid for uid in uids if len(uid) == 36]
    if not fitting:
        return {}
    found = Appointment.objects.filter(firm=connection.firm_id, uid__in=fitting).select_related("push")
    return {str(appointment.uid): appointment for appointment in found}


def _stale(appointment: Appointment) -> bool:
    """
    Whether the entry over there is a copy we are about to move or delete: it must not block the old time.

    One that waits for a person is not about to: where it stands, somebody may have put it.
    """
    push = getattr(appointment, "push", None)
    if appointment.state in (Appointment.State.CANCELLED, Appointment.State.EXPIRED):
        return True
    return push is not None and push.state == Push.State.PENDING
