"""Health checks for load balancers: `/healthz` (this process answers) and `/readyz` (so does what it needs)."""

from __future__ import annotations

import time
from collections.abc import Callable

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse

#: A worker writes its heartbeat every 10 seconds; three missed ones mean trouble.
HEARTBEAT_SECONDS = 35
#: Once everything is migrated it stays so for this process; until then ask again, but not on every request.
_RECHECK_SECONDS = 2.0


class HealthMiddleware:
    """
    Answers the two addresses before anything else: no host check, no session, no log line.

    A load balancer calls us by address, not by name, so ALLOWED_HOSTS must not matter here. The answers name what is
    wrong in fixed words, never an exception's text.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info == "/healthz":
            return _answer({"alive": True})
        if request.path_info == "/readyz":
            return _answer(readiness())
        return self.get_response(request)


def _answer(checks: dict[str, bool]) -> JsonResponse:
    good = all(checks.values())
    response = JsonResponse(
        {"status": "ok" if good else "unavailable", "checks": checks}, status=200 if good else 503
    )
    response["Cache-Control"] = "no-store"
    response._has_been_logged = True  # type: ignore[attr-defined]  # being asked while starting is no error to log
    return response


def readiness() -> dict[str, bool]:
    """Check what a visitor's request needs: the database, its tables, and somebody to run the jobs."""
    checks = {"database": False, "migrations": False, "worker": False}
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        checks["database"] = True
        checks["migrations"] = migrated()
        checks["worker"] = checks["migrations"] and worker_alive()
    except DatabaseError:
        connection.close()
    return checks


_migrated: dict[str, float | bool] = {"yes": False, "asked": float("-inf")}


def migrated() -> bool:
    """Whether every migration of this code has been applied to the database."""
    if _migrated["yes"]:
        return True
    if time.monotonic() - _migrated["asked"] < _RECHECK_SECONDS:
        return False
    executor = MigrationExecutor(connection)
    _migrated["yes"] = not executor.migration_plan(executor.loader.graph.leaf_nodes())
    _migrated["asked"] = time.monotonic()
    return bool(_migrated["yes"])


def worker_alive() -> bool:
    """Whether any worker wrote its heartbeat lately."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT 1 FROM procrastinate_workers WHERE last_heartbeat > now() - make_interval(secs => %s))",
            [HEARTBEAT_SECONDS],
        )
        return bool(cursor.fetchone()[0])
