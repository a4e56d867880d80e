"""What a push spoke of and Clio no longer has: looked for by id, then unlinked."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from django.db import transaction

from daybook.appointments.models import Appointment
from daybook.billing.models import TimeEntry
from daybook.connectors.clio import contacts, matters
from daybook.connectors.clio.session import Session
from daybook.connectors.errors import Missing
from daybook.firms.outbox import record
from daybook.sync.models import Connection, Link
from daybook.sync.pushes import forget, link


class Work(Protocol):
    """What of a push matters here."""

    connection: Connection
    session: Session
    appointment: Appointment
    now: datetime
    lost_matter: str


def unlink(work: Work) -> bool:
    """
    Ask for each record by its id; forget the contact that is no longer there, so that another try finds or makes it
    anew. A matter is a person's to choose: it stays, and `work.lost_matter` says so. For the calendar entry see
    `entries.is_gone`.

    Returns whether anything was gone. Raises RemoteTrouble.
    """
    appointment = work.appointment
    time = TimeEntry.objects.select_related("matter").filter(appointment=appointment, wanted=True).first()
    mentioned = (appointment.contact_id, time.matter.client_id if time else None)
    people = {contact for contact in mentioned if contact is not None}
    lost = [contact for contact in people if _is_gone(work, Link.Kind.CONTACT, contact, contacts.get)]
    for contact in lost:
        with transaction.atomic():
            forget(work.connection, Link.Kind.CONTACT, contact)
            record("contact_unlinked", firm=appointment.firm_id, now=work.now, subject=contact)
    if time is not None and _is_gone(work, Link.Kind.MATTER, time.matter_id, matters.get):
        work.lost_matter = (
            f"Clio no longer has the matter {time.matter}, or hides it from the connection. "
            "Choose another one with Send to Clio."
        )[:300]
    return bool(lost or work.lost_matter)


def _is_gone(work: Work, kind: str, ours: int, look: Callable[[Session, str], object]) -> bool:
    known = link(work.connection, kind, ours)
    if known is None:
        return False
    try:
        look(work.session, known.theirs)
    except Missing:
        return True
    return False
