"""Microsoft's authorization, for work and personal accounts: asking the user, exchanging the code, refreshing."""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlencode

from daybook.connectors.errors import (
    Forbidden,
    Garbled,
    NotAuthorised,
    Rejected,
    RemoteTrouble,
    Unreachable,
    trouble_for,
)
from daybook.connectors.http import Answer, Http, seconds

PROVIDER: Final = "Microsoft"
LOGIN_URL: Final = "https://login.microsoftonline.com"

#: Work, school and personal accounts alike (identity platform, endpoints, read 2026-11).
TENANT: Final = "common"

#: The least that serves: calendars of the account itself, whose it is, and going on without the person. Neither of the
#: two permissions needs an administrator by itself (permissions reference, read 2026-11); an organization may want one.
SCOPES: Final = ("offline_access", "Calendars.ReadWrite", "User.Read")


@dataclass(frozen=True, slots=True)
class App:
    """The application registered with Microsoft, open to any organization and to personal accounts."""

    client_id: str
    client_secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Token:
    """
    What opens the door to one account. `access` lives until `expires_at` (aware), about an hour.

    `refresh` is replaced with each use: the newest is the one to keep. The one before is not revoked by that (refresh
    tokens, read 2026-11), so one whose answer was lost can be used again.
    """

    access: str = field(repr=False)
    refresh: str = field(repr=False)
    expires_at: datetime | None


def new_verifier() -> str:
    """A secret for one round of authorization (RFC 7636): kept until the code comes back, sent with the exchange."""
    return secrets.token_urlsafe(48)


