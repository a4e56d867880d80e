"""The jobs, one short function each. They carry ids and converge: running one twice, or late, does no harm."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from daybook.appointments import paying
from daybook.billing import steps, terms
from daybook.messaging import alerts, invitations
from daybook.messaging import operations as messaging
from daybook.sync import appointments, calendars, connecting, hooks, proposals, pushes, subscribing, watching
from daybook.sync.mirror import cycle, sweep, telling
from daybook.sync.models import Connection, Cycle
from daybook.sync.trouble import RemoteTrouble, worth_repeating

#: Pauses before a job is tried again because the other system did not answer; the last one repeats.
PAUSES = tuple(timedelta(seconds=seconds) for seconds in (5, 15, 60, 300, 900))

#: For what only a database that goes away can stop: 10, 20, 30 seconds and so on between the tries.
PATIENT = RetryStrategy(max_attempts=8, wait=10, linear_wait=10)


def _later(name: str, once: str, at: datetime, **arguments: object) -> None:
    """
    Defer the same job again for a later instant; one that waits already is enough.

    It waits under a name of its own, so that it never keeps a job of this moment from being queued.
    """
    try:
        with transaction.atomic():  # a refusal undoes nothing but itself, whatever transaction this may be in
            app.configure_task(name, schedule_at=at, queueing_lock=f"{once}:later").defer(**arguments)
    except AlreadyEnqueued:
        return


def _pause(trouble: RemoteTrouble, tries: int) -> timedelta:
    """How long to wait: what the other system asked for, else longer each time."""
    return timedelta(seconds=trouble.after) if trouble.after else PAUSES[min(tries, len(PAUSES) - 1)]


@app.task(name="push_appointment", priority=5)
def push_appointment(appointment_id: int) -> None:
    """Make Clio and the calendar look like the appointment. When it has to be tried again, the minute tick (or this) brings it back."""
    again = appointments.push(appointment_id=appointment_id, now=timezone.now())
    if again is not None:
        _later("push_appointment", f"push:{appointment_id}", again, appointment_id=appointment_id)


@app.task(name="look_at_entry", priority=4)
def look_at_entry(appointment_id: int, tries: int = 0) -> None:
    """A reading saw an entry of ours differ: ask for it. Tried a few times; the next reading sees it all the same."""
    again = proposals.look_at(appointment_id=appointment_id, now=timezone.now())
    if again is not None and tries < len(PAUSES):
        once = f"entry:{appointment_id}"
        _later("look_at_entry", once, again, appointment_id=appointment_id, tries=tries + 1)


@app.task(name="settle_in", priority=6)
def settle_in(connection_id: int, tries: int = 0) -> None:
    """What follows a new connection. Tried again for as long as Clio does not answer."""
    now = timezone.now()
    try:
        connecting.settle_in(connection_id=connection_id, now=now)
    except RemoteTrouble as trouble:
        if worth_repeating(trouble):
            at = now + _pause(trouble, tries)
            _later("settle_in", f"settle:{connection_id}", at, connection_id=connection_id, tries=tries + 1)
        return
    for appointment_id in pushes.due(timezone.now()):
        _later("push_appointment", f"push:{appointment_id}", timezone.now(), appointment_id=appointment_id)


@app.task(name="sync_contacts")
def sync_contacts(connection_id: int, asked: bool = False) -> None:
    """One round of two-way contact sync, or the next stretch of one."""
    kind = Cycle.Kind.ASKED if asked else Cycle.Kind.REGULAR
    again = cycle.run(connection_id=connection_id, now=timezone.now(), kind=kind)
    if again is not None:
        _later("sync_contacts", f"contacts:{connection_id}", again, connection_id=connection_id, asked=asked)


@app.task(name="tell_contacts", priority=4)
def tell_contacts(connection_id: int) -> None:
    """Clio hears what it is owed of our contacts."""
    again = telling.tell(connection_id=connection_id, now=timezone.now())
    if again is not None:
        _later("tell_contacts", f"tell:{connection_id}", again, connection_id=connection_id)


@app.task(name="sweep_contacts", priority=-1)
def sweep_contacts(connection_id: int, sure: bool = False) -> None:
    """The slow search for contacts that Clio no longer has, or that were missed."""
    again = sweep.run(connection_id=connection_id, now=timezone.now(), sure=sure)
    if again is not None:
        once = f"sweep:{connection_id}"
        _later("sweep_contacts", once, again, connection_id=connection_id, sure=sure)


@app.task(name="look_at_contacts", priority=3)
def look_at_contacts(connection_id: int, theirs: list[str], tries: int = 0) -> None:
    """Single contacts in Clio that somebody spoke of. Tried a few times; the next rounds look at them all the same."""
    now = timezone.now()
    try:
        cycle.look_at(connection_id=connection_id, theirs=theirs, now=now)
    except RemoteTrouble as trouble:
        if worth_repeating(trouble) and tries < len(PAUSES):
            at, once = now + _pause(trouble, tries), f"look:{connection_id}:{theirs[0]}"
            _later("look_at_contacts", once, at, connection_id=connection_id, theirs=theirs, tries=tries + 1)


@app.task(name="read_calendars", priority=4)
def read_calendars(firm_id: int) -> None:
    """Read every calendar of the firm's that takes a lawyer's time, or may receive appointments."""
    calendars.refresh_firm(firm_id=firm_id, now=timezone.now())


@app.task(name="read_account", priority=4)
def read_account(connection_id: int) -> None:
    """The same for one lawyer's own account."""
    calendars.refresh_account(connection_id=connection_id, now=timezone.now())


