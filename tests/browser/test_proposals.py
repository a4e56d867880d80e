"""An entry moved in Google's calendar, answered in a real browser."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from tests.browser.test_desk import sign_in
from tests.flows.conftest import google

if TYPE_CHECKING:
    from sandbox.google import Sandbox as Google
    from tests.flows.entry_places import Place

__all__ = ["google"]

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def place(transactional_db: None, google: Google) -> Place:
    """An appointment of Alice's, at nine, that somebody has moved to eleven in her calendar."""
    from tests.flows.entry_places import at_google
    from tests.flows.office import Office

    place = at_google(Office(None, connected=False), google)  # type: ignore[arg-type]  # there is no Clio
    appointment = place.book(9)
    place.work()
    start = place.office.start(11)
    place.rig.move(place.entry(appointment).id, start, start + timedelta(minutes=30))
    place.read()
    return place


def test_a_moved_entry_is_followed_from_the_dashboard(
    place: Place, desktop: Any, axe: Callable[[Any], None]
) -> None:
    page = sign_in(desktop)
    page.get_by_role("heading", name="Newly Arrived: moved in").wait_for()
    expect(page.get_by_text("Changed in calendar")).to_be_visible()
    expect(page.get_by_label("Tell the client by email")).to_be_checked()
    axe(page)
    page.get_by_role("button", name="Reschedule").dblclick()
    page.get_by_text("Moved to").wait_for()
    place.work()
    page.goto("/dashboard/")
    page.locator(".sync", has_text="In Google Calendar").wait_for()
    expect(page.get_by_text("11:00 am").first).to_be_visible()
    expect(page.get_by_role("heading", name="moved in")).to_have_count(0)
    assert place.rig.count() == 1


def test_on_a_phone_the_calendar_is_put_right_from_the_appointments_page(
    place: Place, phone: Any, axe: Callable[[Any], None], no_sideways_scroll: Callable[[Any], None]
) -> None:
    page = sign_in(phone)
    no_sideways_scroll(page)
    page.get_by_role("link", name="Newly Arrived").click()
    page.get_by_role("link", name="Answer").click()
    page.get_by_role("heading", name="Newly Arrived: moved in").wait_for()
    axe(page)
    no_sideways_scroll(page)
    page.get_by_role("button", name="Restore in calendar").click()
    page.get_by_text("its calendar is put right").wait_for()
    place.work()
    from daybook.appointments.models import Appointment
    from daybook.sync.models import Proposal

    place.agrees(Appointment.objects.get())

    assert Proposal.objects.get().answer == "restored"
