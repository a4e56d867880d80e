"""An Exchange Server that is slow, broken, elsewhere or not to be visited; and nobody is told of what we write."""

from __future__ import annotations

import importlib.util
import socket
import threading
import time
from collections.abc import Callable, Iterator
from xml.etree import ElementTree

import pytest

from daybook.connectors import http
from daybook.connectors.errors import (
    Forbidden,
    Garbled,
    Limited,
    Missing,
    NotAuthorised,
    RemoteTrouble,
    Stale,
    Unreachable,
)
from daybook.connectors.exchange import Account, discover, exchange_calendars
from daybook.connectors.exchange.session import trouble_of
from daybook.connectors.guard import Refused
from sandbox.exchange import Sandbox, start
from tests.connectors.calendar_rig import UID, WINDOW, at, draft
from tests.connectors.exchange_rig import DANA, PASSWORD, ExchangeRig

TYPES = "{http://schemas.microsoft.com/exchange/services/2006/types}"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with start() as running:
        yield running


@pytest.fixture
def rig(sandbox: Sandbox) -> ExchangeRig:
    return ExchangeRig(sandbox)


def read(rig: ExchangeRig) -> object:
    return rig.service.read(rig.calendar, WINDOW, home=rig.home)


@pytest.mark.parametrize("kind", ["malformed", "truncated"])
def test_half_an_answer_is_trouble_and_never_a_free_calendar(rig: ExchangeRig, kind: str) -> None:
    for number in range(3):
        rig.add(f"Lunch {number}", at(12, day=number), at(13, day=number))
    rig.control.fault(kind)
    with pytest.raises((Garbled, Unreachable)):
        read(rig)


@pytest.mark.parametrize("columns", [{"shown": "Perhaps"}, {"response": "Shrug"}])
def test_a_word_nobody_has_published_is_busy(rig: ExchangeRig, columns: dict[str, str]) -> None:
    times = (at(9).isoformat(), at(10).isoformat())
    rig.control.create_event(rig.calendar, "Lunch", *times, **columns)
    (one,) = rig.service.read(rig.calendar, WINDOW, home=rig.home).seen
    assert one.items[0].standing == "busy"


def test_a_letter_xml_does_not_have_loses_no_calendar(rig: ExchangeRig) -> None:
    rig.add("Lunch\x0bwith Bob", at(12), at(13))
    (one,) = rig.service.read(rig.calendar, WINDOW, home=rig.home).seen
    assert one.items[0].title == "Lunch?with Bob"


def test_nobody_is_told_and_nothing_reminds(rig: ExchangeRig) -> None:
    written = rig.service.create(rig.calendar, draft())
    written = rig.service.update(rig.calendar, written.id, draft(at(11), sequence=1), etag=written.etag)
    (row,) = rig.control.records("items", folder=rig.calendar)
    assert (row["sensitivity"], row["reminder"], row["shown"], row["sent"]) == (
        "Private",
        False,
        "Busy",
        "SendToNone",
    )
    assert list(row["marks"].values()) == [UID]
    rig.service.delete(rig.calendar, written.id)
    (deleted,) = rig.control.records("items")
    assert deleted["folder"] != rig.calendar  # among the deleted items, where it can be fetched back
    sent = [ElementTree.fromstring(one.request_body) for one in rig.sandbox.exchanges]
    told = {
        name: value for body in sent for one in body.iter() for name, value in one.items() if "Send" in name
    }
    assert set(told.values()) == {"SendToNone"}
    assert len(told) == 3


def test_one_of_ours_that_somebody_repeats_is_held_once_again(rig: ExchangeRig) -> None:
    written = rig.service.create(rig.calendar, draft())
    rig.control.edit_event(written.id, rrule="FREQ=DAILY;COUNT=5")
    (found,) = rig.service.find(rig.calendar, UID, home=rig.home)
    assert len(found.items) == 5
    rig.service.update(rig.calendar, written.id, draft(at(11), sequence=1), etag=found.etag)
    assert len(rig.service.get(rig.calendar, written.id, home=rig.home).items) == 1


def test_a_reading_takes_two_requests_at_most_and_one_without_series(rig: ExchangeRig) -> None:
    rig.add("Lunch", at(12), at(13))
    read(rig)
    assert [one.path.rpartition("/")[2] for one in rig.sandbox.exchanges] == ["FindItem"]
    rig.add("Standup", at(9), at(10), rrule="FREQ=DAILY")
    rig.add("Review", at(15), at(16), rrule="FREQ=WEEKLY")
    rig.control.clear_log()
    read(rig)
    assert [one.path.rpartition("/")[2] for one in rig.sandbox.exchanges] == ["FindItem", "GetItem"]


@pytest.mark.parametrize(
    ("status", "kind", "maybe"),
    [(500, Unreachable, True), (503, Unreachable, True), (403, Forbidden, False), (404, Missing, False)],
)
def test_every_status_is_told_by_the_table_of_all_connectors(
    rig: ExchangeRig, status: int, kind: type[RemoteTrouble], maybe: bool
) -> None:
    rig.control.fault("status", status=status, path="*/CreateItem")
    with pytest.raises(kind) as caught:
        rig.service.create(rig.calendar, draft())
    assert caught.value.maybe_applied is maybe


