"""Turns a refusal that no view caught into a calm page with the right status."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from daybook.core.errors import Refusal


class RefusalMiddleware:
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
