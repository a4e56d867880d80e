"""From a press on a time to a confirmed appointment, and everything that can come between."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
import time_machine

from daybook.appointments.models import Appointment
from daybook.appointments.operations import booking
from daybook.core.errors import CalendarUnreadable
from daybook.firms.models import Firm
from tests.cast import NOW, Cast, at, hart_and_vale

pytestmark = pytest.mark.django_db
TIMES = "/book/hart-vale-llp/alice-hart/first-consultation/"
TUESDAY = date(2026, 12, 1)

DANA = {"name": "Dana Reyes", "email": "dana@example.com", "phone": "303 555 0101"}


def words(page: str) -> str:
    """The page as it is read."""
    return re.sub(r"<[^>]+>", "", page).replace("\u00a0", " ")


@pytest.fixture
def clock(db):
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def cast(clock) -> Cast:
    return hart_and_vale(NOW)


def press(client, cast: Cast, hour: int = 10, minute: int = 0, **more):
    start = int(at(cast.alice, TUESDAY, hour, minute).timestamp())
    return client.post(TIMES, {"start": start}, **more)


def test_a_visitor_books_a_time(client, cast: Cast):
    client.get(TIMES, {"zone": "America/New_York"})
    held = press(client, cast)
    assert held.status_code == 302
    page = client.get(held["Location"]).content.decode()
    assert "Tue 1 Dec 2026, 12:00 pm – 12:30 pm (New York, EST) · 10:00 am Denver (MST)" in words(page)
    assert "We keep this time for you until 10:10 am" in page
    done = client.post(held["Location"], DANA)
    assert done.status_code == 302
    assert done["Location"].startswith("/appointment/")
    page = client.get(done["Location"]).content.decode()
    assert "Your appointment is confirmed" in page
    assert "12:00 pm – 12:30 pm (New York, EST) · 10:00 am Denver (MST)" in words(page)
    booked = Appointment.objects.get()
    assert booked.state == "confirmed"
    assert booked.start == at(cast.alice, TUESDAY, 10)
    assert (booked.client_name, booked.client_email) == ("Dana Reyes", "dana@example.com")
    assert booked.client_time_zone == "America/New_York"


def test_links_that_would_refuse_are_not_promised(client, cast: Cast):
    held = press(client, cast)["Location"]
    page = words(client.get(held).content.decode())
    assert "The confirmation goes there, with links to move or cancel." in page
    assert "too soon" not in page
    cast.consultation.change_cutoff_minutes = 14 * 24 * 60
    cast.consultation.save()
    page = words(client.get(held).content.decode())
    assert "This appointment is too soon to be moved or cancelled online." in page
    assert "The confirmation goes there." in page
    assert "links to move" not in page


def test_what_is_missing_is_said_beside_its_field_and_above_and_the_rest_is_kept(client, cast: Cast):
    held = press(client, cast)["Location"]
    answer = client.post(held, {"name": "", "email": "dana@example.com", "phone": ""})
    assert answer.status_code == 422
    page = answer.content.decode()
    assert '<a href="#id_name">' in page
    assert 'id="id_name_error"' in page
    assert re.search(
        r'<input[^>]*name="name"[^>]*aria-invalid="true"[^>]*aria-describedby="id_name_error"', page
    )
    assert 'value="dana@example.com"' in page
    assert "Please enter the phone number we should call." in page


def test_an_address_no_mail_can_reach_is_refused_where_it_was_typed(client, cast: Cast):
    held = press(client, cast)["Location"]
    answer = client.post(held, {**DANA, "email": "dana@"})
    assert answer.status_code == 422
    assert 'id="id_email_error"' in answer.content.decode()
    assert Appointment.objects.get().state == "held"


def test_a_time_somebody_else_has_just_taken_is_refused_on_the_page_of_times(client, cast: Cast, client_two):
    assert press(client_two, cast).status_code == 302
    answer = press(client, cast)
    assert answer.status_code == 409
    page = answer.content.decode()
    assert "That time has just been taken" in page
    assert 'class="slot"' in page


@pytest.fixture
def client_two():
    from django.test import Client

    return Client()


def test_what_a_visitor_holds_is_still_free_to_them_and_taken_for_others(client, cast: Cast, client_two):
    press(client, cast)
    mine = f'value="{int(at(cast.alice, TUESDAY, 10).timestamp())}"'
    shown = {"from": TUESDAY.isoformat()}
    assert mine in client.get(TIMES, shown).content.decode()
    assert mine not in client_two.get(TIMES, shown).content.decode()


def test_somebody_who_missed_a_time_sees_what_is_left_near_it(client, cast: Cast, client_two):
    press(client, cast)
    page = press(client_two, cast).content.decode()
    assert "Tue 1 Dec" in words(page)
    assert "Wed 2 Dec" in words(page)
    assert "Mon 30 Nov" not in words(page)
    assert "Thu 3 Dec" not in words(page)
    assert "Show more days" in page
    assert "Earlier days" in page


def test_choosing_again_gives_the_first_time_back(client, cast: Cast, client_two):
    press(client, cast, 10)
    press(client, cast, 11)
    assert Appointment.objects.filter(state="held").count() == 1
    assert press(client_two, cast, 10).status_code == 302


@pytest.mark.parametrize("start", ["", "tomorrow", "9" * 30, "-1"])
def test_what_is_no_time_is_sent_back_calmly(client, cast: Cast, start: str):
    answer = client.post(TIMES, {"start": start})
    assert answer.status_code in (302, 409)
    assert not Appointment.objects.exists()


def test_a_hold_that_ran_out_is_confirmed_all_the_same_while_its_time_is_free(client, cast: Cast, clock):
    held = press(client, cast)["Location"]
    clock.shift(timedelta(minutes=20))
    assert "are over" in client.get(held).content.decode()
    done = client.post(held, DANA)
    assert done["Location"].startswith("/appointment/")
    assert Appointment.objects.get(state="confirmed").start == at(cast.alice, TUESDAY, 10)


def test_when_the_time_is_lost_what_was_typed_survives_to_the_next_choice(
    client, cast: Cast, clock, client_two
):
    cast.consultation.questions = [{"label": "Who else is involved?", "kind": "line", "required": True}]
    cast.consultation.save()
    held = press(client, cast)["Location"]
    clock.shift(timedelta(minutes=20))
    press(client_two, cast)
    lost = client.post(held, {**DANA, "question_0": "Reyes Ltd"})
    assert lost.status_code == 302
    assert lost["Location"].startswith(TIMES)
    assert "What you typed is kept" in client.get(lost["Location"]).content.decode()
    page = client.get(press(client, cast, 11)["Location"]).content.decode()
    for typed in ("Dana Reyes", "dana@example.com", "303 555 0101", "Reyes Ltd"):
        assert f'value="{typed}"' in page
    assert "Dana Reyes" not in client_two.get(TIMES).content.decode()


def test_only_the_types_own_questions_are_asked_and_their_answers_kept(client, cast: Cast):
    cast.consultation.questions = [
        {"label": "Who else is involved?", "kind": "line", "required": True},
        {"label": "Anything else?", "kind": "text", "required": False},
        {"label": "Our client before?", "kind": "yes_no", "required": True},
    ]
    cast.consultation.places = ["video", "phone"]
    cast.consultation.save()
    held = press(client, cast)["Location"]
    answer = client.post(held, DANA)
    assert answer.status_code == 422
    page = answer.content.decode()
    for name in ("place", "question_0", "question_2"):
        assert f'id="id_{name}_error"' in page
    assert 'id="id_question_1_error"' not in page
    client.post(held, {**DANA, "place": "video", "question_0": "Reyes Ltd", "question_2": "No"})
    booked = Appointment.objects.get(state="confirmed")
    assert booked.place == "video"
    assert [row["answer"] for row in booked.answers] == ["Reyes Ltd", "No"]


def test_a_calendar_that_cannot_be_read_at_the_last_moment_keeps_the_page_and_the_hold(
    client, cast: Cast, monkeypatch
):
    def unreadable(*_args):
        raise CalendarUnreadable

    held = press(client, cast)["Location"]
    monkeypatch.setattr(booking, "read_calendars", unreadable)
    answer = client.post(held, DANA)
    assert answer.status_code == 409
    page = answer.content.decode()
    assert "cannot be checked just now" in page
    assert 'value="Dana Reyes"' in page
    assert Appointment.objects.get().state == "held"


def test_pressing_the_button_twice_books_once(client, cast: Cast):
    held = press(client, cast)["Location"]
    client.post(held, DANA)
    again = client.post(held, DANA)
    assert again.status_code == 302
    assert again["Location"].startswith("/appointment/")
    assert Appointment.objects.count() == 1


@pytest.mark.parametrize(
    "address", ["/book/hold/{}/", "/appointment/{}/", "/appointment/{}/move/", "/appointment/{}/move/review/"]
)
def test_a_forged_link_is_not_found_and_learns_nothing(client, cast: Cast, address: str):
    token = press(client, cast)["Location"].split("/")[-2]
    for forged in (token[:-1] + ("A" if token[-1] != "A" else "B"), "0" * 32 + token[32:], "x:y"):
        answer = client.get(address.format(forged))
        assert answer.status_code == 404
        page = answer.content.decode()
        assert "This link is not valid" in page
        assert "Alice" not in page
        assert "Hart" not in page


def test_a_link_ends_a_month_after_its_appointment(client, cast: Cast, clock):
    held = press(client, cast)["Location"]
    link = client.post(held, DANA)["Location"]
    clock.shift(timedelta(days=60))
    answer = client.get(link)
    assert answer.status_code == 410
    assert "Alice" not in answer.content.decode()


def test_too_many_attempts_from_one_address_are_asked_to_wait(client, cast: Cast, settings):
    settings.BOOKING_ATTEMPTS = 2
    assert press(client, cast, 9).status_code == 302
    held = press(client, cast, 10)
    answer = press(client, cast, 11)
    assert answer.status_code == 429
    assert "Please wait ten minutes" in answer.content.decode()
    assert press(client, cast, 11, REMOTE_ADDR="192.0.2.7").status_code == 302
    # What was typed is kept when confirming is what there was too much of.
    for _ in range(2):
        client.post(held["Location"], {**DANA, "email": "dana@"})
    answer = client.post(held["Location"], DANA)
    assert answer.status_code == 429
    assert 'value="Dana Reyes"' in answer.content.decode()


def test_the_limit_ends_with_its_ten_minutes_and_none_is_none(client, cast: Cast, settings, clock):
    settings.BOOKING_ATTEMPTS = 1
    press(client, cast, 9)
    assert press(client, cast, 10).status_code == 429
    clock.shift(timedelta(minutes=11))
    assert press(client, cast, 10).status_code == 302
    settings.BOOKING_ATTEMPTS = 0
    assert [press(client, cast, hour).status_code for hour in (11, 12, 13)] == [302] * 3


def test_behind_a_proxy_the_last_address_it_saw_counts(client, cast: Cast, settings):
    settings.BOOKING_ATTEMPTS = 1
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    for seen, status in (("198.51.100.1", 302), ("198.51.100.2", 302), ("198.51.100.1", 429)):
        answer = press(client, cast, 9, HTTP_X_FORWARDED_FOR=f"10.9.8.7, {seen}")
        assert answer.status_code == status


def test_a_firm_that_closed_meanwhile_takes_no_booking(client, cast: Cast):
    held = press(client, cast)["Location"]
    Firm.objects.update(subscription="ended")
    lost = client.post(held, DANA)
    assert "Online booking is closed" in client.get(lost["Location"]).content.decode()
    assert press(client, cast, 11).status_code == 200
    assert not Appointment.objects.filter(state="confirmed").exists()
