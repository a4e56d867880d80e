"""How often one visitor may try to book."""

from __future__ import annotations

from datetime import datetime
from ipaddress import IPv6Address, ip_address

from django.conf import settings
from django.http import HttpRequest

from daybook.firms import throttle

SAYS = "Too many attempts have come from your connection in the last minutes. Please wait ten minutes and try again."


def within_limit(request: HttpRequest, what: str, now: datetime, *, times: int = 1) -> bool:
    """Count one attempt; whether it may go on. What costs less than a booking may be tried `times` as often."""
    return throttle.attempt(what, visitor(request), limit=settings.BOOKING_ATTEMPTS * times, now=now)


def visitor(request: HttpRequest) -> str:
    """
    Whose attempt it is: an IPv4 address, or the /64 network that one IPv6 household has.

    With https in PUBLIC_URL there is a proxy in front; the last address it added is the one it saw itself.
    """
    address = request.META.get("REMOTE_ADDR", "")
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "")
    if settings.SECURE_PROXY_SSL_HEADER and forwarded:
        address = forwarded.rpartition(",")[2].strip()
    try:
        known = ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(known, IPv6Address):
        return str(known.ipv4_mapped or known.exploded[:19])
    return str(known)