def challenge(verifier: str) -> str:
    """What `verifier` looks like in the address (S256)."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def authorize_url(
    app: App, redirect_uri: str, state: str, verifier: str, *, login_url: str = LOGIN_URL, hint: str = ""
) -> str:
    """
    Return the address to send the browser to: Microsoft's own sign-in, then Accept.

    The answer comes back to `redirect_uri` with `state` and either `code`, or `error` and `error_description`, which
    `denied` reads. `hint` is the address of the account that is expected, if one is.
    """
    query = {
        "client_id": app.client_id,
        "response_type": "code",
        "redirect_uri": redirect_uri,
        "response_mode": "query",
        "scope": " ".join(SCOPES),
        "state": state,
        "code_challenge": challenge(verifier),
        "code_challenge_method": "S256",
        # Who is signed in to one account is often meant to connect another.
        "prompt": "select_account",
    }
    if hint:
        query["login_hint"] = hint
    return f"{_base(login_url)}/authorize?{urlencode(query)}"


def exchange(
    app: App, code: str, redirect_uri: str, verifier: str, *, now: datetime, login_url: str = LOGIN_URL
) -> Token:
    """
    Turn the code of a granted permission into a token. A code lives about ten minutes and works once.

    Raises `NotAuthorised` when Microsoft does not take the code, `Forbidden` when an administrator has to allow it
    first, else `RemoteTrouble`.
    """
    form = {
        "client_id": app.client_id,
        "client_secret": app.client_secret,
        "grant_type": "authorization_code",
        "scope": " ".join(SCOPES),
        "code": code,
        "redirect_uri": redirect_uri,
        "code_verifier": verifier,
    }
    return _token(_post(login_url, form), now, keep=None)


def refresh(app: App, refresh_token: str, *, now: datetime, login_url: str = LOGIN_URL) -> Token:
    """
    Get a new access token, and the refresh token to use from now on: the answer's, or the old one where it has none.

    Nothing of the account's changes by this, so no trouble from here says `maybe_applied`; asking again is safe, with
    the old refresh token too.

    Raises `NotAuthorised` when access was taken away or has run out, else `RemoteTrouble`.
    """
    form = {
        "client_id": app.client_id,
        "client_secret": app.client_secret,
        "grant_type": "refresh_token",
        "scope": " ".join(SCOPES),
        "refresh_token": refresh_token,
    }
    try:
        return _token(_post(login_url, form), now, keep=refresh_token)
    except RemoteTrouble as trouble:
        trouble.maybe_applied = False
        raise


ADMINISTRATOR: Final = (
    "Your organization allows this only with its administrator's approval. Please ask whoever looks after Microsoft 365 "
    "at your firm to approve Daybook, then connect again."
)
OPERATOR: Final = (
    "Microsoft does not accept Daybook's own registration. Whoever runs Daybook has to renew it; nothing is wrong with "
    "your account."
)
DECLINED: Final = "You did not allow access to your Microsoft calendars. Nothing was connected."
BLOCKED: Final = (
    "Your organization's rules for signing in do not let Daybook in. Please ask whoever looks after Microsoft 365 at "
    "your firm."
)

#: Microsoft's numbered reasons that are not just "connect again" (error codes reference, read 2026-11).
REASONS: dict[str, tuple[type[RemoteTrouble], str]] = {
    "AADSTS65001": (Forbidden, ADMINISTRATOR),  # nobody has consented
    "AADSTS65004": (NotAuthorised, DECLINED),  # the person pressed Cancel
    "AADSTS90008": (Forbidden, ADMINISTRATOR),
    "AADSTS90093": (Forbidden, ADMINISTRATOR),
    "AADSTS90094": (Forbidden, ADMINISTRATOR),  # an administrator has to
    "AADSTS90095": (Forbidden, ADMINISTRATOR),  # and has been asked
    "AADSTS650056": (Forbidden, OPERATOR),
    "AADSTS650057": (Forbidden, OPERATOR),
    "AADSTS50105": (Forbidden, BLOCKED),  # not assigned to the app
    "AADSTS53000": (Forbidden, BLOCKED),  # conditional access
    "AADSTS53001": (Forbidden, BLOCKED),
    "AADSTS53003": (Forbidden, BLOCKED),
    "AADSTS50011": (Forbidden, OPERATOR),  # the address to come back to is not registered
    "AADSTS700016": (Forbidden, OPERATOR),
    "AADSTS7000215": (Forbidden, OPERATOR),  # the secret is wrong
    "AADSTS7000222": (Forbidden, OPERATOR),  # the secret has run out
}

#: The words of RFC 6749, and Microsoft's own, where no number says it better.
ERRORS: dict[str, tuple[type[RemoteTrouble], str]] = {
    "access_denied": (NotAuthorised, DECLINED),
    "consent_required": (Forbidden, ADMINISTRATOR),
    "invalid_grant": (NotAuthorised, ""),
    "interaction_required": (NotAuthorised, ""),
    "login_required": (NotAuthorised, ""),
    "invalid_client": (Forbidden, OPERATOR),
    "unauthorized_client": (Forbidden, OPERATOR),
    "temporarily_unavailable": (Unreachable, ""),
    "server_error": (Unreachable, ""),
}


def denied(error: str, description: str = "", *, status: int | None = None) -> RemoteTrouble:
    """The trouble that an `error` stands for, from the address the browser came back to or from an answer."""
    known = ERRORS.get(error)
    for reason in re.findall(r"AADSTS\d{4,8}", description[:500]):
        # A refusal of the person stays theirs; some numbers come with several errors.
        if reason in REASONS:
            known = REASONS[reason]
            break
    if known is None:
        return Rejected(PROVIDER, status=status, words=error)
    kind, text = known
    return kind(PROVIDER, status=status, text=text, words=error)


def _base(login_url: str) -> str:
    return f"{login_url.rstrip('/')}/{TENANT}/oauth2/v2.0"


def _post(login_url: str, form: dict[str, str]) -> Answer:
    return Http(_base(login_url), PROVIDER).request("POST", "/token", form=form, check=_check)


def _check(answer: Answer) -> None:
    if answer.ok:
        return
    trouble = trouble_for(
        answer.status, PROVIDER, write=answer.write, after=seconds(answer.headers.get("Retry-After"))
    )
    if isinstance(trouble, Rejected | NotAuthorised):
        try:
            body = answer.json()
        except RemoteTrouble:
            raise trouble from None
        if isinstance(body, dict) and isinstance(body.get("error"), str):
            raise denied(body["error"], str(body.get("error_description") or ""), status=answer.status)
    raise trouble


def _token(answer: Answer, now: datetime, *, keep: str | None) -> Token:
    body = answer.json()
    if not isinstance(body, dict):
        raise Garbled(PROVIDER, status=answer.status)
    access, new, lifetime = (
        body.get("access_token"),
        body.get("refresh_token") or keep,
        body.get("expires_in"),
    )
    if not isinstance(access, str) or not access or not isinstance(new, str) or not new:
        raise Garbled(PROVIDER, status=answer.status)
    # A number here; some of Microsoft's older endpoints gave text (2026-11).
    if isinstance(lifetime, str) and lifetime.isdecimal():
        lifetime = int(lifetime[:9])
    if isinstance(lifetime, int) and not isinstance(lifetime, bool) and 0 < lifetime < 10 * 366 * 86400:
        return Token(access, new, now + timedelta(seconds=lifetime))
    return Token(access, new, None)
