"""The jobs, one short function each. They carry ids and converge: running one twice, or late, does no harm."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from daybook.messaging import alerts, invitations
from daybook.messaging import operations as messaging
from daybook.sync import appointments, calendars, connecting, contacts, pushes
from daybook.sync.models import Connection
from daybook.sync.trouble import RemoteTrouble, worth_repeating


class ComeBack(Exception):
    """The other system asked for patience: the queue tries the job again, with growing pauses."""


def _later(name: str, once: str, at: datetime, **arguments: object) -> None:
    """
    Defer the same job again for a later instant; one that waits already is enough.

    It waits under a name of its own, so that it never keeps a job of this moment from being queued.
    """
    try:
        app.configure_task(name, schedule_at=at, queueing_lock=f"{once}:later").defer(**arguments)
    except AlreadyEnqueued:
        return


@app.task(name="push_appointment", priority=5)
def push_appointment(appointment_id: int) -> None:
    """Make Clio look like the appointment. When it has to be tried again, the minute tick (or this) brings it back."""
    again = appointments.push(appointment_id=appointment_id, now=timezone.now())
    if again is not None:
        _later("push_appointment", f"push:{appointment_id}", again, appointment_id=appointment_id)


@app.task(name="settle_in", priority=6, retry=8)
def settle_in(connection_id: int) -> None:
    """What follows a new connection. Tried again while Clio does not answer."""
    try:
        connecting.settle_in(connection_id=connection_id, now=timezone.now())
    except RemoteTrouble as trouble:
        if worth_repeating(trouble):
            raise ComeBack(trouble.text) from trouble
        return
    for appointment_id in pushes.due(timezone.now()):
        _later("push_appointment", f"push:{appointment_id}", timezone.now(), appointment_id=appointment_id)


@app.task(name="read_contacts")
def read_contacts(connection_id: int) -> None:
    again = contacts.run(connection_id=connection_id, now=timezone.now())
    if again is not None:
        _later("read_contacts", f"contacts:{connection_id}", again, connection_id=connection_id)


@app.task(name="read_calendars", priority=4)
def read_calendars(firm_id: int) -> None:
    """Read every calendar that takes a lawyer's time, or may receive appointments, whole."""
    calendars.refresh_firm(firm_id=firm_id, now=timezone.now())


@app.task(name="list_calendars", retry=3)
def list_calendars(connection_id: int) -> None:
    """Which calendars there are, and what we may do with them."""
    connection = Connection.objects.filter(pk=connection_id, state=Connection.State.ACTIVE).first()
    if connection is not None:
        try:
            calendars.refresh_list(connection=connection, now=timezone.now())
        except RemoteTrouble as trouble:
            if worth_repeating(trouble):
                raise ComeBack(trouble.text) from trouble


@app.task(name="send_message", priority=7)
def send_message(message_id: int) -> None:
    messaging.deliver(message_id=message_id, now=timezone.now())


@app.task(name="send_invitation", priority=7, retry=5)
def send_invitation(invitation_id: int) -> None:
    invitations.send_invitation(invitation_id=invitation_id, now=timezone.now())


@app.task(name="alert_calendar", priority=6, retry=5)
def alert_calendar(calendar_id: int) -> None:
    alerts.calendar_alert(calendar_id=calendar_id, now=timezone.now())


@app.task(name="alert_connection", priority=6, retry=5)
def alert_connection(firm_id: int) -> None:
    alerts.connection_alert(firm_id=firm_id, now=timezone.now())
