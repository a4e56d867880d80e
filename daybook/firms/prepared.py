"""Reads that many requests make: written in SQL once, planned by the server once a connection."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, Generic, TypeVar

import psycopg
from django.db import connection, models

M = TypeVar("M", bound=models.Model)

#: From the third time on a connection keeps the plan.
_PREPARE_AFTER = 2


def rows(sql: str, params: Mapping[str, Any] | Sequence[Any]) -> list[tuple[Any, ...]]:
    """
    Every row of a SELECT, its values sent beside the text and not inside it, so that the server keeps the plan.

    For the few reads behind pages that everybody asks for; the ORM builds its SQL anew each time, which takes longer
    than running it. Not seen by `assertNumQueries`. Raises what the ORM would (django.db.Error).
    """
    connection.close_if_health_check_failed()  # these two once a request, as before any query of the ORM
    connection.ensure_connection()
    connection.validate_no_broken_transaction()
    raw = connection.connection
    if raw.prepare_threshold is None:
        raw.prepare_threshold = _PREPARE_AFTER
    with connection.wrap_database_errors, psycopg.Cursor(raw) as cursor:
        return cursor.execute(sql, params).fetchall()


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
        return [(at, convert) for at, field in fields for convert in field.get_db_converters(connection)]

    def __len__(self) -> int:
        return len(self._names)

    def instance(self, values: Sequence[Any]) -> M:
        """As the ORM would have loaded it."""
        row = list(values)
        for at, convert in self._converted:
            row[at] = convert(row[at], None, connection)
        return self.model.from_db("default", self._names, row)
