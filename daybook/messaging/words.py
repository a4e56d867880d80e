"""What the mails say: a subject that gives nothing away, plain text, and the same text as simple HTML."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.template.loader import render_to_string

from daybook.appointments.models import Appointment, AppointmentType
from daybook.core.money import Money
from daybook.core.times import say, say_day, say_moment, say_time, zone_label
from daybook.firms.models import Lawyer
from daybook.messaging.links import booking_url, desk_url, manage_url, request_url
from daybook.messaging.models import Message

Kind, Place = Message.Kind, AppointmentType.Place

#: What a client did, as the lawyer is told it.
BOOKED, MOVED, CANCELLED = "booked", "moved", "cancelled"
#: What became of a request, likewise.
REQUESTED, WITHDRAWN, LAPSED = "requested", "withdrawn", "lapsed"

#: Subjects are read on locked screens by whoever is near: a time and nothing else.
SUBJECTS: dict[str, str] = {
    Kind.CONFIRMATION: "Your appointment on {when}",
    Kind.CHANGE: "New time: your appointment on {when}",
    Kind.CANCELLATION: "Cancelled: your appointment on {when}",
    Kind.REMINDER: "Reminder: your appointment on {when}",
    Kind.REQUEST: "Your request for {when}",
    Kind.REQUEST_DECLINED: "About your request for {when}",
    Kind.REQUEST_LAPSED: "About your request for {when}",
}
NOTICE_SUBJECTS: dict[str, str] = {
    BOOKED: "New appointment on {when}",
    MOVED: "Appointment moved to {when}",
    CANCELLED: "Appointment cancelled: {when}",
    REQUESTED: "A request waits for your answer: {when}",
    WITHDRAWN: "Request withdrawn: {when}",
    LAPSED: "Request not answered in time: {when}",
}

#: Kinds to the client that are about a request.
OF_REQUESTS = (Kind.REQUEST, Kind.REQUEST_DECLINED, Kind.REQUEST_LAPSED)
#: Why it is only a request, as the lawyer is told.
BECAUSE: dict[str, str] = {
    Appointment.Because.UNREAD: "A calendar of yours could not be read, so Daybook could not promise the time.",
    Appointment.Because.TYPE: "This appointment type is by request: nothing is promised before you accept.",
    Appointment.Because.CONFLICT: "It may touch somebody else whom the firm acts for: please look before you accept.",
}

#: In a greeting these could smuggle an address or an advertisement into a mail that a stranger asked for.
_NOT_JUST_A_NAME = re.compile(r"[/@:\\<>]|\w\.\w")


@dataclass(frozen=True, slots=True)
class Words:
    """One mail's words. `text` ends with a line break; `html` says the same."""

    subject: str
    text: str
    html: str


def client_words(kind: str, appointment: Appointment, *, now: datetime, was: datetime | None = None) -> Words:
    """
    What a client is told, in their zone and, where clocks differ, the lawyer's; `was` is the start they were last told.

    Lawyer and firm are named, and time, place, fee, and how to move or cancel. Never type, practice area, matter,
    answers, notes or reasons. The caller has fetched lawyer, firm and type along. Raises UnknownTimeZone.
    """
    lawyer, firm = appointment.lawyer, appointment.firm
    zone = client_zone(appointment)
    link = manage_url(appointment)
    context = {
        "greeting": _greeting(appointment.client_name),
        "lawyer": lawyer.name,
        "firm": firm.name,
        "phone": firm.phone or lawyer.phone,
        "when": say(appointment.start, appointment.end, zone, lawyer.time_zone),
        "was": say(was, None, zone, lawyer.time_zone) if was and was != appointment.start else "",
        "where": where(appointment),
        "fee": str(Money(appointment.fee_cents, firm.currency)) if appointment.fee_cents else "",
        "manage_url": link,
        "until": changeable_until(appointment, now),
    }
    links = [link]
    if kind in OF_REQUESTS:
        again = booking_url(appointment)
        context |= {
            "answer_by": answered_by(appointment, zone),
            "line": appointment.answer_line,
            "again": again,
        }
        links.append(again)
    if appointment.place == Place.VIDEO:
        links.append(appointment.place_detail)
    return written(
        f"messaging/{kind}.txt", SUBJECTS[kind].format(when=_short(appointment, zone)), context, links
    )


