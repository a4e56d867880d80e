"""Matters, practice areas, stages and relationships (facts §13)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from sandbox.clio import attributes as a
from sandbox.clio import visibility
from sandbox.clio.context import Context
from sandbox.clio.errors import BadRequest, Invalid
from sandbox.clio.resources.custom_values import custom_field_values, value_filter
from sandbox.clio.resources.resource import (
    ReadOnly,
    Resource,
    column,
    contains,
    equals,
    id_or_null,
    is_true,
    linked,
    number,
)
from sandbox.clio.store import Row
from sandbox.clio.views import contact_name

#: Lower case on write and in filters, capitalized on read.
STATUS = {"open": "Open", "closed": "Closed", "pending": "Pending"}
_DATE_OF = {"Open": "open_date", "Closed": "close_date", "Pending": "pending_date"}
#: The extra webhook event of each status (facts §11).
STATUS_EVENTS = {"Open": "matter_opened", "Closed": "matter_closed", "Pending": "matter_pended"}


def _client_name(ctx: Context, row: Row) -> str:
    client = ctx.get("contacts", row["client_id"])
    return contact_name(client) if client else ""


def _text(ctx: Context, row: Row) -> str:
    return f"{row['display_number']} {row['number']} {row['description']} {_client_name(ctx, row)}".casefold()


def _status(ctx: Context, value: str, args: Any) -> Callable[[Row], bool]:
    wanted = {STATUS.get(word.strip()) for word in value.split(",")}
    if None in wanted:
        raise BadRequest(f"status: {value!r} is not valid.")
    return lambda row: row["status"] in wanted


def _dates(name: str) -> Callable[[Context, list[str]], Callable[[Row], bool]]:
    def make(ctx: Context, values: list[str]) -> Callable[[Row], bool]:
        tests = []
        for value in values:
            match = re.fullmatch(r"(=|<=|>=|<|>)(\d{4}-\d{2}-\d{2})", value)
            if match is None:
                raise BadRequest(f"{name}: {value!r} is not valid.")
            tests.append((match[1], match[2]))
        return lambda row: bool(row[name]) and all(_COMPARE[op](row[name], day) for op, day in tests)

    return make


_COMPARE: dict[str, Callable[[str, str], bool]] = {
    "=": lambda x, y: x == y,
    "<": lambda x, y: x < y,
    ">": lambda x, y: x > y,
    "<=": lambda x, y: x <= y,
    ">=": lambda x, y: x >= y,
}


class Matters(Resource):
    path = table = "matters"
    shape = "Matter"
    model = "matter"
    required = ("client", "description")
    orders = {
        name: column(name)
        for name in [
            "id",
            "display_number",
            "custom_number",
            "open_date",
            "close_date",
            "pending_date",
            "updated_at",
            "created_at",
            "matter_stage_updated_at",
        ]
    } | {
        "client.name": _client_name,
        "clients": _client_name,
        "practice_area.name": linked("practice_areas", "practice_area_id", "name"),
        "matter_stage.name": linked("matter_stages", "matter_stage_id", "name"),
        "responsible_attorney.name": linked("users", "responsible_attorney_id", "name"),
        "originating_attorney.name": linked("users", "originating_attorney_id", "name"),
        "statute_of_limitations.due_at": column("statute_of_limitations"),
        "grants": column("grants"),
    }
    filters = {
        "client_id": equals("client_id", number),
        "status": _status,
        "query": contains(_text),
        "billable": is_true(lambda ctx, row: row["billable"]),
        "practice_area_id": equals("practice_area_id", number),
        "responsible_attorney_id": equals("responsible_attorney_id", number),
        "originating_attorney_id": equals("originating_attorney_id", number),
        "responsible_staff_id": equals("responsible_staff_id", number),
    }
    list_filters = {
        "open_date[]": _dates("open_date"),
        "close_date[]": _dates("close_date"),
        "pending_date[]": _dates("pending_date"),
        "custom_field_values": value_filter,
    }
    defaults = {
        **dict.fromkeys(
            [
                "practice_area_id",
                "matter_stage_id",
                "responsible_attorney_id",
                "originating_attorney_id",
                "responsible_staff_id",
                "open_date",
                "close_date",
                "pending_date",
                "location",
                "client_reference",
                "display_number",
                "custom_number",
            ]
        ),
        "billable": True,
        "billing_method": "hourly",
        "custom_field_values": [],
        "has_tasks": False,
        "shared": False,
    }
    attributes = {
        "client": a.ref("contacts", "client_id", nullable=False),
        "description": a.text,
        "status": a.choice(**STATUS),
        "display_number": a.text,
        "location": a.text,
        "client_reference": a.text,
        "billable": a.flag,
        "open_date": a.day,
        "close_date": a.day,
        "pending_date": a.day,
        "practice_area": a.ref("practice_areas", "practice_area_id"),
        "matter_stage": a.ref("matter_stages", "matter_stage_id"),
        "responsible_attorney": a.ref("users", "responsible_attorney_id"),
        "originating_attorney": a.ref("users", "originating_attorney_id"),
        "responsible_staff": a.ref("users", "responsible_staff_id"),
        "custom_rate": a.kept,
        "custom_field_values": custom_field_values("Matter"),
        **dict.fromkeys(
            [
                "currency",
                "custom_field_set_associations",
                "evergreen_retainer",
                "group",
                "kyc_field_values",
                "matter_budget",
                "relationships",
                "reset_matter_number",
                "split_invoice_payers",
                "statute_of_limitations",
                "task_template_list_instances",
            ],
            a.ignored,
        ),
    }

    def visible(self, ctx: Context, row: Row) -> bool:
        return visibility.sees_matter(ctx, row)

    def check(self, ctx: Context, row: Row, before: Row | None, data: dict[str, Any]) -> None:
        if not (row.get("description") or "").strip():
            raise Invalid("description can't be blank.")
        if before is None:
            row.setdefault("status", ctx.quirk("default_matter_status"))
            row["number"] = 1 + max((m["number"] for m in ctx.store["matters"].of(ctx.account_id)), default=0)
        elif row["display_number"] != before["display_number"] and not data.get("reset_matter_number"):
            # Published note on PATCH: the number only changes with reset_matter_number (facts §1).
            row["display_number"] = before["display_number"]
        if "display_number" in data and not ctx.account["manual_numbering"]:
            row["display_number"] = before["display_number"] if before else None
        if not row["display_number"]:
            client = ctx.get("contacts", row["client_id"])
            name = (client.get("last_name") or contact_name(client)) if client else ""
            row["display_number"] = f"{row['number']:05d}-{re.sub(r'[^0-9A-Za-zÀ-ž]+', '', name)}"
        if before is None or row["status"] != before["status"]:
            dated = _DATE_OF[row["status"]]
            today = ctx.when(ctx.now)
            row[dated] = row[dated] or (today and today[:10])

    def created(self, ctx: Context, row: Row) -> None:
        client = ctx.store["contacts"].get(row["client_id"])
        if client is not None:
            client["text_rev"] = None

    def deleted(self, ctx: Context, row: Row) -> None:
        """Its tasks and notes go too; entries, activities and contacts stay, without a matter (facts §10)."""
        for table in ("tasks", "notes", "relationships"):
            for other in list(ctx.store[table].of(ctx.account_id)):
                if other.get("matter_id") == row["id"]:
                    ctx.store[table].remove(other["id"])
        for table in ("calendar_entries", "activities"):
            for other in ctx.store[table].of(ctx.account_id):
                if other.get("matter_id") == row["id"]:
                    other["matter_id"] = None
                    ctx.store.touch(other, ctx.now)


class PracticeAreas(Resource):
    path = table = "practice_areas"
    shape = "PracticeArea"
    required = ("name",)
    orders = {name: column(name) for name in ("id", "code", "created_at", "name", "updated_at")}
    filters = {
        "code": equals("code"),
        "name": contains(lambda ctx, row: row["name"].casefold()),
        "matter_id": lambda ctx, value, args: (
            lambda row: (ctx.get("matters", number(value)) or {}).get("practice_area_id") == row["id"]
        ),
    }
    defaults = {"code": None, "category": None}
    attributes = {"name": a.text, "code": a.text, "category": a.text}


class MatterStages(ReadOnly):
    path = table = "matter_stages"
    shape = "MatterStage"
    filters = {"practice_area_id": equals("practice_area_id")}


class Relationships(Resource):
    path = table = "relationships"
    shape = "Relationship"
    required = ("contact", "matter")
    filters = {"contact_id": id_or_null("contact_id"), "matter_id": id_or_null("matter_id")}
    defaults = {"description": None}
    attributes = {
        "contact": a.ref("contacts", "contact_id", nullable=False),
        "matter": a.ref("matters", "matter_id", nullable=False),
        "description": a.text,
    }
