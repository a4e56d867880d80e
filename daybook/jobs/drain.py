"""Run what is due, here and now, in this thread and its transaction: for the demo's filling and for tests."""

from __future__ import annotations

import inspect
import json
import time
from dataclasses import dataclass
from typing import Any

from asgiref.sync import async_to_sync
from procrastinate import sql
from procrastinate.contrib.django import app
from procrastinate.job_context import JobContext
from procrastinate.jobs import Job, Status
from procrastinate.utils import utcnow


@dataclass(frozen=True, slots=True)
class Ran:
    """One job that was run: its task, its arguments, and what it raised, if anything."""

    task: str
    arguments: dict[str, Any]
    error: BaseException | None
    retries: bool


def drain(*, limit: int = 1000, worker_id: int | None = None) -> list[Ran]:
    """
    Run every job that is due now, oldest first, until none is left, and say what was run.

    Follows the worker's rules for locks, retries and outcomes, but runs in the caller's thread and on its database
    connection, so it sees what the caller has not committed yet. Periodic tasks are not deferred, and retries planned
    for later stay. Raises RuntimeError after `limit` jobs: they are feeding each other.
    """
    connector: Any = app.connector
    own = worker_id is None
    if worker_id is None:
        worker_id = connector.execute_query_one(sql.queries["register_worker"])["worker_id"]
    ran: list[Ran] = []
    try:
        while True:
            row = connector.execute_query_one(sql.queries["fetch_job"], queues=None, worker_id=worker_id)
            if row["id"] is None:
                return ran
            if len(ran) >= limit:
                raise RuntimeError(f"More than {limit} jobs; the last was {ran[-1].task}.")
            ran.append(_run(connector, _job(row)))
    finally:
        if own:
            connector.execute_query(sql.queries["unregister_worker"], worker_id=worker_id)


def _job(row: dict[str, Any]) -> Job:
    """Django reads jsonb as text and leaves the parsing to its own fields (seen with psycopg 3.3, 2026-11)."""
    arguments = row["args"]
    return Job.from_row({**row, "args": json.loads(arguments) if isinstance(arguments, str) else arguments})


def _run(connector: Any, job: Job) -> Ran:
    task = app.tasks[job.task_name]
    error: BaseException | None = None
    try:
        context = JobContext(app=app, job=job, start_timestamp=time.time(), abort_reason=lambda: None)
        arguments: list[Any] = [context] if task.pass_context else []
        function: Any = async_to_sync(task.func) if inspect.iscoroutinefunction(task.func) else task.func
        function(*arguments, **job.task_kwargs)
    except Exception as raised:  # noqa: BLE001  # whatever a job raises is its outcome
        error = raised
    retry = task.get_retry_exception(exception=error, job=job) if error else None
    if retry:
        decision = retry.retry_decision
        connector.execute_query(
            sql.queries["retry_job"],
            job_id=job.id,
            retry_at=decision.retry_at or utcnow(),
            new_priority=decision.priority,
            new_queue_name=decision.queue,
            new_lock=decision.lock,
        )
    else:
        status = Status.FAILED if error else Status.SUCCEEDED
        connector.execute_query(
            sql.queries["finish_job"], job_id=job.id, status=status.value, delete_job=False
        )
    return Ran(job.task_name, dict(job.task_kwargs), error, retry is not None)
