"""One way to make a request to somebody else's computer."""

import json
import logging
import os
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from http.cookiejar import CookieJar, DefaultCookiePolicy
from importlib import metadata
from typing import Any, NoReturn
from urllib.parse import urljoin, urlsplit

import httpx2
import stamina
import structlog

from daybook.connectors.errors import Garbled, RemoteTrouble, Unreachable, trouble_for

#: Called before every request. The product adds a check that raises inside a database transaction:
#: a row lock must never wait for somebody else's computer.
guards: list[Callable[[], None]] = []

#: Called after every answer with everything in it, secrets included. For tests only.
observers: list[Callable[["Exchange"], None]] = []

CONNECT_SECONDS = 3.0
READ_SECONDS = 10.0
TOTAL_SECONDS = 60.0
#: Somebody may be waiting: what has already taken this long is not tried again.
RETRY_SECONDS = 5.0
MAX_BYTES = 10 * 1024 * 1024
MAX_REDIRECTS = 3

READS = frozenset({"GET", "HEAD", "OPTIONS", "PROPFIND", "REPORT"})

log = structlog.get_logger("daybook.connectors")

# The client library logs whole addresses, query strings included, at INFO (httpx2 2.16, read 2026-10).
logging.getLogger("httpx2").setLevel(logging.WARNING)
logging.getLogger("httpcore2").setLevel(logging.WARNING)


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its answer, whole, as tests want to see them."""

    provider: str
    method: str
    url: str
    request_headers: httpx2.Headers
    request_body: bytes
    status: int
    response_headers: httpx2.Headers
    response_body: bytes

    @property
    def path(self) -> str:
        return urlsplit(self.url).path

    @property
    def query(self) -> str:
        return urlsplit(self.url).query


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: status, headers (any case) and the whole body, at most `MAX_BYTES` of it."""

    provider: str
    write: bool
    status: int
    headers: httpx2.Headers = field(repr=False)
    body: bytes = field(repr=False)

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    def json(self) -> Any:
        """
        Read the body as JSON, fractions as `Decimal`.

        Raises `Unreachable` when the text stops in the middle (the connection was lost), `Garbled` when it is
        something else. After a write both say that it may have been applied.
        """
        try:
            return json.loads(self.body, parse_float=Decimal, parse_constant=_no_constant)
        except json.JSONDecodeError as error:
            if _stops_in_the_middle(error):
                raise self._trouble(Unreachable) from None
            raise self._trouble(Garbled) from None
        except (ValueError, RecursionError):
            raise self._trouble(Garbled) from None

    def _trouble(self, kind: type[RemoteTrouble]) -> RemoteTrouble:
        return kind(self.provider, status=self.status, maybe_applied=self.write)


def raise_for_status(answer: Answer) -> None:
    """Raise what the status stands for, unless it is a success. The plain reading; a provider may have its own."""
    if not answer.ok:
        raise trouble_for(
            answer.status,
            answer.provider,
            write=answer.write,
            after=seconds(answer.headers.get("Retry-After")),
        )


def seconds(value: str | None) -> float | None:
    """Read a `Retry-After` given in seconds; None for anything else."""
    if value is None or not value.strip().isdigit():
        return None
    return float(value.strip()[:6])


