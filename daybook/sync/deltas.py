"""The one way to read a calendar service into the mirror: whole once, and then what has changed."""

from __future__ import annotations

from datetime import datetime, timedelta

from daybook.calendars.models import Calendar
from daybook.connectors.calendars import Reading
from daybook.core.periods import Period
from daybook.sync import copies
from daybook.sync.models import Connection
from daybook.sync.providers import noticing, service_of
from daybook.sync.reading import Asked, Told

#: A whole reading goes this much further than the mirror must reach, so that changes serve for as many days.
FURTHER = timedelta(days=7)


def home_of(calendar: Calendar, connection: Connection) -> str:
    """Whose clock days and floating times are read by: its lawyer's, else the calendar's own, else the firm's."""
    if connection.lawyer is not None:
        return connection.lawyer.time_zone
    return calendar.time_zone or connection.firm.time_zone


def find(calendar: Calendar, connection: Connection, asked: Asked) -> Told:
    """
    What the calendar says now. With a token of the window the mirror holds, only what has changed is asked for; else
    everything, and where a person waits, no more than was asked.

    Raises RemoteTrouble.
    """
    home = home_of(calendar, connection)
    held = _held(calendar, home, asked)
    if held is not None:
        window, since = held, calendar.token
    else:
        # Where there are no changes to be asked for, going further would only be more to read each time.
        goes_on = asked.whole and connection.provider != Connection.Provider.CLIO
        window, since = Period(asked.start, asked.end + FURTHER if goes_on else asked.end), ""
    with noticing(connection):
        before = asked.before(Connection.Provider(connection.provider).label)
        service = service_of(connection, live=asked.live, patient=not asked.live, before=before)
        reading = service.read(calendar.external_id, window, home=home, since=since)
    return _told(calendar, reading, window, home, asked, since)


def _told(calendar: Calendar, reading: Reading, window: Period, home: str, asked: Asked, since: str) -> Told:
    found = copies.sort(calendar, reading.seen, window, asked.now)
    # A reading of less than the mirror holds says nothing about the rest: its token is of no use.
    keeps = asked.whole or bool(since)

    def kept() -> None:
        if not keeps:
            return
        row = Calendar.objects.filter(pk=calendar.pk)
        # What a whole reading was wanted for is dealt with by one, unless it was wanted while that was under way.
        wanted_at = row.values_list("whole_at", flat=True).get()
        if reading.whole and wanted_at == calendar.whole_at:
            wanted_at = None
        again_at = min((at for at in (found.again_at, wanted_at) if at is not None), default=None)
        row.update(token=reading.token, token_zone=home if reading.token else "", whole_at=again_at)

    return Told(
        busy=[item for items in found.busy.values() for item in items] if reading.whole else None,
        start=window.start,
        end=window.end,
        whole=keeps,
        kept=kept,
        changes=None if reading.whole else found.busy,
        since=calendar.token,
        seen=reading.seen,
    )


def _held(calendar: Calendar, home: str, asked: Asked) -> Period | None:
    """The window of the mirror, if asking for what has changed in it answers what is asked."""
    if not calendar.token or calendar.token_zone != home:
        return None
    if calendar.whole_at is not None and calendar.whole_at <= asked.now:
        return None
    return _covering(calendar.read_from, calendar.read_until, asked)


def _covering(start: datetime | None, end: datetime | None, asked: Asked) -> Period | None:
    if start is None or end is None or not start <= asked.start < asked.end <= end:
        return None
    return Period(start, end)
