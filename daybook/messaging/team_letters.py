"""Mail to the firm's own people: invitations, what cannot be read any more, a time that is taken twice."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from daybook.calendars.models import Calendar
from daybook.calendars.queries import account_name
from daybook.core.times import say, say_day, say_moment, zone_label
from daybook.firms.models import Event, User
from daybook.messaging import queries
from daybook.messaging.links import desk_url, integrations_url, join_url
from daybook.messaging.models import Message
from daybook.messaging.post import Letter, message_id
from daybook.messaging.words import Words, written

Kind = Message.Kind
PROVIDER = "Clio"


def why_gone(message: Message, now: datetime) -> str:
    """Why this message should no longer be sent; "" while it should."""
    return _GONE[message.kind](message, now)


def letter(message: Message) -> Letter:
    """The mail for a message whose reason holds."""
    words, reply_to = _WORDS[message.kind](message)
    return Letter(
        to=message.to,
        words=words,
        message_id=message_id(f"{message.pk}.{message.kind}.{message.about}"),
        reply_to=reply_to,
    )


def by_connection(firm_id: int, connection_id: int) -> bool:
    """Whether a calendar of this connection is unreadable because the connection broke."""
    broken = queries.broken_connection(firm_id)
    return broken is not None and broken.subject == connection_id


def calendar_occasion(calendar: Calendar) -> str:
    """One trouble of one calendar: from when it could not be read until it can. Only while it has trouble."""
    assert calendar.trouble_since is not None
    return f"calendar:{calendar.pk}:{int(calendar.trouble_since.timestamp())}"


def connection_occasion(broken: Event) -> str:
    """One breaking of a connection."""
    return f"connection:{broken.pk}"


def overlap_occasion(noticed: Event) -> str:
    """One overlap, as it was noticed."""
    return f"overlap:{noticed.pk}"


def _invitation_gone(message: Message, now: datetime) -> str:
    invitation = queries.find_invitation(message.about or 0)
    if invitation is None or invitation.withdrawn_at:
        return "The invitation was withdrawn."
    if invitation.accepted_at:
        return "The invitation was accepted."
    return "The invitation has ended." if invitation.expires_at <= now else ""


def _calendar_gone(message: Message, now: datetime) -> str:
    calendar = queries.find_calendar(message.about or 0)
    if calendar is None or calendar.trouble_since is None:
        return "The calendar can be read again."
    broken = queries.broken_connection(calendar.firm_id)
    if message.occasion not in (calendar_occasion(calendar), connection_occasion(broken) if broken else ""):
        return "The calendar could be read in between."
    return "" if queries.lawyers_closed_by(calendar.pk) else "The calendar takes nobody's time any more."


def _connection_gone(message: Message, now: datetime) -> str:
    broken = queries.broken_connection(message.firm_id)
    mended = broken is None or broken.pk != message.about
    return "The connection was renewed or ended." if mended else ""


def _invitation_words(message: Message) -> tuple[Words, str]:
    invitation = queries.find_invitation(message.about or 0)
    assert invitation is not None
    zone, inviter = invitation.firm.time_zone, invitation.invited_by
    link = join_url(invitation)
    context: dict[str, object] = {
        "name": invitation.name,
        "inviter": str(inviter) if inviter else "",
        "firm": invitation.firm.name,
        "join_url": link,
        "until": _moment(invitation.expires_at, zone),
    }
    subject = f"Join {invitation.firm.name} on Daybook"[:200]
    return written("messaging/invitation.txt", subject, context, [link]), inviter.email if inviter else ""


def _calendar_words(message: Message) -> tuple[Words, str]:
    calendar = queries.find_calendar(message.about or 0)
    assert calendar is not None
    lawyers = queries.lawyers_closed_by(calendar.pk)
    reader = next((who for who in lawyers if who.email.lower() == message.to), None)
    link = integrations_url()
    context: dict[str, object] = {
        "calendar": calendar.name,
        "since": _moment(calendar.trouble_since or message.created_at, (reader or calendar.firm).time_zone),
        "lawyers": _listed([who.name for who in lawyers]),
        "firm": calendar.firm.name,
        "provider": PROVIDER,
        "by_connection": by_connection(calendar.firm_id, calendar.connection_id),
        "administrators": _named(queries.administrators(calendar.firm_id)),
        "trouble": calendar.trouble,
        "final": calendar.trouble_final,
        "integrations_url": link,
    }
    return written("messaging/calendar_alert.txt", "A calendar cannot be read", context, [link]), ""


def _connection_words(message: Message) -> tuple[Words, str]:
    link = integrations_url()
    context: dict[str, object] = {
        "provider": PROVIDER,
        "firm": message.firm.name,
        "since": _moment(queries.when(message.about or 0), message.firm.time_zone),
        "administrators": _named(queries.administrators(message.firm_id)),
        "integrations_url": link,
    }
    subject = f"The connection to {PROVIDER} needs to be renewed"
    return written("messaging/connection_alert.txt", subject, context, [link]), ""


def _moment(at: datetime, zone: str) -> str:
    return f"{say_moment(at, zone)} ({zone_label(zone, at)})"


def _named(people: list[User]) -> str:
    return ", ".join(f"{who.name} <{who.email}>" if who.name else who.email for who in people)


def _listed(names: list[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _account_gone(message: Message, now: datetime) -> str:
    broken = queries.broken_account(queries.event(message.about or 0).subject or 0)
    mended = broken is None or broken.pk != message.about
    return "The account was connected again or removed." if mended else ""


def _account_words(message: Message) -> tuple[Words, str]:
    broken = queries.event(message.about or 0)
    lawyer = queries.lawyer_of(broken)
    assert lawyer is not None
    link = integrations_url()
    context: dict[str, object] = {
        "account": broken.details.get("called", ""),
        "lawyer": lawyer.name,
        "since": _moment(broken.at, lawyer.time_zone),
        "integrations_url": link,
    }
    return written(
        "messaging/account_alert.txt", "A calendar account needs to be renewed", context, [link]
    ), ""


def _overlap_gone(message: Message, now: datetime) -> str:
    noticed = queries.event(message.about or 0)
    appointment = queries.appointment_of(noticed)
    there = queries.find_calendar(noticed.details["calendar"]) and queries.lawyer_of(noticed)
    if there is None or appointment is None or not queries.overlap_is_open(noticed):
        return "They no longer overlap, or somebody has dealt with it."
    return "The appointment is over." if appointment.end <= now else ""


def _overlap_words(message: Message) -> tuple[Words, str]:
    noticed = queries.event(message.about or 0)
    appointment, lawyer = queries.appointment_of(noticed), queries.lawyer_of(noticed)
    calendar = queries.find_calendar(noticed.details["calendar"])
    assert appointment is not None
    assert lawyer is not None
    assert calendar is not None
    start, end = (datetime.fromisoformat(noticed.details[part]) for part in ("start", "end"))
    link = desk_url()
    context: dict[str, object] = {
        "client": appointment.client_name,
        "when": say(appointment.start, appointment.end, lawyer.time_zone),
        "calendar": account_name(calendar),
        "entry": (
            f"all day on {say_day(start, lawyer.time_zone)}"
            if noticed.details["all_day"]
            else say(start, end, lawyer.time_zone)
        ),
        "desk_url": link,
    }
    subject = f"Two things at once on {say_moment(appointment.start, lawyer.time_zone)}"
    return written("messaging/overlap_alert.txt", subject, context, [link]), ""


_GONE: dict[str, Callable[[Message, datetime], str]] = {
    Kind.INVITATION: _invitation_gone,
    Kind.CALENDAR_ALERT: _calendar_gone,
    Kind.ACCOUNT_ALERT: _account_gone,
    Kind.CONNECTION_ALERT: _connection_gone,
    Kind.OVERLAP_ALERT: _overlap_gone,
}
_WORDS: dict[str, Callable[[Message], tuple[Words, str]]] = {
    Kind.INVITATION: _invitation_words,
    Kind.CALENDAR_ALERT: _calendar_words,
    Kind.ACCOUNT_ALERT: _account_words,
    Kind.CONNECTION_ALERT: _connection_words,
    Kind.OVERLAP_ALERT: _overlap_words,
}
