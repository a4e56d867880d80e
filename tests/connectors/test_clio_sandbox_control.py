"""Driving the sandbox: faults, the control interface over HTTP, the state file, the command (sandbox/README.md)."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.clio import Sandbox, start
from sandbox.clio.client import Client
from tests.clio_contract import problems

ALICE = "alice@hartvale.example"
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def clio() -> Iterator[Sandbox]:
    with start(seed="bare") as running:
        yield running
        assert problems(running.exchanges) == []


@pytest.fixture
def alice(clio: Sandbox) -> Client:
    return Client(clio.url, clio.control.token(ALICE)["access_token"])


def post(url: str, call: str, /, **args: Any) -> Any:
    request = urllib.request.Request(f"{url}/_control/{call}", method="POST", data=json.dumps(args).encode())
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.loads(answer.read())["result"]


NEW = {"type": "Person", "first_name": "Dana"}


def made(clio: Sandbox) -> int:
    return clio.control.counts()["contacts"]


@pytest.mark.parametrize("status", [400, 403, 422, 500, 503])
def test_a_request_can_be_refused_before_it_is_applied(clio: Sandbox, alice: Client, status: int) -> None:
    clio.control.fault("status", "POST", "/api/v4/contacts.json", status=status)
    assert alice("GET", "users.json").status == 200
    assert alice("POST", "contacts.json", NEW).status == status
    assert made(clio) == 0
    assert alice("POST", "contacts.json", NEW).status == 201


def test_a_request_can_be_applied_and_its_answer_lost(clio: Sandbox, alice: Client) -> None:
    clio.control.fault("drop_after", "POST", "*/contacts.json")
    with pytest.raises((http.client.RemoteDisconnected, ConnectionError)):
        alice("POST", "contacts.json", NEW)
    assert made(clio) == 1
    assert alice("GET", "contacts.json").status == 200


def test_a_connection_can_drop_before_anything_is_applied(clio: Sandbox, alice: Client) -> None:
    clio.control.fault("drop_before", "POST")
    with pytest.raises((http.client.RemoteDisconnected, ConnectionError)):
        alice("POST", "contacts.json", NEW)
    assert made(clio) == 0


def test_a_failure_can_be_told_although_all_was_done(clio: Sandbox, alice: Client) -> None:
    clio.control.fault("status_after", "POST", status=502)
    assert alice("POST", "contacts.json", NEW).status == 502
    assert made(clio) == 1


def test_a_body_can_be_truncated_or_malformed(clio: Sandbox, alice: Client) -> None:
    clio.control.fault("truncated")
    with pytest.raises(http.client.IncompleteRead):
        alice("GET", "users.json")
    clio.control.fault("malformed")
    with pytest.raises(ValueError, match="Expecting"):
        _ = alice("GET", "users.json").json


def test_an_answer_can_be_slow(clio: Sandbox, alice: Client) -> None:
    clio.control.fault("slow", seconds=0.3)
    began = time.monotonic()
    assert alice("GET", "users.json").status == 200
    assert time.monotonic() - began >= 0.3


def test_a_token_can_be_revoked_under_way(clio: Sandbox, alice: Client) -> None:
    clio.control.fault("revoke_token", skip=1)
    assert [alice("GET", "users.json").status for _ in range(3)] == [200, 401, 401]


def test_a_429_says_how_long_to_wait(clio: Sandbox, alice: Client) -> None:
    clio.control.fault("rate_limited", retry_after=7, count=2)
    answers = [alice("GET", "users.json") for _ in range(3)]
    assert [a.status for a in answers] == [429, 429, 200]
    assert answers[0].headers["Retry-After"] == "7"


def test_down_drops_everything_until_it_is_lifted(clio: Sandbox, alice: Client) -> None:
    post(clio.url, "down")
    for _ in range(3):
        with pytest.raises((http.client.RemoteDisconnected, ConnectionError)):
            alice("GET", "users.json")
    post(clio.url, "down", down=False)
    assert alice("GET", "users.json").status == 200


def test_every_request_is_logged_with_its_bodies_and_counted(clio: Sandbox, alice: Client) -> None:
    alice("POST", "contacts.json", NEW, fields="id,name")
    (entry,) = clio.control.log(method="post")
    assert entry["request_body"] == {"data": NEW}
    assert entry["response_body"]["data"]["name"] == "Dana"
    assert (entry["status"], entry["query"], entry["user"]) == (201, "fields=id%2Cname", ALICE)
    assert clio.control.requests()["POST /api/v4/contacts.json"] == 1
    assert "Authorization" not in entry["request_headers"]
    clio.control.record(False)
    alice("GET", "users.json")
    assert len(clio.control.log()) == 1
    assert clio.control.requests()["all"] == 2


def test_everything_can_be_driven_over_http(clio: Sandbox) -> None:
    seeded = post(clio.url, "seed", name="demo")
    token = post(clio.url, "token", user=ALICE)["access_token"]
    dana = seeded["contacts"]["dana"]
    assert (
        post(clio.url, "edit_contact", user=ALICE, contact_id=dana, last_name="Reyes-Cole")["name"]
        == "Dana Reyes-Cole"
    )
    shown = Client(clio.url, token)("GET", f"contacts/{dana}.json", fields="name").data
    assert shown["name"] == "Dana Reyes-Cole"
    assert post(clio.url, "bulk_contacts", count=300, user=ALICE)["count"] == 300
    before = post(clio.url, "now")
    assert post(clio.url, "advance", seconds=3600) > before
    assert post(clio.url, "state", tables=["accounts"])["accounts"][0]["name"] == "Hart & Vale LLP"
    with urllib.request.urlopen(f"{clio.url}/_control/counts", timeout=5) as answer:
        assert json.loads(answer.read())["result"]["users"] == 5


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("nothing_like_it", {}),
        ("seed", {"name": "nope"}),
        ("token", {"user": "x@y.example"}),
        ("fault", {"kind": "?"}),
    ],
)
def test_a_control_call_that_makes_no_sense_says_why(clio: Sandbox, name: str, args: dict[str, Any]) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        post(clio.url, name, **args)
    assert refused.value.code in (400, 404)
    assert json.loads(refused.value.read())["error"]


def test_every_control_call_stands_in_the_readme() -> None:
    from sandbox.clio.control import Control
    from sandbox.control_http import calls_of

    text = (ROOT / "sandbox" / "README.md").read_text("utf-8")
    assert [name for name in calls_of(Control.__new__(Control)) if f"`{name}(" not in text] == []


def test_the_demo_world_is_as_promised() -> None:
    with start(seed="demo") as clio:
        users = {u["email"]: u["time_zone"] for u in clio.control.records("users")}
        assert users[ALICE] == "America/Denver"
        assert users["chloe@hartvale.example"] == "Europe/London"
        contacts = clio.control.records("contacts", account_id=clio.control.records("accounts")[0]["id"])
        assert len(contacts) >= 60
        assert {m["status"] for m in clio.control.records("matters")} == {"Open", "Pending", "Closed"}
        emails = [e["address"] for c in contacts for e in c["email_addresses"]]
        assert len(emails) > len(set(emails))
        assert any(not c["email_addresses"] for c in contacts)


def test_the_state_file_keeps_records_tokens_and_series(tmp_path: Path) -> None:
    file = tmp_path / "clio.json"
    with start(seed="demo", state=file) as first:
        token = first.control.token(ALICE)["access_token"]
        kept = Client(first.url, token)("POST", "contacts.json", NEW, fields="id,etag").data
        entries = Client(first.url, token).all("calendar_entries.json", expanded="true", fields="id,start_at")
    with start(seed="bare", state=file) as second:
        alice = Client(second.url, token)
        assert alice("GET", f"contacts/{kept['id']}.json").data == kept
        assert {e["id"] for e in entries} & {
            e["id"] for e in alice.all("calendar_entries.json", expanded="true", fields="id")
        }
        assert alice("POST", "contacts.json", NEW).data["id"] > kept["id"]
    assert [p.name for p in tmp_path.iterdir()] == ["clio.json"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_command_prints_its_address_and_ends_at_a_signal_with_its_state_saved(
    tmp_path: Path, number: int
) -> None:
    file = tmp_path / "clio.json"
    command = [sys.executable, "-m", "sandbox.clio", "--port", "0", "--seed", "demo", "--state", str(file)]
    running = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, text=True, env=os.environ | {"PYTHONPATH": str(ROOT)}
    )
    try:
        assert running.stdout is not None
        line = running.stdout.readline()
        url = re.search(r"http://\S+", line)[0]  # type: ignore[index]
        made = post(url, "create_contact", user=ALICE, first_name="Kept")
        running.send_signal(number)
        assert running.wait(10) == 0
    finally:
        running.kill()
        running.wait()
        if running.stdout:
            running.stdout.close()
    rows = json.loads(file.read_text("utf-8"))["tables"]["contacts"]
    assert any(row["id"] == made["id"] for row in rows)


def test_ten_thousand_contacts_are_read_quickly(clio: Sandbox, alice: Client) -> None:
    """A guard against something quadratic; the real figure is well above 20,000 a second."""
    clio.control.record(False)
    clio.control.bulk_contacts(10_000)
    fields = "id,etag,name,updated_at,email_addresses{id,address,primary},phone_numbers{id,number,primary}"
    began = time.monotonic()
    assert len(alice.all("contacts.json", order="id(asc)", limit=200, fields=fields)) == 10_000
    assert time.monotonic() - began < 4


def test_stopping_hangs_up_on_connections_kept_open() -> None:
    with start(seed="bare") as clio:
        alice = Client(clio.url, clio.control.token(ALICE)["access_token"])
        assert alice("GET", "users.json").status == 200
    with pytest.raises((http.client.RemoteDisconnected, ConnectionError)):
        alice("GET", "users.json")
