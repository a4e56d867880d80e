"""Reading single values out of Graph's JSON. What is not of the published type is `Garbled`."""

from __future__ import annotations

from typing import Any

from daybook.connectors.errors import Garbled
from daybook.connectors.microsoft.oauth import PROVIDER

Record = dict[str, Any]


def record(value: object) -> Record:
    """An object. Raises `Garbled`."""
    if not isinstance(value, dict):
        raise Garbled(PROVIDER)
    return value


def identity(source: Record) -> str:
    """Its id. Raises `Garbled` without one."""
    value = source.get("id")
    if not isinstance(value, str) or not value:
        raise Garbled(PROVIDER)
    return value


def text(source: Record, name: str) -> str:
    """A text, empty where there is none. Raises `Garbled` for anything else."""
    value = source.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Garbled(PROVIDER)
    return value


def flag(source: Record, name: str) -> bool:
    """A yes or no, no where there is none. Raises `Garbled` for anything else."""
    value = source.get(name)
    if value is None:
        return False
    if not isinstance(value, bool):
        raise Garbled(PROVIDER)
    return value


def inner(source: Record, name: str) -> Record:
    """An object inside, empty where there is none. Raises `Garbled` for anything else."""
    value = source.get(name)
    return {} if value is None else record(value)
