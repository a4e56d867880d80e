"""A small web server that answers by script, on a real socket, and remembers what it was asked."""

from __future__ import annotations

import contextlib
import json
import socket
import struct
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass
class Reply:
    """
    One answer. `promise` is the Content-Length to claim instead of the true one, `wait` the seconds before answering,
    `drop` closes the connection without an answer, `raw` is sent instead of an HTTP answer.
    """

    status: int = 200
    body: bytes | dict[str, Any] | list[Any] = b"{}"
    headers: dict[str, str] = field(default_factory=dict)
    promise: int | None = None
    wait: float = 0.0
    drop: bool = False
    raw: bytes | None = None

    def content(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


@dataclass(frozen=True)
class Asked:
    """One request as it arrived."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(urlsplit(self.target).query).items()}

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def form(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(self.body.decode()).items()}


class Scripted:
    """The server: `script` is used up one reply per request; when it is empty, `otherwise` answers."""

    def __init__(self) -> None:
        self.script: list[Reply] = []
        self.otherwise = Reply(599, b"nothing left in the script")
        self.asked: list[Asked] = []
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.port: int = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=lambda: self._server.serve_forever(0.02), daemon=True)
        self._thread.start()

    def plan(self, *replies: Reply) -> None:
        self.script.extend(replies)

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        owner = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: Any) -> None:
                pass

            def handle(self) -> None:
                with contextlib.suppress(ConnectionError, BrokenPipeError):
                    super().handle()

            def _any(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                headers = {name.lower(): value for name, value in self.headers.items()}
                with owner._lock:
                    owner.asked.append(Asked(self.command, self.path, headers, body))
                    reply = owner.script.pop(0) if owner.script else owner.otherwise
                time.sleep(reply.wait)
                if reply.drop or reply.raw is not None:
                    if reply.raw is not None:
                        self.wfile.write(reply.raw)
                    self._cut()
                    return
                content = reply.content()
                self.send_response(reply.status)
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                if reply.status not in (204, 304):
                    self.send_header(
                        "Content-Length", str(len(content) if reply.promise is None else reply.promise)
                    )
                self.end_headers()
                if reply.status not in (204, 304):
                    self.wfile.write(content)
                if reply.promise is not None:
                    self._cut()

            def _cut(self) -> None:
                self.wfile.flush()
                self.close_connection = True

            do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _any

        return Handler


@contextlib.contextmanager
def scripted() -> Iterator[Scripted]:
    """A server for the length of a `with`."""
    server = Scripted()
    try:
        yield server
    finally:
        server.stop()


@contextlib.contextmanager
def deaf_port() -> Iterator[int]:
    """A port where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        yield probe.getsockname()[1]


@contextlib.contextmanager
def resetting_port() -> Iterator[int]:
    """A port that takes the connection and resets it as soon as the request begins to arrive."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(0.1)
    stop = threading.Event()

    def run() -> None:
        while not stop.is_set():
            with contextlib.suppress(TimeoutError, OSError):
                peer, _ = listener.accept()
                peer.recv(1)
                peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                peer.close()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        stop.set()
        thread.join(2)
        listener.close()
