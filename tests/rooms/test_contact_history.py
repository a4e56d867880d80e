"""What changed about a contact, who said so, and the way back."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from daybook.contacts import operations
from daybook.contacts.cards import (
    address_member,
    card_of,
    email_member,
    fingerprint,
    kept,
    phone_member,
)
from daybook.contacts.history import value_of, with_value
from daybook.contacts.models import Contact, ContactChange
from daybook.core.cards import Card
from daybook.core.changes import differences
from daybook.core.errors import ChangedMeanwhile
from daybook.firms.models import Event
from tests.cast import NOW, Cast

pytestmark = pytest.mark.django_db

LATER = NOW + timedelta(minutes=5)
WORK, HOME = email_member("dana@work.example", "Work", True), email_member("dana@home.example", "Home")
CELL = phone_member("(303) 555-0101", "Mobile", True, country="US")
ELM = address_member(("12 Elm St", "Denver", "CO", "80202", "US"), "Home", True)
DANA = kept(Card(first_name="Dana", last_name="Reyes", emails=(WORK, HOME), phones=(CELL,), addresses=(ELM,)))


@pytest.fixture
def dana(cast: Cast) -> Contact:
    return operations.create(firm=cast.firm, card=DANA, now=NOW)


def saved(contact: Contact) -> int:
    return Event.objects.filter(name="contact_saved", subject=contact.pk).count()


def told(contact: Contact, card: Card, is_client: bool = False, source: str = "clio") -> None:
    fresh = Contact.objects.get(pk=contact.pk)
    operations.store(firm=fresh.firm, new=[], changed=[(fresh, card, is_client)], source=source, now=LATER)


def read(contact: Contact) -> Card:
    return card_of(Contact.objects.get(pk=contact.pk))


def newest(contact: Contact) -> ContactChange:
    return ContactChange.objects.filter(contact=contact)[0]


def test_adding_a_contact_is_no_change_but_says_where_it_came_from(dana: Contact) -> None:
    assert not ContactChange.objects.exists()
    assert (dana.source, Contact.objects.get(pk=dana.pk).created_at) == ("desk", NOW)
    assert saved(dana) == 1


def test_each_field_and_each_member_that_changed_has_one_row(cast: Cast, dana: Contact) -> None:
    new = email_member("d@new.example", "Work")
    card = replace(DANA, last_name="Smith", emails=(WORK, new), addresses=())
    operations.update(
        firm=cast.firm, contact=dana, card=card, is_client=True, now=LATER, actor=cast.alice_user
    )
    rows = ContactChange.objects.filter(contact=dana).order_by("id")
    assert [(row.field, row.was, row.now_value) for row in rows] == [
        ("last_name", "Reyes", "Smith"),
        ("emails:dana@home.example", ["dana@home.example", ["dana@home.example"], "Home"], None),
        ("emails:d@new.example", None, ["d@new.example", ["d@new.example"], "Work"]),
        (f"addresses:{ELM.key}", [ELM.key, list(ELM.value), "Home"], None),
        ("is_client", False, True),
    ]
    assert {(row.source, row.actor, row.at, row.firm) for row in rows} == {
        ("desk", cast.alice_user, LATER, cast.firm)
    }
    assert saved(dana) == 2


def test_saving_what_is_there_already_leaves_no_trace(cast: Cast, dana: Contact) -> None:
    before = Contact.objects.get(pk=dana.pk).updated_at
    operations.update(firm=cast.firm, contact=dana, card=DANA, now=LATER)
    told(dana, DANA)
    assert saved(dana) == 1
    assert not ContactChange.objects.exists()
    assert Contact.objects.get(pk=dana.pk).updated_at == before


def test_another_order_is_stored_and_is_no_change_to_show(dana: Contact) -> None:
    third = email_member("third@example.com")
    told(dana, replace(DANA, emails=(WORK, HOME, third)))
    shown = ContactChange.objects.count()
    told(dana, replace(DANA, emails=(WORK, third, HOME)))
    assert [m.key for m in read(dana).emails] == [WORK.key, third.key, HOME.key]
    assert ContactChange.objects.count() == shown


def test_what_was_shown_and_changed_meanwhile_is_not_overwritten(cast: Cast, dana: Contact) -> None:
    seen = fingerprint(DANA)
    told(dana, replace(DANA, title="Dr."))
    with pytest.raises(ChangedMeanwhile):
        operations.update(
            firm=cast.firm, contact=dana, card=replace(DANA, last_name="X"), seen=seen, now=LATER
        )
    assert read(dana) == replace(DANA, title="Dr.")


def test_a_booking_adds_a_number_with_its_trace(cast: Cast, dana: Contact) -> None:
    found = operations.find_or_create(
        firm=cast.firm, name="Dana Reyes", email=WORK.key, phone="+13035550199", now=LATER
    )
    assert found.contact == dana
    assert (newest(dana).field, newest(dana).source) == ("phones:+13035550199", "booking")
    assert saved(dana) == 2
    again = operations.find_or_create(
        firm=cast.firm, name="Dana Reyes", email=WORK.key, phone="+13035550199", now=LATER
    )
    assert (again.contact, saved(dana)) == (dana, 2)


CHANGES = {
    "a text": (replace(DANA, last_name="Smith"), False),
    "a text emptied": (replace(DANA, first_name=""), False),
    "a label": (replace(DANA, phones=(replace(CELL, label="Work"),)), False),
    "an email gone": (replace(DANA, emails=(WORK,)), False),
    "an email more": (replace(DANA, emails=(WORK, HOME, email_member("x@example.com"))), False),
    "the only phone gone": (replace(DANA, phones=()), False),
    "another default": (
        kept(replace(DANA, emails=(replace(WORK, main=False), replace(HOME, main=True)))),
        False,
    ),
    "a client now": (DANA, True),
    "a company now": (replace(DANA, kind="company"), False),
}


@pytest.mark.parametrize("name", CHANGES)
def test_undo_puts_back_what_one_change_changed(cast: Cast, dana: Contact, name: str) -> None:
    told(dana, *CHANGES[name])
    change = ContactChange.objects.get(contact=dana)
    operations.undo(actor=cast.alice_user, change=change, now=LATER)
    assert (read(dana), Contact.objects.get(pk=dana.pk).is_client) == (DANA, False)
    row = newest(dana)
    assert (row.field, row.was, row.now_value) == (change.field, change.now_value, change.was)
    assert (row.source, row.actor) == ("undo", cast.alice_user)
    assert saved(dana) == 2


def test_an_undo_can_be_undone(cast: Cast, dana: Contact) -> None:
    told(dana, replace(DANA, last_name="Smith"))
    operations.undo(actor=cast.alice_user, change=newest(dana), now=LATER)
    operations.undo(actor=cast.alice_user, change=newest(dana), now=LATER)
    assert read(dana).last_name == "Smith"


def test_what_was_changed_again_since_is_not_undone(cast: Cast, dana: Contact) -> None:
    told(dana, replace(DANA, last_name="Smith"))
    change = newest(dana)
    told(dana, replace(DANA, last_name="Jones"))
    with pytest.raises(ChangedMeanwhile):
        operations.undo(actor=cast.alice_user, change=change, now=LATER)
    assert (read(dana).last_name, saved(dana)) == ("Jones", 1)


def test_a_default_that_is_gone_is_not_put_back(cast: Cast, dana: Contact) -> None:
    told(dana, replace(DANA, emails=(replace(HOME, main=True),)))
    change = ContactChange.objects.get(contact=dana, field="emails.main")
    with pytest.raises(ChangedMeanwhile, match="no longer there"):
        operations.undo(actor=cast.alice_user, change=change, now=LATER)


def test_undoing_one_change_leaves_the_others(cast: Cast, dana: Contact) -> None:
    told(dana, replace(DANA, first_name="Daniela", last_name="Smith"))
    change = ContactChange.objects.get(contact=dana, field="first_name")
    operations.undo(actor=None, change=change, now=LATER)
    assert (read(dana).first_name, read(dana).last_name) == ("Dana", "Smith")


def test_every_difference_is_what_the_cards_say(dana: Contact) -> None:
    after = CHANGES["another default"][0]
    after = replace(after, title="Dr.", phones=(), addresses=(replace(ELM, label="Billing"),))
    card = DANA
    for change in differences(DANA, after):
        assert value_of(DANA, change.field) == change.was
        assert value_of(after, change.field) == change.now
        card = with_value(card, change.field, change.now)
    assert card == after


@pytest.mark.parametrize("field", ["", "id", "emails", "nothing:x", "nothing.main", "name"])
def test_a_field_that_cards_do_not_have_is_an_error(field: str) -> None:
    with pytest.raises(KeyError):
        value_of(DANA, field)
    with pytest.raises(KeyError):
        with_value(DANA, field, "x")
