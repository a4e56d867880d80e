"""Calendars and entries in the sandbox: sharing, repeating, daylight saving, redaction (facts §15)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.clio import Sandbox, start
from sandbox.clio.client import Client
from tests.clio_contract import problems

ALICE, BEN, CHLOE, BOB = (f"{name}@hartvale.example" for name in ("alice", "ben", "chloe", "bob"))
ENTRY = "id,summary,start_at,end_at,parent_calendar_entry_id"


@pytest.fixture
def clio() -> Iterator[Sandbox]:
    with start() as running:
        running.control.freeze("2026-02-20T12:00:00+00:00")
        running.control.seed("demo")
        running.control.clear_table("calendar_entries")
        yield running
        assert problems(running.exchanges) == []


def client(clio: Sandbox, user: str = ALICE) -> Client:
    return Client(clio.url, clio.control.token(user)["access_token"])


@pytest.fixture
def alice(clio: Sandbox) -> Client:
    return client(clio)


def entry(
    clio: Sandbox, as_user: Client, start: str, end: str, owner: str = ALICE, **data: Any
) -> dict[str, Any]:
    body = {
        "summary": "Meeting",
        "start_at": start,
        "end_at": end,
        "calendar_owner": {"id": clio.control.calendar_of(owner)},
    } | data
    reply = as_user("POST", "calendar_entries.json", body, fields=f"{ENTRY},etag")
    assert reply.status == 201, reply.body
    return reply.data


def expanded(as_user: Client, since: str, until: str, **query: Any) -> list[dict[str, Any]]:
    query = {"fields": ENTRY, "expanded": "true"} | query
    return as_user.all("calendar_entries.json", **{"from": since, "to": until}, **query)


def test_permission_is_the_token_users(clio: Sandbox, alice: Client) -> None:
    shown = {
        c["name"]: c["permission"] for c in alice("GET", "calendars.json", fields="name,permission").data
    }
    assert shown["Alice Hart"] == "owner"
    assert shown["Ben Vale"] == "editor"
    assert shown["Chloe Okafor"] == "viewer"
    bens = {
        c["name"]: c["permission"]
        for c in client(clio, BEN)("GET", "calendars.json", fields="name,permission").data
    }
    assert bens["Court dates"] == "viewer"
    assert "Chloe Okafor" not in bens
    writeable = {c["name"] for c in alice("GET", "calendars.json", fields="name", writeable="true").data}
    assert writeable == {"Alice Hart", "Ben Vale", "Hart & Vale LLP", "Court dates"}


def test_entries_can_be_written_only_where_the_user_is_owner_or_editor(clio: Sandbox, alice: Client) -> None:
    times = ("2026-03-02T10:00:00-07:00", "2026-03-02T11:00:00-07:00")
    on_bens = entry(clio, alice, *times, owner=BEN)
    body = {"summary": "x", "start_at": times[0], "end_at": times[1]}
    chloes = body | {"calendar_owner": {"id": clio.control.calendar_of(CHLOE)}}
    assert alice("POST", "calendar_entries.json", chloes).error == "ForbiddenError"
    clio.control.unshare_calendar(clio.control.calendar_of(BEN), ALICE)
    assert alice("GET", f"calendar_entries/{on_bens['id']}.json").status == 404
    clio.control.share_calendar(clio.control.calendar_of(BEN), ALICE, "viewer")
    assert alice("DELETE", f"calendar_entries/{on_bens['id']}.json").status == 403


def test_ids_are_text_and_times_carry_the_users_offset_of_that_day(clio: Sandbox, alice: Client) -> None:
    winter = entry(clio, alice, "2026-03-07T17:00:00Z", "2026-03-07T18:00:00Z")
    summer = entry(clio, alice, "2026-03-09T17:00:00Z", "2026-03-09T18:00:00Z")
    assert isinstance(winter["id"], str)
    assert (winter["start_at"], summer["start_at"]) == (
        "2026-03-07T10:00:00-07:00",
        "2026-03-09T11:00:00-06:00",
    )


@pytest.mark.parametrize(
    ("since", "until", "found"),
    [
        ("2026-03-02T11:00:00-07:00", "2026-03-02T12:00:00-07:00", True),  # ends on `from`
        ("2026-03-02T11:00:01-07:00", "2026-03-02T12:00:00-07:00", False),
        ("2026-03-02T09:00:00-07:00", "2026-03-02T10:00:00-07:00", True),  # begins on `to`
        ("2026-03-02T09:00:00-07:00", "2026-03-02T09:59:59-07:00", False),
        ("2026-03-02T10:15:00-07:00", "2026-03-02T10:20:00-07:00", True),
    ],
)
@pytest.mark.parametrize("whole", ["true", "false"])
def test_from_and_to_find_what_overlaps(
    clio: Sandbox, alice: Client, since: str, until: str, found: bool, whole: str
) -> None:
    entry(clio, alice, "2026-03-02T10:00:00-07:00", "2026-03-02T11:00:00-07:00")
    assert bool(expanded(alice, since, until, expanded=whole)) is found


def test_a_series_is_one_record_and_its_occurrences_when_expanded(clio: Sandbox, alice: Client) -> None:
    made = entry(
        clio,
        alice,
        "2026-03-02T09:00:00-07:00",
        "2026-03-02T10:00:00-07:00",
        recurrence_rule="FREQ=WEEKLY;BYDAY=MO",
    )
    window = ("2026-03-01T00:00:00-07:00", "2026-03-22T00:00:00-06:00")
    plain = alice("GET", "calendar_entries.json", fields=ENTRY, **{"from": window[0], "to": window[1]}).data
    assert [e["id"] for e in plain] == [made["id"]]
    found = expanded(alice, *window)
    assert {e["parent_calendar_entry_id"] for e in found} == {int(made["id"])}
    assert len({e["id"] for e in found}) == 3
    # Nine o'clock stays nine o'clock when the clocks go forward on 8 March.
    assert [e["start_at"] for e in found] == [
        "2026-03-02T09:00:00-07:00",
        "2026-03-09T09:00:00-06:00",
        "2026-03-16T09:00:00-06:00",
    ]


def test_nine_stays_nine_when_the_clocks_go_back(clio: Sandbox, alice: Client) -> None:
    entry(
        clio,
        alice,
        "2026-10-26T09:00:00-06:00",
        "2026-10-26T10:00:00-06:00",
        recurrence_rule="FREQ=WEEKLY;COUNT=2",
    )
    found = expanded(alice, "2026-10-20T00:00:00-06:00", "2026-11-30T00:00:00-07:00")
    assert [e["start_at"] for e in found] == ["2026-10-26T09:00:00-06:00", "2026-11-02T09:00:00-07:00"]


def test_a_series_repeats_in_its_own_zone_not_in_the_readers(clio: Sandbox, alice: Client) -> None:
    """Chloe's London series: between the American and the European change it is an hour later for Alice."""
    entry(
        clio, client(clio, CHLOE), "2026-03-02T16:00:00+00:00", "2026-03-02T17:00:00+00:00", owner=CHLOE,
        recurrence_rule="FREQ=WEEKLY;COUNT=5",
    )  # fmt: skip
    found = expanded(alice, "2026-03-01T00:00:00Z", "2026-04-01T00:00:00Z")
    assert [e["start_at"][11:16] for e in found] == ["09:00", "10:00", "10:00", "10:00", "09:00"]


