"""The way through the product that shows every page of it once."""

from __future__ import annotations

import json
import re
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from playwright.sync_api import Page

if TYPE_CHECKING:
    from tests.stage.screens import Camera

ALICE, BEN, BOB, CAROL = (
    f"{name}.example" for name in ("alice@hartvale", "ben@hartvale", "bob@hartvale", "carol@marsh")
)
PUBLIC = "/book/hart-vale-llp/"
TIMES = f"{PUBLIC}alice-hart/first-consultation/"
SYNC = "/integrations/clio/contacts/"
FIRST = f"{SYNC}first/"
JSON = {"Content-Type": "application/json"}


class Walk:
    """Alice connects her firm and works; a client books; Carol and Bob look around."""

    def __init__(self, camera: Camera) -> None:
        self.camera = camera
        self.clio = ""  # the stand-in's address

    def go(self) -> None:
        self.before_signing_in()
        alice = self.camera.sign_in(ALICE)
        self.camera.take("integrations-empty", "/integrations/", ALICE)
        self.camera.take("connect", "/integrations/clio/connect/", ALICE)
        self.connect(alice)
        self.firm_rooms(alice)
        self.sync_centre(alice)
        confirmed = self.client_books()
        self.desk(alice)
        self.public(confirmed)
        self.others()
        self.own_calendars(alice)

    # before ------------------------------------------------------------------------------------------------------

    def before_signing_in(self) -> None:
        self.camera.sign_in("")
        take = self.camera.take
        take("landing", "/")
        take("sign-in", "/account/login/")
        take("sign-in-wrong", "/account/login/", prepare=_wrong_password)
        take("sign-up", "/account/signup/")
        take("sign-up-wrong", "/account/signup/", prepare=_empty_sign_up)
        take("password-reset", "/account/password/reset/")
        take("page-not-found", "/no/such/page/")
        take("link-refused", "/appointment/forged:link/")

    def connect(self, page: Page) -> None:
        page.goto("/integrations/")
        page.get_by_role("link", name="Connect to Clio").click()
        page.get_by_role("button", name="Continue to Clio").click()
        self.clio = "{0.scheme}://{0.netloc}".format(urlsplit(page.url))
        page.get_by_label("Email").fill(ALICE)
        page.get_by_label("Password").fill("clio")
        page.get_by_role("button", name="Sign in").click()
        page.get_by_role("button", name="Allow Access").wait_for()
        page.get_by_role("button", name="Allow Access").click()
        page.get_by_text("Successfully connected to Clio").wait_for()
        self.camera.shoot(page, "sync-first-reading", "1280", "light")
        page.get_by_role("button", name="Start syncing").wait_for(timeout=30_000)
        self.camera.take("sync-first", FIRST, ALICE, _open_details)
        self.camera.take("sync-review-integrations", "/integrations/", ALICE)
        self.camera.take("sync-review-dashboard", "/dashboard/", ALICE)
        self.camera.take("sync-review-contacts", "/contacts/", ALICE)
        page.get_by_role("button", name="Start syncing").click()
        page.get_by_text("Syncing has started.").wait_for()
        self.camera.shoot(page, "sync-first-started", "1280", "light")
        page.goto("/integrations/")
        self._until(page, "Contacts are up to date")
        page.goto("/integrations/clio/calendars/")
        page.get_by_label("Blocks my time: Hart & Vale LLP").check()
        page.get_by_label("Blocks my time: Court dates").check()
        page.get_by_role("button", name="Save").click()
        page.get_by_text("Saved.").first.wait_for()
        self._until(page, "Being read", gone=True)

    def _until(self, page: Page, text: str, *, gone: bool = False) -> None:
        """Look again until the worker has come that far."""
        for _ in range(40):
            if page.get_by_text(text).first.is_visible() is not gone:
                return
            page.wait_for_timeout(500)
            page.reload()
        raise SystemExit(f"Waited in vain for “{text}” on {page.url}.")

    # the office --------------------------------------------------------------------------------------------------

    def firm_rooms(self, page: Page) -> None:
        take = self.camera.take
        take("integrations", "/integrations/", ALICE)
        take("calendars", "/integrations/clio/calendars/", ALICE)
        page.goto("/integrations/")
        take("match", _href(page.get_by_role("link", name=re.compile("user of Ben Vale"))), ALICE)
        take("disconnect", "/integrations/clio/disconnect/", ALICE)
        take("types", "/types/", ALICE)
        page.goto("/types/")
        one = _href(page.get_by_role("link", name="First consultation", exact=True))
        take("type", one, ALICE)
        take("type-new", "/types/new/", ALICE)
        take("type-wrong", "/types/new/", ALICE, _save_empty)
        take("type-hours", f"{one}hours/", ALICE)
        take("type-retire", f"{one}retire/", ALICE)
        take("hours", "/hours/", ALICE)
        page.goto("/team/invite/")
        page.get_by_label("Name").fill("Wolfeschlegelsteinhausenbergerdorff-Montgomery, Bartholomew")
        page.get_by_label("Email").fill("bartholomew.wolfeschlegelsteinhausenbergerdorff@hartvale.example")
        page.get_by_role("button", name="Send invitation").click()
        take("team", "/team/", ALICE)
        page.goto("/team/")
        take("member", _href(page.get_by_role("link", name="Change Bob Lane")), ALICE)
        take("invite", "/team/invite/", ALICE)
        take("profile", "/profile/", ALICE)
        take("firm", "/firm/", ALICE)
        take("audit", "/audit/", ALICE)
        take("password-change", "/account/password/change/", ALICE)
        take("two-step", "/account/2fa/", ALICE)

    def own_calendars(self, page: Page) -> None:
        """Last, since a second calendar takes times that the others have booked by then."""
        take = self.camera.take
        take("account-google", "/integrations/google/connect/", ALICE)
        take("account-caldav", "/integrations/caldav/connect/", ALICE)
        take("feeds", "/integrations/feeds/", ALICE)
        page.goto("/integrations/google/connect/")
        page.get_by_role("button", name="Continue to Google Calendar").click()
        page.get_by_label("Email").fill(ALICE)
        page.get_by_label("Password").fill("google")
        page.get_by_role("button", name="Sign in").click()
        page.get_by_role("button", name="Continue", exact=True).click()
        page.get_by_text("Successfully connected to Google Calendar").wait_for()
        take("calendars-two-accounts", "/integrations/clio/calendars/", ALICE)
        take("integrations-own", "/integrations/", ALICE)
        page.goto("/integrations/")
        take("account-disconnect", _href(page.get_by_role("link", name=f"Disconnect {ALICE}")), ALICE)

    def sync_centre(self, page: Page) -> None:
        """While sync is stopped a contact is changed on both sides, and two more here; then it goes on."""
        take = self.camera.take
        take("sync-centre", SYNC, ALICE)
        page.goto(SYNC)
        page.get_by_role("button", name="Stop").click()
        take("sync-centre-stopped", SYNC, ALICE)
        for last in ("Brontë", "Abernathy", "Pruitt"):
            self._change_here(page, last)
        (zoe,) = self._backstage("find_contacts", user=ALICE, query="Brontë")
        self._backstage("edit_contact", user=ALICE, contact_id=zoe["id"], last_name="Brontë-Vale")
        self._unlink(page, "Freeman")
        take("sync-waiting", f"{SYNC}waiting/", ALICE, _open_details)
        take("sync-unlinked", f"{SYNC}unlinked/", ALICE)
        take("sync-rules", f"{SYNC}rules/", ALICE)
        page.goto(SYNC)
        page.get_by_role("button", name="Resume").click()
        page.goto(f"{SYNC}questions/")
        self._until(page, "Keep Clio’s")
        take("sync-questions", f"{SYNC}questions/", ALICE)
        take("sync-question-dashboard", "/dashboard/", ALICE)
        take("sync-waiting-none", f"{SYNC}waiting/", ALICE)
        page.goto(f"{SYNC}questions/")
        page.get_by_role("button", name="Keep Clio’s").click()
        page.get_by_text("No questions").wait_for()
        take("sync-questions-none", f"{SYNC}questions/", ALICE)
        take("sync-rounds", SYNC, ALICE)

    def _change_here(self, page: Page, last: str) -> None:
        page.goto(f"/contacts/?q={last}")
        page.goto(f"{_href(page.locator('table a').first)}edit/")
        page.get_by_label("Last name").fill(f"{last}-Hart")
        page.get_by_role("button", name="Save").click()
        page.wait_for_url(re.compile(r"/contacts/\d+/$"))

    def _unlink(self, page: Page, last: str) -> None:
        """By the same address as the button on a contact's page."""
        page.goto(f"/contacts/?q={last}")
        contact = _href(page.locator("table a").first).strip("/").rpartition("/")[2]
        page.goto(f"{SYNC}rules/")
        page.evaluate(
            "to => { const form = document.querySelector('main form'); form.action = to; form.submit() }",
            f"{SYNC}{contact}/stop/",
        )
        page.wait_for_url(re.compile(r"/contacts/\d+/$"))

    def _backstage(self, act: str, **arguments: Any) -> Any:
        """Have something happen in Clio."""
        asked = Request(f"{self.clio}/_control/{act}", json.dumps(arguments).encode(), JSON)
        with urlopen(asked) as answer:
            return json.load(answer)["result"]

    def desk(self, page: Page) -> None:
        take = self.camera.take
        page.goto("/dashboard/past/")
        past = _href(page.locator(".visit h3 a", has_text="Dana Reyes").first)
        take("send", f"{past}send/", ALICE)
        take("send-new", f"{past}send/", ALICE, lambda p: p.get_by_text("new").first.click())
        take("send-wrong", f"{past}send/", ALICE, _send_nothing)
        page.goto(f"{past}send/")
        page.get_by_role("radio", name="Parenting plan").check()
        page.get_by_role("button", name="Send to Clio").click()
        page.get_by_text("On its way to Clio.").wait_for()
        self._until(page, "In Clio")
        take("appointment-sent", past, ALICE)
        take("dashboard", "/dashboard/", ALICE)
        take(
            "dashboard-menu", "/dashboard/", ALICE, lambda p: p.locator("details.menu summary").click(), False
        )
        take("past", "/dashboard/past/", ALICE)
        take("week", "/dashboard/week/", ALICE)
        page.goto("/dashboard/")
        coming = _href(page.locator(".visit h3 a").first)
        for name in ("", "reschedule", "cancel", "change"):
            take(f"appointment-{name}".rstrip("-"), f"{coming}{name}/".replace("//", "/"), ALICE)
        take("book", "/appointments/book/", ALICE)
        take("book-list", "/appointments/book/", ALICE, _open_list, False)
        take("book-wrong", "/appointments/book/", ALICE, _book_nothing)
        take("contacts", "/contacts/", ALICE)
        take("contacts-nobody", "/contacts/?q=zzzz", ALICE)
        page.goto("/contacts/?q=newly")
        take("contact", _href(page.locator("table a").first), ALICE)

    # clients -----------------------------------------------------------------------------------------------------

    def client_books(self) -> str:
        """Book as somebody new, in another zone, and give the address of the confirmation."""
        page = self.camera.sign_in("")
        coming = date.today() + timedelta(days=8)
        page.goto(f"{TIMES}?zone=Europe/London&from={coming}")
        page.locator(".slot").nth(4).click()
        page.wait_for_url("**/book/hold/**")
        page.get_by_label("Your name").fill("Newly Arrived")
        page.get_by_label("Email").fill("newly@mail.example")
        page.get_by_label("Video").check()
        page.get_by_role("button", name="Confirm appointment").click()
        page.get_by_role("heading", name="Your appointment is confirmed").wait_for()
        return page.url

    def public(self, confirmed: str) -> None:
        take = self.camera.take
        zone = "?zone=America/Denver"
        take("public-firm", PUBLIC)
        take("public-privacy", "/privacy/hart-vale-llp/")
        take("public-lawyer", f"{PUBLIC}alice-hart/")
        take("public-times", f"{TIMES}{zone}", whole=False)
        take("public-times-all", f"{TIMES}?zone=Asia/Tokyo")
        take("public-details", f"{TIMES}?zone=Europe/London", prepare=_hold)
        take("public-details-wrong", f"{TIMES}?zone=Europe/London", prepare=_hold_and_send)
        take("public-confirmed", confirmed)
        take("public-move", f"{confirmed}move/", whole=False)
        take("public-move-review", f"{confirmed}move/", prepare=_choose_a_time)
        take("public-cancel", f"{confirmed}cancel/")

    # others ------------------------------------------------------------------------------------------------------

    def others(self) -> None:
        take = self.camera.take
        self.camera.sign_in(CAROL)
        for name in (
            "dashboard",
            "integrations",
            "contacts",
            "dashboard/past",
            "dashboard/week",
            "team",
            "types",
        ):
            take(f"empty-{name.replace('/', '-')}", f"/{name}/", CAROL)
        take("empty-calendars", "/integrations/clio/calendars/", CAROL)
        bob = self.camera.sign_in(BOB)
        take("choose", "/dashboard/", BOB)
        bob.goto("/dashboard/")
        bob.get_by_role("button", name="Open the dashboard of Ben Vale").click()
        take("acting", "/dashboard/", BOB)
        take("staff-integrations", "/integrations/", BOB)
        self.camera.sign_in(BEN)
        take("lawyer-integrations", "/integrations/", BEN)


