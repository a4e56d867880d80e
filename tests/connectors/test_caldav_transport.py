"""Connections to addresses people typed: to the checked place only, by the right name, and not for ever."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from daybook.connectors import http
from daybook.connectors.caldav import session as sessions
from daybook.connectors.caldav.session import Session
from daybook.connectors.errors import Garbled, RemoteTrouble, Unreachable
from daybook.connectors.guard import Refused
from tests.connectors.caldav_hosts import Hosts, Says, hosts, one_resource


@pytest.fixture
def net(tmp_path: Path) -> Iterator[Hosts]:
    with hosts(tmp_path) as net:
        yield net
    http.close_all()


def session(net: Hosts, **options: object) -> Session:
    known = {"private": True, "resolve": net.resolve, "certificates": net.trust, "seconds": 5.0}
    origins = {net.at("dav.example", ""), net.at("strange.example", "")}
    return Session("Here", username="dana", password="secret", origins=origins, **{**known, **options})  # type: ignore[arg-type]


def test_a_name_that_leads_elsewhere_the_second_time_is_not_asked_a_second_time(net: Hosts):
    net.says = {("dav.example", "/x/"): Says(body=one_resource("/x/", ""))}
    answers = iter([["127.0.0.1"], ["169.254.169.254"]])
    asking = session(net, resolve=lambda host, port: next(answers))
    assert asking.ask("PROPFIND", net.at("dav.example", "/x/"), shown="x").status == 207
    assert asking.ask("PROPFIND", net.at("dav.example", "/x/"), shown="x").status == 207  # same connection
    http.close_all()
    with pytest.raises(Refused):
        asking.ask("PROPFIND", net.at("dav.example", "/x/"), shown="x")


def test_one_private_place_among_several_is_enough_to_refuse(net: Hosts):
    asking = session(net, private=False, resolve=lambda host, port: ["93.184.216.34", "10.0.0.1"])
    with pytest.raises(Refused):
        asking.ask("PROPFIND", net.at("dav.example", "/x/"), shown="x")
    assert net.heard == []


def test_the_certificate_is_checked_against_the_name(net: Hosts):
    with pytest.raises(Unreachable) as caught:
        session(net).ask("PROPFIND", net.at("strange.example", "/x/"), shown="x")
    assert not caught.value.maybe_applied
    with pytest.raises(Unreachable):
        session(net, certificates=ssl.create_default_context()).ask(
            "PROPFIND", net.at("dav.example", "/x/"), shown="x"
        )
    assert net.heard == []


def test_a_server_that_sends_a_byte_now_and_then_is_left_when_the_time_is_over():
    with _dripping() as port:
        asking = Session(
            "Here",
            username="dana",
            password="secret",
            origins={f"http://127.0.0.1:{port}"},
            private=True,
            seconds=1.0,
        )
        started = time.monotonic()
        with pytest.raises(Unreachable) as caught:
            asking.ask("PUT", f"http://127.0.0.1:{port}/x", shown="x", body=b"x")
        assert time.monotonic() - started < 30  # it would go on for minutes
        assert caught.value.maybe_applied


def test_an_answer_larger_than_any_calendar_is_not_read_to_its_end(
    net: Hosts, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(sessions, "MAX_BYTES", 10_000)
    net.says = {("dav.example", "/x/"): Says(body="x" * 20_000)}
    with pytest.raises(Garbled) as caught:
        session(net).ask("PROPFIND", net.at("dav.example", "/x/"), shown="x")
    assert "too large" in caught.value.text


def test_redirects_without_end_are_left(net: Hosts):
    net.says = {("dav.example", "/x/"): Says(302, "", {"Location": "/x/"})}
    with pytest.raises(Garbled):
        session(net).ask("PROPFIND", net.at("dav.example", "/x/"), shown="x")
    assert len(net.heard) == sessions.MAX_REDIRECTS + 1


@pytest.mark.parametrize("status", [301, 302, 303])
def test_a_write_is_never_sent_on_by_a_redirect_that_may_change_it(net: Hosts, status: int):
    net.says = {("dav.example", "/x/"): Says(status, "", {"Location": "/y/"})}
    with pytest.raises(RemoteTrouble):
        session(net).ask("PUT", net.at("dav.example", "/x/"), shown="x", body=b"x")
    assert [one.path for one in net.heard] == ["/x/"]


def test_neither_password_nor_address_is_logged(net: Hosts, capsys: pytest.CaptureFixture[str]):
    net.says = {("dav.example", "/private-name/"): Says(body=one_resource("/x/", ""))}
    with capture_logs() as logged:
        session(net).ask("PROPFIND", net.at("dav.example", "/private-name/"), shown="(calendar)")
    said = repr(logged) + "".join(capsys.readouterr())
    assert "(calendar)" in said
    assert "private-name" not in said
    assert "Basic" not in said


@contextmanager
def _dripping() -> Iterator[int]:
    listener = socket.create_server(("127.0.0.1", 0))
    stop = threading.Event()

    def run() -> None:
        peer, _ = listener.accept()
        with peer:
            for letter in b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 2_000:
                if stop.wait(0.1):
                    return
                try:
                    peer.send(bytes([letter]))
                except OSError:
                    return

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        stop.set()
        listener.close()
        thread.join(5)
