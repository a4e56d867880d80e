"""Authorization: sign-in, Continue or Cancel, codes, tokens and their end (Google's OAuth guide for web servers)."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from typing import Any
from urllib.parse import urlencode, urlsplit

from werkzeug.utils import redirect
from werkzeug.wrappers import Request, Response

from sandbox.google import pages
from sandbox.google.errors import unauthorized
from sandbox.google.world import Row, World

AUTHORIZE = "/o/oauth2/v2/auth"
USERINFO = "/oauth2/v3/userinfo"
CODE_LIFE = 600
TOKEN_LIFE = 3599
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
SESSION = "sandbox_google_session"


def handle(world: World, request: Request) -> Response:
    """Answer a page, or a request for tokens."""
    routes = {
        ("GET", AUTHORIZE): _authorize,
        ("POST", "/signin"): _sign_in,
        ("GET", "/signout"): _sign_out,
        ("POST", "/consent"): _decide,
        ("POST", "/token"): _token,
        ("POST", "/revoke"): _revoke,
    }
    handler = routes.get((request.method, request.path))
    if handler is None:
        return pages.problem("Page not found", "There is nothing at this address.", 404)
    with world.lock:
        return handler(world, request)


# --- the pages ---


def _authorize(world: World, request: Request) -> Response:
    asked = request.args.to_dict()
    if (wrong := _wrong(world, asked)) is not None:
        return wrong
    account = _signed_in(world, request)
    if account is None:
        return pages.sign_in(world, asked, email=asked.get("login_hint", ""))
    return pages.consent(world, asked, account)


def _wrong(world: World, asked: dict[str, str]) -> Response | None:
    """A page for the person when the request itself is wrong; nothing goes to an address that is not registered."""
    if asked.get("client_id") != world.app.client_id:
        return pages.problem("Error 401: invalid_client", "The OAuth client was not found.", 401)
    if not redirect_allowed(world, asked.get("redirect_uri", "")):
        return pages.problem("Error 400: redirect_uri_mismatch", "This address is not registered.", 400)
    if asked.get("response_type") != "code" or not asked.get("scope"):
        return pages.problem("Error 400: invalid_request", "response_type and scope are needed.", 400)
    return None


def redirect_allowed(world: World, uri: str) -> bool:
    """Exactly one of the registered addresses; with none registered, any on this machine."""
    if world.app.redirect_uris:
        return uri in world.app.redirect_uris
    parts = urlsplit(uri)
    return parts.scheme in ("http", "https") and parts.hostname in LOOPBACK


def _sign_in(world: World, request: Request) -> Response:
    form = request.form.to_dict()
    email, password = form.pop("email", "").strip().casefold(), form.pop("password", "")
    if (wrong := _wrong(world, form)) is not None:
        return wrong
    account = world.tables["accounts"].get(email)
    if account is None or account["password"] != password:
        return pages.sign_in(world, form, problem="Wrong email or password.", email=email, status=401)
    session = secrets.token_urlsafe(24)
    world.sessions[session] = email
    response = redirect(f"{AUTHORIZE}?{urlencode(form)}", 303)
    response.set_cookie(SESSION, session, httponly=True, samesite="Lax")
    return response


def _sign_out(world: World, request: Request) -> Response:
    world.sessions.pop(request.cookies.get(SESSION, ""), None)
    response = redirect(f"{AUTHORIZE}?{urlencode(request.args.to_dict())}", 303)
    response.delete_cookie(SESSION)
    return response


def _signed_in(world: World, request: Request) -> Row | None:
    return world.tables["accounts"].get(world.sessions.get(request.cookies.get(SESSION, ""), ""))


def _decide(world: World, request: Request) -> Response:
    asked = request.form.to_dict()
    decision = asked.pop("decision", "")
    granted = request.form.getlist("granted")
    asked.pop("granted", None)
    if (wrong := _wrong(world, asked)) is not None:
        return wrong
    account = _signed_in(world, request)
    if account is None:
        return pages.sign_in(world, asked)
    if decision != "allow":
        return redirect(_back(asked, {"error": "access_denied"}), 302)
    code = "4/" + secrets.token_urlsafe(32)
    world.tables["codes"][code] = {
        "email": account["email"],
        "scope": " ".join(one for one in asked["scope"].split() if one in granted),
        "redirect_uri": asked["redirect_uri"],
        "challenge": asked.get("code_challenge", ""),
        "offline": asked.get("access_type") == "offline",
        "again": asked.get("prompt") == "consent",
        "expires_at": world.clock.time() + CODE_LIFE,
    }
    world.changed()
    return redirect(_back(asked, {"code": code, "scope": world.tables["codes"][code]["scope"]}), 302)


def _back(asked: dict[str, str], values: dict[str, str]) -> str:
    state = {"state": asked["state"]} if "state" in asked else {}
    joint = "&" if urlsplit(asked["redirect_uri"]).query else "?"
    return f"{asked['redirect_uri']}{joint}{urlencode(state | values)}"


# --- tokens ---


def _token(world: World, request: Request) -> Response:
    form = request.form.to_dict()
    if (form.get("client_id"), form.get("client_secret")) != (world.app.client_id, world.app.client_secret):
        return _error(401, "invalid_client", "The OAuth client was not found.")
    kind = form.get("grant_type")
    if kind == "authorization_code":
        code = world.tables["codes"].pop(form.get("code", ""), None)
        if (
            code is None
            or code["expires_at"] <= world.clock.time()
            or code["redirect_uri"] != form.get("redirect_uri")
            or not _proves(code["challenge"], form.get("code_verifier", ""))
        ):
            return _error(400, "invalid_grant", "Malformed auth code.")
        first = not any(row["email"] == code["email"] for row in world.tables["refresh_tokens"].values())
        with_refresh = code["offline"] and (first or code["again"])
        return _json(200, issue(world, code["email"], code["scope"], with_refresh=with_refresh))
    if kind == "refresh_token":
        kept = world.tables["refresh_tokens"].get(form.get("refresh_token", ""))
        if kept is None:
            return _error(400, "invalid_grant", "Token has been expired or revoked.")
        return _json(200, issue(world, kept["email"], kept["scope"], refresh=form["refresh_token"]))
    return _error(400, "unsupported_grant_type", f"Invalid grant_type: {kind}")


def _proves(challenge: str, verifier: str) -> bool:
    if not challenge:
        return True
    digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    return secrets.compare_digest(challenge, digest)


def issue(
    world: World, email: str, scope: str, *, with_refresh: bool = False, refresh: str = ""
) -> dict[str, Any]:
    """A new access token; a refresh token only after consent, never with a refresh."""
    access = "ya29." + secrets.token_urlsafe(40)
    answer: dict[str, Any] = {"access_token": access, "expires_in": TOKEN_LIFE, "scope": scope}
    if with_refresh:
        refresh = answer["refresh_token"] = "1//" + secrets.token_urlsafe(40)
        world.tables["refresh_tokens"][refresh] = {"email": email, "scope": scope}
    world.tables["grants"][access] = {
        "email": email,
        "scope": scope,
        "refresh": refresh,
        "expires_at": world.clock.time() + TOKEN_LIFE,
    }
    world.changed()
    return answer | {"token_type": "Bearer"}


def account_of(world: World, authorization: str | None) -> tuple[Row, frozenset[str]]:
    """Whose token it is, and what it may be used for. Raises `Refused`."""
    scheme, _, token = (authorization or "").partition(" ")
    grant = world.tables["grants"].get(token) if scheme == "Bearer" else None
    if grant is None or grant["expires_at"] <= world.clock.time():
        raise unauthorized()
    return world.account(grant["email"]), frozenset(grant["scope"].split())


def _revoke(world: World, request: Request) -> Response:
    token = request.form.get("token") or request.args.get("token", "")
    grant = world.tables["grants"].get(token) or world.tables["refresh_tokens"].get(token)
    if grant is None:
        return _error(400, "invalid_token", "Token expired or revoked")
    revoke_all(world, grant["email"])
    return _json(200, {})


def revoke_all(world: World, email: str) -> None:
    """The app loses all access to an account; its channels fall silent."""
    for table in ("grants", "refresh_tokens", "channels"):
        rows = world.tables[table]
        for key in [key for key, row in rows.items() if row["email"] == email]:
            del rows[key]
    world.changed()


def userinfo(account: Row, scopes: frozenset[str]) -> dict[str, Any]:
    if "openid" not in scopes:
        raise unauthorized()
    email = {"email": account["email"], "email_verified": True} if "email" in scopes else {}
    return {"sub": account["sub"], **email}


def _error(status: int, code: str, text: str) -> Response:
    return _json(status, {"error": code, "error_description": text})


def _json(status: int, body: Any) -> Response:
    return Response(json.dumps(body), status, content_type="application/json; charset=utf-8")
