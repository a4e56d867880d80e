"""Prepared worlds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sandbox.stripe import accounts
from sandbox.stripe.world import World


def bare(world: World) -> dict[str, Any]:
    """Nothing: firms open their accounts themselves."""
    return {}


def demo(world: World) -> dict[str, Any]:
    """Two accounts of Hart & Vale LLP, one for its trust account and one of its own, both ready to take payments."""
    made = {}
    for purpose, name in (("operating", "Hart & Vale LLP"), ("trust", "Hart & Vale LLP Client Trust")):
        row = accounts.create(world, {"business_profile": {"name": name}, "email": "alice@hartvale.example"})
        accounts.finish(world, row)
        made[purpose] = row["id"]
    return made


SEEDS: dict[str, Callable[[World], dict[str, Any]]] = {"bare": bare, "demo": demo}
