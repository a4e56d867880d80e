"""Contacts: people and companies (facts §12)."""

from __future__ import annotations

from typing import Any

from sandbox.clio import attributes as a
from sandbox.clio import visibility
from sandbox.clio.context import Context
from sandbox.clio.errors import Invalid
from sandbox.clio.resources.custom_values import custom_field_values, value_filter
from sandbox.clio.resources.resource import (
    Filter,
    Keep,
    Resource,
    column,
    equals,
    is_true,
    number,
)
from sandbox.clio.store import Row
from sandbox.clio.views import contact_name

#: 4.0.13: one more is refused with 422.
MOST = 20

_EMAIL = {"name": a.words("Work", "Home", "Other"), "address": a.text}
_PHONE = {"name": a.words("Work", "Home", "Mobile", "Fax", "Pager", "Skype", "Other"), "number": a.text}
_ADDRESS = {
    "name": a.words("Work", "Home", "Billing", "Other"),
    **dict.fromkeys(("street", "city", "province", "postal_code", "country"), a.text),
}
_SITE_LABELS = ["Work", "Personal", "Twitter", "Facebook", "LinkedIn", "Other"]
_SITE = {"name": a.choice(**{w: w for w in [*_SITE_LABELS, "Instant Messenger"]}), "address": a.text}
_MESSENGER = {"name": a.words("Work", "Personal", "Other"), "address": a.text}


def own_text(row: Row) -> str:
    """What can be found in the contact itself; kept in the row until it changes."""
    if row.get("text_rev") != row["rev"]:
        parts: list[Any] = [contact_name(row), row.get("title")]
        parts += [item.get("address") for item in row["email_addresses"]]
        parts += [item.get("number") for item in row["phone_numbers"]]
        parts += [
            item.get(k) for item in row["addresses"] for k in ("street", "city", "province", "postal_code")
        ]
        parts += [item.get("address") for item in row["web_sites"] + row["instant_messengers"]]
        parts += [item.get("value") for item in row["custom_field_values"]]
        row["text"] = " ".join(p for p in parts if p).casefold()
        row["text_rev"] = row["rev"]
    return row["text"]


def _query(ctx: Context, value: str, args: Any) -> Keep:
    """
    Every word occurs in name, title, e-mail, address, phone, web site, messenger, custom field, matter or company.

    That is wider than a client means who looks for an e-mail address (facts §12). A hundred thousand contacts are searched
    in a fraction of a second, so the plain case comes first.
    """
    parts = [part for part in value.casefold().replace("*", " ").split() if part]
    matters = _matters_by_client(ctx)

    def keep(row: Row) -> bool:
        text = own_text(row)
        if row["company_id"] is not None:
            company = ctx.get("contacts", row["company_id"])
            text += " " + contact_name(company).casefold() if company else ""
        if row["id"] in matters:
            text += " " + matters[row["id"]]
        return all(part in text for part in parts)

    return keep


def _matters_by_client(ctx: Context) -> dict[int, str]:
    if "matter names" not in ctx.memo:
        names: dict[int, str] = {}
        for matter in ctx.store["matters"].of(ctx.account_id):
            text = f"{matter['display_number']} {matter['description']}".casefold()
            names[matter["client_id"]] = f"{names.get(matter['client_id'], '')} {text}"
        ctx.memo["matter names"] = names
    return ctx.memo["matter names"]


def _is_client(ctx: Context, row: Row) -> bool:
    from sandbox.clio.views import COMPUTED

    return bool(COMPUTED["Contact"]["is_client"](ctx, row))


def _exclude(ctx: Context, values: list[str]) -> Keep:
    unwanted = {number(value) for value in values}
    return lambda row: row["id"] not in unwanted


_initial: Filter = lambda ctx, value, args: lambda row: contact_name(row)[:1].upper() == value.upper()  # noqa: E731


