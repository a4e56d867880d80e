"""Tables as they were before a test that commits: empty."""

from __future__ import annotations

from functools import cache

from django.db import connection
from django.test import TransactionTestCase

#: A table that has had rows keeps pages until it is truncated, so one without pages has no rows to look for. Emptying a
#: small one row by row takes a tenth of what truncating takes, which makes new files for it and for each of its indexes
#: (measured 2026-11: 1.5 ms for all together, where one TRUNCATE of everything took 60). All are locked first, as
#: TRUNCATE does: whoever still writes is waited for. What Django's flush leaves as it is goes too: the queue, the cache.
_EMPTY = """
DO $$
DECLARE
  place regclass;
BEGIN
  EXECUTE (
    SELECT 'LOCK TABLE ' || string_agg(oid::regclass::text, ', ') || ' IN ACCESS EXCLUSIVE MODE' FROM pg_class
    WHERE relkind = 'r' AND relnamespace = current_schema()::text::regnamespace AND relname <> 'django_migrations'
  );
  SET LOCAL session_replication_role = replica;
  FOR place IN
    SELECT oid FROM pg_class
    WHERE relkind = 'r' AND relnamespace = current_schema()::text::regnamespace AND relname <> 'django_migrations'
      AND pg_relation_size(oid) > 0
  LOOP
    IF pg_relation_size(place) > 8 * 8192 THEN
      EXECUTE 'TRUNCATE ' || place || ' CASCADE';
    ELSE
      EXECUTE 'DELETE FROM ' || place;
    END IF;
  END LOOP;
END $$
"""


def empty() -> None:
    """Empty every table there is, whatever points where. Sequences go on. Needs a superuser (`able`)."""
    with connection.cursor() as cursor:
        cursor.execute(_EMPTY)


@cache
def able() -> bool:
    """Whether foreign keys and triggers can be kept out of it; on an existing server, that depends on its account."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW is_superuser")
        return bool(cursor.fetchone()[0] == "on")


_as_django_does = TransactionTestCase._fixture_teardown


def after_test(case: TransactionTestCase) -> None:
    """What follows a test that commits, in place of Django's flush."""
    if able():
        empty()
    else:
        _as_django_does(case)
        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE procrastinate_jobs RESTART IDENTITY CASCADE")
