"""Payment intents and their charges: made, confirmed, captured, given up; refunds and disputes."""

from __future__ import annotations

from typing import Any

from sandbox.stripe.cards import CARDS, LASTS, WORDS
from sandbox.stripe.errors import Refused, unexpected, wrong
from sandbox.stripe.world import Row, World, public

#: The least that can be charged, in the currencies the sandbox knows (docs.stripe.com/currencies, read 2026-11).
LEAST: dict[str, int] = {"usd": 50, "cad": 50, "eur": 50, "gbp": 30, "aud": 50}


def amount(value: Any, param: str = "amount") -> int:
    text = str(value)
    if not text.isdigit() or int(text) == 0:
        raise wrong(param, f"Invalid integer: {text}")
    return int(text)


def enough(cents: int, currency: str) -> None:
    if cents < LEAST.get(currency, 1):
        raise Refused(400, "amount_too_small", "Amount must be at least the minimum.", param="amount")


def new(world: World, account: str, **given: Any) -> Row:
    """A payment intent that waits for a card."""
    currency = str(given["currency"])
    enough(given["amount"], currency)
    return world.add(
        "intents",
        account,
        object="payment_intent",
        amount=given["amount"],
        amount_capturable=0,
        amount_received=0,
        canceled_at=None,
        cancellation_reason=None,
        capture_method=given.get("capture_method") or "automatic",
        confirmation_method="automatic",
        currency=currency,
        customer=given.get("customer"),
        description=given.get("description"),
        last_payment_error=None,
        latest_charge=None,
        livemode=False,
        metadata=given.get("metadata") or {},
        payment_method=None,
        setup_future_usage=given.get("setup_future_usage"),
        status="requires_payment_method",
        _capture_before=0,
        _disputed=False,
    )


def confirm(world: World, intent: Row, method: Row, *, present: bool) -> str:
    """
    Try a card. `present`: its owner is at a page. Gives "" when it worked, the decline code otherwise.
    """
    card = CARDS[method["_number"]]
    refused = card.page if present else card.later
    if refused:
        code = refused if refused == "authentication_required" else "card_declined"
        intent["last_payment_error"] = {
            "type": "card_error",
            "code": code,
            "decline_code": refused,
            "message": WORDS[refused],
        }
        world.tell("payment_intent.payment_failed", intent)
        return refused
    manual = intent["capture_method"] == "manual"
    before = world.clock.seconds() + LASTS[card.brand][0 if present else 1]
    charge = _charge(world, intent, method, before if manual else None)
    intent.update(payment_method=method["id"], latest_charge=charge["id"], last_payment_error=None)
    if intent["setup_future_usage"]:
        method["customer"] = intent["customer"]
    if manual:
        intent.update(status="requires_capture", amount_capturable=intent["amount"], _capture_before=before)
        world.tell("payment_intent.amount_capturable_updated", intent)
        return ""
    _take(world, intent, charge, intent["amount"])
    return ""


def _charge(world: World, intent: Row, method: Row, before: int | None) -> Row:
    details = {"brand": method["card"]["brand"], "last4": method["card"]["last4"]}
    if before is not None:
        details["capture_before"] = before
    return world.add(
        "charges",
        intent["_account"],
        object="charge",
        amount=intent["amount"],
        amount_captured=0,
        amount_refunded=0,
        captured=False,
        currency=intent["currency"],
        customer=intent["customer"],
        disputed=False,
        livemode=False,
        metadata=dict(intent["metadata"]),
        paid=True,
        payment_intent=intent["id"],
        payment_method=method["id"],
        payment_method_details={"type": "card", "card": details},
        refunded=False,
        status="succeeded",
        _number=method["_number"],
    )


def _take(world: World, intent: Row, charge: Row, cents: int) -> None:
    charge.update(captured=True, amount_captured=cents)
    intent.update(status="succeeded", amount_received=cents, amount_capturable=0)
    world.tell("payment_intent.succeeded", intent)
    if CARDS[charge["_number"]].disputed:
        open_dispute(world, intent, "fraudulent")


