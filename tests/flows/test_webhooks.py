"""Clio tells us of changes: subscribed by itself, believed when signed, and harmless however it arrives."""

from __future__ import annotations

import json
import threading
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connection as database
from django.utils import timezone

if TYPE_CHECKING:
    from sandbox.clio import Sandbox
    from tests.flows.office import Office

ALICE = "alice@hartvale.example"


@pytest.fixture
def office(product: str, clio: Sandbox) -> Office:
    """Connected, subscribed, shaken hands, read; `product` is where Clio reaches us."""
    from tests.flows.office import Office

    office = Office(clio)
    assert clio.control.settle()
    return office


def dues() -> list[str]:
    """Names of the jobs that wait, also those whose time has not come."""
    with database.cursor() as cursor:
        cursor.execute("SELECT task_name FROM procrastinate_jobs WHERE status = 'todo' ORDER BY task_name")
        return [name for (name,) in cursor.fetchall()]


def told(office: Office) -> list[str]:
    """Let what Clio has to tell arrive, and a few seconds pass."""
    assert office.clio.control.settle()
    with database.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_jobs SET scheduled_at = now() WHERE status = 'todo'")
    return office.work()


def dana(office: Office) -> dict[str, Any]:
    return office.clio.control.find_contacts(ALICE, "Reyes")[0]


def title_of_dana() -> str:
    from daybook.contacts.models import Contact

    return Contact.objects.get(emails__normal="dana.reyes@mail.example").title


def subscriptions(office: Office) -> list[dict[str, Any]]:
    return list(office.clio.control.records("webhooks"))


def answers(office: Office) -> list[int]:
    return [one["status"] for one in office.clio.control.webhooks_sent() if not one["handshake"]]


def test_connecting_subscribes_and_shakes_hands(office: Office) -> None:
    from daybook.sync import hooks
    from daybook.sync.models import Connection, Hook

    theirs = subscriptions(office)
    assert sorted(one["model"] for one in theirs) == sorted(one.model for one in hooks.WANTED)
    assert {one["status"] for one in theirs} == {"enabled"}
    rows = {row.model: row for row in Hook.objects.all()}
    for one in theirs:
        row = rows[one["model"]]
        assert one["url"] == hooks.url_of(row.token)
        assert (row.theirs, row.secret, row.status) == (str(one["id"]), one["shared_secret"], "on")
        assert timedelta(days=29) < row.expires_at - timezone.now() < timedelta(days=31)
    assert len({row.token for row in rows.values()}) == len(rows)
    assert hooks.state_of(Connection.objects.get(), timezone.now()) == (
        "Clio tells Daybook of changes within seconds."
    )


def test_secrets_are_unreadable_in_the_database(office: Office) -> None:
    with database.cursor() as cursor:
        cursor.execute("SELECT secret FROM sync_hook")
        sealed = {value for (value,) in cursor.fetchall()}
    assert len(sealed) == 2
    assert not sealed & {one["shared_secret"] for one in subscriptions(office)}


def test_a_contact_edited_in_clio_is_changed_here_without_waiting_for_the_next_round(office: Office) -> None:
    from daybook.sync.models import Heard

    office.clio.control.edit_contact(ALICE, dana(office)["id"], title="Dr.")
    assert "heed_contacts" in told(office)
    assert title_of_dana() == "Dr."
    assert not Heard.objects.exists()


def test_a_contact_added_in_clio_is_here_at_once_and_once(office: Office) -> None:
    from daybook.contacts.models import Contact

    office.clio.control.create_contact(ALICE, type="Person", first_name="Una", last_name="Newly")
    told(office)
    office.clio.control.replay_webhooks(1)
    told(office)
    assert Contact.objects.filter(last_name="Newly").count() == 1


def test_a_burst_of_changes_becomes_one_job(office: Office) -> None:
    from daybook.sync.models import Connection, Heard

    for number in range(8):
        office.clio.control.edit_contact(ALICE, dana(office)["id"], title=f"No. {number}")
    office.clio.control.settle()
    assert dues().count("heed_contacts") == 1
    assert Heard.objects.get().connection == Connection.objects.get()
    assert told(office).count("heed_contacts") == 1
    assert title_of_dana() == "No. 7"


