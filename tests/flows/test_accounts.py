"""A lawyer's own accounts: connected, declined, broken and renewed, disconnected; by whom, and by nobody else."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from django.urls import reverse

from daybook.calendars.models import BusyPeriod, Calendar
from daybook.firms.models import Event, Firm
from daybook.sync.models import Connection, Login
from tests.cast import add_member, marsh
from tests.flows.accounts_desk import ALICE, BEN, Desk, browser, text_of
from tests.stage.accounts import Person

if TYPE_CHECKING:
    from sandbox import google as google_sandbox
    from sandbox import microsoft as microsoft_sandbox
    from tests.stage.caldav import CaldavServer


@pytest.fixture
def desk(db: None) -> Desk:
    return Desk()


def test_a_google_account_is_connected_its_main_calendar_blocks_and_receives(
    desk: Desk, google: google_sandbox.Sandbox
) -> None:
    court = google.control.add_calendar(BEN, "Court calendar")
    google.control.share_calendar(court, ALICE, "reader")
    google.control.create_entry(ALICE, summary="Hearing", start=desk.wall(10), end=desk.wall(11))
    page = desk.visit("google")
    assert "Successfully connected to Google Calendar" in text_of(page)
    assert page.resolver_match.url_name == "manage_calendars"
    assert "read_account" in desk.work()
    assert desk.uses() == {ALICE: (True, True)}
    assert not desk.calendar("Court calendar").writable
    times, trouble = desk.free()
    assert not trouble
    assert "09:30" in times
    assert "10:00" not in times
    assert "10:30" not in times
    assert "11:00" in times


def test_a_microsoft_account_is_connected_its_main_calendar_blocks_and_receives(
    desk: Desk, microsoft: microsoft_sandbox.Sandbox
) -> None:
    page = desk.visit("microsoft")
    assert "Successfully connected to Microsoft 365 or Outlook.com" in text_of(page)
    microsoft.control.create_event(ALICE, "Hearing", desk.wall(10)["dateTime"], desk.wall(11)["dateTime"])
    desk.work()
    assert list(desk.uses().values()) == [(True, True)]
    times, trouble = desk.free()
    assert not trouble
    assert "10:00" not in times
    assert "11:00" in times


def test_a_caldav_account_is_connected_by_its_password(desk: Desk, caldav: CaldavServer) -> None:
    make_calendar(caldav, "work", "Work")
    page = desk.connect_caldav(caldav.url)
    assert "Successfully connected to the calendar server" in text_of(page)
    desk.work()
    assert desk.uses() == {"Work": (True, True)}
    put(caldav, "work", "one", f"DTSTART;TZID=America/Denver:{desk.day:%Y%m%d}T100000", "DURATION:PT1H")
    desk.tick()
    times, trouble = desk.free()
    assert not trouble
    assert "10:00" not in times
    assert "11:00" in times


def test_a_wrong_password_is_told_at_once_and_all_that_was_typed_but_the_password_stays(
    desk: Desk, caldav: CaldavServer
) -> None:
    page = desk.connect_caldav(caldav.url, "wrong")
    html = page.content.decode()
    assert page.status_code == 409
    assert "turned down" in html
    assert caldav.url in html
    assert 'value="alice"' in html
    assert "wrong" not in html
    assert not Connection.objects.exists()


def test_passwords_are_not_tried_without_end(
    desk: Desk, caldav: CaldavServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    from daybook.sync import accounts

    monkeypatch.setattr(accounts, "MOST_TRIES", 1)
    desk.connect_caldav(caldav.url, "wrong")
    assert "tried too often" in text_of(desk.connect_caldav(caldav.url))
    assert not Connection.objects.exists()


def test_an_account_that_ends_while_it_is_read_troubles_nobody(
    desk: Desk, google: google_sandbox.Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    from daybook.sync import calendars

    connection = desk.connect("google")
    find = calendars.FINDERS["google"]

    def ended_meanwhile(*asked: object) -> object:
        desk.client.post(reverse("account_disconnect", args=[connection.pk]))
        return find(*asked)  # type: ignore[arg-type]

    monkeypatch.setitem(calendars.FINDERS, "google", ended_meanwhile)
    desk.refresh(timedelta(minutes=5))
    assert not Calendar.objects.exclude(trouble="").exists()
    assert not Event.objects.filter(name="calendar_account_broken").exists()


def test_declining_stores_nothing_but_the_fact(desk: Desk, google: google_sandbox.Sandbox) -> None:
    page = desk.visit("google", allow=False)
    assert "Nothing was connected" in text_of(page)
    assert not Connection.objects.exists()
    assert Event.objects.filter(name="calendar_account_declined").count() == 1


def test_an_answer_is_believed_in_the_session_that_asked_and_once(
    desk: Desk, google: google_sandbox.Sandbox
) -> None:
    back = urlsplit(Person(ALICE, "google").allow(desk.door("google")))
    address = f"{back.path}?{back.query}"
    stranger = browser(marsh(desk.now).alice_user)
    assert "does not belong" in text_of(stranger.get(address, follow=True))
    colleague = browser(add_member(desk.cast, "Ben", "b@hartvale.example", "administrator").user)
    assert "does not belong" in text_of(colleague.get(address, follow=True))
    assert not Connection.objects.exists()
    assert "Successfully connected" in text_of(desk.client.get(address, follow=True))
    assert "does not belong" in text_of(desk.client.get(address, follow=True))
    forged = reverse("account_callback", args=["google"]) + "?code=x&state=y"
    assert "does not belong" in text_of(desk.client.get(forged, follow=True))


def test_a_revoked_account_takes_the_times_away_says_so_once_and_is_renewed_with_all_that_was_chosen(
    desk: Desk, google: google_sandbox.Sandbox, mailoutbox: list
) -> None:
    connection = desk.connect("google")
    before, calendars = desk.uses(), set(Calendar.objects.values_list("pk", flat=True))
    mailoutbox.clear()
    google.control.revoke(ALICE)
    desk.tick()
    desk.tick()
    connection.refresh_from_db()
    assert connection.state == Connection.State.BROKEN
    times, trouble = desk.free()
    assert times == []
    assert "connect" in trouble.lower()
    assert [mail.subject for mail in mailoutbox] == ["A calendar account needs to be renewed"]
    shown = desk.client.get(reverse("integrations")).content.decode()
    again = reverse("account_reconnect", args=[connection.pk])
    assert again in shown
    assert "Needs reconnecting" in shown
    assert (
        "renewed" in text_of(desk.client.get(reverse("dashboard")))
        or again in desk.client.get(reverse("dashboard")).content.decode()
    )
    page = desk.visit("google", url=again)
    assert "Successfully connected" in text_of(page)
    desk.work()
    assert Connection.objects.get().pk == connection.pk
    assert desk.uses() == before
    assert set(Calendar.objects.values_list("pk", flat=True)) == calendars
    times, trouble = desk.free()
    assert times
    assert not trouble


def test_an_account_that_is_found_broken_by_whatever_asked_hides_the_times_at_once(
    desk: Desk, google: google_sandbox.Sandbox, mailoutbox: list
) -> None:
    from django.utils import timezone

    from daybook.sync import providers

    connection = desk.connect("google")
    assert desk.free()[0]
    mailoutbox.clear()
    providers.mark_broken(connection, "Google no longer accepts this connection.", timezone.now())
    times, trouble = desk.free()
    assert times == []
    assert trouble == "Google no longer accepts this connection."
    desk.work()
    assert [mail.subject for mail in mailoutbox] == ["A calendar account needs to be renewed"]


def test_renewing_with_another_account_is_refused(desk: Desk, google: google_sandbox.Sandbox) -> None:
    connection = desk.connect("google")
    page = desk.visit("google", BEN, url=reverse("account_reconnect", args=[connection.pk]))
    assert "Please sign in to the account to be renewed" in text_of(page)
    assert Connection.objects.get().account_name == ALICE


def test_disconnecting_asks_once_erases_what_opens_it_and_the_same_account_comes_back_as_it_was(
    desk: Desk, google: google_sandbox.Sandbox
) -> None:
    google.control.create_entry(ALICE, summary="Hearing", start=desk.wall(10), end=desk.wall(11))
    connection = desk.connect("google")
    address = reverse("account_disconnect", args=[connection.pk])
    asked = text_of(desk.client.get(address))
    assert "The primary calendar is in this account" in asked
    connection.refresh_from_db()
    assert connection.state == Connection.State.ACTIVE
    uses = desk.uses()
    desk.client.post(address)
    connection.refresh_from_db()
    assert connection.state == Connection.State.DISCONNECTED
    assert connection.access_token == connection.refresh_token == ""
    assert not google.control.records("refresh_tokens") or google.control.requests()["/revoke"] >= 1
    assert not BusyPeriod.objects.exists()
    assert "10:00" in desk.free()[0]
    assert desk.client.get(address).status_code == 404
    assert desk.connect("google").pk == connection.pk
    assert desk.uses() == uses
    assert "10:00" not in desk.free()[0]


def test_one_lawyers_disconnecting_does_not_revoke_the_account_another_has_connected_too(
    desk: Desk, google: google_sandbox.Sandbox
) -> None:
    mine = desk.connect("google")
    carol = marsh(desk.now)
    other = browser(carol.alice_user)
    door = other.post(f"{reverse('account_connect', args=['google'])}?lawyer={carol.alice.pk}")["Location"]
    back = urlsplit(Person(ALICE, "google").allow(door))
    other.get(f"{back.path}?{back.query}")
    desk.client.post(reverse("account_disconnect", args=[mine.pk]))
    google.control.expire_tokens()
    desk.tick()
    theirs = Connection.objects.exclude(pk=mine.pk).get()
    assert theirs.state == Connection.State.ACTIVE


def test_the_password_of_a_disconnected_server_is_erased(desk: Desk, caldav: CaldavServer) -> None:
    make_calendar(caldav, "work", "Work")
    desk.connect_caldav(caldav.url)
    connection = Connection.objects.get()
    assert Login.objects.get().password == "caldav"
    desk.client.post(reverse("account_disconnect", args=[connection.pk]))
    assert not Login.objects.exists()


def test_a_password_that_was_changed_breaks_the_account_and_the_new_one_mends_it(
    desk: Desk, caldav: CaldavServer
) -> None:
    make_calendar(caldav, "work", "Work")
    desk.connect_caldav(caldav.url)
    desk.work()
    caldav.admit("alice", "another")
    desk.tick()
    connection = Connection.objects.get()
    assert connection.state == Connection.State.BROKEN
    assert desk.free()[0] == []
    address = reverse("account_reconnect", args=[connection.pk])
    form = desk.client.get(address).content.decode()
    assert caldav.url in form
    typed = {"address": caldav.url, "username": "alice", "password": "another"}
    desk.client.post(address, typed)
    desk.work()
    assert Connection.objects.get(state=Connection.State.ACTIVE).pk == connection.pk
    assert desk.free()[0]


def test_an_administrator_connects_on_a_lawyers_behalf_and_the_audit_says_so(
    desk: Desk, google: google_sandbox.Sandbox
) -> None:
    boss = add_member(desk.cast, "Bea Boss", "bea@hartvale.example", "administrator")
    desk.client = browser(boss.user)
    desk.visit("google")
    event = Event.objects.get(name="calendar_account_connected")
    assert event.actor == boss.user
    assert event.behalf_of == desk.cast.alice


def test_another_firms_people_and_staff_find_nothing(desk: Desk, google: google_sandbox.Sandbox) -> None:
    connection = desk.connect("google")
    carol = browser(marsh(desk.now).alice_user)
    bob = browser(add_member(desk.cast, "Bob Lane", "bob@hartvale.example", "staff").user)
    own = f"?lawyer={desk.cast.alice.pk}"
    addresses = [
        reverse("account_connect", args=["google"]) + own,
        reverse("account_connect", args=["microsoft"]) + own,
        reverse("account_caldav") + own,
        reverse("account_reconnect", args=[connection.pk]),
        reverse("account_disconnect", args=[connection.pk]),
    ]
    for who in (carol, bob):
        for address in addresses:
            assert who.get(address).status_code == 404, address
            assert who.post(address).status_code == 404, address
        assert ALICE not in who.get(reverse("integrations")).content.decode()
    connection.refresh_from_db()
    assert connection.state == Connection.State.ACTIVE


def test_without_a_subscription_the_reason_is_told_and_nothing_begins(
    desk: Desk, google: google_sandbox.Sandbox
) -> None:
    Firm.objects.filter(pk=desk.cast.firm.pk).update(subscription=Firm.Subscription.ENDED)
    address = f"{reverse('account_connect', args=['google'])}?lawyer={desk.cast.alice.pk}"
    assert "needs an active Daybook subscription" in text_of(desk.client.get(address))
    assert desk.client.post(address).status_code == 409
    page = desk.client.post(reverse("account_caldav"), {"address": "a@b.c", "password": "x"})
    assert "needs an active Daybook subscription" in text_of(page)


def test_a_second_account_leaves_the_primary_calendar_what_it_is(
    desk: Desk, google: google_sandbox.Sandbox, microsoft: microsoft_sandbox.Sandbox
) -> None:
    desk.connect("google")
    desk.connect("microsoft")
    primary = [name for name, (_, primary) in desk.uses().items() if primary]
    assert len(primary) == 1
    assert desk.uses()[primary[0]] == (True, True)
    assert Calendar.objects.get(name=primary[0]).connection.provider == "google"
    assert sorted(desk.uses().values()) == [(True, False), (True, True)]


def test_the_tokens_are_unreadable_in_the_database_and_a_renewed_one_is_kept(
    desk: Desk, google: google_sandbox.Sandbox
) -> None:
    from django.db import connection as database

    connection = desk.connect("google")
    was = connection.access_token
    google.control.expire_tokens()
    desk.refresh(timedelta(minutes=5))
    connection.refresh_from_db()
    assert connection.access_token != was
    with database.cursor() as cursor:
        cursor.execute("SELECT access_token || refresh_token FROM sync_connection")
        assert connection.access_token not in cursor.fetchone()[0]


def make_calendar(server: CaldavServer, path: str, name: str) -> None:
    body = (
        '<C:mkcalendar xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><D:set><D:prop>'
        f"<D:displayname>{name}</D:displayname></D:prop></D:set></C:mkcalendar>"
    )
    _ask(server, "MKCALENDAR", f"/alice/{path}/", body, "application/xml")


def put(server: CaldavServer, calendar: str, uid: str, *lines: str) -> None:
    said = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:test",
        "BEGIN:VEVENT",
        f"UID:{uid}",
        "DTSTAMP:20260101T000000Z",
    ]
    body = "\r\n".join([*said, *lines, "SUMMARY:Hearing", "END:VEVENT", "END:VCALENDAR", ""])
    _ask(server, "PUT", f"/alice/{calendar}/{uid}.ics", body, "text/calendar")


def _ask(server: CaldavServer, method: str, path: str, body: str, kind: str) -> None:
    from base64 import b64encode
    from urllib.request import Request, urlopen

    secret = b64encode(b"alice:caldav").decode()
    headers = {"Authorization": f"Basic {secret}", "Content-Type": kind}
    with urlopen(
        Request(f"{server.url.rstrip('/')}{path}", body.encode(), headers, method=method), timeout=10
    ) as answer:
        assert answer.status in (200, 201, 204)
