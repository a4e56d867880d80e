"""Clio's authorization: asking the user, exchanging the code, refreshing, revoking."""

# Plain forms on our own `Http`, not Authlib: four requests need no library, and in this way they pass the same
# guards, limits, status table and log as every other request. Authlib's client would go around all of them.

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import urlencode

from daybook.connectors.errors import Garbled, NotAuthorised, Rejected, RemoteTrouble, trouble_for
from daybook.connectors.http import Answer, Http, seconds

PROVIDER = "Clio"


@dataclass(frozen=True, slots=True)
class App:
    """The application registered in Clio's developer portal of one region."""

    client_id: str
    client_secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Token:
    """
    What opens the door: one user of one account in one region.

    `access` lives until `expires_at` (aware; None when Clio did not say). `refresh` does not expire and may be used
    again and again until it is revoked (Clio FAQ, read 2026-10).
    """

    access: str = field(repr=False)
    refresh: str = field(repr=False)
    expires_at: datetime | None


def authorize_url(app: App, base_url: str, redirect_uri: str, state: str) -> str:
    """
    Return the address to send the browser to: Clio's own login, then Allow Access.

    The answer comes back to `redirect_uri` (which must equal one registered on the app) with `state` and either
    `code` or, since we ask for it, `error=access_denied` (docs.developers.clio.com, authorization, read 2026-10).
    There is no scope to ask for: what the app may do is fixed in the portal.
    """
    query = {
        "response_type": "code",
        "client_id": app.client_id,
        "redirect_uri": redirect_uri,
        "state": state,
        "redirect_on_decline": "true",
    }
    return f"{base_url.rstrip('/')}/oauth/authorize?{urlencode(query)}"


def exchange(app: App, base_url: str, code: str, redirect_uri: str, *, now: datetime) -> Token:
    """
    Turn the code of a granted permission into a token. A code lives ten minutes and works once.

    Raises `NotAuthorised` when Clio does not take the code (too old, used, of another app), else `RemoteTrouble`.
    """
    form = {
        "client_id": app.client_id,
        "client_secret": app.client_secret,
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": redirect_uri,
    }
    return _token(_post(base_url, "/oauth/token", form), now, keep=None)


def refresh(app: App, base_url: str, refresh_token: str, *, now: datetime) -> Token:
    """
    Get a new access token. The old refresh token is kept when the answer has none, as Clio's sample has none
    (docs.developers.clio.com, authorization, read 2026-10): losing it loses the connection.

    Nothing of the firm's can change by this, so no trouble from here ever says `maybe_applied`; asking again is safe.

    Raises `NotAuthorised` when the firm has revoked the connection, else `RemoteTrouble`.
    """
    form = {
        "client_id": app.client_id,
        "client_secret": app.client_secret,
        "grant_type": "refresh_token",
        "refresh_token": refresh_token,
    }
    try:
        return _token(_post(base_url, "/oauth/token", form), now, keep=refresh_token)
    except RemoteTrouble as trouble:
        trouble.maybe_applied = False
        raise


def revoke(base_url: str, access_token: str) -> None:
    """
    Tell Clio that this connection is over. Raises `NotAuthorised` when it was over already, else `RemoteTrouble`.
    """
    _post(
        base_url,
        "/oauth/deauthorize",
        {"token": access_token},
        headers={"Authorization": f"Bearer {access_token}"},
    )


def _post(base_url: str, path: str, form: dict[str, str], headers: dict[str, str] | None = None) -> Answer:
    return Http(base_url, PROVIDER).request("POST", path, form=form, headers=headers, check=_check)


#: RFC 6749, 5.2: the words of a refusal that no retry and no change to the request can cure.
_OVER = frozenset(
    {"invalid_grant", "invalid_client", "unauthorized_client", "access_denied", "invalid_token"}
)


def _check(answer: Answer) -> None:
    if answer.ok:
        return
    trouble = trouble_for(
        answer.status, PROVIDER, write=answer.write, after=seconds(answer.headers.get("Retry-After"))
    )
    if isinstance(trouble, Rejected):
        try:
            body = answer.json()
        except RemoteTrouble:
            raise trouble from None
        code = body.get("error") if isinstance(body, dict) else None
        if code in _OVER:
            raise NotAuthorised(PROVIDER, status=answer.status, words=str(code))
        if isinstance(code, str):
            raise Rejected(PROVIDER, status=answer.status, words=code)
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
    # Thirty days now, seven in older documents (2026-10): only the answer is to be believed.
    if isinstance(lifetime, int) and not isinstance(lifetime, bool) and 0 < lifetime < 10 * 366 * 86400:
        return Token(access, new, now + timedelta(seconds=lifetime))
    return Token(access, new, None)
