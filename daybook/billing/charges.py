"""Writes: what is known of a fee's money, its state and its books, always together in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Sum

from daybook.billing.models import Charge, LedgerEntry, Payment
from daybook.core import ledger
from daybook.core.errors import Refusal
from daybook.core.ledger import Account
from daybook.core.money import Money
from daybook.core.payments import (
    Attempt,
    Happened,
    Progress,
    State,
    Totals,
    entries,
    follow,
    happenings,
    newer,
)
from daybook.core.payments import together as totals_of
from daybook.core.payments_holds import hold_from
from daybook.core.payments_plan import Case, Meeting, Next, Policy, Stage, earning, next_step, stage_of
from daybook.core.payments_refunds import Tier, Who, kept, percent_back
from daybook.firms.models import User
from daybook.firms.outbox import record

#: What is recorded when something happens to a fee's money.
EVENTS: dict[Happened, str] = {
    Happened.CARD_SAVED: "fee_card_saved",
    Happened.HOLD_PLACED: "fee_held",
    Happened.TAKEN: "fee_taken",
    Happened.DECLINED: "fee_declined",
    Happened.HOLD_LAPSED: "fee_hold_lapsed",
    Happened.RELEASED: "fee_released",
    Happened.DISPUTE_OPENED: "fee_disputed",
    Happened.DISPUTE_WON: "fee_dispute_won",
    Happened.DISPUTE_LOST: "fee_dispute_lost",
    Happened.PART_REFUNDED: "fee_refunded",
    Happened.ALL_REFUNDED: "fee_refunded",
    Happened.CALLED_OFF: "fee_called_off",
}

#: What makes a booking firm, by policy: then the time that was kept may be confirmed.
SECURED: dict[Policy, frozenset[State]] = {
    Policy.PAY_NOW: frozenset({State.CAPTURED, State.HELD}),
    Policy.HOLD_LATER: frozenset({State.CARD_SAVED, State.CAPTURED, State.HELD}),
    Policy.PAY_LATER: frozenset(State),
}

#: How soon a page in use, and a reservation, are looked at again without being told.
WHILE_PAYING = timedelta(minutes=3)
WHILE_HELD = timedelta(hours=6)


class NothingToRefund(Refusal):
    """More is to be given back than the firm has of this fee."""

    says = "There is not that much left of this payment to give back."
    about = "amount"


@dataclass(frozen=True, slots=True)
class Known:
    """A charge under its lock, with everything that decides about it."""

    charge: Charge
    payments: tuple[Payment, ...]
    totals: Totals


def known(charge_id: int, *, lock: bool = True) -> Known:
    """The charge and its payments. With `lock` the caller is in a transaction, and nobody else writes meanwhile."""
    rows = Charge.objects.select_related("appointment__appointment_type", "card_account", "firm")
    if lock:
        rows = rows.select_for_update(no_key=True, of=("self",))
    charge = rows.get(pk=charge_id)
    payments = tuple(charge.payments.select_related("account").order_by("pk"))
    return Known(charge, payments, _totals(charge, payments))


def _totals(charge: Charge, payments: Sequence[Payment]) -> Totals:
    attempts = [attempt_of(one) for one in payments]
    return totals_of(attempts, card=bool(charge.card_method), off=charge.off)


def attempt_of(payment: Payment) -> Attempt:
    """A payment's columns as the core's value."""
    return Attempt(
        Progress(payment.progress),
        held=payment.held,
        captured=payment.captured,
        refunded=payment.refunded,
        bounced=payment.bounced,
        opened=payment.opened,
        won=payment.won,
        lost=payment.lost,
        declines=payment.declines,
    )


def meeting_of(charge: Charge) -> Meeting:
    """What money needs to know of the appointment. A request that was never accepted has never come to be."""
    appointment: Any = charge.appointment
    never = appointment.confirmed_at is None and appointment.state == "cancelled"
    return Meeting(
        appointment.state,
        appointment.outcome,
        appointment.during.lower,
        appointment.during.upper,
        gone=charge.gone or never,
    )


def case_of(found: Known, now: datetime) -> Case:
    """Everything that decides what is done next."""
    charge = found.charge
    return Case(
        Policy(charge.policy),
        stage_of(meeting_of(charge), now),
        State(charge.state),
        found.totals,
        charge.fee_cents - charge.waived_cents,
        keep_of(charge),
    )


def keep_of(charge: Charge) -> int:
    """What the terms leave the firm of the fee, as things stand; cents."""
    appointment: Any = charge.appointment
    meeting = meeting_of(charge)
    back = 100
    if meeting.gone:
        back = 100
    elif meeting.state == "cancelled":
        at = appointment.cancelled_at or meeting.start
        by = Who.CLIENT if appointment.cancelled_by == "client" else Who.FIRM
        back = percent_back(_tiers(charge), by=by, start=meeting.start, at=at)
    elif meeting.outcome == "no_show":
        back = charge.no_show_percent
    return kept(Money(charge.fee_cents, charge.currency), back).cents


def on_cancelling(charge_id: int, *, by: Who, now: datetime) -> tuple[Money, Money]:
    """What there is of a fee, taken or reserved, and what of it would stay with the firm if it were cancelled now."""
    found = known(charge_id, lock=False)
    charge = found.charge
    there = max(0, found.totals.net) + found.totals.held
    back = percent_back(_tiers(charge), by=by, start=meeting_of(charge).start, at=now)
    ceiling = min(kept(Money(charge.fee_cents), back).cents, charge.fee_cents - charge.waived_cents)
    return Money(there, charge.currency), Money(min(there, ceiling), charge.currency)


def _tiers(charge: Charge) -> tuple[Tier, ...]:
    return tuple(Tier(int(hours), int(percent)) for hours, percent in charge.tiers)


def wanted(found: Known, now: datetime) -> Next:
    """The one step that is next."""
    return next_step(case_of(found, now))


def secured(charge: Charge) -> bool:
    """Whether the booking may be confirmed as far as money goes."""
    return State(charge.state) in SECURED[Policy(charge.policy)]


def look_next(found: Known, now: datetime) -> datetime | None:
    """When somebody has to look again without being told; None when nothing is left to wait for."""
    case = case_of(found, now)
    paying = [one for one in found.payments if one.page and not one.done]
    if case.stage in (Stage.BOOKING, Stage.LAPSED) and (
        paying or (secured(found.charge) and found.charge.details)
    ):
        return now + WHILE_PAYING
    if case.stage is Stage.BOOKING:
        return now + timedelta(minutes=30)
    if case.stage is Stage.FAR and not case.totals.off:
        return hold_from(meeting_of(found.charge).end)
    if case.totals.held or case.totals.disputed or paying:
        return now + WHILE_HELD
    return None


# --- writing down what was seen ---------------------------------------------------------------------------------------


def note(payment_id: int, seen: Attempt, *, now: datetime, **columns: object) -> None:
    """
    Keep what was seen of a payment: amounts, state, books and events in one transaction. Seen twice or late, nothing
    changes.
    """
    with transaction.atomic():
        found = known(_charge_of(payment_id))
        payment = next(one for one in found.payments if one.pk == payment_id)
        before = attempt_of(payment)
        after = newer(before, seen)
        into = Account(payment.into)
        for entry in entries(before, after, into=into, balances=balances(found.charge)):
            _write(found, payment, (entry,), _why(found.charge, payment, entry.kind), now)
        for name in ("held", "captured", "refunded", "bounced", "opened", "won", "lost", "declines"):
            setattr(payment, name, getattr(after, name))
        payment.progress = int(after.progress)
        for name, value in columns.items():
            setattr(payment, name, value)
        payment.save()
        _moved(found, now)


#: Why money moved, where the attempt it belongs to does not say it.
WHYS: dict[ledger.Kind, str] = {
    ledger.Kind.HOLD_ENDED: "The reservation was taken, given up, or ran out.",
    ledger.Kind.REFUND_BOUNCED: "The refund did not reach the client's card and came back.",
    ledger.Kind.DISPUTED: "The client disputed it with their bank, which keeps it until it has decided.",
    ledger.Kind.DISPUTE_WON: "The bank decided for the firm.",
    ledger.Kind.DISPUTE_LOST: "The bank decided for the client.",
}


def _why(charge: Charge, payment: Payment, kind: ledger.Kind) -> str:
    """The reason that is written with an entry."""
    return _why_back(charge) if kind is ledger.Kind.REFUNDED else WHYS.get(kind, payment.why)


def _why_back(charge: Charge) -> str:
    meeting = meeting_of(charge)
    if charge.waived_why:
        return f"The firm gave it back: {charge.waived_why}"[:300]
    if meeting.gone:
        return "The time could not be had, so all of it goes back."
    if meeting.state == "cancelled":
        return "Cancelled; what the terms of the booking do not leave to the firm goes back."
    if meeting.outcome == "no_show":
        return "A no-show; what the terms of the booking do not leave to the firm goes back."
    return "Paid twice, or given back at Stripe."


def _charge_of(payment_id: int) -> int:
    return int(Payment.objects.values_list("charge_id", flat=True).get(pk=payment_id))


def _moved(found: Known, now: datetime) -> None:
    """State, events and earned money after something changed; `found` holds the totals of before."""
    charge = found.charge
    after = Known(charge, found.payments, _totals(charge, found.payments))
    for happened in dict.fromkeys(
        EVENTS[one] for one in happenings(found.totals, after.totals) if _news(one, found, after)
    ):
        record(happened, firm=charge.firm_id, now=now, subject=charge.appointment_id, charge=charge.pk)
    charge.state = follow(State(charge.state), found.totals, after.totals)
    charge.save()
    earn(after, now)


def _news(happened: Happened, before: Known, after: Known) -> bool:
    """Whether it is worth a line: the table is told some things again that were known."""
    if happened in (Happened.PART_REFUNDED, Happened.ALL_REFUNDED):
        return after.totals.returned > before.totals.returned
    if happened is Happened.DISPUTE_OPENED:
        return after.totals.disputed > before.totals.disputed
    return True


def earn(found: Known, now: datetime) -> None:
    """The books say what is earned now."""
    taken = [one for one in found.payments if one.captured]
    if not taken:
        return
    into = Account(taken[-1].into)
    entry = earning(case_of(found, now), balances(found.charge), into=into)
    if entry is not None:
        _write(found, None, (entry,), EARNED[entry.kind], now)


#: The reason written with what is earned, or is so no longer.
EARNED: dict[ledger.Kind, str] = {
    ledger.Kind.EARNED: "The meeting took place, or the cancellation terms leave this to the firm.",
    ledger.Kind.UNEARNED: "What was noted of the meeting was taken back.",
}


def _write(
    found: Known, payment: Payment | None, made: Sequence[ledger.Entry], why: str, now: datetime
) -> None:
    for entry in made:
        columns: dict[str, int] = {}
        for line in entry.lines:
            columns[line.account.value] = columns.get(line.account.value, 0) + line.cents
        LedgerEntry.objects.create(
            firm_id=found.charge.firm_id,
            charge=found.charge,
            payment=payment,
            kind=entry.kind,
            currency=found.charge.currency,
            why=why,
            at=now,
            **columns,
        )


def balances(charge: Charge) -> dict[Account, int]:
    """What every account holds of a charge."""
    sums = LedgerEntry.objects.filter(charge=charge).aggregate(
        **{f"sum_{account.value}": Sum(account.value) for account in Account}
    )
    return {account: int(sums[f"sum_{account.value}"] or 0) for account in Account}


def refresh(charge_id: int, now: datetime) -> Known:
    """The charge as it is, its books brought up to what is earned now."""
    with transaction.atomic():
        found = known(charge_id)
        earn(found, now)
        return found


def save_card(*, charge_id: int, now: datetime, **columns: object) -> None:
    """A card is on file: ids, and what its owner knows it by."""
    _change(charge_id, now, **columns)


def call_off(*, charge_id: int, now: datetime) -> None:
    """Nothing is wanted any more."""
    _change(charge_id, now, off=True)


def give_up_time(*, charge_id: int, now: datetime) -> None:
    """The time that was to be paid for cannot be had: whatever was taken goes back."""
    _change(charge_id, now, gone=True, look_at=now)


def _change(charge_id: int, now: datetime, **columns: object) -> None:
    with transaction.atomic():
        found = known(charge_id)
        for name, value in columns.items():
            setattr(found.charge, name, value)
        _moved(found, now)


def waive(*, charge_id: int, cents: int, why: str, by: User, now: datetime) -> None:
    """
    The firm does without so much of the fee: what was taken of it goes back, what was not is not asked for.

    Raises: NothingToRefund.
    """
    with transaction.atomic():
        found = known(charge_id)
        charge = found.charge
        if cents <= 0 or charge.waived_cents + cents > charge.fee_cents:
            raise NothingToRefund
        charge.waived_cents += cents
        charge.waived_why = why[:300]
        charge.look_at = now
        charge.save()
        record(
            "fee_waived",
            firm=charge.firm_id,
            now=now,
            subject=charge.appointment_id,
            actor=by,
            charge=charge.pk,
            cents=cents,
            why=why[:300],
        )
