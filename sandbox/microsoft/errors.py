"""Saying no the way Graph does (error responses, read 2026-11)."""

from __future__ import annotations

from typing import Any


class Refused(Exception):
    """An answer that is not a success."""

    def __init__(self, status: int, code: str, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status, self.code, self.message, self.headers = status, code, message, headers or {}

    def body(self, at: str) -> dict[str, Any]:
        return failure(self.code, self.message, at)


def failure(code: str, message: str, at: str) -> dict[str, Any]:
    """The body of every failure."""
    request = "00000000-0000-4000-8000-000000000000"
    inner = {"date": at[:19], "request-id": request, "client-request-id": request}
    return {"error": {"code": code, "message": message, "innerError": inner}}


def missing() -> Refused:
    return Refused(404, "ErrorItemNotFound", "The specified object was not found in the store.")


def denied() -> Refused:
    return Refused(403, "ErrorAccessDenied", "Access is denied. Check credentials and try again.")


def invalid(message: str) -> Refused:
    return Refused(400, "ErrorInvalidRequest", message)


def unauthorized() -> Refused:
    return Refused(401, "InvalidAuthenticationToken", "Access token has expired or is not yet valid.")
