"""What the journeys through the product share: people come in, Clio is connected, pages are looked at, work is done."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.stage.browser import DESKTOP

ALICE = "alice@hartvale.example"
US = "United States (US)"


def work() -> list[str]:
    """Do everything that is due, as a worker would; a job that failed for good fails the test."""
    from daybook.jobs.drain import drain

    ran = drain()
    for one in ran:
        if one.error is not None and not one.retries:
            raise AssertionError(f"The job {one.task}({one.arguments}) failed.") from one.error
    return [one.task for one in ran]


def sign_in(page: Any, email: str = ALICE) -> Any:
    """Give `page` the session of somebody who has signed in by the form; the form has tests of its own."""
    from django.conf import settings
    from django.test import Client

    from daybook.firms.models import User

    client = Client()
    client.force_login(User.objects.get(email=email))
    name = settings.SESSION_COOKIE_NAME
    page.context.add_cookies(
        [{"name": name, "value": client.cookies[name].value, "url": settings.PUBLIC_URL}]
    )
    return page


@pytest.fixture
def come_in(open_page: Callable[..., Any]) -> Callable[..., Any]:
    """`come_in(user, "/integrations/")`: a page of somebody who has signed in already; shape and options as `open_page`."""

    def enter(user: Any, path: str = "/dashboard/", shape: Any = DESKTOP, **options: Any) -> Any:
        page = sign_in(open_page(shape, **options), user.email)
        page.goto(path)
        return page

    return enter


@pytest.fixture
def look(axe: Callable[[Any], None], no_sideways_scroll: Callable[[Any], None]) -> Callable[[Any], None]:
    """`look(page)`: in light and in dark nothing for axe to find, one heading, nothing wider than the window."""

    def check(page: Any) -> None:
        no_sideways_scroll(page)
        assert page.locator("h1").count() == 1, f"{page.url} has {page.locator('h1').count()} first headings"
        for scheme in ("dark", "light"):
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            axe(page)

    return check


def to_clio(page: Any, region: str = US) -> None:
    """From Integrations to Clio's own login."""
    page.goto("/integrations/")
    page.get_by_role("link", name="Connect to Clio").click()
    page.get_by_label(region).check()
    page.get_by_role("button", name="Continue to Clio").click()
    page.get_by_role("heading", name="Sign in to Clio").wait_for()


def at_clio(page: Any, email: str = ALICE, decide: str = "Allow Access") -> None:
    """Sign in at Clio and decide."""
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill("clio")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name=decide, exact=True).click()
    page.wait_for_url("**/integrations/**")


def connect(page: Any, email: str = ALICE) -> None:
    """
    Connect to Clio by the words on the buttons, and let everything follow that follows; say go to the first import if
    there is one.
    """
    to_clio(page)
    at_clio(page, email)
    page.get_by_text("Successfully connected to Clio").wait_for()
    work()
    if page.url.endswith("/contacts/first/"):
        start_syncing(page)


def start_syncing(page: Any) -> None:
    """Say go on the page of the first import, and let all be taken in and written."""
    page.goto("/integrations/clio/contacts/first/")
    page.get_by_role("button", name="Start syncing").click()
    page.get_by_text("Syncing has started.").wait_for()
    work()


def link_in(mail: dict[str, Any], part: str) -> str:
    """The first address in a mail that has `part` in it."""
    found = re.search(rf"https?://\S*{re.escape(part)}\S*", mail["text"])
    assert found, mail["text"]
    return found[0]
