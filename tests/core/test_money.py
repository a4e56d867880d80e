from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daybook.core.errors import BadAmount, UnknownCurrency
from daybook.core.money import EXPONENTS, MOST, SIGNS, Money, from_amount, parse


@pytest.mark.parametrize(
    ("money", "text"),
    [
        (Money(15000), "$150"),
        (Money(15050), "$150.50"),
        (Money(15000, "EUR"), "€150"),
        (Money(15000, "XYZ"), "150 XYZ"),
        (Money(125050, "CAD"), "CA$1,250.50"),
        (Money(1500, "JPY"), "¥1,500"),
        (Money(1500, "KWD"), "1.500 KWD"),
        (Money(5), "$0.05"),
        (Money(-500), "-$5"),
        (Money(0), "$0"),
    ],
)
def test_money_reads_as_people_write_it(money: Money, text: str) -> None:
    assert str(money) == text


@pytest.mark.parametrize(
    ("typed", "currency", "cents"),
    [
        ("150", "USD", 15000), ("$150", "USD", 15000), (" $ 1,250.50 ", "USD", 125050), ("1.250,50 €", "EUR", 125050),
        ("12,5", "EUR", 1250), ("1 250", "EUR", 125000), ("1\u202f250,00", "EUR", 125000), ("1'250.50", "CHF", 125050),
        ("1.250", "EUR", 125000), (".5", "USD", 50), ("150 usd", "USD", 15000), ("$5", "CAD", 500), ("CA$5", "CAD", 500),
        ("1,500", "JPY", 1500), ("1.250", "KWD", 1250), ("1,234,567.89", "USD", 123456789), ("0", "USD", 0),
    ],
)  # fmt: skip
def test_amounts_are_read_as_people_type_them(typed: str, currency: str, cents: int) -> None:
    assert parse(typed, currency) == Money(cents, currency)


@pytest.mark.parametrize(
    "typed",
    ["", "$", "abc", "-5", "1.2.3", "1,25,000", "0.125", "1,234.567", "€5", "1e5", "5.", "1,2,3.4", "1 50", "½", "$$5",
     "99999999999999999999", "1.234,567.89"],
)  # fmt: skip
def test_what_could_be_read_two_ways_is_refused(typed: str) -> None:
    with pytest.raises(BadAmount):
        parse(typed, "USD", field="fee")


@given(st.integers(0, MOST), st.sampled_from(["USD", "EUR", "JPY", "KWD", "XYZ", "CAD"]))
def test_what_is_shown_can_be_typed_again(cents: int, currency: str) -> None:
    money = Money(cents, currency)
    assert parse(str(money), currency) == money
    assert from_amount(money.amount, currency) == money


@given(st.integers(-(10**9), 10**9), st.integers(-(10**9), 10**9))
def test_adding_and_taking_away_are_exact(one: int, other: int) -> None:
    assert Money(one) + Money(other) - Money(other) == Money(one)
    assert (Money(one) < Money(other)) == (one < other)
    assert -Money(one) == Money(0) - Money(one)


def test_two_currencies_do_not_add_up() -> None:
    with pytest.raises(ValueError, match="EUR"):
        Money(1, "USD") + Money(1, "EUR")
    with pytest.raises(ValueError, match="EUR"):
        _ = Money(1, "USD") < Money(1, "EUR")


@pytest.mark.parametrize("currency", ["", "usd", "US", "USDD", "U$D"])
def test_a_currency_is_three_capital_letters(currency: str) -> None:
    with pytest.raises(UnknownCurrency):
        Money(1, currency)
    with pytest.raises(UnknownCurrency):
        parse("1", currency)


def test_half_a_cent_is_rounded_away_from_zero() -> None:
    assert Money(25).times(Decimal("0.5")) == Money(13)
    assert Money(-25).times(Decimal("0.5")) == Money(-13)


def test_tables_hold_codes() -> None:
    for code in EXPONENTS.keys() | SIGNS.keys():
        assert Money(1, code)
