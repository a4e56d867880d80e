"""Why a time of a type of several people is free, or not: each is told by name, and never otherwise than the free times."""

from __future__ import annotations

import random
import re
from datetime import UTC, date, datetime, timedelta

import pytest
from django.test import Client

from daybook.appointments import operations, queries
from daybook.appointments.models import AppointmentType
from daybook.appointments.why import Day
from daybook.calendars import operations as calendars
from daybook.core.errors import Refusal
from daybook.core.hours import WeeklyHours
from daybook.firms import operations as firms
from daybook.firms.models import Lawyer
from tests.cast import DANA, Cast, at, hart_and_vale
from tests.web.test_teams_desk import book, browser, person, robin

pytestmark = pytest.mark.django_db
TUESDAY = date(2026, 12, 1)


def words(response) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.text))


@pytest.fixture
def ben(cast: Cast) -> Lawyer:
    return person(cast, "Ben Vale")


def asked(client: Client, **more) -> str:
    return words(client.get("/why/", {"on": TUESDAY.isoformat()} | more))


def test_of_a_round_robin_it_is_said_who_is_free_and_why_nobody_is(alice: Client, cast: Cast, ben: Lawyer):
    kind = robin(cast, cast.alice, ben)
    book(cast, kind, 10)
    page = asked(alice, type=kind.pk, at="10:00")
    assert "Nothing stands in the way of Team meeting at this time. Free then: Ben Vale." in page
    book(cast, kind, 10)
    page = asked(alice, type=kind.pk, at="10:00")
    for name in ("Alice Hart", "Ben Vale"):
        assert f"{name}: An appointment (Team meeting), 10:00 am – 10:30 am." in page


def test_of_all_together_it_is_said_who_is_not_free(alice: Client, cast: Cast, ben: Lawyer):
    kind = robin(cast, cast.alice, ben, kind="collective")
    book(cast, robin(cast, ben), 10)
    page = asked(alice, type=kind.pk, at="10:00")
    assert "Ben Vale: An appointment (Team meeting), 10:00 am – 10:30 am." in page
    assert "Free then: Alice Hart." in page
    assert "Alice Hart: " not in page


def test_an_appointment_that_is_moved_is_asked_of_its_own_people(alice: Client, cast: Cast, ben: Lawyer):
    met = book(cast, robin(cast, cast.alice, ben, kind="collective"), 10)
    book(cast, robin(cast, ben), 14)
    page = asked(alice, appointment=met.pk, at="14:00")
    assert "Ben Vale: An appointment" in page
    assert "Nothing stands in the way" in asked(alice, appointment=met.pk, at="10:00")


def test_a_lawyer_is_told_of_another_only_that_they_are_not_free(cast: Cast, ben: Lawyer):
    kind = robin(cast, cast.alice, ben)
    AppointmentType.objects.filter(pk=kind.pk).update(lawyer=ben)
    book(cast, cast.consultation, 10)
    book(cast, robin(cast, ben), 10)
    page = asked(browser(ben), type=kind.pk, at="10:00")
    assert "Alice Hart: not free at this time." in page
    assert "First consultation" not in page
    assert "Ben Vale: An appointment (Team meeting), 10:00 am – 10:30 am." in page


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("day", [date(2026, 12, 1), date(2027, 3, 14), date(2027, 11, 7)])
def test_the_page_and_the_free_times_of_several_never_disagree(seed: int, day: date, db: None):
    now = datetime(day.year, day.month, day.day, 12, tzinfo=UTC) - timedelta(days=3)
    chance = random.Random(f"{seed} {day}")
    cast = hart_and_vale(now)
    people = [cast.alice]
    for number, zone in enumerate(("America/Denver", "America/New_York", "Europe/London")):
        people.append(
            firms.add_lawyer(
                firm=cast.firm, name=f"Somebody {number}", email=f"{number}@hartvale.example", time_zone=zone, now=now
            )
        )  # fmt: skip
    for one in people:
        opens = chance.choice((360, 480, 495))
        week = WeeklyHours(dict.fromkeys(range(7), ((opens, opens + 240), (opens + 300, opens + 660))))
        calendars.save_hours(lawyer=one, weekly=week, now=now)
    kind = robin(
        cast, *people[: chance.choice((2, 3))], kind=chance.choice(("round_robin", "collective")),
        seconds=tuple(people[3:]) if chance.random() < 0.5 else (),
    )  # fmt: skip
    singles = [robin(cast, one) for one in people]
    for _ in range(14):
        start = at(cast.alice, day, chance.randrange(6, 18), chance.choice((0, 30)))
        try:
            operations.book(
                actor=cast.alice_actor, appointment_type=chance.choice([kind, *singles]), start=start, details=DANA,
                now=now,
            )  # fmt: skip
        except Refusal:
            continue
    zone = cast.alice.time_zone
    low, high = queries.midnight(day, zone), queries.midnight(day + timedelta(days=1), zone)
    offered, trouble = queries.open_starts(kind, start=low, end=high, now=now)
    assert not trouble
    grid = Day(kind, day, zone, now).grid()
    assert [int(row.start.timestamp()) for row in grid if not row.reasons] == offered
    assert len(grid) > 5


def test_carol_of_another_firm_is_told_nothing(cast: Cast, other: Cast, ben: Lawyer):
    carol = Client()
    carol.force_login(other.alice_user)
    page = asked(carol, type=robin(cast, cast.alice, ben).pk)
    assert "Ben Vale" not in page
