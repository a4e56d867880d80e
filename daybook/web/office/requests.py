"""What clients have requested: who, when and why, the day around it, and the firm's answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from daybook.appointments import queries
from daybook.appointments.agenda import Line, agenda, requests
from daybook.appointments.models import Appointment
from daybook.appointments.operations import answering
from daybook.appointments.teams import people_of
from daybook.calendars import queries as calendars
from daybook.core import lifecycle, times
from daybook.core.errors import BusyElsewhere, NotAllowedNow, Refusal
from daybook.core.hours import local_day, to_local
from daybook.core.reasons import STANDINGS
from daybook.core.requests import may_answer
from daybook.firms.models import Lawyer
from daybook.firms.permissions import Actor, may
from daybook.firms.queries import access_lawyer
from daybook.sync import accounts
from daybook.sync import calendars as remote
from daybook.web.forms import RefusableForm
from daybook.web.signed_in import OfficeRequest, office

Because = Appointment.Because

#: So many stand on the dashboard with their day; each of the others has a page of its own.
SHOWN = 5

#: Why it is only a request, as its card says it.
BECAUSE: dict[str, str] = {
    Because.UNREAD: "A calendar could not be read when it was made, so nothing could be promised.",
    Because.TYPE: "This appointment type is by request.",
    Because.CONFLICT: "It may touch somebody else whom the firm acts for.",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the day's agenda."""

    time: str
    words: str
    tone: str  # of the badge; "" for none
    badge: str
    is_it: bool  # the request itself
    whose: str  # where several take part


@dataclass(frozen=True, slots=True)
class Repair:
    """A calendar that cannot be read, and what mends it: an address to go to, or one to post to."""

    text: str
    words: str
    url: str
    posts: bool


@dataclass(frozen=True, slots=True)
class Card:
    """One request with everything needed to answer it."""

    appointment: Appointment
    when: str
    for_client: str
    answer_by: str
    because: str
    detail: str
    day: str
    entries: tuple[Entry, ...]
    together: str
    repairs: tuple[Repair, ...]


@dataclass(frozen=True, slots=True)
class Waiting:
    """The card of the dashboard: so many wait, the first of them with their day."""

    number: int
    cards: tuple[Card, ...]
    more: tuple[tuple[Appointment, str], ...]


class AnswerForm(RefusableForm):
    """The firm's answer to a request."""

    answer = forms.CharField(widget=forms.HiddenInput, required=False)
    line = forms.CharField(
        label="A line to the client",
        max_length=300,
        required=False,
        help_text="Sent if you decline. No reason is given otherwise.",
    )
    anyway = forms.BooleanField(label="Accept it anyway", required=False)


def waiting(actor: Actor, lawyer: Lawyer, now: datetime) -> Waiting | None:
    """What waits at a lawyer's desk, what ends soonest first; None when nothing does or this person may not answer."""
    if not may(actor, "manage_appointments", lawyer):
        return None
    found = list(requests([lawyer.pk]))
    if not found:
        return None
    rest = tuple((one, times.say(one.start, one.end, lawyer.time_zone)) for one in found[SHOWN:])
    return Waiting(len(found), tuple(card(actor, one, now) for one in found[:SHOWN]), rest)


def card(actor: Actor, found: Appointment, now: datetime) -> Card:
    zone = found.lawyer.time_zone
    people = people_of(found)
    on = local_day(found.start, zone)
    client_zone = found.client_time_zone
    differs = client_zone and not times.same_clock(client_zone, zone, found.start)
    until = found.answer_by
    return Card(
        appointment=found,
        when=times.say(found.start, found.end, zone),
        for_client=times.say(found.start, found.end, client_zone) if differs else "",
        answer_by=times.say_moment(until, zone) if until else "",
        because=BECAUSE.get(found.requested_because, ""),
        detail=found.request_detail,
        day=times.say_day(on),
        entries=tuple(
            _entry(line, found, one if len(people) > 1 else None, zone)
            for one in people
            if may(actor, "see_appointments", one)
            for line in agenda(one, on, now, linked_calendar_id=found.appointment_type.linked_calendar_id)
        ),
        together=", ".join(one.name for one in people[1:]),
        repairs=_repairs(actor, people, now),
    )


def _entry(line: Line, found: Appointment, whose: Lawyer | None, zone: str) -> Entry:
    own, name = line.appointment, whose.name if whose else ""
    time = "All day" if line.all_day else _span(line.start, line.end, zone)
    if own is None:
        return Entry(time, f"{STANDINGS[line.standing].capitalize()}, {line.calendar}", "", "", False, name)
    if own.state == Appointment.State.HELD:
        return Entry(time, f"Being booked online, {own.appointment_type.name}", "", "", False, name)
    words = f"{own.client_name}, {own.appointment_type.name}"
    asked = own.state == Appointment.State.REQUESTED
    is_it = own.pk == found.pk
    badge = "This request" if is_it else "Requested" if asked else ""
    return Entry(time, words, "warn" if badge else "", badge, is_it, name)


