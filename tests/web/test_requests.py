"""Requests on the pages: told before a time is chosen, seen and withdrawn by the client, answered at the desk."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.test import Client
from django.urls import reverse

from daybook.appointments import operations
from daybook.appointments.models import Appointment
from daybook.calendars.models import BusyPeriod, Calendar, CalendarUse
from daybook.contacts.models import Contact
from daybook.firms.models import Event, Lawyer, Member
from daybook.sync.models import Connection
from tests.cast import DANA, NOW, Cast, add_member, at
from tests.web.test_desk_pages import TUESDAY

pytestmark = pytest.mark.django_db

BACKEND = "django.contrib.auth.backends.ModelBackend"
TIMES = "/book/hart-vale-llp/alice-hart/first-consultation/"
TYPED = {"name": "Dana Reyes", "email": "dana@example.com", "phone": "303 555 0101"}
State = Appointment.State


@pytest.fixture
def by_request(cast: Cast) -> Cast:
    cast.consultation.by_request = True
    cast.consultation.save()
    return cast


@pytest.fixture
def court(cast: Cast) -> Calendar:
    """Alice's own calendar, which has not answered since yesterday; busy on Tuesday from 1 to 2 pm."""
    account = Connection.objects.create(
        firm=cast.firm, provider="google", lawyer=cast.alice, account_id="1", account_name=cast.alice.email,
        user_id="1", user_name="Alice", connected_at=NOW,
    )  # fmt: skip
    found = Calendar.objects.create(
        firm=cast.firm, connection=account, external_id="1", name="Court", read_at=NOW - timedelta(days=1),
        read_from=NOW - timedelta(days=2), read_until=NOW + timedelta(days=300),
    )  # fmt: skip
    CalendarUse.objects.create(firm=cast.firm, lawyer=cast.alice, calendar=found)
    busy(cast, found, 13, 14)
    return found


def words(page: str) -> str:
    """The page as it is read."""
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", "", page)))


def busy(cast: Cast, calendar: Calendar, first: int, last: int) -> None:
    during = DateTimeTZRange(at(cast.alice, TUESDAY, first), at(cast.alice, TUESDAY, last))
    BusyPeriod.objects.create(calendar=calendar, external_id=f"{first}", during=during)


def takes_requests(cast: Cast) -> None:
    Lawyer.objects.filter(pk=cast.alice.pk).update(requests_when_unread=True)


def requested(cast: Cast, hour: int = 10) -> Appointment:
    start = at(cast.alice, TUESDAY, hour)
    kind = type(cast.consultation).objects.select_related("lawyer", "firm").get(pk=cast.consultation.pk)
    held = operations.hold(appointment_type=kind, start=start, hold_key=f"{hour}", now=NOW)
    return operations.confirm(appointment=held, details=DANA, now=NOW, as_request=True)


def press(client: Client, cast: Cast, hour: int = 10) -> str:
    start = int(at(cast.alice, TUESDAY, hour).timestamp())
    return client.post(TIMES, {"start": start})["Location"]


def address(one: Appointment) -> str:
    return reverse("request", args=[one.pk])


# The client -----------------------------------------------------------------------------------------------------------


def test_a_client_is_told_before_choosing_asks_sees_what_is_next_and_withdraws(
    client: Client, by_request: Cast
) -> None:
    page = words(client.get(TIMES).content.decode())
    assert "These times are requests. Hart & Vale LLP confirms by email." in page
    assert client.get(f"{TIMES}times.json").json()["requests"] is True
    form = press(client, by_request)
    page = client.get(form).content.decode()
    assert "Request appointment" in page
    assert "Confirm appointment" not in page
    assert "by Tue 24 Nov 2026, 8:00 am" in words(page)
    sent = client.post(form, {**TYPED, "ask": "request"}, follow=True)
    page = words(sent.content.decode())
    assert "Your request has been sent" in page
    assert "answers by email, by Tue 24 Nov 2026, 8:00 am" in page
    one = Appointment.objects.get()
    assert one.state == State.REQUESTED
    token = sent.redirect_chain[-1][0].split("/")[2]
    for part in ("", "appointment.ics", "move/", "cancel/"):
        there = client.get(f"/appointment/{token}/{part}")
        assert there["Location"].endswith("/request/"), part
    assert "Withdraw this request?" in client.get(f"/appointment/{token}/request/withdraw/").content.decode()
    gone = client.post(f"/appointment/{token}/request/withdraw/", follow=True).content.decode()
    assert "This request is withdrawn" in gone
    one.refresh_from_db()
    assert one.state == State.CANCELLED
    again = client.post(f"/appointment/{token}/request/withdraw/", follow=True)
    assert "This request is withdrawn" in again.content.decode()


