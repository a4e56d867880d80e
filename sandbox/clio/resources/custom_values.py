"""Custom field values on contacts and matters: written by definition id, changed by their own composite id (facts §12)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sandbox.clio.attributes import Reader
from sandbox.clio.context import Context
from sandbox.clio.errors import Invalid
from sandbox.clio.store import Row


def custom_field_values(parent: str) -> Reader:
    def read(ctx: Context, name: str, value: Any) -> dict[str, Any]:
        if not isinstance(value, list):
            raise Invalid(f"{name} must be a list.")
        return {name: lambda current: _merged(ctx, parent, value, list(current or []))}

    return read


def _merged(ctx: Context, parent: str, written: list[Any], current: list[Row]) -> list[Row]:
    current = [dict(item) for item in current]
    for change in written:
        item = _find(ctx, parent, change, current)
        if change.get("_destroy"):
            current = [other for other in current if other is not item]
            continue
        if item.get("value") != change.get("value"):
            item["value"] = None if change.get("value") is None else str(change["value"])
            ctx.store.touch(item, ctx.now)
    return current


def _find(ctx: Context, parent: str, change: dict[str, Any], current: list[Row]) -> Row:
    """The value meant: by its composite id, or a new one for a definition (a definition id is never a value id)."""
    if change.get("id") is not None:
        for item in current:
            if item["id"] == change["id"]:
                return item
        raise Invalid(f"custom_field_values with id {change['id']} could not be found.")
    field = ctx.get("custom_fields", (change.get("custom_field") or {}).get("id"))
    if field is None or field["parent_type"] != parent:
        raise Invalid("custom_field_values: custom_field could not be found.")
    if any(item["custom_field_id"] == field["id"] for item in current):
        raise Invalid(f"custom_field_values: {field['name']} already has a value.")
    item = ctx.store.new_row(
        ctx.account_id, ctx.now, custom_field_id=field["id"], value=None, soft_deleted=False
    )
    item["id"] = f"{field['field_type']}-{item['id']}"
    current.append(item)
    return item


def value_filter(ctx: Context, pairs: list[str]) -> Callable[[Row], bool]:
    """`custom_field_values[<id>]=<op><value>`, as pairs "<id> <op><value>"; ops: = < > <= >= (contains: ~)."""
    wanted = []
    for pair in pairs:
        field_id, _, text = pair.partition(" ")
        op = next((o for o in ("<=", ">=", "=", "<", ">") if text.startswith(o)), "")
        wanted.append((int(field_id) if field_id.isdigit() else -1, op or "=", text[len(op) :]))

    def keep(row: Row) -> bool:
        values = {item["custom_field_id"]: item["value"] or "" for item in row["custom_field_values"]}
        return all(_OPS[op](values.get(field_id, ""), text) for field_id, op, text in wanted)

    return keep


_OPS: dict[str, Callable[[str, str], bool]] = {
    "=": lambda have, want: have == want,
    "<": lambda have, want: have < want,
    ">": lambda have, want: have > want,
    "<=": lambda have, want: have <= want,
    ">=": lambda have, want: have >= want,
}
