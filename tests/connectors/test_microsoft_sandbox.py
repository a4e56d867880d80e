"""The stand-in for Microsoft: its demo, its control interface, its memory; and the reference that holds it."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from daybook.connectors.errors import Forbidden, Missing
from daybook.connectors.microsoft.account import who_am_i
from daybook.core.entries import Standing
from daybook.core.periods import Period
from sandbox.control_http import calls_of
from sandbox.log import Exchange
from sandbox.microsoft import start
from tests.connectors.microsoft_rig import BEN, HOME, HOUR, MONDAY, WINDOW, Stage, draft, staged
from tests.microsoft_contract import delivery_problems, problems

README = Path(__file__).parents[2] / "sandbox" / "README.md"


@pytest.fixture(autouse=True)
def stage() -> Iterator[Stage]:
    with staged() as stage:
        yield stage


def test_the_demo_has_ben_at_work_and_chloe_at_home_busy_around_today(stage: Stage) -> None:
    ids = stage.control.seed("demo")
    now = stage.now()
    window = Period(now - timedelta(days=1), now + timedelta(days=70))
    service = stage.service()
    found = service.read(ids["ben"]["calendar_id"], window, home=HOME)
    standings = {item.standing for one in found.seen for item in one.items}
    assert standings == set(Standing) - {Standing.CANCELLED, Standing.TRAVEL}
    assert {(one.name, one.may_write, one.main) for one in service.calendars()} == {
        ("Calendar", True, True),
        ("Meeting room", False, False),
    }
    with pytest.raises(Forbidden):
        service.create(ids["read_only"], draft())
    chloe = stage.session("chloe@outlook.example")
    assert who_am_i(chloe).email == "chloe@outlook.example"
    mine = stage.service("chloe@outlook.example")
    assert len(mine.read(ids["chloe"]["calendar_id"], window, home="America/New_York").seen) == 3
    with pytest.raises(Missing):
        mine.read(ids["ben"]["calendar_id"], window, home=HOME)


def test_many_calendars_come_on_pages(stage: Stage) -> None:
    stage.control.set_most_rows(4)
    for number in range(10):
        stage.control.add_calendar(BEN, f"Matter {number}")
    listed = stage.service().calendars()
    assert len(listed) == 11
    assert [one.id for one in listed if one.main] == [stage.calendar]
    assert {one.owner for one in listed} == {BEN}
    assert len(stage.requests()) == 3


def test_what_was_there_is_there_after_a_restart(tmp_path: Path) -> None:
    kept = tmp_path / "microsoft.json"
    with start(state=kept, seed="demo") as first:
        given = first.control.token(BEN)
        ids = [row["id"] for row in first.control.records("events")]
    with start(state=kept, seed="demo") as second:
        assert [row["id"] for row in second.control.records("events")] == ids
        request = urllib.request.Request(
            f"{second.graph_url}/me", headers={"Authorization": f"Bearer {given['access_token']}"}
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            assert json.load(answer)["mail"] == BEN


def test_the_control_interface_is_the_same_over_http(stage: Stage) -> None:
    def call(name: str, **arguments: Any) -> Any:
        url = f"{stage.sandbox.url}/_control/{name}"
        with urllib.request.urlopen(url, json.dumps(arguments).encode(), timeout=10) as answer:
            return json.load(answer)["result"]

    times = {"start": MONDAY.isoformat(), "end": (MONDAY + HOUR).isoformat()}
    made = call("create_event", user=BEN, subject="Lunch", **times)
    assert call("records", table="events", subject="Lunch")[0]["id"] == made["id"]
    shown = call("act", user=BEN, method="GET", path=f"/me/events/{made['id']}", query=None)
    assert shown["subject"] == "Lunch"
    assert call("counts")["events"] == 1
    call("delete_event", user=BEN, event_id=made["id"])
    assert call("state")["events"] == []


def test_anything_the_api_can_do_can_be_done_as_somebody(stage: Stage) -> None:
    path = f"/me/calendars/{stage.calendar}/events"
    times = {
        name: {"dateTime": f"2027-01-11T{hour}:00:00", "timeZone": "UTC"}
        for name, hour in (("start", "09"), ("end", "10"))
    }
    made = stage.control.act(BEN, "POST", path, {"subject": "Walk", **times})
    stage.control.act(BEN, "PATCH", f"/me/events/{made['id']}", {"subject": "Long walk"})
    (found,) = stage.service().read(stage.calendar, WINDOW, home=HOME).seen
    assert found.items[0].title == "Long walk"
    stage.control.act(BEN, "DELETE", f"/me/events/{made['id']}")
    assert stage.service().read(stage.calendar, WINDOW, home=HOME).seen == ()


def test_every_call_of_the_control_interface_is_written_down(stage: Stage) -> None:
    section = README.read_text("utf-8").split("\n## Microsoft\n")[1].split("\n## ")[0]
    missing = [name for name in calls_of(stage.control) if f"`{name}(" not in section]
    assert missing == []


# The reference --------------------------------------------------------------------------------------------------------


def exchange(method: str, path: str, query: str = "", *, status: int = 200, **more: Any) -> Exchange:
    headers = more.pop("headers", {})
    sent, answer = more.pop("sent", None), more.pop("answer", None)
    return Exchange(
        method,
        f"/v1.0{path}",
        query,
        headers,
        json.dumps(sent).encode() if sent is not None else b"",
        status,
        {},
        json.dumps(answer).encode() if answer is not None else b"",
        **more,
    )


EVENT: dict[str, Any] = {"id": "a", "subject": "Lunch"}
LIST: dict[str, Any] = {"value": []}
WRONG = [
    exchange("GET", "/me/messages", answer=LIST),
    exchange("GET", "/me/calendars", "$selekt=id", answer=LIST),
    exchange("GET", "/me/calendars", "$select=id,colour", answer=LIST),
    exchange("GET", "/me/calendars/c/calendarView", "startDateTime=2027-01-01T00:00:00Z", answer=LIST),
    exchange("GET", "/me/calendars/c/calendarView/delta", "$deltatoken=x&$select=id", answer=LIST),
    exchange("GET", "/me/calendars/c/calendarView/delta", "$deltatoken=x", answer=LIST),
    exchange("GET", "/me", answer={"id": 5}),
    exchange("GET", "/me/events/a", answer={**EVENT, "shownAs": "busy"}),
    exchange("GET", "/me/events/a", answer={**EVENT, "showAs": "occupied"}),
    exchange("GET", "/me/events/a", answer={**EVENT, "start": {"dateTime": "soon", "timeZone": "UTC"}}),
    exchange("GET", "/me/events/a", answer={**EVENT, "isAllDay": "false"}),
    exchange("GET", "/me/events/a", headers={"If-Match": "x"}, answer=EVENT),
    exchange("GET", "/me/events/a", headers={"Prefer": "outlook.zone=UTC"}, answer=EVENT),
    exchange("GET", "/me/events/a", status=404, answer={"message": "gone"}),
    exchange("PATCH", "/me/events/a", sent={"transactionId": "x"}, answer=EVENT),
    exchange("PATCH", "/me/events/a", sent={"sensitivity": "secret"}, answer=EVENT),
    exchange("POST", "/me/calendars/c/events", sent={"subject": "x"}, answer=EVENT),
    exchange("DELETE", "/me/events/a", status=204, answer={"id": "a"}),
    exchange("POST", "/subscriptions", sent={"secret": "x"}, status=201, answer={"resource": "/me"}),
]


@pytest.mark.parametrize("wrong", WRONG, ids=lambda one: f"{one.method} {one.path}?{one.query}")
def test_what_microsoft_has_not_published_is_found(wrong: Exchange) -> None:
    assert problems([wrong])
    wrong.deliberate = True
    assert problems([wrong]) == []
    wrong.deliberate = False


def test_what_microsoft_has_published_is_let_be() -> None:
    right = [
        exchange("GET", "/me/events/a", "$select=id,subject", answer=EVENT),
        exchange("PATCH", "/me/events/a", headers={"If-Match": 'W/"1"'}, sent={"subject": "x"}, answer=EVENT),
        exchange("GET", "/me/calendars", answer={"value": [{"id": "c", "canEdit": True}]}),
        exchange("DELETE", "/subscriptions/s", status=204),
    ]
    assert problems(right) == []


def test_a_notification_without_what_it_needs_is_found() -> None:
    assert len(delivery_problems([{"value": [{"subscriptionId": "7"}]}])) == 4
    assert delivery_problems([{"values": []}]) != []


def test_the_clock_of_the_stage_is_the_sandboxes(stage: Stage) -> None:
    before = stage.now()
    stage.control.advance(3600)
    assert stage.now() - before >= timedelta(hours=1)
    assert stage.now().date() == datetime(2027, 1, 10).date()
