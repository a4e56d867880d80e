"""Forms of signing up."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from allauth.account.forms import SignupForm
from django import forms
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from daybook.core.errors import Refusal
from daybook.core.people import clean_name, normalise_email
from daybook.firms.models import User
from daybook.firms.operations import sign_up
from daybook.web.office.choices import countries, zones

HOW_TO_CHOOSE = "At least 10 characters. A few unrelated words are easy to keep in mind."


class FirmSignUpForm(SignupForm):  # type: ignore[misc]
    """Opens a firm with its first administrator."""

    firm_name = forms.CharField(
        label="Firm name",
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
        error_messages={"required": "Please enter the name of your firm."},
    )
    name = forms.CharField(
        label="Your name",
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        error_messages={"required": "Please enter your name."},
    )
    time_zone = forms.ChoiceField(
        label="Time zone",
        help_text="Where the firm works. Each lawyer can have a zone of their own.",
        widget=forms.Select(attrs={"data-own-zone": ""}),
        initial="America/Denver",
    )
    country = forms.ChoiceField(
        label="Country", help_text="Reads phone numbers written without a country code.", initial="US"
    )
    is_lawyer = forms.BooleanField(
        label="I see clients myself",
        help_text="Clients can then book you, once you have set your hours and appointment types.",
        required=False,
        initial=True,
    )
    field_order = ["firm_name", "name", "email", "password1", "time_zone", "country", "is_lawyer"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["time_zone"].choices = zones()
        self.fields["country"].choices = countries()
        self.fields["email"].label = "Work email"
        self.fields["password1"].help_text = HOW_TO_CHOOSE
        self.fields["email"].max_length = 254
        for name in ("email", "password1"):
            self.fields[name].widget.attrs.pop("placeholder", None)

    def try_save(self, request: HttpRequest) -> tuple[User | None, Any]:
        """The user and their firm, both or neither."""
        with transaction.atomic():
            return super().try_save(request)

    def clean_firm_name(self) -> str:
        return _checked(clean_name, self.cleaned_data["firm_name"])

    def clean_name(self) -> str:
        return _checked(clean_name, self.cleaned_data["name"])

    def clean_email(self) -> str:
        return _checked(normalise_email, super().clean_email())

    def signup(self, request: HttpRequest, user: User) -> None:
        """Called by allauth once the user exists."""
        typed = self.cleaned_data
        sign_up(
            firm_name=typed["firm_name"],
            user=user,
            name=typed["name"],
            is_lawyer=typed["is_lawyer"],
            time_zone=typed["time_zone"],
            country=typed["country"],
            now=timezone.now(),
        )


def _checked(check: Callable[[str], str], text: str) -> str:
    try:
        return check(text)
    except Refusal as refusal:
        raise forms.ValidationError(refusal.text) from refusal
