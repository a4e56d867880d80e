"""A fee's money: what attempts to take it came to, what state that makes, and the entries in the books that follow."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import IntEnum, StrEnum

from daybook.core import ledger
from daybook.core.ledger import Account, Entry, Kind


class Progress(IntEnum):
    """How far one attempt to take the money has come. Of two sights of it the further one is the newer one."""

    OPEN = 0  # waiting for the client
    HELD = 1  # reserved on the card
    LAPSED = 2  # the reservation ran out by itself
    RELEASED = 3  # given up, with or without a reservation
    TAKEN = 4


@dataclass(frozen=True, slots=True)
class Attempt:
    """
    One attempt to take a fee, as last seen at the payment provider; cents, and all of them only ever grow but `held`.

    `refunded` counts every refund that was made, `bounced` those of them that did not reach the client and came back.
    `opened` is what disputes were about, `won` and `lost` how they ended. `declines` counts refusals of the card.

    Raises: ValueError for what cannot be.
    """

    progress: Progress = Progress.OPEN
    held: int = 0
    captured: int = 0
    refunded: int = 0
    bounced: int = 0
    opened: int = 0
    won: int = 0
    lost: int = 0
    declines: int = 0

    def __post_init__(self) -> None:
        if min(getattr(self, name) for name in GROWING) < 0 or self.net < 0:
            raise ValueError("an attempt cannot give back more than it took")
        if self.bounced > self.refunded or self.disputed < 0:
            raise ValueError("more came back, or was decided, than ever went or was asked for")
        if (self.held > 0) != (self.progress is Progress.HELD):
            raise ValueError("an attempt is held exactly if something is reserved")
        if (self.captured > 0) != (self.progress is Progress.TAKEN):
            raise ValueError("an attempt is taken exactly if something was taken")

    @property
    def returned(self) -> int:
        """What reached the client again."""
        return self.refunded - self.bounced

    @property
    def disputed(self) -> int:
        """What a card's bank holds meanwhile."""
        return self.opened - self.won - self.lost

    @property
    def net(self) -> int:
        """What the firm has of it."""
        return self.captured - self.returned - self.disputed - self.lost


#: What never shrinks, however late or out of order it is told.
GROWING = ("captured", "refunded", "bounced", "opened", "won", "lost", "declines")


def newer(known: Attempt, seen: Attempt) -> Attempt:
    """What is known after a sight that may be older than what is known already: news never runs backwards."""
    first = max(known, seen, key=lambda one: one.progress)
    if known.progress == seen.progress:
        first = seen  # an amount reserved can be raised or lowered while it is
    return replace(first, **{name: max(getattr(known, name), getattr(seen, name)) for name in GROWING})


def entries(
    before: Attempt, after: Attempt, *, into: Account, balances: ledger.Balances
) -> tuple[Entry, ...]:
    """
    What has to be written into the books for an attempt that was seen to go from `before` to `after`.

    `into` is where taken money goes; `balances` are the fee's own. The same sight twice gives nothing the second time.
    """
    written: list[Entry] = []

    def grown(kind: Kind, amount: int) -> None:
        if amount > 0:
            written.append(ledger.move(kind, amount))

    grown(Kind.HOLD, after.held - before.held)
    grown(Kind.HOLD_ENDED, before.held - after.held)
    if after.captured > before.captured:
        written.append(ledger.take(after.captured - before.captured, into))
    grown(Kind.DISPUTED, after.opened - before.opened)
    grown(Kind.DISPUTE_WON, after.won - before.won)
    grown(Kind.DISPUTE_LOST, after.lost - before.lost)
    if after.refunded > before.refunded:
        now = dict(balances)
        for account, cents in ledger.balances(written).items():
            now[account] = now.get(account, 0) + cents
        written.append(ledger.give_back(after.refunded - before.refunded, now))
    grown(Kind.REFUND_BOUNCED, after.bounced - before.bounced)
    return tuple(written)


