from __future__ import annotations

from itertools import product

import pytest

from daybook.core.errors import (
    HoldExpired,
    NotAllowedNow,
    Refusal,
    SlotPast,
    TooEarly,
    TooLateToCancel,
    TooLateToMove,
)
from daybook.core.lifecycle import (
    BEGINS,
    LIVE,
    OUTCOMES,
    VERDICTS,
    Action,
    Actor,
    ClientPolicy,
    No,
    Outcome,
    State,
    Yes,
    actions,
    after,
    allowed,
    cancelled_late,
    hold_runs_out,
    is_late,
    may_cancel,
    may_confirm,
    may_move,
    may_record,
    may_send,
    must_not_be_past,
    outcomes_to_offer,
    step,
)

from .zones import hours, minutes, utc

START = utc("2026-11-24 21:30")


def test_every_state_has_a_verdict_on_every_action() -> None:
    assert set(VERDICTS) == set(State)
    assert all(set(row) == set(Action) for row in VERDICTS.values())
    assert set(OUTCOMES) == set(State)
    assert all(Outcome.NONE in outcomes for outcomes in OUTCOMES.values())


@pytest.mark.parametrize(("state", "action", "actor"), list(product(State, Action, Actor)))
def test_the_functions_say_what_the_table_says(state: State, action: Action, actor: Actor) -> None:
    verdict = VERDICTS[state][action]
    if isinstance(verdict, No):
        assert verdict.why.endswith(".")
        assert not allowed(state, action, actor)
        with pytest.raises(verdict.refusal) as refused:
            after(state, action)
        assert refused.value.text == verdict.why
    else:
        assert verdict.by
        assert after(state, action) is verdict.to
        assert allowed(state, action, actor) == (actor in verdict.by)
    if allowed(state, action, actor):
        assert isinstance(verdict, Yes)
        assert step(state, action, actor) is verdict.to
        assert action in actions(state, actor)
    else:
        with pytest.raises(Refusal):
            step(state, action, actor)


def test_what_is_over_never_takes_the_lawyers_time_again() -> None:
    for state, action in product(set(State) - LIVE, Action):
        verdict = VERDICTS[state][action]
        assert isinstance(verdict, No) or verdict.to not in LIVE


def test_every_state_can_be_reached() -> None:
    reached = {begin.to for begin in BEGINS.values()}
    for _ in State:
        reached |= {v.to for s in reached for v in VERDICTS[s].values() if isinstance(v, Yes)}
    assert reached == set(State)


def test_held_requested_and_confirmed_take_the_lawyers_time() -> None:
    assert {State.HELD, State.REQUESTED, State.CONFIRMED} == LIVE


def test_the_words_are_those_the_database_keeps() -> None:
    assert [str(state) for state in State] == [
        "held",
        "requested",
        "confirmed",
        "cancelled",
        "expired",
        "declined",
        "lapsed",
    ]
    assert [str(outcome) for outcome in Outcome] == ["", "attended", "no_show", "late_cancel"]


def test_a_client_may_cancel_until_exactly_the_limit() -> None:
    policy = ClientPolicy(cancel_until=hours(24))
    may_cancel(State.CONFIRMED, Actor.CLIENT, start=START, now=START - hours(24), policy=policy)
    with pytest.raises(TooLateToCancel):
        may_cancel(
            State.CONFIRMED, Actor.CLIENT, start=START, now=START - hours(24) + minutes(1), policy=policy
        )


def test_a_client_may_move_until_exactly_the_limit_and_never_after_the_start() -> None:
    policy = ClientPolicy(move_until=hours(0))
    may_move(State.CONFIRMED, Actor.CLIENT, start=START, now=START, policy=policy)
    with pytest.raises(TooLateToMove):
        may_move(State.CONFIRMED, Actor.CLIENT, start=START, now=START + minutes(1), policy=policy)


def test_the_firm_may_move_or_cancel_what_the_client_booked_at_any_time() -> None:
    for now in (START - hours(1), START + hours(1000)):
        may_cancel(State.CONFIRMED, Actor.FIRM, start=START, now=now)
        may_move(State.CONFIRMED, Actor.FIRM, start=START, now=now)


def test_a_client_may_give_up_a_hold_at_any_time() -> None:
    may_cancel(State.HELD, Actor.CLIENT, start=START, now=START - minutes(5))
    may_move(State.HELD, Actor.CLIENT, start=START, now=START - minutes(5))


def test_a_firm_may_keep_changes_to_itself() -> None:
    policy = ClientPolicy(may_cancel=False, may_move=False)
    with pytest.raises(NotAllowedNow, match="contact the firm"):
        may_cancel(State.CONFIRMED, Actor.CLIENT, start=START, now=START - hours(99), policy=policy)
    with pytest.raises(NotAllowedNow, match="contact the firm"):
        may_move(State.CONFIRMED, Actor.CLIENT, start=START, now=START - hours(99), policy=policy)


