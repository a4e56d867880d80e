"""Both sides changed: what the firm's rules decide, what people are asked, and what a bad line makes of it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.utils import timezone

if TYPE_CHECKING:
    from daybook.contacts.models import Contact
    from tests.flows.mirror_books import Books

pytestmark = pytest.mark.clio(seed="bare")

ALICE = "alice@hartvale.example"


def how(books: Books) -> dict[str, Any]:
    return {"actor": books.actor, "setting": books.setting, "now": timezone.now()}


def differing(books: Books, rule: str, *, ours_first: bool = True) -> tuple[Contact, int]:
    """A title that was changed on both sides, under this rule, and a look at both."""
    from daybook.sync.models import ContactSync, Owed

    ContactSync.objects.update(policy={"title": rule})
    contact, theirs = books.both(title="Ms")
    books.type(contact, title="Here")
    books.control.edit_contact(ALICE, theirs, title="There")
    if not ours_first:
        Owed.objects.update(since=timezone.now() + timedelta(minutes=5))
    else:
        Owed.objects.update(since=timezone.now() - timedelta(minutes=5))
    books.office.look_at(theirs)
    return contact, theirs


@pytest.mark.parametrize(
    ("rule", "ours_first", "holds"),
    [
        ("clio", True, "There"),
        ("daybook", True, "Here"),
        ("newest", True, "There"),
        ("newest", False, "Here"),
    ],
)
def test_a_rule_decides_and_nobody_is_asked(books: Books, rule: str, ours_first: bool, holds: str) -> None:
    contact, theirs = differing(books, rule, ours_first=ours_first)
    assert (books.card(contact).title, books.row(theirs)["title"]) == (holds, holds)
    assert books.asked() == []
    books.control.clear_log()
    books.cycle()
    books.sweep()
    assert books.written() == []


@pytest.mark.parametrize(("side", "holds"), [("ours", "Here"), ("theirs", "There")])
def test_where_the_rule_is_to_ask_each_keeps_its_own_until_somebody_answers(
    books: Books, side: str, holds: str
) -> None:
    from daybook.core.merging import Side
    from daybook.sync.mirror import answers

    contact, theirs = differing(books, "ask")
    books.cycle()
    books.sweep()
    assert (books.card(contact).title, books.row(theirs)["title"]) == ("Here", "There")
    (question,) = books.asked()
    assert question.kind == "conflict"
    answers.settle_conflict(**how(books), question=question, choices={"title": Side(side)})
    books.again()
    assert (books.card(contact).title, books.row(theirs)["title"]) == (holds, holds)
    assert books.asked() == []


def test_a_question_withdraws_itself_when_both_sides_agree_again(books: Books) -> None:
    contact, theirs = differing(books, "ask")
    assert len(books.asked()) == 1
    books.edit(theirs, title="Here")
    assert books.asked() == []
    assert books.card(contact).title == "Here"


def test_what_both_changed_apart_from_each_other_both_have(books: Books) -> None:
    from tests.flows.mirror_books import emails, theirs_emails

    contact, theirs = books.both(email_addresses=theirs_emails("pat@x.example"))
    books.type(contact, title="KC", emails=emails("pat@x.example", "here@x.example"))
    books.control.edit_contact(ALICE, theirs, prefix="Dr", email_addresses=theirs_emails("there@x.example"))
    books.office.tick()
    books.cycle()
    assert {"pat@x.example", "here@x.example", "there@x.example"} == set(books.addresses(theirs))
    assert {m.key for m in books.card(contact).emails} == set(books.addresses(theirs))
    assert (books.card(contact).prefix, books.row(theirs)["title"]) == ("Dr", "KC")
    assert books.asked() == []


def maybe_same(books: Books) -> tuple[Contact, int]:
    """One of ours and one of Clio's of whom it cannot be said: an address in common, but another first name."""
    from daybook.core.cards import Card
    from daybook.sync.models import ContactSync
    from tests.flows.mirror_books import emails, theirs_emails

    ContactSync.objects.update(clients_only=True)  # so that ours is not sent before the other comes in
    ours = books.here(Card(first_name="Patricia", last_name="Quill", emails=emails("pq7@x.example")))
    ContactSync.objects.update(clients_only=False)
    theirs = books.there(
        first_name="Peter", last_name="Quill", email_addresses=theirs_emails("pq7@x.example")
    )
    return ours, theirs


