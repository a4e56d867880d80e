"""The calendars of an account: its own, and those shared with it."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

from daybook.connectors.caldav import settings
from daybook.connectors.caldav.multistatus import CALDAV, DAV, OWNCLOUD, Resource, path_of
from daybook.connectors.caldav.session import Session
from daybook.connectors.caldav.settings import Account
from daybook.connectors.calendars import Listed
from daybook.connectors.errors import Missing
from daybook.connectors.recurrence.lines import blocks
from daybook.connectors.recurrence.zones import by_name

KIND, NAME, OWNER = f"{DAV}resourcetype", f"{DAV}displayname", f"{DAV}owner"
PARTS, ZONE = f"{CALDAV}supported-calendar-component-set", f"{CALDAV}calendar-timezone"
RIGHTS, MAIN = f"{DAV}current-user-privilege-set", f"{CALDAV}schedule-default-calendar-URL"
OWNER_NAME = f"{OWNCLOUD}owner-displayname"
ASKED = (KIND, NAME, OWNER, PARTS, ZONE, RIGHTS, MAIN, OWNER_NAME)
#: Either of these lets an entry be made, changed and deleted (RFC 3744, 3).
WRITING = frozenset({f"{DAV}all", f"{DAV}write"})
#: Or all of these together.
WRITING_PARTS = frozenset({f"{DAV}write-content", f"{DAV}bind", f"{DAV}unbind"})


def calendars(session: Session, account: Account) -> tuple[Listed, ...]:
    """
    Every collection of the account's homes that can hold entries of time.

    One that is only subscribed to, whose entries the server does not keep itself, is not among them: it would look
    empty. A home that has gone is passed over as long as another is there. Raises RemoteTrouble.
    """
    found: dict[str, Resource] = {}
    gone: Missing | None = None
    for home in account.homes:
        try:
            told = session.properties(home, ASKED, depth=1, shown="(calendars)")
        except Missing as trouble:
            gone = trouble
            continue
        found |= {one.url: one for one in told.resources if one.status is None}
    if not found and gone is not None:
        raise gone
    mains = {path_of(url) for one in found.values() for url in one.urls(MAIN)}
    listed = [_listed(one, account, mains) for one in found.values() if _holds_entries(one)]
    return tuple(sorted(listed, key=lambda one: (not one.main, bool(one.owner), one.name.lower(), one.id)))


def _holds_entries(one: Resource) -> bool:
    if f"{CALDAV}calendar" not in one.kinds(KIND):
        return False
    parts = one.props.get(PARTS)
    return parts is None or "VEVENT" in {(part.get("name") or "").upper() for part in parts}


def _listed(one: Resource, account: Account, mains: set[str]) -> Listed:
    name = one.text(NAME) or unquote(path_of(one.url).rstrip("/").rpartition("/")[2])
    return Listed(one.url, name, _may_write(one), _owner(one, account), _zone(one), path_of(one.url) in mains)


def _may_write(one: Resource) -> bool:
    """A server that tells no rights has none to refuse: what it will not take, it says when asked."""
    rights = one.props.get(RIGHTS)
    if rights is None:
        return True
    held = {right.tag for privilege in rights for right in privilege}
    return bool(held & WRITING) or held >= WRITING_PARTS


def _owner(one: Resource, account: Account) -> str:
    """Whose calendar it is, empty for one's own."""
    owner = next(iter(one.urls(OWNER)), "")
    if (
        not owner
        or not account.principal
        or path_of(owner).rstrip("/") == path_of(account.principal).rstrip("/")
    ):
        return ""
    return one.text(OWNER_NAME) or unquote(urlsplit(owner).path.rstrip("/").rpartition("/")[2])


def _zone(one: Resource) -> str:
    """The IANA name of the zone the calendar is kept in, where it tells one we know."""
    text = one.text(ZONE)
    if not text:
        return ""
    zones = [
        block.text("TZID") for block in blocks(text.encode(), settings.NAME) if block.kind == "VTIMEZONE"
    ]
    known = by_name(zones[0]) if zones else None
    return known.key if known else ""
