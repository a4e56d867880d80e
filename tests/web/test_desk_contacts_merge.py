"""Two contacts side by side, one of them kept, and the way back."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from daybook.appointments import operations as appointments
from daybook.appointments.models import Appointment
from daybook.contacts import operations
from daybook.contacts.cards import card_of, email_member, kept, phone_member
from daybook.contacts.models import Contact, Merge
from daybook.core.cards import Card
from tests.cast import DANA, NOW, Cast, at, next_weekday

pytestmark = pytest.mark.django_db

FIRST = kept(Card(first_name="Dana", last_name="Reyes", emails=(email_member("dana@example.com"),)))
SECOND = kept(
    Card(
        first_name="Daniela",
        last_name="Reyes",
        title="Dr.",
        emails=(email_member("dr@home.example", "Home"),),
        phones=(phone_member("(303) 555-0101", "Mobile", country="US"),),
    )
)


def words(response) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


@pytest.fixture
def keep(cast: Cast) -> Contact:
    return operations.create(firm=cast.firm, card=FIRST, now=NOW)


@pytest.fixture
def drop(cast: Cast) -> Contact:
    return operations.create(firm=cast.firm, card=SECOND, now=NOW)


def page_of(keep: Contact, drop: Contact) -> str:
    return f"/contacts/{keep.pk}/merge/{drop.pk}/"


def hidden(response) -> dict[str, str]:
    return dict(re.findall(r'name="(seen_\w+)" value="(\w+)"', response.content.decode()))


def test_those_alike_are_offered_and_others_are_found(alice: Client, cast: Cast, keep: Contact) -> None:
    address = operations.create(firm=cast.firm, card=Card(first_name="Zed", emails=FIRST.emails), now=NOW)
    name = operations.create(firm=cast.firm, card=Card(first_name="dana", last_name="REYES"), now=NOW)
    omar = operations.create(firm=cast.firm, card=Card(first_name="Omar", last_name="Said"), now=NOW)
    page = alice.get(f"/contacts/{keep.pk}/merge/").content.decode()
    assert page_of(keep, address) in page
    assert page_of(keep, name) in page
    assert page_of(keep, omar) not in page
    assert page_of(keep, keep) not in page
    assert page_of(keep, omar) in alice.get(f"/contacts/{keep.pk}/merge/", {"q": "sai"}).content.decode()
    assert "Nobody else" in words(alice.get(f"/contacts/{keep.pk}/merge/", {"q": "zzz"}))
    assert "Nobody looks alike" in words(alice.get(f"/contacts/{omar.pk}/merge/"))


def test_both_are_shown_side_by_side_with_what_is_kept(alice: Client, keep: Contact, drop: Contact) -> None:
    response = alice.get(page_of(keep, drop))
    page = words(response)
    for says in ("Dana", "Daniela", "Dr.", "dana@example.com", "dr@home.example", "(303) 555-0101"):
        assert says in page
    assert "Last name" not in page, "where they agree there is nothing to choose"
    checked = re.findall(r'name="(pick_\w+)" value="(\w+)" checked', response.content.decode())
    assert dict(checked) == {"pick_first_name": "keep", "pick_title": "drop"}
    assert Contact.objects.count() == 2


def test_merging_keeps_what_was_chosen_and_undo_brings_the_other_back(
    alice: Client, cast: Cast, keep: Contact, drop: Contact
) -> None:
    visit = appointments.book(
        actor=cast.alice_actor,
        appointment_type=cast.consultation,
        start=at(cast.alice, next_weekday(NOW), 10),
        details=DANA,
        contact=drop,
        now=NOW,
    )
    response = alice.get(page_of(keep, drop))
    assert "1 appointment of Daniela Reyes will belong to the one that stays" in words(response)
    response = alice.post(
        page_of(keep, drop), hidden(response) | {"pick_first_name": "drop", "pick_title": "keep"}, follow=True
    )
    assert "The two are one contact now: Daniela Reyes." in words(response)
    (one,) = Contact.objects.all()
    card = card_of(one)
    assert (one.pk, card.first_name, card.title, len(card.emails)) == (keep.pk, "Daniela", "", 2)
    assert Appointment.objects.get(pk=visit.pk).contact_id == keep.pk

    merge = Merge.objects.get()
    page = alice.get(f"/contacts/{keep.pk}/history/")
    assert "Became one with Daniela Reyes" in words(page)
    response = alice.post(f"/contacts/{keep.pk}/merges/{merge.pk}/undo/", follow=True)
    assert "Daniela Reyes is a contact of its own again." in words(response)
    assert card_of(Contact.objects.get(pk=keep.pk)) == FIRST
    back = Contact.objects.exclude(pk=keep.pk).get()
    assert card_of(back) == SECOND
    assert Appointment.objects.get(pk=visit.pk).contact_id == back.pk
    again = alice.post(f"/contacts/{keep.pk}/merges/{merge.pk}/undo/")
    assert again.status_code == 409
    assert "undone already" in words(again)


def test_a_person_and_a_company_become_what_was_chosen(alice: Client, cast: Cast, keep: Contact) -> None:
    firm = operations.create(firm=cast.firm, card=Card(kind="company", company="Reyes LLC"), now=NOW)
    assert alice.get(page_of(keep, firm)).status_code == 200
    alice.post(page_of(keep, firm), {"pick_kind": "drop", "pick_company": "drop"})
    card = card_of(Contact.objects.get())
    assert (card.kind, card.name, card.first_name) == ("company", "Reyes LLC", "")


def test_what_changed_since_it_was_shown_is_not_merged(
    alice: Client, cast: Cast, keep: Contact, drop: Contact
) -> None:
    shown = hidden(alice.get(page_of(keep, drop)))
    operations.update(firm=cast.firm, contact=drop, card=Card(first_name="Other"), now=NOW)
    response = alice.post(page_of(keep, drop), shown)
    assert response.status_code == 409
    assert "changed by someone else" in words(response)
    assert Contact.objects.count() == 2


@pytest.mark.parametrize("picked", ["", "both", "\0", "x" * 10_000, "<script>"])
def test_a_choice_that_is_none_is_the_usual_one(
    alice: Client, keep: Contact, drop: Contact, picked: str
) -> None:
    alice.post(page_of(keep, drop), {"pick_first_name": picked, "pick_last_name": picked})
    assert card_of(Contact.objects.get()).first_name == "Dana"


def test_nobody_is_merged_with_themselves_nobody_or_another_firms_contact(
    alice: Client, other: Cast, keep: Contact, drop: Contact
) -> None:
    theirs = operations.create(firm=other.firm, card=SECOND, now=NOW)
    for page in (
        page_of(keep, keep),
        page_of(keep, theirs),
        page_of(theirs, keep),
        f"/contacts/{keep.pk}/merge/0/",
    ):
        assert alice.get(page).status_code == 404
        assert alice.post(page, {}).status_code == 404
    assert alice.get(f"/contacts/{theirs.pk}/merge/").status_code == 404
    assert Contact.objects.count() == 3


def test_another_firm_undoes_no_merge(
    alice: Client, cast: Cast, other: Cast, keep: Contact, drop: Contact
) -> None:
    alice.post(page_of(keep, drop), {})
    merge = Merge.objects.get()
    carol = Client()
    carol.force_login(other.alice_user, backend="django.contrib.auth.backends.ModelBackend")
    mine = operations.create(firm=other.firm, card=SECOND, now=NOW)
    for contact in (keep, mine):
        assert carol.post(f"/contacts/{contact.pk}/merges/{merge.pk}/undo/").status_code == 404
    assert carol.get(page_of(keep, mine)).status_code == 404
    assert Merge.objects.get().undone_at is None
