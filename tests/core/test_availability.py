from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from daybook.core.availability import (
    Offer,
    count_by_day,
    open_slots,
    open_starts,
    reasons,
    require_open,
    soonest,
    spans,
    why_not,
)
from daybook.core.errors import (
    BeyondHorizon,
    CapReached,
    NoticeTooShort,
    NotOnGrid,
    Refusal,
    SlotOutsideHours,
    SlotPast,
    SlotTaken,
)
from daybook.core.hours import WeeklyHours, day_period, local_day, open_periods, to_local
from daybook.core.periods import Period

from .zones import hours, minutes, on_changeovers, utc

MONDAY = utc("2026-11-23 00:00")
HALF_HOUR = Offer(length=minutes(30), step=minutes(30))


def at(first: str, last: str) -> Period:
    return Period(utc(f"2026-11-23 {first}"), utc(f"2026-11-23 {last}"))


NINE_TO_FIVE = (at("09:00", "17:00"),)


def starts(slots: tuple[Period, ...]) -> list[str]:
    return [f"{slot.start:%H:%M}" for slot in slots]


def test_an_empty_day_is_offered_from_opening_to_closing() -> None:
    slots = open_slots(HALF_HOUR, hours=NINE_TO_FIVE, busy=(), now=MONDAY)
    assert len(slots) == 16
    assert (slots[0], slots[-1]) == (at("09:00", "09:30"), at("16:30", "17:00"))


def test_a_lunch_break_splits_the_day() -> None:
    morning_and_afternoon = (at("09:00", "12:00"), at("13:00", "17:00"))
    offer = Offer(length=minutes(60), step=minutes(60))
    slots = open_slots(offer, hours=morning_and_afternoon, busy=(), now=MONDAY)
    assert starts(slots) == ["09:00", "10:00", "11:00", "13:00", "14:00", "15:00", "16:00"]


def test_the_grid_does_not_shift_when_somebody_else_books() -> None:
    offer = Offer(length=minutes(30), step=minutes(20))
    slots = open_slots(offer, hours=(at("09:05", "11:00"),), busy=(at("09:10", "09:33"),), now=MONDAY)
    assert starts(slots) == ["09:45", "10:05", "10:25"]


def test_the_grid_does_not_shift_as_time_goes_by() -> None:
    now = utc("2026-11-23 10:07")
    offer = Offer(length=minutes(30), step=minutes(30), notice=minutes(60))
    assert starts(open_slots(offer, hours=NINE_TO_FIVE, busy=(), now=now))[0] == "11:30"


def test_buffers_must_be_free_but_may_reach_outside_the_hours() -> None:
    offer = Offer(length=minutes(30), step=minutes(30), before=minutes(15), after=minutes(15))
    slots = open_slots(offer, hours=(at("09:00", "12:00"),), busy=(at("10:30", "10:40"),), now=MONDAY)
    assert starts(slots) == ["09:00", "09:30", "11:00", "11:30"]


def test_a_meeting_may_touch_what_is_busy() -> None:
    slots = open_slots(
        HALF_HOUR,
        hours=(at("09:00", "10:30"),),
        busy=(at("09:00", "09:30"), at("10:00", "10:30")),
        now=MONDAY,
    )
    assert starts(slots) == ["09:30"]


def test_notice_and_horizon_include_their_ends() -> None:
    offer = Offer(length=minutes(30), step=minutes(30), notice=hours(10), horizon=hours(11))
    assert starts(open_slots(offer, hours=NINE_TO_FIVE, busy=(), now=MONDAY)) == ["10:00", "10:30", "11:00"]


def test_a_second_late_is_late() -> None:
    late = utc("2026-11-23 09:00") + timedelta(microseconds=1)
    assert starts(open_slots(HALF_HOUR, hours=NINE_TO_FIVE, busy=(), now=late))[0] == "09:30"
    assert isinstance(
        why_not(HALF_HOUR, utc("2026-11-23 09:00"), hours=NINE_TO_FIVE, busy=(), now=late), SlotPast
    )


def test_stretches_that_touch_count_afresh_but_hold_one_meeting() -> None:
    touching = (at("09:00", "10:00"), at("10:00", "11:10"))
    offer = Offer(length=minutes(50), step=minutes(50))
    assert starts(open_slots(offer, hours=touching, busy=(), now=MONDAY)) == ["09:00", "09:50", "10:00"]


def test_stretches_that_overlap_are_one() -> None:
    overlapping = (at("09:30", "11:00"), at("09:00", "10:00"))
    offer = Offer(length=minutes(60), step=minutes(60))
    assert starts(open_slots(offer, hours=overlapping, busy=(), now=MONDAY)) == ["09:00", "10:00"]


def test_an_odd_second_of_somebody_elses_meeting_still_blocks() -> None:
    hairline = Period(utc("2026-11-23 09:00"), utc("2026-11-23 09:30") + timedelta(microseconds=1))
    assert starts(open_slots(HALF_HOUR, hours=NINE_TO_FIVE, busy=(hairline,), now=MONDAY))[0] == "10:00"


