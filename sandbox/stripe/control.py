"""Driving the sandbox: seed it, move its clock, pay as a client, dispute as a bank, break things."""

from __future__ import annotations

import json
from typing import Any

from sandbox.steering import Steering
from sandbox.stripe import accounts, intents, seed
from sandbox.stripe.world import World


class Control(Steering):
    """The control interface. Every public method takes and gives JSON values, and is also `POST /_control/<name>`."""

    def __init__(self, world: World) -> None:
        self._world = world

    # --- the world ---

    def seed(self, name: str = "demo") -> dict[str, Any]:
        """Start afresh with a prepared world, `demo` or `bare`; the clock and the endpoint stay. Gives ids."""
        self._forget()
        with self._world.lock:
            return seed.SEEDS[name](self._world)

    def reset(self) -> None:
        """Forget everything, and back to real time."""
        self._forget()
        self._world.endpoint = {}
        self._world.clock.resume()

    def _forget(self) -> None:
        with self._world.lock:
            self._world.clear()
        self._world.faults.clear()
        self._world.log.clear()
        self._world.webhooks.sent.clear()

    def set_endpoint(self, url: str, secret: str) -> None:
        """Where events of all connected accounts go, and with what they are signed."""
        self._world.endpoint = {"url": url, "secret": secret}
        self._world.changed()

    def add_account(self, name: str, ready: bool = True) -> str:
        """A connected account, which has told Stripe everything unless not `ready`; gives its id."""
        with self._world.lock:
            row = accounts.create(self._world, {"business_profile": {"name": name}})
            if ready:
                accounts.finish(self._world, row)
            return str(row["id"])

    def disconnect(self, account: str) -> None:
        """The firm cuts the connection in its dashboard."""
        with self._world.lock:
            accounts.disconnect(self._world, accounts.of(self._world, account))

    # --- reading ---

    def state(self, *tables: str) -> dict[str, Any]:
        """Rows as kept, by table."""
        with self._world.lock:
            kept = {name: self._world.tables[name] for name in tables or self._world.tables}
            found: dict[str, Any] = json.loads(json.dumps(kept))
            return found

    def records(self, table: str, **where: Any) -> list[dict[str, Any]]:
        """Rows of a table whose columns equal these, oldest first."""
        with self._world.lock:
            rows = list(self._world.tables[table].values())
            found = [row for row in rows if all(row.get(name) == value for name, value in where.items())]
            made: list[dict[str, Any]] = json.loads(json.dumps(found))
            return made

    # --- events ---

    def webhooks_sent(self) -> list[dict[str, Any]]:
        """Events and how they were answered, oldest first."""
        return list(self._world.webhooks.sent)

    def settle(self, timeout: float = 10.0) -> bool:
        """Wait until every event has gone out."""
        return bool(self._world.webhooks.settle(timeout))

    def replay_webhooks(self, count: int = 1) -> None:
        """Send the last ones again."""
        self._world.webhooks.replay(count)

    def retry_webhooks(self) -> None:
        """Send again what was not taken."""
        self._world.webhooks.retry()

    # --- as a client, a bank, a firm ---

    def dispute(self, intent: str, reason: str = "fraudulent") -> str:
        """The client disputes a payment; gives the dispute's id."""
        with self._world.lock:
            row = self._world.tables["intents"][intent]
            return str(intents.open_dispute(self._world, row, reason)["id"])

    def decide_dispute(self, dispute: str, status: str) -> None:
        """The bank decides: `won` (the firm keeps the money) or `lost`."""
        with self._world.lock:
            intents.close_dispute(self._world, self._world.tables["disputes"][dispute], status)

    def fail_refund(self, refund: str) -> None:
        """A refund does not reach the client; the money is the firm's again."""
        with self._world.lock:
            intents.fail_refund(self._world, self._world.tables["refunds"][refund])

    def refund(self, intent: str, amount: int) -> str:
        """The firm gives money back in Stripe's own dashboard; gives the refund's id."""
        with self._world.lock:
            row = self._world.tables["intents"][intent]
            given = {"payment_intent": intent, "amount": amount}
            return str(intents.refund(self._world, row["_account"], given)["id"])
