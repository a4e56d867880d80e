"""The Google sandbox behaves as Google says it does, and whoever strays from Google's description is caught."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from sandbox.google import Sandbox, start
from sandbox.log import Exchange
from tests.connectors.google_rig import ALICE, BEN, held_to_the_description
from tests.google_contract import absent, problems

ROOT = Path(__file__).resolve().parents[2]
EVENTS = f"/calendars/{ALICE}/events"
TIMES = {
    "start": {"dateTime": "2026-12-01T09:00:00-07:00", "timeZone": "America/Denver"},
    "end": {"dateTime": "2026-12-01T10:00:00-07:00", "timeZone": "America/Denver"},
}


@pytest.fixture(autouse=True)
def google() -> Iterator[Sandbox]:
    with held_to_the_description() as sandbox:
        yield sandbox


class Caller:
    """Plain requests with somebody's token."""

    def __init__(self, sandbox: Sandbox, user: str = ALICE, scopes: list[str] | None = None) -> None:
        self.base = f"{sandbox.url}/calendar/v3"
        self.token = sandbox.control.token(user, scopes)["access_token"]

    def __call__(
        self, method: str, path: str, body: Any = None, *, etag: str = "", wrong: bool = False, **query: str
    ) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        headers |= {"If-Match": etag} if etag else {}
        headers |= {"X-Sandbox-Deliberate": "1"} if wrong else {}
        data = None if body is None else json.dumps(body).encode()
        url = f"{self.base}{path}?{urlencode(query)}"
        request = urllib.request.Request(url, data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                text = answer.read()
                return answer.status, json.loads(text) if text else None
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read())["error"]["errors"][0]["reason"]


@pytest.fixture
def alice(google: Sandbox) -> Caller:
    return Caller(google)


# The rules of events -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("id", ["abcd", "ABCDE", "abc-de", "wxyz0", "abcde_1"])
def test_an_id_google_would_not_take_is_refused(alice: Caller, id: str) -> None:
    assert alice("POST", EVENTS, {"id": id, **TIMES}) == (400, "invalid")


def test_an_id_and_a_uid_do_not_go_together(alice: Caller) -> None:
    assert alice("POST", EVENTS, {"id": "abcde", "iCalUID": "u", **TIMES}) == (400, "invalid")


def test_an_id_is_taken_once_and_for_ever(alice: Caller) -> None:
    assert alice("POST", EVENTS, {"id": "abcde", **TIMES})[0] == 200
    assert alice("POST", EVENTS, {"id": "abcde", **TIMES}) == (409, "duplicate")
    assert alice("DELETE", f"{EVENTS}/abcde") == (204, None)
    assert alice("DELETE", f"{EVENTS}/abcde") == (410, "deleted")
    assert alice("POST", EVENTS, {"id": "abcde", **TIMES}) == (409, "duplicate")
    assert alice("GET", f"{EVENTS}/abcde")[1]["status"] == "cancelled"


def test_what_was_changed_meanwhile_is_not_changed_or_deleted(alice: Caller) -> None:
    _, made = alice("POST", EVENTS, {"id": "abcde", **TIMES})
    status, changed = alice("PATCH", f"{EVENTS}/abcde", {"summary": "Other"}, etag=made["etag"])
    assert (status, changed["etag"] != made["etag"]) == (200, True)
    assert alice("PATCH", f"{EVENTS}/abcde", {"summary": "Mine"}, etag=made["etag"])[0] == 412
    assert alice("PUT", f"{EVENTS}/abcde", TIMES, etag=made["etag"])[0] == 412
    assert alice("DELETE", f"{EVENTS}/abcde", etag=made["etag"]) == (412, "conditionNotMet")


def test_a_patch_keeps_what_it_does_not_name_and_an_update_does_not(alice: Caller) -> None:
    alice("POST", EVENTS, {"id": "abcde", "summary": "A", "location": "There", **TIMES})
    assert alice("PATCH", f"{EVENTS}/abcde", {"summary": "B"})[1]["location"] == "There"
    assert "location" not in alice("PUT", f"{EVENTS}/abcde", {"summary": "C", **TIMES})[1]


