"""Calendar entries: when somebody is taken, and the appointments we put there."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from daybook.connectors.clio import calendars, read, write
from daybook.connectors.clio.fields import ENTRY_FIELDS
from daybook.connectors.clio.oauth import PROVIDER
from daybook.connectors.clio.session import Session
from daybook.connectors.clio.shapes import CalendarEntry
from daybook.connectors.clio.write import KEEP, Keep
from daybook.connectors.errors import Forbidden

PATH: Final = "/calendar_entries.json"
ONE: Final = "/calendar_entries/{id}.json"

#: Permissions with which nothing can be seen. The empty one is what Clio does not say.
UNREADABLE = frozenset({"none", ""})

#: An all-day entry is a day in Clio's user's zone, and another day in the zone of somebody else: at most 26 hours off.
MARGIN = timedelta(hours=26)


def busy(session: Session, calendar_id: str, start: datetime, end: datetime) -> tuple[CalendarEntry, ...]:
    """
    Return what lies in one calendar between two aware instants, each occurrence of a series on its own, earliest first.

    Entries that only touch the period are left out. All-day entries up to a day outside are left in: which instants
    they cover depends on the zone of the calendar's owner (`CalendarEntry.blocks`). Hidden entries are included.

    What Clio answers for a calendar that is no longer shared is not documented (2026-11), and an empty list would look
    like a free day. So where no entry proves that the calendar can be read, the calendar itself is asked for: a second
    request.

    Raises `Missing` or `Forbidden` when the calendar cannot be read; `Garbled` when an entry has no times, since nobody
    can tell what it is in the way of; else `RemoteTrouble`.
    """
    params = {
        "fields": ENTRY_FIELDS,
        "calendar_id": write.number(calendar_id),
        # Without `expanded` a series is its first occurrence only (Calendar Entries article, read 2026-10).
        "expanded": True,
        # `from` means ends on or after, `to` begins on or before: overlap (file of 2026-04-08).
        "from": write.instant(start - MARGIN),
        "to": write.instant(end + MARGIN),
        "limit": 200,
    }
    found = [_parse(item) for item in session.all(PATH, params)]
    if all(entry.calendar_id != calendar_id for entry in found) and (
        calendars.get(session, calendar_id).permission in UNREADABLE
    ):
        raise Forbidden(PROVIDER, text="Clio no longer lets this connection see this calendar.")
    kept = (entry for entry in found if entry.all_day or (entry.start < end and start < entry.end))
    return tuple(sorted(kept, key=lambda entry: (entry.start, entry.end, entry.id)))


def find_by_external(session: Session, calendar_id: str, name: str, value: str) -> tuple[CalendarEntry, ...]:
    """
    Return the entries of one calendar that carry this external property, oldest id first: look here before creating.

    Raises `RemoteTrouble`.
    """
    params = {
        "fields": ENTRY_FIELDS,
        "calendar_id": write.number(calendar_id),
        "external_property_name": name,
        "external_property_value": value,
        "limit": 200,
    }
    found = (_parse(item) for item in session.all(PATH, params))
    # Clio ignores parameters it does not know and answers with everything: never trust a filter alone.
    exact = (entry for entry in found if entry.external.get(name) == value)
    return tuple(sorted(exact, key=lambda entry: (len(entry.id), entry.id)))


def get(session: Session, entry_id: str) -> CalendarEntry:
    """Return one entry. Raises `Missing` when it is deleted or hidden, else `RemoteTrouble`."""
    return _parse(session.get(ONE, {"fields": ENTRY_FIELDS}, at={"id": entry_id}))


def create(
    session: Session,
    *,
    calendar_id: str,
    start: datetime,
    end: datetime,
    summary: str,
    external: Mapping[str, str],
    description: str = "",
    location: str = "",
    matter_id: str | None = None,
    contact_ids: tuple[str, ...] = (),
) -> CalendarEntry:
    """
    Put an appointment into a calendar and return it as Clio has it.

    `external` is how it is found again (at most five, seen by whoever may read the entry: ids, no names). Clio sends
    no mail about it: that is ours to do. `contact_ids` are the people from outside who attend.

    Raises `Forbidden` when the connection may not write to this calendar, else `RemoteTrouble`.
    """
    data: dict[str, Any] = {
        "calendar_owner": write.link(calendar_id),
        "start_at": write.instant(start),
        "end_at": write.instant(end),
        "all_day": False,
        "summary": summary,
        "external_properties": [{"name": name, "value": value} for name, value in external.items()],
        # The default is not documented (2026-10), so it is always said.
        "send_email_notification": False,
    }
    data |= {name: text for name, text in (("description", description), ("location", location)) if text}
    if matter_id is not None:
        data["matter"] = write.link(matter_id)
    if contact_ids:
        data["attendees"] = [{"id": write.number(one), "type": "Contact"} for one in contact_ids]
    return _parse(session.post(PATH, data, fields=ENTRY_FIELDS))


def update(
    session: Session,
    entry_id: str,
    *,
    etag: str | None = None,
    start: datetime | Keep = KEEP,
    end: datetime | Keep = KEEP,
    all_day: bool | Keep = KEEP,
    recurrence_rule: str | Keep | None = KEEP,
    summary: str | Keep = KEEP,
    description: str | Keep = KEEP,
    location: str | Keep = KEEP,
    matter_id: str | Keep | None = KEEP,
    calendar_id: str | Keep = KEEP,
) -> CalendarEntry:
    """
    Change what is given, leave the rest, and return the entry as Clio has it now. `matter_id=None` takes the matter
    away, `recurrence_rule=None` ends a series (file of 2026-04-08). With `etag`, raises `Stale` when somebody else changed it first.

    Raises `Missing` when it is gone, else `RemoteTrouble`.
    """
    data = write.changed(
        {
            "start_at": write.instant(start),
            "end_at": write.instant(end),
            "all_day": all_day,
            "recurrence_rule": recurrence_rule,
            "summary": summary,
            "description": description,
            "location": location,
            "matter": write.link(matter_id),
            "calendar_owner": write.link(calendar_id),
        }
    )
    data["send_email_notification"] = False
    return _parse(session.patch(ONE, data, at={"id": entry_id}, fields=ENTRY_FIELDS, etag=etag))


def delete(session: Session, entry_id: str) -> None:
    """Delete an entry. Raises `Missing` when there is none any more (the caller may be content), else `RemoteTrouble`."""
    session.delete(ONE, at={"id": entry_id})


def _parse(value: object) -> CalendarEntry:
    return CalendarEntry.parse(read.record(value))
