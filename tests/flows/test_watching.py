"""Being told of changes in calendars: watched, renewed, ended; lost, doubled and forged tellings harm nothing."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from daybook.calendars.models import Calendar
from daybook.jobs import schedule
from daybook.sync import watching
from daybook.sync.models import Connection, Told
from tests.flows.accounts_desk import ALICE, Desk

if TYPE_CHECKING:
    from sandbox.google import Sandbox as Google
    from sandbox.microsoft import Sandbox as Microsoft


@pytest.fixture
def desk(db: None) -> Desk:
    return Desk()


def jobs(name: str) -> int:
    from django.db import connection as database

    with database.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM procrastinate_jobs WHERE task_name = %s AND status = 'todo'", [name]
        )
        return int(cursor.fetchone()[0])


def told(provider: str = "google") -> Told:
    return Told.objects.get(connection__provider=provider)


def tell(row: Told, secret: str | None = None, state: str = "exists", token: str = "") -> int:
    headers = {
        "X-Goog-Channel-ID": row.theirs,
        "X-Goog-Channel-Token": row.secret if secret is None else secret,
        "X-Goog-Resource-ID": row.resource,
        "X-Goog-Resource-State": state,
    }
    address = reverse("google_hook", args=[token or row.token])
    return Client().post(address, headers=headers, content_type="application/json").status_code


def post(row: Told, *items: dict[str, Any], query: str = "") -> Any:
    address = reverse("microsoft_hook", args=[row.token]) + query
    return Client().post(address, json.dumps({"value": list(items)}), content_type="application/json")


@pytest.fixture
def watched(desk: Desk, google: Google, settings: Any) -> Told:
    """A Google calendar that is watched; what Google posts goes nowhere."""
    settings.PUBLIC_URL = "http://127.0.0.1:9"
    desk.connect("google")
    return told()


@pytest.fixture
def subscribed(desk: Desk, microsoft: Microsoft) -> Told:
    connection = desk.connect("microsoft")
    return Told.objects.create(
        calendar=Calendar.objects.get(kind="main"),
        connection=connection,
        token="t" * 40,
        secret="s" * 40,
        theirs="one",
        expires_at=desk.now + timedelta(days=5),
    )


def test_each_calendar_in_use_is_watched_and_a_telling_has_it_read(desk: Desk, watched: Told) -> None:
    assert watched.calendar.name == ALICE
    assert watched.theirs
    assert watched.expires_at is not None
    assert tell(watched) == 204
    assert tell(watched) == 204  # told twice, read once
    assert jobs("read_calendar") == 1


def test_the_first_telling_says_only_that_there_is_a_channel(watched: Told) -> None:
    assert tell(watched, state="sync") == 204
    assert jobs("read_calendar") == 0


def test_who_does_not_know_the_secret_or_the_address_is_not_believed(watched: Told) -> None:
    assert tell(watched, secret="guess") == 404
    assert tell(watched, secret="") == 404
    assert tell(watched, token="nobody") == 404
    assert Client().get(reverse("google_hook", args=[watched.token])).status_code == 405
    assert jobs("read_calendar") == 0


def test_too_many_tellings_are_turned_away(watched: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "MOST", 2)
    assert [tell(watched) for _ in range(3)] == [204, 204, 429]


def test_a_lost_telling_is_made_up_for_by_the_next_round(desk: Desk, google: Google, watched: Told) -> None:
    google.control.create_entry(ALICE, summary="Hearing", start=desk.wall(10), end=desk.wall(11))
    desk.tick()
    assert "10:00" not in desk.free()[0]


def test_a_watch_is_renewed_before_its_end_and_left_alone_until_then(
    desk: Desk, google: Google, watched: Told
) -> None:
    schedule.watches_tick.func(0)
    desk.work()
    assert told().theirs == watched.theirs
    Told.objects.update(expires_at=timezone.now() + watching.RENEW_BEFORE - timedelta(minutes=1))
    schedule.watches_tick.func(0)
    desk.work()
    renewed = told()
    assert renewed.theirs != watched.theirs
    assert (renewed.token, renewed.secret) == (watched.token, watched.secret)
    assert renewed.expires_at is not None
    assert renewed.expires_at - timezone.now() > watching.RENEW_BEFORE
    assert len(google.control.records("channels")) == 1


def test_disconnecting_ends_the_watch_and_closes_the_address(
    desk: Desk, google: Google, watched: Told
) -> None:
    desk.client.post(reverse("account_disconnect", args=[watched.connection_id]))
    assert not Told.objects.exists()
    assert google.control.records("channels") == []
    assert tell(watched) == 404


def test_a_calendar_that_is_no_longer_used_is_no_longer_watched(
    desk: Desk, google: Google, watched: Told
) -> None:
    from daybook.calendars import operations

    operations.choose_calendars(lawyer=desk.cast.alice, blocking={}, primary=None, now=desk.now)
    desk.work()
    assert not Told.objects.exists()
    assert google.control.records("channels") == []


def test_without_an_address_that_google_can_reach_nothing_is_watched(desk: Desk, google: Google) -> None:
    desk.connect("google")
    assert not Told.objects.exists()
    assert google.control.records("channels") == []


def test_microsofts_question_is_echoed_as_text_for_known_addresses_only(subscribed: Told) -> None:
    answer = post(subscribed, query="?validationToken=a%20b%26%3Cc%3E")
    assert (answer.status_code, answer.content, answer["Content-Type"]) == (
        200,
        b"a b&<c>",
        "text/plain; charset=utf-8",
    )
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert post(Told(token="nobody"), query="?validationToken=x").status_code == 404


def test_microsofts_tellings_are_believed_by_their_secret(subscribed: Told) -> None:
    known = {"subscriptionId": "one", "clientState": subscribed.secret, "changeType": "updated"}
    assert post(subscribed, known, known).status_code == 202
    assert jobs("read_calendar") == 1
    for forged in ({"clientState": "guess"}, {}, {"clientState": 7}):
        assert post(subscribed, forged).status_code == 404
    assert jobs("read_calendar") == 1
    address = reverse("microsoft_hook", args=[subscribed.token])
    for body in ("{", "[]", '{"value": 1}', '{"value": ["x"]}'):
        assert Client().post(address, body, content_type="application/json").status_code == 404


def test_a_subscription_that_was_removed_is_made_anew_and_the_calendar_read(subscribed: Told) -> None:
    said = {"clientState": subscribed.secret, "lifecycleEvent": "subscriptionRemoved"}
    assert post(subscribed, said).status_code == 202
    assert told("microsoft").expires_at is None
    assert jobs("look_after_watches") == 1
    assert jobs("read_calendar") == 1


def test_a_broken_accounts_address_takes_nothing(subscribed: Told) -> None:
    Connection.objects.update(state=Connection.State.BROKEN)
    assert post(subscribed, {"clientState": subscribed.secret}).status_code == 404


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("provider", ["google", "microsoft"])
def test_what_changes_over_there_is_here_without_anybody_asking(
    transactional_db: None, live_server: Any, settings: Any, request: pytest.FixtureRequest, provider: str
) -> None:
    """The whole way over real sockets: Microsoft asks whether we are there, both post, a job reads."""
    sandbox = request.getfixturevalue(provider)
    settings.PUBLIC_URL = live_server.url
    desk = Desk()
    desk.connect(provider)
    row = told(provider)
    assert row.theirs
    assert not row.trouble
    if provider == "google":
        sandbox.control.create_entry(ALICE, summary="Hearing", start=desk.wall(10), end=desk.wall(11))
    else:
        at = (desk.wall(10)["dateTime"], desk.wall(11)["dateTime"])
        sandbox.control.create_event(ALICE, "Hearing", *at)
    assert sandbox.control.settle()
    assert jobs("read_calendar") == 1
    Told.objects.get(pk=row.pk, heard_at__isnull=False)
    read = watching_reads()
    assert read == [row.calendar_id]
    assert "10:00" not in desk.free()[0]


def watching_reads() -> list[int]:
    """Do the readings that wait for a burst to end, now; gives the calendars they are of."""
    from django.db import connection as database

    from daybook.jobs import tasks

    with database.cursor() as cursor:
        cursor.execute(
            "SELECT args FROM procrastinate_jobs WHERE task_name = 'read_calendar' AND status = 'todo'"
        )
        found = [json.loads(row[0]) if isinstance(row[0], str) else row[0] for row in cursor.fetchall()]
    for arguments in found:
        tasks.read_calendar.func(**arguments)
    return [arguments["calendar_id"] for arguments in found]
