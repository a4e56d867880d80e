"""The WSGI application: the log, the faults, and the way to OAuth, the API and the control interface."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable
from typing import Any

from werkzeug.wrappers import Request, Response

from sandbox import control_http
from sandbox.faults import Fault
from sandbox.google import api, oauth, pages
from sandbox.google.control import Control
from sandbox.google.errors import Refused, too_many, unauthorized
from sandbox.google.world import World
from sandbox.log import Exchange

#: On requests that are wrong on purpose; the contract check leaves those alone.
DELIBERATE = "X-Sandbox-Deliberate"
#: On answers an injected fault has bent, so that whoever checks recorded answers can tell.
FAULT = "X-Sandbox-Fault"
#: Request headers worth keeping in the log; tokens are not.
LOGGED = ("Content-Type", "Accept", "If-Match", "If-None-Match")


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
            if fault.kind in ("status", "drop_before"):
                return _failure(fault.status)
        if request.path.startswith(api.PREFIX) or request.path == oauth.USERINFO:
            return self._api(request, exchange, fault)
        if request.path == "/":
            return pages.home(self.world)
        return oauth.handle(self.world, request)

    def _api(self, request: Request, exchange: Exchange, fault: Fault | None) -> Response:
        try:
            with self.world.lock:
                account, scopes = oauth.account_of(self.world, request.headers.get("Authorization"))
                exchange.user = account["email"]
                if fault is not None and fault.kind == "revoke_token":
                    oauth.revoke_all(self.world, account["email"])
                    raise unauthorized()
                if fault is not None and fault.kind == "rate_limited":
                    raise too_many(429 if fault.status == 429 else 403, fault.retry_after)
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
            return _json(refused.status, refused.body(), refused.headers)
        return _json(status, body)


def _spoil(environ: dict[str, Any], response: Response, fault: Fault) -> None:
    """Bend an answer whose request has been applied already."""
    if fault.kind in ("drop_after", "drop_before"):
        environ["sandbox.drop"] = True
    elif fault.kind == "status_after":
        spoiled = _failure(fault.status)
        response.status_code = fault.status
        response.set_data(spoiled.get_data())
    elif fault.kind == "truncated":
        environ["sandbox.cut"] = len(response.get_data()) // 2
    elif fault.kind == "malformed":
        response.set_data(b'{"items": [{"id": 1, "etag": <html>')


def _json(status: int, body: Any, headers: dict[str, str] | None = None) -> Response:
    if status == 204:
        return Response(b"", 204)
    data = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    return Response(data, status, headers=headers, content_type="application/json; charset=UTF-8")


def _failure(status: int) -> Response:
    return _json(status, Refused(status, "backendError", "Asked for through the control interface.").body())


def _nothing(start_response: Callable[..., Any]) -> Iterable[bytes]:
    start_response("503 Service Unavailable", [])
    return [b""]
