"""What every request passes: a kept connection is looked at, and a refusal no view caught becomes a calm page."""

from __future__ import annotations

import select
import threading
import time
from collections.abc import Callable
from typing import Any

from csp.constants import HEADER
from csp.middleware import CSPMiddleware
from django.db import DEFAULT_DB_ALIAS, connections
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from daybook.core.errors import Refusal

#: How long a connection that has answered is taken at its word.
TRUSTED_SECONDS = 20.0


class KeptConnectionMiddleware:
    """
    Asks a kept connection to the database whether it is still good once in TRUSTED_SECONDS, and not in every request.

    Django asks `SELECT 1` whenever a request first needs the database. A server that stopped or was restarted has
    closed its end, which the socket tells without asking; one that vanished without a word is noticed by the next
    question, or by the request's own, as it would be if it vanished right after a question.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.mine = threading.local()  # as the connections are: each thread has its own

    def __call__(self, request: HttpRequest) -> HttpResponse:
        database = connections[DEFAULT_DB_ALIAS]
        trusted = self._trusted(database.connection)
        if trusted:
            database.health_check_done = True
        response = self.get_response(request)
        if not trusted and database.connection is not None and database.health_check_done:
            self.mine.asked = (database.connection, time.monotonic())
        return response

    def _trusted(self, kept: Any) -> bool:
        raw, at = getattr(self.mine, "asked", (None, 0.0))
        if raw is None or raw is not kept or raw.closed:
            return False
        return time.monotonic() - at < TRUSTED_SECONDS and _is_quiet(raw.fileno())


def _is_quiet(descriptor: int) -> bool:
    """Nothing has arrived that nobody asked for: a server that hangs up says so, or at least closes its end."""
    waiting = select.poll()
    waiting.register(descriptor, select.POLLIN)
    return not waiting.poll(0)


class PolicyMiddleware(CSPMiddleware):
    """The Content-Security-Policy, put together once for all pages that want no exception; none of ours has a nonce."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        super().__init__(get_response)
        self.policy = super().process_response(HttpRequest(), HttpResponse())[HEADER]

    def process_request(self, request: HttpRequest) -> None:
        """No nonce is prepared."""

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        if any(name.startswith("_csp") for name in response.__dict__):  # left there by csp's own decorators
            return super().process_response(request, response)
        response.headers.setdefault(HEADER, self.policy)
        return response


class RefusalMiddleware:
    """Turns a refusal that no view caught into a calm page with the right status."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, Refusal):
            # A part of a page gets a part of a page: the sentence, where the answer would have stood.
            template = "parts/refused.html" if getattr(request, "htmx", False) else "refused.html"
            return render(request, template, {"refusal": exception}, status=exception.status)
        return None
