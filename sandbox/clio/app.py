"""The WSGI application: the log, the faults, and the way to OAuth, the API and the control interface."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable
from typing import Any

from werkzeug.http import http_date
from werkzeug.wrappers import Request, Response

from sandbox import control_http
from sandbox.clio import api, oauth, pages
from sandbox.clio.control import Control
from sandbox.clio.errors import Refused, TooMany, Unauthorized
from sandbox.clio.world import World
from sandbox.faults import Fault
from sandbox.log import Exchange

#: Set by the sandbox's own tests on requests that are wrong on purpose; the contract check leaves those alone.
DELIBERATE = "X-Sandbox-Deliberate"
#: On answers an injected fault has bent, so that whoever checks recorded answers can tell.
FAULT = "X-Sandbox-Fault"
#: Request headers worth keeping in the log; tokens are not.
LOGGED = (
    "Content-Type",
    "Accept",
    "X-API-VERSION",
    "If-Match",
    "If-None-Match",
    "If-Modified-Since",
    "X-Hook-Secret",
)


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
        exchange = Exchange(
            method=request.method,
            path=request.path,
            query=request.query_string.decode("latin-1"),
            request_headers={name: request.headers[name] for name in LOGGED if name in request.headers},
            request_body=request.get_data(cache=True),
            deliberate=DELIBERATE in request.headers,
        )
        fault = self.world.faults.take(request.method, request.path)
        exchange.fault = fault.kind if fault else None
        response = self._answer(request, exchange, fault)
        # The header tells the time of this world, which a test may have moved.
        response.headers["Date"] = http_date(self.world.clock.time())
        exchange.status = response.status_code
        exchange.response_headers = dict(response.headers)
        exchange.response_body = response.get_data()
        if fault is not None:
            _spoil(environ, response, fault)
            response.headers[FAULT] = fault.kind
        self.world.log.add(exchange)
        if environ.get("sandbox.drop"):
            return _nothing(start_response)
        return response(environ, start_response)

    def _answer(self, request: Request, exchange: Exchange, fault: Fault | None) -> Response:
        if fault is not None:
            if fault.seconds:
                time.sleep(fault.seconds)
            if fault.kind == "drop_before":
                return Response(status=503)
            if fault.kind == "status":
                headers = {"Retry-After": str(fault.retry_after)} if fault.status in (429, 503) else {}
                return _failure(fault.status, headers)
        if request.path.startswith(api.PREFIX):
            return self._api(request, exchange, fault)
        if request.path.startswith("/oauth/"):
            return oauth.handle(self.world, request)
        if request.path == "/":
            return pages.home(self.world)
        return pages.problem("Page not found", "There is nothing at this address.", 404)

    def _api(self, request: Request, exchange: Exchange, fault: Fault | None) -> Response:
        headers: dict[str, str] = {}
        try:
            user, token = oauth.user_of(self.world, request.headers.get("Authorization"))
            exchange.user = user["email"]
            if fault is not None and fault.kind == "revoke_token":
                oauth.revoke(self.world, token)
                raise Unauthorized()
            limit = self.world.rate_limit
            if limit is not None:
                standing = self.world.limits.count(token, limit)
                headers = standing.headers()
                if standing.exceeded:
                    raise TooMany("Too many requests.")
            if fault is not None and fault.kind == "rate_limited":
                raise TooMany("Too many requests.", headers={"Retry-After": str(fault.retry_after)})
        except Refused as refused:
            return _json(refused.status, refused.body(), headers | refused.headers)
        call = api.Call(
            method=request.method,
            path=request.path,
            args=request.args,
            body=exchange.request_body,
            headers=request.headers,
            base_url=request.host_url.rstrip("/"),
        )
        with self.world.store.lock:
            answer = api.answer(self.world.context(user), call)
        return _json(answer.status, answer.body, headers | answer.headers)


def _spoil(environ: dict[str, Any], response: Response, fault: Fault) -> None:
    """Bend an answer whose request has been applied already."""
    if fault.kind in ("drop_after", "drop_before"):
        environ["sandbox.drop"] = True
    elif fault.kind == "status_after":
        spoiled = _failure(fault.status, {})
        response.status_code = fault.status
        response.set_data(spoiled.get_data())
    elif fault.kind == "truncated":
        environ["sandbox.cut"] = len(response.get_data()) // 2
    elif fault.kind == "malformed":
        response.set_data(b'{"data": [{"id": 1, "etag": <html>')


def _json(status: int, body: Any, headers: dict[str, str]) -> Response:
    data = b"" if body is None else json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    response = Response(data, status, headers=headers)
    if status in (204, 304):
        response.headers.pop("Content-Type", None)
    else:
        response.content_type = "application/json; charset=utf-8"
    return response


def _failure(status: int, headers: dict[str, str]) -> Response:
    return _json(
        status,
        {"error": {"type": "SandboxFault", "message": "Asked for through the control interface."}},
        headers,
    )


def _nothing(start_response: Callable[..., Any]) -> Iterable[bytes]:
    start_response("503 Service Unavailable", [])
    return [b""]
