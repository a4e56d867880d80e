"""A connection to Graph at work: its token renewed and never lost, its errors told apart, its links not believed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from daybook.connectors.errors import (
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
from daybook.connectors.microsoft.account import who_am_i
from daybook.connectors.microsoft.service import MicrosoftCalendars
from daybook.connectors.microsoft.session import NO_MAILBOX
from tests.connectors.microsoft_rig import BEN, HOME, WINDOW, Stage, draft, staged
from tests.connectors.scripted import Reply, Scripted, scripted


@pytest.fixture(autouse=True)
def stage() -> Iterator[Stage]:
    with staged() as stage:
        yield stage


@pytest.fixture
def graph() -> Iterator[Scripted]:
    with scripted() as graph:
        yield graph


def test_a_token_near_its_end_is_renewed_and_saved_before_it_is_used(stage: Stage) -> None:
    session = stage.session()
    stage.control.advance(3599 - 200)
    before = session.token
    who_am_i(session)
    assert [token.access for token in stage.saved] == [session.token.access]
    assert session.token.refresh != before.refresh
    paths = [e.path for e in stage.sandbox.exchanges]
    assert paths == ["/common/oauth2/v2.0/token", "/v1.0/me"]


def test_a_token_that_cannot_be_saved_is_not_used(stage: Stage) -> None:
    session = stage.session()
    stage.control.advance(3600)

    def save(token: object) -> None:
        raise OSError("the disk is full")

    session._save = save
    with pytest.raises(OSError, match="the disk is full"):
        who_am_i(session)
    assert [e.path for e in stage.sandbox.exchanges] == ["/common/oauth2/v2.0/token"]
    session._save = stage.saved.append
    assert who_am_i(session).email == BEN


def test_a_token_that_ended_early_is_renewed_once_and_the_request_made_again(stage: Stage) -> None:
    session = stage.session(token=replace(stage.token(), access="ended", expires_at=None))
    assert who_am_i(session).email == BEN
    assert len(stage.saved) == 1


def test_a_renewal_whose_answer_was_lost_leaves_the_connection_as_it_was(stage: Stage) -> None:
    session = stage.session()
    stage.control.advance(3600)
    stage.control.fault("drop_after", path="*/token")
    with pytest.raises(Unreachable) as caught:
        MicrosoftCalendars(session).create(stage.calendar, draft())
    assert not caught.value.maybe_applied
    assert stage.saved == []
    assert who_am_i(session).email == BEN
    assert len(stage.saved) == 1


def test_access_taken_away_is_told_as_such(stage: Stage) -> None:
    service = stage.service()
    stage.control.revoke(BEN)
    with pytest.raises(NotAuthorised):
        service.calendars()


def test_every_request_is_announced(stage: Stage) -> None:
    session = stage.session()
    stage.control.advance(3600)
    who_am_i(session)
    assert len(stage.asked) == 2


def test_a_person_is_told_how_long_to_stay_away(stage: Stage) -> None:
    stage.control.fault("rate_limited", path="/v1.0/*", retry_after=17)
    with pytest.raises(Limited) as caught:
        stage.service().read(stage.calendar, WINDOW, home=HOME)
    assert caught.value.after == 17.0
    assert stage.service().read(stage.calendar, WINDOW, home=HOME).whole


def failed(code: str, message: str = "Words.") -> dict[str, object]:
    return {"error": {"code": code, "message": message}}


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (Reply(429, failed("ApplicationThrottled"), {"Retry-After": "9"}), Limited),
        (Reply(429, failed("TooManyRequests")), Limited),
        (Reply(503, failed("ServiceUnavailable"), {"Retry-After": "9"}), Limited),
        (Reply(400, failed("ErrorItemNotFound")), Missing),
        (Reply(404, failed("ErrorItemNotFound")), Missing),
        (Reply(400, failed("ErrorInvalidIdMalformed")), Missing),
        (Reply(403, failed("ErrorAccessDenied")), Forbidden),
        (Reply(404, failed("MailboxNotEnabledForRESTAPI")), Forbidden),
        (Reply(409, failed("ErrorIrresolvableConflict")), Stale),
        (Reply(412, failed("ErrorIrresolvableConflict")), Stale),
        (Reply(400, failed("ErrorPropertyValidationFailure")), Rejected),
        (Reply(404, b"<html>not here</html>"), Missing),
    ],
)
def test_every_error_of_graphs_is_told_apart(
    stage: Stage, graph: Scripted, reply: Reply, kind: type[RemoteTrouble]
) -> None:
    graph.plan(reply)
    with pytest.raises(RemoteTrouble) as caught:
        stage.elsewhere(graph.url).delete("AAMk", "AAMk")
    assert type(caught.value) is kind
    assert not caught.value.maybe_applied
    if kind is Limited:
        assert caught.value.after == (9.0 if "Retry-After" in reply.headers else 30.0)


def test_an_account_without_a_mailbox_is_told_where_to_turn(stage: Stage, graph: Scripted) -> None:
    graph.plan(Reply(404, failed("MailboxNotEnabledForRESTAPI")))
    with pytest.raises(Forbidden) as caught:
        stage.elsewhere(graph.url).calendars()
    assert caught.value.text == NO_MAILBOX


def test_a_broken_server_after_a_write_may_have_carried_it_out(stage: Stage, graph: Scripted) -> None:
    graph.plan(Reply(500, failed("generalException")))
    with pytest.raises(Unreachable) as caught:
        stage.elsewhere(graph.url).create("AAMk", draft())
    assert caught.value.maybe_applied


@pytest.mark.parametrize(
    "link",
    [
        "https://graph.microsoft.com.evil.example/v1.0/me/calendars?$skip=10",
        "http://127.0.0.1:1/v1.0/me/calendars?$skip=10",
        "//evil.example/v1.0/me/calendars",
        "/v1.0/me/calendars?$skip=10",
        12,
        ["x"],
    ],
)
def test_a_link_that_leads_elsewhere_is_not_followed(stage: Stage, graph: Scripted, link: object) -> None:
    page = {"value": [], "@odata.nextLink": link}
    graph.plan(Reply(200, page))
    with pytest.raises(Garbled):
        stage.elsewhere(graph.url).calendars()
    assert len(graph.asked) == 1


def test_pages_that_go_round_in_circles_are_left(stage: Stage, graph: Scripted) -> None:
    link = f"{graph.url}/v1.0/me/calendars?$skip=10"
    graph.plan(*[Reply(200, {"value": [], "@odata.nextLink": link})] * 3)
    with pytest.raises(Garbled):
        stage.elsewhere(graph.url).calendars()


@pytest.mark.parametrize(
    "body", [[], {"value": None}, {"value": [1]}, {"value": [{"name": "no id"}]}, b'"x"', b"12", {}]
)
def test_a_list_that_is_none_is_garbled(stage: Stage, graph: Scripted, body: Any) -> None:
    graph.plan(Reply(200, body))
    with pytest.raises(Garbled):
        stage.elsewhere(graph.url).calendars()
