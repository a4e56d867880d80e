"""A fee from booking to the books: held late and captured, paid now, paid later; with Stripe's stand-in over real HTTP."""

from __future__ import annotations

from datetime import timedelta

import pytest

from daybook.appointments import operations
from daybook.appointments.models import Appointment
from daybook.billing import books, charges, steps
from daybook.billing.attempts import NothingToPay
from daybook.billing.models import Charge, LedgerEntry, Payment
from daybook.core.ledger import Account
from daybook.core.payments_plan import Policy
from daybook.core.payments_refunds import Tier
from daybook.firms.models import Event
from tests.cast import DANA, at, marsh
from tests.flows.till import DECLINES, FEE, LATER_ASKS, LATER_NO, Till

TIERS = (Tier(48, 100), Tier(24, 50))


def start_of(till: Till, charge: Charge) -> object:
    return till.appointment(charge).start


def test_a_card_is_saved_reserved_days_before_and_charged_after_the_meeting(till: Till) -> None:
    till.agree(Policy.HOLD_LATER)
    charge = till.booked()
    start = till.appointment(charge).start
    assert till.state(charge) == "card_saved"
    assert (charge.card_brand, charge.card_last4) == ("visa", "4242")
    assert start - charge.look_at < timedelta(days=5)
    till.at(charge.look_at - timedelta(minutes=1))
    till.work()
    assert till.state(charge) == "card_saved"
    till.at(charge.look_at)
    till.work()
    assert till.state(charge) == "held"
    till.at(start + timedelta(hours=20))
    till.work()
    assert till.state(charge) == "held", "nobody has said that it took place"
    till.outcome(charge, "attended")
    assert till.state(charge) == "captured"
    money = till.balances(charge)
    assert (money[Account.OPERATING], money[Account.EARNED], money[Account.CLIENT]) == (FEE, -FEE, 0)
    assert all(entry.why for entry in LedgerEntry.objects.all())
    till.agrees()


def test_money_paid_while_booking_lies_in_trust_until_the_meeting_took_place(till: Till) -> None:
    till.agree(Policy.PAY_NOW)
    charge = till.booked()
    payment = Payment.objects.get(charge=charge)
    assert (till.state(charge), payment.account.purpose) == ("captured", "trust")
    assert "ABA Formal Opinion 505" in payment.why
    assert till.balances(charge)[Account.TRUST] == FEE
    till.at(till.appointment(charge).start + timedelta(hours=1))
    till.outcome(charge, "attended")
    money = till.balances(charge)
    assert (money[Account.TRUST], money[Account.OPERATING], money[Account.EARNED]) == (0, FEE, -FEE)
    till.agrees()


def test_an_unpaid_time_is_no_appointment_and_tells_nobody(till: Till) -> None:
    till.agree(Policy.PAY_NOW)
    charge = till.book()
    assert till.pay(charge, DECLINES) == 402
    till.told()
    assert till.state(charge) == "failed"
    assert till.appointment(charge).state == Appointment.State.HELD
    assert not Event.objects.filter(name="appointment_confirmed").exists()
    assert till.page(charge) == Payment.objects.get().page_url, "the same page, for another card"
    assert till.pay(charge) == 303
    till.told()
    assert till.appointment(charge).state == Appointment.State.CONFIRMED
    assert Event.objects.filter(name="appointment_confirmed").count() == 1


def test_a_booking_without_terms_or_without_a_fee_is_as_before(till: Till) -> None:
    held = till.hold()
    operations.confirm(appointment=held, details=DANA, now=till.now)
    till.work()
    assert not Charge.objects.exists()
    till.agree(Policy.PAY_LATER)
    till.cast.consultation.fee_cents = 0
    till.cast.consultation.save()
    operations.confirm(appointment=till.hold(14, "b"), details=DANA, now=till.now)
    till.work()
    assert not Charge.objects.exists()


def test_the_firms_own_booking_is_paid_by_a_link(till: Till) -> None:
    till.agree(Policy.PAY_LATER)
    made = operations.book(
        actor=till.cast.alice_actor,
        appointment_type=till.cast.consultation,
        start=at(till.cast.alice, till.day, 9),
        details=DANA,
        now=till.now,
    )
    till.work()
    charge = Charge.objects.get(appointment=made)
    assert till.state(charge) == "due"
    till.pay(charge)
    till.told()
    assert till.state(charge) == "captured"
    with pytest.raises(NothingToPay):
        till.page(charge)


