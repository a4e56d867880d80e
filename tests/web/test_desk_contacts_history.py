"""The history of a contact, and the way back from each change."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from django.test import Client

from daybook.contacts import operations
from daybook.contacts.cards import card_of, email_member, kept, phone_member
from daybook.contacts.models import Contact, ContactChange, Source
from daybook.core.cards import Card
from daybook.web.office.contact_history import BEGINNINGS, SOURCES
from tests.cast import NOW, Cast

pytestmark = pytest.mark.django_db

CARD = kept(Card(first_name="Dana", last_name="Smith", emails=(email_member("dana@example.com"),)))


def words(response) -> str:
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", response.content.decode()))
    return text.replace("&lt;", "<").replace("&gt;", ">")


@pytest.fixture
def dana(cast: Cast) -> Contact:
    return operations.create(firm=cast.firm, card=CARD, now=NOW)


def told(contact: Contact, card: Card) -> ContactChange:
    fresh = Contact.objects.get(pk=contact.pk)
    operations.store(firm=fresh.firm, new=[], changed=[(fresh, card, False)], now=NOW)
    return ContactChange.objects.filter(contact=contact)[0]


def read(contact: Contact) -> Card:
    return card_of(Contact.objects.get(pk=contact.pk))


def test_a_change_says_what_where_from_and_what_was_before(alice: Client, dana: Contact) -> None:
    told(dana, replace(CARD, last_name="Smyth"))
    page = words(alice.get(f"/contacts/{dana.pk}/history/"))
    assert "Last name: Smyth" in page
    assert "from Clio on Mon 23 Nov 2026, 8:00 am; was Smith" in page
    assert "Added in Daybook on Mon 23 Nov 2026" in page


def test_members_are_said_as_people_read_them(alice: Client, dana: Contact) -> None:
    number = phone_member("+13035550101", "Mobile", country="US")
    told(dana, replace(CARD, phones=(number,), emails=()))
    page = words(alice.get(f"/contacts/{dana.pk}/history/"))
    assert "Phone: (303) 555-0101 (Mobile)" in page
    assert "; new" in page
    assert "Email: removed" in page
    assert "was dana@example.com (Work)" in page


def test_undo_puts_it_back_and_is_a_change_of_its_own(alice: Client, cast: Cast, dana: Contact) -> None:
    change = told(dana, replace(CARD, last_name="Smyth"))
    response = alice.post(f"/contacts/{dana.pk}/history/{change.pk}/undo/", follow=True)
    page = words(response)
    assert "Last name is as it was before." in page
    assert "by Undo on Mon 23 Nov 2026, 8:00 am, Alice Hart; was Smyth" in page
    assert read(dana) == CARD
    assert page.count("changed since") == 1


def test_what_was_changed_since_offers_no_undo_and_refuses_one(alice: Client, dana: Contact) -> None:
    change = told(dana, replace(CARD, last_name="Smyth"))
    told(dana, replace(CARD, last_name="Jones"))
    assert f"/history/{change.pk}/undo/" not in alice.get(f"/contacts/{dana.pk}/history/").content.decode()
    response = alice.post(f"/contacts/{dana.pk}/history/{change.pk}/undo/")
    assert response.status_code == 409
    assert "changed again since" in words(response)
    assert read(dana).last_name == "Jones"


def test_a_long_history_has_pages(alice: Client, dana: Contact) -> None:
    for n in range(53):
        told(dana, replace(CARD, title=f"No. {n}"))
    first = alice.get(f"/contacts/{dana.pk}/history/")
    assert "Title: No. 52" in words(first)
    assert "Title: No. 2 " not in words(first)
    older = re.search(r'href="(\?before=\d+)"', first.content.decode())
    assert older
    second = words(alice.get(f"/contacts/{dana.pk}/history/{older[1]}"))
    assert "Title: No. 2" in second
    assert "Added in Daybook" in second


@pytest.mark.parametrize("before", ["", "x", "-1", "²", "9" * 18, "9" * 19, "9" * 5000, "a\0"])
def test_a_page_that_is_none_is_no_error(alice: Client, dana: Contact, before: str) -> None:
    assert alice.get(f"/contacts/{dana.pk}/history/", {"before": before}).status_code == 200


def test_markup_from_elsewhere_is_shown_as_text(alice: Client, dana: Contact) -> None:
    told(dana, replace(CARD, title="<script>alert(1)</script>"))
    page = alice.get(f"/contacts/{dana.pk}/history/").content.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_a_change_is_undone_only_at_its_own_contact_and_firm(
    alice: Client, cast: Cast, other: Cast, dana: Contact
) -> None:
    change = told(dana, replace(CARD, last_name="Smyth"))
    another = operations.create(firm=cast.firm, card=CARD, now=NOW)
    assert alice.post(f"/contacts/{another.pk}/history/{change.pk}/undo/").status_code == 404
    assert alice.get(f"/contacts/{dana.pk}/history/{change.pk}/undo/").status_code == 405
    carol = Client()
    carol.force_login(other.alice_user, backend="django.contrib.auth.backends.ModelBackend")
    assert carol.post(f"/contacts/{dana.pk}/history/{change.pk}/undo/").status_code == 404
    assert read(dana).last_name == "Smyth"


def test_every_source_has_its_words() -> None:
    assert set(SOURCES) == set(BEGINNINGS) == set(Source.values)
