"""
Recorded exchanges with Microsoft Graph v1.0, held against its published reference.

`problems(exchanges)` says what in them the reference does not allow: a path, query option or header nobody has published, a
property no resource has, a value of another type. Taken down as facts from these pages of learn.microsoft.com/graph, read
2026-11: the resources event, calendar, user, subscription, changeNotification, dateTimeTimeZone, location, responseStatus,
patternedRecurrence, recurrencePattern, recurrenceRange, singleValueLegacyExtendedProperty; the methods list calendars, list
calendarView, event: delta, list events, create, get, update and delete event, list instances, create, get, update and delete
subscription; delta query for events; error responses. `If-Match` is OData's own (v4.01, 8.2.4), not on every page.

Answers bent by an injected fault and requests wrong on purpose (header X-Sandbox-Deliberate) are left alone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

PREFIX = "/v1.0"
GUID = r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"

#: Resource -> property -> type. A type in brackets is a collection; `?` may be null.
RESOURCES: dict[str, dict[str, str]] = {
    "event": {
        "allowNewTimeProposals": "Boolean",
        "attendees": "[attendee]",
        "body": "itemBody",
        "bodyPreview": "String",
        "categories": "[String]",
        "changeKey": "String",
        "createdDateTime": "DateTimeOffset",
        "end": "dateTimeTimeZone",
        "hasAttachments": "Boolean",
        "hideAttendees": "Boolean",
        "iCalUId": "String",
        "id": "String",
        "importance": "importance",
        "isAllDay": "Boolean",
        "isCancelled": "Boolean",
        "isDraft": "Boolean",
        "isOnlineMeeting": "Boolean",
        "isOrganizer": "Boolean",
        "isReminderOn": "Boolean",
        "lastModifiedDateTime": "DateTimeOffset",
        "location": "location",
        "locations": "[location]",
        "onlineMeetingUrl": "String?",
        "organizer": "recipient",
        "originalEndTimeZone": "String",
        "originalStart": "DateTimeOffset",
        "originalStartTimeZone": "String",
        "recurrence": "patternedRecurrence?",
        "reminderMinutesBeforeStart": "Int32",
        "responseRequested": "Boolean",
        "responseStatus": "responseStatus",
        "sensitivity": "sensitivity",
        "seriesMasterId": "String?",
        "showAs": "freeBusyStatus",
        "singleValueExtendedProperties": "[singleValueLegacyExtendedProperty]",
        "start": "dateTimeTimeZone",
        "subject": "String",
        "transactionId": "String?",
        "type": "eventType",
        "webLink": "String",
    },
    "calendar": {
        "allowedOnlineMeetingProviders": "[String]",
        "canEdit": "Boolean",
        "canShare": "Boolean",
        "canViewPrivateItems": "Boolean",
        "changeKey": "String",
        "color": "String",
        "defaultOnlineMeetingProvider": "String",
        "hexColor": "String",
        "id": "String",
        "isDefaultCalendar": "Boolean",
        "isRemovable": "Boolean",
        "isTallyingResponses": "Boolean",
        "name": "String",
        "owner": "emailAddress",
    },
    "user": {
        "id": "String",
        "mail": "String?",
        "userPrincipalName": "String",
        "displayName": "String",
    },
    "subscription": {
        "applicationId": "String",
        "changeType": "String",
        "clientState": "String?",
        "creatorId": "String",
        "expirationDateTime": "DateTimeOffset",
        "id": "Guid",
        "includeResourceData": "Boolean",
        "latestSupportedTlsVersion": "String",
        "lifecycleNotificationUrl": "String?",
        "notificationUrl": "String",
        "resource": "String",
    },
    "changeNotification": {
        "changeType": "changeType",
        "clientState": "String?",
        "id": "String",
        "lifecycleEvent": "lifecycleEventType",
        "resource": "String",
        "resourceData": "resourceData",
        "subscriptionExpirationDateTime": "DateTimeOffset",
        "subscriptionId": "Guid",
        "tenantId": "Guid",
    },
    "resourceData": {"id": "String"},
    "dateTimeTimeZone": {"dateTime": "LocalDateTime", "timeZone": "String"},
    "location": {
        "address": "Any",
        "coordinates": "Any",
        "displayName": "String",
        "locationEmailAddress": "String",
        "locationType": "String",
        "locationUri": "String",
        "uniqueId": "String",
        "uniqueIdType": "String",
    },
    "emailAddress": {"address": "String", "name": "String"},
    "recipient": {"emailAddress": "emailAddress"},
    "attendee": {"emailAddress": "emailAddress", "status": "responseStatus", "type": "String"},
    "itemBody": {"content": "String", "contentType": "bodyType"},
    "responseStatus": {"response": "responseType", "time": "DateTimeOffset?"},
    "patternedRecurrence": {"pattern": "recurrencePattern", "range": "recurrenceRange"},
    "recurrencePattern": {
        "dayOfMonth": "Int32",
        "daysOfWeek": "[dayOfWeek]",
        "firstDayOfWeek": "dayOfWeek",
        "index": "String",
        "interval": "Int32",
        "month": "Int32",
        "type": "recurrencePatternType",
    },
    "recurrenceRange": {
        "endDate": "Date",
        "numberOfOccurrences": "Int32",
        "recurrenceTimeZone": "String",
        "startDate": "Date",
        "type": "recurrenceRangeType",
    },
    "singleValueLegacyExtendedProperty": {"id": "extendedProperty", "value": "String"},
    "publicError": {
        "code": "String",
        "message": "String",
        "innerError": "innerError",
        "target": "String?",
        "details": "Any",
    },
    "innerError": {"date": "LocalDateTime", "request-id": "Guid", "client-request-id": "Guid"},
}

ENUMS: dict[str, frozenset[str]] = {
    "freeBusyStatus": frozenset({"free", "tentative", "busy", "oof", "workingElsewhere", "unknown"}),
    "responseType": frozenset(
        {"none", "organizer", "tentativelyAccepted", "accepted", "declined", "notResponded"}
    ),
    "sensitivity": frozenset({"normal", "personal", "private", "confidential"}),
    "importance": frozenset({"low", "normal", "high"}),
    "eventType": frozenset({"singleInstance", "occurrence", "exception", "seriesMaster"}),
    "bodyType": frozenset({"text", "html"}),
    "changeType": frozenset({"created", "updated", "deleted"}),
    "lifecycleEventType": frozenset({"missed", "subscriptionRemoved", "reauthorizationRequired"}),
    "dayOfWeek": frozenset({"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"}),
    "recurrencePatternType": frozenset(
        {"daily", "weekly", "absoluteMonthly", "relativeMonthly", "absoluteYearly", "relativeYearly"}
    ),
    "recurrenceRangeType": frozenset({"endDate", "noEnd", "numbered"}),
}

PATTERNS: dict[str, re.Pattern[str]] = {
    "DateTimeOffset": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)"),
    "LocalDateTime": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?"),
    "Date": re.compile(r"\d{4}-\d\d-\d\d"),
    "Guid": re.compile(GUID),
    "extendedProperty": re.compile(rf"String \{{{GUID}\}} (Name \S+|Id 0x[0-9A-Fa-f]+)"),
}

CHANGEABLE = frozenset(
    {"attendees", "body", "categories", "end", "hideAttendees", "importance", "isAllDay", "isOnlineMeeting"}
    | {
        "isReminderOn",
        "location",
        "locations",
        "recurrence",
        "reminderMinutesBeforeStart",
        "responseRequested",
    }
    | {"sensitivity", "showAs", "singleValueExtendedProperties", "start", "subject"}
)
#: What may be said; `transactionId` only when an event is made. Everything else is Graph's to say.
SETTABLE: dict[str, frozenset[str]] = {
    "POST event": CHANGEABLE | {"transactionId"},
    "PATCH event": CHANGEABLE,
    "POST subscription": frozenset(
        {
            "changeType",
            "clientState",
            "expirationDateTime",
            "includeResourceData",
            "latestSupportedTlsVersion",
        }
        | {"lifecycleNotificationUrl", "notificationUrl", "resource"}
    ),
    "PATCH subscription": frozenset({"expirationDateTime", "notificationUrl"}),
}

LISTING = frozenset({"$select", "$top", "$skip", "$filter", "$expand", "$orderby"})
WINDOW = frozenset({"startDateTime", "endDateTime"})
ZONE = frozenset({"outlook.timezone"})
PAGED = frozenset({"outlook.timezone", "odata.maxpagesize"})


@dataclass(frozen=True)
class Operation:
    """A published request: its query options, its Prefer headers, what it takes and gives, and how it succeeds."""

    path: str
    query: frozenset[str] = frozenset()
    prefer: frozenset[str] = frozenset()
    resource: str = ""
    many: bool = False
    etag: bool = False
    success: int = 200


_CALENDAR, _EVENT = "/me/calendars/[^/]+", "/me/(?:calendars/[^/]+/)?events/[^/]+"
ONE = frozenset({"$select", "$expand"})
OPERATIONS: dict[str, tuple[Operation, ...]] = {
    "GET": (
        Operation("/me", frozenset({"$select"}), resource="user"),
        Operation("/me/calendars", LISTING, resource="calendar", many=True),
        Operation(f"{_CALENDAR}/calendarView", LISTING | WINDOW, ZONE, "event", many=True),
        Operation(f"{_CALENDAR}/calendarView/delta", WINDOW, PAGED, "event", many=True),
        Operation(f"{_CALENDAR}/events", LISTING, ZONE, "event", many=True),
        Operation(f"{_EVENT}/instances", LISTING | WINDOW, ZONE, "event", many=True),
        Operation(_EVENT, ONE, ZONE, "event"),
        Operation("/subscriptions/[^/]+", resource="subscription"),
    ),
    "POST": (
        Operation(f"{_CALENDAR}/events", prefer=ZONE, resource="event", success=201),
        Operation("/subscriptions", resource="subscription", success=201),
    ),
    "PATCH": (
        Operation(_EVENT, prefer=ZONE, resource="event", etag=True),
        Operation("/subscriptions/[^/]+", resource="subscription"),
    ),
    "DELETE": (Operation(_EVENT, etag=True, success=204), Operation("/subscriptions/[^/]+", success=204)),
}
#: Alone, they go on with what was asked before (event: delta).
TOKENS = (frozenset({"$deltatoken"}), frozenset({"$skiptoken"}))


def problems(exchanges: Iterable[Any]) -> list[str]:
    """Everything in the sandbox's recorded exchanges that the reference does not allow, each problem once."""
    found: dict[str, None] = {}
    for exchange in exchanges:
        if not exchange.path.startswith(f"{PREFIX}/") or exchange.deliberate:
            continue
        operation = _operation(exchange.method, exchange.path)
        name = f"{exchange.method} {operation.path if operation else exchange.path}"
        if operation is None:
            found[f"{name}: no such request is published"] = None
            continue
        for problem in (*_request(exchange, operation), *_answer(exchange, operation)):
            found[f"{name}: {problem}"] = None
    return list(found)


