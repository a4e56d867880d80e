"""An appointment reaches Clio once, follows every change, and survives what goes wrong on the way."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.flows.office import Office


def agrees(office: Office, appointment: Any) -> None:
    """Both systems say the same of a sent appointment, and each thing is there once."""
    from daybook.sync.models import Link, Push

    appointment.refresh_from_db()
    push = Push.objects.get(appointment=appointment)
    assert (push.state, push.trouble) == ("done", "")
    contacts, entries = office.contacts(), office.entries(appointment)
    assert len(contacts) == 1
    assert len(entries) == 1
    during = (appointment.start.timestamp(), appointment.end.timestamp())
    assert (entries[0]["start"], entries[0]["end"]) == during
    links = {link.kind: link.theirs for link in Link.objects.filter(ours=appointment.pk)}
    assert links["entry"] == str(entries[0]["id"])
    assert Link.objects.get(kind="contact", ours=appointment.contact_id).theirs == str(contacts[0]["id"])
    if hasattr(appointment, "time_entry"):
        (activity,) = office.activities()
        assert links["activity"] == str(activity["id"])
        assert activity["quantity"] == appointment.time_entry.seconds


def test_a_booking_gives_one_contact_one_entry_and_no_activity(office: Office) -> None:
    appointment = office.book(9)
    office.work()
    agrees(office, appointment)
    assert office.activities() == []
    (entry,) = office.entries(appointment)
    assert entry["summary"] == "Appointment with Newly Arrived"


def test_a_second_booking_by_the_same_person_adds_no_contact(office: Office) -> None:
    first, second = office.book(9), office.book(10, key="again")
    office.work()
    agrees(office, first)
    agrees(office, second)


def test_a_person_clio_already_knows_is_linked_and_not_added(office: Office) -> None:
    from dataclasses import replace

    from daybook.contacts.models import Contact
    from tests.flows.office import NOBODY

    before = len(office.clio.control.records("contacts"))
    theirs = office.clio.control.create_contact(
        "alice@hartvale.example",
        type="Person",
        first_name="Late",
        last_name="Comer",
        email_addresses=[{"name": "Work", "address": "Late.Comer@Example.com", "default_email": True}],
    )
    appointment = office.book(9, details=replace(NOBODY, name="Late Comer", email="late.comer@example.com"))
    office.work()
    assert len(office.clio.control.records("contacts")) == before + 1
    from daybook.sync.models import Link

    assert Link.objects.get(kind="contact", ours=appointment.contact_id).theirs == str(theirs["id"])
    assert Contact.objects.filter(emails__normal="late.comer@example.com").count() == 1


def test_a_retry_by_hand_goes_at_once(office: Office) -> None:
    from daybook.sync import pushes
    from daybook.sync.models import Push

    office.clio.control.down(True)
    appointment = office.book(9)
    office.work()
    office.clio.control.down(False)
    pushes.retry(actor=office.cast.alice_actor, appointment=appointment, now=office.now)
    office.work()
    assert Push.objects.get().state == "done"


def test_a_lawyer_added_after_connecting_is_matched_and_starts_with_their_own_calendar(
    office: Office,
) -> None:
    from daybook.calendars.queries import primary_calendar
    from daybook.firms import operations

    ben = operations.add_lawyer(
        firm=office.cast.firm,
        name="Ben Vale",
        email="ben@hartvale.example",
        time_zone="America/New_York",
        now=office.now,
    )
    office.work()
    primary = primary_calendar(ben.pk)
    assert primary is not None
    assert primary.name == "Ben Vale"


def test_an_activity_deleted_in_clio_is_asked_about_and_sent_again_on_request(office: Office) -> None:
    from daybook.sync import questions, sending
    from tests.flows.office import ALICE

    appointment = office.book(9)
    office.send(appointment)
    office.work()
    office.clio.control.delete_activity(ALICE, office.activities()[0]["id"])
    office.send(appointment, seconds=2400)
    office.work()
    (question,) = questions.open_questions(office.cast.alice_actor)
    assert question.kind == "activity_gone"
    assert office.activities() == []
    sending.send_again(
        actor=office.cast.alice_actor, appointment=appointment, question=question, now=office.now
    )
    office.work()
    assert not questions.open_questions(office.cast.alice_actor).exists()
    appointment.refresh_from_db()
    agrees(office, appointment)


def test_an_unpaid_hold_never_reaches_clio(office: Office) -> None:
    before = office.clio.control.counts()
    office.hold(9)
    office.work()
    assert office.clio.control.counts() == before


def test_send_to_clio_makes_one_billable_activity_however_often_it_is_pressed(office: Office) -> None:
    appointment = office.book(9)
    office.work()
    for _ in range(3):
        office.send(appointment)
    office.work()
    agrees(office, appointment)
    (activity,) = office.activities()
    assert (activity["type"], activity["non_billable"], activity["date"]) == (
        "TimeEntry",
        False,
        office.day.isoformat(),
    )
    (matter,) = office.clio.control.records("matters", id=activity["matter_id"])
    assert matter["description"] == "Consultation matter"


def test_moving_updates_the_same_entry_and_the_same_activity(office: Office) -> None:
    from daybook.appointments import operations

    appointment = office.book(9)
    office.send(appointment)
    office.work()
    entry, activity = office.entries(appointment)[0]["id"], office.activities()[0]["id"]
    operations.reschedule(
        appointment=appointment,
        start=office.start(14) + timedelta(days=1),
        by="firm",
        now=office.now,
        actor=office.cast.alice_actor,
    )
    office.work()
    agrees(office, appointment)
    assert office.entries(appointment)[0]["id"] == entry
    assert office.activities()[0]["id"] == activity
    assert office.activities()[0]["date"] == (office.day + timedelta(days=1)).isoformat()


def test_cancelling_deletes_the_activity_and_the_entry(office: Office) -> None:
    from daybook.appointments import operations

    appointment = office.book(9)
    office.send(appointment)
    office.work()
    operations.cancel(appointment=appointment, by="firm", now=office.now, actor=office.cast.alice_actor)
    office.work()
    assert office.activities() == []
    assert office.entries(appointment) == []
    assert len(office.contacts()) == 1  # records of people stay


BILLS = ("draft", "awaiting_approval", "awaiting_payment", "paid")


@pytest.mark.parametrize("state", BILLS)
@pytest.mark.parametrize("change", ["cancel", "reschedule"])
def test_time_on_a_bill_is_left_alone_and_becomes_a_task(office: Office, state: str, change: str) -> None:
    from daybook.appointments import operations
    from daybook.sync.models import Question

    appointment = office.book(9)
    office.send(appointment)
    office.work()
    before = office.activities()[0]
    office.clio.control.bill_activity(before["id"], state)
    if change == "cancel":
        operations.cancel(appointment=appointment, by="firm", now=office.now, actor=office.cast.alice_actor)
    else:
        operations.reschedule(
            appointment=appointment,
            start=office.start(15) + timedelta(days=1),
            by="firm",
            now=office.now,
            actor=office.cast.alice_actor,
        )
    office.work()
    (after,) = office.activities()
    assert (after["date"], after["quantity"]) == (before["date"], before["quantity"])
    question = Question.objects.get(answered_at=None)
    assert question.kind == "billed"
    assert "already on bill" in question.text
    entries = office.entries(appointment)
    assert len(entries) == (0 if change == "cancel" else 1)


def test_clio_down_the_booking_confirms_and_the_push_follows(office: Office) -> None:
    from daybook.sync.models import Push

    office.clio.control.down(True)
    appointment = office.book(9)
    office.work()
    assert appointment.state == "confirmed"
    push = Push.objects.get(appointment=appointment)
    assert push.state == "pending"
    assert "could not be reached" in push.trouble
    office.clio.control.down(False)
    office.later()
    agrees(office, appointment)


def test_a_calendar_that_cannot_be_read_for_long_closes_the_lawyers_times(office: Office) -> None:
    from daybook.appointments import queries
    from daybook.calendars.models import Calendar
    from daybook.core.errors import CalendarUnreadable

    held = office.hold(9)
    office.clio.control.down(True)
    Calendar.objects.filter(read_at__isnull=False).update(read_at=office.now - timedelta(minutes=16))
    from daybook.appointments import operations
    from tests.flows.office import NOBODY

    with pytest.raises(CalendarUnreadable):
        operations.confirm(appointment=held, details=NOBODY, now=office.now)
    starts, trouble = queries.open_starts(
        office.cast.consultation, start=office.start(8), end=office.start(18), now=office.now
    )
    assert starts == []
    assert trouble


def test_something_new_in_clio_is_seen_at_confirmation(office: Office) -> None:
    from daybook.appointments import operations
    from daybook.core.errors import SlotTaken
    from tests.flows.office import ALICE, NOBODY

    held = office.hold(9)
    office.clio.control.create_entry(
        ALICE, summary="Hearing", start_at=held.start.isoformat(), end_at=held.end.isoformat()
    )
    with pytest.raises(SlotTaken):
        operations.confirm(appointment=held, details=NOBODY, now=office.now + timedelta(seconds=10))


class Killed(BaseException):
    """The worker's process ends here."""


