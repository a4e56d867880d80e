"""How forms are drawn: label, help, field, and the error beside it."""

from __future__ import annotations

from django import forms
from django.forms.renderers import TemplatesSetting

from daybook.core.errors import Refusal


class Renderer(TemplatesSetting):
    form_template_name = "parts/form.html"
    field_template_name = "parts/field.html"


class RefusableForm(forms.Form):
    """A form that can show a Refusal where it belongs: beside its field, or on top."""

    def refuse(self, refusal: Refusal) -> None:
        field = refusal.field if refusal.field in self.fields else None
        self.add_error(field, refusal.text)
