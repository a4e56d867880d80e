"""One connection to Clio at work: bearer token, refresh, rate limit, versions, errors."""

import enum
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Generic, Protocol, TypeVar
from urllib.parse import quote

from daybook.connectors.clio import oauth
from daybook.connectors.clio.oauth import PROVIDER, App, Token
from daybook.connectors.errors import Garbled, Limited, NotAuthorised, RemoteTrouble, trouble_for
from daybook.connectors.http import Answer, Http, seconds

#: The minor version all shapes here were written against (changelog of 2025-10-06, default since 2026-01-06).
API_VERSION = "4.0.13"

#: A token this close to its end is renewed before it is used.
REFRESH_MARGIN = timedelta(minutes=5)

#: Where Clio differs from the common table. 410 is a version that is invalid or retired, not a record that is gone
#: (API versioning policy, read 2026-10): taking it for `Missing` would unlink everything on the day of a retirement.
DIFFERING: dict[int, type[RemoteTrouble]] = {410: Garbled}

T = TypeVar("T")


class Priority(enum.IntEnum):
    """Who is waiting. The lower number goes first when a budget runs short."""

    LIVE = 0  # a person looks at the page
    SOON = 1  # an appointment was made and is to appear in Clio
    BACKGROUND = 2  # the two-hourly comparison


class Budget(Protocol):
    """The requests one token may still make this minute, shared by all processes; the product provides it."""

    def take(self, priority: Priority) -> None:
        """Account for one request about to be made. Raises `Limited` when there is none left for `priority`."""

    def report(self, limit: int | None, remaining: int | None, reset: datetime | None) -> None:
        """Hear what Clio says after an answer: requests per window, requests left, when the window ends (aware)."""


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """
    One page of a list, and the address of the next: None on the last. The address is good for this Clio only. `at` is
    what Clio's own clock said when it answered, in whole seconds; None when it did not say.
    """

    items: tuple[T, ...]
    next_url: str | None
    at: datetime | None = None


