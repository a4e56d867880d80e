"""Why a time is not free: the words, and that they agree with the engine about which times are."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from daybook.core.availability import Offer, open_slots, open_starts
from daybook.core.entries import Standing
from daybook.core.hours import DayException, WeeklyHours, local_to_utc, open_spans, to_local
from daybook.core.periods import Period
from daybook.core.reasons import STANDINGS, By, Cause, Reason, Taken, explain, grid_of_day

from .zones import hours, minutes, utc

ZONE = "America/Denver"
WEEK = WeeklyHours(dict.fromkeys(range(5), ((540, 1020),)))
TUESDAY = date(2026, 12, 1)
NOW = utc("2026-11-23 15:00")
HALF_HOUR = Offer(length=minutes(30), step=minutes(30), notice=hours(4))


def at(clock: str, on: date = TUESDAY) -> datetime:
    return local_to_utc(datetime.combine(on, datetime.strptime(clock, "%H:%M").time()), ZONE)


def taken(first: str, last: str, by: By = By.CALENDAR, **more: Any) -> Taken:
    return Taken(int(at(first).timestamp()), int(at(last).timestamp()), by, **more)


def asked(start: datetime, offer: Offer = HALF_HOUR, *things: Taken, **more: Any) -> list[tuple[str, str]]:
    given_ = {"weekly": WEEK, "exceptions": (), "zone": ZONE, "taken": things, "now": NOW} | more
    return [(reason.cause.value, reason.text) for reason in explain(offer, start, **given_)]


def test_nothing_stands_in_the_way_of_a_free_time():
    assert asked(at("10:00")) == []


def test_what_is_outside_the_hours_is_told_the_hours():
    split = WeeklyHours({1: ((540, 720), (780, 1020))})
    assert asked(at("08:00"), weekly=split) == [
        (
            "hours",
            "Outside the hours of Tuesdays: 9:00 am – 12:00 pm and 1:00 pm – 5:00 pm.",
        )
    ]
    assert asked(at("10:00", date(2026, 11, 28))) == [("hours", "There are no hours on Saturdays.")]
    assert ("hours", "It would last until 5:15 pm, and the hours end at 5:00 pm.") in asked(at("16:45"))


@pytest.mark.parametrize(
    ("exception", "holidays", "told"),
    [
        (
            DayException(TUESDAY, (), "Founders Day"),
            {TUESDAY},
            ("holiday", "Tue 1 Dec 2026 is a public holiday: Founders Day."),
        ),
        (DayException(TUESDAY, (), "Court"), (), ("exception", "Tue 1 Dec 2026 (Court) is closed.")),
        (DayException(TUESDAY), (), ("exception", "Tue 1 Dec 2026 is closed.")),
        (
            DayException(TUESDAY, ((600, 660),), "Court"),
            (),
            (
                "exception",
                "Outside the hours of Tue 1 Dec 2026 (Court), which has its own: 10:00 am – 11:00 am.",
            ),
        ),
    ],
)
def test_a_date_of_its_own_is_named_with_its_reason(exception, holidays, told):
    assert asked(at("14:00"), exceptions=(exception,), holidays=holidays) == [told]


def test_notice_and_horizon_say_from_when_and_until_when():
    soon, late = NOW + timedelta(hours=3), at("10:00", date(2027, 2, 2))
    assert asked(soon)[-1] == (
        "notice",
        "The minimum notice is 4 hours: from Mon 23 Nov 2026, 12:00 pm it can be booked.",
    )
    assert asked(late) == [
        ("horizon", "The horizon is 60 days: bookings are open until Fri 22 Jan 2027, 8:00 am.")
    ]
    assert asked(NOW - timedelta(days=3))[0] == ("past", "This time has already begun.")


@pytest.mark.parametrize("standing", list(Standing))
def test_every_standing_has_words_and_a_calendar_is_named_by_name_and_account(standing: Standing):
    one = taken("10:00", "11:00", name="Court (alice@hartvale.example, Google Calendar)", standing=standing)
    ((cause, text),) = asked(at("10:30"), HALF_HOUR, one)
    assert cause == "calendar"
    expected = (
        f"In Court (alice@hartvale.example, Google Calendar): {STANDINGS[standing]}, 10:00 am – 11:00 am."
    )
    assert text == expected


def test_a_whole_day_is_said_to_be_one():
    ((_, text),) = asked(at("10:30"), HALF_HOUR, taken("00:00", "23:30", name="Home", all_day=True))
    assert text == "In Home: busy, whole day, 12:00 am – 11:30 pm."


def test_holds_and_appointments_are_told_apart_and_bring_their_row():
    hold = taken("10:00", "10:30", By.HOLD, name="First consultation", key=7)
    visit = taken("10:00", "10:30", By.APPOINTMENT, name="Will review", key=8)
    found = explain(
        HALF_HOUR, at("10:00"), weekly=WEEK, exceptions=(), zone=ZONE, taken=(hold, visit), now=NOW
    )
    assert [(reason.text, reason.taken.key) for reason in found] == [
        ("An appointment (Will review), 10:00 am – 10:30 am.", 8),
        ("Held for somebody who is booking First consultation online, 10:00 am – 10:30 am.", 7),
    ]


def test_a_buffer_names_the_neighbor_it_reaches_into_and_whose_buffer_it_is():
    offer = Offer(length=minutes(30), step=minutes(30), before=minutes(15), after=minutes(10))
    later = taken("10:35", "11:00", By.APPOINTMENT, name="Will review", before=300)
    assert asked(at("10:00"), offer, later) == [
        (
            "buffer",
            "Too close to its neighbor. An appointment (Will review), 10:35 am – 11:00 am. Kept free:"
            " 10 minutes after this appointment and 5 minutes before the one beside it.",
        )
    ]
    earlier = taken("09:00", "09:50", name="Home")
    ((_, text),) = asked(at("10:00"), offer, earlier)
    assert text.endswith("Kept free: 15 minutes before this appointment.")
    assert asked(at("10:30"), offer, earlier) == []


def test_what_lies_beyond_what_was_read_is_said_to_be_unknown():
    unread = taken("00:00", "23:00", By.UNREAD, name="Home")
    assert asked(at("10:00"), HALF_HOUR, unread) == [
        ("unreadable", "Home has been read only up to Tue 1 Dec 2026, 12:00 am.")
    ]


def test_caps_say_how_many_there_are_and_how_many_there_may_be():
    offer = Offer(length=minutes(30), step=minutes(30), cap_per_day=2, cap_per_week=3)
    booked = {TUESDAY: 2, TUESDAY + timedelta(days=2): 1}
    assert asked(at("10:00"), offer, booked=booked) == [
        ("cap", "Tue 1 Dec 2026 has 2, and the cap per day is 2."),
        ("cap", "The week from Mon 30 Nov 2026 has 3, and the cap per week is 3."),
    ]


def test_a_start_between_the_starts_is_told_the_nearest():
    assert asked(at("14:10")) == [
        (
            "grid",
            "Appointments start every 30 minutes from 9:00 am: the nearest are 2:00 pm and 2:30 pm.",
        )
    ]
    assert asked(at("14:10"), grid=False) == []


def test_several_reasons_are_all_named_the_most_telling_first():
    found = asked(
        at("16:50", date(2026, 11, 23)),
        Offer(length=minutes(30), step=minutes(30), notice=hours(24)),
        Taken(int(at("16:00", date(2026, 11, 23)).timestamp()), int(NOW.timestamp()) + 40_000, By.CALENDAR),
        also=[Reason(Cause.NOT_OFFERED, "It is no longer offered.")],
    )
    assert [cause for cause, _ in found] == ["not_offered", "hours", "calendar", "notice", "grid"]


def test_on_the_night_the_clocks_go_back_the_rule_is_said_too():
    always = WeeklyHours(dict.fromkeys(range(7), ((0, 1440),)))
    on = date(2026, 11, 1)
    busy = Taken(
        int(local_to_utc(datetime(2026, 11, 1, 1, 0), ZONE).timestamp()),
        int(local_to_utc(datetime(2026, 11, 1, 1, 0), ZONE, fold=1).timestamp()),
        By.CALENDAR,
        "Home",
    )
    start = local_to_utc(datetime(2026, 11, 1, 1, 30), ZONE)
    ((_, text),) = asked(
        start,
        Offer(length=minutes(30), step=minutes(30)),
        busy,
        weekly=always,
        now=at("10:00", on) - timedelta(days=3),
    )
    assert text == "In Home: busy, 1:00 am MDT – 1:00 am MST."


def test_the_grid_of_a_day_has_every_start_whether_free_or_not():
    grid = grid_of_day(HALF_HOUR, TUESDAY, weekly=WEEK, exceptions=(), zone=ZONE)
    assert [f"{to_local(one, ZONE):%H:%M}" for one in grid][:2] == ["09:00", "09:30"]
    assert len(grid) == 16
    assert grid_of_day(HALF_HOUR, date(2026, 11, 28), weekly=WEEK, exceptions=(), zone=ZONE) == []


# Against the engine ---------------------------------------------------------------------------------------------------

#: Ten zones, each with the days on which its clocks last changed both ways.
ZONES: dict[str, tuple[date, ...]] = {
    "America/Denver": (date(2026, 3, 8), date(2026, 11, 1)),
    "America/New_York": (date(2026, 3, 8), date(2026, 11, 1)),
    "America/Sao_Paulo": (date(2018, 11, 4), date(2019, 2, 16)),  # at midnight
    "America/St_Johns": (date(2011, 3, 13), date(2010, 11, 7)),  # at one minute past midnight
    "America/Santiago": (date(2026, 9, 6), date(2026, 4, 4)),
    "Europe/London": (date(2026, 3, 29), date(2026, 10, 25)),
    "Africa/Casablanca": (date(2026, 3, 22), date(2026, 2, 15)),
    "Asia/Kathmandu": (date(1986, 1, 1), date(2026, 6, 17)),
    "Australia/Lord_Howe": (date(2026, 10, 4), date(2026, 4, 5)),
    "Pacific/Apia": (date(2020, 9, 27), date(2021, 4, 4), date(2011, 12, 30)),
}
UNIT = timedelta(minutes=5)
lengths = st.integers(0, 6).map(lambda n: n * UNIT)
offers = st.builds(
    Offer,
    length=st.integers(1, 20).map(lambda n: n * UNIT),
    step=st.integers(1, 9).map(lambda n: n * UNIT),
    before=lengths,
    after=lengths,
    notice=st.integers(0, 300).map(lambda n: n * UNIT),
    horizon=st.integers(200, 900).map(lambda n: n * UNIT),
    cap_per_day=st.none() | st.integers(0, 2),
    cap_per_week=st.none() | st.integers(0, 4),
)
a_stretch = (
    st.tuples(st.integers(0, 287), st.integers(1, 288))
    .filter(lambda p: p[0] < p[1])
    .map(lambda p: (p[0] * 5, p[1] * 5))
)
weeks = st.dictionaries(
    st.integers(0, 6), st.lists(a_stretch, min_size=1, max_size=2).map(tuple), min_size=4
).map(WeeklyHours)
things = st.lists(
    st.builds(
        lambda first, lasts, before, after, by: (first * 300, (first + lasts) * 300, before * 300, after * 300, by),
        st.integers(-600, 1200), st.integers(0, 80), st.integers(0, 4), st.integers(0, 4), st.sampled_from(By),
    ),
    max_size=6,
)  # fmt: skip


@st.composite
def days(draw: st.DrawFn) -> tuple[str, date]:
    zone = draw(st.sampled_from(sorted(ZONES)))
    return zone, draw(st.sampled_from(ZONES[zone])) + timedelta(days=draw(st.integers(-1, 1)))


ALWAYS = WeeklyHours(dict.fromkeys(range(7), ((0, 1440),)))
EVERY = Offer(length=minutes(30), step=minutes(30), cap_per_day=1)


@settings(max_examples=300, deadline=None)
@given(
    days(), offers, weeks, things, st.integers(-400, 200), st.booleans(),
    st.dictionaries(st.integers(-7, 7), st.integers(0, 3), max_size=4),
    st.lists(st.tuples(st.integers(-1, 1), st.lists(a_stretch, max_size=1).map(tuple)), max_size=2),
)  # fmt: skip
@example(("America/St_Johns", date(2010, 11, 7)), EVERY, ALWAYS, [], -400, False, {0: 1}, [])
@example(("America/St_Johns", date(2010, 11, 7)), EVERY, ALWAYS, [], -400, False, {-1: 1}, [])
@example(("America/Sao_Paulo", date(2019, 2, 16)), EVERY, ALWAYS, [], -400, False, {0: 1}, [])
@example(("Pacific/Apia", date(2011, 12, 30)), EVERY, ALWAYS, [], -400, False, {0: 1}, [])
def test_a_time_is_offered_exactly_if_nothing_stands_in_its_way(
    where: tuple[str, date],
    offer: Offer,
    weekly: WeeklyHours,
    rows: list[tuple[int, int, int, int, By]],
    passed: int,
    odd: bool,
    counts: dict[int, int],
    special: list[tuple[int, tuple[tuple[int, int], ...]]],
):
    zone, day = where
    midnight = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())
    exceptions = tuple(DayException(day + timedelta(days=off), hours_) for off, hours_ in special)
    takes = [Taken(midnight + a, midnight + b, by, "It", before, after) for a, b, before, after, by in rows]
    now = datetime.fromtimestamp(midnight + passed * 300, UTC) + timedelta(microseconds=7 if odd else 0)
    booked = {day + timedelta(days=off): count for off, count in counts.items()}
    spans = open_spans(weekly, exceptions, zone, day - timedelta(days=5), day + timedelta(days=5))
    offered = set(
        open_starts(
            offer,
            hours=spans,
            busy=[one.span for one in takes],
            now=int(now.timestamp()),
            tick=1 if odd else 0,
            booked=booked,
            zone=zone,
        )
    )
    first = midnight - 86_400
    grid = {
        int(one.timestamp())
        for off in (-1, 0, 1)
        for one in grid_of_day(
            offer, day + timedelta(days=off), weekly=weekly, exceptions=exceptions, zone=zone
        )
    }
    for second in sorted({*range(first, first + 3 * 86_400, 2100), *grid}):
        found = explain(
            offer,
            datetime.fromtimestamp(second, UTC),
            weekly=weekly,
            exceptions=exceptions,
            zone=zone,
            taken=takes,
            now=now,
            booked=booked,
        )
        assert (second in offered) == (not found), (second, found)
        assert all(reason.text for reason in found)


def test_the_slots_of_a_whole_day_are_those_without_a_reason():
    busy = taken("10:00", "11:00", name="Home")
    spans = open_spans(WEEK, (), ZONE, TUESDAY, TUESDAY)
    periods = [Period(datetime.fromtimestamp(a, UTC), datetime.fromtimestamp(b, UTC)) for a, b in spans]
    slots = open_slots(HALF_HOUR, hours=periods, busy=[Period(at("10:00"), at("11:00"))], now=NOW)
    grid = grid_of_day(HALF_HOUR, TUESDAY, weekly=WEEK, exceptions=(), zone=ZONE)
    assert [slot.start for slot in slots] == [one for one in grid if not asked(one, HALF_HOUR, busy)]