def _href(link: Any) -> str:
    found = link.get_attribute("href")
    assert found
    return str(found)


def _open_details(page: Page) -> None:
    page.evaluate("document.querySelectorAll('main details').forEach(one => one.open = true)")


def _wrong_password(page: Page) -> None:
    page.get_by_label("Email").fill(ALICE)
    page.get_by_label("Password").fill("not this one")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("alert").first.wait_for()


def _unchecked(page: Page) -> None:
    page.evaluate("document.querySelectorAll('form').forEach(form => form.noValidate = true)")


def _empty_sign_up(page: Page) -> None:
    _unchecked(page)
    page.get_by_label("Password").fill("short")
    page.get_by_role("button", name="Open the firm").click()
    page.get_by_role("alert").first.wait_for()


def _save_empty(page: Page) -> None:
    _unchecked(page)
    page.get_by_role("button", name="Save").click()
    page.get_by_role("alert").first.wait_for()


def _send_nothing(page: Page) -> None:
    page.get_by_label("Time", exact=True).fill("soon")
    page.get_by_role("button", name="Send to Clio").click()
    page.get_by_role("alert").first.wait_for()


def _open_list(page: Page) -> None:
    page.get_by_role("combobox", name="Choose a client").press_sequentially("rey", delay=30)
    page.get_by_role("option").first.wait_for()
    page.keyboard.press("ArrowDown")


def _book_nothing(page: Page) -> None:
    page.get_by_role("button", name="Book Appointment").click()
    page.get_by_role("alert").first.wait_for()


def _choose_a_time(page: Page) -> None:
    page.locator(".slot").nth(1).click()
    page.get_by_role("heading", name="Move this appointment?").wait_for()


def _hold(page: Page) -> None:
    page.locator(".slot").nth(9).click()
    page.wait_for_url("**/book/hold/**")


def _hold_and_send(page: Page) -> None:
    _hold(page)
    _unchecked(page)
    page.get_by_role("button", name="Confirm appointment").click()
    page.get_by_role("alert").first.wait_for()
