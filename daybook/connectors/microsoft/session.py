"""One account's connection to Microsoft Graph at work: bearer token, rotating refresh, pages, errors."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import quote

from daybook.connectors.errors import (
    Forbidden,
    Garbled,
    Limited,
    Missing,
    NotAuthorised,
    Rejected,
    RemoteTrouble,
    Stale,
    trouble_for,
)
from daybook.connectors.http import Answer, Http, seconds
from daybook.connectors.microsoft import oauth
from daybook.connectors.microsoft.oauth import LOGIN_URL, PROVIDER, App, Token
from daybook.connectors.microsoft.record import Record

GRAPH_URL: Final = "https://graph.microsoft.com/v1.0"

#: A token this close to its end is renewed before it is used.
REFRESH_MARGIN: Final = timedelta(minutes=5)
#: How long to stay away when Microsoft does not say (throttling guidance asks for a growing pause, read 2026-11).
DEFAULT_PAUSE: Final = 30.0
#: The status by which a lost token of a reading is known, however Graph put it.
LOST: Final = 410

NO_MAILBOX: Final = "This account has no mailbox in Microsoft 365. If your firm keeps its own Exchange server, connect that instead."

#: Graph's words where they say more than the status (error responses; Outlook error codes; delta query, read 2026-11).
CODES: dict[str, type[RemoteTrouble]] = {
    "erroritemnotfound": Missing,
    "errorinvalididmalformed": Missing,
    "errorinvalidmailboxitemid": Missing,
    "resourcenotfound": Missing,
    "errorirresolvableconflict": Stale,
    "erroraccessdenied": Forbidden,
    "mailboxnotenabledforrestapi": Forbidden,
    "mailboxnotsupportedforrestapi": Forbidden,
    "applicationthrottled": Limited,
    "errortoomanyrequests": Limited,
    "toomanyrequests": Limited,
    "invalidauthenticationtoken": NotAuthorised,
}
#: The status by which the answer is known that an event of ours has been sent before; seen with 400 and with 409.
REPEATED: Final = 409
REPEATED_CODE: Final = "errorduplicatetransactionid"
LOST_CODES: Final = frozenset({"syncstatenotfound", "syncstateinvalid", "resyncrequired", "fullsyncrequired"})
NO_MAILBOX_CODES: Final = frozenset({"mailboxnotenabledforrestapi", "mailboxnotsupportedforrestapi"})


class Session:
    """
    Requests to Graph with one account's token.

    The token is renewed shortly before it expires, and once when Graph answers 401. `save` is called with the new one
    before it is used: Microsoft replaces refresh tokens, and whoever loses the newest will one day have none. `before`
    is called ahead of every request. For one thread.

    All methods raise `RemoteTrouble`; 401 after a renewal is `NotAuthorised`.
    """

    def __init__(
        self,
        app: App,
        token: Token,
        save: Callable[[Token], None],
        clock: Callable[[], datetime],
        *,
        before: Callable[[], None] | None = None,
        graph_url: str = GRAPH_URL,
        login_url: str = LOGIN_URL,
    ) -> None:
        self.token = token
        self.clock = clock
        self._app = app
        self._save = save
        self._before = before
        self._login_url = login_url
        self._http = Http(graph_url, PROVIDER)

    def get(
        self,
        path: str,
        *,
        at: Mapping[str, str] | None = None,
        params: Mapping[str, Any] | None = None,
        prefer: str = "",
    ) -> Record:
        """Read one record. `path` is a template such as `/me/calendars/{calendar}`, filled from `at`."""
        return _body(self._send("GET", path, at=at, params=params, prefer=prefer))

    def pages(
        self,
        path: str,
        *,
        at: Mapping[str, str] | None = None,
        params: Mapping[str, Any] | None = None,
        prefer: str = "",
        start: str = "",
    ) -> Iterator[Record]:
        """
        Read a collection page by page, following `@odata.nextLink`, from the beginning or from `start`, which
        `shortened` gave. Raises `Garbled` when a page names itself, an earlier one, or another computer.
        """
        seen: set[str] = set()
        url = self._whole(start) if start else None
        while True:
            answer = self._send("GET", path, at=at, url=url, params=None if url else params, prefer=prefer)
            body = _body(answer)
            if not isinstance(body.get("value"), list):
                raise Garbled(PROVIDER, status=answer.status)
            yield body
            following = body.get("@odata.nextLink")
            if following is None:
                return
            url = self._whole(self.shortened(following))
            if url in seen:
                raise Garbled(PROVIDER)
            seen.add(url)

    def shortened(self, link: object) -> str:
        """A link of Graph's without its beginning. Raises `Garbled` for one that leads elsewhere: the token would go along."""
        base = f"{self._http.base_url}/"
        if not isinstance(link, str) or not link.startswith(base):
            raise Garbled(PROVIDER, text=f"{PROVIDER} pointed to another address; Daybook did not follow.")
        return link[len(base) - 1 :]

    def post(self, path: str, body: Mapping[str, Any], *, at: Mapping[str, str], prefer: str = "") -> Record:
        """Create a record."""
        return _body(self._send("POST", path, at=at, body=dict(body), prefer=prefer))

    def patch(
        self,
        path: str,
        body: Mapping[str, Any],
        *,
        at: Mapping[str, str],
        etag: str = "",
        prefer: str = "",
    ) -> Record:
        """Change a record; with `etag` only as long as it is still the one that was read."""
        return _body(self._send("PATCH", path, at=at, body=dict(body), etag=etag, prefer=prefer))

    def delete(self, path: str, *, at: Mapping[str, str], etag: str = "") -> None:
        """Delete a record."""
        self._send("DELETE", path, at=at, etag=etag)

    def _whole(self, shortened: str) -> str:
        return f"{self._http.base_url}{shortened}"

    def _send(
        self,
        method: str,
        path: str,
        *,
        at: Mapping[str, str] | None = None,
        url: str | None = None,
        params: Mapping[str, Any] | None = None,
        body: object | None = None,
        etag: str = "",
        prefer: str = "",
    ) -> Answer:
        target = url or path.format_map({name: quote(value, safe="") for name, value in (at or {}).items()})

        def attempt(token: Token) -> Answer:
            headers = {"Authorization": f"Bearer {token.access}"}
            if prefer:
                headers["Prefer"] = prefer
            if etag:
                headers["If-Match"] = etag
            return self._http.request(
                method,
                target,
                template=path,
                params=params,
                json=body,
                headers=headers,
                before=self._before,
                check=check,
            )

        token = self._valid()
        try:
            return attempt(token)
        except NotAuthorised:
            return attempt(self._renewed())

    def _valid(self) -> Token:
        expires_at = self.token.expires_at
        if expires_at is not None and self.clock() >= expires_at - REFRESH_MARGIN:
            return self._renewed()
        return self.token

    def _renewed(self) -> Token:
        if self._before is not None:
            self._before()
        new = oauth.refresh(self._app, self.token.refresh, now=self.clock(), login_url=self._login_url)
        self._save(new)
        self.token = new
        return new


