"""Writes down what happened, in the caller's transaction, and tells whoever must act on it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from typing import Any

from django.db import DEFAULT_DB_ALIAS, transaction

from daybook.core.events import EVENTS
from daybook.firms import prepared
from daybook.firms.models import Event, Firm, Lawyer, User

#: Who sits at another lawyer's desk just now, and whose it is.
_desk: ContextVar[tuple[int, Lawyer] | None] = ContextVar("desk", default=None)

Listener = Callable[[Event], None]
_listeners: list[Listener] = []

#: What `Event.objects.create` does, in SQL that is not built anew for each of the many.
_INSERT = """
    INSERT INTO firms_event (firm_id, name, subject, actor_id, behalf_of_id, details, at)
    VALUES (%s, %s, %s, %s, %s, %s::jsonb, %s) RETURNING id
"""


def listen(listener: Listener) -> None:
    """Call `listener` with every event, inside the transaction that recorded it. Called once, at start."""
    if listener not in _listeners:
        _listeners.append(listener)


@contextmanager
def acting(user: User, lawyer: Lawyer | None) -> Iterator[None]:
    """
    Whatever `user` does inside is recorded on behalf of `lawyer` as well, by whichever operation and however deep; None
    says that they sit at no other's desk. An operation that names somebody itself knows better.
    """
    token = _desk.set((user.pk, lawyer) if lawyer else None)
    try:
        yield
    finally:
        _desk.reset(token)


def record(
    name: str,
    *,
    firm: Firm | int,
    now: datetime,
    subject: int | None = None,
    actor: User | None = None,
    behalf_of: Lawyer | None = None,
    **details: Any,
) -> Event:
    """
    Record that something happened, and queue in the same transaction what follows from it.

    `details` holds ids, states and instants, never a client's words. Raises ValueError for an event that
    `core.events` does not list, and RuntimeError outside a transaction: an event without its rows is a lie.
    """
    if name not in EVENTS:
        raise ValueError(f"{name} is not listed in core/events.py")
    desk = _desk.get()
    if behalf_of is None and actor is not None and desk is not None and desk[0] == actor.pk:
        behalf_of = desk[1]
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError(f"{name} was recorded outside a transaction")
    event = Event(
        firm_id=firm if isinstance(firm, int) else firm.pk,
        name=name,
        subject=subject,
        actor=actor,
        behalf_of=behalf_of,
        details=details,
        at=now,
    )
    said = (event.firm_id, name, subject, event.actor_id, event.behalf_of_id, json.dumps(details), now)
    event.pk = prepared.rows(_INSERT, said)[0][0]
    event._state.adding, event._state.db = False, DEFAULT_DB_ALIAS
    for listener in _listeners:
        listener(event)
    return event
