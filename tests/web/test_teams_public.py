"""Types of several people as a client sees them: any of them, all of them, and who it was in the end."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from django.test import Client

from daybook.appointments.models import Appointment, AppointmentType
from daybook.firms.models import Lawyer
from tests.cast import NOW, Cast, at
from tests.web.test_teams_desk import book, person, robin

pytestmark = pytest.mark.django_db
TUESDAY = date(2026, 12, 1)
DANA = {"name": "Dana Reyes", "email": "dana@example.com", "phone": "303 555 0101"}


def words(response) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.text))


@pytest.fixture
def ben(cast: Cast) -> Lawyer:
    return person(cast, "Ben Vale")


def times(kind: AppointmentType) -> str:
    return f"/book/hart-vale-llp/alice-hart/{kind.slug}/"


def start(cast: Cast, hour: int) -> str:
    return str(int(at(cast.alice, TUESDAY, hour).timestamp()))


def press(kind: AppointmentType, cast: Cast, hour: int, client: Client | None = None):
    return (client or Client()).post(times(kind), {"start": start(cast, hour)})


def test_the_times_are_those_of_any_of_them_and_the_page_says_who(cast: Cast, ben: Lawyer):
    kind = robin(cast, cast.alice, ben)
    book(cast, cast.consultation, 10)
    page = Client().get(f"{times(kind)}?from={TUESDAY}")
    assert "With Alice Hart or Ben Vale" in words(page)
    assert f'value="{start(cast, 10)}"' in page.text
    together = robin(cast, cast.alice, ben, kind="collective")
    page = Client().get(f"{times(together)}?from={TUESDAY}")
    assert "With Alice Hart and Ben Vale" in words(page)
    assert f'value="{start(cast, 10)}"' not in page.text


def test_the_page_says_before_booking_who_else_is_there(cast: Cast, ben: Lawyer):
    chloe, ivy = person(cast, "Chloe Okafor"), person(cast, "Ivy Lund")
    one = robin(cast, cast.alice, kind="one", seconds=(ben, chloe))
    assert "With Alice Hart and one of Ben Vale, Chloe Okafor" in words(Client().get(times(one)))
    turns = robin(cast, cast.alice, ben, seconds=(ivy,))
    assert "With Alice Hart or Ben Vale, and Ivy Lund" in words(Client().get(times(turns)))
    Lawyer.objects.filter(pk=ivy.pk).update(public=False)
    page = words(Client().get(times(turns)))
    assert "With Alice Hart or Ben Vale, and a second person" in page
    assert "Ivy" not in page


def test_the_same_times_are_there_as_data(cast: Cast, ben: Lawyer):
    kind = robin(cast, cast.alice, ben)
    book(cast, cast.consultation, 10)
    days = Client().get(f"{times(kind)}times.json?from={TUESDAY}&days=1").json()["days"]
    assert "2026-12-01T10:00:00-07:00" in days[0]["starts"]


def test_the_confirmation_names_the_lawyer_who_was_next(cast: Cast, ben: Lawyer):
    kind = robin(cast, cast.alice, ben)
    book(cast, kind, 9)
    visitor = Client()
    held = press(kind, cast, 10, visitor)
    assert held.status_code == 302
    assert "Team meeting with Ben Vale" in words(visitor.get(held["Location"]))
    confirmed = visitor.post(held["Location"], DANA)
    page = words(visitor.get(confirmed["Location"]))
    assert "With Ben Vale, Hart &amp; Vale LLP" in page
    made = Appointment.objects.get(state="confirmed", client_name="Dana Reyes", booked_by="client")
    assert made.lawyer == ben


def test_all_who_are_met_together_are_named(cast: Cast, ben: Lawyer):
    visitor = Client()
    held = press(robin(cast, cast.alice, ben, kind="collective"), cast, 10, visitor)
    confirmed = visitor.post(held["Location"], DANA)
    assert "With Alice Hart and Ben Vale, Hart &amp; Vale LLP" in words(visitor.get(confirmed["Location"]))


def test_the_links_back_lead_to_the_page_the_type_is_on(cast: Cast, ben: Lawyer, clock):
    kind = robin(cast, cast.alice, ben)
    book(cast, kind, 9)
    visitor = Client()
    held = press(kind, cast, 10, visitor)
    assert (
        f'href="{times(kind)}?from={TUESDAY}&amp;zone=America%2FDenver"' in visitor.get(held["Location"]).text
    )
    confirmed = visitor.post(held["Location"], DANA)
    answer = visitor.post(f"{confirmed['Location']}cancel/", {})
    assert answer.status_code == 302
    assert f'href="{times(kind)}"' in visitor.get(confirmed["Location"]).text


def test_when_nobody_is_left_the_page_says_so_and_shows_what_is(cast: Cast, ben: Lawyer):
    kind = robin(cast, cast.alice, ben)
    assert [press(kind, cast, 10).status_code for _ in range(3)] == [302, 302, 409]
    page = press(kind, cast, 10).text
    assert f'value="{start(cast, 10)}"' not in page
    assert f'value="{start(cast, 11)}"' in page


def test_a_client_moves_it_among_the_times_of_whom_they_meet(cast: Cast, ben: Lawyer):
    kind = robin(cast, cast.alice, ben)
    book(cast, kind, 9)
    visitor = Client()
    confirmed = visitor.post(press(kind, cast, 10, visitor)["Location"], DANA)
    book(cast, robin(cast, ben), 14)
    where = f"{confirmed['Location']}move/"
    page = visitor.get(f"{where}?from={TUESDAY}").text
    assert f'value="{start(cast, 15)}"' in page
    assert f'value="{start(cast, 14)}"' not in page
    assert visitor.post(where, {"start": start(cast, 14)}).status_code == 409
    review = visitor.post(where, {"start": start(cast, 15)})["Location"]
    assert visitor.get(review).status_code == 200
    assert visitor.post(review).status_code == 302
    moved = Appointment.objects.get(client_name="Dana Reyes", booked_by="client")
    assert (moved.lawyer, moved.start) == (ben, at(ben, TUESDAY, 15))


def test_a_hold_that_ran_out_is_confirmed_if_its_people_are_still_free(cast: Cast, ben: Lawyer, clock):
    kind = robin(cast, cast.alice, ben)
    visitor = Client()
    held = press(kind, cast, 10, visitor)
    clock.shift(timedelta(minutes=30))
    assert visitor.post(held["Location"], DANA)["Location"].startswith("/appointment/")
    made = Appointment.objects.get(state="confirmed")
    assert made.confirmed_at == NOW + timedelta(minutes=30)
