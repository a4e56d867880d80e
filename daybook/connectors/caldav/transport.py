"""Connections to addresses that people typed: to checked places only, and within a limit of time that holds."""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import httpcore2
import httpx2

from daybook.connectors.errors import Unreachable
from daybook.connectors.guard import Resolver, check

_MOST_PLACES = 4
_clock = threading.local()


class GuardedTransport(httpx2.HTTPTransport):
    """
    Connects to what `guard.check` has looked at, never to what the name leads to a moment later, and through no proxy,
    which would look the name up again. The `total_seconds` of a request end it even when a byte arrives now and then.
    """

    def __init__(
        self,
        name: str,
        *,
        private: bool,
        resolve: Resolver | None = None,
        trust: ssl.SSLContext | None = None,
    ) -> None:
        context = trust or _trusted()
        super().__init__(verify=context, trust_env=False)
        self._pool = httpcore2.ConnectionPool(
            ssl_context=context,
            max_connections=50,
            max_keepalive_connections=20,
            keepalive_expiry=15.0,
            network_backend=_Backend(name, private, resolve),
        )

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        _clock.deadline = time.monotonic() + request.extensions.get("total_seconds", 60.0)
        return super().handle_request(request)


@lru_cache(maxsize=1)
def _trusted() -> ssl.SSLContext:
    return httpx2.create_ssl_context()


class _Backend(httpcore2.NetworkBackend):
    def __init__(self, name: str, private: bool, resolve: Resolver | None) -> None:
        self._name, self._private, self._resolve = name, private, resolve
        self._inner = httpcore2.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        shown = f"[{host}]" if ":" in host else host
        # The scheme was looked at before; what counts here is where the name leads.
        visit = check(f"https://{shown}:{port}/", self._name, private=self._private, resolve=self._resolve)
        trouble: Exception = Unreachable(self._name)
        for place in visit.places[:_MOST_PLACES]:
            try:
                return _Stream(
                    self._inner.connect_tcp(place, port, _left(timeout), local_address, socket_options)
                )
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                trouble = error
        raise trouble


class _Stream(httpcore2.NetworkStream):
    """A connection none of whose steps goes beyond the end of the request it serves."""

    def __init__(self, inner: httpcore2.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, _left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, _left(timeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, _left(timeout)))

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


def _left(timeout: float | None) -> float:
    left: float = _clock.deadline - time.monotonic()
    if left <= 0:
        raise httpcore2.ReadTimeout("the time for this request is over")
    return left if timeout is None else min(left, timeout)
