"""Driving the sandbox: seed it, move its clock, act as somebody in Outlook, break things, read what happened."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from sandbox.microsoft import graph, oauth, seed, views, writing
from sandbox.microsoft.errors import Refused
from sandbox.microsoft.world import QUIRKS, Row, World
from sandbox.steering import Steering

#: What an edit may say, beside Graph's names, in ours.
COLUMNS = frozenset(
    {"show_as", "response", "cancelled", "all_day", "rrule", "zone", "sensitivity", "transaction"}
)


class Control(Steering):
    """
    The control interface. Every public method takes and gives JSON values, and is also `POST /_control/<name>`.

    Accounts are named by email, all else by id; times are ISO 8601 with an offset. What is done here is told to
    subscribers, but is neither logged nor hit by faults.
    """

    def __init__(self, world: World) -> None:
        self._world = world

    # --- the world -------------------------------------------------------------------------------------------------

    def seed(self, name: str = "demo") -> dict[str, Any]:
        """Start afresh with a prepared world, `demo` or `bare` (one account, nothing in it); the clock stays. Gives ids."""
        self._forget()
        with self._world.lock:
            return seed.SEEDS[name](self._world)

    def reset(self) -> None:
        """Forget everything, and back to real time."""
        self._forget()
        self._world.clock.resume()

    def _forget(self) -> None:
        with self._world.lock:
            self._world.forget()
            self._world.most_rows = 1000
        self._world.faults.clear()
        self._world.deliverer.clear()
        self._world.log.clear()

    def add_account(
        self,
        email: str,
        name: str,
        kind: str = "work",
        time_zone: str = "America/Denver",
        needs_admin: bool = False,
    ) -> dict[str, Any]:
        """A new account, `work` or `personal`, with a calendar; `needs_admin`: its organization wants approval."""
        with self._world.lock:
            return seed.account(
                self._world, email, name, kind=kind, time_zone=time_zone, needs_admin=needs_admin
            )

    def set_account(self, user: str, **columns: Any) -> dict[str, Any]:
        """Change name, needs_admin, time_zone or password."""
        account = self._world.account(user)
        if unknown := set(columns) - {"name", "needs_admin", "time_zone", "password"}:
            raise ValueError(f"no such columns: {', '.join(sorted(unknown))}")
        account.update(columns)
        self._world.version += 1
        return dict(account)

    def add_calendar(self, user: str, name: str) -> dict[str, Any]:
        """One more calendar of an account."""
        with self._world.lock:
            return seed.calendar(self._world, self._world.account(user), name)

    def share_calendar(self, calendar_id: str, user: str, edit: bool = False) -> None:
        """Let another account see a calendar, or change it too."""
        self._world["calendars"][calendar_id]["shared_with"][self._world.account(user)["email"]] = edit
        self._world.version += 1

    def remove_calendar(self, calendar_id: str) -> None:
        """Delete a calendar with all that is in it."""
        with self._world.lock:
            for row in [r for r in self._world["events"].values() if r["calendar"] == calendar_id]:
                del self._world["events"][row["id"]]
            del self._world["calendars"][calendar_id]
            self._world.version += 1

    def set_quirk(self, name: str, value: str) -> None:
        """Choose otherwise where Microsoft does not say what it does."""
        if value not in QUIRKS[name]:
            raise ValueError(f"{name} is one of {', '.join(QUIRKS[name])}")
        self._world.quirks[name] = value

    def set_most_rows(self, rows: int) -> None:
        """The most rows of any page, to see paging with few events."""
        self._world.most_rows = rows

    # --- reading ---------------------------------------------------------------------------------------------------

    def state(self, *tables: str) -> dict[str, Any]:
        """Rows as kept, by table."""
        with self._world.lock:
            return {
                name: list(self._world[name].values())
                for name in tables or ("accounts", "calendars", "events")
            }

    def records(self, table: str, **where: Any) -> list[dict[str, Any]]:
        """Rows of a table whose columns equal these."""
        with self._world.lock:
            rows = self._world[table].values()
            return [dict(row) for row in rows if all(row.get(k) == v for k, v in where.items())]

    def counts(self) -> dict[str, int]:
        """How many rows each table has."""
        return {name: len(rows) for name, rows in self._world.tables.items()}

    def calendar_of(self, user: str) -> str:
        """The id of an account's own calendar."""
        email = self._world.account(user)["email"]
        rows = self._world["calendars"].values()
        return next(str(row["id"]) for row in rows if row["owner"] == email and row["default"])

    # --- tokens and notifications ----------------------------------------------------------------------------------

    def token(self, user: str, scope: str = "offline_access Calendars.ReadWrite User.Read") -> dict[str, Any]:
        """Tokens without the pages, as the token endpoint gives them."""
        with self._world.lock:
            return oauth.grant(self._world, self._world.account(user), scope)

    def revoke(self, user: str) -> None:
        """Access is taken away: all tokens of the account end."""
        with self._world.lock:
            oauth.revoke(self._world, self._world.account(user)["email"])

    def lose_tokens(self) -> None:
        """Every delta token and page begun is forgotten: 410."""
        with self._world.lock:
            self._world["tokens"].clear()
            self._world.pages.clear()
            self._world.version += 1

    def webhooks_sent(self) -> list[dict[str, Any]]:
        """Notifications and how they were answered."""
        return list(self._world.deliverer.sent)

    def settle(self, timeout: float = 10) -> bool:
        """Wait until every notification has gone out."""
        return bool(self._world.deliverer.settle(timeout))

    def replay_webhooks(self, count: int = 1) -> None:
        """Send the last notifications again."""
        self._world.deliverer.replay(count)

    def lifecycle(self, subscription_id: str, event: str = "missed") -> None:
        """Tell of the subscription itself: `missed`, `subscriptionRemoved` (it ends) or `reauthorizationRequired`."""
        with self._world.lock:
            row = self._world["subscriptions"][subscription_id]
            self._world.deliverer.lifecycle(row, event)
            if event == "subscriptionRemoved":
                del self._world["subscriptions"][subscription_id]

    # --- as somebody in Outlook ------------------------------------------------------------------------------------

    def act(self, user: str, method: str, path: str, data: dict[str, Any] | None = None, **query: str) -> Any:
        """Anything the API can do; `path` begins with /me."""
        call = graph.Call(
            world=self._world,
            account=self._world.account(user),
            method=method.upper(),
            path=f"{graph.PREFIX}{path}",
            args={
                f"${k}" if k in ("select", "filter", "expand", "top", "skip") else k: v
                for k, v in query.items()
            },
            body=json.dumps(data).encode() if data is not None else b"",
            prefer="",
            if_match="",
        )
        return graph.answer(call)[1]

    def create_event(
        self,
        user: str,
        subject: str,
        start: str,
        end: str,
        calendar_id: str | None = None,
        time_zone: str = "America/Denver",
        **columns: Any,
    ) -> dict[str, Any]:
        """
        An event in the account's own calendar unless told otherwise. Columns: all_day, rrule, show_as, response,
        cancelled, sensitivity, transaction.
        """
        with self._world.lock:
            row = writing.blank(self._world, calendar_id or self.calendar_of(user))
            row |= {"subject": subject, "zone": time_zone, **_columns(columns)}
            row |= {"start": _wall(start, time_zone), "end": _wall(end, time_zone)}
            self._world["events"][row["id"]] = row
            writing.touch(self._world, row, "created")
            return dict(row)

    def bulk_events(self, user: str, count: int, start: str, step_minutes: int = 60) -> int:
        """Add `count` half-hour events, one every `step_minutes` from `start`, without notifications."""
        with self._world.lock:
            first, calendar = datetime.fromisoformat(start).astimezone(UTC), self.calendar_of(user)
            for number in range(count):
                at = first + timedelta(minutes=number * step_minutes)
                row = writing.blank(self._world, calendar)
                row |= {"subject": f"Event {number + 1}", "version": self._world.version}
                row |= {
                    "start": at.strftime(views.WALL),
                    "end": (at + timedelta(minutes=30)).strftime(views.WALL),
                }
                self._world["events"][row["id"]] = row
            self._world.version += 1
            return count

    def edit_event(self, user: str, event_id: str, **columns: Any) -> dict[str, Any]:
        """Change subject, location or a column of an event or a whole series."""
        with self._world.lock:
            row, _ = writing.found(self._world, self._world.account(user), event_id)
            plain = {name: columns.pop(name) for name in ("subject", "location") if name in columns}
            row |= plain | _columns(columns)
            writing.touch(self._world, row, "updated")
            return dict(row)

    def move_event(self, user: str, event_id: str, start: str, end: str) -> dict[str, Any]:
        """Give an event, a series, or one occurrence by its id, other times."""
        with self._world.lock:
            account = self._world.account(user)
            row, _ = writing.found(self._world, account, event_id)
            times = {"start": _time(start, row["zone"]), "end": _time(end, row["zone"])}
            return dict(writing.change(self._world, account, event_id, times)[0])

    def delete_event(self, user: str, event_id: str) -> None:
        """Delete an event, a series, or one occurrence by its id."""
        with self._world.lock:
            writing.delete(self._world, self._world.account(user), event_id)

    def occurrence_id(self, event_id: str, start: str) -> str:
        """The id of the occurrence of a series that would begin at `start`."""
        row: Row = self._world["events"][event_id]
        return views.occurrence_id(row, datetime.fromisoformat(_wall(start, row["zone"])))


def _columns(columns: dict[str, Any]) -> dict[str, Any]:
    if unknown := set(columns) - COLUMNS:
        raise Refused(400, "BadRequest", f"no such columns: {', '.join(sorted(unknown))}")
    return columns


def _wall(at: str, zone: str) -> str:
    """What the clock shows in `zone`; a time without an offset is just that, even if clocks skip it."""
    told = datetime.fromisoformat(at)
    return (told.astimezone(views.place(zone)) if told.tzinfo else told).strftime(views.WALL)


def _time(at: str, zone: str) -> dict[str, str]:
    return {"dateTime": _wall(at, zone), "timeZone": zone}
