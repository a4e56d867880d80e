"""Reading a Microsoft calendar: what Graph's deltas say and leave out, lost tokens, and answers that make no sense."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from daybook.connectors.calendars import Item, Reading
from daybook.core.entries import Standing
from daybook.core.periods import Period
from tests.connectors.microsoft_rig import BEN, HOME, HOUR, MONDAY, WINDOW, Stage, staged, told_page, told_row
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


# Deltas and series -----------------------------------------------------------------------------------------------------


def test_a_quiet_round_is_one_request(stage: Stage) -> None:
    stage.add(NINE, rrule="FREQ=WEEKLY")
    stage.add(NINE + 3 * HOUR)
    token = read(stage).token
    stage.requests()
    reading = read(stage, token)
    assert (reading.seen, reading.whole) == ((), False)
    assert stage.requests() == ["GET delta"]


def test_the_token_holds_no_address_and_goes_on_where_it_left_off(stage: Stage) -> None:
    reading = read(stage)
    assert reading.token.startswith("/me/calendars/")
    assert stage.sandbox.url not in reading.token
    id = stage.add(NINE)
    assert told(read(stage, reading.token)) == {id: hours(NINE)}
    assert told(read(stage, read(stage, reading.token).token)) == {}


def test_one_removed_and_one_moved_away_are_gone(stage: Stage) -> None:
    ids = [stage.add(NINE + n * HOUR) for n in range(3)]
    token = read(stage).token
    stage.control.delete_event(BEN, ids[0])
    away = NINE + timedelta(days=200)
    stage.control.move_event(BEN, ids[1], away.isoformat(), (away + HOUR).isoformat())
    assert told(read(stage, token)) == {ids[0]: [], ids[1]: []}


def test_what_happens_outside_the_window_is_told_as_nothing(stage: Stage) -> None:
    token = read(stage).token
    id = stage.add(NINE + timedelta(days=200))
    assert told(read(stage, token)) == {id: []}


@pytest.mark.parametrize("early", ["left_out", "told"])
def test_a_series_from_before_the_window_says_what_its_master_does(stage: Stage, early: str) -> None:
    stage.control.set_quirk("early_masters", early)
    id = stage.add(NINE - 5 * WEEK, rrule="FREQ=WEEKLY", show_as="oof", subject="Circuit")
    stage.requests()
    reading = read(stage)
    assert told(reading) == {id: hours(*(NINE + n * WEEK for n in range(5)))}
    assert {(item.standing, item.title) for item in reading.seen[0].items} == {
        (Standing.OUT_OF_OFFICE, "Circuit")
    }
    assert stage.requests() == ["GET delta", *(["GET calendarView"] if early == "left_out" else [])]


def test_one_occurrence_changed_tells_the_whole_series_again(stage: Stage) -> None:
    id = stage.add(NINE, rrule="FREQ=WEEKLY;COUNT=4")
    token = read(stage).token
    later = NINE + WEEK + 5 * HOUR
    one = stage.control.occurrence_id(id, (NINE + WEEK).isoformat())
    stage.control.move_event(BEN, one, later.isoformat(), (later + HOUR).isoformat())
    reading = read(stage, token)
    assert told(reading) == {id: hours(NINE, later, NINE + 2 * WEEK, NINE + 3 * WEEK)}
    assert told(read(stage)) == told(reading)


def test_one_occurrence_deleted_is_no_longer_there_though_no_delta_names_it(stage: Stage) -> None:
    id = stage.add(NINE, rrule="FREQ=WEEKLY;COUNT=4")
    token = read(stage).token
    stage.control.delete_event(BEN, stage.control.occurrence_id(id, (NINE + WEEK).isoformat()))
    stage.control.clear_log()
    assert told(read(stage, token)) == {id: hours(NINE, NINE + 2 * WEEK, NINE + 3 * WEEK)}
    delta = stage.control.log(path="/delta")[0]["response_body"]["value"]
    assert [row for row in delta if "@removed" in row] == []


def test_an_occurrence_moved_beyond_the_window_is_gone_and_one_moved_into_it_is_there(stage: Stage) -> None:
    id = stage.add(NINE + 4 * WEEK, rrule="FREQ=WEEKLY;COUNT=2")
    window = Period(NINE, NINE + 4 * WEEK + DAY)
    token = read(stage, window=window).token
    out, into = (stage.control.occurrence_id(id, (NINE + n * WEEK).isoformat()) for n in (4, 5))
    far = NINE + 20 * WEEK
    stage.control.move_event(BEN, out, far.isoformat(), (far + HOUR).isoformat())
    stage.control.move_event(BEN, into, (NINE + DAY).isoformat(), (NINE + DAY + HOUR).isoformat())
    assert told(read(stage, token, window=window)) == {id: hours(NINE + DAY)}


@pytest.mark.parametrize("occurrences", ["left_out", "told"])
def test_a_deleted_series_is_gone_whatever_is_told_of_its_occurrences(stage: Stage, occurrences: str) -> None:
    stage.control.set_quirk("removed_occurrences", occurrences)
    id = stage.add(NINE, rrule="FREQ=DAILY;COUNT=10")
    token = read(stage).token
    stage.control.delete_event(BEN, id)
    found = told(read(stage, token))
    assert found[id] == []
    assert not any(found.values())


def test_a_series_told_on_several_pages_is_one(stage: Stage) -> None:
    stage.control.set_most_rows(3)
    id = stage.add(NINE, rrule="FREQ=DAILY;COUNT=10")
    assert told(read(stage)) == {id: hours(*(NINE + n * DAY for n in range(10)))}


def test_an_entry_told_twice_in_a_round_is_as_it_was_told_last(stage: Stage, graph: Scripted) -> None:
    link = f"{graph.url}/v1.0/me/calendars/c/calendarView/delta?$skiptoken=2"
    first = {"value": [told_row("a"), told_row("b")], "@odata.nextLink": link}
    second = told_page(
        graph, [{"id": "a", "@removed": {"reason": "deleted"}}, told_row("b", subject="Later")]
    )
    graph.plan(Reply(200, first), Reply(200, second))
    reading = stage.elsewhere(graph.url).read("c", WINDOW, home=HOME)
    assert [(one.id, one.items[0].title) for one in reading.seen] == [("b", "Later")]


def test_five_thousand_events_are_read_and_one_change_is_one_request(stage: Stage) -> None:
    stage.control.bulk_events(BEN, 5000, MONDAY.isoformat(), step_minutes=8)
    reading = read(stage)
    assert len(reading.seen) == 5000
    assert [one.items[0].title for one in reading.seen][-1] == "Event 5000"
    assert len(stage.requests()) == 100
    id = stage.add(NINE)
    assert told(read(stage, reading.token)) == {id: hours(NINE)}
    assert len(stage.requests()) == 1


# Zones and days --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("day", [(2027, 3, 14), (2027, 11, 7)], ids=["23 hours", "25 hours"])
@pytest.mark.parametrize("whole_days", ["midnights", "converted"])
@pytest.mark.parametrize("zone", [HOME, "Mountain Standard Time", "America/New_York", "Asia/Tokyo"])
def test_whole_days_over_the_change_of_clocks(stage: Stage, day: Any, whole_days: str, zone: str) -> None:
    """Whatever zone they were made in, and however Graph shows them, they are those days for the lawyer."""
    stage.control.set_quirk("whole_days", whole_days)
    first = datetime(*day).replace(tzinfo=ZoneInfo("America/Denver" if "Mountain" in zone else zone)) - DAY
    id = stage.add(first, 3 * DAY, all_day=True, time_zone=zone)
    start = datetime(*day).replace(tzinfo=DENVER) - DAY
    window = Period(start - WEEK, start + WEEK)
    (seen,) = read(stage, window=window).seen
    assert (seen.id, seen.items) == (
        id,
        (Item(Period(start, start + 3 * DAY), True, Standing.BUSY, "Lunch"),),
    )
    hours = seen.items[0].during.length / HOUR
    assert hours == (71 if day[1] == 3 else 73)


@pytest.mark.parametrize("day", [(2027, 3, 14), (2027, 11, 7)], ids=["forward", "back"])
def test_a_meeting_over_the_change_of_clocks_takes_its_real_time(stage: Stage, day: Any) -> None:
    start, end = (datetime(*day, hour).replace(tzinfo=DENVER).astimezone(UTC) for hour in (0, 4))
    stage.add(start, end - start)
    window = Period(start - WEEK, start + WEEK)
    (seen,) = read(stage, window=window).seen
    assert seen.items[0].during == Period(start, end)
    assert seen.items[0].during.length / HOUR == (3 if day[1] == 3 else 5)


@pytest.mark.parametrize("home", ["Pacific/Kiritimati", "Pacific/Pago_Pago"])
def test_a_whole_day_at_the_edge_of_the_window_is_seen_from_the_far_side_of_the_world(
    stage: Stage, home: str
) -> None:
    first = datetime(2027, 1, 18, tzinfo=DENVER)
    stage.add(first, DAY, all_day=True)
    there = datetime(2027, 1, 18, tzinfo=ZoneInfo(home))
    for window in (Period(there, there + HOUR), Period(there + 23 * HOUR, there + 24 * HOUR)):
        (seen,) = read(stage, window=window, home=home).seen
        assert seen.items[0].during == Period(there, there + DAY)
