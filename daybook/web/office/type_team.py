"""Who is met: the part of Appointment Information that says whose time an appointment takes."""

from __future__ import annotations

from typing import Any

from django import forms

from daybook.appointments.models import AppointmentType, TeamMember
from daybook.appointments.operations import TeamChoice
from daybook.firms.models import Lawyer

Kind, Role = AppointmentType.Kind, TeamMember.Role
FAIR_DAYS = [("30", "30 days"), ("90", "90 days")]


class TeamFields:
    """
    Fields for a form of a type: `kind`, a checkbox and a weight for each person, `seconds`, `fair_days`.

    `people` are those whose time the person at the form may give away; with fewer than two there is nothing to choose, and
    what is stored stays.
    """

    def __init__(self, form: forms.Form, row: AppointmentType, people: list[Lawyer]) -> None:
        self.form, self._row, self.people = form, row, people
        self.is_open = len(people) > 1
        if not self.is_open:
            return
        rows = list(TeamMember.objects.filter(appointment_type=row)) if row.pk else []
        members = {one.lawyer_id: one for one in rows if one.active}
        fields = form.fields
        fields["kind"] = forms.ChoiceField(
            label="Who is met",
            choices=Kind.choices,
            required=False,
            initial=row.kind,
            widget=forms.RadioSelect,
        )
        for one in people:
            member = members.get(one.pk)
            lead = member is not None and member.role == Role.LEAD
            own = not rows and one.pk == row.lawyer_id
            fields[f"lead_{one.pk}"] = forms.BooleanField(label=one.name, required=False, initial=lead or own)
            fields[f"weight_{one.pk}"] = forms.IntegerField(
                label=f"Weight of {one.name}",
                min_value=1,
                max_value=20,
                required=False,
                initial=member.weight if member else 1,
                widget=forms.NumberInput(
                    attrs={"inputmode": "numeric", "aria-label": f"Weight of {one.name}"}
                ),
            )
        fields["seconds"] = forms.MultipleChoiceField(
            label="Also needed: one of these",
            choices=[(str(one.pk), one.name) for one in people],
            required=False,
            initial=[str(pk) for pk, one in members.items() if one.role == Role.SECOND],
            widget=forms.CheckboxSelectMultiple,
            help_text=(
                "An interpreter or a paralegal, say. Nobody chosen: nobody else is needed. Listed is everybody with hours "
                "of their own. To add somebody: invite them under Team, press “sees clients” on their page there, set "
                "their hours, and turn off their public page under Profile if clients are not to see it."
            ),
        )
        fields["fair_days"] = forms.ChoiceField(
            label="Taking turns counts the last",
            choices=FAIR_DAYS,
            required=False,
            initial=str(row.fair_days),
            help_text="Whoever was booked least in that time is next.",
        )

    def rows(self) -> list[dict[str, Any]]:
        """The people, each with a checkbox and a weight."""
        return [
            {"lead": self.form[f"lead_{one.pk}"], "weight": self.form[f"weight_{one.pk}"]}
            for one in self.people
        ]

    def clean(self, typed: dict[str, Any]) -> None:
        """What one field alone cannot tell: enough lawyers, and nobody in two parts."""
        if not self.is_open:
            return
        kind = typed.get("kind") or Kind.ONE
        leads = {one.pk for one in self.people if typed.get(f"lead_{one.pk}")}
        if kind == Kind.ONE:
            leads = {self._row.lawyer_id}
        elif len(leads) < 2:
            self.form.add_error("kind", "Please choose at least two lawyers for this.")
        twice = [
            one.name for one in self.people if one.pk in leads and str(one.pk) in typed.get("seconds", ())
        ]
        if twice:
            self.form.add_error("seconds", f"Already met as a lawyer: {', '.join(twice)}.")

    def choice(self) -> TeamChoice | None:
        """What was chosen, to be stored with the type; None where there was nothing to choose."""
        if not self.is_open:
            return None
        typed = self.form.cleaned_data
        kind = typed["kind"] or Kind.ONE
        return TeamChoice(
            kind=kind,
            leads={
                one.pk: typed.get(f"weight_{one.pk}") or 1
                for one in self.people
                if kind != Kind.ONE and typed.get(f"lead_{one.pk}")
            },
            seconds=tuple(int(pk) for pk in typed["seconds"]),
            fair_days=int(typed["fair_days"] or self._row.fair_days),
        )
