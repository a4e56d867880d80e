"""The contract of every calendar provider: what it is asked, and what it answers."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from daybook.calendars.models import Calendar
from daybook.calendars.operations import Busy
from daybook.connectors.calendars import Seen
from daybook.connectors.errors import RemoteTrouble, Retry
from daybook.sync.models import Connection


@dataclass(frozen=True, slots=True)
class Asked:
    """
    When a calendar is to be read: [start, end) at least. `whole` says that this is all the mirror keeps of it, `live`
    that somebody waits for the answer: then no request is begun after `until` on the monotonic clock.
    """

    start: datetime
    end: datetime
    now: datetime
    whole: bool
    live: bool
    until: float | None = None

    def before(self, called: str) -> Callable[[], None] | None:
        """What to do ahead of every request to the system so `called`: raise OutOfTime once somebody has waited enough."""
        until = self.until
        if until is None:
            return None

        def look_at_the_clock() -> None:
            if time.monotonic() > until:
                raise OutOfTime(called)

        return look_at_the_clock


class OutOfTime(RemoteTrouble):
    """It answers, but more slowly than a person should have to wait."""

    retry = Retry.LATER
    sentence = "{provider} is slow to answer. Daybook will try again."


@dataclass(frozen=True, slots=True)
class Told:
    """
    All that is busy in [start, end), which may reach further than was asked; or `changes`, each changed entry with all
    that it takes now. With neither, the mirror has it all already. `kept` is called in the transaction that stores it.

    `since` is the token of the mirror with which it was asked: should that be another one by now, somebody else has read
    the same calendar meanwhile. `seen` is what was read, where the provider says more than busy times.
    """

    busy: list[Busy] | None
    start: datetime
    end: datetime
    whole: bool
    kept: Callable[[], None] | None = None
    changes: Mapping[str, list[Busy]] | None = None
    since: str | None = None
    seen: tuple[Seen, ...] | None = None


#: Asks the other system. Raises RemoteTrouble: with Retry.NEVER the calendar fails closed at once.
Find = Callable[[Calendar, Connection, Asked], Told]
