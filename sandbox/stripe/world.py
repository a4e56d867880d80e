"""All that the sandbox remembers: accounts and what lies in them, as plain JSON values, and what the clock does to them."""

from __future__ import annotations

import secrets
import threading
from typing import Any, ClassVar

from sandbox.clock import Clock
from sandbox.faults import Faults
from sandbox.log import Log
from sandbox.stripe.errors import Refused, missing
from sandbox.stripe.webhooks import Webhooks

Row = dict[str, Any]

#: Table -> what its ids begin with. Rows are Stripe's objects; names that begin with `_` are the sandbox's own.
TABLES: dict[str, str] = {
    "accounts": "acct_",
    "customers": "cus_",
    "payment_methods": "pm_",
    "setup_intents": "seti_",
    "sessions": "cs_test_",
    "intents": "pi_",
    "charges": "ch_",
    "refunds": "re_",
    "disputes": "du_",
    "events": "evt_",
    "keys": "",
    "links": "link_",
}

#: Real seconds of Stripe's: how long an idempotency key is remembered.
KEY_LIFE = 24 * 60 * 60


class World:
    """The tables by name; `lock` is held by every request while it reads or writes them."""

    kept: ClassVar = ("tables", "endpoint")

    def __init__(self, key: str) -> None:
        self.key = key
        self.url = ""
        self.clock = Clock()
        self.log = Log()
        self.faults = Faults()
        self.lock = threading.RLock()
        self.version = 0
        self.webhooks = Webhooks(self)
        #: Where events go, and with what they are signed.
        self.endpoint: dict[str, str] = {}
        self.clear()
        self.clock.on_move(self.tick)

    def clear(self) -> None:
        self.tables: dict[str, dict[str, Row]] = {name: {} for name in TABLES}
        self.changed()

    def changed(self) -> None:
        self.version += 1

    def new_id(self, table: str) -> str:
        return TABLES[table] + secrets.token_hex(12)

    def add(self, table: str, account: str, **values: Any) -> Row:
        """A new row of an account ("" is the platform's own)."""
        row = {"id": self.new_id(table), "created": self.clock.seconds(), "_account": account, **values}
        self.tables[table][row["id"]] = row
        self.changed()
        return row

    def get(self, table: str, key: str, account: str, kind: str) -> Row:
        """A row of that account. Raises `Refused` (404), also for another account's."""
        row = self.tables[table].get(key)
        if row is None or row["_account"] != account:
            raise missing(kind, key)
        return row

    def tell(self, kind: str, row: Row) -> None:
        """An event about a row, as it is now, to whoever listens. The lock is held."""
        event = self.add(
            "events",
            row["_account"],
            object="event",
            type=kind,
            api_version="2026-10-28.endive",
            livemode=False,
            pending_webhooks=1,
            request={"id": None, "idempotency_key": None},
            data={"object": public(row)},
        )
        if row["_account"]:
            event["account"] = row["_account"]
        self.webhooks.send(event)

    def tick(self) -> None:
        """What has run out by now: reservations and pages. Done before every request and when the clock is moved."""
        from sandbox.stripe import checkout, intents

        now = self.clock.seconds()
        with self.lock:
            for row in list(self.tables["intents"].values()):
                if row["status"] == "requires_capture" and row["_capture_before"] <= now:
                    intents.end(self, row, "automatic")
            for row in list(self.tables["sessions"].values()):
                if row["status"] == "open" and row["expires_at"] <= now:
                    checkout.expire(self, row)
            for key, row in list(self.tables["keys"].items()):
                if row["at"] + KEY_LIFE <= now:
                    del self.tables["keys"][key]


def public(row: Row) -> Row:
    """A row without what is the sandbox's own."""
    return {
        name: public(value) if isinstance(value, dict) else value
        for name, value in row.items()
        if not name.startswith("_")
    }


__all__ = ["Refused", "Row", "World", "public"]
