"""Next steps: what a firm that has just begun still has to do before clients can book."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse

from daybook.appointments.queries import types_of
from daybook.calendars.queries import uses_of, usual_hours
from daybook.firms.models import Lawyer
from daybook.firms.permissions import Actor, may
from daybook.firms.queries import members, open_invitations
from daybook.sync.queries import connection_of


@dataclass(frozen=True, slots=True)
class Step:
    words: str
    text: str
    url: str
    done: bool


def next_steps(actor: Actor, lawyer: Lawyer) -> tuple[Step, ...]:
    """The steps in their order, those already taken marked; none once nothing is left that clients would miss."""
    steps = [
        Step(
            "Set your hours",
            "When you can be booked, by your own clock.",
            reverse("hours"),
            bool(usual_hours(lawyer)),
        ),
        Step(
            "Make an appointment type",
            "How long it is, what it costs, where it takes place.",
            reverse("types"),
            types_of(lawyer).filter(active=True).exists(),
        ),
    ]
    connection = connection_of(actor.firm.pk)
    if may(actor, "connect_firm"):
        text = "Contacts, calendars and time then stay right by themselves."
        steps.insert(0, Step("Connect to Clio", text, reverse("integrations"), connection is not None))
    if connection is not None and may(actor, "choose_calendars", lawyer):
        text = "Which calendars block your time, and which one receives appointments."
        steps.append(Step("Manage Calendars", text, reverse("manage_calendars"), uses_of(lawyer).exists()))
    if all(step.done for step in steps):
        return ()
    if may(actor, "edit_profile", lawyer):
        text = "What clients read about you before they book."
        steps.append(
            Step("Write your profile", text, reverse("profile"), bool(lawyer.about or lawyer.practice_areas))
        )
    if may(actor, "manage_team"):
        company = members(actor.firm).count() > 1 or open_invitations(actor.firm).exists()
        steps.append(Step("Invite your colleagues", "Lawyers and staff.", reverse("team"), company))
    return tuple(steps)