def test_a_sequence_does_not_go_back(alice: Caller) -> None:
    alice("POST", EVENTS, {"id": "abcde", "sequence": 4, **TIMES})
    assert alice("PATCH", f"{EVENTS}/abcde", {"sequence": 3}) == (400, "invalid")


@pytest.mark.parametrize(
    "wrong",
    [
        {"start": {"date": "2026-12-01"}},
        {"start": {"dateTime": "2026-12-01T09:00:00"}},
        {"end": {"dateTime": "2026-12-01T08:00:00-07:00"}},
        {"start": {"dateTime": "2026-12-01T09:00:00-07:00"}, "recurrence": ["RRULE:FREQ=DAILY"]},
        {"recurrence": ["RRULE:FREQ=SOMETIMES"]},
        {"recurrence": ["DTSTART:20261201"]},
        {"status": "perhaps"},
    ],
)
def test_an_event_that_makes_no_sense_is_refused(alice: Caller, wrong: dict[str, Any]) -> None:
    assert alice("POST", EVENTS, TIMES | wrong)[0] == 400
    assert alice("GET", EVENTS)[1]["items"] == []


# Lists ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "also",
    [
        {"timeMin": "2026-12-01T00:00:00Z"},
        {"timeMax": "2026-12-01T00:00:00Z"},
        {"iCalUID": "x"},
        {"privateExtendedProperty": "a=b"},
        {"q": "x"},
        {"orderBy": "updated"},
        {"showDeleted": "false"},
    ],
)
def test_what_may_not_go_with_a_token_is_refused(alice: Caller, also: dict[str, str]) -> None:
    token = alice("GET", EVENTS)[1]["nextSyncToken"]
    assert alice("GET", EVENTS, syncToken=token, **also) == (400, "invalid")


def test_a_token_gives_what_has_changed_and_of_what_is_deleted_next_to_nothing(alice: Caller) -> None:
    for id in ("aaaaa", "bbbbb", "ccccc"):
        alice("POST", EVENTS, {"id": id, "summary": id, **TIMES})
    token = alice("GET", EVENTS)[1]["nextSyncToken"]
    alice("PATCH", f"{EVENTS}/aaaaa", {"summary": "changed"})
    alice("DELETE", f"{EVENTS}/bbbbb")
    told = alice("GET", EVENTS, syncToken=token)[1]["items"]
    assert [one.get("summary") for one in told] == ["changed", None]
    assert set(told[1]) == {"kind", "etag", "id", "status"}
    assert [one["id"] for one in alice("GET", EVENTS)[1]["items"]] == ["aaaaa", "ccccc"]
    assert len(alice("GET", EVENTS, showDeleted="true")[1]["items"]) == 3


def test_of_a_series_only_what_has_changed_is_told(alice: Caller) -> None:
    alice("POST", EVENTS, {"id": "aaaaa", "recurrence": ["RRULE:FREQ=DAILY;COUNT=4"], **TIMES})
    alice("PATCH", f"{EVENTS}/aaaaa_20261202T160000Z", {"summary": "other"})
    token = alice("GET", EVENTS)[1]["nextSyncToken"]
    alice("DELETE", f"{EVENTS}/aaaaa_20261203T160000Z")
    (told,) = alice("GET", EVENTS, syncToken=token)[1]["items"]
    assert set(told) == {"kind", "etag", "id", "status", "recurringEventId", "originalStartTime"}
    token = alice("GET", EVENTS)[1]["nextSyncToken"]
    alice("PATCH", f"{EVENTS}/aaaaa", {"summary": "all"})
    assert [one["id"] for one in alice("GET", EVENTS, syncToken=token)[1]["items"]] == ["aaaaa"]
    instances = alice("GET", f"{EVENTS}/aaaaa/instances")[1]["items"]
    assert sorted(one["summary"] for one in instances) == ["all", "all", "other"]
    single = alice("GET", EVENTS, singleEvents="true")[1]["items"]
    assert {one["id"] for one in single} == {one["id"] for one in instances}


