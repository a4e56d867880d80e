from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daybook.core import ledger
from daybook.core.errors import TextTooLong
from daybook.core.hours import local_day
from daybook.core.ledger import Account, Entry, Kind, Line
from daybook.core.lifecycle import OUTCOMES
from daybook.core.lifecycle import State as AppointmentState
from daybook.core.money import Money
from daybook.core.payments import TRANSITIONS, Attempt, Happened, Progress, State, Totals, newer, share_out
from daybook.core.payments_holds import LASTS, SHORTEST, Initiator, hold_from, hold_serves, lives_until
from daybook.core.payments_place import DEFAULT, PLACES, Handling, handling, place_of, placement
from daybook.core.payments_plan import (
    AIMS,
    NAMED,
    STEPS,
    WITHOUT_CARD,
    Aim,
    Case,
    Meeting,
    Policy,
    Stage,
    Step,
    next_step,
    stage_of,
)
from daybook.core.payments_refunds import ALL_BACK, BadTiers, Tier, Who, checked, kept, percent_back

from .zones import on_changeovers, utc

START = utc("2026-11-24 21:30")


def test_every_table_of_payments_is_complete() -> None:
    assert set(TRANSITIONS) == set(State)
    assert all(set(row) == set(Happened) for row in TRANSITIONS.values())
    assert set(AIMS) == set(Policy)
    assert all(set(row) == set(Stage) for row in AIMS.values())
    assert set(STEPS) == set(Aim)
    assert all(set(row) == set(State) for row in STEPS.values())
    assert {step for row in STEPS.values() for step in row.values()} | {
        Step.REFUND,
        Step.RELEASE,
        Step.TELL_FIRM,
    } == set(Step)
    assert {aim for row in AIMS.values() for aim in row.values()} == set(Aim)
    assert all(set(row) == set(Initiator) for row in LASTS.values())


def test_every_state_and_outcome_of_an_appointment_has_a_stage() -> None:
    for state in AppointmentState:
        for outcome in OUTCOMES[state]:
            meeting = Meeting(state, outcome, START, START + timedelta(hours=1))
            assert stage_of(meeting, START) in Stage, (state, outcome)
    assert {state for state, _ in NAMED} >= {"held", "expired", "cancelled", "confirmed"}


def test_a_disputed_fee_is_left_alone() -> None:
    for policy in Policy:
        for stage in Stage:
            totals = Totals(captured=100, disputed=100)
            assert next_step(Case(policy, stage, State.DISPUTED, totals, 100)).step is Step.NOTHING


def test_a_saved_card_is_never_charged_for_a_meeting_that_did_not_take_place() -> None:
    for policy in Policy:
        for stage in (Stage.CANCELLED, Stage.NO_SHOW, Stage.GONE, Stage.LAPSED):
            step = next_step(Case(policy, stage, State.CARD_SAVED, Totals(card=True), 100, keep=100)).step
            assert step not in (Step.CHARGE_CARD, Step.HOLD_CARD, Step.CAPTURE)


def test_paid_twice_one_payment_goes_back() -> None:
    case = Case(Policy.PAY_NOW, Stage.FAR, State.CAPTURED, Totals(captured=200), 100)
    assert (next_step(case).step, next_step(case).cents) == (Step.REFUND, 100)


def test_without_a_card_on_file_the_client_is_asked() -> None:
    for step, instead in WITHOUT_CARD.items():
        assert instead in (Step.ASK_TO_PAY, Step.ASK_FOR_CARD, Step.ASK_TO_HOLD), step


def test_a_refund_that_came_back_is_a_persons_to_give() -> None:
    totals = Totals(captured=100, returned=0, bounced=100)
    assert (
        next_step(Case(Policy.PAY_NOW, Stage.CANCELLED, State.CAPTURED, totals, 100)).step is Step.TELL_FIRM
    )


def test_older_news_changes_nothing() -> None:
    taken = Attempt(Progress.TAKEN, captured=100, refunded=40)
    assert newer(taken, Attempt(Progress.HELD, held=100)) == taken
    assert newer(taken, Attempt(Progress.TAKEN, captured=100)) == taken


@pytest.mark.parametrize(
    "wrong",
    [
        {"captured": 10},
        {"progress": Progress.TAKEN, "captured": 10, "refunded": 11},
        {"progress": Progress.TAKEN, "captured": 10, "bounced": 1},
        {"progress": Progress.HELD},
        {"held": -1, "progress": Progress.HELD},
    ],
)
def test_an_attempt_that_cannot_be_is_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=r"attempt|came back"):
        Attempt(**wrong)  # type: ignore[arg-type]


def test_a_refund_comes_from_the_newest_attempt_and_never_exceeds_it() -> None:
    attempts = [
        (1, Attempt(Progress.TAKEN, captured=100)),
        (2, Attempt(Progress.TAKEN, captured=50, refunded=20)),
    ]
    assert share_out(60, attempts) == ((2, 30), (1, 30))
    assert share_out(500, attempts) == ((2, 30), (1, 100))


