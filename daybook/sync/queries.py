"""Reads: how the firm's connection stands, and how far Clio has each appointment."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.http import Http404

from daybook.appointments.models import Appointment
from daybook.firms.permissions import Actor
from daybook.sync.models import Connection, Cursor, Link, Push


def connection_of(firm_id: int) -> Connection | None:
    """The firm's connection to Clio, working or broken; None when there is none."""
    return (
        Connection.objects.filter(firm=firm_id, provider=Connection.Provider.CLIO)
        .exclude(state=Connection.State.DISCONNECTED)
        .select_related("connected_by")
        .first()
    )


def earlier_connection(firm_id: int) -> Connection | None:
    """The account that was connected last, for a firm that has none now."""
    return (
        Connection.objects.filter(
            firm=firm_id, provider=Connection.Provider.CLIO, state=Connection.State.DISCONNECTED
        )
        .order_by("-disconnected_at")
        .first()
    )


def access_connection(actor: Actor) -> Connection:
    """Raises Http404 when the firm has no connection."""
    connection = connection_of(actor.firm.pk)
    if connection is None:
        raise Http404
    return connection


def contact_import(connection: Connection) -> Cursor | None:
    return Cursor.objects.filter(connection=connection, kind="contacts").first()


def push_of(appointment_id: int) -> Push | None:
    return Push.objects.filter(appointment=appointment_id).first()


def unfinished_pushes(firm_id: int, lawyer_ids: Iterable[int]) -> list[Push]:
    """What Clio does not show yet, troubled ones first, with reasons and the next try."""
    return list(
        Push.objects.filter(firm=firm_id, appointment__lawyer__in=list(lawyer_ids))
        .exclude(state=Push.State.DONE)
        .select_related("appointment__lawyer", "appointment__contact")
        .order_by("-state", "next_try_at")
    )


def theirs_of(connection: Connection, kind: str, ours: int) -> str:
    """Clio's id of one of our rows, or empty."""
    found = Link.objects.filter(connection=connection, kind=kind, ours=ours).values_list("theirs", flat=True)
    return found.first() or ""


def booked_in_clio(connection: Connection, now: datetime) -> int:
    """How many people with coming appointments Clio has already: appointments go there at once."""
    linked = Link.objects.filter(connection=connection, kind=Link.Kind.CONTACT).values("ours")
    coming = Appointment.objects.filter(
        firm=connection.firm_id,
        state=Appointment.State.CONFIRMED,
        during__endswith__gt=now,
        contact__in=linked,
    )
    return coming.order_by().values("contact").distinct().count()
