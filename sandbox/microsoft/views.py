"""Events as Graph shows them: expanded, in the zone that was asked for, by their published names."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr

from sandbox.microsoft.world import Row, World

#: Between the parts of an occurrence's id: the series, and when it would be.
JOINT = "FRAAgI"
WALL = "%Y-%m-%dT%H:%M:%S"
DAYS = {
    "MO": "monday",
    "TU": "tuesday",
    "WE": "wednesday",
    "TH": "thursday",
    "FR": "friday",
    "SA": "saturday",
    "SU": "sunday",
}
#: The few Windows names this sandbox understands beside IANA's.
WINDOWS = {
    "Mountain Standard Time": "America/Denver",
    "Eastern Standard Time": "America/New_York",
    "Pacific Standard Time": "America/Los_Angeles",
    "GMT Standard Time": "Europe/London",
    "W. Europe Standard Time": "Europe/Berlin",
}


@lru_cache(maxsize=256)
def place(name: str) -> ZoneInfo:
    return ZoneInfo(WINDOWS.get(name, name))


def utc(wall: str, zone: str) -> datetime:
    return datetime.fromisoformat(wall).replace(tzinfo=place(zone)).astimezone(UTC)


def occurrence_id(series: Row, wall: datetime) -> str:
    return f"{series['id'].rstrip('=')}{JOINT}{wall:%Y%m%dT%H%M%S}="


def split(world: World, event_id: str) -> tuple[Row | None, str]:
    """The event, and for an occurrence when it would begin, on the wall; else empty."""
    found = world["events"].get(event_id)
    if found is not None or JOINT not in event_id:
        return found, ""
    head, _, tail = event_id.rstrip("=").rpartition(JOINT)
    series = world["events"].get(f"{head}=")
    try:
        wall = datetime.fromisoformat(tail).strftime(WALL)
    except ValueError:
        return None, ""
    return (series, wall) if series is not None and series["rrule"] else (None, "")


def occurrences(series: Row, start: datetime, end: datetime) -> Iterator[tuple[datetime, Row]]:
    """Those in the window, changed ones where they are now: when it would begin on the wall, and the row it is."""
    first = datetime.fromisoformat(series["start"])
    length = datetime.fromisoformat(series["end"]) - first
    rule = rrulestr(series["rrule"], dtstart=first)
    margin = timedelta(days=3) + length
    low, high = (at.astimezone(UTC).replace(tzinfo=None) for at in (start - margin, end + margin))
    walls = {
        *rule.between(low, high, inc=True),
        *(datetime.fromisoformat(one) for one in series["exceptions"]),
    }
    for wall in sorted(walls):
        key = wall.strftime(WALL)
        if key in series["left_out"]:
            continue
        row = {
            **series,
            "start": key,
            "end": (wall + length).strftime(WALL),
            **series["exceptions"].get(key, {}),
        }
        if overlaps(row, start, end):
            yield wall, row


def overlaps(row: Row, start: datetime, end: datetime) -> bool:
    begins, ends = utc(row["start"], row["zone"]), utc(row["end"], row["zone"])
    return begins < end and (ends > start or begins == ends >= start)


def shown_time(world: World, row: Row, wall: str, zone: str) -> dict[str, str]:
    """A dateTimeTimeZone in the zone asked for, with the seven digits Graph writes."""
    if row["all_day"] and world.quirks["whole_days"] == "midnights":
        text = wall
    else:
        text = utc(wall, row["zone"]).astimezone(place(zone)).strftime(WALL)
    return {"dateTime": f"{text}.0000000", "timeZone": zone}


def event(world: World, row: Row, zone: str, *, wall: datetime | None = None) -> dict[str, Any]:
    """All of an event, a series' master, or with `wall` one occurrence of it."""
    series = bool(row["rrule"])
    changed = wall is not None and wall.strftime(WALL) in row["exceptions"]
    kind = (
        "singleInstance"
        if not series
        else "seriesMaster"
        if wall is None
        else "exception"
        if changed
        else "occurrence"
    )
    owner = world["accounts"][world["calendars"][row["calendar"]]["owner"]]
    id = row["id"] if wall is None else occurrence_id(row, wall)
    return {
        "@odata.etag": f'W/"{row["version"]}"',
        "id": id,
        "createdDateTime": row["created_at"],
        "lastModifiedDateTime": row["changed_at"],
        "changeKey": str(row["version"]),
        "categories": [],
        "transactionId": row["transaction"] or None,
        "originalStartTimeZone": row["zone"],
        "originalEndTimeZone": row["zone"],
        "iCalUId": row["uid"] if wall is None else f"{row['uid']}{wall:%Y%m%d}",
        "reminderMinutesBeforeStart": 15,
        "isReminderOn": row["reminder"],
        "hasAttachments": False,
        "subject": row["subject"],
        "bodyPreview": "",
        "importance": "normal",
        "sensitivity": row["sensitivity"],
        "isAllDay": row["all_day"],
        "isCancelled": row["cancelled"],
        "isOrganizer": row["response"] in ("none", "organizer"),
        "responseRequested": row["response_requested"],
        "seriesMasterId": row["id"] if wall is not None else None,
        "showAs": row["show_as"],
        "type": kind,
        "webLink": f"{world.url}/owa/?itemid={id}",
        "responseStatus": {"response": row["response"], "time": "0001-01-01T00:00:00Z"},
        "body": {"contentType": "html", "content": ""},
        "start": shown_time(world, row, row["start"], zone),
        "end": shown_time(world, row, row["end"], zone),
        "location": {"displayName": row["location"], "locationType": "default"},
        "recurrence": recurrence(row) if series and wall is None else None,
        "attendees": [],
        "organizer": {"emailAddress": {"name": owner["name"], "address": owner["email"]}},
    }


