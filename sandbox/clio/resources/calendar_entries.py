"""Calendar entries: single, all-day and repeating, with their exceptions (facts §15)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sandbox.clio import attributes as a
from sandbox.clio import paging, recurrence, visibility
from sandbox.clio.context import Context, zone_named
from sandbox.clio.errors import Forbidden, Invalid, NotFound
from sandbox.clio.resources.resource import (
    Keep,
    Resource,
    contains,
    equals,
    id_or_null,
    instant,
    is_true,
    number,
    truth,
)
from sandbox.clio.store import Row

#: Most external properties on an entry.
MOST_PROPERTIES = 5


def _attendees(ctx: Context, name: str, value: Any) -> dict[str, Any]:
    """``[{id, type: Calendar|Contact, _destroy}]``: firm users are calendars, others contacts; no free addresses."""
    if not isinstance(value, list):
        raise Invalid(f"{name} must be a list.")

    def merged(current: list[Row] | None) -> list[Row]:
        found = [dict(item) for item in current or []]
        for item in value:
            kind, row_id = item.get("type"), item.get("id")
            table = {"Calendar": "calendars", "Contact": "contacts"}.get(kind)
            if table is None or ctx.get(table, row_id) is None:
                raise Invalid(f"attendees: {kind} with id {row_id} could not be found.")
            found = [other for other in found if (other["type"], other["id"]) != (kind, row_id)]
            if not item.get("_destroy"):
                found.append({"type": kind, "id": row_id})
        return found

    return {name: merged}


def _rule(ctx: Context, name: str, value: Any) -> dict[str, Any]:
    return {name: value or None}


def _instant_as(column: str) -> a.Reader:
    return lambda ctx, name, value: {column: a.seconds_of(ctx, name, value)}


_PROPERTY = a.items({"name": a.text, "value": a.text})


def _text(ctx: Context, row: Row) -> str:
    if visibility.is_redacted(ctx, row):
        return ""
    return " ".join(row[c] or "" for c in ("summary", "description", "location")).casefold()


def _on_calendar(ctx: Context, value: str, args: Mapping[str, str]) -> Keep:
    wanted = number(value)
    return lambda row: (
        row["calendar_id"] == wanted
        or any(x["type"] == "Calendar" and x["id"] == wanted for x in row["attendees"])
    )


def _property(part: str) -> Any:
    """Name and value must be met by the same property when both are given."""

    def make(ctx: Context, value: str, args: Mapping[str, str]) -> Keep:
        name, wanted = args.get("external_property_name"), args.get("external_property_value")
        return lambda row: any(
            (not name or p["name"] == name) and (not wanted or p["value"] == wanted)
            for p in row["external_properties"]
        )

    return make


class CalendarEntries(Resource):
    path = table = "calendar_entries"
    shape = "CalendarEntry"
    model = "calendar_entry"
    required = ("summary", "start_at", "end_at", "calendar_owner")
    filters = {
        "calendar_id": _on_calendar,
        "matter_id": id_or_null("matter_id"),
        "query": contains(_text),
        "is_all_day": is_true(lambda ctx, row: row["all_day"]),
        "external_property_name": _property("name"),
        "external_property_value": _property("value"),
        "has_court_rule": is_true(lambda ctx, row: False),
        "source": equals("source"),
        "visible": lambda ctx, value, args: (
            lambda row: (ctx.get("calendars", row["calendar_id"]) or {}).get("visible") == truth(value)
        ),
    }
    defaults = {
        **dict.fromkeys(
            ["description", "location", "matter_id", "event_type_id", "recurrence_rule", "parent_id"]
        ),
        "all_day": False,
        "attendees": [],
        "external_properties": [],
        # Starts of occurrences that are deleted or have moved away.
        "excluded": [],
        "private": False,
        "source": "web",
    }
    attributes = {
        "summary": a.text,
        "description": a.text,
        "location": a.text,
        "start_at": _instant_as("start"),
        "end_at": _instant_as("end"),
        "all_day": a.flag,
        "calendar_owner": a.ref("calendars", "calendar_id", nullable=False),
        "matter": a.ref("matters", "matter_id"),
        "calendar_entry_event_type": a.ref("event_types", "event_type_id"),
        "attendees": _attendees,
        "recurrence_rule": _rule,
        "external_properties": _PROPERTY,
        "send_email_notification": a.ignored,
        "conference_meeting": a.ignored,
        "_deleted": a.ignored,
    }

    # --- reading ---------------------------------------------------------------------------------------------------

    def visible(self, ctx: Context, row: Row) -> bool:
        return visibility.permission_on_entry(ctx, row) != "none"

    def find(self, ctx: Context, row_id: str) -> Row:
        """An entry by its id, or an occurrence by "<series id>-<start>"."""
        series_id, dash, start = row_id.partition("-")
        row = super().find(ctx, series_id)
        if not dash:
            return row
        if not row["recurrence_rule"] or not start.isdigit():
            raise NotFound()
        return recurrence.occurrence(row, int(start))

    def page(self, ctx: Context, args: Mapping[str, str], lists: Mapping[str, list[str]]) -> paging.Page:
        first = instant(ctx, "from", args["from"]) if args.get("from") else None
        last = instant(ctx, "to", args["to"]) if args.get("to") else None
        keep = self._keep(ctx, args, lists)
        if "calendar_id" not in args and ctx.quirk("entries_without_calendar") == "own":
            own = str(ctx.user["default_calendar_id"])
            keep = _both(keep, _on_calendar(ctx, own, args))
        in_time = _overlap(first, last)
        limit = paging.limit_of(args, self.max_limit)
        table = ctx.store[self.table]
        if not truth(args.get("expanded", "")):
            walk = lambda after: table.of(ctx.account_id, after=after)  # noqa: E731
            keep = _both(keep, in_time)
            if "offset" in args:
                return paging.by_offset([row for row in walk(None) if keep(row)], args, limit)
            return paging.by_cursor(walk, keep, args, limit)
        since, until = recurrence.window(first, last, ctx.now)
        found: list[Row] = []
        for row in table.of(ctx.account_id):
            if row["recurrence_rule"]:
                if row["start"] <= until and keep(row):
                    found += recurrence.occurrences(row, since, until)
            elif in_time(row) and keep(row):
                found.append(row)
        found.sort(key=lambda row: (row["start"], row["id"]))
        return paging.by_position(found, args, limit)

    # --- writing ---------------------------------------------------------------------------------------------------

    def create(self, ctx: Context, data: dict[str, Any]) -> Row:
        row = super().create(ctx, data)
        self._notify(ctx, row, data)
        return row

    def check(self, ctx: Context, row: Row, before: Row | None, data: dict[str, Any]) -> None:
        for calendar_id in {row["calendar_id"], before["calendar_id"] if before else row["calendar_id"]}:
            calendar = ctx.get("calendars", calendar_id)
            if calendar is None or not visibility.may_write_to(ctx, calendar):
                raise Forbidden("You do not have permission to write to this calendar.")
        if not (row["summary"] or "").strip():
            raise Invalid("summary can't be blank.")
        if before is None:
            row["zone"] = ctx.user["time_zone"]
        if len(row["external_properties"]) > MOST_PROPERTIES:
            raise Invalid(f"At most {MOST_PROPERTIES} external properties are allowed.")
        if row["all_day"] and ("start_at" in data or "end_at" in data or "all_day" in data):
            row["start"], row["end"] = _whole_days(ctx, row)
        if row["end"] < row["start"]:
            raise Invalid("end_at must not be before start_at.")
        if row["recurrence_rule"]:
            recurrence.check(row["recurrence_rule"], row["start"], row["zone"])

    def update(self, ctx: Context, row: Row, data: dict[str, Any], if_match: str | None = None) -> Row:
        """An occurrence of a series becomes an entry of its own; a whole series loses its individual edits."""
        deleted = data.get("_deleted")
        if deleted not in (None, "single", "future"):
            raise Invalid(f"{deleted!r} is not a valid _deleted.")
        if deleted:
            return self._delete_part(ctx, row, deleted)
        if "key" in row:
            return self._detach(ctx, row, data)
        timed = row["recurrence_rule"] and {"start_at", "end_at", "recurrence_rule", "all_day"} & data.keys()
        row = super().update(ctx, row, data, if_match)
        if timed:
            self._forget_exceptions(ctx, row)
        self._notify(ctx, row, data)
        return row

    def _delete_part(self, ctx: Context, row: Row, part: str) -> Row:
        """`_deleted`: "single" takes out one occurrence, "future" that one and all after it (`[?]`, facts §15)."""
        series = ctx.store[self.table].get(row["id"])
        assert series is not None
        self.check(ctx, dict(series), series, {})
        if part == "single" or not series["recurrence_rule"]:
            self._exclude(ctx, series, row["start"])
        elif (rule := recurrence.ended_before(series, row["start"])) is None:
            self.delete(ctx, series)
        else:
            self.replace(ctx, series, series | {"recurrence_rule": rule})
        return row

    def _detach(self, ctx: Context, found: Row, data: dict[str, Any]) -> Row:
        """Change one occurrence: cut it out of the series and make it an exception with the series as its parent."""
        series = ctx.store[self.table].get(found["id"])
        assert series is not None
        copied = {
            k: v
            for k, v in found.items()
            if k not in ("id", "key", "etag", "rev", "created_at", "updated_at")
        }
        copied |= {"recurrence_rule": None, "excluded": [], "parent_id": series["id"]}
        copied["external_properties"] = [
            ctx.store.new_row(ctx.account_id, ctx.now, name=p["name"], value=p["value"], primary=False)
            for p in found["external_properties"]
        ]
        row = ctx.store.new_row(at=ctx.now, **copied)
        before = dict(row)
        self.apply(ctx, row, {k: v for k, v in data.items() if k != "recurrence_rule"})
        self.check(ctx, row, before, data)
        self._exclude(ctx, series, found["start"])
        ctx.store[self.table].add(row)
        ctx.world.webhooks.created(ctx, self, row)
        return row

    def delete(self, ctx: Context, row: Row) -> None:
        if "key" in row:
            series = ctx.store[self.table].get(row["id"])
            assert series is not None
            self.may_delete(ctx, series)
            self._exclude(ctx, series, row["start"])
            return
        super().delete(ctx, row)

    def _exclude(self, ctx: Context, series: Row, start: int) -> None:
        self.replace(ctx, series, series | {"excluded": sorted({*series["excluded"], start})})

    def _forget_exceptions(self, ctx: Context, series: Row) -> None:
        """Editing the whole series discards individual edits (facts §15, [D])."""
        series["excluded"] = []
        self._remove_exceptions(ctx, series)

    def _remove_exceptions(self, ctx: Context, series: Row) -> None:
        for row in list(ctx.store[self.table].of(ctx.account_id)):
            if row["parent_id"] == series["id"]:
                super().delete(ctx, row)

    def may_delete(self, ctx: Context, row: Row) -> None:
        calendar = ctx.get("calendars", row["calendar_id"])
        if calendar is not None and not visibility.may_write_to(ctx, calendar):
            raise Forbidden("You do not have permission to write to this calendar.")

    def deleted(self, ctx: Context, row: Row) -> None:
        if row["recurrence_rule"]:
            self._remove_exceptions(ctx, row)

    def _notify(self, ctx: Context, row: Row, data: dict[str, Any]) -> None:
        """Note the mail Clio would send; unpublished whether it is sent by default (`[?]`): here only when asked."""
        if data.get("send_email_notification"):
            ctx.world.notices.append(
                {"calendar_entry_id": row["id"], "attendees": row["attendees"], "at": ctx.now}
            )


def _both(one: Keep, other: Keep) -> Keep:
    return lambda row: one(row) and other(row)


def _overlap(first: int | None, last: int | None) -> Keep:
    """`from` = ends on or after, `to` = begins on or before (facts §15)."""
    return lambda row: (first is None or row["end"] >= first) and (last is None or row["start"] <= last)


def _whole_days(ctx: Context, row: Row) -> tuple[int, int]:
    """
    Midnights in the entry's own zone; the end is the midnight after the last day.

    Which end a client should send is `[?]`: the midnight after ("exclusive") or of the last day ("inclusive"), see quirks.
    """
    zone = zone_named(row["zone"])
    first = datetime.fromtimestamp(row["start"], zone).replace(hour=0, minute=0, second=0)
    end = datetime.fromtimestamp(row["end"], zone)
    last = end.replace(hour=0, minute=0, second=0)
    if ctx.quirk("all_day_end") == "inclusive" or end > last or last <= first:
        last = (last.replace(tzinfo=None) + timedelta(days=1)).replace(tzinfo=zone)
    return int(first.timestamp()), int(last.timestamp())
