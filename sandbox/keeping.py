"""Keeping a stand-in's state in a file: saved after changes, whole or not at all, read again at the start."""

from __future__ import annotations

import json
import os
import tempfile
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any, ClassVar, Protocol

FORMAT = 1


class Kept(Protocol):
    """A world that can be kept: `kept` names its attributes that outlive a restart, JSON values all of them."""

    kept: ClassVar[tuple[str, ...]]
    clock: Any
    lock: Any
    version: int


def load(world: Kept, path: Path) -> bool:
    """Fill `world` from a file; False when there is none."""
    if not path.exists():
        return False
    found = json.loads(path.read_text("utf-8"))
    if found.get("format") != FORMAT or not _has(found, world.kept):
        raise ValueError(f"{path} was written by another version of the sandbox; remove it to start afresh")
    for name in world.kept:
        setattr(world, name, found[name])
    world.clock.offset = found["clock_offset"]
    return True


def _has(found: dict[str, Any], names: Iterable[str]) -> bool:
    return all(name in found for name in names)


def save(world: Kept, path: Path) -> None:
    """Write beside the file and rename: a crash leaves the old state, never half of the new one."""
    with world.lock:
        kept = {name: getattr(world, name) for name in world.kept}
        text = json.dumps({"format": FORMAT, "clock_offset": world.clock.offset, **kept}, ensure_ascii=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".tmp")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    Path(name).replace(path)


class Saver:
    """Saves in the background at first and when something has changed, at most every `pause` seconds."""

    def __init__(self, world: Kept, path: Path, pause: float = 0.5) -> None:
        self.world, self.path, self.pause = world, path, pause
        self._saved = -1
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True, name="sandbox-saver")
        self._thread.start()

    def _run(self) -> None:
        while not self._stop.wait(self.pause):
            self.flush()

    def flush(self) -> None:
        version = self.world.version
        if version != self._saved:
            save(self.world, self.path)
            self._saved = version

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(5)
        self.flush()
