"""One worker at a time for one contact."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection as database

from daybook.connectors.errors import Unreachable
from daybook.sync.models import Connection


@contextmanager
def alone(connection: Connection, contact_id: int) -> Iterator[None]:
    """
    Let one worker at a time look for and add a contact: two appointments of one new client are pushed at once.

    A lock of the database session, since no transaction may be open while Clio is asked. Raises Unreachable when
    somebody else is at it: the push comes back in a moment and finds the contact there.
    """
    key = (connection.pk << 32 | (contact_id & 0xFFFFFFFF)) & 0x7FFFFFFFFFFFFFFF
    with database.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [key])
        row = cursor.fetchone()
    if row is None or not row[0]:
        raise Unreachable("Clio", text="Another appointment of this client is being sent; this one follows.")
    try:
        yield
    finally:
        with database.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [key])