def delivery_problems(bodies: Iterable[Any]) -> list[str]:
    """What in notifications (decoded bodies) the reference does not allow."""
    found: list[str] = []
    for body in bodies:
        if set(body) != {"value"}:
            found.append("a delivery is an object with value")
        for item in body.get("value", ()):
            found += _typed(item, "changeNotification", "notification")
            needed = {"resource", "subscriptionExpirationDateTime", "subscriptionId", "tenantId"}
            found += [f"notification: {name} is missing" for name in needed - set(item)]
    return found


def _operation(method: str, path: str) -> Operation | None:
    inside = path.removeprefix(PREFIX)
    return next((o for o in OPERATIONS.get(method, ()) if re.fullmatch(o.path, inside)), None)


def _request(exchange: Any, operation: Operation) -> Iterator[str]:
    query = dict(parse_qsl(exchange.query, keep_blank_values=True))
    if not (operation.path.endswith("/delta") and frozenset(query) in TOKENS):
        yield from (f"query option {name} is not published" for name in set(query) - operation.query)
        if operation.query >= WINDOW:
            yield from (f"query option {name} is missing" for name in WINDOW - set(query))
            for name in WINDOW & set(query):
                if not PATTERNS["DateTimeOffset"].fullmatch(query[name]):
                    yield f"{name} is no time with a zone"
    properties = RESOURCES.get(operation.resource, {})
    for name in filter(None, query.get("$select", "").split(",")):
        if name not in properties:
            yield f"$select names {name}, which {operation.resource} does not have"
    headers = {name.casefold(): value for name, value in exchange.request_headers.items()}
    for preference in filter(None, headers.get("prefer", "").split(",")):
        if preference.strip().partition("=")[0] not in operation.prefer:
            yield f"Prefer {preference.strip()} is not published"
    if "if-match" in headers and not operation.etag:
        yield "If-Match has no meaning here"
    if exchange.method in ("POST", "PATCH"):
        body = json.loads(exchange.request_body)
        allowed = SETTABLE[f"{exchange.method} {operation.resource}"]
        yield from (f"sends {name}, which cannot be set" for name in set(body) - allowed)
        yield from _typed({k: v for k, v in body.items() if k in allowed}, operation.resource, "sent")
    elif exchange.request_body:
        yield "has a body"


