"""Entries as an Exchange server tells them, read into the words of every calendar. What cannot be read is trouble."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from daybook.connectors.calendars import Item, Seen
from daybook.connectors.errors import Garbled
from daybook.connectors.exchange.settings import NAME, PROPERTY, PROPERTY_SET
from daybook.connectors.exchange.soap import TYPES, Element, child_text
from daybook.connectors.recurrence.zones import by_name
from daybook.core.entries import Standing
from daybook.core.hours import day_period
from daybook.core.periods import Period

#: LegacyFreeBusyStatus (Microsoft's EWS reference, read 2026-11). Working elsewhere is work; what the server has no data
#: for is busy, which errs on the safe side, and so is a word nobody has published yet.
SHOWN: dict[str, Standing] = {
    "Free": Standing.FREE,
    "Tentative": Standing.TENTATIVE,
    "Busy": Standing.BUSY,
    "OOF": Standing.OUT_OF_OFFICE,
    "WorkingElsewhere": Standing.BUSY,
    "NoData": Standing.BUSY,
}
#: MyResponseType: None leaves it to how the time is shown, which people change by hand after answering.
ANSWERED: dict[str, Standing | None] = {
    "Unknown": None,
    "Organizer": None,
    "Tentative": None,
    "Accept": None,
    "Decline": Standing.DECLINED,
    "NoResponseReceived": Standing.UNANSWERED,
}
#: CalendarItemType: whether an item stands for others, or for itself.
KINDS = frozenset({"Single", "Occurrence", "Exception", "RecurringMaster"})
HALF_A_DAY = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Told:
    """One item of an answer. `item` is None for what takes no place in a calendar: cancelled, or without length."""

    id: str
    change_key: str
    kind: str
    uid: str
    mark: str
    cancelled: bool
    item: Item | None

    @property
    def of_series(self) -> bool:
        return self.kind in ("Occurrence", "Exception")


def told(element: Element, home: str) -> Told:
    """Read a CalendarItem, days as clocks show them in `home`. Raises Garbled for one that cannot be understood."""
    id = element.find(f"{{{TYPES}}}ItemId")
    kind = _text(element, "CalendarItemType") or "Single"
    if id is None or not id.get("Id") or kind not in KINDS:
        raise Garbled(NAME)
    cancelled = _flag(element, "IsCancelled")
    all_day = _flag(element, "IsAllDayEvent")
    start, end = _instant(element, "Start"), _instant(element, "End")
    if end < start:
        raise Garbled(NAME)
    during = _days(start, end, element, home) if all_day else Period(start, end) if start < end else None
    item = Item(during, all_day, standing(element), _text(element, "Subject")) if during else None
    return Told(
        id.get("Id"),
        id.get("ChangeKey", ""),
        kind,
        _text(element, "UID"),
        _mark(element),
        cancelled,
        None if cancelled else item,
    )


def standing(element: Element) -> Standing:
    """What an entry says of itself. What is shown as free is free, whoever asked; a refusal is one however it is shown."""
    shown = SHOWN.get(_text(element, "LegacyFreeBusyStatus"), Standing.BUSY)
    answered = ANSWERED.get(_text(element, "MyResponseType"))
    if answered is Standing.UNANSWERED and shown is Standing.FREE:
        return shown
    return answered or shown


def seen(id: str, rows: Iterable[Told], about: Told, window: Period) -> Seen:
    """An entry: those of its occurrences that lie in the window, and what `about` (itself, or the series) says of it."""
    items = sorted(
        (row.item for row in rows if row.item is not None and row.item.during.overlaps(window)),
        key=lambda item: item.during,
    )
    return Seen(id, tuple(items), about.change_key, about.uid, about.mark)


def _days(start: datetime, end: datetime, element: Element, home: str) -> Period:
    """
    A whole day is told by the instants of its midnights where it was made; which days those are, that zone's clocks say.
    Where the zone is not told or not known, every day it touches in `home` is taken.
    """
    zone = element.find(f"{{{TYPES}}}StartTimeZone")
    name = (zone.get("Id", "") or zone.get("Name", "")) if zone is not None else ""
    place = by_name(name) if name else None
    if place is not None:
        first, after = (_nearest(at, place) for at in (start, end))
    else:
        there = ZoneInfo(home)
        first = start.astimezone(there).date()
        after = (end - timedelta(microseconds=1)).astimezone(there).date() + timedelta(days=1)
    after = max(after, first + timedelta(days=1))
    days = [day_period(first, home), day_period(after - timedelta(days=1), home)]
    if None in days:
        raise Garbled(NAME)  # a date that clocks there skipped altogether
    return Period(min(day.start for day in days if day), max(day.end for day in days if day))


def _nearest(at: datetime, place: ZoneInfo) -> date:
    """The date of the midnight an instant means: where clocks skip midnight, an hour beside it."""
    return (at.astimezone(place).replace(tzinfo=None) + HALF_A_DAY).date()


def _mark(element: Element) -> str:
    for one in element.iterfind(f"{{{TYPES}}}ExtendedProperty"):
        field = one.find(f"{{{TYPES}}}ExtendedFieldURI")
        if field is not None and (
            field.get("PropertySetId", "").lower(),
            field.get("PropertyName", ""),
        ) == (PROPERTY_SET, PROPERTY):
            return child_text(one, f"{{{TYPES}}}Value")
    return ""


def _text(element: Element, name: str) -> str:
    return child_text(element, f"{{{TYPES}}}{name}")


#: As XML writes truth; what is not said is not so.
_FLAGS = {"true": True, "1": True, "false": False, "0": False, "": False}


def _flag(element: Element, name: str) -> bool:
    text = _text(element, name)
    if text not in _FLAGS:
        raise Garbled(NAME)
    return _FLAGS[text]


def _instant(element: Element, name: str) -> datetime:
    try:
        at = datetime.fromisoformat(_text(element, name))
        if at.tzinfo is None:
            raise Garbled(NAME)
        return at.astimezone(UTC)
    except (ValueError, OverflowError):
        raise Garbled(NAME) from None
