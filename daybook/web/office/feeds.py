"""Calendar feeds of a lawyer: added by their address, listed with how they stand, removed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from daybook.calendars.models import Calendar
from daybook.calendars.queries import uses_of
from daybook.core.errors import Refusal
from daybook.firms.models import Lawyer
from daybook.sync import calendars as remote
from daybook.sync import feeds as operations
from daybook.web.forms import RefusableForm
from daybook.web.office.calendars import lawyer_of, state_of
from daybook.web.signed_in import OfficeRequest, office


class FeedForm(RefusableForm):
    address = forms.CharField(
        label="Address of the feed",
        max_length=2000,
        help_text="The secret or public iCal address of a calendar; it often ends in .ics.",
        widget=forms.TextInput(attrs={"inputmode": "url", "autocomplete": "off", "spellcheck": "false"}),
        error_messages={"required": "Please enter the address of a calendar."},
    )
    name = forms.CharField(
        label="Name",
        max_length=100,
        required=False,
        help_text="What you call this calendar. Only you and your firm see it.",
    )


@dataclass(frozen=True, slots=True)
class Row:
    """One feed of the list. Of its address only the host is shown."""

    calendar: Calendar
    host: str
    word: str
    tone: str
    note: str


@require_http_methods(["GET", "HEAD", "POST"])
@office("see_integrations")
def feeds(request: OfficeRequest) -> HttpResponse:
    lawyer = lawyer_of(request)
    if lawyer is None:
        return render(request, "desk/choose.html", {"next": request.path})
    form = FeedForm(request.POST if request.method == "POST" else None)
    status = 422 if form.is_bound else 200
    now = timezone.now()
    if form.is_valid():
        try:
            operations.add(
                lawyer=lawyer,
                actor=request.actor,
                address=form.cleaned_data["address"],
                name=form.cleaned_data["name"],
                until=now + remote.ahead(lawyer.firm_id),
                now=now,
            )
        except Refusal as refusal:
            form.refuse(refusal)
            status = refusal.status
        else:
            messages.success(request, "Added. Its entries block time from now on.")
            return redirect(_here(lawyer))
    context = {"lawyer": lawyer, "form": form, "rows": _rows(lawyer, now)}
    return render(request, "firm/feeds.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@office("see_integrations")
def remove(request: OfficeRequest, connection_id: int) -> HttpResponse:
    """Asks once, then removes."""
    connection = operations.access_feed(request.actor, connection_id)
    lawyer = connection.lawyer
    if request.method == "POST":
        operations.remove(connection=connection, actor=request.actor, now=timezone.now())
        messages.success(request, f"Removed. {connection.account_name} no longer blocks any time.")
        return redirect(_here(lawyer))
    context = {"connection": connection, "lawyer": lawyer, "back": _here(lawyer)}
    return render(request, "firm/feed_remove.html", context)


def _here(lawyer: Lawyer) -> str:
    return f"{reverse('feeds')}?{urlencode({'lawyer': lawyer.pk})}"


def _rows(lawyer: Lawyer, now: datetime) -> list[Row]:
    uses = {use.calendar_id: use for use in uses_of(lawyer)}
    return [
        Row(calendar, calendar.connection.feed.host, *state_of(calendar, uses.get(calendar.pk), lawyer, now))
        for calendar in operations.of_lawyer(lawyer)
    ]
