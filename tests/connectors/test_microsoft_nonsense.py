"""Answers of Microsoft's that make no sense, and links that lead elsewhere: never free time, never a step off the path."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from daybook.connectors.calendars import Reading
from daybook.connectors.errors import Garbled, Missing, RemoteTrouble, Unreachable
from daybook.core.entries import Standing
from daybook.core.periods import Period
from tests.connectors.microsoft_rig import BEN, HOME, HOUR, WINDOW, Stage, staged, told_page, told_row
from tests.connectors.scripted import Reply, Scripted, scripted

DENVER = ZoneInfo(HOME)
NINE = datetime(2027, 1, 11, 9, tzinfo=DENVER)
WEEK = timedelta(days=7)
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def stage() -> Iterator[Stage]:
    with staged() as stage:
        yield stage


@pytest.fixture
def graph() -> Iterator[Scripted]:
    with scripted() as graph:
        yield graph


def read(stage: Stage, since: str = "", *, window: Period = WINDOW, home: str = HOME) -> Reading:
    return stage.service().read(stage.calendar, window, home=home, since=since)


def told(reading: Reading) -> dict[str, list[Period]]:
    return {one.id: [item.during for item in one.items] for one in reading.seen}


def hours(*starts: datetime) -> list[Period]:
    return [Period(start, start + HOUR) for start in starts]


def test_after_a_resync_everything_is_read_again(stage: Stage) -> None:
    ids = [stage.add(NINE), stage.add(NINE + HOUR)]
    token = read(stage).token
    stage.control.delete_event(BEN, ids[0])
    stage.control.lose_tokens()
    reading = read(stage, token)
    assert reading.whole
    assert told(reading) == {ids[1]: hours(NINE + HOUR)}


@pytest.mark.parametrize(
    ("status", "code"),
    [(410, "SyncStateNotFound"), (410, "resyncRequired"), (400, "SyncStateInvalid"), (410, "")],
)
def test_a_lost_token_is_known_however_it_is_put(
    stage: Stage, graph: Scripted, status: int, code: str
) -> None:
    lost = Reply(status, {"error": {"code": code, "message": ""}})
    graph.plan(lost, Reply(200, told_page(graph, [told_row("a")])))
    service = stage.elsewhere(graph.url)
    reading = service.read("c", WINDOW, home=HOME, since="/me/calendars/c/calendarView/delta?$deltatoken=x")
    assert reading.whole
    assert set(graph.asked[1].query) == {"startDateTime", "endDateTime"}


def test_a_round_that_is_lost_halfway_is_not_taken_for_a_calendar_that_is_gone(
    stage: Stage, graph: Scripted
) -> None:
    graph.plan(Reply(410, {"error": {"code": "SyncStateNotFound", "message": ""}}))
    with pytest.raises(Unreachable):
        stage.elsewhere(graph.url).read("c", WINDOW, home=HOME)


def test_a_calendar_that_is_gone_is_missing_with_a_token_too(stage: Stage) -> None:
    token = read(stage).token
    stage.control.remove_calendar(stage.calendar)
    with pytest.raises(Missing):
        read(stage, token)


@pytest.mark.parametrize(
    "token",
    [
        "https://evil.example/v1.0/me/calendars/c/calendarView/delta?$deltatoken=x",
        "//evil.example/delta?$deltatoken=x",
        "@evil.example/delta?$deltatoken=x",
        "/me/messages/delta?x=y",
        "nonsense",
    ],
)
def test_a_token_that_is_none_leads_nowhere_else(stage: Stage, graph: Scripted, token: str) -> None:
    graph.plan(Reply(200, told_page(graph, [])))
    stage.elsewhere(graph.url).read("c", WINDOW, home=HOME, since=token)
    assert all(asked.target.startswith("/v1.0/") for asked in graph.asked)
    assert len(graph.asked) == 1


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example/v1.0/me/calendars/c/calendarView/delta?$deltatoken=x",
        "http://127.0.0.1:1/v1.0/me/calendars/c/calendarView/delta?$deltatoken=x",
        "SELF/v1.0/me/messages?$deltatoken=x",
        "SELF/v2.0/me/calendars/c/calendarView/delta?$deltatoken=x",
        "SELF/v1.0/me/calendars/c/calendarView/delta",
        None,
        7,
    ],
)
def test_a_delta_link_that_points_elsewhere_is_refused(stage: Stage, graph: Scripted, link: Any) -> None:
    link = link.replace("SELF", graph.url) if isinstance(link, str) else link
    graph.plan(Reply(200, {"value": [told_row("a")], "@odata.deltaLink": link}))
    with pytest.raises(Garbled):
        stage.elsewhere(graph.url).read("c", WINDOW, home=HOME)
    assert len(graph.asked) == 1


UTC_TIME = {"dateTime": "2027-01-12T19:00:00", "timeZone": "UTC"}
BROKEN: list[dict[str, Any]] = [
    {"start": None},
    {"start": {}},
    {"start": "2027-01-12T19:00:00Z"},
    {"start": {"dateTime": "soon", "timeZone": "UTC"}},
    {"start": {"dateTime": 5, "timeZone": "UTC"}},
    {"start": {"dateTime": "2027-01-12T19:00:00", "timeZone": "Middle-earth"}},
    {"start": {"dateTime": "2027-01-12T19:00:00", "timeZone": 3}},
    {"end": {"dateTime": "2027-13-45T19:00:00", "timeZone": "UTC"}},
    {"end": {"dateTime": "2027-01-12T18:00:00", "timeZone": "UTC"}},
    {"isAllDay": "yes"},
    {"isCancelled": "no"},
    {"showAs": 3},
    {"responseStatus": "declined"},
    {"responseStatus": {"response": False}},
    {"type": ["occurrence"]},
    {"id": None},
    {"id": ""},
    {"subject": {"text": "Lunch"}},
]


@pytest.mark.parametrize("changes", BROKEN, ids=str)
def test_an_entry_that_cannot_be_read_fails_the_reading(
    stage: Stage, graph: Scripted, changes: dict[str, Any]
) -> None:
    graph.plan(Reply(200, told_page(graph, [told_row("a"), told_row("b", **changes)])))
    with pytest.raises(Garbled):
        stage.elsewhere(graph.url).read("c", WINDOW, home=HOME)


@pytest.mark.parametrize(
    ("kind", "path"), [*product(["malformed", "truncated"], ["*/delta", "*/calendarView"])]
)
def test_half_an_answer_is_no_free_time(stage: Stage, kind: str, path: str) -> None:
    stage.add(NINE - 5 * WEEK, rrule="FREQ=WEEKLY")
    stage.control.fault(kind, path=path, count=None)
    with pytest.raises(RemoteTrouble) as caught:
        read(stage)
    assert not isinstance(caught.value, Missing)


def test_words_that_nobody_has_published_are_busy(stage: Stage, graph: Scripted) -> None:
    strange = told_row("a", showAs="holographic", responseStatus={"response": "pondering"}, type="hologram")
    graph.plan(Reply(200, told_page(graph, [strange])))
    (seen,) = stage.elsewhere(graph.url).read("c", WINDOW, home=HOME).seen
    assert [item.standing for item in seen.items] == [Standing.BUSY]


def test_an_entry_that_says_nothing_of_itself_is_busy(stage: Stage, graph: Scripted) -> None:
    silent = {"id": "a", "start": UTC_TIME, "end": {**UTC_TIME, "dateTime": "2027-01-12T20:00:00"}}
    graph.plan(Reply(200, told_page(graph, [silent])))
    (seen,) = stage.elsewhere(graph.url).read("c", WINDOW, home=HOME).seen
    assert [(item.standing, item.all_day) for item in seen.items] == [(Standing.BUSY, False)]


def test_an_occurrence_whose_series_nobody_knows_is_busy(stage: Stage, graph: Scripted) -> None:
    bare = {name: told_row("a")[name] for name in ("id", "start", "end")} | {
        "type": "occurrence",
        "seriesMasterId": "m",
    }
    graph.plan(Reply(200, told_page(graph, [bare])), Reply(200, {"value": []}))
    (seen,) = stage.elsewhere(graph.url).read("c", WINDOW, home=HOME).seen
    assert (seen.id, [item.standing for item in seen.items]) == ("m", [Standing.BUSY])


def test_a_time_of_another_zone_than_was_asked_for_is_read_in_it(stage: Stage, graph: Scripted) -> None:
    times = [
        {"dateTime": f"2027-01-12T{h}:00:00", "timeZone": "Mountain Standard Time"} for h in ("12", "13")
    ]
    graph.plan(Reply(200, told_page(graph, [told_row("a", start=times[0], end=times[1])])))
    (seen,) = stage.elsewhere(graph.url).read("c", WINDOW, home=HOME).seen
    assert seen.items[0].during == hours(datetime(2027, 1, 12, 19, tzinfo=UTC))[0]