@dataclass(frozen=True, slots=True)
class Totals:
    """Everything known of a fee's money: its attempts together, whether a card is on file, whether it was called off."""

    card: bool = False
    held: int = 0
    captured: int = 0
    returned: int = 0
    bounced: int = 0
    disputed: int = 0
    lost: int = 0
    declines: int = 0
    lapsed: int = 0
    released: int = 0
    off: bool = False

    @property
    def net(self) -> int:
        """What the firm has: taken, less what was given back, lost, or is with the bank."""
        return self.captured - self.returned - self.disputed - self.lost


def together(attempts: Iterable[Attempt], *, card: bool = False, off: bool = False) -> Totals:
    """The totals of a fee's attempts."""
    known = tuple(attempts)
    return Totals(
        card=card,
        held=sum(one.held for one in known),
        captured=sum(one.captured for one in known),
        returned=sum(one.returned for one in known),
        bounced=sum(one.bounced for one in known),
        disputed=sum(one.disputed for one in known),
        lost=sum(one.lost for one in known),
        declines=sum(one.declines for one in known),
        lapsed=sum(one.progress is Progress.LAPSED for one in known),
        released=sum(one.progress is Progress.RELEASED for one in known),
        off=off,
    )


class State(StrEnum):
    """Where the fee of an appointment stands."""

    DUE = "due"
    CARD_SAVED = "card_saved"
    HELD = "held"
    CAPTURED = "captured"
    PARTLY_REFUNDED = "partly_refunded"
    REFUNDED = "refunded"
    RELEASED = "released"  # a hold was given up, nothing was taken
    HOLD_EXPIRED = "hold_expired"  # a hold ran out, nothing was taken
    FAILED = "failed"  # the card was declined, or its owner has to come and agree
    DISPUTED = "disputed"
    LOST = "lost"  # a dispute was lost
    VOID = "void"  # nothing was taken and nothing is wanted any more


class Happened(StrEnum):
    """What can happen to a fee's money."""

    CARD_SAVED = "card_saved"
    HOLD_PLACED = "hold_placed"
    TAKEN = "taken"
    DECLINED = "declined"
    HOLD_LAPSED = "hold_lapsed"
    RELEASED = "released"
    DISPUTE_OPENED = "dispute_opened"
    DISPUTE_WON = "dispute_won"
    DISPUTE_LOST = "dispute_lost"
    PART_REFUNDED = "part_refunded"
    ALL_REFUNDED = "all_refunded"
    CALLED_OFF = "called_off"


_S, _H = State, Happened


def _row(stays: State, *changes: dict[Happened, State]) -> dict[Happened, State]:
    """A full row: what `changes` name leads there, every other happening leaves the state as it is."""
    row = dict.fromkeys(Happened, stays)
    for one in changes:
        row.update(one)
    return row


_MONEY = {
    _H.TAKEN: _S.CAPTURED,
    _H.DISPUTE_OPENED: _S.DISPUTED,
    _H.DISPUTE_WON: _S.CAPTURED,
    _H.DISPUTE_LOST: _S.LOST,
    _H.PART_REFUNDED: _S.PARTLY_REFUNDED,
    _H.ALL_REFUNDED: _S.REFUNDED,
}
_NO_MONEY = {
    _H.HOLD_PLACED: _S.HELD,
    _H.HOLD_LAPSED: _S.HOLD_EXPIRED,
    _H.RELEASED: _S.RELEASED,
    _H.DECLINED: _S.FAILED,
    _H.CALLED_OFF: _S.VOID,
    **_MONEY,
}
_CARD = {_H.CARD_SAVED: _S.CARD_SAVED}
_HOLD = {_H.HOLD_PLACED: _S.HELD}
_HOLD_ENDS = {_H.HOLD_LAPSED: _S.HOLD_EXPIRED, _H.RELEASED: _S.RELEASED}

