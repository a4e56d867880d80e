"""Send to Clio in a real browser, against Clio's stand-in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from tests.browser.test_desk import sign_in

if TYPE_CHECKING:
    from sandbox.clio import Sandbox
    from tests.flows.office import Office

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def office(transactional_db, clio: Sandbox) -> Office:
    from tests.cast import DANA
    from tests.flows.office import Office

    office = Office(clio)
    office.cast.consultation.fee_cents = 15_000  # what costs nothing is not proposed as billable
    office.cast.consultation.save()
    office.book(10, details=replace(DANA, email="dana.reyes@mail.example"))
    office.work()
    return office


def test_send_to_clio_from_the_dashboard_until_it_says_in_clio(
    office: Office, desktop: Any, axe: Callable[[Any], None]
):
    page = sign_in(desktop)
    page.get_by_role("link", name="Send to Clio", exact=True).click()
    page.get_by_role("group", name="Link to Matter").wait_for()
    expect(page.get_by_text("Clio will bill 0.5 h × $320 = $160")).to_be_visible()
    axe(page)
    search = page.get_by_label("Search matters")
    search.press_sequentially("parenting", delay=30)
    expect(page.locator(".matter")).to_have_count(1)
    page.get_by_role("radio", name="Parenting plan").check()
    page.get_by_label("Time", exact=True).fill("0:45")
    page.get_by_text("Clio will bill 0.8 h × $320 = $256").wait_for()
    page.get_by_label("Category").select_option(label="Court appearance ($400)")
    page.get_by_text("Clio will bill 0.8 h × $400 = $320").wait_for()
    page.get_by_label("Billable").uncheck()
    page.get_by_text("Clio will record 0.8 h, not billable").wait_for()
    page.get_by_label("Billable").check()
    page.get_by_label("Category").select_option(label="None")
    page.get_by_role("button", name="Send to Clio").dblclick()
    page.get_by_text("On its way to Clio.").wait_for()
    page.get_by_text("Pending").first.wait_for()
    office.work()
    page.locator(".sync", has_text="In Clio").wait_for()
    axe(page)
    (activity,) = office.activities()
    assert activity["quantity"] == 2700


def test_a_new_matter_shows_its_own_fields(
    office: Office, phone: Any, axe: Callable[[Any], None], no_sideways_scroll
):
    page = sign_in(phone)
    page.get_by_role("link", name="Send to Clio", exact=True).click()
    page.get_by_label("A new matter").check()
    expect(page.get_by_label("Search matters")).to_be_hidden()
    page.get_by_label("Description").fill("Reyes, will")
    page.get_by_label("Practice area").select_option(label="Wills and Estates")
    axe(page)
    no_sideways_scroll(page)
    page.get_by_role("button", name="Send to Clio").click()
    page.get_by_text("On its way to Clio.").wait_for()
    office.work()
    assert any(row["description"] == "Reyes, will" for row in office.clio.control.records("matters"))


def test_when_clio_is_down_the_search_says_so_and_can_be_tried_again(office: Office, desktop: Any):
    page = sign_in(desktop)
    page.get_by_role("link", name="Send to Clio", exact=True).click()
    page.get_by_label("Note").fill("Kept")
    office.clio.control.down()
    page.get_by_label("Search matters").press_sequentially("r")
    page.get_by_text("Clio could not be reached.").wait_for()
    office.clio.control.down(False)
    page.get_by_role("button", name="Try again").click()
    page.locator(".matter").first.wait_for()
    expect(page.get_by_label("Note")).to_have_value("Kept")


def test_without_a_script_a_matter_is_searched_and_sent(office: Office, open_page: Callable[..., Any]):
    page = sign_in(open_page(java_script_enabled=False))
    page.get_by_role("link", name="Send to Clio", exact=True).click()
    page.get_by_label("Search matters").fill("parenting")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("radio", name="Parenting plan").check()
    page.get_by_role("button", name="Send to Clio").click()
    expect(page.get_by_text("On its way to Clio.")).to_be_visible()
    office.work()
    assert len(office.activities()) == 1


@pytest.mark.parametrize("script", [True, False], ids=["with a script", "without"])
def test_enter_searches_and_never_sends(office: Office, open_page: Callable[..., Any], script: bool):
    page = sign_in(open_page(java_script_enabled=script))
    page.get_by_role("link", name="Send to Clio", exact=True).click()
    here = page.url
    page.get_by_label("Note").fill("Kept")
    page.get_by_label("Search matters").fill("parenting")
    page.get_by_label("Search matters").press("Enter")
    expect(page.get_by_role("radio", name="Parenting plan")).to_be_visible()
    page.get_by_label("Time", exact=True).press("Enter")
    expect(page.get_by_role("radio", name="Parenting plan")).to_be_visible()
    assert page.url == here
    expect(page.get_by_label("Note")).to_have_value("Kept")
    office.work()
    assert not office.activities()
