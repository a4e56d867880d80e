"""Integrations by who reads it: the lawyer, an administrator or staff at a lawyer's desk, and nobody's desk."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.html import strip_tags

from daybook.sync.models import Connection
from tests.cast import NOW, Cast, add_member

WHO = "Alice Hart or an administrator of your firm can"


@pytest.fixture(autouse=True)
def registered(settings: Any) -> None:
    """Daybook is known to Google and Microsoft, so that connecting is possible at all."""
    for name in ("GOOGLE", "MICROSOFT"):
        setattr(settings, f"{name}_CLIENT_ID", "daybook")
        setattr(settings, f"{name}_CLIENT_SECRET", "secret")


def browser(user: Any) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def at_desk(user: Any, lawyer: Any) -> Client:
    client = browser(user)
    client.post(reverse("switch_desk"), {"lawyer": lawyer.pk})
    return client


def main_of(client: Client) -> tuple[str, str]:
    """The page's own part: as it is, and as it is read."""
    page = client.get(reverse("integrations")).content.decode()
    found = re.search(r"<main.*</main>", page, re.DOTALL)
    assert found
    return found[0], " ".join(strip_tags(found[0]).split())


def card(html: str, key: str) -> str:
    return html.split(f'aria-labelledby="card-{key}"')[1].split("</section>")[0]


def follow(client: Client, html: str) -> list[str]:
    """Visit every link. Fails on one that leads nowhere."""
    links = re.findall(r'<a [^>]*href="(/[^"]*)"', html)
    for link in links:
        assert client.get(link, follow=True).status_code == 200, link
    return links


@pytest.mark.parametrize("connected", [False, True])
def test_staff_read_who_may_connect_and_find_no_link_that_is_not_for_them(cast: Cast, connected: bool):
    if connected:
        Connection.objects.create(
            firm=cast.firm,
            lawyer=cast.alice,
            provider=Connection.Provider.GOOGLE,
            account_id="alice",
            account_name="alice@hartvale.example",
            state=Connection.State.ACTIVE,
            connected_at=NOW,
        )
    client = at_desk(add_member(cast, "Bob Lane", "bob@hartvale.example", "staff").user, cast.alice)
    html, text = main_of(client)
    assert "Calendars of Alice Hart" in text
    assert ("alice@hartvale.example" in text) is connected
    assert ("Google calendars block the time of Alice Hart" in text) is not connected
    assert not re.search(r"\b[Yy]our (own|time|appointments|password|calendar)", text)
    assert f"{WHO} connect {'another account' if connected else 'one'}." in card(html, "google")
    for other in ("microsoft", "caldav"):
        assert f"{WHO} connect one." in card(html, other)
    assert f"{WHO} add one." in text
    assert not [link for link in follow(client, html) if "/feeds/" in link or "connect" in link]


def test_a_lawyer_is_spoken_to_at_their_own_desk_and_may_follow_every_link(cast: Cast):
    client = browser(cast.alice_user)
    html, text = main_of(client)
    assert "Google calendars block your time: they are checked before every booking" in text
    assert "one can receive your appointments" in text
    assert "can connect one" not in text
    assert f"{reverse('feeds')}?lawyer={cast.alice.pk}" in follow(client, html)


def test_an_administrator_at_a_lawyers_desk_reads_of_the_lawyer_and_may_connect(cast: Cast):
    boss = add_member(cast, "Bea Boss", "bea@hartvale.example", "administrator")
    client = at_desk(boss.user, cast.alice)
    html, text = main_of(client)
    assert "block the time of Alice Hart" in text
    assert "your time" not in text
    assert f"{reverse('account_caldav')}?lawyer={cast.alice.pk}" in follow(client, html)
    assert "Lawyers' own calendars" in main_of(browser(boss.user))[1].replace("&#x27;", "'")


def test_one_connection_for_all_is_said_of_clio_alone(cast: Cast):
    html, _ = main_of(browser(cast.alice_user))
    before, clio = html.split('aria-labelledby="clio"')
    assert "One connection" not in before
    assert clio.split("</section>")[0].count("One connection serves every lawyer of") == 1


@pytest.mark.parametrize("door", ["account_caldav", "account_exchange"])
def test_an_address_with_spaces_is_told_beside_its_field_whatever_else_is_missing(cast: Cast, door: str):
    for name in ("", "alice"):
        typed = {"address": "not an address", "username": name, "password": "secret"}
        answer = browser(cast.alice_user).post(reverse(door), typed)
        page = answer.content.decode()
        assert answer.status_code == 422
        assert "That is not a web address or a mail address." in page
        assert "not%20an%20address" not in page
        assert "Please enter the user name" not in page
