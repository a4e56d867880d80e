"""The firm's side in a real browser: from opening a firm to a connected Clio, by the words on the buttons."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from daybook.appointments.models import AppointmentType
from daybook.calendars.models import CalendarUse, WorkingHours
from daybook.firms import operations
from daybook.firms.models import Firm, Invitation, Lawyer
from daybook.messaging.invitations import invitation_token
from daybook.sync.models import Connection
from tests.cast import PASSWORD, Cast, hart_and_vale
from tests.stage.browser import DESKTOP, PHONE
from tests.stage.journey import sign_in

pytestmark = pytest.mark.django_db(transaction=True)
SHOTS = os.environ.get("SHOTS", "")


@pytest.fixture
def cast(transactional_db) -> Cast:
    return hart_and_vale(timezone.now())


@pytest.fixture
def look(axe, no_sideways_scroll) -> Callable[..., None]:
    """`look(page)` in light and dark: nothing for axe to find, nothing wider than the window."""

    def check(page: Any, name: str = "") -> None:
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            no_sideways_scroll(page)
            axe(page)
            if SHOTS and name:
                wide = page.viewport_size["width"]
                page.screenshot(path=Path(SHOTS) / f"{name}-{wide}-{scheme}.png", full_page=True)
        page.emulate_media(color_scheme="light")

    return check


def sign_in_by_form(page: Any, email: str = "alice@hartvale.example") -> None:
    page.goto("/account/login/")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/dashboard/**")


def allow_access(page: Any) -> None:
    """What somebody does at Clio."""
    page.get_by_label("Email").fill("alice@hartvale.example")
    page.get_by_label("Password").fill("clio")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name="Allow Access").click()


@pytest.mark.parametrize("shape", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_a_firm_is_opened_and_its_first_administrator_lands_on_the_dashboard(
    transactional_db, open_page, look, shape
):
    page = open_page(shape, timezone_id="America/Chicago")
    page.goto("/")
    page.goto("/account/signup/")
    look(page, "signup")
    expect(page.get_by_label("Time zone")).to_have_value("America/Chicago")
    page.get_by_label("Firm name").fill("Moss & Finch")
    page.get_by_label("Your name").fill("Nora Moss")
    page.get_by_label("Work email").fill("nora@mossfinch.example")
    page.get_by_label("Password").fill("password12")
    page.get_by_role("button", name="Open the firm").click()
    page.get_by_role("heading", name="Please look at this again").wait_for()
    look(page, "signup-refused")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("I see clients myself").check()
    page.get_by_role("button", name="Open the firm").click()
    page.wait_for_url("**/dashboard/")
    page.get_by_role("heading", name="Next steps").wait_for()
    look(page, "dashboard-new")
    assert Firm.objects.get().time_zone == "America/Chicago"
    assert Lawyer.objects.get().name == "Nora Moss"


@pytest.fixture(autouse=True)
def favicon(browser_errors) -> None:
    """Clio's stand-in has none."""
    browser_errors.allow(r"/favicon\.ico")


def test_signed_out_the_top_bar_leads_to_signing_in_and_back(cast: Cast, open_page):
    page = open_page(DESKTOP)
    page.goto("/integrations/")
    assert "/account/login/" in page.url
    page.get_by_label("Email").fill("alice@hartvale.example")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/integrations/")
    bar = page.get_by_role("navigation", name="Main")
    bar.get_by_role("link", name="My Dashboard").click()
    page.wait_for_url("**/dashboard/")
    bar.get_by_role("link", name="Integrations").click()
    page.wait_for_url("**/integrations/")