def test_perhaps_the_same_person_is_asked_and_neither_touched(books: Books) -> None:
    ours, theirs = maybe_same(books)
    (question,) = books.asked()
    assert question.kind == "maybe_same"
    books.say(ours, title="KC")
    books.cycle()
    books.sweep()
    assert books.written() == []
    assert (books.linked(ours=ours.pk), books.linked(theirs=theirs)) == (False, False)
    assert len(books.asked()) == 1


def test_answered_the_same_they_become_one(books: Books) -> None:
    from daybook.sync.mirror import answers

    ours, theirs = maybe_same(books)
    (question,) = books.asked()
    answers.same_person(**how(books), question=question, contact_id=ours.pk)
    books.again()
    assert books.link(ours=ours.pk).theirs == str(theirs)
    (conflict,) = books.asked()
    assert conflict.kind == "conflict", "two first names: a person says which"


def test_answered_different_each_goes_to_the_other_side(books: Books) -> None:
    from daybook.sync.mirror import answers

    ours, theirs = maybe_same(books)
    (question,) = books.asked()
    answers.different_people(**how(books), question=question)
    books.again()
    books.cycle()
    books.sweep()
    assert books.card(books.link(theirs=theirs).ours).first_name == "Peter"
    assert books.row(int(books.link(ours=ours.pk).theirs))["first_name"] == "Patricia"
    assert len(books.control.records("contacts", last_name="Quill", account_id=books.row_account())) == 2
    assert books.asked() == []


def test_a_question_about_somebody_who_is_deleted_in_clio_settles_itself(books: Books) -> None:
    ours, theirs = maybe_same(books)
    books.control.delete_contact(ALICE, theirs)
    books.office.look_at(theirs)
    books.again()
    assert books.asked() == []
    assert books.linked(ours=ours.pk), "it waited for the answer, and is sent now"


def test_a_contact_edited_in_clio_while_it_is_being_sent_is_merged_and_sent_anew(books: Books) -> None:
    from daybook.connectors import http

    contact, theirs = books.both()
    books.type(contact, title="Here")
    edited: list[int] = []

    def edit_first() -> None:
        if not edited:
            edited.append(1)
            books.control.edit_contact(ALICE, theirs, prefix="There")

    http.guards.append(edit_first)
    try:
        books.office.tick()
    finally:
        http.guards.remove(edit_first)
    statuses = [one["status"] for one in books.control.log("PATCH")]
    assert statuses == [412, 200]
    assert (books.card(contact).prefix, books.row(theirs)["title"]) == ("There", "Here")


def test_a_look_at_clio_between_the_sending_and_its_answer_is_not_forgotten(books: Books) -> None:
    from daybook.connectors import http
    from daybook.sync.mirror import cycle

    contact, theirs = books.both()
    books.type(contact, title="Here")
    seen: list[int] = []

    def look(exchange: http.Exchange) -> None:
        if exchange.method == "PATCH" and not seen:
            seen.append(1)
            books.control.edit_contact(ALICE, theirs, prefix="Later")
            cycle.look_at(connection_id=books.connection.pk, theirs=[str(theirs)], now=timezone.now())

    http.observers.append(look)
    try:
        books.office.tick()
    finally:
        http.observers.remove(look)
    assert seen
    assert (books.card(contact).prefix, books.card(contact).title) == ("Later", "Here")
    assert books.link(theirs=theirs).etag == books.row(theirs)["etag"]
    books.control.clear_log()
    books.sweep()
    assert books.written() == []


@pytest.mark.parametrize("end", ["gone there", "removed here", "merged here"])
def test_what_nobody_can_decide_any_more_is_not_asked_any_more(books: Books, end: str) -> None:
    from daybook.appointments import operations as appointments
    from daybook.core.cards import Card
    from tests.flows.mirror_books import emails

    contact, theirs = differing(books, "ask")
    assert [one.about for one in books.asked("conflict")] == [f"contact:{contact.pk}"]
    contact, keep = books.fresh(contact), None
    if end == "gone there":
        books.control.delete_contact(ALICE, theirs)
        books.office.look_at(theirs)
    elif end == "removed here":
        appointments.remove_contact(actor=books.actor, contact=contact, now=timezone.now())
    else:
        keep = books.here(Card(first_name="Kay", last_name="Stays", emails=emails("kay@x.example")))
        appointments.merge_contacts(
            actor=books.actor,
            keep=keep,
            drop=contact,
            card=books.card(keep),
            is_client=False,
            now=timezone.now(),
        )
    books.again()
    assert books.asked("conflict") == []


