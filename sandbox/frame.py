"""What surrounds every answer of a stand-in: the log, the trouble on order, and the way to the control interface."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any, ClassVar

from werkzeug.http import http_date
from werkzeug.wrappers import Request, Response

from sandbox import control_http
from sandbox.faults import Fault
from sandbox.log import Exchange

#: Set by the sandbox's own tests on requests that are wrong on purpose; the contract check leaves those alone.
DELIBERATE = "X-Sandbox-Deliberate"
#: On answers an injected fault has bent, so that whoever checks recorded answers can tell.
FAULT = "X-Sandbox-Fault"


class Frame:
    """
    One world, answering HTTP. A service says what it answers (`answer`), and how it puts trouble into words (`failure`,
    `limited`, `garble`); the rest is the same for all.
    """

    #: Request headers worth keeping in the log; tokens are not.
    logged: ClassVar[tuple[str, ...]] = ("Content-Type", "Accept")
    #: What the service raises to turn something down.
    refusals: ClassVar[tuple[type[Exception], ...]] = ()

    def __init__(self, world: Any, control: Any) -> None:
        self.world, self.control = world, control

    # --- what differs ----------------------------------------------------------------------------------------------

    def answer(self, request: Request, exchange: Exchange) -> Response:
        """The service itself. `exchange.fault` is "revoke_token" where whoever asks is to lose their access now."""
        raise NotImplementedError

    def failure(self, status: int, headers: dict[str, str]) -> Response:
        """An error of that status, as the service words one."""
        raise NotImplementedError

    def limited(self, fault: Fault) -> Response:
        """ "Slow down", as the service says it."""
        raise NotImplementedError

    def garble(self, data: bytes) -> bytes:
        """An answer that cannot be understood, promised as if it were whole."""
        raise NotImplementedError

    def shown_path(self, request: Request) -> str:
        """The path as faults and counters know it."""
        return request.path

    def is_secret(self, request: Request) -> bool:
        """Whether what is said there is kept out of the log."""
        return False

    def may_fail(self, request: Request) -> bool:
        """Whether a fault in waiting may be spent on it."""
        return True

    # --- what does not ---------------------------------------------------------------------------------------------

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        request = Request(environ)
        if request.path.startswith(control_http.PREFIX):
            return control_http.handle(self.control, request, self.refusals)(environ, start_response)
        if self.world.faults.down:
            environ["sandbox.drop"] = True
            return _nothing(start_response)
        body = request.get_data(cache=True, parse_form_data=False)
        secret = self.is_secret(request)
        exchange = Exchange(
            method=request.method,
            path=self.shown_path(request),
            query=request.query_string.decode("latin-1"),
            request_headers={n: request.headers[n] for n in self.logged if n in request.headers},
            request_body=b"" if secret else body,
            deliberate=DELIBERATE in request.headers,
        )
        fault = self.world.faults.take(exchange.method, exchange.path) if self.may_fail(request) else None
        exchange.fault = fault.kind if fault else None
        response = (self._refused(fault) if fault else None) or self.answer(request, exchange)
        # The header tells the time of this world, which a test may have moved.
        response.headers["Date"] = http_date(self.world.clock.time())
        exchange.status = response.status_code
        exchange.response_headers = dict(response.headers)
        exchange.response_body = b"" if secret else response.get_data()
        if fault is not None:
            self._spoil(environ, response, fault)
            response.headers[FAULT] = fault.kind
        self.world.log.add(exchange)
        if environ.get("sandbox.drop"):
            return _nothing(start_response)
        return response(environ, start_response)

    def _refused(self, fault: Fault) -> Response | None:
        """What is answered while nothing is applied; None for faults of another kind."""
        if fault.kind == "status":
            return self.failure(fault.status, _after(fault) if fault.status == 429 else {})
        if fault.kind == "rate_limited":
            return self.limited(fault)
        return Response(status=503) if fault.kind == "drop_before" else None

    def _spoil(self, environ: dict[str, Any], response: Response, fault: Fault) -> None:
        """Bend an answer whose request has been applied, if it is one of those that are."""
        if fault.seconds:
            time.sleep(fault.seconds)
        if fault.kind in ("drop_after", "drop_before"):
            environ["sandbox.drop"] = True
        elif fault.kind == "status_after":
            spoiled = self.failure(fault.status, {})
            response.status_code = fault.status
            response.set_data(spoiled.get_data())
        elif fault.kind == "truncated":
            environ["sandbox.cut"] = len(response.get_data()) // 2
        elif fault.kind == "malformed":
            response.set_data(self.garble(response.get_data()))


def _after(fault: Fault) -> dict[str, str]:
    return {"Retry-After": str(fault.retry_after)}


def _nothing(start_response: Callable[..., Any]) -> Iterable[bytes]:
    start_response("503 Service Unavailable", [])
    return [b""]
