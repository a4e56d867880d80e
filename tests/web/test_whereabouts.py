"""Where the calendar entry is and goes: said as it will be, while accounts come and go and the primary calendar changes."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from daybook.appointments.models import Appointment
from daybook.calendars.models import Calendar, CalendarUse
from daybook.sync.models import Connection, Leftover, Link, Proposal, Push
from tests.cast import NOW, Cast, at
from tests.web.test_desk_pages import TUESDAY, booked, words

pytestmark = pytest.mark.django_db

STAYS = (
    "Its entry in Google Calendar stays as it is: the account is no longer connected. "
    "Delete it there, or connect again."
)


def account(cast: Cast, provider: str, name: str, state: str = "active") -> Calendar:
    connection = Connection.objects.create(
        firm=cast.firm,
        provider=provider,
        lawyer=None if provider == "clio" else cast.alice,
        account_id=name,
        account_name=name,
        user_id="1",
        user_name="A",
        state=state,
        connected_at=NOW,
    )
    return Calendar.objects.create(
        firm=cast.firm, connection=connection, external_id=name, name=name, permission="owner"
    )


def primary(cast: Cast, calendar: Calendar) -> None:
    CalendarUse.objects.filter(lawyer=cast.alice).update(is_primary=False)
    CalendarUse.objects.update_or_create(
        firm=cast.firm, lawyer=cast.alice, calendar=calendar, defaults={"is_primary": True}
    )


def entry(appointment: Appointment, calendar: Calendar, place: str, **agreed: object) -> None:
    Link.objects.create(
        connection=calendar.connection,
        kind="entry",
        ours=appointment.pk,
        theirs=f"theirs-{appointment.pk}",
        agreed={"calendar": calendar.external_id, **agreed},
        agreed_at=NOW,
    )
    Push.objects.update_or_create(
        appointment=appointment,
        defaults={"firm_id": appointment.firm_id, "state": "done", "reached": 1, "place": place},
    )


def disconnect(calendar: Calendar) -> None:
    Connection.objects.filter(pk=calendar.connection_id).update(state="disconnected", disconnected_at=NOW)


def see(browser: Client, page: str, *args: int) -> str:
    return words(browser.get(reverse(page, args=args))).replace("&#x27;", "'")


@pytest.fixture
def appointment(cast: Cast) -> Appointment:
    """Booked before any calendar is connected: nobody has to be asked."""
    return booked(cast)


@pytest.fixture
def google(cast: Cast, appointment: Appointment) -> Calendar:
    found = account(cast, "google", "alice@hartvale.example")
    primary(cast, found)
    return found


def test_what_stands_at_a_disconnected_account_is_said_to_stay_there(
    alice: Client, cast: Cast, google: Calendar, appointment: Appointment
):
    entry(appointment, google, "Google Calendar")
    assert "The calendar entry is removed from Google Calendar." in see(
        alice, "cancel_appointment", appointment.pk
    )
    disconnect(google)
    for page in ("cancel_appointment", "reschedule", "appointment"):
        said = see(alice, page, appointment.pk)
        assert STAYS in said, page
        assert "removed from Google" not in said, page
        assert "moves along" not in said, page
    for page, args in (("appointment", [appointment.pk]), ("dashboard", [])):
        said = see(alice, page, *args)
        assert "Left in Google Calendar" in said, page
        assert "In Google Calendar" not in said, page
    Appointment.objects.update(state="cancelled")
    for page, args in (("appointment", [appointment.pk]), ("dashboard", [])):
        said = see(alice, page, *args)
        assert "Left in Google Calendar" in said, page
        assert "Removed from" not in said, page


def test_with_another_account_to_write_to_both_are_spoken_of(
    alice: Client, cast: Cast, google: Calendar, appointment: Appointment
):
    entry(appointment, google, "Google Calendar")
    disconnect(google)
    clio = account(cast, "clio", "Alice Hart")
    primary(cast, clio)
    said = see(alice, "reschedule", appointment.pk)
    assert "The calendar entry is made in Clio." in said
    assert STAYS in said


def test_a_changed_primary_calendar_moves_the_entry_with_its_next_change(
    alice: Client, cast: Cast, google: Calendar, appointment: Appointment
):
    clio = account(cast, "clio", "Alice Hart")
    entry(appointment, clio, "Clio")
    assert "The calendar entry moves from Clio to Google Calendar with this change." in see(
        alice, "reschedule", appointment.pk
    )
    assert "The calendar entry is removed from Clio." in see(alice, "cancel_appointment", appointment.pk)
    said = see(alice, "appointment", appointment.pk)
    assert "Calendar and Clio" in said
    assert "with its next change it moves to Google Calendar, alice@hartvale.example." in said
    primary(cast, clio)
    assert "The calendar entry in Clio moves along." in see(alice, "reschedule", appointment.pk)


def test_what_another_calendar_still_shows_goes_with_a_cancellation(
    alice: Client, cast: Cast, google: Calendar, appointment: Appointment
):
    clio = account(cast, "clio", "Alice Hart")
    entry(appointment, google, "Google Calendar")
    Leftover.objects.create(
        connection=clio.connection, appointment=appointment, calendar="Alice Hart", theirs="1", since=NOW
    )
    said = see(alice, "cancel_appointment", appointment.pk)
    assert "removed from Google Calendar." in said
    assert "removed from Clio." in said


@pytest.mark.parametrize("kind", ["moved", "deleted"])
def test_restoring_says_where_the_entry_will_be(
    alice: Client, cast: Cast, google: Calendar, appointment: Appointment, kind: str
):
    clio = account(cast, "clio", "Alice Hart")
    entry(appointment, clio, "Clio")
    start = at(cast.alice, TUESDAY, 14) if kind == "moved" else None
    proposal = Proposal.objects.create(
        firm=cast.firm,
        lawyer=cast.alice,
        appointment=appointment,
        connection=clio.connection,
        calendar=clio.name,
        kind=kind,
        start=start,
        end=start + timedelta(minutes=30) if start else None,
        theirs="1",
        noticed_at=NOW,
    )
    said = see(alice, "proposal", proposal.pk)
    own = see(alice, "appointment", appointment.pk)
    if kind == "moved":
        assert "moved in Clio, Alice Hart" in said
        assert "both times stay blocked" in said
        assert "moves from Clio to Google Calendar and shows the time it has here." in said
        assert "both times stay blocked" in own
    else:
        assert "deleted from Clio, Alice Hart" in said
        assert "its time stays blocked" in said
        assert "both times" not in said + own
        assert "The calendar entry is made again in Google Calendar." in said
        assert "Its entry in Clio is deleted already." in said
        assert "is removed from Clio" not in said
    primary(cast, clio)
    said = see(alice, "proposal", proposal.pk)
    there = "Its entry in Clio is moved back." if kind == "moved" else "made again in Clio."
    assert there in said


def test_an_account_that_is_broken_gets_it_once_it_is_connected_again(
    alice: Client, cast: Cast, google: Calendar, appointment: Appointment
):
    entry(appointment, google, "Google Calendar")
    Connection.objects.update(state="broken")
    assert "moves along once Google Calendar is connected again." in see(alice, "reschedule", appointment.pk)


def test_the_card_says_what_clio_lacks(alice: Client, cast: Cast, google: Calendar, appointment: Appointment):
    account(cast, "clio", "Alice Hart")
    entry(appointment, google, "Google Calendar")
    said = see(alice, "appointment", appointment.pk)
    assert "In Google Calendar" in said
    assert "Clio has no calendar entry of it: Google Calendar has." in said
