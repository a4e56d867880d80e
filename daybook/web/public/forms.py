"""What a client is asked when booking: who they are, how to meet, and the type's own questions. Nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms

from daybook.appointments.models import AppointmentType
from daybook.appointments.operations import ClientDetails
from daybook.contacts.phones import parse_phone
from daybook.core.errors import Refusal
from daybook.core.people import clean_name, normalise_email
from daybook.web.forms import RefusableForm

YES_NO = [("Yes", "Yes"), ("No", "No")]


class DetailsForm(RefusableForm):
    name = forms.CharField(
        label="Your name",
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        error_messages={"required": "Please enter your name."},
    )
    email = forms.CharField(
        label="Email",
        max_length=254,
        help_text="The confirmation goes there, with links to move or cancel.",
        widget=forms.EmailInput(attrs={"autocomplete": "email", "inputmode": "email"}),
        error_messages={"required": "Please enter your email address."},
    )
    phone = forms.CharField(
        label="Phone",
        max_length=40,
        required=False,
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"}),
        error_messages={"required": "Please enter the phone number we should call."},
    )

    def __init__(self, appointment_type: AppointmentType, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._type = appointment_type
        self._questions = list(appointment_type.questions)
        places = list(appointment_type.places)
        by_phone = AppointmentType.Place.PHONE in places or not places
        if len(places) > 1:
            labels = dict(AppointmentType.Place.choices)
            self.fields["place"] = forms.ChoiceField(
                label="How would you like to meet?",
                choices=[(place, labels[place]) for place in places],
                widget=forms.RadioSelect,
                error_messages={"required": "Please choose how you would like to meet."},
            )
            if by_phone:
                phone = self.fields["phone"]
                phone.help_text = "We need it if we meet by phone; otherwise you may leave it out."
                phone.needed = True  # so the label does not call it optional
        elif by_phone:
            self.fields["phone"].required = True
            self.fields["phone"].help_text = "This is the number we will call."
        for number, question in enumerate(self._questions):
            self.fields[f"question_{number}"] = _field(question)
        self.order_fields(["name", "email", "place", "phone"])

    # Checked again when booking; here so that everything wrong is told at once.

    def clean_name(self) -> str:
        return _checked(clean_name, self.cleaned_data["name"])

    def clean_email(self) -> str:
        try:
            return normalise_email(self.cleaned_data["email"])
        except Refusal as refusal:
            raise forms.ValidationError(
                "Please enter an email address such as dana@example.com."
            ) from refusal

    def clean_phone(self) -> str:
        typed = self.cleaned_data["phone"]
        if typed:
            _checked(lambda text: parse_phone(text, self._type.firm.country), typed)
        return typed  # as written: it may be shown again

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if data.get("place") == AppointmentType.Place.PHONE and data.get("phone") == "":
            self.add_error("phone", self.fields["phone"].error_messages["required"])
        return data

    def details(self, time_zone: str) -> ClientDetails:
        data = self.cleaned_data
        return ClientDetails(
            name=data["name"],
            email=data["email"],
            phone=data["phone"],
            place=data.get("place", ""),
            time_zone=time_zone,
            answers=[data[f"question_{number}"] for number in range(len(self._questions))],
        )


def _checked(check: Callable[[str], str], text: str) -> str:
    try:
        return check(text)
    except Refusal as refusal:
        raise forms.ValidationError(refusal.text) from refusal


def _field(question: dict[str, Any]) -> forms.Field:
    common: dict[str, Any] = {
        "label": question["label"],
        "required": bool(question.get("required")),
        "error_messages": {"required": "Please answer this question."},
    }
    match question.get("kind"):
        case "yes_no":
            return forms.ChoiceField(choices=YES_NO, widget=forms.RadioSelect, **common)
        case "text":
            return forms.CharField(max_length=4000, widget=forms.Textarea(attrs={"rows": 4}), **common)
        case _:
            return forms.CharField(max_length=400, **common)
