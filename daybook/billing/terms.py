"""Writes: how a firm takes fees, its accounts at Stripe, and the fee of an appointment with the terms it is booked under."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction

from daybook.billing.models import Charge, FeeTerms, PaymentAccount, TypeTerms
from daybook.connectors.stripe import accounts
from daybook.connectors.stripe.session import Session
from daybook.core.errors import UNPROCESSABLE, Refusal
from daybook.core.payments_place import Handling, handling
from daybook.core.payments_plan import Policy
from daybook.core.payments_refunds import BadTiers, Tier, checked
from daybook.firms.models import Firm, User
from daybook.firms.outbox import record


class TrustAccountMissing(Refusal):
    """Money taken before a meeting goes into trust, and no trust account is connected."""

    says = (
        "Fees taken before the meeting go into your client trust account. Please connect that account first, or let the "
        "card be saved and the fee taken after the meeting."
    )
    about = "policy"
    status = UNPROCESSABLE


class AccountMissing(Refusal):
    """No account is connected that could take the money."""

    says = "Please connect your account at Stripe first."
    about = "policy"
    status = UNPROCESSABLE


def session() -> Session | None:
    """The platform's way to Stripe; None where the operator has not set it up."""
    key = settings.STRIPE_SECRET_KEY
    return Session(key, base_url=settings.STRIPE_BASE_URL) if key else None


def offered() -> bool:
    """Whether this Daybook can take payments at all."""
    return session() is not None


@dataclass(frozen=True, slots=True)
class Terms:
    """How a firm takes fees, as somebody has typed it."""

    policy: Policy
    tiers: tuple[Tier, ...]
    no_show_percent: int = 100
    place: str = ""
    handling: Handling = Handling.TRUST
    confirmed: bool = False  # that the agreements meet what the place asks for


def save_terms(*, firm: Firm, terms: Terms, by: User, now: datetime) -> FeeTerms:
    """
    How the firm takes fees from now on. Fees of appointments that were booked keep the terms they were booked under.

    Raises: BadTiers, AccountMissing, TrustAccountMissing.
    """
    tiers = checked(terms.tiers)
    if not 0 <= terms.no_show_percent <= 100:
        raise BadTiers
    done = handling(terms.place, terms.handling, confirmed=terms.confirmed)
    _needs_accounts(firm, terms.policy, done)
    values = {
        "policy": terms.policy,
        "tiers": [[tier.hours, tier.percent] for tier in tiers],
        "no_show_percent": terms.no_show_percent,
        "place": terms.place,
        "handling": done,
        "handling_confirmed_at": now if done is Handling.OPERATING else None,
        "handling_confirmed_by": by if done is Handling.OPERATING else None,
    }
    with transaction.atomic():
        saved, _ = FeeTerms.objects.update_or_create(firm=firm, defaults=values)
        record("fee_terms_saved", firm=firm, now=now, actor=by, policy=terms.policy, handling=done)
    return saved


def _needs_accounts(firm: Firm, policy: Policy, done: Handling) -> None:
    purposes = set(
        PaymentAccount.objects.filter(firm=firm, active=True, charges=True).values_list("purpose", flat=True)
    )
    if "operating" not in purposes:
        raise AccountMissing
    if policy is not Policy.HOLD_LATER and done is Handling.TRUST and "trust" not in purposes:
        raise TrustAccountMissing


def set_type_policy(*, firm: Firm, type_id: int, policy: Policy | None) -> None:
    """
    One type's own way of taking its fee; None goes back to the firm's. Appointments that were booked keep theirs.

    Raises: AccountMissing, TrustAccountMissing.
    """
    if policy is None:
        TypeTerms.objects.filter(appointment_type_id=type_id).delete()
    else:
        terms = FeeTerms.objects.filter(firm=firm).first()
        _needs_accounts(firm, policy, Handling(terms.handling) if terms else Handling.TRUST)
        TypeTerms.objects.update_or_create(appointment_type_id=type_id, defaults={"policy": policy})


def type_policies(firm_id: int) -> dict[int, str]:
    """The types of a firm whose fee is taken in their own way."""
    rows = TypeTerms.objects.filter(appointment_type__firm_id=firm_id)
    return dict(rows.values_list("appointment_type_id", "policy"))


# --- the fee of an appointment ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Fee:
    """What an appointment costs. `type_id` is its appointment type."""

    appointment_id: int
    firm_id: int
    type_id: int
    cents: int
    currency: str


