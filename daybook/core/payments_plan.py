"""What to do next about a fee: policy and stage say what is wanted, the state of its money says by which step."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from daybook.core import ledger
from daybook.core.ledger import Account
from daybook.core.payments import State, Totals
from daybook.core.payments_holds import hold_from
from daybook.core.periods import as_utc


class Policy(StrEnum):
    """How a firm takes fees."""

    PAY_NOW = "pay_now"  # while booking
    HOLD_LATER = (
        "hold_later"  # the card is saved while booking, reserved shortly before, taken after the meeting
    )
    PAY_LATER = "pay_later"  # by a link


class Stage(StrEnum):
    """Where the appointment stands, as far as money cares."""

    BOOKING = "booking"  # the time is kept while the visitor pays
    LAPSED = "lapsed"  # the time kept ran out before it was paid; it may still be free
    FAR = "far"  # confirmed; too early to reserve anything on a card
    NEAR = "near"  # confirmed; a reservation made now lives until the meeting's outcome is known
    OVER = "over"  # it should have taken place; nobody has said whether it did
    ATTENDED = "attended"
    NO_SHOW = "no_show"
    CANCELLED = "cancelled"
    GONE = "gone"  # never came to be


class Aim(StrEnum):
    """What is wanted of the money."""

    NOTHING = "nothing"  # leave it as it is
    PAID = "paid"  # the whole fee taken, by the client on a page
    CARD = "card"  # a card on file
    HOLD = "hold"  # the fee reserved
    TAKEN = "taken"  # the whole fee taken, by what there is: the hold, the saved card, a link
    LINK = "link"  # the client has a link to pay with
    RETAKE = "retake"  # the time is to be had again if it can, for what was paid too late
    SETTLE = "settle"  # not more than the policy leaves the firm


class Step(StrEnum):
    """What is done next."""

    NOTHING = "nothing"
    ASK_TO_PAY = "ask_to_pay"  # a page on which the client pays
    ASK_FOR_CARD = "ask_for_card"  # a page on which the client leaves a card
    ASK_TO_HOLD = "ask_to_hold"  # a page on which the client lets the fee be reserved
    HOLD_CARD = "hold_card"  # reserve the fee on the saved card
    CHARGE_CARD = "charge_card"  # take the fee from the saved card
    CAPTURE = "capture"  # take what is reserved, or a part of it
    RELEASE = "release"  # give the reservation up
    REFUND = "refund"  # give back what is beyond what the firm may have
    RETAKE = "retake"  # take the time again
    CALL_OFF = "call_off"  # nothing was taken and nothing is wanted any more
    TELL_FIRM = "tell_firm"  # only a person can go on


_P, _G, _A, _S, _T = Policy, Stage, Aim, State, Step

#: Every policy, every stage: what is wanted.
AIMS: dict[Policy, dict[Stage, Aim]] = {
    _P.PAY_NOW: {
        _G.BOOKING: _A.PAID,
        _G.LAPSED: _A.RETAKE,
        _G.FAR: _A.LINK,  # booked by the firm: nobody stood at a page
        _G.NEAR: _A.LINK,
        _G.OVER: _A.LINK,
        _G.ATTENDED: _A.TAKEN,
        _G.NO_SHOW: _A.SETTLE,
        _G.CANCELLED: _A.SETTLE,
        _G.GONE: _A.SETTLE,
    },
    _P.HOLD_LATER: {
        _G.BOOKING: _A.CARD,
        _G.LAPSED: _A.RETAKE,
        _G.FAR: _A.CARD,
        _G.NEAR: _A.HOLD,
        _G.OVER: _A.NOTHING,
        _G.ATTENDED: _A.TAKEN,
        _G.NO_SHOW: _A.SETTLE,
        _G.CANCELLED: _A.SETTLE,
        _G.GONE: _A.SETTLE,
    },
    _P.PAY_LATER: {
        _G.BOOKING: _A.NOTHING,
        _G.LAPSED: _A.SETTLE,
        _G.FAR: _A.LINK,
        _G.NEAR: _A.LINK,
        _G.OVER: _A.LINK,
        _G.ATTENDED: _A.TAKEN,
        _G.NO_SHOW: _A.SETTLE,
        _G.CANCELLED: _A.SETTLE,
        _G.GONE: _A.SETTLE,
    },
}


def _steps(otherwise: Step, **steps: Step) -> dict[State, Step]:
    return {state: steps.get(state.value, otherwise) for state in State}


#: Every aim, every state: by which step. What a person did (a refund) is never undone by a later step.
STEPS: dict[Aim, dict[State, Step]] = {
    _A.NOTHING: _steps(_T.NOTHING),
    _A.PAID: _steps(
        _T.NOTHING,
        due=_T.ASK_TO_PAY,
        card_saved=_T.ASK_TO_PAY,
        failed=_T.ASK_TO_PAY,
        hold_expired=_T.ASK_TO_PAY,
        released=_T.ASK_TO_PAY,
        held=_T.CAPTURE,
    ),
    _A.CARD: _steps(
        _T.NOTHING, due=_T.ASK_FOR_CARD, failed=_T.ASK_FOR_CARD, hold_expired=_T.NOTHING, released=_T.NOTHING
    ),
    _A.HOLD: _steps(
        _T.NOTHING,
        due=_T.ASK_TO_HOLD,
        card_saved=_T.HOLD_CARD,
        hold_expired=_T.HOLD_CARD,  # of a time before the meeting was moved
        released=_T.HOLD_CARD,
        failed=_T.ASK_TO_HOLD,
    ),
    _A.TAKEN: _steps(
        _T.NOTHING,
        due=_T.ASK_TO_PAY,
        card_saved=_T.CHARGE_CARD,
        hold_expired=_T.CHARGE_CARD,
        released=_T.CHARGE_CARD,
        failed=_T.ASK_TO_PAY,
        void=_T.ASK_TO_PAY,  # a no-show that was none after all
        held=_T.CAPTURE,
    ),
    _A.LINK: _steps(
        _T.NOTHING,
        due=_T.ASK_TO_PAY,
        card_saved=_T.ASK_TO_PAY,
        failed=_T.ASK_TO_PAY,
        hold_expired=_T.ASK_TO_PAY,
        released=_T.ASK_TO_PAY,
    ),
    _A.RETAKE: _steps(
        _T.NOTHING,
        card_saved=_T.RETAKE,
        held=_T.RETAKE,
        captured=_T.RETAKE,
        partly_refunded=_T.RETAKE,
    ),
    # A saved card without a reservation is never charged for a meeting that did not take place.
    _A.SETTLE: _steps(
        _T.NOTHING,
        due=_T.CALL_OFF,
        card_saved=_T.CALL_OFF,
        failed=_T.CALL_OFF,
        hold_expired=_T.CALL_OFF,
        held=_T.CAPTURE,  # of it what may be kept; with nothing to keep it is released
    ),
}


@dataclass(frozen=True, slots=True)
class Next:
    """One step and the cents it is about; 0 where the step knows no amount."""

    step: Step
    cents: int = 0


@dataclass(frozen=True, slots=True)
class Case:
    """
    A fee and everything that decides what is done next.

    `fee` is what was agreed, less what the firm has waived. `keep` is what the policy leaves the firm of it when the
    meeting did not take place. Cents.
    """

    policy: Policy
    stage: Stage
    state: State
    totals: Totals
    fee: int
    keep: int = 0

    @property
    def aim(self) -> Aim:
        return AIMS[self.policy][self.stage]

    @property
    def ceiling(self) -> int:
        """The most the firm may have now."""
        return min(self.keep, self.fee) if self.aim is Aim.SETTLE else self.fee


def next_step(case: Case) -> Next:
    """
    The one thing to do next, so that the money becomes what is wanted; NOTHING when it is.

    Before the table come two rules no policy changes: what is beyond the ceiling goes back, and nothing stays reserved
    once the firm has what it may have. While a card's bank decides about a dispute, nothing moves.
    """
    totals, ceiling = case.totals, case.ceiling
    if totals.disputed:
        return Next(Step.NOTHING)
    if totals.net > ceiling:
        # A refund that came back would come back again: the firm has to find another way.
        return Next(Step.TELL_FIRM) if totals.bounced else Next(Step.REFUND, totals.net - ceiling)
    room = ceiling - totals.net
    if totals.held and room == 0:
        return Next(Step.RELEASE)
    step = STEPS[case.aim][case.state]
    return _sized(step, case, room)


def _sized(step: Step, case: Case, room: int) -> Next:
    """The step with its amount. Where there is nothing to take, nothing is asked for."""
    if step is Step.CAPTURE:
        return Next(step, min(room, case.totals.held))
    if step in WITHOUT_CARD and room == 0:
        return Next(Step.NOTHING if case.totals.off else Step.CALL_OFF)
    if step in WITHOUT_CARD:
        return Next(step if case.totals.card else WITHOUT_CARD[step], room)
    return Next(step)


#: Steps that bring money in, and what takes their place where no card is on file.
WITHOUT_CARD: dict[Step, Step] = {
    Step.ASK_TO_PAY: Step.ASK_TO_PAY,
    Step.ASK_FOR_CARD: Step.ASK_FOR_CARD,
    Step.ASK_TO_HOLD: Step.ASK_TO_HOLD,
    Step.HOLD_CARD: Step.ASK_TO_HOLD,
    Step.CHARGE_CARD: Step.ASK_TO_PAY,
}


def earned(case: Case, *, in_trust: bool) -> int:
    """
    How much of what the firm has is earned now: all of it once the meeting took place; of one that did not, what the
    cancellation terms leave the firm, unless it lies in trust, where it stays until a person says otherwise.
    """
    if case.stage is Stage.ATTENDED:
        return max(0, case.totals.net)
    if case.aim is Aim.SETTLE and not in_trust:
        return max(0, min(case.totals.net, case.ceiling))
    return 0


def earning(case: Case, balances: ledger.Balances, *, into: Account) -> ledger.Entry | None:
    """
    The entry that makes the books say what is earned now, or None when they do. `into` is where the money was taken.

    While a dispute is open, and after one was lost, nothing that counted as earned is taken back: what then counts is
    what the bank decided.
    """
    wanted = earned(case, in_trust=into is Account.TRUST)
    booked = -balances.get(Account.EARNED, 0)
    if wanted > booked:
        return ledger.earn(wanted - booked, balances)
    if wanted < booked and not (case.totals.disputed or case.totals.lost):
        return ledger.unearn(booked - wanted, into)
    return None


@dataclass(frozen=True, slots=True)
class Meeting:
    """What money needs to know of an appointment. `state` and `outcome` are the words of `core.lifecycle`."""

    state: str
    outcome: str
    start: datetime
    end: datetime
    gone: bool = False  # the time was sold to somebody else, or cannot be had again


def stage_of(meeting: Meeting, now: datetime) -> Stage:
    """Where an appointment stands, as far as money cares."""
    if meeting.gone:
        return Stage.GONE
    named = NAMED.get((meeting.state, meeting.outcome)) or NAMED.get((meeting.state, ""))
    if named is not None:
        return named
    if as_utc(now) >= as_utc(meeting.end):
        return Stage.OVER
    return Stage.NEAR if as_utc(now) >= hold_from(meeting.end) else Stage.FAR


#: State and outcome of an appointment that say the stage without the clock; "" is any other outcome.
NAMED: dict[tuple[str, str], Stage] = {
    ("held", ""): Stage.BOOKING,
    ("requested", ""): Stage.BOOKING,
    ("expired", ""): Stage.LAPSED,
    ("declined", ""): Stage.GONE,
    ("cancelled", ""): Stage.CANCELLED,
    ("confirmed", "attended"): Stage.ATTENDED,
    ("confirmed", "no_show"): Stage.NO_SHOW,
}
