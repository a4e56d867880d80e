from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daybook.core.cards import SETS, TEXTS, Card, Member
from daybook.core.changes import (
    LABELS,
    MAIN,
    Act,
    Difference,
    Step,
    alike,
    differences,
    reached,
    spoken,
    writes,
)

from .some_cards import cards, email, heard, sent, unhurried

DANA = Card(first_name="Dana", last_name="Roe", emails=(email("dana", label="Work", main=True, id="7"),))


@pytest.mark.parametrize("name", SETS)
def test_labels_that_clio_takes_are_said_as_they_are_and_others_as_other(name: str) -> None:
    assert all(spoken(label, name) == label for label in LABELS[name])
    assert spoken(" wORK ", name) == "Work"
    assert [spoken(label, name) for label in ("", "Assistant", "משרד", "Other")] == ["Other"] * 4


def test_mobile_is_a_label_of_phones_alone() -> None:
    assert [spoken("Mobile", name) for name in SETS] == ["Other", "Mobile", "Other"]


def test_cards_are_alike_whatever_their_order_and_the_words_clio_does_not_tell_apart() -> None:
    one = replace(DANA, emails=(email("a", label="Assistant", main=True), email("b"), email("c")))
    assert alike(one, replace(one, emails=(email("c"), email("a", label="Other", main=True), email("b"))))
    assert not alike(one, replace(one, emails=(email("a", label="Home", main=True), email("b"), email("c"))))
    assert not alike(one, replace(one, emails=(email("a"), email("b", main=True), email("c"))))
    assert not alike(one, replace(one, kind="company"))
    assert not alike(one, replace(one, prefix="Dr."))


def test_only_what_changed_is_sent() -> None:
    target = replace(DANA, last_name="Roe-Smith", emails=(email("dana", label="Home", main=True),))
    todo = writes(DANA, target)
    assert todo.texts == {"last_name": "Roe-Smith"}
    assert todo.steps == {
        "emails": (Step(Act.CHANGE, "7", email("dana", label="Home", main=True), ("label",)),)
    }
    assert not todo.empty
    assert writes(DANA, DANA).empty


def test_a_new_address_takes_over_the_id_of_the_one_that_went() -> None:
    current = replace(
        DANA, phones=(Member("1", ("1",), "Work", True, "p"), Member("2", ("2",), "Home", id="q"))
    )
    target = replace(DANA, phones=(Member("1", ("1",), "Work", True), Member("3", ("3",), "Home")))
    (step,) = writes(current, target).steps["phones"]
    assert (step.act, step.id, step.member.value, step.parts) == (Act.CHANGE, "q", ("3",), ("value",))


def test_of_two_that_went_the_one_with_the_same_label_is_changed_and_the_other_removed_first() -> None:
    current = replace(DANA, emails=(email("a", label="Work", id="1"), email("b", label="Home", id="2")))
    target = replace(DANA, emails=(email("c", label="Home", main=True),))
    removed, changed = writes(current, target).steps["emails"]
    assert (removed.act, removed.id) == (Act.REMOVE, "1")
    assert (changed.act, changed.id, changed.parts) == (Act.CHANGE, "2", ("value", "main"))


def test_a_label_unknown_to_clio_is_not_sent_again_and_again() -> None:
    ours = replace(DANA, emails=(email("dana", label="Assistant", main=True),))
    todo = writes(DANA, ours)
    assert todo.steps["emails"][0].member.label == "Other"
    assert writes(sent(DANA, todo), ours).empty


def test_what_is_not_touched_keeps_a_label_that_only_clio_has() -> None:
    current = replace(DANA, emails=(email("a", label="Chambers", main=True, id="1"),))
    target = replace(DANA, emails=(Member("a@x.example", ("A@x.example",), "Chambers", True),))
    todo = writes(current, target)
    assert todo.steps["emails"][0].parts == ("value",)
    assert todo.steps["emails"][0].member == target.emails[0]
    assert sent(current, todo).emails[0].label == "Chambers"


