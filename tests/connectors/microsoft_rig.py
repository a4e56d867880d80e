"""A Microsoft to speak to: the sandbox with one account, a service connected to it, and the reference it is held to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from daybook.connectors.calendars import Draft
from daybook.connectors.microsoft.oauth import App, Token
from daybook.connectors.microsoft.service import MicrosoftCalendars
from daybook.connectors.microsoft.session import Session
from daybook.core.periods import Period
from sandbox.microsoft import Sandbox, start
from sandbox.microsoft.control import Control
from tests.connectors.scripted import Scripted
from tests.microsoft_contract import problems

BEN = "ben@hartvale.example"
APP = App("daybook-demo", "daybook-demo-secret")
HOME = "America/Denver"
#: A Monday in winter; every time in these tests is told from here.
MONDAY = datetime(2027, 1, 11, tzinfo=UTC)
HOUR = timedelta(hours=1)
WINDOW = Period(MONDAY, MONDAY + timedelta(days=30))
UID = "5a0f0c7e-6f5e-4f0e-9d57-0d8a4a9f5a01@daybook.example"


@dataclass
class Stage:
    """The sandbox with Ben in it, and a connection of his."""

    sandbox: Sandbox
    calendar: str
    saved: list[Token] = field(default_factory=list)
    asked: list[None] = field(default_factory=list)

    @property
    def control(self) -> Control:
        return self.sandbox.control

    def session(self, user: str = BEN, *, token: Token | None = None) -> Session:
        """A connection whose clock is the sandbox's."""
        return Session(
            APP,
            token or self.token(user),
            self.saved.append,
            self.now,
            before=lambda: self.asked.append(None),
            graph_url=self.sandbox.graph_url,
            login_url=self.sandbox.url,
        )

    def now(self) -> datetime:
        return datetime.fromisoformat(self.control.now())

    def token(self, user: str = BEN) -> Token:
        given = self.control.token(user)
        expires_at = self.now() + timedelta(seconds=given["expires_in"])
        return Token(given["access_token"], given["refresh_token"], expires_at)

    def service(self, user: str = BEN) -> MicrosoftCalendars:
        return MicrosoftCalendars(self.session(user))

    def elsewhere(self, url: str) -> MicrosoftCalendars:
        """Ben's connection to a Graph that says what a test wants it to."""
        session = Session(
            APP,
            self.token(),
            self.saved.append,
            self.now,
            graph_url=f"{url}/v1.0",
            login_url=self.sandbox.url,
        )
        return MicrosoftCalendars(session)

    def add(self, start: datetime, length: timedelta = HOUR, subject: str = "Lunch", **columns: Any) -> str:
        """Somebody adds an event to Ben's calendar; its id."""
        times = (start.isoformat(), (start + length).isoformat())
        return str(self.control.create_event(BEN, subject, *times, **columns)["id"])

    def requests(self) -> list[str]:
        """What Graph has been asked since the last time."""
        made = [f"{e.method} {e.path.rsplit('/', 1)[-1]}" for e in self.sandbox.exchanges]
        self.control.clear_log()
        return made


@contextmanager
def staged() -> Iterator[Stage]:
    """A sandbox of its own, at the end of which every exchange has been what Microsoft's reference allows."""
    with start() as sandbox:
        calendar = sandbox.control.seed("bare")["ben"]["calendar_id"]
        sandbox.control.set_time("2027-01-10T12:00:00+00:00")
        yield Stage(sandbox, calendar)
        assert problems(sandbox.exchanges) == []


def draft(start: datetime = MONDAY + 16 * HOUR, *, title: str = "Appointment", sequence: int = 0) -> Draft:
    """One hour with a client."""
    return Draft(UID, sequence, title, "Market Street 1", start, start + HOUR, HOME)


def told_row(id: str, /, **changes: Any) -> dict[str, Any]:
    """An event as Graph tells it."""
    return {
        "@odata.etag": 'W/"1"',
        "id": id,
        "subject": "Lunch",
        "start": {"dateTime": "2027-01-12T19:00:00.0000000", "timeZone": "UTC"},
        "end": {"dateTime": "2027-01-12T20:00:00.0000000", "timeZone": "UTC"},
        "isAllDay": False,
        "isCancelled": False,
        "showAs": "busy",
        "type": "singleInstance",
        "responseStatus": {"response": "organizer", "time": "0001-01-01T00:00:00Z"},
        **changes,
    }


def told_page(graph: Scripted, rows: list[Any]) -> dict[str, Any]:
    link = f"{graph.url}/v1.0/me/calendars/c/calendarView/delta?$deltatoken=next"
    return {"value": rows, "@odata.deltaLink": link}
