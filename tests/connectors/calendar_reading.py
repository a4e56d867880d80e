"""What every provider tells of a calendar: when it is busy, and what has changed. A part of the contract."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from daybook.connectors.calendars import Item
from daybook.connectors.errors import Forbidden, Missing
from daybook.core.entries import Standing
from daybook.core.periods import Period
from tests.connectors.calendar_rig import (
    DAY,
    DENVER,
    HOUR,
    NOW,
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


class ReadsCalendars:
    # Which calendars there are ---------------------------------------------------------------------------------------

    def test_every_calendar_is_listed_once_and_says_whether_it_can_be_written(self, rig: Rig) -> None:
        listed = rig.service.calendars()
        by_id = {one.id: one for one in listed}
        assert len(by_id) == len(listed)
        assert by_id[rig.calendar].may_write
        assert rig.nowhere not in by_id
        assert all(one.name for one in listed)
        assert [one.id for one in listed if one.main] in ([], [rig.calendar])
        assert all(one.time_zone == "" or ZoneInfo(one.time_zone) for one in listed)

    def test_a_calendar_for_reading_only_is_told_apart_and_takes_no_entry(self, rig: Rig) -> None:
        if not rig.read_only:
            pytest.skip("this provider has no calendar that can only be read")
        assert {one.id: one.may_write for one in rig.service.calendars()}[rig.read_only] is False
        assert rig.service.read(rig.read_only, WINDOW, home=rig.home).whole
        with pytest.raises(Forbidden):
            rig.service.create(rig.read_only, draft())

    # When it is busy -------------------------------------------------------------------------------------------------

    def test_an_empty_calendar_is_read_whole_and_empty(self, rig: Rig) -> None:
        reading = rig.service.read(rig.calendar, WINDOW, home=rig.home)
        assert (reading.whole, reading.seen) == (True, ())

    def test_what_lies_in_the_window_is_told_whole_and_what_only_touches_it_is_not(self, rig: Rig) -> None:
        window = Period(at(9), at(17))
        spans = {
            "long before": (at(9, day=-3), at(10, day=-3)),
            "ends as it begins": (at(8), at(9)),
            "over its beginning": (at(8, 30), at(9, 30)),
            "inside": (at(12), at(13)),
            "over its end": (at(16, 30), at(17, 30)),
            "begins as it ends": (at(17), at(18)),
            "around it": (at(7), at(19)),
            "long after": (at(9, day=3), at(10, day=3)),
        }
        ids = {name: rig.add(name, start, end) for name, (start, end) in spans.items()}
        mirror = Mirror(rig, window)
        mirror.read()
        found = {name: mirror.seen[id].items for name, id in ids.items() if id in mirror.seen}
        inside = ("over its beginning", "inside", "over its end", "around it")
        assert {name: [item.during for item in items] for name, items in found.items()} == {
            name: [Period(*spans[name])] for name in inside
        }
        assert len(mirror.seen) == len(inside)

    def test_an_entry_of_no_length_takes_no_time_and_breaks_nothing(self, rig: Rig) -> None:
        rig.add("Deadline", at(12), at(12))
        rig.add("Lunch", at(13), at(14))
        mirror = Mirror(rig, WINDOW)
        mirror.read()
        assert mirror.periods == [hour(at(13))]

    @pytest.mark.parametrize("which", [0, 1], ids=["the next change", "the one after"])
    @pytest.mark.parametrize("elsewhere", ["", "Asia/Tokyo", "Pacific/Honolulu"])
    def test_a_whole_day_is_that_day_where_its_reader_is(self, rig: Rig, which: int, elsewhere: str) -> None:
        """In Denver it has 23 hours or 25."""
        first = changeovers(rig.home, NOW)[which]
        days = [first + timedelta(days=n) for n in (-1, 0, 1)]
        ids = [
            rig.add(
                f"Day {day}",
                midnight(day, rig.home),
                midnight(day + timedelta(days=1), rig.home),
                all_day=True,
            )
            for day in days
        ]
        home = elsewhere or rig.home
        noon = midnight(first, rig.home)
        mirror = Mirror(rig, around(noon, noon), home=home)
        mirror.read()
        expected = [
            Item(Period(midnight(day, home), midnight(day + timedelta(days=1), home)), all_day=True)
            for day in days
        ]
        found = [[replace(item, title="") for item in mirror.seen[id].items] for id in ids]
        assert found == [[one] for one in expected]

    def test_several_whole_days_are_one_item(self, rig: Rig) -> None:
        change = changeovers(rig.home, NOW)[0]
        first, last = (midnight(change + timedelta(days=n), rig.home) for n in (-1, 3))
        rig.add("Vacation", first, last, all_day=True)
        mirror = Mirror(rig, around(first, last))
        mirror.read()
        assert [(item.during, item.all_day) for item in mirror.items] == [(Period(first, last), True)]

    @pytest.mark.parametrize("which", [0, 1], ids=["the next change", "the one after"])
    @pytest.mark.parametrize("zone", ["America/Denver", "Europe/London"])
    @pytest.mark.parametrize(("rule", "step"), [("WEEKLY", 7), ("DAILY", 1)])
    def test_a_series_keeps_its_hour_when_clocks_change(
        self, rig: Rig, which: int, zone: str, rule: str, step: int
    ) -> None:
        place = ZoneInfo(zone)
        change = changeovers(zone, NOW)[which]
        starts = [datetime.combine(change + timedelta(days=n * step), time(9), place) for n in (-2, -1, 0, 1)]
        id = rig.add("Standup", starts[0], starts[0] + HOUR, rrule=f"FREQ={rule};COUNT=4", time_zone=zone)
        mirror = Mirror(rig, around(starts[0], starts[-1]))
        mirror.read()
        assert mirror.periods == [hour(start) for start in starts]
        assert set(mirror.seen) == {id}

    def test_a_series_without_end_is_told_as_far_as_the_window_reaches(self, rig: Rig) -> None:
        rig.add("Standup", at(9, day=-30), at(10, day=-30), rrule="FREQ=DAILY")
        mirror = Mirror(rig, Period(at(9, 30), at(9, day=3)))
        mirror.read()
        assert mirror.periods == [hour(at(9, day=n)) for n in (0, 1, 2)]

    def test_a_series_of_whole_days_is_told_day_by_day(self, rig: Rig) -> None:
        days = [midnight(DAY + timedelta(days=n), rig.home) for n in (0, 1, 14, 15)]
        rig.add("Court", days[0], days[1], all_day=True, rrule="FREQ=WEEKLY;INTERVAL=2;COUNT=2")
        mirror = Mirror(rig, WINDOW)
        mirror.read()
        assert mirror.periods == [Period(days[0], days[1]), Period(days[2], days[3])]
        assert all(item.all_day for item in mirror.items)

    def test_a_series_by_the_month_keeps_its_day(self, rig: Rig) -> None:
        first = at(9).replace(day=15) - timedelta(days=31)
        first = first.replace(day=15)
        id = rig.add("Partners", first, first + HOUR, rrule="FREQ=MONTHLY;COUNT=12")
        mirror = Mirror(rig, around(first, first + timedelta(days=400)))
        mirror.read()
        told = [period.start.astimezone(DENVER) for period in mirror.periods]
        assert [(one.day, one.hour) for one in told] == [(15, 9)] * 12
        assert len({one.month for one in told}) == 12
        assert set(mirror.seen) == {id}

    def test_an_occurrence_left_out_or_moved_is_told_with_its_series(self, rig: Rig) -> None:
        id = rig.add("Standup", at(9), at(10), rrule="FREQ=WEEKLY;COUNT=4")
        mirror = Mirror(rig, WINDOW)
        mirror.read()
        assert mirror.periods == [hour(at(9, day=n)) for n in (0, 7, 14, 21)]
        rig.move_one(id, at(9, day=7), at(15, day=8), at(16, day=8))
        mirror.read()
        assert mirror.periods == [hour(at(9)), hour(at(15, day=8)), hour(at(9, day=14)), hour(at(9, day=21))]
        rig.leave_out(id, at(9, day=14))
        mirror.read()
        assert mirror.periods == [hour(at(9)), hour(at(15, day=8)), hour(at(9, day=21))]
        assert set(mirror.seen) == {id}

    def test_everything_the_provider_can_say_of_an_entry_is_understood(self, rig: Rig) -> None:
        assert Standing.BUSY in rig.tells
        told = sorted(rig.tells)
        ids = {one: rig.add(one, at(9, day=n), at(10, day=n), standing=one) for n, one in enumerate(told)}
        mirror = Mirror(rig, WINDOW)
        mirror.read()
        found = {
            one: [item.standing for item in mirror.seen[id].items]
            for one, id in ids.items()
            if id in mirror.seen
        }
        assert found == {one: [one] for one in told if one is not Standing.CANCELLED}

    # Asking for one --------------------------------------------------------------------------------------------------

    def test_one_entry_is_told_as_the_reading_tells_it(self, rig: Rig) -> None:
        single = rig.add("Lunch", at(12), at(13))
        weekly = rig.add("Standup", at(9), at(10), rrule="FREQ=WEEKLY;COUNT=3")
        mirror = Mirror(rig, WINDOW)
        mirror.read()
        for id in (single, weekly):
            found = rig.service.get(rig.calendar, id, home=rig.home)
            assert (found.id, found.items, found.mark) == (id, mirror.seen[id].items, "")

    def test_an_entry_that_is_gone_is_missing(self, rig: Rig) -> None:
        id = rig.add("Lunch", at(12), at(13))
        rig.remove(id)
        with pytest.raises(Missing):
            rig.service.get(rig.calendar, id, home=rig.home)
        with pytest.raises(Missing):
            rig.service.update(rig.calendar, id, draft())
        with pytest.raises(Missing):
            rig.service.delete(rig.calendar, id)
        assert rig.count() == 0

    # What has changed ------------------------------------------------------------------------------------------------

    def test_where_nothing_has_changed_nothing_is_told(self, rig: Rig) -> None:
        rig.add("Lunch", at(12), at(13))
        rig.add("Standup", at(9), at(10), rrule="FREQ=WEEKLY;COUNT=3")
        mirror = Mirror(rig, WINDOW)
        before = mirror.read()
        kept = dict(mirror.seen)
        for _ in range(2):
            again = mirror.read()
            assert again.whole or again.seen == ()
            assert again.whole == (not before.token)
            assert mirror.seen == kept

    def test_what_somebody_else_does_is_told(self, rig: Rig) -> None:
        lunch = rig.add("Lunch", at(12), at(13))
        mirror = Mirror(rig, WINDOW)
        mirror.read()
        walk = rig.add("Walk", at(14), at(15))
        mirror.read()
        assert {id: [item.during for item in one.items] for id, one in mirror.seen.items()} == {
            lunch: [hour(at(12))],
            walk: [hour(at(14))],
        }
        rig.move(lunch, at(13), at(14))
        mirror.read()
        assert mirror.periods == [hour(at(13)), hour(at(14))]
        etag = mirror.seen[walk].etag
        rig.retitle(walk, "Long walk")
        mirror.read()
        assert (mirror.seen[walk].items[0].title, mirror.seen[walk].etag != etag) == ("Long walk", True)
        rig.remove(lunch)
        mirror.read()
        assert set(mirror.seen) == {walk}

    def test_an_entry_moved_out_of_the_window_goes_and_comes_back(self, rig: Rig) -> None:
        id = rig.add("Trial", at(9), at(10))
        rig.add("Lunch", at(12), at(13))
        mirror = Mirror(rig, Period(at(0), at(0, day=1)))
        mirror.read()
        rig.move(id, at(9, day=90), at(10, day=90))
        reading = mirror.read()
        assert mirror.periods == [hour(at(12))]
        assert reading.whole or [(one.id, one.items) for one in reading.seen] == [(id, ())]
        rig.move(id, at(10), at(11))
        mirror.read()
        assert mirror.periods == [hour(at(10)), hour(at(12))]

    def test_a_series_goes_with_all_its_occurrences(self, rig: Rig) -> None:
        id = rig.add("Standup", at(9), at(10), rrule="FREQ=WEEKLY;COUNT=4")
        rig.move_one(id, at(9, day=7), at(15, day=8), at(16, day=8))
        rig.add("Lunch", at(12), at(13))
        mirror = Mirror(rig, WINDOW)
        mirror.read()
        assert len(mirror.items) == 5
        rig.remove(id)
        mirror.read()
        assert mirror.periods == [hour(at(12))]

    def test_where_the_token_is_lost_everything_is_read_again(self, rig: Rig) -> None:
        gone = rig.add("Lunch", at(12), at(13))
        rig.add("Walk", at(14), at(15))
        mirror = Mirror(rig, WINDOW)
        mirror.read()
        rig.remove(gone)
        rig.add("Tea", at(16), at(17))
        rig.lose_tokens()
        assert mirror.read().whole
        assert mirror.periods == [hour(at(14)), hour(at(16))]
        rig.add("Supper", at(19), at(20))
        mirror.read()
        assert mirror.periods == [hour(at(14)), hour(at(16)), hour(at(19))]
