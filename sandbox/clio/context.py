"""Who is asking: the token's user, seen by everything that answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from sandbox.clio.store import Row, Store

if TYPE_CHECKING:
    from sandbox.clio.world import World

#: Rails' names beside IANA's: Clio is a Rails shop and its `time_zone` strings are unpublished (facts §16, [I]).
RAILS_ZONES = {
    "Hawaii": "Pacific/Honolulu",
    "Alaska": "America/Juneau",
    "Pacific Time (US & Canada)": "America/Los_Angeles",
    "Arizona": "America/Phoenix",
    "Mountain Time (US & Canada)": "America/Denver",
    "Central Time (US & Canada)": "America/Chicago",
    "Eastern Time (US & Canada)": "America/New_York",
    "Atlantic Time (Canada)": "America/Halifax",
    "London": "Europe/London",
    "Dublin": "Europe/Dublin",
    "Sydney": "Australia/Sydney",
    "UTC": "Etc/UTC",
}


@lru_cache(maxsize=256)
def zone_named(name: str) -> ZoneInfo:
    return ZoneInfo(RAILS_ZONES.get(name, name))


@lru_cache(maxsize=65536)
def when(seconds: int | None, zone: ZoneInfo) -> str | None:
    """ISO 8601 with whole seconds and an offset, as in real answers (facts §10, [O 20])."""
    if seconds is None:
        return None
    if seconds < 0:  # before 1970: fromtimestamp refuses on some systems
        return (datetime(1970, 1, 1, tzinfo=UTC)).astimezone(zone).isoformat(timespec="seconds")
    return datetime.fromtimestamp(seconds, zone).isoformat(timespec="seconds")


@dataclass
class Context:
    """The token's user, account and zone, and the world they live in."""

    world: World
    user: Row
    account: Row
    zone: ZoneInfo
    now: int
    #: Answers remembered while one request lasts (for instance: which contacts a restricted user may see).
    memo: dict[str, Any] = field(default_factory=dict)

    @property
    def store(self) -> Store:
        return self.world.store

    @property
    def account_id(self) -> int:
        return self.account["id"]

    def quirk(self, name: str) -> Any:
        return self.world.quirks[name]

    def when(self, seconds: int | None) -> str | None:
        # Which zone Clio renders in is unpublished; the user's own is chosen (facts §15 says so of start_date).
        return when(seconds, self.zone)

    def get(self, table: str, row_id: Any) -> Row | None:
        """A row of this account, or None: other accounts do not exist for this token."""
        row = self.store[table].get(row_id)
        return row if row is not None and row["account_id"] == self.account_id else None
