"""Webhooks from the sandbox: handshake, signature, what fires, retries, suspension (facts §11)."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from sandbox.clio import Sandbox, start
from sandbox.clio.client import Client
from tests.clio_contract import delivery_problems, problems

ALICE, BEN = "alice@hartvale.example", "ben@hartvale.example"


class Receiver:
    """Somebody's webhook address: keeps what arrives, answers as told."""

    def __init__(self) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.status = 200
        self.echo = True
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                secret = self.headers.get("X-Hook-Secret")
                if secret is None:
                    receiver.got.append(({k.lower(): v for k, v in self.headers.items()}, body))
                self.send_response(200 if secret else receiver.status)
                if secret and receiver.echo:
                    self.send_header("X-Hook-Secret", secret)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def events(self) -> list[tuple[str, Any]]:
        bodies = [json.loads(body) for _, body in self.got]
        return [(b["meta"]["event"], b["data"].get("id")) for b in bodies]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.server.shutdown()
    receiver.server.server_close()


@pytest.fixture
def clio(receiver: Receiver) -> Iterator[Sandbox]:
    with start(seed="bare") as running:
        running.control.freeze()
        yield running
        assert problems(running.exchanges) == []
        assert delivery_problems(body for _, body in receiver.got) == []


@pytest.fixture
def alice(clio: Sandbox) -> Client:
    return Client(clio.url, clio.control.token(ALICE)["access_token"])


SHOWN = "id,status,shared_secret,expires_at,created_at,model,events,fields,url"


def subscribe(clio: Sandbox, alice: Client, receiver: Receiver, **data: Any) -> dict[str, Any]:
    body = {"url": receiver.url, "model": "contact", "fields": "id,etag,name,email_addresses"} | data
    reply = alice("POST", "webhooks.json", body, fields=SHOWN)
    assert reply.status == 201, reply.body
    assert clio.control.settle()
    return reply.data


def test_the_handshake_enables_and_deliveries_are_signed_in_lower_case_hex(
    clio: Sandbox, alice: Client, receiver: Receiver
) -> None:
    hook = subscribe(clio, alice, receiver)
    assert hook["status"] == "pending"
    assert alice("GET", f"webhooks/{hook['id']}.json", fields="status").data["status"] == "enabled"
    made = clio.control.create_contact(ALICE, first_name="Dana")
    clio.control.settle()
    ((headers, body),) = receiver.got
    expected = hmac.new(hook["shared_secret"].encode(), body, hashlib.sha256).hexdigest()
    assert headers["x-hook-signature"] == expected
    sent = json.loads(body)
    assert sent["meta"] == {"event": "created", "webhook_id": hook["id"]}
    assert sent["data"] == {"id": made["id"], "etag": made["etag"], "name": "Dana", "email_addresses": []}


def test_without_the_echo_it_stays_pending_until_activated(
    clio: Sandbox, alice: Client, receiver: Receiver
) -> None:
    receiver.echo = False
    hook = subscribe(clio, alice, receiver)
    clio.control.create_contact(ALICE, first_name="Unheard")
    clio.control.settle()
    assert receiver.got == []
    path = f"webhooks/{hook['id']}/activate"
    assert alice("PUT", path, headers={"X-Hook-Secret": "guess"}).status == 422
    assert alice("PUT", path, headers={"X-Hook-Secret": hook["shared_secret"]}).status == 200
    made = clio.control.create_contact(ALICE, first_name="Heard")
    clio.control.settle()
    assert receiver.events() == [("created", made["id"])]


def test_an_update_fires_only_for_watched_fields_except_the_first(
    clio: Sandbox, alice: Client, receiver: Receiver
) -> None:
    dana = clio.control.create_contact(ALICE, first_name="Dana")["id"]
    subscribe(clio, alice, receiver, fields="id,name", events=["updated"])
    for data in ({"title": "first"}, {"title": "unseen"}, {"last_name": "Reyes"}, {"last_name": "Reyes"}):
        clio.control.edit_contact(ALICE, dana, **data)
    clio.control.settle()
    assert [json.loads(body)["data"]["name"] for _, body in receiver.got] == ["Dana", "Dana Reyes"]


def test_watching_updated_at_makes_every_change_fire(
    clio: Sandbox, alice: Client, receiver: Receiver
) -> None:
    dana = clio.control.create_contact(ALICE, first_name="Dana")["id"]
    subscribe(clio, alice, receiver, fields="id,updated_at", events=["updated"])
    for title in ("a", "b", "c"):
        clio.control.edit_contact(ALICE, dana, title=title)
    clio.control.settle()
    assert len(receiver.got) == 3


def test_a_deletion_tells_the_id(clio: Sandbox, alice: Client, receiver: Receiver) -> None:
    dana = clio.control.create_contact(ALICE, first_name="Dana")["id"]
    subscribe(clio, alice, receiver)
    clio.control.delete_contact(ALICE, dana)
    clio.control.settle()
    assert receiver.events() == [("deleted", dana)]


