"""The API itself: `/api/v4/...`, from an HTTP request to JSON (facts §4-§9)."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import formatdate, parsedate_to_datetime
from typing import Any

from werkzeug.datastructures import MultiDict

from sandbox.clio import fields, views
from sandbox.clio.context import Context
from sandbox.clio.errors import BadRequest, Forbidden, Gone, Invalid, NotFound, NotModified, Refused
from sandbox.clio.fields import Wanted
from sandbox.clio.paging import address
from sandbox.clio.resources import RESOURCES
from sandbox.clio.resources.activities import billing_settings
from sandbox.clio.resources.resource import Resource
from sandbox.clio.resources.webhooks import WebhookSubscriptions
from sandbox.clio.store import Row

#: Default since 2026-01-06 (facts §1). Versions that are answered; any other is 410 Gone.
VERSION = "4.0.13"
VERSIONS = frozenset(f"4.0.{minor}" for minor in range(4, 14))

PREFIX = "/api/v4/"
_MEMBER = re.compile(r"^(?P<path>[a-z_/]+?)(?:/(?P<id>[0-9-]+|who_am_i))?\.json$")
_NESTED = re.compile(r"^(?P<parent>contacts|matters)/(?P<id>\d+)/(?P<what>[a-z_]+)\.json$")
_ACTIVATE = re.compile(r"^webhooks/(?P<id>\d+)/activate(\.json)?$")


@dataclass
class Call:
    """One request to the API, without HTTP's details."""

    method: str
    path: str
    args: MultiDict[str, str] = field(default_factory=MultiDict)
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    base_url: str = "https://app.clio.com"


@dataclass
class Answer:
    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


def answer(ctx: Context, call: Call) -> Answer:
    """Carry out a call as the context's user; refusals become answers too. The caller holds the store's lock."""
    version = call.headers.get("X-API-VERSION") or VERSION
    try:
        if version not in VERSIONS:
            raise Gone(f"API version {version} is not available.")
        if ctx.account["plan"] == "EasyStart":
            # Inferred: what Clio says to a plan without API access is unpublished (facts §2).
            raise Forbidden("Your Clio plan does not include API access.")
        found = _route(ctx, call)
    except NotModified as unchanged:
        found = Answer(304, None, {"ETag": unchanged.etag})
    except Refused as refused:
        return Answer(refused.status, refused.body(), dict(refused.headers))
    found.headers["X-API-VERSION"] = version
    return found


def _route(ctx: Context, call: Call) -> Answer:
    path = call.path.removeprefix(PREFIX)
    if match := _ACTIVATE.match(path):
        return _activate(ctx, call, match["id"])
    if path == "settings/billing.json" and call.method == "GET":
        return _one(ctx, call, "BillingSetting", billing_settings(ctx))
    if path == "log_entries.json" and call.method == "GET":
        return Answer(200, {"data": [], "meta": {"paging": {}}})
    if match := _NESTED.match(path):
        return _nested(ctx, call, match["parent"], match["id"], match["what"])
    match = _MEMBER.match(path)
    resource = RESOURCES.get(match["path"]) if match else None
    if match is None or resource is None or call.method not in resource.methods:
        raise NotFound()
    if match["id"] is None:
        handler = {"GET": _index, "POST": _create}.get(call.method)
        if handler is None:
            raise NotFound()
        return handler(ctx, call, resource)
    if match["id"] == "who_am_i" and resource.path != "users":
        raise NotFound()
    handler = {"GET": _show, "PATCH": _update, "DELETE": _destroy}.get(call.method)
    if handler is None:
        raise NotFound()
    return handler(ctx, call, resource, match["id"])


# --- the five actions ----------------------------------------------------------------------------------------------


def _index(ctx: Context, call: Call, resource: Resource) -> Answer:
    wanted = _wanted(ctx, call, resource.shape)
    args = call.args.to_dict()
    lists = {key: call.args.getlist(key) for key in call.args if key.endswith("[]")}
    deep = [(k, v) for k, v in call.args.items(multi=True) if k.startswith("custom_field_values[")]
    if deep:
        lists["custom_field_values"] = [f"{key[20:-1]} {value}" for key, value in deep]
    page = resource.page(ctx, args, lists)
    paging = {}
    base = call.base_url + call.path
    pairs = {key: call.args.getlist(key) for key in call.args}
    if page.previous is not None:
        paging["previous"] = address(base, pairs, page.previous)
    if page.next is not None:
        paging["next"] = address(base, pairs, page.next)
    meta: dict[str, Any] = {"paging": paging}
    if ctx.quirk("show_total_records"):
        meta["records"] = ctx.store[resource.table].count(ctx.account_id)
    rows = [views.project(ctx, resource.shape, row, wanted) for row in page.rows]
    return Answer(200, {"data": rows, "meta": meta})


