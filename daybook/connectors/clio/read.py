"""Reading Clio's JSON: what is missing, null or of another kind becomes a plain empty value, not a crash."""

# Additive changes land in all versions without notice (API versioning policy, read 2026-10), and what a user may not
# see comes back as null (changelog 4.0.12, 2025-06-24). Only what nothing can be done without is insisted upon.

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from daybook.connectors.clio.oauth import PROVIDER
from daybook.connectors.errors import Garbled

Record = dict[str, Any]


def record(value: object) -> Record:
    """Insist on an object. Raises `Garbled`."""
    if not isinstance(value, dict):
        raise Garbled(PROVIDER)
    return value


def identity(record: Record) -> str:
    """The `id`, as text whichever way it came. Raises `Garbled` when there is none."""
    value = record.get("id")
    if type(value) is int:  # what Clio sends, and asked first: every list has thousands of these
        return str(value)
    found = reference(record, "id")
    if found is None:
        raise Garbled(PROVIDER)
    return found


def reference(record: Record, name: str) -> str | None:
    """An id of something else, as text, or None."""
    value = record.get(name)
    if isinstance(value, bool) or not isinstance(value, int | str) or value == "":
        return None
    return str(value)


def inner(record: Record, name: str) -> Record | None:
    """An associated record, or None."""
    value = record.get(name)
    return value if isinstance(value, dict) else None


def inner_id(record: Record, name: str) -> str | None:
    """The id of an associated record, or None."""
    return reference(inner(record, name) or {}, "id")


def several(record: Record, name: str) -> list[Any]:
    """A list, empty when there is none."""
    value = record.get(name)
    return value if isinstance(value, list) else []


def records(record: Record, name: str) -> Iterator[Record]:
    """The associated records of a list that have an id; one without cannot be referred to."""
    for item in several(record, name):
        if isinstance(item, dict) and (type(item.get("id")) is int or reference(item, "id") is not None):
            yield item


def text(record: Record, name: str) -> str:
    """A string, empty when there is none. Numbers are written out."""
    value = record.get(name)
    if value is None:
        return ""
    if type(value) is str:
        return value
    if isinstance(value, bool):
        return ""
    return str(value) if isinstance(value, str | int | Decimal) else ""


def flag(record: Record, name: str) -> bool:
    """True if Clio says true."""
    return record.get(name) is True


def _number(record: Record, name: str) -> Decimal | None:
    value = record.get(name)
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    number = Decimal(value)
    return number if number.is_finite() and abs(number) < 10**15 else None


def whole(record: Record, name: str) -> int | None:
    """A number, to the nearest whole one, or None."""
    number = _number(record, name)
    return None if number is None else int(number.quantize(Decimal(1), ROUND_HALF_UP))


def cents(record: Record, name: str) -> int | None:
    """An amount of money in cents, or None. Clio writes 250.5 for 250.50."""
    number = _number(record, name)
    return None if number is None else int((number * 100).quantize(Decimal(1), ROUND_HALF_UP))


def instant(record: Record, name: str) -> datetime | None:
    """A point in time, in UTC, or None; Clio writes ISO 8601 with an offset."""
    parsed = _datetime(record, name)
    return None if parsed is None else parsed.astimezone(UTC)


def required_instant(record: Record, name: str) -> datetime:
    """A point in time, in UTC. Raises `Garbled` when there is none."""
    found = instant(record, name)
    if found is None:
        raise Garbled(
            PROVIDER, text="Clio shows a calendar entry without its times, so the calendar cannot be read."
        )
    return found


def day(record: Record, name: str) -> date | None:
    """A calendar day, or None."""
    try:
        return date.fromisoformat(text(record, name)[:10])
    except ValueError:
        return None


def written_day(record: Record, name: str) -> date:
    """The day as it stands in a time, in whatever offset it is written. Raises `Garbled` when there is none."""
    parsed = _datetime(record, name)
    if parsed is None:
        raise Garbled(PROVIDER)
    return parsed.date()


def _datetime(record: Record, name: str) -> datetime | None:
    try:
        parsed = datetime.fromisoformat(text(record, name))
        parsed.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return parsed if parsed.tzinfo is not None else None
