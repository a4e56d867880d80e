"""Connecting to Google: asking the person, keeping the access, losing it, being told to slow down."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from html import unescape
from http.client import HTTPConnection
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from daybook.connectors.errors import Forbidden, Garbled, Limited, Missing, NotAuthorised, Rejected
from daybook.connectors.google import oauth
from daybook.connectors.google.oauth import SCOPES, Addresses, App, Token
from daybook.connectors.google.service import Account, GoogleCalendars
from daybook.connectors.google.session import MOST_PAGES, Session
from sandbox.google import Sandbox
from tests.connectors.google_rig import ALICE, APP, connected, held_to_the_description
from tests.connectors.scripted import Reply, Scripted, scripted

BACK = "http://127.0.0.1:9/back"
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
VERIFIER = "v" * 64


@pytest.fixture(autouse=True)
def google() -> Iterator[Sandbox]:
    with held_to_the_description() as sandbox:
        yield sandbox


class Browser:
    """A person at the sandbox's pages: fills in the form that is shown and follows where it leads."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.cookie = ""
        self.page = ""

    def open(self, url: str, form: list[tuple[str, str]] | None = None) -> str:
        """The address outside the sandbox that is arrived at, or empty while a page is shown."""
        parts = urlsplit(url)
        if parts.netloc and parts.netloc != urlsplit(self.sandbox.url).netloc:
            return url
        connection = HTTPConnection("127.0.0.1", self.sandbox.port)
        body = urlencode(form) if form is not None else None
        headers = {"Cookie": self.cookie, "Content-Type": "application/x-www-form-urlencoded"}
        connection.request("GET" if form is None else "POST", f"{parts.path}?{parts.query}", body, headers)
        answer = connection.getresponse()
        self.page = answer.read().decode()
        if cookie := answer.getheader("Set-Cookie"):
            self.cookie = cookie.split(";")[0]
        target = answer.getheader("Location")
        connection.close()
        return self.open(target) if target else ""

    def send(self, *also: tuple[str, str], without: tuple[str, ...] = ()) -> str:
        (action,) = re.findall(r'action="([^"]+)"', self.page)
        shown = re.findall(r'<input type="(?:hidden|checkbox)" name="([^"]+)" value="([^"]*)"', self.page)
        filled = [(name, unescape(value)) for name, value in shown if unescape(value) not in without]
        return self.open(action, [*filled, *also])

    def connect(self, url: str, decision: str = "allow", without: tuple[str, ...] = ()) -> dict[str, str]:
        self.open(url)
        if "Password" in self.page:
            self.send(("email", ALICE), ("password", "google"))
        target = self.send(("decision", decision), without=without)
        assert target.startswith(BACK)
        return {name: values[0] for name, values in parse_qs(urlsplit(target).query).items()}


def asking(sandbox: Sandbox) -> str:
    return oauth.authorize_url(APP, Addresses.at(sandbox.url), BACK, "the state", VERIFIER, hint=ALICE)


# Asking --------------------------------------------------------------------------------------------------------------


def test_a_person_allows_and_daybook_has_access_to_that_account(google: Sandbox) -> None:
    addresses = Addresses.at(google.url)
    told = Browser(google).connect(asking(google))
    assert told["state"] == "the state"
    now = datetime.now(UTC)
    token = oauth.exchange(APP, addresses, told["code"], BACK, VERIFIER, now=now)
    assert token.expires_at == now + timedelta(seconds=3599)
    service = GoogleCalendars(Session(APP, token, lambda new: None, lambda: now, addresses=addresses))
    assert service.account() == Account(ALICE, ALICE)
    with pytest.raises(NotAuthorised):
        oauth.exchange(APP, addresses, told["code"], BACK, VERIFIER, now=now)


def test_google_is_asked_for_two_things_and_for_lasting_access() -> None:
    asked = parse_qs(urlsplit(oauth.authorize_url(APP, Addresses(), BACK, "s", VERIFIER)).query)
    assert asked["scope"] == [" ".join(SCOPES)]
    assert [scope.rsplit("/", 1)[1] for scope in SCOPES] == [
        "calendar.calendarlist.readonly",
        "calendar.events",
    ]
    assert (asked["access_type"], asked["prompt"]) == (["offline"], ["consent"])
    assert asked["code_challenge_method"] == ["S256"]
    assert VERIFIER not in str(asked)


