"""All that the sandbox remembers: accounts, calendars with their events, tokens and channels, as plain JSON values."""

from __future__ import annotations

import secrets
import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar

from sandbox.clock import Clock
from sandbox.faults import Faults
from sandbox.google.errors import Refused, not_found
from sandbox.google.push import Push
from sandbox.log import Log

Row = dict[str, Any]

TABLES = ("accounts", "calendars", "codes", "grants", "refresh_tokens", "channels")

#: What one may do in a calendar, each role what those before it may as well.
ROLES = ("none", "freeBusyReader", "reader", "writer", "owner")


@dataclass
class App:
    """The application registered in the console."""

    client_id: str
    client_secret: str
    name: str
    redirect_uris: tuple[str, ...] = ()


class World:
    """The tables by name; `lock` is held by every request while it reads or writes them."""

    kept: ClassVar = ("tables", "counter", "age", "sessions")

    def __init__(self, app: App) -> None:
        self.app = app
        self.url = ""
        self.clock = Clock()
        self.log = Log()
        self.faults = Faults()
        self.lock = threading.RLock()
        self.version = 0
        self.sessions: dict[str, str] = {}
        self.push = Push(self)
        self.clear()

    def clear(self) -> None:
        self.tables: dict[str, dict[str, Row]] = {name: {} for name in TABLES}
        self.counter = 0
        #: Sync tokens of an earlier age are not known any more.
        self.age = 0
        self.sessions.clear()
        self.changed()

    def changed(self) -> None:
        self.version += 1

    def next(self) -> int:
        self.counter += 1
        self.changed()
        return self.counter

    def stamp(self) -> str:
        return self.clock.now().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")

    # --- accounts and calendars ---

    def account(self, email: str) -> Row:
        found = self.tables["accounts"].get(email.casefold())
        if found is None:
            raise ValueError(f"no account {email}")
        return found

    def add_account(self, email: str, name: str, time_zone: str) -> Row:
        email = email.casefold()
        row = {"email": email, "name": name, "sub": str(10**20 + self.next()), "time_zone": time_zone}
        self.tables["accounts"][email] = row | {"password": "google"}
        self.add_calendar(email, name=email, time_zone=time_zone, calendar_id=email)
        return row

    def add_calendar(self, owner: str, name: str, time_zone: str, calendar_id: str = "") -> str:
        own = calendar_id or f"{secrets.token_hex(16)}@group.calendar.google.com"
        self.tables["calendars"][own] = {
            "id": own,
            "summary": name,
            "timeZone": time_zone,
            "owner": owner,
            "roles": {owner: "owner"},
            "events": {},
        }
        self.changed()
        return own

    def calendar(self, account: Row, calendar_id: str, role: str) -> Row:
        """A calendar the account may use so. Raises `Refused`: 404 for one it may not even see."""
        found = self.tables["calendars"].get(account["email"] if calendar_id == "primary" else calendar_id)
        if found is None or self.role(account, found) == "none":
            raise not_found()
        if ROLES.index(self.role(account, found)) < ROLES.index(role):
            raise Refused(
                403, "requiredAccessLevel", f"You need to have {role} access to this calendar.", "calendar"
            )
        return found

    def role(self, account: Row, calendar: Row) -> str:
        return str(calendar["roles"].get(account["email"], "none"))

    def now(self) -> datetime:
        return self.clock.now()