def bare(world: World, row: Row, zone: str, wall: datetime) -> dict[str, Any]:
    """An unchanged occurrence as a delta tells it: when it is, and of which series."""
    names = ("@odata.etag", "id", "seriesMasterId", "type", "start", "end")
    whole = event(world, row, zone, wall=wall)
    return {"@odata.type": "#microsoft.graph.event", **{name: whole[name] for name in names}}


def recurrence(row: Row) -> dict[str, Any]:
    """The rule in Graph's words (patternedRecurrence resource)."""
    parts = dict(part.split("=", 1) for part in row["rrule"].split(";"))
    first = datetime.fromisoformat(row["start"])
    pattern: dict[str, Any] = {"interval": int(parts.get("INTERVAL", 1))}
    if parts["FREQ"] == "DAILY":
        pattern["type"] = "daily"
    elif parts["FREQ"] == "WEEKLY":
        days = parts.get("BYDAY", list(DAYS)[first.weekday()]).split(",")
        pattern |= {"type": "weekly", "daysOfWeek": [DAYS[day] for day in days], "firstDayOfWeek": "sunday"}
    elif parts["FREQ"] == "MONTHLY":
        pattern |= {"type": "absoluteMonthly", "dayOfMonth": first.day}
    else:
        raise ValueError(f"this sandbox has no series that come {parts['FREQ']}")
    reach: dict[str, Any] = {"startDate": f"{first:%Y-%m-%d}", "recurrenceTimeZone": row["zone"]}
    if "COUNT" in parts:
        reach |= {"type": "numbered", "numberOfOccurrences": int(parts["COUNT"])}
    else:
        reach |= {"type": "noEnd"}
    return {"pattern": pattern, "range": reach}


def rows_in(
    world: World, calendar_id: str, start: datetime, end: datetime
) -> Iterator[tuple[Row, datetime | None]]:
    """Single events and occurrences in the window, each with when it would be if it is one of a series."""
    for row in world["events"].values():
        if row["calendar"] != calendar_id:
            continue
        if row["rrule"]:
            for wall, one in occurrences(row, start, end):
                yield one, wall
        elif overlaps(row, start, end):
            yield row, None
