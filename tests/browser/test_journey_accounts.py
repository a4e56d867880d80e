"""A lawyer connects calendars of her own, chooses among them, and lets one go."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from daybook.sync.models import Connection
from tests.cast import Cast, at, hart_and_vale, next_weekday
from tests.flows.office import Office
from tests.stage.browser import DESKTOP, PHONE
from tests.stage.journey import work

if TYPE_CHECKING:
    from sandbox.google import Sandbox
    from tests.stage.caldav import CaldavServer

pytestmark = pytest.mark.django_db(transaction=True)
ALICE = "alice@hartvale.example"
DENVER = {"timezone_id": "America/Denver"}


@pytest.fixture
def google(settings: Any) -> Iterator[Sandbox]:
    from daybook.connectors import http
    from sandbox.google import start

    with start(seed="demo") as sandbox:
        settings.GOOGLE_BASE_URL = sandbox.url
        settings.GOOGLE_CLIENT_ID, settings.GOOGLE_CLIENT_SECRET = "daybook-demo", "daybook-demo-secret"
        yield sandbox
        http.close_all()


@pytest.fixture
def cast(transactional_db: None) -> Cast:
    return hart_and_vale(timezone.now())


def to_google(page: Any, decide: str) -> None:
    page.goto("/integrations/")
    page.get_by_role("link", name="Connect to Google Calendar").click()
    page.get_by_role("button", name="Continue to Google Calendar").click()
    password = page.get_by_label("Password")
    password.or_(page.get_by_role("button", name=decide, exact=True)).first.wait_for()
    if password.count():
        page.get_by_label("Email").fill(ALICE)
        password.fill("google")
        page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name=decide, exact=True).click()
    page.wait_for_url("**/integrations/**")


def test_google_is_declined_connected_chosen_from_renewed_and_disconnected(
    cast: Cast, google: Sandbox, come_in: Any, look: Any
) -> None:
    day = next_weekday(timezone.now(), weekday=2, weeks=3)
    start = at(cast.alice, day, 10)
    google.control.create_entry(
        ALICE,
        summary="Hearing",
        start={"dateTime": start.isoformat()},
        end={"dateTime": (start + timedelta(hours=1)).isoformat()},
    )
    page = come_in(cast.alice_user, "/integrations/", **DENVER)
    look(page)
    page.get_by_role("link", name="Connect to Google Calendar").click()
    look(page)
    to_google(page, "Cancel")
    page.get_by_text("Nothing was connected.").wait_for()
    to_google(page, "Continue")
    page.get_by_text("Successfully connected to Google Calendar").wait_for()
    look(page)
    work()

    primary = page.get_by_label("Primary Calendar")
    court = primary.locator("option", has_text="Court calendar")
    expect(court).to_be_disabled()
    assert "You may only view this calendar in Google Calendar" in court.inner_text()
    public = "/book/hart-vale-llp/alice-hart/first-consultation/"
    page.goto(f"{public}?zone=America/Denver&from={day}&days=1")
    times = page.get_by_role("button", name=re.compile("am|pm")).all_inner_texts()
    assert "9:30 am" in times
    assert "10:00 am" not in times

    google.control.revoke(ALICE)
    from daybook.jobs.schedule import calendars_tick

    calendars_tick.func(0)
    work()
    page.goto("/dashboard/")
    look(page)
    page.get_by_role("link", name="Reconnect").click()
    look(page)
    page.get_by_role("button", name="Continue to Google Calendar").click()
    page.get_by_role("button", name="Continue", exact=True).click()
    page.get_by_text("Successfully connected to Google Calendar").wait_for()

    phone = come_in(cast.alice_user, "/integrations/", PHONE, **DENVER)
    look(phone)
    phone.get_by_role("link", name=f"Disconnect {ALICE}").click()
    phone.get_by_role("heading", name="The primary calendar is in this account").wait_for()
    look(phone)
    phone.get_by_role("button", name="Disconnect").click()
    phone.get_by_text("Disconnected from Google Calendar").wait_for()
    assert Connection.objects.get().state == Connection.State.DISCONNECTED


def box(of: Any) -> dict[str, float]:
    found = of.bounding_box()
    assert found is not None
    return found


def test_calendars_of_several_accounts_stand_below_their_headings_on_every_screen(
    transactional_db: None, clio: Any, google: Sandbox, come_in: Any, look: Any
) -> None:
    office = Office(clio)
    page = come_in(office.cast.alice_user, "/integrations/", **DENVER)
    to_google(page, "Continue")
    page.get_by_text("Successfully connected to Google Calendar").wait_for()
    work()
    for shape in (DESKTOP, PHONE):
        page = come_in(office.cast.alice_user, "/integrations/clio/calendars/", shape, **DENVER)
        look(page)
        groups = page.locator("fieldset.card")
        expect(groups).to_have_count(2)
        for group in groups.all():
            heading, first, card = (
                box(one) for one in (group.locator("legend"), group.locator("li").first, group)
            )
            assert heading["y"] + heading["height"] <= first["y"]
            assert first["width"] > card["width"] * 0.8
            for tick in (box(one) for one in group.get_by_role("checkbox").all()):
                assert card["x"] < tick["x"] < card["x"] + card["width"]
                assert card["y"] < tick["y"] < card["y"] + card["height"] - tick["height"]
        choice = page.get_by_label("Primary Calendar").locator("optgroup")
        names = [one.get_attribute("label") for one in choice.all()]
        assert names == ["Clio", f"Google Calendar · {ALICE}"] == groups.locator("legend").all_inner_texts()
        assert page.locator("header .lead, .lead").first.inner_text() == "Alice Hart"


def test_a_wrong_app_password_is_told_beside_its_field_on_a_phone(
    cast: Cast, caldav: CaldavServer, come_in: Any, look: Any
) -> None:
    page = come_in(cast.alice_user, "/integrations/", PHONE, **DENVER)
    page.get_by_role("link", name="Connect to a calendar server").click()
    page.get_by_label("Email address or server address").fill(caldav.url)
    page.get_by_label("User name").fill("alice")
    page.get_by_label("App password").fill("wrong")
    page.get_by_role("button", name="Connect", exact=True).click()
    page.get_by_role("alert").wait_for()
    look(page)
    expect(page.get_by_label("Email address or server address")).to_have_value(caldav.url)
    expect(page.get_by_label("User name")).to_have_value("alice")
    expect(page.get_by_label("App password")).to_have_value("")
    assert not Connection.objects.exists()
