"""Activities (time and expense entries), their categories, and the billing settings (facts §14)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sandbox.clio import attributes as a
from sandbox.clio.context import Context
from sandbox.clio.errors import BadRequest, Forbidden, Invalid
from sandbox.clio.resources.resource import (
    Resource,
    column,
    contains,
    equals,
    id_or_null,
    is_true,
    linked,
    number,
    truth,
)
from sandbox.clio.store import Row
from sandbox.clio.views import BILLED_STATES, bill_of, total

STATUSES: dict[str, Callable[[Context, Row], bool]] = {
    "billed": lambda ctx, row: (bill := bill_of(ctx, row)) is not None and bill["state"] in BILLED_STATES,
    "draft": lambda ctx, row: (bill := bill_of(ctx, row)) is not None and bill["state"] not in BILLED_STATES,
    "unbilled": lambda ctx, row: bill_of(ctx, row) is None and not row["non_billable"],
    "non_billable": lambda ctx, row: row["non_billable"],
    "billable": lambda ctx, row: not row["non_billable"],
    "written_off": lambda ctx, row: False,
}


def _status(ctx: Context, value: str, args: Any) -> Callable[[Row], bool]:
    if value not in STATUSES:
        raise BadRequest(f"status: {value!r} is not valid.")
    return lambda row: STATUSES[value](ctx, row)


def _date(test: Callable[[str, str], bool]) -> Any:
    def make(ctx: Context, value: str, args: Any) -> Callable[[Row], bool]:
        wanted = value[:10]
        return lambda row: test(row["date"], wanted)

    return make


class Activities(Resource):
    path = table = "activities"
    shape = "Activity"
    model = "activity"
    required = ("type", "date")
    orders = {
        name: column(name) for name in ("id", "price", "type", "date", "note", "updated_at", "non_billable")
    } | {
        "total": lambda ctx, row: total(ctx, row),
        "non_billable_total": lambda ctx, row: total(ctx, row) if row["non_billable"] else 0,
        "user.name": linked("users", "user_id", "name"),
        "display_number": linked("matters", "matter_id", "display_number"),
        "vendor.name": column("vendor"),
        "expense_category.name": column("expense_category"),
    }
    filters = {
        "calendar_entry_id": id_or_null("calendar_entry_id"),
        "matter_id": id_or_null("matter_id"),
        "user_id": equals("user_id", number),
        "type": equals("type"),
        "status": _status,
        "start_date": _date(lambda have, want: have >= want),
        "end_date": _date(lambda have, want: have <= want),
        "query": contains(lambda ctx, row: (row["note"] or "").casefold()),
        "activity_description_id": id_or_null("activity_description_id"),
        "task_id": id_or_null("task_id"),
        "flat_rate": is_true(lambda ctx, row: row["flat_rate"]),
    }
    defaults = {
        **dict.fromkeys(
            [
                "matter_id",
                "activity_description_id",
                "calendar_entry_id",
                "task_id",
                "matter_note_id",
                "contact_note_id",
                "bill_id",
                "note",
                "reference",
                "price",
                "quantity",
            ]
        ),
        "flat_rate": False,
        "non_billable": False,
        "no_charge": False,
        "tax_setting": "no_tax",
        "contingency_fee": False,
    }
    attributes = {
        "type": a.words("TimeEntry", "ExpenseEntry", "HardCostEntry", "SoftCostEntry"),
        "date": a.day,
        "user": a.ref("users", "user_id"),
        "matter": a.ref("matters", "matter_id"),
        "quantity": a.number,
        "price": a.number,
        "note": a.text,
        "reference": a.text,
        "activity_description": a.ref("activity_descriptions", "activity_description_id"),
        "calendar_entry": a.ref("calendar_entries", "calendar_entry_id"),
        "task": a.ref("tasks", "task_id"),
        "matter_note": a.ref("notes", "matter_note_id"),
        "contact_note": a.ref("notes", "contact_note_id"),
        "non_billable": a.flag,
        "no_charge": a.flag,
        "tax_setting": a.words("no_tax", "tax_1_only", "tax_2_only", "tax_1_and_tax_2"),
        **dict.fromkeys(
            [
                "client_portal",
                "communication",
                "expense_category",
                "start_timer",
                "tax_settings",
                "text_message_conversation",
                "utbms_expense",
                "vendor",
            ],
            a.ignored,
        ),
    }

    def update(self, ctx: Context, row: Row, data: dict[str, Any], if_match: str | None = None) -> Row:
        bill = bill_of(ctx, row)
        if bill is not None:
            # Locked by any bill, draft included ([O 21]).
            raise Invalid("The activity has been billed and can't be changed.")
        if "type" in data:
            # Declared writable, observed refused (facts §14).
            raise Invalid("type is read-only.")
        if "quantity" in data and ctx.user["id"] in row.get("hours_hidden_from", ()):
            raise Forbidden("The quantity of this activity is redacted.")  # 4.0.8
        return super().update(ctx, row, data, if_match)

    def check(self, ctx: Context, row: Row, before: Row | None, data: dict[str, Any]) -> None:
        if not row.get("date"):
            raise Invalid("date can't be blank.")
        if (row["quantity"] or 0) < 0:
            raise Invalid("quantity must not be negative.")
        if before is None:
            row["user_id"] = row.get("user_id") or ctx.user["id"]
            if row["quantity"] is None:
                row["quantity"] = 0.0 if row["type"] == "TimeEntry" else 1.0
            matter = ctx.get("matters", row["matter_id"])
            if matter is not None and "non_billable" not in data:
                flat = matter["billing_method"] != "hourly" and ctx.account["flat_matters_non_billable"]
                row["non_billable"] = not matter["billable"] or flat
        moved = before is not None and any(
            row[c] != before[c] for c in ("user_id", "matter_id", "activity_description_id")
        )
        # Changing user, matter or category without a price resets the rate (facts §14).
        if data.get("price") is None and (before is None or moved):
            row["price"], row["flat_rate"] = rate_for(ctx, row)

    def may_delete(self, ctx: Context, row: Row) -> None:
        bill = bill_of(ctx, row)
        refuse = ctx.quirk("delete_billed_activity") == "refuse"
        if bill is not None and bill["state"] in BILLED_STATES and refuse:
            raise Invalid("The activity has been billed and can't be deleted.")

    def deleted(self, ctx: Context, row: Row) -> None:
        """On a draft bill the line goes with it ([O 21])."""
        bill = ctx.store["bills"].get(row.get("bill_id"))
        if bill is not None:
            bill["activity_ids"] = [i for i in bill["activity_ids"] if i != row["id"]]
            ctx.store.touch(bill, ctx.now)


def rate_for(ctx: Context, row: Row) -> tuple[float | None, bool]:
    """Price and whether it is flat, by Clio's rules: activity category, matter, client, user (facts §14)."""
    category = ctx.get("activity_descriptions", row["activity_description_id"])
    rate = (category or {}).get("rate") or {}
    if rate.get("type") in ("FlatRate", "Custom") and rate.get("amount") is not None:
        return float(rate["amount"]), rate["type"] == "FlatRate"
    matter = ctx.get("matters", row["matter_id"])
    for custom in ((matter or {}).get("raw_custom_rate") or {}).get("rates", []):
        if (custom.get("user") or {}).get("id") == row["user_id"]:
            return float(custom["rate"]), False
    user = ctx.get("users", row["user_id"])
    return (float(user["rate"]) if user and user["rate"] is not None else None), False


