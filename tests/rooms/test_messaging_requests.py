"""Mail about requests: received, waiting, declined, lapsed, withdrawn; nothing that gives the matter away."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail

from daybook.appointments import operations as appointments
from daybook.appointments.models import Appointment
from daybook.appointments.operations import answering
from daybook.jobs import schedule
from daybook.messaging import operations
from daybook.messaging.models import Message
from tests.cast import DANA, NOW, Cast, add_member, at, next_weekday

TUESDAY = next_weekday(NOW)
LATER = NOW + timedelta(minutes=5)
ALICE = "alice@hartvale.example"
SECRETS = ("Custody", "custody", "Divorce")


@pytest.fixture(autouse=True)
def _address(settings: Any) -> None:
    settings.PUBLIC_URL = "https://book.example"


@pytest.fixture
def by_request(cast: Cast) -> Cast:
    kind = cast.consultation
    kind.by_request, kind.name, kind.slug, kind.description = True, "Divorce talk", "divorce", "Custody"
    kind.save()
    return cast


def requested(cast: Cast, hour: int = 14) -> Appointment:
    start = at(cast.alice, TUESDAY, hour)
    held = appointments.hold(appointment_type=cast.consultation, start=start, hold_key="dana", now=NOW)
    return appointments.confirm(appointment=held, details=DANA, now=NOW, as_request=True)


def sent(now: Any = LATER) -> dict[str, Any]:
    """Deliver what is due; by address, the last mail to each."""
    mail.outbox.clear()
    for message_id in operations.due(now):
        operations.deliver(message_id=message_id, now=now)
    for letter in mail.outbox:
        neutral(letter)
    assert len({letter.to[0] for letter in mail.outbox}) == len(mail.outbox)
    return {letter.to[0]: letter for letter in mail.outbox}


def neutral(letter: Any) -> None:
    said = f"{letter.subject}\n{letter.body}"
    assert not [secret for secret in SECRETS if secret in said], said
    assert "Dana" not in letter.subject
    assert not letter.attachments, "nothing is put into a calendar before it is accepted"


@pytest.mark.django_db(transaction=True)
def test_both_sides_hear_of_a_request_and_then_of_its_end(transactional_db: None, by_request: Cast) -> None:
    one = requested(by_request)
    letters = sent()
    client, lawyer = letters[DANA.email], letters[ALICE]
    assert client.subject == "Your request for Tue 1 Dec, 4:00 pm"
    assert "It is not confirmed yet." in client.body
    assert "answers by email by Tue 24 Nov 2026, 10:00 am (New York, EST) at the latest" in client.body
    assert "/appointment/" in client.body
    assert lawyer.subject == "A request waits for your answer: Tue 1 Dec, 2:00 pm"
    assert f"https://book.example/requests/{one.pk}/" in lawyer.body
    assert "kept until Tue 24 Nov 2026, 8:00 am (Denver, MST)" in lawyer.body

    answering.decline(appointment=one, actor=by_request.alice_actor, now=LATER, line="Perhaps on Friday?")
    (letter,) = sent().values()
    assert (letter.to, letter.subject) == ([DANA.email], "About your request for Tue 1 Dec, 4:00 pm")
    assert "Perhaps on Friday?" in letter.body
    assert "https://book.example/book/hart-vale-llp/alice-hart/" in letter.body

    answering.withdraw(appointment=requested(by_request, 10), now=LATER)
    (letter,) = sent().values()
    assert (letter.to, letter.subject) == ([ALICE], "Request withdrawn: Tue 1 Dec, 10:00 am")
    assert Message.objects.filter(kind="request", state="dropped", trouble__contains="withdrawn").count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_request_that_lapses_is_told_to_both_by_the_minute_tick(
    transactional_db: None, by_request: Cast, time_machine_at: Any
) -> None:
    one = requested(by_request)
    sent()
    later = NOW + timedelta(hours=24, seconds=30)
    with time_machine_at(later):
        schedule.minute.func(0)
    one.refresh_from_db()
    assert one.state == "lapsed"
    letters = sent(later)
    assert "We are sorry" in letters[DANA.email].body
    assert letters[ALICE].subject == "Request not answered in time: Tue 1 Dec, 2:00 pm"


@pytest.mark.django_db(transaction=True)
def test_an_accepted_request_is_confirmed_to_the_client_and_its_lawyer_knows(
    transactional_db: None, by_request: Cast
) -> None:
    bob = add_member(by_request, "Bob", "bob@hartvale.example", "staff")
    one = requested(by_request)
    sent()
    answering.accept(appointment=one, actor=bob, now=LATER)
    mail.outbox.clear()
    for message_id in operations.due(LATER):
        operations.deliver(message_id=message_id, now=LATER)
    (letter,) = mail.outbox
    assert (letter.to, letter.subject) == ([DANA.email], "Your appointment on Tue 1 Dec, 4:00 pm")
    assert Message.objects.filter(kind="reminder", state="queued").count() == 1


@pytest.fixture
def time_machine_at() -> Any:
    import time_machine

    return lambda moment: time_machine.travel(moment, tick=False)
