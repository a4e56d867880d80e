"""What Clio will bill for a time entry, in a sentence, before it is sent."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from daybook.core import billing
from daybook.core.money import Money

#: Clio's word for a category that costs the same however long it takes.
FLAT = "FlatRate"


@dataclass(frozen=True, slots=True)
class CategoryRate:
    """What a category of Clio's charges by itself, in cents."""

    cents: int
    flat: bool


def category_rates(text: str) -> dict[str, CategoryRate]:
    """The rates as the page carries them: "5:40000,7:25000:flat". What cannot be read is left out."""
    rates = {}
    for part in text.split(",")[:200]:
        key, _, rest = part.partition(":")
        cents, _, kind = rest.partition(":")
        if key and cents.isascii() and cents.isdigit() and len(cents) < 12:
            rates[key] = CategoryRate(int(cents), kind == "flat")
    return rates


def carried(rates: dict[str, CategoryRate]) -> str:
    """The other way."""
    return ",".join(f"{key}:{rate.cents}{':flat' if rate.flat else ''}" for key, rate in rates.items())


def sentence(
    *,
    seconds: int,
    currency: str,
    rounding_minutes: int | None,
    typed_cents: int | None,
    category: CategoryRate | None,
    usual_cents: int | None,
    billable: bool,
) -> str:
    """
    "Clio will bill 0.5 h × $320 = $160". A typed rate goes first, then the category's, then the lawyer's usual one:
    the order in which Clio takes them. Without any, Clio's own rules decide and no amount is promised.
    """
    plain = billing.preview(seconds, rounding_minutes=rounding_minutes)
    hours = f"{_plain(plain.hours)} h"
    if not billable:
        return f"Clio will record {hours}, not billable"
    if typed_cents is None and category is not None and category.flat:
        return f"Clio will bill {Money(category.cents, currency)}, whatever the time"
    by_category = category.cents if category is not None and not category.flat else None
    cents = next((one for one in (typed_cents, by_category, usual_cents) if one is not None), None)
    if cents is None:
        return f"Clio will bill {hours} at the rate it has for this matter"
    rate = Money(cents, currency)
    done = billing.preview(seconds, rounding_minutes=rounding_minutes, rate=rate)
    return f"Clio will bill {hours} × {rate} = {done.amount}"


def _plain(hours: Decimal) -> str:
    """0.50 as 0.5, 2.00 as 2."""
    return f"{hours.normalize():f}"
