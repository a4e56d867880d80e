"""Prepared worlds."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.exchange import ews
from sandbox.exchange.views import WALL
from sandbox.exchange.world import Row, World

PASSWORD = "exchange"
#: Days from today, hours from and until, what, and what else is to be said of it.
DANA: tuple[tuple[int, str, str, str, dict[str, Any]], ...] = (
    (0, "10:00", "11:00", "Partner call", {}),
    (
        1,
        "09:00",
        "10:00",
        "Invitation: bar committee",
        {"shown": "Tentative", "response": "NoResponseReceived"},
    ),
    (1, "13:00", "14:00", "Lunch, if it happens", {"shown": "Tentative"}),
    (2, "08:30", "12:00", "County court", {"shown": "OOF"}),
    (3, "15:00", "16:00", "Drafting at home", {"shown": "WorkingElsewhere"}),
    (4, "11:00", "12:00", "Optional webinar", {"shown": "Free"}),
    (-21, "08:30", "09:00", "Standup", {"rrule": "FREQ=WEEKLY;BYDAY=MO,WE"}),
    (12, "00:00", "00:00", "Conference", {"all_day": True, "shown": "OOF"}),
)
#: Folders every mailbox has: fixed name, name shown, class.
FIXED = (
    ("msgfolderroot", "Top of Information Store", "IPF.Note"),
    ("calendar", "Calendar", "IPF.Appointment"),
    ("deleteditems", "Deleted Items", "IPF.Note"),
)


def account(world: World, username: str, password: str = PASSWORD) -> dict[str, Any]:
    """Add an account with its folders."""
    row: Row = {"username": username.casefold(), "password": password, "revoked": False}
    world["accounts"][row["username"]] = row
    ids: dict[str, str] = {}
    for fixed, name, kind in FIXED:
        made = folder(world, row, name, fixed=fixed, kind=kind, parent=ids.get("msgfolderroot", ""))
        ids[fixed] = made["id"]
    return {"username": row["username"], "password": password, "calendar_id": ids["calendar"]}


def folder(
    world: World,
    owner: Row,
    name: str,
    *,
    fixed: str = "",
    kind: str = "IPF.Appointment",
    may_write: bool = True,
    parent: str = "",
) -> Row:
    """Add a folder."""
    row = {
        "id": world.new_id(),
        "owner": owner["username"],
        "name": name,
        "fixed": fixed,
        "class": kind,
        "may_write": may_write,
        "parent": parent,
    }
    world["folders"][row["id"]] = row
    world.version += 1
    return row


def bare(world: World) -> dict[str, Any]:
    """One account, nothing in its calendar."""
    return {"dana": account(world, "dana@hartvale.example")}


def demo(world: World) -> dict[str, Any]:
    """Dana with a week of work, and a calendar of the firm's holidays that can only be read."""
    made = account(world, "dana@hartvale.example")
    holidays = folder(world, world.account(made["username"]), "Firm holidays", may_write=False)
    zone = "America/Denver"
    today = world.clock.now().astimezone(ZoneInfo(zone)).date()
    for days, start, end, subject, columns in DANA:
        begins, ends = (
            datetime.combine(today + timedelta(days=days), time.fromisoformat(at)) for at in (start, end)
        )
        if ends <= begins:
            ends += timedelta(days=1)
        row = ews.blank(world, made["calendar_id"])
        times = {"start": begins.strftime(WALL), "end": ends.strftime(WALL)}
        world["items"][row["id"]] = row | {"subject": subject, "zone": zone, **times, **columns}
    return {"dana": made, "read_only": holidays["id"]}


SEEDS: dict[str, Callable[[World], dict[str, Any]]] = {"demo": demo, "bare": bare}
