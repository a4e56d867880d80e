"""Driving the sandbox: seed it, move its clock, act as somebody in Google Calendar, break things."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

from werkzeug.datastructures import MultiDict

from sandbox.google import api, oauth, seed
from sandbox.google.errors import Refused
from sandbox.google.world import ROLES, World
from sandbox.steering import Steering

SCOPES = tuple(api.SCOPE + name for name in ("calendar.calendarlist.readonly", "calendar.events"))


class Control(Steering):
    """
    The control interface. Every public method takes and gives JSON values, and is also `POST /_control/<name>`.

    People are named by email, everything else by id. What is done here as a person goes the same way as through the
    API (rights, etags, notifications), but is neither counted, logged nor hit by faults.
    """

    def __init__(self, world: World) -> None:
        self._world = world

    # --- the world ---

    def seed(self, name: str = "demo") -> dict[str, Any]:
        """Start afresh with a prepared world, `demo` or `bare`; the clock stays."""
        self._forget()
        with self._world.lock:
            return seed.SEEDS[name](self._world, self)

    def reset(self) -> None:
        """Forget everything, and back to real time."""
        self._forget()
        self._world.clock.resume()

    def _forget(self) -> None:
        with self._world.lock:
            self._world.clear()
        self._world.faults.clear()
        self._world.log.clear()
        self._world.push.sent.clear()

    def add_account(self, email: str, name: str, time_zone: str = "America/Denver") -> dict[str, Any]:
        """A new account with a calendar of its own; password `google`."""
        with self._world.lock:
            return self._world.add_account(email, name, time_zone)

    def add_calendar(self, user: str, name: str, time_zone: str = "") -> str:
        """One more calendar of an account; gives its id."""
        with self._world.lock:
            account = self._world.account(user)
            return self._world.add_calendar(account["email"], name, time_zone or account["time_zone"])

    def share_calendar(self, calendar_id: str, user: str, role: str = "reader") -> None:
        """Put a calendar into somebody's list: freeBusyReader, reader, writer, owner, none."""
        if role not in ROLES:
            raise ValueError(f"no role called {role}; there are {', '.join(ROLES)}")
        with self._world.lock:
            roles = self._world.tables["calendars"][calendar_id]["roles"]
            roles[self._world.account(user)["email"]] = role
            self._world.changed()

    def unshare_calendar(self, calendar_id: str, user: str) -> None:
        self.share_calendar(calendar_id, user, "none")

    # --- reading ---

    def state(self, *tables: str) -> dict[str, Any]:
        """Rows as kept, by table; events lie in their calendars."""
        with self._world.lock:
            kept = {name: self._world.tables[name] for name in tables or self._world.tables}
            return json.loads(json.dumps(kept))

    def records(self, table: str, **where: Any) -> list[dict[str, Any]]:
        """Rows of a table whose columns equal these; `events` needs a `calendar`."""
        with self._world.lock:
            if table == "events":
                calendar = self._world.tables["calendars"][where.pop("calendar")]
                rows = list(calendar["events"].values())
            else:
                rows = list(self._world.tables[table].values())
            found = [row for row in rows if all(row.get(name) == value for name, value in where.items())]
            return json.loads(json.dumps(found))

    # --- tokens and notifications ---

    def token(self, user: str, scopes: list[str] | None = None) -> dict[str, Any]:
        """Tokens without the pages, as the token endpoint gives them."""
        with self._world.lock:
            email = self._world.account(user)["email"]
            scope = " ".join(SCOPES if scopes is None else scopes)
            return oauth.issue(self._world, email, scope, with_refresh=True)

    def revoke(self, user: str) -> None:
        """The person removes the app: all tokens end."""
        with self._world.lock:
            oauth.revoke_all(self._world, self._world.account(user)["email"])

    def expire_tokens(self) -> None:
        """Access tokens end now; refresh tokens still work."""
        with self._world.lock:
            self._world.tables["grants"].clear()

    def lose_tokens(self) -> None:
        """Sync tokens given so far are not known any more (410)."""
        with self._world.lock:
            self._world.age += 1
            self._world.changed()

    def webhooks_sent(self) -> list[dict[str, Any]]:
        """Notifications and how they were answered, oldest first."""
        return list(self._world.push.sent)

    def settle(self, timeout: float = 10.0) -> bool:
        """Wait until every notification has gone out."""
        return self._world.push.settle(timeout)

    def replay_webhooks(self, count: int = 1) -> None:
        """Send the last ones again."""
        self._world.push.replay(count)

    # --- as a person ---

    def act(self, user: str, method: str, path: str, data: dict[str, Any] | None = None, **query: Any) -> Any:
        """Anything the API can do; `path` begins behind `/calendar/v3`."""
        with self._world.lock:
            call = api.Call(
                method=method.upper(),
                path=path,
                args=MultiDict(query),
                body=json.dumps(data or {}).encode(),
                if_match="",
                scopes=frozenset({api.SCOPE + "calendar"}),
            )
            return api.answer(self._world, self._world.account(user), call)[1]

    def create_entry(self, user: str, calendar_id: str = "", **data: Any) -> dict[str, Any]:
        """An event with the API's fields, in the person's own calendar unless told otherwise."""
        made: dict[str, Any] = self.act(user, "POST", f"/calendars/{calendar_id or user}/events", data)
        return made

    def edit_entry(self, user: str, entry_id: str, calendar_id: str = "", **data: Any) -> dict[str, Any]:
        """Change an event, a series, or one occurrence by its id."""
        path = f"/calendars/{calendar_id or user}/events/{entry_id}"
        made: dict[str, Any] = self.act(user, "PATCH", path, data)
        return made

    def delete_entry(self, user: str, entry_id: str, calendar_id: str = "") -> None:
        self.act(user, "DELETE", f"/calendars/{calendar_id or user}/events/{quote(entry_id)}")

    def bury_entry(self, user: str, entry_id: str, calendar_id: str = "") -> None:
        """Delete an event for good: it cannot be brought back (403), and its id stays taken."""
        self.delete_entry(user, entry_id, calendar_id)
        with self._world.lock:
            self._world.tables["calendars"][calendar_id or user]["events"][entry_id]["_buried"] = True

    def bulk_entries(self, user: str, count: int, calendar_id: str = "") -> int:
        """Many plain events of half an hour, the first one tomorrow, fast; gives how many."""
        with self._world.lock:
            account = self._world.account(user)
            try:
                calendar = self._world.calendar(account, calendar_id or user, "writer")
            except Refused as refused:
                raise ValueError(str(refused)) from None
            return seed.bulk(self._world, calendar, count)
