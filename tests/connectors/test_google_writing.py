"""What Daybook leaves in a Google calendar, what becomes of it, and how it is told of changes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from daybook.connectors.calendars import Watch
from daybook.connectors.errors import Forbidden, Missing, NotAuthorised, Rejected, Stale, Unreachable
from daybook.connectors.google import writing
from sandbox.google import Sandbox
from tests.connectors.calendar_rig import NOW, TITLE, UID, at, changeovers, draft, hour, midnight
from tests.connectors.google_rig import ALICE, BEN, GoogleRig, connected, held_to_the_description
from tests.connectors.scripted import Reply, Scripted, scripted

HOME = "America/Denver"


@pytest.fixture(autouse=True)
def google() -> Iterator[Sandbox]:
    with held_to_the_description() as sandbox:
        yield sandbox


@pytest.fixture
def rig(google: Sandbox) -> GoogleRig:
    return GoogleRig(google)


def kept(rig: GoogleRig, entry_id: str) -> dict[str, Any]:
    """The event as it is kept over there."""
    (row,) = rig.control.records("events", calendar=ALICE, id=entry_id)
    return row


# Appointments --------------------------------------------------------------------------------------------------------


def test_an_appointment_is_private_silent_and_invites_nobody(rig: GoogleRig) -> None:
    written = rig.service.create(ALICE, draft(sequence=3))
    row = kept(rig, written.id)
    assert {
        name: row[name] for name in ("summary", "location", "visibility", "transparency", "sequence")
    } == {
        "summary": TITLE,
        "location": "Market Street 1, Denver",
        "visibility": "private",
        "transparency": "opaque",
        "sequence": 3,
    }
    assert row["reminders"] == {"useDefault": False, "overrides": []}
    assert row["extendedProperties"] == {"private": {"daybook": UID}}
    assert "attendees" not in row
    assert row["start"]["timeZone"] == HOME
    (sent,) = [one for one in rig.control.exchanges if one.method == "POST"]
    assert "sendUpdates=none" in sent.query


def test_the_id_of_an_appointment_is_always_the_same_and_one_google_takes() -> None:
    ids = [writing.event_id(uid) for uid in (UID, UID, UID + "x", "", "東京")]
    assert ids[0] == ids[1]
    assert len(set(ids)) == 4
    assert all(re.fullmatch(r"[a-v0-9]{5,1024}", one) for one in ids)


def test_making_what_is_there_already_brings_it_up_to_date_and_makes_no_second(rig: GoogleRig) -> None:
    first = rig.service.create(ALICE, draft())
    second = rig.service.create(ALICE, draft(at(14), title="Moved"))
    assert (second.id, rig.count()) == (first.id, 1)
    assert second.etag == kept(rig, first.id)["etag"] != first.etag
    (found,) = rig.service.find(ALICE, UID, home=HOME)
    assert [(item.during, item.title) for item in found.items] == [(hour(at(14)), "Moved")]


def test_an_appointment_deleted_over_there_comes_back_under_its_own_id(rig: GoogleRig) -> None:
    first = rig.service.create(ALICE, draft())
    rig.remove(first.id)
    assert rig.service.find(ALICE, UID, home=HOME) == ()
    second = rig.service.create(ALICE, draft(at(15)))
    row = kept(rig, first.id)
    assert (second.id, row["status"], rig.count()) == (first.id, "confirmed", 1)
    assert [one.status for one in rig.control.exchanges[-2:]] == [409, 200]


def test_where_a_deleted_one_cannot_come_back_another_id_is_taken_once_and_for_all(rig: GoogleRig) -> None:
    first = rig.service.create(ALICE, draft())
    rig.control.bury_entry(ALICE, first.id)
    # The first request is refused, the third carried out and its answer lost.
    rig.control.fault("drop_after", method="POST", path="/calendar/*", skip=1)
    with pytest.raises(Unreachable):
        rig.service.create(ALICE, draft())
    second = rig.service.create(ALICE, draft())
    third = rig.service.create(ALICE, draft(at(16)))
    assert first.id != second.id == third.id
    assert rig.count() == 1
    (found,) = rig.service.find(ALICE, UID, home=HOME)
    assert [item.during for item in found.items] == [hour(at(16))]


def test_one_that_is_there_and_may_not_be_changed_is_not_made_a_second_time(rig: GoogleRig) -> None:
    written = rig.service.create(ALICE, draft())
    for row in rig.sandbox.world.tables["calendars"][ALICE]["events"].values():
        row["_buried"] = True
    with pytest.raises(Forbidden):
        rig.service.create(ALICE, draft(at(11)))
    assert (rig.count(), [one.id for one in rig.service.find(ALICE, UID, home=HOME)]) == (1, [written.id])


def test_a_deleted_appointment_is_not_brought_back_by_a_change(rig: GoogleRig) -> None:
    written = rig.service.create(ALICE, draft())
    rig.remove(written.id)
    with pytest.raises(Missing):
        rig.service.update(ALICE, written.id, draft(at(15)))
    assert kept(rig, written.id)["status"] == "cancelled"


def test_the_same_appointment_may_be_in_two_calendars(rig: GoogleRig) -> None:
    other = rig.control.add_calendar(ALICE, "Second calendar")
    assert rig.service.create(ALICE, draft()).id == rig.service.create(other, draft()).id
    assert len(rig.service.find(other, UID, home=HOME)) == rig.count() == 1


@pytest.mark.parametrize(
    "made_of_it",
    [
        {"start": {"date": "2026-12-01", "dateTime": None}, "end": {"date": "2026-12-02", "dateTime": None}},
        {"recurrence": ["RRULE:FREQ=DAILY;COUNT=5"]},
        {"transparency": "transparent", "visibility": "public", "status": "confirmed"},
        {"reminders": {"useDefault": True}},
    ],
    ids=["a whole day", "a series", "free and public", "reminding"],
)
def test_whatever_somebody_has_made_of_it_a_change_makes_it_the_appointment_again(
    rig: GoogleRig, made_of_it: dict[str, Any]
) -> None:
    written = rig.service.create(ALICE, draft())
    was = kept(rig, written.id)
    rig.control.edit_entry(ALICE, written.id, **made_of_it)
    rig.service.update(ALICE, written.id, draft(sequence=1))
    row = kept(rig, written.id)
    ours = ("start", "end", "visibility", "transparency", "reminders", "extendedProperties", "recurrence")
    assert {name: row.get(name) for name in ours} == {name: was.get(name) for name in ours}
    (found,) = rig.service.find(ALICE, UID, home=HOME)
    assert [item.during for item in found.items] == [hour(at(10))]


def test_what_somebody_has_added_to_it_stays(rig: GoogleRig) -> None:
    written = rig.service.create(ALICE, draft())
    rig.control.edit_entry(
        ALICE, written.id, description="Bring the file", colorId="11", attendees=[{"email": BEN}]
    )
    rig.service.update(ALICE, written.id, draft(at(11), sequence=1))
    row = kept(rig, written.id)
    assert (row["description"], row["colorId"], row["attendees"]) == (
        "Bring the file",
        "11",
        [{"email": BEN}],
    )


def test_the_sequence_grows_with_every_change_of_time_whoever_makes_it(rig: GoogleRig) -> None:
    written = rig.service.create(ALICE, draft())
    rig.move(written.id, at(12), at(13))
    rig.move(written.id, at(13), at(14))
    rig.service.update(ALICE, written.id, draft(at(15), sequence=1))
    assert kept(rig, written.id)["sequence"] == 3


@pytest.mark.parametrize("which", [0, 1], ids=["the next change", "the one after"])
def test_an_appointment_on_the_day_clocks_change_is_written_as_the_instant_it_is(
    rig: GoogleRig, which: int
) -> None:
    start = midnight(changeovers(HOME, NOW)[which], HOME).astimezone(UTC) + timedelta(minutes=150)
    written = rig.service.create(ALICE, draft(start))
    row = kept(rig, written.id)
    assert datetime.fromisoformat(row["start"]["dateTime"]) == start
    assert datetime.fromisoformat(row["end"]["dateTime"]) == start + timedelta(hours=1)


def test_ours_made_a_series_by_somebody_is_found_once_with_all_its_occurrences(rig: GoogleRig) -> None:
    written = rig.service.create(ALICE, draft())
    rig.control.edit_entry(ALICE, written.id, recurrence=["RRULE:FREQ=WEEKLY;COUNT=3"])
    rig.move_one(written.id, at(10, day=7), at(12, day=7), at(13, day=7))
    (found,) = rig.service.find(ALICE, UID, home=HOME)
    assert (found.id, found.mark) == (written.id, UID)
    assert [item.during for item in found.items] == [hour(at(10)), hour(at(12, day=7)), hour(at(10, day=14))]


def test_one_that_lies_in_the_past_is_told_with_its_time(rig: GoogleRig) -> None:
    written = rig.service.create(ALICE, draft(at(10, day=-400)))
    found = rig.service.get(ALICE, written.id, home=HOME)
    assert [item.during for item in found.items] == [hour(at(10, day=-400))]


# Being told ----------------------------------------------------------------------------------------------------------

SECRET = "whispered once"


@pytest.fixture
def ear() -> Iterator[Scripted]:
    with scripted() as server:
        server.otherwise = Reply(200, b"")
        yield server


def heard(rig: GoogleRig, ear: Scripted) -> list[tuple[str, str]]:
    assert rig.control.settle()
    return [(one.headers["x-goog-resource-state"], one.headers["x-goog-message-number"]) for one in ear.asked]


def watched(rig: GoogleRig, ear: Scripted, days: int = 6) -> Watch:
    until = datetime.now(UTC) + timedelta(days=days)
    return rig.service.watch(ALICE, address=f"{ear.url}/google", secret=SECRET, until=until)


def test_a_change_is_told_with_the_secret_and_the_names_of_the_watch(rig: GoogleRig, ear: Scripted) -> None:
    watch = watched(rig, ear)
    rig.add("Lunch", at(12), at(13))
    assert heard(rig, ear) == [("sync", "1"), ("exists", "2")]
    told = ear.asked[1]
    assert (told.method, told.path, told.body) == ("POST", "/google", b"")
    assert told.headers["x-goog-channel-token"] == SECRET
    assert told.headers["x-goog-channel-id"] == watch.id
    assert told.headers["x-goog-resource-id"] == watch.resource


def test_a_watch_lives_as_long_as_google_lets_it(rig: GoogleRig, ear: Scripted) -> None:
    asked = datetime.now(UTC) + timedelta(days=6)
    assert abs(watched(rig, ear).expires_at - asked) < timedelta(minutes=1)
    longest = watched(rig, ear, days=300).expires_at
    assert abs(longest - datetime.now(UTC) - timedelta(days=30)) < timedelta(minutes=1)


def test_a_new_watch_takes_the_place_of_the_old_one(rig: GoogleRig, ear: Scripted) -> None:
    old = watched(rig, ear)
    until = datetime.now(UTC) + timedelta(days=6)
    new = rig.service.rewatch(ALICE, old, address=f"{ear.url}/google", secret=SECRET, until=until)
    assert new.id != old.id
    assert [one["id"] for one in rig.control.records("channels")] == [new.id]
    rig.add("Lunch", at(12), at(13))
    assert heard(rig, ear) == [("sync", "1"), ("sync", "1"), ("exists", "2")]


def test_a_new_watch_is_not_lost_when_the_old_one_cannot_be_ended(rig: GoogleRig, ear: Scripted) -> None:
    old = watched(rig, ear)
    rig.control.fault("status", path="/calendar/v3/channels/stop", status=503)
    until = datetime.now(UTC) + timedelta(days=6)
    new = rig.service.rewatch(ALICE, old, address=f"{ear.url}/google", secret=SECRET, until=until)
    assert {one["id"] for one in rig.control.records("channels")} == {old.id, new.id}


def test_a_watch_that_has_ended_is_ended_without_trouble(rig: GoogleRig, ear: Scripted) -> None:
    watch = watched(rig, ear)
    rig.service.unwatch(watch)
    rig.service.unwatch(watch)
    rig.add("Lunch", at(12), at(13))
    assert heard(rig, ear) == [("sync", "1")]


def test_a_watch_that_has_run_out_tells_nothing(rig: GoogleRig, ear: Scripted) -> None:
    watched(rig, ear)
    rig.control.advance(7 * 86_400)
    rig.add("Lunch", at(12), at(13))
    assert heard(rig, ear) == [("sync", "1")]


def test_tellings_can_be_lost_doubled_late_and_sent_again(rig: GoogleRig, ear: Scripted) -> None:
    watched(rig, ear)
    for kind in ("lost", "doubled", "out_of_order"):
        rig.control.fault_webhook(kind)
    for n in range(4):
        rig.add("Lunch", at(12, day=n), at(13, day=n))
    told = [number for _, number in heard(rig, ear)]
    assert told == ["1", "3", "3", "5", "4"]
    rig.control.replay_webhooks()
    assert [number for _, number in heard(rig, ear)] == [*told, "4"]


def test_an_address_without_encryption_is_turned_down(rig: GoogleRig) -> None:
    until = datetime.now(UTC) + timedelta(days=6)
    with pytest.raises(Rejected):
        rig.service.watch(ALICE, address="http://daybook.example/g", secret=SECRET, until=until)


def test_without_access_there_is_no_watch(rig: GoogleRig, ear: Scripted) -> None:
    rig.revoke()
    with pytest.raises(NotAuthorised):
        watched(rig, ear)


# Rights --------------------------------------------------------------------------------------------------------------


def test_a_calendar_one_may_only_read_takes_no_change(rig: GoogleRig) -> None:
    entry = rig.control.create_entry(
        BEN, rig.read_only, summary="Talk", start={"date": "2026-12-01"}, end={"date": "2026-12-02"}
    )
    with pytest.raises(Forbidden):
        rig.service.update(rig.read_only, entry["id"], draft())
    with pytest.raises(Forbidden):
        rig.service.delete(rig.read_only, entry["id"])


def test_a_change_on_top_of_another_session_of_ours_is_stale(google: Sandbox, rig: GoogleRig) -> None:
    written = rig.service.create(ALICE, draft())
    connected(google).update(ALICE, written.id, draft(at(11), sequence=1))
    with pytest.raises(Stale):
        rig.service.update(ALICE, written.id, draft(at(12), sequence=1), etag=written.etag)
