"""How often an address has tried something: one row each, counted by one statement, true across all machines."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.db import connection, models
from django.utils.crypto import salted_hmac

WINDOW = timedelta(minutes=10)
KEPT = timedelta(days=1)


class Throttle(models.Model):
    """`key` is a fingerprint: an address that is not needed is not kept."""

    key = models.CharField(max_length=64, primary_key=True)
    window_at = models.DateTimeField(db_index=True)  # the beginning of the window `count` belongs to
    count = models.PositiveIntegerField()

    class Meta:
        app_label = "firms"


_COUNT = """
    INSERT INTO firms_throttle AS kept (key, window_at, count) VALUES (%s, %s, 1)
    ON CONFLICT (key) DO UPDATE SET
        count = CASE WHEN kept.window_at = EXCLUDED.window_at THEN kept.count + 1 ELSE 1 END,
        window_at = EXCLUDED.window_at
    RETURNING count
"""
# Skipping what another process holds: two sweepers never wait for each other.
_SWEEP = """
    DELETE FROM firms_throttle WHERE key IN
        (SELECT key FROM firms_throttle WHERE window_at < %s LIMIT 100 FOR UPDATE SKIP LOCKED)
"""


def attempt(what: str, who: str, *, limit: int, now: datetime) -> bool:
    """Count one attempt of `who` at `what`; whether it is still within `limit` in this window. 0 is no limit."""
    if not limit:
        return True
    seconds = int(WINDOW.total_seconds())
    window_at = datetime.fromtimestamp(int(now.timestamp()) // seconds * seconds, UTC)
    key = salted_hmac("daybook.throttle", f"{what} {who}", algorithm="sha256").hexdigest()
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, [key, window_at])
        count: int = cursor.fetchone()[0]
        if count == 1:
            cursor.execute(_SWEEP, [now - KEPT])
    return count <= limit
