"""Subscriptions at Clio: renewed, healed, never doubled, and gone when the firm leaves."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.utils import timezone

from tests.flows.test_webhooks import ALICE, dana, office, subscriptions, title_of_dana, told

if TYPE_CHECKING:
    from sandbox.clio import Sandbox
    from tests.flows.office import Office

__all__ = ["office"]  # the fixture

HOOKS = "/api/v4/webhooks.json"
DAY = 86_400


def look_after(days: int = 0) -> Any:
    """What the daily job does, so many days from now."""
    from daybook.sync import subscribing
    from daybook.sync.models import Connection

    now = timezone.now() + timedelta(days=days)
    return subscribing.look_after(connection_id=Connection.objects.get().pk, now=now)


def words() -> str:
    from daybook.sync import hooks
    from daybook.sync.models import Connection

    return hooks.state_of(Connection.objects.get(), timezone.now())


def in_order(office: Office) -> None:
    """One working subscription of each kind, which our rows know, and changes arrive."""
    from daybook.sync import hooks
    from daybook.sync.models import Hook

    office.clio.control.settle()
    theirs = subscriptions(office)
    assert sorted(one["model"] for one in theirs) == ["calendar_entry", "contact"]
    assert {one["status"] for one in theirs} == {"enabled"}
    rows = Hook.objects.exclude(status="ended")
    assert {(row.theirs, hooks.url_of(row.token), row.secret) for row in rows} == {
        (str(one["id"]), one["url"], one["shared_secret"]) for one in theirs
    }
    assert {row.status for row in rows} == {"on"}
    office.clio.control.edit_contact(ALICE, dana(office)["id"], title="Judge")
    told(office)
    assert title_of_dana() == "Judge"


def hook_requests(office: Office) -> list[tuple[str, int]]:
    seen = office.clio.control.log()
    return [(one["method"], one["status"]) for one in seen if "/webhooks" in one["path"]]


def ids(office: Office) -> set[int]:
    return {one["id"] for one in subscriptions(office)}


@pytest.fixture
def away(product: str, clio: Sandbox) -> Office:
    """Not connected yet."""
    from tests.flows.office import Office

    return Office(clio, connected=False)


def test_when_all_is_well_a_day_costs_one_request(office: Office) -> None:
    office.clio.control.clear_log()
    assert look_after(days=1) is None
    assert hook_requests(office) == [("GET", 200)]
    in_order(office)


def test_subscriptions_are_renewed_before_they_end_without_another_handshake(office: Office) -> None:
    before = ids(office)
    office.clio.control.clear_log()
    office.clio.control.advance(21 * DAY)
    look_after(days=21)
    assert hook_requests(office) == [("GET", 200), ("PATCH", 200), ("PATCH", 200)]
    office.clio.control.advance(20 * DAY)  # day 41: the first end is long past
    assert ids(office) == before
    in_order(office)


def test_subscriptions_that_have_ended_unseen_are_made_anew(office: Office) -> None:
    before = ids(office)
    office.clio.control.advance(32 * DAY)
    office.clio.control.edit_contact(ALICE, dana(office)["id"], title="Unheard")
    told(office)
    assert title_of_dana() != "Unheard"
    look_after(days=32)
    assert not before & ids(office)
    in_order(office)


def test_subscriptions_that_clio_no_longer_lists_are_made_anew(office: Office) -> None:
    office.clio.control.clear_table("webhooks")
    look_after()
    in_order(office)


def test_a_suspended_subscription_is_made_anew(office: Office) -> None:
    from daybook.sync.models import Hook

    Hook.objects.filter(model="contact").update(secret="another")
    office.clio.control.edit_contact(ALICE, dana(office)["id"], title="Unheard")
    for seconds in (0, 120, 240, 480, 960):
        office.clio.control.advance(seconds + 1)
        office.clio.control.settle()
    suspended = [one["id"] for one in subscriptions(office) if one["status"] == "suspended"]
    assert len(suspended) == 1
    assert Hook.objects.get(model="contact").refused == 5
    look_after()
    assert suspended[0] not in ids(office)
    in_order(office)


def test_a_missed_handshake_is_made_up_for(away: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    from daybook.sync import hooks

    with monkeypatch.context() as patch:
        patch.setattr(hooks, "_shake_hands", lambda *_: hooks.Answer(503))
        away.connect()
        away.clio.control.settle()
        assert {one["status"] for one in subscriptions(away)} == {"pending"}
        assert words().startswith("Clio is being asked")
    assert "look_after_hooks" in told(away)
    in_order(away)


def test_the_handshake_may_come_before_the_answer(away: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    from daybook.connectors.clio import webhooks as remote
    from daybook.sync.models import Hook

    create, seen = remote.create, []

    def slow(*arguments: Any, **named: Any) -> Any:
        made = create(*arguments, **named)
        away.clio.control.settle()
        seen.append(Hook.objects.get(model=named["model"]))
        return made

    monkeypatch.setattr(remote, "create", slow)
    away.connect()
    assert [(row.status, row.theirs) for row in seen] == [("on", "")] * 2
    in_order(away)


def test_a_subscription_whose_answer_got_lost_is_found_by_its_address(away: Office) -> None:
    away.clio.control.fault("drop_after", method="POST", path=HOOKS)
    away.connect()
    assert len(ids(away)) == 1
    told(away)
    assert len([1 for method, _ in hook_requests(away) if method == "POST"]) == 2
    in_order(away)


@pytest.mark.parametrize("at", ["list", "create", "_remember"])
def test_dying_in_between_leaves_no_second_subscription(
    away: Office, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    from daybook.connectors.clio import webhooks as remote
    from daybook.sync import subscribing
    from daybook.sync.models import Connection, Hook

    def die(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(remote if at != "_remember" else subscribing, at, die)
        with pytest.raises(KeyboardInterrupt):
            away.connect()
    tokens = set(Hook.objects.values_list("token", flat=True))
    assert len(tokens) == 2
    # A process that was killed could not give back its turn.
    Hook.objects.update(leased_until=timezone.now() + timedelta(minutes=1))
    away.clio.control.clear_log()
    assert look_after() is not None
    assert hook_requests(away) == []
    Hook.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
    assert Connection.objects.get().state == "active"
    look_after()
    away.work()
    away.approve()
    in_order(away)
    assert set(Hook.objects.values_list("token", flat=True)) == tokens


def test_strangers_that_lead_to_us_are_removed_and_those_of_others_stay(office: Office, product: str) -> None:
    from daybook.sync import subscribing
    from daybook.sync.models import Connection, Hook
    from tests.cast import marsh

    def post(url: str) -> int:
        data = {"url": url, "model": "contact", "fields": "id", "events": ["created"]}
        return int(office.clio.control.act(ALICE, "POST", "webhooks.json", data)["id"])

    carol = Connection.objects.create(
        firm=marsh(office.now).firm, provider="clio", account_id="x", connected_at=office.now
    )
    hers = Hook.objects.create(connection=carol, model="contact", token="hers", made_at=office.now)
    lost = post(f"{product}/hooks/clio/lost")
    others = {post("https://other.example/hooks/clio/lost"), post(f"{product}/hooks/clio/{hers.token}")}
    before = ids(office) - {lost}
    alices = Connection.objects.exclude(pk=carol.pk).get()
    subscribing.look_after(connection_id=alices.pk, now=timezone.now())
    assert ids(office) == before
    assert others <= before


def test_another_address_of_ours_means_other_subscriptions(office: Office, settings: Any) -> None:
    before = ids(office)
    settings.PUBLIC_URL = settings.PUBLIC_URL.replace("localhost", "127.0.0.1")
    look_after()
    assert not before & ids(office)
    in_order(office)


@pytest.mark.parametrize("change", [{"fields": "id"}, {"events": ["created"]}])
def test_subscriptions_to_less_than_the_table_says_are_made_anew(
    office: Office, change: dict[str, Any]
) -> None:
    changed = subscriptions(office)[0]["id"]
    office.clio.control.act(ALICE, "PATCH", f"webhooks/{changed}.json", change)
    look_after()
    assert changed not in ids(office)
    in_order(office)


def test_where_clio_cannot_reach_us_nothing_is_subscribed(away: Office, settings: Any) -> None:
    settings.PUBLIC_URL = ""
    away.connect()
    assert hook_requests(away) == []
    assert words() == (
        "Clio cannot reach this Daybook by https, so Daybook asks: "
        "contacts every two hours, calendars every five minutes."
    )


def test_an_address_that_is_given_up_is_given_up_at_clio_too(office: Office, settings: Any) -> None:
    settings.PUBLIC_URL = ""
    look_after()
    assert ids(office) == set()


def test_a_connection_that_may_not_subscribe_says_so_and_asks_instead(away: Office) -> None:
    from daybook.contacts.models import Contact
    from daybook.sync.models import Connection

    away.clio.control.fault("status", status=403, path=HOOKS, count=None)
    away.connect()
    assert Contact.objects.exists()
    assert Connection.objects.get().state == "active"
    assert "does not allow" in words()
    assert words().endswith("contacts every two hours, calendars every five minutes.")
    away.clio.control.clear_faults()
    look_after(days=1)
    in_order(away)


def test_trouble_at_clio_is_waited_out(away: Office) -> None:
    away.clio.control.fault("status", status=503, path=HOOKS, count=6)
    away.connect()
    for _ in range(5):
        told(away)
    in_order(away)


def _disconnect(office: Office) -> None:
    from daybook.sync import connecting
    from daybook.sync.models import Connection

    connection = Connection.objects.get()
    connecting.disconnect(actor=office.cast.alice_actor, connection=connection, now=timezone.now())


def test_disconnecting_removes_them_and_connecting_again_makes_new_ones(office: Office) -> None:
    from daybook.sync.models import Hook

    before = set(Hook.objects.values_list("token", flat=True))
    _disconnect(office)
    assert subscriptions(office) == []
    assert set(Hook.objects.values_list("status", "secret")) == {("ended", "")}
    office.connect()
    assert not before & set(Hook.objects.exclude(status="ended").values_list("token", flat=True))
    in_order(office)


def test_disconnecting_while_clio_is_down_keeps_the_reason_and_ends_them_all_the_same(office: Office) -> None:
    from daybook.sync.models import Hook

    before = ids(office)
    office.clio.control.down()
    _disconnect(office)
    office.clio.control.down(False)
    assert ids(office) == before
    assert all("could not be reached" in text for text in Hook.objects.values_list("trouble", flat=True))
    office.clio.control.edit_contact(ALICE, dana(office)["id"], title="Gone")
    office.clio.control.settle()
    assert office.clio.control.webhooks_sent()[-1]["status"] == 410
    office.connect()
    assert not before & ids(office)
    in_order(office)


def test_one_made_while_the_firm_disconnects_does_not_stay(
    away: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    from daybook.connectors.clio import webhooks as remote
    from daybook.sync.models import Hook

    _then(monkeypatch, remote, "create", lambda: _disconnect(away))
    away.connect()
    away.clio.control.settle()
    assert set(Hook.objects.values_list("status", flat=True)) == {"ended"}
    assert subscriptions(away) == []


def _then(monkeypatch: pytest.MonkeyPatch, where: Any, name: str, what: Callable[[], None]) -> None:
    """Let something happen right after the first call."""
    real, done = getattr(where, name), []

    def both(*arguments: Any, **named: Any) -> Any:
        made = real(*arguments, **named)
        if not done:
            done.append(True)
            what()
        return made

    monkeypatch.setattr(where, name, both)


def test_a_broken_connection_keeps_its_subscriptions_for_the_day_it_is_mended(office: Office) -> None:
    from daybook.sync.models import Connection

    before = ids(office)
    office.clio.control.revoke(ALICE)
    look_after_quietly()
    assert Connection.objects.get().state == "broken"
    assert ids(office) == before
    office.connect()
    assert ids(office) == before
    in_order(office)


def look_after_quietly() -> None:
    from daybook.jobs.tasks import look_after_hooks
    from daybook.sync.models import Connection

    look_after_hooks.func(Connection.objects.get().pk)


def test_people_who_wait_go_before_the_daily_look(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    from daybook.connectors.clio.session import Priority
    from daybook.sync import clio as sessions
    from daybook.sync import subscribing
    from daybook.sync.models import Connection

    real, seen = sessions.session, []

    def session(connection: Connection, priority: Priority) -> Any:
        seen.append(priority)
        return real(connection, priority)

    monkeypatch.setattr(sessions, "session", session)
    look_after()
    subscribing.look_after(connection_id=Connection.objects.get().pk, now=timezone.now(), soon=True)
    assert seen == [Priority.BACKGROUND, Priority.SOON]


def test_what_is_subscribed_is_written_down() -> None:
    from pathlib import Path

    from daybook.sync.hooks import WANTED

    page = (Path(__file__).resolve().parents[2] / "docs" / "clio" / "webhooks.md").read_text()
    rows = [line for line in page.splitlines() if "`heed_" in line]
    assert len(rows) == len(WANTED)
    for row, one in zip(rows, WANTED, strict=True):
        cells = [cell.strip() for cell in row.split("|")[1:6]]
        gathers = f"{one.wait.seconds} s"
        assert cells == [
            f"`{one.model}`",
            ", ".join(one.events),
            f"`{one.fields}`",
            f"`{one.follow}`",
            gathers,
        ]


def test_every_subscription_is_followed_by_a_job_there_is() -> None:
    from daybook.jobs.routes import HEEDS
    from daybook.sync.hooks import BY_MODEL, WANTED

    assert {one.follow for one in WANTED} == set(HEEDS)
    assert all(task.name == name for name, task in HEEDS.items())
    assert len(BY_MODEL) == len(WANTED)
    assert all({"id", "etag", "updated_at"} <= set(one.fields.split(",")) for one in WANTED)