def test_a_window_leaves_out_what_only_touches_it(alice: Caller) -> None:
    alice("POST", EVENTS, {"id": "aaaaa", **TIMES})
    for lower, upper, found in (
        ("16:59:59", "20:00:00", 1),
        ("17:00:00", "20:00:00", 0),
        ("10:00:00", "16:00:00", 0),
    ):
        bounds = {"timeMin": f"2026-12-01T{lower}Z", "timeMax": f"2026-12-01T{upper}Z"}
        assert len(alice("GET", EVENTS, **bounds)[1]["items"]) == found  # fmt: skip


def test_pages_hold_as_many_as_asked_for_and_only_the_last_has_a_token(
    google: Sandbox, alice: Caller
) -> None:
    google.control.bulk_entries(ALICE, 7)
    first = alice("GET", EVENTS, maxResults="5")[1]
    assert (len(first["items"]), "nextSyncToken" in first) == (5, False)
    last = alice("GET", EVENTS, maxResults="5", pageToken=first["nextPageToken"])[1]
    assert (len(last["items"]), "nextSyncToken" in last) == (2, True)


def test_a_part_of_an_answer_is_what_was_asked_for(alice: Caller) -> None:
    alice("POST", EVENTS, {"id": "aaaaa", "extendedProperties": {"private": {"a": "b"}}, **TIMES})
    told = alice("GET", EVENTS, fields="items(id,start/date,extendedProperties/private),timeZone")[1]
    assert told == {
        "items": [{"id": "aaaaa", "start": {}, "extendedProperties": {"private": {"a": "b"}}}],
        "timeZone": "America/Denver",
    }
    assert alice("GET", EVENTS, fields="items(id")[0] == 400


# Who may what --------------------------------------------------------------------------------------------------------


def test_a_token_opens_only_what_it_was_given_for(google: Sandbox) -> None:
    scope = "https://www.googleapis.com/auth/calendar.calendarlist.readonly"
    narrow = Caller(google, scopes=[scope])
    assert narrow("GET", "/users/me/calendarList")[0] == 200
    assert narrow("GET", EVENTS) == (403, "insufficientPermissions")
    assert narrow("POST", EVENTS, TIMES) == (403, "insufficientPermissions")


def test_what_is_private_is_hidden_from_those_who_only_read(google: Sandbox) -> None:
    shared = google.control.add_calendar(BEN, "Shared")
    google.control.share_calendar(shared, ALICE, "reader")
    for visibility in ("private", "default"):
        google.control.create_entry(BEN, shared, summary="What", visibility=visibility, **TIMES)
    told = Caller(google)("GET", f"/calendars/{shared}/events")[1]["items"]
    assert [one.get("summary") for one in told] == [None, "What"]
    assert Caller(google)("GET", f"/calendars/{BEN}/events") == (404, "notFound")


# Steering ------------------------------------------------------------------------------------------------------------


def test_the_demo_fits_the_demo_firm(google: Sandbox) -> None:
    google.control.seed("demo")
    for email, zone in (
        (ALICE, "America/Denver"),
        (BEN, "America/New_York"),
        ("chloe@hartvale.example", "Europe/London"),
    ):
        listed = Caller(google, email)("GET", "/users/me/calendarList")[1]["items"]
        roles = sorted(one["accessRole"] for one in listed)
        assert roles == ["owner", "owner", "reader"]
        assert {one["timeZone"] for one in listed if one.get("primary")} == {zone}
        assert len(google.control.records("events", calendar=email)) > 5


def test_the_state_outlives_a_restart(tmp_path: Path) -> None:
    file = tmp_path / "google.json"
    with start(seed="demo", state=file) as first:
        caller = Caller(first)
        made = caller("POST", EVENTS, {"id": "aaaaa", **TIMES})[1]
        token = caller("GET", EVENTS)[1]["nextSyncToken"]
    with start(seed="bare", state=file) as second:
        caller.base = f"{second.url}/calendar/v3"
        assert caller("GET", f"{EVENTS}/aaaaa")[1] == made
        assert caller("GET", EVENTS, syncToken=token)[1]["items"] == []


