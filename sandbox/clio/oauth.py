"""Authorization: sign-in, Allow Access or Decline, codes and tokens (facts §2)."""

from __future__ import annotations

import secrets
from typing import Any
from urllib.parse import urlencode, urlsplit

from werkzeug.utils import redirect
from werkzeug.wrappers import Request, Response

from sandbox.clio import pages
from sandbox.clio.errors import Unauthorized
from sandbox.clio.store import Row
from sandbox.clio.world import World

#: Seconds a code lives; it works once.
CODE_LIFE = 600
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
SESSION = "sandbox_clio_session"
#: Clio's address for apps without one of their own: the code stands in the page's title ([D 17]).
HEADLESS = "/oauth/approval"


def handle(world: World, request: Request) -> Response:
    """Answer a request below `/oauth/`."""
    routes = {
        ("GET", "/oauth/authorize"): _authorize,
        ("POST", "/oauth/sign_in"): _sign_in,
        ("GET", "/oauth/sign_out"): _sign_out,
        ("POST", "/oauth/authorize"): _decide,
        ("POST", "/oauth/token"): _token,
        ("POST", "/oauth/deauthorize"): _deauthorize,
        ("GET", HEADLESS): lambda w, r: pages.approval(r.args.get("code", "")),
    }
    handler = routes.get((request.method, request.path.removesuffix(".json")))
    if handler is None:
        return pages.problem("Page not found", "There is nothing at this address.", 404)
    with world.store.lock:
        return handler(world, request)


# --- the pages -----------------------------------------------------------------------------------------------------


def _authorize(world: World, request: Request) -> Response:
    asked = request.args.to_dict()
    if (wrong := _wrong(world, asked)) is not None:
        return wrong
    user = _signed_in(world, request)
    if user is None:
        return pages.sign_in(world, asked)
    return _consent(world, asked, user)


def _wrong(world: World, asked: dict[str, str]) -> Response | None:
    """A page for the person when the request itself is wrong; nothing is sent back to an address not registered."""
    if asked.get("client_id") != world.app.client_id:
        return pages.problem("Unknown application", "No application with this client_id is registered.", 401)
    if not redirect_allowed(world, asked.get("redirect_uri", "")):
        return pages.problem(
            "Redirect URI mismatch", "The redirect_uri is not registered for this application.", 400
        )
    if asked.get("response_type") != "code":
        return pages.problem("Unsupported response type", "response_type must be code.", 400)
    return None


def redirect_allowed(world: World, uri: str) -> bool:
    """Exactly one of the registered addresses; with none registered, any on this machine."""
    if world.app.redirect_uris:
        return uri in world.app.redirect_uris
    parts = urlsplit(uri)
    return parts.path == HEADLESS or (parts.scheme in ("http", "https") and parts.hostname in LOOPBACK)


def _consent(world: World, asked: dict[str, str], user: Row) -> Response:
    account = world.store["accounts"].get(user["account_id"])
    assert account is not None
    if account["plan"] == "EasyStart":
        back = (
            asked["redirect_uri"]
            + "?"
            + urlencode(_refusal(asked, "Your Clio plan does not include API access."))
        )
        return pages.no_api_access(
            world, account, back if asked.get("redirect_on_decline") == "true" else None
        )
    return pages.consent(world, asked, user, account)


def _sign_in(world: World, request: Request) -> Response:
    form = request.form.to_dict()
    email, password = form.pop("email", "").strip().casefold(), form.pop("password", "")
    if (wrong := _wrong(world, form)) is not None:
        return wrong
    user = next((u for u in world.store["users"].rows.values() if u["email"].casefold() == email), None)
    account = user and world.store["accounts"].get(user["account_id"])
    if (
        user is None
        or not secrets.compare_digest(user["password"].encode(), password.encode())
        or not user["enabled"]
    ):
        return pages.sign_in(
            world, form, problem="The email or the password is not right.", email=email, status=401
        )
    if account is None or account["region"] != world.region:
        return pages.sign_in(
            world,
            form,
            problem="There is no account with this email in this region.",
            email=email,
            status=401,
        )
    session = secrets.token_urlsafe(24)
    world.sessions[session] = {"user_id": user["id"]}
    response = redirect("/oauth/authorize?" + urlencode(form), 303)
    response.set_cookie(SESSION, session, httponly=True, samesite="Lax", path="/oauth")
    return response


def _sign_out(world: World, request: Request) -> Response:
    world.sessions.pop(request.cookies.get(SESSION, ""), None)
    response = redirect("/oauth/authorize?" + urlencode(request.args.to_dict()), 303)
    response.delete_cookie(SESSION, path="/oauth")
    return response


def _signed_in(world: World, request: Request) -> Row | None:
    session = world.sessions.get(request.cookies.get(SESSION, ""))
    return world.store["users"].get(session["user_id"]) if session else None


