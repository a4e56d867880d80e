"""Where a visitor arrives: the landing page, a firm, a lawyer."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render


def landing(request: HttpRequest) -> HttpResponse:
    """What this is; somebody signed in goes on to their dashboard."""
    if request.user.is_authenticated:
        return redirect("dashboard")
    return render(request, "landing.html")


def firm(request: HttpRequest, firm_slug: str) -> HttpResponse:
    return render(request, "404.html", status=404)


def lawyer(request: HttpRequest, firm_slug: str, lawyer_slug: str) -> HttpResponse:
    return render(request, "404.html", status=404)
