"""Appointment Information: everything an appointment type says, as a form."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms

from daybook.appointments.models import AppointmentType
from daybook.calendars.models import Calendar
from daybook.calendars.queries import calendars_of_firm
from daybook.core.errors import Refusal
from daybook.core.people import clean_name, clean_text
from daybook.firms.models import Lawyer
from daybook.web.forms import RefusableForm
from daybook.web.office.calendars import named, reason_of
from daybook.web.office.rows import numbers, spare
from daybook.web.office.type_team import TeamFields
from daybook.web.office.typed import FeeField, LengthField, ReasonedSelect

DAY = 1440
MINUTES_HOURS = ("minutes", "hours")
KINDS = [("line", "One line"), ("text", "Several lines"), ("yes_no", "Yes or no")]
MOST_QUESTIONS, MOST_REMINDERS = 12, 5
SPARE_QUESTIONS, SPARE_REMINDERS = 2, 1

#: The fields of the row that are typed and kept as they are.
PLAIN = (
    "name",
    "description",
    "minutes",
    "fee_cents",
    "places",
    "before_minutes",
    "after_minutes",
    "notice_minutes",
    "horizon_days",
    "step_minutes",
    "cap_per_day",
    "cap_per_week",
    "who_may_book",
    "by_request",
    "change_cutoff_minutes",
)


class TypeForm(RefusableForm):
    name = forms.CharField(
        label="Name",
        max_length=100,
        help_text="What clients choose: “First consultation”.",
        error_messages={"required": "Please enter a name."},
    )
    description = forms.CharField(
        label="Description",
        max_length=1000,
        required=False,
        help_text="Clients read it before they choose a time.",
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    minutes = LengthField(
        label="Length", least=5, most=720, units=MINUTES_HOURS, help_text="Without the buffers."
    )
    places = forms.MultipleChoiceField(
        label="Place",
        choices=AppointmentType.Place.choices,
        widget=forms.CheckboxSelectMultiple,
        help_text="With more than one, the client chooses.",
        error_messages={"required": "Please choose at least one."},
    )
    before_minutes = LengthField(
        label="Buffer before", least=0, most=480, units=MINUTES_HOURS, help_text="Kept free before each one."
    )
    after_minutes = LengthField(
        label="Buffer after", least=0, most=480, units=MINUTES_HOURS, help_text="Kept free after each one."
    )
    notice_minutes = LengthField(
        label="Minimum notice", least=0, most=90 * DAY, help_text="Not sooner from now than this."
    )
    horizon_days = forms.IntegerField(
        label="Horizon, in days",
        min_value=1,
        max_value=365,
        help_text="How far ahead it can be booked.",
    )
    step_minutes = LengthField(
        label="Start step",
        least=5,
        most=720,
        units=MINUTES_HOURS,
        help_text="Times are offered every so often, counted from the opening of the day.",
    )
    cap_per_day = forms.IntegerField(
        label="Cap per day", min_value=1, max_value=200, required=False, help_text="At most so many."
    )
    cap_per_week = forms.IntegerField(
        label="Cap per week", min_value=1, max_value=1000, required=False, help_text="Monday to Sunday."
    )
    who_may_book = forms.ChoiceField(
        label="Who may book", choices=AppointmentType.WhoMayBook.choices, widget=forms.RadioSelect
    )
    by_request = forms.BooleanField(
        label="Clients request; we confirm",
        required=False,
        help_text="Their time is kept until you accept or decline it, for a day at most. What you book yourself is confirmed at once.",
    )
    change_cutoff_minutes = LengthField(
        label="Clients may move or cancel until",
        least=0,
        most=60 * DAY,
        help_text="So long before it begins. After that they are asked to call; you can always change it.",
    )
    linked_calendar = forms.ChoiceField(
        label="Linked Clio Calendar",
        required=False,
        widget=ReasonedSelect,
        help_text="Receives this type's appointments instead of the primary calendar, and also blocks your time.",
    )

    def __init__(
        self,
        appointment_type: AppointmentType,
        lawyer: Lawyer,
        data: Any = None,
        people: Sequence[Lawyer] = (),
    ) -> None:
        self.type, self.lawyer = appointment_type, lawyer
        super().__init__(data, initial={name: getattr(appointment_type, name) for name in PLAIN})
        self.fields["fee_cents"] = FeeField(
            currency=lawyer.firm.currency,
            label=f"Fee, in {lawyer.firm.currency}",
            help_text="Empty is no fee.",
            widget=forms.TextInput(attrs={"inputmode": "decimal"}),
        )
        self.team = TeamFields(self, appointment_type, list(people))
        self._calendars(lawyer)
        self._questions(data)
        self._reminders(data)

    # What comes in rows ------------------------------------------------------------------------------------------

    def _calendars(self, lawyer: Lawyer) -> None:
        self.calendars: dict[str, Calendar] = {str(c.pk): c for c in calendars_of_firm(lawyer.firm_id)}
        linked = self.type.linked_calendar
        if linked is not None:
            self.calendars.setdefault(str(linked.pk), linked)
        field = self.fields["linked_calendar"]
        field.choices = [("", "Primary calendar"), *((key, named(c)) for key, c in self.calendars.items())]
        field.widget.reasons = {key: reason_of(c) for key, c in self.calendars.items()}
        field.initial = str(linked.pk) if linked else ""

    def _questions(self, data: Any) -> None:
        asked = list(self.type.questions)
        self.question_numbers = numbers(
            data, "question", "label", len(asked), SPARE_QUESTIONS, MOST_QUESTIONS
        )
        for n in self.question_numbers:
            known = asked[n] if n < len(asked) else {}
            self.fields[f"question_{n}_label"] = forms.CharField(
                label="Question", max_length=200, required=False, initial=known.get("label", "")
            )
            self.fields[f"question_{n}_kind"] = forms.ChoiceField(
                label="Answer", choices=KINDS, required=False, initial=known.get("kind", "line")
            )
            self.fields[f"question_{n}_required"] = forms.BooleanField(
                label="Must be answered", required=False, initial=known.get("required", False)
            )

    def _reminders(self, data: Any) -> None:
        kept = sorted(self.type.reminder_minutes, reverse=True)
        self.reminder_numbers = numbers(data, "reminder", "0", len(kept), SPARE_REMINDERS, MOST_REMINDERS)
        for n in self.reminder_numbers:
            self.fields[f"reminder_{n}"] = LengthField(
                label=f"Reminder {n + 1}",
                usual="hours",
                least=5,
                most=60 * DAY,
                required=False,
                initial=kept[n] if n < len(kept) else None,
            )

    def question_rows(self) -> list[dict[str, Any]]:
        return [
            {
                "label": self[f"question_{n}_label"],
                "kind": self[f"question_{n}_kind"],
                "required": self[f"question_{n}_required"],
                "spare": spare(self[f"question_{n}_label"]),
            }
            for n in self.question_numbers
        ]

    def reminder_rows(self) -> list[dict[str, Any]]:
        return [
            {"field": self[f"reminder_{n}"], "spare": spare(self[f"reminder_{n}"])}
            for n in self.reminder_numbers
        ]

    # What was typed ----------------------------------------------------------------------------------------------

    def clean_name(self) -> str:
        return _checked(clean_name, self.cleaned_data["name"], 100)

    def clean_description(self) -> str:
        return _checked(clean_text, self.cleaned_data["description"], 1000, lines=True)

    def clean(self) -> dict[str, Any]:
        typed = super().clean() or self.cleaned_data
        day, week = typed.get("cap_per_day"), typed.get("cap_per_week")
        if day and week and week < day:
            self.add_error("cap_per_week", "This is less than the cap per day.")
        self.team.clean(typed)
        return typed

    def filled(self) -> AppointmentType:
        """The row with what was typed; not stored yet."""
        typed, row = self.cleaned_data, self.type
        for name in PLAIN:
            setattr(row, name, typed[name])
        row.lawyer, row.firm = self.lawyer, self.lawyer.firm
        row.questions = [
            {
                "label": " ".join(typed[f"question_{n}_label"].split()),
                "kind": typed[f"question_{n}_kind"] or "line",
                "required": typed[f"question_{n}_required"],
            }
            for n in self.question_numbers
            if typed[f"question_{n}_label"]
        ]
        kept = {typed[f"reminder_{n}"] for n in self.reminder_numbers} - {None}
        row.reminder_minutes = sorted(kept, reverse=True)
        row.linked_calendar = self.calendars.get(typed["linked_calendar"])
        return row


def _checked(check: Any, text: str, *limits: int, **more: Any) -> str:
    try:
        return check(text, *limits, **more)
    except Refusal as refusal:
        raise forms.ValidationError(refusal.text) from refusal
