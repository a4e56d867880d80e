"""The WSGI application: the log, the faults, and the way to the pages, the API and the control interface."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable
from typing import Any

from werkzeug.http import http_date
from werkzeug.wrappers import Request, Response

from sandbox import control_http
from sandbox.faults import Fault
from sandbox.log import Exchange
from sandbox.microsoft import graph, oauth, pages
from sandbox.microsoft.control import Control
from sandbox.microsoft.errors import Refused, failure, unauthorized
from sandbox.microsoft.world import World

#: Set by the sandbox's own tests on requests that are wrong on purpose; the contract check leaves those alone.
DELIBERATE = "X-Sandbox-Deliberate"
#: On answers an injected fault has bent.
FAULT = "X-Sandbox-Fault"
#: Request headers worth keeping in the log; tokens are not.
LOGGED = ("Content-Type", "Accept", "Prefer", "If-Match")


class Application:
    """One world, answering HTTP."""

    def __init__(self, world: World, control: Control) -> None:
        self.world = world
        self.control = control

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        request = Request(environ)
        if request.path.startswith(control_http.PREFIX):
            return control_http.handle(self.control, request, (Refused,))(environ, start_response)
        if self.world.faults.down:
            environ["sandbox.drop"] = True
            return _nothing(start_response)
        body = request.get_data(cache=True, parse_form_data=False)
        exchange = Exchange(
            method=request.method,
            path=request.path,
            query=request.query_string.decode("latin-1"),
            request_headers={name: request.headers[name] for name in LOGGED if name in request.headers},
            # What is sent for tokens are secrets.
            request_body=body if request.path.startswith(graph.PREFIX) else b"",
            deliberate=DELIBERATE in request.headers,
        )
        fault = self.world.faults.take(request.method, request.path)
        exchange.fault = fault.kind if fault else None
        response = self._answer(request, exchange, fault, body)
        # The header tells the time of this world, which a test may have moved.
        response.headers["Date"] = http_date(self.world.clock.time())
        exchange.status = response.status_code
        exchange.response_headers = dict(response.headers)
        exchange.response_body = response.get_data() if request.path.startswith(graph.PREFIX) else b""
        if fault is not None:
            self._spoil(environ, response, fault)
            response.headers[FAULT] = fault.kind
        self.world.log.add(exchange)
        if environ.get("sandbox.drop"):
            return _nothing(start_response)
        return response(environ, start_response)

    def _answer(self, request: Request, exchange: Exchange, fault: Fault | None, body: bytes) -> Response:
        if fault is not None:
            if fault.seconds:
                time.sleep(fault.seconds)
            if fault.kind == "drop_before":
                return Response(status=503)
            if fault.kind == "status":
                headers = {"Retry-After": str(fault.retry_after)} if fault.status == 429 else {}
                return self._failed(Refused(fault.status, "SandboxFault", "Asked for by the tests.", headers))
            if fault.kind == "rate_limited":
                after = {"Retry-After": str(fault.retry_after)}
                return self._failed(
                    Refused(429, "ApplicationThrottled", "Application is over its limit.", after)
                )
        if request.path.startswith(f"{graph.PREFIX}/"):
            return self._graph(request, exchange, fault, body)
        if request.path == "/":
            return pages.home(self.world)
        return oauth.handle(self.world, request)

    def _graph(self, request: Request, exchange: Exchange, fault: Fault | None, body: bytes) -> Response:
        try:
            account = oauth.account_of(self.world, request.headers.get("Authorization"))
            exchange.user = account["email"]
            if fault is not None and fault.kind == "revoke_token":
                oauth.revoke(self.world, account["email"])
                raise unauthorized()
            call = graph.Call(
                world=self.world,
                account=account,
                method=request.method,
                path=request.path,
                args=request.args.to_dict(),
                body=body,
                prefer=request.headers.get("Prefer", ""),
                if_match=request.headers.get("If-Match", ""),
            )
            status, answer = graph.answer(call)
        except Refused as refused:
            return self._failed(refused)
        if answer is None:
            return Response(b"", status)
        return _json(status, answer)

    def _failed(self, refused: Refused) -> Response:
        response = _json(refused.status, refused.body(self.world.clock.now().isoformat()))
        response.headers.extend(refused.headers)
        return response

    def _spoil(self, environ: dict[str, Any], response: Response, fault: Fault) -> None:
        """Bend an answer whose request has been applied already."""
        if fault.kind in ("drop_after", "drop_before"):
            environ["sandbox.drop"] = True
        elif fault.kind == "status_after":
            response.status_code = fault.status
            body = failure("SandboxFault", "Asked for by the tests.", self.world.clock.now().isoformat())
            response.set_data(json.dumps(body))
        elif fault.kind == "truncated":
            environ["sandbox.cut"] = len(response.get_data()) // 2
        elif fault.kind == "malformed":
            response.set_data(b'{"value": [{"id": "AAMk", "start": <html>')


def _json(status: int, body: dict[str, Any]) -> Response:
    data = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    return Response(data, status, content_type="application/json; odata.metadata=minimal; charset=utf-8")


def _nothing(start_response: Callable[..., Any]) -> Iterable[bytes]:
    start_response("503 Service Unavailable", [])
    return [b""]
