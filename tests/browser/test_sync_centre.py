"""Contacts both ways, in a browser: connect, look, start; ask for a cycle; settle a dispute. Every page, wide and narrow."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from daybook.contacts.cards import card_of
from daybook.contacts.models import Contact
from daybook.sync.mirror import asking
from daybook.sync.mirror.records import Theirs
from daybook.sync.models import Link, Question
from tests.flows.office import ALICE, Office
from tests.stage.browser import DESKTOP, PHONE
from tests.stage.journey import at_clio, to_clio, work
from tests.web.sync_room import Room

pytestmark = pytest.mark.django_db(transaction=True)

SYNC = "/integrations/clio/contacts/"


@pytest.fixture
def room(transactional_db, clio) -> Room:
    return Room(Office(clio, connected=False))


@pytest.mark.parametrize("shape", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_from_connecting_to_a_settled_dispute(room: Room, come_in, look, shape: Any):
    ours = room.add("Only", "Here", "only.here@mail.example")
    page = come_in(room.office.cast.alice_user, shape=shape)
    to_clio(page)
    at_clio(page)
    page.get_by_text("Successfully connected to Clio").wait_for()
    page.get_by_label("People only").wait_for()
    look(page)
    work()

    # what it will do, in numbers, and by name
    page.get_by_role("button", name="Start syncing").wait_for()
    page.get_by_text("Only Here").wait_for(state="attached")
    look(page)
    assert Contact.objects.get() == ours
    page.get_by_label("People only").check()
    page.get_by_role("button", name="Use these filters").click()
    page.get_by_text("Filters saved.").wait_for()
    page.get_by_label("People only").uncheck()
    page.get_by_role("button", name="Use these filters").click()
    assert room.office.contacts("only.here@mail.example") == [], "nothing is written before the go-ahead"

    page.get_by_role("button", name="Start syncing").click()
    page.get_by_text("Syncing has started.").wait_for()
    look(page)
    work()
    page.get_by_text("Contacts are up to date.").wait_for()  # it asks by itself
    assert len(room.office.contacts("only.here@mail.example")) == 1
    page.get_by_role("link", name="Contacts").last.click()
    page.get_by_label("Find a contact").fill("reyes")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("link", name="Dana Reyes").wait_for()

    # changed on both sides
    contact, theirs = room.linked()
    room.change(contact, last_name="Reyes-Hart")
    room.edit_there(theirs, last_name="Reyes-Vale")
    page.goto(SYNC)
    look(page)
    page.get_by_role("button", name="Sync now").click()
    page.get_by_text("Syncing begins.").wait_for()
    work()
    page.goto("/dashboard/")
    page.get_by_role("link", name="Sync centre").click()
    page.get_by_role("heading", name="Dana Reyes").wait_for()
    look(page)
    page.get_by_label("In Clio Reyes-Vale").check()
    page.get_by_role("button", name="Save choices").click()
    page.get_by_text("Saved. Clio hears of it in a moment.").wait_for()
    page.get_by_text("No questions").wait_for()
    look(page)
    contact.refresh_from_db()
    assert contact.last_name == "Reyes-Vale"


@pytest.mark.parametrize("shape", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_every_page_of_the_sync_centre_can_be_read_by_everybody(room: Room, come_in, look, shape: Any):
    room.office.connect()
    work()
    twin = room.add("Dana", "Reyes", "d.reyes@mail.example")
    contact, _ = room.linked("Rahman")
    link = Link.objects.get(kind="contact", ours=contact.pk)
    now = timezone.now()
    room.setting.connection.refresh_from_db()
    stranger = Theirs("990001", "", card_of(contact), True, None)
    with transaction.atomic():
        asking.maybe_same(room.setting, stranger, [contact, twin], "same last name, same phone", now=now)
        asking.gone_although_changed(room.setting, contact, link.theirs, now)
        asking.merged_there(room.setting, twin, contact, link.theirs, now)
        asking.too_much(room.setting, contact, ["emails:one.more@mail.example", "title"], now)
    room.press("sync_stop_contact", room.linked("Freeman")[0].pk)
    room.change(room.linked("Pruitt")[0], title="Judge")
    assert Question.objects.count() == 4
    page = come_in(room.office.cast.alice_user, SYNC, shape=shape)
    look(page)
    for tab in ("Questions (4)", "Waiting", "Not synced (1)", "Rules"):
        page.get_by_role("navigation", name="Sync centre").get_by_role("link", name=tab).click()
        page.evaluate("document.querySelectorAll('main details').forEach(one => one.open = true)")
        look(page)


def test_the_first_import_needs_no_javascript(room: Room, come_in):
    room.office.clio.control.bulk_contacts(30, ALICE)
    room.office.connect(approve=False)
    page = come_in(room.office.cast.alice_user, f"{SYNC}first/", java_script_enabled=False)
    page.get_by_role("button", name="Start syncing").click()
    page.get_by_text("Syncing has started.").wait_for()
    work()
    page.get_by_role("link", name="Look again").click()
    page.get_by_text("Contacts are up to date.").wait_for()
    assert Contact.objects.count() > 50
