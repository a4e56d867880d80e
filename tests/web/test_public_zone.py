"""The zone a time was chosen in stays the client's: on the form, in the confirmation, in the mail and the calendar file."""

from __future__ import annotations

import re
from datetime import date

import pytest
from django.db import transaction
from django.test import Client

from daybook.appointments.models import Appointment, AppointmentType
from daybook.firms.models import Lawyer
from daybook.messaging import operations as messaging
from daybook.messaging.letters import letter
from daybook.messaging.models import Message
from tests.cast import NOW, Cast, at
from tests.web.test_teams_desk import book, person, robin

pytestmark = pytest.mark.django_db
TUESDAY = date(2026, 12, 1)
DANA = {"name": "Dana Reyes", "email": "dana@example.com", "phone": "303 555 0101"}


def words(response) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.text))


@pytest.fixture
def ben(cast: Cast) -> Lawyer:
    """In New York, while Alice and her page are in Denver."""
    who = person(cast, "Ben Vale")
    Lawyer.objects.filter(pk=who.pk).update(time_zone="America/New_York")
    who.refresh_from_db()
    return who


def press(visitor: Client, cast: Cast, kind: AppointmentType, query: str = ""):
    """What a browser without JavaScript does: it sends every field of the form it was shown."""
    where = f"/book/hart-vale-llp/alice-hart/{kind.slug}/?from={TUESDAY}{query}"
    page = visitor.get(where)
    form = page.text.partition('<form method="post" class="days">')[2]
    fields = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form))
    return page, visitor.post(where, fields | {"start": str(int(at(cast.alice, TUESDAY, 11).timestamp()))})


def confirmation() -> tuple[str, str, str]:
    """Subject and text of the mail to the client, and the words of its calendar file."""
    made = Appointment.objects.get(client_name="Dana Reyes", booked_by="client")
    with transaction.atomic():
        messaging.plan(appointment_id=made.pk, occasion_event="appointment_confirmed", now=NOW)
    mail = letter(Message.objects.get(appointment=made, kind=Message.Kind.CONFIRMATION), NOW)
    assert mail.calendar is not None
    return mail.words.subject, mail.words.text, mail.calendar.content.decode().replace("\r\n ", "")


def test_a_time_pressed_in_denver_stays_in_denver_when_a_lawyer_of_new_york_is_next(cast: Cast, ben: Lawyer):
    kind = robin(cast, cast.alice, ben)
    book(cast, kind, 9)
    visitor = Client()
    page, held = press(visitor, cast, kind)
    assert "Times in Denver" in words(page)
    assert "11:00 am – 11:30 am (Denver" in words(visitor.get(held["Location"]))
    confirmed = visitor.post(held["Location"], DANA)
    made = Appointment.objects.get(client_name="Dana Reyes", booked_by="client")
    assert (made.lawyer, made.client_time_zone) == (ben, "America/Denver")
    assert "11:00 am – 11:30 am (Denver" in words(visitor.get(confirmed["Location"]))
    assert "Times in Denver" in words(visitor.get(f"{confirmed['Location']}move/?from={TUESDAY}"))
    subject, text, file = confirmation()
    assert subject == "Your appointment on Tue 1 Dec, 11:00 am"
    assert "11:00 am – 11:30 am (Denver" in text
    assert "11:00 am – 11:30 am (Denver" in file


def test_the_page_that_says_no_keeps_the_zone_that_was_pressed_in(cast: Cast, ben: Lawyer):
    kind = robin(cast, cast.alice, ben)
    where = f"/book/hart-vale-llp/alice-hart/{kind.slug}/"
    night = str(int(at(cast.alice, TUESDAY, 3).timestamp()))
    missed = Client().post(where, {"start": night, "zone": "Europe/London"})
    assert "Times in London" in words(missed)
    nonsense = Client().post(where, {"start": night, "zone": "Nowhere/<b>"})
    assert "Times in Denver" in words(nonsense)


def test_another_time_is_looked_for_in_the_same_zone(cast: Cast, ben: Lawyer):
    kind = robin(cast, cast.alice, ben)
    visitor = Client()
    _, held = press(visitor, cast, kind, "&zone=Asia/Tokyo")
    page = visitor.get(held["Location"]).text
    assert f"{kind.slug}/?from=2026-12-02&amp;zone=Asia%2FTokyo" in page


@pytest.mark.parametrize(
    ("query", "zone", "hour"),
    [
        ("", "America/Denver", "Tue 1 Dec, 11:00 am"),
        ("&zone=Europe/London", "Europe/London", "Tue 1 Dec, 6:00 pm"),
    ],
)
def test_one_lawyers_type_is_confirmed_in_the_zone_of_its_page(cast: Cast, query: str, zone: str, hour: str):
    _, held = press(visitor := Client(), cast, cast.consultation, query)
    visitor.cookies.clear()  # a browser that keeps no cookies is told the same
    visitor.post(held["Location"], DANA)
    assert Appointment.objects.get().client_time_zone == zone
    assert confirmation()[0] == f"Your appointment on {hour}"
