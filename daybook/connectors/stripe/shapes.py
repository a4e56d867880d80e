"""Stripe's objects as values. Every status Stripe publishes has a row; one it does not is an error, not a guess."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from daybook.connectors.errors import Garbled
from daybook.connectors.stripe.session import PROVIDER, whole
from daybook.core.payments import Attempt, Progress

#: PaymentIntent.status (docs.stripe.com/payments/paymentintents/lifecycle, read 2026-11). `canceled` is told apart below.
PROGRESS: dict[str, Progress] = {
    "requires_payment_method": Progress.OPEN,
    "requires_confirmation": Progress.OPEN,
    "requires_action": Progress.OPEN,
    "processing": Progress.OPEN,
    "requires_capture": Progress.HELD,
    "canceled": Progress.RELEASED,
    "succeeded": Progress.TAKEN,
}

#: PaymentIntent.cancellation_reason: whose doing it was.
CANCELLED: dict[str, Progress] = {
    "abandoned": Progress.RELEASED,
    "duplicate": Progress.RELEASED,
    "failed_invoice": Progress.RELEASED,
    "fraudulent": Progress.RELEASED,
    "requested_by_customer": Progress.RELEASED,
    "void_invoice": Progress.RELEASED,
    "automatic": Progress.LAPSED,  # not captured in time
    "expired": Progress.LAPSED,
}


class Fate(StrEnum):
    """What a dispute does to the money."""

    NONE = "none"  # an inquiry: nothing has been taken
    OPEN = "open"
    WON = "won"
    LOST = "lost"


#: Dispute.status.
DISPUTES: dict[str, Fate] = {
    "warning_needs_response": Fate.NONE,
    "warning_under_review": Fate.NONE,
    "warning_closed": Fate.NONE,
    "prevented": Fate.NONE,
    "needs_response": Fate.OPEN,
    "under_review": Fate.OPEN,
    "appeal_needs_response": Fate.OPEN,
    "appeal_under_review": Fate.OPEN,
    "won": Fate.WON,
    "lost": Fate.LOST,
}

#: Refund.status: whether it counts as given back, and whether it came back to the firm.
REFUNDS: dict[str, bool] = {
    "pending": False,
    "requires_action": False,
    "succeeded": False,
    "failed": True,
    "canceled": True,
}


@dataclass(frozen=True, slots=True)
class Intent:
    """
    One attempt as Stripe shows it. `capture_before` is when a reservation ends; `method` the card's id, empty before
    one was given. `refused` is why the card's last try failed, in Stripe's code. `reference` is our mark on it.
    """

    id: str
    attempt: Attempt
    currency: str
    customer: str = ""
    method: str = ""
    brand: str = ""
    last4: str = ""
    capture_before: datetime | None = None
    refused: str = ""
    reference: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """
    A page of Stripe's on which a client pays or leaves a card. `url` is empty once it is over. `intent` is what came
    of it, `setup` the saving of a card; both empty before the client has done anything.
    """

    id: str
    url: str
    status: str  # open, complete, expired: Stripe's words
    customer: str = ""
    intent: str = ""
    setup: str = ""
    reference: str = ""


@dataclass(frozen=True, slots=True)
class Card:
    """A card on file: ids, and what its owner knows it by."""

    customer: str
    method: str
    brand: str = ""
    last4: str = ""


@dataclass(frozen=True, slots=True)
class Account:
    """A connected account: whether it can take payments, and what Stripe still wants to know."""

    id: str
    name: str
    charges: bool
    payouts: bool
    submitted: bool
    wanted: tuple[str, ...] = ()
    currency: str = ""
    country: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """An event: which object of which account it is about. What it says of the object is not believed, only looked up."""

    id: str
    type: str
    account: str
    object: str  # its id
    kind: str  # payment_intent, charge, checkout.session, ...
    intent: str  # the payment intent it belongs to, where it says so
    reference: str  # our mark on it
    at: datetime


def fates(found: Any) -> tuple[int, int, int]:
    """What disputes were about, what of it was won, what lost."""
    opened = won = lost = 0
    for one in found:
        fate, amount = _row(DISPUTES, one["status"]), whole(one["amount"])
        if fate is Fate.NONE:
            continue
        opened += amount
        won += amount if fate is Fate.WON else 0
        lost += amount if fate is Fate.LOST else 0
    return opened, won, lost


def given_back(found: Any) -> tuple[int, int]:
    """Refunds made, and those of them that came back."""
    made = bounced = 0
    for one in found:
        came_back, amount = _row(REFUNDS, one["status"]), whole(one["amount"])
        made += amount
        bounced += amount if came_back else 0
    return made, bounced


def attempt_of(intent: Any, refunds: Any, disputes: Any) -> Attempt:
    """
    What an intent came to. Amounts Stripe gives in another currency than the fee's are cut to what was taken.

    Raises: Garbled for amounts or words that cannot be.
    """
    progress = _row(PROGRESS, intent["status"])
    if progress is Progress.RELEASED and intent.get("cancellation_reason"):
        progress = _row(CANCELLED, intent["cancellation_reason"])
    captured = whole(intent["amount_received"]) if progress is Progress.TAKEN else 0
    made, bounced = given_back(refunds)
    opened, won, lost = fates(disputes)
    declines = 1 if intent.get("last_payment_error") else 0
    if progress is not Progress.TAKEN:
        held = whole(intent["amount_capturable"]) if progress is Progress.HELD else 0
        return Attempt(progress, held=held, declines=declines)
    room, waiting = max(0, captured - made + bounced), opened - won - lost
    lost = min(lost, room)
    opened = won + lost + min(waiting, room - lost)
    try:
        return Attempt(
            progress,
            captured=captured,
            refunded=made,
            bounced=bounced,
            opened=opened,
            won=won,
            lost=lost,
            declines=declines,
        )
    except ValueError as error:
        raise Garbled(PROVIDER) from error


def intent_of(found: Any, refunds: Any = (), disputes: Any = ()) -> Intent:
    """A payment intent, read with its latest charge expanded."""
    charge = found.get("latest_charge")
    card: Any = {}
    if charge and not isinstance(charge, str):
        card = (charge.get("payment_method_details") or {}).get("card") or {}
    error = found.get("last_payment_error") or {}
    before = card.get("capture_before")
    return Intent(
        id=found["id"],
        attempt=attempt_of(found, refunds, disputes),
        currency=str(found["currency"]).upper(),
        customer=id_of(found.get("customer")),
        method=id_of(found.get("payment_method")),
        brand=str(card.get("brand") or ""),
        last4=str(card.get("last4") or ""),
        capture_before=at(before) if before else None,
        refused=str(error.get("decline_code") or error.get("code") or ""),
        reference=reference_of(found),
    )


def page_of(found: Any) -> Page:
    """A checkout session."""
    return Page(
        id=found["id"],
        url=str(found.get("url") or ""),
        status=str(found["status"]),
        customer=id_of(found.get("customer")),
        intent=id_of(found.get("payment_intent")),
        setup=id_of(found.get("setup_intent")),
        reference=str(found.get("client_reference_id") or ""),
    )


def account_of(found: Any) -> Account:
    """A connected account."""
    wanted = (found.get("requirements") or {}).get("currently_due") or ()
    profile = found.get("business_profile") or {}
    return Account(
        id=found["id"],
        name=str(profile.get("name") or found.get("email") or ""),
        charges=bool(found.get("charges_enabled")),
        payouts=bool(found.get("payouts_enabled")),
        submitted=bool(found.get("details_submitted")),
        wanted=tuple(str(one) for one in wanted),
        currency=str(found.get("default_currency") or "").upper(),
        country=str(found.get("country") or ""),
    )


def id_of(value: Any) -> str:
    """An id, whether it came as one or with the whole object."""
    return str(value if isinstance(value, str) else (value or {}).get("id") or "")


def reference_of(found: Any) -> str:
    """Our mark on one of Stripe's objects."""
    return str((found.get("metadata") or {}).get("daybook") or "")


def at(seconds: Any) -> datetime:
    """An instant from Stripe's seconds. Raises Garbled."""
    return datetime.fromtimestamp(whole(seconds), UTC)


def _row(table: dict[str, Any], word: Any) -> Any:
    try:
        return table[word]
    except (KeyError, TypeError) as error:
        raise Garbled(PROVIDER) from error
