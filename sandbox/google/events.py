"""One event: read, made, changed, deleted, each with Google's own peculiarities."""

from __future__ import annotations

import re
import secrets
from itertools import islice
from typing import TYPE_CHECKING, Any

from sandbox.google import channels, times
from sandbox.google.errors import Refused, invalid, not_found, stale
from sandbox.google.views import instance, shown

if TYPE_CHECKING:
    from sandbox.google.api import Call
    from sandbox.google.world import Row, World

#: What whoever writes may say of an event, among what this sandbox keeps.
WRITABLE = (
    "summary",
    "description",
    "location",
    "colorId",
    "visibility",
    "transparency",
    "reminders",
    "attendees",
    "extendedProperties",
    "guestsCanInviteOthers",
    "guestsCanModify",
    "guestsCanSeeOtherGuests",
    "source",
)
ID = re.compile(r"[a-v0-9]{5,1024}")
STATUSES = frozenset({"confirmed", "tentative", "cancelled"})
MOST_SLOTS = 20_000


def get(world: World, account: Row, call: Call, at: dict[str, str]) -> dict[str, Any]:
    calendar = world.calendar(account, at["calendar"], "freeBusyReader")
    row = _found(calendar, at["event"])
    return shown(row, world.role(account, calendar), account["email"], calendar, call)


def insert(world: World, account: Row, call: Call, at: dict[str, str]) -> dict[str, Any]:
    calendar = world.calendar(account, at["calendar"], "writer")
    given = call.json
    own = given.get("id") or secrets.token_hex(13)
    if "id" in given and not ID.fullmatch(str(own)):
        raise invalid("Invalid resource id value.")
    if "id" in given and "iCalUID" in given:
        raise invalid("Only one of id and iCalUID may be given.")
    if own in calendar["events"]:
        raise Refused(409, "duplicate", "The requested identifier already exists.")
    row: Row = {
        "kind": "calendar#event",
        "id": own,
        "status": "confirmed",
        "created": world.stamp(),
        "htmlLink": f"https://www.google.com/calendar/event?eid={own}",
        "iCalUID": given.get("iCalUID") or f"{own}@google.com",
        "sequence": int(given.get("sequence") or 0),
        "reminders": {"useDefault": True},
        "eventType": given.get("eventType") or "default",
        "creator": {"email": account["email"]},
        "organizer": {"email": calendar["id"]},
    }
    _apply(row, given, calendar, whole=True)
    calendar["events"][own] = row
    _touch(world, calendar, row)
    return shown(row, world.role(account, calendar), account["email"], calendar, call)


def patch(world: World, account: Row, call: Call, at: dict[str, str]) -> dict[str, Any]:
    return _change(world, account, call, at, whole=False)


def update(world: World, account: Row, call: Call, at: dict[str, str]) -> dict[str, Any]:
    return _change(world, account, call, at, whole=True)


def delete(world: World, account: Row, call: Call, at: dict[str, str]) -> None:
    """Deleted events stay, cancelled, and their ids stay taken."""
    calendar = world.calendar(account, at["calendar"], "writer")
    row = _found(calendar, at["event"])
    if row["status"] == "cancelled":
        raise Refused(410, "deleted", "Resource has been deleted")
    _same(row, call)
    row = _kept(calendar, row)
    row["status"] = "cancelled"
    _touch(world, calendar, row)
    for change in calendar["events"].values():
        if change.get("recurringEventId") == row["id"]:
            change |= {"status": "cancelled", "_with_series": True}
            _touch(world, calendar, change, tell=False)


def _change(world: World, account: Row, call: Call, at: dict[str, str], *, whole: bool) -> dict[str, Any]:
    calendar = world.calendar(account, at["calendar"], "writer")
    row = _found(calendar, at["event"])
    _same(row, call)
    if row.get("_buried"):
        raise Refused(403, "forbidden", "Forbidden")
    given = call.json
    if "sequence" in given and (
        not isinstance(given["sequence"], int) or given["sequence"] < row["sequence"]
    ):
        raise invalid("Invalid sequence value. The specified sequence number is below the current one.")
    changed = dict(row)
    _apply(changed, given, calendar, whole=whole)
    if (changed["start"], changed["end"]) != (row["start"], row["end"]):
        changed["sequence"] = max(row["sequence"] + 1, given.get("sequence", 0))
    row = _kept(calendar, row)
    row.clear()
    row.update(changed)
    _touch(world, calendar, row)
    return shown(row, world.role(account, calendar), account["email"], calendar, call)


def _found(calendar: Row, event: str) -> Row:
    """The event, or the occurrence of a series that nobody has changed yet."""
    row = calendar["events"].get(event)
    if row is not None:
        return row
    series, _, slot = event.rpartition("_")
    master = calendar["events"].get(series)
    if master is None or "recurrence" not in master:
        raise not_found()
    zone = calendar["timeZone"]
    for one in islice(times.slots(master, zone), MOST_SLOTS):
        if times.key(one) == slot:
            return instance(master, one, zone)
    raise not_found()


def _kept(calendar: Row, row: Row) -> Row:
    """The row in the calendar: an occurrence becomes one when it is changed for the first time."""
    return calendar["events"].setdefault(row["id"], row)


def _same(row: Row, call: Call) -> None:
    if call.if_match and call.if_match not in ("*", row["etag"]):
        raise stale()


def _apply(row: Row, given: dict[str, Any], calendar: Row, *, whole: bool) -> None:
    """Take over what is given: all of it and nothing else, or only what is named, null taking away."""
    for name in WRITABLE:
        value = given.get(name)
        if name in given and value is not None:
            merges = not whole and isinstance(value, dict) and isinstance(row.get(name), dict)
            row[name] = _merged(row[name], value) if merges else value
        elif whole or name in given:
            row.pop(name, None)
    status = given.get("status", "confirmed" if whole else row["status"])
    if status not in STATUSES:
        raise invalid("Invalid value for: status")
    row["status"] = status
    if "recurrence" in given or whole:
        if given.get("recurrence"):
            row["recurrence"] = list(given["recurrence"])
        else:
            row.pop("recurrence", None)
    for name in ("start", "end"):
        if name in given or whole:
            before = {} if whole else row.get(name, {})
            value = _merged(before, given.get(name) or {})
            row[name] = times.normal(value, calendar["timeZone"], name, recurring="recurrence" in row)
    if ("date" in row["start"]) != ("date" in row["end"]):
        raise invalid("Start and end times must either both be date or both be dateTime.")
    first, last = times.span(row, calendar["timeZone"])
    if first > last:
        raise Refused(400, "timeRangeEmpty", "The specified time range is empty.", "calendar")
    if "recurrence" in row:
        next(iter(times.slots(row, calendar["timeZone"])), None)  # refuses what cannot be followed


def _merged(old: Any, new: Any) -> Any:
    if not isinstance(old, dict) or not isinstance(new, dict):
        return new
    both = {**old, **{name: _merged(old.get(name), value) for name, value in new.items()}}
    return {name: value for name, value in both.items() if value is not None}


def _touch(world: World, calendar: Row, row: Row, *, tell: bool = True) -> None:
    row["_rev"] = world.next()
    row["etag"] = f'"{3_500_000_000_000_000 + row["_rev"]}"'
    row["updated"] = world.stamp()
    if tell:
        channels.tell(world, calendar["id"])
