"""What Graph says of an event, read into the words every calendar is read into."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from daybook.connectors.calendars import Item, Seen
from daybook.connectors.errors import Garbled
from daybook.connectors.microsoft import record
from daybook.connectors.microsoft.oauth import PROVIDER
from daybook.connectors.microsoft.record import Record
from daybook.connectors.recurrence.zones import by_name
from daybook.core.entries import Standing
from daybook.core.hours import day_period
from daybook.core.periods import Period

#: Under which an appointment's UID is kept in its event. The set of names is Daybook's own, made once and for ever.
PROPERTY: Final = "String {6c1c2c39-5a0f-4d8e-9f5f-3f2f5d8d7b11} Name daybook"
#: Ours begin their `transactionId` with this. A delta cannot be asked for our property ($expand is not supported there,
#: event: delta, read 2026-11), but it tells this, which nobody can change once the event is made (event resource).
TRANSACTION: Final = "daybook"

_BUSY, _FREE, _TENTATIVE = Standing.BUSY, Standing.FREE, Standing.TENTATIVE
_OUT, _UNANSWERED, _DECLINED = Standing.OUT_OF_OFFICE, Standing.UNANSWERED, Standing.DECLINED

#: What an event says: `showAs` down the side, `responseStatus.response` across the top (event and responseStatus
#: resources, read 2026-11). What is shown as free is free, whoever asked. A refusal is one however the time is shown; an
#: invitation nobody answered is just that, since Outlook shows it as tentative, or as whoever invites proposes. Else the
#: way the time is shown counts, because people change it by hand after answering.
#: "Working elsewhere" is work: the lawyer is at it, only not at the office. Outlook's own scheduling counts it as free,
#: but then a day at home could be filled twice; busy is what errs on the safe side. "Unknown" is busy as well.
STANDINGS: dict[str, dict[str, Standing]] = {
    "free": {
        "none": _FREE,
        "organizer": _FREE,
        "accepted": _FREE,
        "tentativelyAccepted": _FREE,
        "notResponded": _FREE,
        "declined": _DECLINED,
    },
    "tentative": {
        "none": _TENTATIVE,
        "organizer": _TENTATIVE,
        "accepted": _TENTATIVE,
        "tentativelyAccepted": _TENTATIVE,
        "notResponded": _UNANSWERED,
        "declined": _DECLINED,
    },
    "busy": {
        "none": _BUSY,
        "organizer": _BUSY,
        "accepted": _BUSY,
        "tentativelyAccepted": _BUSY,
        "notResponded": _UNANSWERED,
        "declined": _DECLINED,
    },
    "oof": {
        "none": _OUT,
        "organizer": _OUT,
        "accepted": _OUT,
        "tentativelyAccepted": _OUT,
        "notResponded": _UNANSWERED,
        "declined": _DECLINED,
    },
    "workingElsewhere": {
        "none": _BUSY,
        "organizer": _BUSY,
        "accepted": _BUSY,
        "tentativelyAccepted": _BUSY,
        "notResponded": _UNANSWERED,
        "declined": _DECLINED,
    },
    "unknown": {
        "none": _BUSY,
        "organizer": _BUSY,
        "accepted": _BUSY,
        "tentativelyAccepted": _BUSY,
        "notResponded": _UNANSWERED,
        "declined": _DECLINED,
    },
}


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One row: a single event, or an occurrence of the series `series`. `item` is None where it takes no time."""

    id: str
    series: str
    item: Item | None


def occurrence(row: Record, *, home: str) -> Occurrence:
    """Read one row that has a time. Raises `Garbled`."""
    id = record.identity(row)
    series = record.text(row, "seriesMasterId") if kind(row) in ("occurrence", "exception") else ""
    during = None if record.flag(row, "isCancelled") else _during(row, home)
    if during is None:
        return Occurrence(id, series, None)
    item = Item(during, record.flag(row, "isAllDay"), standing(row), record.text(row, "subject"))
    return Occurrence(id, series, item)


