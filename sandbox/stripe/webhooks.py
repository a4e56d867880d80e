"""Events on their way: signed, one after the other, and twice, late or not at all on demand."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import queue
import threading
import time
from collections import deque
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from sandbox.stripe.world import World

#: Real seconds.
TIMEOUT = 5.0


class Webhooks:
    """Sends events from one background thread. Nothing is sent before an endpoint is set."""

    def __init__(self, world: World) -> None:
        self.world = world
        #: What was sent and how it was answered, newest last.
        self.sent: deque[dict[str, Any]] = deque(maxlen=5000)
        self._queue: queue.Queue[bytes | None] = queue.Queue()
        self._held: list[bytes] = []
        self._thread: threading.Thread | None = None

    def send(self, event: dict[str, Any]) -> None:
        """Queue an event; faults in waiting are spent on it."""
        if not self.world.endpoint:
            return
        body = json.dumps(
            {name: value for name, value in event.items() if not name.startswith("_")}, separators=(",", ":")
        ).encode()
        fault = self.world.faults.take_webhook()
        if fault == "lost":
            return
        if fault == "out_of_order":
            self._held.append(body)
            return
        for one in [body, *([body] if fault == "doubled" else []), *self._held]:
            self._put(one)
        self._held.clear()

    def _put(self, body: bytes) -> None:
        self._queue.put(body)
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, daemon=True, name="stripe-webhooks")
            self._thread.start()

    def settle(self, timeout: float = 10.0) -> bool:
        """Wait until everything has gone out."""
        until = time.monotonic() + timeout
        while self._queue.unfinished_tasks and time.monotonic() < until:
            time.sleep(0.01)
        return not self._queue.unfinished_tasks

    def replay(self, count: int) -> None:
        for one in list(self.sent)[-count:]:
            self._put(one["body"].encode())

    def retry(self) -> None:
        """What was not taken (no answer, or not 2xx) is sent again, as Stripe does for three days."""
        again = [one for one in self.sent if not 200 <= one["status"] < 300]
        for one in again:
            self.sent.remove(one)
            self._put(one["body"].encode())

    def stop(self) -> None:
        self._queue.put(None)
        if self._thread is not None:
            self._thread.join(TIMEOUT)

    def _run(self) -> None:
        while (body := self._queue.get()) is not None:
            endpoint = dict(self.world.endpoint)
            status = _post(endpoint["url"], body, self.signature(body, endpoint["secret"]))
            self.sent.append({"body": body.decode(), "status": status})
            self._queue.task_done()

    def signature(self, body: bytes, secret: str) -> str:
        """The header `Stripe-Signature`; every attempt is signed with its own time."""
        now = self.world.clock.seconds()
        mac = hmac.new(secret.encode(), f"{now}.".encode() + body, hashlib.sha256).hexdigest()
        return f"t={now},v1={mac}"


def _post(address: str, body: bytes, signature: str) -> int:
    """The answer's status, 0 for none."""
    parts = urlsplit(address)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=TIMEOUT)
    try:
        headers = {"Content-Type": "application/json; charset=utf-8", "Stripe-Signature": signature}
        connection.request("POST", parts.path or "/", body, headers)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()