def test_what_became_a_request_while_the_form_was_open_is_asked_for_and_nothing_typed_is_lost(
    client: Client, cast: Cast
) -> None:
    form = press(client, cast)
    cast.consultation.by_request = True
    cast.consultation.save()
    page = client.post(form, TYPED)
    assert page.status_code == 409
    text = page.content.decode()
    assert "You can request it" in text
    assert "Request appointment" in text
    assert 'value="Dana Reyes"' in text
    assert client.post(form, {**TYPED, "ask": "request"})["Location"].endswith("/request/")


def test_with_a_silent_calendar_times_are_hidden_or_requests_as_the_lawyer_prefers(
    client: Client, cast: Cast, court: Calendar
) -> None:
    assert "Times cannot be shown just now" in client.get(TIMES).content.decode()
    takes_requests(cast)
    page = client.get(TIMES, {"from": TUESDAY.isoformat()}).content.decode()
    assert "These times are requests." in page
    assert str(int(at(cast.alice, TUESDAY, 10).timestamp())) in page
    assert str(int(at(cast.alice, TUESDAY, 13).timestamp())) not in page
    assert "Request appointment" in client.get(press(client, cast)).content.decode()


def test_the_link_of_an_accepted_request_leads_to_the_appointment(alice: Client, by_request: Cast) -> None:
    one = requested(by_request)
    alice.post(address(one), {"answer": "accept"})
    from daybook.appointments.links import link_token

    there = Client().get(f"/appointment/{link_token(one)}/request/", follow=True)
    assert "Your appointment is confirmed" in there.content.decode()


def test_a_declined_request_tells_the_client_the_line_and_no_reason(alice: Client, by_request: Cast) -> None:
    one = requested(by_request)
    alice.post(address(one), {"answer": "decline", "line": "Would Friday do?"})
    from daybook.appointments.links import link_token

    page = Client().get(f"/appointment/{link_token(one)}/", follow=True).content.decode()
    assert "This time cannot be offered" in page
    assert "Would Friday do?" in page


# The desk -------------------------------------------------------------------------------------------------------------


def test_the_dashboard_shows_who_what_when_why_and_the_day_beside_it(
    alice: Client, cast: Cast, court: Calendar
) -> None:
    takes_requests(cast)
    requested(cast, 10)
    requested(cast, 11)
    page = words(alice.get("/dashboard/").content.decode())
    assert "Requests (2)" in page
    assert "Tue 1 Dec 2026, 10:00 am" in page
    assert "12:00 pm – 12:30 pm (New York, EST)" in page, "the client's clock, where it differs"
    assert "A calendar could not be read when it was made" in page
    assert "1:00 pm – 2:00 pm" in page
    assert "Busy, Court (Google Calendar, alice@hartvale.example)" in page
    assert "This request" in page
    assert "Try again" in page
    assert "Send to Clio" not in page


def test_accept_confirms_and_pressing_twice_says_so(alice: Client, by_request: Cast) -> None:
    one = requested(by_request)
    page = alice.post(address(one), {"answer": "accept"}, follow=True).content.decode()
    assert "Accepted: Dana Reyes" in page
    one.refresh_from_db()
    assert one.state == State.CONFIRMED
    again = alice.post(address(one), {"answer": "accept"}, follow=True).content.decode()
    assert "already been accepted" in again
    assert Event.objects.filter(name="appointment_confirmed").count() == 1
    assert Contact.objects.filter(firm=by_request.firm).count() == 1


def test_a_clash_is_shown_and_accepted_only_when_ticked_and_the_line_stays(
    alice: Client, cast: Cast, court: Calendar
) -> None:
    takes_requests(cast)
    one = requested(cast)
    busy(cast, court, 10, 11)
    page = alice.post(address(one), {"answer": "accept", "line": "Perhaps later"})
    assert page.status_code == 409
    text = page.content.decode()
    assert "In Court (Google Calendar, alice@hartvale.example): busy, 10:00 am – 11:00 am." in words(text)
    assert 'value="Perhaps later"' in text
    alice.post(address(one), {"answer": "accept", "anyway": "on"})
    one.refresh_from_db()
    assert one.state == State.CONFIRMED


def test_a_line_that_is_too_long_is_told_beside_its_field_and_kept(alice: Client, by_request: Cast) -> None:
    one = requested(by_request)
    page = alice.post(address(one), {"answer": "decline", "line": "x" * 301})
    assert page.status_code == 422
    assert "x" * 301 in page.content.decode()
    assert alice.post(address(one), {}).status_code == 422
    one.refresh_from_db()
    assert one.state == State.REQUESTED


