"""A type of several lawyers is found wherever one of them is: the firm's page, each one's own page, each one's list."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from daybook.firms.models import Lawyer
from tests.cast import Cast
from tests.web.test_teams_desk import browser, person, robin

pytestmark = pytest.mark.django_db
LINK = "/book/hart-vale-llp/alice-hart/team-meeting/"


def words(response) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.text))


@pytest.fixture
def ben(cast: Cast) -> Lawyer:
    return person(cast, "Ben Vale")


@pytest.fixture
def ivy(cast: Cast) -> Lawyer:
    return person(cast, "Ivy Lund")


def test_the_firms_page_and_each_members_page_lead_to_it(cast: Cast, ben: Lawyer, ivy: Lawyer):
    robin(cast, cast.alice, ben, seconds=(ivy,))
    for where in ("", "alice-hart/", "ben-vale/"):
        page = Client().get(f"/book/hart-vale-llp/{where}")
        assert page.text.count(f'href="{LINK}"') == 1
        assert "With Alice Hart or Ben Vale, and Ivy Lund" in words(page)
    assert 'href="/book/hart-vale-llp/ben-vale/"' in Client().get("/book/hart-vale-llp/").text
    assert LINK not in Client().get("/book/hart-vale-llp/ivy-lund/").text


@pytest.mark.parametrize("change", [{"who_may_book": "firm"}, {"active": False}])
def test_what_clients_cannot_book_is_on_none_of_them(change: dict[str, object], cast: Cast, ben: Lawyer):
    kind = robin(cast, cast.alice, ben)
    type(kind).objects.filter(pk=kind.pk).update(**change)
    for where in ("", "alice-hart/", "ben-vale/"):
        assert LINK not in Client().get(f"/book/hart-vale-llp/{where}").text


def test_a_link_to_a_page_that_is_off_is_given_to_nobody(cast: Cast, ben: Lawyer):
    robin(cast, cast.alice, ben)
    Lawyer.objects.filter(pk=cast.alice.pk).update(public=False)
    for where in ("", "ben-vale/"):
        assert LINK not in Client().get(f"/book/hart-vale-llp/{where}").text
    assert "The public page of Alice Hart is off" in words(browser(ben).get("/types/"))


def test_each_lawyer_of_it_has_it_in_their_list_to_look_at(cast: Cast, ben: Lawyer, ivy: Lawyer):
    kind = robin(cast, cast.alice, ben, seconds=(ivy,))
    theirs = browser(ben).get("/types/")
    assert "Team meeting of Alice Hart" in words(theirs)
    assert "also needed: Ivy Lund" in words(theirs)
    assert LINK in theirs.text
    assert f'href="/types/{kind.pk}/"' not in theirs.text
    own = browser(cast.alice).get("/types/")
    assert "also needed: Ivy Lund" in words(own)
    assert "of Alice Hart" not in words(own)
    assert "Team meeting" not in words(browser(ivy).get("/types/"))


def test_another_firm_sees_nothing_of_it(cast: Cast, other: Cast, ben: Lawyer):
    robin(cast, cast.alice, ben)
    assert "Team meeting" not in Client().get(f"/book/{other.firm.slug}/").text
