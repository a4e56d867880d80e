"""The calendar file of an appointment, as RFC 5545 has it: one UID for ever, a SEQUENCE that grows."""

from __future__ import annotations

from datetime import UTC, datetime

from icalendar import Calendar, Event

from daybook.appointments.models import Appointment
from daybook.core.times import say
from daybook.messaging.links import manage_url
from daybook.messaging.words import changeable_until, client_zone

PRODUCT = "-//Daybook//Appointments//EN"
FILE_NAME = "appointment.ics"


def calendar_file(appointment: Appointment, now: datetime) -> bytes:
    """
    The file a client adds to a calendar, or that takes a cancelled appointment out of it again.

    It is published, never an invitation: no ORGANIZER and no ATTENDEE, so that no calendar answers it or keeps a second
    copy (RFC 5546 asks for an ORGANIZER with both methods; calendars do without, as of 2026). Times are in UTC and need
    no VTIMEZONE. The title names the lawyer only: no type, practice area, matter or answer is in the file.

    The caller has fetched the appointment's lawyer and type along. Raises UnknownTimeZone.
    """
    cancelled = appointment.state == Appointment.State.CANCELLED
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", method(appointment))
    event = Event()
    event.add("uid", f"{appointment.uid}@daybook")
    event.add("sequence", appointment.sequence)
    event.add("dtstamp", now.astimezone(UTC).replace(microsecond=0))
    event.add("dtstart", appointment.start.astimezone(UTC))
    event.add("dtend", appointment.end.astimezone(UTC))
    event.add("summary", f"Appointment with {appointment.lawyer.name}")
    if appointment.place_detail:
        event.add("location", appointment.place_detail)
    event.add("description", _description(appointment, cancelled, now))
    event.add("status", "CANCELLED" if cancelled else "CONFIRMED")
    event.add("class", "PRIVATE")
    event.add("transp", "TRANSPARENT" if cancelled else "OPAQUE")
    calendar.add_component(event)
    content: bytes = calendar.to_ical()
    return content


def method(appointment: Appointment) -> str:
    """What the file asks a calendar to do: PUBLISH, or CANCEL once the appointment is cancelled."""
    return "CANCEL" if appointment.state == Appointment.State.CANCELLED else "PUBLISH"


def _description(appointment: Appointment, cancelled: bool, now: datetime) -> str:
    zone = client_zone(appointment)
    lines = [say(appointment.start, appointment.end, zone, appointment.lawyer.time_zone)]
    link = manage_url(appointment)
    until = changeable_until(appointment, now)
    if cancelled:
        lines.append("This appointment was cancelled.")
    elif link and until:
        lines.append(f"To move or cancel until {until}: {link}")
    elif link:
        lines.append(f"To look it up: {link}")
    return "\n".join(lines)