def test_one_occurrence_can_be_moved_and_becomes_an_exception(clio: Sandbox, alice: Client) -> None:
    made = entry(
        clio, alice, "2026-03-02T09:00:00-07:00", "2026-03-02T10:00:00-07:00", recurrence_rule="FREQ=WEEKLY"
    )
    window = ("2026-03-01T00:00:00-07:00", "2026-03-15T00:00:00-06:00")
    second = expanded(alice, *window)[1]
    moved = clio.control.move_entry(
        ALICE, second["id"], "2026-03-10T14:00:00-06:00", "2026-03-10T15:00:00-06:00"
    )
    assert moved["parent_calendar_entry_id"] == int(made["id"])
    assert moved["id"].isdigit()
    assert [e["start_at"][:16] for e in expanded(alice, *window)] == ["2026-03-02T09:00", "2026-03-10T14:00"]
    assert alice("GET", f"calendar_entries/{second['id']}.json").status == 404


def test_one_occurrence_or_all_that_follow_can_be_deleted(clio: Sandbox, alice: Client) -> None:
    made = entry(
        clio, alice, "2026-03-02T09:00:00-07:00", "2026-03-02T10:00:00-07:00", recurrence_rule="FREQ=WEEKLY"
    )
    window = ("2026-03-01T00:00:00-07:00", "2026-04-30T00:00:00-06:00")
    ids = clio.control.occurrence_ids(made["id"], *window)
    alice("DELETE", f"calendar_entries/{ids[1]}.json")
    clio.control.end_series(ALICE, ids[3])
    assert [e["id"] for e in expanded(alice, *window)] == [ids[0], ids[2]]
    clio.control.end_series(ALICE, ids[0])
    assert alice("GET", f"calendar_entries/{made['id']}.json").status == 404


