"""The lawyer's desk: a client from the list in seconds, then move, cancel, outcome, and time on the right matter."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import expect
from psycopg.types.range import TimestamptzRange

from daybook.appointments.models import Appointment
from daybook.contacts.models import Contact
from daybook.sync.models import Question
from tests.cast import DANA
from tests.flows.office import ALICE, Office
from tests.stage.browser import DESKTOP
from tests.stage.journey import work

pytestmark = pytest.mark.django_db(transaction=True)
DENVER = {"timezone_id": "America/Denver"}
#: Whose name begins so, from any of its words on.
REYES = {"Dana Reyes", "Danielle Reyes-Cortez"}
FOUND = {"rey": REYES | {"Dana Rey"}, "reye": REYES, "reyes": REYES}
DANA_IN_CLIO = "dana.reyes@mail.example"


@pytest.fixture
def office(transactional_db, clio) -> Office:
    return Office(clio)


def narrowed(page: Any, count: int) -> None:
    page.wait_for_function(
        "count => document.querySelectorAll('[role=option]:not([aria-disabled])').length === count", arg=count
    )


def in_past(appointment: Appointment, days: int = 3) -> None:
    """As if time had passed: nobody can book the past."""
    start = timezone.now().replace(minute=0, second=0, microsecond=0) - timedelta(days=days)
    span = TimestamptzRange(start, start + timedelta(minutes=30), "[)")
    Appointment.objects.filter(pk=appointment.pk).update(during=span)


def test_a_client_out_of_clio_is_found_chosen_and_booked_by_keyboard_alone(office: Office, come_in, look):
    people = Contact.objects.count()
    (user,) = office.clio.control.records("users", email=ALICE)
    account = user["account_id"]
    everybody = office.clio.control.records("contacts", account_id=account)
    assert people == len(everybody), "everybody in Clio is in the list"
    page = come_in(office.cast.alice_user, **DENVER)
    page.get_by_role("link", name="Book Appointment").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/appointments/book/")
    box = page.get_by_role("combobox", name="Choose a client")
    box.focus()
    expect(box).to_have_attribute("aria-expanded", "false")
    page.keyboard.press("ArrowDown")
    narrowed(page, 12)
    expect(box).to_have_attribute("aria-expanded", "true")
    lines = page.get_by_role("listbox", name="Clients").get_by_role("option")
    typed, before = "", 12
    for letter in "reyes":
        typed += letter
        with page.expect_response(lambda answer: f"?q={typed}" in answer.url):  # noqa: B023
            page.keyboard.type(letter)
        if typed in FOUND:
            narrowed(page, len(FOUND[typed]))
            assert {text.split("\n")[0].strip() for text in lines.all_inner_texts()} == FOUND[typed]
        assert 0 < lines.count() <= before, "every letter narrows the list"
        before = lines.count()
    look(page)
    page.keyboard.press("ArrowDown")
    marked = page.locator(f"#{box.get_attribute('aria-activedescendant')}")
    expect(marked).to_have_attribute("aria-selected", "true")
    while "Dana Reyes" not in page.locator(f"#{box.get_attribute('aria-activedescendant')}").inner_text():
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(box).to_have_attribute("aria-expanded", "false")
    expect(page.get_by_label("Name", exact=True)).to_have_value("Dana Reyes")
    expect(page.get_by_label("Email")).to_have_value(DANA_IN_CLIO)
    expect(page.get_by_label("Phone")).to_have_value("+13035550101")
    page.locator(".pick input").nth(1).focus()
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    page.get_by_text("Booked: First consultation with Dana Reyes").wait_for()
    work()
    booked = Appointment.objects.get()
    assert len(office.entries(booked)) == 1
    assert office.clio.control.records("contacts", account_id=account) == everybody
    assert Contact.objects.count() == people


def test_with_the_mouse_the_down_arrow_opens_the_list_and_what_it_fills_can_be_changed(
    office: Office, come_in
):
    page = come_in(office.cast.alice_user, "/appointments/book/", **DENVER)
    page.get_by_role("button", name="Show clients").click()
    narrowed(page, 12)
    page.get_by_role("combobox", name="Choose a client").press_sequentially("zoë", delay=20)
    narrowed(page, 1)
    page.get_by_role("listbox", name="Clients").get_by_role("option").click()
    page.get_by_label("Phone").fill("+1 303 555 0199")
    page.locator(".pick").nth(4).click()
    page.get_by_role("button", name="Book Appointment").click()
    page.get_by_text("Booked: First consultation with Zoë Brontë").wait_for()
    work()
    booked = Appointment.objects.get()
    assert booked.client_phone == "+13035550199"
    assert booked.contact.name == "Zoë Brontë"
    page.reload()
    page.locator(".visit").get_by_text("In Clio").wait_for()


def test_time_goes_to_clio_once_and_follows_its_appointment(office: Office, come_in, look):
    from dataclasses import replace

    office.cast.consultation.fee_cents = 15_000  # what costs nothing is not proposed as billable
    office.cast.consultation.save()
    office.book(10, details=replace(DANA, email=DANA_IN_CLIO))
    work()
    page = come_in(office.cast.alice_user, **DENVER)
    for tab in ("Past", "Week", "Upcoming"):
        page.get_by_role("navigation", name="Appointments").get_by_role("link", name=tab).click()
        look(page)
    page.get_by_role("link", name="Send to Clio").click()
    group = page.get_by_role("group", name="Link to Matter")
    first = group.locator(".matter").first
    first.wait_for()
    assert "this client's" in first.inner_text(), "the client's own matters come first"
    look(page)
    page.get_by_label("Search matters").press_sequentially("estate plan", delay=15)
    page.get_by_role("radio", name=re.compile("Estate plan")).wait_for()
    page.get_by_label("Search matters").fill("parenting")
    page.get_by_role("radio", name=re.compile("Parenting plan")).check()
    page.get_by_role("button", name="Send to Clio").dblclick()
    page.get_by_text("On its way to Clio.").wait_for()
    work()
    page.locator(".sync", has_text="In Clio").wait_for()
    (activity,) = office.activities()
    (matter,) = office.clio.control.records("matters", id=activity["matter_id"])
    assert matter["description"] == "Parenting plan modification"
    assert (activity["quantity"], activity["non_billable"]) == (1800, False)
    assert activity["date"] == str(office.day)

    page.get_by_role("link", name="Reschedule").click()
    expect(page.get_by_text(re.compile("The activity on .* gets the new date."))).to_be_visible()
    page.get_by_label("Another time").check()
    page.get_by_label("Date", exact=True).fill(str(office.day + timedelta(days=1)))
    page.get_by_label("Time", exact=True).fill("15:30")
    page.get_by_role("button", name="Reschedule").click()
    page.get_by_role("status").filter(has_text="Moved").first.wait_for()
    work()
    (moved,) = office.activities()
    assert (moved["id"], moved["date"]) == (activity["id"], str(office.day + timedelta(days=1)))

    page.goto("/dashboard/")
    page.get_by_role("link", name="Cancel", exact=True).click()
    expect(page.get_by_text(re.compile("The activity on .* is deleted in Clio."))).to_be_visible()
    look(page)
    page.get_by_role("button", name="Cancel appointment").click()
    work()
    assert office.activities() == []
    assert office.entries(Appointment.objects.get()) == []
    page.goto("/dashboard/")
    page.get_by_text("Cancelled (1)").click()
    page.get_by_text("Cancelled by the firm").wait_for()
    look(page)
    page.get_by_text("Removed from Clio").wait_for()


def test_a_new_matter_is_made_for_a_past_appointment_whose_outcome_is_recorded(office: Office, come_in):
    booked = office.book(10)
    in_past(booked)
    page = come_in(office.cast.alice_user, "/dashboard/past/", **DENVER)
    row = page.locator(".visit", has_text="Newly Arrived")
    row.get_by_role("button", name="Attended").click()
    row.get_by_text("Attended").wait_for()
    row.get_by_role("link", name="Send to Clio").click()
    page.get_by_label("A new matter").check()
    page.get_by_label("Description").fill("Arrived, lease")
    page.get_by_role("button", name="Send to Clio").click()
    page.get_by_text("On its way to Clio.").wait_for()
    work()
    (activity,) = office.activities()
    made = [row for row in office.clio.control.records("matters") if row["description"] == "Arrived, lease"]
    assert [row["id"] for row in made] == [activity["matter_id"]]
    # Sending again changes the same one.
    page.goto(f"/appointments/{booked.pk}/send/")
    page.get_by_text("Sent before.").wait_for()
    page.get_by_label("Time", exact=True).fill("0:45")
    page.get_by_role("button", name="Send to Clio").click()
    page.get_by_text("On its way to Clio.").wait_for()
    work()
    (again,) = office.activities()
    assert (again["id"], again["quantity"]) == (activity["id"], 2700)


def test_what_is_billed_is_left_alone_and_becomes_a_task(office: Office, come_in, look):
    booked = office.book(11)
    office.send(booked)
    work()
    (activity,) = office.activities()
    office.clio.control.bill_activity(activity["id"], "awaiting_payment")
    page = come_in(office.cast.alice_user, shape=DESKTOP, **DENVER)
    page.get_by_role("link", name="Cancel", exact=True).click()
    page.get_by_role("button", name="Cancel appointment").click()
    work()
    assert [one["id"] for one in office.activities()] == [activity["id"]]
    page.goto("/dashboard/")
    tasks = page.get_by_role("region", name=re.compile("Needs attention"))
    expect(tasks.get_by_text("already on bill")).to_be_visible()
    look(page)
    assert Question.objects.get().kind == Question.Kind.BILLED
    tasks.get_by_role("button", name="Dismiss").click()
    page.wait_for_url("**/dashboard/")
    expect(page.get_by_role("region", name=re.compile("Needs attention"))).to_be_hidden()
    assert len(office.activities()) == 1
