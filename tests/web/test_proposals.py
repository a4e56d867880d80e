"""A change in the calendar, put to whoever may answer it: on the dashboard first, with both times, answered once."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from daybook.appointments import operations
from daybook.appointments.models import Appointment
from daybook.billing.models import Matter, TimeEntry
from daybook.core import times
from daybook.firms.models import Member
from daybook.messaging.models import Message
from daybook.sync.models import Proposal
from tests.cast import DANA, NOW, Cast, add_member, at, make_firm
from tests.web.test_desk_pages import TUESDAY, booked, words

pytestmark = pytest.mark.django_db

BACKEND = "django.contrib.auth.backends.ModelBackend"


def proposed(cast: Cast, appointment: Appointment, start: datetime | None = None, **more: object) -> Proposal:
    shown = (
        {"kind": "moved", "start": start, "end": start + timedelta(minutes=30)}
        if start
        else {"kind": "deleted"}
    )
    return Proposal.objects.create(
        firm=cast.firm,
        lawyer=cast.alice,
        appointment=appointment,
        calendar="Alice’s work",
        theirs="theirs-1",
        **{"noticed_at": NOW, **shown, **more},
    )


def said(cast: Cast, hour: int) -> str:
    start = at(cast.alice, TUESDAY, hour)
    return times.say(start, start + timedelta(minutes=30), cast.alice.time_zone)


def url_of(proposal: Proposal) -> str:
    return reverse("proposal", args=[proposal.pk])


def test_the_dashboard_shows_both_times_and_what_each_answer_does(alice: Client, cast: Cast):
    appointment = booked(cast)
    proposed(cast, appointment, at(cast.alice, TUESDAY, 14))
    page = words(alice.get("/dashboard/"))
    assert "Dana Reyes: moved in Alice’s work" in page
    for part in (
        f"Here{said(cast, 10)}",
        f"In Alice’s work{said(cast, 14)}",
        "Tell the client by email",
        "The appointment moves to where its entry is now. "
        "Dana Reyes gets an email with the new time, if you let Daybook tell them.",
        "The appointment stays as it is. Nobody is told.",
        "both times stay blocked",
        "Reschedule",
        "Cancel appointment",
        "Restore in calendar",
    ):
        assert part in page, part
    assert page.index("moved in Alice’s work") < page.index("Upcoming")
    own = words(alice.get(reverse("appointment", args=[appointment.pk])))
    assert "Somebody changed this appointment: moved in Alice’s work." in own


def test_reschedule_moves_it_and_tells_the_client_unless_told_not_to(alice: Client, cast: Cast):
    appointment = booked(cast)
    start = at(cast.alice, TUESDAY, 14)
    proposal = proposed(cast, appointment, start)
    page = alice.get(url_of(proposal)).content.decode()
    assert f'id="tell-{proposal.pk}" checked' in page
    answer = alice.post(url_of(proposal), {"answer": "reschedule", "edits": "1", "tell": "on"}, follow=True)
    assert f"Moved to {said(cast, 14)}." in words(answer)
    appointment.refresh_from_db()
    proposal.refresh_from_db()
    assert (appointment.start, appointment.sequence) == (start, 1)
    assert (proposal.answer, proposal.answered_by) == ("rescheduled", cast.alice_user)
    assert Message.objects.filter(kind="change").count() == 1
    history = words(alice.get(reverse("appointment", args=[appointment.pk])))
    assert "Moved; before" in history


def test_without_the_tick_nobody_is_told(alice: Client, cast: Cast):
    appointment = booked(cast)
    proposal = proposed(cast, appointment)
    alice.post(url_of(proposal), {"answer": "cancel", "edits": "1"})
    appointment.refresh_from_db()
    assert appointment.state == "cancelled"
    assert not Message.objects.filter(kind="cancellation").exists()


def test_a_double_click_answers_once_and_says_so(alice: Client, cast: Cast):
    appointment = booked(cast)
    proposal = proposed(cast, appointment, at(cast.alice, TUESDAY, 14))
    for _ in range(2):
        answer = alice.post(url_of(proposal), {"answer": "restore", "edits": "1"}, follow=True)
    assert "This has been answered already." in words(answer)
    appointment.refresh_from_db()
    assert (appointment.sequence, appointment.start) == (0, at(cast.alice, TUESDAY, 10))
    assert Proposal.objects.get().answer == "restored"
    assert "moved in" not in words(alice.get("/dashboard/"))


def test_an_answer_to_an_older_change_shows_the_newer_one(alice: Client, cast: Cast):
    appointment = booked(cast)
    proposal = proposed(cast, appointment, at(cast.alice, TUESDAY, 15), edits=2)
    answer = alice.post(url_of(proposal), {"answer": "reschedule", "edits": "1", "tell": "on"})
    assert answer.status_code == 409
    assert said(cast, 15) in words(answer)
    assert 'name="edits" value="2"' in answer.content.decode()
    appointment.refresh_from_db()
    assert appointment.sequence == 0


def test_outside_the_hours_is_asked_about_first(alice: Client, cast: Cast):
    appointment = booked(cast)
    proposal = proposed(cast, appointment, at(cast.alice, TUESDAY, 20))
    chosen = {"answer": "reschedule", "edits": "1", "tell": "on"}
    answer = alice.post(url_of(proposal), chosen)
    assert answer.status_code == 422
    assert "Outside Alice Hart’s hours." in words(answer)
    assert "Move it anyway" in words(answer)
    assert alice.post(url_of(proposal), {**chosen, "anyway": "on"}).status_code == 302
    appointment.refresh_from_db()
    assert appointment.start == at(cast.alice, TUESDAY, 20)


def test_a_time_that_is_taken_is_refused_with_its_reason(alice: Client, cast: Cast):
    appointment = booked(cast)
    booked(cast, 14)
    proposal = proposed(cast, appointment, at(cast.alice, TUESDAY, 14))
    answer = alice.post(url_of(proposal), {"answer": "reschedule", "edits": "1", "tell": "on"})
    assert answer.status_code == 409
    assert Proposal.objects.get().answered_at is None
    page = words(answer)
    assert "Please look at this again" in page
    assert "Restore in calendar" in page


def test_what_lies_ahead_cannot_be_moved_into_the_past_and_no_button_offers_it(alice: Client, cast: Cast):
    proposal = proposed(cast, booked(cast), NOW - timedelta(hours=3))
    page = words(alice.get(url_of(proposal)))
    assert "That time has passed" in page
    assert "Reschedule" not in page.split("Changed in its calendar")[-1].split("Open the appointment")[0]
    answer = alice.post(url_of(proposal), {"answer": "reschedule", "edits": "1"})
    assert answer.status_code in (409, 422)


def test_a_whole_day_tells_no_time_and_offers_to_choose_one(alice: Client, cast: Cast):
    proposal = proposed(cast, booked(cast), kind="untimed")
    page = words(alice.get(url_of(proposal)))
    assert "On a whole day" in page
    assert "press Reschedule" in page
    assert alice.post(url_of(proposal), {"answer": "reschedule", "edits": "1"}).status_code == 409


@pytest.mark.parametrize("bill", ["", "12"])
def test_the_activity_is_spoken_of_and_one_on_a_bill_is_left(alice: Client, cast: Cast, bill: str):
    from daybook.sync.models import Connection

    appointment = booked(cast)
    Connection.objects.create(
        firm=cast.firm,
        provider="clio",
        account_id="1",
        account_name="Hart",
        user_id="1",
        user_name="A",
        connected_at=NOW,
    )
    matter = Matter.objects.create(firm=cast.firm, client=appointment.contact, description="Estate")
    TimeEntry.objects.create(
        firm=cast.firm,
        appointment=appointment,
        matter=matter,
        on=TUESDAY,
        seconds=1800,
        bill_number=bill,
        bill_state="draft" if bill else "",
    )
    page = words(alice.get(url_of(proposed(cast, appointment, at(cast.alice, TUESDAY, 14)))))
    if bill:
        assert "Its time is already on bill 12 (draft) in Clio: it stays there as it is" in page
    else:
        assert "gets the new date." in page


@pytest.mark.parametrize("answer", ["", "accept", "restore'"])
def test_another_answer_is_none(alice: Client, cast: Cast, answer: str):
    proposal = proposed(cast, booked(cast))
    assert alice.post(url_of(proposal), {"answer": answer, "edits": "1"}).status_code == 422
    assert alice.post(url_of(proposal), {"answer": "restore", "edits": "9" * 30}).status_code == 422
    assert Proposal.objects.get().answered_at is None


def test_another_firm_sees_nothing(client: Client, cast: Cast, other: Cast):
    proposal = proposed(cast, booked(cast))
    client.force_login(other.alice_user, backend=BACKEND)
    assert client.get(url_of(proposal)).status_code == 404
    assert client.post(url_of(proposal), {"answer": "cancel", "edits": "1"}).status_code == 404
    assert Proposal.objects.get().answered_at is None


def test_staff_answer_for_the_lawyer_and_another_lawyer_does_not(client: Client, cast: Cast):
    proposal = proposed(cast, booked(cast))
    ben = add_member(cast, "Ben Vale", "ben@hartvale.example", Member.Role.LAWYER)
    client.force_login(ben.user, backend=BACKEND)
    assert client.get(url_of(proposal)).status_code == 404
    bob = add_member(cast, "Bob Ortiz", "bob@hartvale.example", Member.Role.STAFF)
    client.force_login(bob.user, backend=BACKEND)
    assert client.get(url_of(proposal)).status_code == 200
    assert client.post(url_of(proposal), {"answer": "restore", "edits": "1"}).status_code == 302
    assert Proposal.objects.get().answered_by == bob.user


def test_nobody_signed_out_gets_there(client: Client, cast: Cast):
    answer = client.get(url_of(proposed(cast, booked(cast))))
    assert answer.status_code == 302
    assert "login" in answer["Location"] or "sign" in answer["Location"]


@pytest.mark.parametrize(
    ("now", "day", "expected"),
    [
        # The clocks go back on 1 November 2026 and forward on 14 March 2027 in Denver.
        (
            datetime(2026, 10, 26, 15, tzinfo=NOW.tzinfo),
            datetime(2026, 11, 1, 8, 30, tzinfo=NOW.tzinfo),
            "1:30 am",
        ),
        (
            datetime(2027, 3, 8, 15, tzinfo=NOW.tzinfo),
            datetime(2027, 3, 14, 9, 30, tzinfo=NOW.tzinfo),
            "3:30 am",
        ),
    ],
)
def test_times_are_said_by_the_lawyers_clock_on_both_changeover_days(
    clock: object, client: Client, now: datetime, day: datetime, expected: str
):
    clock.move_to(now)  # type: ignore[attr-defined]
    cast = make_firm("Night Owls", "Alice Hart", "alice@owls.example", "America/Denver", now)
    appointment = operations.book(
        actor=cast.alice_actor,
        appointment_type=cast.consultation,
        start=at(cast.alice, day.date() + timedelta(days=2), 10),
        details=DANA,
        now=now,
    )
    client.force_login(cast.alice_user, backend=BACKEND)
    page = words(client.get(url_of(proposed(cast, appointment, day, noticed_at=now))))
    assert expected in page


def test_what_waits_for_an_account_of_ones_own_is_shown_with_its_reason_and_a_retry(
    alice: Client, cast: Cast
):
    from daybook.sync.models import Push

    appointment = booked(cast)
    Push.objects.update_or_create(
        appointment=appointment,
        defaults={
            "firm": cast.firm,
            "state": "pending",
            "trouble": "Google Calendar has to be connected again.",
            "next_try_at": NOW + timedelta(minutes=15),
        },
    )
    page = words(alice.get("/dashboard/"))
    assert "Dana Reyes is not in the calendar yet" in page
    assert "Google Calendar has to be connected again. Daybook tries again by itself at" in page
    assert "Retry" in page
    alice.post(reverse("retry_push", args=[appointment.pk]))
    assert Push.objects.get().next_try_at == NOW


@pytest.mark.parametrize(
    ("place", "state", "word"),
    [
        ("Google Calendar", "confirmed", "In Google Calendar"),
        ("Google Calendar", "cancelled", "Removed from Google Calendar"),
        ("calendar", "confirmed", "In calendar"),
        ("Clio", "confirmed", "Not connected"),
    ],
)
def test_words_are_true_of_calendars_other_than_clios(
    alice: Client, cast: Cast, place: str, state: str, word: str
):
    from daybook.sync.models import Push

    appointment = booked(cast)
    Appointment.objects.update(state=state)
    Push.objects.update_or_create(
        appointment=appointment, defaults={"firm": cast.firm, "state": "done", "reached": 1, "place": place}
    )
    assert word in words(alice.get(reverse("appointment", args=[appointment.pk])))