def _answer(exchange: Any, operation: Operation) -> Iterator[str]:
    if exchange.fault is not None and exchange.status != operation.success:
        return
    text = exchange.response_body
    if exchange.status >= 400:
        body = json.loads(text)
        if set(body) != {"error"}:
            yield "a failure is an object with error"
        yield from _typed(body.get("error", {}), "publicError", "error")
        return
    if exchange.status != operation.success:
        yield f"answers {exchange.status} instead of {operation.success}"
    if operation.success == 204:
        if text:
            yield "answers with a body"
        return
    body = json.loads(text)
    if not operation.many:
        yield from _typed(body, operation.resource, "answer")
        return
    links = {"@odata.nextLink", "@odata.deltaLink"} & set(body)
    if set(body) - {"value", "@odata.context", "@odata.nextLink", "@odata.deltaLink", "@odata.count"}:
        yield "a list has something else in it"
    if operation.path.endswith("/delta") and len(links) != 1:
        yield "a page of a delta has either a nextLink or a deltaLink"
    for row in body["value"]:
        if operation.path.endswith("/delta") and "@removed" in row:
            if row["@removed"].get("reason") not in ("deleted", "changed") or not isinstance(
                row.get("id"), str
            ):
                yield "what is removed has a reason and an id"
            continue
        if not isinstance(row.get("id"), str):
            yield "a row has no id"
        yield from _typed(row, operation.resource, "row")


