"""Being told of changes in a Microsoft calendar: the handshake, the notifications, prolonging and ending."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from daybook.connectors.calendars import Watch
from daybook.connectors.errors import Garbled, Missing, Rejected, RemoteTrouble
from daybook.connectors.microsoft.watching import LONGEST
from tests.connectors.microsoft_rig import BEN, HOME, HOUR, MONDAY, WINDOW, Stage, draft, staged
from tests.connectors.scripted import Reply, scripted
from tests.microsoft_contract import delivery_problems

SECRET = "s" * 64
WEEK = timedelta(days=7)


@dataclass
class Receiver:
    """An address that answers as Microsoft wants it to, or gives back something else."""

    url: str = ""
    manner: str = "right"
    bodies: list[Any] = field(default_factory=list)


@contextmanager
def receiving() -> Iterator[Receiver]:
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            pass

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            token = parse_qs(urlsplit(self.path).query).get("validationToken", [""])[0]
            if not token:
                receiver.bodies.append(json.loads(body))
            wrong = {"silent": (404, ""), "other": (200, "hello"), "page": (200, token)}
            status, text = wrong.get(receiver.manner, (200 if token else 202, token))
            kind = "text/html" if receiver.manner == "page" else "text/plain"
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=lambda: server.serve_forever(0.02), daemon=True).start()
    receiver.url = f"http://127.0.0.1:{server.server_port}/told/microsoft"
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture(autouse=True)
def stage() -> Iterator[Stage]:
    with staged() as stage:
        yield stage
        assert delivery_problems(sent["body"] for sent in stage.control.webhooks_sent()) == []


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


def watch(stage: Stage, receiver: Receiver, *, until: timedelta = 2 * WEEK) -> Watch:
    return stage.service().watch(
        stage.calendar, address=receiver.url, secret=SECRET, until=stage.now() + until
    )


def items(stage: Stage, receiver: Receiver) -> list[dict[str, Any]]:
    assert stage.control.settle()
    return [item for body in receiver.bodies for item in body["value"]]


def test_whoever_watches_is_told_with_the_secret(stage: Stage, receiver: Receiver) -> None:
    made = watch(stage, receiver)
    id = stage.add(MONDAY)
    stage.control.edit_event(BEN, id, subject="Tea")
    stage.control.delete_event(BEN, id)
    found = items(stage, receiver)
    assert [(one["changeType"], one["clientState"], one["subscriptionId"]) for one in found] == [
        (how, SECRET, made.id) for how in ("created", "updated", "deleted")
    ]
    assert made.resource == f"/me/calendars/{stage.calendar}/events"


def test_what_we_write_ourselves_and_what_lies_elsewhere(stage: Stage, receiver: Receiver) -> None:
    watch(stage, receiver)
    other = stage.control.add_calendar(BEN, "Private")["id"]
    stage.control.create_event(BEN, "Gym", MONDAY.isoformat(), (MONDAY + HOUR).isoformat(), other)
    assert items(stage, receiver) == []
    stage.service().create(stage.calendar, draft())
    assert [one["changeType"] for one in items(stage, receiver)] == ["created"]


def test_it_ends_before_microsofts_limit_whatever_was_asked(stage: Stage, receiver: Receiver) -> None:
    made = watch(stage, receiver, until=4 * WEEK)
    assert timedelta(minutes=10_080) - (made.expires_at - stage.now()) >= timedelta(minutes=59)
    assert made.expires_at - stage.now() <= LONGEST
    short = watch(stage, receiver, until=HOUR)
    assert abs(short.expires_at - stage.now() - HOUR) < timedelta(minutes=1)


@pytest.mark.parametrize("manner", ["silent", "other", "page"])
def test_an_address_that_does_not_shake_hands_is_refused(
    stage: Stage, receiver: Receiver, manner: str
) -> None:
    receiver.manner = manner
    with pytest.raises(Rejected) as caught:
        watch(stage, receiver)
    assert "validation" in caught.value.words
    assert stage.control.counts()["subscriptions"] == 0


def test_a_calendar_that_is_gone_cannot_be_watched(stage: Stage, receiver: Receiver) -> None:
    stage.control.remove_calendar(stage.calendar)
    with pytest.raises(Missing):
        watch(stage, receiver)


@pytest.mark.parametrize("secret", ["", "s" * 129])
def test_a_secret_that_microsoft_would_not_keep_is_a_mistake(
    stage: Stage, receiver: Receiver, secret: str
) -> None:
    with pytest.raises(ValueError, match="1 to 128"):
        stage.service().watch(stage.calendar, address=receiver.url, secret=secret, until=stage.now())


def test_it_is_prolonged_without_another_handshake(stage: Stage, receiver: Receiver) -> None:
    made = watch(stage, receiver)
    stage.control.advance(5 * 86_400)
    receiver.manner = "silent"
    later = stage.service().rewatch(
        stage.calendar, made, address=receiver.url, secret=SECRET, until=stage.now() + WEEK
    )
    assert (later.id, later.expires_at - made.expires_at > timedelta(days=4)) == (made.id, True)
    assert stage.control.counts()["subscriptions"] == 1


def test_one_that_has_ended_is_made_anew(stage: Stage, receiver: Receiver) -> None:
    made = watch(stage, receiver)
    stage.control.advance(8 * 86_400)
    stage.add(MONDAY)
    assert items(stage, receiver) == []
    later = stage.service().rewatch(
        stage.calendar, made, address=receiver.url, secret=SECRET, until=stage.now() + WEEK
    )
    assert later.id != made.id
    stage.add(MONDAY + HOUR)
    assert [one["subscriptionId"] for one in items(stage, receiver)] == [later.id]


def test_one_that_tells_an_old_address_is_replaced(stage: Stage, receiver: Receiver) -> None:
    made = watch(stage, receiver)
    with receiving() as moved:
        later = stage.service().rewatch(
            stage.calendar, made, address=moved.url, secret=SECRET, until=stage.now() + WEEK
        )
        stage.add(MONDAY)
        assert [one["subscriptionId"] for one in items(stage, moved)] == [later.id]
    assert receiver.bodies == []
    assert [row["id"] for row in stage.control.records("subscriptions")] == [later.id]


def test_ended_it_tells_no_more_and_ending_it_again_is_no_trouble(stage: Stage, receiver: Receiver) -> None:
    made = watch(stage, receiver)
    stage.service().unwatch(made)
    stage.add(MONDAY)
    assert items(stage, receiver) == []
    stage.service().unwatch(made)


@pytest.mark.parametrize("event", ["missed", "subscriptionRemoved", "reauthorizationRequired"])
def test_the_same_address_hears_of_the_subscription_itself(
    stage: Stage, receiver: Receiver, event: str
) -> None:
    made = watch(stage, receiver)
    stage.control.lifecycle(made.id, event)
    (item,) = items(stage, receiver)
    assert (item["lifecycleEvent"], item["clientState"]) == (event, SECRET)


def test_lost_and_doubled_tellings_change_nothing_about_what_is_read(
    stage: Stage, receiver: Receiver
) -> None:
    watch(stage, receiver)
    stage.control.fault_webhook("lost")
    ids = [stage.add(MONDAY)]
    stage.control.fault_webhook("doubled")
    ids.append(stage.add(MONDAY + HOUR))
    stage.control.fault_webhook("out_of_order")
    ids += [stage.add(MONDAY + n * HOUR) for n in (2, 3)]
    stage.control.replay_webhooks()
    told = [one["resourceData"]["id"] for one in items(stage, receiver)]
    assert told[:2] == [ids[1]] * 2
    assert set(told[2:]) == {ids[2], ids[3]}
    assert {one.id for one in stage.service().read(stage.calendar, WINDOW, home=HOME).seen} == set(ids)


@pytest.mark.parametrize("answer", [{}, {"id": "a"}, {"id": "a", "expirationDateTime": "soon"}, []])
def test_an_unreadable_promise_is_garbled(stage: Stage, answer: Any) -> None:
    with scripted() as graph:
        graph.plan(Reply(201, answer))
        service = stage.elsewhere(graph.url)
        with pytest.raises(RemoteTrouble) as caught:
            service.watch(
                "c", address="https://daybook.example/told", secret=SECRET, until=stage.now() + WEEK
            )
    assert isinstance(caught.value, Garbled)
    assert caught.value.maybe_applied
