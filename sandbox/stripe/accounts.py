"""Connected accounts, and the page on which a firm tells Stripe about itself."""

from __future__ import annotations

from html import escape

from werkzeug.utils import redirect
from werkzeug.wrappers import Request, Response

from sandbox.pages import page
from sandbox.stripe.errors import Refused, missing
from sandbox.stripe.world import Row, World

#: What Stripe still wants to know of an account that has told it nothing.
WANTED = ["business_profile.url", "external_account", "tos_acceptance.date"]

#: Seconds for which an onboarding address works, once.
LINK_LIFE = 5 * 60


def create(world: World, given: Row) -> Row:
    row = world.add(
        "accounts",
        "",
        object="account",
        business_profile={"name": (given.get("business_profile") or {}).get("name")},
        charges_enabled=False,
        controller=given.get("controller") or {},
        country=given.get("country") or "US",
        default_currency="usd",
        details_submitted=False,
        email=given.get("email"),
        metadata=given.get("metadata") or {},
        payouts_enabled=False,
        requirements={"currently_due": list(WANTED)},
        type="none",
        _connected=True,
    )
    return row


def of(world: World, account: str) -> Row:
    """A connected account. Raises `Refused`."""
    row = world.tables["accounts"].get(account)
    if row is None or not row["_connected"]:
        raise Refused(
            403,
            "account_invalid",
            f"The provided key does not have access to account '{account}' (or that account does not exist). "
            "Application access may have been revoked.",
        )
    return row


def link(world: World, given: Row) -> Row:
    account = world.tables["accounts"].get(str(given.get("account", "")))
    if account is None:
        raise missing("account", str(given.get("account", "")))
    row = world.add(
        "links",
        "",
        object="account_link",
        expires_at=world.clock.seconds() + LINK_LIFE,
        _account_id=account["id"],
        _back=given["return_url"],
        _again=given["refresh_url"],
        _used=False,
    )
    return {
        "object": "account_link",
        "created": row["created"],
        "expires_at": row["expires_at"],
        "url": f"{world.url}/setup/{row['id']}",
    }


def finish(world: World, account: Row) -> None:
    """The firm has told everything: payments can be taken."""
    account.update(
        charges_enabled=True, payouts_enabled=True, details_submitted=True, requirements={"currently_due": []}
    )
    world.changed()
    _tell(world, account, "account.updated")


def disconnect(world: World, account: Row) -> None:
    """The firm cuts the connection in its own dashboard."""
    account["_connected"] = False
    _tell(world, account, "account.application.deauthorized")


def _tell(world: World, account: Row, kind: str) -> None:
    world.tell(kind, {**account, "_account": account["id"]})


def handle(world: World, request: Request) -> Response:
    """`/setup/<link>`: the onboarding page."""
    row = world.tables["links"].get(request.path.removeprefix("/setup/"))
    if row is None:
        return page("Stripe", "Not found", "<h1>Page not found</h1>", 404)
    account = world.tables["accounts"][row["_account_id"]]
    if request.method == "GET":
        if row["_used"] or row["expires_at"] <= world.clock.seconds():
            return redirect(row["_again"], 303)
        row["_used"] = True
        name = escape(account["business_profile"]["name"] or "your business")
        body = (
            f"<h1>Get paid with Stripe</h1><p>{name}: your bank account and who you are.</p>"
            '<form method="post"><button name="do" value="submit">Agree and submit</button>'
            '<button class="quiet" name="do" value="later">Save for later</button></form>'
        )
        return page("Stripe", "Get paid with Stripe", body)
    if request.form.get("do") == "submit":
        finish(world, account)
    return redirect(row["_back"], 303)
