"""One way to make a request: what goes out, what comes back, what can go wrong, and what is never said."""

from __future__ import annotations

import gzip
import http
import io
import logging
import os
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
import stamina
import structlog

from daybook.connectors import errors
from daybook.connectors import http as ours
from daybook.connectors.errors import (
    FAMILIES,
    MAYBE_APPLIED,
    STATUSES,
    TROUBLES,
    Billed,
    Forbidden,
    Garbled,
    Limited,
    Missing,
    NotAuthorised,
    Rejected,
    RemoteTrouble,
    Retry,
    Stale,
    Unreachable,
    clean,
    trouble_for,
)
from daybook.connectors.http import Http
from tests.connectors.scripted import Reply, Scripted, deaf_port, resetting_port, scripted


@pytest.fixture
def server() -> Iterator[Scripted]:
    with scripted() as running:
        yield running
    ours.close_all()


@pytest.fixture(autouse=True)
def _as_it_runs() -> Iterator[None]:
    """With the waits there really are before asking again, and the end they come to."""
    with stamina.set_testing(False):
        yield


def quick(server: Scripted, **options: Any) -> Http:
    return Http(server.url, "Clio", **{"retries": 0, "read_seconds": 0.5, **options})


# What a trouble says -------------------------------------------------------------------------------------------------


def test_every_status_with_a_name_has_a_row() -> None:
    named = {int(status) for status in http.HTTPStatus if status >= 300}
    assert named <= STATUSES.keys()


def test_every_status_there_can_be_stands_for_a_class() -> None:
    for status in range(100, 600):
        assert type(trouble_for(status, "Clio", write=False)) in TROUBLES
    assert FAMILIES.keys() == {1, 2, 3, 4, 5}


def test_every_class_answers_whether_to_retry() -> None:
    assert {kind: kind.retry for kind in TROUBLES} == {
        Unreachable: Retry.LATER,
        Limited: Retry.AFTER,
        NotAuthorised: Retry.NEVER,
        Forbidden: Retry.NEVER,
        Stale: Retry.NEVER,
        Missing: Retry.NEVER,
        Rejected: Retry.NEVER,
        Billed: Retry.NEVER,
        Garbled: Retry.NEVER,
    }
    defined = {
        value
        for value in vars(errors).values()
        if isinstance(value, type) and issubclass(value, RemoteTrouble)
    }
    assert defined == {RemoteTrouble, *TROUBLES}


@pytest.mark.parametrize("kind", TROUBLES)
def test_every_class_speaks_to_an_administrator(kind: type[RemoteTrouble]) -> None:
    text = kind("Clio").text
    assert "Clio" in text
    assert "{" not in text
    assert text.endswith(".")


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, Rejected),
        (401, NotAuthorised),
        (403, Forbidden),
        (404, Missing),
        (410, Missing),
        (412, Stale),
        (422, Rejected),
        (429, Limited),
        (500, Unreachable),
        (502, Unreachable),
        (503, Unreachable),
        (504, Unreachable),
    ],
)
def test_the_statuses_that_matter_stand_for_what_the_house_says(
    status: int, kind: type[RemoteTrouble]
) -> None:
    assert STATUSES[status] is kind


def test_a_status_nobody_has_heard_of_is_taken_for_its_family() -> None:
    assert isinstance(trouble_for(499, "Clio", write=True), Rejected)
    assert isinstance(trouble_for(599, "Clio", write=True), Unreachable)


def test_their_words_are_shown_without_addresses_numbers_or_tokens() -> None:
    words = (
        "Email dana@example.com,\nphone +1 (555) 010-9999, token abcdefghijklmnopqrstuvwxyz012345 is invalid."
    )
    assert clean(words) == "Email [email] phone [number], token […] is invalid"
    assert len(clean("word " * 500)) <= 300


def test_a_rejection_carries_their_words() -> None:
    trouble = trouble_for(422, "Clio", write=True, words="Matter is closed.")
    assert trouble.text == "Clio did not accept this: Matter is closed."
    assert trouble.maybe_applied is False


