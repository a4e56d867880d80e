"""Webhooks: asking Clio to tell us of changes, and believing only what it signed."""

import hashlib
import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from daybook.connectors.clio import read, write
from daybook.connectors.clio.fields import WEBHOOK_FIELDS
from daybook.connectors.clio.session import Session
from daybook.connectors.clio.shapes import Webhook

PATH: Final = "/webhooks.json"
ONE: Final = "/webhooks/{id}.json"

#: Header names of the handshake and of a delivery (webhooks guide, read 2026-10; not X-Clio-Signature).
SECRET_HEADER: Final = "X-Hook-Secret"  # noqa: S105, the name of a header
SIGNATURE_HEADER: Final = "X-Hook-Signature"

#: What can be subscribed to (webhooks guide, read 2026-10). Users, calendars, notes and the like have to be polled.
Model = Literal[
    "activity",
    "bill",
    "calendar_entry",
    "clio_payments_payment",
    "communication",
    "contact",
    "document",
    "folder",
    "matter",
    "task",
]

CHANGES: Final = ("created", "updated", "deleted")


@dataclass(frozen=True, slots=True)
class Delivery:
    """
    What a delivery says happened. It carries no time and no number of its own, and order is not promised: read the
    record. `etag` is that of the new state, if it was asked for.
    """

    webhook_id: str
    event: str
    id: str
    etag: str


def create(
    session: Session,
    *,
    url: str,
    model: Model,
    fields: str,
    expires_at: datetime,
    events: Sequence[str] = CHANGES,
) -> Webhook:
    """
    Subscribe `url` (https) to changes of a model: activity, calendar_entry, contact, matter...

    An update is told only when one of `fields` changed, `updated_at` among them telling all. Clio posts the secret to
    `url` at once, perhaps before this returns; until it is confirmed, there or by `activate`, nothing is delivered.
    `expires_at` is at most 31 days away; the end comes without notice (webhooks guide, read 2026-10).

    Raises `ValueError` when `fields` is longer than 1,000 characters, else `RemoteTrouble`.
    """
    if len(fields) > 1000:
        raise ValueError("fields of a webhook: at most 1,000 characters")
    data = {
        "url": url,
        "model": model,
        "events": [*events],
        "fields": fields,
        "expires_at": write.instant(expires_at),
    }
    return _parse(session.post(PATH, data, fields=WEBHOOK_FIELDS))


def list(session: Session) -> tuple[Webhook, ...]:
    """Return the subscriptions of this token's app, suspended ones too. Raises `RemoteTrouble`."""
    listed = session.all(PATH, {"fields": WEBHOOK_FIELDS, "order": "id(asc)", "limit": 200})
    return tuple(_parse(item) for item in listed)


def renew(session: Session, webhook_id: str, expires_at: datetime) -> Webhook:
    """
    Let a subscription run until `expires_at`, at most 31 days away. No new handshake. One that is suspended stays so:
    there is no documented way back (2026-10); delete it and create another. Raises `RemoteTrouble`.
    """
    data = {"expires_at": write.instant(expires_at)}
    return _parse(session.patch(ONE, data, at={"id": webhook_id}, fields=WEBHOOK_FIELDS))


def delete(session: Session, webhook_id: str) -> None:
    """End a subscription. Raises `Missing` when it has ended already, else `RemoteTrouble`."""
    session.delete(ONE, at={"id": webhook_id})


def activate(session: Session, webhook_id: str, secret: str) -> None:
    """Confirm a handshake afterwards, with the secret that came with it. Raises `RemoteTrouble`."""
    session.put("/webhooks/{id}/activate", at={"id": webhook_id}, headers={SECRET_HEADER: secret})


def verify(secret: str, raw_body: bytes, signature: str) -> bool:
    """
    Whether `signature` was made with `secret` for exactly these bytes, compared in constant time.

    HMAC-SHA256 in lower-case hex without a prefix: Clio does not say the encoding; this is what production code of two
    others relies on (read 2026-10). An empty secret verifies nothing.
    """
    if not secret:
        return False
    expected = hmac.new(secret.encode(), raw_body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected.encode(), signature.strip().encode("utf-8", "replace"))


def parse(raw_body: bytes) -> Delivery:
    """Read a delivery, once `verify` has said that it is Clio's. Raises `Garbled`."""
    try:
        body = json.loads(raw_body)
    except (ValueError, RecursionError):
        body = None
    body = read.record(body)
    data, meta = read.record(body.get("data")), read.record(body.get("meta"))
    return Delivery(
        webhook_id=read.identity({"id": meta.get("webhook_id")}),
        event=read.text(meta, "event"),
        id=read.identity(data),
        etag=read.text(data, "etag"),
    )


def _parse(value: object) -> Webhook:
    return Webhook.parse(read.record(value))