def check(answer: Answer) -> None:
    """Raise what an answer of Graph's stands for, unless it is a success."""
    if answer.ok:
        return
    code, words = _said(answer)
    after = seconds(answer.headers.get("Retry-After"))
    status, kind = answer.status, CODES.get(code)
    if code in LOST_CODES or status == LOST:
        raise Missing(PROVIDER, status=LOST, words=words)
    if code == REPEATED_CODE:
        raise Rejected(PROVIDER, status=REPEATED, words=words)
    if status == 429 or (status == 503 and after is not None) or kind is Limited:
        raise Limited(PROVIDER, status=status, words=words, after=after or DEFAULT_PAUSE)
    if kind is not None and 400 <= status < 500 and status not in (401, 412):
        raise kind(PROVIDER, status=status, words=words, text=NO_MAILBOX if code in NO_MAILBOX_CODES else "")
    raise trouble_for(status, PROVIDER, write=answer.write, words=words, after=after)


def _said(answer: Answer) -> tuple[str, str]:
    """Graph's code, in small letters, and its words (error responses, read 2026-11)."""
    try:
        body = answer.json()
    except RemoteTrouble:
        return "", ""
    error = body.get("error") if isinstance(body, dict) else None
    if not isinstance(error, dict):
        return "", ""
    code, message = error.get("code"), error.get("message")
    return (code.casefold() if isinstance(code, str) else ""), (message if isinstance(message, str) else "")


def _body(answer: Answer) -> Record:
    found = answer.json()
    if not isinstance(found, dict):
        raise Garbled(PROVIDER, status=answer.status, maybe_applied=answer.write)
    return found
