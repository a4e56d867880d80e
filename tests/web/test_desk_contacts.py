"""Contacts at the desk: typed in, changed, removed; what was typed stays beside what is wrong with it."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from daybook.appointments import operations as appointments
from daybook.contacts import operations
from daybook.contacts.cards import address_member, card_of, email_member, kept, phone_member
from daybook.contacts.models import Contact, ContactChange
from daybook.core.cards import Card, Member
from daybook.firms.models import Event
from tests.cast import DANA, NOW, Cast, at, next_weekday

pytestmark = pytest.mark.django_db

CARD = kept(
    Card(
        first_name="Dana",
        last_name="Reyes",
        company="Reyes & Co",
        emails=(email_member("dana@example.com"), email_member("dr@home.example", "Home")),
        phones=(phone_member("(303) 555-0101", "Mobile", country="US"),),
        addresses=(address_member(("12 Elm St", "Denver", "CO", "80202", "US"), "Billing"),),
    )
)
PLACE = ("street", "city", "province", "postal_code", "country")


def words(response) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


@pytest.fixture
def dana(cast: Cast) -> Contact:
    return operations.create(firm=cast.firm, card=CARD, now=NOW)


def form(card: Card = CARD, **more: object) -> dict[str, object]:
    """What a browser sends for a card, spare rows and all."""
    data: dict[str, object] = {
        "kind": card.kind,
        **{
            n: getattr(card, n)
            for n in ("first_name", "middle_name", "last_name", "prefix", "title", "company")
        },
    }
    for row, part, members in (("email", "address", card.emails), ("phone", "number", card.phones)):
        for n, member in enumerate((*members, Member("", ("",)))):
            data |= {f"{row}_{n}_{part}": member.value[0], f"{row}_{n}_label": member.label or "Work"}
            data |= {f"{row}_{n}_main": "on"} if member.main else {}
    for n, member in enumerate((*card.addresses, Member("", ("",) * 5))):
        data |= {f"place_{n}_{part}": value for part, value in zip(PLACE, member.value, strict=True)}
        data |= {f"place_{n}_label": member.label or "Work"}
        data |= {f"place_{n}_main": "on"} if member.main else {}
    return data | more


def read(contact: Contact) -> Card:
    return card_of(Contact.objects.get(pk=contact.pk))


def edit(contact: Contact) -> str:
    return f"/contacts/{contact.pk}/edit/"


def test_a_contact_that_was_typed_in_is_there(alice: Client, cast: Cast) -> None:
    assert alice.get("/contacts/new/").status_code == 200
    response = alice.post("/contacts/new/", form(is_client="on"), follow=True)
    contact = Contact.objects.get()
    assert (card_of(contact), contact.is_client, contact.source) == (CARD, True, "desk")
    page = words(response)
    assert "Dana Reyes is added." in page
    assert "12 Elm St Denver, CO 80202 US" in page
    assert Event.objects.get(name="contact_saved").actor == cast.alice_user


def test_the_form_shows_what_is_there_and_saving_it_changes_nothing(alice: Client, dana: Contact) -> None:
    page = alice.get(edit(dana)).content.decode()
    for value in ("dana@example.com", "(303) 555-0101", "12 Elm St", "80202", "Reyes &amp; Co"):
        assert f'value="{value}"' in page
    assert alice.post(edit(dana), form()).status_code == 302
    assert read(dana) == CARD
    assert not ContactChange.objects.exists()
    assert Event.objects.filter(name="contact_saved").count() == 1


def test_an_emptied_row_goes_and_a_spare_row_comes(alice: Client, dana: Contact) -> None:
    more = {"email_1_address": "", "email_2_address": "New@Example.com", "email_2_label": "Other"}
    alice.post(edit(dana), form(**more))
    assert [(m.key, m.label, m.main) for m in read(dana).emails] == [
        ("dana@example.com", "Work", True),
        ("new@example.com", "Other", False),
    ]


def test_what_is_ticked_now_is_the_default(alice: Client, dana: Contact) -> None:
    alice.post(edit(dana), form(email_1_main="on"))
    assert [m.key for m in read(dana).emails if m.main] == ["dr@home.example"]


def test_two_new_defaults_at_once_are_asked_about(alice: Client, dana: Contact) -> None:
    more = {"email_1_main": "on", "email_2_address": "x@example.com", "email_2_main": "on"}
    response = alice.post(edit(dana), form(**more))
    assert response.status_code == 422
    assert "Only one can be the default." in words(response)
    assert read(dana) == CARD


WRONG = {
    "no name": ({"first_name": " ", "last_name": ""}, "Please enter a first or a last name."),
    "a company without a name": ({"kind": "company", "company": ""}, "Please enter the company&#x27;s name."),
    "a name too long": ({"last_name": "x" * 256}, "Please use at most 255 characters."),
    "no address": ({"email_0_address": "dana at example"}, "Please check the email address."),
    "no number": ({"phone_0_number": "ask Omar"}, "Please check the phone number"),
    "a label that is none": ({"email_0_label": "Nonsense"}, "is not one of the available choices"),
    "a kind that is none": ({"kind": "robot"}, "is not one of the available choices"),
    "twice": ({"email_1_address": "DANA@example.com"}, "This is here twice."),
    "a null": ({"first_name": "Da\0na"}, "Null characters are not allowed."),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_said_beside_it_and_what_was_typed_stays(
    alice: Client, dana: Contact, name: str
) -> None:
    data, says = WRONG[name]
    response = alice.post(edit(dana), form(**{"middle_name": "Kept <as> typed"} | data))
    assert response.status_code == 422
    page = response.content.decode()
    assert says in page
    assert 'value="Kept &lt;as&gt; typed"' in page
    assert read(dana) == CARD
    assert alice.post("/contacts/new/", form(**data)).status_code == 422
    assert Contact.objects.count() == 1


def test_what_clio_calls_a_number_and_is_none_may_stay(alice: Client, cast: Cast) -> None:
    odd = kept(
        Card(
            first_name="Omar",
            emails=(Member("at home", ("at home",), "Personal"),),
            phones=(phone_member("ask Dana", "", country="US"),),
        )
    )
    contact = operations.create(firm=cast.firm, card=odd, now=NOW)
    data = form(odd, phone_0_label="", title="Mr.")
    assert alice.post(edit(contact), data).status_code == 302
    assert read(contact).title == "Mr."
    assert (read(contact).emails, read(contact).phones) == (odd.emails, odd.phones)


def test_a_company_has_no_first_name(alice: Client, dana: Contact) -> None:
    alice.post(edit(dana), form(kind="company"))
    assert (read(dana).name, read(dana).first_name, read(dana).last_name) == ("Reyes & Co", "", "")


def test_what_came_meanwhile_is_not_overwritten(alice: Client, cast: Cast, dana: Contact) -> None:
    page = alice.get(edit(dana)).content.decode()
    seen = re.search(r'name="seen" value="(\w+)"', page)
    assert seen
    operations.update(firm=cast.firm, contact=dana, card=kept(Card(first_name="Daniela")), now=NOW)
    response = alice.post(edit(dana), form(seen=seen[1], title="Dr."))
    assert response.status_code == 409
    assert "changed by someone else" in words(response)
    assert 'value="Dr."' in response.content.decode()
    assert read(dana).name == "Daniela"


def test_more_rows_than_a_contact_holds_are_not_taken(alice: Client, dana: Contact) -> None:
    many = {f"email_{n}_address": f"n{n}@example.com" for n in range(40)}
    alice.post(edit(dana), form(**many))
    assert len(read(dana).emails) <= 20


def test_removing_asks_once_and_says_that_clio_keeps_its_own(alice: Client, dana: Contact) -> None:
    page = words(alice.get(f"/contacts/{dana.pk}/remove/"))
    assert "Nothing is deleted in Clio" in page
    assert Contact.objects.exists()
    response = alice.post(f"/contacts/{dana.pk}/remove/", follow=True)
    assert "Dana Reyes is removed from Daybook." in words(response)
    assert not Contact.objects.exists()
    assert alice.get(f"/contacts/{dana.pk}/").status_code == 404


def test_who_has_appointments_is_not_removed(alice: Client, cast: Cast, dana: Contact) -> None:
    appointments.book(
        actor=cast.alice_actor,
        appointment_type=cast.consultation,
        start=at(cast.alice, next_weekday(NOW), 10),
        details=DANA,
        contact=dana,
        now=NOW,
    )
    page = words(alice.get(f"/contacts/{dana.pk}/remove/"))
    assert "This contact has 1 appointment" in page
    assert "Keep it" not in page
    response = alice.post(f"/contacts/{dana.pk}/remove/")
    assert response.status_code == 409
    assert Contact.objects.filter(pk=dana.pk).exists()


def test_the_pages_lead_to_each_other(alice: Client, dana: Contact) -> None:
    page = alice.get(f"/contacts/{dana.pk}/").content.decode()
    for leads in ("edit", "history", "merge", "remove"):
        assert f'href="/contacts/{dana.pk}/{leads}/"' in page
    assert 'href="/contacts/new/"' in alice.get("/contacts/").content.decode()


@pytest.mark.parametrize("page", ["edit", "remove", "history", "merge"])
def test_another_firm_sees_and_does_nothing(client: Client, other: Cast, dana: Contact, page: str) -> None:
    client.force_login(other.alice_user, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get(f"/contacts/{dana.pk}/{page}/").status_code == 404
    assert client.post(f"/contacts/{dana.pk}/{page}/", form(last_name="Marsh")).status_code in (404, 405)
    assert read(dana) == CARD


@pytest.mark.parametrize("page", ["new", "1/edit", "1/remove", "1/history", "1/merge", "1/merge/2"])
def test_a_stranger_is_asked_to_sign_in(client: Client, cast: Cast, page: str) -> None:
    response = client.get(f"/contacts/{page}/")
    assert (response.status_code, response["Location"].split("?")[0]) == (302, "/account/login/")
