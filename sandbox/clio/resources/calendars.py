"""Calendars and event types (facts §15)."""

from __future__ import annotations

from typing import Any

from sandbox.clio import attributes as a
from sandbox.clio import visibility
from sandbox.clio.context import Context
from sandbox.clio.errors import Forbidden
from sandbox.clio.resources.resource import Resource, column, equals, is_true
from sandbox.clio.store import Row

COLORS = [
    "#367B9C",
    "#FFA5A4",
    "#83D17F",
    "#FFAC7B",
    "#8E3F64",
    "#C75300",
    "#009CEC",
    "#62D6B1",
    "#9EEDCB",
    "#F9A2C4",
    "#616161",
    "#BBDA81",
    "#DFD3F8",
    "#D6C4A5",
    "#FFD478",
    "#6AC9DE",
    "#EABBB0",
    "#BFC2E1",
    "#DADADA",
    "#CDE2F5",
]
LIGHT_COLORS = [
    "#5DA5C7",
    "#F95957",
    "#209412",
    "#FF7715",
    "#DE649D",
    "#FF6B02",
    "#56C4FC",
    "#00B177",
    "#50D19B",
    "#F14A8C",
    "#A3A2A2",
    "#84AB3B",
    "#B091EE",
    "#BD9E69",
    "#F2A000",
    "#00A5CA",
    "#CB5A3D",
    "#959CD0",
    "#B0B0B0",
    "#7BA6CD",
]


class Calendars(Resource):
    path = table = "calendars"
    shape = "Calendar"
    required = ("name",)
    orders = {"id": column("id"), "name": column("name")}
    filters = {
        "type": equals("type"),
        "owner": is_true(lambda ctx, row: visibility.permission_on(ctx, row) == "owner"),
        "writeable": is_true(visibility.may_write_to),
        "visible": is_true(lambda ctx, row: row["visible"]),
        "source": equals("source"),
        "filter_inactive_users": lambda ctx, value, args: (
            lambda row: (
                value != "true"
                or row["type"] != "UserCalendar"
                or (ctx.get("users", row["creator_id"]) or {}).get("enabled", True)
            )
        ),
    }
    defaults = {
        "type": "AdhocCalendar",
        "color": COLORS[0],
        "light_color": LIGHT_COLORS[0],
        "visible": True,
        "source": "web",
        "court_rules_default_calendar": False,
        "shares": {},
        # What users not named in `shares` may do.
        "everyone": "none",
    }
    attributes = {
        "name": a.text,
        "color": a.colour(tuple(COLORS)),
        "visible": a.flag,
        "source": a.words("web", "mobile"),
    }

    def visible(self, ctx: Context, row: Row) -> bool:
        if ctx.quirk("list_calendars_without_permission"):
            return True
        return visibility.permission_on(ctx, row) != "none"

    def check(self, ctx: Context, row: Row, before: Row | None, data: dict[str, Any]) -> None:
        row["light_color"] = LIGHT_COLORS[COLORS.index(row["color"])]
        if before is not None and visibility.permission_on(ctx, before) != "owner":
            raise Forbidden("Only its owner may change a calendar.")

    def may_delete(self, ctx: Context, row: Row) -> None:
        if visibility.permission_on(ctx, row) != "owner" or row["type"] != "AdhocCalendar":
            raise Forbidden("Only its owner may delete a calendar, and only one made by hand.")

    def deleted(self, ctx: Context, row: Row) -> None:
        for entry in list(ctx.store["calendar_entries"].of(ctx.account_id)):
            if entry["calendar_id"] == row["id"]:
                ctx.store["calendar_entries"].remove(entry["id"])


class EventTypes(Resource):
    path = "calendar_entry_event_types"
    table = "event_types"
    shape = "CalendarEntryEventType"
    required = ("name", "color")
    attributes = {"name": a.text, "color": a.colour(tuple(COLORS))}
