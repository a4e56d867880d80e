"""Writing Clio's JSON: only what is to change is sent."""

import enum
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any, Final


class Keep(enum.Enum):
    """The value of an argument that is to stay as it is, where None means "empty it"."""

    KEEP = "keep"


KEEP: Final = Keep.KEEP


def number(id: str) -> int:
    """An id as the number Clio's file wants in a body. Raises `ValueError` for an id that is none."""
    return int(id)


def either(id: str) -> int | str:
    """The id of a calendar entry, which may be a number or not."""
    return int(id) if id.isascii() and id.isdigit() else id


def link(id: str | Keep | None) -> dict[str, int | None] | Keep:
    """An association by id; None takes it away."""
    if isinstance(id, Keep):
        return KEEP
    return {"id": None if id is None else number(id)}


def amount(cents: int | Keep) -> float | Keep:
    """Cents as the amount Clio wants."""
    return KEEP if isinstance(cents, Keep) else cents / 100


def day(value: date | Keep) -> str | Keep:
    """A calendar day. Raises `ValueError` for an instant: which day that is depends on whose."""
    if isinstance(value, Keep):
        return KEEP
    if isinstance(value, datetime):
        raise ValueError("a day, not an instant")
    return value.isoformat()


def instant(value: datetime | Keep) -> str | Keep:
    """A point in time, in UTC. Raises `ValueError` for a naive one."""
    if isinstance(value, Keep):
        return KEEP
    if value.tzinfo is None:
        raise ValueError("an aware time, not a naive one")
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def changed(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values that are to be sent."""
    return {name: value for name, value in values.items() if not isinstance(value, Keep)}
