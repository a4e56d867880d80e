"""Manage Calendars: which calendars, the firm's in Clio and their own, take a lawyer's time, and which one receives appointments."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from daybook.calendars import operations
from daybook.calendars.models import Calendar, CalendarUse
from daybook.calendars.queries import calendars_for, uses_of
from daybook.calendars.reading import trouble_of
from daybook.core.entries import TAKEN_BY_DEFAULT, Standing
from daybook.core.errors import Refusal
from daybook.core.times import say_moment
from daybook.firms.models import Lawyer
from daybook.firms.permissions import may
from daybook.firms.queries import access_lawyer
from daybook.sync import accounts, feeds
from daybook.sync import calendars as remote
from daybook.sync import queries as connections
from daybook.sync.flags import told_by
from daybook.sync.models import Connection
from daybook.sync.trouble import RemoteTrouble
from daybook.web.forms import RefusableForm
from daybook.web.office.desks import named_id
from daybook.web.office.typed import ReasonedSelect
from daybook.web.signed_in import OfficeRequest, office

#: Why a calendar cannot receive appointments, by what the connection may do with it; {where} is its provider.
REASONS: dict[str, str] = {
    Calendar.Permission.OWNER: "",
    Calendar.Permission.EDITOR: "",
    Calendar.Permission.VIEWER: "You may only view this calendar in {where}",
    Calendar.Permission.LIMITED: "You may only see when this calendar is busy in {where}",
    Calendar.Permission.NONE: "You have no access to this calendar in {where}",
}
#: How a sentence names where a calendar is.
WHERE: dict[str, str] = {
    Connection.Provider.CLIO: "Clio",
    Connection.Provider.GOOGLE: "Google Calendar",
    Connection.Provider.MICROSOFT: "Outlook",
    Connection.Provider.EXCHANGE: "Exchange",
    Connection.Provider.CALDAV: "its account",
    Connection.Provider.ICS: "its feed",
}

#: What is offered of a lawyer's time while a calendar cannot be read.
HIDE, REQUEST = "hide", "request"

#: What a lawyer is asked about each calendar.
SAID: dict[Standing, str] = {
    Standing.TENTATIVE: "Tentative entries block",
    Standing.UNANSWERED: "Invitations not answered yet block",
    Standing.OUT_OF_OFFICE: "Out-of-office entries block",
    Standing.TRAVEL: "Travel time blocks",
    Standing.FREE: "Entries marked as free block",
    Standing.DECLINED: "Declined invitations block",
}


def tells(calendar: Calendar) -> tuple[Standing, ...]:
    """What entries of this calendar may say beside being there."""
    return told_by(calendar.connection.provider)


def reason_of(calendar: Calendar) -> str:
    """Why appointments cannot be written into a calendar; empty when they can."""
    if calendar.kind == feeds.KIND:
        return "A feed can only be read"
    where = WHERE[calendar.connection.provider]
    if not calendar.present:
        return f"{where[:1].upper()}{where[1:]} no longer lists this calendar"
    if calendar.writable:
        return ""
    return REASONS[calendar.permission].format(where=where) or "This calendar is read-only"


def named(calendar: Calendar) -> str:
    """The name, and whose it is where that helps."""
    owner = calendar.owner_name
    if calendar.connection.lawyer_id is not None and owner == calendar.connection.account_name:
        return calendar.name
    return f"{calendar.name} ({owner})" if owner and owner not in calendar.name else calendar.name


def account_of(calendar: Calendar) -> str:
    """What the calendars of one account stand under."""
    connection = calendar.connection
    if connection.provider == Connection.Provider.ICS:
        return "Calendar feeds"
    if connection.lawyer_id is None:
        return connection.get_provider_display()
    return f"{connection.get_provider_display()} · {connection.account_name}"


def grouped(calendars: list[Calendar]) -> list[tuple[str, list[Calendar]]]:
    """By account: the firm's first, then the lawyer's own, feeds last; within each as they come."""
    last = Connection.Provider.ICS
    order = {
        c.connection_id: (c.connection.lawyer_id is not None, c.connection.provider == last)
        for c in calendars
    }
    found: dict[str, list[Calendar]] = {}
    for calendar in sorted(calendars, key=lambda c: (order[c.connection_id], account_of(c))):
        found.setdefault(account_of(calendar), []).append(calendar)
    return list(found.items())


@dataclass(frozen=True, slots=True)
class Row:
    """One calendar of the page, with its checkboxes drawn already."""

    calendar: Calendar
    name: str
    blocks: forms.BoundField
    all_day: forms.BoundField
    standings: list[forms.BoundField]
    reason: str
    word: str
    tone: str
    note: str


class CalendarsForm(RefusableForm):
    primary = forms.ChoiceField(
        label="Primary Calendar",
        help_text="Appointments are written here, and it always blocks your time.",
        widget=ReasonedSelect,
        error_messages={"required": "Please choose the calendar that receives appointments."},
    )

    unread = forms.ChoiceField(
        label="When a calendar cannot be read",
        choices=[(HIDE, "Show no times"), (REQUEST, "Take requests that I confirm by hand")],
        help_text=(
            "Requests are for the times that were free when the calendars were last read. Each one is kept until you"
            " accept or decline it, for a day at most."
        ),
        widget=forms.RadioSelect,
        required=False,  # a page that was opened before this could be chosen leaves it as it is
    )

    def __init__(
        self, lawyer: Lawyer, calendars: list[Calendar], uses: dict[int, CalendarUse], data: Any = None
    ) -> None:
        self.now = REQUEST if lawyer.requests_when_unread else HIDE
        super().__init__(data, initial={"unread": self.now})
        self.fields["unread"].needed = True
        self.calendars = {calendar.pk: calendar for calendar in calendars}
        primary = self.fields["primary"]
        groups = [(name, [(str(c.pk), named(c)) for c in own]) for name, own in grouped(calendars)]
        # Under its account, also where there is only one: calendars are often called after their owner alone.
        primary.choices = [("", "Choose a calendar"), *groups]
        primary.widget.reasons = {str(c.pk): reason_of(c) for c in calendars}
        primary.required = any(calendar.writable for calendar in calendars)
        primary.initial = next((str(key) for key, use in uses.items() if use.is_primary), "")
        for key, calendar in self.calendars.items():
            use = uses.get(key)
            self.fields[f"blocks_{key}"] = forms.BooleanField(
                required=False, label="Blocks my time", initial=use is not None and use.blocks
            )
            self.fields[f"all_day_{key}"] = forms.BooleanField(
                required=False, label="All-day entries block", initial=use is None or use.all_day_blocks
            )
            chosen = TAKEN_BY_DEFAULT if use is None else use.standings
            for standing in tells(calendar):
                self.fields[f"{standing}_{key}"] = forms.BooleanField(
                    required=False, label=SAID[standing], initial=standing in chosen
                )

    def chosen(self) -> dict[str, Any]:
        """What `choose_calendars` wants to know."""
        typed = self.cleaned_data
        return {
            "blocking": {key: True for key in self.calendars if typed[f"blocks_{key}"]},
            "all_day_blocks": {key: typed[f"all_day_{key}"] for key in self.calendars},
            "standings": {key: self._standings(calendar) for key, calendar in self.calendars.items()},
            "primary": self.calendars[int(typed["primary"])] if typed["primary"] else None,
            "requests_when_unread": (typed["unread"] or self.now) == REQUEST,
        }

    def _standings(self, calendar: Calendar) -> frozenset[Standing]:
        """What was ticked; of what this provider never says, the defaults."""
        asked = set(tells(calendar))
        ticked = {one for one in asked if self.cleaned_data[f"{one}_{calendar.pk}"]}
        return frozenset(ticked | (TAKEN_BY_DEFAULT - asked))


@require_http_methods(["GET", "HEAD", "POST"])
@office("see_integrations")
def manage(request: OfficeRequest) -> HttpResponse:
    lawyer = lawyer_of(request)
    if lawyer is None:
        return render(request, "desk/choose.html", {"next": request.path})
    connection = connections.connection_of(request.actor.firm.pk)
    calendars = sorted(calendars_for(lawyer), key=lambda c: (not c.writable, c.name.lower(), c.pk))
    uses = {use.calendar_id: use for use in uses_of(lawyer)}
    form = CalendarsForm(lawyer, calendars, uses, request.POST if request.method == "POST" else None)
    status = 422 if form.is_bound else 200
    if form.is_valid():
        try:
            operations.choose_calendars(
                lawyer=lawyer, actor=request.actor, now=timezone.now(), **form.chosen()
            )
        except Refusal as refusal:
            form.refuse(refusal)
            status = refusal.status
        else:
            messages.success(request, "Saved. Free times follow as soon as the calendars have been read.")
            return redirect(_here(lawyer))
    context = {
        "lawyer": lawyer,
        "connection": connection,
        "active": connection is not None and connection.state == Connection.State.ACTIVE,
        "form": form,
        "groups": _groups(form, uses, lawyer, timezone.now()),
        "own": accounts.of_lawyer(lawyer),
    }
    return render(request, "firm/calendars.html", context, status=status)


@require_POST
@office("see_integrations")
def refresh(request: OfficeRequest) -> HttpResponse:
    """Ask Clio, and the lawyer's own accounts, for their lists again, now."""
    lawyer = lawyer_of(request)
    if lawyer is None:
        return render(request, "desk/choose.html", {"next": request.path})
    firms, own = connections.connection_of(request.actor.firm.pk), accounts.of_lawyer(lawyer)
    if firms is None and not own:
        raise Http404
    asked = [*([firms] if firms is not None else []), *own]
    troubles = []
    for connection in asked:
        if connection.state != Connection.State.ACTIVE:
            troubles.append("The connection needs to be renewed first, under Integrations.")
            continue
        try:
            remote.refresh_list(connection=connection, now=timezone.now())
        except RemoteTrouble as trouble:
            troubles.append(f"The list is as it was. {trouble.text}")
    for text in troubles:
        messages.warning(request, text)
    if len(troubles) < len(asked):
        messages.success(request, "The list of calendars is up to date.")
    return redirect(_here(lawyer))


