"""Time zones, countries and currencies to choose from."""

from __future__ import annotations

from functools import lru_cache
from importlib import resources

#: What fees can be asked in, by code.
CURRENCIES: dict[str, str] = {
    "USD": "US dollar",
    "CAD": "Canadian dollar",
    "GBP": "Pound sterling",
    "EUR": "Euro",
    "AUD": "Australian dollar",
    "NZD": "New Zealand dollar",
    "CHF": "Swiss franc",
    "DKK": "Danish krone",
    "HKD": "Hong Kong dollar",
    "ILS": "Israeli shekel",
    "INR": "Indian rupee",
    "JPY": "Japanese yen",
    "MXN": "Mexican peso",
    "NOK": "Norwegian krone",
    "SEK": "Swedish krona",
    "SGD": "Singapore dollar",
    "ZAR": "South African rand",
}

#: The countries most of Clio's firms are in come first, so that nobody scrolls for them.
FIRST_COUNTRIES = ("US", "CA", "GB", "IE", "AU", "NZ")

#: Where the table says it shorter than people do.
RENAMED = {"GB": "United Kingdom"}

Choices = list[tuple[str, str]]


def _table(name: str) -> list[str]:
    """The lines of a table that comes with the time zone database."""
    text = resources.files("tzdata").joinpath("zoneinfo", name).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


@lru_cache(maxsize=1)
def zones() -> list[tuple[str, Choices]]:
    """The places of the time zone database, by area; "UTC" before them."""
    areas: dict[str, Choices] = {}
    for line in _table("zone.tab"):
        name = line.split("\t")[2]
        area, _, place = name.partition("/")
        areas.setdefault(area, []).append((name, place.replace("_", " ").replace("/", ", ")))
    return [
        ("Everywhere", [("UTC", "UTC")]),
        *((area, sorted(names)) for area, names in sorted(areas.items())),
    ]


def zones_with(current: str) -> list[tuple[str, Choices]]:
    """The zones, and `current` too when it is an older name that is no longer offered."""
    known = zones()
    if not current or any(name == current for _, names in known for name, _ in names):
        return known
    return [("Now", [(current, current.replace("_", " "))]), *known]


@lru_cache(maxsize=1)
def country_names() -> dict[str, str]:
    """English names by two-letter code, from the table that comes with the time zones."""
    rows = (line.split("\t") for line in _table("iso3166.tab"))
    return dict(rows) | RENAMED


@lru_cache(maxsize=1)
def countries() -> Choices:
    names = country_names()
    rest = sorted((name, code) for code, name in names.items() if code not in FIRST_COUNTRIES)
    return [(code, names[code]) for code in FIRST_COUNTRIES] + [(code, name) for name, code in rest]


def currencies_with(current: str) -> Choices:
    known = [(code, f"{name} ({code})") for code, name in CURRENCIES.items()]
    return known if not current or current in CURRENCIES else [(current, current), *known]


@lru_cache(maxsize=1)
def holiday_countries() -> Choices:
    """The countries whose public holidays are known, those of `FIRST_COUNTRIES` first."""
    known, names = _holiday_parts(), country_names()
    rest = sorted((names[code], code) for code in known if code in names and code not in FIRST_COUNTRIES)
    return [(code, names[code]) for code in FIRST_COUNTRIES if code in known] + [
        (code, name) for name, code in rest
    ]


@lru_cache(maxsize=300)
def subdivisions(country: str) -> Choices:
    """The parts of a country with holidays of their own, by name; empty when there are none."""
    parts = _holiday_parts().get(country, [])
    if not parts:
        return []
    import holidays

    names = {code: name for name, code in holidays.country_holidays(country).subdivisions_aliases.items()}
    return sorted(((code, names.get(code, code)) for code in parts), key=lambda choice: choice[1])


@lru_cache(maxsize=1)
def _holiday_parts() -> dict[str, list[str]]:
    import holidays  # slow to import, and most requests need none

    return holidays.list_supported_countries(include_aliases=False)
