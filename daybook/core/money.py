"""Amounts of money: whole minor units and a currency, never a float."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from daybook.core.errors import BadAmount, UnknownCurrency

#: Currencies whose smallest unit is not a hundredth. ISO 4217 table A.1, exponents as of 2024.
EXPONENTS: dict[str, int] = {
    "BIF": 0,
    "CLP": 0,
    "DJF": 0,
    "GNF": 0,
    "ISK": 0,
    "JPY": 0,
    "KMF": 0,
    "KRW": 0,
    "PYG": 0,
    "RWF": 0,
    "UGX": 0,
    "VND": 0,
    "VUV": 0,
    "XAF": 0,
    "XOF": 0,
    "XPF": 0,
    "BHD": 3,
    "IQD": 3,
    "JOD": 3,
    "KWD": 3,
    "LYD": 3,
    "OMR": 3,
    "TND": 3,
}

#: Signs that go before the amount; every other currency has its code after it.
SIGNS: dict[str, str] = {
    "USD": "$",
    "CAD": "CA$",
    "AUD": "A$",
    "NZD": "NZ$",
    "EUR": "€",
    "GBP": "£",
    "JPY": "¥",
    "INR": "₹",
    "ILS": "₪",
}

#: The most that is accepted as input, in minor units; a slip of the keyboard is likelier than a fee beyond it.
MOST = 10**11

_CODE = re.compile(r"[A-Z]{3}", re.ASCII)
_GROUPED = re.compile(r"[0-9]{1,3}([,. ][0-9]{3})+")


@dataclass(frozen=True, slots=True)
class Money:
    """
    An amount in minor units of a currency: Money(15050, "USD") is $150.50, Money(150, "JPY") is ¥150.

    Raises: UnknownCurrency unless `currency` is three capital letters.
    """

    cents: int
    currency: str = "USD"

    def __post_init__(self) -> None:
        if not _CODE.fullmatch(self.currency):
            raise UnknownCurrency

    def __add__(self, other: Money) -> Money:
        return Money(self.cents + self._same(other), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.cents - self._same(other), self.currency)

    def __neg__(self) -> Money:
        return Money(-self.cents, self.currency)

    def __lt__(self, other: Money) -> bool:
        return self.cents < self._same(other)

    def __le__(self, other: Money) -> bool:
        return self.cents <= self._same(other)

    def __bool__(self) -> bool:
        return self.cents != 0

    def _same(self, other: Money) -> int:
        if self.currency != other.currency:
            raise ValueError(f"{self.currency} and {other.currency} do not add up")
        return other.cents

    def times(self, factor: Decimal) -> Money:
        """The amount multiplied, halves of the smallest unit rounded away from zero."""
        return Money(int((self.cents * factor).quantize(Decimal(1), ROUND_HALF_UP)), self.currency)

    @property
    def amount(self) -> Decimal:
        """The amount in whole units of the currency: Decimal("150.50")."""
        return Decimal(self.cents).scaleb(-exponent(self.currency))

    def __str__(self) -> str:
        digits = exponent(self.currency)
        whole, part = divmod(abs(self.cents), 10**digits)
        text = f"{whole:,}" + (f".{part:0{digits}d}" if part else "")
        minus = "-" if self.cents < 0 else ""
        sign = SIGNS.get(self.currency)
        return f"{minus}{sign}{text}" if sign else f"{minus}{text} {self.currency}"


def exponent(currency: str) -> int:
    """How many digits the currency's minor unit has: 2 for most, 0 for yen."""
    return EXPONENTS.get(currency, 2)


def from_amount(amount: Decimal, currency: str = "USD") -> Money:
    """An amount in whole units as Money, halves of the smallest unit rounded away from zero."""
    cents = amount.scaleb(exponent(currency)).quantize(Decimal(1), ROUND_HALF_UP)
    return Money(int(cents), currency)


def parse(text: str, currency: str = "USD", *, field: str = "amount") -> Money:
    """
    What a person typed as an amount: "150", "$1,250.50", "1.250,50 €", "1 250".

    The last point or comma with one or two digits after it (or up to the currency's own number) is the decimal sign;
    groups of three digits are thousands. What could be read two ways is refused, as are negative amounts.

    Raises: BadAmount, about `field`; UnknownCurrency.
    """
    money = Money(0, currency)
    typed = unicodedata.normalize("NFKC", text).strip().upper()
    for mark in (SIGNS.get(currency, ""), currency, "$" if currency in ("CAD", "AUD", "NZD") else ""):
        if mark and (typed.startswith(mark) or typed.endswith(mark)):
            typed = typed.removeprefix(mark).removesuffix(mark).strip()
            break
    typed = re.sub(r"(?<=[0-9])['’ ](?=[0-9]{3})", " ", typed)
    digits = exponent(currency)
    decimals = ""
    found = re.fullmatch(rf"(.*)([.,])([0-9]{{1,{digits}}})", typed) if digits else None
    if found and not (digits == 3 and found[2] == ","):
        typed, decimals = found[1], found[3]
        if found[2] in typed:
            raise BadAmount(field=field)
    if re.fullmatch(r"[0-9]+", typed):
        whole = typed
    elif (
        _GROUPED.fullmatch(typed) and not typed.startswith("0") and len(set(re.findall(r"[,. ]", typed))) == 1
    ):
        whole = re.sub(r"[,. ]", "", typed)
    elif typed == "" and decimals:
        whole = "0"
    else:
        raise BadAmount(field=field)
    cents = int(whole + decimals.ljust(digits, "0")) if len(whole) <= 15 else MOST + 1
    if cents > MOST:
        raise BadAmount("This amount is larger than can be charged here.", field=field)
    return Money(cents, money.currency)
