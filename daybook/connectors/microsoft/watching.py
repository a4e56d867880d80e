"""
Change notifications: asking Microsoft to tell of changes in a calendar.

What the address has to do (change notifications through webhooks, read 2026-11):

- While a subscription is being made Microsoft posts to it with `?validationToken=...`; it answers 200 within ten seconds,
  `text/plain`, with that token, decoded, as the whole body. Watch therefore returns only after the address has answered.
- Later it is posted `{"value": [{"subscriptionId", "clientState", "changeType", "resource", ...}, ...]}`, several at once.
  It compares each `clientState` with the secret in constant time, remembers to look, and answers 202 within three seconds.
  What does not match is dropped. Nothing else in there is believed.
- The same address is told of the subscription itself: an item with `lifecycleEvent` `missed` (look),
  `subscriptionRemoved` (watch anew, look) or `reauthorizationRequired` (rewatch).
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from daybook.connectors.calendars import Watch
from daybook.connectors.errors import Garbled, Missing
from daybook.connectors.microsoft import record
from daybook.connectors.microsoft.oauth import PROVIDER
from daybook.connectors.microsoft.reading import written
from daybook.connectors.microsoft.record import Record
from daybook.connectors.microsoft.session import Session

SUBSCRIPTIONS: Final = "/subscriptions"
SUBSCRIPTION: Final = "/subscriptions/{subscription}"

#: Events are watched for 10,080 minutes at most, under seven days (subscription resource, read 2026-11). An hour less
#: leaves room for clocks that differ.
LONGEST: Final = timedelta(minutes=10_080) - timedelta(hours=1)
#: Of a clientState (subscription resource, read 2026-11).
MOST_CHARACTERS: Final = 128


def create(session: Session, calendar_id: str, *, address: str, secret: str, until: datetime) -> Watch:
    """
    Make a subscription. Raises `Rejected` when `address` did not answer as it should, else `RemoteTrouble`; ValueError
    for a secret longer than 128 characters.
    """
    if not secret or len(secret) > MOST_CHARACTERS:
        raise ValueError("the secret of a watch: 1 to 128 characters")
    body = {
        "changeType": "created,updated,deleted",
        "notificationUrl": address,
        "lifecycleNotificationUrl": address,
        "resource": f"/me/calendars/{calendar_id}/events",
        "expirationDateTime": _ends(session, until),
        "clientState": secret,
    }
    return _watch(session.post(SUBSCRIPTIONS, body, at={}))


def renew(
    session: Session, calendar_id: str, watch: Watch, *, address: str, secret: str, until: datetime
) -> Watch:
    """Prolong a subscription, or replace one that is gone or tells another address. Raises `RemoteTrouble`."""
    try:
        answer = session.patch(
            SUBSCRIPTION, {"expirationDateTime": _ends(session, until)}, at={"subscription": watch.id}
        )
    except Missing:
        return create(session, calendar_id, address=address, secret=secret, until=until)
    if record.text(answer, "notificationUrl") in ("", address):
        return _watch(answer)
    new = create(session, calendar_id, address=address, secret=secret, until=until)
    end(session, watch)
    return new


def end(session: Session, watch: Watch) -> None:
    """End a subscription, or one that has ended. Raises `RemoteTrouble`."""
    try:
        session.delete(SUBSCRIPTION, at={"subscription": watch.id})
    except Missing:
        return


def _ends(session: Session, until: datetime) -> str:
    return written(min(until, session.clock() + LONGEST))


def _watch(answer: Record) -> Watch:
    try:
        expires_at = datetime.fromisoformat(record.text(answer, "expirationDateTime"))
    except ValueError:
        raise Garbled(PROVIDER, maybe_applied=True) from None
    if expires_at.tzinfo is None:
        expires_at = expires_at.replace(tzinfo=UTC)
    return Watch(record.identity(answer), record.text(answer, "resource"), expires_at)