def _decide(world: World, request: Request) -> Response:
    asked = request.form.to_dict()
    decision = asked.pop("decision", "")
    if (wrong := _wrong(world, asked)) is not None:
        return wrong
    user = _signed_in(world, request)
    if user is None:
        return pages.sign_in(world, asked)
    account = world.store["accounts"].get(user["account_id"])
    if account is None or account["plan"] == "EasyStart":
        return _consent(world, asked, user)
    if decision != "allow":
        if asked.get("redirect_on_decline") == "true":
            return redirect(_with(asked["redirect_uri"], _refusal(asked)), 302)
        return pages.problem(
            "Access declined", f"{world.app.name} was not given access. You can close this page.", 200
        )
    code = secrets.token_urlsafe(30)
    world.store.codes[code] = {
        "user_id": user["id"],
        "redirect_uri": asked["redirect_uri"],
        "expires_at": world.clock.time() + CODE_LIFE,
    }
    return redirect(_with(asked["redirect_uri"], {"code": code} | _state(asked)), 302)


def _with(uri: str, query: dict[str, str]) -> str:
    return uri + ("&" if "?" in uri else "?") + urlencode(query)


def _state(asked: dict[str, str]) -> dict[str, str]:
    return {"state": asked["state"]} if "state" in asked else {}


def _refusal(asked: dict[str, str], why: str | None = None) -> dict[str, str]:
    return {"error": "access_denied"} | ({"error_description": why} if why else {}) | _state(asked)


# --- tokens --------------------------------------------------------------------------------------------------------


def _json(status: int, body: dict[str, Any]) -> Response:
    import json

    return Response(json.dumps(body), status, content_type="application/json; charset=utf-8")


def _error(status: int, error: str, text: str) -> Response:
    return _json(status, {"error": error, "error_description": text})


def _token(world: World, request: Request) -> Response:
    form = request.form
    if form.get("client_id") != world.app.client_id or form.get("client_secret") != world.app.client_secret:
        return _error(401, "invalid_client", "Client authentication failed.")
    if form.get("grant_type") == "authorization_code":
        code = world.store.codes.pop(form.get("code", ""), None)
        good = code is not None and code["expires_at"] > world.clock.time()
        if not good or form.get("redirect_uri") != code["redirect_uri"]:  # type: ignore[index]
            return _error(
                400,
                "invalid_grant",
                "The authorization code is invalid, expired or used, or redirect_uri differs.",
            )
        return _json(200, issue(world, code["user_id"], with_refresh=True))  # type: ignore[index]
    if form.get("grant_type") == "refresh_token":
        # Used again and again until revoked; not rotated ([D 13]).
        refresh = world.store.refresh_tokens.get(form.get("refresh_token", ""))
        if refresh is None:
            return _error(400, "invalid_grant", "The refresh token is invalid or revoked.")
        if world.quirks["refresh_ends_old_token"]:
            for token in [
                t for t, g in world.store.grants.items() if g["refresh_token"] == refresh["refresh_token"]
            ]:
                del world.store.grants[token]
        return _json(200, issue(world, refresh["user_id"], refresh_token=refresh["refresh_token"]))
    return _error(400, "unsupported_grant_type", "The grant type is not supported.")


def issue(
    world: World, user_id: int, *, with_refresh: bool = False, refresh_token: str | None = None
) -> dict[str, Any]:
    """A new access token for a user; a refresh token only the first time."""
    life = int(world.quirks["token_life"])
    access = secrets.token_urlsafe(32)
    refresh = refresh_token or secrets.token_urlsafe(32)
    world.store.grants[access] = {
        "user_id": user_id,
        "refresh_token": refresh,
        "expires_at": world.clock.time() + life,
    }
    world.store.version += 1
    answer: dict[str, Any] = {"token_type": "bearer", "access_token": access, "expires_in": life}
    if with_refresh:
        world.store.refresh_tokens[refresh] = {"user_id": user_id, "refresh_token": refresh}
        answer["refresh_token"] = refresh
    return answer


def user_of(world: World, authorization: str | None) -> tuple[Row, str]:
    """The user a bearer token stands for, and the token. Raises Unauthorized."""
    scheme, _, token = (authorization or "").partition(" ")
    grant = world.store.grants.get(token) if scheme.lower() == "bearer" else None
    if grant is None or grant["expires_at"] <= world.clock.time():
        raise Unauthorized()
    user = world.store["users"].get(grant["user_id"])
    account = user and world.store["accounts"].get(user["account_id"])
    # Tokens of one region are refused in another ([D 13]).
    if user is None or account is None or account["region"] != world.region or not user["enabled"]:
        raise Unauthorized()
    return user, token


def revoke(world: World, token: str) -> None:
    """End an access token and the refresh token it came with."""
    grant = world.store.grants.pop(token, None)
    if grant is not None:
        world.store.refresh_tokens.pop(grant["refresh_token"], None)
        for other in [
            t for t, g in world.store.grants.items() if g["refresh_token"] == grant["refresh_token"]
        ]:
            del world.store.grants[other]
    world.store.version += 1


def _deauthorize(world: World, request: Request) -> Response:
    """`Authorization: Bearer`, form `token=`: 200 with an empty body."""
    try:
        _, bearer = user_of(world, request.headers.get("Authorization"))
    except Unauthorized as refused:
        return _json(401, refused.body())
    revoke(world, request.form.get("token") or bearer)
    return Response(b"", 200)
