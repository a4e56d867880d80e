"""A Daybook of its own for one benchmark: database, pages, jobs, as a server runs them, gone at the end."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from bench.wire import Wire
from daybook.config import children, home, postgres

START_SECONDS = 90.0
#: What production says nothing about stays unset; these would change what is measured.
UNSET = ("PUBLIC_URL", "EMAIL_URL", "STATIC_ROOT", "DEBUG", "LOG_LEVEL", "LOG_FORMAT")


@dataclass(slots=True)
class Stand:
    """A running Daybook on loopback. `web`, `worker` and `database` are its processes."""

    port: int
    folder: Path
    web: psutil.Process
    database: psutil.Process
    worker: psutil.Process | None = None
    _spent: dict[str, float] = field(default_factory=dict)

    def wire(self) -> Wire:
        """A new connection to the pages, kept alive."""
        return Wire("127.0.0.1", self.port)

    def web_workers(self) -> list[psutil.Process]:
        """The processes that answer requests; their parent only watches."""
        return [p for p in self.web.children(recursive=True) if p.status() != psutil.STATUS_ZOMBIE]

    def seconds_spent(self) -> dict[str, float]:
        """Processor seconds so far: of the pages, of the database, and of us, who ask."""
        own = os.times()
        return {
            "pages": sum(_seconds(p) for p in [self.web, *self.web_workers()]),
            "database": sum(_seconds(p) for p in [self.database, *self.database.children(recursive=True)]),
            "asking": own.user + own.system,
        }


def _seconds(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return float(times.user + times.system)


@contextmanager
def stand(*, worker: bool = False, **settings: str) -> Iterator[Stand]:
    """
    Start PostgreSQL with its normal care for power cuts, two web workers, and with `worker` the jobs.

    `settings` are put into the environment. Django is set up in this process too, on the same database, for seeding.
    """
    with ExitStack() as undo:
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # told to end, we clean up all the same
        folder = Path(tempfile.mkdtemp(prefix="daybook-bench-"))
        undo.callback(shutil.rmtree, folder, ignore_errors=True)
        for name in UNSET:
            os.environ.pop(name, None)
        database = postgres.start(folder)
        undo.callback(shutil.rmtree, database.place, ignore_errors=True)
        undo.callback(database.stop)
        port = next(port for port in range(8300, 8400) if home.is_free(port))
        undo.callback(home.hold(port).close)  # another benchmark beginning now chooses another one
        os.environ.update(
            {
                "DAYBOOK_HOME": str(folder),
                "DATABASE_URL": database.url(),
                "SECRET_KEY": secrets.token_urlsafe(48),
                "ENCRYPTION_KEYS": secrets.token_urlsafe(48),
                "ALLOWED_HOSTS": "127.0.0.1",
                "PUBLIC_URL": f"http://127.0.0.1:{port}",
                # Nobody listens there: a benchmark never asks the real Clio anything.
                "CLIO_BASE_URL": "http://127.0.0.1:9",
                "DJANGO_SETTINGS_MODULE": "daybook.config.settings",
                "DAYBOOK_CHILD": "1",
                **settings,
            }
        )
        web = _program(undo, folder, "web", "--port", str(port), "--workers", "2", "--migrate")
        _wait(folder, web, port)
        _set_up(undo)
        made = Stand(port, folder, psutil.Process(web.pid), psutil.Process(database.process.pid))
        if worker:
            made.worker = psutil.Process(_program(undo, folder, "worker").pid)
        yield made


def _program(undo: ExitStack, folder: Path, *arguments: str) -> children.Child:
    output = undo.enter_context((folder / f"{arguments[0]}.log").open("ab"))
    argv = [sys.executable, "-m", "daybook.config.cli", *arguments]
    child = children.spawn(argv, env=dict(os.environ), cwd=home.ROOT, stdout=output, stderr=output)
    undo.callback(children.stop, child, patience=10)
    return child


def _wait(folder: Path, web: children.Child, port: int) -> None:
    until = time.monotonic() + START_SECONDS
    while True:
        try:
            with Wire("127.0.0.1", port) as wire:
                # A page that looks into the tables: pages answer while they are still being made.
                if wire.get("/book/nobody/nowhere/nothing/").status == 404:
                    return
        except OSError:
            pass
        if web.poll() is not None or time.monotonic() > until:
            log = (folder / "web.log").read_text(errors="replace")
            raise SystemExit(f"The pages did not start:\n{log[-3000:]}")
        time.sleep(0.05)


def _set_up(undo: ExitStack) -> None:
    import django

    django.setup()
    from django.db import connections

    undo.callback(connections.close_all)


def analyze() -> None:
    """Let the planner see what was seeded, as its own upkeep would have by now."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("CHECKPOINT")