@app.task(name="read_calendar", priority=5)
def read_calendar(calendar_id: int) -> None:
    """One calendar, of which its provider has told that something changed."""
    calendars.refresh_busy(calendar_id=calendar_id, now=timezone.now())


@app.task(name="look_after_watches", priority=2)
def look_after_watches(connection_id: int, tries: int = 0) -> None:
    """Being told of changes in an account's calendars. Tried a few times; the hourly round tries again."""
    now = timezone.now()
    try:
        again = watching.look_after(connection_id=connection_id, now=now)
    except RemoteTrouble as trouble:
        again = now + _pause(trouble, tries) if worth_repeating(trouble) else None
    if again is not None and tries < len(PAUSES):
        once = f"watches:{connection_id}"
        _later("look_after_watches", once, again, connection_id=connection_id, tries=tries + 1)


@app.task(name="list_calendars")
def list_calendars(connection_id: int, tries: int = 0) -> None:
    """Which calendars there are, and what we may do with them. Tried a few times; the next tick tries again."""
    connection = Connection.objects.filter(pk=connection_id, state=Connection.State.ACTIVE).first()
    if connection is None:
        return
    now = timezone.now()
    try:
        calendars.refresh_list(connection=connection, now=now)
    except RemoteTrouble as trouble:
        if worth_repeating(trouble) and tries < len(PAUSES):
            at = now + _pause(trouble, tries)
            _later(
                "list_calendars", f"list:{connection_id}", at, connection_id=connection_id, tries=tries + 1
            )


@app.task(name="look_after_hooks", priority=2)
def look_after_hooks(connection_id: int, soon: bool = False, tries: int = 0) -> None:
    """Subscriptions at Clio as they should be. Tried again for as long as Clio does not answer."""
    now = timezone.now()
    try:
        again = subscribing.look_after(connection_id=connection_id, soon=soon, now=now)
    except RemoteTrouble as trouble:
        again = now + _pause(trouble, tries) if worth_repeating(trouble) else None
    if again is not None:
        once = f"hooks:{connection_id}"
        _later("look_after_hooks", once, again, connection_id=connection_id, soon=soon, tries=tries + 1)


@app.task(name="heed_contacts", priority=3)
def heed_contacts(connection_id: int, tries: int = 0) -> None:
    """Clio told of contacts: look at them. Tried a few times; the next rounds look at them all the same."""
    connection = Connection.objects.filter(pk=connection_id, state=Connection.State.ACTIVE).first()
    if connection is None:
        return
    now = timezone.now()
    ids = hooks.contacts_to_look_at(connection)
    try:
        cycle.look_at(connection_id=connection_id, theirs=ids, now=now)
    except RemoteTrouble as trouble:
        if worth_repeating(trouble) and tries < len(PAUSES):
            at, once = now + _pause(trouble, tries), f"heed_contacts:{connection_id}"
            _later("heed_contacts", once, at, connection_id=connection_id, tries=tries + 1)
        return
    hooks.looked_at(connection, "contact", ids, now)
    tell_contacts.func(connection_id)


@app.task(name="heed_calendars", priority=4)
def heed_calendars(connection_id: int) -> None:
    """Clio told of entries: read the calendars, unless it only told us of what we wrote."""
    connection = Connection.objects.filter(pk=connection_id, state=Connection.State.ACTIVE).first()
    if connection is not None and hooks.entries_to_read(connection):
        calendars.refresh_firm(firm_id=connection.firm_id, now=timezone.now())


@app.task(name="look_at_charge", priority=6)
def look_at_charge(charge_id: int) -> None:
    """A fee: what Stripe knows of it, and the steps that are next. When it has to be looked at again, the minute tick brings it back."""
    now = timezone.now()
    if steps.look_at(charge_id=charge_id, now=now).confirm:
        paying.confirm_paid(charge_id=charge_id, now=now)


@app.task(name="read_payment_account", priority=3)
def read_payment_account(account_id: int, tries: int = 0) -> None:
    """Whether an account at Stripe can take payments. Tried a few times; the page of settings reads it all the same."""
    now = timezone.now()
    try:
        terms.read_account(account_id=account_id, by=None, now=now)
    except RemoteTrouble as trouble:
        if worth_repeating(trouble) and tries < len(PAUSES):
            once = f"payment-account:{account_id}"
            at = now + _pause(trouble, tries)
            _later("read_payment_account", once, at, account_id=account_id, tries=tries + 1)


@app.task(name="send_message", priority=7)
def send_message(message_id: int) -> None:
    messaging.deliver(message_id=message_id, now=timezone.now())


@app.task(name="send_invitation", priority=7, retry=PATIENT)
def send_invitation(invitation_id: int) -> None:
    invitations.send_invitation(invitation_id=invitation_id, now=timezone.now())


@app.task(name="alert_calendar", priority=6, retry=PATIENT)
def alert_calendar(calendar_id: int) -> None:
    alerts.calendar_alert(calendar_id=calendar_id, now=timezone.now())


@app.task(name="alert_account", priority=6, retry=PATIENT)
def alert_account(connection_id: int) -> None:
    alerts.account_alert(connection_id=connection_id, now=timezone.now())


@app.task(name="alert_overlap", priority=6, retry=PATIENT)
def alert_overlap(event_id: int) -> None:
    alerts.overlap_alert(event_id=event_id, now=timezone.now())


@app.task(name="alert_connection", priority=6, retry=PATIENT)
def alert_connection(firm_id: int) -> None:
    alerts.connection_alert(firm_id=firm_id, now=timezone.now())
