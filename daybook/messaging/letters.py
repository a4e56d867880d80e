"""Each kind of message: when its reason is gone, and what is put into the envelope."""

from __future__ import annotations

from datetime import datetime

from daybook.appointments.models import Appointment
from daybook.appointments.teams import people_of
from daybook.firms.models import Lawyer
from daybook.messaging import team_letters
from daybook.messaging.calendar_file import FILE_NAME, calendar_file, method
from daybook.messaging.models import Message
from daybook.messaging.post import CalendarPart, Letter, message_id
from daybook.messaging.queries import last_told, moved_by
from daybook.messaging.words import (
    CANCELLED,
    LAPSED,
    MOVED,
    OF_REQUESTS,
    REQUESTED,
    WITHDRAWN,
    client_words,
    notice_words,
)

Kind = Message.Kind

#: Kinds to the client, with the state in which the appointment must be for them to be true.
TO_CLIENT: dict[str, str] = {
    Kind.CONFIRMATION: Appointment.State.CONFIRMED,
    Kind.CHANGE: Appointment.State.CONFIRMED,
    Kind.REMINDER: Appointment.State.CONFIRMED,
    Kind.CANCELLATION: Appointment.State.CANCELLED,
    Kind.REQUEST: Appointment.State.REQUESTED,
    Kind.REQUEST_DECLINED: Appointment.State.DECLINED,
    Kind.REQUEST_LAPSED: Appointment.State.LAPSED,
}
#: Acts of requests that the firm's people are told of, with the state likewise.
REQUEST_ACTS: dict[str, str] = {
    REQUESTED: Appointment.State.REQUESTED,
    WITHDRAWN: Appointment.State.CANCELLED,
    LAPSED: Appointment.State.LAPSED,
}
#: Kinds that carry the calendar file: not a reminder, since the client has had it.
WITH_CALENDAR = {Kind.CONFIRMATION, Kind.CHANGE, Kind.CANCELLATION}


#: Occasions of notices to somebody who takes part beside the lawyer.
BESIDE = r"^[a-z]+:\d+:\d+$"


ANSWERED = "The request was answered or withdrawn since."


def act_of(message: Message) -> str:
    """What a notice tells: its occasion is act and sequence, "moved:3", and behind that who takes part, "moved:3:12"."""
    return message.occasion.partition(":")[0]


def reader_of(message: Message, appointment: Appointment) -> Lawyer:
    """Whom a notice is for: the appointment's lawyer, or whoever takes part beside them."""
    person = message.occasion.split(":")[2:]
    if not person or int(person[0]) not in appointment.others:
        return appointment.lawyer
    return next(one for one in people_of(appointment) if one.pk == int(person[0]))


def _done_by(act: str, appointment: Appointment) -> str:
    if act == MOVED:
        return moved_by(appointment.pk)
    return appointment.cancelled_by if act == CANCELLED else appointment.booked_by


def why_gone(message: Message, now: datetime) -> str:
    """Why this message should no longer be sent, in a line for the firm; "" while it should. Looks, and changes nothing."""
    if message.appointment is None:
        return team_letters.why_gone(message, now)
    appointment = message.appointment
    cancelled = appointment.state == Appointment.State.CANCELLED
    if message.kind == Kind.FIRM_NOTICE:
        wanted = REQUEST_ACTS.get(act_of(message))
        if wanted is not None:
            return "" if appointment.state == wanted else ANSWERED
        if cancelled != (act_of(message) == CANCELLED):
            return "The appointment was cancelled since."
        return ""
    if not appointment.client_email:
        return "No email address is known any more."
    if appointment.state != TO_CLIENT[message.kind]:
        return ANSWERED if message.kind in OF_REQUESTS else "The appointment was cancelled since."
    if message.kind != Kind.CANCELLATION and message.starts_at != appointment.start:
        return "The appointment was moved since."
    if message.kind == Kind.REMINDER and appointment.start <= now:
        return "The appointment has begun."
    return "The appointment is over." if appointment.end <= now else ""


def recipient(message: Message) -> str:
    """The address it goes to now: whoever it is for may have another one since it was planned."""
    if message.appointment is None:
        return message.to
    if message.kind == Kind.FIRM_NOTICE:
        return reader_of(message, message.appointment).email
    return message.appointment.client_email


def letter(message: Message, now: datetime) -> Letter:
    """
    The mail for a message whose reason holds, in words that follow the latest facts.

    `message.appointment` has lawyer, firm and type fetched along. Raises UnknownTimeZone.
    """
    if message.appointment is None:
        return team_letters.letter(message)
    appointment = message.appointment
    was = last_told(appointment.pk, message.sequence)
    if message.kind == Kind.FIRM_NOTICE:
        act, reader = act_of(message), reader_of(message, appointment)
        by_client = _done_by(act, appointment) == Appointment.Party.CLIENT
        words = notice_words(
            act, appointment, was=was, people=people_of(appointment), reader=reader, by_client=by_client
        )
    else:
        words = client_words(message.kind, appointment, now=now, was=was)
    part = None
    if message.kind in WITH_CALENDAR:
        part = CalendarPart(FILE_NAME, method(appointment), calendar_file(appointment, now))
    return Letter(
        to=message.to,
        words=words,
        message_id=message_id(f"{message.pk}.{appointment.uid.hex}"),
        sender=appointment.firm.name,
        reply_to=appointment.client_email if message.kind == Kind.FIRM_NOTICE else appointment.lawyer.email,
        calendar=part,
    )
