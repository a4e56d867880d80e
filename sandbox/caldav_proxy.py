"""
In front of a real CalDAV server: passes everything on, keeps what was said, and makes trouble on order.

The server behind it is somebody else's program and is right about CalDAV; here lie only the faults no server has at
will: lost answers, limits, tokens nobody knows any more, long answers given page by page, features an older server lacks.
"""

from __future__ import annotations

import base64
import http.client
import re
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree

from werkzeug.wrappers import Request, Response

from sandbox import control_http
from sandbox.clock import Clock
from sandbox.faults import Fault, Faults
from sandbox.http import Server, serve
from sandbox.log import Exchange, Log
from sandbox.steering import Steering

DAV = "{DAV:}"
#: Properties a server may lack, by the name `lacks` gives them.
FEATURES: dict[str, str] = {
    "sync": f"{DAV}sync-token",
    "ctag": "{http://calendarserver.org/ns/}getctag",
    "find": "",  # none: a query by UID finds nothing
}
NOTHING = '<multistatus xmlns="DAV:"/>'
TOO_MANY = '<error xmlns="DAV:"><number-of-matches-within-limits/></error>'
LOGGED = ("Content-Type", "Depth", "If-Match", "If-None-Match", "Destination")
#: Not passed on, in either direction; what is compressed could not be bent.
_HOP = frozenset(
    {"accept-encoding", "connection", "keep-alive", "transfer-encoding", "content-length", "server", "date"}
)
_TOKEN = re.compile(rb"(<[^<>]*sync-token[^<>]*>)([^<]+)(</)")


@dataclass
class World:
    """What the proxy knows."""

    upstream: str
    guard: tuple[str, str] | None
    log: Log = field(default_factory=Log)
    clock: Clock = field(default_factory=Clock)
    faults: Faults = field(default_factory=Faults)
    revoked: bool = False
    lacking: set[str] = field(default_factory=set)
    page: int = 0
    most: int = 0
    etags: bool = True
    told: set[bytes] = field(default_factory=set)  # tokens given to clients
    lost: set[bytes] = field(default_factory=set)
    rest: dict[str, bytes] = field(default_factory=dict)  # what pages are still owed, by the token for them
    lock: threading.Lock = field(default_factory=threading.Lock)


class Control(Steering):
    """What tests tell the proxy."""

    def __init__(self, world: World) -> None:
        self._world = world

    def revoke(self, revoked: bool = True) -> None:
        """The password does not open the door any more."""
        self._world.revoked = revoked

    def lose_tokens(self) -> None:
        """The server behind does not recognize any token given so far."""
        self._world.lost |= self._world.told

    def lacks(self, *features: str) -> None:
        """The server has no "sync" (RFC 6578), no "ctag" or no "find" by UID; without names it has everything again."""
        unknown = set(features) - set(FEATURES)
        if unknown:
            raise ValueError(f"no feature called {unknown.pop()}; there are {', '.join(FEATURES)}")
        self._world.lacking = set(features)

    def pages(self, size: int) -> None:
        """Answers of sync-collection come in pages of so many resources; 0 for whole ones."""
        self._world.page = size

    def most(self, size: int) -> None:
        """A calendar-query that finds more than so many entries is turned down (RFC 4791, 7.8); 0 for no limit."""
        self._world.most = size

    def etags(self, told: bool = True) -> None:
        """Whether the answer to a PUT tells the etag: a server that keeps something else than it was sent may not."""
        self._world.etags = told


