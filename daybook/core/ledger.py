"""Double entry: what happened to a fee's money, as lines that add up to nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum


class Account(StrEnum):
    """Where money can be. A positive balance is money there; `client`, `earned` and `card` stand against it."""

    CARD = "card"  # what is reserved on the client's card, seen from the card
    HELD = "held"  # the same, seen from the firm: promised, not had
    TRUST = "trust"  # the firm's client trust account: the client's money until it is earned
    OPERATING = "operating"  # the firm's own account
    DISPUTED = "disputed"  # with the card's bank while a dispute lasts
    CLIENT = "client"  # what was taken from the client and is not earned, as a minus
    EARNED = "earned"  # fees of meetings that took place, as a minus


class Kind(StrEnum):
    """What an entry is about."""

    HOLD = "hold"
    HOLD_ENDED = "hold_ended"
    TAKEN = "taken"
    EARNED = "earned"
    UNEARNED = "unearned"  # somebody took back that the meeting took place
    REFUNDED = "refunded"
    REFUND_BOUNCED = "refund_bounced"
    DISPUTED = "disputed"
    DISPUTE_WON = "dispute_won"
    DISPUTE_LOST = "dispute_lost"


@dataclass(frozen=True, slots=True)
class Line:
    """So many cents into an account; negative: out of it."""

    account: Account
    cents: int


@dataclass(frozen=True, slots=True)
class Entry:
    """
    One happening, as lines whose cents add up to zero.

    Raises: ValueError when they do not, or when a line moves nothing.
    """

    kind: Kind
    lines: tuple[Line, ...]

    def __post_init__(self) -> None:
        if sum(line.cents for line in self.lines) != 0:
            raise ValueError(f"{self.kind}: the lines do not add up to zero")
        if not self.lines or any(line.cents == 0 for line in self.lines):
            raise ValueError(f"{self.kind}: a line that moves nothing")


Balances = Mapping[Account, int]

#: From which account to which, for what moves between two fixed ones.
BETWEEN: dict[Kind, tuple[Account, Account]] = {
    Kind.HOLD: (Account.CARD, Account.HELD),
    Kind.HOLD_ENDED: (Account.HELD, Account.CARD),
    # A bank that takes a disputed amount back takes it from the firm, never from other clients' money in trust
    # (State Bar of Michigan RI-344, 2008, read 2026-11: chargebacks come out of the business account).
    Kind.DISPUTED: (Account.OPERATING, Account.DISPUTED),
    Kind.DISPUTE_WON: (Account.DISPUTED, Account.OPERATING),
    Kind.DISPUTE_LOST: (Account.DISPUTED, Account.CLIENT),
    Kind.REFUND_BOUNCED: (Account.CLIENT, Account.OPERATING),  # the client's still; a person gives it back
}


def move(kind: Kind, cents: int) -> Entry:
    """A positive amount between the two accounts that `kind` is about."""
    _positive(kind, cents)
    out_of, into = BETWEEN[kind]
    return Entry(kind, (Line(out_of, -cents), Line(into, cents)))


def take(cents: int, into: Account) -> Entry:
    """Money was taken from the client into `into`, trust or operating. It is not earned yet."""
    _positive(Kind.TAKEN, cents)
    if into not in (Account.TRUST, Account.OPERATING):
        raise ValueError(f"money cannot be taken into {into}")
    return Entry(Kind.TAKEN, (Line(Account.CLIENT, -cents), Line(into, cents)))


def earn(cents: int, balances: Balances) -> Entry:
    """So much of what was taken is earned now; what of it lies in trust goes to the firm's own account."""
    _positive(Kind.EARNED, cents)
    from_trust = min(cents, balances.get(Account.TRUST, 0))
    moved = (Line(Account.TRUST, -from_trust), Line(Account.OPERATING, from_trust)) if from_trust else ()
    return Entry(Kind.EARNED, (Line(Account.EARNED, -cents), Line(Account.CLIENT, cents), *moved))


def unearn(cents: int, into: Account) -> Entry:
    """The opposite of `earn`; `into` is where the money was taken: what came out of trust belongs there again."""
    _positive(Kind.UNEARNED, cents)
    trust = into is Account.TRUST
    moved = (Line(Account.OPERATING, -cents), Line(Account.TRUST, cents)) if trust else ()
    return Entry(Kind.UNEARNED, (Line(Account.CLIENT, -cents), Line(Account.EARNED, cents), *moved))


def give_back(cents: int, balances: Balances) -> Entry:
    """
    A refund: first what is still the client's, out of trust before the firm's own; then what counted as earned.

    `balances` are the fee's own before it.
    """
    _positive(Kind.REFUNDED, cents)
    from_trust = min(cents, balances.get(Account.TRUST, 0))
    unearned = min(cents, max(0, -balances.get(Account.CLIENT, 0)))
    parts = (
        (Account.TRUST, -from_trust),
        (Account.OPERATING, from_trust - cents),
        (Account.CLIENT, unearned),
        (Account.EARNED, cents - unearned),
    )
    return Entry(Kind.REFUNDED, tuple(Line(account, moved) for account, moved in parts if moved))


def balances(entries: Iterable[Entry]) -> dict[Account, int]:
    """What every account holds after these entries, all accounts named."""
    found = dict.fromkeys(Account, 0)
    for entry in entries:
        for line in entry.lines:
            found[line.account] += line.cents
    return found


def _positive(kind: Kind, cents: int) -> None:
    if cents <= 0:
        raise ValueError(f"{kind}: an amount is more than nothing")
