"""What an appointment can be, what can be done with it, by whom: tables, and the few rules of time beside them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from daybook.core.errors import (
    HoldExpired,
    NotAllowedNow,
    Refusal,
    SlotPast,
    TooEarly,
    TooLateToCancel,
    TooLateToMove,
)
from daybook.core.periods import as_utc


class State(StrEnum):
    """Where an appointment stands."""

    HELD = "held"  # kept for somebody for a few minutes, not promised
    REQUESTED = "requested"  # asked for by the client, kept until the firm has answered; not promised
    CONFIRMED = "confirmed"  # promised to both sides
    CANCELLED = "cancelled"  # called off by one side
    EXPIRED = "expired"  # a hold that ran out
    DECLINED = "declined"  # a request that the firm has turned down
    LAPSED = "lapsed"  # a request that nobody answered in time


class Outcome(StrEnum):
    """What became of it, noted by the firm; separate from the state."""

    NONE = ""  # nothing recorded yet
    ATTENDED = "attended"
    NO_SHOW = "no_show"
    LATE_CANCEL = "late_cancel"


class Action(StrEnum):
    """What can be asked of an appointment."""

    HOLD = "hold"
    CONFIRM = "confirm"
    REQUEST = "request"
    ACCEPT = "accept"
    DECLINE = "decline"
    WITHDRAW = "withdraw"
    EXPIRE = "expire"
    RESCHEDULE = "reschedule"
    CANCEL = "cancel"
    RECORD_OUTCOME = "record_outcome"
    SEND = "send"


class Actor(StrEnum):
    """Who asks."""

    CLIENT = "client"
    FIRM = "firm"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Yes:
    """The action is possible for `by` and leaves the appointment in `to`."""

    to: State
    by: frozenset[Actor]


@dataclass(frozen=True, slots=True)
class No:
    """The action is not possible for anybody; `why` is the sentence for the person who asked."""

    why: str
    refusal: type[Refusal] = NotAllowedNow


_FIRM = frozenset({Actor.FIRM})
_CLIENT = frozenset({Actor.CLIENT})
_SYSTEM = frozenset({Actor.SYSTEM})
_EITHER = frozenset({Actor.CLIENT, Actor.FIRM})
_ALL = frozenset(Actor)

#: States that take the lawyer's time; the database refuses two of them at once.
LIVE = frozenset({State.HELD, State.REQUESTED, State.CONFIRMED})

#: How an appointment comes to be, before it has any state.
BEGINS: dict[Action, Yes] = {Action.HOLD: Yes(State.HELD, _ALL)}

_NO_REQUEST = "Nothing has been requested yet."
_ANSWERED = "This request has already been accepted."
_ONLY_REQUESTED = "This appointment has only been requested: the firm accepts or declines it first."
_WITHDRAWN = "This has been withdrawn or cancelled, so there is nothing to answer."
_DECLINED = "The firm could not confirm this time. Please choose another one."
_LAPSED = "This request was not answered in time, so it has ended. Please choose another time."

#: What is said of a time that was kept and is no longer.
_RAN_OUT = No(HoldExpired.says, HoldExpired)

#: Every state, every action: what follows, or why not.
VERDICTS: dict[State, dict[Action, Yes | No]] = {
    State.HELD: {
        Action.HOLD: No("This time is already being kept."),
        Action.CONFIRM: Yes(State.CONFIRMED, _ALL),
        Action.REQUEST: Yes(State.REQUESTED, _ALL),
        Action.ACCEPT: No(_NO_REQUEST),
        Action.DECLINE: No(_NO_REQUEST),
        Action.WITHDRAW: No(_NO_REQUEST),
        Action.EXPIRE: Yes(State.EXPIRED, _SYSTEM),
        Action.RESCHEDULE: Yes(State.HELD, _EITHER),
        Action.CANCEL: Yes(State.CANCELLED, _ALL),
        Action.RECORD_OUTCOME: No("This appointment has not been confirmed yet."),
        Action.SEND: No("This appointment has not been confirmed yet."),
    },
    State.CONFIRMED: {
        Action.HOLD: No("This appointment is already confirmed."),
        Action.CONFIRM: No("This appointment is already confirmed."),
        Action.REQUEST: No("This appointment is already confirmed."),
        Action.ACCEPT: No(_ANSWERED),
        Action.DECLINE: No(f"{_ANSWERED} It can still be cancelled."),
        Action.WITHDRAW: No(f"{_ANSWERED} It can still be cancelled."),
        Action.EXPIRE: No("This appointment is already confirmed."),
        Action.RESCHEDULE: Yes(State.CONFIRMED, _EITHER),
        Action.CANCEL: Yes(State.CANCELLED, _EITHER),
        Action.RECORD_OUTCOME: Yes(State.CONFIRMED, _FIRM),
        Action.SEND: Yes(State.CONFIRMED, _FIRM | _SYSTEM),
    },
    State.CANCELLED: {
        Action.HOLD: No("This appointment has been cancelled. Please book a new one."),
        Action.CONFIRM: No("This appointment has been cancelled. Please book a new one."),
        Action.REQUEST: No("This appointment has been cancelled. Please book a new one."),
        Action.ACCEPT: No(_WITHDRAWN),
        Action.DECLINE: No(_WITHDRAWN),
        Action.WITHDRAW: No("This has already been withdrawn or cancelled."),
        Action.EXPIRE: No("This appointment has been cancelled."),
        Action.RESCHEDULE: No("This appointment has been cancelled. Please book a new one."),
        Action.CANCEL: No("This appointment has already been cancelled."),
        Action.RECORD_OUTCOME: Yes(State.CANCELLED, _FIRM | _SYSTEM),
        Action.SEND: No("This appointment has been cancelled, so there is no time to send."),
    },
    State.EXPIRED: {
        Action.HOLD: _RAN_OUT,
        Action.CONFIRM: _RAN_OUT,
        Action.REQUEST: _RAN_OUT,
        Action.ACCEPT: No(_NO_REQUEST),
        Action.DECLINE: No(_NO_REQUEST),
        Action.WITHDRAW: No(_NO_REQUEST),
        Action.EXPIRE: _RAN_OUT,
        Action.RESCHEDULE: _RAN_OUT,
        Action.CANCEL: _RAN_OUT,
        Action.RECORD_OUTCOME: No("This appointment was never confirmed."),
        Action.SEND: No("This appointment was never confirmed."),
    },
    State.REQUESTED: {
        Action.HOLD: No("This time has already been requested."),
        Action.CONFIRM: No(_ONLY_REQUESTED),
        Action.REQUEST: No("This time has already been requested."),
        Action.ACCEPT: Yes(State.CONFIRMED, _FIRM),
        Action.DECLINE: Yes(State.DECLINED, _FIRM),
        Action.WITHDRAW: Yes(State.CANCELLED, _CLIENT),
        Action.EXPIRE: Yes(State.LAPSED, _SYSTEM),
        Action.RESCHEDULE: No(_ONLY_REQUESTED),
        Action.CANCEL: No(_ONLY_REQUESTED),
        Action.RECORD_OUTCOME: No("This appointment has not been confirmed yet."),
        Action.SEND: No("This appointment has not been confirmed yet."),
    },
    State.DECLINED: {
        Action.HOLD: No(_DECLINED),
        Action.CONFIRM: No(_DECLINED),
        Action.REQUEST: No(_DECLINED),
        Action.ACCEPT: No("This request has already been declined."),
        Action.DECLINE: No("This request has already been declined."),
        Action.WITHDRAW: No(_DECLINED),
        Action.EXPIRE: No("This request has already been declined."),
        Action.RESCHEDULE: No(_DECLINED),
        Action.CANCEL: No("This request was declined, so there is nothing to cancel."),
        Action.RECORD_OUTCOME: No("This appointment was never confirmed."),
        Action.SEND: No("This appointment was never confirmed."),
    },
    State.LAPSED: {
        Action.HOLD: No(_LAPSED),
        Action.CONFIRM: No(_LAPSED),
        Action.REQUEST: No(_LAPSED),
        Action.ACCEPT: No("This request was not answered in time, so it has ended."),
        Action.DECLINE: No("This request was not answered in time, so it has ended."),
        Action.WITHDRAW: No(_LAPSED),
        Action.EXPIRE: No("This request has already ended."),
        Action.RESCHEDULE: No(_LAPSED),
        Action.CANCEL: No("This request has ended, so there is nothing to cancel."),
        Action.RECORD_OUTCOME: No("This appointment was never confirmed."),
        Action.SEND: No("This appointment was never confirmed."),
    },
}

#: The outcomes that make sense for each state.
OUTCOMES: dict[State, frozenset[Outcome]] = {
    State.HELD: frozenset({Outcome.NONE}),
    State.CONFIRMED: frozenset({Outcome.NONE, Outcome.ATTENDED, Outcome.NO_SHOW}),
    State.CANCELLED: frozenset({Outcome.NONE, Outcome.LATE_CANCEL}),
    State.EXPIRED: frozenset({Outcome.NONE}),
    State.REQUESTED: frozenset({Outcome.NONE}),
    State.DECLINED: frozenset({Outcome.NONE}),
    State.LAPSED: frozenset({Outcome.NONE}),
}

_NOT_YOURS = "Only the firm can do this. Please contact the firm."


def allowed(state: State, action: Action, actor: Actor) -> bool:
    """Whether `actor` may do `action` with an appointment in `state`, as far as the state decides."""
    verdict = VERDICTS[state][action]
    return isinstance(verdict, Yes) and actor in verdict.by


def actions(state: State, actor: Actor) -> tuple[Action, ...]:
    """What `actor` may do in `state`, in the order of the table: the buttons to show."""
    return tuple(action for action in Action if allowed(state, action, actor))


def after(state: State, action: Action) -> State:
    """
    The state that `action` leads to.

    Raises: NotAllowedNow or HoldExpired when nobody can do this in `state`.
    """
    verdict = VERDICTS[state][action]
    if isinstance(verdict, No):
        raise verdict.refusal(verdict.why)
    return verdict.to


def step(state: State, action: Action, actor: Actor) -> State:
    """
    The state that `action` by `actor` leads to.

    Raises: NotAllowedNow or HoldExpired when the table says no.
    """
    to = after(state, action)
    if not allowed(state, action, actor):
        raise NotAllowedNow(_NOT_YOURS)
    return to


@dataclass(frozen=True, slots=True)
class ClientPolicy:
    """
    What a client may do alone. `cancel_until` and `move_until` are the least time left before the start.

    A cancellation with less than `late_within` left counts as late; None takes `cancel_until`.
    """

    may_cancel: bool = True
    may_move: bool = True
    cancel_until: timedelta = timedelta(hours=24)
    move_until: timedelta = timedelta(hours=24)
    late_within: timedelta | None = None


DEFAULT_POLICY = ClientPolicy()


def hold_runs_out(kept_until: datetime, now: datetime) -> bool:
    """Whether a hold kept until that instant is over at `now`."""
    return as_utc(now) >= as_utc(kept_until)


def may_confirm(state: State, actor: Actor, *, kept_until: datetime | None, now: datetime) -> None:
    """
    Return calmly if the hold can be confirmed; `kept_until` is None for a hold without a limit.

    Raises: NotAllowedNow, HoldExpired.
    """
    step(state, Action.CONFIRM, actor)
    if kept_until is not None and hold_runs_out(kept_until, now):
        raise HoldExpired


def may_cancel(
    state: State, actor: Actor, *, start: datetime, now: datetime, policy: ClientPolicy = DEFAULT_POLICY
) -> None:
    """
    Return calmly if `actor` may cancel. The firm may at any time; a client until the policy's limit, a hold always.

    Raises: NotAllowedNow, HoldExpired, TooLateToCancel.
    """
    step(state, Action.CANCEL, actor)
    if actor is not Actor.CLIENT or state is State.HELD:
        return
    if not policy.may_cancel:
        raise NotAllowedNow(_NOT_YOURS)
    if _too_late(start, now, policy.cancel_until):
        raise TooLateToCancel


def may_move(
    state: State, actor: Actor, *, start: datetime, now: datetime, policy: ClientPolicy = DEFAULT_POLICY
) -> None:
    """
    Return calmly if `actor` may choose another time. The firm may at any time, past appointments included.

    Raises: NotAllowedNow, HoldExpired, TooLateToMove.
    """
    step(state, Action.RESCHEDULE, actor)
    if actor is not Actor.CLIENT or state is State.HELD:
        return
    if not policy.may_move:
        raise NotAllowedNow(_NOT_YOURS)
    if _too_late(start, now, policy.move_until):
        raise TooLateToMove


def may_record(
    state: State, outcome: Outcome, actor: Actor, *, start: datetime, now: datetime, late: bool = False
) -> None:
    """
    Return calmly if `outcome` may be recorded. NONE takes an earlier record back. `late` says that the client called it
    off at short notice (`cancelled_late`).

    Raises: NotAllowedNow, HoldExpired; TooEarly for attended or no-show before the start.
    """
    step(state, Action.RECORD_OUTCOME, actor)
    if outcome not in OUTCOMES[state]:
        raise NotAllowedNow("That outcome does not fit this appointment.")
    if outcome is Outcome.LATE_CANCEL and not late:
        raise NotAllowedNow("Only what the client cancelled at short notice is a late cancellation.")
    if outcome in (Outcome.ATTENDED, Outcome.NO_SHOW) and as_utc(now) < as_utc(start):
        raise TooEarly


def outcomes_to_offer(
    state: State, actor: Actor, *, start: datetime, now: datetime, late: bool = False
) -> tuple[Outcome, ...]:
    """What `actor` may record now, in the order of the table; without NONE, which takes a record back."""
    found = []
    for outcome in Outcome:
        try:
            may_record(state, outcome, actor, start=start, now=now, late=late)
        except Refusal:
            continue
        if outcome is not Outcome.NONE:
            found.append(outcome)
    return tuple(found)


def may_send(state: State, actor: Actor) -> None:
    """
    Return calmly if the time may be sent to Clio: any confirmed appointment, past or future.

    Raises: NotAllowedNow.
    """
    step(state, Action.SEND, actor)


def must_not_be_past(start: datetime, now: datetime) -> None:
    """
    Return calmly if `start` is not before `now`.

    Raises: SlotPast.
    """
    if as_utc(start) < as_utc(now):
        raise SlotPast


def is_late(start: datetime, cancelled_at: datetime, policy: ClientPolicy = DEFAULT_POLICY) -> bool:
    """Whether a cancellation at that instant counts as late."""
    within = policy.cancel_until if policy.late_within is None else policy.late_within
    return _too_late(start, cancelled_at, within)


def cancelled_late(
    by: Actor | None, start: datetime, cancelled_at: datetime | None, policy: ClientPolicy = DEFAULT_POLICY
) -> bool:
    """Whether the client called it off at short notice. What the firm calls off is never late, however soon it is."""
    return by is Actor.CLIENT and cancelled_at is not None and is_late(start, cancelled_at, policy)


def _too_late(start: datetime, now: datetime, until: timedelta) -> bool:
    # The last moment allowed is exactly `until` before the start, and never after the start itself.
    return as_utc(now) > as_utc(start) - max(until, timedelta(0))
