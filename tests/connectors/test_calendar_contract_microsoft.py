"""Microsoft, held to what every calendar provider is held to."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from daybook.connectors.microsoft.oauth import App, Token
from daybook.connectors.microsoft.service import MicrosoftCalendars
from daybook.connectors.microsoft.session import Session
from daybook.core.entries import Standing
from sandbox.microsoft import Sandbox, start
from tests.connectors.calendar_contract import CalendarContract
from tests.connectors.calendar_rig import Write
from tests.microsoft_contract import problems

BEN = "ben@hartvale.example"
#: What somebody in Outlook does to make an event say that.
SAYING: dict[Standing, dict[str, Any]] = {
    Standing.BUSY: {"show_as": "busy"},
    Standing.TENTATIVE: {"show_as": "tentative"},
    Standing.UNANSWERED: {"show_as": "tentative", "response": "notResponded"},
    Standing.OUT_OF_OFFICE: {"show_as": "oof"},
    Standing.FREE: {"show_as": "free"},
    Standing.DECLINED: {"show_as": "busy", "response": "declined"},
    Standing.CANCELLED: {"show_as": "busy", "cancelled": True},
}
METHODS: dict[Write, tuple[str, str]] = {
    "create": ("POST", "/v1.0/me/calendars/*/events"),
    "update": ("PATCH", "/v1.0/me/calendars/*/events/*"),
    "delete": ("DELETE", "/v1.0/me/calendars/*/events/*"),
}


class MicrosoftRig:
    """Ben's account at the sandbox, empty."""

    home = "America/Denver"
    tells = frozenset(SAYING)
    nowhere = "AAMkCalNoSuchCalendarAnywhere00000000000="

    def __init__(self, sandbox: Sandbox) -> None:
        self.control = sandbox.control
        self.calendar = self.control.seed("bare")["ben"]["calendar_id"]
        self.control.add_account("alice@hartvale.example", "Alice Vale")
        room = self.control.add_calendar("alice@hartvale.example", "Meeting room")
        self.control.share_calendar(room["id"], BEN)
        self.read_only = room["id"]
        given = self.control.token(BEN)
        token = Token(given["access_token"], given["refresh_token"], None)
        app = App("daybook-demo", "daybook-demo-secret")
        session = Session(
            app,
            token,
            lambda token: None,
            lambda: datetime.now(UTC),
            graph_url=sandbox.graph_url,
            login_url=sandbox.url,
        )
        self.service = MicrosoftCalendars(session)

    def add(
        self,
        title: str,
        start: datetime,
        end: datetime,
        *,
        all_day: bool = False,
        rrule: str = "",
        time_zone: str = "America/Denver",
        standing: Standing = Standing.BUSY,
    ) -> str:
        times = (start.isoformat(), end.isoformat())
        columns = {"all_day": all_day, "rrule": rrule, **SAYING[standing]}
        return str(self.control.create_event(BEN, title, *times, time_zone=time_zone, **columns)["id"])

    def move(self, entry_id: str, start: datetime, end: datetime) -> None:
        self.control.move_event(BEN, entry_id, start.isoformat(), end.isoformat())

    def retitle(self, entry_id: str, title: str) -> None:
        self.control.edit_event(BEN, entry_id, subject=title)

    def remove(self, entry_id: str) -> None:
        self.control.delete_event(BEN, entry_id)

    def move_one(self, entry_id: str, was: datetime, start: datetime, end: datetime) -> None:
        self.move(self.control.occurrence_id(entry_id, was.isoformat()), start, end)

    def leave_out(self, entry_id: str, was: datetime) -> None:
        self.remove(self.control.occurrence_id(entry_id, was.isoformat()))

    def count(self) -> int:
        return len(self.control.records("events", calendar=self.calendar))

    def lose_tokens(self) -> None:
        self.control.lose_tokens()

    def revoke(self) -> None:
        self.control.revoke(BEN)

    def limit(self, seconds: int) -> None:
        self.control.fault("rate_limited", path="/v1.0/*", retry_after=seconds)

    def drop_after(self, write: Write) -> None:
        method, path = METHODS[write]
        self.control.fault("drop_after", method=method, path=path)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with start() as running:
        yield running


#: Where Microsoft does not say what it does, it is either.
@pytest.fixture(params=["as far as known", "the other way"])
def rig(sandbox: Sandbox, request: pytest.FixtureRequest) -> Iterator[MicrosoftRig]:
    rig = MicrosoftRig(sandbox)
    if request.param == "the other way":
        for name, value in OTHERWISE.items():
            rig.control.set_quirk(name, value)
        rig.control.set_most_rows(2)
    yield rig
    assert problems(sandbox.exchanges) == []


OTHERWISE = {
    "duplicate": "refused",
    "refused_with": "409",
    "deleted_transaction": "free",
    "early_masters": "told",
    "whole_days": "converted",
    "removed_occurrences": "told",
}


class TestMicrosoft(CalendarContract):
    """Everything in the suite, over sockets."""
