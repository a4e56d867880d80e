"""How Google says no (its page on errors of the Calendar API)."""

from __future__ import annotations

from typing import Any


class Refused(Exception):
    """A request that is turned down, in Google's shape."""

    def __init__(
        self,
        status: int,
        reason: str,
        message: str,
        domain: str = "global",
        *,
        location: tuple[str, str] | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status, self.reason, self.message, self.domain = status, reason, message, domain
        self.location, self.headers = location, headers or {}

    def body(self) -> dict[str, Any]:
        one = {"domain": self.domain, "reason": self.reason, "message": self.message}
        if self.location:
            one |= {"locationType": self.location[0], "location": self.location[1]}
        return {"error": {"errors": [one], "code": self.status, "message": self.message}}


def not_found() -> Refused:
    return Refused(404, "notFound", "Not Found")


def invalid(message: str, parameter: str = "") -> Refused:
    return Refused(400, "invalid", message, location=("parameter", parameter) if parameter else None)


def unauthorized() -> Refused:
    return Refused(401, "authError", "Invalid Credentials", location=("header", "Authorization"))


def too_many(status: int, retry_after: int) -> Refused:
    headers = {"Retry-After": str(retry_after)} if retry_after else {}
    return Refused(status, "rateLimitExceeded", "Rate Limit Exceeded", "usageLimits", headers=headers)


def lost_token() -> Refused:
    return Refused(
        410,
        "fullSyncRequired",
        "Sync token is no longer valid, a full sync is required.",
        "calendar",
        location=("parameter", "syncToken"),
    )


def stale() -> Refused:
    return Refused(412, "conditionNotMet", "Precondition Failed", location=("header", "If-Match"))
