"""How one contact stands with Clio, for its page, and ending its sync."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from daybook.contacts import queries as contacts
from daybook.contacts.models import Contact
from daybook.core.errors import Refusal
from daybook.firms.permissions import Actor, may
from daybook.sync import queries
from daybook.sync.mirror import answers, shown
from daybook.sync.models import Owed
from daybook.web.office.sync_centre import UNDO
from daybook.web.office.sync_words import APART_WORDS, moment
from daybook.web.signed_in import OfficeRequest, office


@dataclass(frozen=True, slots=True)
class ContactState:
    """What `desk/contact_sync.html` shows: a word with a tone, lines of facts, and the buttons there are."""

    word: str
    tone: str
    text: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    link: tuple[str, str] | None = None  # words, address
    buttons: tuple[tuple[str, str, str], ...] = ()  # words, address, the contact to name ("" for none)


def sync_of(actor: Actor, contact: Contact) -> ContactState:
    """
    How a contact stands with Clio: linked and since when they last agreed, pending, in trouble, asked about or not
    synced any more, with the buttons that somebody may press who may connect the firm.
    """
    connection = queries.connection_of(actor.firm.pk)
    setting = shown.of_connection(connection) if connection else None
    if setting is None:
        return ContactState("Not connected", "plain")
    now = shown.standing(setting, contact.pk)
    zone, acts = actor.firm.time_zone, may(actor, "connect_firm")
    link = (("Answer in the Sync centre", reverse("sync_questions"))) if now.question and acts else None
    facts = _facts(now, zone)
    if now.apart is not None and now.link is None:
        _, words = UNDO[now.apart.why]
        return ContactState(
            "Not synced",
            "warn",
            APART_WORDS[now.apart.why],
            (("Since", moment(now.apart.at, zone)),),
            link,
            ((words, reverse("sync_undo", args=[now.apart.pk]), ""),) if acts else (),
        )
    stop = (("Stop syncing this contact", reverse("sync_stop_contact", args=[contact.pk]), ""),)
    retry = (("Try again", reverse("sync_try_again"), str(contact.pk)),)
    buttons: tuple[tuple[str, str, str], ...] = stop if now.link and acts else ()
    if now.question is not None:
        return ContactState("Question", "warn", now.question.get_kind_display() + ".", facts, link, buttons)
    if now.owed is not None:
        stuck = now.owed.state == Owed.State.TROUBLE
        text = now.owed.trouble or "Clio hears of the last change in a moment."
        word, tone = ("Needs attention", "bad") if stuck else ("Pending", "warn")
        return ContactState(word, tone, text, facts, None, (*(retry if acts else ()), *buttons))
    if now.link is None:
        return ContactState("Not in Clio", "plain", "Clio gets this contact with the first appointment.")
    return ContactState("In Clio", "good", "Changes on either side reach the other.", facts, None, buttons)


def _facts(now: shown.Standing, zone: str) -> tuple[tuple[str, str], ...]:
    rows = []
    if now.link is not None:
        rows.append(("Last agreed", moment(now.link.agreed_at, zone)))
        rows.append(("Linked", "by hand" if now.link.by_hand else "by itself"))
    if now.owed is not None:
        rows.append(("Waiting since", moment(now.owed.since, zone)))
        if now.owed.next_try_at is not None and now.owed.state == Owed.State.PENDING:
            rows.append(("Next try", moment(now.owed.next_try_at, zone)))
    return tuple(rows)


@require_POST
@office("connect_firm")
def stop_syncing(request: OfficeRequest, contact_id: int) -> HttpResponse:
    """Keep both sides as they are, and tell neither of the other's changes any more."""
    actor = request.actor
    contact = contacts.access_contact(actor, contact_id)
    try:
        answers.unlink(actor=actor, setting=shown.access(actor), contact=contact, now=timezone.now())
    except Refusal as refusal:
        messages.error(request, refusal.text)
    else:
        messages.success(
            request, f"{contact.name or 'This contact'} is no longer synced. Both sides keep theirs."
        )
    return redirect("contact", contact.pk)
