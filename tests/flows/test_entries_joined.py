"""A firm with Clio and a lawyer with a calendar of their own: one entry, in one of them; neither waits for the other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.flows.test_push import killed_after, push_once

if TYPE_CHECKING:
    from sandbox.google import Sandbox as Google
    from tests.flows.entry_places import Place
    from tests.flows.office import Office


@pytest.fixture
def place(office: Office, google: Google) -> Place:
    """Clio is connected, and Google receives the appointments."""
    from tests.flows.entry_places import at_google

    return at_google(office, google)


def choose(place: Place, calendar: Any) -> None:
    from daybook.calendars import operations

    operations.choose_calendars(
        lawyer=place.office.cast.alice,
        blocking={calendar.pk: True, place.calendar.pk: True},
        primary=calendar,
        now=place.office.now,
        actor=place.office.cast.alice_actor,
    )


def touch(place: Place, appointment: Any) -> None:
    """Something that makes the appointment be pushed, and changes no time."""
    place.office.send(appointment)
    place.work()


def clio_calendar(place: Place) -> Any:
    from daybook.calendars.models import Calendar

    return Calendar.objects.get(name="Alice Hart", connection__provider="clio")


def in_clio(place: Place, appointment: Any) -> int:
    return len(place.office.entries(appointment))


def test_the_entry_is_googles_while_contact_and_activity_are_clios(place: Place) -> None:
    appointment = place.book(9)
    place.office.send(appointment)
    place.work()
    place.agrees(appointment)
    assert in_clio(place, appointment) == 0
    assert (len(place.office.contacts()), len(place.office.activities())) == (1, 1)
    assert place.push_of(appointment).place == "Google Calendar"


def test_with_clio_away_the_calendar_shows_it_all_the_same_and_clio_follows(place: Place) -> None:
    place.office.clio.control.down(True)
    appointment = place.book(9)
    place.office.send(appointment)
    place.work()
    assert place.rig.count() == 1
    push = place.push_of(appointment)
    assert (push.state, "Clio could not be reached" in push.trouble) == ("pending", True)
    place.office.clio.control.down(False)
    place.office.later()
    place.agrees(appointment)
    assert (len(place.office.contacts()), len(place.office.activities())) == (1, 1)


def test_with_the_calendar_away_clio_gets_its_part_all_the_same(place: Place, google: Google) -> None:
    appointment = place.book(9)
    place.office.send(appointment)
    google.control.down(True)
    place.work()
    assert (len(place.office.contacts()), len(place.office.activities())) == (1, 1)
    push = place.push_of(appointment)
    assert (push.state, "Google" in push.trouble) == ("pending", True)
    google.control.down(False)
    place.office.later()
    place.agrees(appointment)


def test_both_away_both_are_named(place: Place, google: Google) -> None:
    appointment = place.book(9)
    place.office.clio.control.down(True)
    google.control.down(True)
    place.work()
    trouble = place.push_of(appointment).trouble
    assert "Google" in trouble
    assert "Clio" in trouble


@pytest.mark.parametrize("there", ["clio", "google"])
def test_another_calendar_chosen_the_entry_moves_along_and_is_never_left_in_both(
    place: Place, there: str
) -> None:
    if there == "google":
        choose(place, clio_calendar(place))
    appointment = place.book(9)
    place.work()
    choose(place, clio_calendar(place) if there == "clio" else place.calendar)
    touch(place, appointment)
    expected = (1, 0) if there == "clio" else (0, 1)
    assert (in_clio(place, appointment), place.rig.count()) == expected
    place.cancel(appointment)
    place.work()
    assert (in_clio(place, appointment), place.rig.count()) == (0, 0)


@pytest.mark.parametrize("answers", range(1, 10))
def test_a_move_between_accounts_killed_after_any_answer_ends_in_one_of_them(
    place: Place, answers: int
) -> None:
    from contextlib import suppress

    from tests.flows.test_push import Killed

    appointment = place.book(9)
    place.work()
    choose(place, clio_calendar(place))
    place.move(appointment, 14)
    with killed_after(answers), suppress(Killed):
        push_once(place.office, appointment)
    place.office.later()
    assert (in_clio(place, appointment), place.rig.count()) == (1, 0)


def test_a_move_away_from_an_account_that_is_down_is_finished_later(place: Place, google: Google) -> None:
    appointment = place.book(9)
    place.work()
    choose(place, clio_calendar(place))
    google.control.down(True)
    touch(place, appointment)
    assert in_clio(place, appointment) == 1
    assert place.push_of(appointment).state == "pending"
    google.control.down(False)
    place.office.later()
    assert (in_clio(place, appointment), place.rig.count()) == (1, 0)
    assert place.push_of(appointment).state == "done"


def test_an_entry_somebody_moved_does_not_move_to_another_calendar_unasked(place: Place) -> None:
    from datetime import timedelta

    appointment = place.book(9)
    place.work()
    start = place.office.start(11)
    place.rig.move(place.entry(appointment).id, start, start + timedelta(minutes=30))
    choose(place, clio_calendar(place))
    touch(place, appointment)
    assert place.proposal().start == start
    assert (in_clio(place, appointment), place.rig.count()) == (0, 1)


def test_clio_disconnected_what_it_missed_is_made_up_for_when_it_is_back(place: Place) -> None:
    from daybook.sync import connecting
    from daybook.sync.models import Connection

    appointment = place.book(9)
    place.office.send(appointment)
    place.work()
    firms = Connection.objects.get(provider="clio")
    connecting.disconnect(actor=place.office.cast.alice_actor, connection=firms, now=place.office.now)
    place.cancel(appointment)
    place.work()
    assert place.rig.count() == 0
    place.office.connect()
    place.office.later()
    assert place.office.activities() == []
