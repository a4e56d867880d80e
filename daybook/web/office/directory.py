"""The directory: whether a lawyer can be found there, and what it says of them."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from daybook.appointments import queries as appointments
from daybook.core.errors import Refusal
from daybook.directory import operations, queries
from daybook.directory.models import Profile
from daybook.firms.models import Lawyer
from daybook.web.forms import RefusableForm
from daybook.web.office.desks import at_desk
from daybook.web.office.typed import CommaListField
from daybook.web.signed_in import OfficeRequest


class PairsField(forms.CharField):
    """Several lines of two parts with a comma between them, as a list of rows with those names."""

    def __init__(self, first: str, second: str, *, needs_second: bool, **more: Any) -> None:
        self.first, self.second, self.needs_second = first, second, needs_second
        super().__init__(
            max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 3}), strip=True, **more
        )

    def prepare_value(self, value: Any) -> Any:
        if not isinstance(value, list):
            return value
        return "\n".join(
            ", ".join(part for part in (one[self.first], one[self.second]) if part) for one in value
        )

    def clean(self, value: Any) -> list[dict[str, str]]:
        rows = []
        for line in super().clean(value).splitlines():
            first, _, second = (" ".join(part.split()) for part in line.partition(","))
            if not first and not second:
                continue
            if not first or (self.needs_second and not second):
                raise forms.ValidationError(f"“{line.strip()}” needs both parts, with a comma between them.")
            if max(len(first), len(second)) > 120:
                raise forms.ValidationError("Each part may have 120 characters at most.")
            rows.append({self.first: first, self.second: second})
        return rows


class DirectoryForm(RefusableForm):
    listed = forms.BooleanField(
        label="Let people find me in the directory",
        required=False,
        help_text="Anybody can search it. Your public page has to be shown, too.",
    )
    offer = forms.ModelChoiceField(
        label="What somebody new books",
        queryset=None,
        required=False,
        empty_label="The first that anybody may book",
    )
    serves = CommaListField(
        label="Places served",
        each=80,
        required=False,
        help_text="With commas between: Denver, Colorado. Only where you are admitted or may practice.",
    )
    admissions = PairsField(
        "place",
        "number",
        needs_second=False,
        label="Admissions",
        help_text="One a line, with the license number: Colorado, 12345",
    )
    certifications = PairsField(
        "field",
        "by",
        needs_second=True,
        label="Certifications",
        help_text="One a line, with the organization that certified you: Family law, State Bar of California",
    )

    def __init__(self, profile: Profile, data: Any = None) -> None:
        super().__init__(data, initial={name: getattr(profile, name) for name in self.base_fields})
        self.fields["offer"].queryset = appointments.public_types(profile.lawyer)


@require_http_methods(["GET", "HEAD", "POST"])
@at_desk("edit_profile")
def directory(request: OfficeRequest, lawyer: Lawyer) -> HttpResponse:
    """Whether this lawyer is in the directory, and with what."""
    profile = queries.profile_of(lawyer)
    form = DirectoryForm(profile, request.POST if request.method == "POST" else None)
    status = 422 if form.is_bound else 200
    if form.is_valid():
        try:
            operations.save(actor=request.actor, lawyer=lawyer, now=timezone.now(), **form.cleaned_data)
        except Refusal as refusal:
            form.refuse(refusal)
            status = refusal.status
        else:
            messages.success(request, "What the directory says is saved.")
            return redirect("profile_directory")
    context = {
        "form": form,
        "lawyer": lawyer,
        "found": queries.listings().filter(lawyer=lawyer).exists(),
        "profile": profile,
    }
    return render(request, "firm/directory.html", context, status=status)
