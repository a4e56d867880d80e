"""Clio's contacts arrive once, whatever interrupts the reading."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from sandbox.clio import Sandbox
    from tests.flows.office import Office

ALICE = "alice@hartvale.example"


def finish(office: Office) -> None:
    from django.utils import timezone

    from daybook.sync.mirror import cycle
    from daybook.sync.models import Connection, ContactSync, Cursor

    connection = Connection.objects.get()
    for _ in range(20):
        Cursor.objects.update(leased_until=None)
        cycle.run(connection_id=connection.pk, now=timezone.now())
        if ContactSync.objects.get().phase == "review":
            office.approve()
        if Cursor.objects.get().state == "done" and ContactSync.objects.get().phase == "live":
            return
    raise AssertionError(Cursor.objects.values())


def theirs(office: Office) -> int:
    account = office.clio.control.records("users", email=ALICE)[0]["account_id"]
    return len(office.clio.control.records("contacts", account_id=account))


def test_all_contacts_arrive_with_progress_and_can_be_found_by_the_first_letters(office: Office) -> None:
    from daybook.contacts import queries
    from daybook.contacts.models import Contact
    from daybook.sync.models import Cursor

    assert Contact.objects.count() == theirs(office)
    cursor = Cursor.objects.get()
    assert (cursor.state, cursor.seen) == ("done", theirs(office))
    found = queries.type_ahead(office.cast.firm, "rey")
    assert "Dana Reyes" in [one.name for one in found]


@pytest.fixture
def large(db: None, clio: Sandbox) -> Office:
    """A book of 1,000 more contacts: several pages."""
    from tests.flows.office import Office

    clio.control.bulk_contacts(1000, ALICE)
    return Office(clio, connected=False)


@pytest.mark.parametrize("kind", ["status", "drop_before", "truncated", "malformed", "rate_limited"])
def test_an_interrupted_import_goes_on_where_it_stopped(large: Office, kind: str) -> None:
    from daybook.contacts.models import Contact

    large.clio.control.fault(kind, method="GET", path="/api/v4/contacts.json", skip=2, count=4, retry_after=0)
    large.connect()
    finish(large)
    assert Contact.objects.count() == theirs(large)
    requests = large.clio.control.requests()
    assert requests["GET /api/v4/contacts.json"] <= 6 + 4 + 1


def test_a_second_reading_asks_only_for_what_changed_and_adds_nothing(office: Office) -> None:
    from daybook.contacts.models import Contact

    before = Contact.objects.count()
    row = office.clio.control.find_contacts(ALICE, "Reyes")[0]
    office.clio.control.advance(300)
    office.clio.control.edit_contact(ALICE, row["id"], title="Dr.")
    finish(office)
    assert Contact.objects.count() == before
    assert Contact.objects.filter(title="Dr.").count() == 1


def test_somebody_who_booked_before_clio_was_connected_is_not_there_twice(db: None, clio: Sandbox) -> None:
    from dataclasses import replace

    from daybook.contacts.models import Contact
    from tests.cast import DANA
    from tests.flows.office import Office

    office = Office(clio, connected=False)
    dana = replace(DANA, name="Dana Reyes", email="dana.reyes@mail.example")
    office.book(9, details=dana)
    office.connect()
    finish(office)
    assert Contact.objects.filter(emails__normal="dana.reyes@mail.example").count() == 1
    assert theirs(office) == Contact.objects.count()


def test_a_renewed_token_keeps_the_old_refresh_token(office: Office) -> None:
    from daybook.sync.models import Connection

    before = Connection.objects.get()
    Connection.objects.update(token_expires_at=office.now - timedelta(days=1))
    finish(office)
    after = Connection.objects.get()
    assert after.access_token != before.access_token
    assert after.refresh_token == before.refresh_token
    assert after.token_expires_at > office.now


def test_tokens_are_unreadable_in_the_database(office: Office) -> None:
    from django.db import connection

    from daybook.sync.models import Connection

    row = Connection.objects.get()
    with connection.cursor() as cursor:
        cursor.execute("SELECT access_token, refresh_token FROM sync_connection")
        sealed = cursor.fetchone()
    assert row.access_token
    assert row.access_token not in sealed[0]
    assert row.refresh_token not in sealed[1]


@pytest.mark.clio(rate_limit=50)
def test_background_reading_leaves_requests_for_people_who_wait(db: None, clio: Sandbox) -> None:
    from daybook.connectors.clio.session import Priority
    from daybook.connectors.errors import Limited
    from daybook.sync.budget import SharedBudget
    from daybook.sync.models import Connection
    from tests.flows.office import Office

    office = Office(clio)
    budget = SharedBudget(Connection.objects.get().pk)

    def read_on() -> None:
        for _ in range(50):
            budget.take(Priority.BACKGROUND)

    with pytest.raises(Limited):
        read_on()
    for _ in range(5):
        budget.take(Priority.LIVE)
    assert not any(e["status"] == 429 for e in office.clio.control.log())


def test_a_contact_read_back_while_it_is_being_added_is_not_there_twice(office: Office) -> None:
    from daybook.connectors import http
    from daybook.contacts.models import Contact
    from daybook.sync.models import Link
    from tests.flows.office import NOBODY

    appointment = office.book(9)
    read: list[bool] = []

    def read_at_once(exchange: http.Exchange) -> None:
        if exchange.method == "POST" and "/contacts" in exchange.url and not read:
            read.append(True)
            finish(office)

    http.observers.append(read_at_once)
    try:
        office.work()
    finally:
        http.observers.remove(read_at_once)
    assert read
    assert Contact.objects.filter(emails__normal=NOBODY.email).count() == 1
    assert Link.objects.filter(kind="contact", theirs=str(office.contacts()[0]["id"])).count() == 1
    appointment.refresh_from_db()
    assert appointment.contact == Contact.objects.get(emails__normal=NOBODY.email)


def test_rounds_are_kept_for_ninety_days(office: Office) -> None:
    from daybook.sync.mirror import tally
    from daybook.sync.models import Cycle

    finish(office)
    assert Cycle.objects.filter(finished_at__isnull=False).exists()
    before = Cycle.objects.count()
    tally.forget_old(office.now + timedelta(days=89))
    assert Cycle.objects.count() == before
    tally.forget_old(office.now + timedelta(days=91))
    assert not Cycle.objects.filter(finished_at__isnull=False).exists()


def test_a_company_that_is_hidden_from_the_connection_is_not_taken_for_removed(office: Office) -> None:
    from daybook.contacts.models import Contact

    control = office.clio.control
    company = control.create_contact(ALICE, type="Company", name="Quill Partners")
    person = control.create_contact(ALICE, first_name="Zed", last_name="Quill", company={"id": company["id"]})
    finish(office)
    assert Contact.objects.get(last_name="Quill").company_name == "Quill Partners"
    control.hide_contact(company["id"], ALICE)
    control.edit_contact(ALICE, person["id"], title="Dr.")
    finish(office)
    contact = Contact.objects.get(last_name="Quill")
    assert (contact.title, contact.company_name) == ("Dr.", "Quill Partners")
