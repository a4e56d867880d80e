"""The card on top of the dashboard: each thing with its reason, and who mends it by which button."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client

from daybook.calendars.models import Calendar, CalendarUse
from daybook.firms.models import Member
from daybook.sync import questions
from daybook.sync.models import Connection, Question
from tests.cast import NOW, Cast, add_member

pytestmark = pytest.mark.django_db


def words(response) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", response.content.decode())).replace("&#x27;", "'")


@pytest.fixture
def calendar(cast: Cast) -> Calendar:
    connection = Connection.objects.create(
        firm=cast.firm,
        provider="clio",
        account_id="1",
        account_name="Hart & Vale LLP",
        user_id="1",
        user_name="Alice Hart",
        connected_at=NOW,
    )
    return Calendar.objects.create(
        firm=cast.firm,
        connection=connection,
        external_id="7",
        name="Court dates",
        read_at=NOW,
        permission="owner",
    )


def test_nothing_to_do_shows_no_card(alice: Client, cast: Cast):
    assert "Needs attention" not in words(alice.get("/dashboard/"))


def test_a_connected_lawyer_without_a_primary_calendar_is_told_to_choose_one(
    alice: Client, cast: Cast, calendar: Calendar
):
    page = words(alice.get("/dashboard/"))
    assert "Needs attention (1)" in page
    assert "No primary calendar" in page
    assert "Manage Calendars" in page
    CalendarUse.objects.create(firm=cast.firm, lawyer=cast.alice, calendar=calendar, is_primary=True)
    assert "Needs attention" not in words(alice.get("/dashboard/"))


@pytest.mark.parametrize(
    ("final", "says"),
    [(False, "Daybook tries again every few minutes."), (True, "Waiting will not mend it.")],
)
def test_a_calendar_that_cannot_be_read_hides_the_times_and_says_so(
    final: bool, says: str, alice: Client, cast: Cast, calendar: Calendar
):
    CalendarUse.objects.create(firm=cast.firm, lawyer=cast.alice, calendar=calendar, is_primary=True)
    Calendar.objects.update(
        read_at=NOW - timedelta(hours=1), trouble="Clio does not answer.", trouble_final=final
    )
    page = words(alice.get("/dashboard/"))
    assert "Court dates cannot be read" in page
    assert "Alice Hart's times are not offered online." in page
    assert says in page
    assert "Clio does not answer. What it holds may be missing here." in words(alice.get("/dashboard/week/"))
    assert "Free times cannot be shown: Clio does not answer." in words(alice.get("/appointments/book/"))


def test_bob_sees_the_card_of_the_desk_he_is_at_without_buttons_he_may_not_press(
    cast: Cast, calendar: Calendar
):
    bob = add_member(cast, "Bob Lane", "bob@hartvale.example", Member.Role.STAFF)
    client = Client()
    client.force_login(bob.user, backend="django.contrib.auth.backends.ModelBackend")
    client.post("/desk/", {"lawyer": cast.alice.pk})
    page = words(client.get("/dashboard/"))
    assert "No primary calendar" in page
    assert "Manage Calendars" not in page
    Connection.objects.update(state="broken", trouble="Clio no longer accepts this connection.")
    page = words(client.get("/dashboard/"))
    assert "An administrator of your firm can do it." in page
    assert "Reconnect" not in page


def test_a_question_to_another_lawyer_is_not_bobs_to_answer(cast: Cast):
    from daybook.firms import operations as firms

    ben = firms.add_lawyer(
        firm=cast.firm, name="Ben Vale", email="ben@hartvale.example", time_zone="America/New_York", now=NOW
    )
    question = questions.ask(firm_id=cast.firm.pk, kind="rejected", text="?", now=NOW, lawyer_id=ben.pk)
    bob = add_member(cast, "Bob Lane", "bob@hartvale.example", Member.Role.STAFF)
    client = Client()
    client.force_login(bob.user, backend="django.contrib.auth.backends.ModelBackend")
    client.post("/desk/", {"lawyer": cast.alice.pk})
    assert client.post(f"/questions/{question.pk}/").status_code == 404
    client.post("/desk/", {"lawyer": ben.pk})
    assert client.post(f"/questions/{question.pk}/").status_code == 302
    assert client.get(f"/questions/{question.pk}/").status_code == 405


def test_a_question_about_contacts_cannot_be_brushed_aside_from_the_dashboard(alice: Client, cast: Cast):
    questions.ask_about(
        firm_id=cast.firm.pk,
        kind="alarm",
        about="contacts",
        text="Contact sync has stopped.",
        details={},
        now=NOW,
    )
    question = Question.objects.get()
    assert alice.post(f"/questions/{question.pk}/").status_code == 404
    question.refresh_from_db()
    assert question.answered_at is None
