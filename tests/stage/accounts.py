"""Stand-ins for the calendar accounts of lawyers, and a person at their pages."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from html import unescape
from typing import TYPE_CHECKING
from urllib.error import HTTPError
from urllib.parse import urlencode, urljoin, urlsplit
from urllib.request import HTTPCookieProcessor, HTTPRedirectHandler, OpenerDirector, build_opener

import pytest

if TYPE_CHECKING:
    from sandbox import microsoft as microsoft_sandbox
    from tests.stage.caldav import CaldavServer


@pytest.fixture
def microsoft(request: pytest.FixtureRequest) -> Iterator[microsoft_sandbox.Sandbox]:
    """Microsoft's stand-in with the demo's accounts, and Daybook pointed at it."""
    from daybook.connectors import http
    from sandbox.microsoft import start

    with start(seed="demo") as sandbox:
        _point(request, "MICROSOFT", sandbox.url)
        yield sandbox
        http.close_all()


@pytest.fixture
def caldav(request: pytest.FixtureRequest) -> Iterator[CaldavServer]:
    """A real CalDAV server with an account of Alice's, password `caldav`, which Daybook may visit."""
    from daybook.connectors import http
    from tests.stage.caldav import radicale

    if os.environ.get("DJANGO_SETTINGS_MODULE"):
        request.getfixturevalue("settings").PRIVATE_NETWORKS = True
    with radicale() as server:
        server.admit("alice", "caldav")
        yield server
        http.close_all()


def _point(request: pytest.FixtureRequest, name: str, url: str) -> None:
    settings = request.getfixturevalue("settings")
    setattr(settings, f"{name}_BASE_URL", url)
    setattr(settings, f"{name}_CLIENT_ID", "daybook-demo")
    setattr(settings, f"{name}_CLIENT_SECRET", "daybook-demo-secret")


class _Stay(HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


class Person:
    """Somebody at a provider's pages: fills in the form that is shown, and follows where it leads within the provider."""

    def __init__(self, email: str, password: str) -> None:
        self.email, self.password = email, password
        self.page = self.at = ""
        self._opener: OpenerDirector = build_opener(_Stay, HTTPCookieProcessor())

    def allow(self, url: str) -> str:
        """Sign in and allow; gives the address of ours that the browser is sent to."""
        return self._decide(url, 0)

    def decline(self, url: str) -> str:
        return self._decide(url, 1)

    def _decide(self, url: str, button: int) -> str:
        target = self._open(url)
        if not target and 'name="password"' in self.page:
            target = self._send({"email": self.email, "password": self.password})
        if target:
            return target
        decisions = re.findall(r'name="decision" value="([^"]+)"', self.page)
        return self._send({"decision": decisions[button]})

    def _send(self, typed: dict[str, str]) -> str:
        action = re.findall(r'<form[^>]* action="([^"]+)"', self.page)[0]
        shown = re.findall(r'<input type="(?:hidden|checkbox)" name="([^"]+)" value="([^"]*)"', self.page)
        return self._open(
            urljoin(self.at, unescape(action)),
            [*((name, unescape(value)) for name, value in shown), *typed.items()],
        )

    def _open(self, url: str, form: list[tuple[str, str]] | None = None) -> str:
        """The address elsewhere that is arrived at; empty while a page is shown."""
        if self.at and urlsplit(url).netloc != urlsplit(self.at).netloc:
            return url
        self.at = url
        data = urlencode(form).encode() if form is not None else None
        try:
            with self._opener.open(url, data, timeout=10) as answer:
                self.page = answer.read().decode()
                return ""
        except HTTPError as error:
            with error:
                self.page = error.read().decode()
                target = error.headers.get("Location", "")
            return self._open(urljoin(url, target)) if target else ""
