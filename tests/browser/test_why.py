"""Why a time is free, or not, in a real browser: on a phone, without JavaScript, and for everybody."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from daybook.appointments import operations
from tests.browser.test_desk import sign_in
from tests.cast import DANA, Cast, at, hart_and_vale, next_weekday
from tests.stage.browser import PHONE

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def cast(transactional_db) -> Cast:
    return hart_and_vale(timezone.now())


def test_on_a_phone_and_without_javascript_a_typed_time_is_explained(
    cast: Cast, open_page: Callable[..., Any], phone: Any, axe: Callable[[Any], None]
):
    now = timezone.now()
    on = next_weekday(now)
    operations.book(
        actor=cast.alice_actor,
        appointment_type=cast.consultation,
        start=at(cast.alice, on, 10),
        details=DANA,
        now=now,
    )
    for page in (phone, open_page(PHONE, java_script_enabled=False)):
        sign_in(page)
        page.goto(f"/dashboard/week/?on={on.isoformat()}")
        page.get_by_role("link", name="Why is a time free, or not?").click()
        page.get_by_label("Date").fill(on.isoformat())
        page.get_by_label("Time").fill("10:00")
        page.get_by_role("button", name="Show").click()
        expect(page.get_by_role("link", name="Open Dana Reyes").first).to_be_visible()
        expect(page.get_by_text("15 of 16 starts of First consultation free.")).to_be_visible()
        if page is phone:
            assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["viewport"]["width"]
    axe(phone)
