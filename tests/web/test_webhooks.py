"""The address Clio posts to: whom it believes, and what it says to everybody else."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
import structlog
from structlog.testing import capture_logs

if TYPE_CHECKING:
    from django.test import Client

    from daybook.sync.models import Hook
    from tests.cast import Cast

SECRET = "5f2c" * 16
TOKEN = "a" * 43


@pytest.fixture
def hook(cast: Cast) -> Hook:
    return make_hook(cast, TOKEN)


def make_hook(cast: Cast, token: str, **fields: Any) -> Hook:
    from daybook.sync.models import Connection, Hook
    from tests.cast import NOW

    connection = Connection.objects.create(
        firm=cast.firm, provider="clio", region="US", account_id="7", connected_at=NOW
    )
    known = {"secret": SECRET, "status": "on", "theirs": "12", "made_at": NOW, **fields}
    return Hook.objects.create(connection=connection, model="contact", token=token, **known)


def said(event: str = "updated", record: int = 123, etag: str = '"e1"', **more: Any) -> bytes:
    data = {"id": record, "etag": etag, **more}
    return json.dumps({"data": data, "meta": {"event": event, "webhook_id": 12}}).encode()


def deliver(client: Client, body: bytes, *, token: str = TOKEN, secret: str = SECRET, **headers: str) -> int:
    signed = {"X-Hook-Signature": hmac.new(secret.encode(), body, hashlib.sha256).hexdigest(), **headers}
    return client.post(
        f"/hooks/clio/{token}", body, content_type="application/json", headers=signed
    ).status_code


def shake(client: Client, secret: str, token: str = TOKEN) -> Any:
    return client.post(
        f"/hooks/clio/{token}",
        b'{"data": {"webhook_id": 12}}',
        content_type="application/json",
        headers={"X-Hook-Secret": secret},
    )


def heard() -> list[tuple[str, str]]:
    from daybook.sync.models import Heard

    return list(Heard.objects.order_by("pk").values_list("theirs", "event"))


def waiting() -> list[str]:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT task_name FROM procrastinate_jobs WHERE status = 'todo' ORDER BY id")
        return [name for (name,) in cursor.fetchall()]


def test_a_signed_delivery_is_noted_and_a_job_follows_a_little_later(client: Client, hook: Hook) -> None:
    from django.db import connection

    from tests.cast import NOW

    assert deliver(client, said()) == 200
    assert heard() == [("123", "updated")]
    with connection.cursor() as cursor:
        cursor.execute("SELECT task_name, scheduled_at FROM procrastinate_jobs WHERE status = 'todo'")
        ((name, at),) = cursor.fetchall()
    assert (name, at) == ("heed_contacts", NOW + timedelta(seconds=3))
    hook.refresh_from_db()
    assert hook.last_heard_at == NOW


def test_the_same_delivery_again_changes_nothing(client: Client, hook: Hook) -> None:
    from daybook.sync.models import Delivery, Heard

    for _ in range(3):
        assert deliver(client, said()) == 200
    assert Delivery.objects.count() == 1
    Heard.objects.all().delete()
    assert deliver(client, said()) == 200
    assert heard() == []


def test_another_state_of_the_same_contact_is_something_new(client: Client, hook: Hook) -> None:
    from daybook.sync.models import Delivery

    for etag in ('"e1"', '"e2"'):
        deliver(client, said(etag=etag))
    deliver(client, said("deleted"))
    assert Delivery.objects.count() == 3
    assert heard() == [("123", "deleted")]
    assert waiting() == ["heed_contacts"]


def test_deliveries_without_an_etag_are_told_apart_by_what_they_say(client: Client, hook: Hook) -> None:
    from daybook.sync.models import Delivery

    for moment in ("10:00", "10:00", "10:05"):
        deliver(client, said(etag="", updated_at=moment))
    assert Delivery.objects.count() == 2


@pytest.mark.parametrize("body", [b"[]", b"nonsense", b"\xff\xfe", b"[" * 20_000, b'{"data": null}'])
def test_what_clio_signed_but_nobody_understands_still_makes_us_look(
    client: Client, hook: Hook, body: bytes
) -> None:
    assert deliver(client, body) == 200
    assert heard() == [("", "")]
    assert waiting() == ["heed_contacts"]


def forgeries() -> list[dict[str, str]]:
    right = hmac.new(SECRET.encode(), said(), hashlib.sha256).hexdigest()
    other = hmac.new(SECRET.encode(), said(record=124), hashlib.sha256).hexdigest()
    plain = hashlib.sha256(said()).hexdigest()
    return [
        {"X-Hook-Signature": ""},
        {"X-Hook-Signature": other},
        {"X-Hook-Signature": plain},
        {"X-Hook-Signature": right[:-1]},
        {"X-Hook-Signature": "ü" * 64},
    ]


@pytest.mark.parametrize("headers", forgeries())
def test_a_forged_signature_is_refused_and_counted(
    client: Client, hook: Hook, headers: dict[str, str]
) -> None:
    assert deliver(client, said(), **headers) == 401
    hook.refresh_from_db()
    assert hook.refused == 1
    assert heard() == []
    assert waiting() == []


def test_a_subscription_without_a_secret_believes_nobody(client: Client, cast: Cast) -> None:
    make_hook(cast, TOKEN, secret="", status="waiting")
    assert deliver(client, said(), secret="") == 401
    assert heard() == []


def test_the_handshake_is_answered_with_the_secret_it_brought(client: Client, cast: Cast) -> None:
    hook = make_hook(cast, TOKEN, secret="", status="waiting", theirs="")
    answer = shake(client, SECRET)
    assert (answer.status_code, answer["X-Hook-Secret"]) == (200, SECRET)
    hook.refresh_from_db()
    assert (hook.secret, hook.status) == (SECRET, "on")
    assert deliver(client, said()) == 200


def test_a_stranger_cannot_replace_a_secret(client: Client, hook: Hook) -> None:
    answer = shake(client, "mine" * 16)
    assert answer.status_code == 401
    assert "X-Hook-Secret" not in answer
    hook.refresh_from_db()
    assert (hook.secret, hook.refused) == (SECRET, 1)
    assert deliver(client, said(), secret="mine" * 16) == 401


def test_the_same_handshake_again_gets_the_same_answer(client: Client, hook: Hook) -> None:
    answer = shake(client, SECRET)
    assert (answer.status_code, answer["X-Hook-Secret"]) == (200, SECRET)
    hook.refresh_from_db()
    assert (hook.secret, hook.refused) == (SECRET, 0)


@pytest.mark.parametrize("secret", ["x" * 301, "tab\tinside"])
def test_a_secret_that_can_be_none_is_not_taken(client: Client, cast: Cast, secret: str) -> None:
    hook = make_hook(cast, TOKEN, secret="", status="waiting")
    assert shake(client, secret).status_code == 401
    hook.refresh_from_db()
    assert (hook.secret, hook.status) == ("", "waiting")


def test_an_address_of_nobodys_is_not_found(client: Client, hook: Hook) -> None:
    assert deliver(client, said(), token="b" * 43) == 404
    assert shake(client, SECRET, token="b" * 43).status_code == 404


def test_another_firms_address_does_not_take_our_signature(client: Client, hook: Hook, other: Cast) -> None:
    from daybook.sync.models import Heard

    hers = make_hook(other, "c" * 43, secret="9d1e" * 16)
    assert deliver(client, said(), token=hers.token) == 401
    assert deliver(client, said(), token=hers.token, secret="9d1e" * 16) == 200
    assert set(Heard.objects.values_list("connection", flat=True)) == {hers.connection_id}


def test_an_ended_subscription_says_so_to_whoever_posts(client: Client, hook: Hook) -> None:
    from daybook.sync.models import Hook

    Hook.objects.update(status="ended", secret="")
    assert deliver(client, said()) == 410
    assert shake(client, SECRET).status_code == 410


def test_a_firm_that_disconnected_hears_nothing_more(client: Client, hook: Hook) -> None:
    from daybook.sync.models import Connection

    Connection.objects.update(state="disconnected")
    assert deliver(client, said()) == 410
    assert heard() == []


def test_a_firm_that_has_to_connect_again_goes_on_hearing(client: Client, hook: Hook) -> None:
    from daybook.sync.models import Connection

    Connection.objects.update(state="broken")
    assert deliver(client, said()) == 200
    assert heard() == [("123", "updated")]


def test_ten_megabytes_are_not_read(client: Client, hook: Hook) -> None:
    assert deliver(client, b"x" * 10_000_000) == 413
    assert deliver(client, b"x" * (64 * 1024 + 1)) == 413
    assert heard() == []


@pytest.mark.parametrize("length", ["", "-1", "many", "²"])
def test_a_body_of_unknown_length_is_not_read(client: Client, hook: Hook, length: str) -> None:
    answer = client.generic("POST", f"/hooks/clio/{TOKEN}", b"", CONTENT_LENGTH=length)
    assert answer.status_code == 411


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"])
def test_only_posting_is_taken(client: Client, hook: Hook, method: str) -> None:
    assert client.generic(method, f"/hooks/clio/{TOKEN}").status_code == 405


def test_clio_needs_no_token_of_our_forms(hook: Hook) -> None:
    from django.test import Client

    assert deliver(Client(enforce_csrf_checks=True), said()) == 200


def test_too_much_at_once_is_put_off(client: Client, hook: Hook, monkeypatch: pytest.MonkeyPatch) -> None:
    from daybook.sync import hooks

    monkeypatch.setattr(hooks, "MOST", 3)
    answers = [deliver(client, said(record=number)) for number in range(5)]
    assert answers == [200, 200, 200, 429, 429]


def test_nothing_of_a_delivery_reaches_the_logs(
    client: Client, hook: Hook, capfd: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from daybook.sync import hooks

    # A logger keeps the settings of its first use, which may have been another test's.
    monkeypatch.setattr(hooks, "log", structlog.get_logger())
    with capture_logs() as said_of_it:
        deliver(client, said(name="Dana Reyes"))
        deliver(client, b"nonsense of Dana Reyes")
        shake(client, "mine" * 16)
    printed = "".join(capfd.readouterr()) + repr(said_of_it)
    assert "clio_hook_not_understood" in printed
    for private in ("Dana", SECRET, TOKEN, "mine"):
        assert private not in printed


def test_deliveries_and_ended_addresses_are_forgotten_in_time(client: Client, hook: Hook) -> None:
    from daybook.sync import hooks
    from daybook.sync.models import Delivery, Hook
    from tests.cast import NOW

    deliver(client, said())
    ended = Hook.objects.create(
        connection=hook.connection,
        model="contact",
        token="d" * 43,
        status="ended",
        made_at=NOW,
        ended_at=NOW,
    )
    hooks.forget_old(NOW + timedelta(days=2))
    assert (Delivery.objects.count(), Hook.objects.count()) == (1, 2)
    hooks.forget_old(NOW + timedelta(days=3))
    assert (Delivery.objects.count(), Hook.objects.count()) == (0, 2)
    hooks.forget_old(NOW + timedelta(days=40))
    assert list(Hook.objects.values_list("pk", flat=True)) == [hook.pk]
    assert ended.pk != hook.pk


def test_the_upkeep_forgets_by_itself() -> None:
    from procrastinate.contrib.django import app

    known = {task.task.name: task.cron for task in app.periodic_registry.periodic_tasks.values()}
    assert {"upkeep:forget_heard", "hooks_tick", "heard_tick"} <= set(known)
