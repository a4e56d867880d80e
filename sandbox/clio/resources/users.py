"""Users of the firm: read only (facts §16)."""

from __future__ import annotations

from sandbox.clio.context import Context
from sandbox.clio.resources.resource import ReadOnly, column, contains, equals, is_true
from sandbox.clio.store import Row


class Users(ReadOnly):
    path = table = "users"
    shape = "User"
    max_limit = 2000
    orders = {
        name: column(name)
        for name in ("id", "enabled", "name", "first_name", "last_name", "subscription_type")
    } | {"initials": lambda ctx, row: "".join(w[0] for w in row["name"].split())}
    filters = {
        "enabled": is_true(lambda ctx, row: row["enabled"]),
        "name": contains(lambda ctx, row: row["name"].casefold()),
        # Lower case in the filter, mixed case in the answer (facts §13).
        "subscription_type": equals("filter_subscription"),
        "role": lambda ctx, value, args: lambda row: value in (r.casefold() for r in row["roles"]),
        "pending_setup": is_true(lambda ctx, row: False),
    }

    def find(self, ctx: Context, row_id: str) -> Row:
        return ctx.user if row_id == "who_am_i" else super().find(ctx, row_id)
