"""A client books, far away, on a phone, with and without JavaScript; Clio gets exactly one of everything."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from daybook.appointments.models import Appointment
from daybook.core import times
from tests.flows.office import Office
from tests.stage.browser import PHONE
from tests.stage.journey import link_in, work

pytestmark = pytest.mark.django_db(transaction=True)
PUBLIC = "/book/hart-vale-llp/alice-hart/"
NEW = "newly@example.com"


@pytest.fixture
def office(transactional_db, clio, mailbox) -> Office:
    office = Office(clio)
    office.cast.consultation.change_cutoff_minutes = 0
    office.cast.consultation.save()
    return office


def choose(page: Any, office: Office, slot: int) -> None:
    page.goto(f"{PUBLIC}first-consultation/?from={office.day}")
    page.locator(".slot").nth(slot).click()
    page.get_by_role("heading", name="Your details").wait_for()


def confirm(page: Any, name: str = "Newly Arrived", email: str = NEW) -> None:
    page.get_by_label("Your name").fill(name)
    page.get_by_label("Email").fill(email)
    page.get_by_label("Phone").fill("+44 20 7946 0018")
    page.get_by_role("button", name="Confirm appointment").click()
    page.get_by_role("heading", name="Your appointment is confirmed").wait_for()


def test_a_client_in_london_books_on_a_phone_and_clio_has_one_contact_and_one_entry(
    office: Office, mailbox, open_page, look
):
    page = open_page(PHONE, timezone_id="Europe/London")
    page.goto(PUBLIC)
    look(page)
    page.get_by_role("link", name=re.compile("First consultation")).click()
    page.locator(".zone").get_by_text("London").first.wait_for()
    choose(page, office, 3)
    look(page)
    confirm(page)
    look(page)
    work()
    booked = Appointment.objects.get()
    assert booked.client_time_zone == "Europe/London"
    said = times.say(booked.start, booked.end, "Europe/London", "America/Denver")
    (mail,) = mailbox.wait_for(1, to=NEW)
    assert said in mail["text"]
    assert "First consultation" not in mail["subject"]
    (file,) = [one for one in mail["attachments"] if one["content_type"].startswith("text/calendar")]
    assert f"UID:{booked.uid}" in file["text"].replace("\r\n ", "")
    assert len(office.contacts(NEW)) == 1
    (entry,) = office.entries(booked)
    assert "consult" not in entry["summary"].lower(), "the calendar's title says nothing of the matter"

    # The same person again, from the link in the mail: one more appointment, nobody new.
    choose(page, office, 6)
    confirm(page, name="newly arrived", email="Newly@Example.com")
    work()
    second = Appointment.objects.exclude(pk=booked.pk).get()
    assert second.contact_id == booked.contact_id
    assert len(office.contacts(NEW)) == 1
    assert len(office.entries(second)) == 1

    page.goto(link_in(mail, "/appointment/"))
    page.get_by_role("link", name="Move").click()
    look(page)
    page.locator(".slot").nth(1).click()
    page.get_by_role("heading", name="Move this appointment?").wait_for()
    look(page)
    page.get_by_role("button", name="Move the appointment").click()
    page.get_by_text("has been moved").wait_for()
    work()
    (moved,) = office.entries(booked)
    assert moved["id"] == entry["id"]
    assert moved["start"] != entry["start"]
    page.goto(link_in(mail, "/appointment/"))
    page.get_by_role("link", name="Cancel").click()
    page.get_by_role("button", name="Cancel the appointment").click()
    page.get_by_role("heading", name="This appointment is cancelled").wait_for()
    work()
    assert office.entries(booked) == []
    assert len(office.contacts(NEW)) == 1


def test_without_javascript_a_client_books_all_the_same(office: Office, mailbox, open_page):
    page = open_page(PHONE, java_script_enabled=False)
    page.goto(f"{PUBLIC}first-consultation/?from={office.day}")
    page.get_by_text("Change time zone").click()
    page.get_by_label("Time zone").select_option("Asia/Tokyo")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_text("Tokyo, JST")).to_be_visible()
    page.locator(".slot").nth(2).click()
    confirm(page)
    work()
    booked = Appointment.objects.get()
    assert booked.client_time_zone == "Asia/Tokyo"
    assert (len(office.contacts(NEW)), len(office.entries(booked))) == (1, 1)
    assert "JST" in mailbox.wait_for(1, to=NEW)[0]["text"]


def test_with_clio_down_the_booking_confirms_waits_and_is_in_clio_later(
    office: Office, mailbox, open_page, come_in, look
):
    page = open_page(PHONE, timezone_id="America/Denver")
    choose(page, office, 2)
    office.clio.control.down()
    confirm(page)
    work()
    assert "is confirmed" in mailbox.wait_for(1, to=NEW)[0]["text"], "the client hears at once"
    desk = come_in(office.cast.alice_user)
    desk.locator(".visit").get_by_text("Pending").wait_for()
    desk.get_by_text("Clio could not be reached").first.wait_for()
    look(desk)
    office.clio.control.down(False)
    office.later()
    desk.reload()
    desk.locator(".visit").get_by_text("In Clio").wait_for()
    assert len(office.contacts(NEW)) == 1
    assert len(office.entries(Appointment.objects.get())) == 1
