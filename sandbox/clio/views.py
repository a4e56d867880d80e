"""From rows to answers: computed properties, associations, and the projection asked for with `fields`."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sandbox.clio import visibility
from sandbox.clio.context import Context, zone_named
from sandbox.clio.fields import Wanted
from sandbox.clio.shapes import SCALARS
from sandbox.clio.store import Row

Getter = Callable[[Context, Row], Any]


def project(ctx: Context, shape: str, row: Row, wanted: tuple[Wanted, ...]) -> dict[str, Any]:
    """The properties of `row` that were asked for, as JSON values."""
    computed = COMPUTED[shape]
    out: dict[str, Any] = {}
    for name, inner_shape, many, inner in wanted:
        getter = computed.get(name)
        value = getter(ctx, row) if getter is not None else row.get(name)
        if inner_shape is not None:
            if many:
                value = [nested(ctx, inner_shape, item, inner) for item in value or ()]
            elif value is not None:
                value = nested(ctx, inner_shape, value, inner)
        out[name] = value
    return out


def nested(ctx: Context, shape: str, row: Row, wanted: tuple[Wanted, ...]) -> dict[str, Any]:
    """An association; one the user may not see keeps its id and etag only, `redacted: true` (facts §3)."""
    sees = _VISIBLE.get(shape)
    if sees is None or sees(ctx, row):
        return project(ctx, shape, row, wanted)
    out = {w.name: row.get(w.name) if w.name in ("id", "etag") else None for w in wanted}
    return out | {"redacted": True}


_VISIBLE: dict[str, Callable[[Context, Row], bool]] = {
    "Contact": visibility.sees_contact,
    "Matter": visibility.sees_matter,
}


# --- small makers of getters ---------------------------------------------------------------------------------------


def _time(column: str) -> Getter:
    return lambda ctx, row: ctx.when(row.get(column))


def _link(table: str, column: str) -> Getter:
    """The row that `column` points to."""
    return lambda ctx, row: ctx.get(table, row.get(column))


def _nth(column: str, value: str, n: int, *, primary_first: bool = True) -> Getter:
    """`value` of the n-th item of a nested list, the primary one first."""

    def get(ctx: Context, row: Row) -> Any:
        items = row.get(column)
        if not items:
            return None
        if primary_first and len(items) > 1:
            items = sorted(items, key=lambda item: not item.get("primary"))
        if n >= len(items):
            return None
        return items[n] if value == "*" else items[n].get(value)

    return get


# --- contacts ------------------------------------------------------------------------------------------------------


def contact_name(row: Row) -> str:
    if row["type"] == "Company":
        return row.get("name") or ""
    return " ".join(p for p in (row.get("first_name"), row.get("middle_name"), row.get("last_name")) if p)


def _is_client(ctx: Context, row: Row) -> bool:
    if "clients" not in ctx.memo:
        ctx.memo["clients"] = {m.get("client_id") for m in ctx.store["matters"].of(ctx.account_id)}
    return row["id"] in ctx.memo["clients"]


def _initials(name: str) -> str:
    return "".join(word[0] for word in name.split()[:3]).upper()


_PERSON: dict[str, Getter] = {
    "name": lambda ctx, row: contact_name(row),
    "initials": lambda ctx, row: _initials(contact_name(row)),
    "is_client": _is_client,
    "is_matter_client": _is_client,
    "is_co_counsel": lambda ctx, row: False,
    "is_clio_for_client_user": lambda ctx, row: False,
    "primary_email_address": _nth("email_addresses", "address", 0),
    "secondary_email_address": _nth("email_addresses", "address", 1),
    "primary_phone_number": _nth("phone_numbers", "number", 0),
    "secondary_phone_number": _nth("phone_numbers", "number", 1),
    "primary_address": _nth("addresses", "*", 0),
    "secondary_address": _nth("addresses", "*", 1),
    "primary_web_site": _nth("web_sites", "*", 0),
    "company": _link("contacts", "company_id"),
}

# --- matters -------------------------------------------------------------------------------------------------------


def _relationships(ctx: Context, row: Row) -> list[Row]:
    return [r for r in ctx.store["relationships"].of(ctx.account_id) if r["matter_id"] == row["id"]]


# --- activities ----------------------------------------------------------------------------------------------------

#: Bill states in which an activity counts as billed (facts §14); a void or deleted bill lets go of it.
BILLED_STATES = frozenset({"awaiting_payment", "paid"})
ON_BILL_STATES = BILLED_STATES | {"draft", "awaiting_approval"}


def bill_of(ctx: Context, activity: Row) -> Row | None:
    bill = ctx.get("bills", activity.get("bill_id"))
    return bill if bill is not None and bill["state"] in ON_BILL_STATES else None


def _billed(ctx: Context, row: Row) -> bool:
    bill = bill_of(ctx, row)
    return bill is not None and (bill["state"] in BILLED_STATES or ctx.quirk("draft_counts_as_billed"))


def rounded(ctx: Context, seconds: float) -> float:
    """Rounded up to the account's increment (facts §14): with 6 minutes, 7 become 12."""
    step = ctx.account["rounding"] * 60
    return float(math.ceil(seconds / step) * step) if step and seconds else float(seconds)


