"""Finding a lawyer and seeing true free times, signed out."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime

import pytest
import time_machine

from daybook.appointments import queries
from daybook.appointments.models import AppointmentType
from daybook.core import hours
from daybook.firms.models import Firm, Lawyer
from daybook.web.public import timetable
from tests.cast import NOW, Cast, at, hart_and_vale, marsh

pytestmark = pytest.mark.django_db
TIMES = "/book/hart-vale-llp/alice-hart/first-consultation/"
TUESDAY = date(2026, 12, 1)


@pytest.fixture
def cast(db):
    with time_machine.travel(NOW, tick=False):
        yield hart_and_vale(NOW)


def epoch(cast: Cast, on: date, hour: int, minute: int = 0) -> int:
    return int(at(cast.alice, on, hour, minute).timestamp())


def test_a_firms_page_lists_the_lawyers_who_can_be_booked(client, cast: Cast):
    Lawyer.objects.create(
        firm=cast.firm, name="Hidden Vale", slug="hidden", email="h@x.example", time_zone="UTC", public=False
    )
    page = client.get("/book/hart-vale-llp/").content.decode()
    assert "Alice Hart" in page
    assert "Hidden Vale" not in page


def test_a_lawyers_page_lists_what_anybody_may_book(client, cast: Cast):
    AppointmentType.objects.create(
        firm=cast.firm,
        lawyer=cast.alice,
        name="Only us",
        slug="only-us",
        who_may_book="firm",
        places=["phone"],
    )
    page = client.get("/book/hart-vale-llp/alice-hart/").content.decode()
    assert "First consultation" in page
    assert "30 minutes · phone · No fee" in page
    assert "Only us" not in page
    assert client.get("/book/hart-vale-llp/alice-hart/only-us/").status_code == 404


def test_what_is_not_there_or_not_public_is_not_found(client, cast: Cast):
    marsh(NOW)
    for address in (
        "/book/nobody/",
        "/book/hart-vale-llp/nobody/",
        "/book/hart-vale-llp/carol-marsh/",
        "/book/carol-marsh-law/alice-hart/first-consultation/",
        f"{TIMES}nothing/",
    ):
        assert client.get(address).status_code == 404, address


def test_times_are_shown_in_the_lawyers_zone_until_the_visitor_names_another(client, cast: Cast):
    page = client.get(TIMES, {"from": "2026-12-01"}).content.decode()
    assert "Denver, MST" in page
    assert f'value="{epoch(cast, TUESDAY, 9)}">9:00 am<' in page
    page = client.get(TIMES, {"from": "2026-12-01", "zone": "Europe/London"}).content.decode()
    assert "London, GMT" in page
    assert f'value="{epoch(cast, TUESDAY, 9)}">4:00 pm<' in page


def test_the_chosen_zone_is_remembered(client, cast: Cast):
    client.get(TIMES, {"zone": "Asia/Tokyo"})
    assert "Tokyo" in client.get(TIMES).content.decode()


def test_times_stand_under_the_date_the_visitors_own_clock_shows(client, cast: Cast):
    page = client.get(TIMES, {"from": "2026-12-02", "days": "1", "zone": "Asia/Tokyo"}).content.decode()
    assert "Wed 2 Dec" in page
    assert f'value="{epoch(cast, TUESDAY, 9)}">1:00 am<' in page  # Tuesday morning in Denver


def test_an_unknown_zone_is_said_so_and_times_are_shown_all_the_same(client, cast: Cast):
    answer = client.get(TIMES, {"zone": "Mars/Olympus"})
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "That time zone is not known" in page
    assert 'class="slot"' in page
    assert "Mars" not in page
    assert "daybook_zone" not in answer.cookies


@pytest.mark.parametrize("zone", ["America/Denver", "Asia/Calcutta", "UTC", "Pacific/Kiritimati"])
def test_any_zone_a_device_may_name_is_taken_and_chosen_in_the_list(client, cast: Cast, zone: str):
    answer = client.get(TIMES, {"zone": zone})
    assert answer.status_code == 200
    assert f'value="{zone}" selected' in answer.content.decode()


def test_when_the_days_asked_for_are_full_the_next_free_day_is_shown(client, cast: Cast):
    page = client.get(TIMES, {"from": "2026-11-28", "days": "2"}).content.decode()  # a weekend
    assert "Mon 30 Nov" in page
    assert "Earlier days" in page


def test_more_days_are_a_link_away(client, cast: Cast):
    page = client.get(TIMES).content.decode()
    assert "?from=2026-11-30" in page
    assert "Earlier days" not in page


@pytest.mark.parametrize(
    "query", [{"from": "soon"}, {"from": "0001-01-01"}, {"from": "9999-12-31"}, {"days": "-4"}, {"days": "x"}]
)
def test_nonsense_in_the_address_does_no_harm(client, cast: Cast, query: dict[str, str]):
    assert client.get(TIMES, query).status_code == 200


def test_a_firm_without_a_subscription_says_booking_is_closed_and_gives_its_phone(client, cast: Cast):
    Firm.objects.update(subscription="ended", phone="+1 303 555 0100")
    for address in ("/book/hart-vale-llp/", "/book/hart-vale-llp/alice-hart/", TIMES):
        page = client.get(address).content.decode()
        assert "Online booking is closed" in page
        assert "+1 303 555 0100" in page
        assert 'class="slot"' not in page


def test_a_calendar_that_cannot_be_read_hides_times_without_saying_which(client, cast: Cast, monkeypatch):
    trouble = queries.OpenDays((), None, "Google refused: alice@private.example")
    monkeypatch.setattr(queries, "open_days", lambda *_args, **_more: trouble)
    page = client.get(TIMES).content.decode()
    assert "Times cannot be shown just now" in page
    assert "Google" not in page
    data = client.get(f"{TIMES}times.json").content.decode()
    assert json.loads(data)["hidden"] is True
    assert "Google" not in data


def test_the_night_the_clocks_go_back_its_two_hours_can_be_told_apart():
    twice = (datetime(2026, 11, 1, 7, 30, tzinfo=UTC), datetime(2026, 11, 1, 8, 30, tzinfo=UTC))
    buttons = timetable._buttons(twice, "America/Denver")
    assert ">1:30 am MDT<" in buttons
    assert ">1:30 am MST<" in buttons


def test_the_same_times_are_there_as_data(client, cast: Cast):
    data = client.get(
        f"{TIMES}times.json", {"from": "2026-12-01", "days": "1", "zone": "Europe/London"}
    ).json()
    assert data["zone"] == "Europe/London"
    assert data["days"][0]["date"] == "2026-12-01"
    starts = data["days"][0]["starts"]
    assert starts[0] == "2026-12-01T16:00:00+00:00"
    page = client.get(TIMES, {"from": "2026-12-01", "days": "1", "zone": "Europe/London"}).content.decode()
    assert page.count('class="slot"') == len(starts)


def test_data_of_what_cannot_be_shown_is_a_reason_and_a_status(client, cast: Cast):
    assert client.get(f"{TIMES}times.json", {"zone": "Nowhere"}).status_code == 422
    assert client.get("/book/hart-vale-llp/alice-hart/nothing/times.json").json() == {"error": "not_found"}
    Firm.objects.update(subscription="ended")
    assert client.get(f"{TIMES}times.json").json()["error"] == "subscription_ended"


@pytest.mark.parametrize("address", [TIMES, f"{TIMES}times.json"])
def test_a_month_of_times_asks_the_database_a_few_questions_only(
    client, cast: Cast, address: str, django_assert_max_num_queries
):
    client.get(address, {"days": "31"})
    with django_assert_max_num_queries(7):
        client.get(address, {"days": "31"})


def test_looking_at_times_leaves_no_trace_but_the_forms_own_cookie(client, cast: Cast):
    answer = client.get(TIMES)
    assert set(answer.cookies) <= {"daybook_csrf"}
    assert answer["Cache-Control"] == "private, no-store"


def test_the_list_offers_every_place_of_the_zone_database():
    from daybook.web.public.zones import zone_options

    options = zone_options("America/Denver")
    assert options.count("<option") > 400
    assert 'value="Europe/Kyiv"' in options
    for name in ("America/Argentina/Buenos_Aires", "UTC"):
        assert f'value="{name}"' in options
        assert hours.zone(name)
