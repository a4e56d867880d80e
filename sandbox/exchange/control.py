"""Driving the sandbox: seed it, act as somebody in Outlook, break things, read what happened."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sandbox.exchange import ews, views
from sandbox.exchange import seed as seeds
from sandbox.exchange.world import Row, World
from sandbox.steering import Steering

COLUMNS = frozenset(
    {"shown", "response", "cancelled", "all_day", "rrule", "sensitivity", "location", "subject"}
)


class Control(Steering):
    """
    The control interface. Every public method takes and gives JSON values, and is also `POST /_control/<name>`.

    Accounts are named by user name, all else by id; times are ISO 8601, with an offset or as the entry's clock shows them.
    """

    def __init__(self, world: World) -> None:
        self._world = world

    def seed(self, name: str = "demo") -> dict[str, Any]:
        """Start afresh with a prepared world, `demo` or `bare` (one account, nothing in it); the clock stays. Gives ids."""
        with self._world.lock:
            self._world.forget()
            self._world.faults.clear()
            self._world.log.clear()
            return seeds.SEEDS[name](self._world)

    def reset(self) -> None:
        """Forget everything, and back to real time."""
        with self._world.lock:
            self._world.forget()
            self._world.faults.clear()
            self._world.log.clear()
        self._world.clock.resume()

    def add_account(self, username: str, password: str = seeds.PASSWORD) -> dict[str, Any]:
        """A new account with a calendar and a folder of deleted items."""
        with self._world.lock:
            return seeds.account(self._world, username, password)

    def add_calendar(
        self, username: str, name: str, may_write: bool = True, parent: str = ""
    ) -> dict[str, Any]:
        """One more calendar in an account's mailbox; `parent` is a fixed name like deleteditems, or empty."""
        with self._world.lock:
            account = self._world.account(username)
            above = self._world.distinguished(account, parent or "msgfolderroot")["id"]
            return dict(seeds.folder(self._world, account, name, may_write=may_write, parent=above))

    def set_password(self, username: str, password: str) -> None:
        """The account has another password from now on."""
        self._world.account(username).update(password=password, revoked=False)
        self._world.version += 1

    def revoke(self, username: str) -> None:
        """Access is taken away: the account's password is turned down."""
        self._world.account(username)["revoked"] = True
        self._world.version += 1

    def set_most_rows(self, rows: int) -> None:
        """The most entries one view tells, whatever is asked for."""
        self._world.most_rows = rows

    def state(self, *tables: str) -> dict[str, Any]:
        """Rows as kept, by table."""
        with self._world.lock:
            return {
                name: list(self._world[name].values()) for name in tables or ("accounts", "folders", "items")
            }

    def records(self, table: str, **where: Any) -> list[dict[str, Any]]:
        """Rows of a table whose columns equal these."""
        with self._world.lock:
            rows = self._world[table].values()
            return [dict(row) for row in rows if all(row.get(k) == v for k, v in where.items())]

    def counts(self) -> dict[str, int]:
        """How many rows each table has."""
        return {name: len(rows) for name, rows in self._world.tables.items()}

    # --- as somebody in Outlook ------------------------------------------------------------------------------------

    def create_event(
        self,
        calendar_id: str,
        subject: str,
        start: str,
        end: str,
        time_zone: str = "America/Denver",
        **columns: Any,
    ) -> dict[str, Any]:
        """An entry. Columns: shown, response, cancelled, all_day, rrule, sensitivity, location."""
        with self._world.lock:
            row = ews.blank(self._world, self._world["folders"][calendar_id]["id"])
            row |= {"subject": subject, "zone": time_zone, **_columns(columns)}
            row |= {"start": _wall(start, time_zone), "end": _wall(end, time_zone)}
            self._world["items"][row["id"]] = row
            return dict(row)

    def edit_event(self, event_id: str, **columns: Any) -> dict[str, Any]:
        """Change columns of an entry or a whole series."""
        return self._changed(event_id, _columns(columns))

    def move_event(self, event_id: str, start: str, end: str) -> dict[str, Any]:
        """Give an entry other times."""
        zone = self._world["items"][event_id]["zone"]
        return self._changed(event_id, {"start": _wall(start, zone), "end": _wall(end, zone)})

    def delete_event(self, event_id: str) -> None:
        """Delete an entry or a whole series: it goes to the deleted items."""
        with self._world.lock:
            ews.remove(self._world, self._world["items"][event_id], "MoveToDeletedItems")

    def move_occurrence(self, event_id: str, was: str, start: str, end: str) -> None:
        """Give the occurrence that would begin at `was` other times."""
        row = self._world["items"][event_id]
        zone = row["zone"]
        times = {"start": _wall(start, zone), "end": _wall(end, zone)}
        self._changed(event_id, {"exceptions": {**row["exceptions"], _wall(was, zone): times}})

    def delete_occurrence(self, event_id: str, was: str) -> None:
        """Delete the occurrence that would begin at `was`."""
        row = self._world["items"][event_id]
        self._changed(event_id, {"left_out": [*row["left_out"], _wall(was, row["zone"])]})

    def _changed(self, event_id: str, columns: dict[str, Any]) -> dict[str, Any]:
        with self._world.lock:
            row: Row = self._world["items"][event_id]
            row |= columns
            self._world.touch(row)
            return dict(row)


def _columns(columns: dict[str, Any]) -> dict[str, Any]:
    if unknown := set(columns) - COLUMNS:
        raise ValueError(f"no such columns: {', '.join(sorted(unknown))}")
    return columns


def _wall(at: str, zone: str) -> str:
    """What the clock shows in `zone`; a time without an offset is just that, even if clocks skip it."""
    told = datetime.fromisoformat(at)
    return views.wall(told, zone) if told.tzinfo else told.strftime(views.WALL)