@pytest.mark.parametrize("shape", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_clio_is_connected_its_calendars_chosen_and_disconnected_by_the_words_on_the_buttons(
    clio, cast: Cast, open_page, look, drain_jobs, shape
):
    page = open_page(shape)
    sign_in_by_form(page)
    page.goto("/integrations/")
    look(page, "integrations-none")
    page.get_by_role("link", name="Connect to Clio").click()
    look(page, "connect")
    page.get_by_label("United States (US)").check()
    page.get_by_role("button", name="Continue to Clio").click()
    page.wait_for_url(f"{clio.url}/**")
    allow_access(page)
    page.wait_for_url("**/contacts/first/")
    page.get_by_text("Successfully connected to Clio").wait_for()
    page.get_by_text("Reading contacts starts in a moment.").wait_for()
    look(page, "first-import-waiting")
    drain_jobs()
    page.get_by_role("button", name="Start syncing").wait_for()  # asked for by itself
    look(page, "first-import-review")
    page.goto("/integrations/")
    page.get_by_text("Clio's contacts have been read and wait for your go-ahead.").wait_for()
    operations.add_lawyer(
        firm=cast.firm,
        name="B. Vale",
        email="bv@hartvale.example",
        time_zone="America/New_York",
        now=timezone.now(),
    )
    page.reload()
    look(page, "integrations-connected")

    page.get_by_role("link", name="Choose Clio user of B. Vale").click()
    look(page, "match")
    page.get_by_label("Who is B. Vale in Clio?").select_option(label="Ben Vale, ben@hartvale.example")
    page.get_by_role("button", name="Save").click()
    page.get_by_text("B. Vale is Ben Vale in Clio.").wait_for()

    page.get_by_role("link", name="Manage Calendars").click()
    page.get_by_role("heading", name="Manage Calendars").wait_for()
    look(page, "calendars")
    primary = page.get_by_label("Primary Calendar")
    assert "You may only view this calendar in Clio" in primary.inner_text()
    assert primary.locator("option:disabled").count() >= 1
    primary.select_option(label="Hart & Vale LLP (Alice Hart)")
    page.get_by_label("Blocks my time: Court dates").check()
    page.get_by_role("button", name="Save").click()
    page.get_by_text("Saved.").wait_for()
    use = CalendarUse.objects.get(lawyer=cast.alice, is_primary=True)
    assert use.calendar.name == "Hart & Vale LLP"
    page.get_by_role("button", name="Refresh list").click()
    page.get_by_text("The list of calendars is up to date.").wait_for()
    drain_jobs()
    page.reload()
    look(page, "calendars-read")

    page.goto("/integrations/")
    page.get_by_role("link", name="Disconnect").click()
    look(page, "disconnect")
    page.get_by_role("button", name="Disconnect").click()
    page.get_by_text("Disconnected from Clio.").wait_for()
    look(page, "integrations-earlier")
    assert Connection.objects.get().access_token == ""


def test_declining_at_clio_comes_back_calmly(clio, cast: Cast, open_page, look):
    page = open_page(DESKTOP)
    sign_in(page)
    page.goto("/integrations/")
    page.get_by_role("link", name="Connect to Clio").click()
    page.get_by_role("button", name="Continue to Clio").click()
    page.get_by_label("Email").fill("alice@hartvale.example")
    page.get_by_label("Password").fill("clio")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name="Decline").click()
    page.wait_for_url("**/integrations/")
    page.get_by_text("Nothing was connected").wait_for()
    look(page)