def test_a_full_day_is_not_offered_and_a_full_week_neither() -> None:
    week = tuple(
        Period(MONDAY + timedelta(days=d, hours=9), MONDAY + timedelta(days=d, hours=10)) for d in range(9)
    )
    offer = Offer(length=minutes(60), step=minutes(60), cap_per_day=2, cap_per_week=4)
    booked = {date(2026, 11, 24): 2, date(2026, 11, 25): 1}
    slots = open_slots(offer, hours=week, busy=(), now=MONDAY, booked=booked, zone="Europe/London")
    assert [slot.start.day for slot in slots] == [23, 25, 26, 27, 28, 29, 30, 1]
    booked[date(2026, 11, 29)] = 1
    slots = open_slots(offer, hours=week, busy=(), now=MONDAY, booked=booked, zone="Europe/London")
    assert [slot.start.day for slot in slots] == [30, 1]


def test_a_cap_of_nothing_offers_nothing() -> None:
    offer = Offer(length=minutes(30), cap_per_day=0)
    assert open_slots(offer, hours=NINE_TO_FIVE, busy=(), now=MONDAY, zone="Europe/London") == ()


def test_a_cap_needs_to_know_whose_day() -> None:
    with pytest.raises(ValueError, match="zone"):
        open_slots(Offer(length=minutes(30), cap_per_day=1), hours=NINE_TO_FIVE, busy=(), now=MONDAY)


@pytest.mark.parametrize(
    "wrong",
    [
        {"length": minutes(0)}, {"step": minutes(0)}, {"length": -minutes(30)}, {"before": -minutes(1)},
        {"notice": -minutes(1)}, {"length": timedelta(milliseconds=1500)}, {"cap_per_day": -1},
    ],
)  # fmt: skip
def test_an_offer_that_makes_no_sense_is_a_mistake(wrong: dict[str, timedelta]) -> None:
    with pytest.raises(ValueError, match=r"offer|cap"):
        Offer(**{"length": minutes(30), **wrong})


@pytest.mark.parametrize(
    ("start", "refusal"),
    [
        ("2026-11-22 23:30", SlotPast),
        ("2026-11-23 09:00", NoticeTooShort),
        ("2026-11-23 12:00", SlotTaken),
        ("2026-11-23 14:10", NotOnGrid),
        ("2026-11-23 16:45", SlotOutsideHours),
        ("2026-11-23 20:00", SlotOutsideHours),
        ("2026-11-24 09:00", CapReached),
        ("2026-12-24 09:00", BeyondHorizon),
    ],
)
def test_each_reason_has_its_own_refusal(start: str, refusal: type[Refusal]) -> None:
    offer = Offer(
        length=minutes(30), step=minutes(15), notice=hours(10), horizon=timedelta(days=14), cap_per_day=3
    )
    open_days = tuple(
        Period(MONDAY + timedelta(days=d, hours=9), MONDAY + timedelta(days=d, hours=17)) for d in range(40)
    )
    asked = {
        "hours": open_days, "busy": [at("11:45", "12:15")], "now": MONDAY, "zone": "Europe/London",
        "booked": {date(2026, 11, 24): 3},
    }  # fmt: skip
    assert type(why_not(offer, utc(start), **asked)) is refusal
    with pytest.raises(refusal):
        require_open(offer, utc(start), **asked)
    assert require_open(offer, utc("2026-11-23 10:00"), **asked) == at("10:00", "10:30")


def test_the_firm_can_be_told_every_reason_at_once() -> None:
    offer = Offer(length=minutes(30), notice=hours(48))
    found = reasons(
        offer, utc("2026-11-23 08:50"), hours=NINE_TO_FIVE, busy=[at("08:00", "09:00")], now=MONDAY
    )
    assert [type(reason) for reason in found] == [NoticeTooShort, SlotTaken, SlotOutsideHours]


@on_changeovers
def test_slots_keep_to_the_hours_on_the_wall(zone: str, day: date) -> None:
    weekly = WeeklyHours(dict.fromkeys(range(7), ((0, 360), (540, 1020))))
    open_hours = open_periods(weekly, (), zone, day, day)
    now = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(days=2)
    slots = open_slots(HALF_HOUR, hours=open_hours, busy=(), now=now)
    assert bool(slots) == (day != date(2011, 12, 30))
    for slot in slots:
        shown = to_local(slot.start, zone)
        assert shown.date() == day
        assert shown.hour < 6 or 9 <= shown.hour < 17
    whole = day_period(day, zone)
    assert whole is None or len(slots) == 16 + (whole.length - hours(18)) // minutes(30)


@on_changeovers
def test_a_cap_counts_the_lawyers_own_day(zone: str, day: date) -> None:
    weekly = WeeklyHours(dict.fromkeys(range(7), ((0, 1440),)))
    first, last = day - timedelta(days=2), day + timedelta(days=2)
    open_hours = open_periods(weekly, (), zone, first, last)
    now = open_hours[0].start
    offer = Offer(length=minutes(30), step=minutes(30), cap_per_day=1)
    booked = count_by_day([slot.start for slot in open_hours if local_day(slot.start, zone) == day], zone)
    slots = open_slots(offer, hours=open_hours, busy=(), now=now, booked=booked, zone=zone)
    offered = {local_day(slot.start, zone) for slot in slots}
    skipped = {date(2011, 12, 30)} if zone == "Pacific/Apia" else set()
    assert offered == {first + timedelta(days=d) for d in range(5)} - {day} - skipped


