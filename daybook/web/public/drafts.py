"""What a visitor typed before their time was lost, kept for the next one they choose."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from daybook.appointments.models import AppointmentType

_KEY = "booking_draft"
_AN_HOUR = 3600


def keep(request: HttpRequest, offer: AppointmentType, typed: dict[str, str]) -> None:
    """For an hour, on our side; a visitor's browser holds only the session's key."""
    request.session[_KEY] = {"type": offer.pk, "typed": typed}
    if not request.user.is_authenticated:
        request.session.set_expiry(_AN_HOUR)


def recall(request: HttpRequest, offer: AppointmentType) -> dict[str, Any]:
    """Name and addresses for any appointment, answers only for the questions they were given to."""
    draft = request.session.get(_KEY)
    if not draft:
        return {}
    same = draft["type"] == offer.pk
    return {name: text for name, text in draft["typed"].items() if same or name in ("name", "email", "phone")}


def forget(request: HttpRequest) -> None:
    if _KEY in request.session:
        del request.session[_KEY]