def test_which_postal_address_is_the_main_one_is_not_told_to_clio() -> None:
    home, work = (
        Member("h", ("1 High St", "", "", "", ""), "Home", id="1"),
        Member("w", ("2 Low St", "", "", "", ""), "Work", id="2"),
    )
    there = replace(DANA, addresses=(replace(home, main=True), work))
    here = replace(DANA, addresses=(replace(work, main=True), home))
    assert writes(there, here).empty
    assert alike(there, here)
    added = writes(DANA, here).steps["addresses"]
    assert [(step.member.key, step.parts) for step in added] == [
        ("w", ("value", "label")),
        ("h", ("value", "label")),
    ]


def test_that_somebody_left_a_company_cannot_be_told_to_clio() -> None:
    todo = writes(replace(DANA, company="Roe Ltd"), DANA)
    assert todo.empty
    assert todo.left_out == ("company",)
    assert not writes(replace(DANA, company="Roe Ltd"), replace(DANA, company="Vale Ltd")).left_out


def test_what_was_left_out_is_not_what_the_other_side_holds() -> None:
    before = replace(DANA, company="Roe Ltd")
    sent_card = replace(DANA, title="KC", emails=(*DANA.emails, email("more")))
    assert reached(sent_card, before, ("company", "emails:more@x.example")) == replace(before, title="KC")


def test_the_twenty_first_member_is_left_out_and_named() -> None:
    twenty = tuple(email(f"n{n}", main=n == 0, id=str(n)) for n in range(20))
    current = replace(DANA, emails=twenty)
    todo = writes(current, replace(DANA, emails=(*twenty, email("more"), email("most"))))
    assert todo.empty
    assert todo.left_out == ("emails:more@x.example", "emails:most@x.example")
    todo = writes(current, replace(DANA, emails=(*twenty[1:], email("more"), email("most"))))
    assert [step.act for step in todo.steps["emails"]] == [Act.CHANGE, Act.CHANGE]
    assert todo.left_out == ("emails:most@x.example",)


def test_a_text_that_clio_cannot_hold_is_left_out_and_removes_nothing_there() -> None:
    long = Member("long", ("x" * 256,), "Work", True)
    todo = writes(DANA, replace(DANA, title="x" * 256, emails=(long,)))
    assert todo.empty
    assert todo.left_out == ("title", "emails:long")
    assert writes(DANA, replace(DANA, title="x" * 255)).texts == {"title": "x" * 255}


def test_a_spelling_that_is_too_long_does_not_stop_the_label() -> None:
    long = Member("dana@x.example", ("x" * 256,), "Home", True)
    todo = writes(DANA, replace(DANA, emails=(long,)))
    assert todo.steps["emails"][0].parts == ("label",)
    assert todo.left_out == ("emails:dana@x.example",)


def test_a_person_is_not_made_a_company_in_clio_but_their_addresses_follow() -> None:
    target = Card("company", company="Roe Ltd", emails=(email("office", main=True),))
    todo = writes(DANA, target)
    assert todo.texts == {}
    assert todo.left_out == ("kind", "first_name", "last_name", "company")
    assert todo.steps["emails"][0].id == "7"


@pytest.mark.parametrize(
    ("current", "target", "left_out"),
    [
        (DANA, replace(DANA, first_name="", last_name="", middle_name="Q"), ("first_name", "last_name")),
        (Card(last_name="Roe"), Card(), ("last_name",)),
        (Card("company", company="Roe Ltd"), Card("company"), ("company",)),
        (DANA, replace(DANA, first_name=""), ()),
        (Card(), Card(), ()),
    ],
)
def test_nobody_loses_their_whole_name(current: Card, target: Card, left_out: tuple[str, ...]) -> None:
    todo = writes(current, target)
    assert todo.left_out == left_out
    assert sent(current, todo).name == "" if current == Card() else sent(current, todo).name


def test_of_twins_at_the_other_side_both_go() -> None:
    twins = (email("a", main=True, id="1"), email("b", id="2"), email("b", id="3"))
    todo = writes(replace(DANA, emails=twins), replace(DANA, emails=(email("a", main=True),)))
    assert [(step.act, step.id) for step in todo.steps["emails"]] == [(Act.REMOVE, "2"), (Act.REMOVE, "3")]