# Against an oracle ----------------------------------------------------------------------------------------------------

UNIT = minutes(5)


def units(first: int, last: int) -> Period:
    return Period(MONDAY + first * UNIT, MONDAY + last * UNIT)


lengths = st.integers(0, 6).map(lambda n: n * UNIT)
offers = st.builds(
    Offer,
    length=st.integers(1, 8).map(lambda n: n * UNIT),
    step=st.integers(1, 7).map(lambda n: n * UNIT),
    before=lengths,
    after=lengths,
    notice=st.integers(0, 40).map(lambda n: n * UNIT),
    horizon=st.integers(40, 200).map(lambda n: n * UNIT),
    cap_per_day=st.none() | st.integers(0, 2),
    cap_per_week=st.none() | st.integers(0, 4),
)


def some_periods(most: int) -> st.SearchStrategy[list[Period]]:
    pair = st.tuples(st.integers(-20, 560), st.integers(1, 60))
    return st.lists(pair.map(lambda p: units(p[0], p[0] + p[1])), max_size=most)


counts = st.dictionaries(
    st.integers(-7, 3).map(lambda d: date(2026, 11, 23) + timedelta(days=d)), st.integers(0, 3), max_size=4
)


def naive(
    offer: Offer, open_hours: list[Period], busy: list[Period], now: datetime, booked: dict[date, int]
) -> list[datetime]:
    """The promise of `open_slots`, word by word and without haste."""
    joined: list[Period] = []
    for period in sorted(open_hours):
        if joined and period.start < joined[-1].end:
            joined[-1] = Period(joined[-1].start, max(joined[-1].end, period.end))
        else:
            joined.append(period)
    found = []
    for stretch in joined:
        start = stretch.start
        while start < stretch.end:
            if _fits(offer, start, joined, busy, now, booked):
                found.append(start)
            start += offer.step
    return sorted(found)


def _fits(
    offer: Offer,
    start: datetime,
    joined: list[Period],
    busy: list[Period],
    now: datetime,
    booked: dict[date, int],
) -> bool:
    end = start + offer.length
    inside = start
    while inside < end:
        if not any(stretch.contains(inside) for stretch in joined):
            return False
        inside += UNIT
    around = Period(start - offer.before, end + offer.after)
    day = start.date()
    week = [day - timedelta(days=day.weekday()) + timedelta(days=d) for d in range(7)]
    return (
        now + offer.notice <= start <= now + offer.horizon
        and not any(around.overlaps(other) for other in busy)
        and (offer.cap_per_day is None or booked.get(day, 0) < offer.cap_per_day)
        and (offer.cap_per_week is None or sum(booked.get(d, 0) for d in week) < offer.cap_per_week)
    )


@settings(max_examples=150)
@given(offers, some_periods(5), some_periods(8), st.integers(0, 60), counts)
@example(Offer(length=UNIT, step=UNIT), [units(0, 3), units(3, 6)], [], 0, {})
@example(Offer(length=2 * UNIT, step=UNIT), [units(0, 3), units(3, 6)], [units(4, 5)], 0, {})
def test_the_engine_agrees_with_the_oracle(
    offer: Offer, open_hours: list[Period], busy: list[Period], passed: int, booked: dict[date, int]
) -> None:
    now = MONDAY + passed * UNIT
    asked = {"hours": open_hours, "busy": busy, "now": now, "booked": booked, "zone": "UTC"}
    slots = open_slots(offer, **asked)
    assert [slot.start for slot in slots] == naive(offer, open_hours, busy, now, booked)
    assert all(slot.length == offer.length for slot in slots)
    assert soonest(offer, **asked) == (slots[0] if slots else None)
    offered = {slot.start for slot in slots}
    for unit in range(-24, 640, 7):
        start = MONDAY + unit * UNIT
        assert (why_not(offer, start, **asked) is None) == (start in offered)


@given(some_periods(4), some_periods(6), st.integers(0, 5))
def test_the_quick_way_gives_the_same_starts(
    open_hours: list[Period], busy: list[Period], at_most: int
) -> None:
    slots = open_slots(HALF_HOUR, hours=open_hours, busy=busy, now=MONDAY)
    quick = open_starts(
        HALF_HOUR,
        hours=spans(open_hours),
        busy=spans(busy),
        now=int(MONDAY.timestamp()),
        at_most=at_most,
    )
    assert quick == [int(slot.start.timestamp()) for slot in slots][:at_most]


@given(some_periods(4), some_periods(6), some_periods(2))
def test_more_busy_time_never_opens_a_slot(
    open_hours: list[Period], busy: list[Period], more: list[Period]
) -> None:
    before = set(open_slots(HALF_HOUR, hours=open_hours, busy=busy, now=MONDAY))
    assert set(open_slots(HALF_HOUR, hours=open_hours, busy=busy + more, now=MONDAY)) <= before
