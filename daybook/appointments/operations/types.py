"""Saving and retiring appointment types."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.text import slugify

from daybook.appointments.models import AppointmentType
from daybook.calendars.operations import NotWritable
from daybook.firms.outbox import record
from daybook.firms.permissions import Actor


def save_type(
    *, appointment_type: AppointmentType, now: datetime, actor: Actor | None = None
) -> AppointmentType:
    """
    Store a type whose fields a checked form has set; a new one gets an address of its own among its lawyer's.

    Raises NotWritable when the linked calendar cannot receive appointments.
    """
    linked = appointment_type.linked_calendar
    if linked is not None and not linked.writable:
        raise NotWritable(field="linked_calendar")
    with transaction.atomic():
        if not appointment_type.slug:
            appointment_type.slug = _free_slug(appointment_type)
        appointment_type.save()
        record(
            "appointment_type_saved",
            firm=appointment_type.firm_id,
            now=now,
            subject=appointment_type.pk,
            **({"actor": actor.user, "behalf_of": actor.on_behalf} if actor else {}),
        )
    return appointment_type


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
