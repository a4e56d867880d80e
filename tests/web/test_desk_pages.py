"""The desk's pages: what they show, and to whom."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from daybook.appointments import operations
from daybook.appointments.models import Appointment
from daybook.firms.models import Event, Member
from daybook.firms.permissions import Actor
from tests.cast import DANA, NOW, Cast, add_member, at, make_firm, next_weekday

pytestmark = pytest.mark.django_db
TUESDAY = next_weekday(NOW)


def words(response) -> str:
    """The page as it is read."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", response.content.decode()))


def signed_in(who: Actor) -> Client:
    client = Client()
    client.force_login(who.user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def booked(cast: Cast, hour: int = 10, on=TUESDAY, **more) -> Appointment:
    return operations.book(
        actor=cast.alice_actor,
        appointment_type=cast.consultation,
        start=at(cast.alice, on, hour),
        details=DANA,
        now=NOW,
        **more,
    )


#: Every address of the desk that names an appointment.
ABOUT_ONE = [
    "appointment", "change_details", "reschedule", "move_times", "cancel_appointment", "record_outcome",
    "sync_state", "retry_push", "send_to_clio", "search_matters", "preview_time",
]  # fmt: skip
#: Those without.
PLAIN = ["dashboard", "past", "week", "book", "book_times", "suggest_clients", "contacts", "import_progress"]
POSTED = {"record_outcome", "retry_push"}


def ask(client: Client, name: str, *args: int):
    url = reverse(name, args=args)
    return client.post(url) if name in POSTED else client.get(url)


@pytest.mark.parametrize("name", ABOUT_ONE)
def test_carol_of_another_firm_finds_nothing_of_it(name: str, cast: Cast, other: Cast):
    appointment = booked(cast)
    assert ask(signed_in(other.alice_actor), name, appointment.pk).status_code == 404


@pytest.mark.parametrize("name", ABOUT_ONE)
def test_another_lawyer_of_the_firm_who_is_no_administrator_finds_nothing_of_it(name: str, cast: Cast):
    from daybook.firms import operations as firms

    appointment = booked(cast)
    ben = add_member(cast, "Ben Vale", "ben@hartvale.example", Member.Role.LAWYER)
    firms.add_lawyer(
        firm=cast.firm, name="Ben Vale", email="ben@hartvale.example", time_zone="America/New_York", now=NOW,
        member=ben.member,
    )  # fmt: skip
    assert ask(signed_in(ben), name, appointment.pk).status_code == 404


@pytest.mark.parametrize("name", [*PLAIN, *ABOUT_ONE])
def test_signed_out_every_page_leads_to_sign_in(name: str, client: Client, cast: Cast):
    args = [booked(cast).pk] if name in ABOUT_ONE else []
    answer = ask(client, name, *args)
    assert answer.status_code == 302
    assert answer["Location"].startswith("/account/login/")


def test_a_contact_of_another_firm_is_not_found(cast: Cast, other: Cast):
    contact = booked(cast).contact
    assert signed_in(other.alice_actor).get(f"/contacts/{contact.pk}/").status_code == 404
    assert signed_in(cast.alice_actor).get(f"/contacts/{contact.pk}/").status_code == 200


def test_carol_sees_nobody_of_ours_in_her_lists(cast: Cast, other: Cast):
    booked(cast)
    carol = signed_in(other.alice_actor)
    for name in ("dashboard", "past", "week", "contacts"):
        assert "Dana" not in words(carol.get(reverse(name)))
    assert carol.get(reverse("suggest_clients"), {"q": "dana"}).json() == {"clients": []}


def test_the_dashboard_shows_what_is_coming_by_day(alice: Client, cast: Cast):
    booked(cast)
    page = words(alice.get("/dashboard/"))
    assert "Today, Mon 23 Nov 2026" in page
    assert "Tue 1 Dec" in page
    assert "10:00 am – 10:30 am" in page
    assert "Dana Reyes First consultation · Phone" in page
    assert "For the client: Tue 1 Dec, 12:00 pm (New York, EST)" in page
    assert "Not connected" in page
    assert "Reschedule" in page
    assert "Cancel" in page
    assert "Send to Clio" in page


def test_an_empty_dashboard_says_what_to_do_next(alice: Client, cast: Cast):
    page = words(alice.get("/dashboard/"))
    assert "No appointments yet" in page
    assert "Book Appointment" in page


def test_the_lists_are_searched_by_the_clients_name(alice: Client, cast: Cast):
    booked(cast)
    assert "Dana Reyes" in words(alice.get("/dashboard/", {"q": "reye"}))
    page = words(alice.get("/dashboard/", {"q": "smith"}))
    assert "Dana Reyes" not in page
    assert "Nobody of that name here" in page


@pytest.mark.parametrize("q", ["%", "\0", "x" * 5000, "'", "<script>"])
def test_anything_can_be_searched_for(q: str, alice: Client, cast: Cast):
    for name in ("dashboard", "past", "contacts", "suggest_clients"):
        answer = alice.get(reverse(name), {"q": q, "page": q})
        assert answer.status_code == 200
        assert b"<script>" not in answer.content


def test_what_is_over_is_under_past_and_takes_an_outcome(alice: Client, cast: Cast, clock):
    appointment = booked(cast)
    clock.move_to(appointment.end + timedelta(hours=1))
    assert "Dana Reyes" not in words(alice.get("/dashboard/"))
    assert "Dana Reyes" in words(alice.get("/dashboard/past/"))
    answer = alice.post(
        reverse("record_outcome", args=[appointment.pk]), {"outcome": "no_show", "next": "past"}
    )
    assert answer["Location"] == "/dashboard/past/"
    appointment.refresh_from_db()
    assert appointment.outcome == "no_show"
    page = words(alice.get("/dashboard/past/"))
    assert "No-show" in page
    assert "Take back" in page
    alice.post(reverse("record_outcome", args=[appointment.pk]), {"outcome": "none"})
    appointment.refresh_from_db()
    assert appointment.outcome == ""


def test_an_outcome_nobody_knows_and_one_too_early_are_refused(alice: Client, cast: Cast):
    appointment = booked(cast)
    for outcome in ("attended", "late_cancel", "eaten"):
        answer = alice.post(reverse("record_outcome", args=[appointment.pk]), {"outcome": outcome})
        assert answer.status_code == 409
    appointment.refresh_from_db()
    assert appointment.outcome == ""


def test_many_appointments_come_in_pages(alice: Client, cast: Cast):
    for number in range(3):
        for hour in range(8, 18):
            booked(cast, hour, next_weekday(NOW, weekday=number))
    first = words(alice.get("/dashboard/"))
    assert "30 appointments, page 1 of 2" in first
    assert "Next page" in first
    assert "page 2 of 2" in words(alice.get("/dashboard/", {"page": "2"}))


def test_a_list_asks_the_database_the_same_few_questions_however_long_it_is(
    alice: Client, cast: Cast, django_assert_max_num_queries
):
    for hour in range(8, 18):
        booked(cast, hour)
    with django_assert_max_num_queries(23):
        alice.get("/dashboard/")


# Desks -----------------------------------------------------------------------------------------------------------------


def test_bob_chooses_a_desk_first_and_it_leaves_a_trace(cast: Cast):
    bob = add_member(cast, "Bob Lane", "bob@hartvale.example", Member.Role.STAFF)
    client = signed_in(bob)
    booked(cast)
    page = words(client.get("/dashboard/"))
    assert "Whose dashboard would you like to see?" in page
    assert "Dana" not in page
    answer = client.post("/desk/", {"lawyer": cast.alice.pk, "next": "/dashboard/week/"})
    assert answer["Location"] == "/dashboard/week/"
    assert "Dana Reyes" in words(client.get("/dashboard/"))
    assert "You are acting for Alice Hart" in words(client.get("/dashboard/"))
    event = Event.objects.get(name="acted_for")
    assert (event.actor, event.behalf_of) == (bob.user, cast.alice)


def test_a_desk_of_another_firm_cannot_be_taken_nor_another_site_be_reached(cast: Cast, other: Cast):
    client = signed_in(cast.alice_actor)
    assert client.post("/desk/", {"lawyer": other.alice.pk}).status_code == 404
    assert client.post("/desk/", {"lawyer": "x"}).status_code == 404
    answer = client.post("/desk/", {"lawyer": cast.alice.pk, "next": "https://evil.example/"})
    assert answer["Location"] == "/dashboard/"
    assert client.get("/desk/").status_code == 405


def test_a_lawyer_has_only_the_desk_of_their_own(clock, db):
    firm = make_firm("Lone Law", "Lea Lone", "lea@lone.example", "America/Denver", NOW, Member.Role.LAWYER)
    from daybook.firms import operations as firms

    second = firms.add_lawyer(
        firm=firm.firm, name="Sam Two", email="sam@lone.example", time_zone="America/Denver", now=NOW
    )
    client = signed_in(firm.alice_actor)
    assert client.get("/dashboard/").status_code == 200
    assert client.post("/desk/", {"lawyer": second.pk}).status_code == 404


def test_an_administrator_without_lawyers_gets_a_calm_page(clock, db):
    from daybook.firms import operations as firms
    from daybook.firms.models import User
    from daybook.firms.queries import actor_of

    user = User.objects.create_user("ann@desk.example", "a quiet library 1886")
    firms.sign_up(
        firm_name="Desk Law", user=user, name="Ann", is_lawyer=False, time_zone="America/Denver", now=NOW
    )
    actor = actor_of(user)
    assert actor is not None
    assert "No dashboard yet" in words(signed_in(actor).get("/dashboard/"))


# One appointment --------------------------------------------------------------------------------------------------------


def test_the_page_of_an_appointment_tells_everything_of_it(alice: Client, cast: Cast):
    appointment = booked(cast, note="Bring the file.")
    page = words(alice.get(reverse("appointment", args=[appointment.pk])))
    assert "Tue 1 Dec 2026, 10:00 am – 10:30 am (Denver, MST) · 12:00 pm New York (EST)" in page
    assert "dana@example.com" in page
    assert "+13035550101" in page
    assert "Bring the file." in page
    assert "Booked" in page
    assert "Alice Hart" in page
    assert "Confirmation" in page
    assert "Not connected" in page


def test_details_and_note_can_be_changed(alice: Client, cast: Cast):
    appointment = booked(cast)
    url = reverse("change_details", args=[appointment.pk])
    form = {
        "name": "Dana R. Reyes",
        "email": "dana@",
        "phone": "",
        "place": "phone",
        "note": "Ring twice",
        "zone": "",
    }
    answer = alice.post(url, form)
    assert answer.status_code == 422
    assert "Please check the email address." in words(answer)
    assert 'value="dana@"' in answer.content.decode()
    answer = alice.post(url, form | {"email": "dana@new.example"})
    assert answer.status_code == 302
    appointment.refresh_from_db()
    assert (appointment.client_name, appointment.client_email, appointment.note) == (
        "Dana R. Reyes",
        "dana@new.example",
        "Ring twice",
    )


def test_moving_to_a_free_time(alice: Client, cast: Cast):
    appointment = booked(cast)
    url = reverse("reschedule", args=[appointment.pk])
    page = words(alice.get(url))
    assert "The firm is not connected to Clio, so nothing changes there." in page
    assert "Dana Reyes gets an email with the new time." in page
    start = at(cast.alice, TUESDAY, 11)
    answer = alice.post(url, {"start": int(start.timestamp())})
    assert answer["Location"] == f"/appointments/{appointment.pk}/"
    appointment.refresh_from_db()
    assert appointment.start == start
    assert "Moved to Tue 1 Dec 2026, 11:00 am" in words(alice.get(answer["Location"]))
    assert "Moved; before, Tue 1 Dec, 10:00 am" in words(alice.get(answer["Location"]))


def test_moving_to_any_other_time_by_the_lawyers_clock(alice: Client, cast: Cast):
    appointment = booked(cast)
    url = reverse("reschedule", args=[appointment.pk])
    answer = alice.post(url, {"start": "other", "on": "2026-12-05", "at": "19:15", "anyway": "on"})
    assert answer.status_code == 302
    appointment.refresh_from_db()
    assert appointment.start == at(cast.alice, TUESDAY + timedelta(days=4), 19, 15)


@pytest.mark.parametrize(
    ("form", "status", "says"),
    [
        ({}, 422, "Please choose a time."),
        ({"start": "other"}, 422, "Please enter a date."),
        ({"on": "2026-12-05"}, 422, "Please enter a time."),
        ({"on": "0001-01-01", "at": "10:00"}, 422, "Please check the year."),
        ({"on": "soon", "at": "10:00"}, 422, "Please enter a date such as"),
        ({"start": "99999999999999"}, 422, "Please choose one of the times shown."),
        ({"start": "²"}, 422, "Please choose one of the times shown."),
        ({"on": "2027-03-14", "at": "02:30"}, 422, "The clocks go forward that day and skip this time."),
        ({"on": "2026-11-20", "at": "10:00"}, 409, "That time has already passed."),
        ({"on": "2026-12-01", "at": "14:10"}, 409, "That time has just been taken."),
    ],
)
def test_a_time_that_cannot_be_had_is_said_beside_the_field_and_kept(
    form: dict, status: int, says: str, alice: Client, cast: Cast
):
    appointment = booked(cast)
    booked(cast, 14)
    answer = alice.post(reverse("reschedule", args=[appointment.pk]), form)
    assert answer.status_code == status
    page = words(answer)
    assert page.count(says) == 2, "in the summary and beside the field"
    if form.get("on", "").startswith("2"):
        assert f'value="{form["on"]}"' in answer.content.decode()
    appointment.refresh_from_db()
    assert appointment.start == at(cast.alice, TUESDAY, 10)


def test_the_hour_that_comes_twice_is_taken_the_first_time(alice: Client, cast: Cast):
    appointment = booked(cast)
    alice.post(
        reverse("reschedule", args=[appointment.pk]), {"on": "2027-11-07", "at": "01:30", "anyway": "on"}
    )
    appointment.refresh_from_db()
    assert appointment.start.isoformat() == "2027-11-07T07:30:00+00:00"


def test_cancelling_asks_once_and_says_what_happens(alice: Client, cast: Cast):
    appointment = booked(cast)
    url = reverse("cancel_appointment", args=[appointment.pk])
    assert "Cancel this appointment?" in words(alice.get(url))
    appointment.refresh_from_db()
    assert appointment.state == "confirmed"
    assert alice.post(url, {"reason": "Ill"}).status_code == 302
    appointment.refresh_from_db()
    assert (appointment.state, appointment.cancelled_by, appointment.cancel_reason) == (
        "cancelled",
        "firm",
        "Ill",
    )
    assert alice.get(url).status_code == 409
    assert alice.get(reverse("reschedule", args=[appointment.pk])).status_code == 409
    page = words(alice.get("/dashboard/"))
    assert "Cancelled (1)" in page
    assert "Cancelled by the firm" in page
    assert "Late cancellation" not in page, "what the firm calls off is never the client's being late"
    assert "Dana Reyes" not in words(alice.get("/dashboard/past/")), "its time has not come yet"


# Contacts ---------------------------------------------------------------------------------------------------------------


def test_contacts_are_listed_and_searched(alice: Client, cast: Cast):
    contact = booked(cast).contact
    assert "Dana Reyes" in words(alice.get("/contacts/"))
    assert "Dana Reyes" in words(alice.get("/contacts/", {"q": "rey"}))
    assert "Nobody of that name" in words(alice.get("/contacts/", {"q": "zz"}))
    page = words(alice.get(f"/contacts/{contact.pk}/"))
    assert "dana@example.com" in page
    assert "Tue 1 Dec, 10:00 am (Denver, MST)" in page
    assert "Not connected" in page


def test_a_lawyer_sees_a_contact_but_not_the_appointments_of_others(cast: Cast):
    from daybook.firms import operations as firms

    contact = booked(cast).contact
    ben = add_member(cast, "Ben Vale", "ben@hartvale.example", Member.Role.LAWYER)
    firms.add_lawyer(
        firm=cast.firm, name="Ben Vale", email="ben@hartvale.example", time_zone="America/New_York", now=NOW,
        member=ben.member,
    )  # fmt: skip
    page = words(signed_in(ben).get(f"/contacts/{contact.pk}/"))
    assert "dana@example.com" in page
    assert "First consultation" not in page


def test_an_empty_book_says_where_contacts_come_from(alice: Client, cast: Cast):
    assert "They come from Clio once it is connected" in words(alice.get("/contacts/"))
