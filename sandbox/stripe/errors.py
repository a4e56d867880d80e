"""How Stripe turns something down (docs.stripe.com/api/errors, read 2026-11)."""

from __future__ import annotations

from typing import Any


class Refused(Exception):
    """An answer with an error in it. `more` goes beside code and message."""

    def __init__(self, status: int, code: str, message: str, kind: str = "", **more: Any) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message
        self.kind = kind or "invalid_request_error"
        self.more = more

    def body(self) -> dict[str, Any]:
        said = {"type": self.kind, "code": self.code, "message": self.message, **self.more}
        return {"error": {name: value for name, value in said.items() if value != ""}}


def missing(kind: str, key: str) -> Refused:
    return Refused(404, "resource_missing", f"No such {kind}: '{key}'", param="id")


def wrong(param: str, message: str) -> Refused:
    return Refused(400, "parameter_invalid_empty" if "empty" in message else "", message, param=param)


def unknown(param: str) -> Refused:
    return Refused(400, "parameter_unknown", f"Received unknown parameter: {param}", param=param)


def unexpected(intent: dict[str, Any], verb: str) -> Refused:
    return Refused(
        400,
        "payment_intent_unexpected_state",
        f"This PaymentIntent could not be {verb} because it has a status of {intent['status']}.",
        payment_intent={"id": intent["id"], "object": "payment_intent", "status": intent["status"]},
    )
