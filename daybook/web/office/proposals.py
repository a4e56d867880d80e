"""What was changed in a calendar, put to whoever may answer: both times, what each answer does, and the answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from daybook.core import lifecycle, times
from daybook.core.errors import Refusal
from daybook.firms.models import Lawyer
from daybook.firms.permissions import Actor
from daybook.sync import proposals, whereabouts
from daybook.sync import queries as sync
from daybook.sync.models import Connection, Proposal
from daybook.sync.proposals import AnsweredAlready
from daybook.web.forms import RefusableForm
from daybook.web.office import consequences
from daybook.web.office.choosing import outside_hours
from daybook.web.signed_in import OfficeRequest, office

Kind = Proposal.Kind

#: What happened over there, as a heading ends.
HEADINGS: dict[str, str] = {
    Kind.MOVED: "moved in {calendar}",
    Kind.UNTIMED: "changed in {calendar}",
    Kind.DELETED: "deleted from {calendar}",
}
#: Where the entry is now, when it has no time of its own.
ELSEWHERE: dict[str, str] = {
    Kind.UNTIMED: "On a whole day, or further away than Daybook reads",
    Kind.DELETED: "Deleted",
}


#: What the appointment keeps meanwhile: there is a second time only where the entry tells one.
BLOCKED: dict[str, str] = {
    Kind.MOVED: "both times stay blocked",
    Kind.UNTIMED: "its time stays blocked",
    Kind.DELETED: "its time stays blocked",
}


@dataclass(frozen=True, slots=True)
class Changed:
    """What was changed, as the appointment's own page says it."""

    proposal: Proposal
    what: str  # "moved in Google Calendar, alice@firm.example"
    blocked: str


def place_of(proposal: Proposal) -> str:
    """The calendar with its service: "Google Calendar, alice@firm.example"."""
    spot = whereabouts.spot_of(proposal)
    return spot.full if spot is not None else proposal.calendar


def changed(proposal: Proposal) -> Changed:
    what = HEADINGS[proposal.kind].format(calendar=place_of(proposal))
    return Changed(proposal, what, BLOCKED[proposal.kind])


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer: what its button says, and what it does in sentences."""

    value: str
    words: str
    sentences: tuple[str, ...]
    tone: str = ""  # the button's


@dataclass(frozen=True, slots=True)
class Card:
    """One proposal as its card shows it."""

    proposal: Proposal
    title: str
    place: str
    blocked: str
    here: str
    there: str
    noticed: str
    choices: tuple[Choice, ...]
    note: str  # why the time over there cannot be taken over, if so
    may_tell: bool  # there is somebody to be told


class ProposalForm(RefusableForm):
    """An answer, and whether the client hears of it."""

    answer = forms.CharField(widget=forms.HiddenInput, required=False)
    edits = forms.IntegerField(widget=forms.HiddenInput, min_value=0, max_value=2**31 - 1)
    tell = forms.BooleanField(label="Tell the client by email", required=False, initial=True)
    anyway = forms.BooleanField(label="Move it anyway", required=False)


def cards(actor: Actor, lawyer: Lawyer, now: datetime) -> tuple[Card, ...]:
    """What waits at the lawyer's desk, longest first."""
    connection = sync.connection_of(actor.firm.pk)
    return tuple(card(one, connection, now) for one in proposals.open_at(actor, lawyer.pk))


def card(proposal: Proposal, connection: Connection | None, now: datetime) -> Card:
    appointment, zone = proposal.appointment, proposal.appointment.lawyer.time_zone
    who = appointment.client_name or "An appointment"
    return Card(
        proposal=proposal,
        title=f"{who}: {changed(proposal).what}",
        place=place_of(proposal),
        blocked=BLOCKED[proposal.kind],
        here=times.say(appointment.start, appointment.end, zone),
        there=_there(proposal, zone),
        noticed=times.say_moment(proposal.noticed_at, zone),
        choices=_choices(proposal, connection, now),
        note=_note(proposal, now),
        may_tell=bool(appointment.client_email) and appointment.end > now,
    )


def _there(proposal: Proposal, zone: str) -> str:
    if proposal.start is None or proposal.end is None:
        return ELSEWHERE[proposal.kind]
    return times.say(proposal.start, proposal.end, zone)


