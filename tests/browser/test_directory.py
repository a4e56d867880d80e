"""Somebody who knows no lawyer finds one who is free soon, and books."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from daybook.directory import operations
from tests.cast import Cast, hart_and_vale
from tests.stage.browser import DESKTOP, PHONE


@pytest.fixture
def cast(transactional_db: None) -> Cast:
    made = hart_and_vale(timezone.now())
    made.alice.practice_areas, made.alice.languages = ["Family law", "Mediation"], ["English", "Español"]
    made.alice.title, made.alice.about = "Partner", "Agreements that hold, in plain words."
    made.alice.save()
    operations.save(
        actor=made.alice_actor, lawyer=made.alice, listed=True, offer=None, serves=["Denver", "Colorado"],
        admissions=[{"place": "Colorado", "number": "12345"}], certifications=[], now=timezone.now(),
    )  # fmt: skip
    return made


def test_a_lawyer_is_found_on_a_phone_by_what_is_needed_and_booked_at_once(
    cast: Cast, open_page: Any, come_in: Any, look: Any
):
    page = open_page(PHONE, java_script_enabled=True)
    page.goto("/lawyers/")
    page.get_by_label("Practice area").fill("family law")
    page.get_by_label("Language").fill("espanol")
    page.get_by_label("Time", exact=True).select_option("evening")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_role("heading", name="Nobody fits")).to_be_visible()
    look(page)
    page.get_by_label("Time", exact=True).select_option("")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_role("heading", name="Alice Hart")).to_be_visible()
    expect(page.locator(".slot")).to_have_count(3)
    look(page)
    page.get_by_role("link", name="Alice Hart", exact=True).click()
    expect(page.get_by_text("Colorado (no. 12345)")).to_be_visible()
    look(page)
    page.go_back()
    page.locator(".slot").first.click()
    page.wait_for_url("**/book/hold/**")
    expect(page.get_by_role("button", name="Confirm appointment")).to_be_visible()

    desk = come_in(cast.alice_user, "/profile/directory/", DESKTOP)
    expect(desk.get_by_text("Can be found")).to_be_visible()
    look(desk)
    desk.get_by_role("link", name="Open the directory").click()
    expect(desk.get_by_role("heading", name="Alice Hart")).to_be_visible()
    look(desk)
