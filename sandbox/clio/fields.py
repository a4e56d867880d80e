"""The `fields` parameter: which properties an answer shows (facts §6, [D 7])."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from sandbox.clio.errors import BadRequest
from sandbox.clio.shapes import ASSOCIATIONS, SCALARS


class Wanted(NamedTuple):
    """One asked-for property; for an association also the shape inside and what is wanted of it."""

    name: str
    shape: str | None = None
    many: bool = False
    inner: tuple[Wanted, ...] = ()


@lru_cache(maxsize=2048)
def parse(shape: str, text: str | None) -> tuple[Wanted, ...]:
    """
    Read a `fields` value for `shape`; nothing asked for means `id` and `etag`.

    Raises BadRequest for an unknown name and for a second level of braces.
    """
    if not text or not text.strip():
        return _defaults(shape)
    wanted = []
    for name, inside in _split(text):
        if name in ASSOCIATIONS.get(shape, {}):
            inner_shape, many = ASSOCIATIONS[shape][name]
            inner = _defaults(inner_shape) if inside is None else _flat(inner_shape, inside)
            wanted.append(Wanted(name, inner_shape, many, inner))
        elif name in SCALARS[shape]:
            if inside is not None:
                raise BadRequest(f"'{name}' has no nested fields.")
            wanted.append(Wanted(name))
        else:
            raise BadRequest(f"'{name}' is not a valid field.")
    return tuple(wanted)


def _defaults(shape: str) -> tuple[Wanted, ...]:
    return tuple(Wanted(name) for name in ("id", "etag") if name in SCALARS[shape])


def _flat(shape: str, text: str) -> tuple[Wanted, ...]:
    names = [name.strip() for name in text.split(",") if name.strip()]
    for name in names:
        if name not in SCALARS[shape]:
            what = "nested too deeply" if name in ASSOCIATIONS.get(shape, {}) else "not a valid field"
            raise BadRequest(f"'{name}' is {what}.")
    return tuple(Wanted(name) for name in names)


def _split(text: str) -> list[tuple[str, str | None]]:
    """``a,b{c,d}`` -> [("a", None), ("b", "c,d")]"""
    parts: list[tuple[str, str | None]] = []
    name, position = "", 0
    while position <= len(text):
        letter = text[position] if position < len(text) else ","
        if letter == "{":
            end = text.find("}", position)
            if end < 0:
                raise BadRequest("fields: a brace is not closed.")
            inside = text[position + 1 : end]
            if "{" in inside:
                raise BadRequest("fields: only one level of nesting is supported.")
            parts.append((name.strip(), inside))
            name, position = "", end
        elif letter == ",":
            if name.strip():
                parts.append((name.strip(), None))
            name = ""
        else:
            name += letter
        position += 1
    return parts
