"""Calendars into our mirror: which there are in Clio, and when those of any provider are busy."""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Max, Q, QuerySet

from daybook.appointments.models import AppointmentType
from daybook.calendars import operations as mirror
from daybook.calendars import turns
from daybook.calendars.models import Calendar, CalendarUse
from daybook.calendars.reading import FRESH, PRESS_SECONDS
from daybook.connectors.clio import calendars
from daybook.connectors.clio.shapes import ClioCalendar
from daybook.connectors.errors import Missing, NotAuthorised, RemoteTrouble, Retry
from daybook.core.periods import Period
from daybook.firms.models import Lawyer
from daybook.firms.outbox import record
from daybook.sync import accounts_list, clashes, clio, deltas, feeds, proposals
from daybook.sync.models import Connection, Link
from daybook.sync.reading import Asked, Find, Told

#: Lawyers' own accounts that are asked one by one; feeds are quick, and read with the firm's.
OWN = (
    Connection.Provider.GOOGLE,
    Connection.Provider.MICROSOFT,
    Connection.Provider.CALDAV,
    Connection.Provider.EXCHANGE,
)

#: How often a reading is begun again because another one of the same calendar has crossed it.
CROSSINGS = 3

#: How far the mirror reaches beyond the firm's longest horizon, and how far where nothing is offered yet.
BEYOND = timedelta(days=8)
AT_LEAST = timedelta(days=60)
BEHIND = timedelta(days=1)


def refresh_list(*, connection: Connection, now: datetime) -> None:
    """
    Bring the list of calendars up to date. A calendar that is no longer listed stays known, but can neither be
    chosen nor trusted. Lawyers just matched start with their own Clio calendar. Raises RemoteTrouble.
    """
    if connection.provider in OWN:
        accounts_list.refresh(connection=connection, now=now)
        return
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
    until = time.monotonic() + PRESS_SECONDS
    return _read(calendar, start, end, now, live=True, whole=False, until=until)


def refresh_busy(*, calendar_id: int, now: datetime) -> bool:
    """Read everything the mirror keeps of one calendar; True when it answered."""
    calendar = Calendar.objects.filter(pk=calendar_id).first()
    if calendar is None:
        return True
    return _read(calendar, now - BEHIND, now + ahead(calendar.firm_id), now, live=False, whole=True)


def look_again(*, calendar_ids: Iterable[int], now: datetime) -> None:
    """
    Read these calendars as far as the mirror goes while somebody waits: one after the other, for PRESS_SECONDS in all.
    What is not reached is read when its turn comes in the background.
    """
    until = time.monotonic() + PRESS_SECONDS
    for calendar in Calendar.objects.filter(pk__in=list(calendar_ids)).order_by("pk"):
        if time.monotonic() > until:
            return
        reach = now + ahead(calendar.firm_id)
        _read(calendar, now - BEHIND, reach, now, live=True, whole=True, until=until)


def ahead(firm_id: int) -> timedelta:
    """As far as anybody in the firm can book: every page more is a request of the firm's fifty a minute."""
    types = AppointmentType.objects.filter(firm=firm_id, active=True)
    longest = types.aggregate(most=Max("horizon_days"))["most"] or 0
    return max(AT_LEAST, timedelta(days=longest)) + BEYOND


def refresh_firm(*, firm_id: int, now: datetime) -> int:
    """
    Read every calendar of a firm that takes somebody's time or receives appointments, but for those of lawyers' own
    accounts (`refresh_account`); returns how many answered.

    The one read longest ago goes first, so that a firm with more calendars than requests a minute still reads all.
    """
    rows = _wanted(firm_id).exclude(connection__provider__in=OWN)
    return sum(refresh_busy(calendar_id=pk, now=now) for pk in rows.values_list("pk", flat=True))


def refresh_account(*, connection_id: int, now: datetime) -> int:
    """The same for a lawyer's own account. A slow server keeps nobody waiting but its own lawyer."""
    connection = Connection.objects.filter(pk=connection_id).first()
    if connection is None:
        return 0
    rows = _wanted(connection.firm_id).filter(connection=connection)
    return sum(refresh_busy(calendar_id=pk, now=now) for pk in rows.values_list("pk", flat=True))


def accounts_of(firm_id: int) -> list[int]:
    """The working accounts of a firm's lawyers, by the id of their connection."""
    rows = Connection.objects.filter(firm=firm_id, state=Connection.State.ACTIVE, provider__in=OWN)
    return list(rows.order_by("pk").values_list("pk", flat=True))