def test_nothing_is_done_while_clio_waits_for_the_answer(office: Office) -> None:
    before = office.clio.control.requests()["all"]
    office.clio.control.edit_contact(ALICE, dana(office)["id"], title="Dr.")
    office.clio.control.settle()
    assert office.clio.control.requests()["all"] == before
    assert title_of_dana() != "Dr."


def test_an_entry_made_in_clio_blocks_the_lawyers_time(office: Office) -> None:
    from daybook.calendars.models import BusyPeriod

    start = office.start(11)
    before = BusyPeriod.objects.count()
    office.clio.control.create_entry(
        ALICE, "Court", start.isoformat(), (start + timedelta(hours=1)).isoformat()
    )
    assert "heed_calendars" in told(office)
    assert BusyPeriod.objects.count() == before + 1


def test_an_entry_we_wrote_ourselves_is_not_read_back(office: Office) -> None:
    office.book(9)
    office.work()
    office.clio.control.clear_log()
    assert "heed_calendars" in told(office)
    assert office.clio.control.requests().get("GET /api/v4/calendar_entries.json", 0) == 0


def test_a_contact_deleted_in_clio_is_looked_for_by_its_id_and_stays_here(office: Office) -> None:
    from daybook.contacts.models import Contact
    from daybook.sync.models import Heard, Link

    stranger = office.clio.control.create_contact(ALICE, type="Person", first_name="Una", last_name="Newly")
    told(office)
    links = Link.objects.filter(kind=Link.Kind.CONTACT, theirs=str(stranger["id"]))
    assert links.exists()
    office.clio.control.delete_contact(ALICE, stranger["id"])
    told(office)
    assert not links.exists()
    assert Contact.objects.filter(last_name="Newly").count() == 1
    assert not Heard.objects.exists()


@pytest.mark.parametrize("event", ["updated", "deleted"])
def test_what_was_heard_and_not_looked_at_is_listed_and_goes_when_it_was(office: Office, event: str) -> None:
    from daybook.sync import hooks
    from daybook.sync.models import Connection, Heard

    connection, now = Connection.objects.get(), timezone.now()
    Heard.objects.create(connection=connection, model="contact", theirs="7", event=event, at=now)
    assert hooks.heard(connection, "contact") == ["7"]
    assert hooks.forgotten(now) == []
    assert hooks.forgotten(now + hooks.FORGOTTEN) == [(hooks.BY_MODEL["contact"], connection)]
    hooks.looked_at(connection, "contact", ["7"], now - timedelta(seconds=1))
    assert hooks.heard(connection, "contact") == ["7"]  # heard again since
    hooks.looked_at(connection, "contact", ["7"], now)
    assert hooks.heard(connection, "contact") == []


def test_what_nobody_understood_is_left_to_the_next_round(office: Office) -> None:
    from daybook.sync import hooks
    from daybook.sync.models import Hook

    hook = Hook.objects.get(model="contact")
    post = hooks.Post("", _signed(hook.secret, b"[]"), b"[]")
    assert hooks.take(token=hook.token, post=post, now=timezone.now()).status == 200
    told(office)
    assert hooks.forgotten(timezone.now() + timedelta(hours=1)) == []


@pytest.mark.parametrize("kind", ["lost", "doubled", "out_of_order"])
def test_deliveries_may_get_lost_come_twice_or_in_the_wrong_order(office: Office, kind: str) -> None:
    from daybook.jobs.tasks import sync_contacts
    from daybook.sync.models import Connection

    office.clio.control.fault_webhook(kind)
    office.clio.control.edit_contact(ALICE, dana(office)["id"], title="Dr.")
    if kind != "lost":
        office.clio.control.edit_contact(ALICE, dana(office)["id"], title="Prof.")
    told(office)
    assert set(answers(office)) == ({None} if kind == "lost" else {200})
    assert (title_of_dana() == "Prof.") is (kind != "lost")
    sync_contacts.func(Connection.objects.get().pk)
    assert title_of_dana() == ("Dr." if kind == "lost" else "Prof.")


def test_a_delivery_told_again_later_queues_nothing(office: Office) -> None:
    office.clio.control.edit_contact(ALICE, dana(office)["id"], title="Dr.")
    told(office)
    office.clio.control.replay_webhooks(1)
    office.clio.control.settle()
    assert answers(office) == [200, 200]
    assert "heed_contacts" not in dues()


