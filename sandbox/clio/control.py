"""Driving the sandbox: seed it, move its clock, act as somebody in Clio, break things, read what happened."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

from werkzeug.datastructures import MultiDict

from sandbox.clio import api, oauth, seed
from sandbox.clio.control_acts import Acts
from sandbox.clio.errors import Refused
from sandbox.clio.store import Row, Table
from sandbox.clio.world import World
from sandbox.steering import Steering


class Control(Steering, Acts):
    """
    The control interface. Every public method takes and gives JSON values, and is also `POST /_control/<name>`.

    People are named by email, everything else by id. What is done here as a Clio user goes the same way as through the
    API (rights, etags, webhooks), but is neither counted, limited, logged nor hit by faults.
    """

    def __init__(self, world: World) -> None:
        self._world = world

    # --- the world -------------------------------------------------------------------------------------------------

    def seed(self, name: str = "demo") -> dict[str, Any]:
        """
        Fill with a prepared world (`demo`, or `bare`: two users, no records); what was there before is gone.

        The clock stays where it is, so that a world can be made for a certain day.
        """
        self._forget()
        with self._world.store.lock:
            return seed.SEEDS[name](self._world)

    def bulk_contacts(self, count: int, user: str | None = None, start: int = 1) -> dict[str, Any]:
        """Add `count` plain contacts fast (no webhooks), numbered from `start`."""
        with self._world.store.lock:
            ids = seed.bulk_contacts(self._world, self.user_row(user), count, start)
            return {
                "first_id": ids[0] if ids else None,
                "last_id": ids[-1] if ids else None,
                "count": len(ids),
            }

    def reset(self) -> None:
        """Forget records, tokens, faults, webhooks, the log, quirks and the moved clock."""
        self._forget()
        self._world.clock.resume()

    def _forget(self) -> None:
        world = self._world
        with world.store.lock:
            world.store.clear()
            world.sessions.clear()
            world.notices.clear()
            world.quirks.update(seed.QUIRKS)
        world.webhooks.clear()
        world.faults.clear()
        world.log.clear()
        world.limits.clear()

    def clear_table(self, table: str) -> None:
        """Remove every row of one table, without webhooks: a clean sheet for a test."""
        with self._world.store.lock:
            self._world.store.tables[table] = Table()
            self._world.store.version += 1

    def add_account(
        self, name: str, region: str | None = None, plan: str = "Complete", **settings: Any
    ) -> dict[str, Any]:
        """A new firm. `plan="EasyStart"` has no API access (inferred)."""
        with self._world.store.lock:
            return public(
                seed.account(self._world, name, region=region or self._world.region, plan=plan, **settings)
            )

    def add_user(
        self, account_id: int, name: str, email: str, time_zone: str = "America/New_York", **columns: Any
    ) -> dict[str, Any]:
        """A new user with a calendar of their own; password `clio`."""
        with self._world.store.lock:
            account = self._world.store["accounts"].get(account_id)
            if account is None:
                raise ValueError(f"no account {account_id}")
            return public(seed.user(self._world, account, name, email, time_zone, **columns))

    def set_account(self, user: str, **settings: Any) -> dict[str, Any]:
        """Change settings of the account of `user`: plan, region, rounding, manual_numbering, flat_matters_non_billable..."""
        with self._world.store.lock:
            account = self._world.store["accounts"].get(self.user_row(user)["account_id"])
            assert account is not None
            _known(account, settings)
            account.update(settings)
            self._world.store.touch(account, self._world.clock.seconds())
            return public(account)

    def set_user(self, user: str, **columns: Any) -> dict[str, Any]:
        """Change a user: enabled, rate, time_zone, roles, contact_visibility ("all" | "restricted"), password..."""
        with self._world.store.lock:
            row = self.user_row(user)
            _known(row, columns)
            row.update(columns)
            self._world.store.touch(row, self._world.clock.seconds())
            return public(row)

    def set_quirk(self, name: str, value: Any) -> dict[str, Any]:
        """Choose otherwise where Clio's behavior is unpublished; see quirks.py."""
        if name not in self._world.quirks:
            raise ValueError(f"no quirk called {name}")
        self._world.quirks[name] = value
        return dict(self._world.quirks)

    def set_app(self, **settings: Any) -> dict[str, Any]:
        """client_id, client_secret, name, redirect_uris (list; empty: any loopback address)."""
        app = self._world.app
        for name, value in settings.items():
            if not hasattr(app, name):
                raise ValueError(f"no app setting called {name}")
            setattr(app, name, tuple(value) if name == "redirect_uris" else value)
        return vars(app) | {"redirect_uris": list(app.redirect_uris)}

    def set_rate_limit(self, per_minute: int | None = None) -> None:
        """Requests a minute and token; null switches it off."""
        self._world.rate_limit = per_minute
        self._world.limits.clear()

    # --- reading ---------------------------------------------------------------------------------------------------

    def state(self, *tables: str) -> dict[str, list[dict[str, Any]]]:
        """Rows as the sandbox keeps them (not as the API shows them), of all accounts, by table."""
        store = self._world.store
        with store.lock:
            wanted = tables or tuple(store.tables)
            return {name: [public(row) for row in store[name].rows.values()] for name in wanted}

    def records(self, table: str, **where: Any) -> list[dict[str, Any]]:
        """Rows of one table whose columns equal `where`."""
        with self._world.store.lock:
            rows = self._world.store[table].rows.values()
            return [public(row) for row in rows if all(row.get(k) == v for k, v in where.items())]

    def counts(self) -> dict[str, int]:
        """How many rows each table has."""
        return {name: len(table.rows) for name, table in self._world.store.tables.items()}

    # --- trouble and tokens -----------------------------------------------------------------------------------------

    def revoke(self, user: str) -> int:
        """The user removes the app in Clio: all their tokens end."""
        with self._world.store.lock:
            user_id = self.user_row(user)["id"]
            tokens = [t for t, grant in self._world.store.grants.items() if grant["user_id"] == user_id]
            for token in tokens:
                oauth.revoke(self._world, token)
            store = self._world.store
            store.refresh_tokens = {t: g for t, g in store.refresh_tokens.items() if g["user_id"] != user_id}
            return len(tokens)

    # --- tokens and webhooks ---------------------------------------------------------------------------------------

    def token(self, user: str) -> dict[str, Any]:
        """Tokens of a user without clicking through the pages, as `/oauth/token` would answer."""
        with self._world.store.lock:
            return oauth.issue(self._world, self.user_row(user)["id"], with_refresh=True)

    def webhooks_sent(self) -> list[dict[str, Any]]:
        """Deliveries so far with their answers; `body` is text."""
        return list(self._world.webhooks.sent)

    def settle(self, timeout: float = 10.0) -> bool:
        """Wait until every webhook that is due has been sent."""
        return self._world.webhooks.settle(timeout)

    def replay_webhooks(self, count: int = 1) -> int:
        """Send the last deliveries once more."""
        return self._world.webhooks.replay(count)

    def notices(self) -> list[dict[str, Any]]:
        """Mails Clio would have sent to attendees."""
        return list(self._world.notices)

    # --- acting as a Clio user -------------------------------------------------------------------------------------

    def act(self, user: str, method: str, path: str, data: dict[str, Any] | None = None, **query: Any) -> Any:
        """Do anything the API can as `user`; gives the `data` of the answer. Raises ValueError when Clio refuses."""
        call = api.Call(
            method=method.upper(),
            path=path if path.startswith(api.PREFIX) else api.PREFIX + path.lstrip("/"),
            args=MultiDict({k: str(v) for k, v in query.items()}),
            body=json.dumps({"data": data or {}}).encode(),
        )
        with self._world.store.lock:
            answer = api.answer(self._world.context(self.user_row(user)), call)
        if answer.status >= 400:
            raise ValueError(f"{call.method} {call.path}?{urlencode(query)}: {answer.status} {answer.body}")
        return (answer.body or {}).get("data")

    def user_row(self, user: str | None) -> Row:
        """The user with this email; None means the first one."""
        for row in self._world.store["users"].rows.values():
            if user is None or row["email"].casefold() == user.casefold():
                return row
        raise ValueError(f"no user {user}")


def public(row: Row) -> dict[str, Any]:
    """A row without what is only kept for speed."""
    return {k: v for k, v in row.items() if k not in ("text", "text_rev", "rev")}


def _known(row: Row, columns: dict[str, Any]) -> None:
    unknown = set(columns) - set(row) - {"hours_hidden_from"}
    if unknown:
        raise ValueError(f"no such setting: {', '.join(sorted(unknown))}")


__all__ = ["Control", "Refused", "public"]
