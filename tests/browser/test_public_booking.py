"""Booking in a real browser: on a phone, by keyboard, without JavaScript, in light and dark."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from daybook.appointments.models import Appointment
from tests.cast import Cast, hart_and_vale
from tests.stage.browser import DESKTOP, PHONE

pytestmark = pytest.mark.django_db(transaction=True)
TIMES = "/book/hart-vale-llp/alice-hart/first-consultation/"


@pytest.fixture
def cast(transactional_db) -> Cast:
    cast = hart_and_vale(timezone.now())
    cast.consultation.places = ["phone", "video"]
    cast.consultation.fee_cents = 15000
    cast.consultation.change_cutoff_minutes = 0
    cast.consultation.questions = [
        {"label": "Who else is involved?", "kind": "line", "required": True},
        {"label": "Our client before?", "kind": "yes_no", "required": True},
    ]
    cast.consultation.save()
    cast.alice.title = "Partner"
    cast.alice.about = "Alice listens first."
    cast.alice.practice_areas = ["Family law"]
    cast.alice.save()
    return cast


def book(page: Any, look: Callable[[Any], None]) -> None:
    """From the firm's page to the confirmation, looking at every page on the way."""
    page.goto("/book/hart-vale-llp/")
    look(page)
    page.get_by_role("link", name="Alice Hart").click()
    look(page)
    page.get_by_role("link", name="First consultation").click()
    look(page)
    page.locator(".slot").nth(3).click()
    page.wait_for_url("**/book/hold/**")
    look(page)
    page.get_by_role("button", name="Confirm appointment").click()
    page.get_by_role("heading", name="Please look at this again").wait_for()
    look(page)
    page.get_by_label("Your name").fill("Dana Reyes")
    page.get_by_label("Email").fill("dana@example.com")
    page.get_by_label("Video").check()
    page.get_by_label("Who else is involved?").fill("Reyes Ltd")
    page.get_by_label("No", exact=True).check()
    page.get_by_role("button", name="Confirm appointment").click()
    page.get_by_role("heading", name="Your appointment is confirmed").wait_for()
    look(page)


@pytest.mark.parametrize(
    ("shape", "scheme"), [(PHONE, "light"), (DESKTOP, "dark")], ids=["phone in light", "desktop in dark"]
)
def test_every_page_on_the_way_is_accessible_and_fits(
    cast, open_page, axe, no_sideways_scroll, shape, scheme
):
    def look(page: Any) -> None:
        axe(page)
        no_sideways_scroll(page)
        expect(page.locator("h1")).to_have_count(1)

    page = open_page(shape, color_scheme=scheme)
    book(page, look)
    appointment = page.url
    page.get_by_role("link", name="Move").click()
    look(page)
    page.locator(".slot").nth(1).click()
    expect(page.get_by_role("heading", name="Move this appointment?")).to_be_visible()
    look(page)
    page.get_by_role("button", name="Move the appointment").click()
    page.get_by_text("has been moved").wait_for()
    look(page)
    page.goto(appointment + "cancel/")
    look(page)
    page.get_by_role("button", name="Cancel the appointment").click()
    page.get_by_role("heading", name="This appointment is cancelled").wait_for()
    look(page)
    assert Appointment.objects.get().state == "cancelled"


def test_without_javascript_everything_works(cast, open_page):
    page = open_page(PHONE, java_script_enabled=False)
    page.goto(TIMES)
    page.get_by_text("Change time zone").click()
    page.get_by_label("Time zone").select_option("Europe/London")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_text("London, GMT").or_(page.get_by_text("London, BST"))).to_be_visible()
    book(page, lambda _page: None)
    assert Appointment.objects.get().client_time_zone == "Europe/London"


def test_a_device_in_another_zone_sees_its_own_times_at_once_and_another_choice_is_kept(cast, open_page):
    page = open_page(timezone_id="Asia/Tokyo")
    page.goto(TIMES)
    page.get_by_text("Tokyo, JST").wait_for()
    page.goto(f"{TIMES}?zone=America/Denver")
    page.goto(TIMES)  # chosen by hand: not changed behind anybody's back
    page.get_by_role("link", name="Show times in Tokyo time").click()
    page.get_by_text("Tokyo, JST").wait_for()
    expect(page.get_by_role("link", name="Show times in Tokyo time")).to_be_hidden()


def test_a_booking_can_be_made_with_the_keyboard_alone(cast, open_page):
    page = open_page(DESKTOP)
    page.goto(TIMES)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.classList.contains('slot')"):
            break
    group = page.evaluate(
        "document.getElementById(document.activeElement.parentElement.getAttribute('aria-labelledby')).textContent"
    )
    assert group.startswith(("Mon", "Tue", "Wed", "Thu", "Fri"))
    page.keyboard.press("Enter")
    page.wait_for_url("**/book/hold/**")
    page.get_by_label("Your name").focus()
    for text in ("Dana Reyes", "dana@example.com"):
        page.keyboard.type(text)
        page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")  # the second place, video
    page.keyboard.press("Tab")  # phone
    page.keyboard.press("Tab")
    page.keyboard.type("Reyes Ltd")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Confirm appointment")).to_be_focused()
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Your appointment is confirmed").wait_for()


def test_after_a_mistake_the_reader_is_taken_to_the_list_of_what_is_wrong(cast, open_page):
    page = open_page(DESKTOP)
    page.goto(TIMES)
    page.locator(".slot").first.click()
    page.get_by_role("button", name="Confirm appointment").click()
    page.get_by_role("heading", name="Please look at this again").wait_for()
    expect(page.get_by_role("alert")).to_be_focused()
    page.get_by_role("link", name="Your name").click()
    expect(page.locator("#id_name")).to_be_focused()


def test_the_pages_around_booking_are_accessible(cast, open_page, axe, no_sideways_scroll, browser_errors):
    browser_errors.allow("404")
    page = open_page(PHONE)
    for address in ("/", "/book/nobody/", "/appointment/forged:link/", "/account/password/reset/"):
        page.goto(address)
        axe(page)
        no_sideways_scroll(page)
