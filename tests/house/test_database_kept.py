"""A kept database connection: taken at its word while it is in use, and never used once the server has gone."""

from __future__ import annotations

import psycopg
import pytest
from django.db import connection, connections

from daybook.config.database import base

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def kept(monkeypatch):
    monkeypatch.setattr(connections["default"], "health_check_enabled", True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        pid = cursor.fetchone()[0]
    connection.health_check_done = False
    return pid


def asked(monkeypatch) -> list[bool]:
    """What the server was asked at the beginning of a request, and how that went."""
    answers: list[bool] = []
    ask = base.DatabaseWrapper.is_usable

    def noted(self):
        answers.append(ask(self))
        return answers[-1]

    monkeypatch.setattr(base.DatabaseWrapper, "is_usable", noted)
    connection.close_if_health_check_failed()
    return answers


def test_a_connection_used_a_moment_ago_is_not_asked(kept, monkeypatch):
    assert asked(monkeypatch) == []
    assert connection.connection is not None
    assert connection.health_check_done


def test_one_that_was_idle_is_asked(kept, monkeypatch):
    connection._good_at -= base.IDLE_SECONDS
    assert asked(monkeypatch) == [True]


def test_one_whose_server_hung_up_is_replaced_before_it_is_used(kept, monkeypatch):
    info = connection.connection.info
    with psycopg.connect(info.dsn, password=info.password, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [kept])
    assert asked(monkeypatch) == [False]
    assert connection.connection is None
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        assert cursor.fetchone()[0] != kept
