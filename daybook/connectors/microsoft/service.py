"""One account's calendars: listing, reading, and writing our own appointments."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from daybook.connectors.calendars import Draft, Listed, Reading, Seen, Watch, Written
from daybook.connectors.errors import Garbled, Missing, RemoteTrouble
from daybook.connectors.microsoft import events, reading, record, watching
from daybook.connectors.microsoft.events import PROPERTY
from daybook.connectors.microsoft.oauth import PROVIDER
from daybook.connectors.microsoft.reading import FIELDS, UTC_ONLY
from daybook.connectors.microsoft.record import Record
from daybook.connectors.microsoft.session import REPEATED, Session
from daybook.core.periods import Period

CALENDARS: Final = "/me/calendars"
EVENTS: Final = "/me/calendars/{calendar}/events"
EVENT: Final = "/me/calendars/{calendar}/events/{event}"
INSTANCES: Final = "/me/calendars/{calendar}/events/{event}/instances"

OURS: Final = f"singleValueExtendedProperties($filter=id eq '{PROPERTY}')"
#: `get` looks this far ahead.
AHEAD: Final = timedelta(days=730)


class MicrosoftCalendars:
    """The calendars of one account (`Service`), and being told of changes (`Watching`)."""

    def __init__(self, session: Session) -> None:
        self._session = session

    # --- reading ---------------------------------------------------------------------------------------------------

    def calendars(self) -> tuple[Listed, ...]:
        """
        As `Service.calendars`. The zone stays empty: it is a setting of the mailbox, which Calendars.ReadWrite does not
        open (user: get mailboxSettings, read 2026-11).
        """
        params = {"$select": "id,name,canEdit,isDefaultCalendar,owner", "$top": 100}
        found: dict[str, Listed] = {}
        for page in self._session.pages(CALENDARS, params=params):
            for row in page["value"]:
                one = _listed(record.record(row))
                found[one.id] = one
        return tuple(found.values())

    def read(self, calendar_id: str, window: Period, *, home: str, since: str = "") -> Reading:
        """As `Service.read`. The token is the end of Graph's own link, which holds the window."""
        return reading.read(self._session, calendar_id, window, home=home, since=since)

    def get(self, calendar_id: str, entry_id: str, *, home: str) -> Seen:
        """As `Service.get`."""
        at = {"calendar": calendar_id, "event": entry_id}
        params = {"$select": FIELDS, "$expand": OURS}
        found = self._session.get(EVENT, at=at, params=params, prefer=UTC_ONLY)
        if record.flag(found, "isCancelled"):
            raise Missing(PROVIDER)
        return self._whole(calendar_id, found, home)

    def find(self, calendar_id: str, uid: str, *, home: str) -> tuple[Seen, ...]:
        """As `Service.find`, by the property that create gives every event of ours."""
        wanted = uid.replace("'", "''")
        params = {
            "$filter": f"singleValueExtendedProperties/Any(ep: ep/id eq '{PROPERTY}' and ep/value eq '{wanted}')",
            "$select": FIELDS,
            "$expand": OURS,
        }
        at = {"calendar": calendar_id}
        rows: dict[str, Record] = {}
        for page in self._session.pages(EVENTS, at=at, params=params, prefer=UTC_ONLY):
            for row in page["value"]:
                rows[record.identity(record.record(row))] = row
        return tuple(
            self._whole(calendar_id, row, home)
            for row in rows.values()
            if events.mark(row) == uid and not record.flag(row, "isCancelled")
        )

    def _whole(self, calendar_id: str, row: Record, home: str) -> Seen:
        id = record.identity(row)
        if events.kind(row) != "seriesMaster":
            return events.seen(id, [events.occurrence(row, home=home)], row)
        now = self._session.clock()
        params = {
            **reading.span(Period(now - timedelta(days=1), now + AHEAD)),
            "$select": FIELDS,
            "$top": 500,
        }
        rows = [
            events.occurrence(record.record(one), home=home)
            for page in self._session.pages(
                INSTANCES, at={"calendar": calendar_id, "event": id}, params=params, prefer=UTC_ONLY
            )
            for one in page["value"]
        ]
        return events.seen(id, rows, row)

    # --- writing ---------------------------------------------------------------------------------------------------

    def create(self, calendar_id: str, draft: Draft) -> Written:
        """
        As `Service.create`. Graph drops a second request with the `transactionId` of the first (event resource, read
        2026-11), for how long it does not say: whoever calls looks with `find` all the same.
        """
        body = _body(draft) | {
            "responseRequested": False,
            "transactionId": events.transaction(draft.uid),
            "singleValueExtendedProperties": [{"id": PROPERTY, "value": draft.uid}],
        }
        at = {"calendar": calendar_id}
        try:
            made = self._session.post(EVENTS, body, at=at, prefer=UTC_ONLY)
        except RemoteTrouble as trouble:
            if trouble.status != REPEATED:
                raise
            there = self.find(calendar_id, draft.uid, home="UTC")
            if there:
                return self.update(calendar_id, there[0].id, draft)
            # Somebody has deleted the one that was made with it; that is no reason never to make another.
            turn = int(self._session.clock().timestamp())
            body["transactionId"] = events.transaction(draft.uid, turn)
            made = self._session.post(EVENTS, body, at=at, prefer=UTC_ONLY)
        written = _written(made)
        return written if _says(made, draft) else self.update(calendar_id, written.id, draft)

    def update(self, calendar_id: str, entry_id: str, draft: Draft, *, etag: str = "") -> Written:
        """As `Service.update`."""
        at = {"calendar": calendar_id, "event": entry_id}
        return _written(self._session.patch(EVENT, _body(draft), at=at, etag=etag, prefer=UTC_ONLY))

    def delete(self, calendar_id: str, entry_id: str, *, etag: str = "") -> None:
        """As `Service.delete`. Nobody is told: events of ours have no attendees."""
        self._session.delete(EVENT, at={"calendar": calendar_id, "event": entry_id}, etag=etag)

    # --- being told ------------------------------------------------------------------------------------------------

    def watch(self, calendar_id: str, *, address: str, secret: str, until: datetime) -> Watch:
        """As `Watching.watch`; what `address` has to answer, `watching` says."""
        return watching.create(self._session, calendar_id, address=address, secret=secret, until=until)

    def rewatch(self, calendar_id: str, watch: Watch, *, address: str, secret: str, until: datetime) -> Watch:
        """
        As `Watching.rewatch`: prolonged, with the secret it was made with. One that has ended, or tells another address,
        is replaced by a new one.
        """
        return watching.renew(self._session, calendar_id, watch, address=address, secret=secret, until=until)

    def unwatch(self, watch: Watch) -> None:
        """As `Watching.unwatch`."""
        watching.end(self._session, watch)


