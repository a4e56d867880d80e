"""Book Appointment: a client from the list or a new one, a type, a time."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.safestring import SafeString
from django.views.decorators.http import require_http_methods, require_safe

from daybook.appointments import operations
from daybook.appointments import queries as appointments
from daybook.appointments.models import AppointmentType
from daybook.appointments.operations import ClientDetails
from daybook.appointments.teams import people_of
from daybook.contacts import queries as contacts
from daybook.contacts.models import Contact
from daybook.core import times
from daybook.core.errors import Refusal, UnknownTimeZone
from daybook.core.hours import zone
from daybook.firms.models import Lawyer
from daybook.web.office.choosing import Choices, TimeForm, choices
from daybook.web.office.desks import at_desk, typed
from daybook.web.public.zones import zone_options
from daybook.web.signed_in import OfficeRequest, office

#: Lines of the pick list; one more letter is quicker than scrolling further.
LINES = 12


class BookForm(TimeForm):
    """Everything a booking needs. The contact is who was chosen; name, email and phone are what is kept."""

    contact = forms.IntegerField(required=False, widget=forms.HiddenInput)
    name = forms.CharField(
        label="Name",
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": "Please enter the client's name."},
    )
    email = forms.CharField(
        label="Email",
        max_length=254,
        required=False,
        help_text="Confirmation and reminders go there.",
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    phone = forms.CharField(
        label="Phone",
        max_length=40,
        required=False,
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "off"}),
    )
    zone = forms.CharField(label="Client's time zone", max_length=64, required=False)
    type = forms.ChoiceField(label="Appointment type")
    place = forms.ChoiceField(label="Place", choices=AppointmentType.Place.choices)
    note = forms.CharField(
        label="Note",
        max_length=2000,
        required=False,
        help_text="For your firm only.",
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, lawyer: Lawyer, types: list[AppointmentType], *args: Any, **kwargs: Any) -> None:
        super().__init__(lawyer, *args, **kwargs)
        self._types = {str(one.pk): one for one in types}
        self.fields["type"].choices = [
            (key, f"{one.name} · {times.say_length(timedelta(minutes=one.minutes))}")
            for key, one in self._types.items()
        ]
        asked = str(self["type"].value() or "")
        self.chosen_type = self._types.get(asked) or next(iter(self._types.values()))
        self.fields["place"].choices = places_of(self.chosen_type)
        self.order_fields(
            ["contact", "name", "email", "phone", "zone", "type", "place", "start", "on", "at", "anyway"]
        )

    def clean_zone(self) -> str:
        name = self.cleaned_data["zone"]
        try:
            zone(name) if name else None
        except UnknownTimeZone as refusal:
            raise forms.ValidationError(refusal.text) from refusal
        return name

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        self.ask_outside(self.chosen_type, timezone.now())
        return data

    def details(self) -> ClientDetails:
        data = self.cleaned_data
        return ClientDetails(
            name=data["name"],
            email=data["email"],
            phone=data["phone"],
            place=data["place"],
            time_zone=data["zone"],
        )


def places_of(appointment_type: AppointmentType) -> list[tuple[str, str]]:
    labels = dict(AppointmentType.Place.choices)
    return [(place, labels[place]) for place in appointment_type.places or [AppointmentType.Place.PHONE]]


@require_http_methods(["GET", "HEAD", "POST"])
@at_desk("manage_appointments")
def book(request: OfficeRequest, lawyer: Lawyer) -> HttpResponse:
    """The form; what it refuses comes back on the same page with everything that was typed."""
    types = _types(lawyer)
    if not types:
        return render(request, "desk/no_types.html", {"lawyer": lawyer})
    if request.method != "POST":
        chosen = _contact(request, request.GET.get("contact", ""))
        form = BookForm(lawyer, types, initial=_filled(chosen) if chosen else {})
        return _page(request, lawyer, form)
    if request.POST.get("do"):  # without JavaScript: look a client up, or show a type's times
        return _again(request, lawyer, types)
    form = BookForm(lawyer, types, request.POST)
    if not form.is_valid():
        return _page(request, lawyer, form, status=422)
    try:
        booked = operations.book(
            actor=request.actor,
            appointment_type=form.chosen_type,
            start=form.instant,
            details=form.details(),
            now=timezone.now(),
            contact=_contact(request, str(form.cleaned_data["contact"] or "")),
            note=form.cleaned_data["note"],
        )
    except Refusal as refusal:
        form.refuse(refusal)
        return _page(request, lawyer, form, status=refusal.status)
    when = times.say(booked.start, booked.end, lawyer.time_zone, booked.client_time_zone)
    met = ""
    if form.chosen_type.has_team:
        met = f" {' and '.join(one.name for one in people_of(booked))} will be there."
    messages.success(request, f"Booked: {form.chosen_type.name} with {booked.client_name}, {when}.{met}")
    return redirect("dashboard")


def _types(lawyer: Lawyer) -> list[AppointmentType]:
    return list(appointments.types_of(lawyer).filter(active=True))


def _contact(request: OfficeRequest, asked: str) -> Contact | None:
    """The contact named in the form. One of another firm is a 404, not a hint."""
    if not asked:
        return None
    if not (asked.isascii() and asked.isdigit() and len(asked) < 19):
        raise Http404
    return contacts.access_contact(request.actor, int(asked))


def _filled(contact: Contact) -> dict[str, Any]:
    email, phone = contact.emails.first(), contact.phones.first()
    return {
        "contact": contact.pk,
        "name": contact.name,
        "email": email.address if email else "",
        "phone": phone.number if phone else "",
    }


def _again(request: OfficeRequest, lawyer: Lawyer, types: list[AppointmentType]) -> HttpResponse:
    kept = {name: request.POST.get(name, "") for name in BookForm.base_fields}
    found = None
    match request.POST["do"]:
        case "search":
            found = contacts.type_ahead(request.actor.firm, typed(request.POST, "client"), LINES)
        case "fill":
            chosen = _contact(request, request.POST.get("picked", ""))
            kept |= _filled(chosen) if chosen else {}
    form = BookForm(lawyer, types, initial=kept)
    return _page(request, lawyer, form, found=found, client=typed(request.POST, "client"))


def _page(
    request: OfficeRequest,
    lawyer: Lawyer,
    form: BookForm,
    *,
    status: int = 200,
    found: list[contacts.Suggestion] | None = None,
    client: str = "",
) -> HttpResponse:
    context = {
        "lawyer": lawyer,
        "form": form,
        "found": found,
        "client": client,
        "chosen": _contact(request, str(form["contact"].value() or "")),
        "zone_options": _zones(str(form["zone"].value() or ""), lawyer),
        "times": _times(request, form.chosen_type),
        "times_url": "book_times",
    }
    return render(request, "desk/book.html", context, status=status)


def _zones(chosen: str, lawyer: Lawyer) -> SafeString:
    try:
        zone(chosen)
    except UnknownTimeZone:
        chosen = lawyer.time_zone
    return zone_options(chosen)


def _times(request: OfficeRequest, appointment_type: AppointmentType) -> Choices:
    first = request.GET.get("from", "") or request.POST.get("from", "")
    return choices(appointment_type, first=first, now=timezone.now())


@require_safe
@at_desk("manage_appointments")
def book_times(request: OfficeRequest, lawyer: Lawyer) -> HttpResponse:
    """The places and the free times of a type, as a part of the page."""
    asked = request.GET.get("type", "")
    chosen = next((one for one in _types(lawyer) if str(one.pk) == asked), None)
    if chosen is None:
        raise Http404
    form = BookForm(lawyer, [chosen], initial={"type": asked, "place": request.GET.get("place", "")})
    context = {"form": form, "times": _times(request, chosen), "times_url": "book_times"}
    return render(request, "desk/offer.html", context)


@require_safe
@office("see_contacts")
def suggest_clients(request: OfficeRequest) -> JsonResponse:
    """The lines of the pick list for what was typed so far."""
    found = contacts.type_ahead(request.actor.firm, typed(request.GET, "q"), LINES)
    lines = [
        {
            "id": one.id,
            "name": one.name,
            "email": one.email,
            "phone": one.phone,
            "note": one.company or one.email or one.phone,
        }
        for one in found
    ]
    return JsonResponse({"clients": lines}, headers={"Cache-Control": "private, no-store"})
