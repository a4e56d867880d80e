"""Make Clio look like an appointment, whatever that is now: contact, calendar entry, activity, in that order."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from daybook.appointments.models import Appointment
from daybook.billing.models import TimeEntry
from daybook.calendars import queries as calendars
from daybook.calendars.models import Calendar
from daybook.connectors.clio import entries
from daybook.connectors.clio.session import Priority, Session
from daybook.connectors.clio.shapes import CalendarEntry
from daybook.connectors.errors import (
    Forbidden,
    Garbled,
    Limited,
    Missing,
    NotAuthorised,
    Rejected,
    RemoteTrouble,
    Retry,
    Stale,
)
from daybook.firms.outbox import record
from daybook.sync import activities, clio, gone, people, pushes
from daybook.sync.calendars import MARK
from daybook.sync.models import Connection, Link, Push
from daybook.sync.trouble import NeedsPerson

#: An answer nobody can read is tried this often before a person is asked to look.
GARBLED_TRIES = 5


@dataclass(slots=True)
class Work:
    """One push under way."""

    connection: Connection
    session: Session
    appointment: Appointment
    now: datetime
    lease: pushes.Lease
    contact_id: str = ""  # Clio's
    entry_id: str = ""  # Clio's
    lost_matter: str = ""  # why the time cannot go where it was meant to


def push(*, appointment_id: int, now: datetime) -> datetime | None:
    """
    Make Clio look like the appointment. Safe to call at any time, any number of times, by anybody: it looks before it
    creates, and saves each link as soon as it knows it, so that a run after a crash goes on where the last one stopped.

    Returns when to come back, if it has to. What went wrong is noted on the Push row, where people can see it.
    """
    lease = pushes.take(appointment_id, now)
    if lease is None:
        return None
    appointment = Appointment.objects.select_related("lawyer", "firm", "appointment_type", "contact").get(
        pk=appointment_id
    )
    connection = clio.active(appointment.firm_id)
    if connection is None:
        return pushes.failed(
            lease,
            text="Clio has to be connected again.",
            now=now,
            after=timedelta(minutes=15),
            counts=False,
            for_good=False,
        )
    session = clio.session(connection, Priority.SOON, before=lease.keep)
    work = Work(connection, session, appointment, now, lease)
    try:
        return _attempt(work)
    except pushes.LeaseLost:
        return None  # whoever has it now brings it to its end


def _attempt(work: Work) -> datetime | None:
    """One try, and what came of it. Raises LeaseLost."""
    now = work.now
    try:
        with clio.noticing(work.connection):
            _converge(work)
    except NeedsPerson as need:
        return _failed_for_good(work, need.text)
    except Stale as trouble:
        return pushes.failed(
            work.lease, text=trouble.text, now=now, after=timedelta(seconds=1), counts=True, for_good=False
        )
    except RemoteTrouble as trouble:
        return _failed(work, trouble)
    again = pushes.done(work.lease, now=now)
    if not again:
        with transaction.atomic():
            record("appointment_pushed", firm=work.appointment.firm_id, now=now, subject=work.appointment.pk)
    return now if again else None


def _failed(work: Work, trouble: RemoteTrouble) -> datetime | None:
    attempts = Push.objects.values_list("attempts", flat=True).get(pk=work.lease.push_id)
    waits = trouble.retry is not Retry.NEVER or (isinstance(trouble, Garbled) and attempts < GARBLED_TRIES)
    # It broke just now, or was replaced by another; mending it starts us again.
    refused = isinstance(trouble, NotAuthorised) or clio.active(work.appointment.firm_id) is None
    if not waits and not refused:
        return _failed_for_good(work, trouble.text)
    return pushes.failed(
        work.lease,
        text=trouble.text,
        now=timezone.now() if isinstance(trouble, Limited) else work.now,
        after=timedelta(seconds=trouble.after) if trouble.after else None,
        counts=trouble.retry is not Retry.AFTER,
        for_good=False,
    )


def _failed_for_good(work: Work, text: str) -> datetime | None:
    again = pushes.failed(work.lease, text=text, now=work.now, after=None, counts=True, for_good=True)
    if again is None:
        with transaction.atomic():
            record("push_failed", firm=work.appointment.firm_id, now=work.now, subject=work.appointment.pk)
    return again


def _converge(work: Work) -> None:
    """What is refused may speak of something that Clio no longer has: then once more, without that."""
    try:
        _approach(work)
    except (Missing, Rejected):
        if not gone.unlink(work):
            raise
        _approach(work)


def _approach(work: Work) -> None:
    state = work.appointment.state
    if state == Appointment.State.CONFIRMED:
        _present(work)
    elif state == Appointment.State.CANCELLED:
        _absent(work)


def _present(work: Work) -> None:
    appointment = work.appointment
    if appointment.contact is not None:
        contact, work.contact_id = people.ensure(
            connection=work.connection, session=work.session, contact=appointment.contact, now=work.now
        )
        appointment.contact = contact
    time = TimeEntry.objects.select_related("matter__client").filter(appointment=appointment).first()
    if time is not None and time.wanted and not work.lost_matter:
        activities.ensure_matter(
            work.connection, work.session, time.matter, work.contact_id, appointment, work.now
        )
    calendar = target(appointment)
    if calendar is not None:
        work.entry_id = _ensure_entry(work, calendar)
    if work.lost_matter:
        raise NeedsPerson(work.lost_matter)
    if time is not None:
        activities.ensure(
            connection=work.connection,
            session=work.session,
            appointment=appointment,
            time=time,
            contact_id=work.contact_id,
            entry_id=work.entry_id,
            now=work.now,
        )
    if calendar is None:
        raise NeedsPerson(
            f"{appointment.lawyer.name} has no primary calendar. Choose one under Manage Calendars."
        )


def _absent(work: Work) -> None:
    appointment = work.appointment
    known = pushes.link(work.connection, Link.Kind.ENTRY, appointment.pk)
    calendar = target(appointment)
    # A creation may have been carried out without our hearing of it: look for the mark, too.
    marked = () if known else _marked(work, calendar)
    entry_ids = [known.theirs] if known else [entry.id for entry in marked]
    time = TimeEntry.objects.select_related("matter").filter(appointment=appointment).first()
    if time is not None:
        activities.ensure(
            connection=work.connection,
            session=work.session,
            appointment=appointment,
            time=time,
            contact_id="",
            entry_id=entry_ids[0] if entry_ids else "",
            now=work.now,
        )
    for entry_id in entry_ids:
        with suppress(Missing):  # gone is what was wanted
            entries.delete(work.session, entry_id)
    pushes.forget(work.connection, Link.Kind.ENTRY, appointment.pk)
    _heading_for(work, "")


def target(appointment: Appointment) -> Calendar | None:
    """The one calendar an appointment is written to: its type's linked calendar, else its lawyer's primary."""
    linked = appointment.appointment_type.linked_calendar
    if linked is not None and linked.writable:
        return linked
    primary = calendars.primary_calendar(appointment.lawyer_id)
    return primary if primary is not None and primary.writable else None


def _marked(work: Work, calendar: Calendar | None) -> tuple[CalendarEntry, ...]:
    """The entries with our mark: where they belong, and where one was being made when another calendar was chosen."""
    here = calendar.external_id if calendar else ""
    meant = Push.objects.values_list("entry_calendar", flat=True).get(pk=work.lease.push_id)
    mark = str(work.appointment.uid)
    found = entries.find_by_external(work.session, here, MARK, mark) if here else ()
    if meant and meant != here:
        with suppress(Missing, Forbidden):  # no longer ours to look into, nor to change
            found += entries.find_by_external(work.session, meant, MARK, mark)
    return found


def _heading_for(work: Work, calendar_id: str) -> None:
    Push.objects.filter(pk=work.lease.push_id).update(entry_calendar=calendar_id)


def wanted_entry(appointment: Appointment, matter_id: str) -> dict[str, object]:
    """What the calendar entry should say. Neutral: who is met, where; nothing of what it is about."""
    return {
        "start": appointment.start.isoformat(),
        "end": appointment.end.isoformat(),
        "summary": f"Appointment with {appointment.client_name}"[:255],
        "location": appointment.place_detail,
        "matter_id": matter_id,
    }


def _ensure_entry(work: Work, calendar: Calendar) -> str:
    appointment = work.appointment
    matter_id = "" if work.lost_matter else activities.matter_of(work.connection, appointment)
    wanted = wanted_entry(appointment, matter_id)
    wanted["calendar"] = calendar.external_id
    known = pushes.link(work.connection, Link.Kind.ENTRY, appointment.pk)
    if known is not None:
        if known.agreed == wanted:
            return known.theirs
        try:
            entry = _update_entry(work, known.theirs, wanted)
        except Missing:
            pushes.forget(work.connection, Link.Kind.ENTRY, appointment.pk)
        else:
            return _remember_entry(work, entry, wanted)
    marked = _marked(work, calendar)
    if marked:
        for spare in marked[1:]:
            entries.delete(work.session, spare.id)
        return _remember_entry(work, _update_entry(work, marked[0].id, wanted), wanted)
    _heading_for(work, calendar.external_id)
    entry = entries.create(
        work.session,
        calendar_id=calendar.external_id,
        start=appointment.start,
        end=appointment.end,
        summary=str(wanted["summary"]),
        location=str(wanted["location"]),
        matter_id=str(wanted["matter_id"]) or None,
        contact_ids=(work.contact_id,) if work.contact_id else (),
        external={MARK: str(appointment.uid)},
    )
    return _remember_entry(work, entry, wanted)


def _update_entry(work: Work, entry_id: str, wanted: dict[str, object]) -> CalendarEntry:
    return entries.update(
        work.session,
        entry_id,
        start=work.appointment.start,
        end=work.appointment.end,
        summary=str(wanted["summary"]),
        location=str(wanted["location"]),
        matter_id=str(wanted["matter_id"]) or None,
        calendar_id=str(wanted["calendar"]),
    )


def _remember_entry(work: Work, entry: CalendarEntry, wanted: dict[str, object]) -> str:
    pushes.remember(
        work.connection, Link.Kind.ENTRY, work.appointment.pk, entry.id, entry.etag, wanted, work.now
    )
    _heading_for(work, "")
    return entry.id
