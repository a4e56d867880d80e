"""A lawyer chooses calendars, hours and appointment types, and the public page follows."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

import pytest
from playwright.sync_api import expect

from daybook.appointments.models import AppointmentType
from daybook.calendars.models import CalendarUse
from tests.flows.office import ALICE, Office
from tests.stage.journey import work

pytestmark = pytest.mark.django_db(transaction=True)
PUBLIC = "/book/hart-vale-llp/alice-hart/"
DENVER = {"timezone_id": "America/Denver"}


@pytest.fixture
def office(transactional_db, clio) -> Office:
    return Office(clio)


def offered(page: Any, on: date, kind: str = "first-consultation") -> list[str]:
    """The times the public page offers on a day, by the lawyer's clock."""
    page.goto(f"{PUBLIC}{kind}/?zone=America/Denver&from={on}&days=1")
    day = page.get_by_role("group").and_(page.locator(f"[aria-labelledby='day-{on}']"))
    return day.get_by_role("button").all_inner_texts()


def test_the_primary_calendar_is_chosen_once_and_a_type_may_have_its_own(office: Office, come_in, look):
    control = office.clio.control
    calendars = {row["name"]: row["id"] for row in control.records("calendars")}
    for name, hour in (("Hart & Vale LLP", 10), ("Court dates", 14)):
        start = office.start(hour)
        control.create_entry(
            ALICE, "Taken", start.isoformat(), (start + timedelta(hours=1)).isoformat(), calendars[name]
        )
    page = come_in(office.cast.alice_user, "/integrations/", **DENVER)
    visitor = come_in(office.cast.alice_user, "/", **DENVER)
    assert {"10:00 am", "2:00 pm"} <= set(offered(visitor, office.day))

    page.get_by_role("link", name="Manage Calendars").click()
    look(page)
    primary = page.get_by_label("Primary Calendar")
    chloes = primary.locator("option", has_text="Chloe Okafor")
    expect(chloes).to_be_disabled()
    assert "You may only view this calendar in Clio" in chloes.inner_text()
    primary.select_option(label="Hart & Vale LLP (Alice Hart)")
    page.get_by_role("button", name="Save").click()
    page.get_by_text("Saved.").wait_for()
    work()
    use = CalendarUse.objects.get(lawyer=office.cast.alice, is_primary=True)
    assert (use.calendar.name, use.blocks) == ("Hart & Vale LLP", True)
    times = offered(visitor, office.day)
    assert "10:00 am" not in times
    assert "2:00 pm" in times

    page.goto("/dashboard/")
    page.get_by_role("link", name="My Appointment Types").click()
    page.get_by_role("link", name="First consultation", exact=True).click()
    info = page.get_by_role("region", name="Appointment Information")
    info.get_by_label("Linked Clio Calendar").select_option(label="Court dates (Alice Hart)")
    page.get_by_role("button", name="Save").click()
    page.get_by_text("First consultation is saved.").wait_for()
    work()
    times = offered(visitor, office.day)
    assert not {"10:00 am", "2:00 pm"} & set(times), "both calendars take the time of this type"
    booked = office.book(16)
    work()
    (entry,) = office.entries(booked)
    assert entry["calendar_id"] == calendars["Court dates"]


def test_a_calendar_that_cannot_be_read_hides_the_times_and_says_so(office: Office, come_in):
    from django.utils import timezone

    from daybook.calendars.models import Calendar

    visitor = come_in(office.cast.alice_user, f"{PUBLIC}first-consultation/", **DENVER)
    expect(visitor.locator(".slot").first).to_be_visible()
    office.clio.control.down()
    Calendar.objects.filter(uses__is_primary=True).update(read_at=timezone.now() - timedelta(days=1))
    visitor.reload()
    visitor.get_by_text("Times cannot be shown just now").wait_for()
    expect(visitor.locator(".slot").first).to_be_hidden()
    page = come_in(office.cast.alice_user)
    page.get_by_role("heading", name=re.compile("Alice Hart cannot be read")).wait_for()
    office.clio.control.down(False)


