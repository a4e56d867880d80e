"""Holding, confirming, moving and cancelling on a real database."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from daybook.appointments import operations, queries
from daybook.appointments.models import Appointment, AppointmentType
from daybook.contacts.models import Contact
from daybook.core.errors import (
    BadEmail,
    BadPhone,
    CapReached,
    HoldExpired,
    NameMissing,
    NotAllowedNow,
    NotBookableByPublic,
    NoticeTooShort,
    NotOnGrid,
    SlotOutsideHours,
    SlotPast,
    SlotTaken,
    SubscriptionEnded,
    TextTooLong,
    TooLateToCancel,
    TooLateToMove,
)
from daybook.firms.models import Event, Firm
from tests.cast import DANA, NOW, Cast, at, next_weekday

TUESDAY = next_weekday(NOW)


def hold(
    cast: Cast, hour: int = 10, minute: int = 0, *, key: str = "visitor", now: datetime = NOW
) -> Appointment:
    start = at(cast.alice, TUESDAY, hour, minute)
    return operations.hold(appointment_type=cast.consultation, start=start, hold_key=key, now=now)


def booked(cast: Cast, hour: int = 10, *, key: str = "visitor") -> Appointment:
    return operations.confirm(appointment=hold(cast, hour, key=key), details=DANA, now=NOW)


def starts(cast: Cast) -> set[datetime]:
    found, trouble = queries.open_starts(
        cast.consultation,
        start=at(cast.alice, TUESDAY, 0),
        end=at(cast.alice, TUESDAY + timedelta(days=1), 0),
        now=NOW,
    )
    assert not trouble
    return {datetime.fromtimestamp(second, UTC) for second in found}


def test_a_day_of_eight_hours_offers_sixteen_half_hours(cast: Cast) -> None:
    assert len(starts(cast)) == 16


def test_a_held_time_is_no_longer_offered_and_is_again_once_the_hold_has_run_out(cast: Cast) -> None:
    appointment = hold(cast)
    assert appointment.start not in starts(cast)
    later = NOW + operations.booking.HOLD_LASTS
    found, _ = queries.open_starts(cast.consultation, start=appointment.start, end=appointment.end, now=later)
    assert found == [int(appointment.start.timestamp())]


def test_confirming_a_hold_makes_an_appointment_and_a_contact(cast: Cast) -> None:
    appointment = booked(cast)
    assert appointment.state == "confirmed"
    assert appointment.contact is not None
    assert appointment.contact.name == "Dana Reyes"
    assert Event.objects.filter(name="appointment_confirmed", subject=appointment.pk).count() == 1


def test_pressing_confirm_twice_gives_one_appointment(cast: Cast) -> None:
    held = hold(cast)
    first = operations.confirm(appointment=held, details=DANA, now=NOW)
    again = operations.confirm(appointment=held, details=DANA, now=NOW)
    assert first.pk == again.pk
    assert Event.objects.filter(name="appointment_confirmed").count() == 1


def test_a_second_booking_by_a_known_email_adds_no_contact(cast: Cast) -> None:
    booked(cast, 10)
    held = hold(cast, 11, key="other")
    operations.confirm(appointment=held, details=replace(DANA, name="D. Reyes"), now=NOW)
    assert Contact.objects.filter(firm=cast.firm).count() == 1


def test_two_visitors_cannot_hold_the_same_time(cast: Cast) -> None:
    hold(cast)
    with pytest.raises(SlotTaken):
        hold(cast, key="somebody else")


def test_one_visitor_has_one_hold_at_a_time(cast: Cast) -> None:
    first = hold(cast, 10)
    hold(cast, 11)
    first.refresh_from_db()
    assert first.state == "expired"


def test_a_hold_that_ran_out_is_taken_again_when_its_time_is_still_free(cast: Cast) -> None:
    held = hold(cast)
    late = NOW + timedelta(minutes=20)
    assert operations.confirm(appointment=held, details=DANA, now=late).state == "confirmed"


def test_pressing_confirm_twice_after_the_hold_ran_out_gives_one_appointment(cast: Cast) -> None:
    held = hold(cast)
    late = NOW + timedelta(minutes=20)
    first = operations.confirm(appointment=held, details=DANA, now=late)
    held.refresh_from_db()
    assert operations.confirm(appointment=held, details=DANA, now=late).pk == first.pk
    assert Appointment.objects.filter(state="confirmed").count() == 1


def test_a_hold_that_ran_out_and_was_taken_by_another_is_refused(cast: Cast) -> None:
    held = hold(cast)
    late = NOW + timedelta(minutes=20)
    hold(cast, key="quicker", now=late)
    with pytest.raises(HoldExpired):
        operations.confirm(appointment=held, details=DANA, now=late)


def test_the_database_itself_refuses_two_live_appointments_at_once(cast: Cast) -> None:
    appointment = booked(cast)
    clone = Appointment.objects.get(pk=appointment.pk)
    clone.pk, clone.uid = None, "7b0ed2ab-59c0-4ee0-a4f6-6a1f1c6a4b11"
    clone.during = DateTimeTZRange(
        appointment.start + timedelta(minutes=29), appointment.end + timedelta(hours=1)
    )
    with pytest.raises(IntegrityError, match="lawyer_is_never_double_booked"), transaction.atomic():
        clone.save(force_insert=True)


@pytest.mark.parametrize(
    ("hour", "minute", "refusal"),
    [(8, 0, SlotOutsideHours), (17, 0, SlotOutsideHours), (16, 45, SlotOutsideHours), (10, 10, NotOnGrid)],
)
def test_times_that_are_not_offered_are_refused(
    cast: Cast, hour: int, minute: int, refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        hold(cast, hour, minute)


def test_past_and_too_near_times_are_refused(cast: Cast) -> None:
    today = at(cast.alice, NOW.date(), 9)
    with pytest.raises(SlotPast):
        operations.hold(
            appointment_type=cast.consultation, start=at(cast.alice, NOW.date(), 7), hold_key="", now=NOW
        )
    with pytest.raises(NoticeTooShort):
        operations.hold(
            appointment_type=cast.consultation, start=today, hold_key="", now=today - timedelta(minutes=30)
        )


def test_a_cap_a_day_closes_the_day(cast: Cast) -> None:
    cast.consultation.cap_per_day = 1
    cast.consultation.save()
    booked(cast)
    assert starts(cast) == set()
    with pytest.raises(CapReached):
        hold(cast, 15, key="other")


def test_buffers_keep_the_neighbouring_times_free(cast: Cast) -> None:
    AppointmentType.objects.update(after_minutes=15)
    cast.consultation.refresh_from_db()
    booked(cast, 10)
    offered = starts(cast)
    assert at(cast.alice, TUESDAY, 10, 30) not in offered
    assert at(cast.alice, TUESDAY, 9, 30) not in offered
    assert at(cast.alice, TUESDAY, 11) in offered


@pytest.mark.parametrize(
    ("details", "refusal"),
    [
        (replace(DANA, name=" "), NameMissing),
        (replace(DANA, name="x" * 10_000), TextTooLong),
        (replace(DANA, email="not an address"), BadEmail),
        (replace(DANA, email=""), BadEmail),
        (replace(DANA, phone="12"), BadPhone),
        (replace(DANA, phone="+999 12345678"), BadPhone),
    ],
)
def test_details_that_cannot_be_used_are_refused_and_the_hold_stays(
    cast: Cast, details: operations.ClientDetails, refusal: type[Exception]
) -> None:
    held = hold(cast)
    with pytest.raises(refusal):
        operations.confirm(appointment=held, details=details, now=NOW)
    held.refresh_from_db()
    assert held.state == "held"


def test_a_firm_whose_subscription_ended_takes_no_bookings(cast: Cast) -> None:
    Firm.objects.update(subscription="ended")
    cast.consultation.firm.refresh_from_db()
    with pytest.raises(SubscriptionEnded):
        hold(cast)


def test_a_type_only_the_firm_books_is_closed_to_the_public(cast: Cast) -> None:
    cast.consultation.who_may_book = "firm"
    cast.consultation.save()
    with pytest.raises(NotBookableByPublic):
        hold(cast)


def test_moving_keeps_the_uid_and_counts_the_sequence(cast: Cast) -> None:
    appointment = booked(cast, 10)
    moved = operations.reschedule(
        appointment=appointment, start=at(cast.alice, TUESDAY, 10, 30), by="client", now=NOW
    )
    assert (moved.uid, moved.sequence) == (appointment.uid, 1)
    assert moved.start == at(cast.alice, TUESDAY, 10, 30)
    assert at(cast.alice, TUESDAY, 10) in starts(cast)


def test_a_hold_that_has_run_out_does_not_stand_in_the_way_of_a_move(cast: Cast) -> None:
    hold(cast, 15, key="gone")
    appointment = booked(cast, 10)
    later = NOW + timedelta(minutes=20)
    moved = operations.reschedule(
        appointment=appointment, start=at(cast.alice, TUESDAY, 15), by="client", now=later
    )
    assert moved.start == at(cast.alice, TUESDAY, 15)


def test_nobody_moves_onto_another_appointment(cast: Cast) -> None:
    booked(cast, 10)
    second = booked(cast, 11, key="other")
    for by in ("client", "firm"):
        with pytest.raises(SlotTaken):
            operations.reschedule(
                appointment=second, start=at(cast.alice, TUESDAY, 10), by=by, now=NOW, actor=cast.alice_actor
            )


def test_the_firm_may_move_outside_its_hours_and_the_client_may_not(cast: Cast) -> None:
    appointment = booked(cast)
    evening = at(cast.alice, TUESDAY, 19)
    with pytest.raises(SlotOutsideHours):
        operations.reschedule(appointment=appointment, start=evening, by="client", now=NOW)
    moved = operations.reschedule(
        appointment=appointment, start=evening, by="firm", now=NOW, actor=cast.alice_actor
    )
    assert moved.start == evening


def test_a_client_may_change_until_the_limit_and_the_firm_always(cast: Cast) -> None:
    appointment = booked(cast)
    late = appointment.start - timedelta(hours=23)
    with pytest.raises(TooLateToMove):
        operations.reschedule(
            appointment=appointment, start=at(cast.alice, TUESDAY, 15), by="client", now=late
        )
    with pytest.raises(TooLateToCancel):
        operations.cancel(appointment=appointment, by="client", now=late)
    cancelled = operations.cancel(appointment=appointment, by="firm", now=late, actor=cast.alice_actor)
    assert (cancelled.state, cancelled.sequence) == ("cancelled", 1)


def test_a_cancelled_time_is_free_again_and_cancelling_twice_is_refused(cast: Cast) -> None:
    appointment = booked(cast)
    operations.cancel(appointment=appointment, by="client", now=NOW)
    assert appointment.start in starts(cast)
    with pytest.raises(NotAllowedNow):
        operations.cancel(appointment=appointment, by="client", now=NOW)


def test_the_firm_books_outside_hours_but_not_over_an_appointment(cast: Cast) -> None:
    evening = at(cast.alice, TUESDAY, 20)
    made = operations.book(
        actor=cast.alice_actor,
        appointment_type=cast.consultation,
        start=evening,
        details=replace(DANA, email=""),
        now=NOW,
    )
    assert (made.state, made.booked_by) == ("confirmed", "firm")
    with pytest.raises(SlotTaken):
        operations.book(
            actor=cast.alice_actor,
            appointment_type=cast.consultation,
            start=evening + timedelta(minutes=15),
            details=DANA,
            now=NOW,
        )


def test_choosing_a_contact_links_it_whatever_was_typed(cast: Cast) -> None:
    first = booked(cast)
    made = operations.book(
        actor=cast.alice_actor,
        appointment_type=cast.consultation,
        start=at(cast.alice, TUESDAY, 15),
        details=replace(DANA, email="new@example.com"),
        contact=first.contact,
        now=NOW,
    )
    assert made.contact_id == first.contact_id
    assert Contact.objects.count() == 1


@pytest.mark.parametrize("day", [date(2027, 3, 14), date(2027, 11, 7)])
def test_slots_of_a_changeover_day_are_real_times_none_twice(cast: Cast, day: date) -> None:
    from daybook.calendars import operations as calendars
    from daybook.core.hours import WeeklyHours

    calendars.save_hours(lawyer=cast.alice, weekly=WeeklyHours({6: ((0, 360),)}), now=NOW)
    now = at(cast.alice, day - timedelta(days=7), 12)
    found, _ = queries.open_starts(
        cast.consultation, start=at(cast.alice, day, 0), end=at(cast.alice, day, 23), now=now
    )
    hours = {date(2027, 3, 14): 5, date(2027, 11, 7): 7}[day]
    assert len(found) == len(set(found)) == hours * 2


def test_the_visitors_days_follow_the_visitors_clock(cast: Cast) -> None:
    tokyo = queries.open_days(cast.consultation, first=TUESDAY, days=2, zone="Asia/Tokyo", now=NOW)
    for on, times in tokyo.days:
        for instant in times:
            assert (instant + timedelta(hours=9)).date() == on


def test_a_lawyer_who_has_left_can_no_longer_be_booked(cast: Cast) -> None:
    from daybook.firms import operations as firms
    from daybook.firms.models import Member
    from tests.cast import add_member

    boss = add_member(cast, "Boss", "boss@hartvale.example", Member.Role.ADMINISTRATOR)
    member = Member.objects.get(user=cast.alice_user)
    firms.change_role(actor=boss, member=member, role="lawyer", active=False, now=NOW)
    assert queries.public_type(cast.firm.slug, cast.alice.slug, cast.consultation.slug) is None
    firms.change_role(actor=boss, member=member, role="lawyer", active=True, now=NOW)
    assert queries.public_type(cast.firm.slug, cast.alice.slug, cast.consultation.slug) is not None


def test_an_appointment_keeps_its_length_when_its_type_grows_shorter_and_needs_room_for_it(
    cast: Cast,
) -> None:
    kind = cast.consultation
    AppointmentType.objects.filter(pk=kind.pk).update(minutes=60)
    kind.refresh_from_db()
    long = booked(cast, 10)
    AppointmentType.objects.filter(pk=kind.pk).update(minutes=30)
    with pytest.raises(SlotOutsideHours):
        operations.reschedule(appointment=long, start=at(cast.alice, TUESDAY, 16, 30), by="client", now=NOW)
    operations.reschedule(appointment=long, start=at(cast.alice, TUESDAY, 16), by="client", now=NOW)
    long.refresh_from_db()
    assert long.end - long.start == timedelta(hours=1)
