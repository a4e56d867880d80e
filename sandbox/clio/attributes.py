"""What may be written, attribute by attribute: readers that check a JSON value and say which columns it sets."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

from sandbox.clio.context import Context
from sandbox.clio.errors import Invalid

#: (context, attribute, value) -> columns to set. Raises Invalid.
Reader = Callable[[Context, str, Any], dict[str, Any]]


def text(ctx: Context, name: str, value: Any) -> dict[str, Any]:
    if value is not None and not isinstance(value, str):
        raise Invalid(f"{name} must be a string.")
    return {name: value}


def number(ctx: Context, name: str, value: Any) -> dict[str, Any]:
    if value is not None and (
        isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value)
    ):
        raise Invalid(f"{name} must be a number.")
    return {name: value}


def whole(ctx: Context, name: str, value: Any) -> dict[str, Any]:
    if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
        raise Invalid(f"{name} must be an integer.")
    return {name: value}


def flag(ctx: Context, name: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, bool):
        raise Invalid(f"{name} must be true or false.")
    return {name: value}


def day(ctx: Context, name: str, value: Any) -> dict[str, Any]:
    if value in (None, ""):
        return {name: None}
    try:
        return {name: date.fromisoformat(value).isoformat()}
    except (TypeError, ValueError):
        raise Invalid(f"{name} is not a valid date.") from None


def day_or_instant(ctx: Context, name: str, value: Any) -> dict[str, Any]:
    """Typed date-time on write and date on read (a task's `due_at`, facts §18)."""
    if value in (None, ""):
        return {name: None}
    if isinstance(value, str) and len(value) == 10:
        return day(ctx, name, value)
    return {name: datetime.fromtimestamp(seconds_of(ctx, name, value), ctx.zone).date().isoformat()}


def instant(ctx: Context, name: str, value: Any) -> dict[str, Any]:
    return {name: None if value is None else seconds_of(ctx, name, value)}


def seconds_of(ctx: Context, name: str, value: Any) -> int:
    """ISO 8601 to seconds; without an offset it is taken in the user's zone (`[?]`, send an offset)."""
    try:
        if not isinstance(value, str):
            raise TypeError
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise Invalid(f"{name} is not a valid ISO 8601 time.") from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=ctx.zone)
    if moment.year < 1900:
        moment = datetime(1900, 1, 1, tzinfo=UTC)
    return int(moment.timestamp())


def choice(**shown: str) -> Reader:
    """One of the words given; stored as its value, since Clio writes some words otherwise than it reads them."""

    def read(ctx: Context, name: str, value: Any) -> dict[str, Any]:
        if not isinstance(value, str) or value not in shown:
            raise Invalid(f"{value!r} is not a valid {name}.")
        return {name: shown[value]}

    return read


def words(*allowed: str) -> Reader:
    return choice(**{word: word for word in allowed})


def colour(allowed: tuple[str, ...]) -> Reader:
    def read(ctx: Context, name: str, value: Any) -> dict[str, Any]:
        if value not in allowed:
            raise Invalid(f"{value!r} is not a valid {name}.")
        return {name: value}

    return read


def ref(table: str, column: str, *, nullable: bool = True) -> Reader:
    """``{"id": n}`` of a row the account has; ``{"id": null}`` or null lets go."""

    def read(ctx: Context, name: str, value: Any) -> dict[str, Any]:
        row_id = value.get("id") if isinstance(value, dict) else value
        if row_id is None and nullable:
            return {column: None}
        if isinstance(row_id, str) and row_id.isdigit():
            row_id = int(row_id)
        if ctx.get(table, row_id) is None:
            raise Invalid(f"{name} with id {row_id} could not be found.")
        return {column: row_id}

    return read


def kept(ctx: Context, name: str, value: Any) -> dict[str, Any]:
    """Accepted and remembered under its own name, without further meaning here."""
    return {f"raw_{name}": value}


def ignored(ctx: Context, name: str, value: Any) -> dict[str, Any]:
    return {}


def items(
    label: dict[str, Reader],
    *,
    default: str | None = None,
    limit: int | None = None,
    what: str = "items",
) -> Reader:
    """
    A nested list with PATCH's rules (facts §12, [D]): with `id` changes, without adds, `_destroy` removes, others stay.

    `default` names the write attribute that makes an item the primary one (`default_email`, shown as `primary`).
    """

    def read(ctx: Context, name: str, value: Any) -> dict[str, Any]:
        if not isinstance(value, list):
            raise Invalid(f"{name} must be a list.")
        return {name: lambda current: _merged(ctx, name, value, list(current or []), label, default, limit)}

    return read


def _merged(
    ctx: Context,
    name: str,
    written: list[Any],
    current: list[dict[str, Any]],
    readers: dict[str, Reader],
    default: str | None,
    limit: int | None,
) -> list[dict[str, Any]]:
    current = [dict(item) for item in current]
    for change in written:
        if not isinstance(change, dict):
            raise Invalid(f"{name} must hold objects.")
        item = None
        if change.get("id") is not None:
            item = next((i for i in current if i["id"] == change["id"]), None)
            if item is None:
                raise Invalid(f"{name} with id {change['id']} could not be found.")
            if change.get("_destroy"):
                current.remove(item)
                continue
        elif change.get("_destroy"):
            continue
        columns: dict[str, Any] = {}
        for key, inner in change.items():
            if key in readers:
                columns |= readers[key](ctx, key, inner)
        if item is None:
            item = ctx.store.new_row(ctx.account_id, ctx.now, name=None) | {"primary": not current}
            current.append(item)
        changed = any(item.get(key) != inner for key, inner in columns.items())
        item.update(columns)
        if default and default in change and bool(change[default]) != item["primary"]:
            changed = True
            for other in current:
                other["primary"] = (other is item) if change[default] else other["primary"]
        if changed and "id" in change:
            ctx.store.touch(item, ctx.now)
    if limit is not None and len(current) > limit:
        # 4.0.13, [D 12]
        raise Invalid(f"A contact can have at most {limit} {name.replace('_', ' ')}.")
    if current and not any(item["primary"] for item in current):
        current[0]["primary"] = True
    return current
