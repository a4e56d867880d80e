"""Bad input in a browser: a clear no, in words, with everything that was typed still there."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from daybook.appointments import links, operations
from daybook.appointments.models import Appointment
from daybook.core.hours import zone
from tests.cast import DANA, Cast, at, hart_and_vale, marsh, next_weekday
from tests.stage.browser import PHONE

pytestmark = pytest.mark.django_db(transaction=True)
TIMES = "/book/hart-vale-llp/alice-hart/first-consultation/"
DENVER = {"timezone_id": "America/Denver"}


@pytest.fixture
def cast(transactional_db) -> Cast:
    return hart_and_vale(timezone.now())


def booked(cast: Cast, hour: int = 10) -> Appointment:
    now = timezone.now()
    return operations.book(
        actor=cast.alice_actor,
        appointment_type=cast.consultation,
        start=at(cast.alice, next_weekday(now), hour),
        details=DANA,
        now=now,
    )


def spring_forward(name: str) -> Any:
    """The next day on which that zone's clocks skip 2:30 in the morning."""
    from datetime import UTC, datetime, time

    day = timezone.now().date() + timedelta(days=1)
    while True:
        wall = datetime.combine(day, time(2, 30), zone(name))
        if wall.astimezone(UTC).astimezone(zone(name)).hour != 2:
            return day
        day += timedelta(days=1)


def test_the_booking_form_of_the_office_refuses_in_words_and_keeps_what_was_typed(cast: Cast, come_in, look):
    taken = booked(cast)
    page = come_in(cast.alice_user, "/appointments/book/", **DENVER)

    def typed() -> None:
        expect(page.get_by_label("Name", exact=True)).to_have_value("Omar Said")
        expect(page.get_by_label("Note")).to_have_value("Brings the lease.")

    def try_at(on: object, clock: str, says: str) -> None:
        page.get_by_label("Date", exact=True).fill(str(on))
        page.get_by_label("Time", exact=True).fill(clock)
        page.get_by_role("button", name="Book Appointment").click()
        page.get_by_role("heading", name="Please look at this again").wait_for()
        expect(page.get_by_text(says).first).to_be_visible()
        typed()

    page.get_by_label("Name", exact=True).fill("Omar Said")
    page.get_by_label("Note").fill("Brings the lease.")
    try_at(timezone.now().date() - timedelta(days=9), "10:00", "already passed")
    try_at(next_weekday(timezone.now()), "10:00", "just been taken")
    try_at(spring_forward("America/Denver"), "02:30", "skip this time")
    look(page)
    assert Appointment.objects.get() == taken

    page.get_by_label("Phone").fill("+999 12")
    page.get_by_label("Time", exact=True).fill("11:00")
    page.get_by_label("Date", exact=True).fill(str(next_weekday(timezone.now())))
    page.get_by_role("button", name="Book Appointment").click()
    page.get_by_role("link", name="Phone").wait_for()
    expect(page.get_by_label("Phone")).to_have_value("+999 12")
    typed()
    page.get_by_label("Phone").fill("")
    page.get_by_label("Name", exact=True).evaluate("box => { box.removeAttribute('maxlength') }")
    page.get_by_label("Name", exact=True).fill("N" * 10_000)
    page.get_by_role("button", name="Book Appointment").click()
    page.get_by_role("link", name="Name").wait_for()
    assert len(page.get_by_label("Name", exact=True).input_value()) == 10_000
    assert Appointment.objects.count() == 1


def test_a_client_is_refused_in_words_and_keeps_what_was_typed(cast: Cast, open_page, look):
    page = open_page(PHONE, **DENVER)
    page.goto(f"{TIMES}?zone=Moon/Far_Side")
    page.get_by_text("That time zone is not known.").wait_for()
    look(page)
    slot = page.locator(".slot").nth(3)
    page.evaluate(
        "at => { document.querySelector('.slot').value = at }",
        arg=str(int(timezone.now().timestamp()) - 86_400),
    )
    page.locator(".slot").first.click()
    page.get_by_text("That time has already passed.").wait_for()

    page.goto(TIMES)
    when = int(slot.get_attribute("value") or 0)
    other = open_page(PHONE, **DENVER)
    other.goto(TIMES)
    other.locator(f".slot[value='{when}']").click()
    other.get_by_role("heading", name="Your details").wait_for()
    page.locator(f".slot[value='{when}']").click()
    page.get_by_text("That time has just been taken.").wait_for()
    look(page)

    other.get_by_label("Your name").evaluate("box => { box.removeAttribute('maxlength') }")
    other.get_by_label("Your name").fill("N" * 10_000)
    other.get_by_label("Email").fill("not an address")
    other.get_by_label("Phone").fill("+999 12")
    other.get_by_role("button", name="Confirm appointment").click()
    other.get_by_role("heading", name="Please look at this again").wait_for()
    for field in ("Your name", "Email", "Phone"):
        expect(other.get_by_role("link", name=field), field).to_be_visible()
    expect(other.get_by_label("Email")).to_have_value("not an address")
    expect(other.get_by_label("Phone")).to_have_value("+999 12")
    look(other)
    assert not Appointment.objects.filter(state="confirmed").exists()


def test_forged_and_expired_links_and_other_firms_ids_open_nothing(
    cast: Cast, open_page, come_in, look, browser_errors
):
    browser_errors.allow("status of (404|410)")
    mine = booked(cast)
    carol = marsh(timezone.now())
    token = links.link_token(mine)
    page = open_page(PHONE)
    assert page.goto(f"/appointment/{token[:-3]}xyz/").status in (404, 410)
    page.get_by_role("heading", name="This link does not work").wait_for()
    look(page)
    old = booked(cast, 15)
    from psycopg.types.range import TimestamptzRange

    start = timezone.now() - timedelta(days=40)
    span = TimestamptzRange(start, start + timedelta(minutes=30), "[)")
    Appointment.objects.filter(pk=old.pk).update(during=span)
    page.goto(f"/appointment/{links.link_token(old)}/")
    page.get_by_text("This link has expired.").wait_for()
    page.goto("/join/1-2:nonsense/")
    page.get_by_role("heading", name="This invitation is over").wait_for()

    page = come_in(carol.alice_user)
    for path in (
        f"/appointments/{mine.pk}/",
        f"/appointments/{mine.pk}/send/",
        f"/appointments/{mine.pk}/cancel/",
        f"/contacts/{mine.contact_id}/",
        f"/types/{cast.consultation.pk}/",
        f"/appointments/book/?contact={mine.contact_id}",
        f"/integrations/clio/calendars/?lawyer={cast.alice.pk}",
        f"/integrations/clio/lawyers/{cast.alice.pk}/",
        f"/team/members/{cast.alice_actor.member.pk}/",
    ):
        assert page.goto(path).status == 404, path
    look(page)
    assert mine.client_name not in page.content()
