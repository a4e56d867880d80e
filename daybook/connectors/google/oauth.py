"""Google's authorization: asking the person, exchanging the code, refreshing, revoking."""

# Plain forms on our own `Http`, as for Clio: in this way they pass the same guards, limits, status table and log as
# every other request.

from __future__ import annotations

import base64
import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import urlencode, urlsplit

from daybook.connectors.errors import Garbled, NotAuthorised, Rejected, RemoteTrouble, trouble_for
from daybook.connectors.google import NAME
from daybook.connectors.http import Answer, Http, seconds

#: All that is asked for: which calendars there are, and what is in them. Watching and the account's own address are
#: covered by these two (calendar.v3 discovery document of 2026-10-30, `scopes` of each method).
SCOPES = (
    "https://www.googleapis.com/auth/calendar.calendarlist.readonly",
    "https://www.googleapis.com/auth/calendar.events",
)
NOT_ALL = (
    "Google was not told to give Daybook all the access it needs. "
    "Please connect again and leave both boxes ticked: seeing the list of calendars, and their events."
)


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where Google is. The defaults are the published ones (Google's OAuth guide for web servers, read 2026-11)."""

    authorize: str = "https://accounts.google.com/o/oauth2/v2/auth"
    token: str = "https://oauth2.googleapis.com/token"  # noqa: S105 - an address
    revoke: str = "https://oauth2.googleapis.com/revoke"
    api: str = "https://www.googleapis.com/calendar/v3"

    @classmethod
    def at(cls, base: str) -> Addresses:
        """All of them on one server, as a stand-in has them."""
        base = base.rstrip("/")
        return cls(f"{base}/o/oauth2/v2/auth", f"{base}/token", f"{base}/revoke", f"{base}/calendar/v3")


@dataclass(frozen=True, slots=True)
class App:
    """The application registered in Google's console."""

    client_id: str
    client_secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Token:
    """What opens the door. `access` lives until `expires_at` (aware; None when Google did not say), about an hour."""

    access: str = field(repr=False)
    refresh: str = field(repr=False)
    expires_at: datetime | None


def new_verifier() -> str:
    """A secret for one authorization (RFC 7636), to be kept until `exchange`."""
    return secrets.token_urlsafe(48)


def authorize_url(
    app: App, addresses: Addresses, redirect_uri: str, state: str, verifier: str, *, hint: str = ""
) -> str:
    """
    Return the address to send the browser to: Google's own sign-in, then what Daybook asks for.

    The answer comes back to `redirect_uri` with `state` and either `code` or `error=access_denied`. Google gives a
    refresh token only for `access_type=offline`, and to somebody who has allowed before only after `prompt=consent`
    (Google's OAuth guide for web servers, read 2026-11). `hint` is the address of the account that is expected.
    """
    digest = hashlib.sha256(verifier.encode()).digest()
    query = {
        "response_type": "code",
        "client_id": app.client_id,
        "redirect_uri": redirect_uri,
        "scope": " ".join(SCOPES),
        "state": state,
        "access_type": "offline",
        "prompt": "consent",
        "code_challenge": base64.urlsafe_b64encode(digest).decode().rstrip("="),
        "code_challenge_method": "S256",
        **({"login_hint": hint} if hint else {}),
    }
    return f"{addresses.authorize}?{urlencode(query)}"


def exchange(
    app: App, addresses: Addresses, code: str, redirect_uri: str, verifier: str, *, now: datetime
) -> Token:
    """
    Turn the code of a granted permission into a token. A code works once.

    Raises `NotAuthorised` when Google does not take the code, or when the person has left one of the boxes on
    Google's page empty: then nothing is to be connected. Else `RemoteTrouble`.
    """
    form = {
        "client_id": app.client_id,
        "client_secret": app.client_secret,
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": redirect_uri,
        "code_verifier": verifier,
    }
    body = _body(_post(addresses.token, form))
    granted = body.get("scope")
    if not isinstance(granted, str) or not set(SCOPES) <= set(granted.split()):
        raise NotAuthorised(NAME, text=NOT_ALL)
    return _token(body, now, keep=None)


def refresh(app: App, addresses: Addresses, refresh_token: str, *, now: datetime) -> Token:
    """
    Get a new access token. Google answers without a refresh token: the old one is kept, for losing it loses the
    connection. Nothing of the person's can change by this, so no trouble from here ever says `maybe_applied`.

    Raises `NotAuthorised` when access was taken away (invalid_grant), else `RemoteTrouble`.
    """
    form = {
        "client_id": app.client_id,
        "client_secret": app.client_secret,
        "grant_type": "refresh_token",
        "refresh_token": refresh_token,
    }
    try:
        return _token(_body(_post(addresses.token, form)), now, keep=refresh_token)
    except RemoteTrouble as trouble:
        trouble.maybe_applied = False
        raise


def revoke(addresses: Addresses, token: str) -> None:
    """
    Tell Google that this connection is over; the refresh token ends it all. Raises `NotAuthorised` when it was over
    already, else `RemoteTrouble`.
    """
    _post(addresses.revoke, {"token": token})


def _post(address: str, form: dict[str, str]) -> Answer:
    parts = urlsplit(address)
    http = Http(f"{parts.scheme}://{parts.netloc}", NAME)
    return http.request("POST", parts.path, form=form, check=_check)


#: RFC 6749, 5.2: the words of a refusal that no retry and no change to the request can cure.
_OVER = frozenset(
    {"invalid_grant", "invalid_client", "unauthorized_client", "access_denied", "invalid_token"}
)


def _check(answer: Answer) -> None:
    if answer.ok:
        return
    trouble = trouble_for(
        answer.status, NAME, write=answer.write, after=seconds(answer.headers.get("Retry-After"))
    )
    if isinstance(trouble, Rejected):
        try:
            body = answer.json()
        except RemoteTrouble:
            raise trouble from None
        code = body.get("error") if isinstance(body, dict) else None
        if code in _OVER:
            raise NotAuthorised(NAME, status=answer.status, words=str(code))
        if isinstance(code, str):
            raise Rejected(NAME, status=answer.status, words=code)
    raise trouble


def _body(answer: Answer) -> dict[str, object]:
    body = answer.json()
    if not isinstance(body, dict):
        raise Garbled(NAME, status=answer.status)
    return body


def _token(body: dict[str, object], now: datetime, *, keep: str | None) -> Token:
    access, new, lifetime = (
        body.get("access_token"),
        body.get("refresh_token") or keep,
        body.get("expires_in"),
    )
    if not isinstance(access, str) or not access or not isinstance(new, str) or not new:
        raise Garbled(NAME)
    if isinstance(lifetime, int) and not isinstance(lifetime, bool) and 0 < lifetime < 366 * 86400:
        return Token(access, new, now + timedelta(seconds=lifetime))
    return Token(access, new, None)