class Http:
    """
    Requests to one provider at one address.

    Reads that come to nothing (`Unreachable`) are tried again quickly, at most `retries` times and not once
    `retry_seconds` have gone by; writes never are.
    Redirects are followed on the same host only, or handed to the caller without `follow`. Answers beyond `max_bytes`
    are refused. Cookies are neither kept nor sent: one pool of connections serves all firms. Nothing but method, path
    template, status and time is logged. `transport` makes the way connections are opened for the pool named `pool`,
    where the usual one, a pool for each host, will not do. An instance may be shared between threads.
    """

    def __init__(
        self,
        base_url: str,
        provider: str,
        *,
        retries: int = 2,
        connect_seconds: float = CONNECT_SECONDS,
        read_seconds: float = READ_SECONDS,
        total_seconds: float = TOTAL_SECONDS,
        retry_seconds: float = RETRY_SECONDS,
        max_bytes: int = MAX_BYTES,
        follow: bool = True,
        pool: str = "",
        transport: Callable[[], httpx2.BaseTransport] | None = None,
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self.provider = provider
        self.origin = _origin(self.base_url)
        self._retries = retries
        self._timeout = httpx2.Timeout(read_seconds, connect=connect_seconds)
        self._total_seconds = total_seconds
        self._retry_seconds = retry_seconds
        self._max_bytes = max_bytes
        self._follow = follow
        self._pool = pool or self.origin
        self._transport = transport

    def request(
        self,
        method: str,
        url: str,
        *,
        template: str | None = None,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        json: object | None = None,
        form: Mapping[str, str] | None = None,
        content: bytes | None = None,
        before: Callable[[], None] | None = None,
        check: Callable[[Answer], None] = raise_for_status,
    ) -> Answer:
        """
        Make one request and return its answer.

        `url` is a path below the base URL, or a whole URL of the same host. `template` is what the log shows
        instead of the path. `content` is sent as it is; its type stands in `headers`. `before` is called ahead of each attempt, `check` with each answer: it raises for the
        ones that are not wanted, and by default does so by `STATUSES`.

        Raises `RemoteTrouble`.
        """
        target = url if "://" in url else f"{self.base_url}/{url.lstrip('/')}"
        try:
            address = _with_params(target, params)
            elsewhere = _origin(target) != self.origin
        except (ValueError, httpx2.InvalidURL) as error:  # another system's answer had it
            raise Garbled(self.provider) from error
        if elsewhere:
            raise Garbled(
                self.provider, text=f"{self.provider} pointed to another address; Daybook did not follow."
            )
        sent_headers = {"Accept": "application/json", "Accept-Encoding": "gzip", **(headers or {})}
        if json is not None:
            content = _dump(json)
            sent_headers["Content-Type"] = "application/json"
        shown = template if template is not None else urlsplit(target).path

        def once() -> Answer:
            if before is not None:
                before()
            build = httpx2.Request(
                method,
                address,
                headers={"User-Agent": USER_AGENT, **sent_headers},
                content=content,
                data=dict(form) if form is not None else None,
                extensions={"timeout": self._timeout.as_dict(), "total_seconds": self._total_seconds},
            )
            answer = self._logged(build, shown)
            check(answer)
            return answer

        if method not in READS or self._retries == 0:
            return once()
        for attempt in stamina.retry_context(
            on=Unreachable,
            attempts=self._retries + 1,
            timeout=self._retry_seconds,
            wait_initial=0.1,
            wait_max=1.0,
            wait_jitter=0.3,
        ):
            with attempt:
                return once()
        raise AssertionError("unreachable")

    def _logged(self, request: httpx2.Request, shown: str) -> Answer:
        started = time.monotonic()
        status: int | None = None
        failure: str | None = None
        try:
            answer = self._send(request)
            status = answer.status
            return answer
        except RemoteTrouble as trouble:
            status, failure = trouble.status, type(trouble.__cause__ or trouble).__name__
            raise
        finally:
            log.info(
                "remote_request",
                provider=self.provider,
                method=request.method,
                path=shown,
                status=status,
                ms=round((time.monotonic() - started) * 1000),
                **({"failure": failure} if failure else {}),
            )

    def _send(self, request: httpx2.Request) -> Answer:
        """Send, following redirects on the same host: 307 and 308 as they are, the others for reads only."""
        for _ in range(MAX_REDIRECTS + 1):
            answer = self._attempt(request)
            location = answer.headers.get("Location")
            if not self._follow or answer.status not in (301, 302, 303, 307, 308) or not location:
                return answer
            if answer.write and answer.status not in (307, 308):
                return answer
            target = urljoin(str(request.url), location)
            if _origin(target) != self.origin:
                raise Garbled(
                    self.provider,
                    status=answer.status,
                    text=f"{self.provider} pointed to another address; Daybook did not follow.",
                )
            request = httpx2.Request(
                request.method,
                target,
                headers=request.headers,
                content=request.content,
                extensions=request.extensions,
            )
        raise Garbled(self.provider, text=f"{self.provider} keeps pointing from one address to another.")

    def _attempt(self, request: httpx2.Request) -> Answer:
        for guard in guards:
            guard()
        write = request.method not in READS
        try:
            response = _client(self._pool, self._transport).send(request, stream=True, follow_redirects=False)
            try:
                body = self._read(response, write)
            finally:
                response.close()
        except _NOT_SENT as error:
            raise Unreachable(self.provider) from error
        except (httpx2.DecodingError, httpx2.UnsupportedProtocol, httpx2.LocalProtocolError) as error:
            raise Garbled(self.provider, maybe_applied=write) from error
        except httpx2.TransportError as error:
            raise Unreachable(self.provider, maybe_applied=write) from error
        answer = Answer(self.provider, write, response.status_code, response.headers, body)
        for observer in observers:
            observer(_exchange(self.provider, request, answer))
        return answer

    def _read(self, response: httpx2.Response, write: bool) -> bytes:
        deadline = time.monotonic() + self._total_seconds
        parts: list[bytes] = []
        size = 0
        for part in response.iter_bytes():
            size += len(part)
            if size > self._max_bytes:
                raise Garbled(
                    self.provider,
                    status=response.status_code,
                    maybe_applied=write,
                    text=f"{self.provider} sent a far too large answer; Daybook stopped reading.",
                )
            if time.monotonic() > deadline:
                raise Unreachable(self.provider, status=response.status_code, maybe_applied=write)
            parts.append(part)
        return b"".join(parts)


#: These come up before a single byte of the request has left: nothing can have been applied.
_NOT_SENT = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, httpx2.ProxyError)

