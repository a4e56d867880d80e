"""An Exchange account as the contract of calendar providers wants it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta

from daybook.connectors.calendars import Draft, Listed, Reading, Seen, Written
from daybook.connectors.errors import Garbled, Missing, Stale
from daybook.connectors.exchange import soap
from daybook.connectors.exchange.items import Told, seen, told
from daybook.connectors.exchange.session import Session, ok
from daybook.connectors.exchange.settings import NAME
from daybook.connectors.exchange.soap import MESSAGES, TYPES, Element, child_text
from daybook.core.periods import Period

#: One entry by itself is read over this much of the past and of the future.
BEFORE, AHEAD = timedelta(days=366), timedelta(days=2 * 366)
#: No view may be longer than two years (CalendarView in Microsoft's EWS reference, read 2026-11).
LONGEST_VIEW = timedelta(days=700)
#: A day with more entries than one view tells is not a calendar.
SHORTEST_VIEW = timedelta(hours=6)
#: How many series are asked for at once, and how many folders.
CHUNK = 100
MOST_FOLDERS = 2000


def _now() -> datetime:
    return datetime.now(UTC)


class ExchangeCalendars:
    """
    Passes `connectors.calendars.Service`. Calendars and entries go by the ids Exchange gives them, an entry's etag is its
    change key. There are no tokens: a reading is one or two requests, and whole.

    Calendars are the folders of appointments in the account's own mailbox; those of others are not looked for.
    """

    def __init__(self, session: Session, *, clock: Callable[[], datetime] = _now) -> None:
        self._session, self._clock = session, clock

    def calendars(self) -> tuple[Listed, ...]:
        own, bin_ = self._session.ask("GetFolder", soap.get_folders("calendar", "deleteditems"))
        main, trash = (_folder_id(_only(ok(one), "Folders")) for one in (own, bin_))
        found: dict[str, Listed] = {}
        for folder in (_only(ok(own), "Folders"), *self._folders()):
            parent = folder.find(f"{{{TYPES}}}ParentFolderId")
            if parent is not None and parent.get("Id") == trash:
                continue
            id = _folder_id(folder)
            rights = f"{{{TYPES}}}EffectiveRights/{{{TYPES}}}CreateContents"
            name = child_text(folder, f"{{{TYPES}}}DisplayName") or "Calendar"
            may_write = child_text(folder, rights) in ("true", "1")
            found.setdefault(id, Listed(id, name, may_write, main=id == main))
        return tuple(found.values())

    def _folders(self) -> Iterator[Element]:
        for offset in range(0, MOST_FOLDERS, CHUNK):
            root = _root(self._session.one("FindFolder", soap.find_calendars(offset, CHUNK)))
            yield from _children(root, "Folders")
            if root.get("IncludesLastItemInRange") == "true":
                return
        raise Garbled(NAME)

    def read(self, calendar_id: str, window: Period, *, home: str, since: str = "") -> Reading:
        rows = list(self._view(calendar_id, window, home))
        return Reading(tuple(self._entries(rows, window, home)), "", whole=True)

    def get(self, calendar_id: str, entry_id: str, *, home: str) -> Seen:
        about = self._item(entry_id, home)
        if about.cancelled:
            raise Missing(NAME)
        return self._whole(calendar_id, about, home)

    def find(self, calendar_id: str, uid: str, *, home: str) -> tuple[Seen, ...]:
        return tuple(self._whole(calendar_id, one, home) for one in self._marked(calendar_id, uid, home))

    def create(self, calendar_id: str, draft: Draft) -> Written:
        """
        Exchange makes as many as it is asked for, so this looks first whether an earlier one was made after all. Nothing
        is promised when two make one at the same moment.
        """
        there = self._marked(calendar_id, draft.uid, draft.time_zone)
        if there:
            return self.update(calendar_id, there[0].id, draft)
        return _written(self._session.one("CreateItem", soap.create(calendar_id, draft)))

    def update(self, calendar_id: str, entry_id: str, draft: Draft, *, etag: str = "") -> Written:
        about = self._item(entry_id, draft.time_zone)
        if etag and etag != about.change_key:
            raise Stale(NAME)
        # The change key goes along: what somebody does between these two requests is not overwritten either.
        series = about.kind == "RecurringMaster"
        payload = soap.update(about.id, etag or about.change_key, draft, over=not etag, was_series=series)
        return _written(self._session.one("UpdateItem", payload))

    def delete(self, calendar_id: str, entry_id: str, *, etag: str = "") -> None:
        """Exchange deletes whatever the change key is (DeleteItem, read 2026-11), so it is looked at before."""
        if etag and self._item(entry_id, "UTC").change_key != etag:
            raise Stale(NAME)
        self._session.one("DeleteItem", soap.delete(entry_id))

    # Reading ---------------------------------------------------------------------------------------------------------

    def _item(self, entry_id: str, home: str) -> Told:
        return told(_only(self._session.one("GetItem", soap.get_item(entry_id)), "Items"), home)

    def _marked(self, calendar_id: str, uid: str, home: str) -> list[Told]:
        root = _root(self._session.one("FindItem", soap.find_marked(calendar_id, uid)))
        rows = [told(one, home) for one in _children(root, "Items")]
        return [one for one in rows if one.mark == uid and not one.cancelled]

    def _whole(self, calendar_id: str, about: Told, home: str) -> Seen:
        """One entry with its occurrences, those of a series picked out of the calendar by its UID."""
        now = self._clock()
        window = Period(now - BEFORE, now + AHEAD)
        if about.kind != "RecurringMaster":
            ever = Period(datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 12, 30, tzinfo=UTC))
            return seen(about.id, [about], about, ever)
        rows = [one for one in self._view(calendar_id, window, home) if one.uid == about.uid]
        return seen(about.id, rows, about, window)

    def _view(self, calendar_id: str, window: Period, home: str) -> Iterator[Told]:
        """Everything in the window, each once; days reach over its edges, where they are days somewhere else."""
        margin = timedelta(days=1)
        start, end = window.start - margin, window.end + margin
        found: dict[str, Told] = {}
        waiting = [(start, end)]
        while waiting:
            first, last = waiting.pop()
            if last - first > LONGEST_VIEW:
                waiting += _halves(first, last)
                continue
            root = _root(self._session.one("FindItem", soap.view(calendar_id, first, last)))
            if root.get("IncludesLastItemInRange") != "true":
                if last - first < SHORTEST_VIEW:
                    raise Garbled(NAME)
                waiting += _halves(first, last)
                continue
            for element in _children(root, "Items"):
                one = told(element, home)
                found[one.id] = one
        yield from found.values()

    def _entries(self, rows: Iterable[Told], window: Period, home: str) -> Iterator[Seen]:
        """Rows by the entry they belong to; a series goes by its master, which occurrences do not name."""
        series: dict[str, list[Told]] = {}
        for row in rows:
            if row.item is None or not row.item.during.overlaps(window):
                continue
            if row.of_series:
                series.setdefault(row.uid or row.id, []).append(row)
            else:
                yield seen(row.id, [row], row, window)
        groups = list(series.values())
        for at in range(0, len(groups), CHUNK):
            some = groups[at : at + CHUNK]
            messages = self._session.ask("GetItem", soap.get_masters(group[0].id for group in some))
            if len(messages) != len(some):
                raise Garbled(NAME)
            for group, message in zip(some, messages, strict=True):
                try:
                    about = told(_only(ok(message), "Items"), home)
                except Missing:
                    about = group[
                        0
                    ]  # deleted this moment, or without its master: it takes its time all the same
                yield seen(about.id, group, about, window)


def _halves(first: datetime, last: datetime) -> list[tuple[datetime, datetime]]:
    middle = first + (last - first) / 2
    middle = middle.replace(microsecond=0)  # views are asked for by the second
    return [(first, middle), (middle, last)]


def _root(message: Element) -> Element:
    root = message.find(f"{{{MESSAGES}}}RootFolder")
    if root is None:
        raise Garbled(NAME)
    return root


def _children(root: Element, name: str) -> list[Element]:
    """The things found; an element that is not there is not the same as an empty one."""
    holder = root.find(f"{{{TYPES}}}{name}")
    if holder is None:
        raise Garbled(NAME)
    return list(holder)


def _only(message: Element, name: str, *, write: bool = False) -> Element:
    holder = message.find(f"{{{MESSAGES}}}{name}")
    if holder is None or len(holder) != 1:
        raise Garbled(NAME, maybe_applied=write)
    return holder[0]


def _folder_id(folder: Element) -> str:
    id = folder.find(f"{{{TYPES}}}FolderId")
    if id is None or not id.get("Id"):
        raise Garbled(NAME)
    return str(id.get("Id"))


def _written(message: Element) -> Written:
    id = _only(message, "Items", write=True).find(f"{{{TYPES}}}ItemId")
    if id is None or not id.get("Id"):
        raise Garbled(NAME, maybe_applied=True)
    return Written(id.get("Id"), id.get("ChangeKey", ""))
