"""Rows of a form that come and go: what was typed decides how many there are, with some empty ones behind."""

from __future__ import annotations

import re
from typing import Any

from django.forms import BoundField


def numbers(data: Any, name: str, part: str, filled: int, spare: int, most: int) -> list[int]:
    """The numbers of the rows `name_N_part`: those that were sent, or the filled ones; `spare` empty ones behind."""
    if data is None:
        return list(range(min(filled + spare, most)))
    pattern = re.compile(rf"{name}_([0-9]{{1,3}})_{part}")
    sent = sorted({int(found[1]) for key in data if (found := pattern.fullmatch(key))})
    beyond = sent[-1] + 1 if sent else 0
    return [*sent[:most], *range(beyond, beyond + min(spare, max(0, most - len(sent))))]


def spare(field: BoundField) -> bool:
    """Whether a row is empty: without JavaScript it waits to be filled, with it it waits out of sight."""
    value = field.value()
    if isinstance(value, list):
        value = value[0]
    return value in (None, "") and not field.errors