@contextmanager
def killed_after(answers: int) -> Iterator[None]:
    """Let the worker die right after its n-th answer from Clio, before it can note anything."""
    from daybook.connectors import http

    left = [answers]

    def die(_: object) -> None:
        left[0] -= 1
        if left[0] == 0:
            raise Killed

    http.observers.append(die)
    try:
        yield
    finally:
        http.observers.remove(die)


def push_once(office: Office, appointment: Any) -> None:
    """What the worker does with the job, without the queue around it."""
    from django.utils import timezone

    from daybook.sync import appointments

    appointments.push(appointment_id=appointment.pk, now=timezone.now())


@pytest.mark.parametrize("answers", range(1, 12))
def test_a_push_killed_after_any_answer_ends_with_one_of_each(office: Office, answers: int) -> None:
    appointment = office.book(9)
    office.send(appointment)
    with killed_after(answers):
        try:
            push_once(office, appointment)
        except Killed:
            killed = True
        else:
            killed = False
    office.later()
    agrees(office, appointment)
    assert killed or answers > 8  # so many answers a whole push takes, or one more


@pytest.mark.parametrize("answers", range(1, 6))
def test_a_cancellation_killed_after_any_answer_ends_with_nothing_left(office: Office, answers: int) -> None:
    from daybook.appointments import operations

    appointment = office.book(9)
    office.send(appointment)
    office.work()
    operations.cancel(appointment=appointment, by="firm", now=office.now, actor=office.cast.alice_actor)
    with killed_after(answers), suppress(Killed):
        push_once(office, appointment)
    office.later()
    assert (office.activities(), office.entries(appointment)) == ([], [])