def test_two_of_the_same_at_the_same_moment_are_one(office: Office) -> None:
    from django.db import connections

    from daybook.sync import hooks
    from daybook.sync.models import Delivery, Hook

    office.clio.control.edit_contact(ALICE, dana(office)["id"], title="Dr.")
    office.clio.control.settle()
    body = office.clio.control.webhooks_sent()[-1]["body"].encode()
    Delivery.objects.all().delete()
    hook = Hook.objects.get(model="contact")
    post = hooks.Post("", _signed(hook.secret, body), body)
    gate, seen = threading.Barrier(6), []

    def deliver() -> None:
        gate.wait(10)
        seen.append(hooks.take(token=hook.token, post=post, now=timezone.now()).status)
        connections.close_all()

    threads = [threading.Thread(target=deliver) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [200] * 6
    assert Delivery.objects.count() == 1
    assert dues().count("heed_contacts") == 1


def _signed(secret: str, body: bytes) -> str:
    import hashlib
    import hmac

    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def test_what_no_job_looked_at_is_found_again(office: Office) -> None:
    from daybook.jobs.schedule import heard_tick
    from daybook.sync.models import Heard

    office.clio.control.edit_contact(ALICE, dana(office)["id"], title="Dr.")
    office.clio.control.settle()
    with database.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs WHERE task_name = 'heed_contacts'")
    Heard.objects.update(at=timezone.now() - timedelta(minutes=3))
    heard_tick.func(0)
    told(office)
    assert title_of_dana() == "Dr."


def test_what_is_told_is_not_believed_but_looked_up(office: Office) -> None:
    """A signed delivery about a contact that is as it was: read, and nothing changes."""
    from daybook.contacts.models import Contact
    from daybook.sync import hooks
    from daybook.sync.models import Hook

    hook = Hook.objects.get(model="contact")
    row = dana(office)
    said = {"id": row["id"], "etag": '"other"', "title": "Forged", "last_name": "Forged"}
    body = json.dumps({"data": said, "meta": {"event": "updated", "webhook_id": int(hook.theirs)}}).encode()
    post = hooks.Post("", _signed(hook.secret, body), body)
    assert hooks.take(token=hook.token, post=post, now=timezone.now()).status == 200
    told(office)
    assert not Contact.objects.filter(last_name="Forged").exists()
    assert title_of_dana() != "Forged"


def _post(url: str, body: bytes, headers: dict[str, str]) -> int:
    """The status; a server that has read enough may close while we still send."""
    from http.client import HTTPConnection
    from urllib.parse import urlsplit

    parts = urlsplit(url)
    there = HTTPConnection(parts.netloc, timeout=10)
    there.putrequest("POST", parts.path)
    for name, value in {"Content-Length": str(len(body)), **headers}.items():
        there.putheader(name, value)
    there.endheaders()
    with suppress(BrokenPipeError, ConnectionResetError):
        there.send(body)
    try:
        return there.getresponse().status
    finally:
        there.close()


def test_what_strangers_post_is_turned_away_and_clio_goes_on_being_heard(office: Office) -> None:
    from daybook.sync.models import Heard, Hook

    (hook,) = (one for one in subscriptions(office) if one["model"] == "contact")
    body = json.dumps({"data": {"id": 1}, "meta": {"event": "deleted", "webhook_id": hook["id"]}}).encode()
    wrong, right = _signed("guess", body), _signed(hook["shared_secret"], body)
    assert _post(hook["url"], body, {"X-Hook-Signature": wrong}) == 401
    assert _post(hook["url"], body, {"X-Clio-Signature": right}) == 401
    assert _post(hook["url"], body, {"X-Hook-Secret": "guess"}) == 401
    assert _post(hook["url"][:-1], body, {"X-Hook-Signature": right}) == 404
    large = b"x" * 10_000_000
    signed = {"X-Hook-Signature": _signed(hook["shared_secret"], large)}
    assert _post(hook["url"], large, signed) == 413
    assert not Heard.objects.exists()
    assert Hook.objects.get(model="contact").refused == 3
    office.clio.control.edit_contact(ALICE, dana(office)["id"], title="Dr.")
    told(office)
    assert title_of_dana() == "Dr."
