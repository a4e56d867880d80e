"""Many visitors at the same few times: what a refusal costs, and that the page it shows is nobody else's and not old."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta

import psycopg
import pytest
import time_machine
from django.middleware.csrf import _does_token_match
from django.test import Client

from daybook.appointments import near
from daybook.appointments.models import AppointmentType
from daybook.firms.models import Lawyer
from tests.cast import NOW, Cast, at, hart_and_vale

pytestmark = pytest.mark.django_db
TIMES = "/book/hart-vale-llp/alice-hart/first-consultation/"
TUESDAY = date(2026, 12, 1)
DANA = {"name": "Dana Reyes", "email": "dana@example.com", "phone": "303 555 0101"}


@pytest.fixture
def clock(db):
    near._kept.clear()
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def cast(clock) -> Cast:
    return hart_and_vale(NOW)


@contextmanager
def asked() -> Iterator[list[str]]:
    """Every statement sent to the database meanwhile, also those that Django does not count."""
    sent: list[str] = []
    execute = psycopg.Cursor.execute

    def counted(cursor, query, *arguments, **options):
        sent.append(str(query))
        return execute(cursor, query, *arguments, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(psycopg.Cursor, "execute", counted)
        yield sent


def start_of(cast: Cast, hour: int) -> int:
    return int(at(cast.alice, TUESDAY, hour).timestamp())


def press(cast: Cast, hour: int):
    """A new visitor presses on a time."""
    return Client().post(TIMES, {"start": start_of(cast, hour)})


def token_on(page) -> str:
    return page.text.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]


def button(cast: Cast, hour: int) -> str:
    return f'value="{start_of(cast, hour)}"'


def test_a_crowd_that_is_refused_costs_a_count_of_attempts_and_two_small_questions_each(cast: Cast):
    assert press(cast, 10).status_code == 302
    assert press(cast, 10).status_code == 409
    with asked() as sent:
        assert press(cast, 10).status_code == 409
    assert len(sent) == 3, sent


def test_whoever_missed_a_time_is_not_shown_one_that_was_taken_in_the_same_instant(cast: Cast):
    press(cast, 10)
    assert button(cast, 11) in press(cast, 10).text
    press(cast, 11)
    page = press(cast, 10).text
    assert button(cast, 11) not in page
    assert button(cast, 10) not in page
    assert button(cast, 12) in page


def test_whoever_missed_a_time_sees_changed_hours_a_second_later_and_changed_rules_at_once(cast: Cast, clock):
    from daybook.calendars import operations as calendars
    from daybook.core.hours import WeeklyHours

    press(cast, 10)
    assert button(cast, 14) in press(cast, 10).text
    half_past = f'value="{start_of(cast, 14) + 1800}"'
    assert half_past in press(cast, 10).text
    AppointmentType.objects.filter(pk=cast.consultation.pk).update(step_minutes=60)
    page = press(cast, 10).text
    assert half_past not in page
    assert button(cast, 14) in page
    calendars.save_hours(lawyer=cast.alice, weekly=WeeklyHours({1: ((540, 720),)}), now=NOW)
    clock.shift(timedelta(seconds=1))
    assert button(cast, 14) not in press(cast, 10).text


def test_the_page_near_a_missed_time_is_the_one_read_anew(cast: Cast, monkeypatch):
    press(cast, 10)
    press(cast, 13)
    quick = press(cast, 10).text
    monkeypatch.setattr("daybook.web.public.timetable.left_near", lambda *_arguments, **_options: None)
    anew = press(cast, 10).text
    tokens = [page.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0] for page in (quick, anew)]
    assert quick.replace(tokens[0], "") == anew.replace(tokens[1], "")


def test_a_day_that_has_reached_its_cap_is_not_shown_to_whoever_missed_a_time(cast: Cast):
    AppointmentType.objects.filter(pk=cast.consultation.pk).update(cap_per_day=2)
    press(cast, 10)
    assert button(cast, 14) in press(cast, 10).text
    press(cast, 11)
    page = press(cast, 10).text
    assert button(cast, 14) not in page
    assert "Wed 2 Dec" in page.replace("\u00a0", " ")


def test_whoever_missed_the_last_time_of_the_days_around_is_shown_the_next_free_day(cast: Cast):
    from daybook.calendars import operations as calendars
    from daybook.core.hours import WeeklyHours

    calendars.save_hours(lawyer=cast.alice, weekly=WeeklyHours({1: ((600, 630),)}), now=NOW)
    press(cast, 10)
    page = press(cast, 10)
    assert page.status_code == 409
    next_week = int(at(cast.alice, TUESDAY + timedelta(days=7), 10).timestamp())
    assert f'value="{next_week}"' in page.text


def test_visitors_who_see_the_same_page_each_have_their_own_token(cast: Cast):
    press(cast, 10)
    tokens = set()
    for _ in range(3):
        page = press(cast, 10)
        assert _does_token_match(token_on(page), page.cookies["daybook_csrf"].value)
        tokens.add(page.cookies["daybook_csrf"].value)
    assert len(tokens) == 3


def test_a_firm_that_changes_its_name_is_shown_by_it_at_once(cast: Cast):
    assert "Hart, Vale &amp; Moss LLP" not in Client().get(TIMES).text
    cast.firm.name = "Hart, Vale & Moss LLP"
    cast.firm.save()
    assert "Hart, Vale &amp; Moss LLP" in Client().get(TIMES).text


def test_what_becomes_of_a_lawyer_or_a_type_holds_at_once(cast: Cast):
    assert "Alice Hart" in Client().get(TIMES).text
    Lawyer.objects.filter(pk=cast.alice.pk).update(name="Alice Vale")
    assert "Alice Vale" in Client().get(TIMES).text
    AppointmentType.objects.filter(lawyer=cast.alice).update(name="A talk")
    assert "<h1>A talk</h1>" in Client().get(TIMES).text
    AppointmentType.objects.filter(lawyer=cast.alice).update(active=False)
    assert Client().get(TIMES).status_code == 404


def test_after_a_refused_press_the_page_can_be_pressed_again(cast: Cast):
    visitor = Client(enforce_csrf_checks=True)
    press(cast, 10)
    token = token_on(visitor.get(TIMES))
    refused = visitor.post(TIMES, {"start": start_of(cast, 10), "csrfmiddlewaretoken": token})
    assert refused.status_code == 409
    again = {"start": start_of(cast, 11), "csrfmiddlewaretoken": token_on(refused)}
    assert visitor.post(TIMES, again).status_code == 302


def test_what_is_no_token_never_gets_into_a_page(cast: Cast):
    press(cast, 10)
    said = "x" * 31 + '"'
    page = Client().post(TIMES, {"start": start_of(cast, 10), "csrfmiddlewaretoken": said})
    assert _does_token_match(token_on(page), page.cookies["daybook_csrf"].value)


def test_a_hold_and_a_confirmation_ask_no_more_than_they_must(cast: Cast):
    visitor = Client()
    visitor.get(TIMES)
    with asked() as hold:
        held = visitor.post(TIMES, {"start": start_of(cast, 10)})
    with asked() as form:
        visitor.get(held["Location"])
    with asked() as confirmation:
        assert visitor.post(held["Location"], DANA).status_code == 302
    # The test's own transaction makes a savepoint of each of theirs; within those there is none.
    assert [sum(one.startswith("SAVEPOINT") for one in sent) for sent in (hold, form, confirmation)] == [
        1,
        0,
        1,
    ]
    counted = [len([one for one in sent if "SAVEPOINT" not in one]) for sent in (hold, form, confirmation)]
    assert all(count <= most for count, most in zip(counted, (11, 1, 19), strict=True)), counted
