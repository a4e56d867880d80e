"""What is only requested: why, how long it waits for the firm's answer, and whether that can be given."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from daybook.core.lifecycle import Action, Actor, State, must_not_be_past, step
from daybook.core.periods import as_utc


class Because(StrEnum):
    """Why an appointment is only requested; the firm decides then."""

    UNREAD = "unread"  # a calendar of the lawyer's cannot be read, and they take requests meanwhile
    TYPE = "type"  # the type says that clients request and the firm confirms
    CONFLICT = "conflict"  # somebody has to look whether the firm may act at all


#: A request waits so long for its answer at most, and so long at least, where the start allows it.
ANSWERED_WITHIN = timedelta(hours=24)
LEAST_TO_ANSWER = timedelta(hours=1)


def answer_by(requested_at: datetime, start: datetime, notice: timedelta) -> datetime:
    """
    Until when a request waits: a day, but not beyond the type's minimum `notice` before the start. Whoever asks just
    before that limit is given LEAST_TO_ANSWER all the same, and nobody beyond the start itself.
    """
    asked, begins = as_utc(requested_at), as_utc(start)
    usual = min(asked + ANSWERED_WITHIN, begins - notice)
    return max(usual, min(asked + LEAST_TO_ANSWER, begins))


def may_answer(state: State, action: Action, *, start: datetime, now: datetime) -> None:
    """
    Return calmly if the firm may accept or decline (`action`) a request; accepting only what has not begun.

    Raises: NotAllowedNow, SlotPast.
    """
    step(state, action, Actor.FIRM)
    if action is Action.ACCEPT:
        must_not_be_past(start, now)
