"""Partial answers: `fields=items(id,start),nextPageToken` (Google's page on performance)."""

from __future__ import annotations

from typing import Any

from sandbox.google.errors import invalid

Tree = dict[str, "Tree"]


def select(value: Any, fields: str) -> Any:
    """What of `value` the selector names. Raises `Refused` for one that makes no sense."""
    tree, rest = _parse(fields, 0)
    if rest != len(fields):
        raise invalid(f"Invalid field selection {fields}", "fields")
    return _pick(value, tree)


def _parse(text: str, at: int) -> tuple[Tree, int]:
    tree: Tree = {}
    while True:
        node, name = tree, ""
        while at < len(text) and (text[at].isalnum() or text[at] in "/*_"):
            if text[at] == "/":
                node, name = node.setdefault(name, {}), ""
            else:
                name += text[at]
            at += 1
        if not name:
            raise invalid(f"Invalid field selection {text}", "fields")
        inner = node.setdefault(name, {})
        if at < len(text) and text[at] == "(":
            below, at = _parse(text, at + 1)
            if at >= len(text) or text[at] != ")":
                raise invalid(f"Invalid field selection {text}", "fields")
            inner.update(below)
            at += 1
        if at >= len(text) or text[at] != ",":
            return tree, at
        at += 1


def _pick(value: Any, tree: Tree) -> Any:
    if not tree or "*" in tree:
        return value
    if isinstance(value, list):
        return [_pick(one, tree) for one in value]
    if not isinstance(value, dict):
        return value
    return {name: _pick(value[name], below) for name, below in tree.items() if name in value}
