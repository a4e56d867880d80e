"""Attempts to take a fee: made in the database first, so that asking Stripe twice is asking for the same thing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

from django.db import transaction

from daybook.billing import charges, terms
from daybook.billing.charges import Known
from daybook.billing.models import Charge, Payment, PaymentAccount
from daybook.connectors.stripe import payments as stripe
from daybook.connectors.stripe.payments import Wish
from daybook.connectors.stripe.session import Session
from daybook.core.errors import Refusal
from daybook.core.payments_place import Handling, placement
from daybook.core.payments_plan import Aim, Stage, Step

Kind = Payment.Kind

#: How long a page of Stripe's lives; half an hour is the shortest it can.
PAGE_LASTS = timedelta(minutes=35)
#: A page this close to its end is not offered any more.
PAGE_LEFT = timedelta(minutes=2)

#: What stands on the page and in Stripe's books: nothing of what the meeting is about.
TITLE = "Appointment"

#: Steps that need a page, and what the page is for.
PAGES: dict[Step, Kind] = {
    Step.ASK_TO_PAY: Kind.PAGE_PAY,
    Step.ASK_TO_HOLD: Kind.PAGE_HOLD,
    Step.ASK_FOR_CARD: Kind.PAGE_CARD,
}

#: Steps that need nobody, and what they make.
ALONE: dict[Step, Kind] = {Step.HOLD_CARD: Kind.CARD_HOLD, Step.CHARGE_CARD: Kind.CARD_PAY}

RESERVES = frozenset({Kind.PAGE_HOLD, Kind.CARD_HOLD, Kind.PAGE_CARD})


class NothingToPay(Refusal):
    """Nothing is asked of the client now."""

    says = "There is nothing to pay for this appointment at present."


class NoAccount(Refusal):
    """The account the money would have to go to is not connected."""

    says = "The firm cannot take payments online just now. Please contact the firm."


@dataclass(frozen=True, slots=True)
class Ways:
    """Where a client is led after a page, and what the page knows already."""

    done_url: str
    back_url: str
    email: str = ""
    locale: str = "auto"


def make(found: Known, kind: Kind, cents: int, now: datetime) -> Payment:
    """
    A new attempt, or the one of that kind which is under way already. The caller holds the charge's lock.

    Raises: NoAccount.
    """
    for one in found.payments:
        if one.kind == kind and one.cents == cents and not one.done and _usable(one, now):
            return one
    charge = found.charge
    attended = charges.case_of(found, now).stage is Stage.ATTENDED
    where = placement(
        reserved=kind in RESERVES, attended=attended, chosen=Handling(charge.handling), code=charge.place
    )
    account = terms.account_for(charge.firm_id, where.account.value)
    if kind in ALONE.values():
        # A card lives in the account it was left in; its money cannot go elsewhere.
        account = charge.card_account if charge.card_account and charge.card_account.active else None
        if account is not None and account.purpose != where.account.value:
            account = None
    if account is None:
        raise NoAccount
    return Payment.objects.create(
        charge=charge,
        account=account,
        kind=kind,
        reference=uuid4().hex,
        cents=cents,
        into=where.account.value,
        why=where.why[:300],
        page_until=_whole_seconds(now + PAGE_LASTS) if kind in PAGES.values() else None,
        created_at=now,
    )


def _usable(payment: Payment, now: datetime) -> bool:
    return payment.page_until is None or payment.page_until - now > PAGE_LEFT


def _whole_seconds(at: datetime) -> datetime:
    # Stripe knows whole seconds only, and a request repeated must be the same to the second.
    return at.replace(microsecond=0)


def way_of(account: PaymentAccount) -> Session:
    """The way to an account. Raises NoAccount where payments are not set up here any more."""
    way = terms.session()
    if way is None:
        raise NoAccount
    return way.of(account.stripe_id)


def page_for(*, charge_id: int, ways: Ways, now: datetime) -> str:
    """
    Where the client pays, lets the fee be reserved or leaves a card, as is next: an address of Stripe's.

    Asks Stripe: not in a transaction. Raises: NothingToPay, NoAccount, RemoteTrouble.
    """
    with transaction.atomic():
        found = charges.known(charge_id)
        next_step = charges.wanted(found, now)
        kind = PAGES.get(next_step.step)
        if kind is None:
            raise NothingToPay
        cents = next_step.cents or found.charge.fee_cents - found.charge.waived_cents
        payment = make(found, kind, cents, now)
        Charge.objects.filter(pk=charge_id).update(look_at=now + charges.WHILE_PAYING)
    if payment.page_url:
        return payment.page_url
    charge = found.charge
    wish = Wish(
        once=f"page:{payment.reference}",
        reference=payment.reference,
        title=TITLE,
        cents=payment.cents,
        currency=charge.currency,
        done_url=ways.done_url,
        back_url=ways.back_url,
        until=payment.page_until or now + PAGE_LASTS,
        email=ways.email,
        locale=ways.locale,
    )
    way = way_of(payment.account)
    if kind is Kind.PAGE_CARD:
        page = stripe.page_for_card(way, wish)
    else:
        later = charges.case_of(found, now).aim in (Aim.CARD, Aim.HOLD)
        page = stripe.page_to_pay(way, wish, hold=kind is Kind.PAGE_HOLD, save=later)
    Payment.objects.filter(pk=payment.pk).update(page=page.id, page_url=page.url)
    return page.url
