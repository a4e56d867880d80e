"""The sandbox and Clio's published description agree, and the check notices when somebody does not."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sandbox.clio import start
from sandbox.clio.client import Client
from sandbox.clio.resources import RESOURCES
from sandbox.clio.shapes import ASSOCIATIONS, SCALARS
from tests.clio_contract import absent, problems, where

pytestmark = pytest.mark.skipif(absent() is not None, reason=absent() or "")

ALICE = "alice@hartvale.example"


def spec() -> dict[str, Any]:
    return json.loads(where().read_text("utf-8"))


def properties(schema: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in schema:
        schema = schemas[schema["$ref"].rsplit("/", 1)[1]]
    found = dict(schema.get("properties", {}))
    for part in schema.get("allOf", []):
        found |= properties(part, schemas)
    return found


def test_the_tables_of_fields_are_those_of_the_published_file() -> None:
    schemas = spec()["components"]["schemas"]
    for shape, scalars in SCALARS.items():
        name = shape if shape in schemas and shape in ASSOCIATIONS else f"{shape}_base"
        published = set(properties(schemas.get(name, schemas.get(shape, {})), schemas))
        assert scalars | set(ASSOCIATIONS.get(shape, {})) <= published, shape


def test_every_published_attribute_can_be_written() -> None:
    """What the file lets a client send is taken (and at least remembered or ignored on purpose)."""
    paths = spec()["paths"]
    for resource in RESOURCES.values():
        for method, path in (("post", f"/{resource.path}.json"), ("patch", f"/{resource.path}/{{id}}.json")):
            operation = paths.get(path, {}).get(method)
            if operation is None:
                continue
            assert method.upper() in resource.methods
            body = operation["requestBody"]["content"]["application/json"]["schema"]
            written = set(body["properties"]["data"]["properties"])
            assert written <= set(resource.attributes), (path, method)


def test_every_record_can_be_shown_with_all_its_fields() -> None:
    """Each list with every published field, and every association opened: the widest answers there are."""
    with start(seed="demo") as clio:
        clio.control.create_activity(ALICE, date="2026-11-23", quantity=600)
        alice = Client(clio.url, clio.control.token(ALICE)["access_token"])
        for resource in RESOURCES.values():
            opened = [
                f"{name}{{{','.join(sorted(SCALARS[inner]))}}}"
                for name, (inner, _) in ASSOCIATIONS.get(resource.shape, {}).items()
            ]
            fields = ",".join(
                sorted(SCALARS[resource.shape] - set(ASSOCIATIONS.get(resource.shape, {}))) + opened
            )
            query = {"type": "Matter"} if resource.path == "notes" else {}
            reply = alice("GET", f"{resource.path}.json", fields=fields, **query)
            assert reply.status == 200, (resource.path, reply.body)
        fields = "id,rounding,rounded_duration,currency,tax_rate"
        assert alice("GET", "settings/billing.json", fields=fields).status == 200
        assert problems(clio.exchanges) == []


def exchange(
    method: str, path: str, query: str = "", body: Any = None, status: int = 200, answer: Any = None
) -> dict[str, Any]:
    return {
        "method": method,
        "path": f"/api/v4/{path}",
        "query": query,
        "request_headers": {},
        "request_body": body,
        "status": status,
        "response_body": {"data": [], "meta": {}} if answer is None else answer,
    }


DANA = {"type": "Person", "first_name": "Dana"}


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (exchange("GET", "contacts.json", "clients_only=true"), "unknown query parameter clients_only"),
        (
            exchange("GET", "contacts.json", "client_only=maybe"),
            "query parameter client_only does not take 'maybe'",
        ),
        (exchange("GET", "contacts.json", "limit=500"), "query parameter limit does not take '500'"),
        (exchange("GET", "contacts.json", "order=updated_at(asc)"), "query parameter order does not take"),
        (
            exchange("GET", "contacts.json", "updated_since=yesterday"),
            "query parameter updated_since does not take",
        ),
        (exchange("GET", "contacts.json", "type=Person&type=Company"), "query parameter type is given twice"),
        (exchange("GET", "notes.json"), "query parameter type is required"),
        (exchange("GET", "matters.json", "status=Open"), "query parameter status does not take 'Open'"),
        (
            exchange("GET", "calendar_entries.json", "calendar_owner_id=1"),
            "unknown query parameter calendar_owner_id",
        ),
        (exchange("GET", "people.json"), "no such operation is published"),
        (exchange("DELETE", "users/1.json", status=204), "no such operation is published"),
        (
            exchange(
                "POST",
                "contacts.json",
                body={"data": DANA | {"email": "a@b.example"}},
                status=201,
                answer={"data": {}},
            ),
            "request: undeclared property data.email",
        ),
        (
            exchange(
                "POST",
                "contacts.json",
                body={"data": {"first_name": "Dana"}},
                status=201,
                answer={"data": {}},
            ),
            "'type' is a required property",
        ),
        (
            exchange(
                "POST",
                "activities.json",
                body={"data": {"type": "TimeEntry", "date": "today"}},
                status=201,
                answer={"data": {}},
            ),
            "'today' is not a 'date'",
        ),
        (exchange("POST", "contacts.json", status=201, answer={"data": {}}), "the body is missing"),
        (exchange("GET", "contacts.json", answer={"data": [{"id": "1"}]}), "'1' is not of type 'integer'"),
        (
            exchange("GET", "contacts.json", answer={"data": [{"surname": "R"}]}),
            "undeclared property data.surname",
        ),
        (
            exchange("GET", "contacts.json", status=422, answer={"error": {"type": "x", "message": "y"}}),
            "not published",
        ),
        (exchange("GET", "contacts.json", status=400, answer={"error": "no"}), "is not of type 'object'"),
    ],
)
def test_the_check_notices(wrong: dict[str, Any], said: str) -> None:
    found = problems([wrong])
    assert any(said in problem for problem in found), found


def test_the_check_leaves_alone_what_is_right_bent_or_wrong_on_purpose() -> None:
    right = [
        exchange(
            "GET",
            "contacts.json",
            "fields=id%2Cname&order=id(asc)&ids%5B%5D=1&ids%5B%5D=2&custom_field_values%5B7%5D=%3Dx",
        ),
        exchange("GET", "matters.json", "status=open%2Cpending&open_date%5B%5D=%3E%3D2026-01-01"),
        exchange(
            "GET",
            "users/who_am_i.json",
            answer={"error": "invalid_token", "error_description": "x"},
            status=401,
        ),
        exchange("GET", "calendar_entries/17-1790000000.json", answer={"data": {"id": "17-1790000000"}}),
        exchange("GET", "contacts.json", answer="<html>") | {"fault": "malformed"},
        exchange("GET", "contacts.json", "nonsense=1") | {"deliberate": True},
        exchange("POST", "../../oauth/token"),
    ]
    right[-1]["path"] = "/oauth/token"
    assert problems(right) == []


def test_what_a_client_recorded_is_checked_too() -> None:
    class Recorded:
        method, url = "GET", "https://app.clio.com/api/v4/contacts.json?nonsense=1"
        request_headers: dict[str, str] = {}
        request_body, response_body = b"", b'{"data": [], "meta": {}}'
        status = 200
        response_headers: dict[str, str] = {}

    assert problems([Recorded()]) == ["GET /contacts.json: unknown query parameter nonsense"]
