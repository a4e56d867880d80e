"""Notes, tasks, reminders, custom fields, bank accounts and payment links: kept simple (facts §16)."""

from __future__ import annotations

from typing import Any

from sandbox.clio import attributes as a
from sandbox.clio.context import Context
from sandbox.clio.errors import BadRequest, Invalid
from sandbox.clio.paging import Page
from sandbox.clio.resources.resource import (
    ReadOnly,
    Resource,
    column,
    contains,
    equals,
    id_or_null,
    is_true,
    number,
)
from sandbox.clio.store import Row

_UNITS = {"minutes": 1, "hours": 60, "days": 1440, "weeks": 10_080}


class Notes(Resource):
    path = table = "notes"
    shape = "Note"
    required = ("type",)
    orders = {
        "id": column("id"),
        "date": column("date"),
        "created_at": column("created_at"),
        "updated_at": column("updated_at"),
    }
    filters = {
        "type": equals("type"),
        "matter_id": equals("matter_id", number),
        "contact_id": equals("contact_id", number),
        "query": contains(lambda ctx, row: f"{row['subject']} {row['detail']}".casefold()),
    }
    defaults = {
        **dict.fromkeys(("matter_id", "contact_id", "subject", "detail", "date")),
        "detail_text_type": "plain_text",
        "time_entries_count": 0,
    }
    attributes = {
        "type": a.words("Matter", "Contact"),
        "matter": a.ref("matters", "matter_id"),
        "contact": a.ref("contacts", "contact_id"),
        "subject": a.text,
        "detail": a.text,
        "detail_text_type": a.words("plain_text", "rich_text"),
        "date": a.day,
        "notification_event_subscribers": a.ignored,
    }

    def page(self, ctx: Context, args: Any, lists: Any) -> Page:
        if args.get("type") not in ("Matter", "Contact"):
            raise BadRequest("type is required: Matter or Contact.")
        return super().page(ctx, args, lists)

    def check(self, ctx: Context, row: Row, before: Row | None, data: dict[str, Any]) -> None:
        wanted = "matter_id" if row["type"] == "Matter" else "contact_id"
        if row[wanted] is None:
            raise Invalid(f"{wanted.removesuffix('_id')} is required.")
        row["date"] = row["date"] or (ctx.when(ctx.now) or "")[:10]


class Tasks(Resource):
    path = table = "tasks"
    shape = "Task"
    model = "task"
    required = ("name", "description", "assignee")
    orders = {name: column(name) for name in ("id", "created_at", "due_at", "name", "priority", "updated_at")}
    filters = {
        "matter_id": id_or_null("matter_id"),
        "status": equals("status"),
        "priority": equals("priority"),
        "complete": is_true(lambda ctx, row: row["status"] == "complete"),
        "assignee_id": equals("assignee_id", number),
        "assignee_type": equals("assignee_type"),
        "query": contains(lambda ctx, row: f"{row['name']} {row['description']}".casefold()),
    }
    defaults = {
        **dict.fromkeys(("matter_id", "due_at", "completed_at", "time_estimated")),
        "status": "pending",
        "priority": "Normal",
        "permission": "public",
        "description_text_type": "plain_text",
        "notify_completion": False,
        "statute_of_limitations": False,
        "time_entries_count": 0,
    }
    attributes = {
        "name": a.text,
        "description": a.text,
        "description_text_type": a.words("plain_text", "rich_text"),
        "status": a.words("pending", "in_progress", "in_review", "complete", "draft"),
        "priority": a.words("High", "Normal", "Low"),
        "due_at": a.day_or_instant,
        "permission": a.words("private", "public"),
        "matter": a.ref("matters", "matter_id"),
        "assignee": lambda ctx, name, value: _assignee(ctx, value),
        "notify_completion": a.flag,
        "statute_of_limitations": a.flag,
        "time_estimated": a.whole,
        **dict.fromkeys(
            [
                "cascading",
                "cascading_offset",
                "cascading_offset_polarity",
                "cascading_offset_type",
                "cascading_source",
                "notify_assignee",
                "task_type",
            ],
            a.ignored,
        ),
    }

    def check(self, ctx: Context, row: Row, before: Row | None, data: dict[str, Any]) -> None:
        done = row["status"] == "complete"
        row["completed_at"] = (row["completed_at"] or ctx.now) if done else None


def _assignee(ctx: Context, value: Any) -> dict[str, Any]:
    kind = value.get("type") if isinstance(value, dict) else None
    table = {"User": "users", "Contact": "contacts"}.get(str(kind))
    if table is None or ctx.get(table, value.get("id")) is None:
        raise Invalid("assignee could not be found.")
    return {"assignee_type": kind, "assignee_id": value["id"]}


