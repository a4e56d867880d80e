"""Events created, changed and deleted, as an application or somebody in Outlook does it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sandbox.microsoft.errors import Refused, denied, invalid, missing
from sandbox.microsoft.views import WALL, place, split
from sandbox.microsoft.world import Row, World

#: Graph's name -> ours, for what is taken as it comes, with its type.
PLAIN: dict[str, tuple[str, type]] = {
    "subject": ("subject", str),
    "isAllDay": ("all_day", bool),
    "showAs": ("show_as", str),
    "sensitivity": ("sensitivity", str),
    "isReminderOn": ("reminder", bool),
    "responseRequested": ("response_requested", bool),
}
SHOWN_AS = frozenset({"free", "tentative", "busy", "oof", "workingElsewhere", "unknown"})
SENSITIVITIES = frozenset({"normal", "personal", "private", "confidential"})
SETTABLE = frozenset(
    {
        *PLAIN,
        "start",
        "end",
        "location",
        "transactionId",
        "singleValueExtendedProperties",
        "attendees",
        "body",
    }
)


def blank(world: World, calendar_id: str) -> Row:
    """An event of which nothing is known yet."""
    now = stamp(world)
    return {
        "id": world.new_id(),
        "calendar": calendar_id,
        "version": 0,
        "created_at": now,
        "changed_at": now,
        "uid": world.new_id("040000008200E00074C5B7101A82E008").rstrip("="),
        "subject": "",
        "location": "",
        "start": "",
        "end": "",
        "zone": "UTC",
        "all_day": False,
        "show_as": "busy",
        "response": "organizer",
        "response_requested": True,
        "cancelled": False,
        "sensitivity": "normal",
        "reminder": True,
        "rrule": "",
        "left_out": [],
        "exceptions": {},
        "transaction": "",
        "properties": {},
    }


def stamp(world: World) -> str:
    return world.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")


def create(world: World, account: Row, calendar_id: str, data: dict[str, Any]) -> Row:
    """Make an event, or give the one again that was made with the same `transactionId`."""
    calendar = world.reach(account, calendar_id)
    if not world.may_edit(account, calendar):
        raise denied()
    transaction = data.get("transactionId") or ""
    used = world.transactions.setdefault(calendar_id, {})
    if transaction in used:
        there = world["events"].get(used[transaction])
        if there is not None and world.quirks["duplicate"] == "given_again":
            return there
        if there is not None or world.quirks["deleted_transaction"] == "refused":
            raise Refused(
                int(world.quirks["refused_with"]),
                "ErrorDuplicateTransactionId",
                "The TransactionId was used for another event.",
            )
    if "start" not in data or "end" not in data:
        raise invalid("An event needs start and end.")
    row = blank(world, calendar_id)
    fill(row, data)
    if transaction:
        used[transaction] = row["id"]
    world["events"][row["id"]] = row
    touch(world, row, "created")
    return row


def fill(row: Row, data: dict[str, Any]) -> None:
    """Take values by Graph's names into a row of ours."""
    if set(data) - SETTABLE:
        raise invalid(f"Cannot be set: {', '.join(sorted(set(data) - SETTABLE))}.")
    for name, (ours, kind) in PLAIN.items():
        if name in data:
            if not isinstance(data[name], kind):
                raise invalid(f"{name} is of the wrong type.")
            row[ours] = data[name]
    if row["show_as"] not in SHOWN_AS or row["sensitivity"] not in SENSITIVITIES:
        raise invalid("showAs or sensitivity has an unknown value.")
    if "location" in data:
        row["location"] = str((data["location"] or {}).get("displayName") or "")
    for name in ("start", "end"):
        if name in data:
            row[name], row["zone"] = _time(data[name])
    if row["end"] < row["start"]:
        raise Refused(400, "ErrorPropertyValidationFailure", "The end lies before the start.")
    if row["all_day"] and {row["start"][11:], row["end"][11:]} != {"00:00:00"}:
        raise Refused(400, "ErrorPropertyValidationFailure", "A whole day begins and ends at midnight.")
    if "transactionId" in data:
        row["transaction"] = data["transactionId"] or ""
    for one in data.get("singleValueExtendedProperties") or ():
        row["properties"][one["id"]] = one["value"]


def _time(value: Any) -> tuple[str, str]:
    try:
        zone = value["timeZone"]
        at = datetime.fromisoformat(value["dateTime"])
        if at.tzinfo is not None:
            at = at.astimezone(place(zone)).replace(tzinfo=None)
        place(zone)
        return at.strftime(WALL), zone
    except (KeyError, TypeError, ValueError, OSError):
        raise Refused(400, "TimeZoneNotSupportedException", "A time or its zone is not supported.") from None


def found(world: World, account: Row, event_id: str, calendar_id: str = "") -> tuple[Row, str]:
    """An event this account sees, in that calendar if one is named, and for an occurrence when it would begin."""
    row, wall = split(world, event_id)
    if row is None or (calendar_id and row["calendar"] != calendar_id):
        raise missing()
    world.reach(account, row["calendar"])
    return row, wall


def writable(world: World, account: Row, event_id: str, calendar_id: str, etag: str) -> tuple[Row, str]:
    row, wall = found(world, account, event_id, calendar_id)
    if not world.may_edit(account, world["calendars"][row["calendar"]]):
        raise denied()
    if etag and etag not in ("*", f'W/"{row["version"]}"'):
        raise Refused(412, "ErrorIrresolvableConflict", "The change key does not match the current one.")
    return row, wall


def change(
    world: World, account: Row, event_id: str, data: dict[str, Any], calendar_id: str = "", etag: str = ""
) -> tuple[Row, str]:
    """Change an event, a whole series, or one occurrence of it, which becomes an exception."""
    row, wall = writable(world, account, event_id, calendar_id, etag)
    if "transactionId" in data:
        raise invalid("transactionId cannot be changed.")
    if wall:
        if wall in row["left_out"]:
            raise missing()
        one = {**row, **row["exceptions"].get(wall, {})}
        fill(one, data)
        names = ("subject", "location", "start", "end", "zone", "show_as", "all_day")
        row["exceptions"][wall] = {name: one[name] for name in names}
    else:
        trial = {**row, "properties": dict(row["properties"])}
        fill(trial, data)
        row.update(trial)
    touch(world, row, "updated")
    return row, wall


def delete(world: World, account: Row, event_id: str, calendar_id: str = "", etag: str = "") -> None:
    """Delete an event, a whole series, or one occurrence."""
    row, wall = writable(world, account, event_id, calendar_id, etag)
    if wall:
        if wall in row["left_out"]:
            raise missing()
        row["left_out"].append(wall)
        row["exceptions"].pop(wall, None)
        touch(world, row, "updated")
        return
    del world["events"][row["id"]]
    world.changed(row["calendar"], row["id"], "deleted", series=bool(row["rrule"]))


def touch(world: World, row: Row, how: str) -> None:
    row["version"] = world.changed(row["calendar"], row["id"], how, series=bool(row["rrule"]))
    row["changed_at"] = world.clock.now().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
