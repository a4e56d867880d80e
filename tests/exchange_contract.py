"""
Recorded exchanges with an Exchange server, held against the published reference of Exchange Web Services (EWS).

`problems(exchanges)` says what in them the reference does not allow: an operation, element or attribute nobody has published,
elements in another order than the schema's, a word that is none of its kind, a field that cannot be asked for. Taken down as
facts from Microsoft's EWS reference for Exchange (learn.microsoft.com/exchange/client-developer). Read there in 2026-11: the
order within CalendarItem and CalendarFolder, the attributes of FindItem, UpdateItem and CalendarView; the rest is written from
knowledge of the schema and still to be read against it. The operations
GetFolder, FindFolder, FindItem, GetItem, CreateItem, UpdateItem, DeleteItem; the elements CalendarItem, CalendarFolder, Folder,
ItemShape, FolderShape, CalendarView, IndexedPageItemView, IndexedPageFolderView, Restriction, RootFolder, ItemChange, and what
is in those. Only what calendars need is in the tables.

Answers bent by an injected fault and requests wrong on purpose (header X-Sandbox-Deliberate) are left alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any
from xml.etree import ElementTree

Element = ElementTree.Element

SPACES = {
    "http://schemas.xmlsoap.org/soap/envelope/": "s",
    "http://schemas.microsoft.com/exchange/services/2006/messages": "m",
    "http://schemas.microsoft.com/exchange/services/2006/types": "t",
    "http://schemas.microsoft.com/exchange/services/2006/errors": "e",
}
PATH = "/EWS/Exchange.asmx"

FREE_BUSY = "Free|Tentative|Busy|OOF|WorkingElsewhere|NoData"
ANSWERS = "Unknown|Organizer|Tentative|Accept|Decline|NoResponseReceived"
TEXT = r"[\s\S]*"
FLAG, NUMBER, NAME = "true|false", r"\d+", r"\S[\s\S]*"
#: With a zone: either Z or an offset.
INSTANT = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)"
GUID = r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
WHOM = "SendToNone|SendOnlyToAll|SendToAllAndSaveCopy"

#: What may be asked for of an item or a folder: FieldURI.
FIELDS = frozenset(
    {
        "item:Subject",
        "item:Sensitivity",
        "item:ReminderIsSet",
        "calendar:UID",
        "calendar:Start",
        "calendar:End",
    }
    | {"calendar:IsAllDayEvent", "calendar:LegacyFreeBusyStatus", "calendar:Location", "calendar:IsCancelled"}
    | {
        "calendar:CalendarItemType",
        "calendar:MyResponseType",
        "calendar:Recurrence",
        "calendar:StartTimeZone",
    }
    | {"calendar:EndTimeZone", "folder:DisplayName", "folder:FolderClass", "folder:EffectiveRights"}
    | {"folder:ParentFolderId"}
)
FOLDER = (
    "t:FolderId",
    "t:ParentFolderId",
    "t:FolderClass",
    "t:DisplayName",
    "t:TotalCount",
    "t:ChildFolderCount",
)
RIGHTS = (
    "CreateAssociated",
    "CreateContents",
    "CreateHierarchy",
    "Delete",
    "Modify",
    "Read",
    "ViewPrivateItems",
)

#: Of a CalendarItem, in the order of the schema.
ITEM = (
    "ItemId",
    "ParentFolderId",
    "ItemClass",
    "Subject",
    "Sensitivity",
    "ReminderIsSet",
    "ExtendedProperty",
    "UID",
    "Start",
    "End",
    "OriginalStart",
    "IsAllDayEvent",
    "LegacyFreeBusyStatus",
    "Location",
    "IsMeeting",
    "IsCancelled",
    "IsRecurring",
    "CalendarItemType",
    "MyResponseType",
    "StartTimeZone",
    "EndTimeZone",
)


@dataclass(frozen=True)
class Kind:
    """
    An element: its children in the schema's order (a `!` has to be there, one with `|` is one of several), its attributes
    with what they may say (a `!` has to be there), and what its text may be.
    """

    children: tuple[str, ...] = ()
    attributes: dict[str, str] = field(default_factory=dict)
    text: str = r"\s*"
    many: bool = False  # any number of any of the children, in any order


ID = {"Id!": NAME, "ChangeKey": NAME}
PAGE = {"MaxEntriesReturned": NUMBER, "Offset!": NUMBER, "BasePoint!": "Beginning|End"}
SHAPE = Kind(("t:BaseShape!", "t:AdditionalProperties"))
ZONE = Kind(attributes={"Id": NAME, "Name": TEXT})


def _response(*inside: str) -> Kind:
    """A response message; MessageText, ResponseCode and the like stand before what was asked for."""
    said = ("m:MessageText", "m:ResponseCode!", "m:DescriptiveLinkKey", "m:MessageXml")
    return Kind((*said, *inside), {"ResponseClass!": "Success|Warning|Error"})


KINDS: dict[str, Kind] = {
    # Requests
    "m:GetFolder": Kind(("m:FolderShape!", "m:FolderIds!")),
    "m:FindFolder": Kind(
        ("m:FolderShape!", "m:IndexedPageFolderView", "m:Restriction", "m:ParentFolderIds!"),
        {"Traversal!": "Shallow|Deep|SoftDeleted"},
    ),
    "m:FindItem": Kind(
        ("m:ItemShape!", "m:IndexedPageItemView|m:CalendarView", "m:Restriction", "m:ParentFolderIds!"),
        {"Traversal!": "Shallow|SoftDeleted|Associated"},
    ),
    "m:GetItem": Kind(("m:ItemShape!", "m:ItemIds!")),
    "m:CreateItem": Kind(
        ("m:SavedItemFolderId", "m:Items!"),
        {"MessageDisposition": "SaveOnly|SendOnly|SendAndSaveCopy", "SendMeetingInvitations!": WHOM},
    ),
    "m:UpdateItem": Kind(
        ("m:SavedItemFolderId", "m:ItemChanges!"),
        {
            "ConflictResolution!": "NeverOverwrite|AutoResolve|AlwaysOverwrite",
            "MessageDisposition": "SaveOnly|SendOnly|SendAndSaveCopy",
            "SendMeetingInvitationsOrCancellations!": f"{WHOM}|SendOnlyToChanged|SendToChangedAndSaveCopy",
            "SuppressReadReceipts": FLAG,
        },
    ),
    "m:DeleteItem": Kind(
        ("m:ItemIds!",),
        {
            "DeleteType!": "HardDelete|SoftDelete|MoveToDeletedItems",
            "SendMeetingCancellations!": WHOM,
            "AffectedTaskOccurrences": "AllOccurrences|SpecifiedOccurrenceOnly",
            "SuppressReadReceipts": FLAG,
        },
    ),
    "m:ItemShape": SHAPE,
    "m:FolderShape": SHAPE,
    "t:BaseShape": Kind(text="IdOnly|Default|AllProperties"),
    "t:AdditionalProperties": Kind(("t:FieldURI", "t:ExtendedFieldURI"), many=True),
    "t:FieldURI": Kind(attributes={"FieldURI!": "|".join(sorted(FIELDS))}),
    "t:ExtendedFieldURI": Kind(
        attributes={"PropertySetId!": GUID, "PropertyName!": NAME, "PropertyType!": "String"}
    ),
    "m:IndexedPageItemView": Kind(attributes=PAGE),
    "m:IndexedPageFolderView": Kind(attributes=PAGE),
    "m:CalendarView": Kind(
        attributes={"MaxEntriesReturned": NUMBER, "StartDate!": INSTANT, "EndDate!": INSTANT}
    ),
    "m:Restriction": Kind(("t:IsEqualTo!",)),
    "t:IsEqualTo": Kind(("t:FieldURI|t:ExtendedFieldURI!", "t:FieldURIOrConstant!")),
    "t:FieldURIOrConstant": Kind(("t:Constant!",)),
    "t:Constant": Kind(attributes={"Value!": TEXT}),
    "m:FolderIds": Kind(("t:FolderId", "t:DistinguishedFolderId"), many=True),
    "m:ParentFolderIds": Kind(("t:FolderId", "t:DistinguishedFolderId"), many=True),
    "m:SavedItemFolderId": Kind(("t:FolderId|t:DistinguishedFolderId!",)),
    "t:DistinguishedFolderId": Kind(
        attributes={"Id!": "calendar|deleteditems|msgfolderroot|root", "ChangeKey": NAME}
    ),
    "m:ItemIds": Kind(("t:ItemId", "t:OccurrenceItemId", "t:RecurringMasterItemId"), many=True),
    "t:RecurringMasterItemId": Kind(attributes={"OccurrenceId!": NAME, "ChangeKey": NAME}),
    "m:ItemChanges": Kind(("t:ItemChange",), many=True),
    "t:ItemChange": Kind(("t:ItemId!", "t:Updates!")),
    "t:Updates": Kind(("t:SetItemField", "t:DeleteItemField"), many=True),
    "t:SetItemField": Kind(("t:FieldURI|t:ExtendedFieldURI!", "t:CalendarItem!")),
    "t:DeleteItemField": Kind(("t:FieldURI|t:ExtendedFieldURI!",)),
    # What both say
    "t:FolderId": Kind(attributes=ID),
    "t:ParentFolderId": Kind(attributes=ID),
    "t:ItemId": Kind(attributes=ID),
    "m:Items": Kind(("t:CalendarItem",), many=True),
    "t:Items": Kind(("t:CalendarItem",), many=True),
    "t:CalendarItem": Kind(tuple(f"t:{one}" for one in ITEM)),
    "t:ExtendedProperty": Kind(("t:ExtendedFieldURI!", "t:Value!")),
    "t:Subject": Kind(text=TEXT),
    "t:Location": Kind(text=TEXT),
    "t:Value": Kind(attributes={"Name": NAME}, text=TEXT),
    "t:UID": Kind(text=NAME),
    "t:Sensitivity": Kind(text="Normal|Personal|Private|Confidential"),
    "t:ReminderIsSet": Kind(text=FLAG),
    "t:Start": Kind(text=INSTANT),
    "t:End": Kind(text=INSTANT),
    "t:IsAllDayEvent": Kind(text=FLAG),
    "t:IsCancelled": Kind(text=FLAG),
    "t:LegacyFreeBusyStatus": Kind(text=FREE_BUSY),
    "t:CalendarItemType": Kind(text="Single|Occurrence|Exception|RecurringMaster"),
    "t:MyResponseType": Kind(text=ANSWERS),
    "t:StartTimeZone": ZONE,
    "t:EndTimeZone": ZONE,
    # Answers
    "m:ResponseMessages": Kind(many=True),
    "m:GetFolderResponseMessage": _response("m:Folders"),
    "m:FindFolderResponseMessage": _response("m:RootFolder"),
    "m:FindItemResponseMessage": _response("m:RootFolder"),
    "m:GetItemResponseMessage": _response("m:Items"),
    "m:CreateItemResponseMessage": _response("m:Items"),
    "m:UpdateItemResponseMessage": _response("m:Items", "m:ConflictResults"),
    "m:DeleteItemResponseMessage": _response(),
    "m:ConflictResults": Kind(("t:Count!",)),
    "t:Count": Kind(text=NUMBER),
    "m:MessageText": Kind(text=TEXT),
    "m:ResponseCode": Kind(text=r"NoError|Error[A-Za-z]+"),
    "m:DescriptiveLinkKey": Kind(text=NUMBER),
    "m:RootFolder": Kind(
        ("t:Items|t:Folders!",),
        {
            "TotalItemsInView": NUMBER,
            "IncludesLastItemInRange": FLAG,
            "IndexedPagingOffset": NUMBER,
            "NumeratorOffset": NUMBER,
            "AbsoluteDenominator": NUMBER,
        },
    ),
    "m:Folders": Kind(("t:Folder", "t:CalendarFolder"), many=True),
    "t:Folders": Kind(("t:Folder", "t:CalendarFolder"), many=True),
    "t:Folder": Kind((*FOLDER, "t:EffectiveRights")),
    "t:CalendarFolder": Kind((*FOLDER, "t:EffectiveRights", "t:SharingEffectiveRights")),
    "t:FolderClass": Kind(text=r"IPF(\.\w+)*"),
    "t:DisplayName": Kind(text=TEXT),
    "t:EffectiveRights": Kind(tuple(f"t:{one}" for one in RIGHTS)),
    **{f"t:{one}": Kind(text=FLAG) for one in RIGHTS},
}
#: The operations, and whether each is asked about several things at once, one response message for each.
OPERATIONS: dict[str, str] = {
    "m:GetFolder": "m:FolderIds",
    "m:FindFolder": "m:ParentFolderIds",
    "m:FindItem": "m:ParentFolderIds",
    "m:GetItem": "m:ItemIds",
    "m:CreateItem": "m:Items",
    "m:UpdateItem": "m:ItemChanges",
    "m:DeleteItem": "m:ItemIds",
}


def problems(exchanges: Iterable[Any]) -> list[str]:
    """Everything in the sandbox's recorded exchanges that the reference does not allow, each problem once."""
    found: dict[str, None] = {}
    for exchange in exchanges:
        if exchange.deliberate or exchange.status == 401 or not exchange.request_body:
            continue  # signing in says nothing of EWS
        for problem in _exchange(exchange):
            found[problem] = None
    return list(found)


