"""Firm: its own details, and how its subscription stands."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from daybook.core.errors import Refusal
from daybook.core.people import clean_name
from daybook.firms import operations
from daybook.firms.models import Firm
from daybook.web.forms import RefusableForm
from daybook.web.office.choices import countries, currencies_with, zones_with
from daybook.web.signed_in import OfficeRequest, office

FIELDS = ("name", "time_zone", "country", "currency", "phone", "privacy_url", "fee_note")

#: What each state of the subscription means, and its color.
SUBSCRIPTION: dict[str, tuple[str, str]] = {
    Firm.Subscription.TRIAL: ("info", "Everything works while the trial lasts."),
    Firm.Subscription.ACTIVE: ("good", "Everything works."),
    Firm.Subscription.ENDED: (
        "warn",
        "Appointments already made can be seen, moved and cancelled. New ones, public booking and connecting other "
        "systems wait until the subscription is active again.",
    ),
}


class FirmForm(RefusableForm):
    name = forms.CharField(
        label="Firm name", max_length=200, error_messages={"required": "Please enter the name of your firm."}
    )
    time_zone = forms.ChoiceField(
        label="Time zone",
        help_text="For what belongs to the firm as a whole. Lawyers have zones of their own.",
    )
    country = forms.ChoiceField(
        label="Country", help_text="Reads phone numbers written without a country code."
    )
    currency = forms.ChoiceField(
        label="Currency", help_text="For fees. Fees already set keep their number: check them after a change."
    )
    phone = forms.CharField(
        label="Phone", max_length=40, required=False, widget=forms.TextInput(attrs={"type": "tel"})
    )

    privacy_url = forms.URLField(
        label="Privacy notice",
        max_length=300,
        required=False,
        assume_scheme="https",
        help_text="Its address on your website. Booking pages link to it; without one, to a short page of Daybook's own.",
    )
    fee_note = forms.CharField(
        label="How a fee is paid",
        max_length=200,
        required=False,
        help_text="A sentence clients read beside the fee, such as: Paid to the firm by card at the appointment.",
    )

    def __init__(self, firm: Firm, data: Any = None) -> None:
        super().__init__(data, initial={name: getattr(firm, name) for name in FIELDS})
        self.fields["time_zone"].choices = zones_with(firm.time_zone)
        self.fields["country"].choices = countries()
        self.fields["currency"].choices = currencies_with(firm.currency)

    def clean_name(self) -> str:
        try:
            return clean_name(self.cleaned_data["name"])
        except Refusal as refusal:
            raise forms.ValidationError(refusal.text) from refusal


@require_http_methods(["GET", "HEAD", "POST"])
@office("edit_firm")
def firm(request: OfficeRequest) -> HttpResponse:
    own = request.actor.firm
    form = FirmForm(own, request.POST if request.method == "POST" else None)
    if form.is_valid():
        for name in FIELDS:
            setattr(own, name, form.cleaned_data[name])
        operations.save_firm(actor=request.actor, firm=own, now=timezone.now())
        messages.success(request, "The firm's details are saved.")
        return redirect("firm")
    tone, meaning = SUBSCRIPTION[own.subscription]
    context = {"form": form, "tone": tone, "meaning": meaning, "state": own.get_subscription_display()}
    return render(request, "firm/firm.html", context, status=422 if form.is_bound else 200)
