"""Reading a calendar: whole, or what has changed, by the delta of its calendar view."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from daybook.connectors.calendars import Reading, Seen
from daybook.connectors.errors import Garbled, Missing, Unreachable
from daybook.connectors.microsoft import events, record
from daybook.connectors.microsoft.events import Occurrence
from daybook.connectors.microsoft.oauth import PROVIDER
from daybook.connectors.microsoft.record import Record
from daybook.connectors.microsoft.session import LOST, Session
from daybook.core.periods import Period

VIEW: Final = "/me/calendars/{calendar}/calendarView"
DELTA: Final = "/me/calendars/{calendar}/calendarView/delta"

UTC_ONLY: Final = 'outlook.timezone="UTC"'
#: A delta takes no $select (event: delta, read 2026-11): each event comes with its whole invitation, so fifty to a page keep
#: well below what one answer may weigh (`http.MAX_BYTES`).
PREFER: Final = f"{UTC_ONLY}, odata.maxpagesize=50"
#: Where $select is taken, this is all that is looked at: no bodies, no attendees.
FIELDS: Final = (
    "id,iCalUId,transactionId,subject,start,end,isAllDay,isCancelled,showAs,responseStatus,type,seriesMasterId,"
    "originalStartTimeZone"
)
PAGE: Final = 500
#: The most by which two clocks in the world differ.
APART: Final = timedelta(hours=26)

#: What an occurrence in a delta leaves to its series: it says when it is, and no more (seen in microsoft-graph-docs
#: issue 7632 and microsoft-graph-docs-contrib issue 34, read 2026-11).
INHERITED: Final = (
    "subject",
    "isAllDay",
    "isCancelled",
    "showAs",
    "responseStatus",
    "originalStartTimeZone",
)


def read(session: Session, calendar_id: str, window: Period, *, home: str, since: str) -> Reading:
    """As `Service.read`."""
    if _is_token(since):
        try:
            return _round(session, calendar_id, window, home=home, since=since)
        except Missing as missing:
            if missing.status != LOST:
                raise
    try:
        return _round(session, calendar_id, window, home=home, since="")
    except Missing as missing:
        if missing.status != LOST:
            raise
        # The links of this very round: nothing is missing, it begins anew another time.
        raise Unreachable(PROVIDER, status=LOST) from None


def view(session: Session, calendar_id: str, window: Period) -> Iterator[Record]:
    """Every event and occurrence in the window as it is now, each with everything about it."""
    params = {**span(window), "$select": FIELDS, "$top": PAGE}
    for page in session.pages(VIEW, at={"calendar": calendar_id}, params=params, prefer=UTC_ONLY):
        for row in page["value"]:
            yield record.record(row)


def span(window: Period) -> dict[str, Any]:
    """
    A window as every view is asked for it, wider by what zones can be apart: a whole day lies where its mailbox is, and
    is read where its lawyer is.
    """
    wide = window.pad(APART, APART)
    return {"startDateTime": written(wide.start), "endDateTime": written(wide.end)}


def written(at: datetime) -> str:
    """An instant as Graph takes it in addresses."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _round(session: Session, calendar_id: str, window: Period, *, home: str, since: str) -> Reading:
    rows: dict[str, Record] = {}
    link: object = None
    pages = session.pages(
        DELTA,
        at={"calendar": calendar_id},
        params=span(window),
        prefer=PREFER,
        start=since,
    )
    for page in pages:
        for row in page["value"]:
            rows[record.identity(record.record(row))] = row
        link = page.get("@odata.deltaLink")
    token = session.shortened(link)
    if not _is_token(token):
        raise Garbled(PROVIDER)
    found = _Rows(rows.values(), whole=not since)
    if found.incomplete:
        found.complete(view(session, calendar_id, window))
    return Reading(tuple(found.entries(window, home)), token, whole=not since)


def _is_token(token: str) -> bool:
    """Whether this is the end of a link to go on with, and not, say, of one that leads elsewhere on the same computer."""
    path, _, query = token.casefold().partition("?")
    return path.startswith("/") and "delta" in path.rpartition("/")[2] and "deltatoken=" in query


class _Rows:
    """
    What a round of the delta has told, put together by entry.

    Of a series that changed, a delta tells the master and the occurrences left, and nothing of one that was deleted (seen
    by users of it, among them Stack Overflow question 55641502, read 2026-11). So whenever a later round touches a
    series, the series is read again from the view: an occurrence is never kept or dropped on a guess.
    """

    def __init__(self, rows: Iterable[Record], *, whole: bool) -> None:
        self.whole = whole
        self.gone: list[str] = []
        self.singles: list[Record] = []
        self.masters: dict[str, Record] = {}
        self.series: dict[str, list[Record]] = {}
        for row in rows:
            if "@removed" in row:
                self.gone.append(record.identity(row))
            elif events.kind(row) == "seriesMaster":
                self.masters[record.identity(row)] = row
            elif (series := _series(row)) is not None:
                self.series.setdefault(series, []).append(row)
            else:
                self.singles.append(row)

    @property
    def incomplete(self) -> bool:
        """Whether the rows do not say everything about a series they name."""
        if not self.whole:
            return bool(self.masters or self.series)
        return any(
            series not in self.masters and any(_bare(row) for row in rows)
            for series, rows in self.series.items()
        )

    def complete(self, view: Iterable[Record]) -> None:
        """Take the occurrences of the series from the view. In a whole reading what it lacks is kept as it was."""
        fresh: dict[str, list[Record]] = {}
        for row in view:
            series = _series(row)
            if series is not None and (series in self.series or series in self.masters):
                fresh.setdefault(series, []).append(row)
        if self.whole:
            self.series |= fresh
        else:
            self.series = {id: fresh.get(id, []) for id in {**self.series, **self.masters}}

    def entries(self, window: Period, home: str) -> Iterator[Seen]:
        """Every entry the rows speak of, each once."""
        told: set[str] = set()
        for row in self.singles:
            told.add(record.identity(row))
            yield events.seen(record.identity(row), _inside([events.occurrence(row, home=home)], window), row)
        for id in {**self.masters, **self.series}:
            master = self.masters.get(id)
            rows = [_inheriting(row, master) for row in self.series.get(id, ())]
            read = [events.occurrence(row, home=home) for row in rows]
            told.add(id)
            inside = _inside(read, window)
            if inside or not self.whole:
                yield events.seen(id, inside, master)
        if not self.whole:
            yield from (Seen(id) for id in self.gone if id not in told)


def _series(row: Record) -> str | None:
    if events.kind(row) not in ("occurrence", "exception"):
        return None
    # One that does not say to which series it belongs stands for itself.
    return record.text(row, "seriesMasterId") or None


def _bare(row: Record) -> bool:
    return row.get("showAs") is None


def _inheriting(row: Record, master: Record | None) -> Record:
    if master is None or not _bare(row):
        return row
    return {**row, **{name: master.get(name) for name in INHERITED if row.get(name) is None}}


def _inside(rows: list[Occurrence], window: Period) -> list[Occurrence]:
    return [row for row in rows if row.item is not None and row.item.during.overlaps(window)]
