"""An appointment that lies over an entry of a calendar: how that is said, and the answer that it is fine."""

from __future__ import annotations

from datetime import datetime

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from daybook.core import times
from daybook.core.hours import to_local
from daybook.sync import clashes
from daybook.sync.models import Clash, Connection
from daybook.web.signed_in import OfficeRequest, office


def title(clash: Clash) -> str:
    """Both sides in one line: "Fri 27 Nov, 2:00 pm with Kay Board overlaps with an entry in Google Calendar (alice@…), 2:00 pm – 3:00 pm"."""
    about, zone = clash.appointment, clash.lawyer.time_zone
    when = f"{times.say_day(about.start, zone, year=False)}, {times.say_time(about.start, zone)}"
    who = f" with {about.client_name}" if about.client_name else ""
    return (
        f"{when}{who} overlaps with an entry in {_account(clash.calendar.connection)}, {_span(clash, zone)}"
    )


def _account(connection: Connection) -> str:
    provider = connection.get_provider_display()
    return f"{provider} ({connection.account_name})" if connection.account_name else provider


def _span(clash: Clash, zone: str) -> str:
    if clash.all_day:
        return "all day"
    start, end = to_local(clash.start, zone), to_local(clash.end, zone)
    if start.date() != end.date() or start.utcoffset() != end.utcoffset():
        return times.say(clash.start, clash.end, zone)
    return f"{times.say_time(clash.start, zone)} – {times.say_time(clash.end, zone)}"


def text(clash: Clash, zone: str) -> str:
    """What is known of it, and what ends it."""
    noticed: datetime = clash.noticed_at
    return (
        f"In the calendar {clash.calendar.name}, noticed {times.say_moment(noticed, zone)}, after the appointment "
        "was made. Nothing has been changed. It settles itself when one of the two is moved or removed."
    )


@require_POST
@office()
def accept_overlap(request: OfficeRequest, clash_id: int) -> HttpResponse:
    """It is fine: both stay."""
    found = clashes.access_clash(request.actor, clash_id)
    clashes.accept(actor=request.actor, clash=found, now=timezone.now())
    messages.success(request, "Both stay as they are.")
    return redirect("dashboard")
