"""Telling watchers: an empty POST with headers, without retries worth relying on (Google's guide to push notifications)."""

from __future__ import annotations

import http.client
import queue
import threading
import time
from collections import deque
from email.utils import formatdate
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from sandbox.google.world import World

#: Real seconds.
TIMEOUT = 5.0


class Push:
    """Sends notifications from one background thread, in order."""

    def __init__(self, world: World) -> None:
        self.world = world
        #: What was sent and how it was answered, newest last.
        self.sent: deque[dict[str, Any]] = deque(maxlen=5000)
        self._queue: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self._held: list[dict[str, Any]] = []
        self._thread: threading.Thread | None = None

    def tell(self, channel: dict[str, Any], state: str) -> None:
        """One notification of a channel: `sync` when it is made, `exists` after a change. The lock is held."""
        if channel["expires_at"] <= self.world.clock.time():
            return
        channel["number"] += 1
        headers = {
            "Content-Length": "0",
            "X-Goog-Channel-ID": channel["id"],
            "X-Goog-Channel-Expiration": formatdate(channel["expires_at"], usegmt=True),
            "X-Goog-Resource-ID": channel["resourceId"],
            "X-Goog-Resource-URI": channel["resourceUri"],
            "X-Goog-Resource-State": state,
            "X-Goog-Message-Number": str(channel["number"]),
        }
        if channel.get("token"):
            headers["X-Goog-Channel-Token"] = channel["token"]
        note = {"address": channel["address"], "headers": headers}
        fault = self.world.faults.take_webhook()
        if fault == "lost":
            return
        if fault == "out_of_order":
            self._held.append(note)
            return
        for one in [note, *([note] if fault == "doubled" else []), *self._held]:
            self._queue.put(one)
        self._held.clear()
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, daemon=True, name="google-push")
            self._thread.start()

    def settle(self, timeout: float = 10.0) -> bool:
        """Wait until everything has gone out."""
        until = time.monotonic() + timeout
        while self._queue.unfinished_tasks and time.monotonic() < until:
            time.sleep(0.01)
        return not self._queue.unfinished_tasks

    def replay(self, count: int) -> None:
        for one in list(self.sent)[-count:]:
            self._queue.put({"address": one["address"], "headers": one["headers"]})

    def stop(self) -> None:
        self._queue.put(None)
        if self._thread is not None:
            self._thread.join(TIMEOUT)

    def _run(self) -> None:
        while (note := self._queue.get()) is not None:
            self.sent.append(note | {"status": _post(note["address"], note["headers"])})
            self._queue.task_done()


def _post(address: str, headers: dict[str, str]) -> int:
    """The answer's status, 0 for none."""
    parts = urlsplit(address)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=TIMEOUT)
    try:
        connection.request("POST", parts.path or "/", b"", headers)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()