def test_hours_with_other_dates_and_holidays_are_what_clients_are_offered(office: Office, come_in, look):
    import holidays

    page = come_in(office.cast.alice_user, "/hours/", **DENVER)
    saturday = office.day + timedelta(days=(5 - office.day.weekday()) % 7)
    page.get_by_role("button", name="Add hours on Saturday").click()
    page.get_by_label("Saturday, from").fill("09:00")
    page.get_by_label("Saturday, to").fill("10:30")
    page.get_by_role("button", name="Save hours").click()
    page.get_by_text("hours are saved").wait_for()
    for on, hours, reason in (
        (office.day, (), "Court"),
        (office.day + timedelta(days=1), ("07:00", "08:00"), ""),
    ):
        page.get_by_text("Add a date").click()
        page.get_by_label("Date", exact=True).fill(str(on))
        if hours:
            page.get_by_label(re.compile("^From")).fill(hours[0])
            page.get_by_label(re.compile("^To")).fill(hours[1])
        page.get_by_label("Reason").fill(reason)
        page.get_by_role("button", name="Save date").click()
        page.get_by_text("The date is saved.").wait_for()
    page.get_by_label("Country").select_option(label="United States")
    page.get_by_role("button", name="Save holidays").click()
    page.get_by_text("Public holidays are saved.").wait_for()
    look(page)
    AppointmentType.objects.update(horizon_days=365)
    free = lambda on: offered(page, on)  # noqa: E731
    assert free(saturday) == ["9:00 am", "9:30 am", "10:00 am"]
    assert free(office.day) == []
    assert free(office.day + timedelta(days=1)) == ["7:00 am", "7:30 am"]
    years = holidays.country_holidays("US", years=[office.day.year, office.day.year + 1])
    closed = next(on for on in sorted(years) if on > office.day + timedelta(days=2) and on.weekday() < 5)
    assert free(closed) == []


def test_an_appointment_type_says_everything_that_can_be_said(office: Office, come_in, look):
    page = come_in(office.cast.alice_user, "/types/new/", **DENVER)
    info = page.get_by_role("region", name="Appointment Information")

    def length(label: str, number: str, unit: str) -> None:
        info.get_by_label(label, exact=True).fill(number)
        info.get_by_label(f"{label}, unit").select_option(unit)

    info.get_by_label("Name").fill("Will review")
    info.get_by_label("Description").fill("We read your will together.")
    length("Length", "1", "hours")
    info.get_by_label(re.compile("^Fee")).fill("125.50")
    for place in ("In person", "Phone", "Video"):
        info.get_by_label(place, exact=True).check()
    info.get_by_label("Anyone with the link").check()
    length("Buffer before", "15", "minutes")
    length("Buffer after", "30", "minutes")
    length("Minimum notice", "2", "days")
    info.get_by_label("Horizon, in days").fill("45")
    length("Start step", "1", "hours")
    info.get_by_label("Cap per day").fill("2")
    info.get_by_label("Cap per week").fill("6")
    info.get_by_label("Linked Clio Calendar").select_option(label="Hart & Vale LLP (Alice Hart)")
    info.get_by_role("button", name="Add a question").click()
    page.keyboard.type("Who are the other parties?")
    info.get_by_label("Must be answered").last.check()
    length("Clients may move or cancel until", "1", "days")
    look(page)
    page.get_by_role("button", name="Save").click()
    page.get_by_text("Will review is saved.").wait_for()
    work()
    made = AppointmentType.objects.get(name="Will review")
    kept = (
        made.minutes, made.fee_cents, set(made.places), made.who_may_book, made.before_minutes,
        made.after_minutes, made.notice_minutes, made.horizon_days, made.step_minutes, made.cap_per_day,
        made.cap_per_week, made.linked_calendar.name, made.change_cutoff_minutes,
    )  # fmt: skip
    assert kept == (
        60, 12550, {"in_person", "phone", "video"}, "anyone", 15,
        30, 2880, 45, 60, 2,
        6, "Hart & Vale LLP", 1440,
    )  # fmt: skip
    assert [(q["label"], q["required"]) for q in made.questions] == [("Who are the other parties?", True)]
    page.goto(PUBLIC)
    card = page.get_by_role("link", name=re.compile("Will review"))
    for text in ("1 hour", "$125.50", "We read your will together."):
        expect(card.get_by_text(text), text).to_be_visible()
    times = offered(page, office.day, made.slug)
    assert times[0].startswith(("9:", "10:"))