def _choices(proposal: Proposal, connection: Connection | None, now: datetime) -> tuple[Choice, ...]:
    appointment, found = proposal.appointment, []
    if proposal.kind == Kind.MOVED and not _is_past(proposal, now):
        sentences = consequences.of_following(proposal, connection, now)
        found.append(Choice("reschedule", "Reschedule", sentences, "primary"))
    sentences = consequences.of_cancelling(appointment, connection, now, told=True)
    found.append(Choice("cancel", "Cancel appointment", sentences, "danger"))
    found.append(Choice("restore", "Restore in calendar", consequences.of_restoring(proposal)))
    return tuple(found)


def _is_past(proposal: Proposal, now: datetime) -> bool:
    """What lies ahead cannot be moved into the past; what is over may be put right."""
    return proposal.start is not None and proposal.start < now < proposal.appointment.start


def _note(proposal: Proposal, now: datetime) -> str:
    if _is_past(proposal, now):
        return "That time has passed, so the appointment cannot be moved there."
    if proposal.kind == Kind.UNTIMED:
        return (
            "The calendar tells no time to move to. To choose one, open the appointment and press Reschedule."
        )
    return ""


@require_http_methods(["GET", "HEAD", "POST"])
@office()
def proposal(request: OfficeRequest, proposal_id: int) -> HttpResponse:
    """One proposal, and its answer."""
    found = proposals.access_proposal(request.actor, proposal_id)
    now = timezone.now()
    if found.answered_at is not None:
        messages.info(request, AnsweredAlready.says)
        return redirect("appointment", found.appointment_id)
    form = ProposalForm(request.POST if request.method == "POST" else None, initial={"edits": found.edits})
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid() and _asked(form, found, now):
            try:
                words = ANSWERS[form.cleaned_data["answer"]](request.actor, found, form, now)
            except AnsweredAlready as refusal:
                messages.info(request, refusal.text)
                return redirect("appointment", found.appointment_id)
            except Refusal as refusal:
                form.refuse(refusal)
                status = refusal.status
            else:
                messages.success(request, words)
                return redirect("dashboard")
        found.refresh_from_db(fields=["kind", "start", "end", "edits", "noticed_at"])
    one = card(found, sync.connection_of(request.actor.firm.pk), now)
    return render(request, "desk/proposal.html", {"card": one, "form": form}, status=status)


def _asked(form: ProposalForm, found: Proposal, now: datetime) -> bool:
    """Whether everything has been said that must be: an answer, and that hours may be overlooked."""
    answer = form.cleaned_data["answer"]
    if answer not in ANSWERS:
        form.add_error(None, "Please choose one of the answers shown.")
        return False
    start = found.start
    if answer != "reschedule" or start is None or start < now or form.cleaned_data["anyway"]:
        return True
    if outside_hours(found.appointment.appointment_type, start):
        form.add_error("anyway", f"Outside {found.lawyer.name}’s hours.")
        return False
    return True


def _reschedule(actor: Actor, found: Proposal, form: ProposalForm, now: datetime) -> str:
    moved = proposals.reschedule(
        actor=actor,
        proposal=found,
        edits_seen=form.cleaned_data["edits"],
        tell_client=form.cleaned_data["tell"],
        now=now,
    )
    return f"Moved to {times.say(moved.start, moved.end, found.lawyer.time_zone)}."


def _cancel(actor: Actor, found: Proposal, form: ProposalForm, now: datetime) -> str:
    lifecycle.may_cancel(
        lifecycle.State(found.appointment.state),
        lifecycle.Actor.FIRM,
        start=found.appointment.start,
        now=now,
    )
    proposals.cancel(
        actor=actor,
        proposal=found,
        edits_seen=form.cleaned_data["edits"],
        tell_client=form.cleaned_data["tell"],
        now=now,
    )
    return f"The appointment with {found.appointment.client_name} is cancelled."


def _restore(actor: Actor, found: Proposal, form: ProposalForm, now: datetime) -> str:
    proposals.restore(actor=actor, proposal=found, edits_seen=form.cleaned_data["edits"], now=now)
    return "The appointment stays, and its calendar is put right."


#: What each button does; each returns the sentence that says so.
ANSWERS: dict[str, Callable[[Actor, Proposal, ProposalForm, datetime], str]] = {
    "reschedule": _reschedule,
    "cancel": _cancel,
    "restore": _restore,
}
