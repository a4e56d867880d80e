"""What every provider does with appointments of ours, and how it says that it cannot. A part of the contract."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC

import pytest

from daybook.connectors.calendars import Item
from daybook.connectors.errors import (
    Limited,
    Missing,
    NotAuthorised,
    RemoteTrouble,
    Stale,
    Unreachable,
)
from daybook.core.entries import Standing
from daybook.core.periods import Period
from tests.connectors.calendar_rig import (
    HOUR,
    NOW,
    TITLE,
    UID,
    WINDOW,
    Mirror,
    Rig,
    around,
    at,
    changeovers,
    draft,
    hour,
    midnight,
)

OTHER = "c1d7b7a2-91f3-4c52-8b5d-8e1b5b3f7f02"
#: What breaks where text is pasted into a calendar file, XML, HTML or JSON without care.
AWKWARD = 'Zoë "Zed" O’Neil-Łuk; Smith, & <b>Söhne</b> \\n 100% 東京'


class WritesAppointments:
    # Our own ---------------------------------------------------------------------------------------------------------

    @pytest.mark.parametrize("title", [TITLE, AWKWARD])
    def test_an_appointment_of_ours_is_made_and_says_what_it_should(self, rig: Rig, title: str) -> None:
        written = rig.service.create(rig.calendar, draft(title=title))
        mirror = Mirror(rig, WINDOW)
        mirror.read()
        assert set(mirror.seen) == {written.id}
        assert mirror.seen[written.id].mark == UID
        assert mirror.items == [Item(hour(at(10)), False, Standing.BUSY, title)]
        assert mirror.items[0].title == title
        assert rig.count() == 1

    @pytest.mark.parametrize("which", [0, 1], ids=["the next change", "the one after"])
    def test_an_appointment_over_the_change_of_clocks_keeps_its_instants(self, rig: Rig, which: int) -> None:
        start = midnight(changeovers(rig.home, NOW)[which], rig.home).astimezone(UTC) + HOUR / 2
        written = rig.service.create(rig.calendar, draft(start, length=4 * HOUR))
        mirror = Mirror(rig, around(start, start))
        mirror.read()
        assert mirror.periods == [Period(start, start + 4 * HOUR)]
        rig.service.update(rig.calendar, written.id, draft(start + 3 * HOUR, sequence=1))
        mirror.read()
        assert mirror.periods == [hour(start + 3 * HOUR)]

    def test_ours_are_found_by_the_appointment_and_nobody_elses_are(self, rig: Rig) -> None:
        rig.add(TITLE, at(9), at(10))
        assert rig.service.find(rig.calendar, UID, home=rig.home) == ()
        first = rig.service.create(rig.calendar, draft())
        second = rig.service.create(rig.calendar, draft(at(14), uid=OTHER))
        found = [rig.service.find(rig.calendar, uid, home=rig.home) for uid in (UID, OTHER)]
        assert [
            [(one.id, one.mark, [item.during for item in one.items]) for one in some] for some in found
        ] == [
            [(first.id, UID, [hour(at(10))])],
            [(second.id, OTHER, [hour(at(14))])],
        ]

    def test_only_ours_carry_the_mark_whoever_edits_them(self, rig: Rig) -> None:
        theirs = rig.add(TITLE, at(9), at(10))
        ours = rig.service.create(rig.calendar, draft())
        rig.move(ours.id, at(15), at(16))
        rig.retitle(ours.id, "Dana, moved")
        mirror = Mirror(rig, WINDOW)
        mirror.read()
        assert {id: one.mark for id, one in mirror.seen.items()} == {theirs: "", ours.id: UID}
        assert mirror.seen[ours.id].items == (Item(hour(at(15)), False, Standing.BUSY, "Dana, moved"),)
        assert [one.id for one in rig.service.find(rig.calendar, UID, home=rig.home)] == [ours.id]

    def test_ours_are_moved_as_often_as_wanted(self, rig: Rig) -> None:
        mirror = Mirror(rig, WINDOW)
        written = rig.service.create(rig.calendar, draft())
        mirror.read()
        for sequence, start in enumerate([at(11), at(9, day=2), at(16, day=1)], 1):
            changed = draft(start, sequence=sequence, title=f"{TITLE} {sequence}")
            written = rig.service.update(rig.calendar, written.id, changed, etag=written.etag)
            mirror.read()
            assert mirror.items == [Item(hour(start), False, Standing.BUSY, f"{TITLE} {sequence}")]
        assert rig.count() == 1
        assert [one.id for one in rig.service.find(rig.calendar, UID, home=rig.home)] == [written.id]

    def test_ours_are_deleted_and_a_second_time_there_is_nothing_to_delete(self, rig: Rig) -> None:
        mirror = Mirror(rig, WINDOW)
        written = rig.service.create(rig.calendar, draft())
        mirror.read()
        rig.service.delete(rig.calendar, written.id, etag=written.etag)
        mirror.read()
        assert (mirror.items, rig.count()) == ([], 0)
        assert rig.service.find(rig.calendar, UID, home=rig.home) == ()
        with pytest.raises(Missing):
            rig.service.delete(rig.calendar, written.id)
        again = rig.service.create(rig.calendar, draft(at(11), sequence=1))
        mirror.read()
        assert {id: one.mark for id, one in mirror.seen.items()} == {again.id: UID}

    # Two hands on one entry ------------------------------------------------------------------------------------------

    def test_what_somebody_else_changed_meanwhile_is_not_overwritten(self, rig: Rig) -> None:
        written = rig.service.create(rig.calendar, draft())
        rig.move(written.id, at(15), at(16))
        with pytest.raises(Stale):
            rig.service.update(rig.calendar, written.id, draft(at(11), sequence=1), etag=written.etag)
        found = rig.service.get(rig.calendar, written.id, home=rig.home)
        assert [item.during for item in found.items] == [hour(at(15))]
        rig.service.update(rig.calendar, written.id, draft(at(11), sequence=1), etag=found.etag)
        rig.move(written.id, at(15), at(16))
        rig.service.update(rig.calendar, written.id, draft(at(12), sequence=2))
        found = rig.service.get(rig.calendar, written.id, home=rig.home)
        assert [item.during for item in found.items] == [hour(at(12))]

    def test_what_somebody_else_changed_meanwhile_is_not_deleted(self, rig: Rig) -> None:
        written = rig.service.create(rig.calendar, draft())
        rig.retitle(written.id, "Keep this one")
        with pytest.raises(Stale):
            rig.service.delete(rig.calendar, written.id, etag=written.etag)
        assert rig.count() == 1
        rig.service.delete(rig.calendar, written.id)
        assert rig.count() == 0

    # Trouble ---------------------------------------------------------------------------------------------------------

    def test_a_creation_whose_answer_was_lost_is_found_and_makes_no_second(self, rig: Rig) -> None:
        rig.drop_after("create")
        with pytest.raises(Unreachable) as caught:
            rig.service.create(rig.calendar, draft())
        assert caught.value.maybe_applied
        assert [one.mark for one in rig.service.find(rig.calendar, UID, home=rig.home)] == [UID]
        written = rig.service.create(rig.calendar, draft(at(11), sequence=1))
        assert rig.count() == 1
        found = rig.service.get(rig.calendar, written.id, home=rig.home)
        assert [item.during for item in found.items] == [hour(at(11))]

    def test_a_change_whose_answer_was_lost_is_made_again(self, rig: Rig) -> None:
        written = rig.service.create(rig.calendar, draft())
        rig.drop_after("update")
        with pytest.raises(Unreachable) as caught:
            rig.service.update(rig.calendar, written.id, draft(at(11), sequence=1), etag=written.etag)
        assert caught.value.maybe_applied
        with pytest.raises(Stale):
            rig.service.update(rig.calendar, written.id, draft(at(11), sequence=1), etag=written.etag)
        written = rig.service.update(rig.calendar, written.id, draft(at(11), sequence=1))
        found = rig.service.get(rig.calendar, written.id, home=rig.home)
        assert ([item.during for item in found.items], rig.count()) == ([hour(at(11))], 1)

    def test_a_deletion_whose_answer_was_lost_finds_nothing_the_next_time(self, rig: Rig) -> None:
        written = rig.service.create(rig.calendar, draft())
        rig.drop_after("delete")
        with pytest.raises(Unreachable) as caught:
            rig.service.delete(rig.calendar, written.id)
        assert caught.value.maybe_applied
        with pytest.raises(Missing):
            rig.service.delete(rig.calendar, written.id)
        assert rig.count() == 0

    def test_a_calendar_that_does_not_exist_is_missing(self, rig: Rig) -> None:
        with pytest.raises(Missing):
            rig.service.read(rig.nowhere, WINDOW, home=rig.home)
        with pytest.raises(Missing):
            rig.service.create(rig.nowhere, draft())
        with suppress(Missing):
            assert rig.service.find(rig.nowhere, UID, home=rig.home) == ()

    def test_without_access_everything_says_that_somebody_has_to_connect_again(self, rig: Rig) -> None:
        written = rig.service.create(rig.calendar, draft())
        token = rig.service.read(rig.calendar, WINDOW, home=rig.home).token
        rig.revoke()
        service = rig.service
        calls: dict[str, Callable[[], object]] = {
            "calendars": service.calendars,
            "read": lambda: service.read(rig.calendar, WINDOW, home=rig.home),
            "read on": lambda: service.read(rig.calendar, WINDOW, home=rig.home, since=token),
            "get": lambda: service.get(rig.calendar, written.id, home=rig.home),
            "find": lambda: service.find(rig.calendar, UID, home=rig.home),
            "create": lambda: service.create(rig.calendar, draft(uid=OTHER)),
            "update": lambda: service.update(rig.calendar, written.id, draft(sequence=1)),
            "delete": lambda: service.delete(rig.calendar, written.id),
        }
        assert {name: _trouble(call) for name, call in calls.items()} == dict.fromkeys(calls, NotAuthorised)
        assert rig.count() == 1

    def test_when_asked_to_slow_down_it_says_how_long_and_has_written_nothing(self, rig: Rig) -> None:
        rig.limit(30)
        with pytest.raises(Limited) as caught:
            rig.service.read(rig.calendar, WINDOW, home=rig.home)
        assert caught.value.after is not None
        assert 29 <= caught.value.after <= 60
        assert rig.service.read(rig.calendar, WINDOW, home=rig.home).seen == ()
        rig.limit(30)
        with pytest.raises(Limited) as caught:
            rig.service.create(rig.calendar, draft())
        assert not caught.value.maybe_applied
        assert rig.count() == 0
        rig.service.create(rig.calendar, draft())
        assert rig.count() == 1


def _trouble(call: Callable[[], object]) -> type[RemoteTrouble] | None:
    try:
        call()
    except RemoteTrouble as trouble:
        return type(trouble)
    return None