class Application:
    def __init__(self, world: World, control: Control) -> None:
        self.world, self.control = world, control

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        request = Request(environ)
        if request.path.startswith(control_http.PREFIX):
            return control_http.handle(self.control, request)(environ, start_response)
        path = environ.get("REQUEST_URI") or environ.get("RAW_URI") or request.path
        exchange = Exchange(
            method=request.method,
            path=path,
            query=request.query_string.decode("latin-1"),
            request_headers={name: request.headers[name] for name in LOGGED if name in request.headers},
            request_body=request.get_data(cache=True),
        )
        fault = self.world.faults.take(request.method, request.path)
        exchange.fault = fault.kind if fault else None
        if self.world.faults.down or (fault and fault.kind == "drop_before"):
            environ["sandbox.drop"] = True
            return Response(status=503)(environ, start_response)
        response = _before(fault) or self._refused(request) or self._answer(request, path)
        if fault is not None:
            response = _after(fault, response, environ)
        exchange.status = response.status_code
        exchange.response_headers = dict(response.headers)
        exchange.response_body = response.get_data()
        self.world.log.add(exchange)
        return response(environ, start_response)

    def _refused(self, request: Request) -> Response | None:
        told = request.headers.get("Authorization", "")
        wanted = self.world.guard and base64.b64encode(":".join(self.world.guard).encode()).decode()
        if not self.world.revoked and (wanted is None or told == f"Basic {wanted}"):
            return None
        return Response("no", 401, {"WWW-Authenticate": 'Basic realm="calendars"'})

    def _answer(self, request: Request, path: str) -> Response:
        body = request.get_data()
        syncing = request.method == "REPORT" and b"sync-collection" in body
        if syncing and "sync" in self.world.lacking:
            return Response("no such report", 501)
        if "find" in self.world.lacking and request.method == "REPORT" and b"prop-filter" in body:
            return Response(NOTHING, 207, content_type="application/xml; charset=utf-8")
        asked = _TOKEN.search(body) if syncing else None
        token = asked[2].strip() if asked else b""
        if token in self.world.lost:
            # Of the right form, and unknown: the server says so in its own words.
            spoiled = re.sub(rb"[0-9a-f]", lambda found: b"0" if found[0] != b"0" else b"1", token[-40:])
            body = body.replace(token, token[:-40] + spoiled)
        with self.world.lock:
            owed = self.world.rest.pop(token.decode(), None)
        if owed is not None:
            return self._paged(owed, path)
        response = self._passed_on(request, path, body)
        if request.method == "PUT" and not self.world.etags:
            response.headers.pop("ETag", None)
        if response.status_code == 207:
            if self.world.most and b"calendar-query" in body and self._counted(response) > self.world.most:
                return Response(TOO_MANY, 403, content_type="application/xml; charset=utf-8")
            response = self._bent(response, path, syncing)
        return response

    @staticmethod
    def _counted(response: Response) -> int:
        return len(ElementTree.fromstring(response.get_data()).findall(f"{DAV}response"))

    def _passed_on(self, request: Request, path: str, body: bytes) -> Response:
        connection = http.client.HTTPConnection(urlsplit(self.world.upstream).netloc, timeout=100)
        try:
            headers = {name: value for name, value in request.headers.items() if name.lower() not in _HOP}
            connection.request(request.method, path, body=body or None, headers=headers)
            answer = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        kept = [(name, value) for name, value in answer.getheaders() if name.lower() not in _HOP]
        return Response(content, answer.status, kept)

    def _bent(self, response: Response, path: str, syncing: bool) -> Response:
        content = response.get_data()
        if self.world.lacking:
            response.set_data(_without(content, {FEATURES[name] for name in self.world.lacking}))
        elif syncing and self.world.page:
            response = self._paged(content, path)
        self.world.told |= {found[2].strip() for found in _TOKEN.finditer(response.get_data())}
        return response

    def _paged(self, content: bytes, path: str) -> Response:
        root = ElementTree.fromstring(content)
        resources = root.findall(f"{DAV}response")
        if self.world.page and len(resources) > self.world.page:
            later = ElementTree.fromstring(content)
            for one in later.findall(f"{DAV}response")[: self.world.page]:
                later.remove(one)
            for one in resources[self.world.page :]:
                root.remove(one)
            cut = ElementTree.SubElement(root, f"{DAV}response")
            ElementTree.SubElement(cut, f"{DAV}href").text = path
            ElementTree.SubElement(cut, f"{DAV}status").text = "HTTP/1.1 507 Insufficient Storage"
            token = root.find(f"{DAV}sync-token")
            assert token is not None
            token.text = f"urn:page:{time.monotonic_ns()}"
            with self.world.lock:
                self.world.rest[token.text] = ElementTree.tostring(later)
        return Response(ElementTree.tostring(root), 207, content_type="application/xml; charset=utf-8")


def _without(content: bytes, names: set[str]) -> bytes:
    root = ElementTree.fromstring(content)
    for prop in root.iter(f"{DAV}prop"):
        for one in list(prop):
            if one.tag in names:
                prop.remove(one)
    return ElementTree.tostring(root)


def _before(fault: Fault | None) -> Response | None:
    if fault is None:
        return None
    if fault.kind == "status":
        return Response("as ordered", fault.status)
    if fault.kind == "rate_limited":
        return Response("slower", 429, {"Retry-After": str(fault.retry_after)})
    return None


def _after(fault: Fault, response: Response, environ: dict[str, Any]) -> Response:
    if fault.kind == "drop_after":
        environ["sandbox.drop"] = True
    elif fault.kind == "truncated":
        environ["sandbox.cut"] = len(response.get_data()) // 2
    elif fault.kind == "status_after":
        return Response("as ordered", fault.status)
    elif fault.kind == "malformed":
        return Response("<html>hello</html>", response.status_code, content_type="text/html")
    elif fault.kind == "slow":
        time.sleep(fault.seconds)
    return response


@dataclass
class Proxy:
    """A running proxy: `url` to speak to, `control` to steer."""

    url: str
    control: Control
    _server: Server

    @property
    def exchanges(self) -> list[Exchange]:
        return self.control.exchanges

    def stop(self) -> None:
        self._server.stop()

    def __enter__(self) -> Proxy:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def start(upstream: str, port: int = 0, *, username: str = "", password: str = "") -> Proxy:
    """Serve what `upstream` serves; with `username`, to whoever knows the password (the server itself then asks nobody)."""
    world = World(upstream, (username, password) if username else None)
    control = Control(world)
    server = serve(Application(world, control), port=port)
    return Proxy(server.url, control, server)