FAULTS: dict[str, dict[str, Any]] = {
    "refused": {"kind": "status", "status": 503},
    "dropped before": {"kind": "drop_before"},
    "applied, then dropped": {"kind": "drop_after"},
    "applied, then 500": {"kind": "status_after", "status": 500},
    "truncated": {"kind": "truncated"},
    "malformed": {"kind": "malformed"},
    "slow down": {"kind": "rate_limited", "retry_after": 1},
}


@pytest.mark.parametrize("path", ["contacts", "matters", "calendar_entries", "activities"])
@pytest.mark.parametrize("fault", FAULTS)
def test_any_fault_at_any_creation_still_gives_one_of_each(office: Office, fault: str, path: str) -> None:
    appointment = office.book(9)
    office.send(appointment)
    office.clio.control.fault(method="POST", path=f"/api/v4/{path}.json", **FAULTS[fault])
    office.work()
    for _ in range(3):
        office.later()
    agrees(office, appointment)
    assert (
        len([m for m in office.clio.control.records("matters") if m["description"] == "Consultation matter"])
        == 1
    )


def test_a_revoked_connection_is_marked_and_the_appointment_waits_for_the_next_one(office: Office) -> None:
    from daybook.calendars.models import Calendar
    from daybook.core.errors import CalendarUnreadable
    from daybook.sync.models import Connection

    office.clio.control.revoke("alice@hartvale.example")
    Calendar.objects.filter(read_at__isnull=False).update(read_at=office.now - timedelta(minutes=1))
    with pytest.raises(CalendarUnreadable):
        office.book(9)
    assert Connection.objects.get().state == "broken"
    office.connect()
    appointment = office.book(9)
    office.work()
    agrees(office, appointment)


def test_disconnecting_erases_the_tokens_and_reconnecting_doubles_nothing(office: Office) -> None:
    from daybook.contacts.models import Contact
    from daybook.sync import connecting
    from daybook.sync.models import Connection

    appointment = office.book(9)
    office.send(appointment)
    office.work()
    counts, people = office.clio.control.counts(), Contact.objects.count()
    connection = Connection.objects.get()
    connecting.disconnect(actor=office.cast.alice_actor, connection=connection, now=office.now)
    connection.refresh_from_db()
    assert (connection.access_token, connection.refresh_token, connection.state) == ("", "", "disconnected")
    office.connect()
    office.later()
    assert Connection.objects.count() == 1
    assert (office.clio.control.counts(), Contact.objects.count()) == (counts, people)
    agrees(office, appointment)