@pytest.mark.parametrize("fault", ["drop_after", "status_after", "truncated", "malformed"])
def test_an_addition_that_was_made_although_the_answer_was_lost_is_not_made_twice(
    books: Books, fault: str
) -> None:
    from daybook.core.cards import Card
    from tests.flows.mirror_books import emails

    books.control.fault(fault, method="POST", path="/api/v4/contacts*", status=502)
    address = Card(first_name="Ann", last_name="Once", emails=emails("once@x.example"))
    contact = books.here(address)
    try_again(books)
    (row,) = books.control.records("contacts", last_name="Once")
    assert books.link(ours=contact.pk).theirs == str(row["id"])


def test_one_with_a_name_and_a_postal_address_only_is_found_again_too(books: Books) -> None:
    from daybook.contacts.cards import address_member
    from daybook.core.cards import Card

    books.control.fault("drop_after", method="POST", path="/api/v4/contacts*")
    home = address_member(("1 High St", "Troy", "", "", ""), "Home", True)
    contact = books.here(Card(first_name="Ann", last_name="Once", addresses=(home,)))
    try_again(books)
    (row,) = books.control.records("contacts", last_name="Once")
    assert books.link(ours=contact.pk).theirs == str(row["id"])
    assert books.asked() == []


@pytest.mark.parametrize("fault", ["drop_after", "malformed"])
def test_one_with_nothing_but_a_name_that_was_added_although_the_answer_was_lost_is_not_asked_about(
    books: Books, fault: str
) -> None:
    from daybook.core.cards import Card

    books.control.fault(fault, method="POST", path="/api/v4/contacts*")
    contact = books.here(Card(first_name="Ann", last_name="Once"))
    (row,) = books.control.records("contacts", last_name="Once")
    books.office.look_at(row["id"])  # Clio tells of it before anybody tries again
    assert books.asked() == []
    assert books.link(ours=contact.pk).theirs == str(row["id"])
    try_again(books)
    assert len(books.control.records("contacts", last_name="Once")) == len(books.named("Ann", "Once")) == 1


def test_a_namesake_with_nothing_but_the_name_is_asked_about_unless_ours_was_on_its_way(books: Books) -> None:
    from daybook.contacts import operations
    from daybook.core.cards import Card
    from daybook.sync.mirror import cycle

    card = Card(first_name="Ann", last_name="Once")
    operations.create(firm=books.firm, card=card, now=timezone.now())  # and no worker has begun yet
    made = books.control.create_contact(ALICE, first_name="Ann", last_name="Once")
    cycle.look_at(connection_id=books.connection.pk, theirs=[str(made["id"])], now=timezone.now())
    assert [one.kind for one in books.asked()] == ["maybe_same"]


@pytest.mark.parametrize("fault", ["drop_after", "status_after", "truncated", "malformed"])
def test_a_change_that_was_made_although_the_answer_was_lost_is_known(books: Books, fault: str) -> None:
    from daybook.sync.models import Owed
    from tests.flows.mirror_books import emails

    contact, theirs = books.both()
    books.control.fault(fault, method="PATCH", path="/api/v4/contacts*", status=502)
    books.say(contact, title="KC", emails=emails("one@x.example"))
    books.type(contact, title="SC", emails=emails("one@x.example", "two@x.example"))
    try_again(books)
    assert books.row(theirs)["title"] == "SC"
    assert books.addresses(theirs) == ["one@x.example", "two@x.example"]
    assert books.asked() == []
    assert not Owed.objects.exists()


def test_what_clio_could_not_be_told_is_settled_by_a_look_at_clio(books: Books) -> None:
    from daybook.sync.models import Owed

    contact, theirs = books.both()
    books.control.fault("status_after", method="PATCH", path="/api/v4/contacts*", status=422)
    books.say(contact, title="KC")
    assert Owed.objects.get().state == "trouble"
    books.cycle()
    assert (books.row(theirs)["title"], books.card(contact).title) == ("KC", "KC")
    assert not Owed.objects.exists(), "Clio has it: nothing needs anybody's attention"


def try_again(books: Books) -> None:
    from daybook.sync.mirror import owing

    owing.retry(books.connection, timezone.now())
    books.again()
