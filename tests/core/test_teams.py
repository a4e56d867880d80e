"""Whose turn it is, and when several people are free together."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daybook.core.availability import Offer, open_starts
from daybook.core.hours import WeeklyHours, open_spans
from daybook.core.reasons import By, Taken, explain
from daybook.core.teams import Share, any_of, comes_along, in_turn, why_next

from .zones import minutes, on_changeovers, utc

LONG_AGO, LATELY = utc("2026-10-01 10:00"), utc("2026-11-20 10:00")


def names(*shares: Share) -> list[str]:
    return [one.name for one in in_turn(shares)]


def test_the_fewest_booked_is_next():
    alice, ben = Share(1, "Alice", 4), Share(2, "Ben", 2)
    assert names(alice, ben) == ["Ben", "Alice"]
    assert why_next([alice, ben], 30) == "Ben is next, with 2 in the last 30 days: the fewest."


def test_a_weight_divides_what_was_booked():
    alice, ben = Share(1, "Alice", 4, weight=3), Share(2, "Ben", 2)
    assert names(alice, ben) == ["Alice", "Ben"]
    assert (
        why_next([alice, ben], 90)
        == "Alice is next, with 4 in the last 90 days: the fewest for their weight."
    )


def test_a_tie_goes_to_whoever_has_waited_longest_and_before_them_to_who_had_none():
    alice, ben, cy = Share(1, "Alice", 1, LATELY), Share(2, "Ben", 1, LONG_AGO), Share(3, "Cy", 1, None)
    assert names(alice, ben, cy) == ["Cy", "Ben", "Alice"]
    assert why_next([alice, ben], 30) == (
        "Ben is next, with 1 in the last 30 days: as few as Alice, and the longest wait since the last one."
    )
    assert why_next([alice, cy], 30).endswith("as few as Alice, and none so far.")


def test_two_alike_are_told_apart_by_their_place_in_the_list():
    assert names(Share(2, "Ben"), Share(1, "Alice")) == ["Alice", "Ben"]
    assert why_next([Share(2, "Ben"), Share(1, "Alice")], 30).endswith("and longer in the firm's list.")
    assert why_next([Share(1, "Alice")], 30) == "Alice is next, with 0 in the last 30 days."
    assert why_next([], 30) == ""


def test_a_weight_below_one_is_a_mistake():
    with pytest.raises(ValueError, match="weight"):
        Share(1, "Alice", weight=0)


shares = st.lists(
    st.builds(
        Share,
        st.integers(1, 50),
        st.just("Somebody"),
        st.integers(0, 9),
        st.none() | st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 1), timezones=st.just(UTC)),
        st.integers(1, 4),
    ),
    unique_by=lambda one: one.person,
    max_size=8,
)


@given(shares, st.integers(0, 7))
def test_the_order_hangs_on_the_books_alone(found: list[Share], by: int):
    order = in_turn([*reversed(found[by:]), *found[:by]])
    assert order == in_turn(found)
    assert sorted(one.person for one in order) == sorted(one.person for one in found)
    assert all(a.burden <= b.burden for a, b in pairwise(order))


@given(st.lists(st.integers(1, 4), min_size=1, max_size=5), st.integers(1, 60))
def test_in_the_long_run_everybody_gets_their_share(weights: list[int], rounds: int):
    given_ = dict.fromkeys(range(len(weights)), 0)
    last: dict[int, datetime] = {}
    for number in range(rounds):
        turn = in_turn(Share(p, str(p), given_[p], last.get(p), weight) for p, weight in enumerate(weights))[
            0
        ].person
        given_[turn] += 1
        last[turn] = LONG_AGO + timedelta(minutes=number)
    for person, weight in enumerate(weights):
        fair = rounds * weight / sum(weights)
        assert abs(given_[person] - fair) <= max(weights) + 1


def test_the_starts_of_any_are_all_of_them_once():
    assert any_of([[1, 5, 9], [5, 6], []]) == [1, 5, 6, 9]
    assert any_of([]) == []


# Together -------------------------------------------------------------------------------------------------------------

DAY = utc("2026-12-01 00:00")
lengths = st.integers(0, 4).map(lambda n: minutes(5 * n))
offers = st.builds(
    Offer,
    length=st.integers(1, 12).map(lambda n: minutes(5 * n)),
    step=st.integers(1, 6).map(lambda n: minutes(5 * n)),
    before=lengths,
    after=lengths,
    cap_per_day=st.none() | st.integers(0, 2),
)
spans = st.lists(st.tuples(st.integers(-20, 320), st.integers(1, 80)), max_size=6)
weeks = st.lists(
    st.tuples(st.integers(0, 280), st.integers(1, 288)).filter(lambda p: p[0] < p[1]), max_size=3
).map(
    lambda found: WeeklyHours(
        dict.fromkeys(range(7), tuple((a * 5, b * 5) for a, b in found)) if found else {}
    )
)


@given(offers, weeks, spans, st.integers(0, 2))
def test_who_comes_along_is_free_exactly_where_nothing_stands_in_their_way(
    offer: Offer, weekly: WeeklyHours, taken: list[tuple[int, int]], count: int
):
    first = int(DAY.timestamp())
    rows = [Taken(first + a * 300, first + (a + b) * 300, By.CALENDAR) for a, b in taken]
    booked = {date(2026, 12, 1): count}
    starts = list(range(first, first + 86_400, 1500))
    open_ = open_spans(weekly, (), "UTC", date(2026, 11, 30), date(2026, 12, 2))
    found = comes_along(
        offer, starts, hours=open_, busy=[row.span for row in rows], booked=booked, zone="UTC"
    )
    now = DAY - timedelta(days=2)
    for at in starts:
        reasons = explain(
            offer, datetime.fromtimestamp(at, UTC), weekly=weekly, exceptions=(), zone="UTC", taken=rows,
            now=now, booked=booked, grid=False,
        )  # fmt: skip
        assert (at in found) == (not reasons)


@on_changeovers
def test_whoever_comes_along_with_themselves_is_free_at_all_their_own_times(zone: str, day: date):
    weekly = WeeklyHours(dict.fromkeys(range(7), ((0, 200), (540, 1020))))
    open_ = open_spans(weekly, (), zone, day, day)
    offer = Offer(length=minutes(30), before=minutes(5))
    busy = [(open_[0][0] + 3000, open_[0][0] + 6000)] if open_ else []
    now = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) - 2 * 86_400
    starts = open_starts(offer, hours=open_, busy=busy, now=now)
    assert comes_along(offer, starts, hours=open_, busy=busy) == starts
