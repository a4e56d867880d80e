"""One appointment: everything of it, and moving, cancelling, correcting and looking back on it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from daybook.appointments import operations, queries
from daybook.appointments.models import Appointment
from daybook.appointments.operations import ClientDetails
from daybook.core import lifecycle, times
from daybook.core.errors import ChangedMeanwhile, NotAllowedNow, Refusal
from daybook.firms.permissions import Actor, may
from daybook.messaging import queries as messaging
from daybook.sync import proposals, pushes, whereabouts
from daybook.sync import queries as sync
from daybook.sync.models import Connection
from daybook.web.forms import RefusableForm, stale
from daybook.web.office import consequences
from daybook.web.office.booking import places_of
from daybook.web.office.choosing import TimeForm, choices
from daybook.web.office.history import history
from daybook.web.office.payments_fee import fee_of
from daybook.web.office.proposals import changed
from daybook.web.office.shown import MOST_LOOKS, OUTCOMES, Row, bill_text, row, say_worked
from daybook.web.public.zones import zone_options
from daybook.web.signed_in import OfficeRequest, office

FIRM = Appointment.Party.FIRM

#: How a message stands, and the tone of that word.
MESSAGE_TONES: dict[str, str] = {"queued": "info", "sent": "good", "dropped": "plain", "failed": "bad"}


def shown(actor: Actor, appointment: Appointment, *, looks: int = 0) -> tuple[Row, Connection | None]:
    """The appointment as its pages show it, and the firm's connection to Clio."""
    connection = sync.connection_of(actor.firm.pk)
    zone = appointment.lawyer.time_zone
    now = timezone.now()
    edited = proposals.open_of(appointment.pk) is not None
    one = row(
        appointment,
        actor=actor,
        zone=zone,
        connection=connection,
        now=now,
        looks=looks,
        edited=edited,
        stays=whereabouts.left_behind([appointment]).get(appointment.pk, ""),
    )
    return one, connection


@require_safe
@office()
def appointment(request: OfficeRequest, appointment_id: int) -> HttpResponse:
    """Everything of it."""
    found = queries.access_appointment(request.actor, appointment_id)
    one, connection = shown(request.actor, found)
    entry = getattr(found, "time_entry", None)
    zone = found.lawyer.time_zone
    proposal = proposals.open_of(found.pk) if one.may_move else None
    context = {
        "appointment": found,
        "row": one,
        "sides": consequences.of_now(found, connection),
        "changed": changed(proposal) if proposal is not None else None,
        "entry": entry,
        "entry_hours": say_worked(entry.seconds) if entry else "",
        "entry_bill": bill_text(entry),
        "messages_sent": [
            (message, MESSAGE_TONES.get(message.state, "plain"), message.get_state_display())
            for message in messaging.messages_of(found)
        ],
        "silent": messaging.why_silent(found),
        "fee": fee_of(found),
        "history": history(found, zone),
        "may_contact": may(request.actor, "see_contacts"),
    }
    return render(request, "desk/appointment.html", context)


@require_safe
@office()
def sync_state(request: OfficeRequest, appointment_id: int) -> HttpResponse:
    """How far Clio is, as a part of a page; asks again by itself while that is worth it."""
    found = queries.access_appointment(request.actor, appointment_id)
    asked = request.GET.get("looks", "")
    looks = min(int(asked), MOST_LOOKS) if asked.isascii() and asked.isdigit() and len(asked) < 4 else 0
    one, _ = shown(request.actor, found, looks=looks)
    return render(request, "desk/sync.html", {"row": one})


@require_POST
@office()
def retry_push(request: OfficeRequest, appointment_id: int) -> HttpResponse:
    """Try Clio again at once."""
    found = queries.access_appointment(request.actor, appointment_id, "manage_appointments")
    pushes.retry(actor=request.actor, appointment=found, now=timezone.now())
    messages.info(request, "Daybook is trying again.")
    if request.POST.get("next"):
        return redirect("dashboard")
    return redirect("appointment", found.pk)


class MoveForm(TimeForm):
    """Another time for an appointment."""

    def __init__(self, appointment: Appointment, *args: Any, **kwargs: Any) -> None:
        super().__init__(appointment.lawyer, *args, **kwargs)
        self._type = appointment.appointment_type
        self.fields["anyway"].label = "Move it anyway"

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        self.ask_outside(self._type, timezone.now())
        return data


