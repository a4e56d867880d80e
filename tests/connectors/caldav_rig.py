"""Real CalDAV servers as the suites of calendars want them: what somebody else does there, over plain HTTP."""

from __future__ import annotations

import base64
import http.client
import itertools
import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import quote, urlsplit
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event, vRecur

from daybook.connectors.caldav.discovery import discover
from daybook.connectors.caldav.service import CaldavCalendars
from daybook.core.entries import Standing
from sandbox import caldav_proxy
from tests.connectors.calendar_rig import Write
from tests.stage.caldav import CaldavServer

PASSWORD = "fjord-lamp-seven"
ZONE = "America/Denver"
_numbers = itertools.count(1)

#: How other programs write what an entry says of itself. One's own travel is a length of an entry, not an entry.
SAYS: dict[Standing, tuple[tuple[str, str], ...]] = {
    Standing.BUSY: (),
    Standing.TENTATIVE: (("STATUS", "TENTATIVE"),),
    Standing.UNANSWERED: (("ATTENDEE;PARTSTAT=NEEDS-ACTION", "mailto:{own}"),),
    Standing.OUT_OF_OFFICE: (("X-MICROSOFT-CDO-BUSYSTATUS", "OOF"),),
    Standing.FREE: (("TRANSP", "TRANSPARENT"),),
    Standing.DECLINED: (("ATTENDEE;PARTSTAT=DECLINED", "mailto:{own}"),),
    Standing.CANCELLED: (("STATUS", "CANCELLED"),),
}


