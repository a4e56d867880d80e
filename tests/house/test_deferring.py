"""Jobs put into the queue by our own statement are what the library would have put there, and wait once."""

import json
from datetime import UTC, datetime

import pytest
from django.db import connection, transaction

from daybook.jobs import tasks
from daybook.jobs.deferring import Wanted, defer

LATER = datetime(2026, 12, 1, 9, tzinfo=UTC)


def _jobs() -> list[dict[str, object]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_jsonb(procrastinate_jobs) - 'id' FROM procrastinate_jobs ORDER BY id")
        return [json.loads(row[0]) if isinstance(row[0], str) else row[0] for row in cursor.fetchall()]


def _happened() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT type::text FROM procrastinate_events ORDER BY job_id, id")
        return [row[0] for row in cursor.fetchall()]


@pytest.mark.django_db
@pytest.mark.parametrize("at", [None, LATER])
@pytest.mark.parametrize("task", [tasks.push_appointment, tasks.send_message, tasks.tell_contacts])
def test_a_job_of_ours_is_what_the_library_would_have_made(task, at):
    task.configure(queueing_lock="one", schedule_at=at).defer(number=7, text='a "quoted" {word}')
    events = _happened()
    assert defer([Wanted(task, {"number": 7, "text": 'a "quoted" {word}'}, once="other", at=at)]) == 1
    theirs, ours = _jobs()
    assert ours.pop("queueing_lock") == "other"
    assert theirs.pop("queueing_lock") == "one"
    assert ours == theirs
    assert _happened() == events * 2


@pytest.mark.django_db
def test_a_name_that_waits_already_is_passed_over_and_the_others_are_queued():
    wanted = [Wanted(tasks.send_message, {"message_id": one}, once=f"message:{one}") for one in (1, 2, 2, 3)]
    assert defer(wanted[:1]) == 1
    with transaction.atomic():
        assert defer(wanted) == 2
        assert defer([]) == 0
    assert [job["queueing_lock"] for job in _jobs()] == ["message:1", "message:2", "message:3"]


@pytest.mark.django_db
def test_jobs_without_a_name_wait_as_often_as_they_are_wanted():
    wanted = [Wanted(tasks.send_message, {"message_id": 1})] * 2
    assert defer(wanted) == 2
    assert [job["queueing_lock"] for job in _jobs()] == [None, None]


@pytest.mark.django_db
def test_a_name_is_free_again_once_its_job_is_taken():
    wanted = [Wanted(tasks.send_message, {"message_id": 1}, once="message:1")]
    assert defer(wanted) == 1
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_jobs SET status = 'doing'")
    assert defer(wanted) == 1


@pytest.mark.django_db(transaction=True)
def test_a_job_is_gone_with_the_transaction_it_was_wanted_in():
    with transaction.atomic():
        defer([Wanted(tasks.send_message, {"message_id": 1}, once="message:1")])
        assert len(_jobs()) == 1
        transaction.set_rollback(True)
    assert _jobs() == []
