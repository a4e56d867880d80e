"""What moving or cancelling an appointment will do in Clio, in its calendar and to its client, said before it is done."""

from __future__ import annotations

from datetime import datetime

from daybook.appointments.models import Appointment
from daybook.billing.models import TimeEntry
from daybook.core import times
from daybook.sync.models import Connection, Proposal, Push
from daybook.web.office.shown import CLIO, bill_text

_ACTIVITY_MOVES = (
    "The activity on {matter} gets the new date.",
    "Its time is already {bill} in Clio: it stays there as it is, and you get a task.",
)


def of_moving(appointment: Appointment, connection: Connection | None, now: datetime) -> tuple[str, ...]:
    """One sentence each for calendar entry, activity and client."""
    sentences = (
        _calendar(appointment, connection, "The calendar entry in {place} moves along."),
        _activity(appointment, connection, *_ACTIVITY_MOVES),
        _client(appointment, _of_new_time(appointment, now)),
    )
    return tuple(filter(None, sentences))


def of_cancelling(
    appointment: Appointment, connection: Connection | None, now: datetime, *, told: bool = False
) -> tuple[str, ...]:
    """One sentence each for calendar entry, activity and client; `told` where somebody chooses whether they hear of it."""
    then = "gets an email saying so" + (", if you let Daybook tell them." if told else ".")
    sentences = (
        _calendar(appointment, connection, "The calendar entry is removed from {place}."),
        _activity(
            appointment,
            connection,
            "The activity on {matter} is deleted in Clio.",
            "Its time is already {bill} in Clio: it stays there, and you get a task.",
        ),
        _client(appointment, then) if appointment.end > now else "It is over, so the client gets no email.",
    )
    return tuple(filter(None, sentences))


def of_following(proposal: Proposal, connection: Connection | None, now: datetime) -> tuple[str, ...]:
    """What taking over the time of the calendar's entry does, one sentence each."""
    appointment = proposal.appointment
    length = appointment.end - appointment.start
    theirs = proposal.end - proposal.start if proposal.end and proposal.start else length
    kept = f"It keeps its length of {times.say_length(length)}." if theirs != length else ""
    sentences = (
        "The appointment moves to where its entry is now.",
        kept,
        _activity(appointment, connection, *_ACTIVITY_MOVES),
        _client(appointment, _of_new_time(appointment, now).rstrip(".") + ", if you let Daybook tell them."),
    )
    return tuple(filter(None, sentences))


def of_restoring(proposal: Proposal) -> tuple[str, ...]:
    """What keeping the appointment as it is does, one sentence each."""
    again = "made again" if proposal.kind == Proposal.Kind.DELETED else "moved back"
    return (
        f"The appointment stays as it is, and its entry in {proposal.calendar} is {again}. Nobody is told.",
    )


def _of_new_time(appointment: Appointment, now: datetime) -> str:
    if appointment.end > now:
        return "gets an email with the new time."
    return "gets an email only if the new time lies ahead."


def _calendar(appointment: Appointment, connection: Connection | None, plain: str) -> str:
    push: Push | None = getattr(appointment, "push", None)
    place = push.place if push is not None else ""
    if connection is None and place in ("", CLIO):
        return "The firm is not connected to Clio, so nothing changes there."
    if push is None:
        return "It is not in Clio, so nothing changes there."
    said = plain.format(place=place or CLIO)
    broken = connection is not None and connection.state == Connection.State.BROKEN
    if broken and place in ("", CLIO):
        return f"{said.removesuffix('.')} once the firm's connection to Clio works again."
    return said


def _activity(appointment: Appointment, connection: Connection | None, plain: str, billed: str) -> str:
    entry: TimeEntry | None = getattr(appointment, "time_entry", None)
    bill = bill_text(entry)
    if entry is None or connection is None or not (entry.wanted or bill):
        return ""
    return billed.format(bill=bill) if bill else plain.format(matter=entry.matter)


def _client(appointment: Appointment, then: str) -> str:
    name = appointment.client_name or "The client"
    if not appointment.client_email:
        return f"{name} has no email address here, so please tell them yourself."
    return f"{name} {then}"