def test_entries_tell_their_id_as_text_and_matters_their_status(
    clio: Sandbox, alice: Client, receiver: Receiver
) -> None:
    subscribe(clio, alice, receiver, model="calendar_entry", fields="id,summary,start_at")
    subscribe(clio, alice, receiver, model=1, fields="id,status", events=["matter_closed"])
    made = clio.control.create_entry(ALICE, "Call", "2026-03-02T10:00:00-07:00", "2026-03-02T11:00:00-07:00")
    dana = clio.control.create_contact(ALICE, first_name="Dana")["id"]
    matter = clio.control.create_matter(ALICE, dana, "Lease")["id"]
    clio.control.edit_matter(ALICE, matter, status="closed")
    clio.control.settle()
    assert receiver.events() == [("created", made["id"]), ("matter_closed", matter)]


def test_only_what_the_subscriber_may_see_is_told(clio: Sandbox, alice: Client, receiver: Receiver) -> None:
    subscribe(clio, alice, receiver, model="calendar_entry", fields="id,summary")
    times = ("2026-03-02T10:00:00-05:00", "2026-03-02T11:00:00-05:00")
    clio.control.create_entry(BEN, "Secret", *times)
    clio.control.share_calendar(clio.control.calendar_of(BEN), ALICE, "viewer")
    seen = clio.control.create_entry(BEN, "Shared", *times)
    clio.control.settle()
    assert receiver.events() == [("created", seen["id"])]


def test_a_subscription_lives_three_days_or_at_most_thirty_one(
    clio: Sandbox, alice: Client, receiver: Receiver
) -> None:
    clio.control.freeze("2026-03-05T12:00:00+00:00")
    alice = Client(clio.url, clio.control.token(ALICE)["access_token"])
    hook = subscribe(clio, alice, receiver)
    assert (hook["created_at"], hook["expires_at"]) == (
        "2026-03-05T05:00:00-07:00",
        "2026-03-08T06:00:00-06:00",
    )
    path = f"webhooks/{hook['id']}.json"
    assert alice("PATCH", path, {"expires_at": "2026-04-05T12:00:01Z"}).status == 422
    assert (
        alice("PATCH", path, {"expires_at": "2026-04-05T12:00:00Z"}, fields="status").data["status"]
        == "enabled"
    )
    clio.control.advance(31 * 86_400)
    clio.control.create_contact(ALICE, first_name="Late")
    clio.control.settle()
    assert receiver.got == []


@pytest.mark.parametrize(
    "data",
    [
        {"model": "CalendarEntry"},
        {"model": 99},
        {"url": "http://daybook.example/hook"},
        {"fields": "id,nonsense"},
        {"fields": "id," * 400},
        {"events": ["matter_opened"]},
        {"events": ["contact.created"]},
    ],
)
def test_a_subscription_that_makes_no_sense_is_refused(
    clio: Sandbox, alice: Client, receiver: Receiver, data: dict[str, Any]
) -> None:
    body = {"url": receiver.url, "model": "contact", "fields": "id"} | data
    assert alice("POST", "webhooks.json", body, wrong=True).status == 422


def test_a_failed_delivery_is_tried_five_times_and_then_suspended(
    clio: Sandbox, alice: Client, receiver: Receiver
) -> None:
    hook = subscribe(clio, alice, receiver)
    receiver.status = 500
    clio.control.create_contact(ALICE, first_name="Dana")
    clio.control.settle()
    for attempt, wait in enumerate((120, 240, 480, 960), 1):
        assert len(receiver.got) == attempt
        clio.control.advance(wait - 1)
        clio.control.settle()
        assert len(receiver.got) == attempt
        clio.control.advance(1)
        clio.control.settle()
    assert len(receiver.got) == 5
    assert len({body for _, body in receiver.got}) == 1
    assert alice("GET", f"webhooks/{hook['id']}.json", fields="status").data["status"] == "suspended"


def test_a_retry_that_succeeds_ends_the_matter(clio: Sandbox, alice: Client, receiver: Receiver) -> None:
    subscribe(clio, alice, receiver)
    receiver.status = 503
    clio.control.create_contact(ALICE, first_name="Dana")
    clio.control.settle()
    receiver.status = 204
    clio.control.advance(120)
    clio.control.settle()
    clio.control.advance(86_400)
    clio.control.settle()
    assert len(receiver.got) == 2


def test_410_disables_at_once(clio: Sandbox, alice: Client, receiver: Receiver) -> None:
    subscribe(clio, alice, receiver)
    receiver.status = 410
    clio.control.create_contact(ALICE, first_name="One")
    clio.control.settle()
    clio.control.create_contact(ALICE, first_name="Two")
    clio.control.settle()
    assert len(receiver.got) == 1


def test_deliveries_can_be_lost_doubled_and_come_late(
    clio: Sandbox, alice: Client, receiver: Receiver
) -> None:
    subscribe(clio, alice, receiver)
    made = []
    for kind in ("lost", "doubled", "out_of_order", None):
        if kind:
            clio.control.fault_webhook(kind)
        made.append(clio.control.create_contact(ALICE, first_name=str(kind))["id"])
        clio.control.settle()
    _, doubled, late, last = made
    assert [i for _, i in receiver.events()] == [doubled, doubled, last, late]
    clio.control.replay_webhooks(1)
    clio.control.settle()
    assert receiver.events()[-1] == ("created", late)
