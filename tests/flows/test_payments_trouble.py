"""Stripe fails at every write of a fee's life, before or after doing it: in the end everything is done once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from daybook.billing import attempts, terms
from daybook.billing.models import Charge, Payment
from daybook.connectors.errors import RemoteTrouble
from daybook.core.payments_plan import Policy
from daybook.core.payments_refunds import Tier
from tests.flows.till import FEE, WAYS, Till

FAULTS = ("drop_before", "drop_after", "status_after", "truncated", "rate_limited")


def again(till: Till) -> None:
    """Time passes, and whatever waits is tried again, a few times."""
    for _ in range(4):
        till.at(till.now + timedelta(minutes=2))
        till.work()


def reserve(till: Till) -> Charge:
    """Booked with a card, and the reservation is due in this moment."""
    till.agree(Policy.HOLD_LATER, (Tier(240, 100), Tier(0, 0)))
    charge = till.booked()
    till.at(charge.look_at)
    return charge


def held(till: Till) -> Charge:
    charge = reserve(till)
    till.work()
    assert till.state(charge) == "held"
    return charge


def no_reservation(till: Till, fault: Callable[[str], None]) -> Charge:
    charge = reserve(till)
    fault("/v1/payment_intents")
    till.work()
    again(till)
    assert till.state(charge) == "held"
    assert len(till.stripe.control.records("intents", status="requires_capture")) == 1
    return charge


def no_capture(till: Till, fault: Callable[[str], None]) -> Charge:
    charge = held(till)
    till.at(till.appointment(charge).start + timedelta(hours=1))
    fault("*/capture")
    till.outcome(charge, "attended")
    again(till)
    assert (till.state(charge), till.at_stripe()) == ("captured", (FEE, 0))
    return charge


def no_release(till: Till, fault: Callable[[str], None]) -> Charge:
    charge = held(till)
    fault("*/cancel")
    till.cancel(charge, by_client=False)
    again(till)
    assert (till.state(charge), till.at_stripe()) == ("released", (0, 0))
    return charge


def no_refund(till: Till, fault: Callable[[str], None]) -> Charge:
    till.agree(Policy.PAY_NOW)
    charge = till.booked()
    fault("/v1/refunds")
    till.cancel(charge)
    again(till)
    assert (till.state(charge), till.at_stripe()) == ("refunded", (FEE, FEE))
    assert len(till.stripe.control.records("refunds")) == 1
    return charge


@pytest.mark.parametrize("story", [no_reservation, no_capture, no_release, no_refund])
@pytest.mark.parametrize("kind", FAULTS)
def test_every_write_that_fails_is_done_once_in_the_end(
    till: Till, story: Callable[[Till, Callable[[str], None]], Charge], kind: str
) -> None:
    def fault(path: str) -> None:
        till.stripe.control.fault(kind, method="POST", path=path, status=503, retry_after=30)

    charge = story(till, fault)
    assert till.stripe.control.faults() == [], "the fault was met"
    charge.refresh_from_db()
    assert charge.trouble == ""
    till.agrees()


def test_while_stripe_is_down_nothing_is_lost_and_the_firm_reads_why(till: Till) -> None:
    till.agree(Policy.PAY_NOW)
    charge = till.booked()
    till.stripe.control.down()
    till.cancel(charge)
    charge.refresh_from_db()
    assert "Stripe could not be reached" in charge.trouble
    assert charge.look_at > till.now
    till.stripe.control.down(False)
    again(till)
    assert till.state(charge) == "refunded"
    till.agrees()


def test_a_page_whose_answer_was_lost_is_the_same_page_the_next_time(till: Till) -> None:
    till.agree(Policy.PAY_NOW)
    charge = till.book()
    till.stripe.control.fault("drop_after", method="POST", path="/v1/checkout/sessions")
    with pytest.raises(RemoteTrouble):
        attempts.page_for(charge_id=charge.pk, ways=WAYS, now=till.now)
    till.at(till.now + timedelta(seconds=5))
    assert till.page(charge)
    assert len(till.stripe.control.records("sessions")) == 1
    assert Payment.objects.count() == 1


def test_an_account_that_was_cut_off_is_marked_and_told(till: Till) -> None:
    till.agree(Policy.PAY_NOW)
    charge = till.booked()
    payment = Payment.objects.select_related("account").get()
    till.stripe.control.disconnect(payment.account.stripe_id)
    till.cancel(charge)
    charge.refresh_from_db()
    payment.account.refresh_from_db()
    assert (payment.account.charges, charge.look_at) == (False, None)
    assert "connect to Stripe again" in charge.trouble
    till.stripe.world.tables["accounts"][payment.account.stripe_id]["_connected"] = True
    terms.read_account(account_id=payment.account_id, by=None, now=till.now)
    till.work()
    assert till.state(charge) == "refunded", "connected again, it goes on"


def test_two_looks_at_the_same_moment_place_one_reservation(till: Till) -> None:
    """The second begins from what the database had before the first was done, as two workers would."""
    from daybook.billing import charges, steps

    charge = reserve(till)
    found = charges.refresh(charge.pk, till.now)
    wanted = charges.wanted(found, till.now)
    steps.DO[wanted.step](found, wanted, till.now)
    Payment.objects.filter(kind="card_hold").update(intent="", progress=0, held=0)
    steps.DO[wanted.step](found, wanted, till.now)
    assert len(till.stripe.control.records("intents")) == 1
