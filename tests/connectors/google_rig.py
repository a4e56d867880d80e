"""A Google account of the sandbox to steer from its other side, and what connects Daybook to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from daybook.connectors.google.oauth import Addresses, App, Token
from daybook.connectors.google.service import GoogleCalendars
from daybook.connectors.google.session import Session
from daybook.core.entries import Standing
from sandbox.google import Sandbox, start
from tests.connectors.calendar_rig import Write
from tests.google_contract import problems

APP = App("daybook-demo", "daybook-demo-secret")
BEN = "ben@hartvale.example"
ALICE = "alice@hartvale.example"
METHODS: dict[Write, str] = {"create": "POST", "update": "PATCH", "delete": "DELETE"}

#: How somebody makes Google say so.
SAYING: dict[Standing, dict[str, Any]] = {
    Standing.BUSY: {},
    Standing.FREE: {"transparency": "transparent"},
    Standing.TENTATIVE: {"status": "tentative"},
    Standing.UNANSWERED: {"attendees": [{"email": ALICE, "responseStatus": "needsAction"}]},
    Standing.DECLINED: {"attendees": [{"email": ALICE, "responseStatus": "declined"}]},
    Standing.OUT_OF_OFFICE: {"eventType": "outOfOffice"},
}


def connected(
    sandbox: Sandbox,
    user: str = ALICE,
    *,
    save: Callable[[Token], None] = lambda new: None,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    expires_at: datetime | None = None,
    scopes: list[str] | None = None,
) -> GoogleCalendars:
    """A service with a connection of its own."""
    given = sandbox.control.token(user, scopes)
    token = Token(given["access_token"], given["refresh_token"], expires_at)
    return GoogleCalendars(Session(APP, token, save, clock, addresses=Addresses.at(sandbox.url)))


class GoogleRig:
    home = "America/Denver"
    calendar = ALICE
    nowhere = "nobody@hartvale.example"
    tells = frozenset(SAYING)

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox, self.control = sandbox, sandbox.control
        self.control.seed("bare")
        #: Where each entry takes place: of whole days Google keeps no zone.
        self.zones: dict[str, str] = {}
        self.service = connected(sandbox)
        self.read_only = self.control.add_calendar("ben@hartvale.example", "Ben's other calendar")
        self.control.share_calendar(self.read_only, ALICE, "reader")

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
        made = self.control.create_entry(
            ALICE,
            summary=title,
            **times(start, end, all_day, time_zone),
            **({"recurrence": [f"RRULE:{rrule}"]} if rrule else {}),
            **SAYING[standing],
        )
        self.zones[made["id"]] = time_zone
        return str(made["id"])

    def move(self, entry_id: str, start: datetime, end: datetime) -> None:
        self.control.edit_entry(ALICE, entry_id, **times(start, end, False, self.home))

    def retitle(self, entry_id: str, title: str) -> None:
        self.control.edit_entry(ALICE, entry_id, summary=title)

    def remove(self, entry_id: str) -> None:
        self.control.delete_entry(ALICE, entry_id)

    def move_one(self, entry_id: str, was: datetime, start: datetime, end: datetime) -> None:
        one, zone = self._occurrence(entry_id, was)
        all_day = "date" in one["start"]
        self.control.edit_entry(ALICE, one["id"], **times(start, end, all_day, zone))

    def leave_out(self, entry_id: str, was: datetime) -> None:
        self.control.delete_entry(ALICE, self._occurrence(entry_id, was)[0]["id"])

    def _occurrence(self, entry_id: str, was: datetime) -> tuple[dict[str, Any], str]:
        path = f"/calendars/{ALICE}/events/{entry_id}/instances"
        for one in self.control.act(ALICE, "GET", path, maxResults="500")["items"]:
            zone = self.zones.get(entry_id, self.home)
            if "date" in one["start"]:
                found = one["start"]["date"] == was.date().isoformat()
            else:
                # As instants: times of an hour that clocks show twice equal nothing in another zone (PEP 495).
                found = datetime.fromisoformat(one["start"]["dateTime"]) == was.astimezone(UTC)
            if found:
                return one, zone
        raise AssertionError(f"no occurrence of {entry_id} at {was}")

    def count(self) -> int:
        rows = self.control.records("events", calendar=ALICE)
        return sum("recurringEventId" not in row and row["status"] != "cancelled" for row in rows)

    def lose_tokens(self) -> None:
        self.control.lose_tokens()

    def revoke(self) -> None:
        self.control.revoke(ALICE)

    def limit(self, seconds: int) -> None:
        self.control.fault("rate_limited", path="/calendar/*", retry_after=seconds)

    def drop_after(self, write: Write) -> None:
        self.control.fault("drop_after", method=METHODS[write], path="/calendar/v3/calendars/*")


def times(start: datetime, end: datetime, all_day: bool, zone: str) -> dict[str, Any]:
    """Start and end in Google's words."""
    if all_day:
        # Midnights where the entry is, whatever zone the calendar has.
        return {"start": {"date": start.date().isoformat()}, "end": {"date": end.date().isoformat()}}
    return {
        "start": {"dateTime": start.isoformat(), "timeZone": zone},
        "end": {"dateTime": end.isoformat(), "timeZone": zone},
    }


@contextmanager
def held_to_the_description() -> Iterator[Sandbox]:
    """A sandbox with two empty accounts; whatever it was asked and has answered is what Google's document allows."""
    with start(seed="bare") as sandbox:
        yield sandbox
        assert problems(sandbox.exchanges) == []
