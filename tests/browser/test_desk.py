"""The lawyer's desk in a real browser: the pick list by keyboard and mouse, booking, moving, cancelling."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from daybook.appointments import operations
from daybook.appointments.models import Appointment
from daybook.contacts import operations as contacts
from daybook.contacts.cards import email_member, phone_member
from daybook.contacts.models import Contact
from daybook.core.cards import Card
from tests.cast import DANA, Cast, at, hart_and_vale, next_weekday
from tests.stage import journey
from tests.stage.browser import DESKTOP, PHONE

pytestmark = pytest.mark.django_db(transaction=True)


def person(first: str, last: str, email: str, phone: str = "") -> tuple[Card, bool]:
    card = Card(
        kind="person",
        first_name=first,
        last_name=last,
        emails=(email_member(email, main=True),),
        phones=(phone_member(phone, main=True, country="US"),) if phone else (),
    )
    return card, False


@pytest.fixture
def cast(transactional_db) -> Cast:
    cast = hart_and_vale(timezone.now())
    people = [
        person("Dana", "Reyes", "dana@example.com", "+13035550101"),
        person("Danielle", "Reyes-Cortez", "danielle@example.com"),
        person("Omar", "Said", "omar@example.com"),
    ]
    contacts.store(firm=cast.firm, new=people, changed=[], now=timezone.now())
    return cast


def sign_in(page: Any) -> Any:
    journey.sign_in(page).goto("/dashboard/")
    return page


def booked(cast: Cast, hour: int = 10) -> Appointment:
    now = timezone.now()
    return operations.book(
        actor=cast.alice_actor,
        appointment_type=cast.consultation,
        start=at(cast.alice, next_weekday(now), hour),
        details=DANA,
        now=now,
    )


def open_booking(page: Any) -> Any:
    """From the dashboard to the form, and the pick list's search box."""
    page.get_by_role("link", name="Book Appointment").first.click()
    page.wait_for_url("**/appointments/book/")
    return page.get_by_role("combobox", name="Choose a client")


def names(page: Any) -> list[str]:
    return [
        text.split("\n")[0].strip()
        for text in page.get_by_role("listbox").get_by_role("option").all_inner_texts()
    ]


def test_the_pick_list_narrows_at_every_keystroke_and_choosing_by_keyboard_fills_the_fields(
    cast: Cast, desktop: Any, axe: Callable[[Any], None]
):
    page = sign_in(desktop)
    box = open_booking(page)
    expect(box).to_have_attribute("aria-expanded", "false")
    box.press_sequentially("re", delay=120)
    page.get_by_role("option", name="Danielle").wait_for()
    assert len(names(page)) == 2
    expect(box).to_have_attribute("aria-expanded", "true")
    box.press_sequentially("yes-c")
    expect(page.get_by_role("listbox").get_by_role("option")).to_have_count(1)
    for _ in "yes-c":
        box.press("Backspace")
    expect(page.get_by_role("listbox").get_by_role("option")).to_have_count(2)
    axe(page)
    box.press("ArrowDown")
    first = box.get_attribute("aria-activedescendant")
    expect(page.locator(f"#{first}")).to_have_attribute("aria-selected", "true")
    box.press("ArrowDown")
    assert box.get_attribute("aria-activedescendant") != first
    box.press("ArrowDown")
    assert box.get_attribute("aria-activedescendant") == first, "past the end it begins again"
    box.press("End")
    assert box.get_attribute("aria-activedescendant") != first
    box.press("Home")
    assert box.get_attribute("aria-activedescendant") == first
    box.press("Escape")
    expect(box).to_have_attribute("aria-expanded", "false")
    expect(box).to_have_value("re")
    box.fill("dana r")
    expect(page.get_by_role("listbox").get_by_role("option")).to_have_count(1)
    box.press("ArrowDown")
    box.press("Enter")
    expect(page.get_by_label("Name", exact=True)).to_have_value("Dana Reyes")
    expect(page.get_by_label("Email")).to_have_value("dana@example.com")
    expect(page.get_by_label("Phone")).to_have_value("+13035550101")
    expect(page.get_by_text("From your contacts: Dana Reyes")).to_be_visible()
    page.get_by_label("Name", exact=True).fill("Dana R. Reyes")  # still editable
    page.locator(".pick").nth(3).click()
    page.get_by_label("Note").fill("Came by Omar.")
    page.get_by_role("button", name="Book Appointment").click()
    page.wait_for_url("**/dashboard/")
    page.get_by_text("Booked: First consultation with Dana R. Reyes").wait_for()
    appointment = Appointment.objects.get()
    assert appointment.contact.name == "Dana Reyes"
    assert appointment.client_name == "Dana R. Reyes"
    assert Contact.objects.count() == 3


def test_the_down_arrow_opens_the_list_and_the_mouse_chooses(cast: Cast, desktop: Any):
    page = sign_in(desktop)
    box = open_booking(page)
    page.get_by_role("button", name="Show clients").click()
    page.get_by_role("option", name="Omar Said").click()
    expect(page.get_by_label("Email")).to_have_value("omar@example.com")
    expect(box).to_have_value("Omar Said")
    expect(box).to_have_attribute("aria-expanded", "false")
    page.get_by_role("button", name="Clear").click()
    expect(page.get_by_label("Email")).to_have_value("")
    expect(page.locator("#id_contact")).to_have_value("")
    box.fill("zz")
    page.get_by_text("Nobody of that name yet.").wait_for()
    box.press("Tab")
    expect(box).to_have_attribute("aria-expanded", "false")


