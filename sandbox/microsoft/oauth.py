"""Authorization as the identity platform v2.0 does it: sign-in, Accept or Cancel, codes, tokens that rotate."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import secrets
from typing import Any
from urllib.parse import urlencode, urlsplit

from werkzeug.utils import redirect
from werkzeug.wrappers import Request, Response

from sandbox.microsoft import pages
from sandbox.microsoft.errors import unauthorized
from sandbox.microsoft.world import Row, World

#: Seconds. A code works once; an access token lives about an hour; a refresh token that was used goes on working for a
#: while (refresh tokens, read 2026-11: they are not revoked by use).
CODE_LIFE, ACCESS_LIFE, GRACE = 600, 3599, 24 * 3600
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
ENDPOINT = re.compile(r"/(common|organizations|consumers)/oauth2/v2\.0/(authorize|token)")
KNOWN_SCOPES = frozenset(
    {"offline_access", "Calendars.ReadWrite", "Calendars.Read", "User.Read", "openid", "profile"}
)


class Turned(Exception):
    """A refusal of the token endpoint: error, AADSTS number, words, status."""

    def __init__(self, error: str, number: int, words: str, status: int = 400, suberror: str = "") -> None:
        super().__init__(words)
        self.error, self.number, self.words, self.status, self.suberror = (
            error,
            number,
            words,
            status,
            suberror,
        )


def handle(world: World, request: Request) -> Response:
    """Answer a request for the pages or the token endpoint."""
    match = ENDPOINT.fullmatch(request.path)
    with world.lock:
        if match and match[2] == "authorize" and request.method == "GET":
            asked = request.args.to_dict()
            return _wrong(world, asked) or pages.sign_in(world, asked, email=asked.get("login_hint", ""))
        if match and match[2] == "token" and request.method == "POST":
            return _token(world, request.form.to_dict())
        if request.method == "POST" and request.path == "/sandbox/sign_in":
            return _sign_in(world, request.form.to_dict())
        if request.method == "POST" and request.path == "/sandbox/consent":
            return _decide(world, request.form.to_dict())
    return pages.problem("Page not found", "There is nothing at this address.", 404)


# --- the pages -----------------------------------------------------------------------------------------------------


def _wrong(world: World, asked: dict[str, str]) -> Response | None:
    if asked.get("client_id") != world.app.client_id:
        return pages.problem("AADSTS700016", "No application with this client_id is registered.", 400)
    uri = asked.get("redirect_uri", "")
    known = uri in world.app.redirect_uris if world.app.redirect_uris else urlsplit(uri).hostname in LOOPBACK
    if not known:
        return pages.problem("AADSTS50011", "The redirect_uri is not registered for this application.", 400)
    if asked.get("response_type") != "code" or not asked.get("scope"):
        return pages.problem("AADSTS900144", "response_type has to be code, and scope must be given.", 400)
    if set(asked["scope"].split()) - KNOWN_SCOPES:
        return pages.problem("AADSTS70011", "A scope is not known.", 400)
    if asked.get("code_challenge") and asked.get("code_challenge_method") != "S256":
        return pages.problem("AADSTS501491", "This sandbox knows S256 only.", 400)
    return None


def _sign_in(world: World, form: dict[str, str]) -> Response:
    email, password = form.pop("email", "").strip().casefold(), form.pop("password", "")
    if (wrong := _wrong(world, form)) is not None:
        return wrong
    account = world["accounts"].get(email)
    if account is None or not secrets.compare_digest(account["password"].encode(), password.encode()):
        return pages.sign_in(
            world, form, problem="Your account or password is incorrect.", email=email, status=401
        )
    if account["needs_admin"]:
        words = "AADSTS90094: The grant requires admin permission."
        back = _back(form, {"error": "access_denied", "error_description": words})
        return pages.approval(world, account, back)
    ticket = secrets.token_urlsafe(24)
    world.tickets[ticket] = email
    return pages.consent(world, form, account, ticket)


def _decide(world: World, form: dict[str, str]) -> Response:
    ticket, decision = form.pop("ticket", ""), form.pop("decision", "")
    if (wrong := _wrong(world, form)) is not None:
        return wrong
    email = world.tickets.pop(ticket, None)
    if email is None:
        return pages.sign_in(world, form)
    if decision != "accept":
        words = "AADSTS65004: User declined to consent to access the app."
        return redirect(
            _back(form, {"error": "access_denied", "error_subcode": "cancel", "error_description": words}),
            303,
        )
    code = secrets.token_urlsafe(48)
    world["codes"][code] = {
        "account": email,
        "redirect_uri": form["redirect_uri"],
        "challenge": form.get("code_challenge", ""),
        "scope": form["scope"],
        "until": world.clock.time() + CODE_LIFE,
    }
    world.version += 1
    return redirect(_back(form, {"code": code}), 303)


def _back(form: dict[str, str], answer: dict[str, str]) -> str:
    mark = "&" if "?" in form["redirect_uri"] else "?"
    return f"{form['redirect_uri']}{mark}{urlencode(answer | {'state': form.get('state', '')})}"


# --- tokens --------------------------------------------------------------------------------------------------------


def _token(world: World, form: dict[str, str]) -> Response:
    try:
        if form.get("client_id") != world.app.client_id:
            raise Turned("unauthorized_client", 700016, "The application was not found in the directory.")
        if form.get("client_secret") != world.app.client_secret:
            raise Turned("invalid_client", 7000215, "Invalid client secret provided.", 401)
        given = {"authorization_code": _by_code, "refresh_token": _by_refresh}.get(form.get("grant_type", ""))
        if given is None:
            raise Turned("unsupported_grant_type", 70003, "The grant type is not supported.")
        return _json(200, given(world, form))
    except Turned as no:
        body = {
            "error": no.error,
            "error_description": f"AADSTS{no.number}: {no.words} Trace ID: 0 Correlation ID: 0 Timestamp: 0",
            "error_codes": [no.number],
            "timestamp": world.clock.now().strftime("%Y-%m-%d %H:%M:%SZ"),
            "trace_id": "00000000-0000-4000-8000-000000000000",
            "correlation_id": "00000000-0000-4000-8000-000000000000",
        }
        return _json(no.status, body | ({"suberror": no.suberror} if no.suberror else {}))


def _by_code(world: World, form: dict[str, str]) -> dict[str, Any]:
    code = world["codes"].pop(form.get("code", ""), None)
    if code is None:
        raise Turned("invalid_grant", 54005, "The code was already redeemed.")
    if code["until"] < world.clock.time():
        raise Turned("invalid_grant", 70008, "The code has expired.")
    if code["redirect_uri"] != form.get("redirect_uri"):
        raise Turned("invalid_grant", 500112, "The reply address does not match the one of the code.")
    made = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
    if code["challenge"] and base64.urlsafe_b64encode(made).rstrip(b"=").decode() != code["challenge"]:
        raise Turned("invalid_grant", 501481, "The Code_Verifier does not match the code_challenge.")
    return grant(world, world["accounts"][code["account"]], code["scope"])


def _by_refresh(world: World, form: dict[str, str]) -> dict[str, Any]:
    old = world["refresh_tokens"].get(form.get("refresh_token", ""))
    if old is None or (old["until"] is not None and old["until"] < world.clock.time()):
        raise Turned(
            "invalid_grant",
            50173,
            "The provided grant has expired due to it being revoked.",
            suberror="bad_token",
        )
    account = world["accounts"][old["account"]]
    if account["needs_admin"]:
        raise Turned(
            "invalid_grant",
            65001,
            "The user or administrator has not consented.",
            suberror="consent_required",
        )
    if world.quirks["rotation"] == "none":
        answer = grant(world, account, old["scope"])
        del world["refresh_tokens"][answer.pop("refresh_token")]
        return answer
    if old["until"] is None:
        old["until"] = world.clock.time() + GRACE
    return grant(world, account, old["scope"])


def grant(world: World, account: Row, scope: str) -> dict[str, Any]:
    """Tokens for an account, as the token endpoint gives them."""
    access, refresh = (secrets.token_urlsafe(48) for _ in range(2))
    until = world.clock.time() + ACCESS_LIFE
    world["grants"][access] = {"account": account["email"], "until": until}
    world["refresh_tokens"][refresh] = {"account": account["email"], "scope": scope, "until": None}
    world.version += 1
    return {
        "token_type": "Bearer",
        "scope": " ".join(one for one in scope.split() if one != "offline_access"),
        "expires_in": ACCESS_LIFE,
        "ext_expires_in": ACCESS_LIFE,
        "access_token": access,
        "refresh_token": refresh,
    }


def account_of(world: World, authorization: str | None) -> Row:
    """Whose token that is. Raises `Refused`."""
    with world.lock:
        scheme, _, token = (authorization or "").partition(" ")
        found = world["grants"].get(token)
        if scheme != "Bearer" or found is None or found["until"] < world.clock.time():
            raise unauthorized()
        return world["accounts"][found["account"]]


def revoke(world: World, email: str) -> None:
    """The account takes its permission back: every token of it ends."""
    for table in ("grants", "refresh_tokens"):
        world.tables[table] = {k: v for k, v in world[table].items() if v["account"] != email}
    world.version += 1


def _json(status: int, body: dict[str, Any]) -> Response:
    return Response(json.dumps(body), status, content_type="application/json; charset=utf-8")