def _span(start: datetime, end: datetime, zone: str) -> str:
    first, last = to_local(start, zone), to_local(end, zone)
    if first.date() != last.date() or first.utcoffset() != last.utcoffset():
        return times.say(start, end, zone)
    return f"{times.say_time(start, zone)} – {times.say_time(end, zone)}"


def _repairs(actor: Actor, people: tuple[Lawyer, ...], now: datetime) -> tuple[Repair, ...]:
    """What keeps these people's calendars from being read now, and the one click that mends it."""
    found = []
    for use, text in calendars.troubled_calendars([one.pk for one in people], now):
        lawyer = use.lawyer
        connection_id = use.calendar.connection_id
        if accounts.is_broken(connection_id):
            own = use.calendar.connection.lawyer_id is not None
            name = "account_reconnect" if own else "integrations"
            allowed = may(actor, "choose_calendars", lawyer) if own else may(actor, "connect_firm")
            url = reverse(name, args=[connection_id] if own else []) if allowed else ""
            found.append(Repair(f"{use.calendar.name} cannot be read: {text}", "Reconnect", url, False))
        else:
            url = reverse("read_again", args=[lawyer.pk])
            found.append(Repair(f"{use.calendar.name} cannot be read: {text}", "Try again", url, True))
    return tuple(found)


@require_http_methods(["GET", "HEAD", "POST"])
@office()
def request_to_answer(request: OfficeRequest, appointment_id: int) -> HttpResponse:
    """One request, and its answer."""
    found = queries.access_appointment(request.actor, appointment_id, "manage_appointments")
    now = timezone.now()
    try:
        may_answer(lifecycle.State(found.state), lifecycle.Action.DECLINE, start=found.start, now=now)
    except NotAllowedNow as refusal:  # somebody was quicker, or the client has withdrawn it
        messages.info(request, refusal.text)
        return redirect("appointment", found.pk)
    form = AnswerForm(request.POST if request.method == "POST" else None)
    status = 200
    clash = False
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                words = _answer(request.actor, found, form, now)
            except NotAllowedNow as refusal:
                messages.info(request, refusal.text)
                return redirect("appointment", found.pk)
            except Refusal as refusal:
                form.refuse(refusal)
                status, clash = refusal.status, isinstance(refusal, BusyElsewhere)
            else:
                messages.success(request, words)
                return redirect("dashboard")
    context = {
        "card": card(request.actor, found, now),
        "form": form,
        "clashes": _clashes(found) if clash else (),
        "asks_anyway": clash or bool(form["anyway"].value()),
    }
    return render(request, "desk/request.html", context, status=status)


def _answer(actor: Actor, found: Appointment, form: AnswerForm, now: datetime) -> str:
    typed = form.cleaned_data
    when = times.say_start(found.start, found.lawyer.time_zone)
    if typed["answer"] == "accept":
        answering.accept(appointment=found, actor=actor, now=now, anyway=typed["anyway"])
        return f"Accepted: {found.client_name}, {when}. The confirmation is on its way."
    if typed["answer"] == "decline":
        answering.decline(appointment=found, actor=actor, now=now, line=typed["line"])
        return f"Declined: {found.client_name}, {when}. The time is free again, and the client is told."
    raise AnswerMissing


class AnswerMissing(Refusal):
    """Neither button was pressed."""

    says = "Please accept or decline the request."
    status = 422


def _clashes(found: Appointment) -> tuple[str, ...]:
    """What other calendars hold over the request, a sentence each."""
    zone = found.lawyer.time_zone
    sentences = []
    for entry in answering.in_the_way(found):
        start, end = (datetime.fromtimestamp(second, UTC) for second in (entry.start, entry.end))
        span = "all day" if entry.all_day else _span(start, end, zone)
        sentences.append(f"In {entry.calendar}: {STANDINGS[entry.standing]}, {span}.")
    return tuple(sentences)


@require_POST
@office()
def read_again(request: OfficeRequest, lawyer_id: int) -> HttpResponse:
    """Read now what could not be read of a lawyer's calendars, and say how that went."""
    lawyer = access_lawyer(request.actor, lawyer_id, "see_appointments")
    now = timezone.now()
    troubled = [use.calendar_id for use, _ in calendars.troubled_calendars([lawyer.pk], now)]
    remote.look_again(calendar_ids=troubled, now=now)
    still = calendars.troubled_calendars([lawyer.pk], timezone.now())
    for use, text in still:
        messages.warning(request, f"{use.calendar.name} still cannot be read: {text}")
    if not still:
        messages.success(request, f"All calendars of {lawyer.name} can be read.")
    return redirect("dashboard")
