"""
A real browser on the running product.

`product` is the address of the product served from this process. `desktop` and `phone` are pages in Chromium, 1280 and
375 pixels wide; a console error, an uncaught exception or a breach of the content security policy fails the test.
`open_page(...)` makes pages of other kinds (no JavaScript, dark, another time zone). `axe(page)` checks accessibility.
"""

from __future__ import annotations

import os
import re
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Page

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]
#: Milliseconds until what is waited for is missed: on a machine with other guests a page can take a while.
PATIENCE = 30_000
DESKTOP = {"viewport": {"width": 1280, "height": 900}}
PHONE = {"viewport": {"width": 375, "height": 740}, "has_touch": True, "is_mobile": True}
#: A refusal comes back on the same page with one of these; the browser reports each as an error.
REFUSALS = re.compile(r"Failed to load resource: the server responded with a status of (409|422)")

_REPORT_BREACHES = """
addEventListener("securitypolicyviolation", e =>
  console.error("CSP: " + e.violatedDirective + " refused " + e.blockedURI + " " + (e.sourceFile || "")))
"""
#: What password managers and pictures taken by programs leave behind: htmx once copied such an attribute onto the fields of
#: the next part of the page, which the policy refuses (2026-11). Nothing on a page may stumble over it.
_STYLE_THE_FIELDS = """
addEventListener("DOMContentLoaded", () => {
  for (const field of document.querySelectorAll("input, select, textarea")) field.style.caretColor = "auto";
})
"""
#: WCAG 2.2 AA and below, and axe's best practices.
AXE_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
#: Handing over what was found to be in order takes longer than finding it, so that stays in the page.
_RUN_AXE = """
async tags => (await axe.run(
  document, {runOnly: {type: "tag", values: tags}, resultTypes: ["violations"], preload: false}
)).violations
"""


def find_chromium() -> str | None:
    """Return the path of an installed Chromium, if there is one."""
    names = (os.environ.get("CHROMIUM", ""), "chromium", "chromium-browser", "google-chrome", "chrome")
    return next((found for name in names if name and (found := shutil.which(name))), None)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One Chromium for this process. Without one the test is skipped, except in CI, where it fails."""
    path = find_chromium()
    if path is None:
        reason = "There is no Chromium here: install it (apt-get install chromium), or name it in CHROMIUM."
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def product(live_server: Any, settings: Any) -> Iterator[str]:
    """Serve the product from this process, on a database that keeps what is committed, and give its address."""
    settings.PUBLIC_URL = live_server.url
    settings.CSRF_TRUSTED_ORIGINS = [live_server.url]
    with _answered():
        yield live_server.url


@contextmanager
def _answered() -> Iterator[None]:
    """What a page asked for at the last moment is answered before the tables are emptied under it."""
    from django.core.signals import request_finished, request_started

    under_way, changed = [0], threading.Condition()

    def count(signal: Any, **_: Any) -> None:
        with changed:
            under_way[0] += 1 if signal is request_started else -1
            changed.notify_all()

    for signal in (request_started, request_finished):
        signal.connect(count)
    try:
        yield
        with changed:
            assert changed.wait_for(lambda: under_way[0] <= 0, 30), "A page of this test is never answered."
    finally:
        for signal in (request_started, request_finished):
            signal.disconnect(count)


class Errors(list[str]):
    """What the browser complained about. A test that provokes a complaint says so with `allow(pattern)`."""

    def __init__(self) -> None:
        super().__init__()
        self._allowed = [REFUSALS]

    def take(self, message: ConsoleMessage, page_url: str) -> None:
        if message.type == "error":
            self.append(f"{message.text} ({message.location.get('url') or '?'} on {page_url})")

    def allow(self, pattern: str) -> None:
        self._allowed.append(re.compile(pattern))

    def left(self) -> list[str]:
        return [text for text in self if not any(pattern.search(text) for pattern in self._allowed)]


@pytest.fixture
def browser_errors() -> Iterator[Errors]:
    """The complaints of all pages of this test, which fails when any is left that it did not allow."""
    errors = Errors()
    yield errors
    left = errors.left()
    assert not left, "The browser complained:\n" + "\n".join(left)


@pytest.fixture
def open_page(chromium: Browser, product: str, browser_errors: Errors) -> Iterator[Callable[..., Page]]:
    """
    Make pages: `open_page()`, `open_page(PHONE)`, `open_page(java_script_enabled=False)`, `open_page(color_scheme="dark")`.

    Each has a browser context (cookies) of its own; addresses may be relative to the product.
    """
    contexts = []

    def make(shape: dict[str, Any] | None = None, **options: Any) -> Page:
        # Denver, where Alice is: a device elsewhere is shown its own times, and a test that means that says so.
        at_home = {"timezone_id": "America/Denver"}
        context = chromium.new_context(base_url=product, **{**DESKTOP, **at_home, **(shape or {}), **options})
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        if options.get("java_script_enabled", True):
            context.add_init_script(_REPORT_BREACHES)
            context.add_init_script(_STYLE_THE_FIELDS)
        page = context.new_page()
        page.on("console", lambda message: browser_errors.take(message, page.url))
        page.on("pageerror", lambda error: browser_errors.append(f"uncaught: {error} ({page.url})"))
        return page

    yield make
    for context in contexts:
        context.close()


@pytest.fixture
def desktop(open_page: Callable[..., Page]) -> Page:
    """A page 1280 pixels wide."""
    return open_page(DESKTOP)


@pytest.fixture
def phone(open_page: Callable[..., Page]) -> Page:
    """A page 375 pixels wide, with touch."""
    return open_page(PHONE)


@pytest.fixture(scope="session")
def axe() -> Callable[[Page], None]:
    """`axe(page)` fails when the page as it is now has an accessibility problem, and says which."""
    import axe_playwright_python

    # Evaluated through the debugger: the page's own policy stays in force and stays tested.
    # preload: false, because axe would add a style element, which that policy refuses.
    source = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()

    def check(page: Page) -> None:
        page.wait_for_load_state()
        if not page.evaluate("'axe' in window"):
            page.evaluate(source)
        found = page.evaluate(_RUN_AXE, AXE_RULES)
        problems = [
            f"{v['id']} ({v['impact']}): {v['help']}\n  "
            + "\n  ".join(n["html"][:200] for n in v["nodes"][:5])
            for v in found
        ]
        assert not problems, f"{page.url}\n" + "\n".join(problems)

    return check


@pytest.fixture
def no_sideways_scroll() -> Callable[[Page], None]:
    """`no_sideways_scroll(page)` fails when the page is wider than its window."""

    def check(page: Page) -> None:
        # A click waits until the next page has begun, not until there is something of it to measure.
        page.wait_for_load_state()
        wide, window = page.evaluate(
            "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"
        )
        assert wide <= window, f"{page.url} is {wide} pixels wide in a window of {window}."

    return check


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test that asks for the browser, so that `-m 'not browser'` leaves them out."""
    for item in items:
        if "chromium" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.browser)
