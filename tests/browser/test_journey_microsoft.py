"""A lawyer whose appointments go to Microsoft, and one whose firm has an Exchange server in its own house."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from daybook.appointments.models import Appointment
from daybook.sync.models import Connection
from tests.cast import Cast, hart_and_vale, next_weekday
from tests.stage.browser import PHONE
from tests.stage.journey import work

if TYPE_CHECKING:
    from sandbox.exchange import Sandbox as Exchange
    from sandbox.microsoft import Sandbox as Microsoft

pytestmark = pytest.mark.django_db(transaction=True)
ALICE, DANA = "alice@hartvale.example", "dana@hartvale.example"
PUBLIC = "/book/hart-vale-llp/alice-hart/first-consultation/"


@pytest.fixture
def cast(transactional_db: None) -> Cast:
    return hart_and_vale(timezone.now())


@pytest.fixture
def exchange(settings: Any) -> Iterator[Exchange]:
    from daybook.connectors import http
    from sandbox.exchange import start

    settings.PRIVATE_NETWORKS = True
    with start(seed="bare") as sandbox:
        yield sandbox
        http.close_all()


def test_microsoft_is_connected_a_calendar_chosen_and_a_booking_is_an_event_there(
    cast: Cast, microsoft: Microsoft, mailbox: Any, come_in: Any, open_page: Any, look: Any
) -> None:
    page = come_in(cast.alice_user, "/integrations/", PHONE)
    page.get_by_role("link", name="Connect to Microsoft 365").click()
    look(page)
    page.get_by_role("button", name="Continue to Microsoft").click()
    page.get_by_label("Email").fill(ALICE)
    page.get_by_label("Password").fill("microsoft")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name="Accept", exact=True).click()
    expect(page.get_by_text("Successfully connected to Microsoft 365")).to_be_visible()
    work()
    look(page)

    desk = come_in(cast.alice_user, "/integrations/")
    desk.get_by_role("link", name="Manage Calendars of Microsoft 365").click()
    desk.get_by_label("Primary Calendar").select_option(label="Meeting room")
    look(desk)
    desk.get_by_role("button", name="Save").click()
    expect(desk.get_by_text("Saved.")).to_be_visible()
    work()

    day = next_weekday(timezone.now(), weekday=2, weeks=3)
    visitor = open_page(PHONE)
    visitor.goto(f"{PUBLIC}?from={day}")
    visitor.locator(".slot").nth(3).click()
    visitor.get_by_label("Your name").fill("Newly Arrived")
    visitor.get_by_label("Email").fill("newly@example.com")
    visitor.get_by_label("Phone").fill("+1 303 555 0118")
    visitor.get_by_role("button", name="Confirm appointment").click()
    expect(visitor.get_by_role("heading", name="Your appointment is confirmed")).to_be_visible()
    work()
    booked = Appointment.objects.get()
    (room,) = microsoft.control.records("calendars", owner=ALICE, name="Meeting room")
    (event,) = microsoft.control.records("events", sensitivity="private")
    assert event["calendar"] == room["id"]
    assert event["start"] == booked.start.strftime("%Y-%m-%dT%H:%M:%S")
    assert event["zone"] == "UTC"
    desk.goto("/integrations/")
    expect(desk.get_by_role("link", name=f"Disconnect {ALICE}")).to_be_visible()
    look(desk)


def test_an_exchange_password_is_told_wrong_at_once_and_the_right_one_brings_the_calendar(
    cast: Cast, exchange: Exchange, come_in: Any, look: Any
) -> None:
    page = come_in(cast.alice_user, "/integrations/", PHONE)
    page.get_by_role("link", name=re.compile("Connect to an Exchange server")).click()
    address, name, password = (
        page.get_by_label(label)
        for label in ("Server address or email address", "User name", re.compile("^Password"))
    )
    look(page)
    address.fill(exchange.url)
    name.fill(DANA)
    password.fill("wrong")
    page.get_by_role("button", name="Connect", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("turned down this user name and password")
    look(page)
    expect(address).to_have_value(exchange.url)
    expect(name).to_have_value(DANA)
    expect(password).to_have_value("")
    expect(password).to_have_attribute("aria-invalid", "true")
    assert not Connection.objects.exists()
    password.fill("exchange")
    page.get_by_role("button", name="Connect", exact=True).click()
    expect(page.get_by_text("Successfully connected to Exchange Server")).to_be_visible()
    work()
    desk = come_in(cast.alice_user, "/integrations/clio/calendars/")
    expect(desk.get_by_label("Primary Calendar").locator("option:checked")).to_have_text("Calendar")
    group = desk.get_by_role("group", name=f"Exchange Server · {DANA}")
    expect(group.get_by_role("checkbox", name=re.compile("^Blocks my time"))).to_be_checked()
    look(desk)