def test_enter_in_the_search_box_never_sends_the_form(cast: Cast, desktop: Any):
    page = sign_in(desktop)
    box = open_booking(page)
    box.fill("zz")
    box.press("Enter")
    page.wait_for_timeout(150)
    assert page.url.endswith("/appointments/book/")
    expect(page.get_by_role("heading", name="Please look at this again")).to_have_count(0)


def test_a_refusal_shows_beside_the_field_and_typing_a_date_chooses_another_time(
    cast: Cast, desktop: Any, axe: Callable[[Any], None]
):
    page = sign_in(desktop)
    open_booking(page)
    page.get_by_label("Email").fill("dana@")
    page.get_by_role("button", name="Book Appointment").click()
    page.get_by_role("heading", name="Please look at this again").wait_for()
    axe(page)
    expect(page.get_by_label("Email")).to_have_value("dana@")
    page.get_by_label("Email").fill("dana@example.com")
    page.get_by_label("Name", exact=True).fill("Dana Reyes")
    on = next_weekday(timezone.now(), weekday=5)
    page.get_by_label("Date", exact=True).fill(on.isoformat())
    page.get_by_label("Time", exact=True).fill("18:15")
    expect(page.get_by_label("Another time")).to_be_checked()
    page.get_by_role("button", name="Book Appointment").click()
    page.get_by_label("Book it anyway").check()  # a Saturday evening is outside her hours
    expect(page.get_by_label("Another time")).to_be_checked()
    expect(page.get_by_label("Time", exact=True)).to_have_value("18:15")
    axe(page)
    page.get_by_role("button", name="Book Appointment").click()
    page.wait_for_url("**/dashboard/")
    assert Appointment.objects.get().start == at(cast.alice, on, 18, 15)


def test_later_days_and_another_type_bring_their_own_times(cast: Cast, desktop: Any):
    from daybook.appointments.models import AppointmentType

    AppointmentType.objects.create(
        firm=cast.firm,
        lawyer=cast.alice,
        name="Will review",
        slug="will",
        minutes=60,
        places=["video", "phone"],
    )
    page = sign_in(desktop)
    open_booking(page)
    before = page.locator(".pick-heading").first.inner_text()
    page.get_by_role("button", name="Later days").click()
    page.get_by_role("button", name="Earlier days").wait_for()
    assert page.locator(".pick-heading").first.inner_text() != before
    page.get_by_label("Appointment type").select_option(label="Will review · 1 hour")
    page.get_by_label("Place").locator("option", has_text="Video").wait_for(state="attached")
    page.get_by_label("Place").select_option("video")


def test_moving_and_cancelling_say_first_what_happens(cast: Cast, desktop: Any, axe: Callable[[Any], None]):
    appointment = booked(cast)
    page = sign_in(desktop)
    page.get_by_role("link", name="Reschedule", exact=True).click()
    page.get_by_text("Dana Reyes gets an email with the new time.").wait_for()
    axe(page)
    page.get_by_label("Date", exact=True).fill((next_weekday(timezone.now()) + timedelta(days=1)).isoformat())
    page.get_by_label("Time", exact=True).fill("11:00")
    page.get_by_role("button", name="Reschedule").click()
    page.get_by_text("Moved to").wait_for()
    page.get_by_role("link", name="Cancel", exact=True).click()
    page.get_by_role("heading", name="Cancel this appointment?").wait_for()
    axe(page)
    page.get_by_label("Reason").fill("Ill")
    page.get_by_role("button", name="Cancel appointment").click()
    page.get_by_text("is cancelled.").wait_for()
    appointment.refresh_from_db()
    assert (appointment.state, appointment.cancel_reason) == ("cancelled", "Ill")
    page.get_by_role("link", name="My Dashboard").click()
    page.get_by_text("Cancelled (1)").click()
    page.get_by_text("Cancelled by the firm").wait_for()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("shape", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_every_page_is_accessible_and_fits_its_window(
    cast: Cast,
    open_page: Callable[..., Any],
    shape: dict,
    scheme: str,
    axe: Callable[[Any], None],
    no_sideways_scroll: Callable[[Any], None],
):
    appointment = booked(cast)
    page = sign_in(open_page(shape, color_scheme=scheme))
    one = f"/appointments/{appointment.pk}/"
    for path in [
        "/dashboard/", "/dashboard/past/", "/dashboard/week/", "/appointments/book/", one, one + "reschedule/",
        one + "cancel/", one + "change/", "/contacts/", f"/contacts/{appointment.contact_id}/",
    ]:  # fmt: skip
        page.goto(path)
        axe(page)
        no_sideways_scroll(page)


def test_without_a_script_a_client_is_found_chosen_and_booked(cast: Cast, open_page: Callable[..., Any]):
    page = sign_in(open_page(java_script_enabled=False))
    page.goto("/appointments/book/")
    page.get_by_label("Choose a client").fill("rey")
    page.get_by_role("button", name="Search").click()
    page.get_by_label("Found").select_option(label="Dana Reyes, dana@example.com")
    page.get_by_role("button", name="Use this client").click()
    expect(page.get_by_label("Name", exact=True)).to_have_value("Dana Reyes")
    page.locator(".pick input").nth(2).check(force=True)
    page.get_by_role("button", name="Book Appointment").click()
    assert "/dashboard/" in page.url
    assert Appointment.objects.get().contact.name == "Dana Reyes"


def test_the_week_can_be_read_as_a_table(cast: Cast, desktop: Any, axe: Callable[[Any], None]):
    booked(cast)
    page = sign_in(desktop)
    page.get_by_role("link", name="Week").click()
    page.get_by_role("link", name="Next week").click()
    page.get_by_text("The week as a table").click()
    page.get_by_role("cell", name="10:00 am – 10:30 am").wait_for()
    axe(page)