def test_a_person_cancels_and_nothing_is_connected(google: Sandbox) -> None:
    told = Browser(google).connect(asking(google), "cancel")
    assert told == {"state": "the state", "error": "access_denied"}
    assert google.control.records("refresh_tokens") == []


@pytest.mark.parametrize("left_out", SCOPES)
def test_a_box_left_empty_is_not_enough_and_says_so(google: Sandbox, left_out: str) -> None:
    told = Browser(google).connect(asking(google), without=(left_out,))
    with pytest.raises(NotAuthorised, match="both boxes"):
        oauth.exchange(APP, Addresses.at(google.url), told["code"], BACK, VERIFIER, now=NOW)


def test_a_wrong_password_is_told_at_once(google: Sandbox) -> None:
    browser = Browser(google)
    browser.open(asking(google))
    browser.send(("email", ALICE), ("password", "wrong"))
    assert "Wrong email or password" in browser.page


def test_a_code_is_worth_nothing_without_its_verifier(google: Sandbox) -> None:
    told = Browser(google).connect(asking(google))
    with pytest.raises(NotAuthorised):
        oauth.exchange(APP, Addresses.at(google.url), told["code"], BACK, "another", now=NOW)


def test_connecting_a_second_time_gives_lasting_access_again(google: Sandbox) -> None:
    browser = Browser(google)
    for _ in range(2):
        told = browser.connect(asking(google))
        code = told["code"]
        assert oauth.exchange(APP, Addresses.at(google.url), code, BACK, VERIFIER, now=NOW).refresh


def test_another_apps_secret_opens_nothing(google: Sandbox) -> None:
    wrong = App(APP.client_id, "guessed")
    with pytest.raises(NotAuthorised):
        oauth.refresh(wrong, Addresses.at(google.url), google.control.token(ALICE)["refresh_token"], now=NOW)


def test_nothing_secret_is_shown_by_accident() -> None:
    shown = repr(Token("open", "sesame", NOW)) + repr(App("id", "hidden"))
    assert not any(word in shown for word in ("open'", "sesame", "hidden"))


# Keeping and losing it -----------------------------------------------------------------------------------------------


def test_a_refresh_keeps_the_refresh_token_and_is_saved_before_use(google: Sandbox) -> None:
    saved: list[Token] = []

    def save(new: Token) -> None:
        saved.append(new)
        assert not [one for one in google.exchanges if one.path.startswith("/calendar/")]

    service = connected(google, save=save, expires_at=datetime.now(UTC) + timedelta(seconds=30))
    before = service._session.token
    assert service.calendars()
    assert [one.refresh for one in saved] == [before.refresh]
    assert service._session.token is saved[0]
    assert saved[0].access != before.access


def test_an_access_token_that_ends_early_is_renewed_once(google: Sandbox) -> None:
    saved: list[Token] = []
    service = connected(google, save=saved.append)
    google.control.expire_tokens()
    assert service.calendars()
    assert len(saved) == 1


def test_when_saving_fails_the_new_token_is_not_used(google: Sandbox) -> None:
    def full(new: Token) -> None:
        raise OSError("the disk is full")

    service = connected(google, save=full, expires_at=datetime.now(UTC))
    before = service._session.token
    with pytest.raises(OSError, match="full"):
        service.calendars()
    assert service._session.token is before


def test_access_taken_away_is_told_apart_from_a_token_that_ended(google: Sandbox) -> None:
    service = connected(google)
    google.control.revoke(ALICE)
    with pytest.raises(NotAuthorised) as caught:
        service.calendars()
    assert not caught.value.maybe_applied


def test_revoking_ends_all_access_and_a_second_time_it_is_over_already(google: Sandbox) -> None:
    service = connected(google)
    refresh = service._session.token.refresh
    oauth.revoke(Addresses.at(google.url), refresh)
    with pytest.raises(NotAuthorised):
        service.calendars()
    with pytest.raises(NotAuthorised):
        oauth.revoke(Addresses.at(google.url), refresh)


