"""Where a fee's money goes, the client trust account or the firm's own, and why."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from daybook.core.ledger import Account
from daybook.core.payments_plan import Policy


class Handling(StrEnum):
    """What a firm does with money taken before the meeting."""

    TRUST = "trust"  # into the client trust account until the meeting has taken place
    OPERATING = "operating"  # into the firm's own account at once, where its rules allow that


@dataclass(frozen=True, slots=True)
class Place:
    """
    What a jurisdiction says about fees paid in advance, and whom we have that from.

    `own_account` tells whether its rules know a case in which such a fee may go to the firm's own account: then, and
    only then, a firm can choose it, and has to confirm that its agreements meet the conditions. Nothing here is legal
    advice; the firm confirms every choice.
    """

    name: str
    own_account: bool
    says: str
    source: str


#: The strictest reading, which holds wherever nothing else is said.
DEFAULT = Place(
    "Model rules",
    False,
    "A fee paid in advance is the client's money until it is earned, flat fees included, whatever it is called. It goes "
    "into the client trust account, and what is not earned goes back.",
    "ABA Formal Opinion 505 (May 3, 2023); Model Rule 1.15(c)",
)

#: By ISO 3166-2. Read 2026-11; each says only where it differs, or what else it asks for.
PLACES: dict[str, Place] = {
    "US-AZ": Place(
        "Arizona",
        True,
        "Arizona has its own text on fees called earned on receipt. Unless your agreement meets it, the money goes into "
        "trust.",
        "Arizona ER 1.5(d)(3) and ER 1.15, which differ from the model rules",
    ),
    "US-DC": Place(
        "District of Columbia",
        True,
        "A flat fee paid in advance stays the client's until earned, unless the client gives informed consent to another "
        "arrangement.",
        "D.C. Rule 1.15(e); In re Mance, 980 A.2d 1196 (D.C. 2009)",
    ),
    "US-IL": Place(
        "Illinois",
        False,
        "Retainers that secure future work go directly into the trust account, also when paid by card. A lawyer who takes "
        "both earned fees and such retainers by card designates two accounts.",
        "ISBA Professional Conduct Advisory Opinion 14-01 (May 2014)",
    ),
    "US-MI": Place(
        "Michigan",
        False,
        "Unearned fees paid by card go into the trust account, while card fees and chargebacks are taken from the "
        "business account.",
        "State Bar of Michigan Ethics Opinion RI-344 (April 25, 2008); MRPC 1.15",
    ),
    "US-TN": Place(
        "Tennessee",
        True,
        "Tennessee permits some fees that are not refundable, if agreed in a writing the client signs. Every other fee "
        "paid in advance goes into trust.",
        "Tennessee RPC 1.5(f)",
    ),
}


def place_of(code: str) -> Place:
    """What holds in a jurisdiction; the strictest reading for one that is not listed."""
    return PLACES.get(code.upper(), DEFAULT)


#: How fees are taken where nobody has chosen: nothing is taken before it is earned.
DEFAULT_POLICY = Policy.HOLD_LATER


def handling(code: str, wanted: Handling, *, confirmed: bool) -> Handling:
    """What is done with money taken before the meeting: TRUST unless the place knows another case and the firm confirmed it."""
    allowed = wanted is Handling.OPERATING and confirmed and place_of(code).own_account
    return Handling.OPERATING if allowed else Handling.TRUST


@dataclass(frozen=True, slots=True)
class Placement:
    """An account and the reason, in a sentence that is written into the books with the entry."""

    account: Account
    why: str


def placement(*, reserved: bool, attended: bool, chosen: Handling, code: str) -> Placement:
    """
    Which account an attempt is made for, and why. `chosen` is what `handling` gave; `reserved` is an attempt that only
    reserves and is captured once the meeting took place.

    Only a meeting that somebody has said took place is earned; that the clock has passed its end is not enough.
    """
    if attended:
        return Placement(Account.OPERATING, "Taken after the meeting took place: the fee was earned.")
    if reserved:
        return Placement(Account.OPERATING, "Only reserved; taken after the meeting, when the fee is earned.")
    place = place_of(code)
    if chosen is Handling.OPERATING:
        return Placement(
            Account.OPERATING,
            f"Taken before the meeting; the firm confirmed that its agreements meet {place.source}.",
        )
    return Placement(
        Account.TRUST,
        f"Taken before the meeting: the client's money until it is earned ({place.source}).",
    )
