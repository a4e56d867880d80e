"""Subscriptions: the handshake with an address, and telling it (change notifications through webhooks, read 2026-11)."""

from __future__ import annotations

import json
import queue
import threading
import urllib.error
import urllib.request
import uuid
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from sandbox.microsoft.errors import Refused, denied, invalid, missing

if TYPE_CHECKING:
    from sandbox.microsoft.world import Row, World

#: The longest an event is watched (subscription resource, read 2026-11).
LONGEST = timedelta(minutes=10_080)
SETTABLE = frozenset(
    {
        "changeType",
        "notificationUrl",
        "lifecycleNotificationUrl",
        "resource",
        "expirationDateTime",
        "clientState",
        "latestSupportedTlsVersion",
    }
)


class Deliverer:
    """Sends notifications one after another from a thread of its own, and remembers them."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.sent: list[dict[str, Any]] = []
        self._held: list[tuple[str, dict[str, Any]]] = []
        self._queue: queue.Queue[tuple[str, dict[str, Any]]] = queue.Queue()
        self._thread: threading.Thread | None = None

    def tell(self, calendar_id: str, event_id: str, how: str, version: int) -> None:
        """Tell every subscription that is running and wants to know."""
        for row in list(self.world["subscriptions"].values()):
            wanted = row["calendar"] == calendar_id and how in row["changeType"].split(",")
            if not wanted or instant(row["expirationDateTime"]) <= self.world.clock.now():
                continue
            owner = self.world["accounts"][row["account"]]
            path = f"Users/{owner['id']}/Events/{event_id}"
            data = {
                "@odata.type": "#Microsoft.Graph.Event",
                "@odata.id": path,
                "@odata.etag": f'W/"{version}"',
                "id": event_id,
            }
            self._add(
                row["notificationUrl"],
                _item(row, owner) | {"changeType": how, "resource": path, "resourceData": data},
            )

    def lifecycle(self, row: Row, event: str) -> None:
        """Tell the address for such things something about the subscription itself."""
        owner = self.world["accounts"][row["account"]]
        address = row["lifecycleNotificationUrl"] or row["notificationUrl"]
        self._add(address, _item(row, owner) | {"lifecycleEvent": event, "resource": row["resource"]})

    def replay(self, count: int) -> None:
        """Send the last ones again."""
        for sent in self.sent[-count:]:
            self._put(sent["url"], sent["body"]["value"][0])

    def settle(self, timeout: float) -> bool:
        """Wait until everything has gone out."""
        done = threading.Thread(target=self._queue.join, daemon=True)
        done.start()
        done.join(timeout)
        return not done.is_alive()

    def stop(self) -> None:
        """Send what is waiting, and no more."""
        if self._thread is not None:
            self._queue.put(("", {}))
            self._thread.join(5)

    def clear(self) -> None:
        self.sent.clear()
        self._held.clear()

    def _add(self, address: str, item: dict[str, Any]) -> None:
        kind = self.world.faults.take_webhook()
        if kind == "lost":
            return
        if kind == "out_of_order":
            self._held.append((address, item))
            return
        for _ in range(2 if kind == "doubled" else 1):
            self._put(address, item)
        while self._held:
            self._put(*self._held.pop())

    def _put(self, address: str, item: dict[str, Any]) -> None:
        self._queue.put((address, item))
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, daemon=True, name="graph-notifications")
            self._thread.start()

    def _run(self) -> None:
        while True:
            address, item = self._queue.get()
            if not address:
                self._queue.task_done()
                return
            body = {"value": [item]}
            status = post(address, json.dumps(body).encode(), "application/json")[0]
            self.sent.append({"url": address, "body": body, "status": status})
            self._queue.task_done()


def _item(row: Row, owner: Row) -> dict[str, Any]:
    return {
        "subscriptionId": row["id"],
        "subscriptionExpirationDateTime": row["expirationDateTime"],
        "clientState": row["clientState"],
        "tenantId": owner["tenant"],
    }


def post(address: str, body: bytes, content_type: str) -> tuple[int, str, str]:
    """Status, type and text of the answer; status 0 for none."""
    request = urllib.request.Request(address, body, {"Content-Type": content_type}, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return (
                answer.status,
                answer.headers.get_content_type(),
                answer.read(4096).decode("utf-8", "replace"),
            )
    except urllib.error.HTTPError as error:
        error.close()
        return error.code, "", ""
    except (OSError, ValueError):
        return 0, "", ""


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def create(world: World, account: Row, data: dict[str, Any]) -> Row:
    """Make one, once its address has answered the handshake. Called without the world's lock."""
    if set(data) - SETTABLE:
        raise invalid(f"Unknown properties: {', '.join(sorted(set(data) - SETTABLE))}.")
    if not all(
        data.get(name) for name in ("changeType", "notificationUrl", "resource", "expirationDateTime")
    ):
        raise invalid("changeType, notificationUrl, resource and expirationDateTime are required.")
    if set(data["changeType"].split(",")) - {"created", "updated", "deleted"}:
        raise invalid("changeType has to be made of created, updated, deleted.")
    if len(data.get("clientState") or "") > 128:
        raise invalid("clientState may have 128 characters.")
    parts = data["resource"].strip("/").split("/")
    if parts[:2] != ["me", "calendars"] or len(parts) != 4 or parts[3] != "events":
        raise invalid("This sandbox lets /me/calendars/{id}/events be watched.")
    with world.lock:
        calendar = world.reach(account, parts[2])
    expires = _checked_end(world, data["expirationDateTime"])
    for address in {data["notificationUrl"], data.get("lifecycleNotificationUrl") or data["notificationUrl"]}:
        _shake_hands(world, address)
    row = {
        "id": str(uuid.uuid4()),
        "account": account["email"],
        "calendar": calendar["id"],
        "resource": data["resource"],
        "changeType": data["changeType"],
        "notificationUrl": data["notificationUrl"],
        "lifecycleNotificationUrl": data.get("lifecycleNotificationUrl"),
        "clientState": data.get("clientState"),
        "expirationDateTime": expires,
    }
    with world.lock:
        world["subscriptions"][row["id"]] = row
        world.version += 1
    return row


