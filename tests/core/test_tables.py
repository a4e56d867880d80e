from __future__ import annotations

import re

from daybook.core import reconcile
from daybook.core.events import EVENTS
from daybook.core.reconcile import Change, Verdict, verdict


def test_every_pair_of_changes_has_a_verdict() -> None:
    assert set(reconcile.VERDICTS) == set(Change)
    assert all(set(row) == set(Change) for row in reconcile.VERDICTS.values())
    assert {v for row in reconcile.VERDICTS.values() for v in row.values()} == set(Verdict)


def test_nothing_changed_on_both_sides_is_left_alone() -> None:
    assert verdict(Change.SAME, Change.SAME) is Verdict.LEAVE


def test_an_edit_is_never_lost_without_asking() -> None:
    assert verdict(Change.CHANGED, Change.GONE) is Verdict.ASK
    assert verdict(Change.GONE, Change.CHANGED) is Verdict.ASK
    assert verdict(Change.CHANGED, Change.CHANGED) is Verdict.MERGE


def test_the_two_sides_are_treated_alike_when_turned_round() -> None:
    turned = {Verdict.PULL: Verdict.PUSH, Verdict.PUSH: Verdict.PULL}
    for ours in Change:
        for theirs in Change:
            there = verdict(theirs, ours)
            assert verdict(ours, theirs) is turned.get(there, there)


def test_every_event_has_a_name_in_the_past_and_a_sentence() -> None:
    for name, meaning in EVENTS.items():
        assert re.fullmatch(r"[a-z]+(_[a-z]+)+", name), name
        assert meaning.endswith("."), name
    assert len(set(EVENTS.values())) == len(EVENTS)