def _typed(value: Any, name: str, where: str) -> Iterator[str]:
    """What of a value is not of the type of that name."""
    if name.endswith("?"):
        if value is not None:
            yield from _typed(value, name[:-1], where)
    elif name.startswith("["):
        if not isinstance(value, list):
            yield f"{where} is not a collection"
        else:
            for one in value:
                yield from _typed(one, name[1:-1], where)
    elif name in RESOURCES:
        if not isinstance(value, dict):
            yield f"{where} is not a {name}"
            return
        for key, inside in value.items():
            if "@" in key:
                continue
            if key not in RESOURCES[name]:
                yield f"{where}: {name} has no {key}"
            else:
                yield from _typed(inside, RESOURCES[name][key], f"{where}.{key}")
    elif not _plain(value, name):
        yield f"{where} is not a {name}: {value!r}"


SIMPLE: dict[str, Callable[[Any], bool]] = {
    "Any": lambda value: True,
    "String": lambda value: isinstance(value, str),
    "Boolean": lambda value: isinstance(value, bool),
    "Int32": lambda value: isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**31,
}


def _plain(value: Any, name: str) -> bool:
    if name in SIMPLE:
        return SIMPLE[name](value)
    if name in ENUMS:
        return value in ENUMS[name]
    return isinstance(value, str) and PATTERNS[name].fullmatch(value) is not None
