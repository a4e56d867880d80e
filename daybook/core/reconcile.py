"""Who wins when both sides may have changed: the tables."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Change(StrEnum):
    """What became of one side's record since both sides last agreed."""

    NEVER = "never"  # it has never been on this side
    SAME = "same"
    CHANGED = "changed"
    GONE = "gone"  # it was there and is no longer


class Verdict(StrEnum):
    """What to do about a pair of records."""

    LEAVE = "leave"
    PULL = "pull"  # make ours look like theirs
    PUSH = "push"  # make theirs look like ours
    MERGE = "merge"  # field by field; what no rule decides becomes a question
    UNLINK = "unlink"  # forget the pair, keep the record that is left
    ASK = "ask"  # a person decides


NEVER, SAME, CHANGED, GONE = Change
LEAVE, PULL, PUSH, MERGE, UNLINK, ASK = Verdict

#: Ours down the side, Clio's across the top. Nothing is ever deleted on the other side.
VERDICTS: dict[Change, dict[Change, Verdict]] = {
    NEVER: {NEVER: LEAVE, SAME: PULL, CHANGED: PULL, GONE: LEAVE},
    SAME: {NEVER: PUSH, SAME: LEAVE, CHANGED: PULL, GONE: UNLINK},
    CHANGED: {NEVER: PUSH, SAME: PUSH, CHANGED: MERGE, GONE: ASK},
    GONE: {NEVER: LEAVE, SAME: UNLINK, CHANGED: ASK, GONE: LEAVE},
}


def verdict(ours: Change, theirs: Change) -> Verdict:
    """What to do, given what became of our record and of theirs since both sides last agreed."""
    return VERDICTS[ours][theirs]


class Rule(StrEnum):
    """Whose value holds where both sides changed the same thing differently."""

    CLIO = "clio"
    DAYBOOK = "daybook"
    NEWEST = "newest"  # the side that was written to last; where nobody can tell, a person decides
    ASK = "ask"  # a person decides; until then each side keeps its own


CLIO, DAYBOOK, NEWEST, BY_ASKING = Rule

#: What a firm chooses a rule for. "name" is kind, first, middle and last name, prefix, and the name of a company.
GROUPS = ("name", "company", "title", "emails", "phones", "addresses")

#: What holds until a firm says otherwise.
DEFAULT_POLICY: dict[str, Rule] = {
    # A name stands on engagement letters and in conflict checks: no clock may choose it.
    "name": BY_ASKING,
    # Whom somebody works for, and as what, is kept for the matters; the matters are Clio's.
    "company": CLIO,
    "title": CLIO,
    # The members of a set are united, not chosen between. What is left is how one of them is labeled or spelled and which
    # is the main one: too small to ask about, and the last to write it most likely had it from the client.
    "emails": NEWEST,
    "phones": NEWEST,
    "addresses": NEWEST,
}

#: A run that would unlink more than this share of the linked records, and more than this many, stops and asks.
ALARMING_PERCENT = 10
ALARMING_RECORDS = 20

#: All of them gone at once is alarming from the fourth on: a side that answers with nothing is more likely shut than empty.
FEW_RECORDS = 3


def policy(changes: Mapping[str, str]) -> dict[str, Rule]:
    """
    A rule for every group: the defaults, with what a firm chose (group to rule, as stored) in their place.

    Raises: ValueError, about a group or rule that does not exist.
    """
    chosen = dict(DEFAULT_POLICY)
    for group, rule in changes.items():
        if group not in chosen:
            raise ValueError(f"There is no group {group!r}; there are {', '.join(GROUPS)}.")
        chosen[group] = Rule(rule)
    return chosen


def alarming(known: int, missing: int) -> bool:
    """
    Whether it is too much at once, `missing` of `known` linked records being gone: then nothing is unlinked unasked.

    True for more than a tenth that is also more than 20 records, and for all of them when they are more than 3.
    """
    many = missing > ALARMING_RECORDS and missing * 100 > known * ALARMING_PERCENT
    return many or (known > FEW_RECORDS and missing >= known)