def test_what_ended_meanwhile_says_so(alice: Client, by_request: Cast) -> None:
    one = requested(by_request)
    Appointment.objects.update(state=State.LAPSED)
    page = alice.post(address(one), {"answer": "accept"}, follow=True).content.decode()
    assert "not answered in time" in page


def test_carol_of_another_firm_sees_and_answers_nothing(
    client: Client, by_request: Cast, other: Cast
) -> None:
    one = requested(by_request)
    client.force_login(other.alice_user, backend=BACKEND)
    assert client.get(address(one)).status_code == 404
    for answer in ("accept", "decline"):
        assert client.post(address(one), {"answer": answer}).status_code == 404
    assert client.post(reverse("read_again", args=[by_request.alice.pk])).status_code == 404
    assert "Requests (" not in client.get("/dashboard/").content.decode()
    one.refresh_from_db()
    assert one.state == State.REQUESTED


def test_staff_answer_for_the_lawyer_and_other_lawyers_do_not(client: Client, by_request: Cast) -> None:
    one = requested(by_request)
    ben = add_member(by_request, "Ben Vale", "ben@hartvale.example", Member.Role.LAWYER)
    client.force_login(ben.user, backend=BACKEND)
    assert client.post(address(one), {"answer": "accept"}).status_code == 404
    bob = add_member(by_request, "Bob", "bob@hartvale.example", Member.Role.STAFF)
    client.force_login(bob.user, backend=BACKEND)
    client.post(reverse("switch_desk"), {"lawyer": by_request.alice.pk})
    client.post(address(one), {"answer": "accept"})
    event = Event.objects.get(name="appointment_confirmed")
    assert (event.actor, event.behalf_of) == (bob.user, by_request.alice)


def test_a_request_has_its_word_in_lists_and_no_button_of_an_appointment(
    alice: Client, by_request: Cast
) -> None:
    one = requested(by_request)
    page = alice.get(reverse("appointment", args=[one.pk])).content.decode()
    assert "Requested, not confirmed" in page
    for name in ("reschedule", "cancel_appointment", "send_to_clio"):
        assert reverse(name, args=[one.pk]) not in page
        assert alice.get(reverse(name, args=[one.pk])).status_code == 409, name
    week = alice.get(reverse("week"), {"on": TUESDAY.isoformat()}).content.decode()
    assert "Requested: Dana Reyes" in week
    alice.post(address(one), {"answer": "decline"})
    assert "Declined" in alice.get(reverse("past")).content.decode()


def test_the_preference_and_the_tick_of_a_type_are_saved(alice: Client, cast: Cast, court: Calendar) -> None:
    page = alice.get(reverse("manage_calendars")).content.decode()
    assert "When a calendar cannot be read" in page
    saved = alice.post(reverse("manage_calendars"), {f"blocks_{court.pk}": "on", "unread": "request"})
    assert saved.status_code == 302
    cast.alice.refresh_from_db()
    assert cast.alice.requests_when_unread
    assert "clients can only request times" in alice.get(reverse("manage_calendars")).content.decode()
    assert alice.post(reverse("manage_calendars"), {"unread": "whatever"}).status_code == 422


@pytest.mark.parametrize(
    "asked", [datetime(2026, 10, 31, 20, tzinfo=UTC), datetime(2026, 3, 7, 20, tzinfo=UTC)]
)
def test_the_day_beside_a_request_is_right_when_clocks_change(
    client: Client, db: None, asked: datetime
) -> None:
    from tests.cast import hart_and_vale

    with time_machine.travel(asked, tick=False):
        cast = hart_and_vale(asked)
        cast.consultation.by_request = True
        cast.consultation.save()
        on = (asked + timedelta(days=1)).date()  # the Sunday on which Denver's clocks change
        start = at(cast.alice, on, 10)
        one = Appointment.objects.create(
            firm=cast.firm, lawyer=cast.alice, appointment_type=cast.consultation, uid="5" * 32,
            state=State.REQUESTED, during=DateTimeTZRange(start, start + timedelta(minutes=30)),
            client_name="Dana Reyes", client_time_zone="America/Phoenix", requested_at=asked,
            requested_because="type", answer_by=start - timedelta(hours=1),
        )  # fmt: skip
        client.force_login(cast.alice_user, backend=BACKEND)
        page = words(client.get(address(one)).content.decode())
    there = {10: "10:00 am – 10:30 am", 3: "9:00 am – 9:30 am"}[asked.month]
    assert (f"For the client: Sun {on.day}" in page) == (asked.month == 3), "Phoenix never changes its clocks"
    assert there in page
    assert "Kept until" in page
