"""The calendar API: which address is answered by what, and what a token may do."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from werkzeug.datastructures import MultiDict

from sandbox.google import calendars, channels, events, listing
from sandbox.google.errors import Refused, invalid, not_found
from sandbox.google.partial import select

if TYPE_CHECKING:
    from sandbox.google.world import Row, World

PREFIX = "/calendar/v3"
SCOPE = "https://www.googleapis.com/auth/"
LISTS = frozenset(
    {"calendar", "calendar.readonly", "calendar.calendarlist.readonly", "calendar.calendarlist"}
)
READS = frozenset({"calendar", "calendar.readonly", "calendar.events", "calendar.events.readonly"})
WRITES = frozenset({"calendar", "calendar.events"})


@dataclass
class Call:
    """One request, taken apart."""

    method: str
    path: str
    args: MultiDict[str, str]
    body: bytes
    if_match: str
    scopes: frozenset[str]

    @property
    def json(self) -> dict[str, Any]:
        try:
            value = json.loads(self.body or b"{}")
        except ValueError:
            raise Refused(400, "parseError", "Parse Error") from None
        if not isinstance(value, dict):
            raise Refused(400, "parseError", "Parse Error")
        return value

    def number(self, name: str, default: int, most: int) -> int:
        text = self.args.get(name, str(default))
        if not text.isdecimal() or int(text) < 1:
            raise invalid(f"Invalid value for: {name}", name)
        return min(int(text), most)

    def flag(self, name: str) -> bool:
        return self.args.get(name) == "true"


Handler = Callable[["World", "Row", Call, dict[str, str]], Any]

#: Method, path, the scopes of which one is enough, and what answers.
ROUTES: tuple[tuple[str, str, frozenset[str], Handler], ...] = (
    ("GET", "/users/me/calendarList", LISTS, calendars.all),
    ("GET", "/users/me/calendarList/{calendar}", LISTS, calendars.one),
    ("GET", "/calendars/{calendar}/events", READS, listing.all),
    ("POST", "/calendars/{calendar}/events", WRITES, events.insert),
    ("POST", "/calendars/{calendar}/events/watch", READS, channels.watch),
    ("GET", "/calendars/{calendar}/events/{event}", READS, events.get),
    ("GET", "/calendars/{calendar}/events/{event}/instances", READS, listing.instances),
    ("PATCH", "/calendars/{calendar}/events/{event}", WRITES, events.patch),
    ("PUT", "/calendars/{calendar}/events/{event}", WRITES, events.update),
    ("DELETE", "/calendars/{calendar}/events/{event}", WRITES, events.delete),
    ("POST", "/channels/stop", READS, channels.stop),
)
_PATTERNS = [
    (method, re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path) + "$"), scopes, handler)
    for method, path, scopes, handler in ROUTES
]


def answer(world: World, account: Row, call: Call) -> tuple[int, Any]:
    """The status and body of one request. Raises `Refused`."""
    for method, pattern, scopes, handler in _PATTERNS:
        match = pattern.match(call.path)
        if match is None or method != call.method:
            continue
        if not {SCOPE + one for one in scopes} & call.scopes:
            raise Refused(
                403, "insufficientPermissions", "Insufficient Permission: Request had insufficient scopes."
            )
        body = handler(world, account, call, match.groupdict())
        if body is None:
            return 204, None
        fields = call.args.get("fields")
        return 200, select(body, fields) if fields else body
    raise not_found()
