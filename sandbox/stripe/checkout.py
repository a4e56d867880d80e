"""Checkout: pages a person clicks through, on which a card is typed, declined, agreed to, or the page is left."""

from __future__ import annotations

from html import escape
from typing import Any

from werkzeug.utils import redirect
from werkzeug.wrappers import Request, Response

from sandbox.pages import hidden, page
from sandbox.stripe import intents
from sandbox.stripe.cards import CARDS, WORDS
from sandbox.stripe.errors import Refused, wrong
from sandbox.stripe.world import Row, World, public

#: Seconds from now within which a page may end.
SHORTEST, LONGEST = 30 * 60, 24 * 60 * 60


def create(world: World, account: str, given: Row) -> Row:
    mode = given.get("mode")
    if mode not in ("payment", "setup"):
        raise wrong("mode", f"Invalid mode: {mode}")
    now = world.clock.seconds()
    ends = int(given.get("expires_at") or now + LONGEST)
    if not now + SHORTEST - 60 <= ends <= now + LONGEST + 60:
        raise wrong(
            "expires_at", "The `expires_at` timestamp must be between 30 minutes and 24 hours from now."
        )
    if given.get("customer"):
        world.get("customers", given["customer"], account, "customer")
    total, currency, title = None, given.get("currency"), "Card for later"
    if mode == "payment":
        if not given.get("line_items"):
            raise wrong("line_items", "You must provide at least one recurring or one-time price.")
        price = given["line_items"][0]["price_data"]
        total, currency = intents.amount(price["unit_amount"], "line_items"), price["currency"]
        intents.enough(total, str(currency))
        title = price["product_data"]["name"]
    row = world.add(
        "sessions",
        account,
        object="checkout.session",
        amount_total=total,
        cancel_url=given.get("cancel_url"),
        client_reference_id=given.get("client_reference_id"),
        currency=currency,
        customer=given.get("customer"),
        customer_email=given.get("customer_email"),
        expires_at=ends,
        livemode=False,
        metadata=given.get("metadata") or {},
        mode=mode,
        payment_intent=None,
        payment_status="unpaid" if mode == "payment" else "no_payment_required",
        setup_intent=None,
        status="open",
        success_url=given["success_url"],
        url="",
        _title=title,
        _intent=given.get("payment_intent_data") or {},
        _setup=given.get("setup_intent_data") or {},
        _tried="",
    )
    row["url"] = f"{world.url}/c/pay/{row['id']}"
    return row


def expire(world: World, row: Row) -> Row:
    if row["status"] != "open":
        raise Refused(
            400,
            "",
            f"Only Checkout Sessions with a status of open can be expired; this one is {row['status']}.",
        )
    row.update(status="expired", url=None)
    intent = world.tables["intents"].get(row["payment_intent"] or "")
    if intent is not None and intent["status"] not in ("succeeded", "canceled"):
        intent["_session"] = ""
        intents.end(world, intent, "expired")
    world.tell("checkout.session.expired", row)
    return row


# --- the pages --------------------------------------------------------------------------------------------------------


def handle(world: World, request: Request) -> Response:
    """`/c/pay/<id>`: the page, and what is pressed on it."""
    session = world.tables["sessions"].get(request.path.removeprefix("/c/pay/"))
    if session is None:
        return page("Stripe", "Not found", "<h1>Page not found</h1>", 404)
    if session["status"] != "open":
        return page("Stripe", "Over", "<h1>This page is over</h1><p>It was paid, or it has expired.</p>", 410)
    if request.method == "GET":
        return _form(session)
    form = request.form.to_dict()
    if form.get("step") == "agreed":
        return _finish(world, session, session["_tried"])
    if form.get("step") == "refused":
        return _form(
            session, "We are unable to authenticate your payment method. Please choose a different one."
        )
    number = form.get("number", "").replace(" ", "")
    card = CARDS.get(number)
    if card is None:
        return _form(session, "Your card number is invalid.", form)
    if card.asks and session["_tried"] != number:
        session["_tried"] = number
        return _agree(session)
    return _finish(world, session, number, form.get("email", ""))


