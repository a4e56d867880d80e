"""Jobs into the queue, several with one statement, in the transaction of the rows they are about."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from procrastinate.tasks import Task

from daybook.firms import prepared


@dataclass(frozen=True, slots=True)
class Wanted:
    """A job that is to be. With `once`, one that waits already under that name is enough."""

    task: Task
    arguments: Mapping[str, object]
    once: str = ""
    at: datetime | None = None


#: What `Task.defer` does, but that a name already waiting is passed over and not refused: the library has no word for
#: that, and its refusal would need a savepoint around every job. A test holds a job made here against one of its own.
_DEFER = """
    INSERT INTO procrastinate_jobs (queue_name, task_name, priority, lock, queueing_lock, args, scheduled_at)
    SELECT queue, task, priority, lock, once, arguments::jsonb, at
      FROM unnest(%s::text[], %s::text[], %s::int[], %s::text[], %s::text[], %s::text[], %s::timestamptz[])
           AS wanted (queue, task, priority, lock, once, arguments, at)
        ON CONFLICT (queueing_lock) WHERE status = 'todo' DO NOTHING
    RETURNING id
"""


def defer(jobs: Sequence[Wanted]) -> int:
    """Put jobs into the queue, in the caller's transaction if there is one; returns how many did not wait already."""
    if not jobs:
        return 0
    wanted = [
        (
            job.task.queue,
            job.task.name,
            job.task.priority,
            job.task.lock,
            job.once or job.task.queueing_lock,
            json.dumps(job.arguments),
            job.at,
        )
        for job in jobs
    ]
    return len(prepared.rows(_DEFER, [list(column) for column in zip(*wanted, strict=True)]))