def test_a_connection_that_may_not_read_events_has_to_be_made_again(google: Sandbox) -> None:
    service = connected(google, scopes=[SCOPES[0]])
    assert service.calendars()
    with pytest.raises(NotAuthorised, match="both boxes"):
        service.find(ALICE, "x", home="America/Denver")


def test_what_runs_ahead_of_each_request_can_forbid_it(google: Sandbox) -> None:
    def never() -> None:
        raise Limited("Google", after=5.0)

    service = connected(google)
    service._session._before = never
    with pytest.raises(Limited):
        service.calendars()
    assert google.exchanges == []


# What Google says ----------------------------------------------------------------------------------------------------


@pytest.fixture
def script() -> Iterator[Scripted]:
    with scripted() as server:
        yield server


def scripted_service(script: Scripted) -> GoogleCalendars:
    addresses = Addresses.at(script.url)
    token = Token("a", "r", None)
    return GoogleCalendars(Session(APP, token, lambda new: None, lambda: NOW, addresses=addresses))


def refusal(status: int, reason: str, **headers: str) -> Reply:
    one = {"domain": "usageLimits", "reason": reason, "message": "Too much for now"}
    return Reply(status, {"error": {"errors": [one], "code": status, "message": "Too much for now"}}, headers)


@pytest.mark.parametrize(
    ("reply", "after"),
    [
        (refusal(403, "rateLimitExceeded"), 60.0),
        (refusal(403, "userRateLimitExceeded"), 60.0),
        (refusal(403, "rateLimitExceeded", **{"Retry-After": "17"}), 17.0),
        (refusal(403, "quotaExceeded"), 3600.0),
        (refusal(429, "rateLimitExceeded"), 60.0),
        (refusal(429, "somethingNew", **{"Retry-After": "5"}), 5.0),
        (Reply(429, b"slow down"), 60.0),
        (Reply(403, {"error": {"code": 403, "details": [{"reason": "RATE_LIMIT_EXCEEDED"}]}}), 60.0),
    ],
)
def test_asked_to_slow_down_it_knows_for_how_long(script: Scripted, reply: Reply, after: float) -> None:
    script.plan(reply)
    with pytest.raises(Limited) as caught:
        scripted_service(script).calendars()
    assert (caught.value.after, caught.value.maybe_applied) == (after, False)


@pytest.mark.parametrize(
    ("reply", "trouble"),
    [
        (refusal(403, "forbiddenForNonOrganizer"), Forbidden),
        (refusal(403, "insufficientPermissions"), NotAuthorised),
        (Reply(403, b"<html>"), Forbidden),
        (Reply(403, {"error": "odd"}), Forbidden),
        (refusal(404, "notFound"), Missing),
        (refusal(400, "invalid"), Rejected),
        (Reply(200, b"[]"), Garbled),
        (Reply(200, b'"text"'), Garbled),
        (Reply(200, {"items": "none"}), Garbled),
        (Reply(200, {"items": [7]}), Garbled),
        (Reply(200, {"items": [{}]}), Garbled),
        (Reply(200, {"items": [], "nextPageToken": 7}), Garbled),
    ],
)
def test_every_other_answer_has_its_meaning(script: Scripted, reply: Reply, trouble: type[Exception]) -> None:
    script.plan(reply)
    with pytest.raises(trouble):
        scripted_service(script).calendars()


def test_a_list_that_comes_back_to_a_page_is_not_followed_for_ever(script: Scripted) -> None:
    script.otherwise = Reply(200, {"items": [], "nextPageToken": "again"})
    with pytest.raises(Garbled):
        scripted_service(script).calendars()
    assert len(script.asked) == 2 < MOST_PAGES


@pytest.mark.parametrize("body", [{}, {"access_token": ""}, {"access_token": 7}, [], "text"])
def test_a_token_that_is_none_is_not_kept(script: Scripted, body: Any) -> None:
    script.plan(Reply(200, body if isinstance(body, dict | list) else b'"text"'))
    with pytest.raises(Garbled):
        oauth.refresh(APP, Addresses.at(script.url), "r", now=NOW)


def test_a_token_of_unknown_length_is_used_until_it_is_refused(script: Scripted) -> None:
    script.plan(Reply(200, {"access_token": "new", "expires_in": "soon"}))
    assert oauth.refresh(APP, Addresses.at(script.url), "r", now=NOW) == Token("new", "r", None)
