"""A kept connection is looked at once a request, and asked only when it has been idle or something has arrived on it."""

from __future__ import annotations

import select
import time
from typing import Any

from django.db.backends.postgresql import base

#: A connection that answered this lately is taken at its word unless the server has hung up since.
IDLE_SECONDS = 20.0


class DatabaseWrapper(base.DatabaseWrapper):
    """
    Django asks the server `SELECT 1` at the beginning of every request that needs it: a round trip that says nothing
    new about a connection used a moment ago. A server that stopped or was restarted has closed its end, which the
    socket tells without asking; one that vanished without a word is noticed by the question after IDLE_SECONDS, or
    by the request's own query, as it would be if it vanished right after the question.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._good_at = float("-inf")

    def connect(self) -> None:
        super().connect()
        self._good_at = time.monotonic()

    def close_if_health_check_failed(self) -> None:
        if self.connection is None or not self.health_check_enabled or self.health_check_done:
            return
        now = time.monotonic()
        if now - self._good_at < IDLE_SECONDS and self._is_quiet():
            self.health_check_done = True
        else:
            super().close_if_health_check_failed()
        self._good_at = now

    def _is_quiet(self) -> bool:
        """Nothing has arrived that nobody asked for: a server that hangs up says so, or at least closes its end."""
        if self.connection.closed:
            return False
        waiting = select.poll()
        waiting.register(self.connection.fileno(), select.POLLIN)
        return not waiting.poll(0)
