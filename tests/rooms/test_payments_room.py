"""What the database itself refuses of money, and what the office's webhook address believes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from daybook.billing import inbox, steps, terms
from daybook.billing.charges import EVENTS
from daybook.billing.models import Charge, FeeTerms, LedgerEntry, Payment, PaymentAccount, StripeEvent
from daybook.billing.terms import Terms
from daybook.core.events import EVENTS as LISTED
from daybook.core.ledger import Account
from daybook.core.payments import Happened
from daybook.core.payments_place import Handling
from daybook.core.payments_plan import Policy, Step
from daybook.core.payments_refunds import ALL_BACK, BadTiers, Tier
from sandbox.stripe.webhooks import Webhooks
from tests.cast import NOW, Cast, at, next_weekday


@pytest.fixture
def charge(cast: Cast, settings: Any) -> Charge:
    from daybook.appointments import operations

    settings.STRIPE_SECRET_KEY = ""
    day = next_weekday(NOW, 2, 2)
    held = operations.hold(
        appointment_type=cast.consultation, start=at(cast.alice, day, 10), hold_key="dana", now=NOW
    )
    return Charge.objects.create(
        firm=cast.firm,
        appointment=held,
        fee_cents=15_000,
        currency="USD",
        policy="pay_now",
        tiers=[[0, 100]],
        no_show_percent=100,
        handling="trust",
    )


def account(cast: Cast, purpose: str = "operating", **more: Any) -> PaymentAccount:
    values = {"stripe_id": f"acct_{purpose}", "charges": True, "connected_at": NOW} | more
    return PaymentAccount.objects.create(firm=cast.firm, purpose=purpose, **values)


def payment(charge: Charge, cast: Cast, **more: Any) -> Payment:
    values = {
        "account": account(cast),
        "kind": "page_pay",
        "reference": "r",
        "cents": 15_000,
        "into": "trust",
    }
    return Payment.objects.create(charge=charge, created_at=NOW, why="because", **(values | more))


def refused(name: str, **rows: Any) -> None:
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        rows["make"]()


def test_every_step_is_done_or_waited_for_and_every_happening_has_its_event() -> None:
    assert set(steps.DO) | set(steps.WAITS) == set(Step)
    assert not set(steps.DO) & set(steps.WAITS)
    assert set(EVENTS) == set(Happened)
    assert set(EVENTS.values()) <= set(LISTED)


def test_every_account_has_its_column() -> None:
    columns = {field.name for field in LedgerEntry._meta.get_fields()}
    assert {account.value for account in Account} <= columns


def test_an_entry_that_does_not_add_up_is_refused_and_none_is_ever_changed(charge: Charge) -> None:
    def entry(**cents: int) -> LedgerEntry:
        return LedgerEntry.objects.create(
            firm=charge.firm, charge=charge, kind="taken", currency="USD", why="x", at=NOW, **cents
        )

    refused("an_entry_adds_up_to_zero", make=lambda: entry(trust=100))
    refused("an_entry_adds_up_to_zero", make=lambda: entry(trust=100, client=-99))
    kept = entry(trust=100, client=-100)
    refused(
        "stays as it is", make=lambda: LedgerEntry.objects.filter(pk=kept.pk).update(trust=200, client=-200)
    )


def test_an_appointment_has_one_open_charge(charge: Charge) -> None:
    values = {f.name: getattr(charge, f.name) for f in Charge._meta.concrete_fields if f.name != "id"}
    refused("one_open_charge_an_appointment", make=lambda: Charge.objects.create(**values))
    Charge.objects.create(**(values | {"open": False}))


def test_no_more_goes_back_than_came(charge: Charge, cast: Cast) -> None:
    one = payment(charge, cast, captured=100, progress=4)
    rows = Payment.objects.filter(pk=one.pk)
    refused("no_more_goes_back", make=lambda: rows.update(refunded=101))
    refused("no_more_goes_back", make=lambda: rows.update(refunded=60, opened=60))
    refused("bounced_was_refunded", make=lambda: rows.update(refunded=10, bounced=11))
    refused("decided_was_opened", make=lambda: rows.update(opened=10, won=11))
    refused("waived_of_the_fee", make=lambda: Charge.objects.update(waived_cents=15_001))
    rows.update(refunded=100)


def test_ticks_at_the_same_time_share_the_charges_out(charge: Charge) -> None:
    assert inbox.due(NOW) == []
    Charge.objects.update(look_at=NOW)
    assert inbox.due(NOW) == [charge.pk]
    assert inbox.due(NOW) == []
    assert inbox.due(NOW + inbox.LEASE) == [charge.pk]


def test_terms_that_need_an_account_are_refused_until_it_is_there(cast: Cast) -> None:
    def save(policy: Policy, **more: Any) -> FeeTerms:
        wanted = Terms(policy, more.pop("tiers", ALL_BACK), **more)
        return terms.save_terms(firm=cast.firm, terms=wanted, by=cast.alice_user, now=NOW)

    with pytest.raises(terms.AccountMissing):
        save(Policy.HOLD_LATER)
    account(cast)
    assert save(Policy.HOLD_LATER).handling == "trust"
    with pytest.raises(terms.TrustAccountMissing):
        save(Policy.PAY_NOW)
    with pytest.raises(terms.TrustAccountMissing):
        save(Policy.PAY_NOW, place="US-CO", handling=Handling.OPERATING, confirmed=True)
    with pytest.raises(terms.TrustAccountMissing):
        save(Policy.PAY_NOW, place="US-TN", handling=Handling.OPERATING, confirmed=False)
    chosen = save(Policy.PAY_NOW, place="US-TN", handling=Handling.OPERATING, confirmed=True)
    assert (chosen.handling, chosen.handling_confirmed_by) == ("operating", cast.alice_user)
    with pytest.raises(BadTiers):
        save(Policy.HOLD_LATER, tiers=(Tier(24, 101),))
    with pytest.raises(BadTiers):
        save(Policy.HOLD_LATER, no_show_percent=101)


# The address Stripe posts to ----------------------------------------------------------------------------------------


def post(client: Client, body: bytes, signature: str) -> int:
    return client.post(
        "/hooks/stripe", body, content_type="application/json", headers={"Stripe-Signature": signature}
    ).status_code


def test_only_signed_events_are_taken_and_each_of_them_once(
    charge: Charge, cast: Cast, client: Client, settings: Any
) -> None:
    from django.utils import timezone

    from sandbox.clock import Clock

    class Signer:
        clock = Clock()

    one = payment(charge, cast, intent="pi_1")
    event = {
        "id": "evt_1",
        "type": "payment_intent.succeeded",
        "account": one.account.stripe_id,
        "created": int(timezone.now().timestamp()),
        "data": {"object": {"object": "payment_intent", "id": "pi_1"}},
    }
    body = json.dumps(event).encode()
    good = Webhooks(Signer()).signature(body, "whsec_x")  # type: ignore[arg-type]
    assert post(client, body, good) == 404, "payments are not set up here"
    settings.STRIPE_WEBHOOK_SECRET = "whsec_x"
    assert post(client, body, "t=1,v1=00") == 400
    assert post(client, body, "") == 400
    assert not StripeEvent.objects.exists()
    assert post(client, body, good) == 204
    charge.refresh_from_db()
    assert charge.look_at is not None
    Charge.objects.update(look_at=None)
    assert post(client, body, good) == 204
    charge.refresh_from_db()
    assert (charge.look_at, StripeEvent.objects.count()) == (None, 1)
    inbox.forget_old(timezone.now())
    assert StripeEvent.objects.count() == 1
    inbox.forget_old(timezone.now() + inbox.KEPT)
    assert StripeEvent.objects.count() == 0
    assert client.get("/hooks/stripe").status_code == 405
    assert post(client, b"x" * (256 * 1024 + 1), good) == 413
