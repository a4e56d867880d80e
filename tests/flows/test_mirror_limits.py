"""What one of the two books cannot hold, or holds in its own way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.utils import timezone

if TYPE_CHECKING:
    from tests.flows.mirror_books import Books

pytestmark = pytest.mark.clio(seed="bare")

MANY = [f"n{n}@x.example" for n in range(21)]


def test_of_a_new_contact_with_21_emails_clio_gets_20_and_none_is_lost_here(books: Books) -> None:
    from daybook.core.cards import Card
    from tests.flows.mirror_books import emails

    contact = books.here(Card(first_name="Mia", last_name="Many", emails=emails(*MANY)))
    theirs = int(books.link(ours=contact.pk).theirs)
    books.again()
    assert len(books.addresses(theirs)) == 20
    assert {m.key for m in books.card(contact).emails} == set(MANY)
    (question,) = books.asked("too_much")
    assert question.details["left_out"] == ["emails:n20@x.example"]
    books.cycle()
    assert {m.key for m in books.card(contact).emails} == set(MANY)


def test_a_21st_email_stays_here_even_if_something_else_is_sent_with_it(books: Books) -> None:
    from tests.flows.mirror_books import emails, theirs_emails

    contact, theirs = books.both(email_addresses=theirs_emails(*MANY[:20]))
    books.say(contact, title="KC", emails=(*books.card(contact).emails, *emails(MANY[20])))
    assert books.row(theirs)["title"] == "KC"
    assert len(books.addresses(theirs)) == 20
    assert {m.key for m in books.card(contact).emails} == set(MANY)
    books.edit(theirs, title="SC")
    assert {m.key for m in books.card(contact).emails} == set(MANY)


def test_when_clio_has_room_again_the_21st_email_is_sent(books: Books) -> None:
    from tests.flows.mirror_books import emails, theirs_emails

    contact, theirs = books.both(email_addresses=theirs_emails(*MANY[:20]))
    books.say(contact, emails=(*books.card(contact).emails, *emails(MANY[20])))
    one = books.row(theirs)["email_addresses"][3]
    books.edit(theirs, email_addresses=[{"id": one["id"], "_destroy": True}])
    assert MANY[20] in books.addresses(theirs)
    assert one["address"] not in books.addresses(theirs)
    assert books.asked("too_much") == []


def test_a_contact_without_a_name_waits_for_one_and_is_sent_then(books: Books) -> None:
    from daybook.core.cards import Card
    from daybook.sync.models import Owed
    from tests.flows.mirror_books import emails

    contact = books.here(Card(emails=emails("nameless@x.example")))
    assert "without a name" in Owed.objects.get(contact=contact.pk).trouble
    assert books.written() == []
    books.say(contact, last_name="Found")
    assert books.row(int(books.link(ours=contact.pk).theirs))["last_name"] == "Found"
    assert not Owed.objects.exists()


def test_a_contact_with_nothing_but_a_name_goes_both_ways_once(books: Books) -> None:
    from daybook.core.cards import Card

    ours = books.here(Card(first_name="Only", last_name="Name"))
    theirs = books.there(first_name="Another", last_name="Name")
    assert books.row(int(books.link(ours=ours.pk).theirs))["first_name"] == "Only"
    assert books.card(books.link(theirs=theirs).ours).first_name == "Another"
    books.cycle()
    books.sweep()
    assert len(books.control.records("contacts", last_name="Name")) == 2


def test_texts_longer_than_255_characters_are_cut_the_same_way_on_both_sides(books: Books) -> None:
    long = "Ä" * 300
    contact, theirs = books.both(title=long)
    assert books.card(contact).title == "Ä" * 255
    books.control.clear_log()
    books.cycle()
    books.sweep()
    books.edit(theirs, last_name="Quill-Long")
    assert books.card(contact).last_name == "Quill-Long"
    writes = books.written()
    assert len(writes) <= 1, "a text that was cut is not sent again and again"


@pytest.mark.parametrize(
    ("first", "last"),
    [("🙂", "🎉"), ("דנה", "כהן"), ("عمر", "الفاروق"), ("李", "小龍"), ("O’Dána", "N\u0303uñez")],
)
def test_names_in_any_script_go_both_ways_and_are_quiet_then(books: Books, first: str, last: str) -> None:
    from daybook.contacts.cards import clean
    from daybook.core.cards import Card

    ours = books.here(Card(first_name=first, last_name=last, title="🙂 Dr"))
    theirs = int(books.link(ours=ours.pk).theirs)
    assert (books.row(theirs)["first_name"], books.row(theirs)["last_name"]) == (clean(first), clean(last))
    books.edit(theirs, first_name=last, last_name=first)
    assert (books.card(ours).first_name, books.card(ours).last_name) == (clean(last), clean(first))
    books.control.clear_log()
    books.cycle()
    books.sweep()
    assert books.written() == []


def test_identical_twins_in_daybook_are_asked_about_and_clio_gets_one_for_each_when_they_are_two(
    books: Books,
) -> None:
    from django.utils import timezone

    from daybook.core.cards import Card
    from daybook.sync.mirror import answers
    from tests.flows.mirror_books import emails

    card = Card(first_name="Tim", last_name="Twin", emails=emails("twin@x.example"))
    one, other = books.here(card), books.here(card)
    assert len(books.control.records("contacts", last_name="Twin")) == 1
    (question,) = books.asked()
    assert question.kind == "merged_there"
    answers.not_one_person(actor=books.actor, setting=books.setting, question=question, now=timezone.now())
    books.again()
    assert len(books.control.records("contacts", last_name="Twin")) == 2
    assert books.link(ours=one.pk).theirs != books.link(ours=other.pk).theirs
    assert books.asked() == []


def test_identical_twins_in_clio_stay_two_here(books: Books) -> None:
    from tests.flows.mirror_books import theirs_emails

    data = {"first_name": "Tim", "last_name": "Twin", "email_addresses": theirs_emails("twin@x.example")}
    one, other = books.there(**data), books.there(**data)
    assert books.link(theirs=one).ours != books.link(theirs=other).ours
    books.cycle()
    books.sweep()
    assert len(books.named("Tim", "Twin")) == 2
    assert books.written() == []


def test_a_persons_company_is_made_once_and_found_the_next_time(books: Books) -> None:
    from daybook.core.cards import Card

    one = books.here(Card(first_name="Ann", last_name="Lee", company="Roe & Co"))
    two = books.here(Card(first_name="Bob", last_name="Ray", company="ROE & CO"))
    (company,) = books.control.records("contacts", type="Company")
    for contact in (one, two):
        assert books.row(int(books.link(ours=contact.pk).theirs))["company_id"] == company["id"]
    books.cycle()
    ours = books.link(theirs=company["id"]).ours
    assert (books.card(ours).kind, books.card(ours).name) == ("company", "Roe & Co")
    assert books.card(two).company == "Roe & Co"
    assert len(books.control.records("contacts", type="Company")) == 1


def test_that_somebody_left_a_company_stays_so_here_and_is_shown_since_clio_has_no_way_to_be_told(
    books: Books,
) -> None:
    company = books.there(type="Company", name="Roe & Co")
    contact, theirs = books.both(company={"id": company})
    assert books.card(contact).company == "Roe & Co"
    books.control.clear_log()
    books.say(contact, company="")
    assert books.written() == []
    (question,) = books.asked()
    assert (question.kind, question.details["left_out"]) == ("too_much", ["company"])
    books.edit(theirs, title="KC")
    books.cycle()
    assert (books.card(contact).company, books.card(contact).title) == ("", "KC")


def test_a_company_is_a_contact_of_its_own_in_both_books(books: Books) -> None:
    from daybook.core.cards import Card
    from tests.flows.mirror_books import emails

    ours = books.here(Card("company", company="Vale Ltd", emails=emails("office@vale.example")))
    theirs = int(books.link(ours=ours.pk).theirs)
    assert (books.row(theirs)["type"], books.row(theirs)["name"]) == ("Company", "Vale Ltd")
    books.say(ours, company="Vale plc")
    assert books.row(theirs)["name"] == "Vale plc"
    books.edit(theirs, name="Vale Group")
    assert books.card(ours).company == "Vale Group"


@pytest.mark.parametrize("side", ["here", "there"])
def test_a_renamed_company_is_heard_of_by_all_who_work_there(books: Books, side: str) -> None:
    company = books.there(type="Company", name="Old Ltd")
    people = [books.there(first_name=f"P{n}", last_name="Worker", company={"id": company}) for n in range(3)]
    ours = [books.link(theirs=one).ours for one in people]
    assert {books.card(one).company for one in ours} == {"Old Ltd"}
    if side == "here":
        books.say(books.link(theirs=company).ours, company="New Ltd")
    else:
        books.edit(company, name="New Ltd")
    books.again()
    assert {books.card(one).company for one in ours} == {"New Ltd"}
    books.control.clear_log()
    books.cycle()
    books.sweep()
    assert books.written() == []


def test_a_company_that_daybook_made_in_clio_and_that_is_renamed_before_anybody_reads_it(
    books: Books,
) -> None:
    from daybook.contacts import operations
    from daybook.core.cards import Card
    from tests.flows.mirror_books import emails

    card = Card(first_name="Pat", last_name="Quill", company="Old Ltd", emails=emails("pat@x.example"))
    contact = operations.create(firm=books.firm, card=card, now=timezone.now())
    books.office.work()
    (company,) = books.control.records("contacts", type="Company")
    assert not books.linked(theirs=company["id"]), "nobody has read it yet"
    books.edit(company["id"], name="New Ltd")
    books.again()
    assert books.card(contact).company == "New Ltd"


def test_with_people_only_a_renamed_company_is_heard_of_too(books: Books) -> None:
    from daybook.sync.models import ContactSync
    from tests.flows.mirror_machine import ALICE

    ContactSync.objects.update(people_only=True)
    company = books.control.create_contact(ALICE, type="Company", name="Old Ltd")["id"]
    ours, _ = books.both(company={"id": company})
    books.edit(company, name="New Ltd")
    books.again()
    assert books.card(ours).company == "New Ltd"
    assert not books.linked(theirs=company)