def test_a_member_without_an_id_cannot_be_changed_and_is_named() -> None:
    current = replace(DANA, emails=(email("a", main=True), email("b")))
    todo = writes(current, replace(DANA, emails=(email("a", label="Home", main=True),)))
    assert todo.empty
    assert todo.left_out == ("emails:b@x.example", "emails:a@x.example")


def test_differences_are_said_field_by_field_and_member_by_member() -> None:
    after = replace(
        DANA,
        first_name="",
        company="Acme 🙂",
        emails=(email("dana", label="Home"), email("new", main=True)),
        addresses=(Member("k", ("1 High St", "Leeds", "", "LS1", "UK"), "Billing", True),),
    )
    dana, new = "dana@x.example", "new@x.example"
    assert [*differences(DANA, after)] == [
        Difference("first_name", "Dana", ""),
        Difference("company", "", "Acme 🙂"),
        Difference(f"emails:{dana}", [dana, [dana], "Work"], [dana, [dana], "Home"]),
        Difference(f"emails:{new}", None, [new, [new], ""]),
        Difference("emails.main", dana, new),
        Difference("addresses:k", None, ["k", ["1 High St", "Leeds", "", "LS1", "UK"], "Billing"]),
    ]
    assert next(differences(after, Card("company"))) == Difference("kind", "person", "company")
    (gone,) = differences(DANA, replace(DANA, emails=()))
    assert (gone.field, gone.now) == (f"emails:{dana}", None)


@unhurried
@given(cards(), cards())
def test_there_is_a_difference_exactly_where_cards_differ(before: Card, after: Card) -> None:
    assert [*differences(before, before)] == []
    fields = [entry.field for entry in differences(before, after)]
    assert len(set(fields)) == len(fields)
    assert {f for f in fields if ":" not in f and not f.endswith(MAIN)} == {
        name for name in ("kind", *TEXTS) if getattr(before, name) != getattr(after, name)
    }
    if not fields:
        assert alike(before, after)


@unhurried
@given(cards(), cards(prefix=""))
def test_what_is_sent_makes_the_other_side_the_target_and_leaves_nothing_to_send(
    current: Card, target: Card
) -> None:
    todo = writes(current, target)
    after = sent(current, todo)
    assert writes(after, target).empty
    assert writes(after, target).left_out == todo.left_out
    assert all(":" not in left for left in todo.left_out)
    kept = {name: getattr(current, name) for name in ("kind", *TEXTS) if name in todo.left_out}
    assert heard(after) == heard(replace(target, **kept))


@unhurried
@given(cards(), cards(prefix=""))
def test_nothing_is_added_while_something_goes(current: Card, target: Card) -> None:
    for steps in writes(current, target).steps.values():
        acts = [step.act for step in steps]
        assert not {Act.ADD, Act.REMOVE} <= set(acts)
        assert acts == sorted(acts, key=list(Act).index)
        ids = [step.id for step in steps if step.id]
        assert len(ids) == len(set(ids))


@st.composite
def big_sets(draw: st.DrawFn, *, prefix: str = "") -> Card:
    names = draw(st.sets(st.integers(0, 30), max_size=20 if prefix else 30))
    long = draw(st.sets(st.sampled_from(sorted(names)))) if names and not prefix else set()
    return replace(
        DANA,
        emails=tuple(
            Member(
                str(n),
                ("x" * 256 if n in long else str(n),),
                "Work" if n % 3 else "Home",
                id=prefix and f"{prefix}{n}",
            )
            for n in sorted(names)
        ),
    )


@unhurried
@given(big_sets(prefix="t"), big_sets())
def test_with_more_than_fits_it_is_quiet_after_one_round_too(current: Card, target: Card) -> None:
    todo = writes(current, target)
    after = sent(current, todo)
    again = writes(after, target)
    assert again.empty
    assert set(again.left_out) == set(todo.left_out)
    there = {m.key for m in after.emails}
    wanted = {m.key for m in target.emails}
    assert wanted - there <= {left.removeprefix("emails:") for left in todo.left_out}
