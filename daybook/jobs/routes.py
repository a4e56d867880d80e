"""What follows what: the only list."""

from __future__ import annotations

from daybook.firms.models import Event


def follow(event: Event) -> None:
    """Queue what follows from `event`, in the transaction that recorded it."""
