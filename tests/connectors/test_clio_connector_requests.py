"""What exactly is asked of Clio: parameters, bodies, and what is done with more than was asked for."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest

from daybook.connectors import http
from daybook.connectors.clio import (
    activities,
    calendars,
    contacts,
    entries,
    matters,
    settings,
    users,
    webhooks,
)
from daybook.connectors.clio.contacts import AddressWrite, EmailWrite, PhoneWrite
from daybook.connectors.clio.oauth import App, Token
from daybook.connectors.clio.session import Session
from daybook.connectors.clio.shapes import ClioContact
from daybook.connectors.errors import Billed, Forbidden, Garbled, Missing, Rejected, Unreachable
from tests.connectors.scripted import Reply, Scripted, scripted

START = datetime(2026, 10, 5, 9, 0, tzinfo=timezone(timedelta(hours=-4)))
HOUR = timedelta(hours=1)


@pytest.fixture
def server() -> Iterator[Scripted]:
    with scripted() as running:
        yield running
    http.close_all()


@pytest.fixture
def session(server: Scripted) -> Session:
    now = datetime(2026, 10, 5, tzinfo=UTC)
    return Session(server.url, App("i", "s"), Token("a", "r", None), lambda _: None, None, lambda: now)


def listed(*items: dict[str, Any]) -> Reply:
    return Reply(200, {"data": list(items), "meta": {"paging": {}}})


def one(**item: Any) -> Reply:
    return Reply(200, {"data": {"id": 1} | item})


def sent(server: Scripted) -> tuple[str, str, dict[str, str]]:
    asked = server.asked[-1]
    return (
        asked.method,
        asked.path.removeprefix("/api/v4"),
        {k: v for k, v in asked.query.items() if k != "fields"},
    )


def body(server: Scripted) -> Any:
    return server.asked[-1].json["data"]


# Contacts ------------------------------------------------------------------------------------------------------------


def test_contacts_are_read_by_id_with_a_cursor(server: Scripted, session: Session) -> None:
    following = f"{server.url}/api/v4/contacts.json?page_token=2"
    server.plan(
        Reply(200, {"data": [{"id": 1}], "meta": {"paging": {"next": following}}}),
        listed({"id": 2}),
    )
    pages = list(contacts.pages(session, updated_since=START, limit=1))
    assert [[item.id for item in page.items] for page in pages] == [["1"], ["2"]]
    assert [page.next_url for page in pages] == [following, None]
    assert server.asked[0].query["updated_since"] == "2026-10-05T13:00:00Z"
    assert server.asked[0].query["order"] == "id(asc)"
    assert "offset" not in server.asked[0].query


def test_an_interrupted_reading_goes_on_where_it_stopped(server: Scripted, session: Session) -> None:
    following = f"{server.url}/api/v4/contacts.json?page_token=2"
    server.plan(Reply(200, {"data": [{"id": 1}], "meta": {"paging": {"next": following}}}), Reply(404))
    reading = contacts.pages(session)
    first = next(reading)
    with pytest.raises(Missing):
        next(reading)
    server.plan(listed({"id": 2}))
    assert [item.id for page in contacts.pages(session, start_url=first.next_url) for item in page.items] == [
        "2"
    ]


def test_ids_and_tags_alone_are_cheap(server: Scripted, session: Session) -> None:
    server.plan(listed({"id": 1, "etag": "x"}))
    assert [page.items for page in contacts.refs(session)] == [(contacts.Ref("1", "x"),)]
    assert server.asked[0].query["fields"] == "id,etag"


def test_an_email_is_matched_exactly_on_our_side(server: Scripted, session: Session) -> None:
    def person(number: int, *addresses: str) -> dict[str, Any]:
        emails = [{"id": n, "address": address} for n, address in enumerate(addresses)]
        return {"id": number, "email_addresses": emails}

    server.plan(listed(person(1, "dana@example.com.au"), person(2, "x@y.z", " Dana@Example.com"), person(3)))
    assert [found.id for found in contacts.find_by_email(session, " dana@example.COM ")] == ["2"]
    assert sent(server)[2]["query"] == "dana@example.COM"


def test_nobody_is_looked_for_without_an_email_or_a_name(server: Scripted, session: Session) -> None:
    assert contacts.find_by_email(session, "  ") == ()
    assert contacts.find_by_name(session, " ") == ()
    assert server.asked == []


def test_a_name_is_matched_exactly_but_for_case_and_spaces(server: Scripted, session: Session) -> None:
    server.plan(
        listed(
            {"id": 1, "name": "Ms Dana Ruth Reyes", "first_name": "Dana", "last_name": "REYES"},
            {"id": 2, "name": "Dana  Reyes"},
            {"id": 3, "name": "Dana Reyes-Cole"},
        )
    )
    assert [found.id for found in contacts.find_by_name(session, "dana reyes")] == ["1", "2"]


def test_a_person_is_added_with_what_is_known(server: Scripted, session: Session) -> None:
    server.plan(one())
    contacts.create(
        session,
        first_name="Dana",
        last_name="Reyes",
        emails=[EmailWrite("d@example.com", "Private", primary=True)],
        phones=[PhoneWrite("+15550100", "Mobile")],
        addresses=[AddressWrite(city="Troy")],
        company_id="8",
    )
    assert sent(server)[:2] == ("POST", "/contacts.json")
    assert body(server) == {
        "type": "Person",
        "first_name": "Dana",
        "last_name": "Reyes",
        "email_addresses": [{"name": "Other", "address": "d@example.com", "default_email": True}],
        "phone_numbers": [{"name": "Mobile", "number": "+15550100"}],
        "addresses": [
            {"name": "Work", "street": "", "city": "Troy", "province": "", "postal_code": "", "country": ""}
        ],
        "company": {"id": 8},
    }


def test_a_contact_without_a_name_is_not_sent(server: Scripted, session: Session) -> None:
    with pytest.raises(ValueError, match="name"):
        contacts.create(session, emails=[EmailWrite("d@example.com")])
    assert server.asked == []


def test_a_change_sends_only_what_changed_and_only_if_nobody_was_quicker(
    server: Scripted, session: Session
) -> None:
    server.plan(one())
    contacts.update(
        session,
        "7",
        {
            "last_name": "Cole",
            "emails": [
                EmailWrite("new@example.com"),
                EmailWrite("old@example.com", id="3"),
                EmailWrite(id="4", remove=True),
            ],
        },
        '"tag"',
    )
    assert sent(server)[:2] == ("PATCH", "/contacts/7.json")
    assert server.asked[0].headers["if-match"] == '"tag"'
    assert body(server) == {
        "last_name": "Cole",
        "email_addresses": [
            {"name": "Work", "address": "new@example.com"},
            {"name": "Work", "address": "old@example.com", "id": 3},
            {"_destroy": True, "id": 4},
        ],
    }


def test_of_an_item_only_what_changes_is_sent(server: Scripted, session: Session) -> None:
    server.plan(one())
    contacts.update(
        session,
        "7",
        {
            "emails": [
                EmailWrite("new@example.com", label=None, id="3"),
                EmailWrite(None, None, True, id="4"),
            ],
            "phones": [PhoneWrite(None, "Home", id="5")],
            "addresses": [AddressWrite(None, None, None, None, None, "Home", id="6")],
        },
        None,
    )
    assert body(server) == {
        "email_addresses": [{"address": "new@example.com", "id": 3}, {"default_email": True, "id": 4}],
        "phone_numbers": [{"name": "Home", "id": 5}],
        "addresses": [{"name": "Home", "id": 6}],
    }


@pytest.mark.parametrize(
    "changes",
    [
        {"emails": [EmailWrite("", id="3")]},
        {"emails": [EmailWrite(None, None, id="3")]},
        {"emails": [EmailWrite(None)]},
        {"addresses": [AddressWrite(id="3")]},
        {"is_client": True},
        {"emails": [{"address": "x@y.z"}]},
        {"emails": [EmailWrite(remove=True)]},
        {"emails": [EmailWrite("")]},
        {"phones": [EmailWrite("x@y.z")]},
    ],
)
def test_what_could_do_harm_is_not_sent(server: Scripted, session: Session, changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"."):
        contacts.update(session, "7", changes, None)
    assert server.asked == []


def test_an_address_that_is_there_already_is_not_added_again(server: Scripted, session: Session) -> None:
    contact = ClioContact.parse(
        {
            "id": 7,
            "etag": "t",
            "email_addresses": [{"id": 1, "address": "Dana@Example.com"}],
            "phone_numbers": [{"id": 2, "number": "(555) 010-0"}],
        }
    )
    assert contacts.add_email(session, contact, "dana@example.com") is contact
    assert contacts.add_phone(session, contact, "555 0100") is contact
    assert server.asked == []
    server.plan(one(), one())
    contacts.add_email(session, contact, "other@example.com", label="Home")
    assert body(server) == {"email_addresses": [{"name": "Home", "address": "other@example.com"}]}
    contacts.add_phone(session, contact, "555 0199")
    assert body(server) == {"phone_numbers": [{"name": "Work", "number": "555 0199"}]}
    assert server.asked[1].headers["if-match"] == "t"


# Calendars -----------------------------------------------------------------------------------------------------------


def item(number: Any, start: str, end: str, **values: Any) -> dict[str, Any]:
    return {
        "id": number,
        "start_at": f"2026-10-{start}:00Z",
        "end_at": f"2026-10-{end}:00Z",
        "summary": "x",
    } | values


def test_busy_time_is_asked_for_occurrence_by_occurrence_of_one_calendar(
    server: Scripted, session: Session
) -> None:
    server.plan(
        listed(
            item("b", "05T13:30", "05T15:00", calendar_owner_id=44),
            item("a-2", "05T12:00", "05T13:01"),
            item("touches", "05T12:00", "05T13:00"),
            item("after", "05T14:00", "05T15:00"),
            item("day", "06T04:00", "06T04:00", all_day=True),
        )
    )
    found = entries.busy(session, "44", START, START + HOUR)
    assert [entry.id for entry in found] == ["a-2", "b", "day"]
    assert sent(server) == (
        "GET",
        "/calendar_entries.json",
        {
            "calendar_id": "44",
            "expanded": "true",
            "from": "2026-10-04T11:00:00Z",
            "to": "2026-10-06T16:00:00Z",
            "limit": "200",
        },
    )


def test_busy_time_fails_closed_when_an_entry_hides_its_times(server: Scripted, session: Session) -> None:
    server.plan(listed({"id": 1, "redacted": True, "start_at": None, "end_at": None}))
    with pytest.raises(Garbled):
        entries.busy(session, "44", START, START + HOUR)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (Reply(404), Missing),
        (Reply(403), Forbidden),
        (Reply(200, {"data": {"id": 44, "permission": "none"}}), Forbidden),
        (Reply(200, {"data": {"id": 44}}), Forbidden),
    ],
)
def test_an_empty_answer_is_only_believed_of_a_calendar_that_can_be_read(
    server: Scripted, session: Session, answer: Reply, kind: type[Exception]
) -> None:
    server.plan(listed(), answer)
    with pytest.raises(kind):
        entries.busy(session, "44", START, START + HOUR)
    server.plan(listed(), Reply(200, {"data": {"id": 44, "permission": "limited_viewer"}}))
    assert entries.busy(session, "44", START, START + HOUR) == ()
    assert sent(server)[:2] == ("GET", "/calendars/44.json")


def test_busy_time_fails_closed_when_the_second_page_does_not_come(
    server: Scripted, session: Session
) -> None:
    following = f"{server.url}/api/v4/calendar_entries.json?page_token=2"
    server.plan(Reply(200, {"data": [], "meta": {"paging": {"next": following}}}))
    server.otherwise = Reply(503)
    with pytest.raises(Unreachable):
        entries.busy(session, "44", START, START + HOUR)


def test_naive_times_are_a_bug(server: Scripted, session: Session) -> None:
    with pytest.raises(ValueError, match="aware"):
        entries.busy(session, "44", datetime(2026, 10, 5), datetime(2026, 10, 6))


def test_an_appointment_is_written_with_its_mark_and_without_mail(server: Scripted, session: Session) -> None:
    server.plan(one(**item(5, "05T13:00", "05T14:00")))
    entries.create(
        session,
        calendar_id="44",
        start=START,
        end=START + HOUR,
        summary="Appointment",
        external={"daybook": "A-1"},
        location="Room 2",
        matter_id="6",
        contact_ids=("7",),
    )
    assert body(server) == {
        "calendar_owner": {"id": 44},
        "start_at": "2026-10-05T13:00:00Z",
        "end_at": "2026-10-05T14:00:00Z",
        "all_day": False,
        "summary": "Appointment",
        "external_properties": [{"name": "daybook", "value": "A-1"}],
        "send_email_notification": False,
        "location": "Room 2",
        "matter": {"id": 6},
        "attendees": [{"id": 7, "type": "Contact"}],
    }


def test_an_appointment_is_found_by_its_mark_even_if_clio_ignores_the_filter(
    server: Scripted, session: Session
) -> None:
    mark = [{"id": 1, "name": "daybook", "value": "A-1"}]
    server.plan(
        listed(
            item(30, "05T13:00", "05T14:00", external_properties=mark),
            item(4, "05T13:00", "05T14:00", external_properties=mark),
            item(5, "05T13:00", "05T14:00"),
        )
    )
    assert [found.id for found in entries.find_by_external(session, "44", "daybook", "A-1")] == ["4", "30"]
    assert sent(server)[2]["external_property_name"] == "daybook"


def test_a_move_sends_the_new_times_only(server: Scripted, session: Session) -> None:
    server.plan(one(**item("occ-1", "05T13:00", "05T14:00")))
    entries.update(session, "occ-1", etag="t", start=START, end=START + HOUR, matter_id=None)
    assert sent(server)[:2] == ("PATCH", "/calendar_entries/occ-1.json")
    assert body(server) == {
        "start_at": "2026-10-05T13:00:00Z",
        "end_at": "2026-10-05T14:00:00Z",
        "matter": {"id": None},
        "send_email_notification": False,
    }


def test_deleting_what_is_gone_is_said(server: Scripted, session: Session) -> None:
    server.plan(Reply(204), Reply(404))
    entries.delete(session, "5")
    with pytest.raises(Missing):
        entries.delete(session, "5")


# Matters -------------------------------------------------------------------------------------------------------------


def test_matters_are_searched_among_the_open_ones_newest_first(server: Scripted, session: Session) -> None:
    server.plan(listed({"id": 1, "status": "Open"}))
    assert matters.search(session, " smith ", client_id="7")[0].status == "open"
    assert sent(server)[2] == {
        "query": "smith",
        "client_id": "7",
        "status": "open,pending",
        "order": "id(desc)",
        "limit": "50",
    }


def test_a_matter_is_opened_with_its_status_said(server: Scripted, session: Session) -> None:
    server.plan(one(status="Pending"))
    matters.create(
        session,
        client_id="7",
        description="Consultation",
        practice_area_id="3",
        responsible_attorney_id="4",
        client_reference="daybook-9",
    )
    assert body(server) == {
        "client": {"id": 7},
        "description": "Consultation",
        "status": "pending",
        "practice_area": {"id": 3},
        "responsible_attorney": {"id": 4},
        "client_reference": "daybook-9",
    }


def test_a_matter_is_found_by_its_reference_among_all_of_the_client(
    server: Scripted, session: Session
) -> None:
    server.plan(
        listed({"id": 1, "client_reference": "daybook-90"}, {"id": 2, "client_reference": "daybook-9"})
    )
    assert [found.id for found in matters.find_by_reference(session, "7", "daybook-9")] == ["2"]
    assert sent(server)[2]["status"] == "open,pending,closed"


def test_practice_areas_may_live_elsewhere_on_the_same_host(server: Scripted, session: Session) -> None:
    server.plan(
        Reply(307, headers={"Location": "/api/v4/practice_areas_with_categories.json"}),
        listed({"id": 2, "name": "wills"}, {"id": 1, "name": "Family"}),
    )
    assert [area.name for area in matters.practice_areas(session)] == ["Family", "wills"]


# Activities ----------------------------------------------------------------------------------------------------------


def test_time_is_entered_in_seconds_on_a_day(server: Scripted, session: Session) -> None:
    server.plan(one())
    activities.create_time_entry(
        session,
        matter_id="6",
        user_id="4",
        date=date(2026, 10, 5),
        seconds=1800,
        note="Call",
        calendar_entry_id="99",
        activity_description_id="2",
        price=25050,
    )
    assert body(server) == {
        "type": "TimeEntry",
        "date": "2026-10-05",
        "quantity": 1800,
        "note": "Call",
        "matter": {"id": 6},
        "non_billable": False,
        "no_charge": False,
        "user": {"id": 4},
        "calendar_entry": {"id": 99},
        "activity_description": {"id": 2},
        "price": 250.5,
    }


def test_a_rate_nobody_gave_is_left_to_clio(server: Scripted, session: Session) -> None:
    server.plan(one())
    activities.create_time_entry(
        session, matter_id="6", user_id=None, date=date(2026, 10, 5), seconds=60, note=""
    )
    assert not {"price", "user", "calendar_entry", "activity_description"} & body(server).keys()


def test_an_instant_is_not_a_day(server: Scripted, session: Session) -> None:
    with pytest.raises(ValueError, match="day"):
        activities.create_time_entry(session, matter_id="6", user_id=None, date=START, seconds=60, note="")


def test_an_activity_is_found_by_its_entry_even_if_clio_ignores_the_filter(
    server: Scripted, session: Session
) -> None:
    server.plan(
        listed(
            {"id": 1, "calendar_entry": {"id": "99"}}, {"id": 2}, {"id": 3, "calendar_entry": {"id": "100"}}
        )
    )
    assert [found.id for found in activities.find_for_entry(session, "99")] == ["1"]
    assert sent(server)[2]["calendar_entry_id"] == "99"


def test_an_activity_is_found_by_its_mark_on_our_side(server: Scripted, session: Session) -> None:
    server.plan(
        listed(
            {"id": 1, "note": "Call [Daybook A-12]", "matter": {"id": 6}},
            {"id": 2, "note": "Call [Daybook A-1]", "matter": {"id": 6}},
            {"id": 3, "note": "Call [Daybook A-1]", "matter": {"id": 7}},
            {"id": 4, "matter": {"id": 6}},
        )
    )
    found = activities.find_by_marker(session, "6", date(2026, 10, 5), "[Daybook A-1]")
    assert [one.id for one in found] == ["2"]
    assert {"start_date": "2026-10-05", "end_date": "2026-10-05", "matter_id": "6"}.items() <= sent(server)[
        2
    ].items()


def test_a_change_of_an_activity_sends_only_that(server: Scripted, session: Session) -> None:
    server.plan(one())
    activities.update(session, "1", etag="t", seconds=3600, non_billable=False)
    assert body(server) == {"quantity": 3600, "non_billable": False}


@pytest.mark.parametrize("words", ["This activity has been billed", "Cannot change an entry on a draft bill"])
def test_a_billed_activity_is_not_changed(server: Scripted, session: Session, words: str) -> None:
    server.plan(Reply(422, {"error": {"type": "ArgumentError", "message": words}}))
    with pytest.raises(Billed) as caught:
        activities.update(session, "1", seconds=3600)
    assert caught.value.text == "This time entry is already on a bill in Clio. Please change it there."


def test_another_refusal_is_not_taken_for_a_bill(server: Scripted, session: Session) -> None:
    server.plan(Reply(422, {"error": {"type": "ArgumentError", "message": "non_billable is not a boolean"}}))
    with pytest.raises(Rejected) as caught:
        activities.update(session, "1", seconds=3600)
    assert type(caught.value) is Rejected


@pytest.mark.parametrize("sign", [{"on_bill": True}, {"bill": {"id": 2, "state": "draft"}}, {"billed": True}])
def test_an_activity_on_any_bill_is_never_deleted(
    server: Scripted, session: Session, sign: dict[str, Any]
) -> None:
    server.plan(one(**sign))
    with pytest.raises(Billed):
        activities.delete(session, "1")
    assert [asked.method for asked in server.asked] == ["GET"]


def test_an_unbilled_activity_is_deleted(server: Scripted, session: Session) -> None:
    server.plan(one(), Reply(204))
    activities.delete(session, "1")
    assert [asked.method for asked in server.asked] == ["GET", "DELETE"]


# The rest ------------------------------------------------------------------------------------------------------------


def test_the_small_lists_are_read_whole(server: Scripted, session: Session) -> None:
    server.plan(
        listed({"id": 1, "time_zone": "Hawaii"}),
        listed({"id": 2, "permission": "editor"}),
        listed({"id": 3, "name": "Call"}),
        Reply(200, {"data": {"rounding": 6}}),
        Reply(200, {"data": {"id": 1, "account": {"id": 5, "name": "Firm"}}}),
    )
    assert users.all_users(session)[0].time_zone == "Pacific/Honolulu"
    assert calendars.all(session)[0].writable
    assert activities.descriptions(session, user_id="4")[0].name == "Call"
    assert settings.billing(session).rounding_minutes == 6
    assert users.who_am_i(session).account.name == "Firm"


def test_a_webhook_is_made_renewed_confirmed_and_ended(server: Scripted, session: Session) -> None:
    hook = {"id": 3, "status": "pending", "shared_secret": "hush", "events": ["created"]}
    server.plan(one(**hook), one(**hook), Reply(200, b""), Reply(204), listed(hook))
    made = webhooks.create(
        session, url="https://day.example/h/1", model="contact", fields="id,etag,updated_at", expires_at=START
    )
    assert (made.id, made.status, made.shared_secret) == ("3", "pending", "hush")
    assert body(server) == {
        "url": "https://day.example/h/1",
        "model": "contact",
        "events": ["created", "updated", "deleted"],
        "fields": "id,etag,updated_at",
        "expires_at": "2026-10-05T13:00:00Z",
    }
    webhooks.renew(session, "3", START + HOUR)
    assert body(server) == {"expires_at": "2026-10-05T14:00:00Z"}
    webhooks.activate(session, "3", "hush")
    assert sent(server)[:2] == ("PUT", "/webhooks/3/activate")
    assert server.asked[-1].headers["x-hook-secret"] == "hush"
    webhooks.delete(session, "3")
    assert webhooks.list(session)[0].id == "3"


def test_too_many_fields_for_a_webhook_are_not_sent(session: Session) -> None:
    with pytest.raises(ValueError, match="1,000"):
        webhooks.create(session, url="https://x", model="contact", fields="a" * 1001, expires_at=START)


def test_only_what_clio_signed_is_believed() -> None:
    raw = b'{"data":{"id":1}}'
    good = hmac.new(b"hush", raw, hashlib.sha256).hexdigest()
    assert webhooks.verify("hush", raw, good)
    assert webhooks.verify("hush", raw, f" {good}\n")
    for secret, payload, signature in [
        ("hush", raw + b" ", good),
        ("other", raw, good),
        ("hush", raw, good.upper()),
        ("hush", raw, f"sha256={good}"),
        ("hush", raw, ""),
        ("hush", raw, "é"),
        ("", raw, hmac.new(b"", raw, hashlib.sha256).hexdigest()),
    ]:
        assert not webhooks.verify(secret, payload, signature)


def test_a_delivery_says_what_happened_to_what() -> None:
    raw = b'{"data":{"id":"17","etag":"\\"x\\""},"meta":{"event":"deleted","webhook_id":1234}}'
    assert webhooks.parse(raw) == webhooks.Delivery("1234", "deleted", "17", '"x"')


@pytest.mark.parametrize(
    "raw", [b"", b"[]", b"{}", b'{"data":{"id":1}}', b'{"data":{},"meta":{"webhook_id":1}}', b"\xff"]
)
def test_a_delivery_that_makes_no_sense_is_garbled(raw: bytes) -> None:
    with pytest.raises(Garbled):
        webhooks.parse(raw)
