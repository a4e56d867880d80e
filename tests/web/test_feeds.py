"""The pages of calendar feeds: adding with errors beside the field, how each stands, removing; and who may."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from daybook.calendars.models import Calendar
from daybook.calendars.queries import calendars_of_firm
from daybook.connectors.errors import Missing
from daybook.connectors.ics.fetch import Fetched, Marks
from daybook.firms.models import Event, Lawyer, Member
from daybook.sync import feeds
from daybook.sync.models import Connection, Feed
from tests.cast import NOW, Cast, add_member, make_firm

ADDRESS = "https://calendar.example/private-0123456789abcdef/basic.ics"
EMPTY = b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"


@pytest.fixture
def remote(monkeypatch):
    """What the address gives; a trouble is raised."""

    class Remote:
        gives: object = EMPTY

        def __call__(self, address: str, **more: object) -> Fetched:
            if isinstance(self.gives, Exception):
                raise self.gives
            return Fetched(self.gives, Marks('"1"', ""))

    here = Remote()
    monkeypatch.setattr(feeds.remote, "fetch", here)
    return here


def add(client: Client, address: str = ADDRESS, **more: str):
    return client.post(reverse("feeds"), {"address": address, "name": "Court calendar", **more})


def browser(user) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def test_a_feed_is_added_listed_without_its_address_and_removed_after_one_question(alice, cast, remote):
    answer = add(alice)
    assert answer.status_code == 302
    page = alice.get(answer.url).content.decode()
    assert "Court calendar" in page
    assert "calendar.example" in page
    assert "Blocks" in page
    assert "Last read" in page
    assert "0123456789abcdef" not in page
    url = reverse("feed_remove", args=[Connection.objects.get().pk])
    question = alice.get(url).content.decode()
    assert "Remove Court calendar?" in question
    assert "0123456789abcdef" not in question
    assert Feed.objects.exists()
    assert alice.post(url).status_code == 302
    assert not Feed.objects.exists()
    assert list(Event.objects.filter(name__startswith="feed_").values_list("name", flat=True)) == [
        "feed_added",
        "feed_removed",
    ]


def test_a_name_left_out_is_the_host(alice, remote):
    add(alice, name="")
    assert Calendar.objects.get().name == "calendar.example"


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("", "Please enter the address"),
        ("http://calendar.example/a.ics", "begins with https://"),
        ("ftp://calendar.example/a.ics", "It should begin with https://"),
        ("https://me:secret@calendar.example/", "Leave out the name and password"),
        ("https://127.0.0.1/a.ics", "private network"),
        ("webcal://localhost/a.ics", "private network"),
    ],
)
def test_an_address_that_is_not_visited_says_why_beside_the_field(alice, typed, words):
    answer = alice.post(reverse("feeds"), {"address": typed})
    assert answer.status_code in (409, 422)
    assert words in str(answer.context["form"].errors["address"])
    assert not Connection.objects.exists()


@pytest.mark.parametrize(
    ("gives", "words"),
    [
        (
            Missing("Feed", text="There is no calendar at this address."),
            "There is no calendar at this address.",
        ),
        (b"<!doctype html>", "is not a calendar"),
        (b"BEGIN:VCALENDAR\nBEGIN:VEVENT\nEND:VEVENT\nEND:VCALENDAR", "it has no beginning"),
    ],
)
def test_what_the_address_gives_is_looked_at_before_it_is_kept(alice, remote, gives, words):
    remote.gives = gives
    answer = add(alice)
    assert words in str(answer.context["form"].errors["address"])
    assert not Connection.objects.exists()


def test_a_feed_that_cannot_be_read_says_so_on_both_pages(alice, remote):
    add(alice)
    Calendar.objects.update(
        trouble="This calendar needs a password.", trouble_final=True, trouble_since=timezone.now()
    )
    for name in ("feeds", "manage_calendars"):
        page = alice.get(reverse(name)).content.decode()
        assert "Cannot be read" in page
        assert "This calendar needs a password. Free times are hidden" in page


def test_on_manage_calendars_a_feed_cannot_be_the_primary_one_and_says_why(alice, remote):
    add(alice)
    page = alice.get(reverse("manage_calendars")).content.decode()
    assert "A feed can only be read" in page
    assert "Tentative entries block" in page
    key = Calendar.objects.get().pk
    forced = alice.post(reverse("manage_calendars"), {f"blocks_{key}": "on", "primary": str(key)})
    assert forced.status_code in (409, 422)
    kept = alice.post(reverse("manage_calendars"), {f"blocks_{key}": "on", "primary": ""})
    assert kept.status_code == 302
    use = Calendar.objects.get().uses.get()
    assert (use.blocks, use.all_day_blocks, use.is_primary) == (True, False, False)
    assert use.standings == ["busy"]


def test_an_administrator_adds_a_feed_on_a_lawyers_behalf_and_the_trail_says_so(cast, remote):
    office = add_member(cast, "Erin Cole", "erin@hartvale.example", Member.Role.ADMINISTRATOR)
    client = browser(office.user)
    answer = client.post(f"{reverse('feeds')}?lawyer={cast.alice.pk}", {"address": ADDRESS})
    assert answer.status_code == 302
    event = Event.objects.get(name="feed_added")
    assert (event.actor, event.behalf_of) == (office.user, cast.alice)


def test_a_feed_is_nobody_elses_not_even_another_lawyers_of_the_firm(alice, cast, remote):
    add(alice)
    ben = Lawyer.objects.create(firm=cast.firm, name="Ben Vale", slug="ben-vale", time_zone="America/Denver")
    page = alice.get(f"{reverse('manage_calendars')}?lawyer={ben.pk}").content.decode()
    assert "Court calendar" not in page
    assert not calendars_of_firm(cast.firm.pk).exists()


def test_carol_sees_nothing_and_can_remove_nothing(alice, cast, other: Cast, remote):
    add(alice)
    carol = browser(other.alice_user)
    url = reverse("feed_remove", args=[Connection.objects.get().pk])
    assert carol.get(url).status_code == 404
    assert carol.post(url).status_code == 404
    assert carol.get(f"{reverse('feeds')}?lawyer={cast.alice.pk}").status_code == 404
    assert carol.post(f"{reverse('feeds')}?lawyer={cast.alice.pk}", {"address": ADDRESS}).status_code == 404
    assert "Court calendar" not in carol.get(reverse("feeds")).content.decode()
    assert Connection.objects.count() == 1


def test_staff_neither_add_nor_remove(alice, cast, remote):
    add(alice)
    bob = browser(add_member(cast, "Bob", "bob@hartvale.example", Member.Role.STAFF).user)
    where = f"{reverse('feeds')}?lawyer={cast.alice.pk}"
    assert bob.get(where).status_code == 404
    assert bob.post(where, {"address": ADDRESS}).status_code == 404
    assert bob.post(reverse("feed_remove", args=[Connection.objects.get().pk])).status_code == 404


def test_two_firms_and_two_lawyers_may_have_the_same_calendar(alice, cast, other: Cast, remote):
    add(alice)
    assert add(browser(other.alice_user)).status_code == 302
    third = make_firm("Third", "Zoe Third", "zoe@third.example", "America/Denver", NOW)
    assert add(browser(third.alice_user)).status_code == 302
    assert Connection.objects.values("account_id").distinct().count() == 1
    again = add(alice)
    assert "added already" in str(again.context["form"].errors["address"])


def test_a_mirror_that_has_grown_old_says_so(alice, remote):
    add(alice)
    Calendar.objects.update(read_at=NOW - timedelta(minutes=20))
    assert "has not answered lately" in alice.get(reverse("feeds")).content.decode()
