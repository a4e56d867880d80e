"""
Looking at a fee: read what Stripe knows of it, write that down, do the one thing that is next, and look again.

It carries an id and converges: run twice, at the same time, late or after a crash it does no harm. Nothing here is done
in a transaction but the writing; every request to Stripe has a name under which it is done once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from daybook.billing import attempts, charges
from daybook.billing.attempts import NoAccount, way_of
from daybook.billing.charges import Known
from daybook.billing.models import Charge, Payment, PaymentAccount
from daybook.connectors.errors import NotAuthorised, Rejected, RemoteTrouble, Retry
from daybook.connectors.stripe import payments as stripe
from daybook.connectors.stripe.payments import Refused
from daybook.connectors.stripe.shapes import Card, Intent
from daybook.core.payments import Attempt, Progress, share_out
from daybook.core.payments_plan import Next, Stage, Step

#: How many steps one look takes; more than any fee needs.
MOST_STEPS = 8

#: Pauses while Stripe does not answer; the last one repeats.
PAUSES = tuple(timedelta(seconds=seconds) for seconds in (20, 60, 300, 900, 3600))

#: A refund that came back is a person's to give; so is a step that Stripe turns down again and again.
TELL_FIRM = "A refund did not reach the client and came back. Please give the money back in another way."


@dataclass(frozen=True, slots=True)
class Look:
    """What a look came to. `confirm`: the money is there, and the time that was kept may become an appointment."""

    again: datetime | None
    confirm: bool


def look_at(*, charge_id: int, now: datetime) -> Look:
    """Do what there is to do about a charge. Raises Charge.DoesNotExist."""
    try:
        found = _go(charge_id, now)
    except RemoteTrouble as trouble:
        return _not_now(charge_id, trouble, now)
    except NoAccount as refusal:
        _leave(charge_id, refusal.text, None)
        return Look(None, False)
    again = charges.look_next(found, now)
    _leave(charge_id, TELL_FIRM if charges.wanted(found, now).step is Step.TELL_FIRM else "", again)
    stage = charges.case_of(found, now).stage
    confirm = stage in (Stage.BOOKING, Stage.LAPSED) and charges.secured(found.charge)
    return Look(again, confirm and bool(found.charge.details))


def _go(charge_id: int, now: datetime) -> Known:
    turned_down: list[tuple[Step, int]] = []
    for _ in range(MOST_STEPS):
        read_all(charge_id, now)
        found = charges.refresh(charge_id, now)
        wanted = charges.wanted(found, now)
        do = DO.get(wanted.step)
        if do is None:
            return found
        try:
            do(found, wanted, now)
        except Rejected:
            # Things over there are not as they were: read again, decide again. Twice the same is for a person.
            if (wanted.step, wanted.cents) in turned_down:
                raise
            turned_down.append((wanted.step, wanted.cents))
    return charges.refresh(charge_id, now)


def _not_now(charge_id: int, trouble: RemoteTrouble, now: datetime) -> Look:
    charge = Charge.objects.get(pk=charge_id)
    if isinstance(trouble, NotAuthorised):
        used = Payment.objects.filter(charge=charge, done=False).values("account_id")
        PaymentAccount.objects.filter(pk__in=used).update(charges=False)
    again = None
    if trouble.retry is not Retry.NEVER:
        pause = PAUSES[min(charge.tries, len(PAUSES) - 1)]
        again = now + (timedelta(seconds=trouble.after) if trouble.after else pause)
    tries = charge.tries + (1 if trouble.retry is Retry.LATER else 0)
    Charge.objects.filter(pk=charge_id).update(
        trouble=trouble.text[:300], look_at=again, tries=min(tries, 1000)
    )
    return Look(again, False)


def _leave(charge_id: int, trouble: str, again: datetime | None) -> None:
    Charge.objects.filter(pk=charge_id).update(trouble=trouble[:300], look_at=again, tries=0)


# --- reading ----------------------------------------------------------------------------------------------------------


def read_all(charge_id: int, now: datetime) -> None:
    """Read at Stripe every attempt of the charge that can still change. Raises RemoteTrouble."""
    waiting = Payment.objects.select_related("account", "charge").filter(charge_id=charge_id, done=False)
    for payment in waiting.order_by("pk"):
        _read(payment, now)


def _read(payment: Payment, now: datetime) -> None:
    over = False
    if payment.page:
        page = stripe.read_page(way_of(payment.account), payment.page)
        over = page.status == "expired"
        if page.setup and page.status == "complete":
            _keep_card(payment, page.setup, now)
            return
        payment.intent = page.intent or payment.intent
    if payment.intent:
        _keep(payment, stripe.read(way_of(payment.account), payment.intent), now)
    elif over or (payment.page_until is not None and not payment.page and payment.page_until < now):
        charges.note(payment.pk, Attempt(Progress.RELEASED), now=now, done=True)


def _keep(payment: Payment, intent: Intent, now: datetime) -> None:
    """Write down what an intent shows; the card it was paid with may be used again if it was left for that."""
    gone = intent.attempt.progress in (Progress.LAPSED, Progress.RELEASED)
    charges.note(
        payment.pk,
        intent.attempt,
        now=now,
        intent=intent.id,
        refused=intent.refused[:60],
        capture_before=intent.capture_before,
        done=gone,
    )
    if payment.kind == Payment.Kind.PAGE_HOLD and intent.method and not payment.charge.card_method:
        _remember(payment, Card(intent.customer, intent.method, intent.brand, intent.last4), now)


def _keep_card(payment: Payment, setup: str, now: datetime) -> None:
    card = stripe.card_saved(way_of(payment.account), setup)
    if card is None:
        return
    with transaction.atomic():
        _remember(payment, card, now)
        Payment.objects.filter(pk=payment.pk).update(done=True, progress=int(Progress.RELEASED))


def _remember(payment: Payment, card: Card, now: datetime) -> None:
    charges.save_card(
        charge_id=payment.charge_id,
        now=now,
        card_account=payment.account,
        card_customer=card.customer,
        card_method=card.method,
        card_brand=card.brand[:20],
        card_last4=card.last4,
    )


# --- the steps --------------------------------------------------------------------------------------------------------


def _use_card(found: Known, wanted: Next, now: datetime) -> None:
    """Reserve or take the fee with the saved card. A card that says no is written down; its owner is asked then."""
    with transaction.atomic():
        payment = attempts.make(
            charges.known(found.charge.pk), attempts.ALONE[wanted.step], wanted.cents, now
        )
    way, charge = way_of(payment.account), found.charge
    card = Card(charge.card_customer, charge.card_method, charge.card_brand, charge.card_last4)
    # An earlier look may have asked, and never heard the answer.
    intent = stripe.find(way, card.customer, payment.reference) if payment.created_at < now else None
    if intent is None:
        answer = stripe.use_card(
            way,
            card,
            once=f"card:{payment.reference}",
            reference=payment.reference,
            title=attempts.TITLE,
            cents=payment.cents,
            currency=charge.currency,
            hold=wanted.step is Step.HOLD_CARD,
        )
        if isinstance(answer, Refused):
            _refused(payment, answer, now)
            return
        intent = answer
    if intent.attempt.progress is Progress.OPEN:  # found again, declined or waiting for its owner
        _refused(payment, Refused(intent.refused or "authentication_required", "", intent.id), now)
        return
    _keep(payment, intent, now)


def _refused(payment: Payment, answer: Refused, now: datetime) -> None:
    if answer.intent:
        stripe.release(way_of(payment.account), answer.intent, once=f"release:{payment.reference}")
    charges.note(
        payment.pk,
        Attempt(Progress.RELEASED, declines=1),
        now=now,
        intent=answer.intent,
        refused=answer.code[:60],
        done=True,
    )


def _capture(found: Known, wanted: Next, now: datetime) -> None:
    payment = next(one for one in found.payments if one.held)
    cents = min(wanted.cents, payment.held)
    stripe.capture(
        way_of(payment.account), payment.intent, cents=cents, once=f"capture:{payment.reference}:{cents}"
    )


def _release(found: Known, wanted: Next, now: datetime) -> None:
    for payment in found.payments:
        if payment.held:
            stripe.release(way_of(payment.account), payment.intent, once=f"release:{payment.reference}")


def _refund(found: Known, wanted: Next, now: datetime) -> None:
    by_id = {payment.pk: payment for payment in found.payments}
    shares = share_out(wanted.cents, [(pk, charges.attempt_of(one)) for pk, one in by_id.items()])
    for pk, cents in shares:
        payment = by_id[pk]
        stripe.refund(
            way_of(payment.account),
            payment.intent,
            cents=cents,
            once=f"refund:{payment.reference}:{payment.refunded}:{cents}",
            reference=payment.reference,
        )


def _call_off(found: Known, wanted: Next, now: datetime) -> None:
    """Nobody can pay any more; what somebody has paid in this moment is seen by the next reading, and goes back."""
    for payment in found.payments:
        if payment.page and not payment.done:
            stripe.end_page(way_of(payment.account), payment.page)
    charges.call_off(charge_id=found.charge.pk, now=now)


#: What each step does. Steps that are not here wait for a client, for another room, or for a person.
DO: dict[Step, Callable[[Known, Next, datetime], None]] = {
    Step.HOLD_CARD: _use_card,
    Step.CHARGE_CARD: _use_card,
    Step.CAPTURE: _capture,
    Step.RELEASE: _release,
    Step.REFUND: _refund,
    Step.CALL_OFF: _call_off,
}

#: Steps that wait: for whom.
WAITS: dict[Step, str] = {
    Step.NOTHING: "nobody",
    Step.ASK_TO_PAY: "the client",
    Step.ASK_TO_HOLD: "the client",
    Step.ASK_FOR_CARD: "the client",
    Step.RETAKE: "the appointment",
    Step.TELL_FIRM: "the firm",
}
