"""Sending webhooks: handshake, signed deliveries, retries on the sandbox clock, suspension (facts §11)."""

from __future__ import annotations

import hashlib
import heapq
import hmac
import http.client
import itertools
import json
import logging
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from sandbox.clio import fields, views
from sandbox.clio.context import Context
from sandbox.clio.store import Row

if TYPE_CHECKING:
    from sandbox.clio.resources.resource import Resource
    from sandbox.clio.world import World

#: Five attempts, the first retry after 2 minutes, doubling ([D 15]).
ATTEMPTS = 5
FIRST_RETRY = 120
#: "Short" and unpublished; real seconds.
TIMEOUT = 5.0

logger = logging.getLogger("sandbox.clio.webhooks")


@dataclass(order=True)
class Delivery:
    """One POST on its way. `due` is sandbox time."""

    due: float
    order: int
    hook_id: int = field(compare=False)
    body: bytes = field(compare=False)
    handshake: bool = field(default=False, compare=False)
    attempt: int = field(default=1, compare=False)


class Webhooks:
    """Notices what happens to records, and tells who subscribed, from one background thread and in order."""

    def __init__(self, world: World) -> None:
        self.world = world
        #: What was sent and how it was answered, newest last.
        self.sent: deque[dict[str, Any]] = deque(maxlen=5000)
        self._heap: list[Delivery] = []
        self._held: list[Delivery] = []
        self._order = itertools.count()
        self._wake = threading.Condition()
        self._busy = False
        self._stopped = False
        self._thread: threading.Thread | None = None
        world.clock.on_move(self._nudge)

    # --- what happened (called with the store's lock held) -----------------------------------------------------------

    def before(self, ctx: Context, resource: Resource, row: Row) -> dict[int, Any] | None:
        """What each watching hook would show of the row now; None when nobody watches."""
        hooks = self._watching(ctx, resource, row)
        return (
            {hook["id"]: self._shown(hook, resource, row) for hook in hooks} | {-1: row.get("status")}
            if hooks
            else None
        )

    def created(self, ctx: Context, resource: Resource, row: Row) -> None:
        for hook in self._watching(ctx, resource, row):
            if "created" in hook["events"]:
                self._emit(hook, "created", self._shown(hook, resource, row), row)
            if resource.model == "matter":
                self._matter_event(hook, resource, row)

    def updated(self, ctx: Context, resource: Resource, row: Row, before: dict[int, Any]) -> None:
        """Fires when a watched field changed; the first update after subscribing fires whatever changed."""
        for hook in self._watching(ctx, resource, row):
            shown = self._shown(hook, resource, row)
            first = str(row["id"]) not in hook["seen"]
            watched = {w.name for w in fields.parse(resource.shape, hook["fields"])}
            always = bool(watched & {"etag", "updated_at"})
            if "updated" in hook["events"] and (first or always or shown != before.get(hook["id"])):
                hook["seen"][str(row["id"])] = True
                self._emit(hook, "updated", shown, row)
            if resource.model == "matter" and row.get("status") != before[-1]:
                self._matter_event(hook, resource, row)

    def watching_deletion(self, ctx: Context, resource: Resource, row: Row) -> list[Row]:
        return [hook for hook in self._watching(ctx, resource, row) if "deleted" in hook["events"]]

    def deleted(self, ctx: Context, resource: Resource, row: Row, hooks: list[Row]) -> None:
        for hook in hooks:
            self._emit(hook, "deleted", {}, row)

    def _watching(self, ctx: Context, resource: Resource, row: Row) -> list[Row]:
        """Live hooks for this model whose user may see the record."""
        now = self.world.clock.time()
        found = []
        for hook in ctx.store["webhooks"].of(ctx.account_id):
            if hook["model"] != resource.model or hook["status"] != "enabled" or hook["expires_at"] <= now:
                continue
            if resource.visible(self._as_subscriber(hook), row):
                found.append(hook)
        return found

    def _as_subscriber(self, hook: Row) -> Context:
        user = self.world.store["users"].get(hook["creator_id"])
        assert user is not None
        return self.world.context(user)

    def _shown(self, hook: Row, resource: Resource, row: Row) -> dict[str, Any]:
        wanted = fields.parse(resource.shape, hook["fields"])
        return views.project(self._as_subscriber(hook), resource.shape, row, wanted)

    def _matter_event(self, hook: Row, resource: Resource, row: Row) -> None:
        from sandbox.clio.resources.matters import STATUS_EVENTS

        event = STATUS_EVENTS[row["status"]]
        if event in hook["events"]:
            self._emit(hook, event, self._shown(hook, resource, row), row)

    # --- outgoing ----------------------------------------------------------------------------------------------------

    def _emit(self, hook: Row, event: str, shown: dict[str, Any], row: Row) -> None:
        record_id = str(row["id"]) if hook["model"] == "calendar_entry" else row["id"]
        data = {"id": record_id, "etag": row["etag"]} | shown
        body = json.dumps({"data": data, "meta": {"event": event, "webhook_id": hook["id"]}}).encode()
        kind = self.world.faults.take_webhook()
        if kind == "lost":
            self._note(hook["id"], body, None, "lost")
            return
        with self._wake:
            delivery = self._delivery(hook["id"], body)
            if kind == "out_of_order":
                self._held.append(delivery)
                return
            heapq.heappush(self._heap, delivery)
            if kind == "doubled":
                heapq.heappush(self._heap, self._delivery(hook["id"], body))
            while self._held:
                late = self._held.pop(0)
                late.order = next(self._order)
                heapq.heappush(self._heap, late)
            self._start()

    def _delivery(self, hook_id: int, body: bytes, *, handshake: bool = False) -> Delivery:
        return Delivery(self.world.clock.time(), next(self._order), hook_id, body, handshake)

    def shake_hands(self, hook: Row) -> None:
        """POST the secret to the URL, at once but beside the request: it can arrive before the create has answered."""
        body = json.dumps({"data": {"webhook_id": hook["id"]}}).encode()
        with self._wake:
            heapq.heappush(self._heap, self._delivery(hook["id"], body, handshake=True))
            self._start()

    def replay(self, count: int = 1) -> int:
        """Send the last `count` deliveries once more, as they were."""
        with self._wake:
            again = [s for s in self.sent if not s["handshake"] and s["status"] is not None][-count:]
            for sent in again:
                heapq.heappush(self._heap, self._delivery(sent["webhook_id"], sent["body"].encode()))
            self._start()
        return len(again)

    def settle(self, timeout: float = 10.0) -> bool:
        """Wait until nothing is due any more (retries of later sandbox time aside). False when it took too long."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            with self._wake:
                due = self._heap and self._heap[0].due <= self.world.clock.time()
                if not due and not self._busy:
                    return True
            time.sleep(0.005)
        return False

    def pending(self) -> int:
        with self._wake:
            return len(self._heap)

    def clear(self) -> None:
        with self._wake:
            self._heap.clear()
            self._held.clear()
            self.sent.clear()

    def stop(self) -> None:
        with self._wake:
            self._stopped = True
            self._wake.notify_all()

    def _nudge(self) -> None:
        with self._wake:
            self._wake.notify_all()

    def _start(self) -> None:
        self._wake.notify_all()
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, daemon=True, name="clio-webhooks")
            self._thread.start()

    def _run(self) -> None:
        while True:
            with self._wake:
                while not self._stopped:
                    if self._heap:
                        wait = self._heap[0].due - self.world.clock.time()
                        if wait <= 0:
                            break
                        self._wake.wait(min(wait, 1.0))
                    else:
                        self._wake.wait()
                if self._stopped:
                    return
                delivery = heapq.heappop(self._heap)
                self._busy = True
            try:
                self._send(delivery)
            except Exception:
                logger.exception("a webhook delivery failed inside the sandbox")
            finally:
                with self._wake:
                    self._busy = False

    def _send(self, delivery: Delivery) -> None:
        store = self.world.store
        with store.lock:
            hook = store["webhooks"].get(delivery.hook_id)
            wanted = "pending" if delivery.handshake else "enabled"
            if hook is None or hook["status"] != wanted:
                return
            url, secret = hook["url"], hook["shared_secret"]
        headers = {"Content-Type": "application/json", "User-Agent": "Clio-Webhook"}
        if delivery.handshake:
            headers["X-Hook-Secret"] = secret
        else:
            headers["X-Hook-Signature"] = hmac.new(secret.encode(), delivery.body, hashlib.sha256).hexdigest()
        status, answer = post(url, headers, delivery.body)
        self._note(
            delivery.hook_id,
            delivery.body,
            status,
            None,
            handshake=delivery.handshake,
            attempt=delivery.attempt,
        )
        with store.lock:
            hook = store["webhooks"].get(delivery.hook_id)
            if hook is not None:
                self._judge(hook, delivery, status, answer.get("x-hook-secret") == secret)

    def _judge(self, hook: Row, delivery: Delivery, status: int | None, echoed: bool) -> None:
        """2xx and 3xx are accepted, 410 ends the subscription, anything else is tried again, then suspended."""
        now = self.world.clock.seconds()
        if status == 410:
            self._set_status(hook, "suspended", now)
        elif status is not None and 200 <= status < 400:
            # Without the secret in the answer the hook stays pending: the handshake may come later (PUT activate).
            if delivery.handshake and echoed:
                self._set_status(hook, "enabled", now)
        elif delivery.attempt < ATTEMPTS:
            again = self._delivery(delivery.hook_id, delivery.body, handshake=delivery.handshake)
            again.attempt = delivery.attempt + 1
            again.due = self.world.clock.time() + FIRST_RETRY * 2 ** (delivery.attempt - 1)
            with self._wake:
                heapq.heappush(self._heap, again)
        else:
            self._set_status(hook, "suspended", now)

    def _set_status(self, hook: Row, status: str, now: int) -> None:
        hook["status"] = status
        self.world.store.touch(hook, now)

    def _note(
        self,
        hook_id: int,
        body: bytes,
        status: int | None,
        fault: str | None,
        *,
        handshake: bool = False,
        attempt: int = 1,
    ) -> None:
        self.sent.append(
            {
                "webhook_id": hook_id,
                "body": body.decode(),
                "status": status,
                "fault": fault,
                "handshake": handshake,
                "attempt": attempt,
                "at": self.world.clock.seconds(),
            }
        )


def post(url: str, headers: dict[str, str], body: bytes) -> tuple[int | None, dict[str, str]]:
    """POST and tell the status and the answer's headers; (None, {}) when nobody answered in time."""
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=TIMEOUT)
    try:
        connection.request(
            "POST", (parts.path or "/") + (f"?{parts.query}" if parts.query else ""), body, headers
        )
        answer = connection.getresponse()
        answer.read()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}
    except (OSError, http.client.HTTPException):
        return None, {}
    finally:
        connection.close()
