"""A fee in a real browser: the firm's settings, booking with a card on Stripe's page, giving back, the books."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from daybook.appointments.models import Appointment
from daybook.billing.models import Charge
from daybook.connectors import http
from sandbox.stripe import KEY, SECRET, Sandbox, start
from tests.cast import Cast, hart_and_vale
from tests.stage.browser import DESKTOP, PHONE
from tests.stage.journey import sign_in

pytestmark = pytest.mark.django_db(transaction=True)
TIMES = "/book/hart-vale-llp/alice-hart/first-consultation/"


@pytest.fixture
def cast(transactional_db) -> Cast:
    cast = hart_and_vale(timezone.now())
    cast.consultation.fee_cents = 15_000
    cast.consultation.change_cutoff_minutes = 0
    cast.consultation.save()
    return cast


@pytest.fixture
def stripe(settings: Any) -> Iterator[Sandbox]:
    with start() as sandbox:
        settings.STRIPE_SECRET_KEY, settings.STRIPE_WEBHOOK_SECRET = KEY, SECRET
        settings.STRIPE_BASE_URL = sandbox.url
        yield sandbox
        http.close_all()


def connect(page: Any, label: str) -> None:
    page.get_by_role("button", name=f"Connect {label}").click()
    page.get_by_role("button", name="Agree and submit").click()
    expect(page.get_by_text("Successfully connected to Stripe")).to_be_visible()


def book(page: Any, look: Callable[..., None]) -> None:
    page.goto(TIMES)
    page.locator(".slot").nth(3).click()
    page.get_by_label("Your name").fill("Dana Reyes")
    page.get_by_label("Email").fill("dana@example.com")
    page.get_by_label("Phone").fill("303 555 0101")
    look(page)
    page.get_by_role("button", name="Continue to payment").click()
    expect(page.get_by_role("heading", name="The fee is due")).to_be_visible()
    look(page)
    page.get_by_role("button", name="Pay by card").click()
    page.get_by_label("Card number").fill("4000 0000 0000 0002")
    page.get_by_role("button", name="Pay").click()
    expect(page.get_by_text("Your card was declined")).to_be_visible()
    page.get_by_label("Card number").fill("4242 4242 4242 4242")
    page.get_by_role("button", name="Pay").click()
    expect(page.get_by_role("heading", name="Your appointment is confirmed")).to_be_visible()
    look(page)


@pytest.mark.parametrize(
    ("shape", "scheme"), [(PHONE, "light"), (DESKTOP, "dark")], ids=["phone in light", "desktop in dark"]
)
def test_a_fee_from_the_firms_settings_to_its_books(
    cast, stripe, open_page, axe, no_sideways_scroll, browser_errors, drain_jobs, shape, scheme
):
    browser_errors.allow("status of 402")  # the page of Stripe's that says no to a card

    def look(page: Any, scripts: bool = True) -> None:
        if scripts:  # without them axe waits for ever
            axe(page)
        no_sideways_scroll(page)
        expect(page.locator("h1")).to_have_count(1)

    office = open_page(shape, color_scheme=scheme)
    sign_in(office)
    office.goto("/payments/")
    look(office)
    connect(office, "The firm's own account")
    connect(office, "Client trust account")
    office.get_by_label("The client pays while booking").check()
    office.get_by_role("button", name="Save").click()
    expect(office.get_by_text("Appointments already booked keep their terms")).to_be_visible()
    look(office)

    scripts = shape is DESKTOP
    visitor = open_page(shape, color_scheme=scheme, java_script_enabled=scripts)
    book(visitor, lambda page: look(page, scripts))
    drain_jobs()
    assert (Appointment.objects.get().state, Charge.objects.get().state) == ("confirmed", "captured")

    office.goto(f"/appointments/{Appointment.objects.get().pk}/")
    expect(office.get_by_text("Paid", exact=True)).to_be_visible()
    look(office)
    office.get_by_role("link", name="Give back").click()
    look(office)
    office.get_by_label("Amount").fill("50")
    office.get_by_label("Reason").fill("Short meeting")
    office.get_by_role("button", name="Give back").click()
    expect(office.get_by_text("goes back, or is not asked for")).to_be_visible()
    drain_jobs()
    office.goto("/payments/books/")
    expect(office.get_by_role("link", name="Given back")).to_be_visible()
    look(office)
