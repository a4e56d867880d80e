"""`daybook web`: granian, with the application loaded once before its workers are forked."""

from __future__ import annotations

import gc
import os
import sys
import traceback
from collections.abc import Callable
from typing import Any

from daybook.config import children

#: Two processes for two cores; threads mostly wait for the database. Each may hold one connection to it.
WORKERS = 2
THREADS = 8
#: An idle thread takes its database connection with it when it goes.
IDLE_SECONDS = 600
#: Requests under way get this long when we are told to stop.
GRACEFUL_SECONDS = 8
#: Our exit code when the tables could not be brought up to date.
NOT_READY = 3


def load() -> Any:
    """Hand the application to one worker. Runs in the worker."""
    if os.environ.get("DAYBOOK_CHILD"):
        children.die_with_parent()
    from daybook.config.wsgi import application

    return application


def serve(
    *,
    host: str,
    port: int,
    workers: int = WORKERS,
    threads: int = THREADS,
    first: Callable[[], object] | None = None,
) -> None:
    """
    Serve until told to stop (SIGINT, SIGTERM); requests under way are finished first.

    `first` is run in a process of its own before anything is served, while the rest of the code is being loaded.
    Exits with NOT_READY when it fails.
    """
    from granian import Granian
    from granian.constants import Interfaces, RuntimeModes
    from granian.log import LogLevels

    pid = _begin(first) if first else None
    _preload()
    if pid is not None and os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) != 0:
        sys.exit(NOT_READY)
    server = Granian(
        "daybook.config.wsgi:application",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        runtime_mode=RuntimeModes.st,  # a seventh less processor time a request than several threads of its own
        workers=workers,
        blocking_threads=threads,
        blocking_threads_idle_timeout=IDLE_SECONDS,
        backlog=2048,
        respawn_failed_workers=True,
        workers_kill_timeout=GRACEFUL_SECONDS,
        log_level=LogLevels.error,
        websockets=False,
    )
    server.serve(target_loader=_loader)


def _begin(work: Callable[[], object]) -> int:
    """Fork: what is loaded by now need not be loaded twice. The child touches no connection of ours: we have none yet."""
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        children.die_with_parent()
        work()
        code = 0
    except BaseException:  # noqa: BLE001  # whatever it is, the code says so and the log shows it
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _loader(*_arguments: Any, **_options: Any) -> Any:
    return load()


def _preload() -> None:
    """Import everything a first request would, so that it is done once and its memory is shared by the workers."""
    from django.urls import get_resolver

    from daybook.config.wsgi import application  # noqa: F401

    get_resolver().url_patterns  # noqa: B018
    gc.collect()
    gc.freeze()
