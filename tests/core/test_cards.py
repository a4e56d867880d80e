from __future__ import annotations

import json

from hypothesis import given

from daybook.core.cards import Card, Member, from_json, tidy, to_json

from .some_cards import cards, email, unhurried


def test_of_twins_the_first_stays_and_is_the_main_one_when_either_is() -> None:
    other, one, twin = email("x", id="1"), email("dana", id="2"), email("dana", main=True, id="3")
    assert [(m.id, m.main) for m in tidy([other, one, twin])] == [("2", True), ("1", False)]


def test_without_a_main_one_the_first_is_it() -> None:
    assert [m.main for m in tidy([email("a"), email("b")])] == [True, False]
    assert tidy([]) == ()


def test_of_two_main_ones_the_first_stays_it() -> None:
    assert [(m.key, m.main) for m in tidy([email("a", main=True), email("b", main=True)])] == [
        ("a@x.example", True),
        ("b@x.example", False),
    ]


@unhurried
@given(cards())
def test_a_card_comes_back_from_json_with_its_ids(card: Card) -> None:
    back = from_json(json.loads(json.dumps(to_json(card))))
    assert back == card
    assert [m.id for m in back.emails] == [m.id for m in card.emails]


@unhurried
@given(cards())
def test_a_tidy_set_has_one_main_member_and_stays_as_it_is(card: Card) -> None:
    tidied = tidy(card.phones)
    assert tidy(tidied) == tidied
    assert [m.main for m in tidied] == [True, *[False] * (len(tidied) - 1)][: len(tidied)]
    assert {m.key for m in tidied} == {m.key for m in card.phones}


def test_a_member_known_by_another_id_is_the_same() -> None:
    assert Member("k", ("v",), id="1") == Member("k", ("v",), id="2")
