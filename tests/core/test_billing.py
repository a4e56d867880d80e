from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daybook.core.billing import (
    VERDICTS,
    Theirs,
    TimeEntry,
    Verdict,
    Wanted,
    billed_unless_said,
    changes,
    check_seconds,
    entry_date,
    parse_duration,
    preview,
    rescheduled,
    scheduled_seconds,
    theirs,
    verdict,
)
from daybook.core.errors import BadDuration
from daybook.core.hours import day_period, local_to_utc
from daybook.core.money import Money
from daybook.core.periods import Period

from .zones import hours, minutes, on_changeovers, utc

ENTRY = TimeEntry(date(2026, 11, 24), 1800, matter="77", lawyer="5", note="Consultation", rate=Money(30000))


@pytest.mark.parametrize(
    ("worked", "increment", "rounded", "shown"),
    [
        (5, 6, 6, "0.10"), (7, 6, 12, "0.20"), (9, 6, 12, "0.20"), (45, 6, 48, "0.80"), (70, 6, 72, "1.20"),
        (9, 15, 15, "0.25"), (9, 1, 9, "0.15"), (9, None, 9, "0.15"), (60, 6, 60, "1.00"), (0, 6, 0, "0.00"),
    ],
)  # fmt: skip
def test_rounding_goes_up_as_in_clios_own_examples(
    worked: int, increment: int | None, rounded: int, shown: str
) -> None:
    seen = preview(worked * 60, rounding_minutes=increment)
    assert (seen.rounded_seconds, seen.hours, seen.amount) == (rounded * 60, Decimal(shown), None)


def test_decimal_rounding_goes_up_to_a_hundredth_of_an_hour() -> None:
    assert preview(893, decimal_rounding=True).hours == Decimal("0.25")  # 0.248
    assert preview(7 * 60, decimal_rounding=True).rounded_seconds == 432  # 0.1167 to 0.12
    assert preview(7 * 60).rounded_seconds == 420


def test_clio_charges_the_rounded_time() -> None:
    assert preview(7 * 60, rounding_minutes=6, rate=Money(30000)).amount == Money(6000)
    assert preview(20 * 60, rate=Money(10000)).amount == Money(3333)
    assert preview(7 * 60, rate=Money(30000), no_charge=True).amount == Money(0)


@given(st.integers(0, 86_400), st.integers(1, 60), st.booleans())
def test_rounding_never_goes_down_and_never_a_whole_step_up(
    seconds: int, increment: int, decimal: bool
) -> None:
    seen = preview(seconds, rounding_minutes=increment, decimal_rounding=decimal)
    assert seconds <= seen.rounded_seconds < seconds + 60 * increment + 36
    assert seen.rounded_seconds % (36 if decimal else 60 * increment) == 0
    assert preview(seen.rounded_seconds, rounding_minutes=increment).rounded_seconds >= seen.rounded_seconds


def test_time_is_not_negative() -> None:
    with pytest.raises(ValueError, match="negative"):
        preview(-1)


@on_changeovers
def test_an_activity_has_the_date_on_the_lawyers_wall(zone: str, day: date) -> None:
    whole = day_period(day, zone)
    if whole is None:
        return
    assert entry_date(whole.start, zone) == day
    assert entry_date(whole.end - minutes(1), zone) == day
    assert entry_date(whole.end, zone) > day


@on_changeovers
def test_a_scheduled_hour_is_an_hour_on_every_day(zone: str, day: date) -> None:
    whole = day_period(day, zone)
    if whole is None:
        return
    during = Period(whole.start + minutes(90), whole.start + minutes(150))
    assert scheduled_seconds(during) == 3600
    assert rescheduled(ENTRY, during, zone).on == day


def test_a_move_changes_date_and_duration_unless_somebody_edited_it() -> None:
    during = Period(utc("2026-11-26 02:00"), utc("2026-11-26 03:00"))
    moved = rescheduled(ENTRY, during, "America/Denver")
    assert (moved.on, moved.seconds) == (date(2026, 11, 25), 3600)
    assert rescheduled(ENTRY, during, "America/Denver", keep_seconds=True).seconds == 1800
    assert changes(ENTRY, moved) == {"on": date(2026, 11, 25), "seconds": 3600}
    assert local_to_utc(during.start.replace(tzinfo=None), "UTC") == during.start


def test_an_update_says_only_what_differs() -> None:
    assert changes(ENTRY, ENTRY) == {}
    assert changes(ENTRY, replace(ENTRY, note="Call")) == {"note": "Call"}


def test_a_known_rate_goes_along_when_clio_would_set_it_anew() -> None:
    assert changes(ENTRY, replace(ENTRY, matter="78")) == {"matter": "78", "rate": Money(30000)}
    unrated = replace(ENTRY, rate=None)
    assert changes(unrated, replace(unrated, matter="78")) == {"matter": "78"}


