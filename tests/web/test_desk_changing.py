"""Changing what stands at the desk: pages that have grown old, what is cancelled."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from daybook.appointments import operations
from daybook.appointments.models import Appointment
from tests.cast import NOW, Cast, at
from tests.web.test_desk_pages import TUESDAY, booked, words

pytestmark = pytest.mark.django_db


def test_a_cancel_page_made_before_a_move_cancels_nothing_and_shows_the_new_time(alice: Client, cast: Cast):
    appointment = booked(cast)
    url = reverse("cancel_appointment", args=[appointment.pk])
    assert 'name="sequence" value="0"' in alice.get(url).content.decode()
    operations.reschedule(appointment=appointment, start=at(cast.alice, TUESDAY, 14), by="client", now=NOW)
    answer = alice.post(url, {"sequence": "0", "reason": "Ill"})
    assert answer.status_code == 409
    assert "changed by someone else in the meantime" in words(answer)
    assert "2:00 pm" in words(answer)
    assert "Ill" in words(answer)
    assert 'name="sequence" value="1"' in answer.content.decode()
    appointment.refresh_from_db()
    assert appointment.state == "confirmed"
    assert alice.post(url, {"sequence": "1"}).status_code == 302
    appointment.refresh_from_db()
    assert appointment.state == "cancelled"


def test_no_email_is_announced_for_what_is_over(alice: Client, cast: Cast, clock):
    appointment = booked(cast)
    cancel, move = (reverse(name, args=[appointment.pk]) for name in ("cancel_appointment", "reschedule"))
    assert "Dana Reyes gets an email saying so." in words(alice.get(cancel))
    assert "Dana Reyes gets an email with the new time." in words(alice.get(move))
    clock.move_to(appointment.end)
    assert "It is over, so the client gets no email." in words(alice.get(cancel))
    assert "Dana Reyes gets an email only if the new time lies ahead." in words(alice.get(move))


def test_a_cancelled_appointment_offers_no_video_link_and_no_sending(alice: Client, cast: Cast):
    appointment = booked(cast)
    Appointment.objects.update(place="video", place_detail="https://video.example/alice")
    page = words(alice.get(reverse("appointment", args=[appointment.pk])))
    assert "Open the video link" in page
    assert "Send to Clio puts its time on a matter." in page
    operations.cancel(appointment=appointment, by="firm", now=NOW)
    page = words(alice.get(reverse("appointment", args=[appointment.pk])))
    assert "Open the video link" not in page
    assert "Send to Clio" not in page
    assert "It is cancelled, so there is no time to send." in page


def test_the_time_it_has_is_no_choice_for_moving_it(alice: Client, cast: Cast):
    appointment = booked(cast)
    page = alice.get(
        reverse("reschedule", args=[appointment.pk]), {"from": TUESDAY.isoformat()}
    ).content.decode()
    assert f'value="{int(appointment.start.timestamp())}"' not in page
    assert f'value="{int(appointment.end.timestamp())}"' in page


def test_moving_to_a_typed_time_outside_the_hours_is_asked_about_first(alice: Client, cast: Cast):
    appointment = booked(cast)
    url = reverse("reschedule", args=[appointment.pk])
    assert "Move it anyway" not in words(alice.get(url))
    evening = {"start": "other", "on": TUESDAY.isoformat(), "at": "19:45"}
    answer = alice.post(url, evening)
    assert answer.status_code == 422
    assert "hours." in words(answer)
    assert "Move it anyway" in words(answer)
    assert 'value="19:45"' in answer.content.decode()
    appointment.refresh_from_db()
    assert appointment.start != at(cast.alice, TUESDAY, 19, 45)
    assert alice.post(url, evening | {"anyway": "on"}).status_code == 302
    appointment.refresh_from_db()
    assert appointment.start == at(cast.alice, TUESDAY, 19, 45)


def test_a_client_who_calls_at_the_last_minute_has_cancelled_late(alice: Client, cast: Cast, clock):
    appointment = booked(cast)
    clock.move_to(appointment.start - timedelta(hours=2))
    url = reverse("cancel_appointment", args=[appointment.pk])
    assert "The client asked to cancel" in words(alice.get(url))
    assert alice.post(url, {"reason": "Called in", "asked": "on"}).status_code == 302
    appointment.refresh_from_db()
    assert appointment.cancelled_by == "client"
    page = words(alice.get("/dashboard/"))
    assert "Cancelled by the client" in page
    assert "Late cancellation" in page
    record = reverse("record_outcome", args=[appointment.pk])
    assert alice.post(record, {"outcome": "late_cancel", "next": "upcoming"})["Location"] == "/dashboard/"
    appointment.refresh_from_db()
    assert appointment.outcome == "late_cancel"
    clock.move_to(appointment.end)
    assert "Cancelled (1)" not in words(alice.get("/dashboard/"))
    assert "Late cancellation" in words(alice.get("/dashboard/past/"))


@pytest.mark.parametrize("asked", [{}, {"asked": "on"}])
def test_a_late_cancellation_is_the_clients_alone_and_only_at_short_notice(
    alice: Client, cast: Cast, clock, asked: dict[str, str]
):
    appointment = booked(cast)
    notice = timedelta(minutes=cast.consultation.change_cutoff_minutes)
    clock.move_to(appointment.start - notice if asked else appointment.start - timedelta(minutes=5))
    alice.post(reverse("cancel_appointment", args=[appointment.pk]), asked)
    assert "Late cancellation" not in words(alice.get("/dashboard/"))
    record = reverse("record_outcome", args=[appointment.pk])
    assert alice.post(record, {"outcome": "late_cancel"}).status_code == 409


def test_the_fold_of_cancelled_ones_is_searched_like_the_list(alice: Client, cast: Cast):
    appointment = booked(cast)
    alice.post(reverse("cancel_appointment", args=[appointment.pk]))
    assert "Cancelled (1)" in words(alice.get("/dashboard/", {"q": "dana"}))
    assert "Cancelled (1)" not in words(alice.get("/dashboard/", {"q": "omar"}))
