"""Clio's calendars as those of any provider: listing, reading, and writing our own appointments."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from daybook.connectors.calendars import Draft, Item, Listed, Reading, Seen, Written
from daybook.connectors.clio import calendars, entries, users
from daybook.connectors.clio.oauth import PROVIDER
from daybook.connectors.clio.session import Session
from daybook.connectors.clio.shapes import CalendarEntry
from daybook.connectors.clio.write import KEEP, Keep
from daybook.connectors.errors import Rejected, Stale
from daybook.core.hours import zone
from daybook.core.periods import Period

#: The property under which an entry carries our appointment's UID.
MARK: Final = "daybook"

#: `get` looks this far ahead for occurrences of a series.
AHEAD: Final = timedelta(days=730)


class ClioCalendars:
    """
    The calendars of one connection (`Service`).

    Clio has no tokens of change and says of an entry no more than that it is there (facts of the published file,
    2026-04-08): readings are always whole, and everything is busy.

    `matter_id` and `contact_ids` (of Clio) are what entries written through this instance belong to and who from outside
    attends. Without `matter_id`, new entries have no matter and others keep theirs; None takes it away. Who attends is
    said at creation only.
    """

    def __init__(
        self,
        session: Session,
        *,
        now: datetime,
        matter_id: str | Keep | None = KEEP,
        contact_ids: tuple[str, ...] = (),
    ) -> None:
        self._session = session
        self._now = now
        self._matter_id = matter_id
        self._contact_ids = contact_ids
        self._looked: set[tuple[str, str]] = set()

    # --- reading ---------------------------------------------------------------------------------------------------

    def calendars(self) -> tuple[Listed, ...]:
        """As `Service.calendars`. The zone and the owner of a calendar that is a user's own are that user's."""
        own = users.who_am_i(self._session).user.default_calendar_id
        people = {user.default_calendar_id: user for user in users.all_users(self._session)}
        found = []
        for one in calendars.all(self._session):
            owner = people.get(one.id)
            found.append(
                Listed(
                    id=one.id,
                    name=one.name or "Calendar",
                    may_write=one.writable,
                    owner=owner.name if owner else one.creator.name if one.creator else "",
                    time_zone=(owner.time_zone or "") if owner else "",
                    main=one.id == own,
                )
            )
        return tuple(found)

    def read(self, calendar_id: str, window: Period, *, home: str, since: str = "") -> Reading:
        """As `Service.read`; one request for every 200 occurrences, and one more for an empty calendar."""
        found = entries.busy(self._session, calendar_id, window.start, window.end)
        groups: dict[str, list[CalendarEntry]] = {}
        for entry in found:
            groups.setdefault(entry.parent_id or entry.id, []).append(entry)
        seen = (_seen(group, home, window) for group in groups.values())
        return Reading(tuple(one for one in seen if one.items), "", whole=True)

    def get(self, calendar_id: str, entry_id: str, *, home: str) -> Seen:
        """As `Service.get`. A series is read with all that is in its calendar: Clio has no list of its occurrences."""
        return self._whole(calendar_id, entries.get(self._session, entry_id), home)

    def find(self, calendar_id: str, uid: str, *, home: str) -> tuple[Seen, ...]:
        """As `Service.find`. In a calendar that is not there, nothing is found."""
        found = entries.find_by_external(self._session, calendar_id, MARK, uid)
        if not found:
            self._looked.add((calendar_id, uid))
        ids = {entry.id for entry in found}
        return tuple(self._whole(calendar_id, entry, home) for entry in found if entry.parent_id not in ids)

    def _whole(self, calendar_id: str, entry: CalendarEntry, home: str) -> Seen:
        if entry.parent_id is None and not entry.recurrence_rule:
            return _seen([entry], home)
        reading = self.read(calendar_id, Period(self._now, self._now + AHEAD), home=home)
        series = entry.parent_id or entry.id
        return next((one for one in reading.seen if one.id == series), Seen(series, mark=_mark(entry)))

    # --- writing ---------------------------------------------------------------------------------------------------

    def create(self, calendar_id: str, draft: Draft) -> Written:
        """
        As `Service.create`. Clio knows no idempotency key, so it is looked first whether the entry is there, unless
        `find` has just said that it is not. Two who create at the same time make two: the caller sees to that.
        """
        if (calendar_id, draft.uid) not in self._looked:
            there = entries.find_by_external(self._session, calendar_id, MARK, draft.uid)
            if there:
                return self.update(calendar_id, there[0].id, draft)
        # From now on it may be there, whatever comes of this.
        self._looked.discard((calendar_id, draft.uid))
        try:
            made = entries.create(
                self._session,
                calendar_id=calendar_id,
                start=draft.start,
                end=draft.end,
                summary=draft.title,
                location=draft.location,
                matter_id=None if isinstance(self._matter_id, Keep) else self._matter_id,
                contact_ids=self._contact_ids,
                external={MARK: draft.uid},
            )
        except Rejected:
            # An unknown calendar is an argument that Clio rejects, like any other.
            calendars.get(self._session, calendar_id)
            raise
        return Written(made.id, made.etag)

    def update(self, calendar_id: str, entry_id: str, draft: Draft, *, etag: str = "") -> Written:
        """
        As `Service.update`. An entry that somebody put into another calendar comes back to this one, one that was made
        to repeat or to last whole days does so no longer.
        """
        changed = entries.update(
            self._session,
            entry_id,
            etag=etag or None,
            start=draft.start,
            end=draft.end,
            all_day=False,
            recurrence_rule=None,
            summary=draft.title,
            location=draft.location,
            matter_id=self._matter_id,
            calendar_id=calendar_id,
        )
        return Written(changed.id, changed.etag)

    def delete(self, calendar_id: str, entry_id: str, *, etag: str = "") -> None:
        """
        As `Service.delete`. Deleting takes no condition in Clio (file of 2026-04-08), so with `etag` the entry is looked
        at first: what somebody changes between the two requests is deleted.
        """
        if etag and entries.get(self._session, entry_id).etag != etag:
            raise Stale(PROVIDER)
        entries.delete(self._session, entry_id)


def _mark(entry: CalendarEntry) -> str:
    return entry.external.get(MARK, "")


def _seen(group: Sequence[CalendarEntry], home: str, window: Period | None = None) -> Seen:
    """
    Occurrences that belong together, as an entry. One of a series has no etag: which one its occurrences carry is not
    documented (2026-11).
    """
    first, place = group[0], zone(home)
    alone = first.parent_id is None and not first.recurrence_rule
    items = [
        Item(during, entry.all_day, title=entry.summary)
        for entry in group
        if (during := entry.blocks(place)) and (window is None or during.overlaps(window))
    ]
    return Seen(
        first.parent_id or first.id,
        tuple(sorted(items, key=lambda item: item.during)),
        etag=first.etag if alone else "",
        mark=next(filter(None, map(_mark, group)), ""),
    )
