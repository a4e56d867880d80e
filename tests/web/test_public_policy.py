"""Content-Security-Policy: on every page the one of the settings, and its exceptions where a view asks for them."""

from __future__ import annotations

from csp.constants import HEADER
from csp.decorators import csp_exempt, csp_update
from csp.middleware import CSPMiddleware
from django.http import HttpResponse
from django.test import RequestFactory

from daybook.web.middleware import PolicyMiddleware


def answered(middleware: type, view) -> str | None:
    return middleware(view)(RequestFactory().get("/")).headers.get(HEADER)


def plain(_request) -> HttpResponse:
    return HttpResponse("a page")


def test_every_page_has_the_policy_of_the_settings():
    policy = answered(PolicyMiddleware, plain)
    assert policy == answered(CSPMiddleware, plain)
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy


def test_a_view_that_asks_for_an_exception_has_it_and_nobody_else():
    view = csp_update({"form-action": ["https://app.clio.com"]})(plain)
    assert "https://app.clio.com" in answered(PolicyMiddleware, view)
    assert answered(PolicyMiddleware, csp_exempt()(plain)) is None
    assert "https://app.clio.com" not in answered(PolicyMiddleware, plain)
