"""What an event of Microsoft's says, in our words."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from daybook.connectors.microsoft import events
from daybook.connectors.microsoft.events import STANDINGS, instant, mark, standing, transaction
from daybook.core.entries import TAKES, Standing
from tests.connectors.microsoft_rig import BEN, HOME, HOUR, MONDAY, UID, WINDOW, Stage, staged
from tests.microsoft_contract import ENUMS


@pytest.fixture
def stage() -> Iterator[Stage]:
    with staged() as stage:
        yield stage


def says(shown: str, response: str) -> Standing:
    return standing({"showAs": shown, "responseStatus": {"response": response}})


def test_the_table_has_every_word_microsoft_has_published() -> None:
    assert set(STANDINGS) == ENUMS["freeBusyStatus"]
    assert {frozenset(row) for row in STANDINGS.values()} == {ENUMS["responseType"]}


def test_only_what_is_free_or_refused_takes_no_time() -> None:
    for shown, row in STANDINGS.items():
        for response, found in row.items():
            assert TAKES[found] == (shown != "free" and response != "declined"), (shown, response)


@pytest.mark.parametrize(
    ("shown", "response", "expected"),
    [
        ("busy", "accepted", Standing.BUSY),
        ("busy", "declined", Standing.DECLINED),
        ("tentative", "notResponded", Standing.UNANSWERED),
        ("tentative", "tentativelyAccepted", Standing.TENTATIVE),
        ("oof", "none", Standing.OUT_OF_OFFICE),
        ("workingElsewhere", "organizer", Standing.BUSY),
        ("unknown", "none", Standing.BUSY),
        ("free", "notResponded", Standing.FREE),
        ("", "", Standing.BUSY),
    ],
)
def test_what_people_see_in_outlook_is_what_we_read(shown: str, response: str, expected: Standing) -> None:
    assert says(shown, response) is expected


@pytest.mark.parametrize("shown", sorted(ENUMS["freeBusyStatus"]))
@pytest.mark.parametrize("response", sorted(ENUMS["responseType"]))
def test_every_combination_comes_over_the_wire(stage: Stage, shown: str, response: str) -> None:
    stage.add(MONDAY + 16 * HOUR, show_as=shown, response=response)
    (seen,) = stage.service().read(stage.calendar, WINDOW, home=HOME).seen
    assert [item.standing for item in seen.items] == [STANDINGS[shown][response]]


def test_a_cancelled_event_has_no_time(stage: Stage) -> None:
    id = stage.add(MONDAY + 16 * HOUR)
    token = stage.service().read(stage.calendar, WINDOW, home=HOME).token
    stage.control.edit_event(BEN, id, cancelled=True)
    (seen,) = stage.service().read(stage.calendar, WINDOW, home=HOME, since=token).seen
    assert (seen.id, seen.items) == (id, ())


@pytest.mark.parametrize(
    ("text", "zone", "last", "expected"),
    [
        ("2027-01-12T19:00:00.0000000", "UTC", False, (2027, 1, 12, 19)),
        ("2027-01-12T12:00:00", "America/Denver", False, (2027, 1, 12, 19)),
        ("2027-01-12T12:00:00", "Mountain Standard Time", False, (2027, 1, 12, 19)),
        ("2027-01-12T12:00:00-07:00", "UTC", False, (2027, 1, 12, 19)),
        # Clocks show it twice: a beginning is the first, an end the second.
        ("2027-11-07T01:30:00", "America/Denver", False, (2027, 11, 7, 7, 30)),
        ("2027-11-07T01:30:00", "America/Denver", True, (2027, 11, 7, 8, 30)),
        # Clocks skip it.
        ("2027-03-14T02:30:00", "America/Denver", False, (2027, 3, 14, 9, 30)),
    ],
)
def test_times_are_read_in_their_zone(text: str, zone: str, last: bool, expected: Any) -> None:
    assert instant({"dateTime": text, "timeZone": zone}, last=last) == datetime(*expected).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("start", "end", "made_in", "days"),
    [
        ("2027-03-14T00:00:00", "2027-03-15T00:00:00", "", (14, 14)),
        ("2027-03-14T00:00:00", "2027-03-14T00:00:00", "", (14, 14)),
        ("2027-03-14T07:00:00", "2027-03-15T06:00:00", "Mountain Standard Time", (14, 14)),
        # Not a midnight anywhere we know: every day it touches.
        ("2027-03-14T05:00:00", "2027-03-15T04:00:00", "tzone://Microsoft/Custom", (13, 14)),
        ("2027-03-14T07:00:00", "2027-03-15T07:00:00", "", (14, 15)),
    ],
)
def test_whole_days_are_never_fewer_than_meant(
    start: str, end: str, made_in: str, days: tuple[int, int]
) -> None:
    row = {
        "id": "a",
        "isAllDay": True,
        "start": {"dateTime": start, "timeZone": "UTC"},
        "end": {"dateTime": end, "timeZone": "UTC"},
        "originalStartTimeZone": made_in,
    }
    item = events.occurrence(row, home=HOME).item
    assert item is not None
    first = item.during.start.astimezone(ZoneInfo(HOME))
    last = (item.during.end - HOUR).astimezone(ZoneInfo(HOME))
    assert (first.date(), last.date()) == tuple(date(2027, 3, day) for day in days)


def test_ours_are_known_by_what_they_were_made_with() -> None:
    assert mark({"transactionId": transaction(UID)}) == UID
    assert mark({"transactionId": transaction("with:colons", 17)}) == "with:colons"
    assert mark({"transactionId": None}) == mark({"transactionId": "somebody-elses"}) == mark({}) == ""
    assert mark({"singleValueExtendedProperties": [{"id": events.PROPERTY.upper(), "value": UID}]}) == UID
    assert mark({"singleValueExtendedProperties": [{"id": "String {x} Name other", "value": UID}]}) == ""