def test_editing_the_whole_series_discards_single_edits(clio: Sandbox, alice: Client) -> None:
    made = entry(
        clio,
        alice,
        "2026-03-02T09:00:00-07:00",
        "2026-03-02T10:00:00-07:00",
        recurrence_rule="FREQ=WEEKLY;COUNT=2",
    )
    window = ("2026-03-01T00:00:00-07:00", "2026-04-30T00:00:00-06:00")
    second = clio.control.occurrence_ids(made["id"], *window)[1]
    clio.control.move_entry(ALICE, second, "2026-03-10T14:00:00-06:00", "2026-03-10T15:00:00-06:00")
    clio.control.move_entry(ALICE, made["id"], "2026-03-03T11:00:00-07:00", "2026-03-03T12:00:00-07:00")
    assert [e["start_at"][:16] for e in expanded(alice, *window)] == ["2026-03-03T11:00", "2026-03-10T11:00"]


def test_a_rule_that_makes_no_sense_is_refused(clio: Sandbox, alice: Client) -> None:
    body = {
        "summary": "x",
        "start_at": "2026-03-02T09:00:00-07:00",
        "end_at": "2026-03-02T10:00:00-07:00",
        "calendar_owner": {"id": clio.control.calendar_of(ALICE)},
        "recurrence_rule": "EVERY=MONDAY",
    }
    assert alice("POST", "calendar_entries.json", body).status == 422


def test_a_private_entry_and_a_limited_viewer_see_only_that_time_is_taken(
    clio: Sandbox, alice: Client
) -> None:
    times = ("2026-03-02T16:00:00+00:00", "2026-03-02T17:00:00+00:00")
    clio.control.create_entry(CHLOE, "Dentist", *times, private=True)
    clio.control.create_entry(CHLOE, "Open", *times)
    fields = "summary,redacted,start_at,description,matter{id},permission"
    first, second = expanded(alice, *times, fields=fields)
    assert (first["summary"], first["redacted"], first["matter"]) == (None, True, None)
    assert first["start_at"] == "2026-03-02T09:00:00-07:00"
    assert (second["summary"], second["redacted"]) == ("Open", False)
    clio.control.share_calendar(clio.control.calendar_of(CHLOE), ALICE, "limited_viewer")
    assert {e["redacted"] for e in expanded(alice, *times, fields=fields)} == {True}


