"""Appointments as Google's events: made, brought up to date, deleted."""

from __future__ import annotations

import base64
import hashlib
from datetime import datetime
from typing import Any

from daybook.connectors.calendars import Draft, Written
from daybook.connectors.errors import Forbidden, Garbled, Missing, Rejected
from daybook.connectors.google import NAME, shapes
from daybook.connectors.google.session import Session
from daybook.connectors.google.shapes import MARK, Record
from daybook.core.hours import zone

EVENTS = "/calendars/{calendar}/events"
EVENT = "/calendars/{calendar}/events/{event}"
ANSWER = "id,etag,status"
#: How many ids of one appointment may be spent in one calendar.
MOST_IDS = 5


def event_id(uid: str, number: int = 0) -> str:
    """
    The id of the event made for an appointment: the same each time, so that no second one can be made in a calendar.
    Google takes the letters of base32hex, 5 to 1024 of them (calendar.v3 discovery document, 2026-10-30). `number` is
    for ids that are spent.
    """
    digest = hashlib.sha256(uid.encode()).digest()[:20]
    return base64.b32hexencode(digest).decode().lower() + (str(number) if number else "")


def create(session: Session, calendar_id: str, draft: Draft) -> Written:
    """
    Make the event, or bring up to `draft` the one that is there: an id stays taken after its event was deleted, and
    that event comes back. Of some deleted events Google forbids it (google-api-ruby-client, issue 1811): then the next
    id is taken. The iCalendar UID is Google's: an event is made by id or by UID, not by both.
    """
    for number in range(MOST_IDS):
        own = event_id(draft.uid, number)
        body = {"id": own, "sequence": draft.sequence, **_body(draft, clear=False)}
        try:
            return _written(
                session.send("POST", EVENTS, at={"calendar": calendar_id}, params=_params(), body=body)
            )
        except Rejected as refused:
            if refused.status != 409:
                raise
            taken = refused
        try:
            return _patch(session, calendar_id, own, {"status": "confirmed", **_body(draft, clear=True)})
        except (Forbidden, Missing):
            if not _is_deleted(session, calendar_id, own):
                raise
    raise taken


def _is_deleted(session: Session, calendar_id: str, entry_id: str) -> bool:
    try:
        at = {"calendar": calendar_id, "event": entry_id}
        return shapes.is_cancelled(session.get(EVENT, {"fields": ANSWER}, at=at))
    except Missing:
        return True


def update(session: Session, calendar_id: str, entry_id: str, draft: Draft, *, etag: str) -> Written:
    """Bring the event up to `draft`; what others have added to it stays. Its sequence is counted on by Google."""
    return _patch(session, calendar_id, entry_id, _body(draft, clear=True), etag)


def delete(session: Session, calendar_id: str, entry_id: str, *, etag: str) -> None:
    """Delete the event. Google says 410 of one that is deleted already: `Missing`, like 404."""
    at = {"calendar": calendar_id, "event": entry_id}
    session.send("DELETE", EVENT, at=at, params={"sendUpdates": "none"}, etag=etag)


def _patch(session: Session, calendar_id: str, entry_id: str, body: Record, etag: str = "") -> Written:
    at = {"calendar": calendar_id, "event": entry_id}
    answer = session.send("PATCH", EVENT, at=at, params=_params(), body=body, etag=etag)
    if shapes.is_cancelled(answer):
        # Google lets a deleted event be changed, and it stays deleted.
        raise Missing(NAME, status=410)
    return _written(answer)


def _params() -> dict[str, Any]:
    return {"sendUpdates": "none", "fields": ANSWER}


def _body(draft: Draft, *, clear: bool) -> Record:
    """With `clear`, what somebody may have made of the event goes as well: a whole day, a series."""
    return {
        "summary": draft.title,
        "location": draft.location,
        "start": _time(draft.start, draft.time_zone, clear),
        "end": _time(draft.end, draft.time_zone, clear),
        "visibility": "private",
        "transparency": "opaque",
        "reminders": {"useDefault": False, "overrides": []},
        "extendedProperties": {"private": {MARK: draft.uid}},
        **({"recurrence": None} if clear else {}),
    }


def _time(at: datetime, name: str, clear: bool) -> Record:
    shown = at.astimezone(zone(name)).isoformat(timespec="seconds")
    return {"dateTime": shown, "timeZone": name, **({"date": None} if clear else {})}


def _written(answer: Record) -> Written:
    found = Written(shapes.text(answer, "id"), shapes.text(answer, "etag"))
    if not found.id:
        raise Garbled(NAME, maybe_applied=True)
    return found
