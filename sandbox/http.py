"""
One way to serve a WSGI application over real sockets: threaded, keep-alive, quiet, and able to break connections.

Werkzeug's own handler closes the connection after every answer, which would make a client's connection pool and the
sandbox's speed unlike the real thing. Ours sends every answer with one write and a length, and keeps the line open.

An application may ask for trouble through its environ:
    ``environ["sandbox.drop"] = True``   close the connection without a single byte of answer
    ``environ["sandbox.cut"] = n``       promise the whole body, send only its first `n` bytes, close
"""

from __future__ import annotations

import contextlib
import io
import logging
import selectors
import socket
import threading
import weakref
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

WSGIApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

logger = logging.getLogger("sandbox")

#: Werkzeug prints through this logger; a stand-in that chats on every request is no use in a test run.
logging.getLogger("werkzeug").setLevel(logging.CRITICAL)


#: Connections that are open now, by server, so that stopping can close them.
_OPEN: weakref.WeakKeyDictionary[BaseWSGIServer, set[socket.socket]] = weakref.WeakKeyDictionary()


class Handler(WSGIRequestHandler):
    """Speaks HTTP/1.1 with keep-alive, one write per answer, and can be told to misbehave."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 120

    def setup(self) -> None:
        super().setup()
        _OPEN.setdefault(self.server, set()).add(self.connection)

    def finish(self) -> None:
        _OPEN.get(self.server, set()).discard(self.connection)
        with contextlib.suppress(OSError):
            super().finish()

    def run_wsgi(self) -> None:
        if self.headers.get("Expect", "").lower().strip() == "100-continue":
            self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        self.environ = environ = self.make_environ()
        # Read the whole body first: what is left unread would be taken for the next request line.
        if not environ.get("wsgi.input_terminated"):
            length = int(environ.get("CONTENT_LENGTH") or 0)
            environ["wsgi.input"] = io.BytesIO(self.rfile.read(length) if length else b"")
        answer: list[Any] = []

        def start_response(
            status: str, headers: list[tuple[str, str]], exc_info: Any = None
        ) -> Callable[[bytes], None]:
            answer[:] = [status, headers]
            return lambda data: None

        try:
            chunks = self.server.app(environ, start_response)
            body = b"".join(chunks)
            if hasattr(chunks, "close"):
                chunks.close()
        except Exception:
            logger.exception("the sandbox failed on %s %s", environ["REQUEST_METHOD"], environ["PATH_INFO"])
            answer[:] = ["500 Internal Server Error", [("Content-Type", "text/plain")]]
            body = b"the sandbox itself failed; see its log"
        if environ.get("sandbox.drop"):
            self._hang_up()
            return
        self._send(environ, answer[0], answer[1], body)

    def _send(
        self, environ: dict[str, Any], status: str, headers: list[tuple[str, str]], body: bytes
    ) -> None:
        bare = status[:3] in ("204", "304") or environ["REQUEST_METHOD"] == "HEAD"
        lines = [f"HTTP/1.1 {status}"]
        if not any(name.lower() == "date" for name, _ in headers):
            lines.append(f"Date: {self.date_time_string()}")
        lines += [f"{name}: {value}" for name, value in headers if name.lower() != "content-length"]
        if status[:3] not in ("204", "304"):
            lines.append(f"Content-Length: {len(body)}")
        cut = environ.get("sandbox.cut")
        if cut is not None:
            body = body[:cut]
        if self.close_connection:
            lines.append("Connection: close")
        head = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
        self.wfile.write(head if bare else head + body)
        if cut is not None:
            self._hang_up()

    def _hang_up(self) -> None:
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def handle(self) -> None:
        with contextlib.suppress(OSError):  # the other side went away: nothing to report
            super().handle()

    def log(self, type: str, message: str, *args: Any) -> None:
        pass


@dataclass
class Server:
    """A running server: its address, and how to stop it."""

    url: str
    port: int
    _server: BaseWSGIServer
    _thread: threading.Thread
    _bell: socket.socket

    def stop(self) -> None:
        """Stop listening and hang up on everybody, also on connections kept open. Idempotent."""
        self._bell.close()
        self._thread.join(5)
        self._server.server_close()
        for connection in list(_OPEN.get(self._server, ())):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


def serve(app: WSGIApp, *, host: str = "127.0.0.1", port: int = 0) -> Server:
    """Serve `app` in background threads on `host:port` (0 picks a free port)."""
    server = make_server(host, port, app, threaded=True, request_handler=Handler)
    server.daemon_threads = True  # type: ignore[attr-defined]
    server.block_on_close = False  # type: ignore[attr-defined]
    server.timeout = 0  # type: ignore[attr-defined]  # it is only asked when somebody is there
    bell, heard = socket.socketpair()
    thread = threading.Thread(target=_answer, args=(server, heard), daemon=True, name="sandbox")
    thread.start()
    bound = server.server_port
    shown = "127.0.0.1" if host in ("0.0.0.0", "") else host
    return Server(url=f"http://{shown}:{bound}", port=bound, _server=server, _thread=thread, _bell=bell)


def _answer(server: BaseWSGIServer, heard: socket.socket) -> None:
    """
    Take connections until the other end of `heard` is closed.

    `serve_forever` looks only now and then whether it is to stop: 20 ms for each of some thousand tests.
    """
    with heard, selectors.DefaultSelector() as waiting:
        waiting.register(server, selectors.EVENT_READ)
        waiting.register(heard, selectors.EVENT_READ)
        while heard not in [key.fileobj for key, _ in waiting.select()]:
            server.handle_request()
