"""One sandbox: accounts, folders and entries as plain values, and what surrounds them."""

from __future__ import annotations

import base64
import secrets
import threading
from typing import Any, ClassVar

from sandbox.clock import Clock
from sandbox.faults import Faults
from sandbox.log import Log

Row = dict[str, Any]

TABLES = ("accounts", "folders", "items")


class Refused(Exception):
    """Something the server turns down, by its response code; `whole` is the fault of a whole request."""

    def __init__(self, code: str, text: str = "", *, whole: bool = False) -> None:
        super().__init__(text or code)
        self.code, self.whole = code, whole


class World:
    """Everything one running sandbox is made of. Whoever changes it holds the lock."""

    kept: ClassVar = ("tables", "version")

    def __init__(self) -> None:
        self.url = ""
        self.clock = Clock()
        self.log = Log()
        self.faults = Faults()
        self.lock = threading.RLock()
        self.forget()

    def forget(self) -> None:
        """Empty every table."""
        self.tables: dict[str, dict[str, Row]] = {name: {} for name in TABLES}
        self.version = 1
        #: The most entries one view tells, whatever is asked for: to see what becomes of full ones.
        self.most_rows = 1000

    def __getitem__(self, table: str) -> dict[str, Row]:
        return self.tables[table]

    def new_id(self) -> str:
        """An id as Exchange's look: long, base64, told apart by case."""
        return "AAMk" + base64.b64encode(secrets.token_bytes(42)).decode()

    def account(self, username: str) -> Row:
        found = self["accounts"].get(username.casefold())
        if found is None:
            raise KeyError(f"no account {username}")
        return found

    def touch(self, row: Row) -> None:
        """A change: an item has another change key from now on."""
        self.version += 1
        row["change"] = base64.b64encode(f"change {self.version:08d}".encode()).decode()

    def folder(self, account: Row, id: str) -> Row:
        found = self["folders"].get(id)
        if found is None or found["owner"] != account["username"]:
            raise Refused("ErrorItemNotFound", "The specified object was not found in the store.")
        return found

    def distinguished(self, account: Row, name: str) -> Row:
        for row in self["folders"].values():
            if row["owner"] == account["username"] and row["fixed"] == name:
                return row
        raise Refused("ErrorFolderNotFound", "The specified folder could not be found in the store.")

    def item(self, account: Row, id: str) -> Row:
        found = self["items"].get(id)
        if found is None or self["folders"][found["folder"]]["owner"] != account["username"]:
            raise Refused("ErrorItemNotFound", "The specified object was not found in the store.")
        return found