class Contacts(Resource):
    path = table = "contacts"
    shape = "Contact"
    model = "contact"
    required = ("type",)
    orders = {
        "id": column("id"),
        "name": lambda ctx, row: contact_name(row),
        "shared_at": column("shared_at"),
    }
    filters = {
        "type": equals("type"),
        "client_only": lambda ctx, value, args: (
            (lambda row: _is_client(ctx, row)) if value == "true" else (lambda row: True)
        ),
        "email_only": is_true(lambda ctx, row: row["email_addresses"]),
        "query": _query,
        "initial": _initial,
    }
    list_filters = {"exclude_ids[]": _exclude, "custom_field_values": value_filter}
    defaults = {
        "email_addresses": [],
        "phone_numbers": [],
        "addresses": [],
        "web_sites": [],
        "instant_messengers": [],
        "custom_field_values": [],
        "company_id": None,
    }
    attributes = {
        "type": a.words("Person", "Company"),
        **dict.fromkeys(
            ("name", "first_name", "middle_name", "last_name", "prefix", "title", "sales_tax_number"), a.text
        ),
        "date_of_birth": a.day,
        "company": a.ref("contacts", "company_id"),
        "clio_connect_email": a.text,
        "ledes_client_id": a.text,
        "email_addresses": a.items(_EMAIL, default="default_email", limit=MOST),
        "phone_numbers": a.items(_PHONE, default="default_number", limit=MOST),
        "addresses": a.items(_ADDRESS, limit=MOST),
        "web_sites": a.items(_SITE, default="default_web_site"),
        "instant_messengers": a.items(_MESSENGER),
        "custom_field_values": custom_field_values("Contact"),
        **dict.fromkeys(
            ("avatar", "co_counsel_rate", "currency", "custom_field_set_associations", "kyc_field_values"),
            a.ignored,
        ),
    }

    def visible(self, ctx: Context, row: Row) -> bool:
        return visibility.sees_contact(ctx, row)

    def check(self, ctx: Context, row: Row, before: Row | None, data: dict[str, Any]) -> None:
        if (
            row["type"] == "Person"
            and data.get("name")
            and not (data.get("first_name") or data.get("last_name"))
        ):
            # "split by guess, and 422 when it cannot" (facts §12)
            first, _, last = data["name"].strip().rpartition(" ")
            if not first:
                raise Invalid("name could not be split into a first and a last name.")
            row["first_name"], row["last_name"] = first, last
        if not contact_name(row).strip():
            missing = "name" if row["type"] == "Company" else "first_name or last_name"
            raise Invalid(f"{missing} can't be blank.")
        for email in row["email_addresses"]:
            if not email.get("address") or "@" not in email["address"]:
                raise Invalid("email_addresses: address is invalid.")
        if any(not phone.get("number") for phone in row["phone_numbers"]):
            raise Invalid("phone_numbers: number can't be blank.")
        if row.get("company_id") is not None and ctx.get("contacts", row["company_id"])["type"] != "Company":
            raise Invalid("company must be a contact of type Company.")

    def replace(self, ctx: Context, row: Row, changed: Row) -> None:
        nested = ("email_addresses", "phone_numbers", "addresses")
        only_nested = all(changed[k] == row.get(k) for k in changed if k not in nested)
        if changed != row and only_nested and not ctx.quirk("nested_edits_touch_parent"):
            row.update(changed)
            row["text_rev"] = None
            ctx.store.version += 1
            return
        super().replace(ctx, row, changed)

    def may_delete(self, ctx: Context, row: Row) -> None:
        has_matters = any(m["client_id"] == row["id"] for m in ctx.store["matters"].of(ctx.account_id))
        if has_matters and ctx.quirk("delete_contact_with_matters") == "refuse":
            raise Invalid("The contact has matters and can't be deleted.")

    def deleted(self, ctx: Context, row: Row) -> None:
        for table in ("relationships", "notes"):
            for other in list(ctx.store[table].of(ctx.account_id)):
                if other.get("contact_id") == row["id"]:
                    ctx.store[table].remove(other["id"])
        for person in ctx.store["contacts"].of(ctx.account_id):
            if person.get("company_id") == row["id"]:
                person["company_id"] = None
