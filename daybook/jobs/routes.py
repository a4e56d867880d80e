"""What follows what: the only list. Every event has a row, also the ones that nothing follows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from django.utils import timezone
from procrastinate.tasks import Task

from daybook.appointments import paying
from daybook.billing import books, terms
from daybook.firms.models import Event
from daybook.jobs import tasks
from daybook.jobs.deferring import Wanted, defer
from daybook.messaging import operations as messaging
from daybook.sync import calendars, clashes, proposals, pushes, watching
from daybook.sync.clio import active
from daybook.sync.hooks import Subscription
from daybook.sync.mirror import leaving, owing
from daybook.sync.models import Connection

Follow = Callable[[Event], None]


def queue(task: Task, *, once: str = "", wait: timedelta | None = None, **arguments: object) -> None:
    """
    Defer a job in the current transaction: it exists exactly if the rows it is about do.

    With `once`, a job already waiting under that name is enough.
    """
    defer([Wanted(task, arguments, once, timezone.now() + wait if wait else None)])


def to_calendars(event: Event) -> None:
    """Clio and the calendar should look like the appointment."""
    if event.subject and pushes.want(appointment_id=event.subject, firm_id=event.firm_id, now=event.at):
        queue(tasks.push_appointment, once=f"push:{event.subject}", appointment_id=event.subject)


def push_now(event: Event) -> None:
    """What is wanted has not changed; only the waiting ends."""
    queue(tasks.push_appointment, once=f"push:{event.subject}", appointment_id=event.subject)


def overtake(event: Event) -> None:
    """What waits for an answer about the appointment is answered by this, or has become pointless."""
    if event.subject:
        proposals.overtaken(appointment_id=event.subject, by=event.actor, now=event.at)
        clashes.overtaken(appointment_id=event.subject, now=event.at)


def look_at_entry(event: Event) -> None:
    queue(tasks.look_at_entry, once=f"entry:{event.subject}", appointment_id=event.subject)


def to_people(event: Event) -> None:
    """Client and lawyer are told, unless somebody does that themselves; reminders are planned, moved or dropped."""
    if not event.subject:
        return
    due = messaging.plan(
        appointment_id=event.subject,
        occasion_event=event.name,
        now=event.at,
        tell_client=event.details.get("tell_client", True),
    )
    defer([Wanted(tasks.send_message, {"message_id": one}, once=f"message:{one}") for one in due])


def settle_in(event: Event) -> None:
    queue(tasks.settle_in, once=f"settle:{event.subject}", connection_id=event.subject)


def subscribe(event: Event) -> None:
    """Whoever connects is told of changes from then on."""
    queue(tasks.look_after_hooks, once=f"hooks:{event.subject}:soon", connection_id=event.subject, soon=True)


def settle_lawyer(event: Event) -> None:
    """Somebody new, or newly matched: match by email, list calendars, start with their own."""
    connection = active(event.firm_id)
    if connection is not None:
        queue(tasks.settle_in, once=f"settle:{connection.pk}", connection_id=connection.pk)


def sync_contacts(event: Event) -> None:
    queue(tasks.sync_contacts, once=f"contacts:{event.subject}", connection_id=event.subject)


def sync_contacts_now(event: Event) -> None:
    queue(tasks.sync_contacts, once=f"contacts:{event.subject}:now", connection_id=event.subject, asked=True)


def owe(event: Event) -> None:
    """Clio is to hear of a contact as it is now."""
    connection_id = owing.want_of_firm(event.firm_id, event.subject, event.at) if event.subject else None
    if connection_id is not None:
        queue(tasks.tell_contacts, once=f"tell:{connection_id}", connection_id=connection_id)


def tell_decided(event: Event) -> None:
    """What somebody decided about contacts is carried out; what they spoke of is looked at afresh."""
    queue(tasks.tell_contacts, once=f"tell:{event.subject}", connection_id=event.subject)
    if theirs := event.details.get("theirs"):
        queue(tasks.look_at_contacts, connection_id=event.subject, theirs=[theirs])


def leave(event: Event) -> None:
    if event.subject:
        name = event.details.get("name", "")
        leaving.removed(firm_id=event.firm_id, contact_id=event.subject, name=name, now=event.at)


def merge_links(event: Event) -> None:
    leaving.merged(
        firm_id=event.firm_id, kept=event.details["kept"], dropped=event.details["dropped"], now=event.at
    )


def part_links(event: Event) -> None:
    leaving.restored(
        firm_id=event.firm_id,
        contact_id=event.details["restored"],
        was=event.details["dropped"],
        now=event.at,
    )


def search_contacts(event: Event) -> None:
    queue(tasks.sweep_contacts, once=f"sweep:{event.subject}:sure", connection_id=event.subject, sure=True)


def read_calendars(event: Event) -> None:
    read_all(event.firm_id)


def read_all(firm_id: int) -> None:
    """The calendars of a firm: its own together, each lawyer's account by itself, so that none waits for a slow server."""
    queue(tasks.read_calendars, once=f"calendars:{firm_id}", firm_id=firm_id)
    for connection_id in calendars.accounts_of(firm_id):
        queue(tasks.read_account, once=f"account:{connection_id}", connection_id=connection_id)


