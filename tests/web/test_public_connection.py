"""A kept database connection: taken at its word while it is in use, and never used once the server has gone."""

from __future__ import annotations

import psycopg
import pytest
from django.db import connection, connections
from django.http import HttpResponse
from django.test import RequestFactory

from daybook.web import middleware

pytestmark = pytest.mark.django_db(transaction=True)


class Requests:
    """One request after the other that asks the database; `asked` counts the questions whether it is still there."""

    def __init__(self, monkeypatch) -> None:
        self.wrapper, self.asked = connections["default"], 0
        monkeypatch.setattr(self.wrapper, "health_check_enabled", True)
        ask = self.wrapper.is_usable

        def counted() -> bool:
            self.asked += 1
            return ask()

        monkeypatch.setattr(self.wrapper, "is_usable", counted)
        self.door = middleware.KeptConnectionMiddleware(self._answer)

    def _answer(self, _request) -> HttpResponse:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            return HttpResponse(str(cursor.fetchone()[0]))

    def __call__(self) -> int:
        self.wrapper.health_check_done = False  # as Django does between two requests
        return int(self.door(RequestFactory().get("/")).content)


@pytest.fixture
def requests(monkeypatch) -> Requests:
    made = Requests(monkeypatch)
    made()
    made.asked = 0
    return made


def test_a_connection_that_answered_a_moment_ago_is_not_asked(requests: Requests):
    assert requests() == requests()
    assert requests.asked == 0


def test_one_that_has_not_been_asked_for_a_while_is_asked_even_if_it_is_in_use(requests, monkeypatch):
    pid = requests()
    later = middleware.time.monotonic() + middleware.TRUSTED_SECONDS
    monkeypatch.setattr(middleware.time, "monotonic", lambda: later)
    assert [requests(), requests()] == [pid, pid]
    assert requests.asked == 1


def test_one_whose_server_hung_up_is_replaced_before_it_is_used(requests: Requests):
    pid = requests()
    info = connection.connection.info
    with psycopg.connect(info.dsn, password=info.password, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
    assert requests() != pid
    assert requests.asked == 1