def test_who_attends_finds_the_entry_on_their_own_calendar(clio: Sandbox, alice: Client) -> None:
    bens = clio.control.calendar_of(BEN)
    dana = clio.control.find_contacts(ALICE, "dana.reyes@mail.example")[0]["id"]
    made = entry(
        clio, alice, "2026-03-02T09:00:00-07:00", "2026-03-02T10:00:00-07:00",
        attendees=[{"id": bens, "type": "Calendar"}, {"id": dana, "type": "Contact"}],
    )  # fmt: skip
    found = client(clio, BEN)(
        "GET",
        "calendar_entries.json",
        calendar_id=bens,
        fields="id,attendees{type,name,email},calendar_owner{name}",
    ).data
    assert [e["id"] for e in found] == [made["id"]]
    assert found[0]["calendar_owner"] == {"name": "Alice Hart"}
    assert {a["email"] for a in found[0]["attendees"]} == {BEN, "dana.reyes@mail.example"}


def test_external_properties_are_searchable_and_at_most_five(clio: Sandbox, alice: Client) -> None:
    times = ("2026-03-02T09:00:00-07:00", "2026-03-02T10:00:00-07:00")
    made = entry(clio, alice, *times, external_properties=[{"name": "daybook", "value": "41"}])
    entry(
        clio,
        alice,
        *times,
        external_properties=[{"name": "daybook", "value": "42"}, {"name": "other", "value": "41"}],
    )
    ids = lambda name, value: [  # noqa: E731
        e["id"]
        for e in alice(
            "GET", "calendar_entries.json", external_property_name=name, external_property_value=value
        ).data
    ]
    assert ids("daybook", "41") == [made["id"]]
    assert ids("daybook", "43") == []
    six = {"external_properties": [{"name": f"n{i}", "value": "x"} for i in range(5)]}
    assert alice("PATCH", f"calendar_entries/{made['id']}.json", six).status == 422


@pytest.mark.parametrize("day", ["2026-03-08", "2026-11-01", "2026-06-15"])
def test_an_all_day_entry_runs_from_midnight_to_midnight_on_changeover_days_too(
    clio: Sandbox, alice: Client, day: str
) -> None:
    clio.control.create_entry(ALICE, "Away", f"{day}T00:00:00", f"{day}T00:00:00", all_day=True)
    (shown,) = expanded(
        alice, f"{day}T12:00:00Z", f"{day}T13:00:00Z", fields="all_day,start_at,end_at,start_date"
    )
    assert shown["all_day"] is True
    assert shown["start_at"].startswith(f"{day}T00:00:00")
    assert shown["end_at"][11:19] == "00:00:00"
    assert shown["end_at"][:10] > day
    assert shown["start_date"] == day


def test_clio_does_not_stop_double_booking(clio: Sandbox, alice: Client) -> None:
    times = ("2026-03-02T09:00:00-07:00", "2026-03-02T10:00:00-07:00")
    assert entry(clio, alice, *times)["id"] != entry(clio, alice, *times)["id"]


def test_calendars_can_be_made_by_hand_and_belong_to_their_maker(clio: Sandbox, alice: Client) -> None:
    made = alice("POST", "calendars.json", {"name": "Moot court"}, fields="id,type,permission").data
    assert (made["type"], made["permission"]) == ("AdhocCalendar", "owner")
    assert client(clio, BEN)("GET", f"calendars/{made['id']}.json").status == 404
    assert alice("DELETE", f"calendars/{made['id']}.json").status == 204


def test_a_long_expanded_list_comes_in_pages(clio: Sandbox, alice: Client) -> None:
    entry(
        clio,
        alice,
        "2026-03-02T09:00:00-07:00",
        "2026-03-02T09:30:00-07:00",
        recurrence_rule="FREQ=DAILY;COUNT=25",
    )
    found = expanded(alice, "2026-03-01T00:00:00Z", "2026-05-01T00:00:00Z", limit=10)
    assert len({e["id"] for e in found}) == 25
