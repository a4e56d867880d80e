"""What moving or cancelling an appointment will do in Clio and to its client, said before it is done."""

from __future__ import annotations

from datetime import datetime

from daybook.appointments.models import Appointment
from daybook.billing.models import TimeEntry
from daybook.sync.models import Connection, Push
from daybook.web.office.shown import bill_text


def of_moving(appointment: Appointment, connection: Connection | None, now: datetime) -> tuple[str, ...]:
    """One sentence each for calendar entry, activity and client."""
    entry = _entry(appointment)
    return tuple(
        filter(
            None,
            (
                _calendar(appointment, connection, "The calendar entry in Clio moves along."),
                _activity(
                    entry,
                    connection,
                    plain="The activity on {matter} gets the new date.",
                    billed="Its time is already {bill} in Clio: it stays there as it is, and you get a task.",
                ),
                _client(
                    appointment,
                    "gets an email with the new time."
                    if appointment.end > now
                    else "gets an email only if the new time lies ahead.",
                ),
            ),
        )
    )


def of_cancelling(appointment: Appointment, connection: Connection | None, now: datetime) -> tuple[str, ...]:
    """One sentence each for calendar entry, activity and client."""
    entry = _entry(appointment)
    return tuple(
        filter(
            None,
            (
                _calendar(appointment, connection, "The calendar entry is removed from Clio."),
                _activity(
                    entry,
                    connection,
                    plain="The activity on {matter} is deleted in Clio.",
                    billed="Its time is already {bill} in Clio: it stays there, and you get a task.",
                ),
                _client(appointment, "gets an email saying so.")
                if appointment.end > now
                else "It is over, so the client gets no email.",
            ),
        )
    )


def _entry(appointment: Appointment) -> TimeEntry | None:
    entry: TimeEntry | None = getattr(appointment, "time_entry", None)
    return entry if entry is not None and (entry.wanted or bill_text(entry)) else None


def _calendar(appointment: Appointment, connection: Connection | None, plain: str) -> str:
    push: Push | None = getattr(appointment, "push", None)
    if connection is None:
        return "The firm is not connected to Clio, so nothing changes there."
    if push is None:
        return "It is not in Clio, so nothing changes there."
    if connection.state == Connection.State.BROKEN:
        return f"{plain.removesuffix('.')} once the firm's connection to Clio works again."
    return plain


def _activity(entry: TimeEntry | None, connection: Connection | None, *, plain: str, billed: str) -> str:
    if entry is None or connection is None:
        return ""
    bill = bill_text(entry)
    return billed.format(bill=bill) if bill else plain.format(matter=entry.matter)


def _client(appointment: Appointment, then: str) -> str:
    name = appointment.client_name or "The client"
    if not appointment.client_email:
        return f"{name} has no email address here, so please tell them yourself."
    return f"{name} {then}"
