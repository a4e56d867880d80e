"""Clio's door: asking for permission, keeping the token alive, the rate limit, and what Clio says when it says no."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import structlog

from daybook.connectors import http
from daybook.connectors.clio import oauth
from daybook.connectors.clio.oauth import App, Token
from daybook.connectors.clio.regions import REGIONS, base_url
from daybook.connectors.clio.session import Priority, Session
from daybook.connectors.errors import (
    STATUSES,
    Forbidden,
    Garbled,
    Limited,
    Missing,
    NotAuthorised,
    Rejected,
    RemoteTrouble,
    Stale,
    Unreachable,
)
from tests.connectors.scripted import Reply, Scripted, scripted

NOW = datetime(2026, 10, 5, 15, 0, tzinfo=UTC)
APP = App("app-id", "app-SECRET")
MONTH = timedelta(days=30)
INVALID = Reply(401, {"error": "invalid_token", "error_description": "The access token expired"})
FRESH = Reply(200, {"token_type": "bearer", "access_token": "new-SECRET", "expires_in": 2592000})


@pytest.fixture
def server() -> Iterator[Scripted]:
    with scripted() as running:
        yield running
    http.close_all()


class Firm:
    """What the product keeps: the last token saved, and what the budget was told."""

    def __init__(self, url: str, *, expires: datetime | None = NOW + MONTH) -> None:
        self.saved: list[Token] = []
        self.taken: list[Priority] = []
        self.reports: list[tuple[Any, ...]] = []
        self.session = Session(
            url, APP, Token("old-SECRET", "refresh-SECRET", expires), self.saved.append, self, lambda: NOW
        )

    def take(self, priority: Priority) -> None:
        self.taken.append(priority)

    def report(self, limit: int | None, remaining: int | None, reset: datetime | None) -> None:
        self.reports.append((limit, remaining, reset))


def bearer(server: Scripted) -> list[str | None]:
    return [asked.headers.get("authorization") for asked in server.asked]


# Regions -------------------------------------------------------------------------------------------------------------


def test_each_region_has_its_address() -> None:
    assert {region: base_url(region) for region in REGIONS} == {
        "US": "https://app.clio.com",
        "CA": "https://ca.app.clio.com",
        "EU": "https://eu.app.clio.com",
        "AU": "https://au.app.clio.com",
    }


def test_an_override_is_used_for_every_region() -> None:
    assert base_url("EU", "http://127.0.0.1:9/") == "http://127.0.0.1:9"
    with pytest.raises(KeyError):
        base_url("MOON")


# OAuth ---------------------------------------------------------------------------------------------------------------


def test_the_browser_is_sent_to_clio_and_comes_back_even_when_declining() -> None:
    url = oauth.authorize_url(APP, "https://eu.app.clio.com", "https://day.example/back", "st&te")
    parts = urlsplit(url)
    assert f"{parts.scheme}://{parts.netloc}{parts.path}" == "https://eu.app.clio.com/oauth/authorize"
    assert {name: values[0] for name, values in parse_qs(parts.query).items()} == {
        "response_type": "code",
        "client_id": "app-id",
        "redirect_uri": "https://day.example/back",
        "state": "st&te",
        "redirect_on_decline": "true",
    }


def test_a_code_becomes_a_token(server: Scripted) -> None:
    server.plan(
        Reply(200, {"access_token": "a", "refresh_token": "r", "expires_in": 604800, "token_type": "bearer"})
    )
    token = oauth.exchange(APP, server.url, "the-code", "https://day.example/back", now=NOW)
    assert token == Token("a", "r", NOW + timedelta(days=7))
    assert server.asked[0].path == "/oauth/token"
    assert server.asked[0].form == {
        "client_id": "app-id",
        "client_secret": "app-SECRET",
        "grant_type": "authorization_code",
        "code": "the-code",
        "redirect_uri": "https://day.example/back",
    }


def test_a_token_whose_life_is_not_told_has_no_end(server: Scripted) -> None:
    server.plan(Reply(200, {"access_token": "a", "refresh_token": "r"}))
    assert oauth.exchange(APP, server.url, "c", "u", now=NOW).expires_at is None


def test_a_refresh_without_a_new_refresh_token_keeps_the_old_one(server: Scripted) -> None:
    server.plan(FRESH)
    token = oauth.refresh(APP, server.url, "refresh-SECRET", now=NOW)
    assert token == Token("new-SECRET", "refresh-SECRET", NOW + MONTH)
    assert server.asked[0].form["grant_type"] == "refresh_token"
    assert server.asked[0].form["refresh_token"] == "refresh-SECRET"


@pytest.mark.parametrize("empty", [None, ""])
def test_a_refresh_with_an_empty_refresh_token_keeps_the_old_one(server: Scripted, empty: str | None) -> None:
    server.plan(Reply(200, {"access_token": "a", "expires_in": 60, "refresh_token": empty}))
    assert oauth.refresh(APP, server.url, "kept", now=NOW).refresh == "kept"


def test_a_refresh_with_a_new_refresh_token_takes_it(server: Scripted) -> None:
    server.plan(Reply(200, {"access_token": "a", "expires_in": 60, "refresh_token": "rotated"}))
    assert oauth.refresh(APP, server.url, "kept", now=NOW).refresh == "rotated"


@pytest.mark.parametrize("status", [400, 401])
@pytest.mark.parametrize("code", ["invalid_grant", "invalid_client"])
def test_a_permission_that_is_over_is_not_authorised(server: Scripted, status: int, code: str) -> None:
    server.plan(Reply(status, {"error": code, "error_description": "x"}))
    with pytest.raises(NotAuthorised):
        oauth.refresh(APP, server.url, "r", now=NOW)


def test_a_form_clio_does_not_take_is_rejected(server: Scripted) -> None:
    server.plan(Reply(400, {"error": "invalid_request"}), Reply(422, b"<html>"))
    for _ in range(2):
        with pytest.raises(Rejected):
            oauth.exchange(APP, server.url, "c", "u", now=NOW)


@pytest.mark.parametrize("reply", [Reply(drop=True), Reply(502), Reply(200, b"{", promise=90)])
def test_a_refresh_that_breaks_off_never_leaves_a_doubt(server: Scripted, reply: Reply) -> None:
    server.plan(reply)
    with pytest.raises(Unreachable) as caught:
        oauth.refresh(APP, server.url, "r", now=NOW)
    assert caught.value.maybe_applied is False


@pytest.mark.parametrize("body", [{}, [], {"access_token": 5, "refresh_token": "r"}, {"access_token": "a"}])
def test_an_answer_without_tokens_is_garbled(server: Scripted, body: Any) -> None:
    server.plan(Reply(200, body))
    with pytest.raises(Garbled):
        oauth.exchange(APP, server.url, "c", "u", now=NOW)


def test_revoking_names_the_token_and_needs_no_answer(server: Scripted) -> None:
    server.plan(Reply(200, b""))
    oauth.revoke(server.url, "old-SECRET")
    assert server.asked[0].path == "/oauth/deauthorize"
    assert server.asked[0].form == {"token": "old-SECRET"}
    assert bearer(server) == ["Bearer old-SECRET"]


def test_neither_app_nor_token_prints_its_secrets() -> None:
    assert "SECRET" not in repr(APP) + repr(Token("a-SECRET", "r-SECRET", NOW))


# The session ---------------------------------------------------------------------------------------------------------


def test_requests_carry_token_and_version(server: Scripted) -> None:
    server.plan(Reply(200, {"data": {"id": 5}}))
    firm = Firm(server.url)
    assert firm.session.get("/contacts/{id}.json", {"fields": "id,etag"}, at={"id": "5"}) == {"id": 5}
    asked = server.asked[0]
    assert asked.path == "/api/v4/contacts/5.json"
    assert asked.query == {"fields": "id,etag"}
    assert asked.headers["x-api-version"] == "4.0.13"
    assert asked.headers["authorization"] == "Bearer old-SECRET"
    assert firm.taken == [Priority.SOON]


def test_an_id_cannot_leave_its_place_in_the_path(server: Scripted) -> None:
    server.plan(Reply(200, {"data": {}}))
    Firm(server.url).session.get("/contacts/{id}.json", at={"id": "../users?x=1#"})
    assert server.asked[0].target == "/api/v4/contacts/..%2Fusers%3Fx%3D1%23.json"


def test_a_write_is_wrapped_in_data_and_sends_the_tag_unchanged(server: Scripted) -> None:
    server.plan(Reply(200, {"data": {"id": 5}}))
    Firm(server.url).session.patch(
        "/contacts/{id}.json", {"title": "Dr"}, at={"id": "5"}, fields="id", etag='"\\"9a10\\""'
    )
    asked = server.asked[0]
    assert asked.json == {"data": {"title": "Dr"}}
    assert asked.headers["if-match"] == '"\\"9a10\\""'
    assert asked.query == {"fields": "id"}


def test_a_delete_needs_no_body(server: Scripted) -> None:
    server.plan(Reply(204))
    assert Firm(server.url).session.delete("/contacts/{id}.json", at={"id": "5"}) is None  # type: ignore[func-returns-value]


def test_a_token_about_to_expire_is_renewed_and_saved_before_it_is_used(server: Scripted) -> None:
    firm = Firm(server.url, expires=NOW + timedelta(minutes=4))
    server.plan(FRESH, Reply(200, {"data": []}))
    firm.session.page("/contacts.json")
    assert [asked.path for asked in server.asked] == ["/oauth/token", "/api/v4/contacts.json"]
    assert bearer(server) == [None, "Bearer new-SECRET"]
    assert firm.saved == [Token("new-SECRET", "refresh-SECRET", NOW + MONTH)]


def test_a_token_without_a_known_end_is_used_until_clio_says_no(server: Scripted) -> None:
    firm = Firm(server.url, expires=None)
    server.plan(Reply(200, {"data": []}))
    firm.session.page("/contacts.json")
    assert firm.saved == []


def test_a_401_is_answered_by_one_renewal(server: Scripted) -> None:
    firm = Firm(server.url)
    server.plan(INVALID, FRESH, Reply(201, {"data": {"id": 1}}))
    assert firm.session.post("/contacts.json", {"type": "Person"}) == {"id": 1}
    assert bearer(server) == ["Bearer old-SECRET", None, "Bearer new-SECRET"]
    assert [token.access for token in firm.saved] == ["new-SECRET"]


def test_a_second_401_means_the_connection_is_broken(server: Scripted) -> None:
    firm = Firm(server.url)
    server.plan(INVALID, FRESH, INVALID)
    with pytest.raises(NotAuthorised):
        firm.session.get("/users/who_am_i.json")
    assert len(server.asked) == 3


def test_a_refused_renewal_means_the_connection_is_broken(server: Scripted) -> None:
    firm = Firm(server.url)
    server.plan(INVALID, Reply(400, {"error": "invalid_grant"}))
    with pytest.raises(NotAuthorised):
        firm.session.get("/users/who_am_i.json")
    assert firm.saved == []


def test_a_renewal_that_cannot_be_reached_leaves_the_write_undone(server: Scripted) -> None:
    server.plan(INVALID, Reply(drop=True))
    with pytest.raises(Unreachable) as caught:
        Firm(server.url).session.post("/contacts.json", {"type": "Person"})
    assert caught.value.maybe_applied is False


def test_two_threads_renew_once(server: Scripted) -> None:
    firm = Firm(server.url, expires=NOW)
    server.otherwise = Reply(200, {"data": {}})
    server.plan(Reply(200, FRESH.body, wait=0.2))
    threads = [threading.Thread(target=firm.session.get, args=("/users/who_am_i.json",)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert [asked.path for asked in server.asked].count("/oauth/token") == 1
    assert len(firm.saved) == 1


# The rate limit ------------------------------------------------------------------------------------------------------


def test_the_budget_hears_what_clio_says(server: Scripted) -> None:
    firm = Firm(server.url)
    reset = NOW + timedelta(seconds=40)
    headers = {
        "X-RateLimit-Limit": "50",
        "X-RateLimit-Remaining": "12",
        "X-RateLimit-Reset": str(int(reset.timestamp())),
    }
    server.plan(Reply(200, {"data": []}, headers))
    firm.session.page("/contacts.json")
    assert firm.reports == [(50, 12, reset)]


def test_429_says_how_long_to_wait_and_is_not_tried_again(server: Scripted) -> None:
    firm = Firm(server.url)
    server.plan(Reply(429, b"anything", {"Retry-After": "23"}))
    with pytest.raises(Limited) as caught:
        firm.session.get("/users/who_am_i.json")
    assert caught.value.after == 23.0
    assert firm.reports == [(None, 0, NOW + timedelta(seconds=23))]
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("headers", "after"),
    [
        ({}, 60.0),
        ({"X-RateLimit-Reset": str(int((NOW + timedelta(seconds=9)).timestamp()))}, 9.0),
        ({"X-RateLimit-Reset": str(int((NOW - timedelta(seconds=9)).timestamp()))}, 1.0),
        ({"X-RateLimit-Reset": "soon"}, 60.0),
    ],
)
def test_429_without_retry_after_always_has_a_time_to_wait(
    server: Scripted, headers: dict[str, str], after: float
) -> None:
    server.plan(Reply(429, b"", headers))
    with pytest.raises(Limited) as caught:
        Firm(server.url).session.get("/users/who_am_i.json")
    assert caught.value.after == after


def test_a_budget_that_is_spent_keeps_the_request_at_home(server: Scripted) -> None:
    firm = Firm(server.url)

    def spent(_: Priority) -> None:
        raise Limited("Clio", after=5)

    firm.take = spent  # type: ignore[method-assign]
    with pytest.raises(Limited):
        firm.session.get("/users/who_am_i.json")
    assert server.asked == []


def test_a_repeated_read_takes_from_the_budget_each_time(server: Scripted) -> None:
    firm = Firm(server.url)
    server.plan(Reply(503), Reply(200, {"data": {}}))
    firm.session.get("/users/who_am_i.json")
    assert len(firm.taken) == 2


# What Clio says when it says no --------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", sorted(set(STATUSES) - {401, 410, 429}))
def test_each_status_stands_for_the_class_in_the_table(server: Scripted, status: int) -> None:
    server.plan(Reply(status, {"error": {"type": "SomeError", "message": "Some words"}}))
    with pytest.raises(RemoteTrouble) as caught:
        Firm(server.url).session.post("/matters.json", {})
    assert type(caught.value) is STATUSES[status]
    assert caught.value.words == ("" if status == 304 else "Some words")  # a 304 has no body
    assert caught.value.provider == "Clio"


@pytest.mark.parametrize(
    ("status", "kind"), [(403, Forbidden), (404, Missing), (412, Stale), (422, Rejected)]
)
def test_their_words_reach_the_reader_where_they_help(server: Scripted, status: int, kind: type) -> None:
    server.plan(Reply(status, {"error": {"type": "ArgumentError", "message": "Matter is not a valid model"}}))
    with pytest.raises(kind) as caught:
        Firm(server.url).session.post("/matters.json", {})
    assert ("Matter is not a valid model" in caught.value.text) is (status in (403, 422))


def test_a_retired_version_is_our_bug_and_not_a_thousand_missing_records(server: Scripted) -> None:
    server.plan(Reply(410, {"error": {"type": "VersionError", "message": "Version retired"}}))
    with pytest.raises(Garbled):
        Firm(server.url).session.get("/contacts/{id}.json", at={"id": "1"})


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[]", b'{"error": 5}', b'{"error": {"message": null}}', b"null"]
)
def test_a_refusal_without_words_is_still_a_refusal(server: Scripted, body: bytes) -> None:
    server.plan(Reply(422, body))
    with pytest.raises(Rejected) as caught:
        Firm(server.url).session.post("/matters.json", {})
    assert caught.value.maybe_applied is False


@pytest.mark.parametrize("body", [{}, [], {"error": {}}, "text"])
@pytest.mark.parametrize(("method", "maybe"), [("get", False), ("post", True)])
def test_a_success_without_data_is_garbled(server: Scripted, body: Any, method: str, maybe: bool) -> None:
    server.plan(Reply(200, body if body != "text" else b'"text"'))
    session = Firm(server.url).session
    with pytest.raises(Garbled) as caught:
        session.get("/x.json") if method == "get" else session.post("/x.json", {})
    assert caught.value.maybe_applied is maybe


@pytest.mark.parametrize("reply", [Reply(drop=True), Reply(200, b'{"data": {"id": 5, "ty'), Reply(500)])
def test_a_write_applied_and_then_lost_is_told_as_such(server: Scripted, reply: Reply) -> None:
    server.plan(reply)
    with pytest.raises(Unreachable) as caught:
        Firm(server.url).session.post("/activities.json", {"type": "TimeEntry"})
    assert caught.value.maybe_applied is True
    assert len(server.asked) == 1


# Pages ---------------------------------------------------------------------------------------------------------------


def page(server: Scripted, items: list[int], following: str | None) -> Reply:
    return Reply(200, {"data": items, "meta": {"paging": {"next": following} if following else {}}})


def test_pages_are_followed_as_they_are(server: Scripted) -> None:
    following = f"{server.url}/api/v4/contacts.json?fields=id%2Ca%7Bid%7D&page_token=BAh%3D"
    server.plan(page(server, [1, 2], following), page(server, [3], None))
    assert list(Firm(server.url).session.all("/contacts.json", {"order": "id(asc)"})) == [1, 2, 3]
    assert server.asked[1].target == "/api/v4/contacts.json?fields=id%2Ca%7Bid%7D&page_token=BAh%3D"


def test_a_list_can_be_taken_up_where_it_stopped(server: Scripted) -> None:
    server.plan(page(server, [3], None))
    url = f"{server.url}/api/v4/contacts.json?page_token=x"
    pages = list(Firm(server.url).session.pages("/contacts.json", {"order": "id(asc)"}, start_url=url))
    assert [found.items for found in pages] == [(3,)]
    assert server.asked[0].target == "/api/v4/contacts.json?page_token=x"


@pytest.mark.parametrize(
    "where", ["https://evil.invalid/api/v4/contacts.json", "{url}.evil.invalid/api/v4/x", "{url}/oauth/x"]
)
def test_the_token_goes_nowhere_but_to_clio(server: Scripted, where: str) -> None:
    server.plan(page(server, [1], where.format(url=server.url)))
    with pytest.raises(Garbled):
        list(Firm(server.url).session.all("/contacts.json"))
    assert len(server.asked) == 1


def test_a_list_that_bites_its_own_tail_ends(server: Scripted) -> None:
    server.otherwise = page(server, [1], f"{server.url}/api/v4/contacts.json?page_token=x")
    with pytest.raises(Garbled):
        list(Firm(server.url).session.all("/contacts.json"))
    assert len(server.asked) == 2


def test_a_list_that_is_no_list_is_garbled(server: Scripted) -> None:
    server.plan(Reply(200, {"data": {"id": 1}}))
    with pytest.raises(Garbled):
        Firm(server.url).session.page("/contacts.json")


# Silence -------------------------------------------------------------------------------------------------------------


def test_tokens_never_reach_a_log_or_a_trouble(server: Scripted, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    server.plan(
        INVALID,
        FRESH,
        Reply(422, {"error": {"type": "E", "message": "new-SECRET refresh-SECRET-0123456789ab"}}),
    )
    with structlog.testing.capture_logs() as events, pytest.raises(Rejected) as caught:
        Firm(server.url).session.post("/contacts.json", {"type": "Person", "last_name": "SECRET-name"})
    everything = repr(events) + caplog.text
    assert "SECRET" not in everything
    assert [event["path"] for event in events] == ["/contacts.json", "/oauth/token", "/contacts.json"]
    assert "0123456789ab" not in caught.value.text
