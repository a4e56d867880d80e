"""Fields for what lawyers type: a length of time with its unit, a list with commas, an amount, calendars with reasons."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms

from daybook.core import money, times
from daybook.core.errors import BadAmount

UNITS: dict[str, int] = {"minutes": 1, "hours": 60, "days": 1440}

#: The most that fits the column.
MOST_CENTS = 2_000_000_000


class LengthWidget(forms.MultiWidget):
    """A number and its unit, side by side."""

    template_name = "firm/widgets/length.html"
    use_fieldset = False

    def __init__(self, name: str, units: tuple[str, ...] = tuple(UNITS), usual: str = "minutes") -> None:
        number = forms.NumberInput(attrs={"min": "0", "step": "any", "inputmode": "decimal"})
        unit = forms.Select(choices=[(unit, unit) for unit in units], attrs={"aria-label": f"{name}, unit"})
        self.units, self.usual = units, usual
        super().__init__([number, unit])

    def decompress(self, value: int | None) -> list[Any]:
        if value is None:
            return [None, self.usual]
        unit = next((u for u in reversed(self.units) if value and value % UNITS[u] == 0), self.units[0])
        return [value // UNITS[unit], unit]

    def id_for_label(self, id_: str) -> str:
        return f"{id_}_0" if id_ else id_


class LengthField(forms.Field):
    """Minutes, typed as minutes, hours or days."""

    default_error_messages = {"number": "Please enter a number.", "whole": "Please enter whole minutes."}

    def __init__(
        self,
        *,
        label: str,
        least: int,
        most: int,
        units: tuple[str, ...] = tuple(UNITS),
        usual: str = "minutes",
        **more: Any,
    ) -> None:
        self.least, self.most = least, most
        super().__init__(label=label, widget=LengthWidget(label, units, usual), **more)

    def clean(self, value: list[Any] | None) -> int | None:
        number, unit = value or (None, None)
        if number in (None, ""):
            if self.required:
                raise forms.ValidationError(self.error_messages["required"])
            return None
        try:
            minutes = Decimal(str(number)) * UNITS[str(unit)]
        except (InvalidOperation, KeyError) as error:
            raise forms.ValidationError(self.error_messages["number"]) from error
        if not minutes.is_finite():
            raise forms.ValidationError(self.error_messages["number"])
        if not self.least <= minutes <= self.most:
            raise forms.ValidationError(f"Please choose between {_say(self.least)} and {_say(self.most)}.")
        if minutes != int(minutes):
            raise forms.ValidationError(self.error_messages["whole"])
        return int(minutes)


def _say(minutes: int) -> str:
    from datetime import timedelta

    return times.say_length(timedelta(minutes=minutes))


class CommaListField(forms.CharField):
    """Several short texts in one line, with commas between."""

    def __init__(self, *, each: int, **more: Any) -> None:
        self.each = each
        super().__init__(max_length=1000, **more)

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> list[str]:
        text = super().clean(value)
        parts = list(dict.fromkeys(" ".join(part.split()) for part in text.split(",")))
        parts = [part for part in parts if part]
        if any(len(part) > self.each for part in parts):
            raise forms.ValidationError(
                f"Each may have {self.each} characters at most. Put commas between them."
            )
        return parts


class FeeField(forms.CharField):
    """An amount in the firm's currency, kept in its smallest unit; empty is no fee."""

    def __init__(self, *, currency: str, **more: Any) -> None:
        self.currency = currency
        super().__init__(max_length=40, required=False, **more)

    def prepare_value(self, value: Any) -> Any:
        return (
            (str(money.Money(value, self.currency).amount) if value else "")
            if isinstance(value, int)
            else value
        )

    def clean(self, value: Any) -> int:
        text = super().clean(value)
        if not text:
            return 0
        try:
            cents = money.parse(text, self.currency, field="fee").cents
        except BadAmount as refusal:
            raise forms.ValidationError(refusal.text) from refusal
        if cents > MOST_CENTS:
            raise forms.ValidationError("This amount is larger than can be charged here.")
        return cents


class ReasonedSelect(forms.Select):
    """A list in which what cannot be chosen stays visible, disabled, with the reason behind its name."""

    reasons: dict[str, str] = {}

    def create_option(self, name: str, value: Any, label: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        option = super().create_option(name, value, label, *args, **kwargs)
        reason = self.reasons.get(str(value))
        if reason:
            option["label"] = f"{label} – {reason}"
            if not option["selected"]:
                option["attrs"]["disabled"] = True
        return option
