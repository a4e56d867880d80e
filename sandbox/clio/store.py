"""All that the sandbox remembers: rows by id, and per account the ids in order."""

from __future__ import annotations

import hashlib
import threading
from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

Row = dict[str, Any]

TABLES = [
    "accounts",
    "users",
    "contacts",
    "matters",
    "practice_areas",
    "matter_stages",
    "relationships",
    "activities",
    "activity_descriptions",
    "bills",
    "calendars",
    "calendar_entries",
    "event_types",
    "reminders",
    "notes",
    "tasks",
    "custom_fields",
    "webhooks",
    "bank_accounts",
    "payment_links",
    "payments",
]

#: The first id given out. Ids are shared by all tables, so an id of one kind never passes for one of another.
FIRST_ID = 1_000_001


class Table:
    """Rows of one kind, found by id at once and walked in id order per account."""

    def __init__(self) -> None:
        self.rows: dict[int, Row] = {}
        self._ids: dict[int, list[int]] = defaultdict(list)

    def add(self, row: Row) -> None:
        self.rows[row["id"]] = row
        ids = self._ids[row["account_id"]]
        if not ids or ids[-1] < row["id"]:
            ids.append(row["id"])
        else:
            insort(ids, row["id"])

    def remove(self, row_id: int) -> Row | None:
        row = self.rows.pop(row_id, None)
        if row is not None:
            ids = self._ids[row["account_id"]]
            del ids[bisect_left(ids, row_id)]
        return row

    def get(self, row_id: Any) -> Row | None:
        return self.rows.get(row_id)

    def of(self, account_id: int, *, after: int | None = None, before: int | None = None) -> Iterator[Row]:
        """Rows of an account by rising id; from `after` on (excluded), or backwards from `before` (excluded)."""
        ids = self._ids[account_id]
        if before is not None:
            chosen = ids[: bisect_left(ids, before)][::-1]
        else:
            chosen = ids[bisect_left(ids, after + 1) :] if after is not None else list(ids)
        rows = self.rows
        return (rows[i] for i in chosen if i in rows)

    def count(self, account_id: int) -> int:
        return len(self._ids[account_id])


@dataclass
class Store:
    """
    The tables, the OAuth grants, and the lock that every request holds while it reads or writes them.

    `version` grows with each change; whoever saves the state looks at it.
    """

    tables: dict[str, Table] = field(default_factory=lambda: {name: Table() for name in TABLES})
    grants: dict[str, dict[str, Any]] = field(default_factory=dict)
    refresh_tokens: dict[str, dict[str, Any]] = field(default_factory=dict)
    codes: dict[str, dict[str, Any]] = field(default_factory=dict)
    next_id: int = FIRST_ID
    version: int = 0
    lock: threading.RLock = field(default_factory=threading.RLock)

    def __getitem__(self, table: str) -> Table:
        return self.tables[table]

    def new_id(self) -> int:
        self.next_id += 1
        return self.next_id - 1

    def new_row(self, account_id: int, at: int, **columns: Any) -> Row:
        """A row with the columns every record has; it is not in a table yet."""
        row = {
            "id": self.new_id(),
            "account_id": account_id,
            "created_at": at,
            "updated_at": at,
            "rev": 0,
            **columns,
        }
        row["etag"] = etag(row)
        return row

    def touch(self, row: Row, at: int) -> None:
        """Give a changed record its new etag and `updated_at`."""
        row["rev"] += 1
        row["updated_at"] = max(at, row["updated_at"])
        row["etag"] = etag(row)
        self.version += 1

    def clear(self) -> None:
        self.tables = {name: Table() for name in TABLES}
        self.grants, self.refresh_tokens, self.codes = {}, {}, {}
        self.next_id = FIRST_ID
        self.version += 1


def etag(row: Row) -> str:
    """A tag that contains its own double quotes, as Clio's do (facts §8, [D 1])."""
    return '"' + hashlib.md5(f"{row['id']}/{row['rev']}".encode(), usedforsecurity=False).hexdigest() + '"'
