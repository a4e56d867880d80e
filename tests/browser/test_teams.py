"""Types of several people in a real browser: set up by the firm, booked by a client, seen by whoever takes part."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from daybook.appointments.models import Appointment, AppointmentType
from daybook.calendars import operations as calendars
from daybook.firms import operations as firms
from daybook.firms.models import Lawyer
from tests.browser.test_desk import sign_in
from tests.cast import NINE_TO_FIVE, Cast, hart_and_vale, next_weekday
from tests.stage.browser import PHONE

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def cast(transactional_db) -> Cast:
    return hart_and_vale(timezone.now())


@pytest.fixture
def ben(cast: Cast) -> Lawyer:
    now = timezone.now()
    who = firms.add_lawyer(
        firm=cast.firm, name="Ben Vale", email="ben@hartvale.example", time_zone="America/Denver", now=now
    )
    calendars.save_hours(lawyer=who, weekly=NINE_TO_FIVE, now=now)
    return who


def narrow_enough(page: Any) -> bool:
    return page.evaluate("document.documentElement.scrollWidth") <= PHONE["viewport"]["width"]


def test_a_round_robin_is_set_up_booked_on_a_phone_and_shown_with_whose_turn_it_is(
    cast: Cast, ben: Lawyer, desktop: Any, phone: Any, axe: Callable[[Any], None]
):
    page = sign_in(desktop)
    page.goto(f"/types/{cast.consultation.pk}/")
    page.get_by_label("Any of several lawyers, in turn (round robin)").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("Please choose at least two lawyers for this.")
    axe(page)
    page.get_by_label("Ben Vale", exact=True).first.check()
    page.get_by_label("Weight of Ben Vale").fill("2")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("First consultation is saved.")).to_be_visible()
    assert AppointmentType.objects.get().kind == "round_robin"

    on = next_weekday(timezone.now())
    phone.goto(f"/book/{cast.firm.slug}/{cast.alice.slug}/first-consultation/?from={on}")
    expect(phone.get_by_text("With Alice Hart or Ben Vale")).to_be_visible()
    axe(phone)
    assert narrow_enough(phone)
    phone.get_by_role("button", name="10:00 am").first.click()
    expect(phone.get_by_text("First consultation with Alice Hart")).to_be_visible()
    phone.get_by_label("Your name").fill("Dana Reyes")
    phone.get_by_label("Email").fill("dana@example.com")
    phone.get_by_label("Phone").fill("303 555 0101")
    phone.get_by_role("button", name="Confirm appointment").click()
    expect(phone.get_by_role("heading", name="Your appointment is confirmed")).to_be_visible()
    assert Appointment.objects.get(state="confirmed").lawyer == cast.alice

    page.goto(f"/types/{cast.consultation.pk}/")
    expect(page.get_by_text("Ben Vale is next, with 0 in the last 30 days")).to_be_visible()
    axe(page)
    page.set_viewport_size(PHONE["viewport"])
    assert narrow_enough(page)
    page.goto(f"/why/?type={cast.consultation.pk}&on={on}&at=10:00")
    expect(page.get_by_text("Free then: Ben Vale.").first).to_be_visible()
    axe(page)
    assert narrow_enough(page)
