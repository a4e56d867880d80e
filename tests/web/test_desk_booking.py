"""Book Appointment: the pick list, the form, and everything it keeps when it says no."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from daybook.appointments.models import Appointment, AppointmentType
from daybook.calendars.models import Calendar, CalendarUse
from daybook.contacts import operations as contacts
from daybook.contacts.cards import email_member, phone_member
from daybook.contacts.models import Contact
from daybook.core.cards import Card
from daybook.firms.models import Event, Firm, Member
from daybook.sync.models import Connection
from tests.cast import NOW, Cast, add_member, at, next_weekday

pytestmark = pytest.mark.django_db
TUESDAY = next_weekday(NOW)
BOOK = "/appointments/book/"


def words(response) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", response.content.decode()))


def person(first: str, last: str, email: str = "", phone: str = "") -> tuple[Card, bool]:
    card = Card(
        kind="person",
        first_name=first,
        last_name=last,
        emails=(email_member(email, main=True),) if email else (),
        phones=(phone_member(phone, main=True, country="US"),) if phone else (),
    )
    return card, False


@pytest.fixture
def dana(cast: Cast) -> Contact:
    people = [
        person("Dana", "Reyes", "dana@example.com", "+13035550101"),
        person("Danielle", "Reyes-Cortez", "danielle@example.com"),
        person("José", "Núñez", "jose@example.com"),
    ]
    return contacts.store(firm=cast.firm, new=people, changed=[], now=NOW)[0]


def form(cast: Cast, hour: int = 10, **more: object) -> dict[str, object]:
    start = int(at(cast.alice, TUESDAY, hour).timestamp())
    return {
        "name": "Dana Reyes",
        "email": "dana@example.com",
        "phone": "(303) 555-0101",
        "zone": "America/New_York",
        "type": cast.consultation.pk,
        "place": "phone",
        "start": start,
        "note": "Came by Omar.",
    } | more


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("d", ["Dana Reyes", "Danielle Reyes-Cortez"]),
        ("dana", ["Dana Reyes"]),
        ("REY", ["Dana Reyes", "Danielle Reyes-Cortez"]),
        ("nunez", ["José Núñez"]),
        ("jose@", ["José Núñez"]),
        ("303555", ["Dana Reyes"]),
        ("zz", []),
    ],
)
def test_the_pick_list_narrows_by_the_first_letters_of_name_surname_email_and_phone(
    typed: str, found: list[str], alice: Client, dana: Contact
):
    lines = alice.get(BOOK + "clients/", {"q": typed}).json()["clients"]
    assert sorted(line["name"] for line in lines) == sorted(found)


def test_a_line_of_the_pick_list_carries_what_choosing_it_fills_in(alice: Client, dana: Contact):
    (line,) = alice.get(BOOK + "clients/", {"q": "dana"}).json()["clients"]
    assert line == {
        "id": dana.pk,
        "name": "Dana Reyes",
        "email": "dana@example.com",
        "phone": "+13035550101",
        "note": "dana@example.com",
    }


def test_an_empty_search_opens_the_list_with_something_in_it(alice: Client, dana: Contact):
    assert len(alice.get(BOOK + "clients/").json()["clients"]) == 3


def test_booking_for_a_contact_links_that_contact_and_makes_no_other(
    alice: Client, cast: Cast, dana: Contact
):
    answer = alice.post(BOOK, form(cast, contact=dana.pk))
    assert answer["Location"] == "/dashboard/"
    appointment = Appointment.objects.get()
    assert appointment.contact == dana
    assert appointment.booked_by == "firm"
    assert appointment.start == at(cast.alice, TUESDAY, 10)
    assert appointment.note == "Came by Omar."
    assert appointment.client_time_zone == "America/New_York"
    assert Contact.objects.count() == 3
    assert "Booked: First consultation with Dana Reyes, Tue 1 Dec 2026, 10:00 am" in words(
        alice.get("/dashboard/")
    )


def test_booking_for_somebody_new_adds_one_contact(alice: Client, cast: Cast):
    alice.post(BOOK, form(cast))
    alice.post(BOOK, form(cast, 11))
    assert Appointment.objects.count() == 2
    assert Contact.objects.count() == 1


def test_any_time_can_be_typed_also_outside_the_hours(alice: Client, cast: Cast):
    alice.post(BOOK, form(cast, start="other", on="2026-12-06", at="7:45 pm", anyway="on"))
    assert Appointment.objects.get().start == at(cast.alice, TUESDAY.replace(day=6), 19, 45)


@pytest.mark.parametrize(
    ("on", "at"), [("2026-12-06", "10:00"), ("2026-12-01", "19:45"), ("2026-12-01", "16:45")]
)
def test_a_typed_time_outside_the_hours_is_asked_about_first(on: str, at: str, alice: Client, cast: Cast):
    """A closed day, an hour after closing, and one that begins within the hours and ends after them."""
    typed = form(cast, start="other", on=on, at=at)
    answer = alice.post(BOOK, typed)
    assert answer.status_code == 422
    assert "Outside Alice Hart’s hours." in words(answer)
    assert "Book it anyway" in words(answer)
    page = answer.content.decode()
    assert f'value="{on}"' in page
    assert f'value="{at}"' in page
    assert 'id="id_start_other" checked' in page
    assert 'name="anyway"' in page
    assert not Appointment.objects.exists()
    assert alice.post(BOOK, typed | {"anyway": "on"}).status_code == 302
    assert Appointment.objects.count() == 1


def test_a_typed_time_within_the_hours_is_booked_at_once(alice: Client, cast: Cast):
    assert "Book it anyway" not in words(alice.get(BOOK))
    assert alice.post(BOOK, form(cast, start="other", on="2026-12-01", at="16:30")).status_code == 302


@pytest.mark.parametrize(
    ("wrong", "status", "says"),
    [
        ({"name": ""}, 422, "Please enter the client&#x27;s name."),
        ({"email": "dana@"}, 422, "Please check the email address."),
        ({"phone": "12"}, 422, "Please check the phone number"),
        ({"start": ""}, 422, "Please choose a time."),
        ({"start": "other", "on": "2027-03-14", "at": "02:15"}, 422, "The clocks go forward that day"),
        ({"start": "other", "on": "2026-11-01", "at": "10:00"}, 409, "That time has already passed."),
        ({"type": "999999"}, 422, "Select a valid choice"),
        ({"zone": "Mars/Olympus"}, 422, "That time zone is not known."),
    ],
)
def test_a_refusal_keeps_everything_that_was_typed(
    wrong: dict[str, object], status: int, says: str, alice: Client, cast: Cast, dana: Contact
):
    sent = form(cast, contact=dana.pk) | wrong
    answer = alice.post(BOOK, sent)
    page = answer.content.decode()
    assert answer.status_code == status
    assert says in page
    assert "Please look at this again" in page
    assert "Came by Omar." in page
    for name in ("name", "email", "phone", "contact"):
        if sent[name]:
            assert f'value="{sent[name]}"' in page
    assert not Appointment.objects.exists()


def test_a_time_taken_meanwhile_is_refused_beside_the_times(alice: Client, cast: Cast):
    alice.post(BOOK, form(cast))
    answer = alice.post(BOOK, form(cast, name="Omar Said", email="omar@example.com"))
    assert answer.status_code == 409
    assert words(answer).count("That time has just been taken. Please choose another.") == 2
    assert Appointment.objects.count() == 1


def test_a_calendar_that_cannot_be_read_is_said_and_nothing_is_booked(alice: Client, cast: Cast):
    broken = Connection.objects.create(
        firm=cast.firm, provider="clio", account_id="1", state="broken", trouble="Revoked.", connected_at=NOW
    )
    calendar = Calendar.objects.create(firm=cast.firm, connection=broken, external_id="1", name="Alice")
    CalendarUse.objects.create(firm=cast.firm, lawyer=cast.alice, calendar=calendar)
    answer = alice.post(BOOK, form(cast))
    assert answer.status_code == 409
    assert "The calendar cannot be checked just now" in words(answer)
    assert not Appointment.objects.exists()


def test_a_firm_whose_subscription_ended_is_told_so(alice: Client, cast: Cast):
    Firm.objects.update(subscription="ended")
    answer = alice.post(BOOK, form(cast))
    assert answer.status_code == 409
    assert "subscription is not active" in words(answer)


def test_the_form_offers_free_times_and_later_days(alice: Client, cast: Cast):
    page = words(alice.get(BOOK))
    assert "Times in Denver, MST." in page
    assert "Tue 24 Nov" in page
    part = alice.get(BOOK + "times/", {"type": cast.consultation.pk, "from": "2026-12-01"}).content.decode()
    assert "Tue 1 Dec" in part
    assert "Tue 24 Nov" not in part
    assert f'value="{int(at(cast.alice, TUESDAY, 10).timestamp())}"' in part


@pytest.mark.parametrize("wrong", ["", "x", "0", "9" * 30])
def test_times_of_a_type_that_is_not_there_are_not_found(wrong: str, alice: Client, cast: Cast):
    assert alice.get(BOOK + "times/", {"type": wrong}).status_code == 404


def test_another_firms_contact_and_type_cannot_be_used(alice: Client, cast: Cast, other: Cast):
    stranger = contacts.store(firm=other.firm, new=[person("Evan", "Marsh")], changed=[], now=NOW)[0]
    assert alice.get(BOOK, {"contact": stranger.pk}).status_code == 404
    assert alice.post(BOOK, form(cast, contact=stranger.pk)).status_code == 404
    assert alice.get(BOOK + "times/", {"type": other.consultation.pk}).status_code == 404
    assert alice.post(BOOK, form(cast, type=other.consultation.pk)).status_code == 422
    assert not Appointment.objects.exists()


def test_a_contacts_page_leads_here_with_the_contact_filled_in(alice: Client, cast: Cast, dana: Contact):
    page = alice.get(BOOK, {"contact": dana.pk}).content.decode()
    assert 'value="Dana Reyes"' in page
    assert 'value="dana@example.com"' in page
    assert "From your contacts" in page


def test_without_a_script_clients_are_searched_and_filled_in_and_nothing_typed_is_lost(
    alice: Client, cast: Cast, dana: Contact
):
    typed = form(cast, name="", email="", phone="")
    answer = alice.post(BOOK, typed | {"do": "search", "client": "rey"})
    page = answer.content.decode()
    assert answer.status_code == 200
    assert f'<option value="{dana.pk}">Dana Reyes, dana@example.com</option>' in page
    assert "Came by Omar." in page
    page = alice.post(BOOK, typed | {"do": "fill", "picked": dana.pk}).content.decode()
    assert 'value="Dana Reyes"' in page
    assert f'name="contact" value="{dana.pk}"' in page
    assert "Came by Omar." in page
    assert not Appointment.objects.exists()


def test_without_types_the_page_says_what_to_do_first(alice: Client, cast: Cast):
    AppointmentType.objects.update(active=False)
    assert "No appointment types yet" in words(alice.get(BOOK))


def test_bob_books_at_alices_desk_and_both_names_are_kept(cast: Cast):
    bob = add_member(cast, "Bob Lane", "bob@hartvale.example", Member.Role.STAFF)
    client = Client()
    client.force_login(bob.user, backend="django.contrib.auth.backends.ModelBackend")
    client.post("/desk/", {"lawyer": cast.alice.pk})
    assert client.post(BOOK, form(cast)).status_code == 302
    event = Event.objects.get(name="appointment_confirmed")
    assert (event.actor, event.behalf_of) == (bob.user, cast.alice)