@dataclass
class CaldavRig:
    """One account at a running server, with one calendar of its own; requests of the product go through `proxy`."""

    server: CaldavServer
    proxy: caldav_proxy.Proxy
    username: str
    service: CaldavCalendars
    calendar: str
    read_only: str
    nowhere: str
    home: str = ZONE
    tells: frozenset[Standing] = frozenset(SAYS)
    made: list[str] = field(default_factory=list)  # collections, to be removed

    def add(
        self,
        title: str,
        start: datetime,
        end: datetime,
        *,
        all_day: bool = False,
        rrule: str = "",
        time_zone: str = ZONE,
        standing: Standing = Standing.BUSY,
    ) -> str:
        event = Event()
        event.add("uid", str(uuid.uuid4()))
        event.add("summary", title)
        _times(event, start, end, time_zone, all_day)
        if rrule:
            event.add("rrule", vRecur.from_ical(rrule))
        calendar = Calendar()
        calendar.add("prodid", "-//Somebody else//EN")
        calendar.add("version", "2.0")
        calendar.add_component(event)
        calendar.add_missing_timezones()
        lines = [f"{name}:{value.format(own=self.username)}" for name, value in SAYS[standing]]
        if standing in (Standing.UNANSWERED, Standing.DECLINED):
            lines.append("ORGANIZER:mailto:judge@court.example")
        return self.put_text(_with(calendar.to_ical().decode(), lines))

    def put_text(self, text: str, name: str = "") -> str:
        """Put an object that is written already, and return its id."""
        path = f"{self.path}{name or uuid.uuid4()}.ics"
        self.ask("PUT", path, text.encode(), {"Content-Type": "text/calendar; charset=utf-8"})
        return path

    def move(self, entry_id: str, start: datetime, end: datetime) -> None:
        calendar = self._load(entry_id)
        event = calendar.walk("VEVENT")[0]
        for name in ("DTSTART", "DTEND", "DURATION"):
            event.pop(name, None)
        _times(event, start, end, ZONE, False)
        self._save(entry_id, calendar)

    def retitle(self, entry_id: str, title: str) -> None:
        calendar = self._load(entry_id)
        for event in calendar.walk("VEVENT"):
            event.pop("SUMMARY", None)
            event.add("summary", title)
        self._save(entry_id, calendar)

    def remove(self, entry_id: str) -> None:
        self.ask("DELETE", entry_id)

    def move_one(self, entry_id: str, was: datetime, start: datetime, end: datetime) -> None:
        calendar = self._load(entry_id)
        series = calendar.walk("VEVENT")[0]
        zone = getattr(series.decoded("dtstart"), "tzinfo", None)
        change = Event()
        change.add("uid", str(series["UID"]))
        change.add("summary", str(series["SUMMARY"]))
        change.add("recurrence-id", was.astimezone(zone) if zone else was.date())
        _times(change, start, end, ZONE, zone is None)
        calendar.add_component(change)
        self._save(entry_id, calendar)

    def leave_out(self, entry_id: str, was: datetime) -> None:
        calendar = self._load(entry_id)
        series = calendar.walk("VEVENT")[0]
        zone = getattr(series.decoded("dtstart"), "tzinfo", None)
        series.add("exdate", was.astimezone(zone) if zone else was.date())
        self._save(entry_id, calendar)

    def count(self) -> int:
        body = b'<D:propfind xmlns:D="DAV:"><D:prop><D:getetag/></D:prop></D:propfind>'
        answer = self.ask("PROPFIND", self.path, body, {"Depth": "1", "Content-Type": "application/xml"})
        return len(set(re.findall(rb"[^<>/]+\.ics(?=<)", answer)))

    def lose_tokens(self) -> None:
        self.proxy.control.lose_tokens()

    def revoke(self) -> None:
        if self.server.kind == "radicale":
            self.server.expel(self.username)
        else:
            self.proxy.control.revoke()

    def limit(self, seconds: int) -> None:
        self.proxy.control.fault("rate_limited", retry_after=seconds)

    def drop_after(self, write: Write) -> None:
        self.proxy.control.fault("drop_after", method={"delete": "DELETE"}.get(write, "PUT"))

    # --- plain HTTP, past the product and past the proxy -----------------------------------------------------------

    @property
    def path(self) -> str:
        return urlsplit(self.calendar).path

    def text(self, entry_id: str) -> str:
        return self.ask("GET", entry_id).decode()

    def _load(self, entry_id: str) -> Calendar:
        return Calendar.from_ical(self.ask("GET", entry_id))

    def _save(self, entry_id: str, calendar: Calendar) -> None:
        for event in calendar.walk("VEVENT"):
            event.pop("DTSTAMP", None)
            event.add("dtstamp", datetime.now(UTC))
        self.ask("PUT", entry_id, calendar.to_ical(), {"Content-Type": "text/calendar; charset=utf-8"})

    def ask(
        self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> bytes:
        """Ask the server as somebody who may do everything, whatever became of the product's access."""
        if self.server.kind == "radicale" and self.username not in self.server.users:
            self.server.admit(self.username, PASSWORD)
            try:
                return self.ask(method, path, body, headers)
            finally:
                self.server.expel(self.username)
        connection = http.client.HTTPConnection(urlsplit(self.server.url).netloc, timeout=100)
        secret = base64.b64encode(f"{self.username}:{PASSWORD}".encode()).decode()
        try:
            connection.request(method, path, body, {"Authorization": f"Basic {secret}", **(headers or {})})
            answer = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        assert answer.status < 300, (method, path, answer.status, content[:500])
        return content

    def make(self, name: str) -> str:
        """A new calendar beside the first; its path."""
        path = f"{self.path.rstrip('/').rpartition('/')[0]}/{quote(name)}/"
        self.ask("MKCALENDAR", path)
        self.made.append(path)
        return path


@contextmanager
def rig_at(server: CaldavServer) -> Iterator[CaldavRig]:
    """A new account at Radicale, or new calendars of the one user Xandikos has."""
    number = next(_numbers)
    username = f"dana{number}@firm.example"
    radicale = server.kind == "radicale"
    if radicale:
        server.admit(username, PASSWORD)
        home, guard = f"/{quote(username, safe='@')}/", {}
    else:
        home, guard = "/user/calendars/", {"username": username, "password": PASSWORD}
    with caldav_proxy.start(server.url, **guard) as proxy:
        name = f"work{number}"
        rig = CaldavRig(
            server,
            proxy,
            username,
            None,  # type: ignore[arg-type]  # needs the calendar to be there
            f"{proxy.url}{home}{name}/",
            f"{proxy.url}{home}closed/" if radicale else "",
            f"{proxy.url}{home}nowhere/",
        )
        if radicale:
            rig.ask("PROPFIND", home, b"", {"Depth": "0"})  # makes the home
        rig.ask("MKCALENDAR", rig.path)
        rig.made.append(rig.path)
        if radicale:
            _closed(server, username)
        account = discover(proxy.url, username=username, password=PASSWORD, private=True)
        rig.service = CaldavCalendars(account, username=username, password=PASSWORD, private=True)
        proxy.control.clear_log()
        yield rig
        if not radicale:
            for path in rig.made:
                rig.ask("DELETE", path)


def _closed(server: CaldavServer, username: str) -> None:
    """A calendar nobody may write to, which therefore nobody can make over there either."""
    folder = server.folder / "collections" / "collection-root" / username / "closed"
    folder.mkdir(parents=True)
    (folder / ".Radicale.props").write_text('{"tag": "VCALENDAR", "D:displayname": "Court"}')


def _times(event: Event, start: datetime, end: datetime, time_zone: str, all_day: bool) -> None:
    place = ZoneInfo(time_zone)
    first, last = start.astimezone(place), end.astimezone(place)
    event.add("dtstamp", datetime.now(UTC))
    event.add("dtstart", start.date() if all_day else first)
    event.add("dtend", end.date() if all_day else last)


def _with(text: str, lines: list[str]) -> str:
    return text.replace("END:VEVENT", "\r\n".join([*lines, "END:VEVENT"]))


def object_of(*lines: str) -> str:
    """A calendar file around the lines of entries."""
    return "\r\n".join(
        ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Somebody else//EN", *lines, "END:VCALENDAR", ""]
    )
