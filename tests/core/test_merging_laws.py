"""What holds for every merge, whatever the cards."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from daybook.core.cards import SETS, TEXTS, Card, Member, from_json, tidy, to_json
from daybook.core.changes import alike, spoken, writes
from daybook.core.merging import Conflict, Merged, Side, merge, resolve_all
from daybook.core.people import fold
from daybook.core.reconcile import GROUPS, Rule

from .some_cards import SOME_TEXTS, cards, sent, told, unhurried

OURS, THEIRS = Side
TURNED = {Rule.CLIO: Rule.DAYBOOK, Rule.DAYBOOK: Rule.CLIO, OURS: THEIRS, THEIRS: OURS, None: None}

#: Sides that share most of what they hold: each field is one of three versions, so that all cases come up.
Case = tuple[Card | None, Card, Card]


@st.composite
def cases(draw: st.DrawFn) -> Case:
    versions = [draw(cards(prefix=prefix)) for prefix in "rst"]
    agreed = {name: tidy(getattr(versions[0], name)) for name in SETS}
    versions[0] = replace(versions[0], **agreed)
    names = ("kind", *TEXTS, *SETS)

    def mixed() -> Card:
        return Card(**{name: getattr(draw(st.sampled_from(versions)), name) for name in names})

    return draw(st.sampled_from((*versions[:1] * 3, None))), mixed(), mixed()


policies = st.fixed_dictionaries({group: st.sampled_from(Rule) for group in GROUPS})
clocks = st.sampled_from((OURS, THEIRS, None))
Policy = dict[str, Rule]


def asked(merged: Merged) -> set[tuple[str, str]]:
    return {(c.field, c.part) for c in merged.conflicts}


@unhurried
@given(cases(), policies, clocks)
def test_merging_again_before_anything_was_sent_gives_the_same(
    case: Case, rules: Policy, newer: Side | None
) -> None:
    agreed, ours, theirs = case
    first = merge(agreed=agreed, ours=ours, theirs=theirs, policy=rules, newer=newer)
    base = from_json(to_json(first.base))
    again = merge(agreed=base, ours=first.ours, theirs=theirs, policy=rules, newer=newer)
    assert told(again.ours) == told(first.ours)
    assert told(again.theirs) == told(first.theirs)
    assert told(again.base) == told(first.base)
    assert asked(again) == asked(first)
    assert [m.id for m in again.theirs.emails] == [m.id for m in first.theirs.emails]


@unhurried
@given(cases(), policies, clocks)
def test_after_one_round_there_is_nothing_left_to_do_but_to_answer(
    case: Case, rules: Policy, newer: Side | None
) -> None:
    agreed, ours, theirs = case
    first = merge(agreed=agreed, ours=ours, theirs=theirs, policy=rules, newer=newer)
    there = sent(theirs, writes(theirs, first.theirs))
    second = merge(agreed=first.base, ours=first.ours, theirs=there, policy=rules, newer=newer)
    assert told(second.ours) == told(first.ours)
    assert writes(there, second.theirs).empty
    third = merge(agreed=second.base, ours=second.ours, theirs=there, policy=rules, newer=newer)
    assert told(third.ours) == told(second.ours)
    assert told(third.theirs) == told(second.theirs)
    assert told(third.base) == told(second.base)
    assert asked(third) == asked(second) == asked(first)


@unhurried
@given(cases(), policies, clocks)
def test_without_questions_both_sides_become_one(case: Case, rules: Policy, newer: Side | None) -> None:
    agreed, ours, theirs = case
    found = merge(agreed=agreed, ours=ours, theirs=theirs, policy=rules, newer=newer)
    if not found.conflicts:
        assert alike(found.ours, found.theirs)
    for card, name in ((card, name) for card in (found.ours, found.theirs) for name in SETS):
        assert tidy(getattr(card, name)) == getattr(card, name)
    assert {m.key for m in found.base.emails} == {m.key for m in theirs.emails}


@unhurried
@given(cases(), policies, clocks)
def test_turned_round_it_is_the_same(case: Case, rules: Policy, newer: Side | None) -> None:
    agreed, ours, theirs = (_plain(card) if card else None for card in case)
    assert ours
    assert theirs
    if not any(getattr(card, name) for card in (ours, theirs) for name in TEXTS):
        theirs = replace(theirs, kind=ours.kind)
    one = merge(agreed=agreed, ours=ours, theirs=theirs, policy=rules, newer=newer)
    mirrored = {group: TURNED.get(rule, rule) for group, rule in rules.items()}
    other = merge(agreed=agreed, ours=theirs, theirs=ours, policy=mirrored, newer=TURNED[newer])
    assert told(one.ours) == told(other.theirs)
    assert told(one.theirs) == told(other.ours)
    assert asked(one) == asked(other)


def _plain(card: Card) -> Card:
    """Without what is decided for Clio because nobody minds: texts that read alike, spellings of one key."""
    texts = {name: getattr(card, name).replace("Dána ", "Dora") for name in TEXTS}
    sets = {name: tuple(replace(m, value=(m.key,)) for m in getattr(card, name)) for name in SETS}
    return replace(card, **texts, **sets)


@unhurried
@given(cases(), policies, clocks)
def test_no_member_is_lost_and_none_is_invented(case: Case, rules: Policy, newer: Side | None) -> None:
    agreed, ours, theirs = case
    found = merge(agreed=agreed, ours=ours, theirs=theirs, policy=rules, newer=newer)
    for name in SETS:
        was, mine, yours = (_by_key(card, name) for card in (agreed or Card(), ours, theirs))
        expected = {
            key
            for key in {**mine, **yours}
            if (key in mine and key in yours)
            or key not in was
            or _touched(name, was[key], mine.get(key) or yours[key])
        }
        for card in (found.ours, found.theirs):
            assert set(_by_key(card, name)) == expected
            for key, member in _by_key(card, name).items():
                held = [m for m in (mine.get(key), yours.get(key)) if m]
                assert member.value in [m.value for m in held]
                assert member.label in [m.label for m in held]


def _by_key(card: Card, name: str) -> dict[str, Member]:
    # Of what is remembered, the main one is taken as it is.
    return {m.key: m for m in tidy(getattr(card, name))}


def _touched(name: str, was: Member, now: Member) -> bool:
    return (
        was.value != now.value
        or spoken(was.label, name) != spoken(now.label, name)
        or (now.main and not was.main)
    )


words = st.sampled_from(SOME_TEXTS)


@unhurried
@given(words, words, words, st.sampled_from(Rule), clocks)
def test_a_text_is_what_was_changed_or_what_the_rule_says(
    was: str, mine: str, yours: str, rule: Rule, newer: Side | None
) -> None:
    rules = dict.fromkeys(GROUPS, rule)
    cards = (Card(last_name=text) for text in (was, mine, yours))
    found = merge(**dict(zip(("agreed", "ours", "theirs"), cards, strict=True)), policy=rules, newer=newer)
    got = (found.ours.last_name, found.theirs.last_name)
    holds = {Rule.CLIO: yours, Rule.DAYBOOK: mine, Rule.NEWEST: {OURS: mine, THEIRS: yours}.get(newer)}.get(
        rule
    )
    if mine == yours or was == mine:
        assert got == (yours, yours)
    elif was == yours:
        assert got == (mine, mine)
    elif not was and fold(mine) == fold(yours) != "":
        assert got == (yours, yours)
    else:
        assert got == ((mine, yours) if holds is None else (holds, holds))
        assert bool(found.conflicts) is (holds is None)


@unhurried
@given(cases(), policies, clocks, st.data())
def test_once_answered_a_question_is_not_asked_again(
    case: Case, rules: Policy, newer: Side | None, data: st.DataObject
) -> None:
    agreed, ours, theirs = case
    first = merge(agreed=agreed, ours=ours, theirs=theirs, policy=rules, newer=newer)
    answers = {conflict: data.draw(st.sampled_from(Side)) for conflict in first.conflicts}
    there = sent(theirs, writes(theirs, first.theirs))
    later = merge(agreed=first.base, ours=first.ours, theirs=there, policy=rules, newer=newer).base
    for known, here, clio in (
        (agreed, ours, theirs),
        (first.base, first.ours, theirs),
        (later, first.ours, there),
    ):
        known = resolve_all(answers.items(), agreed=known, ours=here, theirs=clio)
        after = merge(agreed=from_json(to_json(known)), ours=here, theirs=clio, policy=rules, newer=newer)
        assert after.conflicts == ()
        assert alike(after.ours, after.theirs)
        for conflict, choice in answers.items():
            assert _answer(after.ours, conflict) == _answer(
                first.ours if choice is OURS else first.theirs, conflict
            )
        assert _keys(after.ours) == _keys(first.ours)


def _answer(card: Card, conflict: Conflict) -> object:
    """What a card says about the matter of a conflict."""
    name, _, key = conflict.field.partition(":")
    if name == "kind":
        return told(card)[: len(TEXTS) + 1]
    if name in TEXTS:
        return getattr(card, name)
    if conflict.part == "main":
        return next(m.key for m in getattr(card, name) if m.main)
    member = next(m for m in getattr(card, name) if m.key == key)
    return member.value if conflict.part == "value" else spoken(member.label, name)


def _keys(card: Card) -> set[tuple[str, str]]:
    return {(name, m.key) for name in SETS for m in getattr(card, name)}
