"""A CalDAV account as the contract of calendar providers wants it."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from urllib.parse import urljoin

from daybook.connectors.caldav import listing, readings, writing
from daybook.connectors.caldav.objects import Eyes, cancelled, own, seen
from daybook.connectors.caldav.session import BACKGROUND_SECONDS, Session
from daybook.connectors.caldav.settings import Account
from daybook.connectors.calendars import Draft, Listed, Reading, Seen, Written
from daybook.connectors.errors import Missing
from daybook.connectors.guard import Resolver
from daybook.core.periods import Period

#: One entry by itself is read over this much of the past and of the future.
BEFORE, AHEAD = timedelta(days=366), timedelta(days=2 * 366)


def _now() -> datetime:
    return datetime.now(UTC)


class CaldavCalendars:
    """
    Passes `connectors.calendars.Service`; there is no `Watching`, since CalDAV servers tell nothing by themselves.

    Calendars go by their whole address, entries by their path on the same host. `account` is what `discovery.discover`
    found. `before` is called ahead of each request; `clock` tells the time for DTSTAMP and for `get`.
    """

    def __init__(
        self,
        account: Account,
        *,
        username: str,
        password: str,
        private: bool = False,
        seconds: float = BACKGROUND_SECONDS,
        before: Callable[[], None] | None = None,
        clock: Callable[[], datetime] = _now,
        resolve: Resolver | None = None,
        certificates: ssl.SSLContext | None = None,
    ) -> None:
        self.account = account
        self._clock = clock
        self._own = own(name for name in (*account.addresses, username) if "@" in name)
        self._session = Session(
            account.name,
            username=username,
            password=password,
            origins=account.origins,
            private=private,
            seconds=seconds,
            before=before,
            resolve=resolve,
            certificates=certificates,
        )

    def calendars(self) -> tuple[Listed, ...]:
        return listing.calendars(self._session, self.account)

    def read(self, calendar_id: str, window: Period, *, home: str, since: str = "") -> Reading:
        return readings.read(self._session, calendar_id, self._eyes(window, home), since)

    def get(self, calendar_id: str, entry_id: str, *, home: str) -> Seen:
        found = readings.fetch(self._session, calendar_id, urljoin(calendar_id, entry_id))
        if found is None or cancelled(found[1], self.account.name):
            raise Missing(self.account.name)
        return seen(entry_id, found[0], found[1], self._around_now(home))

    def find(self, calendar_id: str, uid: str, *, home: str) -> tuple[Seen, ...]:
        return tuple(writing.find(self._session, calendar_id, uid, self._around_now(home)))

    def create(self, calendar_id: str, draft: Draft) -> Written:
        eyes = self._around_now(draft.time_zone)
        return writing.create(self._session, calendar_id, draft, eyes, self._clock())

    def update(self, calendar_id: str, entry_id: str, draft: Draft, *, etag: str = "") -> Written:
        return writing.update(self._session, calendar_id, entry_id, draft, etag, self._clock())

    def delete(self, calendar_id: str, entry_id: str, *, etag: str = "") -> None:
        writing.delete(self._session, calendar_id, entry_id, etag)

    def _around_now(self, home: str) -> Eyes:
        now = self._clock()
        return self._eyes(Period(now - BEFORE, now + AHEAD), home)

    def _eyes(self, window: Period, home: str) -> Eyes:
        return Eyes(self.account.name, window, home, self._own)
