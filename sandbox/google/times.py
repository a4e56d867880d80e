"""When events take place, by the sandbox's own reckoning: plain rules on wall clocks, nothing of Daybook's."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import takewhile
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dateutil.rrule import rruleset, rrulestr

from sandbox.google.errors import invalid

Row = dict[str, Any]


def normal(value: Any, zone: str, name: str, *, recurring: bool) -> Row:
    """A start or end as it is kept and shown: in the calendar's zone, with its offset. Raises `Refused`."""
    value = {key: text for key, text in (value or {}).items() if text is not None}
    if not value or ("date" in value) == ("dateTime" in value):
        raise invalid(f"Missing {name} time." if not value else f"Invalid {name} time.")
    try:
        if "date" in value:
            return {"date": date.fromisoformat(value["date"]).isoformat()}
        at = datetime.fromisoformat(value["dateTime"])
        own = ZoneInfo(value["timeZone"]) if value.get("timeZone") else None
        if at.tzinfo is None:
            if own is None:
                raise invalid(f"Missing time zone definition for {name} time.")
            at = at.replace(tzinfo=own)
        if recurring and own is None:
            raise invalid(f"Missing time zone definition for {name} time.")
    except (ValueError, TypeError, ZoneInfoNotFoundError):
        raise invalid(f"Invalid value for: {name}") from None
    shown = at.astimezone(ZoneInfo(zone)).isoformat(timespec="seconds")
    return {"dateTime": shown, "timeZone": value.get("timeZone") or zone}


def instant(value: Row, zone: str) -> datetime:
    """A start or end as an instant; a day begins in the calendar's zone."""
    if "date" in value:
        return datetime.combine(date.fromisoformat(value["date"]), time(), ZoneInfo(zone)).astimezone(UTC)
    return datetime.fromisoformat(value["dateTime"]).astimezone(UTC)


def span(event: Row, zone: str) -> tuple[datetime, datetime]:
    return instant(event["start"], zone), instant(event["end"], zone)


def slots(event: Row, zone: str) -> Iterator[Row]:
    """The starts of a series in order, for ever if need be, in the shape of `originalStartTime`."""
    start = event["start"]
    own = ZoneInfo(start.get("timeZone") or zone)
    if "date" in start:
        first = datetime.combine(date.fromisoformat(start["date"]), time())
    else:
        first = datetime.fromisoformat(start["dateTime"]).astimezone(own).replace(tzinfo=None)
    rules = rruleset()
    rules.rdate(first)
    for line in event["recurrence"]:
        _add(rules, line, first, own)
    for at in rules:
        if "date" in start:
            yield {"date": at.date().isoformat()}
        else:
            shown = at.replace(tzinfo=own).astimezone(UTC).astimezone(ZoneInfo(zone))
            yield {"dateTime": shown.isoformat(timespec="seconds"), "timeZone": own.key}


def _add(rules: rruleset, line: str, first: datetime, own: ZoneInfo) -> None:
    head, _, value = line.partition(":")
    name = head.split(";")[0].upper()
    try:
        if name == "RRULE":
            parts = [part for part in value.split(";") if not part.upper().startswith("UNTIL=")]
            until = next((part[6:] for part in value.split(";") if part.upper().startswith("UNTIL=")), "")
            rule = rrulestr(";".join(parts), dtstart=first)
            rules.rrule(rule.replace(until=_wall(until, own)) if until else rule)  # type: ignore[arg-type]
        elif name in ("RDATE", "EXDATE"):
            for one in value.split(","):
                (rules.rdate if name == "RDATE" else rules.exdate)(_wall(one, own))
        else:
            raise ValueError
    except (ValueError, TypeError, KeyError):
        raise invalid("Invalid recurrence rule.") from None


def _wall(text: str, own: ZoneInfo) -> datetime:
    """A time of a rule on the clock of its series."""
    at = datetime.fromisoformat(text)
    return at if at.tzinfo is None else at.astimezone(own).replace(tzinfo=None)


def reaches(event: Row, zone: str, since: datetime | None, until: datetime | None) -> bool:
    """Whether an event, or any occurrence of a series, lies between; bounds are open where there are none."""
    if event["status"] == "cancelled" and "originalStartTime" in event:
        start = end = instant(event["originalStartTime"], zone)
        return (since is None or end > since) and (until is None or start < until)
    start, end = span(event, zone)
    if "recurrence" not in event:
        return (since is None or end > since) and (until is None or start < until)
    if until is not None and start >= until:
        return False
    length = end - start
    starts = (instant(slot, zone) for slot in slots(event, zone))
    within = takewhile(lambda at: until is None or at < until, starts)
    return any(since is None or at + length > since for at in within)


def key(slot: Row) -> str:
    """How an occurrence is told apart in its id."""
    if "date" in slot:
        return slot["date"].replace("-", "")
    return datetime.fromisoformat(slot["dateTime"]).astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def moved(event: Row, slot: Row, zone: str) -> tuple[Row, Row]:
    """Start and end of the occurrence in a slot: the clock on the wall decides."""
    start, end = event["start"], event["end"]
    if "date" in slot:
        days = date.fromisoformat(end["date"]) - date.fromisoformat(start["date"])
        return slot, {"date": (date.fromisoformat(slot["date"]) + days).isoformat()}
    own = ZoneInfo(slot["timeZone"])
    first, last = (datetime.fromisoformat(one["dateTime"]).astimezone(own) for one in (start, end))
    length: timedelta = last.replace(tzinfo=None) - first.replace(tzinfo=None)
    at = datetime.fromisoformat(slot["dateTime"]).astimezone(own)
    shown = (at + length).astimezone(UTC).astimezone(ZoneInfo(zone))
    return slot, {"dateTime": shown.isoformat(timespec="seconds"), "timeZone": own.key}
