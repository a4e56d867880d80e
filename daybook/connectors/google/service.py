"""A Google account's calendars, as the contract of calendar providers has them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, timedelta
from typing import Any

from daybook.connectors.calendars import Draft, Listed, Reading, Seen, Written
from daybook.connectors.errors import Garbled, Missing, Rejected
from daybook.connectors.google import NAME, shapes, writing
from daybook.connectors.google.session import Session
from daybook.connectors.google.shapes import MARK, Group, Record
from daybook.connectors.google.watching import Watches
from daybook.core.periods import Period

LIST = "/users/me/calendarList"
EVENTS = "/calendars/{calendar}/events"
EVENT = "/calendars/{calendar}/events/{event}"

#: Whether a role lets Daybook keep appointments in a calendar. Those with `writerWithoutPrivateAccess` could not read
#: again the private entries Daybook writes (calendar.v3 discovery document, 2026-10-30).
MAY_WRITE: dict[str, bool] = {
    "owner": True,
    "writer": True,
    "writerWithoutPrivateAccess": False,
    "reader": False,
    "freeBusyReader": False,
}
#: Google's largest page. The same for each reading of a calendar: what goes with a sync token must not differ.
PAGE = 2500
#: How far before the window a first reading begins, so that an occurrence moved back out of the window is seen to be
#: moved. There is no end to it: one moved on by months is seen as well, and what is told later has no end either.
BEHIND = timedelta(days=31)
#: A delta that touches more series than this costs more than reading everything again.
MOST_SERIES = 12
YEARS, DAY = timedelta(days=729), timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Account:
    """Whose calendars they are: the address of an account is what its own calendar is called by."""

    id: str
    email: str


class _Lost(Exception):
    """What has changed cannot be told from the delta alone."""


class GoogleCalendars(Watches):
    """One Google account's calendars: `Service` and `Watching`."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def account(self) -> Account:
        """Whose account this is. Raises `RemoteTrouble`."""
        found = self._session.get(f"{LIST}/{{calendar}}", {"fields": "id"}, at={"calendar": "primary"})
        name = shapes.text(found, "id")
        if "@" not in name:
            raise Garbled(NAME)
        return Account(name, name)

    def calendars(self) -> tuple[Listed, ...]:
        params = {
            "maxResults": 250,
            "fields": "nextPageToken,items(id,summary,summaryOverride,accessRole,primary,timeZone,dataOwner)",
        }
        pages = self._session.pages(LIST, params, at={})
        return tuple(_listed(record) for page in pages for record in _records(page))

    def read(self, calendar_id: str, window: Period, *, home: str, since: str = "") -> Reading:
        if since:
            try:
                return self._changed(calendar_id, window, home, since)
            except _Lost:
                pass
            except Missing as gone:
                if gone.status != 410:  # the token has gone, not the calendar
                    raise
            except Rejected as refused:
                if refused.status != 400:  # a token of another kind of reading
                    raise
        return self._whole(calendar_id, window, home)

    def get(self, calendar_id: str, entry_id: str, *, home: str) -> Seen:
        record = self._session.get(
            EVENT,
            {"fields": shapes.FIELDS, "maxAttendees": 1},
            at={"calendar": calendar_id, "event": entry_id},
        )
        if shapes.is_cancelled(record):
            raise Missing(NAME, status=404)
        return self._seen_around(calendar_id, record, home)

    def find(self, calendar_id: str, uid: str, *, home: str) -> tuple[Seen, ...]:
        records, _, _ = self._list(calendar_id, {"privateExtendedProperty": f"{MARK}={uid}"})
        # A series made of an entry of ours has the mark on each changed occurrence too.
        standing_for = {shapes.series_of(one): one for one in records if not shapes.is_cancelled(one)}
        return tuple(self._seen_around(calendar_id, one, home) for one in standing_for.values())

    def create(self, calendar_id: str, draft: Draft) -> Written:
        return writing.create(self._session, calendar_id, draft)

    def update(self, calendar_id: str, entry_id: str, draft: Draft, *, etag: str = "") -> Written:
        return writing.update(self._session, calendar_id, entry_id, draft, etag=etag)

    def delete(self, calendar_id: str, entry_id: str, *, etag: str = "") -> None:
        writing.delete(self._session, calendar_id, entry_id, etag=etag)

    # --- readings ---

    def _whole(self, calendar_id: str, window: Period, home: str) -> Reading:
        begin = (window.start - BEHIND).astimezone(UTC)
        records, zone, token = self._list(calendar_id, {"timeMin": f"{begin:%Y-%m-%dT%H:%M:%SZ}"})
        found = (_seen(group, window, home, zone) for group in shapes.groups(records).values())
        return Reading(tuple(seen for seen in found if seen.items), token, whole=True)

    def _changed(self, calendar_id: str, window: Period, home: str, since: str) -> Reading:
        """
        What has changed, each entry whole. Google tells of a changed series without its changed occurrences, and of
        these without their series: such an entry is read again by its iCalendar UID, which gives all of it at once.
        """
        records, zone, token = self._list(calendar_id, {"syncToken": since})
        told = shapes.groups(records)
        again = [group for group in told.values() if group.is_series and not _is_gone(group)]
        if len(again) > MOST_SERIES:
            raise _Lost
        for group in again:
            told.update(self._series(calendar_id, group))
        return Reading(tuple(_seen(group, window, home, zone) for group in told.values()), token, whole=False)

    def _series(self, calendar_id: str, group: Group) -> dict[str, Group]:
        """The series as it is now, with all that shares its iCalendar UID. Raises `_Lost` where it is not found."""
        known = [group.master, *group.changes] if group.master else group.changes
        uids = [shapes.text(one, "iCalUID") for one in known if shapes.text(one, "iCalUID")]
        # Of a cancelled occurrence Google need not tell the UID; of Google's own series it is known.
        records, _, _ = self._list(calendar_id, {"iCalUID": uids[0] if uids else f"{group.id}@google.com"})
        found = shapes.groups(records)
        if group.id not in found:
            raise _Lost
        listed = {shapes.identity(one) for one in found[group.id].changes}
        found[group.id].changes += [one for one in group.changes if shapes.identity(one) not in listed]
        return found

    def _seen_around(self, calendar_id: str, record: Record, home: str) -> Seen:
        """The entry of which `record` is all or a part, around now."""
        now = self._session.clock()
        alone = shapes.groups([record])[shapes.series_of(record)]
        if alone.is_series:
            records, zone, _ = self._list(calendar_id, {"iCalUID": shapes.text(record, "iCalUID")})
            whole = shapes.groups(records).get(alone.id, alone)
            return _seen(whole, Period(now - DAY, now + YEARS), home, zone)
        # Of a single one, its time is told wherever it lies.
        start, end = shapes.moment(record, "start"), shapes.moment(record, "end")
        first, last = sorted((shapes.roughly(start), shapes.roughly(end)))
        return _seen(alone, Period(first - 2 * DAY, last + 2 * DAY), home, "")

    def _list(self, calendar_id: str, params: dict[str, str]) -> tuple[list[Record], str, str]:
        """All events of a list, the calendar's zone, and the token for what comes after, where there is one."""
        records: list[Record] = []
        zone = token = ""
        asked: dict[str, Any] = {
            "maxResults": PAGE,
            "maxAttendees": 1,
            "fields": f"timeZone,nextPageToken,nextSyncToken,items({shapes.FIELDS})",
            **params,
        }
        for page in self._session.pages(EVENTS, asked, at={"calendar": calendar_id}):
            records += _records(page)
            zone, token = shapes.text(page, "timeZone"), shapes.text(page, "nextSyncToken")
        return records, zone, token


def _records(page: Record) -> Iterable[Record]:
    """What a page lists; none where the page has no such field, as an empty one may have. Raises `Garbled`."""
    found = page.get("items", [])
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise Garbled(NAME)
    return found


def _listed(record: Record) -> Listed:
    name, main = shapes.identity(record), record.get("primary") is True
    return Listed(
        id=name,
        name=shapes.text(record, "summaryOverride") or shapes.text(record, "summary") or name,
        may_write=MAY_WRITE.get(shapes.text(record, "accessRole"), False),
        owner=shapes.text(record, "dataOwner") or (name if "@" in name and "@group." not in name else ""),
        time_zone=shapes.text(record, "timeZone"),
        main=main,
    )


def _is_gone(group: Group) -> bool:
    return group.master is not None and shapes.is_cancelled(group.master)


def _seen(group: Group, window: Period, home: str, zone: str) -> Seen:
    told = group.master or next((one for one in group.changes if not shapes.is_cancelled(one)), {})
    if _is_gone(group):
        return Seen(group.id)
    return Seen(
        id=group.id,
        items=shapes.items(group, window, home, zone),
        etag=shapes.text(told, "etag"),
        uid=shapes.text(told, "iCalUID"),
        mark=shapes.mark(told),
    )