def test_every_case_has_a_verdict() -> None:
    assert set(VERDICTS) == set(Wanted)
    assert all(set(row) == set(Theirs) for row in VERDICTS.values())


@pytest.mark.parametrize(
    ("wanted", "held", "differs"), list(product(Wanted, (Theirs.DRAFT, Theirs.BILLED), [True, False]))
)
def test_what_is_on_a_bill_is_never_touched(wanted: Wanted, held: Theirs, differs: bool) -> None:
    decided = verdict(wanted, held, differs=differs)
    expected = Verdict.LEAVE if wanted is Wanted.PRESENT and not differs else Verdict.TASK
    assert decided is expected


def test_one_entry_is_made_changed_and_taken_back() -> None:
    assert verdict(Wanted.PRESENT, Theirs.NEVER) is Verdict.CREATE
    assert verdict(Wanted.PRESENT, Theirs.NEVER, differs=False) is Verdict.CREATE
    assert verdict(Wanted.PRESENT, Theirs.UNBILLED) is Verdict.UPDATE
    assert verdict(Wanted.PRESENT, Theirs.UNBILLED, differs=False) is Verdict.LEAVE
    assert verdict(Wanted.ABSENT, Theirs.UNBILLED) is Verdict.DELETE
    assert verdict(Wanted.ABSENT, Theirs.NEVER) is Verdict.LEAVE


def test_what_somebody_deleted_in_clio_is_not_made_again_unasked() -> None:
    assert verdict(Wanted.PRESENT, Theirs.GONE) is Verdict.TASK
    assert verdict(Wanted.ABSENT, Theirs.GONE) is Verdict.LEAVE


@pytest.mark.parametrize(
    ("found", "known_before", "on_bill", "billed", "held"),
    [
        (False, False, False, False, Theirs.NEVER), (False, True, False, False, Theirs.GONE),
        (True, True, False, False, Theirs.UNBILLED), (True, False, True, False, Theirs.DRAFT),
        (True, True, True, True, Theirs.BILLED), (True, True, False, True, Theirs.BILLED),
    ],
)  # fmt: skip
def test_clios_flags_are_read(
    found: bool, known_before: bool, on_bill: bool, billed: bool, held: Theirs
) -> None:
    assert theirs(found=found, known_before=known_before, on_bill=on_bill, billed=billed) is held


@pytest.mark.parametrize(
    ("typed", "length"),
    [("45", minutes(45)), ("45 min", minutes(45)), ("1:30", minutes(90)), ("0:06", minutes(6)), ("1h 30m", minutes(90)),
     ("1.5h", minutes(90)), ("0,75 h", minutes(45)), ("2 hours", hours(2)), ("1 hr 5 mins", minutes(65)), ("24h", hours(24)),
     (".5h", minutes(30)), ("0.1h", minutes(6))],
)  # fmt: skip
def test_time_worked_is_read_as_people_type_it(typed: str, length: timedelta) -> None:
    assert parse_duration(typed) == length


@pytest.mark.parametrize(
    ("typed", "length"),
    [("0.5", minutes(30)), (".1", minutes(6)), ("1.25", minutes(75)), ("0,75", minutes(45)), ("1.0", hours(1)),
     ("45", minutes(45)), ("1", minutes(1)), ("90m", minutes(90)), ("1.5m", timedelta(seconds=90))],
)  # fmt: skip
def test_a_number_alone_is_hours_with_a_decimal_point_and_minutes_without(
    typed: str, length: timedelta
) -> None:
    assert parse_duration(typed) == length


@pytest.mark.parametrize("typed", ["0.0", "0.", ".001", "24.5", "1.2.3"])
def test_hours_of_no_length_or_beyond_a_day_are_refused(typed: str) -> None:
    with pytest.raises(BadDuration):
        parse_duration(typed)


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "h",
        "0",
        "0:00",
        "1:60",
        "1:5",
        "-5",
        "25h",
        "1:2:03",
        "1.2.3h",
        "soon",
        "٣",
        "99999999999",
        ":30",
        "m",
        ".",
    ],
)
def test_what_is_no_length_of_time_is_refused(typed: str) -> None:
    with pytest.raises(BadDuration):
        parse_duration(typed)


def test_an_entry_holds_a_minute_to_a_day() -> None:
    assert check_seconds(60) == 60
    for wrong in (0, 59, 86_401):
        with pytest.raises(BadDuration):
            check_seconds(wrong)


def test_what_costs_nothing_to_book_is_not_billed_unless_somebody_says_so():
    assert not billed_unless_said(0)
    assert billed_unless_said(1)
    assert billed_unless_said(15_000)
    with pytest.raises(ValueError, match="not negative"):
        billed_unless_said(-1)
