"""Lists of events: filtered, by pages, and what has changed since a sync token."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sandbox.google import times
from sandbox.google.errors import Refused, invalid, lost_token, not_found
from sandbox.google.views import instance, shown, tombstone

if TYPE_CHECKING:
    from sandbox.google.api import Call
    from sandbox.google.world import Row, World

#: May not go together with a sync token (discovery document, events.list).
NOT_WITH_TOKEN = (
    "iCalUID",
    "orderBy",
    "privateExtendedProperty",
    "q",
    "sharedExtendedProperty",
    "timeMin",
    "timeMax",
    "updatedMin",
)
MOST_INSTANCES = 2500


def all(world: World, account: Row, call: Call, at: dict[str, str]) -> dict[str, Any]:
    calendar = world.calendar(account, at["calendar"], "freeBusyReader")
    since = None
    if "syncToken" in call.args:
        since = _since(world, call, calendar)
    found = [
        row
        for row in calendar["events"].values()
        if (row["_rev"] > since if since is not None else _wanted(row, call, calendar["timeZone"]))
    ]
    if call.flag("singleEvents"):
        found = _expanded(found, call, calendar)
    items, following = page_of(found, call, 250, 2500)
    # What is changed while the pages are read is told with the token that comes after the last of them.
    seen = _unpacked(call.args["pageToken"])["seen"] if "pageToken" in call.args else world.counter
    answer = {
        "kind": "calendar#events",
        "etag": f'"p{world.counter}"',
        "summary": calendar["summary"],
        "updated": world.stamp(),
        "timeZone": calendar["timeZone"],
        "accessRole": world.role(account, calendar),
        "defaultReminders": [],
    }
    role = world.role(account, calendar)
    shows = [
        tombstone(row)
        if row["status"] == "cancelled" and not call.flag("showDeleted")
        else shown(row, role, account["email"], calendar, call)
        for row in items
    ]
    if following:
        answer["nextPageToken"] = packed(_unpacked(following) | {"seen": seen})
    else:
        answer["nextSyncToken"] = packed({"rev": seen, "age": world.age, "of": calendar["id"]})
    return answer | {"items": shows}


def instances(world: World, account: Row, call: Call, at: dict[str, str]) -> dict[str, Any]:
    calendar = world.calendar(account, at["calendar"], "freeBusyReader")
    master = calendar["events"].get(at["event"])
    if master is None:
        raise not_found()
    found = _expanded([master, *_changes(calendar, master["id"])], call, calendar)
    items, following = page_of(found, call, 250, 2500)
    role = world.role(account, calendar)
    answer = {
        "kind": "calendar#events",
        "timeZone": calendar["timeZone"],
        "accessRole": role,
        "items": [shown(row, role, account["email"], calendar, call) for row in items],
    }
    return answer | ({"nextPageToken": following} if following else {})


def _since(world: World, call: Call, calendar: Row) -> int:
    for name in NOT_WITH_TOKEN:
        if name in call.args:
            raise invalid(f"Sync token cannot be used together with {name}.", name)
    if call.args.get("showDeleted") == "false":
        raise invalid("showDeleted cannot be false with a sync token.", "showDeleted")
    token = _unpacked(call.args["syncToken"], "syncToken")
    if token.get("age") != world.age or token.get("of") != calendar["id"]:
        raise lost_token()
    return int(token["rev"])


def _wanted(row: Row, call: Call, zone: str) -> bool:
    """Whether a list without a token has the event. Cancelled occurrences are told, cancelled events only if asked for."""
    hidden = "recurringEventId" not in row or row.get("_with_series") or call.flag("singleEvents")
    if row["status"] == "cancelled" and hidden and not call.flag("showDeleted"):
        return False
    if call.args.get("iCalUID", row["iCalUID"]) != row["iCalUID"]:
        return False
    private = row.get("extendedProperties", {}).get("private", {})
    if not _set(call, "privateExtendedProperty") <= {f"{name}={value}" for name, value in private.items()}:
        return False
    kinds = call.args.getlist("eventTypes")
    if kinds and row["eventType"] not in kinds:
        return False
    since, until = _bound(call, "timeMin"), _bound(call, "timeMax")
    if since is not None and until is not None and since >= until:
        raise Refused(400, "timeRangeEmpty", "The specified time range is empty.", "calendar")
    return (since is None and until is None) or times.reaches(row, zone, since, until)


def _set(call: Call, name: str) -> set[str]:
    return set(call.args.getlist(name))


def _bound(call: Call, name: str) -> datetime | None:
    text = call.args.get(name)
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise invalid("Bad Request", name) from None
    if at.tzinfo is None:
        raise invalid("Bad Request", name)
    return at.astimezone(UTC)


def _changes(calendar: Row, series: str) -> list[Row]:
    return [row for row in calendar["events"].values() if row.get("recurringEventId") == series]


def _expanded(rows: list[Row], call: Call, calendar: Row) -> list[Row]:
    """Occurrences instead of series."""
    zone, since, until = calendar["timeZone"], _bound(call, "timeMin"), _bound(call, "timeMax")
    found: list[Row] = []
    for row in rows:
        if "recurrence" not in row or row["status"] == "cancelled":
            if row["status"] != "cancelled" or call.flag("showDeleted"):
                found.append(row)
            continue
        changed = {times.key(one["originalStartTime"]) for one in _changes(calendar, row["id"])}
        for number, slot in enumerate(times.slots(row, zone)):
            at = times.instant(slot, zone)
            if number >= MOST_INSTANCES or (until is not None and at >= until):
                break
            made = instance(row, slot, zone)
            if times.key(slot) not in changed and (since is None or times.span(made, zone)[1] > since):
                found.append(made)
    return found


def page_of(rows: list[Row], call: Call, default: int, most: int) -> tuple[list[Row], str]:
    """One page of the rows, and the token of the next, empty for none."""
    size = call.number("maxResults", default, most)
    first = int(_unpacked(call.args["pageToken"])["at"]) if "pageToken" in call.args else 0
    following = packed({"at": first + size}) if first + size < len(rows) else ""
    return rows[first : first + size], following


def packed(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode()


def _unpacked(text: str, name: str = "pageToken") -> dict[str, Any]:
    try:
        value = json.loads(base64.urlsafe_b64decode(text.encode()))
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise invalid(f"Invalid {name} value.", name)
    return value
