"""What a client can do with the links of a confirmation, and what those links do not tell."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta

import pytest
import time_machine
from django.utils import timezone

from daybook.appointments import links, operations
from daybook.appointments.models import Appointment
from daybook.firms.models import Firm
from tests.cast import DANA, NOW, Cast, at, hart_and_vale

pytestmark = pytest.mark.django_db
TUESDAY = date(2026, 12, 1)


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


@pytest.fixture
def booked(cast: Cast) -> Appointment:
    held = operations.hold(
        appointment_type=cast.consultation, start=at(cast.alice, TUESDAY, 10), hold_key="dana", now=NOW
    )
    return operations.confirm(appointment=held, details=DANA, now=NOW)


@pytest.fixture
def link(booked: Appointment) -> str:
    return f"/appointment/{links.link_token(booked)}/"


def test_the_page_says_what_is_confirmed_and_nothing_of_who_booked(client, link: str):
    answer = client.get(link)
    page = answer.content.decode()
    assert "Tue 1 Dec 2026, 12:00 pm – 12:30 pm (New York, EST) · 10:00 am Denver (MST)" in words(page)
    assert "ending in 01" in page
    for private in ("Dana", "dana@example.com", "5550101", "555 0101"):
        assert private not in page
    assert answer["Cache-Control"] == "private, no-store"
    assert answer["X-Robots-Tag"] == "noindex"


def test_the_calendar_file_is_a_download(client, link: str):
    answer = client.get(f"{link}appointment.ics")
    assert answer["Content-Type"].startswith("text/calendar")
    assert "attachment" in answer["Content-Disposition"]
    assert b"BEGIN:VCALENDAR" in answer.content


def test_the_client_moves_it_and_the_link_stays_good(client, cast: Cast, booked: Appointment, link: str):
    page = client.get(f"{link}move/", {"from": "2026-12-01"}).content.decode()
    assert "Choose another time" in page
    later = int(at(cast.alice, TUESDAY, 10, 30).timestamp())
    assert f'value="{later}"' in page
    assert f'value="{int(booked.start.timestamp())}"' not in page, "the time it has is no choice"
    asked = client.post(f"{link}move/", {"start": later, "zone": "America/New_York"})
    review = client.get(asked["Location"])
    page = words(review.content.decode())
    assert "Move this appointment?" in page
    for time in (
        "12:00 pm – 12:30 pm (New York, EST)",
        "12:30 pm – 1:00 pm (New York, EST)",
        "10:30 am Denver (MST)",
    ):
        assert time in page
    booked.refresh_from_db()
    assert booked.sequence == 0, "neither the press on a time nor the page that asks once more moves it"
    answer = client.post(asked["Location"], {"start": later, "sequence": "0"})
    assert answer["Location"] == link
    assert "has been moved" in client.get(link).content.decode()
    booked.refresh_from_db()
    assert booked.start == at(cast.alice, TUESDAY, 10, 30)
    assert booked.sequence == 1


def test_a_move_to_the_time_it_has_says_that_nothing_was_changed(client, booked: Appointment, link: str):
    same = int(booked.start.timestamp())
    assert client.post(f"{link}move/review/", {"start": same})["Location"] == link
    page = client.get(link).content.decode()
    assert "That is the time it already has. Nothing was changed." in page
    assert "has been moved" not in page
    booked.refresh_from_db()
    assert booked.sequence == 0


def test_its_own_time_does_not_stand_in_its_way(client, cast: Cast, link: str):
    cast.consultation.step_minutes = 15
    cast.consultation.save()
    overlapping = int(at(cast.alice, TUESDAY, 10, 15).timestamp())
    assert client.get(f"{link}move/review/", {"start": overlapping}).status_code == 200
    assert client.post(f"{link}move/review/", {"start": overlapping})["Location"] == link


def test_a_move_onto_a_taken_time_is_refused_and_nothing_is_lost(client, cast: Cast, booked, link: str):
    operations.hold(
        appointment_type=cast.consultation, start=at(cast.alice, TUESDAY, 11), hold_key="omar", now=NOW
    )
    taken = {"start": int(at(cast.alice, TUESDAY, 11).timestamp())}
    for answer in (
        client.post(f"{link}move/", taken),
        client.get(f"{link}move/review/", taken),
        client.post(f"{link}move/review/", taken),
    ):
        assert answer.status_code == 409
        page = answer.content.decode()
        assert "just been taken" in page
        assert f'action="{link}move/"' in page
        assert f'href="{link}move/?from=' in page
    booked.refresh_from_db()
    assert booked.start == at(cast.alice, TUESDAY, 10)


def test_a_time_taken_while_the_client_was_thinking_is_refused_at_the_press(
    client, cast: Cast, booked: Appointment, link: str
):
    wanted = {"start": int(at(cast.alice, TUESDAY, 11).timestamp())}
    assert client.get(f"{link}move/review/", wanted).status_code == 200
    operations.hold(
        appointment_type=cast.consultation, start=at(cast.alice, TUESDAY, 11), hold_key="omar", now=NOW
    )
    assert client.post(f"{link}move/review/", wanted).status_code == 409
    booked.refresh_from_db()
    assert (booked.start, booked.sequence) == (at(cast.alice, TUESDAY, 10), 0)


def test_a_review_made_before_the_firm_moved_it_moves_nothing(
    client, cast: Cast, booked: Appointment, link: str
):
    wanted = int(at(cast.alice, TUESDAY, 11).timestamp())
    assert (
        'name="sequence" value="0"' in client.get(f"{link}move/review/", {"start": wanted}).content.decode()
    )
    operations.reschedule(appointment=booked, start=at(cast.alice, TUESDAY, 14), by="firm", now=NOW)
    answer = client.post(f"{link}move/review/", {"start": wanted, "sequence": "0"})
    assert answer.status_code == 409
    assert "changed by someone else in the meantime" in answer.content.decode()
    booked.refresh_from_db()
    assert booked.start == at(cast.alice, TUESDAY, 14)


@pytest.mark.parametrize("start", ["", "noon", "-1", "99999999999999"])
def test_a_review_of_no_time_asks_for_one_of_those_shown(client, link: str, start: str):
    for answer in (
        client.get(f"{link}move/review/", {"start": start}),
        client.post(f"{link}move/review/", {"start": start}),
    ):
        assert answer.status_code == 422
        assert "Please choose one of the times shown." in answer.content.decode()


@pytest.mark.parametrize(
    ("night", "old", "new"),
    [
        (date(2027, 3, 14), "9:00 am – 9:30 am (Denver, MST)", "9:00 am – 9:30 am (Denver, MDT)"),
        (date(2027, 11, 7), "9:00 am – 9:30 am (Denver, MDT)", "9:00 am – 9:30 am (Denver, MST)"),
    ],
)
def test_a_review_over_a_change_of_clocks_says_each_time_by_its_own_clock(
    client, cast: Cast, clock, night: date, old: str, new: str
):
    friday, monday = night - timedelta(days=2), night + timedelta(days=1)
    clock.move_to(at(cast.alice, friday - timedelta(days=7), 9))
    now = timezone.now()
    held = operations.hold(
        appointment_type=cast.consultation, start=at(cast.alice, friday, 9), hold_key="dana", now=now
    )
    booked = operations.confirm(appointment=held, details=replace(DANA, time_zone="America/Denver"), now=now)
    link = f"/appointment/{links.link_token(booked)}/"
    page = words(
        client.get(
            f"{link}move/review/", {"start": int(at(cast.alice, monday, 9).timestamp())}
        ).content.decode()
    )
    assert old in page
    assert new in page


def test_cancelling_asks_once(client, booked: Appointment, link: str):
    assert "Cancel this appointment?" in client.get(f"{link}cancel/").content.decode()
    booked.refresh_from_db()
    assert booked.state == "confirmed"
    assert client.post(f"{link}cancel/", {"reason": "Ill"})["Location"] == link
    booked.refresh_from_db()
    assert (booked.state, booked.cancelled_by, booked.cancel_reason) == ("cancelled", "client", "Ill")
    page = client.get(link).content.decode()
    assert "This appointment is cancelled" in page
    assert "Book a new appointment" in page
    assert client.post(f"{link}cancel/").status_code == 409
    assert client.get(f"{link}move/").status_code == 409


def test_a_cancel_page_made_before_a_move_cancels_nothing_and_shows_the_new_time(
    client, cast: Cast, booked: Appointment, link: str
):
    assert 'name="sequence" value="0"' in client.get(f"{link}cancel/").content.decode()
    operations.reschedule(appointment=booked, start=at(cast.alice, TUESDAY, 14), by="firm", now=NOW)
    answer = client.post(f"{link}cancel/", {"sequence": "0", "reason": "Ill"})
    assert answer.status_code == 409
    page = answer.content.decode()
    assert "changed by someone else in the meantime" in page
    assert "4:00 pm" in words(page)
    assert 'value="Ill"' in page
    booked.refresh_from_db()
    assert booked.state == "confirmed"
    assert client.post(f"{link}cancel/", {"sequence": "1"}).status_code == 302
    booked.refresh_from_db()
    assert booked.state == "cancelled"


def test_too_late_is_said_kindly_with_the_firms_phone(client, booked: Appointment, link: str, clock):
    Firm.objects.update(phone="+1 303 555 0100")
    clock.move_to(booked.start - timedelta(hours=3))
    page = client.get(link).content.decode()
    assert "too close to the appointment to move or cancel it online" in page
    assert "+1 303 555 0100" in page
    assert f"{link}cancel/" not in page
    for action in ("move", "move/review", "cancel"):
        answer = client.post(f"{link}{action}/", {"start": "1"})
        assert answer.status_code == 409
    booked.refresh_from_db()
    assert booked.state == "confirmed"


def test_a_firm_without_a_subscription_does_not_make_its_clients_suffer(client, cast: Cast, link: str):
    Firm.objects.update(subscription="ended")
    assert client.get(link).status_code == 200
    later = int(at(cast.alice, TUESDAY, 14).timestamp())
    assert client.post(f"{link}move/review/", {"start": later}).status_code == 302
    assert client.post(f"{link}cancel/").status_code == 302


def test_what_is_over_offers_nothing_more(client, booked: Appointment, link: str, clock):
    clock.move_to(booked.end + timedelta(hours=1))
    page = client.get(link).content.decode()
    assert "its time has passed" in page
    assert "Move" not in page


def test_a_hold_is_not_an_appointment_yet(client, cast: Cast):
    held = operations.hold(
        appointment_type=cast.consultation, start=at(cast.alice, TUESDAY, 10), hold_key="d", now=NOW
    )
    token = links.link_token(held)
    assert client.get(f"/appointment/{token}/")["Location"] == f"/book/hold/{token}/"
    assert client.get(f"/appointment/{token}/appointment.ics").status_code == 302
