"""One sandbox: its store, clock, faults, webhooks, settings and log, wired together."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Any

from sandbox.clio.context import Context, zone_named
from sandbox.clio.quirks import QUIRKS
from sandbox.clio.ratelimit import RateLimit
from sandbox.clio.store import Row, Store
from sandbox.clio.webhooks import Webhooks
from sandbox.clock import Clock
from sandbox.faults import Faults
from sandbox.log import Log

REGIONS = ("us", "ca", "eu", "au")


@dataclass
class App:
    """The developer application that asks for access; `redirect_uris` empty means any loopback address will do."""

    client_id: str = "daybook-demo"
    client_secret: str = "daybook-demo-secret"
    name: str = "Daybook"
    redirect_uris: tuple[str, ...] = ()


@dataclass
class World:
    """Everything one running sandbox is made of."""

    region: str = "us"
    app: App = field(default_factory=App)
    rate_limit: int | None = None
    store: Store = field(default_factory=Store)
    clock: Clock = field(default_factory=Clock)
    quirks: dict[str, Any] = field(default_factory=lambda: dict(QUIRKS))
    sessions: dict[str, dict[str, Any]] = field(default_factory=dict)
    #: Names of outgoing mails Clio would have sent to attendees (send_email_notification); nothing is mailed.
    notices: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=1000))

    def __post_init__(self) -> None:
        self.log = Log()
        self.faults = Faults()
        self.limits = RateLimit(self.clock)
        self.webhooks = Webhooks(self)

    def context(self, user: Row) -> Context:
        account = self.store["accounts"].get(user["account_id"])
        assert account is not None
        return Context(self, user, account, zone_named(user["time_zone"]), self.clock.seconds())