def test_it_runs_as_a_command_and_saves_when_told_to_end(tmp_path: Path) -> None:
    file = tmp_path / "google.json"
    command = [sys.executable, "-m", "sandbox.google", "--port", "0", "--seed", "demo", "--state", str(file)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        url = running.stdout.readline().split()[-1]
        with urllib.request.urlopen(url, timeout=10) as answer:
            assert ALICE in answer.read().decode()
        running.terminate()
        assert running.wait(30) == 0
    assert ALICE in json.loads(file.read_text())["tables"]["accounts"]


def test_it_is_driven_over_http_and_says_why_not(google: Sandbox) -> None:
    def call(what: str, **args: Any) -> Any:
        url = f"{google.url}/_control/{what}"
        request = urllib.request.Request(url, json.dumps(args).encode(), method="POST")
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.loads(answer.read())["result"]

    made = call("create_entry", user=ALICE, summary="Walk", **TIMES)
    assert call("records", table="events", calendar=ALICE)[0]["id"] == made["id"]
    for what, args in (
        ("seed", {"name": "nope"}),
        ("share_calendar", {"calendar_id": ALICE, "user": BEN, "role": "x"}),
    ):
        with pytest.raises(urllib.error.HTTPError) as refused:
            call(what, **args)
        assert refused.value.code == 400


def test_every_control_call_stands_in_the_readme() -> None:
    from sandbox.control_http import calls_of
    from sandbox.google.control import Control
    from sandbox.steering import Steering

    text = (ROOT / "sandbox" / "README.md").read_text("utf-8").split("## Google")[1].split("\n## ")[0]
    own = set(calls_of(Control.__new__(Control))) - set(calls_of(Steering()))
    assert [name for name in sorted(own) if f"`{name}(" not in text] == []


# The description -----------------------------------------------------------------------------------------------------


@pytest.mark.skipif(absent() is not None, reason=str(absent()))
@pytest.mark.parametrize(
    ("bent", "told"),
    [
        ({"path": "/calendar/v3/calendars/a/appointments"}, "no such method"),
        ({"method": "PUT"}, "no such method"),
        ({"query": "timemin=2026-12-01T00:00:00Z"}, "no parameter timemin"),
        ({"query": "maxResults=many"}, "not such a number"),
        ({"query": "maxResults=0"}, "not such a number"),
        ({"query": "showDeleted=yes"}, "not true or false"),
        ({"query": "timeMin=tomorrow"}, "date-time"),
        ({"query": "orderBy=name"}, "cannot be name"),
        ({"query": "timeMin=2026-12-01T00:00:00Z&timeMin=2026-12-01T00:00:00Z"}, "several times"),
        ({"query": "fields=items(id,titel)"}, "titel"),
        ({"request_body": b"{}"}, "takes no body"),
        ({"response_body": b'{"entries": []}'}, "no property entries"),
        ({"response_body": b'{"items": [{"start": {"date": "soon"}}]}'}, "is not date"),
        ({"response_body": b'{"items": [{"sequence": "1"}]}'}, "whole number"),
        ({"response_body": b'{"items": {}}'}, "not a list"),
        ({"status": 404, "response_body": b'{"error": "gone"}'}, "another shape"),
    ],
)  # fmt: skip
def test_whoever_strays_from_the_description_is_caught(bent: dict[str, Any], told: str) -> None:
    good: dict[str, Any] = {
        "method": "GET",
        "path": f"/calendar/v3{EVENTS}",
        "query": "maxResults=5",
        "request_headers": {},
        "request_body": b"",
        "status": 200,
        "response_body": b'{"items": []}',
    }
    assert problems([Exchange(**good)]) == []
    if told == "another shape":
        bent = bent | {"response_body": json.dumps({"error": {"message": "gone"}}).encode()}
    (problem,) = problems([Exchange(**good | bent)])[:1]
    assert told in problem
