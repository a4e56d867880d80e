"""How forms are drawn: label, help, field, and the error beside it."""

from __future__ import annotations

from django import forms
from django.forms.renderers import TemplatesSetting

from daybook.core.errors import Refusal


class Renderer(TemplatesSetting):
    form_template_name = "parts/form.html"
    field_template_name = "parts/field.html"


def stale(typed: str | None, sequence: int) -> bool:
    """Whether a page was made from an older version of its record. One that does not say is taken as up to date."""
    return typed is not None and typed != str(sequence)


class RefusableForm(forms.Form):
    """A form that can show a Refusal where it belongs: beside its field, or on top."""

    def refuse(self, refusal: Refusal) -> None:
        field = refusal.field if refusal.field in self.fields else None
        self.add_error(field, refusal.text)
