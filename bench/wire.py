"""The lightest visitor there can be: one kept connection, raw HTTP/1.1, cookies by hand."""

from __future__ import annotations

import re
import socket
from dataclasses import dataclass
from types import TracebackType
from typing import Self
from urllib.parse import urlencode

PATIENCE = 30.0
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_COOKIE = re.compile(rb"\r\nset-cookie: *([^=;\r]+)=([^;\r]*)", re.IGNORECASE)
_LOCATION = re.compile(rb"\r\nlocation: *([^\r]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    head: bytes
    body: bytes

    @property
    def location(self) -> str:
        found = _LOCATION.search(self.head)
        return found[1].decode() if found else ""


class Wire:
    """One visitor on one connection. Raises OSError when the other side goes away."""

    def __init__(self, host: str, port: int) -> None:
        self._socket = socket.create_connection((host, port), PATIENCE)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._host = f"{host}:{port}"
        self._rest = b""
        self.cookies: dict[str, str] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _value: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._socket.close()

    def get(self, path: str) -> Answer:
        return self.send(f"GET {path} HTTP/1.1\r\n{self._head()}\r\n".encode())

    def post(self, path: str, fields: dict[str, str]) -> Answer:
        """Send a form as a browser would; Django's token goes along when a page gave us one."""
        token = self.cookies.get("daybook_csrf")
        body = urlencode({**fields, **({"csrfmiddlewaretoken": token} if token else {})}).encode()
        head = (
            f"POST {path} HTTP/1.1\r\n{self._head()}Content-Type: application/x-www-form-urlencoded\r\n"
            f"Origin: http://{self._host}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return self.send(head.encode() + body)

    def _head(self) -> str:
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        return f"Host: {self._host}\r\n" + (f"Cookie: {cookies}\r\n" if cookies else "")

    def send(self, request: bytes) -> Answer:
        """One request as it is, and its whole answer."""
        self._socket.sendall(request)
        data = self._rest
        while (end := data.find(b"\r\n\r\n")) < 0:
            data += self._more()
        head = data[: end + 2]
        found = _LENGTH.search(head)
        size = end + 4 + (int(found[1]) if found else 0)
        if len(data) < size:
            parts = [data]
            missing = size - len(data)
            while missing > 0:
                parts.append(more := self._more())
                missing -= len(more)
            data = b"".join(parts)
        self._rest = data[size:]
        for name, value in _COOKIE.findall(head):
            self.cookies[name.decode()] = value.decode()
        return Answer(int(head[9:12]), head, data[end + 4 : size])

    def _more(self) -> bytes:
        data = self._socket.recv(262_144)
        if not data:
            raise ConnectionResetError("the server closed the connection")
        return data
