"""Zones and the days on which their clocks change: every test that names a zone runs on them too."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

#: A plain day, the day clocks go forward, the day they go back. Kathmandu moved once, by a quarter of an hour; Lord Howe
#: moves by half an hour; Apia has stopped moving, and skipped 30 December 2011 altogether.
DAYS: dict[str, tuple[date, ...]] = {
    "America/Denver": (date(2026, 6, 17), date(2026, 3, 8), date(2026, 11, 1)),
    "America/New_York": (date(2026, 6, 17), date(2026, 3, 8), date(2026, 11, 1)),
    "Europe/London": (date(2026, 6, 17), date(2026, 3, 29), date(2026, 10, 25)),
    "Australia/Lord_Howe": (date(2026, 6, 17), date(2026, 10, 4), date(2026, 4, 5)),
    "Asia/Kathmandu": (date(2026, 6, 17), date(1986, 1, 1)),
    "Pacific/Apia": (
        date(2026, 6, 17),
        date(2020, 9, 27),
        date(2021, 4, 4),
        date(2011, 12, 29),
        date(2011, 12, 30),
    ),
}

#: Run a test as `test(zone, day)` on each of them.
on_changeovers = pytest.mark.parametrize(
    ("zone", "day"),
    [pytest.param(zone, day, id=f"{zone}-{day}") for zone, days in DAYS.items() for day in days],
)

in_every_zone = pytest.mark.parametrize("zone", list(DAYS))


def utc(text: str) -> datetime:
    """An instant written as "2026-11-24 21:30"."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def minutes(number: float) -> timedelta:
    return timedelta(minutes=number)


def hours(number: float) -> timedelta:
    return timedelta(hours=number)
