"""Contacts as cards: what goes into the rows comes out of them, and what changed leaves exactly one trace."""

from __future__ import annotations

import string

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from daybook.contacts import operations, queries, storing
from daybook.contacts.cards import (
    address_member,
    card_of,
    clean,
    email_member,
    kept,
    phone_member,
)
from daybook.contacts.keys import keys_of
from daybook.contacts.models import Contact, ContactEmail, ContactPhone, SearchKey
from daybook.core.cards import Card
from tests.cast import NOW, Cast

pytestmark = pytest.mark.django_db

DANA = Card(
    first_name="Dana",
    last_name="Reyes",
    company="Reyes & Co",
    emails=(email_member("Dana@Example.com", "Work", True), email_member("dr@home.example", "Home")),
    phones=(
        phone_member("(303) 555-0101", "Mobile", True, country="US"),
        phone_member("ext. 12, ask for Dana", "Other", country="US"),
    ),
    addresses=(address_member(("12 Elm St", "Denver", "CO", "80202", "US"), "Home", True),),
)

NASTY = [
    "",
    " ",
    "\x00",
    "Zoë",
    "Zoe\u200b\u0308",
    "e\u0301 " * 200,
    "👩‍⚖️ Advocate",
    "דנה רייס",
    "\u202edanaD",
    "x" * 300,
    "İ" * 300,
    "ﷺ" * 60,
    "a\u2028b\tc\x1fd",
    "\ud800",
    "'; DROP TABLE contacts_contact; --",
    "\\N",
    "\\.",
    "tab\tand\nline",
]
texts = st.one_of(
    st.sampled_from(NASTY), st.text(max_size=300), st.text(string.ascii_letters + " .", max_size=40)
)
emails = st.builds(email_member, texts | st.emails(), texts, st.booleans())
phones = st.builds(
    phone_member,
    texts | st.from_regex(r"\+?[0-9() -]{3,20}", fullmatch=True),
    texts,
    st.booleans(),
    country=st.sampled_from(["US", "GB", "DE"]),
)
addresses = st.builds(address_member, st.tuples(texts, texts, texts, texts, texts), texts, st.booleans())
cards = st.builds(
    Card,
    kind=st.sampled_from(["person", "company"]),
    first_name=texts,
    middle_name=texts,
    last_name=texts,
    prefix=texts,
    title=texts,
    company=texts,
    emails=st.lists(emails, max_size=4).map(lambda some: tuple(some + some[:1])),
    phones=st.lists(phones, max_size=4).map(lambda some: tuple(some + some[:1])),
    addresses=st.lists(addresses, max_size=3).map(lambda some: tuple(some + some[:1])),
)
often = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def stored(cast: Cast, *some: Card) -> list[Contact]:
    return operations.store(firm=cast.firm, new=[(card, False) for card in some], changed=[], now=NOW)


def read(contact: Contact) -> Card:
    return card_of(Contact.objects.get(pk=contact.pk))


def keys(contact: Contact) -> set[str]:
    return set(SearchKey.objects.filter(contact=contact).values_list("key", flat=True))


@often
@given(card=cards)
def test_a_card_comes_out_of_the_rows_as_it_went_in(cast: Cast, card: Card) -> None:
    asked = kept(card)
    assert kept(asked) == asked
    (contact,) = stored(cast, card)
    assert read(contact) == asked
    assert keys(contact) == keys_of(asked)


@often
@given(first=cards, second=cards)
def test_a_changed_card_comes_out_of_the_rows_as_it_went_in(cast: Cast, first: Card, second: Card) -> None:
    (contact,) = stored(cast, first)
    operations.store(firm=cast.firm, new=[], changed=[(contact, second, True)], now=NOW)
    assert read(contact) == kept(second)
    assert Contact.objects.get(pk=contact.pk).is_client
    assert keys(contact) == keys_of(kept(second))


@given(text=texts)
def test_cleaning_a_text_twice_changes_nothing_more(text: str) -> None:
    once = clean(text)
    assert clean(once) == once
    assert len(once) <= 255
    assert "\x00" not in once


def test_identical_twins_in_one_set_are_one_and_the_first_stays(cast: Cast) -> None:
    twins = (
        email_member("dana@example.com", "Work"),
        email_member("DANA@example.com", "Home", True),
        email_member("other@example.com"),
    )
    numbers = (
        phone_member("303-555-0101", "Work", country="US"),
        phone_member("+1 (303) 555 0101", "Mobile", country="US"),
    )
    (contact,) = stored(cast, Card(emails=twins, phones=numbers))
    assert [(m.key, m.label) for m in read(contact).emails] == [
        ("dana@example.com", "Work"),
        ("other@example.com", "Work"),
    ]
    assert [m.value for m in read(contact).phones] == [("303-555-0101",)]


def test_a_number_that_no_country_reads_is_kept_and_is_no_twin_of_another() -> None:
    assert phone_member("ext. 12", country="US").key == "raw:ext 12"
    assert phone_member("📞", country="US").key != phone_member("☎", country="US").key


def test_an_address_is_the_same_whatever_its_commas_and_capitals() -> None:
    one = address_member(("12 Elm St.", "Denver", "CO", "80202", ""))
    other = address_member(("12 elm st", "DENVER", "Co", "80202", ""))
    assert one.key == other.key == "12 elm st denver co 80202"
    with pytest.raises(ValueError, match="5 parts"):
        address_member(("12 Elm St", "Denver"))


def test_texts_that_are_longer_than_a_key_still_differ() -> None:
    one, other = (address_member(("x" * 250, "y" * 250, end, "", "")) for end in "ab")
    assert one.key != other.key
    assert max(len(one.key), len(other.key)) <= 255


def test_what_stays_keeps_its_row(cast: Cast) -> None:
    (contact,) = stored(cast, DANA)
    before = {row.normal: row.pk for row in [*contact.emails.all(), *contact.phones.all()]}
    home, number = DANA.emails[1], DANA.phones[0]
    new = email_member("new@example.com", "Work", True)
    operations.store(
        firm=cast.firm,
        new=[],
        changed=[(contact, kept(Card(last_name="Reyes", emails=(new, home), phones=(number,))), False)],
        now=NOW,
    )
    assert ContactEmail.objects.get(contact=contact, normal=home.key).pk == before[home.key]
    assert ContactPhone.objects.get(contact=contact).pk == before[number.key]
    assert [m.key for m in read(contact).emails] == ["new@example.com", "dr@home.example"]


def test_many_contacts_are_stored_in_order_and_found(cast: Cast) -> None:
    some = [Card(first_name=f"N{n}", emails=(email_member(f"n{n}@example.com"),)) for n in range(300)]
    contacts = stored(cast, *some)
    assert [contact.first_name for contact in contacts] == [card.first_name for card in some]
    assert [read(contact) for contact in contacts[:20]] == [kept(card) for card in some[:20]]
    assert [one.name for one in queries.type_ahead(cast.firm, "n299")] == ["N299"]
    assert {contact.source for contact in Contact.objects.all()} == {"clio"}


def test_storing_nothing_asks_nothing(cast: Cast, django_assert_num_queries) -> None:
    with django_assert_num_queries(0):
        assert storing.insert(firm=cast.firm, people=[], source="clio", now=NOW) == []
        assert storing.overwrite(firm=cast.firm, changed=[], source="clio", now=NOW) == []
