"""From what somebody types to their calendars; and who hears the password on the way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from daybook.connectors import http
from daybook.connectors.caldav import discovery, settings
from daybook.connectors.caldav.discovery import discover
from daybook.connectors.caldav.service import CaldavCalendars
from daybook.connectors.caldav.settings import Account
from daybook.connectors.errors import (
    Garbled,
    Limited,
    Missing,
    NotAuthorised,
    RemoteTrouble,
    Unreachable,
)
from daybook.connectors.guard import Refused
from tests.connectors.caldav_hosts import Hosts, Says, home_at, hosts, one_resource, principal_at
from tests.connectors.caldav_rig import PASSWORD, CaldavRig, rig_at
from tests.stage.caldav import CaldavServer, radicale

PRINCIPAL = one_resource("/", principal_at("/me/"))


@pytest.fixture(scope="module")
def server() -> Iterator[CaldavServer]:
    with radicale() as server:
        yield server


@pytest.fixture
def rig(server: CaldavServer) -> Iterator[CaldavRig]:
    with rig_at(server) as rig:
        yield rig


@pytest.fixture
def net(tmp_path: Path) -> Iterator[Hosts]:
    with hosts(tmp_path) as net:
        yield net
    http.close_all()


def find(net: Hosts, typed: str) -> Account:
    return discover(
        typed,
        username="dana",
        password="secret",
        private=True,
        resolve=net.resolve,
        certificates=net.trust,
    )


# With a real server ------------------------------------------------------------------------------------------------


def test_an_address_leads_to_the_account_in_few_requests(rig: CaldavRig):
    account = discover(rig.proxy.url, username=rig.username, password=PASSWORD, private=True)
    assert account.name == "The calendar server"
    assert account.homes == (f"{rig.proxy.url}/{rig.username}/",)
    assert len(rig.proxy.exchanges) <= 6


def test_the_address_of_the_home_or_of_one_calendar_leads_there_too(rig: CaldavRig):
    for typed in (f"{rig.proxy.url}/{rig.username}/", rig.calendar, rig.calendar.rstrip("/")):
        account = discover(typed, username=rig.username, password=PASSWORD, private=True)
        assert account.homes == (f"{rig.proxy.url}/{rig.username}/",)


def test_a_wrong_password_is_told_at_once(rig: CaldavRig):
    with pytest.raises(NotAuthorised) as caught:
        discover(rig.proxy.url, username=rig.username, password="wrong", private=True)
    assert "user name and password" in caught.value.text
    assert [one.status for one in rig.proxy.exchanges] == [301, 401, 401]


def test_a_password_taken_away_later_says_the_same(rig: CaldavRig):
    rig.revoke()
    with pytest.raises(NotAuthorised) as caught:
        rig.service.calendars()
    assert "app password" in caught.value.text


def test_a_web_page_is_no_calendar_server_and_hears_no_password(net: Hosts):
    net.says = {("www.example", path): Says(200, "<html>", secret=False) for path in ("/", "/calendar")}
    for typed in (net.at("www.example"), net.at("www.example", "/calendar")):
        with pytest.raises(Missing) as caught:
            find(net, typed)
        assert "no calendar server" in caught.value.text
    assert net.told() == set()


def test_nobody_listening_is_said_and_other_paths_are_not_tried():
    with pytest.raises(Unreachable):
        discover("http://127.0.0.1:9/", username="dana", password="secret", private=True)


def test_a_server_that_asks_to_slow_down_is_not_asked_elsewhere(rig: CaldavRig):
    rig.proxy.control.fault("rate_limited", retry_after=20)
    with pytest.raises(Limited) as caught:
        discover(rig.proxy.url, username=rig.username, password=PASSWORD, private=True)
    assert (caught.value.after, len(rig.proxy.exchanges)) == (20, 1)


# Who hears the password --------------------------------------------------------------------------------------------


def test_a_server_that_leads_on_is_followed_and_the_first_host_hears_nothing(net: Hosts):
    there = net.at("dav.example", "/dav/")
    net.says = {
        ("www.example", "/.well-known/caldav"): Says(301, "", {"Location": there}, secret=False),
        ("dav.example", "/dav/"): Says(body=one_resource("/dav/", principal_at("/dav/me/"))),
        ("dav.example", "/dav/me/"): Says(body=one_resource("/dav/me/", home_at("/dav/cal/"))),
    }
    account = find(net, net.at("www.example"))
    assert account.homes == (net.at("dav.example", "/dav/cal/"),)
    assert account.origins == (net.at("dav.example", ""),)
    assert net.told() == {"dav.example"}


def test_the_homes_of_an_account_may_lie_on_other_hosts(net: Hosts):
    net.says = {
        ("dav.example", "/dav/"): Says(body=one_resource("/dav/", principal_at("/me/"))),
        ("dav.example", "/me/"): Says(
            body=one_resource("/me/", home_at("/cal/", net.at("other.example", "/cal/")))
        ),
    }
    account = find(net, net.at("dav.example", "/dav/"))
    assert account.homes == (net.at("dav.example", "/cal/"), net.at("other.example", "/cal/"))
    assert account.origins == (net.at("dav.example", ""), net.at("other.example", ""))


def test_icloud_sends_everybody_on_to_a_numbered_host_of_its_own(net: Hosts):
    net.says = {
        ("caldav.icloud.com", "/x/"): Says(body=one_resource("/x/", principal_at("/123/principal/"))),
        ("caldav.icloud.com", "/123/principal/"): Says(
            body=one_resource("/123/principal/", home_at(net.at("p07-caldav.icloud.com", "/123/calendars/")))
        ),
    }
    account = find(net, net.at("caldav.icloud.com", "/x/"))
    assert account.name == "Apple iCloud"
    assert account.homes == (net.at("p07-caldav.icloud.com", "/123/calendars/"),)


def test_what_claims_to_lead_out_of_icloud_is_refused(net: Hosts):
    net.says = {
        ("caldav.icloud.com", "/x/"): Says(
            body=one_resource("/x/", principal_at(net.at("other.example", "/me/")))
        ),
        ("other.example", "/me/"): Says(body=one_resource("/me/", home_at("/cal/"))),
    }
    with pytest.raises(Refused):
        find(net, net.at("caldav.icloud.com", "/x/"))
    assert net.told() == {"caldav.icloud.com"}


def test_an_app_specific_password_is_asked_for_by_name(net: Hosts):
    net.says = {
        ("caldav.icloud.com", "/x/"): Says(401, "", {"WWW-Authenticate": "X-Token, Basic"}, secret=False)
    }
    with pytest.raises(NotAuthorised) as caught:
        find(net, net.at("caldav.icloud.com", "/x/"))
    assert "app-specific password" in caught.value.text


def test_a_server_that_wants_another_kind_of_sign_in_hears_no_password(net: Hosts):
    net.says = {
        ("dav.example", "/x/"): Says(
            401, "", {"WWW-Authenticate": 'Digest realm="x", nonce="y"'}, secret=False
        )
    }
    with pytest.raises(Garbled) as caught:
        find(net, net.at("dav.example", "/x/"))
    assert "signed in to" in caught.value.text
    assert net.told() == set()


@pytest.mark.parametrize("place", ["169.254.169.254", "10.0.0.1", "127.0.0.1"])
def test_a_private_address_is_not_visited(net: Hosts, place: str):
    net.leads["dav.example"] = place
    with pytest.raises(Refused) as caught:
        discover(
            net.at("dav.example"),
            username="dana",
            password="secret",
            resolve=net.resolve,
            certificates=net.trust,
        )
    assert "private network" in caught.value.text
    assert net.heard == []


def test_a_server_that_leads_into_a_private_network_is_not_followed(net: Hosts):
    inside = "https://inside.example/latest/"
    net.leads["inside.example"] = "169.254.169.254"
    net.says = {("dav.example", "/x/"): Says(302, "", {"Location": inside}, secret=False)}
    with pytest.raises(Refused):
        find(net, net.at("dav.example", "/x/"))
    net.says = {
        ("dav.example", "/x/"): Says(body=one_resource("/x/", principal_at(inside))),
    }
    with pytest.raises(Refused):
        find(net, net.at("dav.example", "/x/"))


@pytest.mark.parametrize("typed", ["http://dav.example/", "ftp://dav.example/", "https://", "https://["])
def test_what_is_no_address_is_refused_in_words(typed: str):
    with pytest.raises(RemoteTrouble) as caught:
        discover(typed, username="dana", password="secret", resolve=lambda host, port: ["93.184.216.34"])
    assert "https://" in caught.value.text or "could not be reached" in caught.value.text


@pytest.mark.parametrize(
    "typed", ["not an address", "dana hart@dav.example", "https://dav.example/my work/", " ", "dana@"]
)
def test_what_is_neither_a_web_address_nor_a_mail_address_is_told_so(typed: str):
    with pytest.raises(Refused) as caught:
        discover(typed, username="dana", password="secret", resolve=lambda host, port: ["93.184.216.34"])
    assert caught.value.text == "That is not a web address or a mail address."


def test_a_redirect_later_on_is_followed_only_to_hosts_found_at_first(net: Hosts):
    account = Account(
        settings.NAME,
        net.at("dav.example", "/me/"),
        (net.at("dav.example", "/cal/"),),
        (),
        (net.at("dav.example", ""),),
    )
    service = CaldavCalendars(
        account,
        username="dana",
        password="secret",
        private=True,
        resolve=net.resolve,
        certificates=net.trust,
    )
    listed = one_resource(
        "/new/work/", "<resourcetype><collection/><C:calendar/></resourcetype><displayname>Work</displayname>"
    )
    moved = {"Location": net.at("dav.example", "/new/")}
    net.says = {
        ("dav.example", "/cal/"): Says(302, "", moved),
        ("dav.example", "/new/"): Says(body=listed),
    }
    assert [one.name for one in service.calendars()] == ["Work"]
    net.says[("dav.example", "/cal/")] = Says(302, "", {"Location": net.at("other.example", "/cal/")})
    with pytest.raises(Garbled) as caught:
        service.calendars()
    assert "connect to it again" in caught.value.text
    strange = replace(account, homes=(net.at("other.example", "/cal/"),))
    with pytest.raises(Garbled):
        CaldavCalendars(strange, username="dana", password="secret", private=True).calendars()
    assert net.told() == {"dav.example"}


# What is typed -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("dana@icloud.com", "https://caldav.icloud.com/"),
        ("dana@ME.com", "https://caldav.icloud.com/"),
        ("icloud.com", "https://caldav.icloud.com/"),
        ("dana@fastmail.fm", "https://caldav.fastmail.com/"),
        ("https://fastmail.com", "https://caldav.fastmail.com/"),
        ("dana@firm.example", "https://firm.example/.well-known/caldav"),
        ("mailto:dana@firm.example", "https://firm.example/.well-known/caldav"),
        ("caldav://firm.example", "https://firm.example/.well-known/caldav"),
        ("cloud.firm.example/nextcloud", "https://cloud.firm.example/nextcloud"),
        ("noticloud.com", "https://noticloud.com/.well-known/caldav"),
    ],
)
def test_where_it_is_looked_first(typed: str, first: str):
    assert discovery._start(typed).places[0] == first


def test_a_cloud_in_a_folder_of_a_website_is_found(net: Hosts):
    place = "/cloud/remote.php/dav/"
    net.says = {
        ("www.example", place): Says(body=one_resource(place, principal_at("/cloud/me/"))),
        ("www.example", "/cloud/me/"): Says(body=one_resource("/cloud/me/", home_at("/cloud/cal/"))),
    }
    assert find(net, net.at("www.example", "/cloud")).homes == (net.at("www.example", "/cloud/cal/"),)


@pytest.mark.parametrize(
    "body",
    [
        '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x "y">]><multistatus xmlns="DAV:">&x;</multistatus>',
        "<html>hello</html>",
        "\x00\x01",
        "<multistatus xmlns='DAV:'><response></multistatus>",
    ],
)
def test_an_answer_that_is_no_answer_is_said_to_be_none(net: Hosts, body: str):
    net.says = {("dav.example", "/x/"): Says(body=body)}
    with pytest.raises(RemoteTrouble) as caught:
        find(net, net.at("dav.example", "/x/"))
    assert isinstance(caught.value, Garbled | Missing)