class ActivityDescriptions(Resource):
    path = table = "activity_descriptions"
    shape = "ActivityDescription"
    required = ("name",)
    filters = {
        "type": equals("type"),
        "flat_rate": lambda ctx, value, args: (
            lambda row: ((row["rate"] or {}).get("type") == "FlatRate") == truth(value)
        ),
    }
    defaults = {"rate": None, "default": False, "visible_to_co_counsel": False, "type": "ActivityDescription"}
    attributes = {
        "name": a.text,
        "default": a.flag,
        "visible_to_co_counsel": a.flag,
        "rate": lambda ctx, name, value: {"rate": value | {"hierarchy": "Activity"}},
        "groups": a.ignored,
        "currency": a.ignored,
    }


def billing_settings(ctx: Context) -> Row:
    """`GET /settings/billing.json`: the account's rounding and what goes with it."""
    account = ctx.account
    return {
        "id": account["id"],
        "etag": account["etag"],
        "created_at": account["created_at"],
        "updated_at": account["updated_at"],
        "rounding": account["rounding"],
        "rounded_duration": None,
        "use_decimal_rounding": account["use_decimal_rounding"],
        "currency": account["currency"],
        "currency_sign": account["currency_sign"],
        "time_on_flat_rate_contingency_matters_is_non_billable": account["flat_matters_non_billable"],
        "tax_rate": 0.0,
        "use_secondary_tax": False,
        "use_utbms_codes": False,
        "multi_currency_billing": False,
    }