def notice_words(
    act: str,
    appointment: Appointment,
    *,
    was: datetime | None = None,
    people: Sequence[Lawyer] = (),
    reader: Lawyer | None = None,
    by_client: bool = True,
) -> Words:
    """
    What the lawyer is told once a client has booked, moved or cancelled (`act`), in the lawyer's zone and the client's.

    `people` are all who take part; `reader` is the one of them it is for, if not the lawyer: in their zone then.
    Without `by_client` it was the firm. The client is named in the text only. The caller has fetched lawyer and firm along. Raises UnknownTimeZone.
    """
    lawyer = reader or appointment.lawyer
    zone, other = lawyer.time_zone, client_zone(appointment)
    # Somebody who takes part may have no way to sign in.
    link = desk_url() if lawyer == appointment.lawyer or lawyer.member_id else ""
    if link and act == REQUESTED and lawyer == appointment.lawyer:
        link = request_url(appointment)
    context = {
        "lawyer": lawyer.name,
        "client": appointment.client_name,
        "act": act,
        "by_client": by_client,
        "because": BECAUSE.get(appointment.requested_because, ""),
        "answer_by": answered_by(appointment, zone),
        "together": ", ".join(one.name for one in people if one != lawyer),
        "when": say(appointment.start, appointment.end, zone, other),
        "was": say(was, None, zone, other) if was and was != appointment.start else "",
        "where": {
            Place.PHONE: "By phone",
            Place.VIDEO: f"By video: {appointment.place_detail}" if appointment.place_detail else "By video",
            Place.IN_PERSON: appointment.place_detail or "In person",
        }.get(Place(appointment.place))
        if appointment.place
        else "",
        "client_email": appointment.client_email,
        "client_phone": appointment.client_phone,
        "desk_url": link,
    }
    subject = NOTICE_SUBJECTS[act].format(when=_short(appointment, zone))
    template = (
        "messaging/firm_notice.txt" if act in (BOOKED, MOVED, CANCELLED) else "messaging/request_notice.txt"
    )
    return written(template, subject, context, [link] if link else [])


def answered_by(appointment: Appointment, zone: str) -> str:
    """Until when a request waits for its answer, as a clock in `zone` shows it; "" for what is no request."""
    until = appointment.answer_by
    return f"{say_moment(until, zone)} ({zone_label(zone, until)})" if until else ""


def client_zone(appointment: Appointment) -> str:
    """The zone the client reads times in; the lawyer's where none was ever said."""
    return appointment.client_time_zone or appointment.lawyer.time_zone


def changeable_until(appointment: Appointment, now: datetime) -> str:
    """Until when the client may move or cancel it online, in their zone; "" once that time has passed."""
    zone = client_zone(appointment)
    limit = appointment.start - timedelta(minutes=appointment.appointment_type.change_cutoff_minutes)
    return f"{say_moment(limit, zone)} ({zone_label(zone, limit)})" if limit > now else ""


def where(appointment: Appointment) -> str:
    """Where to be, or who calls whom, as the client is told it."""
    detail, lawyer = appointment.place_detail, appointment.lawyer.name
    if appointment.place == Place.PHONE:
        if appointment.client_phone:
            return f"By phone. {lawyer} calls you at {detail}."
        return f"By phone: {detail}" if detail else "By phone"
    if appointment.place == Place.VIDEO:
        return f"By video: {detail}" if detail else "By video. The firm sends you the link."
    return detail or "At the firm's office"


def written(template: str, subject: str, context: Mapping[str, object], links: Sequence[str] = ()) -> Words:
    """
    A template of this room as a mail. In the HTML only the addresses in `links` can be followed.

    What a client typed never becomes a link, since anybody can book with somebody else's address.
    """
    text = re.sub(r"\n{3,}", "\n\n", render_to_string(template, context)).strip() + "\n"
    html = render_to_string(
        "messaging/letter.html", {"subject": subject, "paragraphs": _paragraphs(text, links)}
    )
    return Words(" ".join(subject.split()), text, html)


def _paragraphs(text: str, links: Sequence[str]) -> list[list[list[dict[str, object]]]]:
    """Paragraphs of lines of parts; a part is text and whether it is a link."""
    ours = [link for link in links if link.startswith(("https://", "http://"))]
    either = re.compile("|".join(re.escape(link) for link in ours)) if ours else None
    return [
        [_parts(line, either) for line in paragraph.splitlines()] for paragraph in text.strip().split("\n\n")
    ]


def _parts(line: str, either: re.Pattern[str] | None) -> list[dict[str, object]]:
    if either is None:
        return [{"text": line, "link": False}]
    parts: list[dict[str, object]] = []
    at = 0
    for found in either.finditer(line):
        parts.append({"text": line[at : found.start()], "link": False})
        parts.append({"text": found[0], "link": True})
        at = found.end()
    parts.append({"text": line[at:], "link": False})
    return [part for part in parts if part["text"]]


def _short(appointment: Appointment, zone: str) -> str:
    return f"{say_day(appointment.start, zone, year=False)}, {say_time(appointment.start, zone)}"


def _greeting(name: str) -> str:
    return f"Hello {name}," if name and not _NOT_JUST_A_NAME.search(name) else "Hello,"
