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
    CONFIRMED = "confirmed"  # promised to both sides
    CANCELLED = "cancelled"  # called off by one side
    EXPIRED = "expired"  # a hold that ran out


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
_SYSTEM = frozenset({Actor.SYSTEM})
_EITHER = frozenset({Actor.CLIENT, Actor.FIRM})
_ALL = frozenset(Actor)

#: States that take the lawyer's time; the database refuses two of them at once.
LIVE = frozenset({State.HELD, State.CONFIRMED})

#: How an appointment comes to be, before it has any state.
BEGINS: dict[Action, Yes] = {Action.HOLD: Yes(State.HELD, _ALL)}

#: Every state, every action: what follows, or why not.
VERDICTS: dict[State, dict[Action, Yes | No]] = {
    State.HELD: {
        Action.HOLD: No("This time is already being kept."),
        Action.CONFIRM: Yes(State.CONFIRMED, _ALL),
        Action.EXPIRE: Yes(State.EXPIRED, _SYSTEM),
        Action.RESCHEDULE: Yes(State.HELD, _EITHER),
        Action.CANCEL: Yes(State.CANCELLED, _ALL),
        Action.RECORD_OUTCOME: No("This appointment has not been confirmed yet."),
        Action.SEND: No("This appointment has not been confirmed yet."),
    },
    State.CONFIRMED: {
        Action.HOLD: No("This appointment is already confirmed."),
        Action.CONFIRM: No("This appointment is already confirmed."),
        Action.EXPIRE: No("This appointment is already confirmed."),
        Action.RESCHEDULE: Yes(State.CONFIRMED, _EITHER),
        Action.CANCEL: Yes(State.CANCELLED, _EITHER),
        Action.RECORD_OUTCOME: Yes(State.CONFIRMED, _FIRM),
        Action.SEND: Yes(State.CONFIRMED, _FIRM | _SYSTEM),
    },
    State.CANCELLED: {
        Action.HOLD: No("This appointment has been cancelled. Please book a new one."),
        Action.CONFIRM: No("This appointment has been cancelled. Please book a new one."),
        Action.EXPIRE: No("This appointment has been cancelled."),
        Action.RESCHEDULE: No("This appointment has been cancelled. Please book a new one."),
        Action.CANCEL: No("This appointment has already been cancelled."),
        Action.RECORD_OUTCOME: Yes(State.CANCELLED, _FIRM | _SYSTEM),
        Action.SEND: No("This appointment has been cancelled, so there is no time to send."),
    },
    State.EXPIRED: {
        Action.HOLD: No(HoldExpired.says, HoldExpired),
        Action.CONFIRM: No(HoldExpired.says, HoldExpired),
        Action.EXPIRE: No(HoldExpired.says, HoldExpired),
        Action.RESCHEDULE: No(HoldExpired.says, HoldExpired),
        Action.CANCEL: No(HoldExpired.says, HoldExpired),
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


def may_record(state: State, outcome: Outcome, actor: Actor, *, start: datetime, now: datetime) -> None:
    """
    Return calmly if `outcome` may be recorded. NONE takes an earlier record back.

    Raises: NotAllowedNow, HoldExpired; TooEarly for attended or no-show before the start.
    """
    step(state, Action.RECORD_OUTCOME, actor)
    if outcome not in OUTCOMES[state]:
        raise NotAllowedNow("That outcome does not fit this appointment.")
    if outcome in (Outcome.ATTENDED, Outcome.NO_SHOW) and as_utc(now) < as_utc(start):
        raise TooEarly


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


def _too_late(start: datetime, now: datetime, until: timedelta) -> bool:
    # The last moment allowed is exactly `until` before the start, and never after the start itself.
    return as_utc(now) > as_utc(start) - max(until, timedelta(0))