@pytest.mark.parametrize("shape", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_an_appointment_type_is_made_with_rows_that_come_and_go(
    clio, cast: Cast, open_page, look, drain_jobs, shape
):
    page = open_page(shape)
    sign_in(page)
    page.goto("/integrations/clio/connect/")
    page.get_by_role("button", name="Continue to Clio").click()
    allow_access(page)
    page.wait_for_url("**/contacts/first/")
    drain_jobs()
    page.goto("/types/")
    page.get_by_role("heading", name="My Appointment Types").wait_for()
    look(page, "types")
    page.get_by_role("link", name="New appointment type").click()
    look(page, "type-new")
    info = page.get_by_role("region", name="Appointment Information")
    info.get_by_label("Name").fill("Will review")
    info.get_by_label("Length", exact=True).fill("1")
    info.get_by_label("Length, unit").select_option("hours")
    info.get_by_label(re.compile("^Fee")).fill("a lot")
    info.get_by_label("Linked Clio Calendar").select_option(label="Court dates (Alice Hart)")
    for question in ("Who are the other parties?", "Not this one", "Have you a will?"):
        info.get_by_role("button", name="Add a question").click()
        page.keyboard.type(question)
    info.get_by_role("button", name="Remove question").nth(1).click()
    info.get_by_role("button", name="Add a reminder").click()
    page.keyboard.type("2")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("heading", name="Please look at this again").wait_for()
    look(page, "type-refused")
    info.get_by_label(re.compile("^Fee")).fill("150")
    page.get_by_role("button", name="Save").click()
    page.get_by_text("Will review is saved.").wait_for()
    look(page, "types-two")
    made = AppointmentType.objects.get(name="Will review")
    assert (made.minutes, made.fee_cents, made.linked_calendar.name) == (60, 15000, "Court dates")
    assert [question["label"] for question in made.questions] == [
        "Who are the other parties?",
        "Have you a will?",
    ]
    page.get_by_role("link", name="Retire Will review").click()
    look(page, "retire")
    page.get_by_role("button", name="Retire").click()
    page.get_by_text("Will review is no longer offered.").wait_for()


@pytest.mark.parametrize("shape", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_hours_are_added_removed_and_corrected(cast: Cast, open_page, look, shape):
    page = open_page(shape)
    sign_in(page)
    page.goto("/hours/")
    look(page, "hours")
    page.get_by_role("button", name="Add hours on Saturday").click()
    page.get_by_label("Saturday, from").fill("14:00")
    page.get_by_label("Saturday, to").fill("10:00")
    page.get_by_role("button", name="Remove these hours of Monday").click()
    page.get_by_role("button", name="Save hours").click()
    page.get_by_role("heading", name="Please look at this again").wait_for()
    look(page, "hours-refused")
    page.get_by_label("Saturday, from").fill("08:00")
    page.get_by_role("button", name="Save hours").click()
    page.get_by_text("hours are saved").wait_for()
    kept = set(WorkingHours.objects.values_list("weekday", "opens", "closes"))
    assert kept == {(5, 480, 600), *((day, 540, 1020) for day in range(1, 5))}
    page.get_by_text("Add a date").click()
    on = (timezone.now() + timedelta(days=20)).date()
    page.get_by_label("Date", exact=True).fill(str(on))
    page.get_by_label("Reason").fill("Court")
    page.get_by_role("button", name="Save date").click()
    page.get_by_text("The date is saved.").wait_for()
    page.get_by_label("Country").select_option(label="United States")
    page.get_by_role("button", name="Save holidays").click()
    page.get_by_label("State or part").select_option(label="Colorado")
    page.get_by_role("button", name="Save holidays").click()
    page.get_by_text("Public holidays are saved.").wait_for()
    look(page, "hours-full")


@pytest.mark.parametrize("shape", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_the_team_grows_by_invitation(cast: Cast, open_page, look, shape):
    page = open_page(shape)
    sign_in(page)
    operations.add_lawyer(
        firm=cast.firm,
        name="Chloe Okafor",
        email="c@hartvale.example",
        time_zone="Europe/London",
        now=timezone.now(),
    )
    page.goto("/team/")
    page.get_by_role("link", name="Invite somebody").click()
    look(page, "invite")
    page.get_by_label("Name").fill("Ben Vale")
    page.get_by_label("Email").fill("ben@hartvale.example")
    page.get_by_role("button", name="Send invitation").click()
    page.get_by_text("Ben Vale is invited.").wait_for()
    look(page, "team")
    page.get_by_role("link", name="Change Alice Hart").click()
    look(page, "member")
    ben = open_page(shape)
    ben.goto(f"/join/{invitation_token(Invitation.objects.get())}/")
    look(ben, "join")
    ben.get_by_label("Password").fill(PASSWORD)
    ben.get_by_role("button", name="Join the firm").click()
    ben.wait_for_url("**/dashboard/")
    page.goto("/team/")
    page.get_by_role("row", name=re.compile("Ben Vale")).get_by_text("Active").wait_for()


@pytest.mark.parametrize("shape", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_the_quiet_pages_look_right(cast: Cast, open_page, look, browser_errors, shape):
    browser_errors.allow(r"status of 410")
    page = open_page(shape)
    sign_in(page)
    for path in (
        "profile",
        "firm",
        "audit",
        f"types/{cast.consultation.pk}",
        f"types/{cast.consultation.pk}/hours",
    ):
        page.goto(f"/{path}/")
        look(
            page,
            path.split("/")[-1] if "types" not in path else ("type-hours" if "hours" in path else "type"),
        )
    page.goto("/join/1-2:nonsense/")
    page.get_by_role("heading", name="This invitation is over").wait_for()
    look(page, "join-over")


def test_everything_works_without_javascript(cast: Cast, open_page):
    page = open_page(java_script_enabled=False)
    sign_in_by_form(page)
    page.goto("/types/new/")
    page.get_by_label("Name").fill("Quiet talk")
    page.get_by_label("Question").first.fill("What is it about?")
    page.get_by_role("button", name="Save").click()
    page.get_by_text("Quiet talk is saved.").wait_for()
    assert AppointmentType.objects.get(name="Quiet talk").questions[0]["label"] == "What is it about?"
    page.goto("/hours/")
    page.get_by_label("Saturday, from").fill("08:00")
    page.get_by_label("Saturday, to").fill("10:00")
    page.get_by_role("button", name="Save hours").click()
    page.get_by_text("hours are saved").wait_for()
    assert WorkingHours.objects.filter(weekday=5, opens=480).exists()
