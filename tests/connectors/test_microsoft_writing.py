"""Our appointments in a Microsoft calendar: what they say, that there is one of each, that nobody's edit is lost."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from daybook.connectors.errors import Garbled, Rejected, Stale, Unreachable
from daybook.connectors.microsoft.events import PROPERTY
from tests.connectors.microsoft_rig import (
    BEN,
    HOME,
    HOUR,
    MONDAY,
    UID,
    WINDOW,
    Stage,
    draft,
    staged,
    told_row,
)
from tests.connectors.scripted import Reply, Scripted, scripted


@pytest.fixture(autouse=True)
def stage() -> Iterator[Stage]:
    with staged() as stage:
        yield stage


@pytest.fixture
def graph() -> Iterator[Scripted]:
    with scripted() as graph:
        yield graph


def sent(stage: Stage, method: str) -> list[dict[str, Any]]:
    return [json.loads(e.request_body) for e in stage.sandbox.exchanges if e.method == method]


def test_an_appointment_is_private_silent_and_invites_nobody(stage: Stage) -> None:
    stage.service().create(stage.calendar, draft())
    assert sent(stage, "POST") == [
        {
            "subject": "Appointment",
            "location": {"displayName": "Market Street 1"},
            "start": {"dateTime": "2027-01-11T16:00:00", "timeZone": "UTC"},
            "end": {"dateTime": "2027-01-11T17:00:00", "timeZone": "UTC"},
            "isAllDay": False,
            "showAs": "busy",
            "sensitivity": "private",
            "isReminderOn": False,
            "responseRequested": False,
            "transactionId": f"daybook:0:{UID}",
            "singleValueExtendedProperties": [{"id": PROPERTY, "value": UID}],
        }
    ]
    (row,) = stage.control.records("events")
    assert (row["sensitivity"], row["reminder"], row["show_as"]) == ("private", False, "busy")


def test_a_change_says_all_of_it_again_and_keeps_the_mark(stage: Stage) -> None:
    written = stage.service().create(stage.calendar, draft())
    stage.control.edit_event(BEN, written.id, show_as="free", sensitivity="normal")
    stage.service().update(stage.calendar, written.id, draft(MONDAY + 20 * HOUR, title="Moved"))
    (row,) = stage.control.records("events")
    assert (row["subject"], row["start"], row["show_as"]) == ("Moved", "2027-01-11T20:00:00", "busy")
    assert row["sensitivity"] == "private"
    assert row["properties"] == {PROPERTY: UID}


@pytest.mark.parametrize("status", ["400", "409"])
@pytest.mark.parametrize("duplicate", ["given_again", "refused"])
def test_made_twice_it_is_there_once_and_says_the_newer(stage: Stage, duplicate: str, status: str) -> None:
    stage.control.set_quirk("duplicate", duplicate)
    stage.control.set_quirk("refused_with", status)
    first = stage.service().create(stage.calendar, draft())
    stage.control.clear_log()
    again = stage.service().create(stage.calendar, draft())
    newer = stage.service().create(stage.calendar, draft(MONDAY + 20 * HOUR, sequence=1))
    assert {first.id, again.id, newer.id} == {first.id}
    (row,) = stage.control.records("events")
    assert row["start"] == "2027-01-11T20:00:00"
    assert newer.etag == f'W/"{row["version"]}"'


@pytest.mark.parametrize("deleted", ["refused", "free"])
def test_one_that_somebody_deleted_can_be_made_again_and_is_still_ours(stage: Stage, deleted: str) -> None:
    stage.control.set_quirk("deleted_transaction", deleted)
    service = stage.service()
    first = service.create(stage.calendar, draft())
    stage.control.delete_event(BEN, first.id)
    second = service.create(stage.calendar, draft())
    assert second.id != first.id
    found = service.read(stage.calendar, WINDOW, home=HOME)
    assert [(one.id, one.mark) for one in found.seen] == [(second.id, UID)]
    assert [one.id for one in service.find(stage.calendar, UID, home=HOME)] == [second.id]


def test_any_other_refusal_is_told_as_it_is(stage: Stage, graph: Scripted) -> None:
    words = {"error": {"code": "ErrorQuotaExceeded", "message": "The mailbox is full."}}
    graph.plan(Reply(409, words))
    with pytest.raises(Rejected) as caught:
        stage.elsewhere(graph.url).update("c", "e", draft())
    assert caught.value.words == "The mailbox is full"


def test_a_uid_with_quotes_finds_only_its_own(stage: Stage) -> None:
    service = stage.service()
    odd = "o'brien' or ep/value ne '"
    made = service.create(stage.calendar, replace(draft(), uid=odd))
    service.create(stage.calendar, draft())
    found = service.find(stage.calendar, odd, home=HOME)
    assert [(one.id, one.mark) for one in found] == [(made.id, odd)]


def test_a_copy_somebody_makes_is_found_too_and_a_cancelled_one_is_not(stage: Stage) -> None:
    service = stage.service()
    made = service.create(stage.calendar, draft())
    (row,) = stage.control.records("events")
    copy = {**row, "id": "AAMkCopy=", "transaction": ""}
    stage.sandbox.world["events"]["AAMkCopy="] = copy
    assert {one.id for one in service.find(stage.calendar, UID, home=HOME)} == {made.id, "AAMkCopy="}
    stage.control.edit_event(BEN, "AAMkCopy=", cancelled=True)
    assert [one.id for one in service.find(stage.calendar, UID, home=HOME)] == [made.id]


def test_what_changed_since_it_was_read_is_left_alone(stage: Stage) -> None:
    service = stage.service()
    written = service.create(stage.calendar, draft())
    stage.control.edit_event(BEN, written.id, subject="Mine now")
    with pytest.raises(Stale):
        service.update(stage.calendar, written.id, draft(), etag=written.etag)
    with pytest.raises(Stale):
        service.delete(stage.calendar, written.id, etag=written.etag)
    assert stage.control.records("events")[0]["subject"] == "Mine now"
    found = service.get(stage.calendar, written.id, home=HOME)
    assert service.update(stage.calendar, written.id, draft(), etag=found.etag).etag != found.etag


def test_a_series_is_asked_for_two_years_ahead(stage: Stage) -> None:
    id = stage.add(MONDAY + 16 * HOUR, rrule="FREQ=MONTHLY")
    found = stage.service().get(stage.calendar, id, home=HOME)
    # The months are told by the clock in Denver, where it is an hour earlier in UTC from March to November.
    assert len(found.items) == 24
    assert found.items[0].during.start == MONDAY + 16 * HOUR
    assert {item.during.start.hour for item in found.items} == {15, 16}


@pytest.mark.parametrize("day", [(2027, 3, 14), (2027, 11, 7)], ids=["forward", "back"])
@pytest.mark.parametrize("hour", range(6, 11))
def test_every_hour_of_a_night_on_which_clocks_change_is_kept(stage: Stage, day: Any, hour: int) -> None:
    start = datetime(*day, hour, 30).replace(tzinfo=UTC)
    service = stage.service()
    written = service.create(stage.calendar, draft(start))
    (item,) = service.get(stage.calendar, written.id, home=HOME).items
    assert (item.during.start, item.during.length) == (start, HOUR)


@pytest.mark.parametrize("answer", [{}, {"id": "a"}, {"@odata.etag": 'W/"1"'}, [], b'{"id": <html>'])
def test_an_unreadable_answer_to_a_creation_says_it_may_be_there(
    stage: Stage, graph: Scripted, answer: Any
) -> None:
    graph.plan(Reply(201, answer))
    graph.otherwise = Reply(500)
    with pytest.raises((Garbled, Unreachable)) as caught:
        stage.elsewhere(graph.url).create("c", draft())
    assert caught.value.maybe_applied


def test_an_answer_that_is_already_right_is_not_corrected(stage: Stage, graph: Scripted) -> None:
    times = {"start": "2027-01-11T16:00:00.0000000", "end": "2027-01-11T17:00:00.0000000"}
    made = told_row(
        "a",
        subject="Appointment",
        location={"displayName": "Market Street 1"},
        **{name: {"dateTime": at, "timeZone": "UTC"} for name, at in times.items()},
    )
    graph.plan(Reply(201, made))
    assert stage.elsewhere(graph.url).create("c", draft()).id == "a"
    assert len(graph.asked) == 1
