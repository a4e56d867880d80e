"""What every sandbox can be told beside its own business: what was asked of it, what time it is, what goes wrong."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sandbox.log import Exchange


class Steering:
    """The calls of the control interface that are the same in every sandbox. Every method takes and gives JSON values."""

    _world: Any  # has `log`, `clock` and `faults`, and more in each sandbox

    # --- what was asked --------------------------------------------------------------------------------------------

    def log(self, method: str | None = None, path: str | None = None) -> list[dict[str, Any]]:
        """Requests and answers with bodies, oldest first; `path` is a part of the path."""
        return [
            e.as_json()
            for e in self._world.log.kept()
            if (method is None or e.method == method.upper()) and (path is None or path in e.path)
        ]

    def requests(self) -> dict[str, int]:
        """Counters: "all", "METHOD /path", and status codes."""
        return dict(self._world.log.counts)

    def clear_log(self) -> None:
        self._world.log.clear()

    def record(self, on: bool) -> None:
        """Keep the exchanges (default) or only count them, for benchmarks."""
        self._world.log.recording = on

    @property
    def exchanges(self) -> list[Exchange]:
        return self._world.log.kept()

    # --- time ------------------------------------------------------------------------------------------------------

    def now(self) -> str:
        return self._world.clock.now().isoformat()

    def advance(self, seconds: float) -> str:
        """Move the clock on; retries and expiries that fall due happen."""
        self._world.clock.advance(seconds)
        return self.now()

    def freeze(self, at: str | None = None) -> str:
        self._world.clock.freeze(datetime.fromisoformat(at) if at else None)
        return self.now()

    def set_time(self, at: str) -> str:
        self._world.clock.set(datetime.fromisoformat(at))
        return self.now()

    def resume(self) -> str:
        self._world.clock.resume()
        return self.now()

    # --- trouble ---------------------------------------------------------------------------------------------------

    def fault(
        self, kind: str, method: str = "*", path: str = "*", count: int | None = 1, **options: Any
    ) -> dict[str, Any]:
        """
        Something goes wrong with the next `count` requests (null: all) whose method and path match the patterns.

        Kinds: status, drop_before, rate_limited, revoke_token (nothing is applied); drop_after, status_after, truncated,
        malformed, slow (applied first). Options: status, seconds, retry_after, skip (let so many through first).
        """
        return self._world.faults.add(kind, method=method, path=path, count=count, **options)

    def fault_webhook(self, kind: str, count: int = 1) -> None:
        """The next deliveries are "lost", "doubled" or "out_of_order" (held back until after the next one)."""
        self._world.faults.add_webhook(kind, count)

    def faults(self) -> list[dict[str, Any]]:
        return self._world.faults.waiting()

    def clear_faults(self) -> None:
        """No faults any more, and up again."""
        self._world.faults.clear()

    def down(self, down: bool = True) -> None:
        """Every connection is dropped unanswered (the control interface excepted) until `down(False)`."""
        self._world.faults.down = down
