from __future__ import annotations

import pytest

from daybook.core.errors import NotAllowedNow, SlotPast
from daybook.core.lifecycle import Action, Actor, State, actions, may_send, step
from daybook.core.requests import Because, answer_by, may_answer

from .zones import hours, minutes, utc

ASKED = utc("2026-11-23 15:00")


def test_the_reasons_are_those_the_database_keeps() -> None:
    assert [str(because) for because in Because] == ["unread", "type", "conflict"]


def test_a_request_waits_a_day() -> None:
    assert answer_by(ASKED, ASKED + hours(24 * 8), hours(4)) == ASKED + hours(24)


def test_a_request_for_soon_waits_until_the_minimum_notice_before_the_start() -> None:
    assert answer_by(ASKED, ASKED + hours(10), hours(4)) == ASKED + hours(6)


def test_whoever_asks_at_the_last_moment_is_given_an_hour_but_not_beyond_the_start() -> None:
    assert answer_by(ASKED, ASKED + hours(4), hours(4)) == ASKED + hours(1)
    assert answer_by(ASKED, ASKED + minutes(20), hours(4)) == ASKED + minutes(20)


@pytest.mark.parametrize("asked", ["2026-03-07 20:00", "2026-10-31 20:00"])
def test_a_day_is_24_hours_also_when_clocks_change(asked: str) -> None:
    assert answer_by(utc(asked), utc("2027-06-01 15:00"), hours(0)) - utc(asked) == hours(24)


def test_only_the_firm_answers_and_only_the_client_withdraws() -> None:
    assert set(actions(State.REQUESTED, Actor.FIRM)) == {Action.ACCEPT, Action.DECLINE}
    assert set(actions(State.REQUESTED, Actor.CLIENT)) == {Action.WITHDRAW}
    assert set(actions(State.REQUESTED, Actor.SYSTEM)) == {Action.EXPIRE}
    with pytest.raises(NotAllowedNow, match="Only the firm"):
        step(State.REQUESTED, Action.ACCEPT, Actor.CLIENT)


def test_nothing_of_a_request_is_sent_to_clio() -> None:
    for state in (State.REQUESTED, State.DECLINED, State.LAPSED):
        with pytest.raises(NotAllowedNow):
            may_send(state, Actor.FIRM)


@pytest.mark.parametrize("state", [State.CONFIRMED, State.CANCELLED, State.DECLINED, State.LAPSED])
@pytest.mark.parametrize("action", [Action.ACCEPT, Action.DECLINE])
def test_what_has_been_answered_is_not_answered_again(state: State, action: Action) -> None:
    with pytest.raises(NotAllowedNow) as refused:
        may_answer(state, action, start=ASKED + hours(48), now=ASKED)
    words = {
        State.CONFIRMED: "accepted",
        State.CANCELLED: "withdrawn",
        State.DECLINED: "declined",
        State.LAPSED: "not answered in time",
    }
    assert words[state] in refused.value.text


def test_what_has_begun_can_be_declined_and_no_longer_accepted() -> None:
    may_answer(State.REQUESTED, Action.DECLINE, start=ASKED, now=ASKED + minutes(1))
    with pytest.raises(SlotPast):
        may_answer(State.REQUESTED, Action.ACCEPT, start=ASKED, now=ASKED + minutes(1))
