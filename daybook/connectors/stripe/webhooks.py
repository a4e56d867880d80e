"""What Stripe posts to us: whether it is from Stripe, and what it is about. Never what is true: that is read."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

from daybook.connectors.errors import Garbled
from daybook.connectors.stripe.session import PROVIDER
from daybook.connectors.stripe.shapes import Told, at, id_of, reference_of

#: How old a posting may be (docs.stripe.com/webhooks/signature, read 2026-11: five minutes). Stripe signs every
#: attempt to deliver afresh, so one that comes late is no older.
TOLERANCE = timedelta(minutes=5)


class NotFromStripe(Exception):
    """The signature is missing, wrong or too old."""


def verified(body: bytes, signature: str, secret: str, *, now: datetime) -> Told:
    """
    The event in a posting. `signature` is its header Stripe-Signature, `secret` that of the endpoint.

    Raises: NotFromStripe; Garbled for something signed that is no event.
    """
    import stripe

    try:
        stripe.WebhookSignature.verify_header(body, signature, secret, tolerance=None)
    except (stripe.SignatureVerificationError, UnicodeDecodeError) as error:
        raise NotFromStripe from error
    signed = int(next(part[2:] for part in signature.split(",") if part.startswith("t=")))
    if abs(now.timestamp() - signed) > TOLERANCE.total_seconds():
        raise NotFromStripe
    try:
        return _told(json.loads(body))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Garbled(PROVIDER) from error


def _told(event: Any) -> Told:
    found = event["data"]["object"]
    kind = str(found["object"])
    intent = found["id"] if kind == "payment_intent" else id_of(found.get("payment_intent"))
    return Told(
        id=str(event["id"]),
        type=str(event["type"]),
        account=str(event.get("account") or ""),
        object=str(found["id"]),
        kind=kind,
        intent=str(intent),
        reference=reference_of(found),
        at=at(event["created"]),
    )