def lawyer_of(request: OfficeRequest) -> Lawyer | None:
    """The lawyer in the address, else the one at the desk. Raises Http404 for one this person may not choose for."""
    asked = request.GET.get("lawyer", "")
    if asked:
        return access_lawyer(request.actor, named_id(asked), "choose_calendars")
    own = request.actor.lawyer
    if own is not None:
        return access_lawyer(request.actor, own.pk, "choose_calendars")
    if not may(request.actor, "choose_calendars"):
        raise Http404
    return None


def _here(lawyer: Lawyer) -> str:
    return f"{reverse('manage_calendars')}?{urlencode({'lawyer': lawyer.pk})}"


def _groups(
    form: CalendarsForm, uses: dict[int, CalendarUse], lawyer: Lawyer, now: datetime
) -> list[tuple[str, list[Row]]]:
    """The rows of the page, under the account they belong to."""
    found = grouped(list(form.calendars.values()))
    return [(name, _rows(form, own, uses, lawyer, now)) for name, own in found]


def _rows(
    form: CalendarsForm, own: list[Calendar], uses: dict[int, CalendarUse], lawyer: Lawyer, now: datetime
) -> list[Row]:
    rows = []
    for calendar in own:
        key = calendar.pk
        word, tone, note = state_of(calendar, uses.get(key), lawyer, now)
        rows.append(
            Row(
                calendar,
                named(calendar),
                form[f"blocks_{key}"],
                form[f"all_day_{key}"],
                [form[f"{standing}_{key}"] for standing in tells(calendar)],
                reason_of(calendar),
                word,
                tone,
                note,
            )
        )
    return rows


def state_of(
    calendar: Calendar, use: CalendarUse | None, lawyer: Lawyer, now: datetime
) -> tuple[str, str, str]:
    """A word, its color, and a sentence about how our copy of this calendar stands."""
    read = f"Last read {say_moment(calendar.read_at, lawyer.time_zone)}." if calendar.read_at else ""
    if use is None:
        return "Not used", "plain", ""
    if not use.blocks:
        return "Does not block", "plain", read
    trouble = trouble_of(calendar, now)
    if not trouble:
        return "Blocks", "good", read
    if calendar.read_at is None and not calendar.trouble:
        return "Being read", "info", "Free times are shown once it has been read."
    then = (
        "Until it can be read, clients can only request times."
        if lawyer.requests_when_unread
        else "Free times are hidden until it can be read."
    )
    return "Cannot be read", "bad", f"{trouble} {then} {read}".strip()
