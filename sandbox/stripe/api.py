"""The API: whose key and account it is, idempotency, which parameters there are, and the calls themselves."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from werkzeug.datastructures import Headers, MultiDict

from sandbox.stripe import accounts, checkout, intents
from sandbox.stripe.errors import Refused, unknown
from sandbox.stripe.world import Row, World, public

PREFIX = "/v1/"


@dataclass(frozen=True)
class Call:
    """One request. `given` is what was sent, as nested values; `key` the idempotency key, or empty."""

    method: str
    path: str
    given: Row
    account: str
    key: str


def read(method: str, path: str, headers: Headers, sent: MultiDict[str, str]) -> Call:
    return Call(
        method,
        path,
        nested(sent),
        headers.get("Stripe-Account", ""),
        headers.get("Idempotency-Key", "") if method == "POST" else "",
    )


def nested(sent: MultiDict[str, str]) -> Row:
    """`a[b][0][c]=v` as values; what is numbered is a list."""
    found: Row = {}
    for name, value in sent.items(multi=True):
        head, *rest = re.findall(r"[^\[\]]+", name)
        steps, place = [head, *rest], found
        for step in steps[:-1]:
            place = place.setdefault(step, {})
        place[steps[-1]] = value
    return {name: _listed(value) for name, value in found.items()}


def _listed(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    inner = {name: _listed(one) for name, one in value.items()}
    return list(inner.values()) if inner and all(name.isdigit() for name in inner) else inner


def answer(world: World, call: Call, authorization: str) -> tuple[int, Any, bool]:
    """Status, body, and whether it is an earlier answer again. The lock is held."""
    try:
        _key_of(world, authorization)
        if call.account:
            accounts.of(world, call.account)
        if not call.key:
            return 200, _do(world, call), False
    except Refused as refused:
        return refused.status, refused.body(), False
    kept = world.tables["keys"].get(f"{call.account}:{call.key}")
    same = [call.method, call.path, call.given]
    if kept is not None:
        if kept["asked"] != same:
            reused = Refused(
                400,
                "",
                "Keys for idempotent requests can only be used with the same parameters they were first used with. "
                f"Try using a key other than '{call.key}' if you meant to execute a different request.",
                "idempotency_error",
            )
            return reused.status, reused.body(), False
        return kept["status"], kept["body"], True
    try:
        status, body = 200, _do(world, call)
    except Refused as refused:
        status, body = refused.status, refused.body()
    world.tables["keys"][f"{call.account}:{call.key}"] = {
        "asked": same,
        "status": status,
        "body": body,
        "at": world.clock.seconds(),
    }
    world.changed()
    return status, body, False


def _key_of(world: World, authorization: str) -> None:
    kind, _, given = authorization.partition(" ")
    if kind == "Basic":
        given = base64.b64decode(given).decode().partition(":")[0]
    if given != world.key:
        raise Refused(401, "", "Invalid API Key provided.")


# --- the calls --------------------------------------------------------------------------------------------------------

Work = Callable[[World, Call, str], Any]

EXPAND = frozenset({"expand"})
PAGE = frozenset({"limit", "starting_after", "ending_before"})


def _intent(world: World, call: Call, key: str) -> Row:
    return world.get("intents", key, call.account, "payment_intent")


def _shown(world: World, call: Call, intent: Row) -> Row:
    return intents.shown(world, intent, list(call.given.get("expand") or ()))


def _create_intent(world: World, call: Call, _: str) -> Row:
    given = call.given
    row = intents.new(
        world,
        call.account,
        amount=intents.amount(given.get("amount")),
        currency=given["currency"],
        customer=given.get("customer"),
        description=given.get("description"),
        metadata=given.get("metadata"),
        capture_method=given.get("capture_method"),
    )
    if given.get("confirm") != "true":
        return _shown(world, call, row)
    method = world.get("payment_methods", str(given.get("payment_method")), call.account, "payment_method")
    if method["customer"] != row["customer"] or row["customer"] is None:
        raise Refused(400, "", "The provided PaymentMethod does not belong to the Customer.")
    refused = intents.confirm(world, row, method, present=False)
    if refused:
        error = row["last_payment_error"]
        raise Refused(
            402,
            error["code"],
            error["message"],
            "card_error",
            decline_code=refused,
            payment_intent=public(row),
        )
    return _shown(world, call, row)


def _list_intents(world: World, call: Call, _: str) -> Row:
    rows = _rows(world, "intents", call, "customer")
    inner = [one.removeprefix("data.") for one in call.given.get("expand") or ()]
    return _list(call, [intents.shown(world, row, inner) for row in rows])


def _rows(world: World, table: str, call: Call, name: str) -> list[Row]:
    """Rows of the account, narrowed by one of their columns, newest first."""
    wanted = call.given.get(name)
    found = [row for row in world.tables[table].values() if row["_account"] == call.account]
    return [row for row in reversed(found) if wanted is None or row[name] == wanted]


def _list(call: Call, rows: list[Row]) -> Row:
    limit = int(call.given.get("limit") or 10)
    return {"object": "list", "url": call.path, "has_more": len(rows) > limit, "data": rows[:limit]}


def _setup(world: World, call: Call, key: str) -> Row:
    row = public(world.get("setup_intents", key, call.account, "setup_intent"))
    if "payment_method" in (call.given.get("expand") or ()):
        row["payment_method"] = public(world.tables["payment_methods"][row["payment_method"]])
    return row


def _detach(world: World, call: Call, key: str) -> Row:
    row = world.get("payment_methods", key, call.account, "payment_method")
    row["customer"] = None
    return public(row)


def _account(world: World, call: Call, key: str) -> Row:
    return public(accounts.of(world, key))


#: Method and path, the parameters it takes, and what it does. `{}` is an id.
CALLS: tuple[tuple[str, str, frozenset[str], Work], ...] = (
    (
        "POST",
        "checkout/sessions",
        EXPAND
        | {
            *("mode", "success_url", "cancel_url", "client_reference_id", "metadata", "expires_at", "locale"),
            *("allowed_payment_method_types", "customer", "customer_creation", "customer_email", "currency"),
            *("line_items", "payment_intent_data", "setup_intent_data"),
        },
        lambda w, c, _: checkout.shown(w, checkout.create(w, c.account, c.given)),
    ),
    (
        "GET",
        "checkout/sessions/{}",
        EXPAND,
        lambda w, c, key: checkout.shown(w, w.get("sessions", key, c.account, "checkout.session")),
    ),
    (
        "POST",
        "checkout/sessions/{}/expire",
        EXPAND,
        lambda w, c, key: checkout.shown(
            w, checkout.expire(w, w.get("sessions", key, c.account, "checkout.session"))
        ),
    ),
    (
        "POST",
        "payment_intents",
        EXPAND
        | {
            *("amount", "currency", "customer", "payment_method", "allowed_payment_method_types"),
            *("off_session", "confirm", "capture_method", "description", "metadata"),
        },
        _create_intent,
    ),
    ("GET", "payment_intents", EXPAND | PAGE | {"customer"}, _list_intents),
    ("GET", "payment_intents/{}", EXPAND, lambda w, c, key: _shown(w, c, _intent(w, c, key))),
    (
        "POST",
        "payment_intents/{}/capture",
        EXPAND | {"amount_to_capture"},
        lambda w, c, key: _shown(w, c, intents.capture(w, _intent(w, c, key), c.given)),
    ),
    (
        "POST",
        "payment_intents/{}/cancel",
        EXPAND | {"cancellation_reason"},
        lambda w, c, key: _shown(w, c, intents.cancel(w, _intent(w, c, key), c.given)),
    ),
    ("GET", "setup_intents/{}", EXPAND, _setup),
    ("POST", "payment_methods/{}/detach", EXPAND, _detach),
    (
        "POST",
        "refunds",
        EXPAND | {"payment_intent", "amount", "reason", "metadata"},
        lambda w, c, _: public(intents.refund(w, c.account, c.given)),
    ),
    (
        "GET",
        "refunds",
        EXPAND | PAGE | {"payment_intent"},
        lambda w, c, _: _list(c, [public(row) for row in _rows(w, "refunds", c, "payment_intent")]),
    ),
    (
        "GET",
        "disputes",
        EXPAND | PAGE | {"payment_intent"},
        lambda w, c, _: _list(c, [public(row) for row in _rows(w, "disputes", c, "payment_intent")]),
    ),
    (
        "POST",
        "accounts",
        EXPAND | {"controller", "country", "email", "business_profile", "metadata"},
        lambda w, c, _: public(accounts.create(w, c.given)),
    ),
    ("GET", "accounts/{}", EXPAND, _account),
    (
        "POST",
        "account_links",
        EXPAND | {"account", "refresh_url", "return_url", "type"},
        lambda w, c, _: accounts.link(w, c.given),
    ),
)

_ROUTES = [
    (method, re.compile(PREFIX + re.escape(path).replace(r"\{\}", "([^/]+)")), params, work)
    for method, path, params, work in CALLS
]


def _do(world: World, call: Call) -> Any:
    for method, pattern, params, work in _ROUTES:
        found = pattern.fullmatch(call.path) if method == call.method else None
        if found is None:
            continue
        for name in call.given:
            if name not in params:
                raise unknown(name)
        done = work(world, call, found[1] if found.groups() else "")
        world.changed()
        return done
    raise Refused(404, "", f"Unrecognized request URL ({call.method}: {call.path}).")
