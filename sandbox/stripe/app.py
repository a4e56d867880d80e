"""The WSGI application: the way to the API and to the pages, and how Stripe words trouble."""

from __future__ import annotations

import json
from typing import Any

from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Request, Response

from sandbox.faults import Fault
from sandbox.frame import Frame
from sandbox.log import Exchange
from sandbox.pages import page
from sandbox.stripe import accounts, api, checkout
from sandbox.stripe.errors import Refused


class Application(Frame):
    """One world, answering HTTP."""

    logged = ("Content-Type", "Accept", "Stripe-Account", "Stripe-Version", "Idempotency-Key")
    refusals = (Refused,)

    def answer(self, request: Request, exchange: Exchange) -> Response:
        self.world.tick()
        with self.world.lock:
            if request.path.startswith(api.PREFIX):
                return self._api(request, exchange)
            if request.path.startswith("/c/pay/"):
                return checkout.handle(self.world, request)
            if request.path.startswith("/setup/"):
                return accounts.handle(self.world, request)
        return page("Stripe", "Stripe", "<h1>Stripe</h1><p>Pages are reached by the links an app gives.</p>")

    def _api(self, request: Request, exchange: Exchange) -> Response:
        if exchange.fault == "revoke_token" and request.headers.get("Stripe-Account"):
            row = self.world.tables["accounts"].get(request.headers["Stripe-Account"])
            if row is not None:
                accounts.disconnect(self.world, row)
        sent: MultiDict[str, str] = request.form if request.method == "POST" else request.args
        call = api.read(request.method, request.path, request.headers, sent)
        exchange.user = call.account
        status, body, again = api.answer(self.world, call, request.headers.get("Authorization", ""))
        return _json(status, body, {"Idempotent-Replayed": "true"} if again else {})

    def failure(self, status: int, headers: dict[str, str]) -> Response:
        refused = Refused(status, "", "Asked for through the control interface.", "api_error")
        return _json(status, refused.body(), headers)

    def limited(self, fault: Fault) -> Response:
        refused = Refused(429, "rate_limit", "Too many requests made to the API too quickly.")
        return _json(
            429, refused.body(), {"Retry-After": str(fault.retry_after)} if fault.retry_after else {}
        )

    def garble(self, data: bytes) -> bytes:
        return b'{"id": "pi_1", "object": <html>'

    def is_secret(self, request: Request) -> bool:
        return request.path.startswith("/c/pay/")  # card numbers are typed there


def _json(status: int, body: Any, headers: dict[str, str]) -> Response:
    data = json.dumps(body, ensure_ascii=False).encode()
    return Response(data, status, headers=headers, content_type="application/json")