def _listed(row: Record) -> Listed:
    owner = record.inner(row, "owner")
    return Listed(
        id=record.identity(row),
        name=record.text(row, "name"),
        may_write=record.flag(row, "canEdit"),
        owner=record.text(owner, "address") or record.text(owner, "name"),
        main=record.flag(row, "isDefaultCalendar"),
    )


def _body(draft: Draft) -> dict[str, Any]:
    """
    What an event of ours says. Times are UTC: a clock's time can be doubtful on the night clocks go back, and not every
    IANA name is known to Graph (dateTimeTimeZone resource, read 2026-11). Whoever looks at it sees their own time.
    """
    return {
        "subject": draft.title,
        "location": {"displayName": draft.location},
        "start": _time(draft.start),
        "end": _time(draft.end),
        "isAllDay": False,
        "showAs": "busy",
        "sensitivity": "private",
        "isReminderOn": False,
    }


def _time(at: datetime) -> dict[str, str]:
    return {"dateTime": at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S"), "timeZone": "UTC"}


def _says(row: Record, draft: Draft) -> bool:
    """Whether an event says what `draft` does, as far as an earlier one may differ. One that says nothing readable does not."""
    try:
        return (
            record.text(row, "subject") == draft.title
            and record.text(record.inner(row, "location"), "displayName") == draft.location
            and events.instant(record.inner(row, "start")) == draft.start.replace(microsecond=0)
            and events.instant(record.inner(row, "end")) == draft.end.replace(microsecond=0)
        )
    except Garbled:
        return False


def _written(row: Record) -> Written:
    id, etag = row.get("id"), row.get("@odata.etag")
    if not (id and isinstance(id, str) and etag and isinstance(etag, str)):
        raise Garbled(PROVIDER, maybe_applied=True)
    return Written(id, etag)