def _exchange(exchange: Any) -> Iterator[str]:
    asked = _inside(exchange.request_body)
    name = _name(asked)
    if name not in OPERATIONS:
        yield f"{name}: no such operation is published"
        return
    yield from (f"asked {one}" for one in _held(asked, name))
    if exchange.fault is not None:
        return
    answer = _inside(exchange.response_body)
    if _name(answer) == "s:Fault":
        if exchange.status != 500:
            yield f"answered {name}: a fault comes with {exchange.status} instead of 500"
        return
    if exchange.status != 200 or _name(answer) != f"{name}Response" or len(answer) != 1:
        yield f"answered {name}: {exchange.status} with {_name(answer)}"
        return
    yield from (f"answered {one}" for one in _held(answer[0], _name(answer[0])))
    for message in answer[0]:
        if _name(message) != f"{name}ResponseMessage":
            yield f"answered {name}: {_name(message)} is no answer to it"
            continue
        yield from (f"answered {one}" for one in _held(message, _name(message)))
    things = next((one for one in asked if _name(one) == OPERATIONS[name]), ())
    if len(answer[0]) != len(things):
        yield f"answered {name}: {len(answer[0])} messages about {len(things)} things"


def _inside(body: bytes) -> Element:
    """What the envelope holds."""
    (inner,) = next(one for one in ElementTree.fromstring(body) if _name(one) == "s:Body")
    return inner


