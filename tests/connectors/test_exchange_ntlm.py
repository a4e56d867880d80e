"""Signing in to an Exchange Server that wants NTLM: a real handshake, on one connection."""

from __future__ import annotations

import base64
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import spnego

from daybook.connectors.errors import NotAuthorised
from daybook.connectors.exchange import Account, discover, exchange_calendars
from sandbox.exchange import start
from tests.connectors.calendar_rig import UID, WINDOW, draft
from tests.connectors.exchange_rig import DANA, PASSWORD, ExchangeRig

BASIC = base64.b64encode(f"{DANA}:{PASSWORD}".encode()).decode()


class Door(BaseHTTPRequestHandler):
    """Lets in who proves by NTLM to know the password, and passes on to the server behind."""

    protocol_version = "HTTP/1.1"
    behind = ""

    def setup(self) -> None:
        super().setup()
        self.proof: Any = None

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        scheme, _, token = self.headers.get("Authorization", "").partition(" ")
        if self.proof is not None and self.proof.complete:
            return self._pass_on(body)
        if scheme != "NTLM":
            return self._say(401, {"WWW-Authenticate": "NTLM"})
        if self.proof is None:
            self.proof = spnego.server(protocol="ntlm", options=spnego.NegotiateOptions.use_ntlm)
        try:
            answer = self.proof.step(base64.b64decode(token))
        except spnego.exceptions.SpnegoError:
            self.proof = None
            return self._say(401, {"WWW-Authenticate": "NTLM"})
        if not self.proof.complete:
            return self._say(401, {"WWW-Authenticate": f"NTLM {base64.b64encode(answer).decode()}"})
        return self._pass_on(body)

    def _pass_on(self, body: bytes) -> None:
        headers = {"Authorization": f"Basic {BASIC}", "Content-Type": "text/xml; charset=utf-8"}
        with urllib.request.urlopen(urllib.request.Request(self.behind, body, headers)) as answer:
            self._say(answer.status, {"Content-Type": "text/xml; charset=utf-8"}, answer.read())

    def _say(self, status: int, headers: dict[str, str], body: bytes = b"") -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture
def rig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[ExchangeRig, str]]:
    """The sandbox, and the address of the door in front of it."""
    (tmp_path / "users").write_text(f"HARTVALE:dana:{PASSWORD}\n")
    monkeypatch.setenv("NTLM_USER_FILE", str(tmp_path / "users"))
    with start() as sandbox:
        rig = ExchangeRig(sandbox)
        door = ThreadingHTTPServer(("127.0.0.1", 0), type("ThisDoor", (Door,), {"behind": sandbox.ews_url}))
        door.daemon_threads = True
        threading.Thread(target=door.serve_forever, args=(0.02,), daemon=True).start()
        yield rig, f"http://127.0.0.1:{door.server_port}/EWS/Exchange.asmx"
        door.shutdown()
        door.server_close()


def test_an_account_is_found_read_and_written_to_by_ntlm(rig: tuple[ExchangeRig, str]) -> None:
    stage, address = rig
    account = discover(address, username="HARTVALE\\dana", password=PASSWORD, private=True)
    assert account == Account(address, "ntlm")
    service = exchange_calendars(account, username="HARTVALE\\dana", password=PASSWORD, private=True)
    service.create(stage.calendar, draft())
    (one,) = service.read(stage.calendar, WINDOW, home="America/Denver").seen
    assert one.mark == UID
    assert stage.count() == 1


def test_a_wrong_password_opens_nothing_by_ntlm(rig: tuple[ExchangeRig, str]) -> None:
    stage, address = rig
    service = exchange_calendars(
        Account(address, "ntlm"), username="HARTVALE\\dana", password="wrong", private=True
    )
    with pytest.raises(NotAuthorised):
        service.read(stage.calendar, WINDOW, home="America/Denver")
    assert stage.sandbox.exchanges == []
