"""Who may import whom. The contracts are in `.importlinter`; here are the two it cannot say, and that it is obeyed."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.house.tree import ROOT, modules

CORE = ROOT / "daybook" / "core"
CONNECTORS = ROOT / "daybook" / "connectors"


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: import by full name, so that walls can be seen"
            yield node.module or ""


def test_the_contracts_between_the_rooms_are_kept():
    done = subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-cache"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout[-4000:]


def test_the_core_imports_only_the_standard_library_and_itself():
    strangers = {
        f"{path.name}: {name}"
        for path in modules("daybook")
        if path.is_relative_to(CORE)
        for name in _imports(path)
        if not name.startswith("daybook.core") and name.split(".")[0] not in sys.stdlib_module_names
    }
    assert not strangers, (
        f"The core computes; whatever needs these is a room's or a connector's work: {strangers}"
    )


def test_the_core_has_no_clock_and_no_door():
    forbidden = {
        "socket",
        "subprocess",
        "threading",
        "logging",
        "random",
        "os",
        "urllib.request",
        "http.client",
        "time",
    }
    found = {
        f"{path.name}: {name}"
        for path in modules("daybook")
        if path.is_relative_to(CORE)
        for name in _imports(path)
        if name in forbidden
    }
    assert not found, f"Values in, values out: {found}"
    clocks = [
        path.name
        for path in modules("daybook")
        if path.is_relative_to(CORE)
        and any(call in path.read_text() for call in ("datetime.now(", ".utcnow(", "date.today("))
    ]
    assert not clocks, f"The time is an argument: {clocks}"


def test_connectors_do_not_know_each_other():
    strangers = set()
    for path in modules("daybook"):
        if not path.is_relative_to(CONNECTORS) or path.parent == CONNECTORS:
            continue
        own = f"daybook.connectors.{path.relative_to(CONNECTORS).parts[0]}"
        shared = (
            "daybook.connectors.http",
            "daybook.connectors.errors",
            "daybook.connectors.guard",
            "daybook.connectors.calendars",
            "daybook.connectors.recurrence",
            "daybook.core",
        )
        strangers |= {
            f"{path.relative_to(ROOT)}: {name}"
            for name in _imports(path)
            if name.startswith("daybook")
            and name != "daybook.connectors"
            and not name.startswith((own, *shared))
        }
    assert not strangers, (
        "What two connectors need is in http.py, errors.py, guard.py, calendars.py or recurrence/, "
        f"or is a rule of the core: {strangers}"
    )
