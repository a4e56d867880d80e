"""The week as a picture: right on ordinary weeks and on the two in which clocks change."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.test import Client

from daybook.appointments import operations, queries
from daybook.calendars import operations as calendars
from daybook.core.hours import WeeklyHours
from daybook.web.office.week import picture
from tests.cast import DANA, NINE_TO_FIVE, NOW, Cast, at, hart_and_vale

pytestmark = pytest.mark.django_db
MONDAY = date(2026, 11, 30)
ALL_DAY = WeeklyHours(dict.fromkeys(range(7), ((0, 1440),)))


def words(response) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", response.content.decode()))


def book(cast: Cast, start: datetime, now: datetime = NOW):
    return operations.book(
        actor=cast.alice_actor, appointment_type=cast.consultation, start=start, details=DANA, now=now
    )


def shown(cast: Cast, monday: date, now: datetime = NOW):
    return picture(queries.week(cast.alice, monday, now), cast.alice.time_zone, monday)


def test_a_plain_week_has_five_days_from_nine_to_five(cast: Cast):
    found = shown(cast, MONDAY)
    assert found.five_days
    assert [label for _, label in found.hours] == [
        "9 am", "10 am", "11 am", "12 pm", "1 pm", "2 pm", "3 pm", "4 pm",
    ]  # fmt: skip
    (free,) = found.columns[0].entries
    assert (free.kind, free.time, free.top, free.length) == ("free", "9:00 am – 5:00 pm", 0, 32)


def test_an_appointment_lies_where_the_clock_has_it_and_the_rest_is_free(cast: Cast):
    appointment = book(cast, at(cast.alice, MONDAY, 10))
    entries = shown(cast, MONDAY).columns[0].entries
    assert [(one.kind, one.time, one.top, one.length) for one in entries] == [
        ("free", "9:00 am – 10:00 am", 0, 4),
        ("appointment", "10:00 am – 10:30 am", 4, 2),
        ("free", "10:30 am – 5:00 pm", 6, 26),
    ]
    assert entries[1].url == f"/appointments/{appointment.pk}/"
    assert entries[1].words == "Dana Reyes, First consultation"


def test_an_appointment_on_a_saturday_evening_widens_the_picture(cast: Cast):
    book(cast, at(cast.alice, MONDAY + timedelta(days=5), 19))
    found = shown(cast, MONDAY)
    assert not found.five_days
    assert [label for _, label in found.hours][-1] == "7 pm"
    saturday = found.columns[5]
    assert [one.kind for one in saturday.entries] == ["shut", "appointment"]


def test_a_closed_day_says_why(cast: Cast):
    calendars.save_exception(
        lawyer=cast.alice, on=MONDAY, opens=None, closes=None, reason="Thanksgiving", now=NOW
    )
    column = shown(cast, MONDAY).columns[0]
    assert column.note == "Closed: Thanksgiving"
    assert [one.kind for one in column.entries] == ["shut"]


@pytest.mark.parametrize(
    ("on", "hour", "time", "place"),
    [
        # 14 March 2027: 1:30 am MST is followed by 3:00 am MDT; the picture leaves the skipped hour in.
        (date(2027, 3, 14), 1, "1:30 am MST – 3:00 am MDT", (6, 6)),
        # 7 November 2027: the first 1:30 am is daylight time, and its half hour ends at 1:00 am standard time.
        (date(2027, 11, 7), 1, "1:30 am MDT – 1:00 am MST", (6, 2)),
        (date(2027, 3, 14), 10, "10:30 am – 11:00 am MDT", (42, 2)),
        (date(2027, 11, 7), 10, "10:30 am – 11:00 am MST", (42, 2)),
    ],
)
def test_the_days_on_which_clocks_change(on: date, hour: int, time: str, place: tuple[int, int], db):
    now = datetime(2027, 3, 1, 12, tzinfo=UTC) if on.month == 3 else datetime(2027, 10, 25, 12, tzinfo=UTC)
    cast = hart_and_vale(now)
    calendars.save_hours(lawyer=cast.alice, weekly=ALL_DAY, now=now)
    book(cast, at(cast.alice, on, hour, 30), now)
    found = shown(cast, on - timedelta(days=6), now)
    sunday = found.columns[6]
    assert sunday.note == "The clocks change"
    (entry,) = [one for one in sunday.entries if one.kind == "appointment"]
    assert (entry.time, (entry.top, entry.length)) == (time, place)
    for column in found.columns:
        for one in column.entries:
            assert one.length > 0
            assert one.top >= 0
            assert one.top + one.length <= 96


@pytest.mark.parametrize("monday", [date(2027, 3, 8), date(2027, 11, 1)])
def test_hours_stay_hours_in_the_weeks_in_which_clocks_change(monday: date, cast: Cast):
    calendars.save_hours(
        lawyer=cast.alice, weekly=WeeklyHours(dict.fromkeys(range(7), ((540, 1020),))), now=NOW
    )
    for column in shown(cast, monday).columns:
        (free,) = [one for one in column.entries if one.kind == "free"]
        assert (free.top, free.length) == (0, 32)


def test_busy_times_of_other_calendars_show_no_titles_and_our_own_appointment_is_shown_once(cast: Cast):
    from daybook.calendars.models import BusyPeriod, Calendar, CalendarUse
    from daybook.sync.models import Connection

    appointment = book(cast, at(cast.alice, MONDAY, 10))
    connection = Connection.objects.create(
        firm=cast.firm, provider="clio", account_id="1", account_name="x", user_id="1", user_name="x",
        connected_at=NOW,
    )  # fmt: skip
    calendar = Calendar.objects.create(
        firm=cast.firm, connection=connection, external_id="7", name="Alice", read_at=NOW, permission="owner"
    )
    CalendarUse.objects.create(firm=cast.firm, lawyer=cast.alice, calendar=calendar, is_primary=True)
    for number, (start, end) in enumerate(
        [
            (appointment.start, appointment.end),
            (at(cast.alice, MONDAY, 14), at(cast.alice, MONDAY, 15)),
        ]
    ):
        BusyPeriod.objects.create(
            calendar=calendar, external_id=str(number), during=DateTimeTZRange(start, end)
        )
    entries = shown(cast, MONDAY).columns[0].entries
    assert [(one.kind, one.time) for one in entries if one.kind != "free"] == [
        ("appointment", "10:00 am – 10:30 am"),
        ("busy", "2:00 pm – 3:00 pm"),
    ]


def test_the_page_turns_weeks(alice: Client, cast: Cast):
    calendars.save_hours(lawyer=cast.alice, weekly=NINE_TO_FIVE, now=NOW)
    page = words(alice.get("/dashboard/week/"))
    assert "Mon 23 Nov – Sun 29 Nov 2026" in page
    assert "times in Denver, MST" in page
    answer = alice.get("/dashboard/week/", {"on": "2026-12-03"})
    assert "Mon 30 Nov – Sun 6 Dec 2026" in words(answer)
    assert "?on=2026-11-23" in answer.content.decode()
    assert "?on=2026-12-07" in answer.content.decode()


@pytest.mark.parametrize("on", ["", "x", "0001-01-01", "9999-12-31", "2026-02-30"])
def test_any_week_can_be_asked_for(on: str, alice: Client, cast: Cast):
    assert alice.get("/dashboard/week/", {"on": on}).status_code == 200
