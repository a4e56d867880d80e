"""Saving and retiring appointment types."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction
from django.utils.text import slugify

from daybook.appointments.models import AppointmentType, TeamMember
from daybook.calendars.operations import NotWritable
from daybook.firms.models import Lawyer
from daybook.firms.outbox import record
from daybook.firms.permissions import Actor


@dataclass(frozen=True, slots=True)
class TeamChoice:
    """Who is met in a type: `leads` with their weights, `seconds`, all of them lawyers of the firm by id."""

    kind: str = AppointmentType.Kind.ONE
    leads: Mapping[int, int] = field(default_factory=dict)
    seconds: tuple[int, ...] = ()
    fair_days: int = 30


def save_type(
    *,
    appointment_type: AppointmentType,
    now: datetime,
    actor: Actor | None = None,
    team: TeamChoice | None = None,
) -> AppointmentType:
    """
    Store a type whose fields a checked form has set; a new one gets an address of its own among its lawyer's. `team`
    says who is met; None leaves that as it is. Appointments made before keep their people.

    Raises NotWritable when the linked calendar cannot receive appointments.
    """
    linked = appointment_type.linked_calendar
    if linked is not None and not linked.writable:
        raise NotWritable(field="linked_calendar")
    with transaction.atomic():
        if not appointment_type.slug:
            appointment_type.slug = _free_slug(appointment_type)
        if team is not None:
            appointment_type.kind, appointment_type.fair_days = team.kind, team.fair_days
            appointment_type.needs_second = bool(team.seconds)
        appointment_type.save()
        if team is not None:
            _save_team(appointment_type, team)
        record(
            "appointment_type_saved",
            firm=appointment_type.firm_id,
            now=now,
            subject=appointment_type.pk,
            **({"actor": actor.user, "behalf_of": actor.on_behalf} if actor else {}),
        )
    return appointment_type


def _save_team(appointment_type: AppointmentType, team: TeamChoice) -> None:
    """Whoever is no longer met stays as a row that does not count, with the weight they had."""
    Role = TeamMember.Role
    chosen = {pk: (Role.LEAD, weight) for pk, weight in team.leads.items()}
    chosen |= dict.fromkeys(team.seconds, (Role.SECOND, 1))
    known = Lawyer.objects.filter(pk__in=chosen, firm=appointment_type.firm_id).values_list("pk", flat=True)
    if set(known) != chosen.keys():
        raise Lawyer.DoesNotExist
    rows = TeamMember.objects.filter(appointment_type=appointment_type)
    rows.exclude(lawyer__in=chosen).update(active=False)
    for pk, (role, weight) in chosen.items():
        rows.update_or_create(
            appointment_type=appointment_type,
            lawyer_id=pk,
            defaults={"role": role, "weight": weight, "active": True},
        )


def retire_type(*, appointment_type: AppointmentType, now: datetime, actor: Actor) -> None:
    """Offer it no longer. Appointments made with it stay as they are."""
    with transaction.atomic():
        AppointmentType.objects.filter(pk=appointment_type.pk).update(active=False)
        record(
            "appointment_type_retired",
            firm=appointment_type.firm_id,
            now=now,
            subject=appointment_type.pk,
            actor=actor.user,
            behalf_of=actor.on_behalf,
        )


def _free_slug(appointment_type: AppointmentType) -> str:
    taken = set(
        AppointmentType.objects.filter(lawyer=appointment_type.lawyer_id).values_list("slug", flat=True)
    )
    base = slugify(appointment_type.name)[:50] or "appointment"
    slug, number = base, 2
    while slug in taken:
        slug, number = f"{base}-{number}", number + 1
    return slug
