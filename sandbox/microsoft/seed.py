"""Prepared worlds."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.microsoft import writing
from sandbox.microsoft.views import WALL
from sandbox.microsoft.world import Row, World

PASSWORD = "microsoft"
#: Days from today, hours from and until, what, and what else is to be said of it: Ben's, at the firm.
BEN: tuple[tuple[int, str, str, str, dict[str, Any]], ...] = (
    (0, "10:00", "11:00", "Partner call", {}),
    (0, "14:00", "15:30", "Deposition", {}),
    (1, "09:00", "10:00", "Invitation: bar committee", {"show_as": "tentative", "response": "notResponded"}),
    (1, "13:00", "14:00", "Lunch, if it happens", {"show_as": "tentative"}),
    (2, "08:30", "12:00", "County court", {"show_as": "oof"}),
    (3, "15:00", "16:00", "Drafting at home", {"show_as": "workingElsewhere"}),
    (4, "11:00", "12:00", "Optional webinar", {"show_as": "free"}),
    (6, "10:00", "11:00", "Vendor pitch", {"response": "declined"}),
)
#: Chloe's, at home.
CHLOE: tuple[tuple[int, str, str, str, dict[str, Any]], ...] = (
    (0, "17:30", "18:30", "Swimming", {}),
    (1, "12:00", "13:00", "Dentist", {}),
    (5, "08:00", "09:00", "School run", {}),
)


def account(
    world: World,
    email: str,
    name: str,
    *,
    kind: str = "work",
    time_zone: str = "America/Denver",
    needs_admin: bool = False,
) -> dict[str, Any]:
    """Add an account with its own calendar."""
    if kind not in ("work", "personal"):
        raise ValueError("an account is work or personal")
    row: Row = {
        "email": email.casefold(),
        "id": str(uuid.uuid4()) if kind == "work" else uuid.uuid4().hex[:16],
        "name": name,
        "kind": kind,
        "tenant": str(uuid.uuid5(uuid.NAMESPACE_DNS, email.split("@")[1])),
        "password": PASSWORD,
        "time_zone": time_zone,
        "needs_admin": needs_admin,
    }
    world["accounts"][row["email"]] = row
    made = calendar(world, row, "Calendar", default=True)
    return {"email": row["email"], "id": row["id"], "calendar_id": made["id"]}


def calendar(world: World, owner: Row, name: str, *, default: bool = False) -> Row:
    """Add a calendar."""
    row = {
        "id": world.new_id("AAMkCal"),
        "owner": owner["email"],
        "name": name,
        "default": default,
        "shared_with": {},
    }
    world["calendars"][row["id"]] = row
    world.version += 1
    return row


def bare(world: World) -> dict[str, Any]:
    """One account, nothing in its calendar."""
    return {"ben": account(world, "ben@hartvale.example", "Ben Vale")}


def demo(world: World) -> dict[str, Any]:
    """
    Ben at work, Chloe's personal account, Evan, whose organization wants an administrator's approval, and Alice, who lets
    Ben look at a calendar.
    """
    ben = account(world, "ben@hartvale.example", "Ben Vale")
    chloe = account(
        world, "chloe@outlook.example", "Chloe Okafor", kind="personal", time_zone="America/New_York"
    )
    evan = account(world, "evan@strictfirm.example", "Evan Stone", needs_admin=True)
    alice = account(world, "alice@hartvale.example", "Alice Hart")
    room = calendar(world, world.account(alice["email"]), "Meeting room")
    room["shared_with"][ben["email"]] = False
    for made, events, zone in ((ben, BEN, "America/Denver"), (chloe, CHLOE, "America/New_York")):
        for days, start, end, subject, columns in events:
            _event(world, made["calendar_id"], zone, days, start, end, subject, columns)
    _event(
        world,
        ben["calendar_id"],
        "America/Denver",
        -21,
        "08:30",
        "09:00",
        "Standup",
        {"rrule": "FREQ=WEEKLY;BYDAY=MO,WE"},
    )
    _event(
        world,
        ben["calendar_id"],
        "America/Denver",
        12,
        "00:00",
        "00:00",
        "Conference",
        {"all_day": True, "show_as": "oof"},
    )
    return {"ben": ben, "chloe": chloe, "evan": evan, "alice": alice, "read_only": room["id"]}


def _event(
    world: World,
    calendar_id: str,
    zone: str,
    days: int,
    start: str,
    end: str,
    subject: str,
    columns: dict[str, Any],
) -> None:
    day = world.clock.now().astimezone(ZoneInfo(zone)).date() + timedelta(days=days)
    begins, ends = (datetime.combine(day, time.fromisoformat(at)) for at in (start, end))
    if ends <= begins:
        ends += timedelta(days=1)
    row = writing.blank(world, calendar_id)
    row |= {
        "subject": subject,
        "zone": zone,
        "start": begins.strftime(WALL),
        "end": ends.strftime(WALL),
        **columns,
    }
    world["events"][row["id"]] = row
    writing.touch(world, row, "created")


SEEDS: dict[str, Callable[[World], dict[str, Any]]] = {"demo": demo, "bare": bare}
