"""Webhook subscriptions (facts §11); `sandbox/clio/webhooks.py` does the delivering."""

from __future__ import annotations

import secrets
from typing import Any
from urllib.parse import urlsplit

from sandbox.clio import attributes as a
from sandbox.clio import fields
from sandbox.clio.context import Context
from sandbox.clio.errors import Invalid, NotFound, Refused
from sandbox.clio.resources.resource import Resource, column
from sandbox.clio.store import Row

#: Identifier and its number; `calendar_entry`, not `CalendarEntry` (facts §11).
MODELS = {
    1: "matter",
    2: "activity",
    3: "bill",
    4: "calendar_entry",
    5: "communication",
    6: "contact",
    7: "task",
    8: "document",
    9: "folder",
    10: "clio_payments_payment",
}
#: Shape whose `fields` a hook's `fields` names, for the models this sandbox has.
SHAPES = {
    "matter": "Matter",
    "activity": "Activity",
    "calendar_entry": "CalendarEntry",
    "contact": "Contact",
    "task": "Task",
    "clio_payments_payment": "ClioPaymentsPayment",
    "bill": "Bill",
}
EVENTS = ("created", "updated", "deleted")
MATTER_EVENTS = ("matter_opened", "matter_pended", "matter_closed")
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
DAY = 86_400


def _model(ctx: Context, name: str, value: Any) -> dict[str, Any]:
    model = MODELS.get(value, value) if isinstance(value, int) else value
    if model not in MODELS.values():
        raise Invalid(f"{value} is not a valid model.")  # seen with Calendar and CalendarEntry ([O 20])
    return {"model": model}


def _url(ctx: Context, name: str, value: Any) -> dict[str, Any]:
    """https only; plain http is let through to this machine, where the sandbox lives and Clio does not."""
    parts = urlsplit(value if isinstance(value, str) else "")
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOOPBACK):
        raise Invalid("url must be a valid https URL.")
    return {"url": value}


def _events(ctx: Context, name: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, list) or not value or set(value) - {*EVENTS, *MATTER_EVENTS}:
        raise Invalid("events are not valid.")
    return {"events": list(value)}


class WebhookSubscriptions(Resource):
    path = table = "webhooks"
    shape = "Webhook"
    required = ("url", "fields", "model")
    orders = {"id": column("id")}
    defaults = {"status": "pending", "events": list(EVENTS), "failures": 0, "seen": {}}
    attributes = {
        "url": _url,
        "fields": a.text,
        "model": _model,
        "events": _events,
        "expires_at": a.instant,
    }

    def blank(self, ctx: Context) -> dict[str, Any]:
        return super().blank(ctx) | {
            "shared_secret": secrets.token_hex(32),
            "expires_at": ctx.now + 3 * DAY,
            "seen": {},
        }

    def visible(self, ctx: Context, row: Row) -> bool:
        return row["creator_id"] == ctx.user["id"]

    def check(self, ctx: Context, row: Row, before: Row | None, data: dict[str, Any]) -> None:
        if len(row["fields"]) > 1000:
            raise Invalid("fields is too long (maximum is 1000 characters).")
        if row["model"] in SHAPES:
            try:
                fields.parse(SHAPES[row["model"]], row["fields"])
            except Refused as error:
                raise Invalid(error.message) from None
        if row["model"] != "matter" and set(row["events"]) & set(MATTER_EVENTS):
            raise Invalid("events are not valid for this model.")
        if row["expires_at"] is None:
            row["expires_at"] = ctx.now + 3 * DAY
        if "expires_at" in data and not ctx.now < row["expires_at"] <= ctx.now + 31 * DAY:
            raise Invalid("expires_at must be within the next 31 days.")
        if before is not None and row["url"] != before["url"]:
            row["status"] = "pending"

    def created(self, ctx: Context, row: Row) -> None:
        ctx.world.webhooks.shake_hands(row)

    def update(self, ctx: Context, row: Row, data: dict[str, Any], if_match: str | None = None) -> Row:
        url = row["url"]
        row = super().update(ctx, row, data, if_match)
        if row["url"] != url:
            ctx.world.webhooks.shake_hands(row)
        return row

    def activate(self, ctx: Context, row_id: str, secret: str | None) -> Row:
        """`PUT /webhooks/{id}/activate` with the secret: the delayed handshake."""
        row = self.find(ctx, row_id)
        if not secret or secret != row["shared_secret"]:
            raise Invalid("X-Hook-Secret does not match.")
        if row["status"] == "suspended":
            raise NotFound()  # un-suspending is not documented: re-create (facts §11)
        self.replace(ctx, row, row | {"status": "enabled"})
        return row
