"""Requests per minute and token, with Clio's headers (facts §4, [D 5])."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from sandbox.clock import Clock

WINDOW = 60


@dataclass
class Standing:
    """How a token stands in its window, after the request being answered."""

    limit: int
    remaining: int
    reset: int
    exceeded: bool
    retry_after: int

    def headers(self) -> dict[str, str]:
        out = {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(self.remaining),
            "X-RateLimit-Reset": str(self.reset),
        }
        return out | ({"Retry-After": str(self.retry_after)} if self.exceeded else {})


class RateLimit:
    """A fixed window of 60 seconds per access token, opened by the token's first request in it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._windows: dict[str, tuple[float, int]] = {}
        self._lock = threading.Lock()

    def count(self, token: str, limit: int) -> Standing:
        now = self._clock.time()
        with self._lock:
            opened, used = self._windows.get(token, (now, 0))
            if not opened <= now < opened + WINDOW:
                opened, used = now, 0
            exceeded = used >= limit
            used += 0 if exceeded else 1
            self._windows[token] = (opened, used)
        left = max(1, int(opened + WINDOW - now + 0.999))
        return Standing(limit, max(0, limit - used), int(now) + left, exceeded, left)

    def clear(self) -> None:
        with self._lock:
            self._windows.clear()
