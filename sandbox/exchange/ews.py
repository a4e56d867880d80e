"""The operations of Exchange Web Services that are needed here: their answers, element by element."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from xml.etree import ElementTree

from sandbox.exchange import views
from sandbox.exchange.views import JOINT, MESSAGES, TYPES, m, t
from sandbox.exchange.world import Refused, Row, World

Element = ElementTree.Element

#: The children of a CalendarItem that may be set, in the order of the published schema, and the column they are kept in.
SETTABLE = {
    "Subject": "subject",
    "Sensitivity": "sensitivity",
    "ReminderIsSet": "reminder",
    "ExtendedProperty": "marks",
    "Start": "start",
    "End": "end",
    "IsAllDayEvent": "all_day",
    "LegacyFreeBusyStatus": "shown",
    "Location": "location",
    "StartTimeZone": "zone",
    "EndTimeZone": "",
}
WORDS = {
    "Sensitivity": {"Normal", "Personal", "Private", "Confidential"},
    "LegacyFreeBusyStatus": {"Free", "Tentative", "Busy", "OOF", "WorkingElsewhere", "NoData"},
}


def blank(world: World, folder: str) -> Row:
    row: Row = {
        "id": world.new_id(),
        "folder": folder,
        "uid": uuid.uuid4().hex.upper(),
        "subject": "",
        "location": "",
        "sensitivity": "Normal",
        "reminder": True,
        "shown": "Busy",
        "response": "Organizer",
        "cancelled": False,
        "all_day": False,
        "zone": "America/Denver",
        "rrule": "",
        "left_out": [],
        "exceptions": {},
        "marks": {},
    }
    world.touch(row)
    return row


def answer(world: World, account: Row, request: Element) -> Element:
    """The Response element to a request. Raises Refused for a request as a whole that is turned down."""
    name = request.tag.removeprefix(f"{{{MESSAGES}}}")
    operation = OPERATIONS.get(name)
    if operation is None:
        raise Refused("ErrorInvalidRequest", f"no operation {name}", whole=True)
    messages = m("ResponseMessages")
    for result in operation(world, account, request):
        message = m(f"{name}ResponseMessage", ResponseClass="Success")
        if isinstance(result, Refused):
            message.set("ResponseClass", "Error")
            message.append(m("MessageText", str(result)))
            message.append(m("ResponseCode", result.code))
            message.append(m("DescriptiveLinkKey", "0"))
            if name in ("GetItem", "CreateItem", "UpdateItem"):
                message.append(m("Items"))
        else:
            message.append(m("ResponseCode", "NoError"))
            if result is not None:
                message.append(result)
        messages.append(message)
    return m(f"{name}Response", messages)


def _each(things: list[Any], do: Callable[[Any], Element | None]) -> list[Element | Refused | None]:
    """Each thing for itself: one that is refused does not stop the others."""
    found: list[Element | Refused | None] = []
    for thing in things:
        try:
            found.append(do(thing))
        except Refused as refused:
            if refused.whole:
                raise
            found.append(refused)
    return found


def _inner(element: Element, path: str) -> Element:
    found = element.find(
        "/".join(f"{{{MESSAGES if step[0] == 'm' else TYPES}}}{step[2:]}" for step in path.split("/"))
    )
    if found is None:
        raise Refused("ErrorSchemaValidation", f"{path} is missing", whole=True)
    return found


def _shape(request: Element) -> tuple[list[str], list[tuple[str, str]]]:
    properties = _inner(request, "m:ItemShape/t:AdditionalProperties")
    fields = [one.get("FieldURI", "") for one in properties if one.tag.endswith("}FieldURI")]
    marks = [_mark(one) for one in properties if one.tag.endswith("}ExtendedFieldURI")]
    return fields, marks


def _mark(field: Element) -> tuple[str, str]:
    if field.get("PropertyType") != "String":
        raise Refused("ErrorInvalidExtendedProperty", "only strings here", whole=True)
    return field.get("PropertySetId", ""), field.get("PropertyName", "")


# Folders -------------------------------------------------------------------------------------------------------------


def get_folder(world: World, account: Row, request: Element) -> list[Element | Refused | None]:
    def one(id: Element) -> Element:
        fixed = id.tag.endswith("}DistinguishedFolderId")
        row = (
            world.distinguished(account, id.get("Id", ""))
            if fixed
            else world.folder(account, id.get("Id", ""))
        )
        return m("Folders", views.folder(row))

    return _each(list(_inner(request, "m:FolderIds")), one)


def find_folder(world: World, account: Row, request: Element) -> list[Element | Refused | None]:
    wanted = _inner(request, "m:Restriction/t:IsEqualTo/t:FieldURIOrConstant/t:Constant").get("Value")
    page = _inner(request, "m:IndexedPageFolderView")
    offset, most = int(page.get("Offset", "0")), int(page.get("MaxEntriesReturned", "0"))
    rows = [
        row
        for row in world["folders"].values()
        if row["owner"] == account["username"] and row["class"] == wanted
    ]
    shown = rows[offset : offset + most]
    return [_rows("Folders", [views.folder(row) for row in shown], len(rows), offset + most >= len(rows))]


def _rows(name: str, elements: list[Element], total: int, last: bool) -> Element:
    return m(
        "RootFolder",
        t(name, *elements),
        TotalItemsInView=str(total),
        IncludesLastItemInRange="true" if last else "false",
    )


# Items ---------------------------------------------------------------------------------------------------------------


def find_item(world: World, account: Row, request: Element) -> list[Element | Refused | None]:
    fields, marks = _shape(request)

    def one(id: Element) -> Element:
        folder = world.folder(account, id.get("Id", ""))
        rows = [row for row in world["items"].values() if row["folder"] == folder["id"]]
        view = request.find(f"{{{MESSAGES}}}CalendarView")
        if view is not None:
            start, end = (_at(view.get(name, "")) for name in ("StartDate", "EndDate"))
            if (end - start).days > 731:
                raise Refused("ErrorCalendarViewRangeTooBig", "A view of more than two years.")
            found = views.in_window(rows, start, end)
            most = min(int(view.get("MaxEntriesReturned", "1000")), world.most_rows)
        else:
            mark = " ".join(_mark(_inner(request, "m:Restriction/t:IsEqualTo/t:ExtendedFieldURI")))
            value = _inner(request, "m:Restriction/t:IsEqualTo/t:FieldURIOrConstant/t:Constant").get("Value")
            found = [(row, "") for row in rows if row["marks"].get(mark) == value]
            most = int(_inner(request, "m:IndexedPageItemView").get("MaxEntriesReturned", "0"))
        elements = [views.item(row, key, fields, marks) for row, key in found[:most]]
        return _rows("Items", elements, len(found), len(found) <= most)

    return _each(list(_inner(request, "m:ParentFolderIds")), one)


def get_item(world: World, account: Row, request: Element) -> list[Element | Refused | None]:
    fields, marks = _shape(request)

    def one(id: Element) -> Element:
        master = id.tag.endswith("}RecurringMasterItemId")
        head, _, key = id.get("OccurrenceId" if master else "Id", "").partition(JOINT)
        row = world.item(account, head)
        if master and not row["rrule"]:
            raise Refused("ErrorCalendarIsNotAnOccurrence", "Not one of a series.")
        if key and key in row["left_out"]:
            raise Refused("ErrorCalendarOccurrenceIsDeletedFromRecurrence", "Deleted from its series.")
        if key and not master:
            return m("Items", views.item(views.occurrence(row, key), key, fields, marks))
        return m("Items", views.item(row, "", fields, marks))

    return _each(list(_inner(request, "m:ItemIds")), one)


def create_item(world: World, account: Row, request: Element) -> list[Element | Refused | None]:
    if request.get("SendMeetingInvitations") is None:
        raise Refused("ErrorSendMeetingInvitationsRequired", "Whether anybody is invited has to be said.")
    target = _inner(request, "m:SavedItemFolderId/t:FolderId").get("Id", "")

    def one(element: Element) -> Element:
        folder = world.folder(account, target)
        if not folder["may_write"]:
            raise Refused("ErrorCreateItemAccessDenied", "Nothing can be made in this folder.")
        row = blank(world, folder["id"])
        row["sent"] = request.get("SendMeetingInvitations")
        set_all(row, list(element))
        world["items"][row["id"]] = row
        return m("Items", t("CalendarItem", t("ItemId", Id=row["id"], ChangeKey=row["change"])))

    return _each(list(_inner(request, "m:Items")), one)


def update_item(world: World, account: Row, request: Element) -> list[Element | Refused | None]:
    if request.get("SendMeetingInvitationsOrCancellations") is None:
        raise Refused(
            "ErrorSendMeetingInvitationsOrCancellationsRequired", "Whether anybody is told has to be said."
        )
    way = request.get("ConflictResolution")

    def one(change: Element) -> Element:
        id = _inner(change, "t:ItemId")
        row = world.item(account, id.get("Id", ""))
        key = id.get("ChangeKey")
        if way != "AlwaysOverwrite" and not key:
            raise Refused("ErrorChangeKeyRequiredForWriteOperations", "A change key is needed.")
        if way != "AlwaysOverwrite" and key != row["change"]:
            raise Refused("ErrorIrresolvableConflict", "The change key is not the current one.")
        values = []
        for step in _inner(change, "t:Updates"):
            if step.tag.endswith("}DeleteItemField"):
                if _inner(step, "t:FieldURI").get("FieldURI") != "calendar:Recurrence":
                    raise Refused("ErrorInvalidPropertyDelete", "Only the recurrence can be deleted here.")
                row |= {"rrule": "", "left_out": [], "exceptions": {}}
                continue
            (value,) = _inner(step, "t:CalendarItem")
            if _inner(step, "t:FieldURI").get("FieldURI", "").partition(":")[2] != _name(value):
                raise Refused("ErrorUpdatePropertyMismatch", "The field and its value are not of one kind.")
            values.append(value)
        set_all(row, values)
        row["sent"] = request.get("SendMeetingInvitationsOrCancellations")
        world.touch(row)
        return m("Items", t("CalendarItem", t("ItemId", Id=row["id"], ChangeKey=row["change"])))

    return _each(list(_inner(request, "m:ItemChanges")), one)


def delete_item(world: World, account: Row, request: Element) -> list[Element | Refused | None]:
    """The change key is not looked at."""
    if request.get("SendMeetingCancellations") is None:
        raise Refused("ErrorSendMeetingCancellationsRequired", "Whether anybody is told has to be said.")

    def one(id: Element) -> None:
        remove(world, world.item(account, id.get("Id", "")), request.get("DeleteType", ""))

    return _each(list(_inner(request, "m:ItemIds")), one)


def remove(world: World, row: Row, how: str) -> None:
    """Gone, or in the deleted items under an id of its own."""
    del world["items"][row["id"]]
    if how == "MoveToDeletedItems":
        account = world.account(world["folders"][row["folder"]]["owner"])
        moved = {**row, "id": world.new_id(), "folder": world.distinguished(account, "deleteditems")["id"]}
        world["items"][moved["id"]] = moved
    world.version += 1


def set_all(row: Row, values: list[Element]) -> None:
    """Set columns from the children of a CalendarItem, which have to stand in the schema's order."""
    names = [_name(value) for value in values]
    known = [name for name in names if name in SETTABLE]
    if known != names or known != sorted(known, key=list(SETTABLE).index):
        raise Refused("ErrorSchemaValidation", f"not in the schema's order: {', '.join(names)}", whole=True)
    times: dict[str, datetime] = {}
    zone = row["zone"]
    for name, value in zip(names, values, strict=True):
        text = value.text or ""
        if name in WORDS and text not in WORDS[name]:
            raise Refused("ErrorSchemaValidation", f"{text} is no {name}", whole=True)
        if name in ("Start", "End"):
            times[SETTABLE[name]] = _at(text)
        elif name in ("StartTimeZone", "EndTimeZone"):
            zone = value.get("Id", "")
        elif name == "ExtendedProperty":
            row["marks"][" ".join(_mark(_inner(value, "t:ExtendedFieldURI")))] = (
                _inner(value, "t:Value").text or ""
            )
        elif name in ("ReminderIsSet", "IsAllDayEvent"):
            row[SETTABLE[name]] = text == "true"
        else:
            row[SETTABLE[name]] = text
    for column in ("start", "end"):
        at = times.get(column) or views.utc(row[column], row["zone"])
        times[column] = at
    row["zone"] = zone
    row |= {column: views.wall(at, zone) for column, at in times.items()}
    if times["end"] < times["start"]:
        raise Refused("ErrorCalendarEndDateIsEarlierThanStartDate", "It ends before it begins.")


def _name(element: Element) -> str:
    return element.tag.rpartition("}")[2]


def _at(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except ValueError:
        raise Refused("ErrorSchemaValidation", f"{text} is no time", whole=True) from None


OPERATIONS = {
    "GetFolder": get_folder,
    "FindFolder": find_folder,
    "FindItem": find_item,
    "GetItem": get_item,
    "CreateItem": create_item,
    "UpdateItem": update_item,
    "DeleteItem": delete_item,
}