def policy_of(firm_id: int, type_id: int) -> Policy | None:
    """How the fee of a type is taken; None where the firm takes none through Daybook."""
    if not offered():
        return None
    terms = FeeTerms.objects.filter(firm_id=firm_id).first()
    if terms is None:
        return None
    own = TypeTerms.objects.filter(appointment_type_id=type_id).values_list("policy", flat=True).first()
    return Policy(own or terms.policy)


def open_charge(fee: Fee, *, now: datetime, details: dict[str, object] | None = None) -> Charge | None:
    """
    The open charge of an appointment, made under the firm's terms of now if there is none. None where no fee is asked,
    or the firm takes none through Daybook.
    """
    if fee.cents <= 0 or not offered():
        return None
    terms = FeeTerms.objects.filter(firm_id=fee.firm_id).first()
    if terms is None:
        return None
    policy = policy_of(fee.firm_id, fee.type_id) or Policy(terms.policy)
    with transaction.atomic():
        charge, made = Charge.objects.get_or_create(
            appointment_id=fee.appointment_id,
            open=True,
            defaults={
                "firm_id": fee.firm_id,
                "fee_cents": fee.cents,
                "currency": fee.currency,
                "policy": policy,
                "tiers": terms.tiers,
                "no_show_percent": terms.no_show_percent,
                "place": terms.place,
                "handling": terms.handling,
                "details": details or {},
                "look_at": now,
            },
        )
        if made:
            record("fee_asked", firm=fee.firm_id, now=now, subject=fee.appointment_id, charge=charge.pk)
    return charge


# --- accounts at Stripe -----------------------------------------------------------------------------------------------


def connect_url(
    *, firm: Firm, purpose: str, email: str, again_url: str, back_url: str, by: User, now: datetime
) -> str:
    """
    Where somebody of the firm opens or finishes its account at Stripe; works once and for minutes. Asks Stripe: not in
    a transaction. Raises RemoteTrouble; AccountMissing where payments are not set up here.
    """
    way = session()
    if way is None:
        raise AccountMissing
    account, _ = PaymentAccount.objects.get_or_create(
        firm=firm, purpose=purpose, active=True, defaults={"connected_at": now}
    )
    if not account.stripe_id:
        opened = accounts.open_account(
            way,
            once=f"account:{account.pk}",
            name=firm.name,
            email=email,
            country=firm.country,
            reference=f"firm-{firm.pk}-{purpose}",
        )
        PaymentAccount.objects.filter(pk=account.pk).update(stripe_id=opened.id)
        account.stripe_id = opened.id
    return accounts.onboarding_url(way, account.stripe_id, again_url=again_url, back_url=back_url)


def read_account(*, account_id: int, by: User | None, now: datetime) -> PaymentAccount:
    """What Stripe says of an account now. Raises RemoteTrouble."""
    account = PaymentAccount.objects.get(pk=account_id)
    way = session()
    if way is None or not account.stripe_id:
        return account
    seen = accounts.read_account(way, account.stripe_id)
    ready = seen.charges and not account.charges
    account.name, account.charges, account.payouts = seen.name[:200], seen.charges, seen.payouts
    account.wanted = list(seen.wanted)
    with transaction.atomic():
        account.save()
        if ready:
            # What waited for somebody to connect again goes on.
            Charge.objects.filter(firm_id=account.firm_id).exclude(trouble="").update(look_at=now)
            record("payments_connected", firm=account.firm_id, now=now, actor=by, purpose=account.purpose)
    return account


def disconnect(*, account: PaymentAccount, by: User | None, now: datetime) -> None:
    """The account is used for nothing new; what was taken with it stays in the books, and can still be given back."""
    with transaction.atomic():
        PaymentAccount.objects.filter(pk=account.pk).update(active=False, charges=False)
        record("payments_disconnected", firm=account.firm_id, now=now, actor=by, purpose=account.purpose)


def account_for(firm_id: int, purpose: str) -> PaymentAccount | None:
    """The firm's account of that purpose, if it can take payments."""
    return PaymentAccount.objects.filter(firm_id=firm_id, purpose=purpose, active=True, charges=True).first()


def tiers_of(rows: Sequence[Sequence[int]]) -> tuple[Tier, ...]:
    """Tiers as they are stored."""
    return tuple(Tier(int(hours), int(percent)) for hours, percent in rows)
