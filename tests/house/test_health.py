"""Health checks answer by address, without a database where none is needed, and give nothing away."""

import pytest
from django.db import connection

from daybook.config import health


def test_alive_needs_no_database_and_no_known_host(client):
    answer = client.get("/healthz", HTTP_HOST="10.1.2.3")
    assert answer.status_code == 200
    assert answer.json() == {"status": "ok", "checks": {"alive": True}}


@pytest.mark.django_db
def test_ready_wants_a_worker(client):
    answer = client.get("/readyz", HTTP_HOST="10.1.2.3")
    assert answer.status_code == 503
    assert answer.json()["checks"] == {"database": True, "migrations": True, "worker": False}
    with connection.cursor() as cursor:
        cursor.execute("SELECT procrastinate_register_worker_v1()")
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer["Cache-Control"] == "no-store"


@pytest.mark.django_db
def test_a_worker_silent_for_long_does_not_count():
    with connection.cursor() as cursor:
        cursor.execute("SELECT procrastinate_register_worker_v1()")
        cursor.execute("UPDATE procrastinate_workers SET last_heartbeat = now() - interval '1 minute'")
    assert not health.worker_alive()


def test_without_a_database_it_says_so_in_fixed_words(client, monkeypatch):
    from django.db import OperationalError

    def refuse():
        raise OperationalError("connection to 10.0.0.5 failed for user daybook")

    monkeypatch.setattr(health.connection, "cursor", refuse)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["checks"] == {"database": False, "migrations": False, "worker": False}
    assert "10.0.0.5" not in answer.content.decode()