class Reminders(Resource):
    path = table = "reminders"
    shape = "Reminder"
    required = ("subject", "notification_method")
    orders = {"id": column("id"), "next_delivery_at": column("next_delivery_at")}
    filters = {"subject_id": equals("subject_id", number), "subject_type": equals("subject_type")}
    defaults = {
        "state": "scheduled",
        "next_delivery_at": None,
        "duration": 30,
        "unit": "minutes",
        "amount": 30,
    }
    attributes = {
        "duration_value": lambda ctx, name, value: {"amount": value},
        "duration_unit": lambda ctx, name, value: {"unit": a.words(*_UNITS)(ctx, name, value)[name]},
        "notification_method": lambda ctx, name, value: {"method_id": value.get("id")},
        "subject": lambda ctx, name, value: _subject(ctx, value),
    }

    def check(self, ctx: Context, row: Row, before: Row | None, data: dict[str, Any]) -> None:
        row["duration"] = row["amount"] * _UNITS[row["unit"]]
        entry = ctx.get("calendar_entries", row["subject_id"])
        row["next_delivery_at"] = entry["start"] - row["duration"] * 60 if entry else None


def _subject(ctx: Context, value: Any) -> dict[str, Any]:
    table = {"CalendarEntry": "calendar_entries", "Task": "tasks"}.get(value.get("type"))
    row_id = int(value["id"]) if str(value.get("id", "")).isdigit() else None
    if table is None or ctx.get(table, row_id) is None:
        raise Invalid("subject could not be found.")
    return {"subject_type": value["type"], "subject_id": row_id}


class CustomFields(Resource):
    path = table = "custom_fields"
    shape = "CustomField"
    required = ("name", "parent_type", "field_type")
    orders = {"id": column("id"), "name": column("name"), "display_order": column("display_order")}
    filters = {
        "parent_type": equals("parent_type"),
        "field_type": equals("field_type"),
        "deleted": is_true(lambda ctx, row: row["deleted"]),
        "query": contains(lambda ctx, row: row["name"].casefold()),
    }
    defaults = {
        "displayed": True,
        "deleted": False,
        "required": False,
        "display_order": 1,
        "picklist_options": [],
    }
    attributes = {
        "name": a.text,
        "parent_type": a.words("Contact", "Matter"),
        "field_type": a.words(
            *[
                "checkbox",
                "contact",
                "currency",
                "date",
                "time",
                "email",
                "matter",
                "numeric",
                "picklist",
                "text_area",
                "text_line",
                "url",
            ]
        ),
        "displayed": a.flag,
        "required": a.flag,
        "display_order": a.whole,
        "picklist_options": a.items({"option": a.text}),
    }

    def delete(self, ctx: Context, row: Row) -> None:
        """Only marked: the `deleted` filter shows them (facts §10)."""
        self.replace(ctx, row, row | {"deleted": True})


class BankAccounts(ReadOnly):
    path = table = "bank_accounts"
    shape = "BankAccount"
    orders = {name: column(name) for name in ("id", "account_number", "balance", "name", "type")}
    filters = {"type": equals("type")}


class PaymentLinks(Resource):
    path = "clio_payments/links"
    table = "payment_links"
    shape = "ClioPaymentsLink"
    methods = frozenset({"GET", "POST", "PATCH"})
    required = ("currency", "duration", "destination_account", "subject")
    filters = {"active": is_true(lambda ctx, row: not row["expired"] and row["expires_at"] > ctx.now)}
    defaults = {
        **dict.fromkeys(("amount", "description", "email_address", "contact_id", "redirect_url")),
        "expired": False,
        "is_allocated_as_revenue": False,
    }
    attributes = {
        "currency": a.text,
        "amount": a.number,
        "description": a.text,
        "email_address": a.text,
        "duration": lambda ctx, name, value: {"duration": a.whole(ctx, name, value)[name]},
        "destination_account": a.ref("bank_accounts", "bank_account_id", nullable=False),
        "destination_contact": a.ref("contacts", "contact_id"),
        "subject": lambda ctx, name, value: {"subject": value},
        "is_allocated_as_revenue": a.flag,
        "expired": a.flag,
    }

    def check(self, ctx: Context, row: Row, before: Row | None, data: dict[str, Any]) -> None:
        if not 0 < row["duration"] <= 7_776_000:
            raise Invalid("duration must be at most 7776000 seconds.")
        if len(row["description"] or "") > 255:
            raise Invalid("description is too long.")
        row["expires_at"] = row["created_at"] + row["duration"]
        row["url"] = f"https://app.clio.com/link/{row['id']}"


class Payments(ReadOnly):
    path = "clio_payments/payments"
    table = "payments"
    shape = "ClioPaymentsPayment"
    filters = {"state": equals("state")}
