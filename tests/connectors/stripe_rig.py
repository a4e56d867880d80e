"""A small Stripe, a firm's account in it, and somebody who types cards into its pages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import httpx2
import pytest

from daybook.connectors.stripe import payments
from daybook.connectors.stripe.payments import Wish
from daybook.connectors.stripe.session import Session
from daybook.connectors.stripe.shapes import Card, Page
from sandbox.stripe import KEY, Sandbox, start

WORKS, DECLINES, ASKS, LATER_NO = (
    "4242424242424242",
    "4000000000000002",
    "4000002500003155",
    "4000000000000341",
)


@dataclass
class Rig:
    sandbox: Sandbox
    session: Session

    def wish(self, once: str = "once", **changes: object) -> Wish:
        values: dict[str, object] = {
            "once": once,
            "reference": f"ref-{once}",
            "title": "Appointment",
            "cents": 15_000,
            "currency": "USD",
            "done_url": "http://127.0.0.1/done?page={CHECKOUT_SESSION_ID}",
            "back_url": "http://127.0.0.1/back",
            "until": datetime.now(UTC) + timedelta(minutes=40),
            "email": "dana@client.example",
        }
        return Wish(**(values | changes))  # type: ignore[arg-type]

    def type_card(self, page: Page, number: str = WORKS, **more: str) -> httpx2.Response:
        return httpx2.post(page.url, data={"number": number} | more)

    def pay(self, once: str = "once", number: str = WORKS, **how: bool) -> str:
        """Pay on a page; gives the intent's id."""
        page = payments.page_to_pay(self.session, self.wish(once), **how)
        assert self.type_card(page, number).status_code == 303
        return payments.read_page(self.session, page.id).intent

    def card(self, once: str = "card", number: str = WORKS) -> Card:
        page = payments.page_for_card(self.session, self.wish(once))
        assert self.type_card(page, number).status_code == 303
        card = payments.card_saved(self.session, payments.read_page(self.session, page.id).setup)
        assert card is not None
        return card


@pytest.fixture
def rig() -> Iterator[Rig]:
    with start() as sandbox:
        account = sandbox.control.add_account("Hart & Vale LLP")
        yield Rig(sandbox, Session(KEY, account, sandbox.url))
