"""Who wins when both sides may have changed: the table."""

from __future__ import annotations

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
