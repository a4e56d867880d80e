"""What is typed about a client when booking, checked and tidied into an appointment's columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from daybook.appointments.models import AppointmentType
from daybook.contacts.phones import parse_phone
from daybook.core import hours
from daybook.core.errors import AnswerMissing, BadEmail, Refusal
from daybook.core.people import clean_name, clean_text, normalise_email
from daybook.firms.models import Firm

Place = AppointmentType.Place


@dataclass(frozen=True, slots=True)
class ClientDetails:
    """What a client says when booking. `answers` has one entry for each of the type's questions, in their order."""

    name: str
    email: str
    phone: str = ""
    place: str = ""
    time_zone: str = ""
    answers: Sequence[str] = field(default=())


class PlaceMissing(Refusal):
    """The type offers several places and none of them was chosen."""

    says = "Please choose how you would like to meet."
    about = "place"


class PhoneMissing(Refusal):
    """A phone appointment needs a number to call."""

    says = "Please enter the phone number we should call."
    about = "phone"


def checked(
    details: ClientDetails, appointment_type: AppointmentType, firm: Firm, *, by_firm: bool
) -> dict[str, object]:
    """
    The columns of an appointment for what was typed, tidied.

    The firm may book somebody without an email address, and need not answer the client's questions.
    Raises the Refusal of the first thing that cannot be used; its `field` names the input.
    """
    name = clean_name(details.name, 200)
    email = normalise_email(details.email) if details.email.strip() else ""
    if not email and not by_firm:
        raise BadEmail("Please enter an email address.")
    phone = parse_phone(details.phone, firm.country) if details.phone.strip() else ""
    places = appointment_type.places or [Place.PHONE]
    place = details.place or (places[0] if len(places) == 1 or by_firm else "")
    if place not in places:
        raise PlaceMissing
    if place == Place.PHONE and not phone and not by_firm:
        raise PhoneMissing
    if details.time_zone:
        hours.zone(details.time_zone)
    return {
        "client_name": name,
        "client_email": email,
        "client_phone": phone,
        "client_time_zone": details.time_zone or appointment_type.lawyer.time_zone,
        "place": place,
        "place_detail": place_detail(appointment_type, place, phone),
        "answers": _answers(appointment_type, details.answers, required=not by_firm),
    }


def _answers(
    appointment_type: AppointmentType, given: Sequence[str], *, required: bool
) -> list[dict[str, str]]:
    answers = []
    for number, question in enumerate(appointment_type.questions):
        text = given[number] if number < len(given) else ""
        text = clean_text(text, 4000, lines=True, field=f"question_{number}")
        if required and question.get("required") and not text:
            raise AnswerMissing(field=f"question_{number}")
        if text:
            answers.append({"label": question["label"], "answer": text})
    return answers


def place_detail(appointment_type: AppointmentType, place: str, phone: str) -> str:
    """Where to be, or what to call, as the client is told it."""
    lawyer = appointment_type.lawyer
    return {
        Place.IN_PERSON: lawyer.office_address,
        Place.VIDEO: lawyer.video_link,
        Place.PHONE: phone or lawyer.phone,
    }[Place(place)]