def kind(row: Record) -> str:
    """singleInstance, occurrence, exception or seriesMaster; an event that does not say is single."""
    return record.text(row, "type") or "singleInstance"


def standing(row: Record) -> Standing:
    """What an event says of itself. A word nobody has published yet is no reason to call the time free."""
    shown = STANDINGS.get(record.text(row, "showAs"), STANDINGS["unknown"])
    return shown.get(record.text(record.inner(row, "responseStatus"), "response"), shown["none"])


def seen(id: str, rows: Iterable[Occurrence], about: Record | None = None) -> Seen:
    """An entry: its occurrences, and what `about` (its own row, or the series') says of it."""
    items = sorted((row.item for row in rows if row.item is not None), key=lambda item: item.during)
    if about is None:
        return Seen(id, tuple(items))
    return Seen(
        id,
        tuple(items),
        etag=record.text(about, "@odata.etag"),
        uid=record.text(about, "iCalUId"),
        mark=mark(about),
    )


def transaction(uid: str, turn: int = 0) -> str:
    """By what Graph knows an event of ours that it has been sent twice."""
    return f"{TRANSACTION}:{turn}:{uid}"


def mark(row: Record) -> str:
    """The UID of the appointment for which Daybook made the event, empty for everybody else's."""
    for one in row.get("singleValueExtendedProperties") or ():
        if record.text(record.record(one), "id").casefold() == PROPERTY.casefold():
            return record.text(one, "value")
    begins, _, rest = record.text(row, "transactionId").partition(":")
    return rest.partition(":")[2] if begins == TRANSACTION else ""


def instant(value: Record, *, last: bool = False) -> datetime:
    """
    The instant of a dateTimeTimeZone. Of a time that clocks show twice the earlier one, or with `last` the later.

    Zones are IANA's or Windows' (dateTimeTimeZone resource, read 2026-11); UTC is asked for and nearly always given.

    Raises `Garbled` for what is no time, or of a zone nobody knows.
    """
    local, place = _local(value), record.text(value, "timeZone")
    if local.tzinfo is not None:
        return local.astimezone(UTC)
    found = UTC if place.upper() in ("UTC", "") else by_name(place)
    if found is None:
        raise Garbled(PROVIDER)
    try:
        return local.replace(tzinfo=found, fold=int(last)).astimezone(UTC)
    except OverflowError:
        raise Garbled(PROVIDER) from None


def _local(value: Record) -> datetime:
    try:
        return datetime.fromisoformat(record.text(value, "dateTime"))
    except ValueError:
        raise Garbled(PROVIDER) from None


def _during(row: Record, home: str) -> Period | None:
    starts, ends = record.inner(row, "start"), record.inner(row, "end")
    if record.flag(row, "isAllDay"):
        return _days(_day(starts, row, home), _day(ends, row, home, last=True), home)
    start, end = instant(starts), instant(ends, last=True)
    if end < start:
        raise Garbled(PROVIDER)
    return Period(start, end) if start < end else None


def _day(value: Record, row: Record, home: str, *, last: bool = False) -> date:
    """
    The date that a beginning or end of a whole-day event names. An end is the day after the last.

    Both are midnights (event resource, read 2026-11), shown as such in whatever zone was asked for. Where one is not,
    it has been converted: then it is a midnight in the zone the event was made in, and where even that is not told, the
    day is taken whole on which it falls for the lawyer, at either end: rather a day too many than one too few.
    """
    local = _local(value)
    if local.time() == time():
        return local.date()
    at = instant(value)
    made_in = by_name(record.text(row, "originalStartTimeZone"))
    if made_in is not None and at.astimezone(made_in).time() == time():
        return at.astimezone(made_in).date()
    known = at.astimezone(by_name(home))
    return known.date() + timedelta(days=1) if last and known.time() != time() else known.date()


def _days(first: date, until: date, home: str) -> Period:
    last = max(first, until - timedelta(days=1))
    days = [day for day in (day_period(first, home), day_period(last, home)) if day is not None]
    if not days:
        raise Garbled(PROVIDER)
    return Period(days[0].start, days[-1].end)
