"""A contact added alone is, row by row, what one added among many is."""

import json

import pytest
from django.db import connection
from django.db.models import Model

from daybook.contacts import queries, storing
from daybook.contacts.adding import insert_one
from daybook.contacts.cards import card_of, email_member, kept, phone_member
from daybook.contacts.models import Contact, ContactAddress, ContactEmail, ContactPhone, SearchKey, Source
from daybook.core.cards import Card, Member
from tests.cast import NOW, hart_and_vale, marsh

pytestmark = pytest.mark.django_db

HOME = Member("1 main st denver", ("1 Main St", "Denver", "CO", "80202", "US"), "Home", True)
CARDS = [
    Card(first_name="Dana", last_name="Reyes"),
    Card(
        first_name="Dana",
        middle_name="\\N",
        last_name='O"Reyes, {Jr.}',
        emails=(email_member("dana@example.com", main=True), email_member("d@example.com", "Home")),
        phones=(phone_member("+13035550101", "Mobile", True, country="US"),),
        addresses=(HOME,),
    ),
    Card(kind=Contact.Kind.COMPANY, company="Reyes & Söhne", emails=(email_member("info@reyes.example"),)),
]


def _rows(model: type[Model], contact: Contact) -> list[dict[str, object]]:
    column = "id" if model is Contact else "contact_id"
    table = model._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT to_jsonb({table}) - 'id' - 'contact_id' FROM {table} WHERE {column} = %s", [contact.pk]
        )
        rows = [json.loads(row[0]) if isinstance(row[0], str) else row[0] for row in cursor.fetchall()]
    return sorted(rows, key=lambda row: json.dumps(row, sort_keys=True))


@pytest.mark.parametrize("card", CARDS)
def test_a_contact_added_alone_has_the_rows_of_one_added_among_many(card: Card):
    firm = hart_and_vale(NOW).firm
    among = storing.insert(firm=firm, people=[(card, False)], source=Source.BOOKING, now=NOW)[0]
    alone = insert_one(firm=firm, card=card, source=Source.BOOKING, now=NOW)
    for model in (Contact, ContactEmail, ContactPhone, ContactAddress, SearchKey):
        assert _rows(model, alone) == _rows(model, among)
    assert _rows(SearchKey, alone)
    assert card_of(alone) == card_of(Contact.objects.get(pk=alone.pk)) == card_of(among)
    values = Contact.objects.values().get(pk=alone.pk)
    assert {name: getattr(alone, name) for name in values} == values


def test_an_awkward_contact_among_plain_ones_changes_none_of_them():
    firm = hart_and_vale(NOW).firm
    awkward = Card(first_name="Tab\\tand\\\\", last_name="\\.", emails=(email_member("a\\b@example.com"),))
    cards = [*CARDS, awkward, *CARDS]
    people = storing.insert(firm=firm, people=[(card, False) for card in cards], source=Source.CLIO, now=NOW)
    assert [card_of(Contact.objects.get(pk=one.pk)) for one in people] == [kept(card) for card in cards]


def test_whoever_has_the_address_comes_before_whoever_has_the_number_and_nobody_has_an_empty_one():
    cast = hart_and_vale(NOW)
    email, number = email_member("dana@example.com"), phone_member("+13035550101", country="US")
    said = [
        Card(first_name="A", phones=(number,)),
        Card(first_name="B", emails=(email,)),
        Card(first_name="C"),
    ]
    people = storing.insert(
        firm=cast.firm, people=[(card, False) for card in said], source=Source.DESK, now=NOW
    )
    assert list(queries.reached_by(cast.firm.pk, email.key, number.key)) == [people[1].pk, people[0].pk]
    assert list(queries.reached_by(cast.firm.pk, "", number.key)) == [people[0].pk]
    assert queries.reached_by(cast.firm.pk, "", "") == {}
    assert queries.reached_by(marsh(NOW).firm.pk, email.key, number.key) == {}
