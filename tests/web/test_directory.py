"""The directory as visitors and lawyers see it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
import time_machine
from django.test import Client

from daybook.directory import operations
from daybook.directory.models import Listing, Profile
from daybook.firms.models import Event, Lawyer, Member
from tests.cast import NOW, Cast, add_member, hart_and_vale, marsh

pytestmark = pytest.mark.django_db
FIND = "/lawyers/"
FORM = {
    "listed": "on",
    "offer": "",
    "serves": "Denver, Colorado",
    "admissions": "Colorado, 12345\nNew Mexico",
    "certifications": "",
}


@pytest.fixture
def cast(db: None) -> Iterator[Cast]:
    with time_machine.travel(NOW, tick=False):
        made = hart_and_vale(NOW)
        made.alice.practice_areas = ["Family law"]
        made.alice.languages = ["English", "Español"]
        made.alice.save()
        yield made


@pytest.fixture
def desk(cast: Cast) -> Client:
    client = Client()
    client.force_login(cast.alice_user)
    return client


def read(client: Client, query: str = "", **more: str) -> str:
    page = client.get(f"{FIND}{query}", **more)
    assert page.status_code == 200, page.status_code
    return re.sub(r"\s+", " ", page.content.decode())


def test_a_lawyer_puts_themselves_in_and_a_visitor_books_a_time_from_the_results(
    cast: Cast, desk: Client, client: Client
):
    assert "No lawyer can be found here at present" in read(client)
    saved = desk.post("/profile/directory/", FORM, follow=True)
    assert "What the directory says is saved." in saved.content.decode()
    assert "Can be found" in saved.content.decode()
    page = read(client, "?area=family+law&language=espanol&place=COLORADO&zone=America/Denver")
    assert "Alice Hart" in page
    assert "Mon 23 Nov, 9:00 am" in page
    found = re.search(r'action="(/book/[^"]+)".*?name="start" value="(\d+)"', page)
    assert found is not None
    held = client.post(found[1], {"start": found[2], "zone": "America/Denver"})
    assert held["Location"].startswith("/book/hold/")
    assert "9:00 am" not in read(client, "?zone=America/Denver"), "held for them"


def test_the_next_free_evening_is_searched_in_the_visitor_s_zone(cast: Cast, desk: Client, client: Client):
    desk.post("/profile/directory/", FORM)
    assert "Nobody fits" in read(client, "?clock=evening&zone=America/Denver")
    assert "Mon 23 Nov, 5:00 pm" in read(client, "?clock=evening&zone=Europe/London"), "10 am in Denver"


@pytest.mark.parametrize(
    ("day", "days"),
    [
        ("today", ("2026-11-23", "2026-11-23")),
        ("tomorrow", ("2026-11-24", "2026-11-24")),
        ("weekend", ("2026-11-28", "2026-11-29")),
        ("week", ("2026-11-23", "2026-11-29")),
    ],
)
def test_days_are_the_visitor_s(day: str, days: tuple[str, str]):
    from daybook.web.public.directory import _days

    assert tuple(map(str, _days(day, NOW.date()))) == days


def test_on_a_sunday_the_weekend_is_what_is_left_of_it():
    from datetime import date

    from daybook.web.public.directory import _days

    assert _days("weekend", date(2026, 11, 29)) == (date(2026, 11, 29), date(2026, 11, 29))


def test_what_cannot_be_searched_for_says_so_and_keeps_what_was_typed(cast: Cast, client: Client):
    page = client.get(FIND, {"area": "Family law", "day": "someday", "kind": "telepathy"})
    assert page.status_code == 422
    text = page.content.decode()
    assert 'value="Family law"' in text
    assert "Select a valid choice" in text


@pytest.mark.parametrize(
    "query", ["?after=1.2.3.4", "?order=x", "?order=99999999999999", "?q=%00", "?q=" + "a" * 99]
)
def test_awkward_addresses_are_answered_calmly(cast: Cast, client: Client, query: str):
    assert client.get(FIND + query).status_code in (200, 422)


def test_the_order_stays_the_visitor_s_own_all_day(cast: Cast, desk: Client, client: Client):
    desk.post("/profile/directory/", FORM)
    orders = {
        agent: {
            re.search(r'name="order" value="(\d+)"', read(client, HTTP_USER_AGENT=agent))[1] for _ in range(3)
        }
        for agent in ("one", "another")
    }
    assert [len(order) for order in orders.values()] == [1, 1]
    assert orders["one"] != orders["another"]


def test_too_many_searches_from_one_address_are_asked_to_wait(cast: Cast, client: Client, settings):
    settings.BOOKING_ATTEMPTS = 1
    assert [client.get(FIND).status_code for _ in range(11)] == [200] * 10 + [429]


def test_claims_are_refused_with_the_rule_and_nothing_typed_is_lost(cast: Cast, desk: Client):
    Lawyer.objects.filter(pk=cast.alice.pk).update(about="A custody specialist.")
    page = desk.post("/profile/directory/", FORM)
    assert page.status_code == 422
    assert "7.2(c)" in page.content.decode()
    assert "New Mexico" in page.content.decode()
    assert not Profile.objects.exists()
    certified = FORM | {"certifications": "Family law, State Bar of California"}
    assert desk.post("/profile/directory/", certified).status_code == 302
    page = desk.post("/profile/", _profile(cast, about="The best lawyer there is, and a specialist."))
    assert page.status_code == 422
    assert "7.1" in page.content.decode()
    assert "7.2(c)" not in page.content.decode(), "a certifier is named"


def _profile(cast: Cast, **more: str) -> dict[str, str]:
    return {"name": "Alice Hart", "time_zone": cast.alice.time_zone, "public": "on"} | more


@pytest.mark.parametrize(
    ("field", "typed", "says"),
    [
        ("certifications", "Family law", "needs both parts"),
        ("admissions", ", 123", "needs both parts"),
        ("admissions", "A" * 121, "120 characters"),
    ],
)
def test_lines_that_are_no_pairs_are_refused_beside_their_field(
    cast: Cast, desk: Client, field: str, typed: str, says: str
):
    page = desk.post("/profile/directory/", FORM | {field: typed})
    assert page.status_code == 422
    assert says in page.content.decode()


def test_only_types_that_anyone_may_book_with_this_lawyer_can_be_offered(cast: Cast, desk: Client):
    carol = marsh(NOW)
    page = desk.post("/profile/directory/", FORM | {"offer": str(carol.consultation.pk)})
    assert page.status_code == 422
    assert desk.post("/profile/directory/", FORM | {"offer": str(cast.consultation.pk)}).status_code == 302
    assert Profile.objects.get().offer == cast.consultation


def test_carol_of_another_firm_and_a_desk_that_is_not_theirs_are_404(cast: Cast, desk: Client):
    carol = marsh(NOW)
    theirs = Client()
    theirs.force_login(carol.alice_user)
    theirs.post("/desk/", {"lawyer": cast.alice.pk})
    assert theirs.post("/profile/directory/", FORM).status_code == 302
    assert list(Profile.objects.values_list("lawyer", flat=True)) == [carol.alice.pk], "only ever their own"


def test_an_administrator_does_it_for_a_lawyer_and_the_trail_says_so(cast: Cast):
    bob = add_member(cast, "Bob Lane", "bob@hartvale.example", Member.Role.ADMINISTRATOR)
    client = Client()
    client.force_login(bob.user)
    client.post("/desk/", {"lawyer": cast.alice.pk})
    assert client.post("/profile/directory/", FORM).status_code == 302
    event = Event.objects.filter(name="profile_saved").latest("pk")
    assert (event.actor, event.behalf_of) == (bob.user, cast.alice)


def test_the_public_page_says_it_all_to_people_and_to_machines(cast: Cast, desk: Client, client: Client):
    desk.post("/profile/directory/", FORM | {"certifications": "Family law, The </script> Board"})
    page = client.get("/book/hart-vale-llp/alice-hart/").content.decode()
    assert "Colorado (no. 12345), New Mexico" in page
    said = json.loads(re.search(r'<script type="application/ld\+json">(.*?)</script>', page, re.DOTALL)[1])
    assert (said["@type"], said["areaServed"]) == ("Attorney", ["Denver", "Colorado"])
    assert said["makesOffer"][0]["url"].endswith("/book/hart-vale-llp/alice-hart/first-consultation/")
    Lawyer.objects.update(about="</script><script>alert(1)</script>")
    assert "<script>alert" not in client.get("/book/hart-vale-llp/alice-hart/").content.decode()


def test_the_sitemap_lists_who_is_in_the_directory_and_nobody_else(cast: Cast, desk: Client, client: Client):
    marsh(NOW)
    desk.post("/profile/directory/", FORM)
    assert "Sitemap: http://testserver/sitemap.xml" in client.get("/robots.txt").content.decode()
    index = client.get("/sitemap.xml").content.decode()
    assert "http://testserver/sitemap-lawyers.xml" in index
    lawyers = client.get("/sitemap-lawyers.xml").content.decode()
    assert lawyers.count("<loc>") == 1
    assert "/book/hart-vale-llp/alice-hart/" in lawyers
    assert "/book/hart-vale-llp/" in client.get("/sitemap-firms.xml").content.decode()


def test_a_public_page_that_is_switched_off_leaves_the_directory(cast: Cast, desk: Client, client: Client):
    desk.post("/profile/directory/", FORM)
    desk.post("/profile/", _profile(cast) | {"public": ""})
    operations.tend(NOW, 10)
    assert not Listing.objects.exists()
    assert "No lawyer can be found" in read(client)
