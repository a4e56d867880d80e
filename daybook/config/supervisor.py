"""Keep a handful of processes running, and stop them all in order."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from daybook.config import children

LOG_BYTES = 5_000_000
#: Seconds before the next start of something that keeps ending; the last one stays.
BACKOFF = (0.1, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0)
#: Running this long counts as having recovered.
STABLE_SECONDS = 20.0


@dataclass(slots=True)
class Program:
    """One process that should be running."""

    name: str
    argv: list[str]
    env: Mapping[str, str]
    log: Path
    patience: float = 10.0
    child: children.Child | None = None
    failures: int = 0
    started: float = 0.0
    due: float = field(default=0.0)

    def start(self) -> None:
        if self.log.exists() and self.log.stat().st_size > LOG_BYTES:
            self.log.replace(self.log.with_suffix(".old.log"))
        with self.log.open("ab") as output:
            self.child = children.spawn(self.argv, env=dict(self.env), stdout=output, stderr=output)
        self.started = time.monotonic()

    def watch(self) -> None:
        """Start it again, later and later, when it ended."""
        now = time.monotonic()
        if self.child is None:
            if now >= self.due:
                self.start()
            return
        if self.child.poll() is None:
            return
        self.failures = 0 if now - self.started > STABLE_SECONDS else self.failures + 1
        self.due = now + BACKOFF[min(self.failures, len(BACKOFF) - 1)]
        self.child = None


class Supervisor:
    """Starts programs in the order given, watches them, stops them in the opposite order."""

    def __init__(self) -> None:
        self.programs: list[Program] = []
        self.also: list[Callable[[], None]] = []
        self.wanted = False

    def listen(self) -> None:
        """From now on a signal to end is remembered instead of obeyed at once; look with `wanted`."""

        def remember(_signum: int, _frame: FrameType | None) -> None:
            self.wanted = True

        for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(signum, remember)

    def start(self, program: Program) -> Program:
        program.start()
        self.programs.append(program)
        return program

    def watch(self) -> None:
        """Look after everything until told to stop."""
        while not self.wanted:
            for look in self.also:
                look()
            for program in self.programs:
                program.watch()
            time.sleep(0.2)

    def stop(self) -> None:
        """Ask all to end, the last started first, wait, and insist where that does not help."""
        alive = [p for p in reversed(self.programs) if p.child is not None and p.child.poll() is None]
        for program in alive:
            assert program.child is not None
            program.child.send_signal(signal.SIGTERM)
        for program in alive:
            assert program.child is not None
            children.stop(program.child, patience=program.patience)
        self.programs.clear()


def tail(path: Path, lines: int = 15) -> str:
    """Return the end of a log, for the terminal."""
    if not path.exists():
        return "(nothing)"
    return "\n".join(path.read_text(errors="replace").splitlines()[-lines:])
