"""A firm opens, its people join by invitation, each sees what they may, and one acts for another."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from daybook.firms.models import Event, Firm, Lawyer, Member, User
from daybook.firms.operations import set_subscription
from tests.cast import PASSWORD, add_member, hart_and_vale, marsh
from tests.stage.browser import PHONE
from tests.stage.journey import link_in, work

pytestmark = pytest.mark.django_db(transaction=True)
BAR = ("My Dashboard", "Integrations", "Contacts", "Appointment Types", "Hours")


def invite(page: Any, name: str, email: str, role: str) -> None:
    page.get_by_role("link", name="Team").click()
    page.get_by_role("link", name="Invite somebody").click()
    page.get_by_label("Name").fill(name)
    page.get_by_label("Email").fill(email)
    page.get_by_role("radio", name=re.compile(f"^{role}")).check()
    page.get_by_role("button", name="Send invitation").click()
    page.get_by_text(f"{name} is invited.").wait_for()


def test_a_firm_is_opened_and_its_people_join_by_the_link_in_their_mail(
    transactional_db, mailbox, open_page, look
):
    nora = open_page()
    nora.goto("/")
    nora.get_by_role("link", name="Open a firm").click()
    nora.get_by_label("Firm name").fill("Moss & Finch")
    nora.get_by_label("Your name").fill("Nora Moss")
    nora.get_by_label("Work email").fill("nora@mossfinch.example")
    nora.get_by_label("Password").fill(PASSWORD)
    nora.get_by_label("Country").select_option(label="Canada")
    nora.get_by_role("button", name="Open the firm").click()
    nora.wait_for_url("**/dashboard/")
    look(nora)
    invite(nora, "Ben Finch", "ben@mossfinch.example", "Lawyer")
    invite(nora, "Bea Sands", "bea@mossfinch.example", "Staff")
    work()
    for email, name in (("ben@mossfinch.example", "Ben Finch"), ("bea@mossfinch.example", "Bea Sands")):
        (mail,) = mailbox.wait_for(1, to=email)
        page = open_page(PHONE)
        page.goto(link_in(mail, "/join/"))
        expect(page.get_by_label("Your name")).to_have_value(name)
        look(page)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Join the firm").click()
        page.wait_for_url("**/dashboard/")
        page.get_by_text("Welcome to Moss & Finch.").wait_for()
    roles = dict(Member.objects.values_list("user__email", "role"))
    assert roles == {
        "nora@mossfinch.example": "administrator",
        "ben@mossfinch.example": "lawyer",
        "bea@mossfinch.example": "staff",
    }
    assert Firm.objects.get().country == "CA"


def test_each_role_sees_its_own_and_the_audit_names_both_who_acted_and_for_whom(
    transactional_db, come_in, look, browser_errors
):
    browser_errors.allow("404")
    now = timezone.now()
    cast = hart_and_vale(now)
    ben = add_member(cast, "Ben Vale", "ben@hartvale.example", Member.Role.LAWYER)
    Lawyer.objects.create(
        firm=cast.firm, member=ben.member, name="Ben Vale", slug="ben-vale",
        email="ben@hartvale.example", time_zone="America/New_York",
    )  # fmt: skip
    bob = add_member(cast, "Bob Lane", "bob@hartvale.example", Member.Role.STAFF)

    page = come_in(ben.user)
    bar = page.get_by_role("navigation", name="Main")
    assert bar.get_by_role("link").all_inner_texts()[:5] == list(BAR)
    for closed in ("/team/", "/audit/", "/firm/", "/integrations/clio/connect/"):
        assert page.goto(closed).status == 404, closed
    page.goto("/integrations/")
    expect(page.get_by_text("An administrator of your firm can connect it.")).to_be_visible()

    page = come_in(bob.user)
    page.get_by_role("button", name="Open the dashboard of Alice Hart").click()
    page.get_by_text("You are acting for Alice Hart").wait_for()
    look(page)
    assert page.goto("/integrations/clio/calendars/").status == 404
    page.goto("/appointments/book/")
    page.get_by_label("Name", exact=True).fill("Omar Said")
    page.locator(".pick").nth(2).click()
    page.get_by_role("button", name="Book Appointment").click()
    page.get_by_text("Booked: First consultation with Omar Said").wait_for()

    page = come_in(cast.alice_user)
    page.locator("details.menu summary").click()
    page.get_by_role("button", name="Ben Vale").click()
    page.get_by_text("You are acting for Ben Vale").wait_for()
    page.goto("/profile/")
    page.get_by_label("Title").fill("Counsel")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("status").filter(has_text=re.compile("saved", re.I)).wait_for()
    page.get_by_role("button", name="Stop acting for Ben Vale").click()
    page.goto("/audit/")
    look(page)
    saved = page.get_by_role("row", name=re.compile("Alice Hart.*Ben Vale")).first
    expect(saved).to_be_visible()
    expect(page.get_by_role("row", name=re.compile("Bob Lane.*Alice Hart")).first).to_be_visible()
    assert Event.objects.filter(name="profile_saved", behalf_of__name="Ben Vale").exists()


def test_without_a_subscription_integrations_says_why_and_nothing_can_be_connected(
    transactional_db, clio, come_in, look
):
    now = timezone.now()
    cast = hart_and_vale(now)
    set_subscription(firm=cast.firm, state=Firm.Subscription.ENDED, now=now)
    page = come_in(cast.alice_user, "/integrations/")
    page.get_by_text("Connecting Clio needs an active Daybook subscription").wait_for()
    look(page)
    page.goto("/integrations/clio/connect/")
    expect(page.get_by_role("button", name="Continue to Clio")).to_be_hidden()
    assert clio.control.requests().get("all", 0) == 0
    page.goto("/book/hart-vale-llp/alice-hart/first-consultation/")
    page.get_by_role("heading", name="Online booking is closed").wait_for()
    look(page)


def test_signed_out_both_links_of_the_top_bar_lead_to_signing_in_and_back(transactional_db, open_page):
    cast = marsh(timezone.now())
    assert User.objects.get() == cast.alice_user
    for link, path in (("Integrations", "/integrations/"), ("My Dashboard", "/dashboard/")):
        page = open_page()
        page.goto("/")
        page.get_by_role("link", name=link).click()
        page.get_by_label("Email").fill("carol@marsh.example")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(f"**{path}")
        expect(page.get_by_role("heading", name=link, exact=True)).to_be_visible()
