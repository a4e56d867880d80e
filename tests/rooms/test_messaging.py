"""What is planned when an appointment is made, moved, called off or corrected, and what is then sent, once."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import IntegrityError, transaction
from icalendar import Calendar

from daybook.appointments import operations as appointments
from daybook.appointments.models import Appointment, AppointmentType
from daybook.core.hours import local_to_utc, to_local
from daybook.firms.models import Event, Lawyer
from daybook.messaging import operations
from daybook.messaging.models import Message
from daybook.messaging.queries import messages_of, why_silent
from tests.cast import DANA, NOW, Cast, at, next_weekday

TUESDAY = next_weekday(NOW)
LATER = NOW + timedelta(minutes=5)


@pytest.fixture(autouse=True)
def _address(settings: Any) -> None:
    settings.PUBLIC_URL = "https://book.example"
    settings.DEFAULT_FROM_EMAIL = "Daybook <mail@book.example>"


def plan(appointment: Appointment, event: str, now: datetime = NOW) -> list[int]:
    with transaction.atomic():
        return operations.plan(appointment_id=appointment.pk, occasion_event=event, now=now)


def booked(cast: Cast, hour: int = 14, minute: int = 30) -> Appointment:
    """Dana has booked online, and what follows is planned."""
    start = at(cast.alice, TUESDAY, hour, minute)
    held = appointments.hold(appointment_type=cast.consultation, start=start, hold_key="dana", now=NOW)
    appointment = appointments.confirm(appointment=held, details=DANA, now=NOW)
    plan(appointment, "appointment_confirmed")
    return appointment


def booked_by_alice(cast: Cast, email: str = DANA.email) -> Appointment:
    appointment = appointments.book(
        actor=cast.alice_actor,
        appointment_type=cast.consultation,
        start=at(cast.alice, TUESDAY, 14, 30),
        details=replace(DANA, email=email),
        now=NOW,
    )
    plan(appointment, "appointment_confirmed")
    return appointment


def move(appointment: Appointment, start: datetime, by: str = "client", now: datetime = LATER) -> Appointment:
    moved = appointments.reschedule(appointment=appointment, start=start, by=by, now=now)
    plan(moved, "appointment_rescheduled", now)
    return moved


def cancel(appointment: Appointment, by: str = "client", now: datetime = LATER) -> Appointment:
    cancelled = appointments.cancel(appointment=appointment, by=by, now=now)
    plan(cancelled, "appointment_cancelled", now)
    return cancelled


def deliver_due(now: datetime) -> None:
    for message_id in operations.due(now):
        operations.deliver(message_id=message_id, now=now)


def states(appointment: Appointment, kind: str) -> list[str]:
    return list(
        Message.objects.filter(appointment=appointment, kind=kind)
        .order_by("pk")
        .values_list("state", flat=True)
    )


def sent_to(address: str) -> list[Any]:
    return [one for one in mail.outbox if one.to == [address]]


def file_of(one: Any) -> Any:
    (part,) = [p for p in one.message().walk() if p.get_content_type() == "text/calendar"]
    calendar = Calendar.from_ical(part.get_payload(decode=True))
    assert part.get_param("method") == str(calendar["METHOD"])
    (event,) = calendar.walk("VEVENT")
    return calendar, event


# Planning -------------------------------------------------------------------------------------------------------------


def test_a_clients_booking_plans_a_confirmation_a_notice_and_the_types_reminders(cast: Cast) -> None:
    appointment = booked(cast)
    found = {(m.kind, m.to, m.due_at) for m in messages_of(appointment)}
    assert found == {
        ("confirmation", DANA.email, NOW),
        ("firm_notice", cast.alice.email, NOW),
        ("reminder", DANA.email, appointment.start - timedelta(days=1)),
    }


def test_only_what_is_due_now_is_handed_to_the_caller(cast: Cast) -> None:
    appointment = booked(cast)
    again = plan(appointment, "appointment_confirmed")
    assert {Message.objects.get(pk=pk).kind for pk in again} == {"confirmation", "firm_notice"}


def test_planning_an_event_twice_plans_nothing_new(cast: Cast) -> None:
    appointment = booked(cast)
    before = list(Message.objects.values_list("pk", flat=True).order_by("pk"))
    plan(appointment, "appointment_confirmed", LATER)
    assert list(Message.objects.values_list("pk", flat=True).order_by("pk")) == before


def test_the_database_refuses_a_second_message_of_an_occasion(cast: Cast) -> None:
    one = messages_of(booked(cast))[0]
    one.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        one.save(force_insert=True)


def test_the_lawyer_is_not_told_what_the_firm_did_itself(cast: Cast) -> None:
    appointment = booked_by_alice(cast)
    assert states(appointment, "confirmation") == ["queued"]
    move(appointment, at(cast.alice, TUESDAY, 16), by="firm")
    cancel(appointment, by="firm")
    assert states(appointment, "firm_notice") == []


def test_a_client_without_an_address_gets_no_mail_and_the_page_can_say_so(cast: Cast) -> None:
    appointment = booked_by_alice(cast, email="")
    move(appointment, at(cast.alice, TUESDAY, 16), by="firm")
    cancel(appointment, by="firm")
    assert messages_of(appointment) == []
    assert why_silent(appointment)


def test_moving_drops_the_reminders_of_the_old_time_and_plans_those_of_the_new(cast: Cast) -> None:
    appointment = booked(cast)
    moved = move(appointment, at(cast.alice, TUESDAY, 16))
    old, new = Message.objects.filter(appointment=moved, kind="reminder").order_by("pk")
    assert (old.state, old.trouble) == ("dropped", "The appointment was moved since.")
    assert (new.state, new.due_at) == ("queued", moved.start - timedelta(days=1))


def test_moving_there_and_back_again_reminds_once_of_the_time_that_holds(cast: Cast) -> None:
    appointment = booked(cast)
    first = appointment.start
    away = move(appointment, at(cast.alice, TUESDAY, 16))
    back = move(away, first)
    assert states(back, "reminder") == ["dropped", "dropped", "queued"]
    deliver_due(first - timedelta(hours=24))
    assert len([m for m in sent_to(DANA.email) if m.subject.startswith("Reminder")]) == 1


def test_cancelling_drops_the_reminders(cast: Cast) -> None:
    appointment = cancel(booked(cast))
    assert states(appointment, "reminder") == ["dropped"]
    assert states(appointment, "cancellation") == ["queued"]
    deliver_due(appointment.start - timedelta(hours=20))
    assert not [m for m in mail.outbox if "Reminder" in m.subject]


def test_what_is_over_is_cancelled_and_moved_for_the_books_and_tells_nobody(cast: Cast) -> None:
    appointment = booked(cast)
    over = appointment.end
    before = len(messages_of(appointment))
    moved = move(appointment, appointment.start - timedelta(hours=2), by="firm", now=over)
    cancelled = cancel(moved, by="firm", now=over)
    assert len(messages_of(cancelled)) == before
    deliver_due(over)
    assert sent_to(DANA.email) == []


def test_a_hold_that_is_given_up_tells_nobody(cast: Cast) -> None:
    start = at(cast.alice, TUESDAY, 10)
    held = appointments.hold(appointment_type=cast.consultation, start=start, hold_key="x", now=NOW)
    Appointment.objects.filter(pk=held.pk).update(state="cancelled", sequence=1, cancelled_by="client")
    assert plan(held, "appointment_cancelled") == []
    assert messages_of(held) == []


def test_an_event_that_tells_nobody_anything_is_not_planned_for(cast: Cast) -> None:
    appointment = booked(cast)
    with pytest.raises(ValueError, match="plans no messages"):
        plan(appointment, "appointment_held")


def test_a_reminder_that_falls_into_the_clients_night_comes_before_it(cast: Cast) -> None:
    AppointmentType.objects.filter(pk=cast.consultation.pk).update(reminder_minutes=[60])
    cast.consultation.refresh_from_db()
    held = appointments.hold(
        appointment_type=cast.consultation, start=at(cast.alice, TUESDAY, 9), hold_key="k", now=NOW
    )
    appointment = appointments.confirm(
        appointment=held, details=replace(DANA, time_zone="America/Los_Angeles"), now=NOW
    )
    plan(appointment, "appointment_confirmed")
    reminder = Message.objects.get(appointment=appointment, kind="reminder")
    shown = to_local(
        reminder.due_at, "America/Los_Angeles"
    )  # 9 am in Denver is 8 am there; an hour before is night
    assert (shown.date(), shown.hour) == (TUESDAY - timedelta(days=1), 21)


@pytest.mark.parametrize(
    ("zone", "on"),
    [
        ("America/Denver", date(2027, 3, 14)),
        ("America/Denver", date(2026, 11, 1)),
        ("Europe/London", date(2027, 3, 28)),
    ],
)
def test_a_day_before_a_changeover_is_24_hours_before_and_both_times_are_right(
    cast: Cast, zone: str, on: date
) -> None:
    Lawyer.objects.filter(pk=cast.alice.pk).update(time_zone=zone)
    start = local_to_utc(datetime(on.year, on.month, on.day, 12), zone)
    now = start - timedelta(days=5)
    cast.consultation.lawyer.refresh_from_db()
    appointment = appointments.book(
        actor=cast.alice_actor,
        appointment_type=AppointmentType.objects.select_related("lawyer", "firm").get(
            pk=cast.consultation.pk
        ),
        start=start,
        details=replace(DANA, time_zone="Asia/Kathmandu"),
        now=now,
    )
    plan(appointment, "appointment_confirmed", now)
    reminder = Message.objects.get(appointment=appointment, kind="reminder")
    assert reminder.due_at <= start - timedelta(hours=24)
    deliver_due(reminder.due_at)
    (text,) = [m.body for m in mail.outbox if m.subject.startswith("Reminder")]
    there = start.astimezone(UTC) + timedelta(hours=5, minutes=45)
    assert f"{there.hour % 12 or 12}:{there.minute:02d} {'am' if there.hour < 12 else 'pm'}" in text
    assert "12:00 pm" in text
    assert "(UTC+5:45)" in text or "Kathmandu, UTC+5:45" in text


# Delivering -----------------------------------------------------------------------------------------------------------


def test_a_confirmation_carries_the_calendar_file_and_a_link(cast: Cast) -> None:
    appointment = booked(cast)
    deliver_due(NOW)
    (one,) = sent_to(DANA.email)
    calendar, event = file_of(one)
    assert str(calendar["METHOD"]) == "PUBLISH"
    assert str(event["UID"]) == f"{appointment.uid}@daybook"
    assert "https://book.example/appointment/" in one.body
    assert one.reply_to == [cast.alice.email]
    assert "Hart & Vale LLP" in one.from_email
    row = Message.objects.get(appointment=appointment, kind="confirmation")
    assert (row.state, row.sent_at, row.subject, row.text) == ("sent", NOW, one.subject, one.body)
    assert Event.objects.filter(name="message_sent", subject=row.pk).count() == 1


def test_the_uid_stays_and_the_sequence_grows_from_booking_to_moving_to_cancelling(cast: Cast) -> None:
    appointment = booked(cast)
    deliver_due(NOW)
    moved = move(appointment, at(cast.alice, TUESDAY, 16))
    deliver_due(LATER)
    cancel(moved)
    deliver_due(LATER)
    files = [file_of(one) for one in sent_to(DANA.email)]
    assert [str(calendar["METHOD"]) for calendar, _ in files] == ["PUBLISH", "PUBLISH", "CANCEL"]
    assert {str(event["UID"]) for _, event in files} == {f"{appointment.uid}@daybook"}
    assert [int(event["SEQUENCE"]) for _, event in files] == [0, 1, 2]
    assert [str(event["STATUS"]) for _, event in files] == ["CONFIRMED", "CONFIRMED", "CANCELLED"]


def test_a_change_names_the_time_the_client_was_last_told(cast: Cast) -> None:
    appointment = booked(cast)
    deliver_due(NOW)
    unheard = move(appointment, at(cast.alice, TUESDAY, 16))  # never sent: moved again at once
    move(unheard, at(cast.alice, TUESDAY, 11))
    deliver_due(LATER)
    text = sent_to(DANA.email)[-1].body
    assert "Before: Tue 1 Dec 2026, 4:30 pm (New York, EST)" in text
    assert "When: Tue 1 Dec 2026, 1:00 pm" in text
    assert states(appointment, "change") == ["dropped", "sent"]


def test_a_confirmation_is_not_sent_once_its_appointment_has_moved_or_is_cancelled(cast: Cast) -> None:
    """Also when nobody planned anything after the change: the row is looked at again before it goes out."""
    one = booked(cast)
    appointments.reschedule(appointment=one, start=at(cast.alice, TUESDAY, 16), by="firm", now=LATER)
    Message.objects.filter(appointment=one, sequence=1).delete()
    Message.objects.filter(appointment=one).exclude(kind="firm_notice").update(state="queued")
    other = booked(cast, 10, 0)
    appointments.cancel(appointment=other, by="firm", now=LATER)
    Message.objects.filter(appointment=other, sequence=1).delete()
    Message.objects.filter(appointment=other).exclude(kind="firm_notice").update(state="queued")
    deliver_due(one.start - timedelta(hours=20))
    assert sent_to(DANA.email) == []
    reasons = dict(
        Message.objects.filter(state="dropped", kind="confirmation").values_list("appointment", "trouble")
    )
    assert reasons == {
        one.pk: "The appointment was moved since.",
        other.pk: "The appointment was cancelled since.",
    }
    assert Message.objects.filter(state="dropped", kind="reminder").count() == 2


def test_a_reminder_that_is_found_after_the_start_is_not_sent(cast: Cast) -> None:
    appointment = booked(cast)
    deliver_due(NOW)
    mail.outbox.clear()
    deliver_due(appointment.start)
    assert mail.outbox == []
    assert (
        Message.objects.get(appointment=appointment, kind="reminder").trouble == "The appointment has begun."
    )


def test_a_reminder_is_not_sent_before_it_is_due(cast: Cast) -> None:
    reminder = Message.objects.get(appointment=booked(cast), kind="reminder")
    early = reminder.due_at - timedelta(seconds=1)
    assert operations.deliver(message_id=reminder.pk, now=early) == "queued"
    assert reminder.pk not in operations.due(early)
    assert operations.deliver(message_id=reminder.pk, now=reminder.due_at) == "sent"


def test_delivering_again_sends_nothing(cast: Cast) -> None:
    one = Message.objects.get(appointment=booked(cast), kind="confirmation")
    assert operations.deliver(message_id=one.pk, now=NOW) == "sent"
    assert operations.deliver(message_id=one.pk, now=LATER) == "sent"
    assert len(mail.outbox) == 1


def test_a_corrected_address_is_followed_and_confirmed_to(cast: Cast) -> None:
    appointment = booked(cast)
    deliver_due(NOW)
    changed = appointments.change_details(
        appointment=appointment,
        details=replace(DANA, email="right@example.com"),
        note="",
        now=LATER,
        actor=cast.alice_actor,
    )
    plan(changed, "appointment_changed", LATER)
    plan(changed, "appointment_changed", LATER)
    deliver_due(LATER)
    deliver_due(appointment.start - timedelta(hours=20))
    assert [m.subject.split(":")[0] for m in sent_to("right@example.com")] == [
        "Your appointment on Tue 1 Dec, 4",
        "Reminder",
    ]
    assert len(sent_to(DANA.email)) == 1


def test_correcting_a_note_sends_nothing(cast: Cast) -> None:
    appointment = booked(cast)
    deliver_due(NOW)
    mail.outbox.clear()
    changed = appointments.change_details(
        appointment=appointment,
        details=DANA,
        note="Parking is behind the house",
        now=LATER,
        actor=cast.alice_actor,
    )
    assert plan(changed, "appointment_changed", LATER) == []
    deliver_due(LATER)
    assert mail.outbox == []
    assert states(appointment, "reminder") == ["queued"]


def test_the_lawyer_hears_what_the_client_did(cast: Cast) -> None:
    appointment = booked(cast)
    deliver_due(NOW)
    moved = move(appointment, at(cast.alice, TUESDAY, 16))
    deliver_due(LATER)
    cancel(moved)
    deliver_due(LATER)
    assert [one.subject for one in sent_to(cast.alice.email)] == [
        "New appointment on Tue 1 Dec, 2:30 pm",
        "Appointment moved to Tue 1 Dec, 4:00 pm",
        "Appointment cancelled: Tue 1 Dec, 4:00 pm",
    ]
    assert all("Dana Reyes" in one.body for one in sent_to(cast.alice.email))
    assert not any(one.attachments for one in sent_to(cast.alice.email))


def test_another_firms_mail_is_its_own(cast: Cast, other: Cast) -> None:
    booked(cast)
    assert not Message.objects.filter(firm=other.firm).exists()
    deliver_due(NOW)
    assert sent_to(other.alice.email) == []


# When it goes wrong ---------------------------------------------------------------------------------------------------


@pytest.fixture
def broken_letters(monkeypatch: Any) -> list[bool]:
    """Somebody pulls the plug while a mail is being sent, as long as the list is not empty."""
    real, plugs = operations.post, [True]

    def post(letter: Any) -> Any:
        outcome = real(letter)
        if plugs:
            raise KeyboardInterrupt
        return outcome

    monkeypatch.setattr(operations, "post", post)
    return plugs


def test_a_sender_who_dies_after_the_server_took_the_mail_causes_one_duplicate_that_can_be_recognised(
    cast: Cast, broken_letters: list[bool]
) -> None:
    one = Message.objects.get(appointment=booked(cast), kind="confirmation")
    with pytest.raises(KeyboardInterrupt):
        operations.deliver(message_id=one.pk, now=NOW)
    assert operations.deliver(message_id=one.pk, now=LATER) == "queued"  # still leased to the dead
    assert one.pk not in operations.due(LATER)
    broken_letters.clear()
    assert operations.deliver(message_id=one.pk, now=NOW + operations.LEASE) == "sent"
    first, second = mail.outbox
    assert first.extra_headers["Message-ID"] == second.extra_headers["Message-ID"]


def test_a_second_death_ends_it_rather_than_sending_a_third_time(
    cast: Cast, broken_letters: list[bool]
) -> None:
    one = Message.objects.get(appointment=booked(cast), kind="confirmation")
    for attempt in range(2):
        with pytest.raises(KeyboardInterrupt):
            operations.deliver(message_id=one.pk, now=NOW + attempt * operations.LEASE)
    assert operations.deliver(message_id=one.pk, now=NOW + 2 * operations.LEASE) == "failed"
    one.refresh_from_db()
    assert "interrupted twice" in one.trouble
    assert len(mail.outbox) == 2
    assert Event.objects.filter(name="message_failed", subject=one.pk).count() == 1


def test_what_was_dropped_while_it_was_being_sent_counts_as_sent(cast: Cast, monkeypatch: Any) -> None:
    one = Message.objects.get(appointment=booked(cast), kind="confirmation")
    real = operations.post

    def post(letter: Any) -> Any:
        Message.objects.filter(pk=one.pk).update(state="dropped")
        return real(letter)

    monkeypatch.setattr(operations, "post", post)
    assert operations.deliver(message_id=one.pk, now=NOW) == "sent"
