"""The queue's own upkeep: jobs of dead workers run again; old jobs, told deliveries and old cycles go."""

from __future__ import annotations

import procrastinate
from django.utils import timezone
from procrastinate import JobContext
from procrastinate.exceptions import UniqueViolation
from procrastinate.jobs import Status

from daybook.billing import inbox
from daybook.jobs.app import STALLED_SECONDS
from daybook.sync import hooks
from daybook.sync.mirror import tally

#: Finished jobs are kept this long, for whoever asks what happened.
KEEP_HOURS = 72
#: Failed ones longer: somebody may still want to look.
KEEP_FAILED_HOURS = 24 * 30

blueprint = procrastinate.Blueprint()


@blueprint.periodic(cron="* * * * *")
@blueprint.task(name="sweep_stalled", queueing_lock="upkeep:sweep_stalled", pass_context=True)
async def sweep_stalled(context: JobContext, timestamp: int) -> None:
    """Put jobs back whose worker was killed. Jobs converge, so running one twice does no harm."""
    manager = context.app.job_manager
    for job in await manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_SECONDS):
        try:
            await manager.retry_job(job)
        except UniqueViolation:
            # The same job waits already under its queueing lock, and does what this one would have done.
            await manager.finish_job(job, status=Status.FAILED, delete_job=False)
    await manager.prune_stalled_workers(STALLED_SECONDS)


@blueprint.periodic(cron="17 3 * * *")
@blueprint.task(name="remove_old", queueing_lock="upkeep:remove_old", pass_context=True)
async def remove_old(context: JobContext, timestamp: int) -> None:
    """Delete finished jobs after three days and failed ones after thirty."""
    manager = context.app.job_manager
    await manager.delete_old_jobs(nb_hours=KEEP_HOURS)
    await manager.delete_old_jobs(
        nb_hours=KEEP_FAILED_HOURS, include_failed=True, include_cancelled=True, include_aborted=True
    )


@blueprint.periodic(cron="27 3 * * *")
@blueprint.task(name="forget_heard", queueing_lock="upkeep:forget_heard")
def forget_heard(timestamp: int) -> None:
    """Deliveries of webhooks after three days, addresses of ended subscriptions after forty, Stripe's events after thirty."""
    hooks.forget_old(timezone.now())
    inbox.forget_old(timezone.now())


@blueprint.periodic(cron="37 3 * * *")
@blueprint.task(name="forget_cycles", queueing_lock="upkeep:forget_cycles")
def forget_cycles(timestamp: int) -> None:
    """What rounds of contact sync did, after ninety days; what became of a contact stays in its history."""
    tally.forget_old(timezone.now())