def settle_account(event: Event) -> None:
    """A lawyer's own account was connected: its calendars are read, and its provider asked to tell of changes."""
    connection_id = event.details["connection"]
    queue(tasks.read_account, once=f"account:{connection_id}", connection_id=connection_id)
    watch_account(connection_id)


def watch_account(connection_id: int) -> None:
    queue(tasks.look_after_watches, once=f"watches:{connection_id}", connection_id=connection_id)


def watch_chosen(event: Event) -> None:
    """Which of a lawyer's calendars are worth being told of was chosen."""
    if event.subject:
        for connection_id in watching.accounts_of(event.subject):
            watch_account(connection_id)


#: Tellings come in bursts: one reading for all of one.
GATHER = timedelta(seconds=2)


def read_told(calendar_id: int) -> None:
    """Its provider says that something changed in a calendar."""
    queue(tasks.read_calendar, once=f"calendar:{calendar_id}", wait=GATHER, calendar_id=calendar_id)


def settle_overlaps(event: Event) -> None:
    """What overlapped with a calendar that no longer takes a lawyer's time does so no more."""
    if event.subject:
        clashes.chosen(lawyer_id=event.subject, now=event.at)


def tell_overlap(event: Event) -> None:
    if event.details["tell"]:
        queue(tasks.alert_overlap, once=f"overlap:{event.pk}", event_id=event.pk)


def tell_account_broken(event: Event) -> None:
    queue(tasks.alert_account, once=f"broken-account:{event.subject}", connection_id=event.subject)


def push_of_lawyer(event: Event) -> None:
    """Something was chosen for a lawyer, or an account mended, that pushes may have waited for."""
    if event.subject:
        for appointment_id in pushes.want_of_lawyer(lawyer_id=event.subject, now=event.at):
            queue(tasks.push_appointment, once=f"push:{appointment_id}", appointment_id=appointment_id)


def ask_fee(event: Event) -> None:
    """An appointment was made: its fee, if it has one, is due under the firm's terms."""
    if event.subject:
        charge = paying.ask_fee(appointment_id=event.subject, now=event.at)
        if charge is not None:
            look_at_charge(charge.pk)


def settle_fee(event: Event) -> None:
    """An appointment was moved, cancelled or looked back on: what is to become of its money may be another."""
    charge = books.charge_of(event.subject) if event.subject and terms.offered() else None
    if charge is not None:
        look_at_charge(charge.pk)


def settle_waived(event: Event) -> None:
    look_at_charge(event.details["charge"])


def look_at_charge(charge_id: int) -> None:
    queue(tasks.look_at_charge, once=f"charge:{charge_id}", charge_id=charge_id)


