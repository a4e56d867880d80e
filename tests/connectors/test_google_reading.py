"""What Google says of a calendar, and only Google: its series, its words, its tokens, its pages."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from daybook.connectors.errors import Garbled, Missing, RemoteTrouble, Unreachable
from daybook.connectors.google import shapes
from daybook.connectors.google.oauth import Addresses, Token
from daybook.connectors.google.service import MOST_SERIES, GoogleCalendars
from daybook.connectors.google.session import Session
from daybook.core.entries import Standing
from daybook.core.periods import Period
from sandbox.google import Sandbox
from tests.connectors.calendar_rig import DAY, WINDOW, Mirror, around, at, changeovers, hour, midnight
from tests.connectors.google_rig import ALICE, APP, BEN, GoogleRig, connected, held_to_the_description, times
from tests.connectors.scripted import Reply, scripted
from tests.google_contract import document

DENVER = "America/Denver"


@pytest.fixture(autouse=True)
def google() -> Iterator[Sandbox]:
    with held_to_the_description() as sandbox:
        yield sandbox


@pytest.fixture
def rig(google: Sandbox) -> GoogleRig:
    return GoogleRig(google)


def lists(rig: GoogleRig) -> int:
    """How many lists of events have been asked for so far."""
    return len([one for one in rig.control.exchanges if one.path.endswith("/events")])


# Pages and tokens ----------------------------------------------------------------------------------------------------


def test_six_thousand_entries_are_read_over_three_pages_and_none_is_cut(rig: GoogleRig) -> None:
    rig.control.bulk_entries(ALICE, 6_000)
    window = Period(datetime.now(UTC), datetime.now(UTC) + timedelta(days=80))
    reading = rig.service.read(ALICE, window, home=DENVER)
    assert (len(reading.seen), lists(rig)) == (6_000, 3)
    again = rig.service.read(ALICE, window, home=DENVER, since=reading.token)
    assert (again.whole, again.seen, lists(rig)) == (False, (), 4)


def test_what_changes_while_pages_are_read_is_told_by_the_next_reading(rig: GoogleRig) -> None:
    rig.control.bulk_entries(ALICE, 2_600)
    late: list[str] = []

    def meanwhile() -> None:
        if lists(rig) == 1 and not late:
            late.append(rig.add("Walk", at(14), at(15)))

    rig.service._session._before = meanwhile
    mirror = Mirror(rig, WINDOW)
    mirror.read()
    mirror.read()
    assert late[0] in mirror.seen


def test_a_lost_token_makes_a_whole_reading(rig: GoogleRig) -> None:
    id = rig.add("Lunch", at(12), at(13))
    token = rig.service.read(ALICE, WINDOW, home=DENVER).token
    rig.lose_tokens()
    reading = rig.service.read(ALICE, WINDOW, home=DENVER, since=token)
    assert (reading.whole, [one.id for one in reading.seen]) == (True, [id])
    assert [one.status for one in rig.control.exchanges[-2:]] == [410, 200]
    assert not rig.service.read(ALICE, WINDOW, home=DENVER, since=reading.token).whole


@pytest.mark.parametrize("token", ["nonsense", "e30="])
def test_a_token_that_is_none_makes_a_whole_reading(rig: GoogleRig, token: str) -> None:
    assert rig.service.read(ALICE, WINDOW, home=DENVER, since=token).whole


def test_a_calendar_that_has_gone_is_missing_with_a_token_too(rig: GoogleRig) -> None:
    shared = rig.control.add_calendar(BEN, "For a while")
    rig.control.share_calendar(shared, ALICE, "reader")
    token = rig.service.read(shared, WINDOW, home=DENVER).token
    rig.control.unshare_calendar(shared, ALICE)
    with pytest.raises(Missing):
        rig.service.read(shared, WINDOW, home=DENVER, since=token)


# Series --------------------------------------------------------------------------------------------------------------


def test_an_occurrence_that_changes_alone_brings_its_whole_series_with_one_more_request(
    rig: GoogleRig,
) -> None:
    id = rig.add("Standup", at(9), at(10), rrule="FREQ=WEEKLY;COUNT=4")
    rig.move_one(id, at(9), at(11), at(12))
    token = rig.service.read(ALICE, WINDOW, home=DENVER).token
    rig.move_one(id, at(9, day=7), at(15, day=8), at(16, day=8))
    before = lists(rig)
    reading = rig.service.read(ALICE, WINDOW, home=DENVER, since=token)
    assert [(one.id, [item.during for item in one.items]) for one in reading.seen] == [
        (id, [hour(at(11)), hour(at(15, day=8)), hour(at(9, day=14)), hour(at(9, day=21))])
    ]
    assert (reading.whole, lists(rig) - before) == (False, 2)


def test_an_occurrence_deleted_alone_is_found_though_google_tells_no_uid_of_it(rig: GoogleRig) -> None:
    id = rig.add("Standup", at(9), at(10), rrule="FREQ=WEEKLY;COUNT=3")
    token = rig.service.read(ALICE, WINDOW, home=DENVER).token
    rig.leave_out(id, at(9, day=7))
    reading = rig.service.read(ALICE, WINDOW, home=DENVER, since=token)
    assert not reading.whole
    assert [item.during for item in reading.seen[0].items] == [hour(at(9)), hour(at(9, day=14))]


def test_what_the_delta_says_of_a_series_counts_where_the_second_answer_lacks_it() -> None:
    start = {"dateTime": "2026-12-01T09:00:00-07:00", "timeZone": DENVER}
    end = {"dateTime": "2026-12-01T10:00:00-07:00", "timeZone": DENVER}
    series = {"id": "aaaaa", "start": start, "end": end, "recurrence": ["RRULE:FREQ=DAILY;COUNT=2"]}
    gone = {"id": "aaaaa_1", "recurringEventId": "aaaaa", "status": "cancelled", "originalStartTime": start}
    with scripted() as server:
        server.plan(Reply(body={"items": [gone], "nextSyncToken": "n"}), Reply(body={"items": [series]}))
        session = Session(
            APP,
            Token("a", "r", None),
            lambda new: None,
            lambda: datetime.now(UTC),
            addresses=Addresses.at(server.url),
        )
        window = Period(datetime(2026, 11, 20, tzinfo=UTC), datetime(2026, 12, 20, tzinfo=UTC))
        reading = GoogleCalendars(session).read(ALICE, window, home=DENVER, since="t")
        assert [one.query.get("syncToken") for one in server.asked] == ["t", None]
    (seen,) = reading.seen
    assert [item.during for item in seen.items] == [hour(datetime(2026, 12, 2, 16, tzinfo=UTC))]


def test_of_a_series_from_elsewhere_a_deleted_occurrence_makes_a_whole_reading(rig: GoogleRig) -> None:
    made = rig.control.create_entry(
        ALICE,
        summary="From Outlook",
        iCalUID="040000008200E00074C5B7101A82E008",
        recurrence=["RRULE:FREQ=WEEKLY;COUNT=3"],
        **times(at(9), at(10), False, DENVER),
    )
    token = rig.service.read(ALICE, WINDOW, home=DENVER).token
    rig.leave_out(made["id"], at(9, day=7))
    reading = rig.service.read(ALICE, WINDOW, home=DENVER, since=token)
    assert reading.whole
    assert [item.during for item in reading.seen[0].items] == [hour(at(9)), hour(at(9, day=14))]


def test_many_changed_series_are_read_whole_instead_of_one_by_one(rig: GoogleRig) -> None:
    ids = [rig.add("Standup", at(9), at(10), rrule="FREQ=DAILY;COUNT=2") for _ in range(MOST_SERIES + 1)]
    token = rig.service.read(ALICE, WINDOW, home=DENVER).token
    for id in ids:
        rig.retitle(id, "Stand-up")
    before = lists(rig)
    reading = rig.service.read(ALICE, WINDOW, home=DENVER, since=token)
    assert (reading.whole, len(reading.seen), lists(rig) - before) == (True, len(ids), 2)


def test_a_series_deleted_is_told_gone_without_asking_again(rig: GoogleRig) -> None:
    id = rig.add("Standup", at(9), at(10), rrule="FREQ=WEEKLY;COUNT=4")
    rig.move_one(id, at(9), at(11), at(12))
    token = rig.service.read(ALICE, WINDOW, home=DENVER).token
    rig.remove(id)
    before = lists(rig)
    reading = rig.service.read(ALICE, WINDOW, home=DENVER, since=token)
    assert ([(one.id, one.items) for one in reading.seen], lists(rig) - before) == ([(id, ())], 1)


def test_a_single_entry_made_a_series_and_back_is_one_entry_throughout(rig: GoogleRig) -> None:
    id = rig.add("Walk", at(9), at(10))
    mirror = Mirror(rig, WINDOW)
    mirror.read()
    rig.control.edit_entry(ALICE, id, recurrence=["RRULE:FREQ=DAILY;COUNT=2"])
    mirror.read()
    assert (set(mirror.seen), mirror.periods) == ({id}, [hour(at(9)), hour(at(9, day=1))])
    rig.control.edit_entry(ALICE, id, recurrence=[])
    mirror.read()
    assert (set(mirror.seen), mirror.periods) == ({id}, [hour(at(9))])


def test_an_occurrence_moved_far_beyond_the_window_or_back_before_it_leaves_its_place(rig: GoogleRig) -> None:
    id = rig.add("Review", at(9), at(10), rrule="FREQ=WEEKLY;COUNT=4")
    rig.move_one(id, at(9, day=7), at(9, day=300), at(10, day=300))
    rig.move_one(id, at(9, day=14), at(9, day=-20), at(10, day=-20))
    window = Period(at(0), at(0, day=40))
    reading = rig.service.read(ALICE, window, home=DENVER)
    assert [item.during for item in reading.seen[0].items] == [hour(at(9)), hour(at(9, day=21))]


def test_dates_added_to_and_taken_out_of_a_rule_are_heeded(rig: GoogleRig) -> None:
    days = [DAY + timedelta(days=n) for n in (1, 5)]
    rig.control.create_entry(
        ALICE,
        summary="Court",
        recurrence=[
            "RRULE:FREQ=DAILY;COUNT=3",
            f"EXDATE;TZID=America/Denver:{days[0]:%Y%m%d}T090000",
            f"RDATE;TZID=America/Denver:{days[1]:%Y%m%d}T140000",
        ],
        **times(at(9), at(10), False, DENVER),
    )
    mirror = Mirror(rig, WINDOW)
    mirror.read()
    assert mirror.periods == [hour(at(9)), hour(at(9, day=2)), hour(at(14, day=5))]


@pytest.mark.parametrize("which", [0, 1], ids=["the next change", "the one after"])
@pytest.mark.parametrize("zone", [DENVER, "Europe/London", "Australia/Sydney"])
def test_a_series_in_the_hour_that_clocks_skip_or_repeat_is_told_once_a_day(
    rig: GoogleRig, which: int, zone: str
) -> None:
    """And an occurrence left out in that very hour is left out, though its clock time does not exist."""
    change = changeovers(zone, datetime.now(UTC))[which]
    place = ZoneInfo(zone)
    start = datetime.combine(
        change - timedelta(days=1), datetime.min.time().replace(hour=2, minute=30), place
    )
    id = rig.add("Backup", start, start + timedelta(minutes=20), rrule="FREQ=DAILY;COUNT=3", time_zone=zone)
    mirror = Mirror(rig, around(start, start))
    mirror.read()
    days = [period.start.astimezone(place).date() for period in mirror.periods]
    assert days == [change + timedelta(days=n) for n in (-1, 0, 1)]
    occurrence = rig.control.act(ALICE, "GET", f"/calendars/{ALICE}/events/{id}/instances")["items"][1]
    rig.control.delete_entry(ALICE, occurrence["id"])
    mirror.read()
    days = [period.start.astimezone(place).date() for period in mirror.periods]
    assert days == [change + timedelta(days=n) for n in (-1, 1)]


@pytest.mark.parametrize("which", [0, 1], ids=["the next change", "the one after"])
def test_a_whole_day_of_a_series_left_out_or_moved_on_the_day_clocks_change(
    rig: GoogleRig, which: int
) -> None:
    change = changeovers(DENVER, datetime.now(UTC))[which]
    days = [midnight(change + timedelta(days=n), DENVER) for n in range(-1, 5)]
    id = rig.add("Off", days[0], days[1], all_day=True, rrule="FREQ=DAILY;COUNT=3")
    rig.move_one(id, days[1], days[4], days[5])
    mirror = Mirror(rig, around(days[0], days[-1]))
    mirror.read()
    assert mirror.periods == [Period(days[n], days[n + 1]) for n in (0, 2, 4)]


# Its words -----------------------------------------------------------------------------------------------------------


def test_every_word_google_publishes_has_a_row_and_no_other() -> None:
    description = document()
    if description is None:
        pytest.skip("google-api-python-client, which holds Google's description, is not installed")
    schemas = description["schemas"]
    told = {name: schemas["Event"]["properties"][name] for name in ("status", "transparency", "eventType")}
    told["responseStatus"] = schemas["EventAttendee"]["properties"]["responseStatus"]
    for name, schema in told.items():
        listed = schema["description"].split("Possible values are:")[1].split("Warning")[0]
        words = {part.split('"')[1] for part in listed.split("\n-") if '"' in part}
        assert words == set(shapes.WORDS[name]), name


@pytest.mark.parametrize(
    ("said", "standing"),
    [
        ({}, Standing.BUSY),
        ({"eventType": "focusTime"}, Standing.BUSY),
        ({"eventType": "fromGmail"}, Standing.BUSY),
        ({"eventType": "outOfOffice"}, Standing.OUT_OF_OFFICE),
        ({"eventType": "workingLocation"}, Standing.FREE),
        ({"eventType": "birthday"}, Standing.FREE),
        ({"eventType": "something new"}, Standing.BUSY),
        ({"transparency": "transparent", "status": "tentative"}, Standing.FREE),
        ({"transparency": "something new"}, Standing.BUSY),
        ({"status": "cancelled", "transparency": "transparent"}, Standing.CANCELLED),
        ({"attendees": [{"responseStatus": "declined"}]}, Standing.BUSY),
        ({"attendees": [{"responseStatus": "accepted", "self": True}]}, Standing.BUSY),
        ({"attendees": [{"responseStatus": "tentative", "self": True}]}, Standing.TENTATIVE),
        ({"attendees": [{"responseStatus": "needsAction", "self": True}]}, Standing.UNANSWERED),
        ({"attendees": [{"responseStatus": "declined", "self": True}], "eventType": "outOfOffice"}, Standing.DECLINED),
        ({"attendees": None, "status": None}, Standing.BUSY),
    ],
)  # fmt: skip
def test_of_several_words_the_one_that_matters_counts(said: dict[str, Any], standing: Standing) -> None:
    assert shapes.standing(said) is standing


def test_of_a_calendar_that_shows_only_when_it_is_busy_that_is_read(rig: GoogleRig) -> None:
    hidden = rig.control.add_calendar(BEN, "Ben's private life")
    rig.control.share_calendar(hidden, ALICE, "freeBusyReader")
    rig.control.create_entry(BEN, hidden, summary="Secret", **times(at(9), at(10), False, DENVER))
    reading = rig.service.read(hidden, WINDOW, home=DENVER)
    assert [(item.during, item.title) for one in reading.seen for item in one.items] == [(hour(at(9)), "")]
    assert {one.id: one.may_write for one in rig.service.calendars()}[hidden] is False


def test_an_answer_of_somebody_else_is_not_taken_for_ones_own(rig: GoogleRig) -> None:
    guests = [{"email": BEN, "responseStatus": "declined"}, {"email": ALICE, "responseStatus": "accepted"}]
    rig.control.create_entry(ALICE, summary="Talk", attendees=guests, **times(at(9), at(10), False, DENVER))
    reading = rig.service.read(ALICE, WINDOW, home=DENVER)
    assert [item.standing for item in reading.seen[0].items] == [Standing.BUSY]
    (told,) = json.loads(rig.control.exchanges[-1].response_body)["items"]
    assert told["attendees"] == [{"self": True, "responseStatus": "accepted"}], "of others nothing is asked"


def test_calendars_say_whose_they_are_and_in_which_zone(google: Sandbox) -> None:
    google.control.seed("demo")
    listed = {one.name: one for one in connected(google, "chloe@hartvale.example").calendars()}
    own = listed.pop("chloe@hartvale.example")
    assert (own.main, own.may_write, own.time_zone, own.owner) == (
        True, True, "Europe/London", "chloe@hartvale.example",
    )  # fmt: skip
    assert {name: (one.may_write, one.main) for name, one in listed.items()} == {
        "Family Okafor": (True, False),
        "Court calendar": (False, False),
    }
    assert listed["Court calendar"].owner == "clerk@court.example"


@pytest.mark.parametrize(("kind", "trouble"), [("malformed", Garbled), ("truncated", Unreachable)])
def test_an_answer_that_is_none_fails_the_reading(
    rig: GoogleRig, kind: str, trouble: type[RemoteTrouble]
) -> None:
    rig.add("Lunch", at(12), at(13))
    rig.control.fault(kind, path="/calendar/*", count=None)
    with pytest.raises(trouble):
        rig.service.read(ALICE, WINDOW, home=DENVER)
