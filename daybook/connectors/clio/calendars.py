"""The calendars a connection knows of."""

from daybook.connectors.clio import read
from daybook.connectors.clio.fields import CALENDAR_FIELDS
from daybook.connectors.clio.session import Session
from daybook.connectors.clio.shapes import ClioCalendar


def all(session: Session) -> tuple[ClioCalendar, ...]:
    """Return every calendar the connection may see, in the order of their ids. Raises `RemoteTrouble`."""
    listed = session.all("/calendars.json", {"fields": CALENDAR_FIELDS, "order": "id(asc)", "limit": 200})
    return tuple(ClioCalendar.parse(read.record(item)) for item in listed)


def get(session: Session, calendar_id: str) -> ClioCalendar:
    """
    Return one calendar. Raises `Missing` when it is deleted or no longer shared with this connection's user, else
    `RemoteTrouble`.
    """
    found = session.get("/calendars/{id}.json", {"fields": CALENDAR_FIELDS}, at={"id": calendar_id})
    return ClioCalendar.parse(read.record(found))
