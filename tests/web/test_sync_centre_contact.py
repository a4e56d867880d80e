"""How one contact stands with Clio, as its page shows it."""

from __future__ import annotations

import re
from html import unescape

import pytest
from django.template.loader import render_to_string
from django.test import RequestFactory
from django.utils import timezone

from daybook.contacts.models import Contact
from daybook.firms.permissions import Actor
from daybook.sync.models import Connection, Owed
from daybook.web.office.sync_contact import sync_of
from tests.cast import add_member
from tests.web.sync_room import Room

pytestmark = pytest.mark.django_db


def card(room: Room, contact: Contact, actor: Actor | None = None) -> str:
    """The words of the part, and the addresses of its buttons."""
    sync = sync_of(actor or room.office.cast.alice_actor, contact)
    html = render_to_string("desk/contact_sync.html", {"sync": sync}, RequestFactory().get("/"))
    addresses = " ".join(re.findall(r'(?:action|href)="([^"]+)"', html))
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))) + addresses


def test_a_linked_contact_says_when_both_sides_last_agreed_and_can_be_unlinked(room: Room):
    contact, _ = room.linked()
    text = card(room, contact)
    for part in ("In Clio", "Last agreed", "by itself", "Stop syncing this contact", f"/{contact.pk}/stop/"):
        assert part in text, part


def test_what_clio_has_not_heard_is_pending_then_in_trouble_with_the_reason(room: Room):
    contact, _ = room.linked()
    room.change(contact, title="Judge")
    text = card(room, contact)
    assert "Pending" in text
    assert "Next try" in text
    Owed.objects.update(state="trouble", trouble="Clio refused it.", next_try_at=None)
    text = card(room, contact)
    for part in ("Needs attention", "Clio refused it.", "Try again", "Waiting since"):
        assert part in text, part


def test_an_unlinked_contact_says_why_and_offers_the_way_back(room: Room):
    contact, _ = room.linked()
    room.press("sync_stop_contact", contact.pk)
    text = card(room, contact)
    for part in ("Not synced", "Unlinked by hand", "Link again", "/unlinked/"):
        assert part in text, part
    assert "Stop syncing" not in text


def test_a_contact_in_dispute_leads_to_the_question(room: Room):
    contact, _, _ = room.conflict()
    text = card(room, contact)
    assert "Changed on both sides." in text
    assert "Answer in the Sync centre" in text


def test_who_may_not_connect_the_firm_sees_the_state_and_no_buttons(room: Room):
    contact, _, _ = room.conflict()
    bob = add_member(room.office.cast, "Bob", "bob@hartvale.example", "staff")
    text = card(room, contact, bob)
    assert "Last agreed" in text
    for part in ("Stop syncing", "Try again", "Answer in"):
        assert part not in text, part


def test_without_a_connection_it_says_so(room: Room):
    contact, _ = room.linked()
    Connection.objects.update(state="disconnected", disconnected_at=timezone.now())
    assert "Not connected" in card(room, contact)
