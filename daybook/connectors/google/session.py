"""One connection to Google at work: bearer token, refresh, pages, errors."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from daybook.connectors.errors import (
    Forbidden,
    Garbled,
    Limited,
    NotAuthorised,
    RemoteTrouble,
    trouble_for,
)
from daybook.connectors.google import NAME, oauth
from daybook.connectors.google.oauth import Addresses, App, Token
from daybook.connectors.http import Answer, Http, seconds

#: A token this close to its end is renewed before it is used.
REFRESH_MARGIN = timedelta(minutes=2)
#: A list that needs more pages than this is going round in circles, or is no lawyer's calendar.
MOST_PAGES = 400

#: Why Google asks to slow down, in its own words, and how many seconds to stay away where it names none. Its quotas
#: are counted by the minute; the one for a calendar's own changes recovers over hours (Google's pages on errors and
#: quotas of the Calendar API, read 2026-11). They come as 403 or 429.
SLOWER: dict[str, float] = {
    "rateLimitExceeded": 60.0,
    "userRateLimitExceeded": 60.0,
    "quotaExceeded": 3600.0,
    "dailyLimitExceeded": 3600.0,
    "RATE_LIMIT_EXCEEDED": 60.0,
}
#: The person has given less than was asked for.
TOO_LITTLE = frozenset({"insufficientPermissions", "ACCESS_TOKEN_SCOPE_INSUFFICIENT"})


class Session:
    """
    Requests to Google's API with one token.

    The token is renewed shortly before it expires, and once when Google answers 401; `save_token` is called with the
    new one before it is used. `before` is called ahead of each request. Answers are JSON objects.

    All methods raise `RemoteTrouble`; 401 after a renewal is `NotAuthorised`.
    """

    def __init__(
        self,
        app: App,
        token: Token,
        save_token: Callable[[Token], None],
        clock: Callable[[], datetime],
        *,
        addresses: Addresses | None = None,
        before: Callable[[], None] | None = None,
        http: Http | None = None,
    ) -> None:
        self.addresses = addresses or Addresses()
        self.token = token
        self.clock = clock
        self._app = app
        self._save_token = save_token
        self._before = before
        self._http = http or Http(self.addresses.api, NAME)
        self._refreshing = threading.Lock()

    def get(
        self, path: str, params: Mapping[str, Any] | None = None, *, at: Mapping[str, str]
    ) -> dict[str, Any]:
        """Read one thing. `path` is a template such as `/calendars/{calendar}/events/{event}`, filled from `at`."""
        return self.send("GET", path, at=at, params=params)

    def pages(
        self, path: str, params: Mapping[str, Any] | None = None, *, at: Mapping[str, str]
    ) -> Iterator[dict[str, Any]]:
        """Read a list page by page. Raises `Garbled` when it comes back to a page."""
        seen: set[str] = set()
        token: str | None = None
        while len(seen) < MOST_PAGES:
            page = self.get(path, {**(params or {}), "pageToken": token}, at=at)
            yield page
            token = page.get("nextPageToken")
            if token is None:
                return
            if not isinstance(token, str) or not token or token in seen:
                break
            seen.add(token)
        raise Garbled(NAME)

    def send(
        self,
        method: str,
        path: str,
        *,
        at: Mapping[str, str] | None = None,
        params: Mapping[str, Any] | None = None,
        body: object | None = None,
        etag: str = "",
    ) -> dict[str, Any]:
        """Make a request; with `etag`, only if the thing is still as it was read. No content is an empty object."""
        target = path.format_map({name: quote(value, safe="") for name, value in (at or {}).items()})

        def attempt(token: Token) -> Answer:
            return self._http.request(
                method,
                target,
                template=path,
                params=params,
                json=body,
                headers={
                    "Authorization": f"Bearer {token.access}",
                    **({"If-Match": etag} if etag else {}),
                },
                before=self._before,
                check=_check,
            )

        token = self._valid_token()
        try:
            answer = attempt(token)
        except NotAuthorised as refused:
            if refused.status != 401:
                raise
            answer = attempt(self._renewed(token))
        if answer.status == 204:
            return {}
        found = answer.json()
        if not isinstance(found, dict):
            raise Garbled(NAME, status=answer.status, maybe_applied=answer.write)
        return found

    def _valid_token(self) -> Token:
        token = self.token
        if token.expires_at is not None and self.clock() >= token.expires_at - REFRESH_MARGIN:
            return self._renewed(token)
        return token

    def _renewed(self, old: Token) -> Token:
        with self._refreshing:
            if self.token is old:  # else another thread was quicker
                new = oauth.refresh(self._app, self.addresses, old.refresh, now=self.clock())
                self._save_token(new)
                self.token = new
            return self.token


def _check(answer: Answer) -> None:
    if answer.ok:
        return
    after = seconds(answer.headers.get("Retry-After"))
    reasons, words = _said(answer)
    slower = [SLOWER[reason] for reason in reasons if reason in SLOWER]
    if answer.status == 429 or (answer.status == 403 and slower):
        raise Limited(NAME, status=answer.status, after=after or max(slower, default=60.0))
    if answer.status == 403 and TOO_LITTLE & set(reasons):
        raise NotAuthorised(NAME, status=403, text=oauth.NOT_ALL)
    if answer.status == 403:
        raise Forbidden(NAME, status=403, words=words)
    raise trouble_for(answer.status, NAME, write=answer.write, words=words, after=after)


def _said(answer: Answer) -> tuple[list[str], str]:
    """
    The reasons Google gives, and its words: `{"error": {"errors": [{"reason"}], "message"}}`, newer answers with
    `details: [{"reason"}]` beside (Google's page on errors of the Calendar API, read 2026-11).
    """
    try:
        body = answer.json()
    except RemoteTrouble:
        return [], ""
    error = body.get("error") if isinstance(body, dict) else None
    if not isinstance(error, dict):
        return [], str(error or "")
    told = [*_several(error, "errors"), *_several(error, "details")]
    reasons = [one["reason"] for one in told if isinstance(one, dict) and isinstance(one.get("reason"), str)]
    return reasons, str(error.get("message") or "")


def _several(error: dict[str, Any], name: str) -> list[Any]:
    value = error.get(name)
    return value if isinstance(value, list) else []
