"""An Exchange Server to speak to: the sandbox with one account, and what somebody else does there."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from daybook.connectors.exchange import Account, exchange_calendars
from daybook.connectors.exchange.service import ExchangeCalendars
from daybook.core.entries import Standing
from sandbox.exchange import Sandbox
from tests.connectors.calendar_rig import Write

DANA = "dana@hartvale.example"
PASSWORD = "exchange"
#: What somebody in Outlook does to make an entry say that.
SAYING: dict[Standing, dict[str, Any]] = {
    Standing.BUSY: {"shown": "Busy"},
    Standing.TENTATIVE: {"shown": "Tentative"},
    Standing.UNANSWERED: {"shown": "Tentative", "response": "NoResponseReceived"},
    Standing.OUT_OF_OFFICE: {"shown": "OOF"},
    Standing.FREE: {"shown": "Free"},
    Standing.DECLINED: {"shown": "Busy", "response": "Decline"},
    Standing.CANCELLED: {"shown": "Busy", "cancelled": True},
}
OPERATIONS: dict[Write, str] = {"create": "CreateItem", "update": "UpdateItem", "delete": "DeleteItem"}


class ExchangeRig:
    """Dana's account at the sandbox, empty."""

    home = "America/Denver"
    tells = frozenset(SAYING)
    nowhere = "AAMkNoSuchCalendarAnywhere0000000000000000000000000000000="

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox, self.control = sandbox, sandbox.control
        self.calendar = self.control.seed("bare")["dana"]["calendar_id"]
        self.read_only = self.control.add_calendar(DANA, "Firm holidays", may_write=False)["id"]
        self.service = self.connected()

    def connected(self, **access: Any) -> ExchangeCalendars:
        """A connection of hers."""
        told = {"username": DANA, "password": PASSWORD, "private": True, **access}
        return exchange_calendars(Account(self.sandbox.ews_url), **told)

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
        made = self.control.create_event(self.calendar, title, *times, time_zone=time_zone, **columns)
        return str(made["id"])

    def move(self, entry_id: str, start: datetime, end: datetime) -> None:
        self.control.move_event(entry_id, start.isoformat(), end.isoformat())

    def retitle(self, entry_id: str, title: str) -> None:
        self.control.edit_event(entry_id, subject=title)

    def remove(self, entry_id: str) -> None:
        self.control.delete_event(entry_id)

    def move_one(self, entry_id: str, was: datetime, start: datetime, end: datetime) -> None:
        self.control.move_occurrence(entry_id, was.isoformat(), start.isoformat(), end.isoformat())

    def leave_out(self, entry_id: str, was: datetime) -> None:
        self.control.delete_occurrence(entry_id, was.isoformat())

    def count(self) -> int:
        return len(self.control.records("items", folder=self.calendar))

    def lose_tokens(self) -> None:
        pass

    def revoke(self) -> None:
        self.control.revoke(DANA)

    def limit(self, seconds: int) -> None:
        self.control.fault("rate_limited", retry_after=seconds)

    def drop_after(self, write: Write) -> None:
        self.control.fault("drop_after", path=f"*/{OPERATIONS[write]}")


class AtTheClock(ExchangeRig):
    """Somebody types what a clock shows, even where it has no midnight that day."""

    def add(self, title: str, start: datetime, end: datetime, **more: Any) -> str:
        return super().add(title, start.replace(tzinfo=None), end.replace(tzinfo=None), **more)

    def move_one(self, entry_id: str, was: datetime, start: datetime, end: datetime) -> None:
        super().move_one(entry_id, *(one.replace(tzinfo=None) for one in (was, start, end)))

    def leave_out(self, entry_id: str, was: datetime) -> None:
        super().leave_out(entry_id, was.replace(tzinfo=None))