def _hours(seconds: float) -> float:
    return round(seconds / 3600, 2)


def total(ctx: Context, row: Row) -> float:
    """Half a cent goes up, as a decimal number says it: floats would keep it back now and then."""
    price = Decimal(str(row["price"] or 0))
    if row["type"] != "TimeEntry":
        amount = price * Decimal(str(row["quantity"] or 1))
    elif row.get("flat_rate"):
        amount = price
    else:
        amount = price * Decimal(str(rounded(ctx, row["quantity"] or 0))) / 3600
    return float(amount.quantize(Decimal("0.01"), ROUND_HALF_UP))


def _hidden_hours(ctx: Context, row: Row) -> bool:
    return ctx.user["id"] in row.get("hours_hidden_from", ())


def _unless_hidden(get: Getter) -> Getter:
    return lambda ctx, row: None if _hidden_hours(ctx, row) else get(ctx, row)


# --- calendar entries ----------------------------------------------------------------------------------------------


def entry_id(row: Row) -> str:
    """A string on read (facts §15, [O 24]); an occurrence of a series carries `key`."""
    return row.get("key") or str(row["id"])


def _unless_redacted(get: Getter) -> Getter:
    return lambda ctx, row: None if visibility.is_redacted(ctx, row) else get(ctx, row)


def _local(column: str, part: str) -> Getter:
    """Date or time of an instant in the current user's zone (facts §15)."""

    def get(ctx: Context, row: Row) -> str | None:
        if visibility.is_redacted(ctx, row) and not ctx.quirk("redacted_entries_show_times"):
            return None
        local = datetime.fromtimestamp(_shown(ctx, row, column), ctx.zone)
        return local.date().isoformat() if part == "date" else local.strftime("%H:%M:%S")

    return get


def _entry_time(column: str) -> Getter:
    def get(ctx: Context, row: Row) -> str | None:
        if not ctx.quirk("redacted_entries_show_times") and visibility.is_redacted(ctx, row):
            return None
        return ctx.when(_shown(ctx, row, column))

    return get


def _shown(ctx: Context, row: Row, column: str) -> int:
    """An all-day entry has no instant of its own; it is shown at midnight of its own zone."""
    if column == "end" and row["all_day"] and ctx.quirk("all_day_end") == "inclusive":
        last_day = datetime.fromtimestamp(row[column], zone_named(row["zone"])) - timedelta(days=1)
        return int(last_day.timestamp())
    return row[column]


def _attendees(ctx: Context, row: Row) -> list[Row]:
    return [shown for a in row["attendees"] if (shown := _attendee(ctx, a)) is not None]


def _attendee(ctx: Context, attendee: dict[str, Any]) -> Row | None:
    if attendee["type"] == "Contact":
        contact = ctx.get("contacts", attendee["id"])
        if contact is None:
            return None
        email = _PERSON["primary_email_address"](ctx, contact)
        return contact | {"type": "Contact", "name": contact_name(contact), "email": email, "enabled": True}
    calendar = ctx.get("calendars", attendee["id"])
    if calendar is None:
        return None
    owner = ctx.get("users", calendar["creator_id"])
    return calendar | {"type": "Calendar", "email": owner and owner["email"], "enabled": True}


