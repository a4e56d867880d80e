"""One writer at a time for a lawyer's time; the database's constraint stays as the proof."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import ParamSpec, TypeVar

from django.db import IntegrityError, OperationalError, transaction
from psycopg import errors as pg

from daybook.core.errors import Refusal, SlotTaken
from daybook.firms import prepared
from daybook.firms.models import Lawyer

P = ParamSpec("P")
R = TypeVar("R")

#: The server gave up on this transaction, and the same one may well succeed: nothing of it was kept.
_TRY_AGAIN = (pg.DeadlockDetected, pg.LockNotAvailable, pg.SerializationFailure)
_TRIES = 3
#: Seconds for which whoever wants a time waits for whoever was first; as long as the settings let them wait for a lock.
_PATIENCE = 5.0


class Crowded(Refusal):
    """Too many people wanted this lawyer's time in the same seconds."""

    says = "Many people are booking just now. Please try again in a moment."


def lock_lawyer(lawyer_id: int) -> None:
    """Wait for one's turn with this lawyer's time, until the transaction ends. Several lawyers: in the order of ids."""
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError("a lock outside a transaction holds nothing")
    if not prepared.rows("SELECT 1 FROM firms_lawyer WHERE id = %s FOR NO KEY UPDATE", [lawyer_id]):
        raise Lawyer.DoesNotExist


_wanted: dict[Hashable, threading.Event] = {}
_wanted_lock = threading.Lock()


def wait_for_first(wanted: Hashable) -> None:
    """Wait until nobody in this process is at what is wanted; at once when nobody is."""
    under_way = _wanted.get(wanted)
    if under_way is not None:
        under_way.wait(_PATIENCE)


@contextmanager
def first_of_many(wanted: Hashable) -> Iterator[bool]:
    """
    True at once for the first in this process who wants something; False for the others, when the first is done.

    It proves nothing, the database does: it only keeps a crowd from queueing there one behind the other.
    """
    with _wanted_lock:
        under_way = _wanted.get(wanted)
        if first := under_way is None:
            done = _wanted[wanted] = threading.Event()
    if not first:
        under_way.wait(_PATIENCE)
        yield False
        return
    try:
        yield True
    finally:
        with _wanted_lock:
            del _wanted[wanted]
        done.set()


def books(operation: Callable[P, R]) -> Callable[P, R]:
    """
    Wrap an operation that takes a lawyer's time: collisions become SlotTaken, and what the server asks to be tried
    again is tried again. The operation must be one transaction and nothing else.
    """

    @wraps(operation)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        for attempt in range(_TRIES):
            try:
                return operation(*args, **kwargs)
            except IntegrityError as error:
                if isinstance(error.__cause__, pg.ExclusionViolation):
                    raise SlotTaken from error
                raise
            except OperationalError as error:
                if not isinstance(error.__cause__, _TRY_AGAIN):
                    raise
                if attempt == _TRIES - 1:
                    raise Crowded from error
                time.sleep(random.uniform(0.01, 0.05) * (attempt + 1))  # noqa: S311 - spreads the herd
        raise AssertionError("unreachable")

    return wrapped