def capture(world: World, intent: Row, given: Row) -> Row:
    if intent["status"] != "requires_capture":
        raise unexpected(intent, "captured")
    cents = amount(given.get("amount_to_capture") or intent["amount_capturable"], "amount_to_capture")
    if cents > intent["amount_capturable"]:
        raise Refused(
            400, "amount_too_large", "The amount to capture is more than is held.", param="amount_to_capture"
        )
    _take(world, intent, world.tables["charges"][intent["latest_charge"]], cents)
    return intent


def cancel(world: World, intent: Row, given: Row) -> Row:
    if intent["status"] in ("succeeded", "canceled", "processing"):
        raise unexpected(intent, "canceled")
    if intent.get("_session"):
        raise Refused(
            400,
            "payment_intent_unexpected_state",
            "You cannot cancel a PaymentIntent of an open Checkout Session; expire the session instead.",
        )
    end(world, intent, given.get("cancellation_reason") or None)
    return intent


def end(world: World, intent: Row, reason: str | None) -> None:
    """Whatever was reserved is given up."""
    intent.update(
        status="canceled",
        amount_capturable=0,
        canceled_at=world.clock.seconds(),
        cancellation_reason=reason,
    )
    world.tell("payment_intent.canceled", intent)


def shown(world: World, intent: Row, expand: list[str]) -> Row:
    row = public(intent)
    if "latest_charge" in expand and intent["latest_charge"]:
        row["latest_charge"] = public(world.tables["charges"][intent["latest_charge"]])
    return row


# --- refunds and disputes ---------------------------------------------------------------------------------------------


def refund(world: World, account: str, given: Row) -> Row:
    intent = world.get("intents", str(given.get("payment_intent", "")), account, "payment_intent")
    charge = world.tables["charges"].get(intent["latest_charge"] or "")
    if charge is None or not charge["captured"]:
        raise Refused(400, "", "This PaymentIntent does not have a successful charge to refund.")
    if charge["disputed"] and any(d["status"] == "needs_response" for d in _disputes(world, intent)):
        raise Refused(
            400, "charge_disputed", f"Charge {charge['id']} has been charged back; cannot issue a refund."
        )
    left = charge["amount_captured"] - charge["amount_refunded"]
    if left == 0:
        raise Refused(400, "charge_already_refunded", f"Charge {charge['id']} has already been refunded.")
    cents = amount(given.get("amount") or left)
    if cents > left:
        raise Refused(
            400,
            "",
            f"Refund amount ({cents}) is greater than unrefunded amount on charge ({left})",
            param="amount",
        )
    row = world.add(
        "refunds",
        account,
        object="refund",
        amount=cents,
        charge=charge["id"],
        currency=charge["currency"],
        metadata=given.get("metadata") or {},
        payment_intent=intent["id"],
        reason=given.get("reason"),
        status="succeeded",
    )
    charge["amount_refunded"] += cents
    charge["refunded"] = charge["amount_refunded"] == charge["amount_captured"]
    world.tell("refund.created", row)
    world.tell("charge.refunded", charge)
    return row


def fail_refund(world: World, row: Row) -> None:
    """The client's bank would not have it: the money is the firm's again."""
    charge = world.tables["charges"][row["charge"]]
    row.update(status="failed", failure_reason="lost_or_stolen_card")
    charge["amount_refunded"] -= row["amount"]
    charge["refunded"] = False
    world.tell("refund.failed", row)


def open_dispute(world: World, intent: Row, reason: str) -> Row:
    charge = world.tables["charges"][intent["latest_charge"]]
    charge["disputed"] = True
    row = world.add(
        "disputes",
        intent["_account"],
        object="dispute",
        amount=charge["amount_captured"] - charge["amount_refunded"],
        charge=charge["id"],
        currency=charge["currency"],
        is_charge_refundable=False,
        livemode=False,
        metadata={},
        payment_intent=intent["id"],
        reason=reason,
        status="needs_response",
    )
    world.tell("charge.dispute.created", row)
    return row


def close_dispute(world: World, row: Row, status: str) -> None:
    row["status"] = status
    world.tell("charge.dispute.closed", row)


def _disputes(world: World, intent: Row) -> list[Row]:
    return [row for row in world.tables["disputes"].values() if row["payment_intent"] == intent["id"]]
