"""The WSGI application: the way to the pages and to Graph, and how Microsoft words trouble."""

from __future__ import annotations

import json
from typing import Any

from werkzeug.wrappers import Request, Response

from sandbox.faults import Fault
from sandbox.frame import Frame
from sandbox.log import Exchange
from sandbox.microsoft import graph, oauth, pages
from sandbox.microsoft.errors import Refused, unauthorized


class Application(Frame):
    """One world, answering HTTP."""

    logged = ("Content-Type", "Accept", "Prefer", "If-Match")
    refusals = (Refused,)

    def answer(self, request: Request, exchange: Exchange) -> Response:
        if request.path.startswith(f"{graph.PREFIX}/"):
            return self._graph(request, exchange)
        if request.path == "/":
            return pages.home(self.world)
        return oauth.handle(self.world, request)

    def _graph(self, request: Request, exchange: Exchange) -> Response:
        try:
            account = oauth.account_of(self.world, request.headers.get("Authorization"))
            exchange.user = account["email"]
            if exchange.fault == "revoke_token":
                oauth.revoke(self.world, account["email"])
                raise unauthorized()
            call = graph.Call(
                world=self.world,
                account=account,
                method=request.method,
                path=request.path,
                args=request.args.to_dict(),
                body=exchange.request_body,
                prefer=request.headers.get("Prefer", ""),
                if_match=request.headers.get("If-Match", ""),
            )
            status, answer = graph.answer(call)
        except Refused as refused:
            return self._refusal(refused)
        if answer is None:
            return Response(b"", status)
        return _json(status, answer)

    def _refusal(self, refused: Refused) -> Response:
        response = _json(refused.status, refused.body(self.world.clock.now().isoformat()))
        response.headers.extend(refused.headers)
        return response

    def failure(self, status: int, headers: dict[str, str]) -> Response:
        return self._refusal(Refused(status, "SandboxFault", "Asked for by the tests.", headers))

    def limited(self, fault: Fault) -> Response:
        after = {"Retry-After": str(fault.retry_after)}
        return self._refusal(Refused(429, "ApplicationThrottled", "Application is over its limit.", after))

    def garble(self, data: bytes) -> bytes:
        return b'{"value": [{"id": "AAMk", "start": <html>'

    def is_secret(self, request: Request) -> bool:
        return not request.path.startswith(graph.PREFIX)


def _json(status: int, body: dict[str, Any]) -> Response:
    data = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    return Response(data, status, content_type="application/json; odata.metadata=minimal; charset=utf-8")
