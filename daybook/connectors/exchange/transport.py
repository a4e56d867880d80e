"""Connections to Exchange servers that people typed: to checked places only, and within a limit of time that holds."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from typing import Any

import requests
import structlog
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from daybook.connectors.errors import Garbled, Unreachable
from daybook.connectors.exchange.settings import NAME
from daybook.connectors.guard import Resolver, check
from daybook.connectors.http import CONNECT_SECONDS, READ_SECONDS, guards

MAX_BYTES = 40 * 1024 * 1024
_MOST_PLACES = 4
#: More than this is no page that says who may come in.
SHORT = 64 * 1024

log = structlog.get_logger("daybook.connectors")


class Way:
    """The one connection of a session at a time, the place it leads to, and when whatever goes on there is over."""

    def __init__(self, *, private: bool, seconds: float, resolve: Resolver | None) -> None:
        #: Whether what is asked changes something over there.
        self.write = False
        #: What is asked, as the log shows it.
        self.shown = ""
        self.seconds = seconds
        self._private, self._resolve = private, resolve
        self._deadline = 0.0
        self._line: socket.socket | None = None
        self._timer: threading.Timer | None = None

    def begin(self) -> None:
        """From now on the request may take its time; the timer ends it, even when a byte arrives now and then."""
        self.end()
        self._deadline = time.monotonic() + self.seconds
        self._timer = threading.Timer(self.seconds, self._hang_up)
        self._timer.daemon = True
        self._timer.start()

    def end(self) -> None:
        """The request is over."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    @property
    def left(self) -> float:
        return self._deadline - time.monotonic()

    def connect(self, scheme: str, host: str, port: int) -> socket.socket:
        """Connect to one of the checked addresses. Raises Refused and Unreachable; nothing has been sent then."""
        shown = f"[{host}]" if ":" in host else host
        visit = check(f"{scheme}://{shown}:{port}/", NAME, private=self._private, resolve=self._resolve)
        trouble: OSError | None = None
        for place in visit.places[:_MOST_PLACES]:
            try:
                line = socket.create_connection((place, port), max(min(CONNECT_SECONDS, self.left), 0.001))
            except OSError as error:
                trouble = error
                continue
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            line.settimeout(max(min(READ_SECONDS, self.left), 0.001))
            if self._line is not None:
                self._line.close()
            # A second handle: TLS takes the first one away, and the timer has to reach either.
            self._line = line.dup()
            return line
        raise Unreachable(NAME) from trouble

    def _hang_up(self) -> None:
        if self._line is not None:
            with contextlib.suppress(OSError):
                self._line.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self.end()
        if self._line is not None:
            self._line.close()
            self._line = None


class GuardedAdapter(HTTPAdapter):
    """
    How requests, which exchangelib speaks through, reaches a server: by `way`, through no proxy, which would look the
    name up again, and after the guards of all connectors.
    """

    def __init__(self, way: Way, certificates: ssl.SSLContext | None) -> None:
        self._way = way
        self._certificates = certificates or ssl.create_default_context()
        super().__init__(pool_connections=1, pool_maxsize=1, max_retries=0, pool_block=True)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, ssl_context=self._certificates, **kwargs)
        way = self._way

        class Plain(HTTPConnection):
            def _new_conn(self) -> socket.socket:
                return way.connect("http", self.host, self.port)

        class Secure(HTTPSConnection):
            def _new_conn(self) -> socket.socket:
                return way.connect("https", self.host, self.port)

        class PlainPool(HTTPConnectionPool):
            ConnectionCls = Plain

        class SecurePool(HTTPSConnectionPool):
            ConnectionCls = Secure

        self.poolmanager.pool_classes_by_scheme = {"http": PlainPool, "https": SecurePool}

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        for guard in guards:
            guard()
        way, started, status, failure = self._way, time.monotonic(), None, None
        way.begin()
        asked_back = False
        try:
            response = super().send(
                request, stream=True, timeout=(CONNECT_SECONDS, READ_SECONDS), verify=True, proxies={}
            )
            status = response.status_code
            asked_back = _asks_back(response)
            body = b"" if asked_back else self._read(response)
        except requests.exceptions.SSLError as error:
            failure = type(error).__name__
            raise Unreachable(NAME) from error  # no certificate to trust: nothing was sent
        except requests.exceptions.ContentDecodingError as error:
            failure = type(error).__name__
            raise Garbled(NAME, status=status, maybe_applied=way.write) from error
        except requests.exceptions.RequestException as error:
            failure = type(error).__name__
            raise Unreachable(NAME, status=status, maybe_applied=way.write) from error
        finally:
            if not asked_back:
                way.end()
            log.info(
                "remote_request",
                provider=NAME,
                method=request.method,
                path=way.shown,
                status=status,
                ms=round((time.monotonic() - started) * 1000),
                **({"failure": failure} if failure else {}),
            )
        if asked_back:
            return response
        response._content = body  # what requests itself puts there when it reads an answer to its end
        response._content_consumed = True
        return response

    def _read(self, response: requests.Response) -> bytes:
        parts: list[bytes] = []
        size = 0
        for part in response.iter_content(65536):
            size += len(part)
            if size > MAX_BYTES:
                raise Garbled(
                    NAME,
                    status=response.status_code,
                    maybe_applied=self._way.write,
                    text=f"{NAME} sent a far too large answer; Daybook stopped reading.",
                )
            parts.append(part)
        if self._way.left <= 0:
            raise Unreachable(NAME, status=response.status_code, maybe_applied=self._way.write)
        return b"".join(parts)


def _asks_back(response: requests.Response) -> bool:
    """
    Whether this is a step of signing in, which requests_ntlm wants unread: it looks at the certificate of the line it came
    by. It is short, and read while the request's time goes on.
    """
    length = response.headers.get("Content-Length", "")
    return response.status_code == 401 and length.isdigit() and int(length) <= SHORT