def _name(element: Element) -> str:
    space, _, name = element.tag.removeprefix("{").rpartition("}")
    return f"{SPACES.get(space, space)}:{name}"


def _held(element: Element, path: str) -> Iterator[str]:
    """What of an element, and all in it, the tables do not allow."""
    kind = KINDS.get(_name(element))
    if kind is None:
        yield f"{path}: no such element is published"
        return
    if not re.fullmatch(kind.text, element.text or ""):
        yield f"{path}: says {element.text!r}"
    known = {name.rstrip("!"): words for name, words in kind.attributes.items()}
    for name, value in element.attrib.items():
        if name not in known:
            yield f"{path}: has no attribute {name}"
        elif not re.fullmatch(known[name], value):
            yield f"{path}: {name} says {value!r}"
    needed = {name.rstrip("!") for name in kind.attributes if name.endswith("!")}
    yield from (f"{path}: {name} is missing" for name in sorted(needed - set(element.attrib)))
    if _name(element) == "m:ResponseMessages":
        return  # its messages are held one by one
    yield from _order([_name(one) for one in element], kind, path)
    for one in element:
        yield from _held(one, f"{path}/{_name(one)}")


def _order(names: list[str], kind: Kind, path: str) -> Iterator[str]:
    """What of the children's names is unknown, missing, there twice or in another order than the schema's."""
    places = {one: at for at, step in enumerate(kind.children) for one in step.rstrip("!").split("|")}
    yield from (f"{path}: {name} is not in it" for name in sorted(set(names) - set(places)))
    if kind.many:
        return
    at = [places[name] for name in names if name in places]
    if at != sorted(at):
        yield f"{path}: not in the schema's order: {', '.join(names)}"
    repeated = {place for place in at if at.count(place) > 1} - {places.get("t:ExtendedProperty", -1)}
    yield from (f"{path}: {kind.children[place]} is there more than once" for place in sorted(repeated))
    for place, step in enumerate(kind.children):
        if step.endswith("!") and place not in at:
            yield f"{path}: {step.rstrip('!')} is missing"
