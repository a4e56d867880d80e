"""What needs attention: each thing with its reason, and who mends it by which button."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from django.urls import reverse

from daybook.billing import books, terms
from daybook.calendars import queries as calendars
from daybook.core import times
from daybook.core.payments import State
from daybook.firms.models import Lawyer
from daybook.firms.permissions import Actor, may
from daybook.sync import accounts, clashes, questions
from daybook.sync import queries as sync
from daybook.sync.mirror import shown
from daybook.sync.models import Connection, ContactSync, Push, Question
from daybook.web.office import overlaps
from daybook.web.office.shown import CLIO, first_address


@dataclass(frozen=True, slots=True)
class Button:
    """A button that posts one value to an address."""

    words: str
    url: str
    name: str = "answer"
    value: str = ""


@dataclass(frozen=True, slots=True)
class Item:
    """One line of the card."""

    title: str
    text: str
    link: tuple[str, str] | None = None  # words, address
    buttons: tuple[Button, ...] = field(default=())
    more: tuple[tuple[str, str], ...] = ()  # further links


#: The button that deals with a question, beside "Dismiss".
ANSWERS: dict[str, tuple[str, str]] = {Question.Kind.ACTIVITY_GONE: ("again", "Send again")}


def attention(actor: Actor, lawyer: Lawyer, connection: Connection | None, now: datetime) -> tuple[Item, ...]:
    """Everything that waits for a person at this desk, what stops most first."""
    return (
        *_connection(actor, connection),
        *_accounts(actor, lawyer),
        *_calendars(actor, lawyer, connection, now),
        *_overlaps(actor, lawyer, now),
        *_contacts(actor, connection),
        *(_question(actor, one) for one in questions.open_questions(actor).exclude(kind__in=shown.KINDS)),
        *_pushes(actor, lawyer, connection, now),
        *_fees(actor, lawyer),
    )


def _connection(actor: Actor, connection: Connection | None) -> tuple[Item, ...]:
    if connection is None or connection.state != Connection.State.BROKEN:
        return ()
    text = connection.trouble or "Clio no longer accepts this connection."
    if may(actor, "connect_firm"):
        return (Item("Clio has to be connected again", text, ("Reconnect", first_address("integrations"))),)
    return (Item("Clio has to be connected again", f"{text} An administrator of your firm can do it."),)


def _accounts(actor: Actor, lawyer: Lawyer) -> tuple[Item, ...]:
    return tuple(
        Item(
            f"{account.account_name} has to be connected again",
            f"{account.trouble} {_until_then(lawyer)}",
            ("Reconnect", reverse("account_reconnect", args=[account.pk]))
            if may(actor, "choose_calendars", lawyer)
            else None,
        )
        for account in accounts.of_lawyer(lawyer)
        if account.state == Connection.State.BROKEN
    )


def _until_then(lawyer: Lawyer) -> str:
    if lawyer.requests_when_unread:
        return "Until then clients can only request times, which are confirmed by hand."
    return f"Until then {lawyer.name}'s times are not offered online."


def _calendars(
    actor: Actor, lawyer: Lawyer, connection: Connection | None, now: datetime
) -> tuple[Item, ...]:
    address = first_address("manage_calendars", "calendars", "integrations")
    link = ("Manage Calendars", address) if may(actor, "choose_calendars", lawyer) else None
    again = Button("Try again", reverse("read_again", args=[lawyer.pk]), "next", reverse("dashboard"))
    items = [
        Item(
            f"{use.calendar.name} cannot be read",
            f"{text} {_until_then(lawyer)} "
            + (
                "Waiting will not mend it."
                if use.calendar.trouble_final
                else "Daybook tries again every few minutes."
            ),
            link,
            (again,),
        )
        for use, text in calendars.troubled_calendars([lawyer.pk], now)
        if not accounts.is_broken(use.calendar.connection_id)
    ]
    if connection is not None and calendars.primary_calendar(lawyer.pk) is None:
        items.append(
            Item(
                "No primary calendar",
                f"Appointments of {lawyer.name} are not written to a calendar in Clio until one is chosen.",
                link,
            )
        )
    return tuple(items)


def _overlaps(actor: Actor, lawyer: Lawyer, now: datetime) -> tuple[Item, ...]:
    """Times that turned out to be taken twice."""
    items = []
    for clash in clashes.open_at(actor, lawyer.pk, now):
        about = clash.appointment
        fine = Button("It is fine", reverse("accept_overlap", args=[clash.pk]), value="fine")
        link: tuple[str, str] | None = None
        more: tuple[tuple[str, str], ...] = ()
        if may(actor, "manage_appointments", about.lawyer):
            link = ("Reschedule", reverse("reschedule", args=[about.pk]))
            more = (("Cancel appointment", reverse("cancel_appointment", args=[about.pk])),)
        items.append(Item(overlaps.title(clash), overlaps.text(clash, lawyer.time_zone), link, (fine,), more))
    return tuple(items)


def _contacts(actor: Actor, connection: Connection | None) -> tuple[Item, ...]:
    """Contact sync, for those who may settle what it asks: one line, however many questions there are."""
    if connection is None or not may(actor, "connect_firm"):
        return ()
    items = []
    setting = shown.of_connection(connection)
    if setting is not None and setting.phase == ContactSync.Phase.REVIEW:
        text = "They have been read. The first import changes nothing, here or in Clio, before you have seen what will be."
        link = ("See what will happen", reverse("sync_first"))
        items.append(Item("Clio's contacts wait for your go-ahead", text, link))
    asked = shown.open_questions(actor.firm.pk)
    number, link = asked.count(), ("Sync centre", reverse("sync_questions"))
    if number == 1:
        only = asked[0]
        items.append(Item(only.get_kind_display(), only.text, link))
    elif number:
        alarm = asked.filter(kind=Question.Kind.ALARM).first()
        title = alarm.get_kind_display() if alarm else f"{number:,} questions about contacts"
        text = (
            alarm.text
            if alarm
            else "Contacts in Daybook and in Clio differ in ways only a person can settle."
        )
        items.append(Item(title, text, link))
    return tuple(items)


def _question(actor: Actor, question: Question) -> Item:
    address = reverse("answer_question", args=[question.pk])
    buttons = [Button("Dismiss", address, value="dismissed")]
    if question.kind in ANSWERS:
        value, words = ANSWERS[question.kind]
        buttons.insert(0, Button(words, address, value=value))
    about = question.appointment
    link = None
    if about is not None and may(actor, "see_appointments", about.lawyer):
        link = ("Open appointment", reverse("appointment", args=[about.pk]))
    return Item(question.get_kind_display(), question.text, link, tuple(buttons))


def _pushes(actor: Actor, lawyer: Lawyer, connection: Connection | None, now: datetime) -> tuple[Item, ...]:
    broken = connection is not None and connection.state == Connection.State.BROKEN
    somewhere = CLIO if connection is not None else "the calendar"
    items = []
    for push in sync.unfinished_pushes(actor.firm.pk, [lawyer.pk]):
        if not push.trouble or (broken and push.place in ("", CLIO)):
            continue  # on its way, or waits for what is said above
        about = push.appointment
        link = ("Open appointment", reverse("appointment", args=[about.pk]))
        retry = Button("Retry", reverse("retry_push", args=[about.pk]), "next", reverse("dashboard"))
        items.append(
            Item(
                f"{about.client_name} is not in {push.place or somewhere} yet",
                f"{push.trouble} {_who_mends(push, lawyer, now)}",
                link,
                (retry,),
            )
        )
    return tuple(items)


#: What is said of a fee that waits for the firm, by its state; other states say their own trouble.
FEES: dict[State, tuple[str, str]] = {
    State.FAILED: ("The card was declined", "The client can use another one on the page for paying."),
    State.DISPUTED: (
        "The payment is disputed",
        "The client's bank keeps it until it has decided. Answer in Stripe's dashboard.",
    ),
}


def _fees(actor: Actor, lawyer: Lawyer) -> tuple[Item, ...]:
    """Fees that do not go on by themselves."""
    if not terms.offered():
        return ()
    items = []
    for charge in books.troubled(actor.firm.pk, lawyer.pk):
        title, text = FEES.get(State(charge.state), ("The fee does not go on", ""))
        link = ("Open appointment", reverse("appointment", args=[charge.appointment_id]))
        items.append(
            Item(
                f"{charge.appointment.client_name}: {title.lower()}", f"{charge.trouble} {text}".strip(), link
            )
        )
    return tuple(items)


def _who_mends(push: Push, lawyer: Lawyer, now: datetime) -> str:
    if push.state == Push.State.TROUBLE or push.next_try_at is None:
        return "Once that is done, press Retry."
    if push.next_try_at <= now:
        return "Daybook is trying again now."
    return f"Daybook tries again by itself at {times.say_time(push.next_try_at, lawyer.time_zone)}."
