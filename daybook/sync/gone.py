"""What a push spoke of and Clio no longer has: looked for by id, then unlinked."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from daybook.appointments.models import Appointment
from daybook.billing.models import TimeEntry
from daybook.connectors.clio import matters
from daybook.connectors.clio.session import Session
from daybook.connectors.errors import Missing
from daybook.sync.mirror import leaving, terms
from daybook.sync.models import Connection, Cycle, Link
from daybook.sync.pushes import link


class Work(Protocol):
    """What of a push matters here."""

    connection: Connection
    session: Session
    appointment: Appointment
    now: datetime
    lost_matter: str


def unlink(work: Work) -> bool:
    """
    Ask for each record by its id; unlink the contact that is no longer there, so that another try finds or makes it
    anew. A matter is a person's to choose: it stays, and `work.lost_matter` says so. For the calendar entry see
    `entries.is_gone`.

    Returns whether anything was gone. Raises RemoteTrouble.
    """
    appointment = work.appointment
    time = TimeEntry.objects.select_related("matter").filter(appointment=appointment, wanted=True).first()
    mentioned = (appointment.contact_id, time.matter.client_id if time else None)
    people = {contact for contact in mentioned if contact is not None}
    lost = [contact for contact in people if _is_unlinked(work, contact)]
    if time is not None and _matter_is_gone(work, time.matter_id):
        work.lost_matter = (
            f"Clio no longer has the matter {time.matter}, or hides it from the connection. "
            "Choose another one with Send to Clio."
        )[:300]
    return bool(lost or work.lost_matter)


def _is_unlinked(work: Work, contact: int) -> bool:
    """As wherever a contact is missed: what becomes of its link is said in one place."""
    known = link(work.connection, Link.Kind.CONTACT, contact)
    if known is None:
        return False
    tally = Cycle(connection=work.connection, kind=Cycle.Kind.EDIT, started_at=work.now)
    setting = terms.begin(work.connection)
    return leaving.look_for(setting, work.session, known.theirs, now=work.now, tally=tally)


def _matter_is_gone(work: Work, matter: int) -> bool:
    known = link(work.connection, Link.Kind.MATTER, matter)
    if known is None:
        return False
    try:
        matters.get(work.session, known.theirs)
    except Missing:
        return True
    return False
