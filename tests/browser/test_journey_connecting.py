"""Integrations: the firm is joined to Clio once, calmly or not at all; contacts arrive; it is parted and joined again."""

from __future__ import annotations

import re
import threading
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from daybook.appointments.models import Appointment
from daybook.contacts.models import Contact
from daybook.firms.models import Lawyer
from daybook.sync.models import Connection, Link
from tests.cast import Cast, hart_and_vale, marsh
from tests.flows.office import Office
from tests.stage.journey import at_clio, connect, start_syncing, to_clio, work

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def cast(transactional_db) -> Cast:
    return hart_and_vale(timezone.now())


def test_one_connection_serves_the_firm_and_another_firm_is_untouched(clio, cast: Cast, come_in, look):
    carol = marsh(timezone.now())
    ben = Lawyer.objects.create(
        firm=cast.firm,
        name="B. Vale",
        slug="b-vale",
        email="bv@hartvale.example",
        time_zone="America/New_York",
    )
    page = come_in(cast.alice_user, "/integrations/")
    page.get_by_role("link", name="Connect to Clio").click()
    look(page)
    page.get_by_role("button", name="Continue to Clio").click()
    assert page.url.startswith(clio.url), "the password is typed at Clio"
    at_clio(page)
    page.get_by_text("Successfully connected to Clio").wait_for()
    page.get_by_text("Reading contacts starts in a moment.").wait_for()
    work()
    page.get_by_role("button", name="Start syncing").wait_for()  # it asks by itself
    assert not Contact.objects.exists(), "nothing is taken in before the go-ahead"
    page.goto("/integrations/")
    look(page)
    alices = page.get_by_role("row", name=re.compile("Alice Hart"))
    expect(alices.get_by_text("Same email")).to_be_visible()
    expect(page.get_by_text("No Clio user has bv@hartvale.example")).to_be_visible()
    page.get_by_role("link", name="Choose Clio user of B. Vale").click()
    look(page)
    page.get_by_label("Who is B. Vale in Clio?").select_option(label="Ben Vale, ben@hartvale.example")
    page.get_by_role("button", name="Save").click()
    page.get_by_text("B. Vale is Ben Vale in Clio.").wait_for()
    users = {row["email"]: str(row["id"]) for row in clio.control.records("users")}
    assert Link.objects.get(kind="lawyer", ours=ben.pk).theirs == users["ben@hartvale.example"]

    (connection,) = Connection.objects.all()
    assert (connection.firm_id, connection.region, connection.state) == (cast.firm.pk, "US", "active")
    theirs = come_in(carol.alice_user, "/integrations/")
    expect(theirs.get_by_text("Not connected")).to_be_visible()
    theirs.goto("/contacts/")
    expect(theirs.get_by_text("No contacts yet")).to_be_visible()
    assert not Contact.objects.filter(firm=carol.firm).exists()
    # One sign-in at Clio, one token, whoever of the firm uses it.
    assert clio.control.requests()["POST /oauth/token"] == 1


def test_declining_comes_back_calmly_and_stores_nothing(clio, cast: Cast, come_in):
    page = come_in(cast.alice_user)
    to_clio(page)
    at_clio(page, decide="Decline")
    page.get_by_text("Nothing was connected").wait_for()
    expect(page.get_by_role("link", name="Connect to Clio")).to_be_visible()
    assert not Connection.objects.exists()
    assert clio.control.requests().get("POST /oauth/token", 0) == 0


def test_a_plan_without_api_access_gets_the_reason(clio, cast: Cast, come_in, browser_errors):
    browser_errors.allow("403")  # Clio's own page says so with this status
    clio.control.set_account("alice@hartvale.example", plan="EasyStart")
    page = come_in(cast.alice_user)
    to_clio(page)
    page.get_by_label("Email").fill("alice@hartvale.example")
    page.get_by_label("Password").fill("clio")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("link", name=re.compile("^Back to")).click()
    page.wait_for_url("**/integrations/")
    page.get_by_text("Your Clio plan does not include API access.").wait_for()
    expect(page.get_by_text("Not connected")).to_be_visible()
    assert not Connection.objects.exists()


@pytest.mark.clio(region="ca")
def test_in_the_wrong_region_clio_knows_nobody_and_nothing_is_half_connected(
    clio, cast: Cast, come_in, browser_errors
):
    browser_errors.allow("401")
    page = come_in(cast.alice_user)
    to_clio(page, region="Canada (CA)")
    page.get_by_label("Email").fill("alice@hartvale.example")
    page.get_by_label("Password").fill("clio")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_text("There is no account with this email in this region.").wait_for()
    page.goto("/integrations/")
    expect(page.get_by_text("Not connected")).to_be_visible()
    assert not Connection.objects.exists()


def test_many_contacts_arrive_with_a_count_that_grows(clio, cast: Cast, come_in, look):
    clio.control.bulk_contacts(700)
    page = come_in(cast.alice_user)
    to_clio(page)
    at_clio(page)
    clio.control.fault("slow", method="GET", path="/api/v4/contacts*", seconds=0.5, count=None)
    worker = threading.Thread(target=_work_aside)
    worker.start()
    progress = page.get_by_text(re.compile(r"Reading all contacts for the first time: [\d,]+ so far"))
    progress.wait_for()
    first = _count(progress)
    page.wait_for_function(
        "was => { const found = document.querySelector('.progress')?.innerText.match(/time: ([\\d,]+)/);"
        " return !found || Number(found[1].replace(',', '')) > was }",
        arg=first,
    )
    look(page)
    clio.control.clear_faults()
    worker.join(30)
    page.get_by_role("button", name="Start syncing").wait_for()
    start_syncing(page)
    page.goto("/integrations/")
    page.get_by_text("Contacts are up to date").wait_for()
    assert Contact.objects.count() > 700
    page.goto("/contacts/")
    page.get_by_text(re.compile("7[56][0-9] contacts")).wait_for()


def _work_aside() -> None:
    from django.db import connections

    try:
        work()
    finally:
        connections.close_all()


def _count(progress: Any) -> int:
    found = re.search(r"([\d,]+) so far", progress.first.inner_text())
    assert found
    return int(found[1].replace(",", ""))


def test_disconnecting_asks_once_and_connecting_again_doubles_nothing(transactional_db, clio, come_in, look):
    office = Office(clio)
    booked = office.book(10)
    office.work()
    user = office.cast.alice_user
    before = (Contact.objects.count(), Link.objects.count(), clio.control.counts())
    page = come_in(user, "/integrations/")
    page.get_by_role("link", name="Disconnect").click()
    look(page)
    page.get_by_role("link", name="Stay connected").click()
    assert Connection.objects.get().state == "active"
    page.get_by_role("link", name="Disconnect").click()
    page.get_by_role("button", name="Disconnect").click()
    page.get_by_text("Disconnected from Clio.").wait_for()
    expect(page.get_by_text("Earlier this firm was connected to")).to_be_visible()
    gone = Connection.objects.get()
    assert (gone.state, gone.access_token, gone.refresh_token) == ("disconnected", "", "")
    assert clio.control.counts()["webhooks"] == 0
    assert len(office.entries(booked)) == 1, "records on both sides stay"
    connect(page)
    page.reload()
    page.get_by_text("Contacts are up to date").wait_for()
    after = (Contact.objects.count(), Link.objects.count(), clio.control.counts())
    assert after == before
    assert len(office.contacts()) == 1
    page.goto("/dashboard/")
    page.get_by_text("In Clio").wait_for()
    assert Appointment.objects.get().uid == booked.uid
