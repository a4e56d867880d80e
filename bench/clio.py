"""Clio's stand-in for a benchmark, in a process of its own as Clio is."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from daybook.config import home

PATIENCE = 30.0


@dataclass(slots=True)
class Theirs:
    """A running sandbox, spoken to through its control interface."""

    url: str
    settings: dict[str, str] = field(
        default_factory=lambda: {
            "CLIO_CLIENT_ID": "daybook-demo",
            "CLIO_CLIENT_SECRET": "daybook-demo-secret",
        }
    )

    def call(self, name: str, /, **arguments: Any) -> Any:
        request = urllib.request.Request(
            f"{self.url}/_control/{name}",
            json.dumps(arguments).encode(),
            {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=300) as answer:
            return json.load(answer)["result"]

    def seed(self, lawyer: str, contacts: int) -> None:
        """One firm, one lawyer, this many contacts; nothing is recorded but counts."""
        self.call("record", on=False)
        account = self.call("add_account", name="Bench Law")
        self.call(
            "add_user", account_id=account["id"], name="Alice Hart", email=lawyer, time_zone="America/Denver"
        )
        self.call("bulk_contacts", count=contacts, user=lawyer)

    def connect(self, office: Any, lawyer: str) -> Any:
        """What Allow Access comes to, without the pages."""
        from django.utils import timezone

        from daybook.connectors.clio import oauth
        from daybook.sync import clio, connecting

        now = timezone.now()
        token = self.call("token", user=lawyer)
        mine = oauth.Token(token["access_token"], token["refresh_token"], now + timedelta(days=30))
        me = connecting._who(clio.host("US"), mine, now)
        return connecting._store(self.actor(office), "US", me, mine, now).connection

    def actor(self, office: Any) -> Any:
        from daybook.firms.queries import actor_of

        return actor_of(office.user)

    def advance(self, by: timedelta) -> None:
        self.call("advance", seconds=by.total_seconds())

    def edit(self, lawyer: str, contacts: int) -> None:
        """Give the first contacts another title, as somebody in Clio would."""
        rows = self.call("records", table="contacts")[:contacts]
        for row in rows:
            self.call("edit_contact", user=lawyer, contact_id=row["id"], title="Changed")

    @contextmanager
    def counting(self, method: str = "") -> Iterator[Callable[[], int]]:
        """How many requests were made of the API since; all of them, or those of one method."""
        before = self._count(method)
        yield lambda: self._count(method) - before

    def _count(self, method: str) -> int:
        counts = self.call("requests")
        return sum(
            number
            for name, number in counts.items()
            if " /api/" in name and (not method or name.startswith(f"{method} "))
        )


@contextmanager
def clio() -> Iterator[Theirs]:
    """Start it without a limit of requests, and end it."""
    program = subprocess.Popen(
        [sys.executable, "-m", "sandbox.clio", "--port", "0"],
        cwd=home.ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert program.stdout is not None
        line = program.stdout.readline()
        yield Theirs(line.rsplit(" ", 1)[-1].strip())
    finally:
        program.terminate()
        program.wait(PATIENCE)
