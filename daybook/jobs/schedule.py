"""What repeats by itself, and how often."""

from __future__ import annotations

from django.db.models import QuerySet
from django.utils import timezone
from procrastinate.contrib.django import app

from daybook.appointments import operations as appointments
from daybook.appointments.operations import answering
from daybook.billing import inbox
from daybook.directory import operations as directory
from daybook.jobs import tasks
from daybook.jobs.routes import heed, look_at_charge, queue, read_all, watch_account
from daybook.messaging import operations as messaging
from daybook.sync import hooks, pushes, watching
from daybook.sync.mirror import cycle, owing, sweep
from daybook.sync.models import Connection

#: Messages claimed by one tick; the rest follows a minute later, so that one job never runs for long.
MESSAGES_A_TICK = 2000
#: Listings made anew by one tick: some ten seconds' work, and more than 150,000 lawyers need in a quiet minute.
LISTINGS_A_TICK = 3000


@app.periodic(cron="* * * * *")
@app.task(name="minute", queueing_lock="tick:minute")
def minute(timestamp: int) -> None:
    """Pushes and messages whose time has come, holds that have run out, and requests that nobody answered."""
    now = timezone.now()
    appointments.expire_holds(now=now)
    answering.lapse_requests(now=now)
    for appointment_id in pushes.due(now):
        queue(tasks.push_appointment, once=f"push:{appointment_id}", appointment_id=appointment_id)
    for charge_id in inbox.due(now):
        look_at_charge(charge_id)
    for message_id in messaging.due(now, MESSAGES_A_TICK):
        queue(tasks.send_message, once=f"message:{message_id}", message_id=message_id)


@app.periodic(cron="* * * * *")
@app.task(name="directory_tick", queueing_lock="tick:directory")
def directory_tick(timestamp: int) -> None:
    """What the directory says of when lawyers can be seen, wherever that has changed or grown old."""
    directory.tend(timezone.now(), LISTINGS_A_TICK)


@app.periodic(cron="11 4 * * *")
@app.task(name="choices_tick", queueing_lock="tick:choices")
def choices_tick(timestamp: int) -> None:
    """Every day: what nobody in the directory says of themselves any more leaves its lists."""
    directory.drop_choices()


@app.periodic(cron="*/5 * * * *")
@app.task(name="calendars_tick", queueing_lock="tick:calendars")
def calendars_tick(timestamp: int) -> None:
    """Keep the mirrors of busy times young, whoever the calendars are with."""
    working = Connection.objects.filter(state=Connection.State.ACTIVE)
    for firm_id in working.order_by("firm_id").values_list("firm_id", flat=True).distinct():
        read_all(firm_id)


@app.periodic(cron="* * * * *")
@app.task(name="contacts_tick", queueing_lock="tick:contacts")
def contacts_tick(timestamp: int) -> None:
    """Contacts: firms whose two hours have passed, what Clio is owed still, and searches whose day has passed."""
    now = timezone.now()
    for connection_id in cycle.due(now):
        queue(tasks.sync_contacts, once=f"contacts:{connection_id}", connection_id=connection_id)
    for connection_id in owing.due(now):
        queue(tasks.tell_contacts, once=f"tell:{connection_id}", connection_id=connection_id)
    for connection_id in sweep.due(now):
        queue(tasks.sweep_contacts, once=f"sweep:{connection_id}", connection_id=connection_id)


@app.periodic(cron="7 */2 * * *")
@app.task(name="lists_tick", queueing_lock="tick:lists")
def lists_tick(timestamp: int) -> None:
    """Every two hours: which calendars there are."""
    listed = Connection.objects.filter(state=Connection.State.ACTIVE).exclude(
        provider=Connection.Provider.ICS
    )
    for connection_id in listed.values_list("pk", flat=True):
        queue(tasks.list_calendars, once=f"list:{connection_id}", connection_id=connection_id)


@app.periodic(cron="2-59/5 * * * *")
@app.task(name="heard_tick", queueing_lock="tick:heard")
def heard_tick(timestamp: int) -> None:
    """What Clio told us of and no job has looked at: one that began a moment too early, or was lost."""
    for wanted, connection in hooks.forgotten(timezone.now()):
        heed(wanted, connection)


@app.periodic(cron="41 5 * * *")
@app.task(name="hooks_tick", queueing_lock="tick:hooks")
def hooks_tick(timestamp: int) -> None:
    """Every day: subscriptions whose end is near, and those that Clio has suspended or lost."""
    for connection_id in _active().values_list("pk", flat=True):
        queue(tasks.look_after_hooks, once=f"hooks:{connection_id}", connection_id=connection_id)


@app.periodic(cron="17 * * * *")
@app.task(name="watches_tick", queueing_lock="tick:watches")
def watches_tick(timestamp: int) -> None:
    """Every hour: watches of lawyers' own calendars whose end is near, and those that could not be had."""
    for connection_id in watching.due(timezone.now()):
        watch_account(connection_id)


def _active() -> QuerySet[Connection]:
    """The firms' working connections to Clio."""
    return Connection.objects.filter(state=Connection.State.ACTIVE, provider=Connection.Provider.CLIO)
