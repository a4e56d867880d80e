"""Reads: matters of the firm as last seen, and the time of appointments."""

from __future__ import annotations

from django.http import Http404

from daybook.billing.models import Matter, TimeEntry
from daybook.firms.permissions import Actor


def access_matter(actor: Actor, matter_id: int) -> Matter:
    """Raises Http404 for another firm's matter."""
    matter = Matter.objects.filter(pk=matter_id, firm=actor.firm).select_related("client").first()
    if matter is None:
        raise Http404
    return matter


def time_of(appointment_id: int) -> TimeEntry | None:
    return TimeEntry.objects.select_related("matter").filter(appointment_id=appointment_id).first()
