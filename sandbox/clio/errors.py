"""Ways Clio says no, each with its status and its `type` word."""

from __future__ import annotations

from typing import Any


class Refused(Exception):
    """An answer other than success: `status`, and the body's `error.type` and `error.message` (facts §9)."""

    status = 422
    type = "ArgumentError"

    def __init__(self, message: str, *, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.headers = headers or {}

    def body(self) -> dict[str, Any]:
        return {"error": {"type": self.type, "message": self.message}}


class Invalid(Refused):
    """422, seen as ArgumentError (facts §9, [O 20])."""


class BadRequest(Refused):
    """400; its type word was seen nowhere: [?], chosen like 422's."""

    status = 400


class NotFound(Refused):
    status = 404
    type = "NotFoundError"

    def __init__(self, message: str = "The requested resource could not be found.") -> None:
        super().__init__(message)


class Forbidden(Refused):
    status = 403
    type = "ForbiddenError"


class PreconditionFailed(Refused):
    """412: `If-Match` did not match; type word inferred."""

    status = 412
    type = "PreconditionFailedError"


class Gone(Refused):
    """410: a version that is invalid or retired; type word inferred."""

    status = 410
    type = "VersionError"


class TooMany(Refused):
    """429; the body's words are unknown in reality, so nobody should read them (facts §4)."""

    status = 429
    type = "RateLimitError"


class Unauthorized(Refused):
    """401, with the OAuth-shaped body instead of the usual error object (facts §2, [D 16])."""

    status = 401

    def __init__(self, message: str = "The access token is invalid, expired or revoked.") -> None:
        super().__init__(message, headers={"WWW-Authenticate": 'Bearer realm="Clio", error="invalid_token"'})

    def body(self) -> dict[str, Any]:
        return {"error": "invalid_token", "error_description": self.message}


class NotModified(Exception):
    """304, with no body."""

    def __init__(self, etag: str) -> None:
        self.etag = etag
