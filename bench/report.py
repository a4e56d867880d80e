"""What a benchmark prints: the machine, a table with a target beside each figure, and whether all were met."""

from __future__ import annotations

import os
import platform
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path


def machine() -> str:
    """Cores, memory, Python, PostgreSQL, and how busy the machine was with other things."""
    import psutil
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('server_version'), current_setting('fsync'), current_setting('synchronous_commit')"
        )
        version, fsync, commit = cursor.fetchone()
    memory = psutil.virtual_memory().total / 2**30
    return (
        f"{os.cpu_count()} cores, {memory:.0f} GB, {platform.machine()}; "
        f"{platform.python_implementation()} {platform.python_version()}; "
        f"PostgreSQL {version.split()[0]} (fsync {fsync}, synchronous_commit {commit}); "
        f"load before {os.getloadavg()[0]:.1f}"
    )


def middle(took: Sequence[float]) -> float:
    return statistics.median(took)


def percentile(took: Sequence[float], share: float) -> float:
    """The figure that this share (0.95) of `took` does not exceed."""
    ordered = sorted(took)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


@dataclass(slots=True)
class Table:
    """Rows of figure and target, printed as they come; `done()` is the exit code."""

    title: str
    missed: list[str] = field(default_factory=list)

    def begin(self, *notes: str) -> None:
        print(self.title)
        print(machine())
        for note in notes:
            print(note)
        print(f"\n{'':52}{'figure':>14}{'target':>14}", flush=True)

    def row(
        self,
        name: str,
        figure: float,
        unit: str = "ms",
        *,
        most: float | None = None,
        least: float | None = None,
        digits: int = 1,
    ) -> None:
        """One figure; with `most` or `least` it has a target, and says whether it was met."""
        target, met = "", True
        if most is not None:
            target, met = f"<= {most:g}", figure <= most
        elif least is not None:
            target, met = f">= {least:g}", figure >= least
        said = "" if not target else "  met" if met else "  MISSED"
        print(f"{name:<52}{figure:>10.{digits}f} {unit:<3}{target:>14}{said}", flush=True)
        if not met:
            self.missed.append(name)

    def done(self) -> int:
        print(f"\n{'All targets met.' if not self.missed else 'Missed: ' + '; '.join(self.missed)}\n")
        return 1 if self.missed else 0


def log_tail(folder: Path, lines: int = 20) -> str:
    """The end of what the pages logged, for when a benchmark goes wrong."""
    path = folder / "web.log"
    return "\n".join(path.read_text(errors="replace").splitlines()[-lines:]) if path.exists() else ""
