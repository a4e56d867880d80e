"""Appointments of ours in a CalDAV collection: made once, changed and deleted only as they were last seen."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from urllib.parse import quote, urljoin

from daybook.connectors.caldav import readings
from daybook.connectors.caldav.drafting import edited, written
from daybook.connectors.caldav.multistatus import CALDAV, conditions, path_of
from daybook.connectors.caldav.objects import Eyes, seen, uid_of
from daybook.connectors.caldav.session import Session
from daybook.connectors.calendars import Draft, Seen, Written
from daybook.connectors.errors import Missing, RemoteTrouble, Stale

TEXT = "text/calendar; charset=utf-8"
#: There is an object of that name, or (under another name) one with that UID.
TAKEN = frozenset({409, 412})
NO_CONFLICT = f"{CALDAV}no-uid-conflict"


def address_of(calendar: str, appointment: str) -> str:
    """Where an appointment of ours is put."""
    return urljoin(calendar.rstrip("/") + "/", quote(appointment, safe="@-_.~") + ".ics")


def find(session: Session, calendar: str, appointment: str, eyes: Eyes) -> Iterator[Seen]:
    """Those of ours for that appointment: where they were put, or wherever somebody has moved them to since."""
    uid = uid_of(appointment)
    for one in readings.by_uid(session, calendar, uid):
        found = seen(
            path_of(one.url), one.text(readings.ETAG), (one.props[readings.DATA].text or "").encode(), eyes
        )
        if found.mark == appointment:
            yield found


def create(session: Session, calendar: str, draft: Draft, eyes: Eyes, now: datetime) -> Written:
    """
    Put it where nothing is yet. What is there already for the same appointment is brought up to `draft`.

    Raises RemoteTrouble; Missing when there is no such calendar.
    """
    url = address_of(calendar, draft.uid)
    headers = {"Content-Type": TEXT, "If-None-Match": "*"}
    answer = session.ask(
        "PUT", url, shown="(entry)", body=written(draft, now), headers=headers, accept={403, 409, 412}
    )
    if answer.ok:
        return Written(path_of(url), _etag(session, calendar, url, answer.headers.get("ETag", "")))
    unmet = conditions(answer)
    if answer.status not in TAKEN and NO_CONFLICT not in unmet:
        raise session.trouble(answer)
    there = [one.id for one in find(session, calendar, draft.uid, eyes)] or _at(
        session, calendar, url, draft, eyes
    )
    if not there and answer.status == 409:
        raise Missing(session.name, status=answer.status)  # no such collection (RFC 4918, 9.7.1)
    if not there:
        raise session.trouble(answer)
    return update(session, calendar, there[0], draft, "", now)


def _at(session: Session, calendar: str, url: str, draft: Draft, eyes: Eyes) -> list[str]:
    """Ours where we would put it, for servers that cannot look for a UID and say so by finding nothing."""
    found = readings.fetch(session, calendar, url)
    ours = found is not None and seen(path_of(url), found[0], found[1], eyes).mark == draft.uid
    return [path_of(url)] if ours else []


def update(session: Session, calendar: str, entry_id: str, draft: Draft, etag: str, now: datetime) -> Written:
    """
    Bring one up to `draft`; what others have added to it stays. Nothing is sent when it says all that already.

    Raises RemoteTrouble; Stale when it is not, or no longer, as it was at `etag`.
    """
    url = urljoin(calendar, entry_id)
    found = readings.fetch(session, calendar, url)
    if found is None:
        raise Missing(session.name)
    seen_etag, body = found
    if etag and seen_etag and etag != seen_etag:
        raise Stale(session.name)
    text = edited(body, draft, now)
    if text is None:
        return Written(path_of(url), seen_etag)
    headers = {"Content-Type": TEXT, **({"If-Match": seen_etag or etag} if seen_etag or etag else {})}
    answer = session.ask("PUT", url, shown="(entry)", body=text, headers=headers)
    return Written(path_of(url), _etag(session, calendar, url, answer.headers.get("ETag", "")))


def delete(session: Session, calendar: str, entry_id: str, etag: str) -> None:
    """Raises RemoteTrouble; Missing when there is none, Stale when somebody changed it since `etag`."""
    headers = {"If-Match": etag} if etag else {}
    url = urljoin(calendar, entry_id)
    try:
        session.ask("DELETE", url, shown="(entry)", headers=headers)
    except Stale:
        # Nothing that is there matches nothing: some answer so for what is gone (RFC 9110, 13.1.1, allows it).
        if readings.fetch(session, calendar, url) is None:
            raise Missing(session.name) from None
        raise


def _etag(session: Session, calendar: str, url: str, told: str) -> str:
    """The etag after a write: a server that keeps something else than it was sent tells none (RFC 4791, 5.3.4)."""
    if told and not told.startswith("W/"):
        return told
    try:
        found = readings.fetch(session, calendar, url)
    except RemoteTrouble:
        return ""  # it is written; the next reading tells the etag
    return found[0] if found else ""