def _entry_permission(ctx: Context, row: Row) -> str:
    return visibility.permission_on_entry(ctx, row)


def _time_entries(column: str) -> Getter:
    def get(ctx: Context, row: Row) -> list[Row]:
        return [a for a in ctx.store["activities"].of(ctx.account_id) if a.get(column) == row["id"]]

    return get


_ENTRY: dict[str, Getter] = {
    "id": lambda ctx, row: entry_id(row),
    "start_at": _entry_time("start"),
    "end_at": _entry_time("end"),
    "start_date": _local("start", "date"),
    "end_date": _local("end", "date"),
    "start_time": _local("start", "time"),
    "end_time": _local("end", "time"),
    "start_at_time_zone": lambda ctx, row: row["zone"],
    "calendar_owner_id": lambda ctx, row: row["calendar_id"],
    "calendar_owner": _link("calendars", "calendar_id"),
    "calendars": lambda ctx, row: visibility.calendars_of(ctx, row),
    "permission": _entry_permission,
    "redacted": lambda ctx, row: visibility.is_redacted(ctx, row),
    "summary": _unless_redacted(lambda ctx, row: row["summary"]),
    "description": _unless_redacted(lambda ctx, row: row["description"]),
    "location": _unless_redacted(lambda ctx, row: row["location"]),
    "matter": _unless_redacted(_link("matters", "matter_id")),
    "attendees": _unless_redacted(_attendees),
    "external_properties": _unless_redacted(lambda ctx, row: row["external_properties"]),
    "calendar_entry_event_type": _unless_redacted(_link("event_types", "event_type_id")),
    "parent_calendar_entry_id": lambda ctx, row: row.get("parent_id"),
    "parent_calendar_entry": _link("calendar_entries", "parent_id"),
    "court_rule": lambda ctx, row: False,
    "reminders": lambda ctx, row: [
        r for r in ctx.store["reminders"].of(ctx.account_id) if r["subject_id"] == row["id"]
    ],
    "time_entries": _unless_redacted(_time_entries("calendar_entry_id")),
    "time_entries_count": lambda ctx, row: len(_time_entries("calendar_entry_id")(ctx, row)),
}


def _activity_entry(ctx: Context, row: Row) -> Row | None:
    entry = ctx.get("calendar_entries", row.get("calendar_entry_id"))
    return entry and {
        "id": str(entry["id"]),
        "etag": entry["etag"],
        "calendar_owner_id": entry["calendar_id"],
    }


def _subject(ctx: Context, row: Row) -> Row:
    if row["subject_type"] == "Task":
        task = ctx.get("tasks", row["subject_id"])
        return {"id": row["subject_id"], "type": "Task", "identifier": task and task["name"]}
    entry = ctx.get("calendar_entries", row["subject_id"])
    return {"id": row["subject_id"], "type": "CalendarEntry", "identifier": entry and entry["summary"]}


def _assignee(ctx: Context, row: Row) -> Row | None:
    if row["assignee_type"] == "User":
        user = ctx.get("users", row["assignee_id"])
        return user and user | {"type": "User", "identifier": user["name"]}
    contact = ctx.get("contacts", row["assignee_id"])
    return contact and contact | {
        "name": contact_name(contact),
        "identifier": contact_name(contact),
        "enabled": True,
    }


def _custom_field_value(get: str) -> Getter:
    return lambda ctx, row: (ctx.get("custom_fields", row["custom_field_id"]) or {}).get(get)


_ROUNDED_HOURS: Getter = lambda ctx, row: _hours(rounded(ctx, row["quantity"] or 0))  # noqa: E731

