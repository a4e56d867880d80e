"""Events as they are shown: to whom, and how much of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.google import times

if TYPE_CHECKING:
    from sandbox.google.api import Call
    from sandbox.google.world import Row

#: All that somebody sees who may only know when it is busy, and what a reader sees of a private event.
BARE = frozenset(
    {"kind", "etag", "id", "status", "start", "end", "iCalUID", "recurrence", "recurringEventId"}
    | {"originalStartTime", "transparency", "eventType", "sequence", "updated", "created"}
)


def shown(row: Row, role: str, email: str, calendar: Row, call: Call) -> dict[str, Any]:
    """The event as an account with that role sees it in that calendar."""
    seen = {name: value for name, value in row.items() if not name.startswith("_")}
    hidden = row.get("visibility") in ("private", "confidential") and role == "reader"
    if role == "freeBusyReader" or hidden:
        return {name: value for name, value in seen.items() if name in BARE} | {"visibility": "private"}
    if "attendees" in seen:
        people = [
            one | ({"self": True} if one.get("email") == calendar["id"] else {}) for one in seen["attendees"]
        ]
        most = call.number("maxAttendees", 200, 10_000)
        if len(people) > most:
            people = [one for one in people if one.get("self")] or people[:most]
            seen["attendeesOmitted"] = True
        seen["attendees"] = people
    return seen


def tombstone(row: Row) -> dict[str, Any]:
    """What is left of a deleted event: for an occurrence, where it stood as well."""
    kept = ("kind", "etag", "id", "status", "recurringEventId", "originalStartTime")
    return {name: row[name] for name in kept if name in row}


def instance(master: Row, slot: Row, zone: str) -> Row:
    """The occurrence of a series in a slot, as long as nobody has changed it."""
    start, end = times.moved(master, slot, zone)
    made = {name: value for name, value in master.items() if name != "recurrence"}
    return made | {
        "id": f"{master['id']}_{times.key(slot)}",
        "start": start,
        "end": end,
        "recurringEventId": master["id"],
        "originalStartTime": slot,
    }
