"""What is asked of an Exchange server, and how the stand-in answers, is what Microsoft's EWS reference has published."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest

from daybook.connectors.errors import Missing, RemoteTrouble
from daybook.connectors.exchange import discover
from daybook.connectors.exchange.session import OPERATIONS
from sandbox.exchange import Exchange, Sandbox, start
from tests import exchange_contract
from tests.connectors.calendar_rig import UID, WINDOW, at, draft
from tests.connectors.exchange_rig import DANA, PASSWORD, ExchangeRig
from tests.exchange_contract import problems


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with start() as running:
        yield running


@pytest.fixture(scope="module")
def said(sandbox: Sandbox) -> list[Exchange]:
    """Everything the connector has to say, and what it is answered, refusals too."""
    rig = ExchangeRig(sandbox)
    rig.add("Lunch", at(12), at(13))
    rig.add("Standup", at(9), at(10), rrule="FREQ=DAILY;COUNT=5")
    rig.add("Holiday", at(0, day=2), at(0, day=3), all_day=True)
    discover(sandbox.url, username=DANA, password=PASSWORD, private=True)
    service = rig.service
    service.calendars()
    service.read(rig.calendar, WINDOW, home=rig.home)
    made = service.create(rig.calendar, draft())
    rig.control.edit_event(made.id, rrule="FREQ=DAILY;COUNT=3")
    service.find(rig.calendar, UID, home=rig.home)
    made = service.update(rig.calendar, made.id, draft(at(11), sequence=1))
    made = service.update(rig.calendar, made.id, draft(at(14), sequence=2), etag=made.etag)
    service.get(rig.calendar, made.id, home=rig.home)
    service.delete(rig.calendar, made.id, etag=made.etag)
    with pytest.raises(Missing):
        service.get(rig.calendar, made.id, home=rig.home)
    with pytest.raises(RemoteTrouble):
        service.create(rig.read_only, draft())
    return [one for one in sandbox.exchanges if one.request_body]


def operation(exchange: Exchange) -> str:
    return exchange.path.rpartition("/")[2]


def test_everything_said_between_the_connector_and_the_stand_in_is_published(said: list[Exchange]) -> None:
    assert problems(said) == []


def test_every_operation_of_the_connector_is_held_to_the_reference(said: list[Exchange]) -> None:
    published = {name.removeprefix("m:") for name in exchange_contract.OPERATIONS}
    assert set(OPERATIONS) == published == {operation(one) for one in said}


#: The operation, what is bent in its request or its answer, into what, and the word of the complaint.
WRONG = [
    ("FindItem", "request_body", rb'Traversal="Shallow"', b'Traversal="Wide"', "Traversal says 'Wide'"),
    ("FindItem", "request_body", rb'Traversal="Shallow"', b"", "Traversal is missing"),
    ("FindItem", "request_body", rb'StartDate="([^"]*)Z"', rb'StartDate="\1"', "StartDate says"),
    ("FindItem", "request_body", rb"calendar:LegacyFreeBusyStatus", b"calendar:FreeBusy", "FieldURI says"),
    ("FindItem", "request_body", rb"IdOnly", b"Everything", "says 'Everything'"),
    ("CreateItem", "request_body", rb"SendMeetingInvitations", b"SendInvitations", "no attribute"),
    ("CreateItem", "request_body", rb">Private<", b">Secret<", "says 'Secret'"),
    ("UpdateItem", "request_body", rb"(Never|Always)Overwrite", b"Overwrite", "ConflictResolution says"),
    ("DeleteItem", "request_body", rb"MoveToDeletedItems", b"Recycle", "DeleteType says"),
    ("FindItem", "response_body", rb"LegacyFreeBusyStatus", b"FreeBusyStatus", "is not in it"),
    ("FindItem", "response_body", rb">Busy<", b">Engaged<", "says 'Engaged'"),
    ("GetItem", "response_body", rb'ResponseClass="Success"', b'ResponseClass="Fine"', "ResponseClass says"),
    (
        "GetItem",
        "response_body",
        rb"(<t:Start>.*?</t:Start>)(<t:End>.*?</t:End>)",
        rb"\2\1",
        "the schema's order",
    ),
    ("GetFolder", "response_body", rb"<t:FolderClass>IPF", b"<t:FolderClass>XYZ", "says 'XYZ"),
    ("DeleteItem", "response_body", rb"DeleteItemResponseM", b"RemoveItemResponseM", "is no answer to it"),
]


@pytest.mark.parametrize(("name", "side", "was", "now", "complaint"), WRONG)
def test_what_microsoft_has_not_published_is_found(
    said: list[Exchange], name: str, side: str, was: bytes, now: bytes, complaint: str
) -> None:
    one = next(one for one in said if operation(one) == name and re.search(was, getattr(one, side)))
    bent = replace(one, **{side: re.sub(was, now, getattr(one, side))})
    assert any(complaint in problem for problem in problems([bent])), problems([bent])


def test_an_operation_nobody_has_published_is_found(said: list[Exchange]) -> None:
    one = next(one for one in said if operation(one) == "GetItem")
    bent = replace(one, request_body=one.request_body.replace(b"GetItem>", b"FetchItem>"))
    assert any("no such operation" in problem for problem in problems([bent]))


def test_answers_bent_by_a_fault_are_left_alone(said: list[Exchange]) -> None:
    one = next(one for one in said if operation(one) == "FindItem")
    assert problems([replace(one, response_body=b"<", fault="malformed")]) == []


def test_an_item_is_told_in_the_schemas_order_whatever_is_asked_of_it(sandbox: Sandbox) -> None:
    from daybook.connectors.exchange import soap

    rig = ExchangeRig(sandbox)
    made = rig.service.create(rig.calendar, draft())
    asked = soap.get_item(made.id)
    fields = next(one for one in asked.iter() if one.tag.endswith("}AdditionalProperties"))
    for name in ("item:Sensitivity", "item:ReminderIsSet", "calendar:Location", "calendar:EndTimeZone"):
        fields.append(soap.t("FieldURI", FieldURI=name))
    rig.service._session.one("GetItem", asked)
    assert problems(sandbox.exchanges) == []
