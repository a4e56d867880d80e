"""From what somebody types (a mail address, a server's address) to their account: RFC 6764 and RFC 4791, 6.2."""

from __future__ import annotations

import re
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import SplitResult, unquote, urljoin, urlsplit

import httpx2

from daybook.connectors.caldav import settings
from daybook.connectors.caldav.multistatus import CALDAV, DAV, Resource, parse, propfind
from daybook.connectors.caldav.session import LIVE_SECONDS, XML, Session
from daybook.connectors.caldav.settings import Account, Known, origin
from daybook.connectors.errors import Garbled, Limited, Missing, NotAuthorised, RemoteTrouble, Unreachable
from daybook.connectors.guard import Refused, Resolver

PRINCIPAL, HOMES = f"{DAV}current-user-principal", f"{CALDAV}calendar-home-set"
ADDRESSES, KIND = f"{CALDAV}calendar-user-address-set", f"{DAV}resourcetype"
ASKED = (PRINCIPAL, HOMES, KIND)
#: What a server without CalDAV at that place answers, a web page's 200 among them.
NOT_HERE = frozenset({200, 204, 400, 403, 404, 405, 406, 409, 410, 411, 415, 422, 501})
NO_CALENDARS = (
    "There is no calendar server (CalDAV) at this address. Look in your calendar program's or provider's help for its "
    "CalDAV address; for a calendar that is only published, add it as a feed."
)
NO_ADDRESS = "That is not a web address or a mail address."
NO_BASIC = "This calendar server wants to be signed in to in a way that Daybook does not know."


@dataclass(frozen=True, slots=True)
class _Start:
    known: Known | None
    places: tuple[str, ...]


def discover(
    typed: str,
    *,
    username: str,
    password: str,
    private: bool = False,
    before: Callable[[], None] | None = None,
    resolve: Resolver | None = None,
    certificates: ssl.SSLContext | None = None,
) -> Account:
    """
    Find the account that `username` and `password` open at what was typed: a mail address, or a server's address.

    Where that host's name is looked up the guard decides; the password is told as the package says. Takes two to six
    requests. A mail address's host is asked directly: SRV records are not looked up.

    Raises RemoteTrouble with a text for whoever typed: NotAuthorised for a wrong password, Missing where there is no
    CalDAV, Refused for an address that is not visited, Limited, Unreachable.
    """
    start = _start(typed)
    name = start.known.name if start.known else settings.NAME
    trouble: RemoteTrouble | None = None
    for place in start.places:
        session = Session(
            name,
            username=username,
            password=password,
            private=private,
            seconds=LIVE_SECONDS,
            before=before,
            resolve=resolve,
            certificates=certificates,
        )
        try:
            found = _look(session, place)
            account = _account(session, found) if found is not None else None
        except (NotAuthorised, Refused, Limited):
            raise
        except RemoteTrouble as error:
            trouble = trouble or error
            if isinstance(error, Unreachable) and error.status is None:
                break  # nobody answers there; another path will not help
            continue
        if account is not None:
            return account
    raise trouble or Missing(name, text=NO_CALENDARS)


def _start(typed: str) -> _Start:
    """Where to look, in this order."""
    text = re.sub(r"^(mailto|caldavs?|webcals?):(//)?", "", typed.strip(), flags=re.IGNORECASE)
    if not text or re.search(r"\s", text) or text.endswith("@"):
        raise Refused(settings.NAME, text=NO_ADDRESS)
    if "@" in text and "/" not in text:
        domain = text.rpartition("@")[2].strip().lower()
        known = settings.known_by_mail(domain)
        url = known.start if known else f"https://{domain}/"
    else:
        url = text if "://" in text else f"https://{text}"
        known = settings.known(_checked(url).hostname or "")
        if known and urlsplit(url).path in ("", "/"):
            url = known.start
    path = _checked(url).path
    below = tuple(urljoin(url, place) for place in settings.PLACES)
    if path in ("", "/"):
        return _Start(known, (url, *below) if known else below)
    # Nextcloud in a folder of a website: its own place lies below that folder.
    return _Start(known, (url, url.rstrip("/") + settings.PLACES[2], *below))


def _checked(url: str) -> SplitResult:
    """The parts of what could be a web address. Raises Refused for what cannot."""
    try:
        httpx2.URL(url)
        parts = urlsplit(url)
        origin(url)
    except (httpx2.InvalidURL, ValueError):
        raise Refused(
            settings.NAME, text="That is not a web address. It should begin with https://."
        ) from None
    return parts


def _look(session: Session, place: str) -> Resource | None:
    """
    What a place says of itself to whoever knows the password; None when it knows nothing of WebDAV.

    It is asked without the password first, and told it only once it has asked back for it, or has answered as such a
    server does.
    """
    headers = {"Depth": "0", "Content-Type": XML}
    body = propfind(ASKED)
    accept = NOT_HERE | {401}
    answer = session.ask(
        "PROPFIND", place, shown="(start)", body=body, headers=headers, accept=accept, secret=False
    )
    if answer.status not in (207, 401):
        return None
    url = answer.headers["X-Daybook-Address"]
    if answer.status == 401 and "basic" not in answer.headers.get("WWW-Authenticate", "").lower():
        raise Garbled(session.name, status=401, text=NO_BASIC)
    session.trust(url)
    answer = session.ask("PROPFIND", url, shown="(start)", body=body, headers=headers, accept=NOT_HERE)
    if answer.status != 207:
        return None
    resources = parse(answer, answer.headers["X-Daybook-Address"]).resources
    return resources[0] if resources else None


def _account(session: Session, found: Resource) -> Account | None:
    """The account behind a place; None when it has none to show."""
    principal = next(iter(found.urls(PRINCIPAL)), "")
    if not principal:
        # Some give no principal, but the typed address is a calendar, or the folder of them, itself.
        homes = found.urls(HOMES) or ((found.url,) if f"{CALDAV}calendar" in found.kinds(KIND) else ())
        return _named(session, "", homes, ()) if homes else None
    session.trust(principal)
    said = session.properties(principal, (HOMES, ADDRESSES), depth=0, shown="(principal)").resources
    if not said:
        return None
    homes = tuple(dict.fromkeys(said[0].urls(HOMES) or found.urls(HOMES)))
    own = (said[0].props[ADDRESSES].iter(f"{DAV}href")) if ADDRESSES in said[0].props else ()
    texts = (unquote((one.text or "").strip()).lower() for one in own)
    addresses = tuple(
        dict.fromkeys(text.removeprefix("mailto:") for text in texts if text.startswith("mailto:"))
    )
    return _named(session, principal, homes, addresses) if homes else None


def _named(session: Session, principal: str, homes: tuple[str, ...], addresses: tuple[str, ...]) -> Account:
    for home in homes:
        if origin(home) not in session.origins:
            session.trust(home)
    return Account(session.name, principal, homes, addresses, tuple(sorted(session.origins)))
