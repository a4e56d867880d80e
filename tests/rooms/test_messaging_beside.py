"""Whoever takes part beside the lawyer is told what the lawyer is told, and what the firm did without them."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import transaction

from daybook.appointments import operations as appointments
from daybook.appointments.models import Appointment
from daybook.firms.models import Lawyer
from daybook.messaging import operations
from daybook.messaging.letters import letter
from daybook.messaging.models import Message
from tests.cast import DANA, NOW, Cast, at
from tests.rooms.test_teams import TOGETHER, person, team

TUESDAY = date(2026, 12, 1)
LATER = NOW + timedelta(minutes=5)
NOTICE = Message.Kind.FIRM_NOTICE


@pytest.fixture(autouse=True)
def _address(settings: Any) -> None:
    settings.PUBLIC_URL = "https://book.example"


@pytest.fixture
def ben(cast: Cast) -> Lawyer:
    """In New York, and with no way to sign in."""
    return person(cast, "Ben Vale", zone="America/New_York")


def plan(appointment: Appointment, event: str, now: datetime = NOW) -> None:
    with transaction.atomic():
        operations.plan(appointment_id=appointment.pk, occasion_event=event, now=now)


def by_client(cast: Cast, ben: Lawyer) -> Appointment:
    kind = team(cast, TOGETHER, [cast.alice, ben])
    start = at(cast.alice, TUESDAY, 10)
    held = appointments.hold(appointment_type=kind, start=start, hold_key="dana", now=NOW)
    made = appointments.confirm(appointment=held, details=DANA, now=NOW)
    plan(made, "appointment_confirmed")
    return made


def by_firm(cast: Cast, ben: Lawyer) -> Appointment:
    kind = team(cast, TOGETHER, [cast.alice, ben])
    start = at(cast.alice, TUESDAY, 10)
    made = appointments.book(
        actor=cast.alice_actor, appointment_type=kind, start=start, details=DANA, now=NOW
    )
    plan(made, "appointment_confirmed")
    return made


def notices(one: Appointment) -> list[tuple[str, str]]:
    """To whom, and the subject, of the notices still to be sent."""
    rows = Message.objects.filter(appointment=one, kind=NOTICE, state="queued").order_by("pk")
    return [(row.to, letter(row, NOW).words.subject) for row in rows]


def text_to(who: Lawyer, one: Appointment) -> str:
    row = Message.objects.get(appointment=one, kind=NOTICE, state="queued", to=who.email)
    return letter(row, NOW).words.text


@pytest.mark.django_db
def test_both_are_told_what_a_client_booked_each_on_their_own_clock(cast: Cast, ben: Lawyer):
    one = by_client(cast, ben)
    assert notices(one) == [
        (cast.alice.email, "New appointment on Tue 1 Dec, 10:00 am"),
        (ben.email, "New appointment on Tue 1 Dec, 12:00 pm"),
    ]
    text = text_to(ben, one)
    assert text.startswith(f"Hello Ben Vale,\n\n{one.client_name} booked an appointment with you.")
    assert "Together with: Alice Hart" in text
    assert "dashboard" not in text  # it would ask for a password that Ben does not have
    assert "Together with: Ben Vale" in text_to(cast.alice, one)
    assert "dashboard" in text_to(cast.alice, one)


@pytest.mark.django_db
def test_what_the_firm_does_is_told_to_whoever_takes_part_and_not_to_the_lawyer(cast: Cast, ben: Lawyer):
    one = by_firm(cast, ben)
    assert notices(one) == [(ben.email, "New appointment on Tue 1 Dec, 12:00 pm")]
    assert f"Your firm booked an appointment of {one.client_name} with you." in text_to(ben, one)
    moved = appointments.reschedule(
        appointment=one, start=at(cast.alice, TUESDAY, 11), by="firm", now=LATER, actor=cast.alice_actor
    )
    plan(moved, "appointment_rescheduled", LATER)
    assert notices(one) == [(ben.email, "Appointment moved to Tue 1 Dec, 1:00 pm")]
    gone = appointments.cancel(appointment=moved, by="firm", now=LATER, reason="", actor=cast.alice_actor)
    plan(gone, "appointment_cancelled", LATER)
    assert notices(one) == [(ben.email, "Appointment cancelled: Tue 1 Dec, 1:00 pm")]


@pytest.mark.django_db
def test_both_are_told_what_a_client_moved_and_called_off(cast: Cast, ben: Lawyer):
    one = by_client(cast, ben)
    moved = appointments.reschedule(
        appointment=one, start=at(cast.alice, TUESDAY, 11), by="client", now=LATER
    )
    plan(moved, "appointment_rescheduled", LATER)
    assert [to for to, _ in notices(one)] == [cast.alice.email, ben.email]
    assert "moved an appointment with you" in text_to(ben, one)
    gone = appointments.cancel(appointment=moved, by="client", now=LATER, reason="")
    plan(gone, "appointment_cancelled", LATER)
    assert [subject for _, subject in notices(one)] == [
        "Appointment cancelled: Tue 1 Dec, 11:00 am",
        "Appointment cancelled: Tue 1 Dec, 1:00 pm",
    ]


@pytest.mark.django_db
def test_a_subject_says_a_time_and_nothing_else(cast: Cast, ben: Lawyer):
    one = by_client(cast, ben)
    assert not [subject for _, subject in notices(one) if "Dana" in subject or "Team meeting" in subject]
    assert "Team meeting" not in text_to(ben, one)


@pytest.mark.django_db(transaction=True)
def test_the_mail_reaches_their_address_also_when_it_was_corrected(cast: Cast, ben: Lawyer):
    one = by_client(cast, ben)
    row = Message.objects.get(appointment=one, kind=NOTICE, to=ben.email)
    Lawyer.objects.filter(pk=ben.pk).update(email="b.vale@hartvale.example")
    assert operations.deliver(message_id=row.pk, now=NOW) == "sent"
    assert mail.outbox[-1].to == ["b.vale@hartvale.example"]