@pytest.mark.parametrize(
    ("code", "kind", "maybe"),
    [
        ("ErrorAccessDenied", Forbidden, False),
        ("ErrorItemNotFound", Missing, False),
        ("ErrorIrresolvableConflict", Stale, False),
        ("ErrorStaleObject", Stale, False),
        ("ErrorServerBusy", Limited, False),
        ("UnauthorizedError", NotAuthorised, False),
        ("ErrorInternalServerError", Unreachable, True),
        ("SOAPError", Garbled, True),
    ],
)
def test_what_a_response_code_stands_for(code: str, kind: type[RemoteTrouble], maybe: bool) -> None:
    trouble = trouble_of(code, write=True)
    assert (type(trouble), trouble.maybe_applied) == (kind, maybe)
    assert not trouble_of(code, write=False).maybe_applied


def test_a_busy_server_is_not_waited_for(rig: ExchangeRig) -> None:
    rig.limit(120)
    started = time.monotonic()
    with pytest.raises(Limited) as caught:
        read(rig)
    assert caught.value.after == 120
    assert time.monotonic() - started < 5


def test_a_slow_server_is_left_when_the_time_is_over(rig: ExchangeRig) -> None:
    """A byte now and then keeps no request alive."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"http://127.0.0.1:{server.getsockname()[1]}/EWS/Exchange.asmx"
        threading.Thread(target=_drip, args=(server,), daemon=True).start()
        service = exchange_calendars(
            Account(address), username=DANA, password=PASSWORD, private=True, seconds=0.5
        )
        started = time.monotonic()
        with pytest.raises(Unreachable):
            service.read("x", WINDOW, home=rig.home)
        assert time.monotonic() - started < 5


def _drip(server: socket.socket) -> None:
    line, _ = server.accept()
    with line:
        try:
            line.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
            for _ in range(100):
                line.sendall(b"a")
                time.sleep(0.1)
        except OSError:
            return


# Where it may go ------------------------------------------------------------------------------------------------------


def test_private_networks_are_visited_only_where_that_is_allowed(rig: ExchangeRig) -> None:
    service = rig.connected(private=False)
    with pytest.raises(Refused):
        service.read(rig.calendar, WINDOW, home=rig.home)
    secure = exchange_calendars(
        Account("https://127.0.0.1:1/EWS/Exchange.asmx"), username=DANA, password=PASSWORD
    )
    with pytest.raises(Refused):
        secure.read(rig.calendar, WINDOW, home=rig.home)
    assert rig.sandbox.exchanges == []


def test_it_connects_to_the_address_that_was_checked(rig: ExchangeRig) -> None:
    asked: list[str] = []

    def resolve(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"]

    service = exchange_calendars(
        Account(f"http://mail.hartvale.example:{rig.sandbox.port}/EWS/Exchange.asmx"),
        username=DANA,
        password=PASSWORD,
        private=True,
        resolve=resolve,
    )
    assert service.read(rig.calendar, WINDOW, home=rig.home).whole
    assert asked == ["mail.hartvale.example"]


def test_a_redirect_is_not_followed(rig: ExchangeRig) -> None:
    rig.control.fault("status", status=302)
    with pytest.raises(Garbled):
        read(rig)
    assert len(rig.sandbox.exchanges) == 1


def test_the_guards_of_all_connectors_are_asked_before_anything_is_sent(
    rig: ExchangeRig,
) -> None:
    def refuse() -> None:
        raise AssertionError("inside a transaction")

    http.guards.append(refuse)
    try:
        with pytest.raises(AssertionError, match="inside a transaction"):
            read(rig)
    finally:
        http.guards.remove(refuse)
    assert rig.sandbox.exchanges == []


# Finding it -----------------------------------------------------------------------------------------------------------


def test_an_account_is_found_by_its_servers_name(rig: ExchangeRig) -> None:
    account = discover(rig.sandbox.url, username=DANA, password=PASSWORD, private=True)
    assert account == Account(rig.sandbox.ews_url, "basic")
    first = rig.sandbox.exchanges[0]
    assert (first.user, first.status) == (None, 401)  # asked without the password first


@pytest.mark.parametrize(
    ("path", "password", "kind"), [("", "wrong", NotAuthorised), ("/elsewhere", PASSWORD, Missing)]
)
def test_what_is_wrong_is_said_to_whoever_typed(
    rig: ExchangeRig, path: str, password: str, kind: type[RemoteTrouble]
) -> None:
    rig.control.fault("status", status=404, path="/elsewhere")
    with pytest.raises(kind) as caught:
        discover(f"{rig.sandbox.url}{path}", username=DANA, password=password, private=True)
    assert "Exchange" in caught.value.text


def test_deleted_calendars_are_not_listed(rig: ExchangeRig) -> None:
    rig.control.add_calendar(DANA, "Old", parent="deleteditems")
    assert {one.name for one in rig.service.calendars()} == {"Calendar", "Firm holidays"}


def test_without_the_library_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    found: Callable[..., object] = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *more: None if name == "exchangelib" else found(name, *more)
    )
    for call in (
        lambda: exchange_calendars(Account("https://x.example/"), username="a", password="b"),
        lambda: discover("x.example", username="a", password="b"),
    ):
        with pytest.raises(Refused, match="no support for Exchange Server installed"):
            call()
