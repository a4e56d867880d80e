"""What changes while Clio is away, disconnected, slow, or has lost something: the push still ends in the right place."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.flows.test_push import agrees, push_once

if TYPE_CHECKING:
    from tests.flows.office import Office


ALICE = "alice@hartvale.example"


def disconnect(office: Office) -> None:
    from daybook.sync import connecting
    from daybook.sync.models import Connection

    connecting.disconnect(actor=office.cast.alice_actor, connection=Connection.objects.get(), now=office.now)


def cancel(office: Office, appointment: Any) -> None:
    from daybook.appointments import operations

    operations.cancel(appointment=appointment, by="firm", now=office.now, actor=office.cast.alice_actor)


def move(office: Office, appointment: Any, hour: int) -> None:
    from daybook.appointments import operations

    operations.reschedule(
        appointment=appointment,
        start=office.start(hour),
        by="firm",
        now=office.now,
        actor=office.cast.alice_actor,
    )


def push_of(appointment: Any) -> Any:
    from daybook.sync.models import Push

    return Push.objects.get(appointment=appointment)


def test_a_cancellation_while_disconnected_reaches_clio_after_reconnecting(office: Office) -> None:
    appointment = office.book(9)
    office.send(appointment)
    office.work()
    disconnect(office)
    cancel(office, appointment)
    office.work()
    office.connect()
    office.later()
    assert office.activities() == []
    assert office.entries(appointment) == []


def test_a_move_while_disconnected_reaches_clio_after_reconnecting(office: Office) -> None:
    appointment = office.book(9)
    office.send(appointment)
    office.work()
    disconnect(office)
    move(office, appointment, 14)
    office.work()
    office.connect()
    office.later()
    agrees(office, appointment)


def test_a_contact_deleted_in_clio_does_not_stop_the_next_appointment(office: Office) -> None:
    first = office.book(9)
    office.work()
    (theirs,) = office.contacts()
    office.clio.control.delete_contact(ALICE, theirs["id"])
    second = office.book(10, key="again")
    office.work()
    office.later()
    assert push_of(second).state == "done", push_of(second).trouble
    assert len(office.contacts()) == 1
    assert len(office.entries(second)) == 1
    assert len(office.entries(first)) == 1


def test_a_contact_deleted_in_clio_does_not_stop_a_new_matter(office: Office) -> None:
    appointment = office.book(9)
    office.work()
    (theirs,) = office.contacts()
    office.clio.control.delete_contact(ALICE, theirs["id"])
    office.send(appointment)
    office.work()
    office.later()
    agrees(office, appointment)


def test_a_matter_deleted_in_clio_is_named_and_another_one_mends_it(office: Office) -> None:
    appointment = office.book(9)
    office.send(appointment)
    office.work()
    (activity,) = office.activities()
    office.clio.control.act(ALICE, "DELETE", f"/matters/{activity['matter_id']}.json")
    move(office, appointment, 14)
    office.work()
    push = push_of(appointment)
    assert push.state == "trouble"
    assert "matter" in push.trouble
    office.send(appointment, description="Another matter")
    office.work()
    agrees(office, appointment)


def test_time_is_sent_again_after_activity_and_entry_were_deleted_in_clio(office: Office) -> None:
    from daybook.sync import proposals, sending
    from daybook.sync.models import Proposal, Question

    appointment = office.book(9)
    office.send(appointment)
    office.work()
    office.clio.control.delete_activity(ALICE, office.activities()[0]["id"])
    office.clio.control.delete_entry(ALICE, office.entries(appointment)[0]["id"])
    office.send(appointment, seconds=2400)
    office.work()
    question = Question.objects.get(answered_at=None)
    sending.send_again(
        actor=office.cast.alice_actor, appointment=appointment, question=question, now=office.now
    )
    office.work()
    office.later()
    assert len(office.activities()) == 1
    # Whoever deleted the entry is asked what that was to mean.
    proposal = Proposal.objects.get(answered_at=None)
    assert (proposal.kind, office.entries(appointment)) == ("deleted", [])
    proposals.restore(
        actor=office.cast.alice_actor, proposal=proposal, edits_seen=proposal.edits, now=office.now
    )
    office.work()
    agrees(office, appointment)


@contextmanager
def in_the_middle(act: Any, path: str, method: str = "POST") -> Iterator[None]:
    """Do something right after Clio has answered the first such request, before the push goes on."""
    from daybook.connectors import http

    done = []

    def watch(exchange: Any) -> None:
        if not done and exchange.method == method and exchange.path.endswith(path):
            done.append(True)
            act()

    http.observers.append(watch)
    try:
        yield
    finally:
        http.observers.remove(watch)
    assert done


def test_a_cancellation_during_a_push_that_fails_for_good_still_reaches_clio(office: Office) -> None:
    appointment = office.book(9)
    office.send(appointment)
    office.clio.control.fault(method="POST", path="/api/v4/activities.json", kind="status", status=422)
    with in_the_middle(lambda: cancel(office, appointment), "/calendar_entries.json"):
        push_once(office, appointment)
    push = push_of(appointment)
    assert push.state == "pending"
    office.later()
    assert (office.activities(), office.entries(appointment)) == ([], [])


def test_a_second_worker_whose_lease_began_while_the_first_was_slow_adds_nothing(
    transactional_db: None, office: Office
) -> None:
    from daybook.sync.models import Push

    appointment = office.book(9)
    office.send(appointment)

    def another_worker() -> None:
        Push.objects.filter(appointment=appointment).update(leased_until=office.now - timedelta(minutes=1))
        thread = threading.Thread(target=_in_thread, args=(office, appointment))
        thread.start()
        thread.join(30)

    with in_the_middle(another_worker, "/contacts.json"):
        push_once(office, appointment)
    office.later()
    agrees(office, appointment)


def _in_thread(office: Office, appointment: Any) -> None:
    from django.db import connection

    try:
        push_once(office, appointment)
    finally:
        connection.close()


def test_a_refusal_of_the_old_token_does_not_break_the_new_connection(office: Office) -> None:
    from daybook.sync.models import Connection

    appointment = office.book(9)

    def renew() -> None:
        office.clio.control.revoke(ALICE)
        office.now += timedelta(seconds=1)
        office.connect()

    with in_the_middle(renew, "/contacts.json", "GET"):
        push_once(office, appointment)
    assert Connection.objects.get().state == "active"
    office.later()
    agrees(office, appointment)


@pytest.mark.parametrize("change", ["nothing", "cancel"])
def test_an_entry_whose_answer_was_lost_is_found_in_the_calendar_it_was_meant_for(
    office: Office, change: str
) -> None:
    from daybook.calendars import operations as calendars
    from daybook.calendars.models import Calendar
    from daybook.calendars.queries import primary_calendar

    appointment = office.book(9)
    office.clio.control.fault(method="POST", path="/api/v4/calendar_entries.json", kind="drop_after")
    push_once(office, appointment)
    assert len(office.entries(appointment)) == 1
    old = primary_calendar(office.cast.alice.pk)
    other = next(c for c in Calendar.objects.all() if c.writable and c != old)
    calendars.choose_calendars(
        lawyer=office.cast.alice,
        blocking={other.pk: True},
        primary=other,
        now=office.now,
        actor=office.cast.alice_actor,
    )
    if change == "cancel":
        cancel(office, appointment)
    office.work()
    office.later()
    entries = office.entries(appointment)
    assert len(entries) == (0 if change == "cancel" else 1)
    if entries:
        assert str(entries[0]["calendar_id"]) == other.external_id
