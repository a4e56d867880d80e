"""One sandbox: accounts, calendars, events, grants and subscriptions as plain values, and what surrounds them."""

from __future__ import annotations

import secrets
import threading
from dataclasses import dataclass, field
from typing import Any, ClassVar

from sandbox.clock import Clock
from sandbox.faults import Faults
from sandbox.log import Log
from sandbox.microsoft.errors import missing
from sandbox.microsoft.subscriptions import Deliverer

Row = dict[str, Any]

TABLES = (
    "accounts",
    "calendars",
    "events",
    "subscriptions",
    "tokens",
    "codes",
    "grants",
    "refresh_tokens",
)

#: Where Microsoft does not say what it does, or does it now one way, now another. The first is the default.
QUIRKS: dict[str, tuple[str, ...]] = {
    # A second event with the transactionId of one that is there: both have been seen.
    "duplicate": ("given_again", "refused"),
    # What happens with the transactionId of one that was deleted.
    "deleted_transaction": ("refused", "free"),
    # With which status it is refused: both have been seen.
    "refused_with": ("400", "409"),
    # Whether a whole round of the delta tells the master of a series that began before the window.
    "early_masters": ("left_out", "told"),
    # Whole days as midnights in the zone that was asked for, or converted into it from the mailbox's.
    "whole_days": ("midnights", "converted"),
    # Whether an answer to a refresh holds a new refresh token.
    "rotation": ("new", "none"),
    # Whether each occurrence of a deleted series is told as removed, beside the series.
    "removed_occurrences": ("left_out", "told"),
}


@dataclass
class App:
    """The application that asks for access; `redirect_uris` empty means any loopback address will do."""

    client_id: str = "daybook-demo"
    client_secret: str = "daybook-demo-secret"
    name: str = "Daybook"
    redirect_uris: tuple[str, ...] = ()


@dataclass
class World:
    """Everything one running sandbox is made of. Whoever changes it holds the lock."""

    kept: ClassVar = ("tables", "changes", "transactions", "quirks", "version")

    app: App = field(default_factory=App)
    url: str = ""

    def __post_init__(self) -> None:
        self.clock = Clock()
        self.log = Log()
        self.faults = Faults()
        self.lock = threading.RLock()
        self.deliverer = Deliverer(self)
        #: The most rows any page has, whatever is asked for: paging with few events.
        self.most_rows = 1000
        self.forget()

    def forget(self) -> None:
        """Empty every table."""
        self.tables: dict[str, dict[str, Row]] = {name: {} for name in TABLES}
        #: What happened to events, oldest first: [version, calendar, event, whether it is a series].
        self.changes: list[list[Any]] = []
        #: transactionIds ever used, by calendar: {"calendar id": {"transaction": "event id"}}.
        self.transactions: dict[str, dict[str, str]] = {}
        self.quirks = {name: ways[0] for name, ways in QUIRKS.items()}
        self.version = 1
        #: Pages of lists that are still to be fetched; not kept over restarts.
        self.pages: dict[str, Row] = {}
        #: Who is signed in to which page of consent; not kept either.
        self.tickets: dict[str, str] = {}

    def __getitem__(self, table: str) -> dict[str, Row]:
        return self.tables[table]

    def new_id(self, prefix: str = "AAMk") -> str:
        """An id as Outlook's look: URL-safe, with an equals sign at the end."""
        return f"{prefix}{secrets.token_urlsafe(24)}="

    def account(self, email: str) -> Row:
        found = self["accounts"].get(email.casefold())
        if found is None:
            raise KeyError(f"no account {email}")
        return found

    def reach(self, account: Row, calendar_id: str) -> Row:
        """A calendar that this account sees. Others do not exist for it."""
        calendar = self["calendars"].get(calendar_id)
        if calendar is None or not (
            calendar["owner"] == account["email"] or account["email"] in calendar["shared_with"]
        ):
            raise missing()
        return calendar

    def may_edit(self, account: Row, calendar: Row) -> bool:
        return calendar["owner"] == account["email"] or bool(calendar["shared_with"].get(account["email"]))

    def changed(self, calendar_id: str, event_id: str, how: str, *, series: bool) -> int:
        """Note that an event was created, updated or deleted, and tell whoever has subscribed. Gives its new version."""
        self.version += 1
        self.changes.append([self.version, calendar_id, event_id, series])
        self.deliverer.tell(calendar_id, event_id, how, self.version)
        return self.version
