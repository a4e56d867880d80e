"""Rooms of a size to be read in one sitting, with names that say what is inside."""

import ast
from pathlib import Path

import pytest

from tests.house.tree import ROOT, modules

LONGEST = 400
NO_ROOM_IS_CALLED = {"utils", "util", "helpers", "helper", "common", "misc", "services", "managers", "base"}
OURS = ("daybook", "sandbox", "bench")


def test_no_module_is_longer_than_can_be_read_in_one_sitting():
    long = {
        str(path.relative_to(ROOT)): lines
        for path in modules(*OURS)
        if (lines := len(path.read_text().splitlines())) > LONGEST
    }
    assert not long, f"Split these by what they are about: {long}"


def test_no_room_has_a_name_that_says_nothing():
    vague = [
        path.relative_to(ROOT)
        for path in modules("daybook", "sandbox", "bench", "tests")
        if NO_ROOM_IS_CALLED & {path.stem, *path.relative_to(ROOT).parts[:-1]}
    ]
    assert not vague, f"Name them after what they hold: {vague}"


def _with_code(path: Path) -> bool:
    return bool(path.read_text().strip())


@pytest.mark.parametrize("top", ["daybook", "sandbox"])
def test_every_module_begins_with_a_sentence_that_can_be_read_from_the_listing(top: str):
    silent = [
        path.relative_to(ROOT)
        for path in modules(top)
        if _with_code(path) and not ast.get_docstring(ast.parse(path.read_text()))
    ]
    assert not silent, f"Say in one line what these are for: {silent}"


def test_every_stateful_room_has_its_tables_where_one_looks_for_them():
    for room in (
        "firms",
        "contacts",
        "calendars",
        "billing",
        "appointments",
        "messaging",
        "sync",
        "directory",
    ):
        folder = ROOT / "daybook" / room
        if not folder.is_dir():
            continue
        models = folder / "models.py"
        assert models.exists() or (folder / "models").is_dir(), f"{room} keeps rows and has no models.py"
