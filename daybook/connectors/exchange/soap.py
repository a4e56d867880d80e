"""What is asked of an Exchange server, element by element (Microsoft's EWS reference, read 2026-11)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from exchangelib.winzone import IANA_TO_MS_TIMEZONE_MAP
from lxml import etree

from daybook.connectors.calendars import Draft
from daybook.connectors.exchange.settings import PROPERTY, PROPERTY_SET

Element = Any  # an lxml element; lxml has no types of its own

MESSAGES = "http://schemas.microsoft.com/exchange/services/2006/messages"
TYPES = "http://schemas.microsoft.com/exchange/services/2006/types"

FOLDER_FIELDS = (
    "folder:DisplayName",
    "folder:FolderClass",
    "folder:EffectiveRights",
    "folder:ParentFolderId",
)
ITEM_FIELDS = (
    "item:Subject",
    "calendar:Start",
    "calendar:End",
    "calendar:IsAllDayEvent",
    "calendar:LegacyFreeBusyStatus",
    "calendar:MyResponseType",
    "calendar:IsCancelled",
    "calendar:CalendarItemType",
    "calendar:UID",
    "calendar:StartTimeZone",
)
#: By default a search is cut off at a thousand (EWSFindCountLimit); below that the server says that there is more.
MOST_ENTRIES = 500


def m(tag: str, *children: Element, **attributes: str) -> Element:
    return _element(MESSAGES, tag, children, attributes)


def t(tag: str, *children: Element | str, **attributes: str) -> Element:
    return _element(TYPES, tag, children, attributes)


def _element(space: str, tag: str, children: Iterable[Element | str], attributes: dict[str, str]) -> Element:
    element = etree.Element(f"{{{space}}}{tag}", attributes)
    for child in children:
        if isinstance(child, str):
            element.text = _printable(child)
        else:
            element.append(child)
    return element


def _printable(text: str) -> str:
    """Without the letters XML does not have."""
    return "".join(
        one if one in "\t\n\r" or (one >= " " and one not in "\ufffe\uffff") else " " for one in text
    )


def child_text(element: Element, tag: str) -> str:
    found = element.find(tag)
    return (found.text or "").strip() if found is not None else ""


def instant(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _mark() -> Element:
    return t("ExtendedFieldURI", PropertySetId=PROPERTY_SET, PropertyName=PROPERTY, PropertyType="String")


def _shape(tag: str, fields: Iterable[str], *more: Element) -> Element:
    wanted = [t("FieldURI", FieldURI=field) for field in fields]
    return m(tag, t("BaseShape", "IdOnly"), t("AdditionalProperties", *wanted, *more))


def _in_folder(calendar: str) -> Element:
    return m("ParentFolderIds", t("FolderId", Id=calendar))


def _is(field: Element, value: str) -> Element:
    return m("Restriction", t("IsEqualTo", field, t("FieldURIOrConstant", t("Constant", Value=value))))


# Folders -------------------------------------------------------------------------------------------------------------


def get_folders(*names: str) -> Element:
    """Folders every mailbox has, by their fixed names."""
    ids = [t("DistinguishedFolderId", Id=name) for name in names]
    return m("GetFolder", _shape("FolderShape", FOLDER_FIELDS), m("FolderIds", *ids))


def find_calendars(offset: int, most: int) -> Element:
    """Every folder of appointments below the mailbox's root."""
    return m(
        "FindFolder",
        _shape("FolderShape", FOLDER_FIELDS),
        m("IndexedPageFolderView", MaxEntriesReturned=str(most), Offset=str(offset), BasePoint="Beginning"),
        _is(t("FieldURI", FieldURI="folder:FolderClass"), "IPF.Appointment"),
        m("ParentFolderIds", t("DistinguishedFolderId", Id="msgfolderroot")),
        Traversal="Deep",
    )


# Entries -------------------------------------------------------------------------------------------------------------


