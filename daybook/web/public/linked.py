"""Pages behind a signed link: the appointment it is for, or a page that says no and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from daybook.appointments import links
from daybook.appointments.models import Appointment
from daybook.appointments.teams import people_of
from daybook.core.errors import Refusal

View = Callable[[HttpRequest, Appointment, str], HttpResponse]


def linked(view: View) -> Callable[[HttpRequest, str], HttpResponse]:
    """
    Give `view` the appointment of the token in the address. A link that never was is 404, one that ended is 410. What is
    only requested has a page of its own, whichever of the others the link was for.
    """
    return _behind_link(view, of_requests=False)


def linked_request(view: View) -> Callable[[HttpRequest, str], HttpResponse]:
    """The same for the pages of what is only requested; once it is confirmed they lead to the appointment."""
    return _behind_link(view, of_requests=True)


def _behind_link(view: View, *, of_requests: bool) -> Callable[[HttpRequest, str], HttpResponse]:
    @wraps(view)
    def wrapped(request: HttpRequest, token: str) -> HttpResponse:
        try:
            appointment = links.appointment_by_link(token, timezone.now())
        except links.LinkInvalid as refusal:
            response = _no(request, refusal, 404)
        except links.LinkExpired as refusal:
            response = _no(request, refusal, 410)
        else:
            offer = appointment.appointment_type
            offer.lawyer, offer.firm = appointment.lawyer, appointment.firm
            if appointment.only_requested == of_requests:
                response = view(request, appointment, token)
            else:
                response = redirect("public_appointment" if of_requests else "public_request", token=token)
        response["Cache-Control"] = "private, no-store"
        response["X-Robots-Tag"] = "noindex"
        return response

    return wrapped


def names_of(appointment: Appointment) -> str:
    """Whom the client meets: the lawyer, and whoever takes part beside them."""
    names = [one.name for one in people_of(appointment)]
    return " and ".join(part for part in (", ".join(names[:-1]), *names[-1:]) if part)


def _no(request: HttpRequest, refusal: Refusal, status: int) -> HttpResponse:
    return render(request, "public/link_refused.html", {"refusal": refusal}, status=status)
