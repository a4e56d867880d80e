"""What a killed run leaves behind: servers without a master, and pid files that name strangers."""

from __future__ import annotations

import signal
import time
from contextlib import suppress
from pathlib import Path

import psutil

#: Ask nicely (finish shutting down), then firmly (drop everything; the log replays), then not at all.
STEPS = ((signal.SIGINT, 5.0), (signal.SIGQUIT, 3.0), (signal.SIGKILL, 3.0))


def servers_of(data: Path) -> list[psutil.Process]:
    """List the PostgreSQL processes that work in `data`, the master and its orphans alike."""
    found = []
    for process in psutil.process_iter(["name"]):
        if process.info["name"] != "postgres":
            continue
        with suppress(psutil.Error, OSError):
            if Path(process.cwd()) == data:
                found.append(process)
    return found


def _parent(process: psutil.Process) -> int:
    """Its parent's number; 0 for one that has just ended by itself, as the children of a killed master do."""
    try:
        return int(process.ppid())
    except psutil.Error:
        return 0


def clear(data: Path) -> None:
    """
    Stop every server still working in `data` and remove a pid file nobody stands behind.

    PostgreSQL itself refuses to start when the number in `postmaster.pid` belongs to any living process; after a
    restart of a machine or container that is often a stranger. Call it only while holding the place's lock.
    """
    for signum, patience in STEPS:
        alive = servers_of(data)
        if not alive:
            break
        # The master first: it takes its own children down in order.
        numbers = {process.pid for process in alive}
        masters = [process for process in alive if _parent(process) not in numbers]
        for process in masters if signum == signal.SIGINT else alive:
            with suppress(psutil.Error):
                process.send_signal(signum)
        psutil.wait_procs(alive, timeout=patience)
    (data / "postmaster.pid").unlink(missing_ok=True)


def wait_ready(data: Path, alive: object, seconds: float) -> bool:
    """Wait until the server says in its pid file that it takes connections. `alive.poll()` ends the wait early."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        with suppress(OSError):
            lines = (data / "postmaster.pid").read_text().splitlines()
            if len(lines) >= 8 and lines[7].strip() == "ready":
                return True
        if alive.poll() is not None:  # type: ignore[attr-defined]
            return False
        time.sleep(0.01)
    return False
