"""The stage itself: a database for tests, and jobs that run in a test's own transaction."""

import pytest
from django.db import connection, transaction

from daybook.config.guards import HttpInsideTransaction, no_http_inside_a_transaction


@pytest.mark.django_db
def test_the_test_database_is_postgresql_with_all_migrations_applied():
    assert connection.vendor == "postgresql"
    from daybook.config.health import migrated

    assert migrated()


@pytest.mark.django_db
def test_a_request_inside_a_transaction_is_a_bug_but_a_tests_own_transaction_does_not_count():
    no_http_inside_a_transaction()
    with transaction.atomic(), pytest.raises(HttpInsideTransaction, match="jobs"):
        no_http_inside_a_transaction()


def test_draining_with_nothing_due_runs_nothing(drain_jobs):
    assert drain_jobs() == []
