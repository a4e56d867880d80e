"""Reads that many requests make: written in SQL once, planned by the server once a connection."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, Generic, TypeVar

import psycopg
from django.db import DEFAULT_DB_ALIAS, connections, models
from django.db.models.base import ModelState

M = TypeVar("M", bound=models.Model)

#: How often a connection asks something before it keeps the plan.
_PREPARE_AFTER = 0


def rows(sql: str, params: Mapping[str, Any] | Sequence[Any]) -> list[tuple[Any, ...]]:
    """
    Every row of a SELECT, its values sent beside the text and not inside it, so that the server keeps the plan.

    For the few reads behind pages that everybody asks for; the ORM builds its SQL anew each time, which takes longer
    than running it. Not seen by `assertNumQueries`. Raises what the ORM would (django.db.Error).
    """
    database = connections[DEFAULT_DB_ALIAS]
    database.close_if_health_check_failed()  # these two once a request, as before any query of the ORM
    database.ensure_connection()
    database.validate_no_broken_transaction()
    with database.wrap_database_errors:
        return _cursor(database.connection).execute(sql, params).fetchall()


_mine = threading.local()  # as the connections are: each thread has its own


def _cursor(raw: psycopg.Connection[Any]) -> psycopg.Cursor[tuple[Any, ...]]:
    """The one cursor for all reads over a connection: each is read to its end before the next is asked."""
    cursor: psycopg.Cursor[tuple[Any, ...]] | None = getattr(_mine, "cursor", None)
    if cursor is None or cursor.connection is not raw:
        if raw.prepare_threshold is None:
            raw.prepare_threshold = _PREPARE_AFTER
        cursor = _mine.cursor = psycopg.Cursor(raw)
    return cursor


class Columns(Generic[M]):
    """All columns of a table for a SELECT written by hand, and the way back from a row's values to its instance."""

    def __init__(self, model: type[M], alias: str) -> None:
        self.model, self._alias = model, alias

    @cached_property
    def sql(self) -> str:
        """The columns, comma separated, of the table under its alias."""
        return ", ".join(f'{self._alias}."{field.column}"' for field in self.model._meta.concrete_fields)

    @cached_property
    def _names(self) -> list[str]:
        return [field.attname for field in self.model._meta.concrete_fields]

    @cached_property
    def _converted(self) -> list[tuple[int, Any]]:
        fields = enumerate(self.model._meta.concrete_fields)
        return [
            (at, convert)
            for at, field in fields
            for convert in field.get_db_converters(connections[DEFAULT_DB_ALIAS])
        ]

    def __len__(self) -> int:
        return len(self._names)

    def instance(self, values: Sequence[Any]) -> M:
        """As the ORM would have loaded it."""
        row = list(values)
        database = connections[DEFAULT_DB_ALIAS]
        for at, convert in self._converted:
            row[at] = convert(row[at], None, database)
        return self.model.from_db("default", self._names, row)


def copied(instance: M) -> M:
    """Another instance of the same row with the same values, but with nothing that was fetched along."""
    another = type(instance).__new__(type(instance))
    another.__dict__.update(instance.__dict__)
    another._state = ModelState()
    another._state.adding, another._state.db = False, DEFAULT_DB_ALIAS
    return another
