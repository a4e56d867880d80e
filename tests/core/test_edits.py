from __future__ import annotations

from datetime import timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daybook.core import edits
from daybook.core.edits import PROPOSES, VERDICTS, Ours, Sight, Theirs, Verdict, ours, sight, verdict
from daybook.core.periods import Period

from .zones import utc

TEN = Period(utc("2026-11-24 17:00"), utc("2026-11-24 17:30"))
LONGER = Period(TEN.start, utc("2026-11-24 18:00"))
TWO = Period(utc("2026-11-24 21:00"), utc("2026-11-24 21:30"))
THREE = Period(utc("2026-11-24 22:00"), utc("2026-11-24 22:30"))
DAY = Period(utc("2026-11-24 07:00"), utc("2026-11-25 07:00"))
BEFORE = utc("2026-11-23 12:00")


def test_every_appointment_has_a_verdict_on_every_sight() -> None:
    assert set(VERDICTS) == set(Ours)
    assert all(set(row) == set(Theirs) for row in VERDICTS.values())
    assert {one for row in VERDICTS.values() for one in row.values()} == set(Verdict)


@pytest.mark.parametrize(("here", "there"), list(product(Ours, Theirs)))
def test_only_what_somebody_did_over_there_is_put_to_a_person(here: Ours, there: Theirs) -> None:
    found = verdict(here, there)
    assert found is VERDICTS[here][there]
    if found in PROPOSES:
        assert there in (Theirs.MOVED, Theirs.UNTIMED, Theirs.GONE)
        assert here is not Ours.OFF


@pytest.mark.parametrize("here", [Ours.STANDS, Ours.CHANGED])
def test_a_promise_that_lies_ahead_is_never_given_up_nor_an_edit_overwritten_unasked(here: Ours) -> None:
    for there in (Theirs.MOVED, Theirs.UNTIMED, Theirs.GONE):
        assert verdict(here, there) in PROPOSES


def test_tidying_up_the_past_calls_nothing_off() -> None:
    assert verdict(Ours.OVER, Theirs.GONE) is Verdict.NOTHING
    assert Verdict.CANCEL not in VERDICTS[Ours.OVER].values()


def test_nothing_of_what_was_cancelled_stays_over_there() -> None:
    present = set(Theirs) - {Theirs.GONE}
    assert {verdict(Ours.OFF, there) for there in present} == {Verdict.RESTORE}


@pytest.mark.parametrize(
    ("confirmed", "during", "now", "expected"),
    [
        (True, TEN, BEFORE, Ours.STANDS),
        (True, TWO, BEFORE, Ours.CHANGED),
        (True, TEN, TEN.end - timedelta(seconds=1), Ours.STANDS),
        (True, TEN, TEN.end, Ours.OVER),
        (True, TWO, TWO.end, Ours.OVER),
        (False, TEN, BEFORE, Ours.OFF),
        (False, TEN, TEN.end, Ours.OFF),
    ],
)
def test_where_the_appointment_stands(confirmed: bool, during: Period, now: object, expected: Ours) -> None:
    assert ours(confirmed=confirmed, during=during, agreed=TEN, now=now) is expected  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("seen", "during", "expected"),
    [
        (None, TEN, Sight(Theirs.GONE)),
        ([], TEN, Sight(Theirs.UNTIMED)),
        ([(TEN, False)], TEN, Sight(Theirs.AGREES, TEN)),
        ([(TEN, False)], TWO, Sight(Theirs.SAME, TEN)),
        ([(TWO, False)], TWO, Sight(Theirs.AGREES, TWO)),
        ([(LONGER, False)], TEN, Sight(Theirs.LENGTH, LONGER)),
        ([(LONGER, False)], TWO, Sight(Theirs.LENGTH, LONGER)),
        ([(TWO, False)], TEN, Sight(Theirs.MOVED, TWO)),
        ([(THREE, False)], TWO, Sight(Theirs.MOVED, THREE)),
        ([(DAY, True)], TEN, Sight(Theirs.UNTIMED)),
        # Somebody made it repeat.
        ([(TEN, False), (TWO, False)], TEN, Sight(Theirs.AGREES, TEN)),
        ([(THREE, False), (TWO, False)], TEN, Sight(Theirs.MOVED, TWO)),
    ],
)
def test_how_an_entry_stands(seen: list[tuple[Period, bool]] | None, during: Period, expected: Sight) -> None:
    assert sight(seen, during=during, agreed=TEN) == expected


def test_two_sights_of_the_same_are_told_from_another() -> None:
    marks = {one: edits.sight(one, during=TEN, agreed=TEN).mark for one in [((TWO, False),), ((DAY, True),)]}
    assert edits.sight([(TWO, False)], during=TEN, agreed=TEN).mark == marks[((TWO, False),)]
    assert len({*marks.values(), Sight(Theirs.GONE).mark}) == 3


periods = st.builds(
    lambda start, length: Period(
        BEFORE + timedelta(minutes=start), BEFORE + timedelta(minutes=start + length)
    ),
    st.integers(0, 200),
    st.integers(1, 90),
)


@given(
    agreed=periods, during=periods, seen=st.none() | st.lists(st.tuples(periods, st.booleans()), max_size=3)
)
def test_a_sight_tells_the_truth(
    agreed: Period, during: Period, seen: list[tuple[Period, bool]] | None
) -> None:
    found = sight(seen, during=during, agreed=agreed)
    timed = [period for period, all_day in seen or () if not all_day]
    assert (found.theirs is Theirs.GONE) == (seen is None)
    assert (found.during is None) == (not timed)
    assert found.during is None or found.during in timed
    assert (found.theirs is Theirs.AGREES) == (during in timed)
    if found.theirs is Theirs.MOVED:
        assert found.during is not None
        assert found.during.start not in (agreed.start, during.start)