def test_lines_that_do_not_add_up_are_no_entry() -> None:
    with pytest.raises(ValueError, match="add up"):
        Entry(Kind.TAKEN, (Line(Account.TRUST, 1),))
    with pytest.raises(ValueError, match="nothing"):
        Entry(Kind.TAKEN, (Line(Account.TRUST, 0),))
    with pytest.raises(ValueError, match="cannot be taken"):
        ledger.take(1, Account.EARNED)
    with pytest.raises(ValueError, match="more than nothing"):
        ledger.move(Kind.HOLD, 0)


# Tiers ----------------------------------------------------------------------------------------------------------------

TIERS = (Tier(24, 50), Tier(48, 100))


@pytest.mark.parametrize(("hours", "back"), [(48, 100), (47.99, 50), (24, 50), (23.99, 0), (0, 0), (-2, 0)])
def test_the_boundary_of_a_tier_belongs_to_the_client(hours: float, back: int) -> None:
    at = START - timedelta(hours=hours)
    assert percent_back(TIERS, by=Who.CLIENT, start=START, at=at) == back


def test_everything_goes_back_when_the_firm_calls_off_or_has_no_tiers() -> None:
    assert percent_back(TIERS, by=Who.FIRM, start=START, at=START) == 100
    assert percent_back((), by=Who.CLIENT, start=START, at=START) == 100
    assert percent_back(ALL_BACK, by=Who.CLIENT, start=START, at=START) == 100


@on_changeovers
def test_hours_of_notice_are_hours_that_pass_whatever_clocks_do(zone: str, day: object) -> None:
    start = utc(f"{day} 18:00")
    assert local_day(start, zone)
    assert percent_back((Tier(24, 100),), by=Who.CLIENT, start=start, at=start - timedelta(hours=24)) == 100
    late = start - timedelta(hours=24) + timedelta(seconds=1)
    assert percent_back((Tier(24, 100),), by=Who.CLIENT, start=start, at=late) == 0


@pytest.mark.parametrize(
    "wrong",
    [
        (Tier(24, 101),),
        (Tier(24, -1),),
        (Tier(-1, 50),),
        (Tier(24, 50), Tier(24, 60)),
        (Tier(48, 10), Tier(24, 50)),
        (Tier(10**6, 50),),
    ],
)
def test_tiers_that_make_no_sense_are_refused(wrong: tuple[Tier, ...]) -> None:
    with pytest.raises(BadTiers):
        checked(wrong)
    assert not issubclass(BadTiers, TextTooLong)


@given(st.integers(0, 10**7), st.integers(0, 100))
def test_what_is_kept_and_what_goes_back_is_the_fee(cents: int, percent: int) -> None:
    fee = Money(cents)
    keeps = kept(fee, percent)
    assert 0 <= keeps.cents <= cents
    assert fee - keeps == fee.times(Decimal(percent) / 100)


# Holds ----------------------------------------------------------------------------------------------------------------


@given(st.integers(15, 720))
def test_a_hold_is_placed_less_than_five_days_before_and_lives_until_the_outcome_is_said(length: int) -> None:
    end = START + timedelta(minutes=length)
    placed = hold_from(end)
    assert START - placed < timedelta(days=5)
    assert lives_until(placed) >= end + timedelta(hours=24)
    assert placed < START


def test_an_unknown_card_is_taken_for_the_shortest() -> None:
    assert lives_until(START, "a new one") == START + SHORTEST
    assert timedelta(days=4, hours=18) == SHORTEST


def test_a_client_who_pays_close_to_the_meeting_can_be_held_at_once() -> None:
    end = START + timedelta(hours=1)
    assert hold_serves(START - timedelta(days=5), end, "visa")
    assert not hold_serves(START - timedelta(days=5), end, "visa", Initiator.FIRM)
    assert not hold_serves(START - timedelta(days=30), end, "visa")


# Where it goes --------------------------------------------------------------------------------------------------------


def test_every_place_names_its_source_and_an_unlisted_one_is_the_strictest() -> None:
    assert all(place.source and place.says.endswith(".") for place in (DEFAULT, *PLACES.values()))
    assert place_of("US-WY") is DEFAULT
    assert place_of("us-mi") is PLACES["US-MI"]
    assert not DEFAULT.own_account


@pytest.mark.parametrize("code", [*PLACES, "US-CO", "", "GB-ENG"])
def test_money_ahead_goes_into_trust_unless_the_place_and_the_firm_say_otherwise(code: str) -> None:
    assert handling(code, Handling.OPERATING, confirmed=False) is Handling.TRUST
    assert handling(code, Handling.TRUST, confirmed=True) is Handling.TRUST
    chosen = handling(code, Handling.OPERATING, confirmed=True)
    assert (chosen is Handling.OPERATING) == place_of(code).own_account
    ahead = placement(reserved=False, attended=False, chosen=Handling.TRUST, code=code)
    assert ahead.account is Account.TRUST
    assert place_of(code).source in ahead.why


def test_what_is_taken_after_the_meeting_is_the_firms_own() -> None:
    for chosen in Handling:
        assert placement(reserved=False, attended=True, chosen=chosen, code="").account is Account.OPERATING
        assert placement(reserved=True, attended=False, chosen=chosen, code="").account is Account.OPERATING
