"""`daybook web`: granian, with the application loaded once before its workers are forked."""

from __future__ import annotations

import gc
import os
from typing import Any

from daybook.config import children

#: Two processes for two cores; threads mostly wait for the database. Each may hold one connection to it.
WORKERS = 2
THREADS = 8
#: An idle thread takes its database connection with it when it goes.
IDLE_SECONDS = 600
#: Requests under way get this long when we are told to stop.
GRACEFUL_SECONDS = 8


def load() -> Any:
    """Hand the application to one worker. Runs in the worker."""
    if os.environ.get("DAYBOOK_CHILD"):
        children.die_with_parent()
    from daybook.config.wsgi import application

    return application


def serve(*, host: str, port: int, workers: int = WORKERS, threads: int = THREADS) -> None:
    """Serve until told to stop (SIGINT, SIGTERM); requests under way are finished first."""
    from granian import Granian
    from granian.constants import Interfaces
    from granian.log import LogLevels

    _preload()
    server = Granian(
        "daybook.config.wsgi:application",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
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


def _loader(*_arguments: Any, **_options: Any) -> Any:
    return load()


def _preload() -> None:
    """Import everything a first request would, so that it is done once and its memory is shared by the workers."""
    from django.urls import get_resolver

    from daybook.config.wsgi import application  # noqa: F401

    get_resolver().url_patterns  # noqa: B018
    gc.collect()
    gc.freeze()
