"""What is known of single providers before anybody has asked them, and what an account is once it has been found."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

NAME = "The calendar server"


@dataclass(frozen=True, slots=True)
class Known:
    """
    A provider whose addresses are known. `domain` is where all its hosts are, `mail` the domains its people have
    addresses at, `password` what to say to somebody whose password was turned down.
    """

    name: str
    start: str
    domain: str
    mail: frozenset[str]
    password: str


#: Apple: support.apple.com/102654; Fastmail: its page of server names and ports (both read 2026-11).
KNOWN: tuple[Known, ...] = (
    Known(
        "Apple iCloud",
        "https://caldav.icloud.com/",
        "icloud.com",
        frozenset({"icloud.com", "me.com", "mac.com"}),
        "Apple iCloud turned this down. It wants an app-specific password, not the one you sign in with: make one at "
        "account.apple.com, under Sign-In and Security. The user name is the address of your Apple Account.",
    ),
    Known(
        "Fastmail",
        "https://caldav.fastmail.com/",
        "fastmail.com",
        frozenset(
            {"fastmail.com", "fastmail.fm", "fastmail.us", "fastmail.net", "fastmail.org", "fastmail.co.uk"}
        ),
        "Fastmail turned this down. It wants an app password, not the one you sign in with: make one in Fastmail under "
        "Settings, Privacy & Security, with access to calendars. The user name is your full Fastmail address.",
    ),
)
TURNED_DOWN = (
    "The calendar server turned down this user name and password. If you sign in there with a second step, "
    "it wants an app password, made in its settings."
)
#: Where servers keep their calendars when nothing at the address says so, tried in this order (RFC 6764, 5; the third
#: is Nextcloud's, whose `.well-known` is often not set up).
PLACES: tuple[str, ...] = ("/.well-known/caldav", "/", "/remote.php/dav/")


def known(host: str) -> Known | None:
    """The provider a host belongs to, if it is one we know."""
    for one in KNOWN:
        if host == one.domain or host.endswith(f".{one.domain}"):
            return one
    return None


def known_by_mail(domain: str) -> Known | None:
    """The provider who has mail addresses at that domain, if it is one we know."""
    return next((one for one in KNOWN if domain in one.mail), None)


def origin(url: str) -> str:
    """Scheme, host and port of an address, as they are compared."""
    parts = urlsplit(url)
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme, 0)
    return f"{parts.scheme}://{(parts.hostname or '').lower().rstrip('.')}:{port}"


@dataclass(frozen=True, slots=True)
class Account:
    """
    An account as discovery found it, to be kept and handed in each time: `name` of the provider for people,
    `principal` and `homes` as whole addresses, `addresses` the mail addresses that are its owner's own, `origins` the
    hosts that may hear the password.
    """

    name: str
    principal: str
    homes: tuple[str, ...]
    addresses: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