# Cancelled ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hours", "by_client", "kept"), [(72, True, 0), (30, True, FEE // 2), (30, False, 0), (2, False, 0)]
)
def test_cancelling_gives_back_what_the_terms_say(till: Till, hours: int, by_client: bool, kept: int) -> None:
    till.agree(Policy.PAY_NOW, TIERS)
    charge = till.booked()
    till.at(till.appointment(charge).start - timedelta(hours=hours))
    till.cancel(charge, by_client)
    assert till.at_stripe() == (FEE, FEE - kept)
    assert till.state(charge) == ("partly_refunded" if kept else "refunded")
    till.agrees()
    till.told()
    till.told()
    till.work()
    assert till.at_stripe() == (FEE, FEE - kept)
    till.agrees()


def test_a_reservation_is_given_up_or_taken_in_part_when_the_client_cancels(till: Till) -> None:
    till.agree(Policy.HOLD_LATER, TIERS)
    early, late = till.booked(9), till.booked(11)
    till.at(till.appointment(early).start - timedelta(hours=60))
    till.work()
    assert (till.state(early), till.state(late)) == ("held", "held")
    till.cancel(early)
    assert till.state(early) == "released"
    till.at(till.appointment(late).start - timedelta(hours=30))
    till.cancel(late)
    assert till.state(late) == "captured"
    assert till.at_stripe() == (FEE // 2, 0)
    till.agrees()


def test_a_saved_card_is_not_charged_when_the_meeting_is_called_off(till: Till) -> None:
    till.agree(Policy.HOLD_LATER, TIERS)
    charge = till.booked()
    till.cancel(charge)
    assert till.state(charge) == "void"
    till.at(till.appointment(charge).start + timedelta(days=1))
    till.work()
    assert till.stripe.control.records("intents") == []


def test_a_no_show_is_charged_only_where_the_firm_has_chosen_so(till: Till) -> None:
    till.agree(Policy.HOLD_LATER)
    first = till.booked(9)
    till.agree(Policy.HOLD_LATER, no_show_percent=40)
    second = till.booked(11)
    till.at(till.appointment(second).start - timedelta(hours=20))
    till.work()
    till.at(till.appointment(second).start + timedelta(hours=2))
    till.outcome(first, "no_show")
    till.outcome(second, "no_show")
    assert (till.state(first), till.state(second)) == ("released", "captured")
    assert till.at_stripe() == (FEE * 60 // 100, 0)
    till.agrees()


def test_a_meeting_moved_away_lets_its_reservation_run_out_and_places_a_new_one(till: Till) -> None:
    till.agree(Policy.HOLD_LATER)
    charge = till.booked()
    till.at(charge.look_at)
    till.work()
    assert till.state(charge) == "held"
    appointment = till.appointment(charge)
    operations.reschedule(
        appointment=appointment,
        start=appointment.start + timedelta(days=14),
        by="firm",
        actor=till.cast.alice_actor,
        now=till.now,
    )
    till.at(till.now + timedelta(days=5))
    till.work()
    assert till.state(charge) == "hold_expired"
    till.at(charge.look_at)
    till.work()
    assert till.state(charge) == "held"
    till.agrees()


# Cards that say no -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [LATER_NO, LATER_ASKS])
def test_a_card_that_says_no_later_asks_the_client_to_come_back(till: Till, number: str) -> None:
    till.agree(Policy.HOLD_LATER)
    charge = till.book()
    url = till.page(charge)
    till.pay(charge, number, url)
    if number == LATER_ASKS:
        import httpx2

        httpx2.post(url, data={"step": "agreed"})
    till.told()
    charge.refresh_from_db()
    till.at(charge.look_at)
    till.work()
    assert till.state(charge) == "failed"
    assert till.appointment(charge).state == Appointment.State.CONFIRMED
    assert till.pay(charge) == 303
    till.told()
    assert till.state(charge) == "held"
    till.at(till.appointment(charge).start + timedelta(hours=1))
    till.outcome(charge, "attended")
    assert till.state(charge) == "captured"
    till.agrees()


# Paid too late -------------------------------------------------------------------------------------------------------


def test_paid_after_the_time_ran_out_it_is_taken_again_if_it_is_free(till: Till) -> None:
    till.agree(Policy.PAY_NOW)
    charge = till.book()
    url = till.page(charge)
    till.run_out(charge)
    assert till.appointment(charge).state == Appointment.State.EXPIRED
    till.pay(charge, url=url)
    till.told()
    assert till.appointment(charge).state == Appointment.State.CONFIRMED
    assert Charge.objects.count() == 1
    assert till.at_stripe() == (FEE, 0)


def test_paid_after_the_time_went_to_somebody_else_the_money_goes_back(till: Till) -> None:
    till.agree(Policy.PAY_NOW)
    charge = till.book()
    url = till.page(charge)
    till.run_out(charge)
    other = till.book(key="omar")
    till.pay(other)
    till.told()
    assert till.appointment(other).state == Appointment.State.CONFIRMED
    till.pay(charge, url=url)
    till.told()
    till.work()
    assert till.state(charge) == "refunded"
    assert till.at_stripe() == (2 * FEE, FEE)
    assert Appointment.objects.filter(state="confirmed").count() == 1
    till.agrees()


def test_paid_twice_on_two_pages_one_payment_goes_back(till: Till) -> None:
    till.agree(Policy.PAY_LATER)
    held = till.hold()
    operations.confirm(appointment=held, details=DANA, now=till.now)
    till.work()
    charge = Charge.objects.get()
    first = till.page(charge)
    till.at(till.now + timedelta(minutes=34))
    second = till.page(charge)
    assert first != second
    till.pay(charge, url=first)
    till.pay(charge, url=second)
    till.told()
    assert till.at_stripe() == (2 * FEE, FEE)
    assert till.state(charge) == "partly_refunded"
    till.agrees()


def test_what_is_paid_in_the_moment_of_cancelling_goes_back(till: Till) -> None:
    till.agree(Policy.PAY_LATER)
    operations.confirm(appointment=till.hold(), details=DANA, now=till.now)
    till.work()
    charge = Charge.objects.get()
    url = till.page(charge)
    till.stripe.control.fault("slow", path="*/expire", seconds=0.0)
    till.pay(charge, url=url)
    till.cancel(charge)
    assert till.state(charge) == "refunded"
    assert till.pay(charge, url=url) == 410
    till.agrees()


# Disputes, refunds ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("decided", "state"), [("won", "captured"), ("lost", "lost")])
def test_a_dispute_takes_the_firms_own_money_until_it_is_decided(
    till: Till, decided: str, state: str
) -> None:
    till.agree(Policy.PAY_NOW)
    charge = till.booked()
    dispute = till.stripe.control.dispute(Payment.objects.get().intent)
    till.told()
    assert till.state(charge) == "disputed"
    money = till.balances(charge)
    assert (money[Account.TRUST], money[Account.OPERATING]) == (FEE, -FEE), "trust is never touched"
    till.cancel(charge, by_client=False)
    assert till.at_stripe() == (FEE, 0), "nothing moves while the bank decides"
    till.stripe.control.decide_dispute(dispute, decided)
    till.told()
    if decided == "won":
        assert till.state(charge) == "refunded", "it was cancelled meanwhile"
    else:
        assert till.state(charge) == state
    till.agrees()


def test_the_firm_gives_some_back_and_never_more_than_there_is(till: Till) -> None:
    till.agree(Policy.PAY_NOW)
    charge = till.booked()
    charges.waive(
        charge_id=charge.pk, cents=5_000, why="Short meeting", by=till.cast.alice_user, now=till.now
    )
    till.work()
    assert till.at_stripe() == (FEE, 5_000)
    with pytest.raises(charges.NothingToRefund):
        charges.waive(charge_id=charge.pk, cents=10_001, why="", by=till.cast.alice_user, now=till.now)
    till.cancel(charge, by_client=False)
    assert till.at_stripe() == (FEE, FEE)
    till.agrees()


def test_money_given_back_in_stripes_own_dashboard_is_in_the_books(till: Till) -> None:
    till.agree(Policy.PAY_NOW)
    charge = till.booked()
    till.stripe.control.refund(Payment.objects.get().intent, 4_000)
    till.told()
    assert till.state(charge) == "partly_refunded"
    assert till.balances(charge)[Account.TRUST] == FEE - 4_000
    till.agrees()


def test_a_refund_that_comes_back_is_told_and_not_tried_for_ever(till: Till) -> None:
    till.agree(Policy.PAY_NOW)
    charge = till.booked()
    till.cancel(charge, by_client=False)
    till.stripe.control.fail_refund(till.stripe.control.records("refunds")[0]["id"])
    till.told()
    till.told()
    charge.refresh_from_db()
    assert charge.trouble == steps.TELL_FIRM
    assert len(till.stripe.control.records("refunds")) == 1
    till.agrees()


# Another firm ----------------------------------------------------------------------------------------------------------


def test_another_firm_sees_no_books_and_its_events_move_nothing(till: Till) -> None:
    till.agree(Policy.PAY_NOW)
    charge = till.booked()
    carol = marsh(till.now).alice_actor
    assert list(books.entries_of(carol)) == []
    assert len(list(books.as_csv(carol))) == 1
    assert books.balances_of(carol) == {}
    forged = till.stripe.control.records("events")[-1] | {"id": "evt_other", "account": "acct_carol"}
    Charge.objects.update(look_at=None)
    assert till.tell(forged)
    charge.refresh_from_db()
    assert charge.look_at is None