def _show(ctx: Context, call: Call, resource: Resource, row_id: str) -> Answer:
    return _one(ctx, call, resource.shape, resource.find(ctx, row_id))


def _create(ctx: Context, call: Call, resource: Resource) -> Answer:
    wanted = _wanted(ctx, call, resource.shape)
    row = resource.create(ctx, _data(call))
    return Answer(201, {"data": views.project(ctx, resource.shape, row, wanted)}, _tags(row))


def _update(ctx: Context, call: Call, resource: Resource, row_id: str) -> Answer:
    wanted = _wanted(ctx, call, resource.shape)
    row = resource.update(ctx, resource.find(ctx, row_id), _data(call), call.headers.get("If-Match"))
    return Answer(200, {"data": views.project(ctx, resource.shape, row, wanted)}, _tags(row))


def _destroy(ctx: Context, call: Call, resource: Resource, row_id: str) -> Answer:
    resource.delete(ctx, resource.find(ctx, row_id))
    return Answer(204)


# --- the special ones ----------------------------------------------------------------------------------------------


def _activate(ctx: Context, call: Call, row_id: str) -> Answer:
    hooks = RESOURCES["webhooks"]
    assert isinstance(hooks, WebhookSubscriptions)
    if call.method != "PUT":
        raise NotFound()
    hooks.activate(ctx, row_id, call.headers.get("X-Hook-Secret"))
    return Answer(200, {})


def _nested(ctx: Context, call: Call, parent: str, row_id: str, what: str) -> Answer:
    """Lists under a contact or a matter, and a matter's client."""
    if call.method != "GET":
        raise NotFound()
    row = RESOURCES[parent].find(ctx, row_id)
    if parent == "contacts" and what in ("email_addresses", "phone_numbers"):
        shape, rows = {"email_addresses": "EmailAddress", "phone_numbers": "PhoneNumber"}[what], row[what]
    elif parent == "matters" and what == "client":
        client = ctx.get("contacts", row["client_id"])
        if client is None:
            raise NotFound()
        return _one(ctx, call, "Client", client)
    elif parent == "matters" and what in ("contacts", "related_contacts"):
        related = [r for r in ctx.store["relationships"].of(ctx.account_id) if r["matter_id"] == row["id"]]
        ids = [r["contact_id"] for r in related] + ([row["client_id"]] if what == "contacts" else [])
        rows = [contact for i in dict.fromkeys(ids) if (contact := ctx.get("contacts", i)) is not None]
        shape = "MatterContacts" if what == "contacts" else "RelatedContacts"
    else:
        raise NotFound()
    wanted = _wanted(ctx, call, shape)
    return Answer(200, {"data": [views.project(ctx, shape, r, wanted) for r in rows], "meta": {"paging": {}}})


def _one(ctx: Context, call: Call, shape: str, row: Row) -> Answer:
    """A single record with ETag and Last-Modified, or 304 (facts §8)."""
    wanted = _wanted(ctx, call, shape)
    if call.headers.get("If-None-Match") == row["etag"]:
        raise NotModified(row["etag"])
    since = call.headers.get("If-Modified-Since")
    if since and "If-None-Match" not in call.headers:
        try:
            if row["updated_at"] <= parsedate_to_datetime(since).timestamp():
                raise NotModified(row["etag"])
        except (TypeError, ValueError):
            pass
    return Answer(200, {"data": views.project(ctx, shape, row, wanted)}, _tags(row))


def _tags(row: Row) -> dict[str, str]:
    return {"ETag": row["etag"], "Last-Modified": formatdate(row["updated_at"], usegmt=True)}


def _wanted(ctx: Context, call: Call, shape: str) -> tuple[Wanted, ...]:
    return fields.parse(shape, call.args.get("fields"))


def _data(call: Call) -> dict[str, Any]:
    try:
        data = json.loads(call.body)["data"]
    except (ValueError, KeyError, TypeError):
        raise BadRequest("The body must be JSON with a data object.") from None
    if not isinstance(data, dict):
        raise Invalid("data must be an object.")
    return data
