"""Keeping the demo's state in a file: saved after changes, whole or not at all, read again at the start."""

from __future__ import annotations

import json
import os
import tempfile
import threading
from pathlib import Path
from typing import Any

from sandbox.clio.store import Store, Table
from sandbox.clio.world import World

FORMAT = 1


def dump(world: World) -> dict[str, Any]:
    """The lasting part of a world as JSON values. The caller holds the store's lock."""
    store = world.store
    return {
        "format": FORMAT,
        "tables": {name: list(table.rows.values()) for name, table in store.tables.items()},
        "grants": store.grants,
        "refresh_tokens": store.refresh_tokens,
        "next_id": store.next_id,
        "quirks": world.quirks,
        "clock_offset": world.clock.offset,
        "sessions": world.sessions,
    }


def load(world: World, path: Path) -> bool:
    """Fill `world` from a file; False when there is none."""
    if not path.exists():
        return False
    kept = json.loads(path.read_text("utf-8"))
    if kept.get("format") != FORMAT:
        raise ValueError(f"{path} was written by another version of the sandbox; remove it to start afresh")
    store: Store = world.store
    for name, rows in kept["tables"].items():
        table = store.tables[name] = Table()
        for row in sorted(rows, key=lambda row: row["id"]):
            table.add(row)
    store.grants, store.refresh_tokens = kept["grants"], kept["refresh_tokens"]
    store.next_id = kept["next_id"]
    world.quirks.update({k: v for k, v in kept["quirks"].items() if k in world.quirks})
    world.clock.offset = kept["clock_offset"]
    world.sessions.update(kept["sessions"])
    return True


def save(world: World, path: Path) -> None:
    """Write beside the file and rename: a crash leaves the old state, never half of the new one."""
    with world.store.lock:
        text = json.dumps(dump(world), ensure_ascii=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".tmp")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    Path(name).replace(path)


class Saver:
    """Saves in the background when something has changed, at most every `pause` seconds."""

    def __init__(self, world: World, path: Path, pause: float = 0.5) -> None:
        self.world, self.path, self.pause = world, path, pause
        self._saved = world.store.version
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True, name="clio-saver")
        self._thread.start()

    def _run(self) -> None:
        while not self._stop.wait(self.pause):
            self.flush()

    def flush(self) -> None:
        version = self.world.store.version
        if version != self._saved:
            save(self.world, self.path)
            self._saved = version

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(5)
        self.flush()
