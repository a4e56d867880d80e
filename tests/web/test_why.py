"""Why a time is free, or not: the page, who may open it, and that it never says otherwise than the free times."""

from __future__ import annotations

import random
import re
import uuid
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.test import Client

from daybook.appointments import operations, queries
from daybook.appointments.models import Appointment, AppointmentType
from daybook.appointments.why import Day
from daybook.calendars import operations as calendars
from daybook.calendars.models import BusyPeriod, Calendar, CalendarUse, HolidayCalendar
from daybook.core.entries import Standing
from daybook.core.hours import to_local
from daybook.firms import operations as firms
from daybook.firms.models import Member
from tests.cast import DANA, NOW, Cast, add_member, at, hart_and_vale
from tests.web.test_firm_doors import connect

pytestmark = pytest.mark.django_db
TUESDAY = date(2026, 12, 1)


def words(response) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.text))


def signed_in(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def calendar(cast: Cast, **more) -> Calendar:
    found = Calendar.objects.create(
        firm=cast.firm,
        connection=connect(cast),
        external_id="1",
        name="Court",
        permission="owner",
        **{"read_at": NOW, "read_from": NOW, "read_until": NOW + timedelta(days=370)} | more,
    )
    CalendarUse.objects.create(firm=cast.firm, lawyer=cast.alice, calendar=found, is_primary=True)
    return found


def busy(where: Calendar, start: datetime, minutes: int = 60, **more) -> BusyPeriod:
    during = DateTimeTZRange(start, start + timedelta(minutes=minutes))
    return BusyPeriod.objects.create(calendar=where, external_id=uuid.uuid4().hex, during=during, **more)


def book(cast: Cast, hour: int) -> Appointment:
    return operations.book(
        actor=cast.alice_actor,
        appointment_type=cast.consultation,
        start=at(cast.alice, TUESDAY, hour),
        details=DANA,
        now=NOW,
    )


def asked(client: Client, **more):
    return client.get("/why/", {"on": TUESDAY.isoformat()} | more)


def test_a_busy_calendar_is_named_with_its_account_and_never_its_text(alice: Client, cast: Cast):
    busy(calendar(cast), at(cast.alice, TUESDAY, 10), standing=Standing.TENTATIVE)
    page = words(asked(alice, at="10:30"))
    assert "In Court (Clio, Hart &amp; Vale LLP): a tentative entry, 10:00 am – 11:00 am." in page
    assert "14 of 16 starts of First consultation free" in page


def test_an_appointment_is_linked_and_named_by_its_client(alice: Client, cast: Cast):
    one = book(cast, 10)
    page = asked(alice, at="10:00").text
    assert f'<a href="/appointments/{one.pk}/">Open Dana Reyes</a>' in page
    assert "An appointment (First consultation), 10:00 am – 10:30 am." in page


def test_a_free_time_is_said_to_be_free(alice: Client, cast: Cast):
    page = words(asked(alice, at="2 pm"))
    assert "Nothing stands in the way of First consultation at this time." in page
    assert "16 of 16 starts" in page


def test_several_reasons_are_all_told(alice: Client, cast: Cast):
    AppointmentType.objects.filter(pk=cast.consultation.pk).update(active=False, before_minutes=10)
    busy(calendar(cast), at(cast.alice, TUESDAY, 9))
    page = words(asked(alice, at="10:05"))
    for text in (
        "no longer offered",
        "Too close to its neighbor",
        "10 minutes before this appointment",
        "start every",
    ):
        assert text in page


def test_a_calendar_that_cannot_be_read_is_said_to_take_every_time(alice: Client, cast: Cast):
    calendar(cast, read_at=NOW - timedelta(hours=1))
    page = words(asked(alice, at="10:00"))
    assert "Court (Clio, Hart &amp; Vale LLP) cannot be read: Court has not answered lately." in page
    assert "0 of 16 starts" in page


def test_a_hold_is_told_and_a_hold_that_ran_out_is_not(alice: Client, cast: Cast):
    start = at(cast.alice, TUESDAY, 10)
    operations.hold(appointment_type=cast.consultation, start=start, hold_key="somebody", now=NOW)
    assert "Held for somebody who is booking First consultation online" in words(asked(alice, at="10:00"))
    Appointment.objects.update(held_until=NOW)
    assert "Nothing stands in the way" in words(asked(alice, at="10:00"))


def test_a_public_holiday_is_named(alice: Client, cast: Cast):
    HolidayCalendar.objects.create(firm=cast.firm, lawyer=cast.alice, country="US")
    page = words(alice.get("/why/", {"on": "2026-12-25", "at": "10:00"}))
    assert "Fri 25 Dec 2026 is a public holiday: Christmas Day." in page
    assert "0 of 0 starts" in page
    calendars.save_exception(
        lawyer=cast.alice, on=date(2026, 12, 25), opens=None, closes=None, reason="Away", now=NOW
    )
    assert "Fri 25 Dec 2026 (Away) is closed." in words(alice.get("/why/", {"on": "2026-12-25"}))


def test_an_appointment_that_is_being_moved_does_not_stand_in_its_own_way(alice: Client, cast: Cast):
    one = book(cast, 10)
    page = words(asked(alice, at="10:00", appointment=one.pk))
    assert "Nothing stands in the way" in page
    assert "For another time of the appointment with Dana Reyes" in page


def test_the_hour_that_the_clock_shows_twice_is_told_twice_and_the_skipped_one_refused(
    alice: Client, cast: Cast
):
    from daybook.core.hours import WeeklyHours

    calendars.save_hours(
        lawyer=cast.alice, weekly=WeeklyHours(dict.fromkeys(range(7), ((0, 1440),))), now=NOW
    )
    page = words(alice.get("/why/", {"on": "2027-11-07", "at": "01:30"}))
    assert "1:30 am MDT" in page
    assert "1:30 am MST" in page
    answer = alice.get("/why/", {"on": "2027-03-14", "at": "02:30"})
    assert answer.status_code == 422
    assert "The clocks go forward that day and skip this time" in words(answer)


@pytest.mark.parametrize("name", ["week", "book"])
def test_the_pages_of_times_lead_there(name: str, alice: Client, cast: Cast):
    from django.urls import reverse

    assert 'href="/why/?' in alice.get(reverse(name)).text
    one = book(cast, 10)
    assert f'href="/why/?appointment={one.pk}"' in alice.get(f"/appointments/{one.pk}/reschedule/").text


def test_carol_of_another_firm_finds_nothing(cast: Cast, other: Cast):
    one = book(cast, 10)
    carol = signed_in(other.alice_user)
    assert asked(carol, appointment=one.pk).status_code == 404
    page = asked(carol, type=cast.consultation.pk)
    assert page.status_code == 422
    assert "Dana" not in page.text


def test_a_lawyer_asks_only_about_themselves_and_staff_about_everybody(cast: Cast):
    one = book(cast, 10)
    ben = add_member(cast, "Ben Vale", "ben@hartvale.example", Member.Role.LAWYER)
    firms.add_lawyer(
        firm=cast.firm, name="Ben Vale", email="ben@hartvale.example", time_zone="America/New_York", now=NOW,
        member=ben.member,
    )  # fmt: skip
    assert asked(signed_in(ben.user), appointment=one.pk).status_code == 404
    assert "Dana" not in asked(signed_in(ben.user), type=cast.consultation.pk).text
    bob = signed_in(add_member(cast, "Bob Crane", "bob@hartvale.example", Member.Role.STAFF).user)
    assert "Whose dashboard would you like to see?" in words(asked(bob))
    assert "Open Dana Reyes" not in words(asked(bob, appointment=one.pk, at="10:00"))
    bob.post("/desk/", {"lawyer": cast.alice.pk})
    assert "Open Dana Reyes" in words(asked(bob, at="10:00"))


def test_signed_out_it_leads_to_sign_in(client: Client, cast: Cast):
    assert asked(client)["Location"].startswith("/account/login/")


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("day", [date(2026, 12, 1), date(2027, 3, 14), date(2027, 11, 7)])
def test_the_page_and_the_free_times_never_disagree(seed: int, day: date, db: None):
    """A random day of a lawyer: the starts without a reason are those offered, the others are not."""
    now = datetime(day.year, day.month, day.day, 12, tzinfo=UTC) - timedelta(days=3)
    chance = random.Random(f"{seed} {day}")
    cast = hart_and_vale(now)
    _fill(cast, chance, day, now)
    one = AppointmentType.objects.select_related("lawyer", "firm").get(pk=cast.consultation.pk)
    low, high = (
        queries.midnight(day, cast.alice.time_zone),
        queries.midnight(day + timedelta(days=1), cast.alice.time_zone),
    )
    offered, trouble = queries.open_starts(one, start=low, end=high, now=now)
    assert not trouble
    grid = Day(one, day, cast.alice.time_zone, now).grid()
    assert [int(row.start.timestamp()) for row in grid if not row.reasons] == offered
    assert [row for row in grid if row.reasons], "a day with nothing in it proves little"
    assert all(to_local(row.start, cast.alice.time_zone).date() == day for row in grid)


def _fill(cast: Cast, chance: random.Random, day: date, now: datetime) -> None:
    from daybook.core.hours import WeeklyHours

    week = WeeklyHours(dict.fromkeys(range(7), ((60, 240), (480, 1080))))
    calendars.save_hours(lawyer=cast.alice, weekly=week, now=now)
    AppointmentType.objects.filter(pk=cast.consultation.pk).update(
        before_minutes=chance.choice((0, 10)),
        after_minutes=chance.choice((0, 15)),
        step_minutes=chance.choice((15, 30, 50)),
        cap_per_day=chance.choice((None, None, 3, 1)),
        cap_per_week=chance.choice((None, 9)),
        notice_minutes=chance.choice((60, 4000)),
    )
    where = calendar(
        cast, read_at=now, read_from=now, read_until=now + timedelta(days=chance.choice((4, 40)))
    )
    CalendarUse.objects.update(all_day_blocks=chance.random() < 0.5, standings=["busy", "tentative"])
    midnight = queries.midnight(day, cast.alice.time_zone)
    for _ in range(6):
        begin = midnight + timedelta(minutes=chance.randrange(-200, 1500))
        standing = chance.choice(["busy", "tentative", "free", "out_of_office"])
        busy(where, begin, chance.choice((5, 45, 90)), standing=standing, all_day=chance.random() < 0.3)
    taken = sorted(chance.sample(range(0, 1440, 60), 4))
    for number, minute in enumerate(taken):
        begin = midnight + timedelta(minutes=minute)
        row = Appointment.objects.create(
            firm=cast.firm, lawyer=cast.alice, appointment_type=cast.consultation, uid=uuid.uuid4(),
            state="held" if number % 2 else "confirmed", during=DateTimeTZRange(begin, begin + timedelta(minutes=30)),
            before_minutes=chance.choice((0, 5)), after_minutes=chance.choice((0, 20)),
            held_until=now + timedelta(minutes=chance.choice((-1, 5))) if number % 2 else None,
        )  # fmt: skip
        busy(where, begin, chance.choice((30, 60)), appointment=row)


def test_a_row_of_starts_with_the_same_in_their_way_is_told_once(cast: Cast):
    where = calendar(cast)
    busy(where, at(cast.alice, TUESDAY, 9), minutes=180)
    shown = words(signed_in(cast.alice_user).get("/why/", {"type": cast.consultation.pk, "on": "2026-12-01"}))
    assert shown.count("Court") == 1
    assert re.search(r"9:00 am to 11:\d\d am", shown)
    assert "12:00 pm Free" in shown