_SPECIAL: dict[str, dict[str, Getter]] = {
    "Contact": _PERSON,
    "Client": _PERSON,
    "MatterContacts": _PERSON,
    "RelatedContacts": _PERSON,
    "Matter": {
        "client": _link("contacts", "client_id"),
        "practice_area": _link("practice_areas", "practice_area_id"),
        "matter_stage": _link("matter_stages", "matter_stage_id"),
        "responsible_attorney": _link("users", "responsible_attorney_id"),
        "originating_attorney": _link("users", "originating_attorney_id"),
        "responsible_staff": _link("users", "responsible_staff_id"),
        "user": _link("users", "creator_id"),
        "relationships": _relationships,
    },
    "Relationship": {"matter": _link("matters", "matter_id"), "contact": _link("contacts", "contact_id")},
    "Activity": {
        "user": _link("users", "user_id"),
        "matter": _link("matters", "matter_id"),
        "activity_description": _link("activity_descriptions", "activity_description_id"),
        "calendar_entry": _activity_entry,
        "task": _link("tasks", "task_id"),
        "matter_note": _link("notes", "matter_note_id"),
        "contact_note": _link("notes", "contact_note_id"),
        "bill": bill_of,
        "billed": _billed,
        "on_bill": lambda ctx, row: bill_of(ctx, row) is not None,
        "quantity": _unless_hidden(lambda ctx, row: row["quantity"]),
        "quantity_in_hours": _unless_hidden(lambda ctx, row: _hours(row["quantity"] or 0)),
        "rounded_quantity": _unless_hidden(lambda ctx, row: rounded(ctx, row["quantity"] or 0)),
        "rounded_quantity_in_hours": _unless_hidden(_ROUNDED_HOURS),
        "quantity_redacted": _hidden_hours,
        "total": _unless_hidden(
            lambda ctx, row: 0.0 if row["non_billable"] or row["no_charge"] else total(ctx, row)
        ),
        "non_billable_total": _unless_hidden(
            lambda ctx, row: total(ctx, row) if row["non_billable"] else 0.0
        ),
    },
    "ActivityDescription": {"accessible_to_user": lambda ctx, row: True},
    "Calendar": {
        "permission": lambda ctx, row: visibility.permission_on(ctx, row),
        "creator": _link("users", "creator_id"),
        "visible": lambda ctx, row: row["visible"],
    },
    "CalendarEntry": _ENTRY,
    "User": {
        "account": lambda ctx, row: ctx.store["accounts"].get(row["account_id"]),
        "initials": lambda ctx, row: _initials(row["name"]),
        "default_calendar_id": lambda ctx, row: row["default_calendar_id"],
    },
    "Note": {
        "matter": _link("matters", "matter_id"),
        "contact": _link("contacts", "contact_id"),
        "author": _link("users", "creator_id"),
        "time_entries": lambda ctx, row: [
            *_time_entries("matter_note_id")(ctx, row),
            *_time_entries("contact_note_id")(ctx, row),
        ],
    },
    "Task": {
        "matter": _link("matters", "matter_id"),
        "assigner": _link("users", "creator_id"),
        "assignee": _assignee,
        "completed_at": _time("completed_at"),
        "time_entries": _time_entries("task_id"),
    },
    "Reminder": {"subject": _subject, "next_delivery_at": _time("next_delivery_at")},
    "Webhook": {"expires_at": _time("expires_at"), "user": _link("users", "creator_id")},
    "CustomFieldValue": {
        "custom_field": _link("custom_fields", "custom_field_id"),
        "field_name": _custom_field_value("name"),
        "field_type": _custom_field_value("field_type"),
        "field_required": _custom_field_value("required"),
        "field_displayed": _custom_field_value("displayed"),
        "field_display_order": _custom_field_value("display_order"),
    },
    "BillingSetting": {"currency": lambda ctx, row: row["currency"]},
    "ClioPaymentsLink": {
        "expires_at": _time("expires_at"),
        "active": lambda ctx, row: not row["expired"] and row["expires_at"] > ctx.now,
        "contact": _link("contacts", "contact_id"),
        "destination_account": _link("bank_accounts", "bank_account_id"),
        "bank_account": _link("bank_accounts", "bank_account_id"),
    },
}

#: shape -> property -> how it is computed; everything else is a column of the row.
COMPUTED: dict[str, dict[str, Getter]] = {
    shape: {"created_at": _time("created_at"), "updated_at": _time("updated_at"), **_SPECIAL.get(shape, {})}
    for shape in SCALARS
}