def read_payment_account(account_id: int) -> None:
    queue(tasks.read_payment_account, once=f"payment-account:{account_id}", account_id=account_id)


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
    "lawyer_added": (settle_lawyer,),
    "member_invited": (invite,),
    "invitation_withdrawn": (),
    "member_joined": (),
    "role_changed": (),
    "page_switched": (),
    "profile_saved": (),
    "acted_for": (),
    "clio_connected": (settle_in, subscribe, sync_contacts),
    "clio_declined": (),
    "clio_disconnected": (),
    "clio_broken": (tell_broken,),
    "lawyer_matched": (settle_lawyer, push_of_lawyer),
    "calendars_read": (read_calendars,),
    "calendars_chosen": (read_calendars, watch_chosen, push_of_lawyer, settle_overlaps),
    "calendar_account_connected": (settle_account, push_of_lawyer),
    "calendar_account_declined": (),
    "calendar_account_broken": (tell_account_broken,),
    "calendar_account_removed": (),
    "requests_preferred": (),
    "feed_added": (),  # adding it has read it
    "feed_removed": (),
    "calendar_unreadable": (tell_calendar,),
    "hours_saved": (),
    "exception_saved": (),
    "exception_removed": (),
    "appointment_type_saved": (read_calendars,),  # a linked calendar may be one nobody has read yet
    "appointment_type_retired": (),
    "appointment_held": (),
    "hold_released": (),
    "appointment_requested": (to_people,),  # nothing of it reaches Clio or a calendar before it is accepted
    "request_declined": (to_people, settle_fee),
    "request_withdrawn": (to_people, settle_fee),
    "request_lapsed": (to_people, settle_fee),
    "appointment_confirmed": (ask_fee, to_calendars, to_people),
    "appointment_rescheduled": (overtake, to_calendars, to_people, settle_fee),
    "appointment_changed": (to_calendars, to_people),
    "appointment_cancelled": (overtake, to_calendars, to_people, settle_fee),
    "outcome_recorded": (settle_fee,),
    "matter_linked": (),
    "time_sent": (to_calendars,),
    "contact_saved": (owe,),
    "contact_unlinked": (),
    "contact_removed": (leave,),
    "contacts_merged": (merge_links,),
    "merge_undone": (part_links,),
    "contacts_read": (),
    "contact_import_approved": (sync_contacts,),
    "contact_sync_set": (),
    "contact_sync_asked_for": (sync_contacts_now,),
    "contact_sync_stopped": (),
    "contact_sync_resumed": (sync_contacts,),
    "contact_decided": (tell_decided,),
    "contact_search_asked_for": (search_contacts,),
    "contacts_imported": (),
    "contacts_synced": (),
    "appointment_pushed": (),
    "push_retried": (push_now,),
    "push_failed": (),
    "entry_differs": (look_at_entry,),
    "edit_proposed": (),
    "edit_withdrawn": (to_calendars,),
    "edit_answered": (),
    "edit_restored": (to_calendars,),
    "overlap_noticed": (tell_overlap,),
    "overlap_settled": (),
    "question_asked": (),
    "question_answered": (),
    "payments_connected": (),
    "payments_disconnected": (),
    "fee_terms_saved": (),
    "fee_asked": (),
    "fee_card_saved": (),
    "fee_held": (),
    "fee_hold_lapsed": (),
    "fee_released": (),
    "fee_taken": (),
    "fee_declined": (),
    "fee_refunded": (),
    "fee_waived": (settle_waived,),
    "fee_called_off": (),
    "fee_disputed": (),
    "fee_dispute_won": (),
    "fee_dispute_lost": (),
    "message_sent": (),
    "message_failed": (),
}


#: What follows a change that Clio told us of, by the name its subscription has for it (sync/hooks.py: WANTED).
HEEDS: dict[str, Task] = {"heed_contacts": tasks.heed_contacts, "heed_calendars": tasks.heed_calendars}


def heed(wanted: Subscription, connection: Connection) -> None:
    """Queue what looks at the change, a little later, so that a burst of changes becomes one job."""
    once = f"{wanted.follow}:{connection.pk}"
    queue(HEEDS[wanted.follow], once=once, wait=wanted.wait, connection_id=connection.pk)


def follow(event: Event) -> None:
    """Queue what follows from `event`, in the transaction that recorded it."""
    for step in ROUTES[event.name]:
        step(event)
