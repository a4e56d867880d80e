"""The queue's upkeep, and running what is due in a test's own transaction."""

import pytest
from django.db import connection
from procrastinate.contrib.django import app

from daybook.jobs.drain import drain

pytestmark = pytest.mark.django_db


@pytest.fixture
def tasks():
    """Register tasks for one test."""
    before = dict(app.tasks)
    yield app
    app.tasks.clear()
    app.tasks.update(before)


def _statuses() -> dict[str, str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT task_name, status::text FROM procrastinate_jobs ORDER BY id")
        return dict(cursor.fetchall())


def _execute(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def test_jobs_that_follow_from_jobs_are_drained_too(tasks, drain_jobs):
    seen = []

    @tasks.task(name="second")
    def second(number: int) -> None:
        seen.append(number)

    @tasks.task(name="first")
    def first(number: int) -> None:
        seen.append(number)
        second.defer(number=number + 1)

    first.defer(number=1)
    assert drain_jobs() == ["first", "second"]
    assert seen == [1, 2]
    assert set(_statuses().values()) == {"succeeded"}


def test_a_job_that_fails_for_good_fails_the_test_and_one_that_will_be_retried_does_not(tasks, drain_jobs):
    from procrastinate import RetryStrategy

    @tasks.task(name="hopeless")
    def hopeless() -> None:
        raise ValueError("never")

    @tasks.task(name="later", retry=RetryStrategy(max_attempts=3, wait=60))
    def later() -> None:
        raise ValueError("not yet")

    later.defer()
    assert drain_jobs() == ["later"]
    hopeless.defer()
    with pytest.raises(AssertionError, match="hopeless"):
        drain_jobs()
    assert _statuses() == {"later": "todo", "hopeless": "failed"}


def test_jobs_that_feed_each_other_forever_are_noticed(tasks):
    @tasks.task(name="endless")
    def endless() -> None:
        endless.defer()

    endless.defer()
    with pytest.raises(RuntimeError, match="endless"):
        drain(limit=5)


def test_a_job_whose_worker_was_killed_is_run_again(tasks):
    runs = []

    @tasks.task(name="interrupted")
    def interrupted() -> None:
        runs.append(1)

    interrupted.defer()
    _execute("SELECT procrastinate_register_worker_v1()")
    _execute("SELECT * FROM procrastinate_fetch_job_v2(NULL, (SELECT max(id) FROM procrastinate_workers))")
    _execute("UPDATE procrastinate_workers SET last_heartbeat = now() - interval '2 minutes'")
    assert _statuses() == {"interrupted": "doing"}
    assert drain() == []
    app.configure_task("upkeep:sweep_stalled").defer(timestamp=0)
    drain()
    _execute("UPDATE procrastinate_jobs SET scheduled_at = now()")  # time stands still in a transaction
    drain()
    assert runs == [1]
    assert _statuses()["interrupted"] == "succeeded"


def test_finished_jobs_go_after_three_days_and_failed_ones_after_thirty(tasks):
    @tasks.task(name="done")
    def done() -> None: ...

    @tasks.task(name="broken")
    def broken() -> None:
        raise ValueError

    done.defer()
    broken.defer()
    drain()
    _execute("UPDATE procrastinate_events SET at = now() - interval '4 days'")
    app.configure_task("upkeep:remove_old").defer(timestamp=0)
    drain()
    assert set(_statuses()) == {"broken", "upkeep:remove_old"}
    _execute("UPDATE procrastinate_events SET at = now() - interval '31 days'")
    app.configure_task("upkeep:remove_old").defer(timestamp=0)
    drain()
    assert "broken" not in _statuses()


def test_the_upkeep_repeats_by_itself():
    known = {task.task.name: task.cron for task in app.periodic_registry.periodic_tasks.values()}
    assert known["upkeep:sweep_stalled"] == "* * * * *"
    assert "upkeep:remove_old" in known


@pytest.mark.django_db(transaction=True)
def test_a_killed_job_whose_like_already_waits_does_not_stop_the_others_from_running_again(tasks):
    runs = []

    @tasks.task(name="named")
    def named() -> None:
        runs.append("named")

    @tasks.task(name="plain")
    def plain() -> None:
        runs.append("plain")

    named.configure(queueing_lock="once").defer()
    plain.defer()
    _execute("SELECT procrastinate_register_worker_v1()")
    for _ in range(2):
        _execute(
            "SELECT * FROM procrastinate_fetch_job_v2(NULL, (SELECT max(id) FROM procrastinate_workers))"
        )
    _execute("UPDATE procrastinate_workers SET last_heartbeat = now() - interval '2 minutes'")
    app.configure_task("upkeep:sweep_stalled").defer(timestamp=0)
    named.configure(queueing_lock="once").defer()
    assert all(ran.error is None for ran in drain())
    drain()
    assert sorted(runs) == ["named", "plain"]
    assert "doing" not in _statuses().values()


def test_no_job_is_tried_again_at_once():
    import daybook.jobs.schedule
    import daybook.jobs.tasks  # noqa: F401

    for task in app.tasks.values():
        strategy = task.retry_strategy
        assert strategy is None or strategy.wait or strategy.exponential_wait, task.name
