"""Contacts in the sandbox (facts §12)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.clio import Sandbox, start
from sandbox.clio.client import Client
from tests.clio_contract import problems

ALICE, BEN = "alice@hartvale.example", "ben@hartvale.example"
EMAILS = "email_addresses{id,name,address,primary}"


@pytest.fixture
def clio() -> Iterator[Sandbox]:
    with start(seed="bare") as running:
        yield running
        assert problems(running.exchanges) == []


@pytest.fixture
def alice(clio: Sandbox) -> Client:
    return Client(clio.url, clio.control.token(ALICE)["access_token"])


@pytest.fixture
def ben(clio: Sandbox) -> Client:
    return Client(clio.url, clio.control.token(BEN)["access_token"])


def person(client: Client, fields: str = "id,etag,name", **data: Any) -> dict[str, Any]:
    reply = client("POST", "contacts.json", {"type": "Person", "first_name": "Dana", **data}, fields=fields)
    assert reply.status == 201, reply.body
    return reply.data


def test_nested_items_are_added_changed_and_destroyed_and_the_rest_stays(alice: Client) -> None:
    made = person(
        alice,
        f"id,primary_email_address,{EMAILS}",
        email_addresses=[
            {"name": "Work", "address": "a@x.example"},
            {"name": "Home", "address": "b@x.example"},
        ],
    )
    first, second = made["email_addresses"]
    assert (first["primary"], second["primary"]) == (True, False)
    assert made["primary_email_address"] == "a@x.example"
    change = [
        {"id": first["id"], "address": "changed@x.example"},
        {"id": second["id"], "_destroy": True},
        {"name": "Other", "address": "c@x.example", "default_email": True},
    ]
    after = alice(
        "PATCH",
        f"contacts/{made['id']}.json",
        {"email_addresses": change},
        fields=f"{EMAILS},primary_email_address",
    )
    assert [e["address"] for e in after.data["email_addresses"]] == ["changed@x.example", "c@x.example"]
    assert after.data["primary_email_address"] == "c@x.example"


def test_sending_a_whole_list_without_ids_duplicates_it(alice: Client) -> None:
    made = person(alice, phone_numbers=[{"name": "Mobile", "number": "1"}])
    again = {"phone_numbers": [{"name": "Mobile", "number": "1"}]}
    after = alice("PATCH", f"contacts/{made['id']}.json", again, fields="phone_numbers{number}")
    assert after.data["phone_numbers"] == [{"number": "1"}, {"number": "1"}]


@pytest.mark.parametrize(
    ("name", "item"),
    [
        ("email_addresses", {"address": "a@x.example"}),
        ("phone_numbers", {"number": "1"}),
        ("addresses", {"street": "1 A"}),
    ],
)
def test_the_twenty_first_item_is_refused(alice: Client, name: str, item: dict[str, str]) -> None:
    made = person(alice, **{name: [item] * 20})
    refused = alice("PATCH", f"contacts/{made['id']}.json", {name: [item]})
    assert (refused.status, refused.error) == (422, "ArgumentError")


def test_a_contact_needs_a_type_a_name_and_known_labels(alice: Client) -> None:
    for data in (
        {"first_name": "X"},
        {"type": "Person"},
        {"type": "Company"},
        {"type": "Person", "name": "Cher"},
        {
            "type": "Person",
            "first_name": "X",
            "email_addresses": [{"name": "Private", "address": "a@x.example"}],
        },
        {"type": "Person", "first_name": "X", "email_addresses": [{"name": "Work", "address": "nonsense"}]},
    ):
        assert alice("POST", "contacts.json", data, wrong=True).status == 422, data


def test_a_single_name_is_split_by_guess(alice: Client) -> None:
    reply = alice(
        "POST", "contacts.json", {"type": "Person", "name": "Mary Ann Lee"}, fields="first_name,last_name"
    )
    assert reply.data == {"first_name": "Mary Ann", "last_name": "Lee"}


def test_derived_properties_cannot_be_written(alice: Client) -> None:
    refused = alice(
        "POST", "contacts.json", {"type": "Person", "first_name": "X", "is_client": True}, wrong=True
    )
    assert refused.status == 422


def test_a_query_finds_wider_than_the_email_itself(alice: Client) -> None:
    firm = alice("POST", "contacts.json", {"type": "Company", "name": "dana@x.example Fan Club"}).data["id"]
    hers = person(alice, email_addresses=[{"name": "Work", "address": "dana@x.example"}])["id"]
    works_there = person(alice, first_name="Eve", company={"id": firm})["id"]
    found = {r["id"] for r in alice("GET", "contacts.json", query="DANA@x.example").data}
    assert found == {firm, hers, works_there}


def test_two_contacts_may_share_an_email(alice: Client) -> None:
    for name in ("Ann", "Bob"):
        person(alice, first_name=name, email_addresses=[{"name": "Home", "address": "both@x.example"}])
    assert len(alice("GET", "contacts.json", query="both@x.example").data) == 2


def test_lists_can_be_narrowed_by_type_clients_and_ids(alice: Client) -> None:
    dana = person(alice)["id"]
    other = person(alice, first_name="Other")["id"]
    firm = alice("POST", "contacts.json", {"type": "Company", "name": "Acme"}).data["id"]
    alice("POST", "matters.json", {"client": {"id": dana}, "description": "x"})
    ids = lambda **query: [r["id"] for r in alice("GET", "contacts.json", order="id(asc)", **query).data]  # noqa: E731
    assert ids(type="Company") == [firm]
    assert ids(client_only="true") == [dana]
    assert ids(**{"ids[]": [dana, other]}) == [dana, other]
    assert ids(**{"exclude_ids[]": [dana, other]}) == [firm]
    assert ids(initial="O") == [other]
    assert alice("GET", f"contacts/{dana}.json", fields="is_client").data["is_client"] is True


def test_custom_field_values_have_ids_of_their_own(alice: Client) -> None:
    field = alice(
        "POST", "custom_fields.json", {"name": "Daybook", "parent_type": "Contact", "field_type": "text_line"}
    ).data["id"]
    made = person(
        alice,
        "id,custom_field_values{id,value,field_name}",
        custom_field_values=[{"custom_field": {"id": field}, "value": "17"}],
    )
    (value,) = made["custom_field_values"]
    assert value == {"id": value["id"], "value": "17", "field_name": "Daybook"}
    assert value["id"].startswith("text_line-")
    path = f"contacts/{made['id']}.json"
    changed = alice(
        "PATCH",
        path,
        {"custom_field_values": [{"id": value["id"], "value": "18"}]},
        fields="custom_field_values{value}",
    )
    assert changed.data["custom_field_values"] == [{"value": "18"}]
    wrong = alice("PATCH", path, {"custom_field_values": [{"id": str(field), "value": "19"}]})
    assert wrong.status == 422
    found = alice("GET", "contacts.json", **{f"custom_field_values[{field}]": "=18"}).data
    assert [r["id"] for r in found] == [made["id"]]


def test_a_restricted_user_sees_what_they_made_and_the_clients_of_matters_they_see(
    clio: Sandbox, alice: Client, ben: Client
) -> None:
    clio.control.set_user(BEN, contact_visibility="restricted")
    hidden = person(alice, first_name="Hidden")["id"]
    client = person(alice, first_name="Client")["id"]
    matter = alice("POST", "matters.json", {"client": {"id": client}, "description": "x"}).data["id"]
    own = person(ben, first_name="Own")["id"]
    assert {r["id"] for r in ben("GET", "contacts.json").data} == {client, own}
    assert ben("GET", f"contacts/{hidden}.json").status == 404
    clio.control.restrict_matter(matter, [ALICE])
    assert {r["id"] for r in ben("GET", "contacts.json").data} == {own}


def test_what_the_user_may_not_see_is_redacted_where_it_is_nested(
    clio: Sandbox, alice: Client, ben: Client
) -> None:
    client = person(alice, first_name="Client")["id"]
    matter = alice("POST", "matters.json", {"client": {"id": client}, "description": "x"}).data["id"]
    clio.control.hide_contact(client, BEN)
    shown = ben("GET", f"matters/{matter}.json", fields="client{id,name}").data["client"]
    assert shown == {"id": client, "name": None, "redacted": True}


def test_merging_keeps_one_with_what_both_had_and_deletes_the_other(clio: Sandbox, alice: Client) -> None:
    keep = person(alice, email_addresses=[{"name": "Work", "address": "a@x.example"}])["id"]
    lose = person(alice, email_addresses=[{"name": "Work", "address": "b@x.example"}])["id"]
    matter = alice("POST", "matters.json", {"client": {"id": lose}, "description": "x"}).data["id"]
    clio.control.merge_contacts(ALICE, keep, lose)
    assert alice("GET", f"contacts/{lose}.json").status == 404
    emails = alice("GET", f"contacts/{keep}.json", fields=EMAILS).data["email_addresses"]
    assert [e["address"] for e in emails] == ["a@x.example", "b@x.example"]
    assert alice("GET", f"matters/{matter}.json", fields="client{id}").data["client"]["id"] == keep


def test_a_contact_with_matters_cannot_be_deleted(clio: Sandbox, alice: Client) -> None:
    dana = person(alice)["id"]
    alice("POST", "matters.json", {"client": {"id": dana}, "description": "x"})
    assert alice("DELETE", f"contacts/{dana}.json").status == 422
    clio.control.set_quirk("delete_contact_with_matters", "allow")
    assert alice("DELETE", f"contacts/{dana}.json").status == 204


def test_whether_a_nested_edit_touches_the_contact_can_be_chosen(clio: Sandbox, alice: Client) -> None:
    made = person(alice, f"id,etag,{EMAILS}", email_addresses=[{"name": "Work", "address": "a@x.example"}])
    path = f"contacts/{made['id']}.json"
    edit = {"email_addresses": [{"id": made["email_addresses"][0]["id"], "address": "b@x.example"}]}
    clio.control.set_quirk("nested_edits_touch_parent", False)
    assert alice("PATCH", path, edit).data["etag"] == made["etag"]
    assert [r["id"] for r in alice("GET", "contacts.json", query="b@x.example").data] == [made["id"]]
    clio.control.set_quirk("nested_edits_touch_parent", True)
    edit["email_addresses"][0]["address"] = "c@x.example"
    assert alice("PATCH", path, edit).data["etag"] != made["etag"]


def test_a_contacts_emails_have_a_list_of_their_own(alice: Client) -> None:
    dana = person(alice, email_addresses=[{"name": "Work", "address": "a@x.example"}])["id"]
    found = alice("GET", f"contacts/{dana}/email_addresses.json", fields="address,name").data
    assert found == [{"address": "a@x.example", "name": "Work"}]
