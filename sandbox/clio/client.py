"""A bare client for the sandbox's own tests and for scripts: no retries, no opinions."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from sandbox.clio.app import DELIBERATE


@dataclass
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def data(self) -> Any:
        return self.json["data"]

    @property
    def error(self) -> str:
        """The `type` word of a refusal."""
        return str(self.json["error"]["type"])


class Client:
    """Asks as the owner of `token`, over one connection that is kept open."""

    def __init__(self, url: str, token: str | None = None) -> None:
        parts = urlsplit(url)
        self.url, self.token = url, token
        self._connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=10)

    def __call__(
        self,
        method: str,
        path: str,
        data: Any = None,
        *,
        headers: dict[str, str] | None = None,
        wrong: bool = False,
        **query: Any,
    ) -> Reply:
        """
        Send one request below `/api/v4/`, or to any path that begins with a slash or is a whole address.

        `data` goes out as ``{"data": ...}``; `wrong` marks a request that is wrong on purpose.
        """
        target = path.removeprefix(self.url)
        target = target if target.startswith("/") else f"/api/v4/{path}"
        if query:
            target += "?" + urlencode(query, doseq=True)
        sent = dict(headers or {})
        if self.token:
            sent.setdefault("Authorization", f"Bearer {self.token}")
        if wrong:
            sent[DELIBERATE] = "1"
        body = None
        if data is not None:
            body = data if isinstance(data, bytes) else json.dumps({"data": data}).encode()
            sent.setdefault("Content-Type", "application/json")
        try:
            self._connection.request(method, target, body, sent)
            answer = self._connection.getresponse()
            return Reply(answer.status, dict(answer.headers), answer.read())
        except BaseException:
            self._connection.close()
            raise

    def form(self, path: str, headers: dict[str, str] | None = None, **values: str) -> Reply:
        """POST a form."""
        sent = {"Content-Type": "application/x-www-form-urlencoded"} | (headers or {})
        return self("POST", path, urlencode(values).encode(), headers=sent)

    def all(self, path: str, **query: Any) -> list[dict[str, Any]]:
        """Every record of a list, following `meta.paging.next`."""
        reply = self("GET", path, **query)
        found = list(reply.data)
        while following := reply.json["meta"]["paging"].get("next"):
            reply = self("GET", following)
            found += reply.data
        return found

    def close(self) -> None:
        self._connection.close()