#: Every state, every happening: what follows. What is news of long ago, or of another attempt, changes nothing.
TRANSITIONS: dict[State, dict[Happened, State]] = {
    _S.DUE: _row(_S.DUE, _CARD, _NO_MONEY),
    _S.CARD_SAVED: _row(_S.CARD_SAVED, _NO_MONEY),
    _S.FAILED: _row(_S.FAILED, _CARD, _NO_MONEY),
    _S.HOLD_EXPIRED: _row(_S.HOLD_EXPIRED, _CARD, _NO_MONEY),
    _S.RELEASED: _row(_S.RELEASED, _CARD, _NO_MONEY),
    _S.HELD: _row(_S.HELD, _HOLD_ENDS, _MONEY),
    _S.CAPTURED: _row(_S.CAPTURED, _MONEY),
    _S.PARTLY_REFUNDED: _row(_S.PARTLY_REFUNDED, _MONEY),
    _S.REFUNDED: _row(_S.REFUNDED, _HOLD, _MONEY),  # over, unless money moves after all
    _S.DISPUTED: _row(_S.DISPUTED, {_H.DISPUTE_WON: _S.CAPTURED, _H.DISPUTE_LOST: _S.LOST}),
    _S.LOST: _row(_S.LOST, _HOLD, {_H.TAKEN: _S.CAPTURED, _H.DISPUTE_OPENED: _S.DISPUTED}),
    _S.VOID: _row(_S.VOID, _HOLD, _MONEY),
}

#: States in which nothing of the client's is with the firm or reserved for it.
EMPTY = frozenset({_S.DUE, _S.CARD_SAVED, _S.FAILED, _S.HOLD_EXPIRED, _S.RELEASED, _S.REFUNDED, _S.VOID})


def happenings(before: Totals, after: Totals) -> tuple[Happened, ...]:
    """What must have happened between two sights of a fee's money, in the order in which the table reads it."""
    money, had_money = after.net + after.disputed > 0, before.net + before.disputed > 0
    moved = (before.captured, before.returned, before.disputed, before.lost) != (
        after.captured,
        after.returned,
        after.disputed,
        after.lost,
    )
    nothing_held = after.held == 0
    found = (
        (_H.CARD_SAVED, after.card and not before.card),
        (_H.DECLINED, after.declines > before.declines and nothing_held),
        (_H.HOLD_LAPSED, after.lapsed > before.lapsed and nothing_held),
        (_H.RELEASED, after.released > before.released and before.held > 0 and nothing_held),
        (_H.CALLED_OFF, after.off and not before.off),
        (_H.TAKEN, after.captured > before.captured or after.bounced > before.bounced),
        (_H.DISPUTE_LOST, after.lost > before.lost),
        (_H.DISPUTE_WON, before.disputed > 0 and after.disputed == 0 and after.lost == before.lost),
        (_H.PART_REFUNDED, moved and after.returned > 0 and after.net > 0),
        (_H.ALL_REFUNDED, after.returned > before.returned and not money),
        (_H.HOLD_PLACED, after.held > 0 and not money and (before.held == 0 or had_money)),
        (_H.DISPUTE_OPENED, after.disputed > 0),
    )
    return tuple(happened for happened, yes in found if yes)


def follow(state: State, before: Totals, after: Totals) -> State:
    """The state of a fee whose money went from `before` to `after`."""
    for happened in happenings(before, after):
        state = TRANSITIONS[state][happened]
    return state


def share_out(cents: int, attempts: Iterable[tuple[int, Attempt]]) -> tuple[tuple[int, int], ...]:
    """
    From which attempts a refund is given, by their keys: the newest first, none beyond what is left of it.

    Less than `cents` comes out when there is no more to give back.
    """
    shares: list[tuple[int, int]] = []
    for key, attempt in sorted(attempts, key=lambda one: -one[0]):
        share = min(cents, attempt.captured - attempt.refunded - attempt.disputed - attempt.lost)
        if share > 0:
            shares.append((key, share))
            cents -= share
    return tuple(shares)
