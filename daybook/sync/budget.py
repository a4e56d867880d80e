"""One token's requests a minute, shared by every process of the firm; whoever waits for a page goes first."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import connection as database
from django.utils import timezone

from daybook.connectors.clio.session import Priority
from daybook.connectors.errors import Limited
from daybook.sync.models import Connection

#: Requests that must remain before somebody of this priority may take one (facts: 50 a minute in peak hours, 2026-10).
RESERVED: dict[Priority, int] = {Priority.LIVE: 0, Priority.SOON: 5, Priority.BACKGROUND: 20}

#: Clio's window, used when it has not told when it ends.
WINDOW = timedelta(seconds=60)

_TAKE = """
    UPDATE sync_connection
       SET rate_remaining = CASE WHEN rate_resets_at IS NULL OR rate_resets_at <= %(now)s
                                 THEN rate_limit ELSE rate_remaining END - 1,
           rate_resets_at = CASE WHEN rate_resets_at IS NULL OR rate_resets_at <= %(now)s
                                 THEN %(until)s ELSE rate_resets_at END
     WHERE id = %(id)s
       AND (rate_limit IS NULL
            OR CASE WHEN rate_resets_at IS NULL OR rate_resets_at <= %(now)s
                    THEN rate_limit ELSE rate_remaining END > LEAST(%(reserved)s, rate_limit / 2))
 RETURNING 1
"""


class SharedBudget:
    """What the connector asks before each request and tells after each answer."""

    def __init__(self, connection_id: int, before: Callable[[], None] | None = None) -> None:
        self._id = connection_id
        self._before = before

    def take(self, priority: Priority) -> None:
        """Raises Limited when what is left is reserved for somebody in more of a hurry, and what `before` raises."""
        if self._before is not None:
            self._before()
        now = timezone.now()
        with database.cursor() as cursor:
            cursor.execute(
                _TAKE,
                {"id": self._id, "now": now, "until": now + WINDOW, "reserved": RESERVED[priority]},
            )
            if cursor.fetchone() is not None:
                return
        resets = Connection.objects.filter(pk=self._id).values_list("rate_resets_at", flat=True).first()
        wait = (resets - now).total_seconds() if resets else WINDOW.total_seconds()
        raise Limited("Clio", after=max(1.0, wait))

    def report(self, limit: int | None, remaining: int | None, reset: datetime | None) -> None:
        """Believe Clio over our own count, except that a late answer must not give back what others took since."""
        if limit is None or remaining is None:
            return
        with database.cursor() as cursor:
            cursor.execute(
                "UPDATE sync_connection SET rate_limit = %(limit)s,"
                " rate_remaining = CASE WHEN rate_remaining IS NULL OR rate_resets_at IS NULL"
                " OR rate_resets_at < %(reset)s THEN %(left)s ELSE LEAST(rate_remaining, %(left)s) END,"
                " rate_resets_at = GREATEST(rate_resets_at, %(reset)s) WHERE id = %(id)s",
                {
                    "id": self._id,
                    "limit": limit,
                    "left": remaining,
                    "reset": reset or timezone.now() + WINDOW,
                },
            )
