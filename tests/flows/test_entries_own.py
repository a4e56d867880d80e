"""Appointments reach a calendar of the lawyer's own once, follow every change, and survive what goes wrong on the way."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from tests.flows.test_push import Killed, killed_after

if TYPE_CHECKING:
    from tests.flows.entry_places import Place


def test_a_booking_without_clio_is_written_to_the_lawyers_own_calendar(place: Place) -> None:
    appointment = place.book(9)
    place.work()
    place.agrees(appointment)
    (item,) = place.entry(appointment).items
    assert item.title == "Appointment with Newly Arrived"
    assert place.rig.count() == 1


def test_moving_changes_the_same_entry_and_cancelling_deletes_it(place: Place) -> None:
    appointment = place.book(9)
    place.work()
    before = place.entry(appointment).id
    place.move(appointment, 14, days=1)
    place.work()
    place.agrees(appointment)
    assert place.entry(appointment).id == before
    place.cancel(appointment)
    place.work()
    place.is_gone(appointment)
    assert place.rig.count() == 0


def test_an_entry_of_ours_blocks_no_time_twice_and_a_free_time_is_free_again(place: Place) -> None:
    from daybook.calendars.models import BusyPeriod

    appointment = place.book(9)
    place.work()
    place.read()
    assert [row.appointment_id for row in BusyPeriod.objects.all()] == [appointment.pk]
    place.move(appointment, 9, days=1)
    place.work()
    place.read()
    assert place.book(9, key="another").state == "confirmed"


@pytest.mark.parametrize("answers", range(1, 5))
def test_a_push_killed_after_any_answer_ends_with_one_entry(place: Place, answers: int) -> None:
    from django.utils import timezone

    from daybook.sync import appointments

    appointment = place.book(9)
    with killed_after(answers), suppress(Killed):
        appointments.push(appointment_id=appointment.pk, now=timezone.now())
    place.office.later()
    place.agrees(appointment)
    assert place.rig.count() == 1


@pytest.mark.parametrize("answers", range(1, 4))
def test_a_cancellation_killed_after_any_answer_ends_with_none(place: Place, answers: int) -> None:
    from django.utils import timezone

    from daybook.sync import appointments

    appointment = place.book(9)
    place.work()
    place.cancel(appointment)
    with killed_after(answers), suppress(Killed):
        appointments.push(appointment_id=appointment.pk, now=timezone.now())
    place.office.later()
    place.is_gone(appointment)
    assert place.rig.count() == 0


def test_a_creation_whose_answer_was_lost_makes_no_second(place: Place) -> None:
    place.rig.drop_after("create")
    appointment = place.book(9)
    place.work()
    assert place.push_of(appointment).state == "pending"
    place.office.later()
    place.agrees(appointment)
    assert place.rig.count() == 1


def test_a_cancellation_before_the_lost_answer_was_made_up_for_leaves_nothing(place: Place) -> None:
    place.rig.drop_after("create")
    appointment = place.book(9)
    place.work()
    place.cancel(appointment)
    place.office.later()
    place.is_gone(appointment)
    assert place.rig.count() == 0


def test_an_entry_moved_before_its_lost_answer_was_made_up_for_is_not_moved_back(place: Place) -> None:
    place.rig.drop_after("create")
    appointment = place.book(9)
    place.work()
    start = place.office.start(11)
    place.rig.move(place.entry(appointment).id, start, start + (appointment.end - appointment.start))
    place.office.later()
    assert place.proposal().start == start
    assert place.entry(appointment).items[0].during.start == start
    assert place.rig.count() == 1


@pytest.mark.parametrize("write", ["update", "delete"])
def test_a_change_whose_answer_was_lost_is_made_up_for(place: Place, write: str) -> None:
    appointment = place.book(9)
    place.work()
    place.rig.drop_after(write)  # type: ignore[arg-type]
    if write == "update":
        place.move(appointment, 14)
    else:
        place.cancel(appointment)
    place.work()
    place.office.later()
    if write == "update":
        place.agrees(appointment)
    else:
        place.is_gone(appointment)


def test_asked_to_slow_down_it_waits_as_long_and_counts_no_try(place: Place) -> None:
    from django.utils import timezone

    appointment = place.book(9)
    place.rig.limit(30)
    place.work()
    push = place.push_of(appointment)
    assert (push.state, push.attempts) == ("pending", 0)
    assert push.next_try_at is not None
    assert 20 < (push.next_try_at - timezone.now()).total_seconds() < 80
    place.office.later()
    place.agrees(appointment)


def test_a_broken_account_makes_the_appointment_wait_with_its_reason_and_mending_sends_it(
    place: Place,
) -> None:
    from django.utils import timezone

    from daybook.sync import providers, pushes

    appointment = place.book(9)
    providers.mark_broken(place.connection, "The password was changed.", timezone.now())
    place.work()
    push = place.push_of(appointment)
    assert push.state == "pending"
    assert "has to be connected again" in push.trouble
    place.office.later()
    assert place.push_of(appointment).state == "pending"
    place.connection.refresh_from_db()
    place.connection.state = "active"
    place.connection.save()
    lawyer = place.office.cast.alice
    assert pushes.want_of_lawyer(lawyer_id=lawyer.pk, now=timezone.now()) == [appointment.pk]
    place.office.later()
    place.agrees(appointment)


def test_a_change_while_disconnected_is_made_up_for_once_connected_again(place: Place) -> None:
    from django.utils import timezone

    from daybook.sync import pushes
    from daybook.sync.models import Connection

    moved, cancelled = place.book(9), place.book(10, key="other")
    place.work()
    Connection.objects.filter(pk=place.connection.pk).update(state="disconnected")
    place.move(moved, 14)
    place.cancel(cancelled)
    place.work()
    Connection.objects.filter(pk=place.connection.pk).update(state="active")
    pushes.want_of_lawyer(lawyer_id=place.office.cast.alice.pk, now=timezone.now())
    place.office.later()
    place.agrees(moved)
    place.is_gone(cancelled)
    assert place.rig.count() == 1


def test_a_calendar_chosen_later_gets_the_appointments_made_before(place: Place) -> None:
    from daybook.calendars.models import CalendarUse
    from daybook.sync.models import Push

    CalendarUse.objects.update(is_primary=False)
    appointment = place.book(9)
    place.work()
    assert not Push.objects.exists()
    from daybook.calendars import operations

    operations.choose_calendars(
        lawyer=place.office.cast.alice,
        blocking={place.calendar.pk: True},
        primary=place.calendar,
        now=place.office.now,
        actor=place.office.cast.alice_actor,
    )
    place.work()
    place.agrees(appointment)
