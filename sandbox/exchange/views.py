"""Entries as Exchange shows them: expanded, in UTC, each with the zone it was made in."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr
from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from sandbox.exchange.world import Refused, Row

MESSAGES = "http://schemas.microsoft.com/exchange/services/2006/messages"
TYPES = "http://schemas.microsoft.com/exchange/services/2006/types"
WALL = "%Y-%m-%dT%H:%M:%S"
#: Between the parts of an occurrence's id: the series, and when it would be.
JOINT = "/occurrence/"
_OLSON_TO_WINDOWS = {olson: windows for windows, olson in reversed(WINDOWS_TO_OLSON.items())}


@lru_cache(maxsize=256)
def place(name: str) -> ZoneInfo:
    return ZoneInfo(WINDOWS_TO_OLSON.get(name, name))


def utc(wall: str, zone: str) -> datetime:
    return datetime.fromisoformat(wall).replace(tzinfo=place(zone)).astimezone(UTC)


def wall(at: datetime, zone: str) -> str:
    return at.astimezone(place(zone)).strftime(WALL)


def t(tag: str, *children: ElementTree.Element | str, **attributes: str) -> ElementTree.Element:
    return _element(TYPES, tag, children, attributes)


def m(tag: str, *children: ElementTree.Element | str, **attributes: str) -> ElementTree.Element:
    return _element(MESSAGES, tag, children, attributes)


def _element(
    space: str, tag: str, children: tuple[ElementTree.Element | str, ...], attributes: dict[str, str]
) -> ElementTree.Element:
    element = ElementTree.Element(f"{{{space}}}{tag}", attributes)
    for child in children:
        if isinstance(child, str):
            element.text = child
        else:
            element.append(child)
    return element


def occurrences(series: Row, start: datetime, end: datetime) -> Iterator[tuple[str, Row]]:
    """Those in the window, changed ones where they are now: when it would begin on the wall, and the row it is."""
    first = datetime.fromisoformat(series["start"])
    length = datetime.fromisoformat(series["end"]) - first
    margin = timedelta(days=3) + length
    low, high = (at.astimezone(UTC).replace(tzinfo=None) for at in (start - margin, end + margin))
    walls = {
        one.strftime(WALL) for one in rrulestr(series["rrule"], dtstart=first).between(low, high, inc=True)
    }
    for key in sorted(walls | set(series["exceptions"])):
        if key not in series["left_out"]:
            row = occurrence(series, key)
            if overlaps(row, start, end):
                yield key, row


def occurrence(series: Row, key: str) -> Row:
    length = datetime.fromisoformat(series["end"]) - datetime.fromisoformat(series["start"])
    ends = (datetime.fromisoformat(key) + length).strftime(WALL)
    return {**series, "start": key, "end": ends, **series["exceptions"].get(key, {})}


def overlaps(row: Row, start: datetime, end: datetime) -> bool:
    begins, ends = utc(row["start"], row["zone"]), utc(row["end"], row["zone"])
    return begins < end and ends >= start


def in_window(rows: list[Row], start: datetime, end: datetime) -> list[tuple[Row, str]]:
    """Single entries and occurrences, earliest first, each with when it would be if it is one of a series."""
    found: list[tuple[Row, str]] = []
    for row in rows:
        if row["rrule"]:
            found += [(one, key) for key, one in occurrences(row, start, end)]
        elif overlaps(row, start, end):
            found.append((row, ""))
    return sorted(found, key=lambda one: utc(one[0]["start"], one[0]["zone"]))


def _flag(value: bool) -> str:
    return "true" if value else "false"


def _instant(row: Row, name: str) -> str:
    return utc(row[name], row["zone"]).strftime("%Y-%m-%dT%H:%M:%SZ")


def _kind(row: Row, key: str) -> str:
    if not key:
        return "RecurringMaster" if row["rrule"] else "Single"
    return "Exception" if key in row["exceptions"] else "Occurrence"


def _zone(row: Row, tag: str) -> ElementTree.Element:
    name = _OLSON_TO_WINDOWS.get(row["zone"], row["zone"])
    return t(tag, Name=name, Id=name)


#: What can be asked of an item, in the order in which it is told.
FIELDS = {
    "item:Subject": lambda row, key: t("Subject", row["subject"]),
    "item:Sensitivity": lambda row, key: t("Sensitivity", row["sensitivity"]),
    "item:ReminderIsSet": lambda row, key: t("ReminderIsSet", _flag(row["reminder"])),
    "calendar:UID": lambda row, key: t("UID", row["uid"]),
    "calendar:Start": lambda row, key: t("Start", _instant(row, "start")),
    "calendar:End": lambda row, key: t("End", _instant(row, "end")),
    "calendar:IsAllDayEvent": lambda row, key: t("IsAllDayEvent", _flag(row["all_day"])),
    "calendar:LegacyFreeBusyStatus": lambda row, key: t("LegacyFreeBusyStatus", row["shown"]),
    "calendar:Location": lambda row, key: t("Location", row["location"]),
    "calendar:IsCancelled": lambda row, key: t("IsCancelled", _flag(row["cancelled"])),
    "calendar:CalendarItemType": lambda row, key: t("CalendarItemType", _kind(row, key)),
    "calendar:MyResponseType": lambda row, key: t("MyResponseType", row["response"]),
    "calendar:StartTimeZone": lambda row, key: _zone(row, "StartTimeZone"),
    "calendar:EndTimeZone": lambda row, key: _zone(row, "EndTimeZone"),
}


def item(row: Row, key: str, fields: list[str], marked: list[tuple[str, str]]) -> ElementTree.Element:
    """An item with what was asked for of it. Raises Refused for a field there is none of."""
    if unknown := set(fields) - set(FIELDS):
        raise Refused("ErrorInvalidPropertyRequest", f"no field {sorted(unknown)[0]}")
    id = f"{row['id']}{JOINT}{key}" if key else row["id"]
    element = t("CalendarItem", t("ItemId", Id=id, ChangeKey=row["change"]))
    for name, make in FIELDS.items():
        if (
            name == "calendar:UID"
        ):  # the schema has an item's own properties first, then these, then a calendar's
            element.extend(_marks(row, marked))
        if name in fields:
            element.append(make(row, key))
    return element


def _marks(row: Row, marked: list[tuple[str, str]]) -> Iterator[ElementTree.Element]:
    for space, name in marked:
        value = row["marks"].get(f"{space} {name}")
        if value is not None:
            field = t("ExtendedFieldURI", PropertySetId=space, PropertyName=name, PropertyType="String")
            yield t("ExtendedProperty", field, t("Value", value))


def folder(row: Row) -> ElementTree.Element:
    tag = "CalendarFolder" if row["class"].startswith("IPF.Appointment") else "Folder"
    rights = t("EffectiveRights", t("CreateContents", _flag(row["may_write"])), t("Read", "true"))
    return t(
        tag,
        t("FolderId", Id=row["id"], ChangeKey="AgAAAA=="),
        t("ParentFolderId", Id=row["parent"], ChangeKey="AQAAAA=="),
        t("FolderClass", row["class"]),
        t("DisplayName", row["name"]),
        rights,
    )
