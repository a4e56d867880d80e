"""Paying through the connector, against the stand-in, over real HTTP."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import structlog

from daybook.connectors import http
from daybook.connectors.errors import (
    Garbled,
    Limited,
    Missing,
    NotAuthorised,
    Rejected,
    Unreachable,
)
from daybook.connectors.stripe import accounts, payments, webhooks
from daybook.connectors.stripe.payments import Refused
from daybook.connectors.stripe.session import VERSION, Session
from daybook.core.payments import Attempt, Progress

from .stripe_rig import ASKS, DECLINES, LATER_NO, Rig, rig

__all__ = ["rig"]


def test_a_client_pays_on_a_page_and_is_led_back(rig: Rig) -> None:
    page = payments.page_to_pay(rig.session, rig.wish())
    assert page.status == "open"
    back = rig.type_card(page)
    assert (back.status_code, back.headers["Location"]) == (303, f"http://127.0.0.1/done?page={page.id}")
    page = payments.read_page(rig.session, page.id)
    intent = payments.read(rig.session, page.intent)
    assert (page.status, page.url) == ("complete", "")
    assert intent.attempt == Attempt(Progress.TAKEN, captured=15_000)
    assert (intent.currency, intent.reference, intent.last4) == ("USD", "ref-once", "4242")


def test_a_declined_card_can_be_tried_again_on_the_same_page(rig: Rig) -> None:
    page = payments.page_to_pay(rig.session, rig.wish())
    assert rig.type_card(page, DECLINES).status_code == 402
    declined = payments.read(rig.session, payments.read_page(rig.session, page.id).intent)
    assert (declined.attempt, declined.refused) == (Attempt(declines=1), "generic_decline")
    assert rig.type_card(page).status_code == 303
    assert payments.read(rig.session, declined.id).attempt.captured == 15_000


def test_a_card_whose_bank_asks_its_owner_is_agreed_to_on_the_page(rig: Rig) -> None:
    page = payments.page_to_pay(rig.session, rig.wish())
    assert "was it you" in rig.type_card(page, ASKS).text
    assert payments.read_page(rig.session, page.id).intent == ""
    assert "unable to authenticate" in rig.type_card(page, ASKS, step="refused").text
    assert rig.type_card(page, ASKS, step="agreed").status_code == 303


def test_a_saved_card_is_reserved_later_captured_in_part_and_refunded(rig: Rig) -> None:
    card = rig.card()
    assert (card.brand, card.last4) == ("visa", "4242")
    held = payments.use_card(rig.session, card, once="h", hold=True, **_fee("later"))
    assert not isinstance(held, Refused)
    assert held.attempt == Attempt(Progress.HELD, held=15_000)
    assert held.capture_before is not None
    lasts = held.capture_before - datetime.now(UTC)
    assert timedelta(days=4, hours=17) < lasts < timedelta(days=5)
    payments.capture(rig.session, held.id, cents=10_000, once="c")
    payments.refund(rig.session, held.id, cents=4_000, once="r", reference="later")
    assert payments.read(rig.session, held.id).attempt == Attempt(
        Progress.TAKEN, captured=10_000, refunded=4_000
    )
    assert payments.find(rig.session, card.customer, "later") == payments.read(rig.session, held.id)
    assert payments.find(rig.session, card.customer, "another") is None
    payments.forget_card(rig.session, card)
    with pytest.raises(Rejected):
        payments.use_card(rig.session, card, once="h2", hold=True, **_fee("again"))


def _fee(reference: str) -> dict[str, object]:
    return {"reference": reference, "title": "Appointment", "cents": 15_000, "currency": "USD"}


def test_a_card_that_says_no_without_its_owner_is_a_value_and_no_trouble(rig: Rig) -> None:
    refused = payments.use_card(
        rig.session,
        rig.card(number=LATER_NO),
        once="h",
        hold=True,
        **_fee("x"),  # type: ignore[arg-type]
    )
    assert isinstance(refused, Refused)
    assert (refused.code, refused.owner_needed) == ("generic_decline", False)
    assert payments.read(rig.session, refused.intent).attempt == Attempt(declines=1)


def test_a_reservation_runs_out_by_itself_and_can_be_released(rig: Rig) -> None:
    first, second = rig.pay("a", hold=True), rig.pay("b", hold=True)
    payments.release(rig.session, second, once="rel")
    rig.sandbox.control.advance(7 * 24 * 3600 + 1)
    assert payments.read(rig.session, first).attempt == Attempt(Progress.LAPSED)
    assert payments.read(rig.session, second).attempt == Attempt(Progress.RELEASED)
    with pytest.raises(Rejected):
        payments.capture(rig.session, first, cents=15_000, once="late")


def test_disputes_and_refunds_that_fail_are_seen(rig: Rig) -> None:
    first, second = rig.pay("a"), rig.pay("b")
    control = rig.sandbox.control
    dispute = control.dispute(first)
    assert payments.read(rig.session, first).attempt.disputed == 15_000
    with pytest.raises(Rejected):
        payments.refund(rig.session, first, cents=1, once="no", reference="x")
    control.decide_dispute(dispute, "lost")
    assert payments.read(rig.session, first).attempt == Attempt(
        Progress.TAKEN, captured=15_000, opened=15_000, lost=15_000
    )
    payments.refund(rig.session, second, cents=15_000, once="r", reference="x")
    control.fail_refund(control.records("refunds")[0]["id"])
    assert payments.read(rig.session, second).attempt.bounced == 15_000


# Once, however often ------------------------------------------------------------------------------------------------


def test_the_same_request_twice_is_done_once_and_another_under_its_name_is_our_bug(rig: Rig) -> None:
    wish = rig.wish()
    first, second = (payments.page_to_pay(rig.session, wish) for _ in range(2))
    assert first == second
    with pytest.raises(Garbled):
        payments.page_to_pay(rig.session, replace(wish, cents=1_000))
    assert len(rig.sandbox.control.records("sessions")) == 1


@pytest.mark.parametrize("fault", ["drop_after", "truncated", "status_after", "malformed"])
def test_an_answer_that_was_lost_is_asked_for_again_and_nothing_is_done_twice(rig: Rig, fault: str) -> None:
    intent = rig.pay()
    rig.sandbox.control.fault(fault, method="POST", path="/v1/refunds", status=500)
    trouble = Garbled if fault == "malformed" else Unreachable
    with pytest.raises(trouble) as raised:
        payments.refund(rig.session, intent, cents=5_000, once="r", reference="x")
    assert raised.value.maybe_applied
    payments.refund(rig.session, intent, cents=5_000, once="r", reference="x")
    assert payments.read(rig.session, intent).attempt.refunded == 5_000


def test_every_write_carries_a_key(rig: Rig) -> None:
    rig.pay("a")
    payments.release(rig.session, rig.pay("b", hold=True), once="r")
    writes = [e for e in rig.sandbox.exchanges if e.method == "POST" and e.path.startswith("/v1/")]
    assert len(writes) == 3
    assert all(e.request_headers["Idempotency-Key"] for e in writes)
    assert {e.request_headers["Stripe-Version"] for e in writes} == {VERSION}
    assert {e.request_headers["Stripe-Account"] for e in writes} == {rig.session.account}


# Trouble --------------------------------------------------------------------------------------------------------------


def test_trouble_has_its_class(rig: Rig) -> None:
    session, control = rig.session, rig.sandbox.control
    with pytest.raises(Missing):
        payments.read(session, "pi_nowhere")
    with pytest.raises(NotAuthorised):
        payments.read(replace(session, key="sk_wrong"), "pi_nowhere")
    with pytest.raises(Rejected):
        payments.page_to_pay(session, rig.wish("tiny", cents=1))
    control.fault("rate_limited", retry_after=7)
    with pytest.raises(Limited) as limited:
        payments.page_to_pay(session, rig.wish("slow"))
    assert limited.value.after == 7
    control.fault("status", status=409)
    with pytest.raises(Unreachable):
        payments.page_to_pay(session, rig.wish("busy"))
    control.disconnect(session.account)
    with pytest.raises(NotAuthorised):
        payments.read(session, "pi_nowhere")


def test_another_account_sees_nothing(rig: Rig) -> None:
    intent = rig.pay()
    other = rig.session.of(rig.sandbox.control.add_account("Carol Marsh Law"))
    with pytest.raises(Missing):
        payments.read(other, intent)
    with pytest.raises(Missing):
        payments.refund(other, intent, cents=1, once="x", reference="x")


def test_ids_and_keys_stay_out_of_the_log_and_the_machine_is_not_described(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    with structlog.testing.capture_logs() as logs:
        monkeypatch.setattr(http, "log", structlog.get_logger("daybook.connectors"))
        intent = rig.pay()
        payments.read(rig.session, intent)
    assert "/v1/payment_intents/…" in {line["path"] for line in logs}
    assert not any(word in str(logs) for word in (intent, "sk_test", rig.session.account, "dana@"))
    assert "sk_test" not in repr(rig.session)


def test_the_library_is_imported_only_by_whoever_takes_money() -> None:
    code = (
        "import sys; import daybook.connectors.stripe.payments, daybook.connectors.stripe.webhooks,"
        " daybook.connectors.stripe.accounts; sys.exit('stripe' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# Accounts and events --------------------------------------------------------------------------------------------------


def test_a_firm_opens_its_account_on_stripes_pages(rig: Rig) -> None:
    import httpx2

    session = Session(rig.session.key, "", rig.session.base_url)
    account = accounts.open_account(
        session,
        once="acc",
        name="Hart & Vale LLP",
        email="alice@hartvale.example",
        country="US",
        reference="7",
    )
    assert (account.charges, account.name) == (False, "Hart & Vale LLP")
    assert account.wanted
    url = accounts.onboarding_url(
        session, account.id, again_url="http://127.0.0.1/again", back_url="http://127.0.0.1/back"
    )
    assert "Agree and submit" in httpx2.get(url).text
    assert httpx2.get(url).headers["Location"] == "http://127.0.0.1/again"
    assert httpx2.post(url, data={"do": "submit"}).headers["Location"] == "http://127.0.0.1/back"
    ready = accounts.read_account(session, account.id)
    assert (ready.charges, ready.payouts, ready.submitted, ready.wanted) == (True, True, True, ())


def test_only_what_stripe_signed_just_now_is_listened_to(rig: Rig) -> None:
    now = datetime.now(UTC)
    event = {
        "id": "evt_1",
        "type": "charge.refunded",
        "account": "acct_1",
        "created": int(now.timestamp()),
        "data": {"object": {"object": "charge", "id": "ch_1", "payment_intent": "pi_1"}},
    }
    body = json.dumps(event).encode()
    signed = rig.sandbox.world.webhooks.signature(body, "whsec_right")
    told = webhooks.verified(body, signed, "whsec_right", now=now)
    assert (told.id, told.account, told.intent, told.kind) == ("evt_1", "acct_1", "pi_1", "charge")
    for wrong in ("", "t=1,v1=00", "nonsense", signed.replace("v1=", "v0=")):
        with pytest.raises(webhooks.NotFromStripe):
            webhooks.verified(body, wrong, "whsec_right", now=now)
    with pytest.raises(webhooks.NotFromStripe):
        webhooks.verified(body, signed, "whsec_wrong", now=now)
    with pytest.raises(webhooks.NotFromStripe):
        webhooks.verified(body + b" ", signed, "whsec_right", now=now)
    with pytest.raises(webhooks.NotFromStripe):
        webhooks.verified(body, signed, "whsec_right", now=now + timedelta(minutes=6))
    with pytest.raises(webhooks.NotFromStripe):
        webhooks.verified(b"\xff", signed, "whsec_right", now=now)
    for nonsense in (b"[]", b"{}", b"nothing"):
        with pytest.raises(Garbled):
            webhooks.verified(nonsense, rig.sandbox.world.webhooks.signature(nonsense, "s"), "s", now=now)
