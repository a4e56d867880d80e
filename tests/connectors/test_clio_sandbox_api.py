"""What all of the sandbox's API has in common: fields, pages, etags, versions, limits, refusals (facts §4-§9)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sandbox.clio import Sandbox, start
from sandbox.clio.client import Client
from tests.clio_contract import problems

ALICE = "alice@hartvale.example"


@pytest.fixture
def clio() -> Iterator[Sandbox]:
    with start(seed="demo") as running:
        yield running
        assert problems(running.exchanges) == []


@pytest.fixture
def alice(clio: Sandbox) -> Client:
    return Client(clio.url, clio.control.token(ALICE)["access_token"])


@pytest.fixture
def dana(clio: Sandbox) -> int:
    return next(r["id"] for r in clio.control.records("contacts") if r["first_name"] == "Dana")


def test_an_answer_shows_id_and_etag_unless_more_is_asked_for(alice: Client, dana: int) -> None:
    assert set(alice("GET", f"contacts/{dana}.json").data) == {"id", "etag"}
    created = alice("POST", "contacts.json", {"type": "Person", "first_name": "New"})
    assert set(created.data) == {"id", "etag"}
    shown = alice("GET", f"contacts/{dana}.json", fields="name,email_addresses{address},phone_numbers").data
    assert shown["name"] == "Dana Reyes"
    assert shown["email_addresses"] == [{"address": "dana.reyes@mail.example"}]
    assert set(shown["phone_numbers"][0]) == {"id", "etag"}


@pytest.mark.parametrize(
    "fields", ["nonsense", "company{company}", "company{company{id}}", "name{id}", "company{id"]
)
def test_unknown_fields_and_a_second_level_are_refused(alice: Client, fields: str) -> None:
    refused = alice("GET", "contacts.json", fields=fields, wrong=True)
    assert refused.status == 400
    assert set(refused.json["error"]) == {"type", "message"}


def test_the_cursor_walks_every_record_once(clio: Sandbox, alice: Client) -> None:
    clio.control.bulk_contacts(450)
    found = [r["id"] for r in alice.all("contacts.json", order="id(asc)", limit=200)]
    assert found == sorted(set(found))
    assert len(found) == clio.control.counts()["contacts"] - 2  # two are Carol's


def test_the_cursor_has_no_ceiling_and_the_offset_stops_at_ten_thousand(clio: Sandbox, alice: Client) -> None:
    clio.control.bulk_contacts(10_100)
    assert len(alice.all("contacts.json", order="id(asc)")) > 10_100
    last = alice("GET", "contacts.json", order="name(asc)", offset=9_900, limit=200)
    assert len(last.data) == 100
    assert "next" not in last.json["meta"]["paging"]
    assert alice("GET", "contacts.json", offset=10_001, wrong=True).status == 400


def test_the_next_page_has_its_braces_percent_encoded(alice: Client) -> None:
    reply = alice("GET", "contacts.json", order="id(asc)", limit=1, fields="id,company{id}")
    assert "company%7Bid%7D" in reply.json["meta"]["paging"]["next"]
    assert reply.json["meta"]["paging"]["next"].startswith(alice.url)


@pytest.mark.parametrize("limit", ["0", "201", "many"])
def test_a_page_holds_one_to_two_hundred(alice: Client, limit: str) -> None:
    assert alice("GET", "contacts.json", limit=limit, wrong=True).status == 400


def test_the_last_page_has_no_next(alice: Client) -> None:
    assert "next" not in alice("GET", "matters.json", order="id(asc)").json["meta"]["paging"]


def test_an_unknown_query_parameter_is_ignored_in_silence(alice: Client) -> None:
    everything = len(alice("GET", "contacts.json").data)
    assert len(alice("GET", "contacts.json", clients_only="true", wrong=True).data) == everything


def test_an_etag_has_its_own_quotes_and_changes_with_the_record(alice: Client, dana: int) -> None:
    first = alice("GET", f"contacts/{dana}.json", fields="etag")
    assert first.headers["ETag"] == first.data["etag"]
    assert first.data["etag"].startswith('"')
    assert first.data["etag"].endswith('"')
    assert "Last-Modified" in first.headers
    second = alice("PATCH", f"contacts/{dana}.json", {"title": "Dr."}, fields="etag")
    assert second.data["etag"] != first.data["etag"]


def test_a_patch_that_changes_nothing_keeps_the_etag(alice: Client, dana: int) -> None:
    before = alice("GET", f"contacts/{dana}.json", fields="etag,updated_at").data
    after = alice("PATCH", f"contacts/{dana}.json", {"first_name": "Dana"}, fields="etag,updated_at").data
    assert after == before


def test_an_unchanged_record_is_304(clio: Sandbox, alice: Client, dana: int) -> None:
    first = alice("GET", f"contacts/{dana}.json")
    tag, day = first.headers["ETag"], first.headers["Last-Modified"]
    same = alice("GET", f"contacts/{dana}.json", headers={"If-None-Match": tag})
    assert (same.status, same.body) == (304, b"")
    assert alice("GET", f"contacts/{dana}.json", headers={"If-Modified-Since": day}).status == 304
    clio.control.advance(5)
    alice("PATCH", f"contacts/{dana}.json", {"title": "Dr."})
    assert alice("GET", f"contacts/{dana}.json", headers={"If-None-Match": tag}).status == 200
    assert alice("GET", f"contacts/{dana}.json", headers={"If-Modified-Since": day}).status == 200


def test_a_stale_etag_is_412_and_nothing_is_written(alice: Client, dana: int) -> None:
    old = alice("GET", f"contacts/{dana}.json").data["etag"]
    alice("PATCH", f"contacts/{dana}.json", {"title": "one"}, headers={"If-Match": old})
    assert alice("PATCH", f"contacts/{dana}.json", {"title": "two"}, headers={"If-Match": old}).status == 412
    assert alice("GET", f"contacts/{dana}.json", fields="title").data["title"] == "one"


def test_the_version_is_echoed_and_an_unknown_one_is_gone(alice: Client) -> None:
    assert alice("GET", "users.json").headers["X-API-VERSION"] == "4.0.13"
    assert (
        alice("GET", "users.json", headers={"X-API-VERSION": "4.0.12"}).headers["X-API-VERSION"] == "4.0.12"
    )
    assert alice("GET", "users.json", headers={"X-API-VERSION": "3.0"}, wrong=True).status == 410


def test_what_is_missing_and_what_belongs_to_another_firm_look_the_same(
    clio: Sandbox, alice: Client, dana: int
) -> None:
    carol = Client(clio.url, clio.control.token("carol@marsh.example")["access_token"])
    assert alice("GET", "contacts/1.json").error == "NotFoundError"
    assert carol("GET", f"contacts/{dana}.json").json == alice("GET", "contacts/1.json").json
    assert len(carol("GET", "contacts.json").data) == 2
    assert carol("PATCH", f"contacts/{dana}.json", {"title": "x"}).status == 404
    refused = carol("POST", "matters.json", {"client": {"id": dana}, "description": "x"})
    assert refused.status == 422


def test_a_deleted_record_leaves_no_trace(alice: Client) -> None:
    made = alice("POST", "contacts.json", {"type": "Person", "first_name": "Short"}).data["id"]
    gone = alice("DELETE", f"contacts/{made}.json")
    assert (gone.status, gone.body) == (204, b"")
    assert alice("GET", f"contacts/{made}.json").status == 404
    assert alice("DELETE", f"contacts/{made}.json").status == 404
    assert alice("GET", "contacts.json", **{"ids[]": made}).data == []


def test_a_body_without_data_is_refused(alice: Client) -> None:
    assert alice("POST", "contacts.json", b"{}", wrong=True).status == 400
    assert alice("POST", "contacts.json", b"not json", wrong=True).status == 400


def test_updated_since_is_after_the_time_in_whole_seconds(clio: Sandbox) -> None:
    clio.control.freeze("2026-03-08T08:59:58+00:00")  # two seconds before Denver's clocks go forward
    clio.control.seed("demo")
    alice = Client(clio.url, clio.control.token(ALICE)["access_token"])
    dana = clio.control.find_contacts(ALICE, "dana.reyes@mail.example")[0]["id"]
    first = alice("GET", f"contacts/{dana}.json", fields="updated_at").data["updated_at"]
    assert first == "2026-03-08T01:59:58-07:00"
    clio.control.advance(2)
    alice("PATCH", f"contacts/{dana}.json", {"title": "Prof."})
    second = alice("GET", f"contacts/{dana}.json", fields="updated_at").data["updated_at"]
    assert second == "2026-03-08T03:00:00-06:00"
    ids = lambda since: [r["id"] for r in alice("GET", "contacts.json", updated_since=since).data]  # noqa: E731
    assert ids(first) == [dana]
    assert ids(second) == []


def test_fifty_requests_a_minute_and_a_429_that_says_when(clio: Sandbox, alice: Client) -> None:
    clio.control.set_rate_limit(50)
    clio.control.freeze()
    first = alice("GET", "users.json")
    assert (first.headers["X-RateLimit-Limit"], first.headers["X-RateLimit-Remaining"]) == ("50", "49")
    for _ in range(49):
        assert alice("GET", "users.json").status == 200
    refused = alice("GET", "users.json")
    assert refused.status == 429
    assert refused.headers["Retry-After"] == "60"
    ben = Client(clio.url, clio.control.token("ben@hartvale.example")["access_token"])
    assert ben("GET", "users.json").status == 200  # counted by token
    clio.control.advance(60)
    assert alice("GET", "users.json").headers["X-RateLimit-Remaining"] == "49"


def test_a_connection_is_kept_open(clio: Sandbox, alice: Client) -> None:
    alice("GET", "users.json")
    kept = alice._connection.sock
    alice("POST", "contacts.json", {"type": "Person", "first_name": "X"})
    alice("GET", "contacts/1.json")
    assert alice._connection.sock is kept
