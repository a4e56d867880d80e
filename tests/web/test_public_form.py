"""The form of a booking: everything wrong told in one go, what a client must know first, how a fee is paid."""

from __future__ import annotations

import pytest

from daybook.appointments.models import Appointment
from daybook.firms.models import Firm
from tests.cast import Cast
from tests.web.test_public_booking import DANA, cast, clock, press, pytestmark, words

__all__ = ["cast", "clock", "pytestmark"]


@pytest.fixture
def held(client, cast: Cast) -> str:
    """The address of the form, for a type that is held by video or by phone."""
    cast.consultation.places = ["video", "phone"]
    cast.consultation.fee_cents = 15_000
    cast.consultation.questions = [{"label": "Who is on the other side?", "kind": "line", "required": True}]
    cast.consultation.save()
    return press(client, cast)["Location"]


def test_everything_that_is_wrong_is_told_in_one_go(client, held: str):
    answer = client.post(held, {"name": "–", "email": "dana@", "place": "phone", "phone": ""})
    assert answer.status_code == 422
    page = answer.content.decode()
    for name in ("name", "email", "phone", "question_0"):
        assert f'<a href="#id_{name}">' in page, name
        assert f'id="id_{name}_error"' in page, name
    assert "Please enter the phone number we should call." in page
    assert "Please enter an email address such as dana@example.com." in page


def test_a_number_that_cannot_be_called_is_told_once_and_one_by_video_needs_none(client, held: str):
    wrong = {**DANA, "phone": "12", "place": "phone", "question_0": "Nobody"}
    page = client.post(held, wrong).content.decode()
    assert "Please check the phone number" in page
    assert "Please enter the phone number we should call." not in page
    right = wrong | {"phone": "", "place": "video"}
    assert client.post(held, right).status_code == 302
    assert Appointment.objects.get().state == "confirmed"


def test_the_phones_hint_says_when_it_is_needed_and_its_label_does_not_call_it_optional(client, held: str):
    page = words(client.get(held).content.decode())
    assert "We need it if we meet by phone; otherwise you may leave it out." in page
    assert "Phone (optional)" not in page


def test_the_form_says_that_booking_makes_nobody_a_client_and_where_privacy_is_told(client, cast, held: str):
    answer = client.get(held).content.decode()
    assert "does not by itself make Hart &amp; Vale LLP your lawyers" in answer
    assert "write nothing confidential here" in answer
    assert f'href="/privacy/{cast.firm.slug}/"' in answer


def test_how_the_fee_is_paid_stands_beside_it(client, cast: Cast, held: str):
    assert "Fee: $150. It is paid to the firm directly; nothing is charged online." in words(
        client.get(held).content.decode()
    )
    Firm.objects.update(fee_note="Paid to the firm by card at the appointment.")
    assert "Fee: $150. Paid to the firm by card at the appointment." in words(
        client.get(held).content.decode()
    )
    Appointment.objects.update(fee_cents=0)
    type(cast.consultation).objects.update(fee_cents=0)
    page = words(client.get(held).content.decode())
    assert "No fee" in page
    assert "Paid to the firm" not in page


def test_privacy_is_a_page_of_our_own_until_the_firm_names_its_notice(client, cast: Cast):
    url = f"/privacy/{cast.firm.slug}/"
    page = words(client.get(url).content.decode())
    assert "What is kept" in page
    assert "Hart &amp; Vale LLP" in page
    Firm.objects.update(privacy_url="https://hartvale.example/privacy")
    assert client.get(url)["Location"] == "https://hartvale.example/privacy"
    assert client.get("/privacy/no-such-firm/").status_code == 404


def test_what_the_email_is_for_stays_true_beside_an_error(client, cast: Cast, held: str):
    """Nothing is promised that is over: the hint of a form that came back is made anew."""
    cast.consultation.change_cutoff_minutes = 14 * 24 * 60
    cast.consultation.save()
    page = words(client.post(held, {"email": "dana@"}).content.decode())
    assert "This appointment is too soon to be moved or cancelled online." in page
    assert "The confirmation goes there." in page
    assert "links to move" not in page
