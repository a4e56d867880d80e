"""Fetch a feed: to checked addresses only, within limits, and not again what has not changed."""

from __future__ import annotations

import re
import ssl
import threading
import time
from dataclasses import dataclass, field
from functools import lru_cache
from http.cookiejar import CookieJar, DefaultCookiePolicy
from urllib.parse import urljoin

import httpx2
import structlog

from daybook.connectors import http
from daybook.connectors.errors import Garbled, Missing, NotAuthorised, RemoteTrouble, Unreachable, trouble_for
from daybook.connectors.guard import Resolver, Visit, check
from daybook.connectors.ics import NAME

MAX_BYTES = 10 * 1024 * 1024
MAX_REDIRECTS = 3
#: Somebody waits while an appointment is confirmed; nobody does at the five-minute job.
LIVE_SECONDS, BACKGROUND_SECONDS = 8.0, 30.0

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
#: What a status means for a feed, in words for whoever typed the address. 403 is how many servers ask for a password.
SAYS: dict[int, tuple[type[RemoteTrouble], str]] = {
    401: (NotAuthorised, "This calendar needs a password. Use its secret or public address instead."),
    403: (NotAuthorised, "This calendar is not open to Daybook. Use its secret or public address instead."),
    404: (Missing, "There is no calendar at this address."),
    410: (Missing, "There is no calendar at this address any more."),
}
TOO_LARGE = "This calendar is larger than 10 MB, which is more than Daybook reads."

log = structlog.get_logger("daybook.connectors")


@dataclass(frozen=True, slots=True)
class Marks:
    """What the other side gave to ask "has it changed?" with; empty when it gave nothing."""

    etag: str = ""
    modified: str = ""


@dataclass(frozen=True, slots=True)
class Fetched:
    """A feed as it came. `body` is None when it has not changed since the marks."""

    body: bytes | None = field(repr=False)
    marks: Marks


def address_of(typed: str) -> str:
    """A typed address as a web address: webcal:// (and webcals://) is https://, nothing is https:// too."""
    text = typed.strip()
    text = re.sub(r"^webcals?://", "https://", text, flags=re.IGNORECASE)
    return text if "://" in text else f"https://{text}"


def fetch(
    address: str,
    *,
    since: Marks | None = None,
    private: bool = False,
    seconds: float = BACKGROUND_SECONDS,
    resolve: Resolver | None = None,
    trust: ssl.SSLContext | None = None,
) -> Fetched:
    """
    Fetch what is at `address`, or learn that nothing has changed `since`.

    Each address on the way (three redirects at most) is checked, and the connection made to what was checked. Nothing
    is sent but the question: no cookies, no password. Neither address nor host is logged: both may be secret.

    Raises RemoteTrouble, with a text for whoever typed the address.
    """
    deadline = time.monotonic() + seconds
    for _ in range(MAX_REDIRECTS + 1):
        visit = check(address, NAME, private=private, resolve=resolve)
        answer = _ask(visit, since or Marks(), deadline, trust or _trusted())
        location = answer.headers.get("Location")
        if answer.status in _REDIRECTS and location:
            address = urljoin(visit.url, location)
            if visit.scheme == "https" and address.lower().startswith("http:") and not private:
                raise Garbled(NAME, text="The address leads on to one without https://.")
            continue
        return _fetched(answer, since or Marks())
    raise Garbled(NAME, text="The address leads from one to another without end.")


@lru_cache(maxsize=1)
def _trusted() -> ssl.SSLContext:
    """The certificates of this machine, taken in once: that costs as much as asking whether a feed has changed."""
    return httpx2.create_ssl_context()


def _fetched(answer: http.Answer, since: Marks) -> Fetched:
    if answer.status == 304 and since != Marks():
        return Fetched(None, since)
    if answer.status != 200:
        kind, text = SAYS.get(answer.status, (None, ""))
        if kind is not None:
            raise kind(NAME, status=answer.status, text=text)
        after = http.seconds(answer.headers.get("Retry-After"))
        raise trouble_for(answer.status, NAME, write=False, after=after)
    headers = answer.headers
    return Fetched(answer.body, Marks(headers.get("ETag", "")[:300], headers.get("Last-Modified", "")[:100]))


def _ask(visit: Visit, since: Marks, deadline: float, trust: ssl.SSLContext) -> http.Answer:
    """Try the checked places one after the other, until one can be connected to."""
    for guard in http.guards:
        guard()
    trouble: Exception | None = None
    for place in visit.places[:4]:
        started, status = time.monotonic(), None
        try:
            answer = _ask_place(visit, place, since, deadline, trust)
            status = answer.status
            return answer
        except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
            trouble = error
        except (httpx2.DecodingError, httpx2.LocalProtocolError, httpx2.InvalidURL):
            raise Garbled(NAME) from None
        except (httpx2.TransportError, OSError) as error:
            raise Unreachable(NAME) from error
        finally:
            took = round((time.monotonic() - started) * 1000)
            log.info("remote_request", provider="ics", method="GET", path="(feed)", status=status, ms=took)
    raise Unreachable(NAME) from trouble


def _ask_place(visit: Visit, place: str, since: Marks, deadline: float, trust: ssl.SSLContext) -> http.Answer:
    headers = {
        "Host": visit.host_header,
        "User-Agent": http.USER_AGENT,
        "Accept": "text/calendar, */*;q=0.5",
        "Accept-Encoding": "gzip",
    }
    if since.etag:
        headers["If-None-Match"] = since.etag
    if since.modified:
        headers["If-Modified-Since"] = since.modified
    left = max(0.1, deadline - time.monotonic())
    client = httpx2.Client(
        verify=trust,
        trust_env=False,  # through a proxy, the proxy would look the name up again
        cookies=CookieJar(policy=DefaultCookiePolicy(allowed_domains=[])),
        timeout=httpx2.Timeout(min(http.READ_SECONDS, left), connect=min(http.CONNECT_SECONDS, left)),
    )
    # Whoever sends a header a byte at a time never lets a read time out: the door is shut from outside.
    shut = threading.Timer(left, client.close)
    shut.daemon = True
    shut.start()
    try:
        request = client.build_request(
            "GET", visit.url_of(place), headers=headers, extensions={"sni_hostname": visit.host}
        )
        response = client.send(request, stream=True, follow_redirects=False)
        try:
            body = _read(response, deadline) if response.status_code == 200 else b""
        finally:
            response.close()
    finally:
        shut.cancel()
        client.close()
    return http.Answer(NAME, False, response.status_code, response.headers, body)


def _read(response: httpx2.Response, deadline: float) -> bytes:
    parts: list[bytes] = []
    size = 0
    for part in response.iter_bytes(65_536):
        size += len(part)
        if size > MAX_BYTES:
            raise Garbled(NAME, status=response.status_code, text=TOO_LARGE)
        if time.monotonic() > deadline:
            raise Unreachable(NAME, status=response.status_code)
        parts.append(part)
    return b"".join(parts)
