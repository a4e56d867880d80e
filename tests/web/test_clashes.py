"""An appointment that lies over an entry of a calendar, on the dashboard and by mail: said once, answered by whoever may."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from django.core import mail
from django.db import transaction
from django.test import Client
from django.urls import reverse

from daybook.appointments import operations
from daybook.appointments.models import Appointment
from daybook.calendars.models import Calendar, CalendarUse
from daybook.core.periods import Period
from daybook.firms.models import Event, Member
from daybook.firms.outbox import record
from daybook.messaging.alerts import overlap_alert
from daybook.messaging.models import Message
from daybook.sync.models import Clash, Connection
from tests.cast import DANA, NOW, Cast, add_member, at, make_firm
from tests.web.test_desk_pages import TUESDAY, booked, words

pytestmark = pytest.mark.django_db

BACKEND = "django.contrib.auth.backends.ModelBackend"
HOUR = timedelta(hours=1)


def google(cast: Cast) -> Calendar:
    connection = Connection.objects.create(
        firm=cast.firm,
        lawyer=cast.alice,
        provider="google",
        account_id="1",
        account_name="alice@hartvale.example",
        connected_at=NOW,
    )
    calendar = Calendar.objects.create(
        firm=cast.firm, connection=connection, external_id="7", name="Family", read_at=NOW
    )
    CalendarUse.objects.create(firm=cast.firm, lawyer=cast.alice, calendar=calendar)
    return calendar


def noticed(cast: Cast, appointment: Appointment, during: Period, *, all_day: bool = False) -> Clash:
    calendar = google(cast)
    clash = Clash.objects.create(
        firm=cast.firm,
        lawyer=cast.alice,
        appointment=appointment,
        calendar=calendar,
        external_id="theirs",
        start=during.start,
        end=during.end,
        all_day=all_day,
        starts_at=appointment.start,
        noticed_at=NOW,
    )
    with transaction.atomic():
        record(
            "overlap_noticed",
            firm=cast.firm,
            now=NOW,
            subject=clash.pk,
            lawyer=cast.alice.pk,
            appointment=appointment.pk,
            calendar=calendar.pk,
            start=during.start.isoformat(),
            end=during.end.isoformat(),
            all_day=all_day,
            tell=True,
        )
    return clash


def over(cast: Cast, hour: int = 10) -> Clash:
    start = at(cast.alice, TUESDAY, hour)
    return noticed(cast, booked(cast, hour), Period(start, start + HOUR))


def url_of(clash: Clash) -> str:
    return reverse("accept_overlap", args=[clash.pk])


def event() -> int:
    return Event.objects.get(name="overlap_noticed").pk


def test_the_dashboard_says_what_overlaps_and_offers_three_answers(alice: Client, cast: Cast):
    clash = over(cast)
    answer = alice.get("/dashboard/")
    page = words(answer)
    assert "Needs attention (1)" in page
    assert (
        "Tue 1 Dec, 10:00 am with Dana Reyes overlaps with an entry in "
        "Google Calendar (alice@hartvale.example), 10:00 am – 11:00 am" in page
    )
    assert "In the calendar Family, noticed Mon 23 Nov 2026, 8:00 am" in page
    html = answer.content.decode()
    for name in ("reschedule", "cancel_appointment"):
        assert f'href="{reverse(name, args=[clash.appointment_id])}"' in html
    assert f'action="{url_of(clash)}"' in html
    assert "It is fine" in page


def test_an_answer_is_kept_and_given_once(alice: Client, cast: Cast):
    clash = over(cast)
    for _ in range(2):
        answer = alice.post(url_of(clash), {"answer": "fine"}, follow=True)
    assert "overlaps with" not in words(answer)
    clash.refresh_from_db()
    assert (clash.answer, clash.answered_by) == ("fine", cast.alice_user)
    assert Event.objects.filter(name="overlap_settled", subject=clash.pk).count() == 1
    assert Appointment.objects.get().state == "confirmed"


def test_a_look_answers_nothing(alice: Client, cast: Cast):
    clash = over(cast)
    assert alice.get(url_of(clash)).status_code == 405
    clash.refresh_from_db()
    assert clash.answered_at is None


@pytest.mark.parametrize("change", ["move", "cancel"])
def test_moving_or_cancelling_at_the_desk_settles_it(alice: Client, cast: Cast, change: str):
    clash = over(cast)
    how = {"appointment": clash.appointment, "by": "firm", "now": NOW, "actor": cast.alice_actor}
    if change == "move":
        operations.reschedule(start=at(cast.alice, TUESDAY, 14), **how)
    else:
        operations.cancel(**how)
    clash.refresh_from_db()
    assert (clash.answer, clash.answered_by) == ("gone", None)
    assert "overlaps with" not in words(alice.get("/dashboard/"))


def test_what_is_over_is_shown_no_more(alice: Client, cast: Cast, clock: object):
    over(cast)
    clock.move_to(at(cast.alice, TUESDAY, 12))  # type: ignore[attr-defined]
    assert "overlaps with" not in words(alice.get("/dashboard/"))


def test_another_firm_finds_nothing(client: Client, cast: Cast, other: Cast):
    clash = over(cast)
    client.force_login(other.alice_user, backend=BACKEND)
    assert client.post(url_of(clash), {"answer": "fine"}).status_code == 404
    assert "overlaps with" not in words(client.get("/dashboard/"))
    clash.refresh_from_db()
    assert clash.answered_at is None


def test_staff_answer_for_the_lawyer_and_another_lawyer_does_not(client: Client, cast: Cast):
    clash = over(cast)
    ben = add_member(cast, "Ben Vale", "ben@hartvale.example", Member.Role.LAWYER)
    client.force_login(ben.user, backend=BACKEND)
    assert client.post(url_of(clash)).status_code == 404
    bob = add_member(cast, "Bob Ortiz", "bob@hartvale.example", Member.Role.STAFF)
    client.force_login(bob.user, backend=BACKEND)
    assert client.post(url_of(clash)).status_code == 302
    clash.refresh_from_db()
    assert clash.answered_by == bob.user


def test_nobody_signed_out_gets_there(client: Client, cast: Cast):
    clash = over(cast)
    assert client.post(url_of(clash)).status_code == 302
    clash.refresh_from_db()
    assert clash.answered_at is None


def test_the_lawyer_gets_one_mail_whose_subject_gives_nothing_away(cast: Cast):
    over(cast)
    mail.outbox.clear()
    for _ in range(3):
        overlap_alert(event_id=event(), now=NOW)
    (one,) = mail.outbox
    assert one.to == ["alice@hartvale.example"]
    assert one.subject == "Two things at once on Tue 1 Dec 2026, 10:00 am"
    assert "Family (Google Calendar, alice@hartvale.example)" in one.body
    assert "Tue 1 Dec 2026, 10:00 am – 11:00 am (Denver, MST)" in one.body
    assert "the client has not been told" in one.body


@pytest.mark.parametrize("change", ["fine", "cancel"])
def test_what_was_settled_before_the_mail_left_is_not_written_about(alice: Client, cast: Cast, change: str):
    clash = over(cast)
    mail.outbox.clear()
    if change == "fine":
        alice.post(url_of(clash))
    else:
        operations.cancel(appointment=clash.appointment, by="firm", now=NOW, actor=cast.alice_actor)
    overlap_alert(event_id=event(), now=NOW)
    assert not Message.objects.filter(kind="overlap_alert").exists()


def test_a_whole_day_is_called_one(alice: Client, cast: Cast):
    start = at(cast.alice, TUESDAY, 0)
    noticed(cast, booked(cast), Period(start, start + 24 * HOUR), all_day=True)
    assert "Google Calendar (alice@hartvale.example), all day" in words(alice.get("/dashboard/"))
    mail.outbox.clear()
    overlap_alert(event_id=event(), now=NOW)
    assert "all day on Tue 1 Dec 2026" in mail.outbox[0].body


@pytest.mark.parametrize(
    ("now", "start", "expected"),
    [
        # In Denver the clocks go back at 2 am on 1 November 2026, and forward at 2 am on 14 March 2027.
        (
            datetime(2026, 10, 26, 15, tzinfo=UTC),
            datetime(2026, 11, 1, 7, 30, tzinfo=UTC),
            "Sun 1 Nov 2026, 1:30 am MDT – 1:30 am MST (Denver)",
        ),
        (
            datetime(2027, 3, 8, 15, tzinfo=UTC),
            datetime(2027, 3, 14, 8, 30, tzinfo=UTC),
            "Sun 14 Mar 2027, 1:30 am MST – 3:30 am MDT (Denver)",
        ),
    ],
)
def test_both_rules_are_named_where_the_clocks_change_in_between(
    clock: object, client: Client, now: datetime, start: datetime, expected: str
):
    clock.move_to(now)  # type: ignore[attr-defined]
    cast = make_firm("Night Owls", "Alice Hart", "alice@owls.example", "America/Denver", now)
    on: date = start.date()
    appointment = operations.book(
        actor=cast.alice_actor,
        appointment_type=cast.consultation,
        start=at(cast.alice, on, 1),
        details=DANA,
        now=now,
    )
    noticed(cast, appointment, Period(start, start + HOUR))
    client.force_login(cast.alice_user, backend=BACKEND)
    assert expected in words(client.get("/dashboard/"))