def _finish(world: World, session: Row, number: str, email: str = "") -> Response:
    account, card = session["_account"], CARDS[number]
    if session["customer"] is None:
        email = email or session["customer_email"] or ""
        session["customer"] = world.add("customers", account, object="customer", email=email)["id"]
    method = world.add(
        "payment_methods",
        account,
        object="payment_method",
        type="card",
        customer=None,
        card={"brand": card.brand, "last4": number[-4:]},
        _number=number,
    )
    refused = _pay(world, session, method) if session["mode"] == "payment" else _save(world, session, method)
    if refused:
        return _form(session, WORDS[refused])
    session.update(status="complete", url=None)
    world.changed()
    world.tell("checkout.session.completed", session)
    return redirect(session["success_url"].replace("{CHECKOUT_SESSION_ID}", session["id"]), 303)


def _pay(world: World, session: Row, method: Row) -> str:
    intent = world.tables["intents"].get(session["payment_intent"] or "")
    if intent is None:
        intent = intents.new(
            world,
            session["_account"],
            amount=session["amount_total"],
            currency=session["currency"],
            customer=session["customer"],
            **session["_intent"],
        )
        intent["_session"] = session["id"]
        session["payment_intent"] = intent["id"]
    refused = intents.confirm(world, intent, method, present=True)
    if not refused:
        intent["_session"] = ""
        session["payment_status"] = "paid" if intent["status"] == "succeeded" else "unpaid"
    return refused


def _save(world: World, session: Row, method: Row) -> str:
    card = CARDS[method["_number"]]
    if card.page:
        return card.page
    method["customer"] = session["customer"]
    setup = world.add(
        "setup_intents",
        session["_account"],
        object="setup_intent",
        customer=session["customer"],
        description=session["_setup"].get("description"),
        livemode=False,
        metadata=session["_setup"].get("metadata") or {},
        payment_method=method["id"],
        status="succeeded",
        usage="off_session",
    )
    session["setup_intent"] = setup["id"]
    world.tell("setup_intent.succeeded", setup)
    return ""


def _form(session: Row, problem: str = "", typed: dict[str, str] | None = None) -> Response:
    typed = typed or {}
    held = session["_intent"].get("capture_method") == "manual"
    verb = "Save card" if session["mode"] == "setup" else "Hold" if held else "Pay"
    total = (
        f"{session['amount_total'] / 100:.2f} {session['currency'].upper()}"
        if session["amount_total"]
        else ""
    )
    told = f'<p class="problem" role="alert">{escape(problem)}</p>' if problem else ""
    body = (
        f"<h1>{escape(session['_title'])} {escape(total)}</h1>{told}"
        f'<form method="post">{_email(session, typed)}'
        '<label for="number">Card number</label>'
        f'<input id="number" name="number" inputmode="numeric" required value="{escape(typed.get("number", ""))}">'
        '<label for="expiry">Expiry</label><input id="expiry" name="expiry" value="12 / 40">'
        '<label for="cvc">CVC</label><input id="cvc" name="cvc" value="123">'
        f"<button>{escape(f'{verb} {total}'.strip())}</button></form>"
        f'<p class="small"><a href="{escape(session["cancel_url"] or "")}">Back</a></p>'
        '<p class="small">4242 4242 4242 4242 works; others are in cards.py.</p>'
    )
    return page("Stripe", "Pay", body, 402 if problem else 200)


def _email(session: Row, typed: dict[str, str]) -> str:
    if session["customer"]:
        return ""
    value = escape(typed.get("email") or session["customer_email"] or "")
    return f'<label for="email">Email</label><input id="email" name="email" type="email" value="{value}">'


def _agree(session: Row) -> Response:
    body = (
        "<h1>Your bank asks: was it you?</h1>"
        f'<form method="post">{hidden({"step": "agreed"})}<button>Complete authentication</button></form>'
        f'<form method="post">{hidden({"step": "refused"})}<button class="quiet">Fail authentication</button></form>'
    )
    return page("Stripe", "Authenticate", body)


def shown(world: World, row: Row, expand: Any = ()) -> Row:
    return public(row)
