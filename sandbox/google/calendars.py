"""The calendars an account has in its list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.google.listing import page_of

if TYPE_CHECKING:
    from sandbox.google.api import Call
    from sandbox.google.world import Row, World


def all(world: World, account: Row, call: Call, at: dict[str, str]) -> dict[str, Any]:
    rows = [_entry(world, account, row) for row in world.tables["calendars"].values()]
    rows = [row for row in rows if row["accessRole"] != "none"]
    items, following = page_of(rows, call, 100, 250)
    answer: dict[str, Any] = {"kind": "calendar#calendarList", "etag": f'"p{world.version}"', "items": items}
    return answer | ({"nextPageToken": following} if following else {"nextSyncToken": "not-kept="})


def one(world: World, account: Row, call: Call, at: dict[str, str]) -> dict[str, Any]:
    return _entry(world, account, world.calendar(account, at["calendar"], "freeBusyReader"))


def _entry(world: World, account: Row, row: Row) -> dict[str, Any]:
    entry = {
        "kind": "calendar#calendarListEntry",
        "etag": f'"{len(row["roles"])}"',
        "id": row["id"],
        "summary": row["summary"],
        "timeZone": row["timeZone"],
        "colorId": "14",
        "selected": True,
        "accessRole": world.role(account, row),
        "defaultReminders": [{"method": "popup", "minutes": 10}],
    }
    if row["id"] == account["email"]:
        return entry | {"primary": True}
    return entry | ({"dataOwner": row["owner"]} if row["id"] != row["owner"] else {})