@pytest.mark.parametrize("actor", Actor)
def test_what_is_cancelled_stays_cancelled(actor: Actor) -> None:
    with pytest.raises(NotAllowedNow, match="cancelled"):
        may_move(State.CANCELLED, actor, start=START, now=START - hours(99))
    with pytest.raises(NotAllowedNow, match="already been cancelled"):
        may_cancel(State.CANCELLED, actor, start=START, now=START - hours(99))


def test_a_hold_is_confirmed_only_while_it_lasts() -> None:
    until = START - hours(2)
    may_confirm(State.HELD, Actor.CLIENT, kept_until=until, now=until - minutes(1))
    may_confirm(State.HELD, Actor.FIRM, kept_until=None, now=until)
    assert hold_runs_out(until, until)
    with pytest.raises(HoldExpired):
        may_confirm(State.HELD, Actor.CLIENT, kept_until=until, now=until)
    with pytest.raises(HoldExpired):
        may_confirm(State.EXPIRED, Actor.CLIENT, kept_until=until, now=until - hours(1))
    with pytest.raises(NotAllowedNow):
        may_confirm(State.CONFIRMED, Actor.CLIENT, kept_until=None, now=until)


def test_nobody_attends_before_the_start() -> None:
    for outcome in (Outcome.ATTENDED, Outcome.NO_SHOW):
        with pytest.raises(TooEarly):
            may_record(State.CONFIRMED, outcome, Actor.FIRM, start=START, now=START - minutes(1))
        may_record(State.CONFIRMED, outcome, Actor.FIRM, start=START, now=START)


def test_an_outcome_fits_its_state() -> None:
    with pytest.raises(NotAllowedNow, match="does not fit"):
        may_record(State.CONFIRMED, Outcome.LATE_CANCEL, Actor.FIRM, start=START, now=START)
    may_record(State.CANCELLED, Outcome.LATE_CANCEL, Actor.FIRM, start=START, now=START, late=True)
    with pytest.raises(NotAllowedNow, match="short notice"):
        may_record(State.CANCELLED, Outcome.LATE_CANCEL, Actor.FIRM, start=START, now=START)
    with pytest.raises(NotAllowedNow):
        may_record(State.CONFIRMED, Outcome.ATTENDED, Actor.CLIENT, start=START, now=START)


def test_only_what_was_confirmed_is_sent() -> None:
    may_send(State.CONFIRMED, Actor.FIRM)
    may_send(State.CONFIRMED, Actor.SYSTEM)
    for state in set(State) - {State.CONFIRMED}:
        with pytest.raises(NotAllowedNow):
            may_send(state, Actor.FIRM)
    with pytest.raises(NotAllowedNow):
        may_send(State.CONFIRMED, Actor.CLIENT)


def test_late_is_within_the_window() -> None:
    policy = ClientPolicy(cancel_until=hours(24), late_within=hours(48))
    assert is_late(START, START - hours(47), policy)
    assert not is_late(START, START - hours(48), policy)
    assert not is_late(START, START - hours(25))
    assert is_late(START, START - hours(23))


def test_the_past_is_past() -> None:
    must_not_be_past(START, START)
    with pytest.raises(SlotPast):
        must_not_be_past(START, START + minutes(1))


@pytest.mark.parametrize(
    ("by", "left", "late"),
    [
        (Actor.CLIENT, hours(24), False),
        (Actor.CLIENT, hours(24) - minutes(1), True),
        (Actor.CLIENT, -hours(1), True),
        (Actor.FIRM, minutes(5), False),
        (None, minutes(5), False),
    ],
)
def test_only_a_client_cancels_late_and_only_inside_the_notice(by, left, late) -> None:
    policy = ClientPolicy(cancel_until=hours(24))
    assert cancelled_late(by, START, START - left, policy) is late
    offered = outcomes_to_offer(State.CANCELLED, Actor.FIRM, start=START, now=START, late=late)
    assert offered == ((Outcome.LATE_CANCEL,) if late else ())


def test_what_was_never_cancelled_was_not_cancelled_late() -> None:
    assert not cancelled_late(Actor.CLIENT, START, None)


def test_outcomes_are_offered_when_they_can_be_recorded() -> None:
    before = outcomes_to_offer(State.CONFIRMED, Actor.FIRM, start=START, now=START - minutes(1))
    after = outcomes_to_offer(State.CONFIRMED, Actor.FIRM, start=START, now=START)
    assert (before, after) == ((), (Outcome.ATTENDED, Outcome.NO_SHOW))
    assert outcomes_to_offer(State.CONFIRMED, Actor.CLIENT, start=START, now=START) == ()
