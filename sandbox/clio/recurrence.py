"""Repeating entries: an RRULE body becomes occurrences that keep their wall-clock time across daylight saving."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr

from sandbox.clio.context import zone_named
from sandbox.clio.errors import BadRequest, Invalid, NotFound
from sandbox.clio.store import Row

#: At most this many occurrences of one series in one answer.
MOST = 2_000


def check(rule: str, start: int, zone: str) -> None:
    """Raise Invalid unless `rule` is an RRULE body such as ``FREQ=WEEKLY;BYDAY=MO`` (facts §15, [O 21])."""
    try:
        _rule(rule, start, zone_named(zone))
    except (ValueError, TypeError, KeyError):
        raise Invalid("recurrence_rule is not valid.") from None


def _rule(rule: str, start: int, zone: ZoneInfo):
    body = rule.strip().removeprefix("RRULE:")
    if "\n" in body or "DTSTART" in body.upper():
        raise ValueError("only the body of a rule")
    return rrulestr(f"RRULE:{_local_until(body, zone)}", dtstart=_wall(start, zone))


def _local_until(body: str, zone: ZoneInfo) -> str:
    """dateutil wants UNTIL as naive as DTSTART: turn a UTC one into the wall time of the series."""

    def to_wall(match: re.Match[str]) -> str:
        moment = datetime.strptime(match[1], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        return "UNTIL=" + moment.astimezone(zone).strftime("%Y%m%dT%H%M%S")

    return re.sub(r"UNTIL=(\d{8}T\d{6}Z)", to_wall, body, flags=re.I)


def _wall(seconds: int, zone: ZoneInfo) -> datetime:
    return datetime.fromtimestamp(seconds, zone).replace(tzinfo=None)


def _instant(wall: datetime, zone: ZoneInfo) -> int:
    return int(wall.replace(tzinfo=zone).timestamp())


def occurrences(series: Row, since: int, until: int) -> Iterator[Row]:
    """
    The occurrences of a series that touch `since`..`until`, as rows like the series but each with its own times.

    Each keeps the series' wall-clock time in the series' own zone (`[?]`: presumably start_at_time_zone, facts §15).
    Instants cut out (`excluded`, seconds) are left out: deleted occurrences, and moved ones, which have rows of their own.
    Ids of occurrences are `[?]`; here "<series id>-<start>", so that nobody takes them for numbers.
    """
    zone = zone_named(series["zone"])
    length = _wall(series["end"], zone) - _wall(series["start"], zone)
    first = _wall(since, zone) - length - timedelta(hours=2)
    gone = set(series["excluded"])
    for count, wall in enumerate(
        _rule(series["recurrence_rule"], series["start"], zone).xafter(first, inc=True)
    ):
        start = _instant(wall, zone)
        if start > until or count >= MOST:
            return
        end = _instant(wall + length, zone)
        if end >= since and start not in gone:
            yield series | {
                "start": start,
                "end": end,
                "key": f"{series['id']}-{start}",
                "parent_id": series["id"],
            }


def occurrence(series: Row, start: int) -> Row:
    """The one occurrence that starts at `start`; NotFound if the series has none there (any more)."""
    for found in occurrences(series, start, start):
        if found["start"] == start:
            return found
    raise NotFound()


def ended_before(series: Row, start: int) -> str | None:
    """The rule of the series cut off before `start`; None when nothing would be left."""
    if start <= series["start"]:
        return None
    zone = zone_named(series["zone"])
    kept = [
        part for part in series["recurrence_rule"].split(";") if not re.match(r"(?i)(until|count)=", part)
    ]
    last = _wall(start, zone) - timedelta(seconds=1)
    until = last.replace(tzinfo=zone).astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    return ";".join([*kept, f"UNTIL={until}"])


def window(first: int | None, last: int | None, now: int) -> tuple[int, int]:
    """What is expanded when `from` or `to` is missing: a year around now, since a series may have no end (inferred)."""
    year = 366 * 86_400
    since = first if first is not None else now - year
    until = last if last is not None else max(now, since) + year
    if until < since:
        raise BadRequest("to must not be before from.")
    return since, until
