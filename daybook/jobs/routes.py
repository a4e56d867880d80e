"""What follows what: the only list. Every event has a row, also the ones that nothing follows."""

from __future__ import annotations

from collections.abc import Callable

from django.db import transaction
from procrastinate.exceptions import AlreadyEnqueued
from procrastinate.tasks import Task

from daybook.firms.models import Event
from daybook.jobs import tasks
from daybook.messaging import operations as messaging
from daybook.sync import pushes

Follow = Callable[[Event], None]


def queue(task: Task, *, once: str = "", **arguments: object) -> None:
    """
    Defer a job in the current transaction: it exists exactly if the rows it is about do.

    With `once`, a job already waiting under that name is enough. In a savepoint of its own, because the refusal
    of a second one would otherwise break the caller's transaction.
    """
    configured = task.configure(queueing_lock=once or None)
    try:
        with transaction.atomic():
            configured.defer(**arguments)
    except AlreadyEnqueued:
        return


def to_clio(event: Event) -> None:
    """Clio should look like the appointment."""
    if event.subject and pushes.want(appointment_id=event.subject, firm_id=event.firm_id, now=event.at):
        queue(tasks.push_appointment, once=f"push:{event.subject}", appointment_id=event.subject)


def to_people(event: Event) -> None:
    """Client and lawyer are told; reminders are planned, moved or dropped."""
    if not event.subject:
        return
    for message_id in messaging.plan(appointment_id=event.subject, occasion_event=event.name, now=event.at):
        queue(tasks.send_message, once=f"message:{message_id}", message_id=message_id)


def settle_in(event: Event) -> None:
    queue(tasks.settle_in, once=f"settle:{event.subject}", connection_id=event.subject)


def read_contacts(event: Event) -> None:
    queue(tasks.read_contacts, once=f"contacts:{event.subject}", connection_id=event.subject)


def read_calendars(event: Event) -> None:
    queue(tasks.read_calendars, once=f"calendars:{event.firm_id}", firm_id=event.firm_id)


def retry_lawyer(event: Event) -> None:
    """Something was chosen for a lawyer that pushes may have waited for."""
    if event.subject:
        for appointment_id in pushes.retry_lawyer(lawyer_id=event.subject, now=event.at):
            queue(tasks.push_appointment, once=f"push:{appointment_id}", appointment_id=appointment_id)


def invite(event: Event) -> None:
    queue(tasks.send_invitation, once=f"invitation:{event.subject}", invitation_id=event.subject)


def tell_calendar(event: Event) -> None:
    queue(tasks.alert_calendar, once=f"alert:{event.subject}", calendar_id=event.subject)


def tell_broken(event: Event) -> None:
    queue(tasks.alert_connection, once=f"broken:{event.firm_id}", firm_id=event.firm_id)


ROUTES: dict[str, tuple[Follow, ...]] = {
    "firm_signed_up": (),
    "firm_saved": (),
    "subscription_set": (),
    "lawyer_added": (),
    "member_invited": (invite,),
    "invitation_withdrawn": (),
    "member_joined": (),
    "member_left": (),
    "role_changed": (),
    "profile_saved": (),
    "acted_for": (),
    "clio_connected": (settle_in, read_contacts),
    "clio_declined": (),
    "clio_disconnected": (),
    "clio_broken": (tell_broken,),
    "clio_restored": (),
    "lawyer_matched": (retry_lawyer,),
    "calendars_read": (read_calendars,),
    "calendars_chosen": (read_calendars, retry_lawyer),
    "primary_calendar_set": (),
    "calendar_unreadable": (tell_calendar,),
    "calendar_readable": (),
    "calendar_entry_moved": (),
    "calendar_entry_deleted": (),
    "hours_saved": (),
    "exception_saved": (),
    "exception_removed": (),
    "appointment_type_saved": (read_calendars,),  # a linked calendar may be one nobody has read yet
    "appointment_type_retired": (),
    "appointment_held": (),
    "hold_released": (),
    "hold_expired": (),
    "appointment_confirmed": (to_clio, to_people),
    "appointment_rescheduled": (to_clio, to_people),
    "appointment_changed": (to_clio, to_people),
    "appointment_cancelled": (to_clio, to_people),
    "outcome_recorded": (),
    "matter_linked": (),
    "matter_created": (),
    "time_sent": (to_clio,),
    "time_changed": (to_clio,),
    "time_withdrawn": (to_clio,),
    "time_left_on_bill": (),
    "contact_saved": (),
    "contacts_merged": (),
    "contacts_imported": (),
    "contacts_synced": (),
    "sync_stopped": (),
    "appointment_pushed": (),
    "push_failed": (),
    "question_asked": (),
    "question_answered": (),
    "fee_held": (),
    "fee_charged": (),
    "fee_released": (),
    "fee_refunded": (),
    "fee_failed": (),
    "message_sent": (),
    "message_failed": (),
    "sms_consent_given": (),
    "sms_consent_withdrawn": (),
}


def follow(event: Event) -> None:
    """Queue what follows from `event`, in the transaction that recorded it."""
    for step in ROUTES[event.name]:
        step(event)
