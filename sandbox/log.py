"""Every request received and every answer given, kept for tests and for the curious."""

from __future__ import annotations

import json
import threading
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Exchange:
    """One request and its answer, as they went over the wire (bodies decoded when asked for)."""

    method: str
    path: str
    query: str
    request_headers: dict[str, str]
    request_body: bytes
    status: int = 0
    response_headers: dict[str, str] = field(default_factory=dict)
    response_body: bytes = b""
    #: Kind of the fault that bent the answer, if one did: such answers are not held to the contract.
    fault: str | None = None
    #: The request is wrong on purpose (header X-Sandbox-Deliberate): not held to the contract either.
    deliberate: bool = False
    user: str | None = None

    def as_json(self) -> dict[str, Any]:
        return {
            "method": self.method,
            "path": self.path,
            "query": self.query,
            "request_headers": self.request_headers,
            "request_body": decoded(self.request_body),
            "status": self.status,
            "response_headers": self.response_headers,
            "response_body": decoded(self.response_body),
            "fault": self.fault,
            "deliberate": self.deliberate,
            "user": self.user,
        }


def decoded(body: bytes) -> Any:
    """JSON when it is JSON, text otherwise, None when empty."""
    if not body:
        return None
    try:
        return json.loads(body)
    except ValueError:
        return body.decode("utf-8", "replace")


class Log:
    """The last exchanges (at most `keep`) and counters of all of them."""

    def __init__(self, keep: int = 20_000) -> None:
        self.recording = True
        self.exchanges: deque[Exchange] = deque(maxlen=keep)
        self.counts: Counter[str] = Counter()
        self._lock = threading.Lock()

    def add(self, exchange: Exchange) -> None:
        with self._lock:
            self.counts["all"] += 1
            self.counts[f"{exchange.method} {exchange.path}"] += 1
            self.counts[str(exchange.status)] += 1
            if self.recording:
                self.exchanges.append(exchange)

    def kept(self) -> list[Exchange]:
        with self._lock:
            return list(self.exchanges)

    def clear(self) -> None:
        with self._lock:
            self.exchanges.clear()
            self.counts.clear()
