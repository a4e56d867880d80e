"""Appointment types and hours through their pages."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from daybook.appointments.models import AppointmentType
from daybook.calendars.models import Calendar, HolidayCalendar, HoursException, WorkingHours
from daybook.firms.models import Event, Firm, Lawyer
from daybook.firms.operations import add_lawyer
from tests.cast import Cast
from tests.web.test_firm_doors import connect

TYPE = {
    "name": "Will review",
    "description": "We read your will together.",
    "minutes_0": "1.5",
    "minutes_1": "hours",
    "fee_cents": "$1,250.50",
    "places": ["in_person", "video"],
    "before_minutes_0": "10",
    "before_minutes_1": "minutes",
    "after_minutes_0": "0",
    "after_minutes_1": "minutes",
    "notice_minutes_0": "2",
    "notice_minutes_1": "days",
    "horizon_days": "45",
    "step_minutes_0": "15",
    "step_minutes_1": "minutes",
    "cap_per_day": "3",
    "cap_per_week": "",
    "who_may_book": "anyone",
    "change_cutoff_minutes_0": "24",
    "change_cutoff_minutes_1": "hours",
    "linked_calendar": "",
    "question_0_label": "Who are the other parties?",
    "question_0_kind": "text",
    "question_0_required": "on",
    "question_3_label": "Have you a will?",
    "question_3_kind": "yes_no",
    "question_4_label": "",
    "question_4_kind": "line",
    "reminder_0_0": "1",
    "reminder_0_1": "days",
    "reminder_2_0": "90",
    "reminder_2_1": "minutes",
    "reminder_5_0": "",
    "reminder_5_1": "minutes",
}


def said(answer) -> str:
    return " ".join(str(message) for message in get_messages(answer.wsgi_request))


@pytest.fixture
def alice(cast: Cast) -> Client:
    client = Client()
    client.force_login(cast.alice_user)
    return client


# Types ----------------------------------------------------------------------------------------------------------------


def test_a_new_type_keeps_everything_that_was_typed(alice: Client, cast: Cast):
    answer = alice.post(reverse("type_new"), TYPE)
    assert (answer.status_code, answer.get("Location")) == (302, reverse("types")), answer.content.decode()
    made = AppointmentType.objects.get(name="Will review")
    assert (made.lawyer, made.firm, made.slug) == (cast.alice, cast.firm, "will-review")
    assert made.minutes == 90
    assert made.fee_cents == 125050
    assert made.places == ["in_person", "video"]
    assert (made.before_minutes, made.after_minutes, made.step_minutes) == (10, 0, 15)
    assert (made.notice_minutes, made.horizon_days) == (2880, 45)
    assert (made.cap_per_day, made.cap_per_week) == (3, None)
    assert made.change_cutoff_minutes == 1440
    assert made.reminder_minutes == [1440, 90]
    assert made.questions == [
        {"label": "Who are the other parties?", "kind": "text", "required": True},
        {"label": "Have you a will?", "kind": "yes_no", "required": False},
    ]
    assert made.linked_calendar is None


def test_what_a_page_shows_can_be_saved_again_unchanged(alice: Client, cast: Cast):
    alice.post(reverse("type_new"), TYPE)
    made = AppointmentType.objects.get(name="Will review")
    form = alice.get(reverse("type", args=[made.pk])).context["form"]
    typed = {}
    for bound in form:
        value = bound.value()
        if hasattr(bound.field.widget, "decompress"):
            number, unit = bound.field.widget.decompress(value)
            typed |= {f"{bound.name}_0": "" if number is None else number, f"{bound.name}_1": unit}
        elif value not in (None, False):
            typed[bound.name] = bound.field.prepare_value(value)
    before = AppointmentType.objects.filter(pk=made.pk).values().get()
    assert alice.post(reverse("type", args=[made.pk]), typed).status_code == 302
    assert AppointmentType.objects.filter(pk=made.pk).values().get() == before


@pytest.mark.parametrize(
    ("field", "value", "beside"),
    [
        ("name", "", "name"),
        ("name", "  ", "name"),
        ("minutes_0", "", "minutes"),
        ("minutes_0", "soon", "minutes"),
        ("minutes_0", "NaN", "minutes"),
        ("minutes_0", "0.01", "minutes"),
        ("minutes_0", "99", "minutes"),
        ("minutes_1", "weeks", "minutes"),
        ("fee_cents", "a lot", "fee_cents"),
        ("fee_cents", "-5", "fee_cents"),
        ("fee_cents", "99999999999", "fee_cents"),
        ("places", [], "places"),
        ("places", ["moon"], "places"),
        ("horizon_days", "400", "horizon_days"),
        ("cap_per_day", "0", "cap_per_day"),
        ("cap_per_week", "2", "cap_per_week"),
        ("who_may_book", "everybody", "who_may_book"),
        ("linked_calendar", "999999", "linked_calendar"),
        ("reminder_0_0", "100", "reminder_0"),
        ("question_0_kind", "essay", "question_0_kind"),
    ],
)
def test_a_type_that_cannot_be_is_told_beside_its_field_and_keeps_what_was_typed(
    alice: Client, field: str, value, beside: str
):
    answer = alice.post(reverse("type_new"), TYPE | {field: value})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert f'id="id_{beside}_error"' in page
    assert "We read your will together." in page
    assert "Who are the other parties?" in page
    assert not AppointmentType.objects.filter(name="Will review").exists()


def test_the_form_has_every_field_and_empty_rows_for_a_browser_without_scripts(alice: Client):
    page = alice.get(reverse("type_new")).content.decode()
    for text in (
        "Appointment Information",
        "Linked Clio Calendar",
        "Primary calendar",
        "Length",
        "Fee",
        "Place",
        "Buffer before",
        "Buffer after",
        "Minimum notice",
        "Horizon",
        "Start step",
        "Cap per day",
        "Cap per week",
        "Intake questions",
        "Who may book",
        "Reminders",
        "Clients may move or cancel until",
        "Description",
    ):
        assert text in page, text
    assert 'name="question_0_label"' in page
    assert 'name="reminder_1_0"' in page


def test_the_list_gives_the_public_link_and_says_why_there_is_none(alice: Client, cast: Cast):
    link = "http://testserver/book/hart-vale-llp/alice-hart/first-consultation/"
    page = alice.get(reverse("types")).content.decode()
    assert "My Appointment Types" in page
    assert f'data-copies="{link}"' in page
    assert alice.get(link).status_code == 200
    AppointmentType.objects.update(who_may_book="firm")
    assert "Only the firm" in alice.get(reverse("types")).content.decode()
    AppointmentType.objects.update(who_may_book="anyone")
    Lawyer.objects.update(public=False)
    assert "The public page is off" in alice.get(reverse("types")).content.decode()


def test_a_retired_type_is_no_longer_offered_until_it_is_again(alice: Client, cast: Cast):
    url = reverse("type_retire", args=[cast.consultation.pk])
    assert "stay as they are" in alice.get(url).content.decode()
    alice.post(url)
    assert not AppointmentType.objects.get(pk=cast.consultation.pk).active
    page = alice.get(reverse("types")).content.decode()
    assert "No appointment types yet" in page
    assert "Offer again" in page
    alice.post(reverse("type_restore", args=[cast.consultation.pk]))
    assert AppointmentType.objects.get(pk=cast.consultation.pk).active


def test_only_a_calendar_that_can_be_written_to_is_linked(alice: Client, cast: Cast):
    connection = connect(cast)
    mine, seen = (
        Calendar.objects.create(
            firm=cast.firm, connection=connection, external_id=name, name=name, permission=permission
        )
        for name, permission in (("Mine", "owner"), ("Seen", "viewer"))
    )
    page = alice.get(reverse("type_new")).content.decode()
    option = page.split(f'<option value="{seen.pk}"')[1].split("</option>")[0]
    assert "disabled" in option
    assert "You may only view this calendar in Clio" in option
    refused = alice.post(reverse("type_new"), TYPE | {"linked_calendar": seen.pk})
    assert refused.status_code == 409
    assert 'id="id_linked_calendar_error"' in refused.content.decode()
    assert alice.post(reverse("type_new"), TYPE | {"linked_calendar": mine.pk}).status_code == 302
    assert AppointmentType.objects.get(name="Will review").linked_calendar == mine
    connection.state = "disconnected"
    connection.save()
    made = AppointmentType.objects.get(name="Will review")
    page = alice.get(reverse("type", args=[made.pk])).content.decode()
    assert f'<option value="{mine.pk}" selected>' in page, "a link outlives a disconnect"


def test_another_firms_calendar_is_never_linked(alice: Client, cast: Cast, other: Cast):
    foreign = Calendar.objects.create(
        firm=other.firm, connection=connect(other), external_id="1", name="Carol", permission="owner"
    )
    assert alice.post(reverse("type_new"), TYPE | {"linked_calendar": foreign.pk}).status_code == 422


def test_editing_a_colleagues_type_names_both_in_the_audit_trail(alice: Client, cast: Cast):
    ben = add_lawyer(
        firm=cast.firm,
        name="Ben",
        email="b@hartvale.example",
        time_zone="America/New_York",
        now=timezone.now(),
    )
    alice.post(reverse("switch_desk"), {"lawyer": ben.pk})
    alice.post(reverse("type_new"), TYPE)
    made = AppointmentType.objects.get(name="Will review")
    assert made.lawyer == ben
    alice.post(reverse("switch_desk"), {"lawyer": cast.alice.pk})
    alice.post(reverse("type", args=[made.pk]), TYPE | {"name": "Review"})
    event = Event.objects.filter(name="appointment_type_saved").latest("pk")
    assert (event.actor, event.behalf_of) == (cast.alice_user, ben)


def test_fees_are_typed_in_the_firms_currency(alice: Client, cast: Cast):
    Firm.objects.update(currency="JPY")
    alice.post(reverse("type_new"), TYPE | {"fee_cents": "15,000"})
    made = AppointmentType.objects.get(name="Will review")
    assert made.fee_cents == 15000
    assert 'value="15000"' in alice.get(reverse("type", args=[made.pk])).content.decode()
    assert "¥15,000" in alice.get(reverse("types")).content.decode()


# Hours ----------------------------------------------------------------------------------------------------------------


def kept(lawyer: Lawyer, type_id: int | None = None) -> list[tuple[int, int, int]]:
    rows = WorkingHours.objects.filter(lawyer=lawyer, appointment_type=type_id)
    return list(rows.values_list("weekday", "opens", "closes"))


def test_a_week_of_several_stretches_is_saved(alice: Client, cast: Cast):
    answer = alice.post(
        reverse("hours"),
        {
            "d0_0_from": "09:00",
            "d0_0_to": "12:00",
            "d0_1_from": "13:30",
            "d0_1_to": "17:00",
            "d4_7_from": "18:00",
            "d4_7_to": "00:00",
            "d5_0_from": "",
            "d5_0_to": "",
        },
    )
    assert answer.status_code == 302, answer.content.decode()
    assert kept(cast.alice) == [(0, 540, 720), (0, 810, 1020), (4, 1080, 1440)]
    page = alice.get(reverse("hours")).content.decode()
    assert 'name="d0_1_from" value="13:30"' in page
    assert 'name="d4_0_to" value="00:00"' in page
    assert "America/Denver" in page


@pytest.mark.parametrize(
    ("typed", "beside"),
    [
        ({"d0_0_from": "12:00", "d0_0_to": "09:00"}, "d0_0_to"),
        ({"d0_0_from": "12:00", "d0_0_to": "12:00"}, "d0_0_to"),
        ({"d0_0_from": "12:00", "d0_0_to": ""}, "d0_0_to"),
        ({"d0_0_from": "", "d0_0_to": "12:00"}, "d0_0_from"),
        ({"d0_0_from": "noon", "d0_0_to": "13:00"}, "d0_0_from"),
        (
            {"d0_0_from": "09:00", "d0_0_to": "12:00", "d0_1_from": "11:00", "d0_1_to": "13:00"},
            "d0_1_from",
        ),
    ],
)
def test_hours_that_make_no_sense_are_told_beside_the_time_and_change_nothing(
    alice: Client, cast: Cast, typed: dict[str, str], beside: str
):
    before = kept(cast.alice)
    answer = alice.post(reverse("hours"), typed | {"d1_0_from": "07:15", "d1_0_to": "08:15"})
    assert answer.status_code == 422
    page = answer.content.decode()
    assert f'id="id_{beside}_error"' in page
    assert f'href="#id_{beside}"' in page
    assert 'value="07:15"' in page, "what was typed is kept"
    assert kept(cast.alice) == before


def test_dates_that_differ_are_added_listed_and_removed(alice: Client, cast: Cast):
    on = (timezone.now() + timedelta(days=30)).date()
    add = reverse("hours_add_date")
    assert alice.post(add, {"on": str(on), "opens": "", "closes": "", "reason": "Court"}).status_code == 302
    page = alice.get(reverse("hours")).content.decode()
    assert "Court" in page
    assert "Closed" in page
    alice.post(add, {"on": str(on), "opens": "10:00", "closes": "11:30"})
    row = HoursException.objects.get()
    assert (row.opens, row.closes) == (600, 690)
    assert "10:00 am – 11:30 am" in alice.get(reverse("hours")).content.decode()
    alice.post(reverse("hours_remove_date", args=[row.pk]))
    assert not HoursException.objects.exists()


@pytest.mark.parametrize(
    ("typed", "beside"),
    [
        ({"on": ""}, "on"),
        ({"on": "2020-01-01"}, "on"),
        ({"on": "9999-01-01"}, "on"),
        ({"on": "soon"}, "on"),
        ({"opens": "10:00"}, "closes"),
        ({"opens": "10:00", "closes": "09:00"}, "closes"),
    ],
)
def test_a_date_that_cannot_be_is_told_beside_its_field(alice: Client, typed: dict[str, str], beside: str):
    on = str((timezone.now() + timedelta(days=30)).date())
    answer = alice.post(reverse("hours_add_date"), {"on": on} | typed)
    assert answer.status_code == 422
    assert f'id="id_{beside}_error"' in answer.content.decode()
    assert not HoursException.objects.exists()


def test_public_holidays_of_a_country_and_a_part_of_it_are_kept_or_none(alice: Client, cast: Cast):
    url = reverse("hours_holidays")
    alice.post(url, {"country": "US"})
    page = alice.get(reverse("hours")).content.decode()
    assert "Colorado" in page
    alice.post(url, {"country": "US", "subdivision": "CO"})
    row = HolidayCalendar.objects.get()
    assert (row.country, row.subdivision) == ("US", "CO")
    alice.post(url, {"country": "GB", "subdivision": "CO"})
    row = HolidayCalendar.objects.get()
    assert (row.country, row.subdivision) == ("GB", "")
    alice.post(url, {"country": ""})
    assert not HolidayCalendar.objects.exists()
    assert alice.post(url, {"country": "ZZ"}).status_code == 422


def test_a_type_has_hours_of_its_own_until_its_week_is_emptied(alice: Client, cast: Cast):
    url = reverse("type_hours", args=[cast.consultation.pk])
    assert alice.post(url, {"d2_0_from": "14:00", "d2_0_to": "16:00"}).status_code == 302
    assert kept(cast.alice, cast.consultation.pk) == [(2, 840, 960)]
    assert "hours of its own" in alice.get(reverse("type", args=[cast.consultation.pk])).content.decode()
    assert alice.post(url, {"d2_0_from": "14:00", "d2_0_to": "13:00"}).status_code == 422
    alice.post(url, {"d2_0_from": "", "d2_0_to": ""})
    assert kept(cast.alice, cast.consultation.pk) == []
    assert len(kept(cast.alice)) == 5


def test_addresses_that_only_take_posts_lead_a_stray_visitor_to_the_page(alice: Client):
    for name in ("hours_add_date", "hours_holidays"):
        assert alice.get(reverse(name)).url == reverse("hours")
