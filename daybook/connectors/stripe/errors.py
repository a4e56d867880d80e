"""What Stripe's errors mean: trouble, or a card that was declined, which is none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from daybook.connectors.errors import (
    Garbled,
    NotAuthorised,
    Rejected,
    RemoteTrouble,
    Unreachable,
    trouble_for,
)
from daybook.connectors.http import seconds

if TYPE_CHECKING:
    from stripe import StripeError

PROVIDER = "Stripe"


class Declined(RemoteTrouble):
    """
    A card said no, or its owner has to come and agree. Never leaves this connector: it becomes a `Refused` value.

    `code` is Stripe's decline code or error code; `intent` the payment intent that was declined, if one was made.
    """

    sentence = "The card was declined."

    def __init__(self, provider: str, *, code: str = "", intent: str = "", **rest: Any) -> None:
        super().__init__(provider, **rest)
        self.code = code
        self.intent = intent


#: Error codes that say more than their status (docs.stripe.com/error-codes, read 2026-11).
CODES: dict[str, type[RemoteTrouble]] = {
    "account_invalid": NotAuthorised,  # the firm has disconnected us, or the account was closed
    "platform_api_key_expired": NotAuthorised,
    "api_key_expired": NotAuthorised,
    "lock_timeout": Unreachable,  # another request is at the same object
    "idempotency_key_in_use": Unreachable,  # the same request is still running
    "charge_already_refunded": Rejected,
    "charge_disputed": Rejected,
    "payment_intent_unexpected_state": Rejected,
    "resource_missing": Rejected,  # with 404 its status says Missing; with 400 it is about a parameter
}

#: Where Stripe's use of a status differs (docs.stripe.com/api/errors, read 2026-11).
DIFFERING: dict[int, type[RemoteTrouble]] = {409: Unreachable, 402: Declined}


def trouble_of(error: StripeError) -> RemoteTrouble:
    """What an error of the library's stands for."""
    status = error.http_status or 0
    body = error.json_body if isinstance(error.json_body, dict) else {}
    said = body.get("error") if isinstance(body.get("error"), dict) else {}
    if not isinstance(said, dict) or not said:
        if 200 <= status < 300 or not status:
            return Garbled(PROVIDER, status=status or None, maybe_applied=True)
        return trouble_for(status, PROVIDER, write=True, differing=DIFFERING)
    code, words = str(said.get("code") or ""), str(said.get("message") or "")
    if status == 402:
        intent = said.get("payment_intent") or said.get("setup_intent") or {}
        return Declined(
            PROVIDER,
            status=status,
            words=words,
            code=str(said.get("decline_code") or code),
            intent=str(intent.get("id") or "") if isinstance(intent, dict) else "",
        )
    if said.get("type") == "idempotency_error":
        return Garbled(PROVIDER, status=status, words=words)  # our bug: one key for two different requests
    kind = CODES.get(code)
    if kind is not None and not (status == 404 and code == "resource_missing"):
        return kind(PROVIDER, status=status, words=words)
    after = seconds((error.headers or {}).get("Retry-After"))
    return trouble_for(status, PROVIDER, write=True, words=words, after=after, differing=DIFFERING)