def view(calendar: str, start: datetime, end: datetime) -> Element:
    """What lies between, series expanded by the server."""
    return m(
        "FindItem",
        _shape("ItemShape", ITEM_FIELDS, _mark()),
        m(
            "CalendarView",
            MaxEntriesReturned=str(MOST_ENTRIES),
            StartDate=instant(start),
            EndDate=instant(end),
        ),
        _in_folder(calendar),
        Traversal="Shallow",
    )


def find_marked(calendar: str, uid: str) -> Element:
    """Entries and series that carry our mark for an appointment."""
    return m(
        "FindItem",
        _shape("ItemShape", ITEM_FIELDS, _mark()),
        m("IndexedPageItemView", MaxEntriesReturned=str(MOST_ENTRIES), Offset="0", BasePoint="Beginning"),
        _is(_mark(), uid),
        _in_folder(calendar),
        Traversal="Shallow",
    )


def get_item(entry_id: str) -> Element:
    return _get(t("ItemId", Id=entry_id))


def get_masters(occurrence_ids: Iterable[str]) -> Element:
    """The series that occurrences belong to, in their order."""
    return _get(*(t("RecurringMasterItemId", OccurrenceId=one) for one in occurrence_ids))


def _get(*ids: Element) -> Element:
    return m("GetItem", _shape("ItemShape", ITEM_FIELDS, _mark()), m("ItemIds", *ids))


def create(calendar: str, draft: Draft) -> Element:
    """Private, taking time, never reminding, and nobody is told."""
    marked = t("ExtendedProperty", _mark(), t("Value", draft.uid))
    said = [value for _, value in _said(draft)]
    at = next(n for n, one in enumerate(said) if one.tag == f"{{{TYPES}}}Start")
    return m(
        "CreateItem",
        m("SavedItemFolderId", t("FolderId", Id=calendar)),
        m("Items", t("CalendarItem", *said[:at], marked, *said[at:])),
        SendMeetingInvitations="SendToNone",
    )


def update(entry_id: str, change_key: str, draft: Draft, *, over: bool, was_series: bool) -> Element:
    """
    Bring an entry up to `draft`: only as it was at `change_key`, or `over` whatever somebody did to it since. One that
    somebody made a series of is held once again.
    """
    updates = [
        t("SetItemField", t("FieldURI", FieldURI=field), t("CalendarItem", value))
        for field, value in _said(draft)
    ]
    if was_series:
        updates.insert(0, t("DeleteItemField", t("FieldURI", FieldURI="calendar:Recurrence")))
    item = t("ItemId", Id=entry_id, **({"ChangeKey": change_key} if change_key else {}))
    return m(
        "UpdateItem",
        m("ItemChanges", t("ItemChange", item, t("Updates", *updates))),
        ConflictResolution="AlwaysOverwrite" if over else "NeverOverwrite",
        MessageDisposition="SaveOnly",
        SendMeetingInvitationsOrCancellations="SendToNone",
    )


def delete(entry_id: str) -> Element:
    """To the deleted items, from where a lawyer who did not mean it gets it back; Outlook does the same."""
    return m(
        "DeleteItem",
        m("ItemIds", t("ItemId", Id=entry_id)),
        DeleteType="MoveToDeletedItems",
        SendMeetingCancellations="SendToNone",
    )


def _said(draft: Draft) -> list[tuple[str, Element]]:
    """What a draft decides, in the order the schema wants it in."""
    zone = IANA_TO_MS_TIMEZONE_MAP.get(draft.time_zone, ("UTC", ""))[0]
    return [
        ("item:Subject", t("Subject", draft.title)),
        ("item:Sensitivity", t("Sensitivity", "Private")),
        ("item:ReminderIsSet", t("ReminderIsSet", "false")),
        ("calendar:Start", t("Start", instant(draft.start))),
        ("calendar:End", t("End", instant(draft.end))),
        ("calendar:IsAllDayEvent", t("IsAllDayEvent", "false")),
        ("calendar:LegacyFreeBusyStatus", t("LegacyFreeBusyStatus", "Busy")),
        ("calendar:Location", t("Location", draft.location)),
        ("calendar:StartTimeZone", t("StartTimeZone", Id=zone)),
        ("calendar:EndTimeZone", t("EndTimeZone", Id=zone)),
    ]
