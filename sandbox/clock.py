"""The sandbox's clock: real time plus an offset that can be moved, or a fixed instant."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime


class Clock:
    """
    Tell what time it is in the sandbox.

    Everything that expires or is retried (codes, tokens, rate windows, webhooks) asks here, so a test moves days in no
    time. Moving the clock wakes whoever listens (the webhook deliverer).
    """

    def __init__(self) -> None:
        self.offset = 0.0
        self.frozen_at: float | None = None
        self._listeners: list[Callable[[], None]] = []
        self._lock = threading.Lock()

    def time(self) -> float:
        """Seconds since the epoch, in sandbox time."""
        return self.frozen_at if self.frozen_at is not None else time.time() + self.offset

    def seconds(self) -> int:
        """Whole seconds: Clio's timestamps have no fractions (facts §10, [O 20])."""
        return int(self.time())

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.time(), UTC)

    def advance(self, seconds: float) -> None:
        """Move the clock on; a frozen clock stays frozen, later."""
        with self._lock:
            if self.frozen_at is not None:
                self.frozen_at += seconds
            else:
                self.offset += seconds
        self._tell()

    def freeze(self, at: datetime | None = None) -> None:
        self.frozen_at = self.time() if at is None else at.timestamp()
        self._tell()

    def set(self, at: datetime) -> None:
        """Jump to an instant and run on from there (or stay there, when frozen)."""
        if self.frozen_at is not None:
            self.frozen_at = at.timestamp()
        else:
            self.offset = at.timestamp() - time.time()
        self._tell()

    def resume(self) -> None:
        """Back to real time."""
        self.offset, self.frozen_at = 0.0, None
        self._tell()

    def on_move(self, listener: Callable[[], None]) -> None:
        self._listeners.append(listener)

    def _tell(self) -> None:
        for listener in self._listeners:
            listener()
