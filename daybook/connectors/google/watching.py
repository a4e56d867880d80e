"""Being told of changes by Google: channels, which cannot be prolonged and end by themselves."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

import structlog

from daybook.connectors.calendars import Watch
from daybook.connectors.errors import Garbled, Missing, RemoteTrouble
from daybook.connectors.google import NAME, shapes
from daybook.connectors.google.session import Session

log = structlog.get_logger("daybook.connectors")

#: What a channel lives where Google does not say (its guide to push notifications, read 2026-11).
UNTOLD = timedelta(days=7)


class Watches:
    """
    The half of a service that is told of changes.

    Each telling is an empty POST with headers (Google's guide to push notifications, read 2026-11): X-Goog-Channel-ID
    is `Watch.id`, X-Goog-Channel-Token the `secret`, X-Goog-Resource-ID `Watch.resource`, X-Goog-Resource-State `sync`
    once and then `exists`, X-Goog-Message-Number rising. Nothing is signed: it is the secret that is compared.
    """

    _session: Session

    def watch(self, calendar_id: str, *, address: str, secret: str, until: datetime) -> Watch:
        body = {
            "id": str(uuid.uuid4()),
            "type": "web_hook",
            "address": address,
            "token": secret,
            "expiration": str(int(until.timestamp() * 1000)),
        }
        answer = self._session.send(
            "POST",
            "/calendars/{calendar}/events/watch",
            at={"calendar": calendar_id},
            params={"fields": "id,resourceId,expiration"},
            body=body,
        )
        name, resource = shapes.text(answer, "id"), shapes.text(answer, "resourceId")
        if not name or not resource:
            raise Garbled(NAME, maybe_applied=True)
        told = shapes.text(answer, "expiration")
        ends = min(until.astimezone(UTC), self._session.clock() + UNTOLD)
        if told.isdecimal() and len(told) < 15:
            ends = datetime.fromtimestamp(int(told) / 1000, UTC)
        return Watch(name, resource, ends)

    def rewatch(self, calendar_id: str, watch: Watch, *, address: str, secret: str, until: datetime) -> Watch:
        new = self.watch(calendar_id, address=address, secret=secret, until=until)
        try:
            self.unwatch(watch)
        except RemoteTrouble as trouble:
            # The new one must not be lost for it: the old one ends by itself, and until then Google tells twice.
            log.warning(
                "old_channel_not_ended", provider=NAME, status=trouble.status, failure=type(trouble).__name__
            )
        return new

    def unwatch(self, watch: Watch) -> None:
        try:
            self._session.send("POST", "/channels/stop", body={"id": watch.id, "resourceId": watch.resource})
        except Missing:
            return
