"""Prepared worlds: the demo firm's Google accounts, or two bare ones."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from sandbox.google.control import Control
    from sandbox.google.world import Row, World

PEOPLE = (
    ("alice@hartvale.example", "Alice Hart", "America/Denver"),
    ("ben@hartvale.example", "Ben Vale", "America/New_York"),
    ("chloe@hartvale.example", "Chloe Okafor", "Europe/London"),
)
#: Working days from today, start, end (hours and minutes on the owner's clock), what, and what else is said of it.
BUSY: tuple[tuple[int, tuple[int, int], tuple[int, int], str, dict[str, Any]], ...] = (
    (0, (12, 0), (13, 0), "Lunch", {}),
    (1, (9, 30), (10, 15), "Call with the bank", {}),
    (1, (15, 0), (16, 0), "Maybe: panel discussion", {"status": "tentative"}),
    (2, (8, 30), (9, 30), "Dentist", {"visibility": "private"}),
    (3, (13, 30), (14, 30), "Read the trade press", {"transparency": "transparent"}),
    (4, (11, 0), (12, 0), "Depositions, preparation", {}),
    (6, (14, 0), (15, 30), "Visit at the court", {}),
)


def demo(world: World, control: Control) -> dict[str, Any]:
    """Three lawyers with a calendar of their own, a family's calendar each, and the court's, which they only read."""
    for email, name, zone in PEOPLE:
        control.add_account(email, name, zone)
    control.add_account("clerk@court.example", "The Clerk", "America/Denver")
    court = control.add_calendar("clerk@court.example", "Court calendar")
    families = {}
    for email, name, zone in PEOPLE:
        control.share_calendar(court, email, "reader")
        families[email] = control.add_calendar(email, f"Family {name.split()[1]}", zone)
        _fill(world, control, email, zone, families[email])
    day = _working_day(world, "America/Denver", 5)
    control.create_entry(
        "clerk@court.example",
        court,
        summary="Court closed",
        start={"date": day.isoformat()},
        end={"date": (day + timedelta(days=1)).isoformat()},
    )
    return {"court": court, "families": families}


def bare(world: World, control: Control) -> dict[str, Any]:
    """Alice and Ben, with nothing in their calendars."""
    for email, name, zone in PEOPLE[:2]:
        control.add_account(email, name, zone)
    return {"accounts": [email for email, _, _ in PEOPLE[:2]]}


SEEDS: dict[str, Callable[[World, Control], dict[str, Any]]] = {"demo": demo, "bare": bare}


def _fill(world: World, control: Control, email: str, zone: str, family: str) -> None:
    for days, start, end, summary, more in BUSY:
        day = _working_day(world, zone, days)
        control.create_entry(
            email, summary=summary, start=_at(day, start, zone), end=_at(day, end, zone), **more
        )
    today = _working_day(world, zone, 0)
    monday = today - timedelta(days=today.weekday() + 7)
    control.create_entry(
        email,
        summary="Team meeting",
        start=_at(monday, (9, 0), zone),
        end=_at(monday, (9, 30), zone),
        recurrence=["RRULE:FREQ=WEEKLY;BYDAY=MO"],
    )
    control.create_entry(
        email,
        family,
        summary="School run",
        start=_at(monday + timedelta(days=1), (8, 0), zone),
        end=_at(monday + timedelta(days=1), (8, 30), zone),
        recurrence=["RRULE:FREQ=WEEKLY;BYDAY=TU,TH"],
    )


def _working_day(world: World, zone: str, ahead: int) -> date:
    day = world.now().astimezone(ZoneInfo(zone)).date()
    while day.weekday() > 4:
        day += timedelta(days=1)
    for _ in range(ahead):
        day += timedelta(days=3 if day.weekday() == 4 else 1)
    return day


def _at(day: date, at: tuple[int, int], zone: str) -> dict[str, str]:
    local = datetime.combine(day, time(*at), ZoneInfo(zone))
    return {"dateTime": local.isoformat(), "timeZone": zone}


def bulk(world: World, calendar: Row, count: int) -> int:
    """Plain events one after the other, without notifications. The lock is held."""
    first = (world.now().astimezone(UTC) + timedelta(days=1)).replace(minute=0, second=0, microsecond=0)
    for number in range(count):
        start = first + timedelta(minutes=15 * number)
        rev = world.next()
        calendar["events"][f"bulk{rev}"] = {
            "kind": "calendar#event",
            "etag": f'"{3_500_000_000_000_000 + rev}"',
            "id": f"bulk{rev}",
            "status": "confirmed",
            "created": world.stamp(),
            "updated": world.stamp(),
            "iCalUID": f"bulk{rev}@google.com",
            "sequence": 0,
            "reminders": {"useDefault": True},
            "eventType": "default",
            "summary": f"Entry {number}",
            "start": {"dateTime": start.isoformat(), "timeZone": "UTC"},
            "end": {"dateTime": (start + timedelta(minutes=10)).isoformat(), "timeZone": "UTC"},
            "_rev": rev,
        }
    return count
