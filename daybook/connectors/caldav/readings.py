"""
A calendar read whole, or what has changed in it since.

A token is one of three, by what the server can do:

- `sync:` and the collection's sync-token (RFC 6578). It is taken before the entries are read, so that what changes in
  between is told the next time rather than never.
- `ctag:` and the collection's tag (Apple's getctag), where there is no such token: the same tag means that nothing has
  changed, another one that everything is read again.
- `list:` and a digest of the addresses and etags of what lies in the window, where there is neither.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from xml.sax.saxutils import escape

from daybook.connectors.caldav.multistatus import (
    CALDAV,
    DAV,
    SERVER,
    Multistatus,
    Resource,
    caldav_document,
    conditions,
    dav_document,
    path_of,
    props,
)
from daybook.connectors.caldav.objects import Eyes, seen
from daybook.connectors.caldav.session import Session
from daybook.connectors.calendars import Reading, Seen
from daybook.connectors.errors import Garbled, Missing
from daybook.core.periods import Period

ETAG, DATA = f"{DAV}getetag", f"{CALDAV}calendar-data"
SYNC_TOKEN, CTAG = f"{DAV}sync-token", f"{SERVER}getctag"
KIND = f"{DAV}resourcetype"
NO_TOKEN, TOO_MANY = f"{DAV}valid-sync-token", f"{DAV}number-of-matches-within-limits"

#: A server finds what may lie in a window by zones and rules of its own; ours decide, so more is asked for.
MARGIN = timedelta(days=2)
#: With more changed than this, reading whole is quicker.
MOST_CHANGES = 1_000
AT_ONCE = 100
MOST_PAGES = 500
MOST_OCCURRENCES = 100_000
#: How a server says that it does not know the token (any more), or cannot tell what has changed.
LOST = frozenset({400, 403, 405, 409, 410, 412, 415, 422, 501, 507})
_TRUNCATED = 507


class Lost(Exception):
    """The token is of no use; never leaves this module."""


def read(session: Session, url: str, eyes: Eyes, since: str) -> Reading:
    """What lies in the window, or has changed `since`. Raises RemoteTrouble."""
    kind, _, mark = since.partition(":")
    if kind == "sync" and mark:
        try:
            return _changes(session, url, eyes, mark)
        except Lost:
            pass  # read whole below
    if kind == "ctag" and mark and _state(session, url).text(CTAG) == mark:
        return Reading((), since, False)
    if kind == "list" and mark and _digest(_query(session, url, eyes.window, (ETAG,))) == mark:
        return Reading((), since, False)
    return _whole(session, url, eyes)


def _whole(session: Session, url: str, eyes: Eyes) -> Reading:
    state = _state(session, url)
    found = list(_query(session, url, eyes.window, (ETAG, DATA)))
    told: list[Seen] = []
    size = 0
    for one in found:
        entry = _entry(session, one, eyes)
        if entry is not None and entry.items:
            told.append(entry)
            size += len(entry.items)
            if size > MOST_OCCURRENCES:
                raise Garbled(
                    session.name, text="This calendar has more occurrences than Daybook reads (100,000)."
                )
    if token := state.text(SYNC_TOKEN):
        return Reading(tuple(told), f"sync:{token}", True)
    if tag := state.text(CTAG):
        return Reading(tuple(told), f"ctag:{tag}", True)
    return Reading(tuple(told), f"list:{_digest(found)}", True)


def _state(session: Session, url: str) -> Resource:
    found = session.properties(url, (KIND, SYNC_TOKEN, CTAG), depth=0, shown="(calendar)").resources
    if not found or found[0].status == 404:
        raise Missing(session.name)
    if f"{CALDAV}calendar" not in found[0].kinds(KIND):
        raise Missing(session.name, text="There is no calendar at this address any more.")
    return found[0]


def _digest(found: Iterable[Resource]) -> str:
    lines = sorted(f"{path_of(one.url)} {one.text(ETAG)}" for one in found)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _query(session: Session, url: str, window: Period, names: tuple[str, ...]) -> Iterator[Resource]:
    """What may lie in the window, each once. A server that will not tell so much at once is asked for halves of it."""
    told: set[str] = set()
    waiting = [Period(window.start - MARGIN, window.end + MARGIN)]
    while waiting:
        part = waiting.pop()
        answer = session.report(url, _question(part, names), shown="(calendar query)", accept={403, 507})
        found: Multistatus | None = session.read(answer) if answer.status == 207 else None
        cut = found is None or any(one.status == _TRUNCATED for one in found.resources)
        if found is None and answer.status == 403 and TOO_MANY not in conditions(answer):
            raise session.trouble(answer)
        if cut:
            if part.length < timedelta(hours=1):
                raise Garbled(
                    session.name, text=f"{session.name} does not tell all entries of this calendar."
                )
            middle = part.start + part.length / 2
            waiting += [Period(middle, part.end), Period(part.start, middle)]
            continue
        for one in found.resources if found else ():
            if _inside(one.url, url) and one.url not in told and one.status != 404:
                told.add(one.url)
                yield one


def _question(part: Period, names: tuple[str, ...]) -> bytes:
    limits = f'start="{_stamp(part.start)}" end="{_stamp(part.end)}"'
    inner = f'<C:comp-filter name="VEVENT"><C:time-range {limits}/></C:comp-filter>'
    return caldav_document(
        "calendar-query",
        f'{props(names)}<C:filter><C:comp-filter name="VCALENDAR">{inner}</C:comp-filter></C:filter>',
    )


def _stamp(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _changes(session: Session, url: str, eyes: Eyes, token: str) -> Reading:
    """What has changed since the token, page by page. Raises Lost."""
    changed: dict[str, bool] = {}  # whether it is still there
    for _ in range(MOST_PAGES):
        inner = f"<D:sync-token>{escape(token)}</D:sync-token><D:sync-level>1</D:sync-level>{props((ETAG,))}"
        body = dav_document("sync-collection", inner)
        answer = session.report(url, body, shown="(changes)", depth=0, accept=LOST)
        if answer.status != 207:
            raise Lost
        page = session.read(answer)
        cut = False
        for one in page.resources:
            if one.status == _TRUNCATED:
                cut = True
            elif _inside(one.url, url):
                changed[one.url] = one.status != 404
        if not page.token or (cut and page.token == token) or len(changed) > MOST_CHANGES:
            raise Lost
        token = page.token
        if not cut:
            there = [one for one, still in changed.items() if still]
            gone = {one for one, still in changed.items() if not still}
            told = [Seen(path_of(one)) for one in gone]
            for at in range(0, len(there), AT_ONCE):
                told += _fetched(session, url, there[at : at + AT_ONCE], eyes)
            return Reading(tuple(told), f"sync:{token}", False)
    raise Lost


def _fetched(session: Session, url: str, wanted: list[str], eyes: Eyes) -> Iterator[Seen]:
    by_path = _asked_for(session, url, wanted)
    for one in wanted:
        found = by_path.get(path_of(one)) or Resource(one, None, {})
        yield _entry(session, found, eyes) or Seen(path_of(one))


def _asked_for(session: Session, url: str, wanted: list[str]) -> dict[str, Resource]:
    hrefs = "".join(f"<D:href>{escape(path_of(one))}</D:href>" for one in wanted)
    body = caldav_document("calendar-multiget", props((ETAG, DATA)) + hrefs)
    answer = session.report(url, body, shown="(entries)")
    return {path_of(one.url): one for one in session.read(answer).resources}


def _entry(session: Session, one: Resource, eyes: Eyes) -> Seen | None:
    """The entry a resource holds; None when it is gone."""
    found = _text(session, one)
    return found and seen(path_of(one.url), found[0], found[1], eyes)


def _text(session: Session, one: Resource) -> tuple[str, bytes] | None:
    if one.status == 404:
        return None
    if one.text(DATA):
        return one.text(ETAG), (one.props[DATA].text or "").encode()
    # Not told, or told without its text: asked for by itself. Compressed, it could have an etag of its own.
    headers = {"Accept": "text/calendar", "Accept-Encoding": "identity"}
    answer = session.ask("GET", one.url, shown="(entry)", headers=headers, accept={404, 410})
    return (answer.headers.get("ETag", ""), answer.body) if answer.ok else None


def fetch(session: Session, calendar: str, url: str) -> tuple[str, bytes] | None:
    """The etag and the text of one object of a calendar; None when there is none. Raises RemoteTrouble."""
    found = _asked_for(session, calendar, [url]).get(path_of(url))
    return _text(session, found or Resource(url, None, {}))


def by_uid(session: Session, url: str, uid: str) -> list[Resource]:
    """The objects of a calendar with that iCalendar UID: the server looks for the text, and we look again."""
    match = f'<C:text-match collation="i;octet">{escape(uid)}</C:text-match>'
    inner = f'<C:comp-filter name="VEVENT"><C:prop-filter name="UID">{match}</C:prop-filter></C:comp-filter>'
    question = f'<C:filter><C:comp-filter name="VCALENDAR">{inner}</C:comp-filter></C:filter>'
    body = caldav_document("calendar-query", props((ETAG, DATA)) + question)
    answer = session.report(url, body, shown="(find)")
    return [one for one in session.read(answer).resources if _inside(one.url, url) and one.text(DATA)]


def _inside(url: str, collection: str) -> bool:
    """Whether an address is one of an object in the collection: not the collection itself, nor one inside it."""
    path, folder = path_of(url), path_of(collection).rstrip("/") + "/"
    return path.startswith(folder) and len(path) > len(folder) and not path.endswith("/")
