"""Taking, reserving and giving back money with Stripe. Every write is done once, however often it is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from daybook.connectors.stripe.errors import Declined
from daybook.connectors.stripe.session import Session
from daybook.connectors.stripe.shapes import Card, Intent, Page, id_of, intent_of, page_of, reference_of

#: A page lives between 30 minutes and 24 hours (docs.stripe.com/api/checkout/sessions/create, read 2026-11).
SHORTEST_PAGE, LONGEST_PAGE = 30 * 60, 24 * 60 * 60

#: Only cards can be reserved and captured later everywhere.
CARDS = ["card"]


@dataclass(frozen=True, slots=True)
class Refused:
    """
    A card said no: a value, not trouble. `code` is Stripe's; `intent` the attempt that was made all the same, if one
    was. `owner_needed` when the card's bank wants its owner to agree on a page.
    """

    code: str
    words: str
    intent: str = ""

    @property
    def owner_needed(self) -> bool:
        return self.code in ("authentication_required", "card_declined_authentication_required")


@dataclass(frozen=True, slots=True)
class Wish:
    """
    What a page is for. `once` names the request: the same name gives the same page again. `reference` is our mark on
    all that comes of it. `title` is what the client reads, and Stripe keeps: neutral. `until` is when the page ends.
    """

    once: str
    reference: str
    title: str
    cents: int
    currency: str
    done_url: str
    back_url: str
    until: datetime
    email: str = ""
    customer: str = ""
    locale: str = "auto"


def page_to_pay(session: Session, wish: Wish, *, hold: bool = False, save: bool = False) -> Page:
    """A page on which the client pays; with `hold` the amount is only reserved, with `save` the card is kept for later."""
    data: dict[str, Any] = {"metadata": {"daybook": wish.reference}, "description": wish.title}
    if hold:
        data["capture_method"] = "manual"
    if save:
        data["setup_future_usage"] = "off_session"
    price = {
        "currency": wish.currency.lower(),
        "unit_amount": wish.cents,
        "product_data": {"name": wish.title},
    }
    params = _page(wish, "payment") | {
        "line_items": [{"quantity": 1, "price_data": price}],
        "payment_intent_data": data,
    }
    return _make(session, params, wish.once)


def page_for_card(session: Session, wish: Wish) -> Page:
    """A page on which the client leaves a card to be used later; nothing is taken."""
    data = {"metadata": {"daybook": wish.reference}, "description": wish.title}
    return _make(session, _page(wish, "setup") | {"setup_intent_data": data}, wish.once)


def _page(wish: Wish, mode: str) -> dict[str, Any]:
    params: dict[str, Any] = {
        "mode": mode,
        "success_url": wish.done_url,
        "cancel_url": wish.back_url,
        "client_reference_id": wish.reference,
        "metadata": {"daybook": wish.reference},
        "expires_at": int(wish.until.timestamp()),
        "locale": wish.locale,
        "allowed_payment_method_types": CARDS,
    }
    if wish.customer:
        return params | {"customer": wish.customer}
    return params | {"customer_creation": "always"} | ({"customer_email": wish.email} if wish.email else {})


def _make(session: Session, params: dict[str, Any], once: str) -> Page:
    return page_of(
        session.call(lambda client: client.v1.checkout.sessions.create(params, session.options(once)))  # type: ignore[arg-type]
    )


def read_page(session: Session, page: str) -> Page:
    """The page as it is now. Raises Missing."""
    return page_of(
        session.call(lambda client: client.v1.checkout.sessions.retrieve(page, None, session.options()))
    )


def end_page(session: Session, page: str) -> Page:
    """Nobody can pay there any more. Raises Rejected when somebody has, or when it is over."""
    return page_of(
        session.call(
            lambda client: client.v1.checkout.sessions.expire(page, None, session.options(f"end:{page}"))
        )
    )


def card_saved(session: Session, setup: str) -> Card | None:
    """The card a client left on a page; None while there is none."""
    found = session.call(
        lambda client: client.v1.setup_intents.retrieve(
            setup, {"expand": ["payment_method"]}, session.options()
        )
    )
    method = found.get("payment_method")
    if found["status"] != "succeeded" or not method:
        return None
    card = {} if isinstance(method, str) else method.get("card") or {}
    return Card(
        id_of(found.get("customer")),
        id_of(method),
        str(card.get("brand") or ""),
        str(card.get("last4") or ""),
    )


def forget_card(session: Session, card: Card) -> None:
    """Stripe no longer keeps the card for us. Raises Rejected where it does not already."""
    session.call(
        lambda client: client.v1.payment_methods.detach(
            card.method, None, session.options(f"forget:{card.method}")
        )
    )


def use_card(
    session: Session,
    card: Card,
    *,
    once: str,
    reference: str,
    title: str,
    cents: int,
    currency: str,
    hold: bool,
) -> Intent | Refused:
    """Take an amount from a saved card without its owner being there; with `hold` it is only reserved."""
    params: dict[str, Any] = {
        "amount": cents,
        "currency": currency.lower(),
        "customer": card.customer,
        "payment_method": card.method,
        "allowed_payment_method_types": CARDS,
        "off_session": True,
        "confirm": True,
        "capture_method": "manual" if hold else "automatic",
        "description": title,
        "metadata": {"daybook": reference},
        "expand": ["latest_charge"],
    }
    try:
        return intent_of(
            session.call(lambda client: client.v1.payment_intents.create(params, session.options(once)))  # type: ignore[arg-type]
        )
    except Declined as declined:
        return Refused(declined.code, declined.words, declined.intent)


def find(session: Session, customer: str, reference: str) -> Intent | None:
    """
    The attempt with our mark that was made for a customer, if there is one: for a request whose answer was lost.

    Stripe repeats the first answer to the same request, failures of its own included, and forgets it after a day or
    more (docs.stripe.com/api/idempotent_requests, read 2026-11).
    """
    params: dict[str, Any] = {"customer": customer, "limit": 100, "expand": ["data.latest_charge"]}
    found = session.call(lambda client: client.v1.payment_intents.list(params, session.options()))  # type: ignore[arg-type]
    ours = [one for one in found["data"] if reference_of(one) == reference]
    return read(session, ours[0]["id"]) if ours else None


def read(session: Session, intent: str) -> Intent:
    """An attempt as it is now, refunds and disputes included. Raises Missing."""
    options = session.options()
    found = session.call(
        lambda client: client.v1.payment_intents.retrieve(intent, {"expand": ["latest_charge"]}, options)
    )
    if found["status"] != "succeeded":
        return intent_of(found)
    wanted: Any = {"payment_intent": intent, "limit": 100}
    refunds = session.call(lambda client: client.v1.refunds.list(wanted, options))
    disputes = session.call(lambda client: client.v1.disputes.list(wanted, options))
    return intent_of(found, refunds["data"], disputes["data"])


def capture(session: Session, intent: str, *, cents: int, once: str) -> None:
    """Take so much of what is reserved; the rest is given up. Raises Rejected when it is reserved no longer."""
    params: Any = {"amount_to_capture": cents}
    session.call(lambda client: client.v1.payment_intents.capture(intent, params, session.options(once)))


def release(session: Session, intent: str, *, once: str) -> None:
    """Give a reservation, or an attempt nobody has paid, up. Raises Rejected when it has been taken or is over."""
    params: Any = {"cancellation_reason": "requested_by_customer"}
    session.call(lambda client: client.v1.payment_intents.cancel(intent, params, session.options(once)))


def refund(session: Session, intent: str, *, cents: int, once: str, reference: str) -> None:
    """Give so much back. Raises Rejected when there is not as much left, or it is disputed."""
    params: Any = {
        "payment_intent": intent,
        "amount": cents,
        "reason": "requested_by_customer",
        "metadata": {"daybook": reference},
    }
    session.call(lambda client: client.v1.refunds.create(params, session.options(once)))
