"""The first import: chosen, shown, stopped, killed, gone on with, and what happens when the connection ends and comes back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.utils import timezone

if TYPE_CHECKING:
    from sandbox.clio import Sandbox
    from tests.flows.mirror_books import Books

pytestmark = pytest.mark.clio(seed="bare")

ALICE = "alice@hartvale.example"


@pytest.fixture
def apart(db: None, clio: Sandbox) -> Books:
    """Two books with people in them, not joined yet: three persons and a company there, two of ours here."""
    from daybook.contacts import operations as contacts
    from daybook.core.cards import Card
    from tests.flows.mirror_books import Books, emails, theirs_emails
    from tests.flows.office import Office

    books = Books(Office(clio, connected=False))
    for name in ("Ann", "Bob", "Cleo"):
        address = theirs_emails(f"{name.lower()}@x.example")
        made = clio.control.create_contact(ALICE, first_name=name, last_name="Lee", email_addresses=address)
        if name == "Ann":
            clio.control.create_matter(ALICE, made["id"], "Ann's matter")
    clio.control.create_contact(ALICE, type="Company", name="Roe Ltd")
    for first, last, address in (("Bob", "Lee", "bob@x.example"), ("Only", "Here", "only@x.example")):
        card = Card(first_name=first, last_name=last, emails=emails(address))
        contacts.create(firm=books.firm, card=card, now=timezone.now())
    clio.control.clear_log()
    return books


def names(books: Books) -> set[str]:
    from daybook.contacts.models import Contact

    return {contact.name for contact in Contact.objects.filter(firm=books.firm)}


def test_nothing_is_written_to_clio_before_somebody_approved(apart: Books) -> None:
    from daybook.sync.mirror import first, owing

    apart.office.connect(approve=False)
    apart.type(apart.named("Only", "Here")[0], title="KC")
    apart.again()
    apart.cycle()
    shown = first.preview(apart.setting)
    assert (shown.link, shown.pull, shown.ask, shown.create) == (1, 3, 0, 1)
    assert [one for one in apart.written() if "contacts" in one["path"]] == []
    assert names(apart) == {"Bob Lee", "Only Here"}
    assert owing.due(timezone.now()) == []
    apart.office.approve()
    apart.again()
    assert names(apart) == {"Ann Lee", "Bob Lee", "Cleo Lee", "Roe Ltd", "Only Here"}
    (made,) = [one for one in apart.written() if "contacts" in one["path"]]
    assert made["request_body"]["data"]["last_name"] == "Here"


@pytest.mark.parametrize(
    ("filters", "there"),
    [
        ({"clients_only": True}, {"Ann Lee", "Bob Lee", "Only Here"}),
        ({"people_only": True}, {"Ann Lee", "Bob Lee", "Cleo Lee", "Only Here"}),
    ],
)
def test_a_filter_chosen_before_the_first_import_says_who_comes_in(
    apart: Books, filters: dict[str, bool], there: set[str]
) -> None:
    from daybook.sync.mirror import terms

    apart.office.connect(approve=False)
    chosen = {"clients_only": False, "people_only": False, **filters}
    terms.choose(actor=apart.actor, terms=apart.setting, rules={}, now=timezone.now(), **chosen)
    apart.office.approve()
    apart.again()
    apart.cycle()
    apart.sweep()
    assert names(apart) == there
    made = [one for one in apart.written() if one["method"] == "POST" and "contacts" in one["path"]]
    assert len(made) == (0 if chosen["clients_only"] else 1)


def stop(books: Books) -> None:
    from daybook.sync.mirror import terms

    terms.stop(terms=books.setting, now=timezone.now(), because="Somebody said so.", actor=books.actor)


def resume(books: Books) -> None:
    from daybook.sync.mirror import terms

    terms.resume(actor=books.actor, terms=books.setting, now=timezone.now())


def test_stopped_in_reading_and_in_review_it_goes_on_where_it_was(apart: Books) -> None:
    from daybook.connectors import http
    from daybook.sync.models import ContactSync, Staged

    apart.control.bulk_contacts(450, ALICE)
    apart.control.advance(600)
    seen: list[str] = []

    def stop_after_a_page(exchange: http.Exchange) -> None:
        if exchange.path.endswith("contacts.json") and not seen:
            seen.append(exchange.url)
            stop(apart)

    http.observers.append(stop_after_a_page)
    try:
        apart.office.connect(approve=False)
    finally:
        http.observers.remove(stop_after_a_page)
    assert ContactSync.objects.get().phase == "stopped"
    resume(apart)
    apart.cycle()
    assert ContactSync.objects.get().phase == "review"
    stop(apart)
    apart.office.approve()
    assert ContactSync.objects.get().phase == "stopped", "what is stopped cannot be approved"
    resume(apart)
    asked = apart.asks("contacts.json")
    assert Staged.objects.count() == 454
    apart.office.approve()
    apart.again()
    assert len(names(apart)) >= 454
    assert asked <= 5, "three pages, each read once, and one look for what changed since"


@pytest.mark.parametrize("statement", [5, 20, 40, 60, 80])
def test_killed_while_taking_in_nobody_is_there_twice_or_missing(apart: Books, statement: int) -> None:
    from daybook.sync.mirror import first
    from tests.flows.mirror_machine import switched_off

    apart.office.connect(approve=False)
    first.approve(actor=apart.actor, setting=apart.setting, now=timezone.now())
    with switched_off(statement):
        first.take_in(connection_id=apart.connection.pk, now=timezone.now())
    apart.cycle()
    apart.again()
    assert names(apart) == {"Ann Lee", "Bob Lee", "Cleo Lee", "Roe Ltd", "Only Here"}
    assert len(apart.control.records("contacts")) == 5


@pytest.mark.parametrize("answer", [1, 2, 3])
def test_killed_while_reading_no_finished_page_is_read_again(apart: Books, answer: int) -> None:
    from daybook.connectors import http
    from daybook.sync.mirror import cycle
    from daybook.sync.models import ContactSync, Cursor
    from tests.flows.mirror_machine import Killed

    apart.control.bulk_contacts(450, ALICE)
    left = [answer]

    def die(exchange: http.Exchange) -> None:
        if exchange.path.endswith("contacts.json"):
            left[0] -= 1
            if left[0] == 0:
                raise Killed

    http.observers.append(die)
    try:
        with pytest.raises(Killed):
            apart.office.connect(approve=False)
    finally:
        http.observers.remove(die)
    Cursor.objects.update(leased_until=None)
    cycle.run(connection_id=apart.connection.pk, now=timezone.now())
    assert ContactSync.objects.get().phase == "review"
    assert apart.asks("contacts.json") == 3 + 1, "three pages, and the one whose answer was lost"


def test_connected_again_nobody_is_there_twice_and_what_was_done_meanwhile_is_sent(books: Books) -> None:
    from daybook.core.cards import Card
    from daybook.sync import connecting
    from tests.flows.mirror_books import emails, theirs_emails

    contact, theirs = books.both(email_addresses=theirs_emails("pat@x.example"))
    connecting.disconnect(actor=books.actor, connection=books.connection, now=timezone.now())
    books.say(contact, title="KC")
    new = books.here(Card(first_name="Mean", last_name="While", emails=emails("mean@x.example")))
    books.control.edit_contact(ALICE, theirs, prefix="Dr")
    before = len(books.control.records("contacts"))
    books.office.connect(approve=False)
    books.again()
    books.cycle()
    assert (books.row(theirs)["title"], books.card(contact).prefix) == ("KC", "Dr")
    assert books.linked(ours=new.pk)
    assert len(books.control.records("contacts")) == before + 1
    assert len(books.named("Pat", "Quill")) == 1


def test_what_is_changed_here_while_clio_refuses_the_connection_is_sent_after_connecting_again(
    books: Books,
) -> None:
    contact, theirs = books.both()
    books.control.revoke(ALICE)
    books.say(contact, title="KC")
    assert books.connection.state == "broken"
    books.say(contact, prefix="Dr")
    assert books.row(theirs).get("title") is None
    books.office.connect(approve=False)
    books.again()
    assert (books.row(theirs)["title"], books.row(theirs)["prefix"]) == ("KC", "Dr")


def test_a_second_cycle_after_a_quiet_one_asks_once_and_changes_nothing(books: Books) -> None:
    from daybook.contacts.models import ContactChange
    from daybook.sync.models import Link, Owed

    books.both()
    books.cycle()

    def rows() -> list[Any]:
        return [
            list(Link.objects.order_by("pk").values()),
            ContactChange.objects.count(),
            Owed.objects.count(),
        ]

    before = rows()
    books.control.clear_log()
    books.cycle()
    assert [one["method"] for one in books.control.log()] == ["GET"]
    assert rows() == before


@pytest.mark.parametrize("ours", ["Roe Ltd", "Vale Ltd"])
def test_an_employer_hidden_from_the_connection_is_not_taken_for_none(apart: Books, ours: str) -> None:
    from daybook.sync.models import ContactSync

    (bob,) = apart.control.records("contacts", first_name="Bob")
    (company,) = apart.control.records("contacts", type="Company")
    apart.control.edit_contact(ALICE, bob["id"], company={"id": company["id"]})
    apart.control.hide_contact(company["id"], ALICE)
    (contact,) = apart.named("Bob", "Lee")
    apart.type(contact, company=ours)
    apart.office.connect(approve=False)
    ContactSync.objects.update(policy={"company": "ask"})
    apart.office.approve()
    apart.again()
    apart.cycle()
    assert apart.link(theirs=bob["id"]).ours == contact.pk
    assert apart.card(contact).company == ours
    assert apart.control.log(method="PATCH") == []
    apart.control.hide_contact(company["id"], ALICE, False)
    apart.sweep()
    apart.again()
    assert [one.kind for one in apart.asked()] == ([] if ours == "Roe Ltd" else ["conflict"])
    assert apart.card(contact).company == ours
