"""Addresses that people type: what may be visited, and the one way to look up where a name leads."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit, urlunsplit

from daybook.connectors.errors import RemoteTrouble, Unreachable

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolver = Callable[[str, int], Sequence[str]]


class Refused(RemoteTrouble):
    """An address that Daybook does not visit. Nothing was sent to it."""

    sentence = "Daybook does not visit this address."


_NETWORKS = (
    # never, not even where private networks are allowed: nothing there is a calendar
    ("0.0.0.0/8", False),
    ("::/128", False),
    ("169.254.0.0/16", False),  # link-local: where clouds keep the secrets of a machine
    ("224.0.0.0/4", False),
    ("240.0.0.0/4", False),
    ("fe80::/10", False),
    ("ff00::/8", False),
    ("fd00:ec2::254/128", False),
    # only where private networks are allowed
    ("10.0.0.0/8", True),
    ("100.64.0.0/10", True),  # carriers' own (RFC 6598)
    ("127.0.0.0/8", True),
    ("172.16.0.0/12", True),
    ("192.0.0.0/24", True),
    ("192.168.0.0/16", True),
    ("198.18.0.0/15", True),
    ("::1/128", True),
    ("fc00::/7", True),
    ("fec0::/10", True),
)
#: Which networks are refused, and whether allowing private networks opens them.
REFUSED: tuple[tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, bool], ...] = tuple(
    (ipaddress.ip_network(network), opens) for network, opens in _NETWORKS
)

#: IPv6 networks that carry an IPv4 address, and how many bits lie behind it (RFC 4291, 6052, 8215, 3056).
CARRIERS: tuple[tuple[ipaddress.IPv6Network, int], ...] = (
    (ipaddress.IPv6Network("::ffff:0:0/96"), 0),
    (ipaddress.IPv6Network("::ffff:0:0:0/96"), 0),
    (ipaddress.IPv6Network("64:ff9b::/96"), 0),
    (ipaddress.IPv6Network("64:ff9b:1::/48"), 0),
    (ipaddress.IPv6Network("2002::/16"), 80),
    (ipaddress.IPv6Network("::/96"), 0),  # all but :: and ::1, which are addresses of their own
)


@dataclass(frozen=True, slots=True)
class Visit:
    """
    An address that may be visited: the URL as it was given, and the checked places to connect to.

    Connect to one of `places` and to nothing else: asking for the name again could give another answer.
    """

    url: str = field(repr=False)  # may hold a token
    scheme: str
    host: str
    port: int
    places: tuple[str, ...]

    @property
    def host_header(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        usual = {"https": 443, "http": 80}[self.scheme] == self.port
        return host if usual else f"{host}:{self.port}"

    def url_of(self, place: str) -> str:
        """The URL with the checked address instead of the name."""
        parts = urlsplit(self.url)
        host = f"[{place}]" if ":" in place else place
        return urlunsplit((self.scheme, f"{host}:{self.port}", parts.path or "/", parts.query, ""))


def check(url: str, provider: str, *, private: bool = False, resolve: Resolver | None = None) -> Visit:
    """
    Look at a URL and at every address its host has. `private` allows private networks, and http.

    Raises Refused for what is not visited, Unreachable when the name leads nowhere just now.
    """
    text = url.strip()
    if any(ord(letter) <= 32 or ord(letter) == 127 for letter in text):
        raise Refused(provider, text="That is not a web address. It should begin with https://.")
    try:
        parts = urlsplit(text)
        scheme, host, port = parts.scheme.lower(), (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        raise Refused(provider, text="That is not a web address. It should begin with https://.") from None
    if scheme not in ("https", "http") or not host or port == 0:
        raise Refused(provider, text="That is not a web address. It should begin with https://.")
    if scheme == "http" and not private:
        raise Refused(provider, text="Please use an address that begins with https://.")
    if parts.username is not None or parts.password is not None:
        raise Refused(provider, text="Leave out the name and password before the @. Use a secret address.")
    host = _ascii(host, provider)
    port = port or {"https": 443, "http": 80}[scheme]
    found = _addresses(host, port, provider, resolve or _resolve)
    for address in found:
        if not allowed(address, private=private):
            raise Refused(
                provider, text="This address lies in a private network, which Daybook does not visit."
            )
    return Visit(text, scheme, host, port, tuple(str(address) for address in found))


def allowed(address: Address, *, private: bool = False) -> bool:
    """Whether an address may be connected to; for one that carries another, whether both may."""
    if getattr(address, "scope_id", None):
        return False
    inner = _carried(address)
    if inner is not None:
        return allowed(inner, private=private)
    for network, opens in REFUSED:
        if address.version == network.version and address in network:
            return opens and private
    return address.is_global and not address.is_multicast


def _carried(address: Address) -> ipaddress.IPv4Address | None:
    if isinstance(address, ipaddress.IPv6Address) and int(address) > 1:
        for network, behind in CARRIERS:
            if address in network:
                return ipaddress.IPv4Address((int(address) >> behind) & 0xFFFFFFFF)
    return None


def _ascii(host: str, provider: str) -> str:
    if ":" in host:
        return host
    try:
        return host.encode("idna").decode().lower()
    except UnicodeError:
        raise Refused(provider, text="There is no such host name.") from None


def _addresses(host: str, port: int, provider: str, resolve: Resolver) -> list[Address]:
    try:
        found = [ipaddress.ip_address(text) for text in dict.fromkeys(resolve(host, port))]
    except (OSError, UnicodeError):
        found = []
    if not found:
        raise Unreachable(provider, text=f"There is no answer to where {host[:100]} is.")
    return found


def _resolve(host: str, port: int) -> list[str]:
    # The system's own reading of the name, so that 127.1 or 0x7f.1 is seen as what would be connected to.
    return [str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