class Session:
    """
    Requests to Clio's API with one token.

    The token is renewed shortly before it expires, and once when Clio answers 401; `save_token` is called with the
    new one before it is used. Every answer's rate limit is reported to `budget`. Answers are unwrapped: what callers
    get is what was inside `data`, fractions as `Decimal`. May be shared between threads.

    All methods raise `RemoteTrouble`; 401 after a renewal is `NotAuthorised`.
    """

    def __init__(
        self,
        base_url: str,
        app: App,
        token: Token,
        save_token: Callable[[Token], None],
        budget: Budget | None,
        clock: Callable[[], datetime],
        *,
        priority: Priority = Priority.SOON,
        http: Http | None = None,
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self.token = token
        self.priority = priority
        self._app = app
        self._save_token = save_token
        self._budget = budget
        self._clock = clock
        self._http = http or Http(f"{self.base_url}/api/v4", PROVIDER)
        self._refreshing = threading.Lock()

    def get(
        self, path: str, params: Mapping[str, Any] | None = None, *, at: Mapping[str, str] | None = None
    ) -> Any:
        """Read one record or setting. `path` is a template such as `/contacts/{id}.json`, filled from `at`."""
        return _body(self._send("GET", path, at=at, params=params))["data"]

    def page(
        self, path: str, params: Mapping[str, Any] | None = None, *, url: str | None = None
    ) -> Page[Any]:
        """Read one page of a list: the first one, or the one at `url`, which an earlier page gave."""
        answer = self._send("GET", path, url=url, params=None if url else params)
        body = _body(answer)
        items = body["data"]
        if not isinstance(items, list):
            raise Garbled(PROVIDER, status=answer.status)
        return Page(tuple(items), _next(body), _told(answer.headers.get("Date")))

    def pages(
        self, path: str, params: Mapping[str, Any] | None = None, *, start_url: str | None = None
    ) -> Iterator[Page[Any]]:
        """
        Read a list page by page, one after another as Clio's cursor paging demands (paging page, read 2026-10).

        `next` is followed as it is until there is none. Raises `Garbled` when a page names itself or an earlier one.
        """
        seen: set[str] = set()
        page = self.page(path, params, url=start_url)
        yield page
        while page.next_url is not None:
            if page.next_url in seen:
                raise Garbled(PROVIDER)
            seen.add(page.next_url)
            page = self.page(path, url=page.next_url)
            yield page

    def all(self, path: str, params: Mapping[str, Any] | None = None) -> Iterator[Any]:
        """Every item of a list, over all its pages."""
        for page in self.pages(path, params):
            yield from page.items

    def post(self, path: str, data: Mapping[str, Any], *, fields: str | None = None) -> Any:
        """Create a record; the answer has the `fields` asked for. Clio knows no idempotency key: look first."""
        answer = self._send("POST", path, params={"fields": fields}, body={"data": dict(data)})
        return _body(answer)["data"]

    def patch(
        self,
        path: str,
        data: Mapping[str, Any],
        *,
        at: Mapping[str, str],
        fields: str | None = None,
        etag: str | None = None,
    ) -> Any:
        """Change a record. With `etag`, only if it is still as it was read: else `Stale`, and nothing is written."""
        headers = {"If-Match": etag} if etag else None
        answer = self._send(
            "PATCH", path, at=at, params={"fields": fields}, body={"data": dict(data)}, headers=headers
        )
        return _body(answer)["data"]

    def put(self, path: str, *, at: Mapping[str, str], headers: Mapping[str, str]) -> None:
        """Make a request of which only the success matters."""
        self._send("PUT", path, at=at, headers=headers)

    def delete(self, path: str, *, at: Mapping[str, str]) -> None:
        """Delete a record. `Missing` is raised like any other trouble: whether that is fine, the caller knows."""
        self._send("DELETE", path, at=at)

    def _send(
        self,
        method: str,
        path: str,
        *,
        at: Mapping[str, str] | None = None,
        url: str | None = None,
        params: Mapping[str, Any] | None = None,
        body: object | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        target = url or path.format_map({name: quote(value, safe="") for name, value in (at or {}).items()})
        if url is not None and not url.startswith(f"{self._http.base_url}/"):
            # The token goes with the request: never to an address that is not Clio's.
            raise Garbled(PROVIDER, text="Clio pointed to another address; Daybook did not follow.")

        def attempt(token: Token) -> Answer:
            return self._http.request(
                method,
                target,
                template=path,
                params=params,
                json=body,
                headers={
                    "Authorization": f"Bearer {token.access}",
                    "X-API-VERSION": API_VERSION,
                    **(headers or {}),
                },
                before=self._take,
                check=self._check,
            )

        token = self._valid_token()
        try:
            return attempt(token)
        except NotAuthorised:
            return attempt(self._renewed(token))

    def _valid_token(self) -> Token:
        token = self.token
        if token.expires_at is not None and self._clock() >= token.expires_at - REFRESH_MARGIN:
            return self._renewed(token)
        return token

    def _renewed(self, old: Token) -> Token:
        with self._refreshing:
            if self.token is old:  # else another thread was quicker
                new = oauth.refresh(self._app, self.base_url, old.refresh, now=self._clock())
                self._save_token(new)
                self.token = new
            return self.token

    def _take(self) -> None:
        if self._budget is not None:
            self._budget.take(self.priority)

    def _check(self, answer: Answer) -> None:
        after = seconds(answer.headers.get("Retry-After"))
        limit = _whole(answer.headers.get("X-RateLimit-Limit"))
        remaining = _whole(answer.headers.get("X-RateLimit-Remaining"))
        unix = _whole(answer.headers.get("X-RateLimit-Reset"))
        reset = datetime.fromtimestamp(unix, UTC) if unix is not None and unix < 2**33 else None
        if answer.status == 429:
            if after is None:
                after = max((reset - self._clock()).total_seconds(), 1.0) if reset else 60.0
            remaining, reset = 0, reset or self._clock() + timedelta(seconds=after)
        if self._budget is not None and (limit, remaining, reset) != (None, None, None):
            self._budget.report(limit, remaining, reset)
        if answer.status == 429:
            # The body's shape is not published (2026-10): it is not read.
            raise Limited(PROVIDER, status=429, after=after)
        if not answer.ok:
            raise trouble_for(
                answer.status,
                PROVIDER,
                write=answer.write,
                words=_words(answer),
                after=after,
                differing=DIFFERING,
            )


def _words(answer: Answer) -> str:
    """
    What Clio says about a refusal: `{"error": {"type", "message"}}`, but a 401 comes in OAuth's own shape,
    `{"error", "error_description"}` (Clio's developer support article 360004657734, read 2026-10).
    """
    try:
        body = answer.json()
    except RemoteTrouble:
        return ""
    error = body.get("error") if isinstance(body, dict) else None
    if isinstance(error, dict):
        return str(error.get("message") or error.get("type") or "")
    return str(body.get("error_description") or error or "") if isinstance(body, dict) else ""


def _body(answer: Answer) -> dict[str, Any]:
    body = answer.json()
    if not isinstance(body, dict) or "data" not in body:
        raise Garbled(PROVIDER, status=answer.status, maybe_applied=answer.write)
    return body


def _next(body: dict[str, Any]) -> str | None:
    meta = body.get("meta")
    paging = meta.get("paging") if isinstance(meta, dict) else None
    following = paging.get("next") if isinstance(paging, dict) else None
    return following if isinstance(following, str) and following else None


def _told(date: str | None) -> datetime | None:
    """The instant of a Date header (RFC 9110, 5.6.7)."""
    try:
        return parsedate_to_datetime(date).astimezone(UTC) if date else None
    except ValueError:
        return None


def _whole(value: str | None) -> int | None:
    return int(value) if value is not None and value.strip().isdigit() and len(value) < 12 else None
