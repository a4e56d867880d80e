"""An entry that lies over an appointment made without knowing of it is noticed when its calendar is read, and told once."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from daybook.core.entries import Standing
from tests.flows.clash_scenes import (
    at_once,
    ben_of,
    book_for,
    clashes,
    mails,
    read_whole,
    told,
    use,
)

if TYPE_CHECKING:
    from sandbox.google import Sandbox as Google
    from tests.flows.entry_places import Place

HOUR = timedelta(hours=1)


@pytest.fixture
def booked(place: Place, mailbox: Any) -> Any:
    """An appointment that its calendar shows."""
    appointment = place.book(14)
    place.work()
    place.read()
    assert not clashes()
    return appointment


def add(place: Place, hour: int = 14, **more: Any) -> str:
    start = place.office.start(hour)
    return place.rig.add("Dentist, do not tell", start, start + HOUR, **more)


@pytest.mark.parametrize("reading", ["whole", "changes"])
def test_an_entry_over_an_appointment_is_noticed_and_told_once(
    place: Place, booked: Any, reading: str
) -> None:
    add(place)
    for _ in range(2):
        if reading == "whole":
            read_whole(place)
        else:
            place.read()
    (clash,) = clashes()
    assert (clash.appointment, clash.lawyer) == (booked, place.office.cast.alice)
    assert (clash.start, clash.end) == (booked.start, booked.start + HOUR)
    assert told() == 1
    (mail,) = mails()
    assert (mail.to, mail.state) == ("alice@hartvale.example", "sent")
    assert "Dentist" not in mail.text + mail.subject
    assert "Dana" not in mail.subject
    booked.refresh_from_db()
    assert booked.state == "confirmed"


def test_its_own_entry_and_a_copy_of_it_are_no_overlap(place: Place, booked: Any) -> None:
    start = booked.start
    place.rig.add(f"Appointment with {booked.client_name}", start, booked.end)
    place.read()
    read_whole(place)
    assert not clashes()


def test_what_ends_as_the_appointment_begins_does_not_overlap(place: Place, booked: Any) -> None:
    add(place, 13)
    place.rig.add("Later", booked.end, booked.end + HOUR)
    place.read()
    assert not clashes()


@pytest.mark.parametrize("reading", ["whole", "changes"])
def test_an_entry_moved_onto_an_appointment_is_noticed_and_closes_when_it_moves_on(
    place: Place, booked: Any, reading: str
) -> None:
    read = {"whole": lambda: read_whole(place), "changes": place.read}[reading]
    entry = add(place, 10)
    read()
    assert not clashes()
    place.rig.move(entry, booked.start, booked.start + HOUR)
    read()
    assert len(clashes()) == 1
    place.rig.move(entry, booked.start + 2 * HOUR, booked.start + 3 * HOUR)
    read()
    (clash,) = clashes(open=False)
    assert (clash.answer, clash.answered_by) == ("gone", None)
    assert not clashes()


@pytest.mark.parametrize("reading", ["whole", "changes"])
def test_an_entry_removed_closes_it(place: Place, booked: Any, reading: str) -> None:
    entry = add(place)
    place.read()
    assert len(clashes()) == 1
    place.rig.remove(entry)
    if reading == "whole":
        read_whole(place)
    else:
        place.read()
    assert not clashes()


def test_said_to_be_fine_it_is_not_told_again(place: Place, booked: Any) -> None:
    from daybook.sync import clashes as room

    add(place)
    place.read()
    (clash,) = clashes()
    room.accept(actor=place.office.cast.alice_actor, clash=clash, now=place.office.now)
    add(place, 16)  # so that something has changed
    place.read()
    read_whole(place)
    assert not clashes()
    assert len(mails()) == 1


def test_who_may_take_time_is_said_by_the_lawyers_rules(place: Place, booked: Any) -> None:
    from daybook.calendars.models import CalendarUse

    midnight = place.office.start(0)
    place.rig.add("Birthday", midnight, midnight + 24 * HOUR, all_day=True)
    CalendarUse.objects.update(all_day_blocks=False)
    place.read()
    assert not clashes()
    # Whoever lets whole days take time afterwards knows of them.
    CalendarUse.objects.update(all_day_blocks=True)
    read_whole(place)
    assert not clashes()


def test_a_free_entry_takes_nothing(place: Place, booked: Any) -> None:
    assert Standing.FREE in place.rig.tells
    add(place, standing=Standing.FREE)
    place.read()
    assert not clashes()


def test_a_calendar_that_no_longer_blocks_overlaps_with_nothing(place: Place, booked: Any) -> None:
    from django.utils import timezone

    from daybook.calendars import operations as calendars

    add(place)
    place.read()
    assert len(clashes()) == 1
    calendars.choose_calendars(lawyer=place.office.cast.alice, blocking={}, primary=None, now=timezone.now())
    assert not clashes()


def test_of_several_lawyers_each_with_an_appointment_then_is_told(place: Place, booked: Any) -> None:
    ben = ben_of(place)
    use(place, ben)
    place.read()
    theirs = book_for(place, ben, 16)
    place.work()
    place.read()
    assert not clashes()
    start = place.office.start(14)
    place.rig.add("All afternoon", start, start + 4 * HOUR)
    place.read()
    assert {(one.appointment_id, one.lawyer_id) for one in clashes()} == {
        (booked.pk, place.office.cast.alice.pk),
        (theirs.pk, ben.lawyer_id),
    }
    assert {mail.to for mail in mails()} == {"alice@hartvale.example", "ben@hartvale.example"}


def test_one_whose_rules_let_the_entry_be_is_not_told(place: Place, booked: Any) -> None:
    from daybook.calendars.models import CalendarUse

    ben = ben_of(place)
    use(place, ben)
    book_for(place, ben, 16)
    place.work()
    place.read()
    CalendarUse.objects.filter(lawyer=ben.lawyer).update(all_day_blocks=False)
    midnight = place.office.start(0)
    place.rig.add("Conference", midnight, midnight + 24 * HOUR, all_day=True)
    place.read()
    assert [one.appointment_id for one in clashes()] == [booked.pk]
    assert clashes()[0].all_day


def test_another_firm_hears_nothing(place: Place, booked: Any) -> None:
    from daybook.firms.permissions import Actor
    from daybook.sync import clashes as room
    from tests.cast import marsh

    carol = marsh(place.office.now)
    add(place)
    place.read()
    (clash,) = clashes()
    assert clash.firm == place.office.cast.firm
    actor: Actor = carol.alice_actor
    assert room.open_at(actor, place.office.cast.alice.pk, place.office.now) == []
    from django.http import Http404

    with pytest.raises(Http404):
        room.access_clash(actor, clash.pk)


def test_a_reading_that_tells_nothing_asks_nothing(place: Place, booked: Any) -> None:
    asked = at_once(place)
    assert asked == 0
    add(place, 16)
    assert at_once(place) == 3  # before, after, and once whoever was booking meanwhile is done


def test_a_calendar_read_for_the_first_time_is_shown_without_a_mail_each(place: Place, booked: Any) -> None:
    from daybook.calendars import operations as calendars

    calendars.empty(calendar_id=place.calendar.pk)
    add(place)
    place.read()
    assert len(clashes()) == 1
    assert mails() == []


def test_what_was_booked_while_the_calendar_did_not_answer_is_told_when_it_does(
    google: Google, db: None, mailbox: Any
) -> None:
    from daybook.calendars.models import Calendar
    from tests.flows.entry_places import at_google
    from tests.flows.office import Office

    place = at_google(Office(None, connected=False), google)  # type: ignore[arg-type]
    add(place)
    minute_ago = place.office.now - timedelta(minutes=1)
    Calendar.objects.filter(pk=place.calendar.pk).update(read_at=minute_ago)
    google.control.down(True)
    appointment = place.book(14)
    assert appointment.state == "confirmed"
    google.control.down(False)
    place.read()
    (clash,) = clashes()
    assert clash.appointment == appointment
    assert len(mails()) == 1
