"""Pictures of every page of the product, for people to look at: `bin/screenshots`."""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.stage.browser import DESKTOP, FLAGS, PHONE, find_chromium
from tests.stage.walk import Walk

ROOT = Path(__file__).resolve().parents[2]
SHAPES = {"1280": DESKTOP, "375": PHONE}
SCHEMES = ("light", "dark")
#: The pictures of the README: name, shape, scheme.
README = (
    ("dashboard", "1280", "light"),
    ("book", "1280", "light"),
    ("send", "1280", "light"),
    ("integrations", "1280", "light"),
    ("week", "1280", "dark"),
    ("public-times", "375", "light"),
    ("public-confirmed", "375", "dark"),
)
#: What the settings of the caller's shell must not change.
UNSET = ("DATABASE_URL", "PUBLIC_URL", "CLIO_BASE_URL", "CLIO_CLIENT_ID", "EMAIL_URL", "DEBUG", "SECRET_KEY")


@contextmanager
def product() -> Iterator[tuple[str, str]]:
    """Start the demo on free ports with a database of its own, and give its address and everybody's password."""
    home = Path(tempfile.mkdtemp(prefix="daybook-screens-"))
    env = {k: v for k, v in os.environ.items() if k not in UNSET} | {"DAYBOOK_HOME": str(home)}
    run = subprocess.Popen(
        [sys.executable, "-m", "daybook.config.cli", "run"],
        cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    try:
        assert run.stdout
        said = ""
        for line in run.stdout:
            said += line
            if line.startswith("Started in"):
                break
        found = re.search(r"Daybook runs at (http://\S+)", said)
        if found is None:
            raise SystemExit(f"Daybook did not start:\n{said}")
        yield found[1], json.loads((home / "demo.json").read_text())["sign_ins"][0][2]
    finally:
        run.terminate()
        run.wait(30)
        shutil.rmtree(home, ignore_errors=True)


class Camera:
    """The same page four times: both widths, light and dark, for each person signed in."""

    def __init__(self, browser: Browser, address: str, password: str, into: Path, only: str) -> None:
        self._browser, self._address, self._into, self._only = browser, address, into, only
        self._contexts: dict[tuple[str, str, str], BrowserContext] = {}
        self._cookies: dict[str, Any] = {}
        self._password = password
        self.taken = 0

    def sign_in(self, who: str) -> Page:
        """A page for `who`, an address, or a visitor when empty; the pictures are taken with the same cookies."""
        page = self._context(who, "1280", "light").new_page()
        if who:
            page.goto("/account/login/")
            page.get_by_label("Email").fill(who)
            page.get_by_label("Password").fill(self._password)
            page.get_by_role("button", name="Sign in").click()
            page.wait_for_url("**/dashboard/")
        self._cookies[who] = page.context.storage_state()
        return page

    def _context(self, who: str, shape: str, scheme: str) -> BrowserContext:
        key = (who, shape, scheme)
        if key not in self._contexts:
            context = self._browser.new_context(
                base_url=self._address, color_scheme=scheme, timezone_id="America/Denver",
                storage_state=self._cookies.get(who), **SHAPES[shape],
            )  # fmt: skip
            context.set_default_timeout(15_000)
            self._contexts[key] = context
        return self._contexts[key]

    def take(self, name: str, path: str, who: str = "", prepare: Any = None, whole: bool = True) -> None:
        """Photograph the page at `path`, as `prepare(page)` leaves it."""
        if self._only and self._only not in name:
            return
        for shape in SHAPES:
            for scheme in SCHEMES:
                page = self._context(who, shape, scheme).new_page()
                page.goto(path)
                if prepare:
                    prepare(page)
                self.shoot(page, name, shape, scheme, whole)
                page.close()

    def shoot(self, page: Page, name: str, shape: str, scheme: str, whole: bool = True) -> None:
        """Photograph a page as it stands."""
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if wide > 0:
            print(f"  {name} at {shape} px is {wide} px too wide")
        page.screenshot(path=self._into / f"{name}-{shape}-{scheme}.png", full_page=whole)
        self.taken += 1


def for_readme(into: Path) -> None:
    """Keep the few pictures that README.md shows."""
    target = ROOT / "docs" / "screens"
    target.mkdir(exist_ok=True)
    for name, shape, scheme in README:
        made = into / f"{name}-{shape}-{scheme}.png"
        shutil.copyfile(made, target / f"{name}.png")
        print(f"  docs/screens/{name}.png {made.stat().st_size // 1024} KB")


def main() -> int:
    options = argparse.ArgumentParser(prog="bin/screenshots", description=__doc__)
    options.add_argument("--into", type=Path, default=ROOT / ".daybook" / "screens")
    options.add_argument("--only", default="", help="pages with this in their name")
    options.add_argument("--readme", action="store_true", help="refresh docs/screens too")
    given = options.parse_args()
    path = find_chromium()
    if path is None:
        print("There is no Chromium here: install it (apt-get install chromium), or name it in CHROMIUM.")
        return 1
    given.into.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    with product() as (address, password), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        camera = Camera(browser, address, password, given.into, given.only)
        Walk(camera).go()
        browser.close()
    if given.readme:
        for_readme(given.into)
    print(f"{camera.taken} pictures in {given.into}, {time.monotonic() - began:.0f} s.")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
