"""What every template knows: who is signed in, at whose desk."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest


def daybook(request: HttpRequest) -> dict[str, Any]:
    return {"actor": getattr(request, "actor", None), "desks": getattr(request, "desks", None)}