# Statuses over a real socket -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", sorted({*STATUSES, 418, 499, 599}))
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_each_status_raises_its_class_and_says_whether_it_may_be_applied(
    server: Scripted, status: int, method: str
) -> None:
    server.plan(Reply(int(status), headers={"Retry-After": "17"}))
    with pytest.raises(RemoteTrouble) as caught:
        quick(server).request(method, "/things")
    trouble = caught.value
    assert type(trouble) is (STATUSES.get(status) or FAMILIES[status // 100])
    assert trouble.status == status
    assert trouble.after == 17.0
    assert trouble.provider == "Clio"
    assert trouble.maybe_applied is (method == "POST" and status in MAYBE_APPLIED)


def test_a_retry_after_that_is_a_date_is_left_alone(server: Scripted) -> None:
    server.plan(Reply(429, headers={"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}))
    with pytest.raises(Limited) as caught:
        quick(server).request("GET", "/things")
    assert caught.value.after is None


# Connections that fail -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_where_nobody_listens_nothing_was_applied(method: str) -> None:
    with deaf_port() as port, pytest.raises(Unreachable) as caught:
        Http(f"http://127.0.0.1:{port}", "Clio", retries=0).request(method, "/things")
    assert caught.value.maybe_applied is False
    assert caught.value.status is None


def test_a_host_without_an_address_is_unreachable() -> None:
    with pytest.raises(Unreachable) as caught:
        Http("http://nowhere.invalid", "Clio", retries=0).request("POST", "/things", json={})
    assert caught.value.maybe_applied is False


@pytest.mark.parametrize(
    ("method", "maybe"), [("GET", False), ("POST", True), ("PATCH", True), ("DELETE", True)]
)
def test_a_connection_dropped_after_the_request_leaves_a_write_in_doubt(
    server: Scripted, method: str, maybe: bool
) -> None:
    server.plan(Reply(drop=True))
    with pytest.raises(Unreachable) as caught:
        quick(server).request(method, "/things")
    assert len(server.asked) == 1
    assert caught.value.maybe_applied is maybe


def test_a_connection_reset_while_sending_leaves_a_write_in_doubt() -> None:
    with resetting_port() as port, pytest.raises(Unreachable) as caught:
        Http(f"http://127.0.0.1:{port}", "Clio", retries=0).request("POST", "/things", json={"a": 1})
    assert caught.value.maybe_applied is True


@pytest.mark.parametrize(("method", "maybe"), [("GET", False), ("POST", True)])
def test_an_answer_that_takes_too_long_leaves_a_write_in_doubt(
    server: Scripted, method: str, maybe: bool
) -> None:
    server.plan(Reply(wait=0.8))
    with pytest.raises(Unreachable) as caught:
        quick(server, read_seconds=0.2).request(method, "/things")
    assert caught.value.maybe_applied is maybe


@pytest.mark.parametrize(("method", "maybe"), [("GET", False), ("POST", True)])
def test_an_answer_that_breaks_off_leaves_a_write_in_doubt(
    server: Scripted, method: str, maybe: bool
) -> None:
    server.plan(Reply(body=b'{"data": {"id', promise=500))
    with pytest.raises(Unreachable) as caught:
        quick(server).request(method, "/things")
    assert caught.value.maybe_applied is maybe


def test_an_answer_that_drips_for_ever_is_given_up(server: Scripted) -> None:
    server.plan(Reply(body=b"x" * 200_000))
    with pytest.raises(Unreachable):
        quick(server, total_seconds=-1.0).request("GET", "/things")


def test_something_that_is_not_http_is_unreachable(server: Scripted) -> None:
    server.plan(Reply(raw=b"SSH-2.0-OpenSSH_9.2\r\n\r\n"))
    with pytest.raises(Unreachable):
        quick(server).request("GET", "/things")


@pytest.mark.parametrize(("method", "maybe"), [("GET", False), ("POST", True)])
def test_a_broken_encoding_is_garbled(server: Scripted, method: str, maybe: bool) -> None:
    server.plan(Reply(body=b"not gzip at all", headers={"Content-Encoding": "gzip"}))
    with pytest.raises(Garbled) as caught:
        quick(server).request(method, "/things")
    assert caught.value.maybe_applied is maybe


# Answers that cannot be read -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("body", [b'{"data": {"id": 1, "na', b'{"data": [1, 2', b'{"data":', b'{"a": "b'])
@pytest.mark.parametrize(("method", "maybe"), [("GET", False), ("POST", True)])
def test_json_that_stops_in_the_middle_is_a_lost_connection(
    server: Scripted, body: bytes, method: str, maybe: bool
) -> None:
    server.plan(Reply(body=body))
    with pytest.raises(Unreachable) as caught:
        quick(server).request(method, "/things").json()
    assert caught.value.maybe_applied is maybe


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>Log in</html>", b'{"a" 1}', b"\xff\xfe\xfd", b'{"a": NaN}', b"[" * 200_000, b'{"a": 1} x'],
)
@pytest.mark.parametrize(("method", "maybe"), [("GET", False), ("POST", True)])
def test_what_is_not_json_is_garbled(server: Scripted, body: bytes, method: str, maybe: bool) -> None:
    server.plan(Reply(body=body))
    with pytest.raises((Garbled, Unreachable) if body[:2] == b"[[" else Garbled) as caught:
        quick(server).request(method, "/things").json()
    assert caught.value.maybe_applied is maybe


def test_a_packed_answer_is_unpacked(server: Scripted) -> None:
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb") as file:
        file.write(b'{"price": 10.10}')
    server.plan(Reply(body=packed.getvalue(), headers={"Content-Encoding": "gzip"}))
    assert str(quick(server).request("GET", "/things").json()["price"]) == "10.10"
    assert server.asked[0].headers["accept-encoding"] == "gzip"


@pytest.mark.parametrize(("method", "maybe"), [("GET", False), ("POST", True)])
def test_an_answer_beyond_the_limit_is_refused(server: Scripted, method: str, maybe: bool) -> None:
    server.plan(Reply(body=b"x" * 5000))
    with pytest.raises(Garbled) as caught:
        quick(server, max_bytes=4999).request(method, "/things")
    assert "too large" in caught.value.text
    assert caught.value.maybe_applied is maybe


def test_a_small_packet_that_unpacks_beyond_the_limit_is_refused(server: Scripted) -> None:
    server.plan(Reply(body=gzip.compress(b"0" * 3_000_000), headers={"Content-Encoding": "gzip"}))
    with pytest.raises(Garbled):
        quick(server, max_bytes=1_000_000).request("GET", "/things")


# Redirects -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_redirect_to_another_host_is_not_followed(server: Scripted, status: int, method: str) -> None:
    with scripted() as elsewhere:
        server.plan(Reply(status, headers={"Location": f"{elsewhere.url}/stolen"}))
        with pytest.raises(Garbled):
            quick(server).request(method, "/things", headers={"Authorization": "Bearer secret"})
        assert elsewhere.asked == []


@pytest.mark.parametrize("location", ["//elsewhere.invalid/x", "https://127.0.0.1/x", "ftp://127.0.0.1/x"])
def test_neither_is_one_that_changes_scheme_or_hides_the_host(server: Scripted, location: str) -> None:
    server.plan(Reply(307, headers={"Location": location}))
    with pytest.raises(Garbled):
        quick(server).request("GET", "/things")
    assert len(server.asked) == 1


@pytest.mark.parametrize("status", [307, 308])
def test_a_redirect_on_the_same_host_keeps_method_body_and_token(server: Scripted, status: int) -> None:
    server.plan(Reply(status, headers={"Location": "/moved.json?x=1"}), Reply(201, {"data": 1}))
    answer = quick(server).request("POST", "/things", json={"a": "ä"}, headers={"Authorization": "Bearer t"})
    assert answer.status == 201
    moved = server.asked[1]
    assert (moved.method, moved.target, moved.json) == ("POST", "/moved.json?x=1", {"a": "ä"})
    assert moved.headers["authorization"] == "Bearer t"


def test_a_read_is_followed_and_a_write_is_not_when_the_method_might_change(server: Scripted) -> None:
    server.plan(Reply(302, headers={"Location": "/moved"}), Reply(200, {"data": 1}))
    assert quick(server).request("GET", "/things").json() == {"data": 1}
    server.plan(Reply(302, headers={"Location": "/moved"}))
    with pytest.raises(Garbled) as caught:
        quick(server).request("POST", "/things")
    assert caught.value.maybe_applied is True
    assert len(server.asked) == 3


def test_a_circle_of_redirects_ends(server: Scripted) -> None:
    server.otherwise = Reply(307, headers={"Location": "/things"})
    with pytest.raises(Garbled):
        quick(server).request("GET", "/things")
    assert len(server.asked) == ours.MAX_REDIRECTS + 1


def test_an_address_of_another_host_is_not_even_asked(server: Scripted) -> None:
    with scripted() as elsewhere, pytest.raises(Garbled):
        quick(server).request("GET", f"{elsewhere.url}/x")
    assert server.asked == []


# Retries -------------------------------------------------------------------------------------------------------------


def test_a_read_is_tried_three_times_at_most(server: Scripted) -> None:
    server.otherwise = Reply(503)
    with pytest.raises(Unreachable):
        quick(server, retries=2).request("GET", "/things")
    assert len(server.asked) == 3


def test_a_read_that_works_the_second_time_has_worked(server: Scripted) -> None:
    server.plan(Reply(drop=True), Reply(200, {"data": 7}))
    assert quick(server, retries=2).request("GET", "/things").json() == {"data": 7}


@pytest.mark.parametrize("method", ["POST", "PATCH", "PUT", "DELETE"])
def test_a_write_is_never_tried_again(server: Scripted, method: str) -> None:
    server.otherwise = Reply(503)
    with pytest.raises(Unreachable):
        quick(server, retries=2).request(method, "/things")
    assert len(server.asked) == 1


@pytest.mark.parametrize("status", [400, 401, 403, 404, 412, 422, 429])
def test_an_answer_that_means_something_is_not_asked_for_again(server: Scripted, status: int) -> None:
    server.otherwise = Reply(status)
    with pytest.raises(RemoteTrouble):
        quick(server, retries=2).request("GET", "/things")
    assert len(server.asked) == 1


def test_retries_can_be_switched_off(server: Scripted) -> None:
    server.otherwise = Reply(503)
    with pytest.raises(Unreachable):
        quick(server, retries=0).request("GET", "/things")
    assert len(server.asked) == 1


def test_a_read_that_took_long_already_is_not_tried_again(server: Scripted) -> None:
    server.otherwise = Reply(503, wait=0.15)
    with pytest.raises(Unreachable):
        quick(server, retries=2, retry_seconds=0.1).request("GET", "/things")
    assert len(server.asked) == 1


def test_each_attempt_is_announced(server: Scripted) -> None:
    server.plan(Reply(503), Reply(200))
    announced: list[int] = []
    quick(server, retries=2).request("GET", "/things", before=lambda: announced.append(1))
    assert len(announced) == 2


# Guards, observers, logs ---------------------------------------------------------------------------------------------


def test_a_guard_that_raises_keeps_the_request_at_home(server: Scripted) -> None:
    class InsideTransaction(Exception):
        pass

    def guard() -> None:
        raise InsideTransaction

    ours.guards.append(guard)
    try:
        with pytest.raises(InsideTransaction):
            quick(server).request("GET", "/things")
    finally:
        ours.guards.remove(guard)
    assert server.asked == []


def test_observers_see_request_and_answer_whole(server: Scripted) -> None:
    seen: list[ours.Exchange] = []
    ours.observers.append(seen.append)
    try:
        server.plan(Reply(422, {"error": {"type": "x", "message": "y"}}))
        with pytest.raises(Rejected):
            quick(server).request(
                "POST", "/things", params={"fields": "id,etag", "no": None}, json={"data": {"a": 1}}
            )
    finally:
        ours.observers.remove(seen.append)
    (exchange,) = seen
    assert (exchange.method, exchange.status) == ("POST", 422)
    assert exchange.url.endswith("/things?fields=id%2Cetag")
    assert exchange.request_body == b'{"data":{"a":1}}'
    assert b"message" in exchange.response_body


def test_each_request_is_one_event_without_body_query_or_token(
    server: Scripted, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    server.plan(Reply(200, {"data": "SECRET-in-answer"}))
    with structlog.testing.capture_logs() as events:
        quick(server).request(
            "POST",
            "/contacts/12.json",
            template="/contacts/{id}.json",
            params={"query": "SECRET-dana"},
            headers={"Authorization": "Bearer SECRET-token"},
            json={"note": "SECRET-note"},
        )
    (event,) = events
    assert event["event"] == "remote_request"
    assert {name: event[name] for name in ("provider", "method", "path", "status")} == {
        "provider": "Clio",
        "method": "POST",
        "path": "/contacts/{id}.json",
        "status": 200,
    }
    assert isinstance(event["ms"], int)
    assert "SECRET" not in repr(events) + caplog.text
    assert "12.json" not in repr(events)


def test_a_failure_is_logged_by_name_only(server: Scripted) -> None:
    server.plan(Reply(drop=True))
    with structlog.testing.capture_logs() as events, pytest.raises(Unreachable):
        quick(server).request("GET", "/things", params={"query": "SECRET"})
    assert events[0]["status"] is None
    assert events[0]["failure"] == "RemoteProtocolError"
    assert "SECRET" not in repr(events)


def test_a_trouble_does_not_repeat_what_was_sent(server: Scripted) -> None:
    server.plan(Reply(503, b"SECRET-page"))
    with pytest.raises(Unreachable) as caught:
        quick(server).request(
            "POST", "/things", params={"q": "SECRET"}, headers={"Authorization": "Bearer SECRET"}
        )
    assert "SECRET" not in f"{caught.value!r} {caught.value} {caught.value.text}"


def test_an_answer_does_not_print_itself(server: Scripted) -> None:
    server.plan(Reply(200, b"SECRET", headers={"X-Secret": "SECRET"}))
    assert "SECRET" not in repr(quick(server).request("GET", "/things"))


# The pool ------------------------------------------------------------------------------------------------------------


def test_cookies_of_one_firm_are_not_sent_for_another(server: Scripted) -> None:
    server.plan(Reply(200, headers={"Set-Cookie": "session=firm-one; Path=/"}), Reply(200))
    quick(server).request("GET", "/things")
    quick(server).request("GET", "/things")
    assert "cookie" not in server.asked[1].headers


def test_threads_share_one_pool(server: Scripted) -> None:
    server.otherwise = Reply(200, {"data": 1}, wait=0.05)
    answers: list[int] = []

    def work() -> None:
        answers.append(Http(server.url, "Clio").request("GET", "/things").status)

    threads = [threading.Thread(target=work) for _ in range(12)]
    started = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert answers == [200] * 12
    assert time.monotonic() - started < 5
    assert len([origin for origin in ours._clients if origin.endswith(f":{server.port}")]) == 1


def test_a_forked_child_opens_connections_of_its_own(server: Scripted) -> None:
    server.otherwise = Reply(200, {"data": 1})
    quick(server).request("GET", "/things")
    child = os.fork()
    if child == 0:
        os._exit(0 if not ours._clients else 1)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    assert ours._clients


def test_it_says_who_it_is(server: Scripted) -> None:
    server.plan(Reply(200))
    quick(server).request("GET", "/things")
    assert server.asked[0].headers["user-agent"].startswith("Daybook")
    assert server.asked[0].headers["accept"] == "application/json"


def test_a_form_is_sent_as_a_form(server: Scripted) -> None:
    server.plan(Reply(200))
    quick(server).request("POST", "/oauth/token", form={"code": "a&b=c"})
    assert server.asked[0].form == {"code": "a&b=c"}
    assert server.asked[0].headers["content-type"] == "application/x-www-form-urlencoded"


@pytest.mark.parametrize("nonsense", ["http://²/", "http://127.0.0.1:port/", "http://[::1/"])
def test_an_address_that_is_none_is_their_nonsense_and_no_fault_of_ours(nonsense: str) -> None:
    with pytest.raises(Garbled):
        Http("http://127.0.0.1:9", "Clio").request("GET", nonsense)
