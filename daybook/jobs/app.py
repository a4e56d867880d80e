"""The queue: what is registered when Django is ready, and how a worker runs."""

from __future__ import annotations

import procrastinate

#: Two cores: jobs mostly wait for the database or for other systems.
CONCURRENCY = 4
POLL_SECONDS = 1.0
HEARTBEAT_SECONDS = 10.0
#: A worker silent for this long is taken for dead, and its jobs are run again.
STALLED_SECONDS = 40.0
#: Running jobs get this long to end when the worker is told to stop.
GRACEFUL_SECONDS = 8.0


def on_ready(app: procrastinate.App) -> None:
    """Called by procrastinate once Django's apps are loaded: add the queue's own upkeep to the tasks."""
    from daybook.jobs import upkeep

    app.add_tasks_from(upkeep.blueprint, namespace="upkeep")


def run_worker(*, concurrency: int = CONCURRENCY) -> None:
    """
    Run jobs until told to stop (SIGINT, SIGTERM).

    Returns, without an error, also when the database went away: whoever started us starts us again.
    """
    from procrastinate.contrib.django import app

    with app.replace_connector(app.connector.get_worker_connector()) as worker_app:  # type: ignore[attr-defined]
        worker_app.run_worker(
            concurrency=concurrency,
            fetch_job_polling_interval=POLL_SECONDS,
            abort_job_polling_interval=POLL_SECONDS * 5,
            update_heartbeat_interval=HEARTBEAT_SECONDS,
            stalled_worker_timeout=STALLED_SECONDS,
            shutdown_graceful_timeout=GRACEFUL_SECONDS,
            delete_jobs="never",
        )
