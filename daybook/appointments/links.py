"""Signed links: what lets a client without an account see, move and cancel one appointment."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from django.core import signing

from daybook.appointments import fetched
from daybook.appointments.models import Appointment
from daybook.core.errors import Refusal

#: A link outlives its appointment by this much, so that a client can still look it up; then it ends.
LASTS = timedelta(days=30)

_SALT = "daybook.appointment"


class LinkInvalid(Refusal):
    """Forged, cut short, or for something that is not there: all the same to whoever holds it."""

    says = "This link is not valid. Please use the link in your latest email, or contact the firm."


class LinkExpired(Refusal):
    """It was good once."""

    says = "This link has expired. Please contact the firm."


def link_token(appointment: Appointment) -> str:
    """A token for addresses; it names one appointment and cannot be guessed or changed."""
    return signing.Signer(salt=_SALT).sign(appointment.uid.hex)


def read_token(token: str) -> uuid.UUID:
    """Raises LinkInvalid."""
    try:
        return uuid.UUID(hex=signing.Signer(salt=_SALT).unsign(token))
    except (signing.BadSignature, ValueError) as error:
        raise LinkInvalid from error


def appointment_by_link(token: str, now: datetime) -> Appointment:
    """The appointment a link is for, lawyer, firm and type fetched along. Raises LinkInvalid, LinkExpired."""
    appointment = fetched.appointment_by_uid(read_token(token))
    if appointment is None:
        raise LinkInvalid
    if now > appointment.end + LASTS:
        raise LinkExpired
    return appointment
