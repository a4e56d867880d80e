"""The addresses that mail leads to, and the signed part of an invitation's: the only place here that knows paths."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.core import signing
from django.utils import timezone

from daybook.appointments.links import link_token
from daybook.appointments.models import Appointment
from daybook.firms.models import Invitation
from daybook.firms.operations import InvitationOver

_SALT = "daybook.invitation"


def manage_url(appointment: Appointment) -> str:
    """Where the client sees, moves and cancels it, or "" while nothing outside can reach us."""
    return absolute(f"/appointment/{link_token(appointment)}/")


def booking_url(appointment: Appointment) -> str:
    """Where another time can be chosen, or ""; the lawyer's page, which does not say what it was about."""
    return absolute(f"/book/{appointment.firm.slug}/{appointment.lawyer.slug}/")


def request_url(appointment: Appointment) -> str:
    """Where a request is answered by the firm, or ""."""
    return absolute(f"/requests/{appointment.pk}/")


def desk_url() -> str:
    """The lawyer's dashboard, or ""."""
    return absolute("/dashboard/")


def integrations_url() -> str:
    """Where connections and calendars are mended, or ""."""
    return absolute("/integrations/")


def join_url(invitation: Invitation) -> str:
    """Where an invitation is accepted, or ""."""
    return absolute(f"/join/{invitation_token(invitation)}/")


def invitation_token(invitation: Invitation) -> str:
    """A token for addresses; it names one invitation, cannot be guessed or changed, and ends when that does."""
    ends = int(invitation.expires_at.timestamp())
    return signing.Signer(salt=_SALT).sign(f"{invitation.pk}-{ends}")


def read_invitation_token(token: str, now: datetime | None = None) -> int:
    """
    The id of the invitation a token is for. Whether that was withdrawn or accepted since, its row says.

    `now` is the present unless given. Raises InvitationOver for a token that has ended, was forged or cut short.
    """
    try:
        number, ends = (int(part) for part in signing.Signer(salt=_SALT).unsign(token).split("-"))
    except (signing.BadSignature, ValueError) as error:
        raise InvitationOver from error
    if (now or timezone.now()).timestamp() >= ends:
        raise InvitationOver
    return number


def absolute(path: str) -> str:
    """The address of a path of ours, or "" while PUBLIC_URL is not set."""
    return f"{settings.PUBLIC_URL}{path}" if settings.PUBLIC_URL else ""
