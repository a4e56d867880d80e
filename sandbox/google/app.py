"""The WSGI application: the way to OAuth and to the API, and how Google words trouble."""

from __future__ import annotations

import json
from typing import Any

from werkzeug.wrappers import Request, Response

from sandbox.faults import Fault
from sandbox.frame import Frame
from sandbox.google import api, oauth, pages
from sandbox.google.errors import Refused, too_many, unauthorized
from sandbox.log import Exchange


class Application(Frame):
    """One world, answering HTTP."""

    logged = ("Content-Type", "Accept", "If-Match", "If-None-Match")
    refusals = (Refused,)

    def answer(self, request: Request, exchange: Exchange) -> Response:
        if request.path.startswith(api.PREFIX) or request.path == oauth.USERINFO:
            return self._api(request, exchange)
        if request.path == "/":
            return pages.home(self.world)
        return oauth.handle(self.world, request)

    def _api(self, request: Request, exchange: Exchange) -> Response:
        try:
            with self.world.lock:
                account, scopes = oauth.account_of(self.world, request.headers.get("Authorization"))
                exchange.user = account["email"]
                if exchange.fault == "revoke_token":
                    oauth.revoke_all(self.world, account["email"])
                    raise unauthorized()
                if request.path == oauth.USERINFO:
                    return _json(200, oauth.userinfo(account, scopes))
                status, body = api.answer(
                    self.world,
                    account,
                    api.Call(
                        method=request.method,
                        path=request.path.removeprefix(api.PREFIX),
                        args=request.args,
                        body=exchange.request_body,
                        if_match=request.headers.get("If-Match", ""),
                        scopes=scopes,
                    ),
                )
        except Refused as refused:
            return _refusal(refused)
        return _json(status, body)

    def failure(self, status: int, headers: dict[str, str]) -> Response:
        refused = Refused(status, "backendError", "Asked for through the control interface.")
        return _json(status, refused.body(), headers)

    def limited(self, fault: Fault) -> Response:
        return _refusal(too_many(429 if fault.status == 429 else 403, fault.retry_after))

    def garble(self, data: bytes) -> bytes:
        return b'{"items": [{"id": 1, "etag": <html>'

    def is_secret(self, request: Request) -> bool:
        return not request.path.startswith(api.PREFIX)


def _refusal(refused: Refused) -> Response:
    return _json(refused.status, refused.body(), refused.headers)


def _json(status: int, body: Any, headers: dict[str, str] | None = None) -> Response:
    if status == 204:
        return Response(b"", 204)
    data = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    return Response(data, status, headers=headers, content_type="application/json; charset=UTF-8")
