"""Pages of contacts, the next one being fetched while the caller is busy with this one."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime

from daybook.connectors.clio import contacts as remote
from daybook.connectors.clio.session import Page, Priority, Session
from daybook.connectors.clio.shapes import ClioContact
from daybook.connectors.errors import Garbled, Limited


class _Noted:
    """Stands in for the shared budget in a thread without a database: what was asked and told is passed on after."""

    def __init__(self) -> None:
        self.taken = 0
        self.told: list[tuple[int | None, int | None, datetime | None]] = []

    def take(self, priority: Priority) -> None:
        self.taken += 1

    def report(self, limit: int | None, remaining: int | None, reset: datetime | None) -> None:
        self.told.append((limit, remaining, reset))


def pages(
    session: Session, *, start_url: str | None, updated_since: datetime | None
) -> Iterator[Page[ClioContact]]:
    """
    As `contacts.pages`. While the caller stores a page, the next one is on its way: half of a long reading is waiting.

    The budget is asked in the caller's thread, for the page ahead too; that it has nothing left is raised only when the
    page at hand has been dealt with, and so is every other trouble. A caller that stops early has asked for one page in vain.
    """
    page = remote.page(session, url=start_url, updated_since=updated_since)
    seen: set[str] = set()
    with ThreadPoolExecutor(1) as pool:
        while True:
            if page.next_url in seen:
                raise Garbled("Clio")
            refused, coming, noted = None, None, _Noted()
            if page.next_url:
                seen.add(page.next_url)
                try:
                    _take(session)
                    coming = pool.submit(remote.page, session.with_budget(noted), url=page.next_url)
                except Limited as limited:
                    refused = limited
            yield page
            if refused is not None:
                raise refused
            if coming is None:
                return
            page = _arrived(session, coming, noted)


def _take(session: Session) -> None:
    if session.budget is not None:
        session.budget.take(session.priority)


def _arrived(session: Session, coming: Future[Page[ClioContact]], noted: _Noted) -> Page[ClioContact]:
    try:
        return coming.result()
    finally:
        for _ in range(noted.taken - 1):  # tried more than once
            with suppress(Limited):
                _take(session)
        for told in noted.told:
            if session.budget is not None:
                session.budget.report(*told)
