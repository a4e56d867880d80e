"""`daybook check`: what an operator wants to know before opening the doors."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

#: What we use is in 15: NULLS NOT DISTINCT, MERGE, SKIP LOCKED in all its places.
OLDEST_POSTGRESQL = 15


class Wrong(Exception):
    """One thing that is wrong; the text says what to do."""


@contextmanager
def reporting_bad_settings() -> Iterator[None]:
    """Print a bad setting as one line instead of a traceback."""
    from daybook.config.documented import BadSetting
    from daybook.config.postgres import CannotStart

    try:
        yield
    except CannotStart as problem:
        print(f"wrong  database: {problem}")
    except BadSetting as problem:
        print(f"wrong  settings: {problem}")


def settings() -> str:
    from django.conf import settings as values

    if values.DEBUG:
        raise Wrong("DEBUG is on; never on a server.")
    if not values.PUBLIC_URL:
        return "PUBLIC_URL is not set: no webhooks reach us, so changes in Clio arrive by polling"
    return str(values.PUBLIC_URL)


def database() -> str:
    from django.db import DatabaseError, connection

    try:
        connection.ensure_connection()
    except DatabaseError as error:
        raise Wrong(f"cannot connect: {str(error).strip().splitlines()[0]}") from error
    version: int = connection.pg_version  # type: ignore[attr-defined]
    if version // 10000 < OLDEST_POSTGRESQL:
        raise Wrong(f"PostgreSQL {version // 10000} is too old; {OLDEST_POSTGRESQL} is the oldest we use.")
    return f"PostgreSQL {version // 10000}.{version % 10000}"


def tables() -> str:
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if missing:
        raise Wrong(f"{len(missing)} migrations are not applied: run `daybook migrate`.")
    return "all migrations applied"


def worker() -> str:
    from daybook.config.health import worker_alive

    if not worker_alive():
        raise Wrong("no worker has been heard of lately: start `daybook worker`.")
    return "heard of within the last half minute"


def keys() -> str:
    from cryptography.fernet import Fernet, MultiFernet
    from django.conf import settings as values

    box = MultiFernet([Fernet(key) for key in values.ENCRYPTION_KEYS])
    if box.decrypt(box.encrypt(b"there and back")) != b"there and back":
        raise Wrong("what is encrypted cannot be read again.")
    return f"{len(values.ENCRYPTION_KEYS)}, the first one encrypts"


def mail() -> str:
    from django.conf import settings as values
    from django.core.mail import get_connection

    if not values.EMAIL_BACKEND.endswith("smtp.EmailBackend"):
        return "goes to the log, not to people: set EMAIL_URL"
    connection = get_connection(timeout=10)
    try:
        connection.open()
        connection.close()
    except OSError as error:
        raise Wrong(f"{values.EMAIL_HOST}:{values.EMAIL_PORT} does not take it: {error}") from error
    return f"{values.EMAIL_HOST}:{values.EMAIL_PORT}"


CHECKS: tuple[tuple[str, Callable[[], str], bool], ...] = (
    ("settings", settings, True),
    ("database", database, True),
    ("tables", tables, True),
    ("keys", keys, True),
    ("mail", mail, True),
    ("worker", worker, False),
)


def run() -> int:
    """Print a line for each check. Returns 1 when something needed is wrong; a missing worker alone is a warning."""
    failed = False
    for name, look, needed in CHECKS:
        try:
            print(f"ok     {name}: {look()}")
        except Wrong as problem:
            print(f"{'wrong ' if needed else 'note  '} {name}: {problem}")
            failed = failed or needed
            if name in {"database", "tables"}:
                break
    sys.stdout.flush()
    return 1 if failed else 0
