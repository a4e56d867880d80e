"""Checks that hold everywhere in the running product, switched on by whoever starts it."""

from __future__ import annotations

from django.db import connection

from daybook.connectors import http


class HttpInsideTransaction(AssertionError):
    """A bug of ours: a row lock would wait for somebody else's computer."""


def no_http_inside_a_transaction() -> None:
    """Raise when a request is about to leave while a transaction is open. A test's own outer one does not count."""
    if any(not getattr(block, "_from_testcase", False) for block in connection.atomic_blocks):
        raise HttpInsideTransaction(
            "A request to another system inside transaction.atomic(). "
            "Record an event in the transaction and make the request in the job that follows it (jobs/routes.py)."
        )


def switch_on() -> None:
    """Put the guards in place. Idempotent; called by the web server, the worker and the tests."""
    if no_http_inside_a_transaction not in http.guards:
        http.guards.append(no_http_inside_a_transaction)
