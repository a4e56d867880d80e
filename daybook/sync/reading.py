"""The contract of every calendar provider: what it is asked, and what it answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from daybook.calendars.models import Calendar
from daybook.calendars.operations import Busy
from daybook.sync.models import Connection


@dataclass(frozen=True, slots=True)
class Asked:
    """
    When a calendar is to be read: [start, end) at least. `whole` says that this is all the mirror keeps of it, `live`
    that somebody waits for the answer.
    """

    start: datetime
    end: datetime
    now: datetime
    whole: bool
    live: bool


@dataclass(frozen=True, slots=True)
class Told:
    """
    All that is busy in [start, end), which may reach further than was asked; `busy` is None when the mirror has it
    already. `kept` is called in the transaction that stores it.
    """

    busy: list[Busy] | None
    start: datetime
    end: datetime
    whole: bool
    kept: Callable[[], None] | None = None


#: Asks the other system. Raises RemoteTrouble: with Retry.NEVER the calendar fails closed at once.
Find = Callable[[Calendar, Connection, Asked], Told]