_clients: dict[str, httpx2.Client] = {}
_clients_lock = threading.Lock()


def _client(pool: str, transport: Callable[[], httpx2.BaseTransport] | None = None) -> httpx2.Client:
    """The one pool of connections of that name (usually an origin) which this process keeps."""
    with _clients_lock:
        client = _clients.get(pool)
        if client is None:
            client = _clients[pool] = httpx2.Client(
                transport=transport() if transport is not None else None,
                cookies=CookieJar(policy=DefaultCookiePolicy(allowed_domains=[])),
                limits=httpx2.Limits(max_connections=20, max_keepalive_connections=10, keepalive_expiry=15.0),
            )
        return client


def close_all() -> None:
    """Close every pooled connection of this process. Requests made afterwards open new ones."""
    with _clients_lock:
        clients = list(_clients.values())
        _clients.clear()
    for client in clients:
        client.close()


def _forget_after_fork() -> None:
    # A child must not speak on its parent's sockets, nor wait for a lock held by a thread it does not have.
    global _clients_lock
    _clients_lock = threading.Lock()
    _clients.clear()


os.register_at_fork(after_in_child=_forget_after_fork)


def _user_agent() -> str:
    try:
        return f"Daybook/{metadata.version('daybook')}"
    except metadata.PackageNotFoundError:
        return "Daybook"


USER_AGENT = _user_agent()


def _origin(url: str) -> str:
    parts = urlsplit(url)
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    return f"{parts.scheme}://{(parts.hostname or '').lower()}:{port}"


def _with_params(url: str, params: Mapping[str, Any] | None) -> httpx2.URL:
    target = httpx2.URL(url)
    present = {name: value for name, value in (params or {}).items() if value is not None}
    return target.copy_merge_params(present) if present else target


def _dump(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _stops_in_the_middle(error: json.JSONDecodeError) -> bool:
    text = error.doc.rstrip()
    return bool(text) and text[0] in "{[" and (error.pos >= len(text) or error.msg.startswith("Unterminated"))


def _exchange(provider: str, request: httpx2.Request, answer: Answer) -> Exchange:
    return Exchange(
        provider,
        request.method,
        str(request.url),
        request.headers,
        request.content,
        answer.status,
        answer.headers,
        answer.body,
    )
