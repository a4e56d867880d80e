"""Counting attempts: exact under a crowd, and nothing kept that is not needed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection

from daybook.firms import throttle
from tests.cast import NOW


@pytest.mark.django_db(transaction=True)
def test_a_crowd_gets_exactly_as_many_attempts_as_allowed():
    def attempts(_number: int) -> int:
        try:
            return sum(throttle.attempt("hold", "192.0.2.1", limit=25, now=NOW) for _ in range(10))
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as crowd:
        assert sum(crowd.map(attempts, range(8))) == 25


@pytest.mark.django_db
def test_each_address_and_each_purpose_is_counted_alone():
    assert throttle.attempt("hold", "192.0.2.1", limit=1, now=NOW)
    assert not throttle.attempt("hold", "192.0.2.1", limit=1, now=NOW)
    assert throttle.attempt("hold", "192.0.2.2", limit=1, now=NOW)
    assert throttle.attempt("confirm", "192.0.2.1", limit=1, now=NOW)
    assert throttle.attempt("hold", "192.0.2.1", limit=1, now=NOW + throttle.WINDOW)


@pytest.mark.django_db
def test_no_address_is_kept_and_old_rows_go():
    throttle.attempt("hold", "192.0.2.1", limit=5, now=NOW)
    assert "192.0.2.1" not in throttle.Throttle.objects.get().key
    throttle.attempt("hold", "192.0.2.2", limit=5, now=NOW + timedelta(days=2))
    assert throttle.Throttle.objects.count() == 1


@pytest.mark.django_db
def test_without_a_limit_nothing_is_counted():
    assert throttle.attempt("hold", "192.0.2.1", limit=0, now=NOW)
    assert not throttle.Throttle.objects.exists()
