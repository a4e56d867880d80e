"""Trouble on order: what goes wrong with which request, and how often."""

from __future__ import annotations

import itertools
import threading
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from typing import Any

#: kind -> what happens. "before" kinds change nothing in the sandbox; "after" kinds apply the request first.
KINDS: dict[str, str] = {
    "status": "before: answer with `status` (any, 5xx included) and an error body",
    "drop_before": "before: close the connection, nothing applied",
    "rate_limited": "before: 429 with `retry_after` seconds",
    "revoke_token": "before: the token is revoked for good, 401",
    "drop_after": "after: apply the request, then close the connection without an answer",
    "status_after": "after: apply the request, then answer with `status` as if it had failed",
    "truncated": "after: apply, promise the whole body, send half of it",
    "malformed": "after: apply, answer 200 with a body that is not JSON",
    "slow": "after: wait `seconds`, then answer normally",
}

#: Faults of deliveries. "lost" never leaves, "doubled" goes out twice, "held" waits and goes out after the next one.
WEBHOOK_KINDS = ("lost", "doubled", "out_of_order")


@dataclass
class Fault:
    """A fault waiting for its request: method and path are patterns (`*` and `?`), `count` None means for ever."""

    id: int
    kind: str
    method: str = "*"
    path: str = "*"
    count: int | None = 1
    status: int = 503
    seconds: float = 0.0
    retry_after: int = 60
    #: Let this many matching requests through first.
    skip: int = 0

    def matches(self, method: str, path: str) -> bool:
        return fnmatchcase(method, self.method.upper()) and fnmatchcase(path, self.path)


class Faults:
    """The faults in waiting, and whether the whole service is down."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []
        self._webhook: dict[str, int] = dict.fromkeys(WEBHOOK_KINDS, 0)
        self._ids = itertools.count(1)
        self._lock = threading.Lock()
        self.down = False

    def add(self, kind: str, **options: Any) -> dict[str, Any]:
        if kind not in KINDS:
            raise ValueError(f"no fault called {kind}; there are {', '.join(KINDS)}")
        with self._lock:
            fault = Fault(id=next(self._ids), kind=kind, **options)
            self._waiting.append(fault)
        return asdict(fault)

    def add_webhook(self, kind: str, count: int = 1) -> None:
        if kind not in WEBHOOK_KINDS:
            raise ValueError(f"no webhook fault called {kind}; there are {', '.join(WEBHOOK_KINDS)}")
        with self._lock:
            self._webhook[kind] += count

    def take(self, method: str, path: str) -> Fault | None:
        """The first waiting fault for this request, used up by one."""
        if not self._waiting:
            return None
        with self._lock:
            for fault in self._waiting:
                if not fault.matches(method, path):
                    continue
                if fault.skip:
                    fault.skip -= 1
                    continue
                if fault.count is not None:
                    fault.count -= 1
                    if fault.count <= 0:
                        self._waiting.remove(fault)
                return fault
        return None

    def take_webhook(self) -> str | None:
        with self._lock:
            for kind, left in self._webhook.items():
                if left:
                    self._webhook[kind] -= 1
                    return kind
        return None

    def waiting(self) -> list[dict[str, Any]]:
        with self._lock:
            return [asdict(fault) for fault in self._waiting]

    def clear(self) -> None:
        with self._lock:
            self._waiting.clear()
            self._webhook = dict.fromkeys(WEBHOOK_KINDS, 0)
            self.down = False
