"""A client asks for a time on a phone, the lawyer sees the day beside it and accepts: only then Clio hears of it."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from daybook.appointments.models import Appointment
from tests.flows.office import Office
from tests.stage.browser import PHONE
from tests.stage.journey import link_in, work

pytestmark = pytest.mark.django_db(transaction=True)
TIMES = "/book/hart-vale-llp/alice-hart/first-consultation/"
NEW = "newly@example.com"


@pytest.fixture
def office(transactional_db, clio, mailbox) -> Office:
    office = Office(clio)
    office.cast.consultation.by_request = True
    office.cast.consultation.save()
    return office


def test_a_request_is_made_on_a_phone_and_accepted_at_the_desk_and_clio_has_one_of_everything(
    office: Office, mailbox, open_page, come_in, look
):
    phone = open_page(PHONE, timezone_id="Europe/London")
    phone.goto(f"{TIMES}?from={office.day}")
    expect(phone.get_by_text("These times are requests.")).to_be_visible()
    look(phone)
    phone.locator(".slot").nth(3).click()
    expect(phone.get_by_text("This is a request.")).to_be_visible()
    look(phone)
    phone.get_by_label("Your name").fill("Newly Arrived")
    phone.get_by_label("Email").fill(NEW)
    phone.get_by_label("Phone").fill("+44 20 7946 0018")
    phone.get_by_role("button", name="Request appointment").click()
    expect(phone.get_by_role("heading", name="Your request has been sent")).to_be_visible()
    look(phone)
    work()
    (received,) = mailbox.wait_for(1, to=NEW)
    assert "not confirmed yet" in received["text"]
    asked = Appointment.objects.get()
    assert office.contacts(NEW) == []
    assert office.entries(asked) == []

    desk = come_in(office.cast.alice_user)
    expect(desk.get_by_role("heading", name="Requests (1)")).to_be_visible()
    look(desk)
    second = come_in(office.cast.alice_user, f"/requests/{asked.pk}/")
    look(second)
    desk.get_by_role("button", name="Accept Newly Arrived").click()
    expect(desk.get_by_text("Accepted: Newly Arrived")).to_be_visible()
    second.get_by_role("button", name="Accept Newly Arrived").click()
    expect(second.get_by_text("This request has already been accepted.")).to_be_visible()
    work()
    assert len(office.contacts(NEW)) == 1
    assert len(office.entries(asked)) == 1
    confirmed = mailbox.wait_for(2, to=NEW)[0]  # the newest comes first
    assert "is confirmed" in confirmed["text"]
    phone.goto(link_in(received, "/appointment/"))
    expect(phone.get_by_role("heading", name="Your appointment is confirmed")).to_be_visible()