@require_http_methods(["GET", "HEAD", "POST"])
@office()
def reschedule(request: OfficeRequest, appointment_id: int) -> HttpResponse:
    """Choose another time: one of the free ones, or any other."""
    found = queries.access_appointment(request.actor, appointment_id, "manage_appointments")
    now = timezone.now()
    lifecycle.may_move(lifecycle.State(found.state), lifecycle.Actor.FIRM, start=found.start, now=now)
    form = MoveForm(found, request.POST if request.method == "POST" else None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                moved = operations.reschedule(
                    appointment=found, start=form.instant, by=FIRM, now=now, actor=request.actor
                )
            except Refusal as refusal:
                form.refuse(refusal)
                status = refusal.status
            else:
                when = times.say(moved.start, moved.end, found.lawyer.time_zone)
                messages.success(request, f"Moved to {when}.")
                return redirect("appointment", found.pk)
    one, connection = shown(request.actor, found)
    context = {
        "appointment": found,
        "row": one,
        "form": form,
        "consequences": consequences.of_moving(found, connection, now),
        "times": choices(found.appointment_type, first=request.GET.get("from", ""), now=now, moved=found),
        "times_url": "move_times",
    }
    return render(request, "desk/reschedule.html", context, status=status)


@require_safe
@office()
def move_times(request: OfficeRequest, appointment_id: int) -> HttpResponse:
    """Other days' free times, as a part of the page."""
    found = queries.access_appointment(request.actor, appointment_id, "manage_appointments")
    first = request.GET.get("from", "")
    context = {
        "appointment": found,
        "form": MoveForm(found),
        "times": choices(found.appointment_type, first=first, now=timezone.now(), moved=found),
        "times_url": "move_times",
    }
    return render(request, "desk/times.html", context)


class CancelForm(RefusableForm):
    asked = forms.BooleanField(
        label="The client asked to cancel",
        required=False,
        help_text="Then it counts as cancelled by the client; at short notice, as a late cancellation if you record that.",
    )
    reason = forms.CharField(
        label="Reason",
        required=False,
        max_length=300,
        help_text="For your firm only.",
        widget=forms.Textarea(attrs={"rows": 2}),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@office()
def cancel_appointment(request: OfficeRequest, appointment_id: int) -> HttpResponse:
    """Ask once, saying what happens in Clio; then call it off."""
    found = queries.access_appointment(request.actor, appointment_id, "manage_appointments")
    now = timezone.now()
    lifecycle.may_cancel(lifecycle.State(found.state), lifecycle.Actor.FIRM, start=found.start, now=now)
    form = CancelForm(request.POST if request.method == "POST" else None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                if stale(request.POST.get("sequence"), found.sequence):
                    raise ChangedMeanwhile
                operations.cancel(
                    appointment=found,
                    by=FIRM,
                    now=now,
                    reason=form.cleaned_data["reason"],
                    actor=request.actor,
                    for_client=form.cleaned_data["asked"],
                )
            except Refusal as refusal:
                form.refuse(refusal)
                status = refusal.status
            else:
                messages.success(request, f"The appointment with {found.client_name} is cancelled.")
                return redirect("appointment", found.pk)
    one, connection = shown(request.actor, found)
    context = {
        "appointment": found,
        "row": one,
        "form": form,
        "consequences": consequences.of_cancelling(found, connection, now),
    }
    return render(request, "desk/cancel.html", context, status=status)


@require_POST
@office()
def record_outcome(request: OfficeRequest, appointment_id: int) -> HttpResponse:
    """Attended, no-show, late cancellation; or take that back."""
    found = queries.access_appointment(request.actor, appointment_id, "manage_appointments")
    asked = request.POST.get("outcome", "")
    outcome = "" if asked == "none" else asked
    if asked != "none" and asked not in OUTCOMES:
        raise NotAllowedNow("Please choose one of the outcomes shown.")
    operations.record_outcome(appointment=found, outcome=outcome, now=timezone.now(), actor=request.actor)
    words = OUTCOMES[outcome][0] if outcome else "The outcome was taken back"
    messages.success(request, f"{found.client_name}: {words}.")
    if request.POST.get("next"):
        return redirect("past" if request.POST["next"] == "past" else "dashboard")
    return redirect("appointment", found.pk)


class DetailsForm(RefusableForm):
    """What an appointment says of its client, its place, and the firm's note."""

    name = forms.CharField(
        label="Name", max_length=200, error_messages={"required": "Please enter the client's name."}
    )
    email = forms.CharField(label="Email", max_length=254, required=False, widget=forms.EmailInput)
    phone = forms.CharField(
        label="Phone", max_length=40, required=False, widget=forms.TextInput(attrs={"type": "tel"})
    )
    place = forms.ChoiceField(label="Place")
    note = forms.CharField(
        label="Note",
        max_length=2000,
        required=False,
        help_text="For your firm only.",
        widget=forms.Textarea(attrs={"rows": 5}),
    )
    zone = forms.CharField(label="Client's time zone", max_length=64, required=False)

    def __init__(self, found: Appointment, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["place"].choices = places_of(found.appointment_type)


@require_http_methods(["GET", "HEAD", "POST"])
@office()
def change_details(request: OfficeRequest, appointment_id: int) -> HttpResponse:
    """Correct who and where, or write the firm's note; the time stays."""
    found = queries.access_appointment(request.actor, appointment_id, "manage_appointments")
    if found.state != Appointment.State.CONFIRMED:
        raise NotAllowedNow("Only the details of a confirmed appointment can be changed.")
    now = {
        "name": found.client_name,
        "email": found.client_email,
        "phone": found.client_phone,
        "place": found.place,
        "note": found.note,
        "zone": found.client_time_zone,
    }
    form = DetailsForm(found, request.POST if request.method == "POST" else None, initial=now)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            data = form.cleaned_data
            try:
                operations.change_details(
                    appointment=found,
                    details=ClientDetails(
                        data["name"], data["email"], data["phone"], data["place"], data["zone"]
                    ),
                    note=data["note"],
                    now=timezone.now(),
                    actor=request.actor,
                )
            except Refusal as refusal:
                form.refuse(refusal)
                status = refusal.status
            else:
                messages.success(request, "Saved.")
                return redirect("appointment", found.pk)
    context = {
        "appointment": found,
        "row": shown(request.actor, found)[0],
        "form": form,
        "zone_options": zone_options(found.client_time_zone or found.lawyer.time_zone),
    }
    return render(request, "desk/change.html", context, status=status)