def find(world: World, account: Row, subscription_id: str) -> Row:
    row = world["subscriptions"].get(subscription_id)
    if row is None or instant(row["expirationDateTime"]) <= world.clock.now():
        raise missing()
    if row["account"] != account["email"]:
        raise denied()
    return row


def renew(world: World, row: Row, data: dict[str, Any]) -> Row:
    if set(data) - {"expirationDateTime", "notificationUrl"}:
        raise invalid("Only expirationDateTime and notificationUrl can be changed.")
    if "notificationUrl" in data:
        _shake_hands(world, data["notificationUrl"])
        row["notificationUrl"] = data["notificationUrl"]
    if "expirationDateTime" in data:
        row["expirationDateTime"] = _checked_end(world, data["expirationDateTime"])
    world.version += 1
    return row


def shown(world: World, row: Row) -> dict[str, Any]:
    """As Graph shows it: the secret is kept to itself."""
    hidden = ("account", "calendar", "clientState")
    owner = world["accounts"][row["account"]]
    return {
        **{name: value for name, value in row.items() if name not in hidden},
        "clientState": None,
        "applicationId": world.app.client_id,
        "creatorId": owner["id"],
    }


def _checked_end(world: World, text: Any) -> str:
    try:
        at = instant(text)
        late = at > world.clock.now() + LONGEST
    except (ValueError, TypeError):
        raise invalid("expirationDateTime is not a time with a zone.") from None
    if late or at <= world.clock.now():
        raise invalid("Subscription expiration can only be 10080 minutes in the future.")
    return str(text)


def _shake_hands(world: World, address: str) -> None:
    token = (
        f"Validation: Testing client application reachability for subscription Request-Id: {world.new_id('')}"
    )
    mark = "&" if "?" in address else "?"
    status, kind, text = post(f"{address}{mark}{urlencode({'validationToken': token})}", b"", "text/plain")
    if (status, kind, text) != (200, "text/plain", token):
        raise Refused(
            400,
            "ValidationError",
            f"Subscription validation request failed. HTTP status code is {status or 'none'}.",
        )
