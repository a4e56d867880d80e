"""The API below /v1.0: who is asked for what, lists and their pages, the delta of a calendar view."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from sandbox.microsoft import subscriptions, views, writing
from sandbox.microsoft.errors import Refused, invalid, missing
from sandbox.microsoft.world import Row, World

PREFIX = "/v1.0"
#: Rows of a page of a delta, when nobody says, and the most there are whatever is said.
DELTA_PAGE, MOST_ROWS = 50, 500
FILTER = re.compile(
    r"singleValueExtendedProperties/Any\(ep: ep/id eq '((?:[^']|'')*)' and ep/value eq '((?:[^']|'')*)'\)",
    re.IGNORECASE,
)
EXPAND = re.compile(r"singleValueExtendedProperties\(\$filter=id eq '((?:[^']|'')*)'\)")


@dataclass
class Call:
    """One request of one account."""

    world: World
    account: Row
    method: str
    path: str
    args: dict[str, str]
    body: bytes
    prefer: str
    if_match: str

    @property
    def zone(self) -> str:
        match = re.search(r'outlook\.timezone="([^"]+)"', self.prefer)
        return match[1] if match else "UTC"

    def data(self) -> dict[str, Any]:
        try:
            found = json.loads(self.body or b"{}")
        except ValueError:
            raise invalid("The body is not JSON.") from None
        if not isinstance(found, dict):
            raise invalid("The body is not an object.")
        return found


Answer = tuple[int, dict[str, Any] | None]


def answer(call: Call) -> Answer:
    """Carry out a request. Raises `Refused`."""
    path = call.path.removeprefix(PREFIX)
    for method, pattern, function in ROUTES:
        match = re.fullmatch(pattern, path)
        if match and method == call.method:
            if function in UNLOCKED:
                return function(call, *match.groups())
            with call.world.lock:
                return function(call, *match.groups())
    raise Refused(404, "ResourceNotFound", "Resource not found for the segment.")


# --- accounts and calendars ----------------------------------------------------------------------------------------


def _me(call: Call) -> Answer:
    a = call.account
    mail = None if a["kind"] == "personal" else a["email"]
    whole = {"id": a["id"], "mail": mail, "userPrincipalName": a["email"], "displayName": a["name"]}
    return 200, _chosen(call, whole)


def _calendars(call: Call) -> Answer:
    world, me = call.world, call.account
    shown = []
    for row in world["calendars"].values():
        if row["owner"] != me["email"] and me["email"] not in row["shared_with"]:
            continue
        owner = world["accounts"][row["owner"]]
        shown.append(
            {
                "id": row["id"],
                "name": row["name"],
                "color": "auto",
                "isDefaultCalendar": row["default"] and row["owner"] == me["email"],
                "changeKey": "1",
                "canShare": row["owner"] == me["email"],
                "canViewPrivateItems": row["owner"] == me["email"],
                "canEdit": world.may_edit(me, row),
                "owner": {"name": owner["name"], "address": owner["email"]},
            }
        )
    return _listed(call, [_chosen(call, one) for one in shown], 10)


# --- lists ---------------------------------------------------------------------------------------------------------


def _window(call: Call) -> tuple[datetime, datetime]:
    try:
        start, end = (datetime.fromisoformat(call.args[name]) for name in ("startDateTime", "endDateTime"))
    except (KeyError, ValueError):
        raise invalid("startDateTime and endDateTime are required, in ISO 8601.") from None
    start, end = ((at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC) for at in (start, end))
    if end <= start or (end - start).days > 1825:
        raise invalid("The window is empty, or longer than 1825 days.")
    return start, end


def _view(call: Call, calendar_id: str) -> Answer:
    calendar = call.world.reach(call.account, calendar_id)
    found = views.rows_in(call.world, calendar["id"], *_window(call))
    return _listed(call, [_shown(call, row, wall) for row, wall in found], 10)


def _instances(call: Call, calendar_id: str, event_id: str) -> Answer:
    row, wall = writing.found(call.world, call.account, event_id, calendar_id)
    if not row["rrule"] or wall:
        raise invalid("Only a series has instances.")
    found = views.occurrences(row, *_window(call))
    return _listed(call, [_shown(call, one, when) for when, one in found], 10)


def _events(call: Call, calendar_id: str) -> Answer:
    calendar = call.world.reach(call.account, calendar_id)
    rows: Iterable[Row] = [r for r in call.world["events"].values() if r["calendar"] == calendar["id"]]
    if text := call.args.get("$filter"):
        match = FILTER.fullmatch(text)
        if match is None:
            raise invalid("This sandbox filters by one extended property only.")
        name, value = (part.replace("''", "'") for part in match.groups())
        rows = [row for row in rows if row["properties"].get(name) == value]
    return _listed(call, [_shown(call, row, None) for row in rows], 10)


def _listed(call: Call, rows: list[dict[str, Any]], usual: int) -> Answer:
    top, skip = call.args.get("$top", str(usual)), call.args.get("$skip", "0")
    if not (top.isdecimal() and 0 < int(top) <= 1000 and skip.isdecimal()):
        raise invalid("$top is 1 to 1000.")
    first, until = int(skip), int(skip) + min(int(top), call.world.most_rows)
    body: dict[str, Any] = {"@odata.context": _link(call, "/$metadata"), "value": rows[first:until]}
    if until < len(rows):
        body["@odata.nextLink"] = _link(
            call, call.path.removeprefix(PREFIX), {**call.args, "$skip": str(until)}
        )
    return 200, body


def _link(call: Call, path: str, args: dict[str, str] | None = None) -> str:
    query = "&".join(f"{name}={quote(value, safe='')}" for name, value in (args or {}).items())
    return f"{call.world.url}{PREFIX}{path}{'?' if query else ''}{query}"


def _shown(call: Call, row: Row, wall: datetime | None) -> dict[str, Any]:
    whole = views.event(call.world, row, call.zone, wall=wall)
    shown = _chosen(call, whole)
    if text := call.args.get("$expand"):
        match = EXPAND.fullmatch(text)
        if match is None:
            raise invalid("This sandbox expands one extended property only.")
        name = match[1].replace("''", "'")
        if name in row["properties"]:
            shown["singleValueExtendedProperties"] = [{"id": name, "value": row["properties"][name]}]
    return shown


def _chosen(call: Call, whole: dict[str, Any]) -> dict[str, Any]:
    if not (text := call.args.get("$select")):
        return dict(whole)
    names = text.split(",")
    if wrong := [name for name in names if name not in whole]:
        raise Refused(400, "BadRequest", f"Could not find a property named '{wrong[0]}'.")
    return {name: value for name, value in whole.items() if name in {"id", "@odata.etag", *names}}


# --- single events -------------------------------------------------------------------------------------------------


def _event(call: Call, *ids: str) -> Answer:
    row, wall = writing.found(call.world, call.account, ids[-1], ids[0] if len(ids) == 2 else "")
    return 200, _one(call, row, wall)


def _one(call: Call, row: Row, wall: str) -> dict[str, Any]:
    if not wall:
        return _shown(call, row, None)
    when = datetime.fromisoformat(wall)
    at = views.utc(wall, row["zone"])
    near = views.occurrences(row, at.replace(year=at.year - 1), at.replace(year=at.year + 1))
    for one, changed in near:
        if one == when:
            return _shown(call, changed, one)
    raise missing()


def _create(call: Call, calendar_id: str) -> Answer:
    row = writing.create(call.world, call.account, calendar_id, call.data())
    return 201, _shown(call, row, None)


def _change(call: Call, *ids: str) -> Answer:
    calendar = ids[0] if len(ids) == 2 else ""
    row, wall = writing.change(call.world, call.account, ids[-1], call.data(), calendar, call.if_match)
    return 200, _one(call, row, wall)


def _delete(call: Call, *ids: str) -> Answer:
    calendar = ids[0] if len(ids) == 2 else ""
    writing.delete(call.world, call.account, ids[-1], calendar, call.if_match)
    return 204, None


# --- the delta -----------------------------------------------------------------------------------------------------


def _delta(call: Call, calendar_id: str) -> Answer:
    world, me = call.world, call.account
    calendar = world.reach(me, calendar_id)
    if wrong := {"$select", "$filter", "$expand", "$orderby", "$search"} & set(call.args):
        raise invalid(f"{', '.join(sorted(wrong))} cannot be used in a delta of a calendar view.")
    if "$skiptoken" in call.args:
        page = world.pages.pop(call.args["$skiptoken"], None)
        if page is None or page["calendar"] != calendar["id"]:
            raise _lost()
        return _page(call, page["rows"], page["token"])
    if "$deltatoken" in call.args:
        token = world["tokens"].get(call.args["$deltatoken"])
        if token is None or token["calendar"] != calendar["id"] or token["account"] != me["email"]:
            raise _lost()
        start, end = (datetime.fromisoformat(token[name]) for name in ("start", "end"))
        rows = _changed(call, calendar["id"], start, end, token["version"])
    else:
        start, end = _window(call)
        rows = _all(call, calendar["id"], start, end)
    version = world.version
    name = world.new_id("delta").strip("=")
    world["tokens"][name] = {
        "calendar": calendar["id"],
        "account": me["email"],
        "start": start.isoformat(),
        "end": end.isoformat(),
        "version": version,
    }
    return _page(call, rows, name)


def _lost() -> Refused:
    return Refused(
        410, "SyncStateNotFound", "The sync state generation is not found; continuing needs a full sync."
    )


def _page(call: Call, rows: list[dict[str, Any]], token: str) -> Answer:
    world = call.world
    match = re.search(r"odata\.maxpagesize=(\d+)", call.prefer)
    size = min(int(match[1]) if match else DELTA_PAGE, MOST_ROWS, world.most_rows)
    body: dict[str, Any] = {"@odata.context": _link(call, "/$metadata"), "value": rows[:size]}
    path = call.path.removeprefix(PREFIX)
    if len(rows) > size:
        name = world.new_id("skip").strip("=")
        world.pages[name] = {"calendar": path.split("/")[3], "rows": rows[size:], "token": token}
        body["@odata.nextLink"] = _link(call, path) + f"?$skiptoken={name}"
    else:
        body["@odata.deltaLink"] = _link(call, path) + f"?$deltatoken={token}"
    return 200, body


def _all(call: Call, calendar_id: str, start: datetime, end: datetime) -> list[dict[str, Any]]:
    world, found = call.world, []
    for row in list(world["events"].values()):
        if row["calendar"] == calendar_id:
            told = world.quirks["early_masters"] == "told" or views.utc(row["start"], row["zone"]) >= start
            found += _as_told(call, row, start, end, master=told)
    return found


def _changed(
    call: Call, calendar_id: str, start: datetime, end: datetime, since: int
) -> list[dict[str, Any]]:
    world, found = call.world, []
    touched = {e: series for version, c, e, series in world.changes if version > since and c == calendar_id}
    for event_id, series in touched.items():
        row = world["events"].get(event_id)
        told = _as_told(call, row, start, end, master=True) if row is not None else []
        if not told:
            told = [_removed(event_id)]
            if series and world.quirks["removed_occurrences"] == "told":
                told += [_removed(f"{event_id.rstrip('=')}{views.JOINT}20260101T090000=")]
        found += told
    return found


def _removed(event_id: str) -> dict[str, Any]:
    return {"@odata.type": "#microsoft.graph.event", "id": event_id, "@removed": {"reason": "deleted"}}


def _as_told(call: Call, row: Row, start: datetime, end: datetime, *, master: bool) -> list[dict[str, Any]]:
    """A single event whole; of a series the master whole, its occurrences barely, its exceptions whole."""
    world, zone, mark = call.world, call.zone, {"@odata.type": "#microsoft.graph.event"}
    if not row["rrule"]:
        return [mark | views.event(world, row, zone)] if views.overlaps(row, start, end) else []
    found = []
    for wall, one in views.occurrences(row, start, end):
        changed = wall.strftime(views.WALL) in row["exceptions"]
        shown = views.event(world, one, zone, wall=wall) if changed else views.bare(world, one, zone, wall)
        found.append(mark | shown)
    if found and master:
        found.insert(0, mark | views.event(world, row, zone))
    return found


# --- subscriptions -------------------------------------------------------------------------------------------------


def _subscribe(call: Call) -> Answer:
    row = subscriptions.create(call.world, call.account, call.data())
    return 201, subscriptions.shown(call.world, row)


def _subscription(call: Call, subscription_id: str) -> Answer:
    return 200, subscriptions.shown(call.world, subscriptions.find(call.world, call.account, subscription_id))


def _renew(call: Call, subscription_id: str) -> Answer:
    row = subscriptions.find(call.world, call.account, subscription_id)
    return 200, subscriptions.shown(call.world, subscriptions.renew(call.world, row, call.data()))


def _unsubscribe(call: Call, subscription_id: str) -> Answer:
    row = subscriptions.find(call.world, call.account, subscription_id)
    del call.world["subscriptions"][row["id"]]
    call.world.version += 1
    return 204, None


CALENDAR = "/me/calendars/([^/]+)"
Route = Callable[..., Answer]
ROUTES: tuple[tuple[str, str, Route], ...] = (
    ("GET", "/me", _me),
    ("GET", "/me/calendars", _calendars),
    ("GET", f"{CALENDAR}/calendarView", _view),
    ("GET", f"{CALENDAR}/calendarView/delta", _delta),
    ("GET", f"{CALENDAR}/events", _events),
    ("POST", f"{CALENDAR}/events", _create),
    ("GET", f"{CALENDAR}/events/([^/]+)/instances", _instances),
    ("GET", f"{CALENDAR}/events/([^/]+)", _event),
    ("PATCH", f"{CALENDAR}/events/([^/]+)", _change),
    ("DELETE", f"{CALENDAR}/events/([^/]+)", _delete),
    ("GET", "/me/events/([^/]+)", _event),
    ("PATCH", "/me/events/([^/]+)", _change),
    ("DELETE", "/me/events/([^/]+)", _delete),
    ("POST", "/subscriptions", _subscribe),
    ("GET", "/subscriptions/([^/]+)", _subscription),
    ("PATCH", "/subscriptions/([^/]+)", _renew),
    ("DELETE", "/subscriptions/([^/]+)", _unsubscribe),
)
#: These ask somebody else something while they are at it, who may be asking us.
UNLOCKED = frozenset({_subscribe, _renew})
