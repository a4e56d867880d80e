"""A session that ended elsewhere: what was typed is there again after signing in, for the same person only."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone
from playwright.sync_api import expect

from tests.cast import PASSWORD, Cast, hart_and_vale, marsh

pytestmark = pytest.mark.django_db(transaction=True)
SENT = "What you had typed is filled in again"


@pytest.fixture
def cast(transactional_db: None) -> Cast:
    return hart_and_vale(timezone.now())


def sign_in(page: Any, email: str) -> None:
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


def type_and_lose_it(page: Any) -> None:
    page.goto("/appointments/book/")
    page.get_by_label("Name", exact=True).fill("Omar Said")
    page.locator(".pick").nth(2).click()
    page.get_by_label("Note").fill("Bring the lease")
    Session.objects.all().delete()
    page.get_by_role("button", name="Book Appointment").click()
    page.wait_for_url("**/account/login/**")


def test_what_was_typed_is_there_again_after_signing_in_and_for_nobody_else(cast: Cast, come_in: Any):
    carol = marsh(timezone.now())
    page = come_in(cast.alice_user, "/dashboard/")
    type_and_lose_it(page)
    sign_in(page, cast.alice_user.email)
    expect(page.get_by_text(SENT)).to_be_visible()
    expect(page.get_by_label("Name", exact=True)).to_have_value("Omar Said")
    expect(page.get_by_label("Note")).to_have_value("Bring the lease")
    expect(page.locator(".pick input").nth(2)).to_be_checked()
    page.reload()
    expect(page.get_by_label("Name", exact=True)).to_have_value("")

    type_and_lose_it(page)
    sign_in(page, carol.alice_user.email)
    page.wait_for_url("**/appointments/book/")
    expect(page.get_by_label("Name", exact=True)).to_have_value("")
    expect(page.get_by_text(SENT)).to_have_count(0)
    assert page.evaluate("sessionStorage.getItem('daybook-typed')") is None
