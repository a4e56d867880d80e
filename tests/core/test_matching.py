from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daybook.core.matching import Ambiguous, Because, Match, NameFit, compare, find_match, name_fit
from daybook.core.people import Person

HOME = ("roe@example.com",)
LANDLINE = ("+13035550123",)


def known(
    key: str, first: str, last: str, emails: tuple[str, ...] = (), phones: tuple[str, ...] = ()
) -> Person:
    return Person(key, first, last, emails, phones)


DANA = known("1", "Dana", "Roe", HOME, LANDLINE)
JOHN = known("2", "John", "Roe", HOME, LANDLINE)


@pytest.mark.parametrize(
    ("one", "other", "fit"),
    [
        ("Dana Roe", "dana  ROE", NameFit.EXACT),
        ("Dana Roe", "Roe, Dana", NameFit.EXACT),
        ("José Núñez", "Jose Nunez Jr.", NameFit.EXACT),
        ("Mary Ann Roe", "Maryann Roe", NameFit.EXACT),
        ("Maria Cruz", "Maria de la Cruz", NameFit.COMPATIBLE),
        ("D. Roe", "Dana Roe", NameFit.COMPATIBLE),
        ("Dana", "Dana Roe", NameFit.COMPATIBLE),
        ("Dana Q Roe", "Dana Roe", NameFit.COMPATIBLE),
        ("D R", "Dana Roe", NameFit.DIFFERENT),
        ("Dana Roe", "John Roe", NameFit.DIFFERENT),
        ("Dana Roe", "Dana Smith", NameFit.DIFFERENT),
        ("", "Dana Roe", NameFit.UNKNOWN),
        ("", "", NameFit.UNKNOWN),
    ],
)
def test_two_names_go_together_or_not(one: str, other: str, fit: NameFit) -> None:
    assert name_fit(one, other) is fit
    assert name_fit(other, one) is fit


@given(st.text(max_size=30))
def test_a_name_always_fits_itself(name: str) -> None:
    assert name_fit(name, name) in (NameFit.EXACT, NameFit.UNKNOWN)


def test_the_same_address_and_name_is_the_same_person() -> None:
    assert find_match(Person("", "Dana", "Roe", HOME), [JOHN, DANA]) == Match(DANA, Because.EMAIL_AND_NAME)


def test_an_exact_name_goes_before_a_compatible_one() -> None:
    short = known("3", "D", "Roe", HOME)
    assert find_match(Person("", "Dana", "Roe", HOME), [short, DANA]) == Match(DANA, Because.EMAIL_AND_NAME)
    assert find_match(Person("", "Dana", "Roe", HOME), [short, JOHN]) == Match(short, Because.EMAIL_AND_NAME)


def test_the_only_holder_of_an_address_is_taken_even_under_another_name() -> None:
    found = find_match(Person("", "Sam", "Poe", HOME), [DANA])
    assert found == Match(DANA, Because.EMAIL_ONLY, name_differs=True)


def test_spouses_who_share_an_address_are_told_apart_by_name_or_by_a_person() -> None:
    assert find_match(Person("", "Sam", "Roe", HOME), [DANA, JOHN]) == Ambiguous(
        (DANA, JOHN), Because.EMAIL_ONLY
    )
    nameless = known("3", "", "", HOME)
    assert find_match(Person("", "Sam", "Roe", HOME), [nameless, JOHN]) == Ambiguous(
        (nameless, JOHN), Because.EMAIL_ONLY
    )


def test_duplicates_are_a_question_not_a_guess() -> None:
    again = known("3", "Dana", "Roe", HOME)
    assert find_match(Person("", "Dana", "Roe", HOME), [DANA, again, JOHN]) == Ambiguous(
        (DANA, again), Because.EMAIL_AND_NAME
    )


def test_any_of_several_addresses_counts() -> None:
    both = known("3", "Dana", "Roe", ("work@example.com", "roe@example.com"))
    assert find_match(Person("", "Dana", "Roe", HOME), [both]) == Match(both, Because.EMAIL_AND_NAME)


def test_without_an_address_phone_and_name_decide() -> None:
    caller = Person("", "Dana", "Roe", (), LANDLINE)
    assert find_match(caller, [JOHN, DANA]) == Match(DANA, Because.PHONE_AND_NAME)
    twin = known("3", "Dana", "Roe", (), LANDLINE)
    assert find_match(caller, [DANA, twin]) == Ambiguous((DANA, twin), Because.PHONE_AND_NAME)


def test_a_new_address_with_a_known_phone_and_name_is_a_question() -> None:
    candidate = Person("", "Dana", "Roe", ("new@example.com",), LANDLINE)
    assert find_match(candidate, [DANA]) == Ambiguous((DANA,), Because.PHONE_AND_NAME)


def test_a_name_or_a_number_alone_is_never_enough() -> None:
    assert find_match(Person("", "Dana", "Roe"), [DANA]) is None
    assert find_match(Person("", "Sam", "Poe", (), LANDLINE), [DANA, JOHN]) is None
    assert find_match(Person("", "Dana", "Roe", ("new@example.com",)), [DANA]) is None
    assert find_match(Person("", "Dana", "Roe", HOME), []) is None


def test_people_without_addresses_share_none() -> None:
    assert not compare(Person(first="Dana"), Person(first="Dana")).email
