"""Profile: what a lawyer's public page says."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from daybook.core.errors import Refusal
from daybook.core.people import clean_name, clean_text
from daybook.directory import operations as directory
from daybook.firms import operations
from daybook.firms.models import Lawyer
from daybook.web.forms import RefusableForm
from daybook.web.office.choices import zones_with
from daybook.web.office.desks import at_desk
from daybook.web.office.typed import CommaListField
from daybook.web.signed_in import OfficeRequest

FIELDS = (
    "name",
    "title",
    "about",
    "practice_areas",
    "languages",
    "office_address",
    "phone",
    "video_link",
    "time_zone",
    "public",
)


class ProfileForm(RefusableForm):
    name = forms.CharField(label="Name", max_length=200, error_messages={"required": "Please enter a name."})
    title = forms.CharField(label="Title", max_length=100, required=False, help_text="Such as Partner.")
    about = forms.CharField(
        label="About",
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text="A few sentences for somebody who looks for a lawyer.",
    )
    practice_areas = CommaListField(
        label="Practice areas",
        each=80,
        required=False,
        help_text="With commas between: Family law, Mediation. Rules of many bars forbid calling them specialties.",
    )
    languages = CommaListField(
        label="Languages", each=40, required=False, help_text="With commas between: English, Spanish."
    )
    office_address = forms.CharField(
        label="Office address",
        max_length=300,
        required=False,
        help_text="Where appointments in person take place.",
    )
    phone = forms.CharField(
        label="Phone", max_length=40, required=False, widget=forms.TextInput(attrs={"type": "tel"})
    )
    video_link = forms.URLField(
        label="Video link",
        max_length=300,
        required=False,
        assume_scheme="https",
        help_text="The address of your video room. Clients get it with their confirmation.",
    )
    time_zone = forms.ChoiceField(
        label="Time zone",
        help_text="Your hours are written by this clock. Appointments already made stay where they are.",
    )
    public = forms.BooleanField(
        label="Show my public page",
        required=False,
        help_text="Without it, only the firm can book your appointments.",
    )

    def __init__(self, lawyer: Lawyer, data: Any = None) -> None:
        super().__init__(data, initial={name: getattr(lawyer, name) for name in FIELDS})
        self.fields["time_zone"].choices = zones_with(lawyer.time_zone)

    def clean(self) -> dict[str, Any]:
        typed = super().clean() or self.cleaned_data
        for name, check in {
            "name": lambda text: clean_name(text),
            "about": lambda text: clean_text(text, 2000, lines=True),
            "office_address": lambda text: clean_text(text, 300),
        }.items():
            try:
                if name in typed:
                    typed[name] = check(typed[name])
            except Refusal as refusal:
                self.add_error(name, refusal.text)
        return typed


@require_http_methods(["GET", "HEAD", "POST"])
@at_desk("edit_profile")
def profile(request: OfficeRequest, lawyer: Lawyer) -> HttpResponse:
    form = ProfileForm(lawyer, request.POST if request.method == "POST" else None)
    status = 422 if form.is_bound else 200
    if form.is_valid():
        for name in FIELDS:
            setattr(lawyer, name, form.cleaned_data[name])
        try:
            directory.require_public_claims(lawyer)
            operations.save_profile(actor=request.actor, lawyer=lawyer, now=timezone.now())
        except Refusal as refusal:
            form.refuse(refusal)
            status = refusal.status
        else:
            messages.success(request, "The profile is saved.")
            return redirect("profile")
    link = reverse("public_lawyer", args=[lawyer.firm.slug, lawyer.slug])
    shown = Lawyer.objects.filter(pk=lawyer.pk, public=True).exists()
    context = {"form": form, "lawyer": lawyer, "link": link if shown else ""}
    return render(request, "firm/profile.html", context, status=status)