def _wanted(firm_id: int) -> QuerySet[Calendar]:
    used = CalendarUse.objects.filter(firm=firm_id).values("calendar")
    linked = AppointmentType.objects.filter(firm=firm_id, linked_calendar__isnull=False).values(
        "linked_calendar"
    )
    return (
        Calendar.objects.filter(Q(pk__in=used) | Q(pk__in=linked), firm=firm_id, present=True)
        .filter(connection__state=Connection.State.ACTIVE)
        .order_by(F("read_at").asc(nulls_first=True))
    )


def _read(
    calendar: Calendar,
    start: datetime,
    end: datetime,
    now: datetime,
    *,
    live: bool,
    whole: bool,
    until: float | None = None,
) -> bool:
    connection = (
        Connection.objects.select_related("lawyer", "firm", "login").filter(pk=calendar.connection_id).first()
    )
    if connection is None or connection.state == Connection.State.DISCONNECTED:
        return True
    if connection.state == Connection.State.BROKEN:
        mirror.mark_trouble(calendar=calendar, text=connection.trouble, final=True, now=now)
        return False
    asked = Asked(start, end, now, whole=whole, live=live, until=until)
    for _ in range(CROSSINGS):
        calendar.connection = connection
        number = turns.begin(calendar.pk)
        try:
            told = FINDERS[connection.provider](calendar, connection, asked)
        except RemoteTrouble as trouble:
            if _ended(connection):
                return True  # while it was read, and so it takes part in nothing any more
            final = trouble.retry is Retry.NEVER
            text = _lost(calendar, connection, trouble)
            mirror.mark_trouble(calendar=calendar, text=text, final=final, now=now)
            return False
        current = _store(calendar, told, number, now)
        if current is None:
            return True
        calendar = current
    # Others have read it each time; where that was not of all that was asked, nobody has answered.
    return calendar.read_at is not None and calendar.read_at >= now


def _ended(connection: Connection) -> bool:
    return (
        not Connection.objects.filter(pk=connection.pk).exclude(state=Connection.State.DISCONNECTED).exists()
    )


def _store(calendar: Calendar, told: Told, number: int, now: datetime) -> Calendar | None:
    """
    Bring the mirror up to what was told by the reading of that number. Returns the calendar as it is now when it has to
    be asked again, because others have read it meanwhile: with an earlier question than ours, so that what was told says
    nothing about what the mirror holds since; or beginning later than we did, of a part of what we asked.
    """
    with transaction.atomic():
        current = Calendar.objects.select_for_update(no_key=True).filter(pk=calendar.pk).first()
        if current is None:
            return None
        if told.since is not None and told.since != current.token:
            return current if current.read_at is None or current.read_at < now else None
        window = Period(told.start, told.end)
        verdict = turns.judge(current, number, window, now)
        if verdict is not turns.Verdict.WRITE:
            return current if verdict is turns.Verdict.AGAIN else None
        with clashes.noticing(current, told, now) as found:
            _write(current, told, now)
        turns.note(current, number, window, whole=told.busy is None or told.whole)
        if told.kept is not None:
            told.kept()
        if told.seen is not None:
            proposals.notice(
                calendar=calendar, seen=told.seen, window=window, whole=told.busy is not None, now=now
            )
    clashes.look_again(current, found, now)
    return None


def _write(calendar: Calendar, told: Told, now: datetime) -> None:
    if told.changes is not None:
        mirror.store_changes(calendar_id=calendar.pk, changes=told.changes, read_at=now)
    elif told.busy is not None:
        mirror.store_busy(
            calendar_id=calendar.pk,
            busy=told.busy,
            start=told.start,
            end=told.end,
            read_at=now,
            whole=told.whole,
        )
    else:
        mirror.renew(calendar_id=calendar.pk, read_at=now)


#: Who is asked when a calendar is busy, by its connection's provider. Each has a row.
FINDERS: dict[str, Find] = {
    Connection.Provider.CLIO: deltas.find,
    Connection.Provider.GOOGLE: deltas.find,
    Connection.Provider.MICROSOFT: deltas.find,
    Connection.Provider.CALDAV: deltas.find,
    Connection.Provider.EXCHANGE: deltas.find,
    Connection.Provider.ICS: feeds.find,
}


def _lost(calendar: Calendar, connection: Connection, trouble: RemoteTrouble) -> str:
    """Why a calendar cannot be read, in words for who can mend it."""
    if trouble.retry is not Retry.NEVER or isinstance(trouble, NotAuthorised):
        return trouble.text
    if connection.provider == Connection.Provider.CLIO:
        return f"Clio no longer lets Daybook read {calendar.name}. Share it with the connecting user again."
    if connection.provider in OWN and isinstance(trouble, Missing):
        return f"{calendar.name} is no longer in the account {connection.account_name}."[:300]
    return trouble.text
