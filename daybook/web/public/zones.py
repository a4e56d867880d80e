"""The visitor's time zone: from the address, else the page pressed on, the cookie, the lawyer's; and the list."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from daybook.core import hours
from daybook.core.errors import UnknownTimeZone

COOKIE = "daybook_zone"
_A_YEAR = 365 * 86_400


@dataclass(frozen=True, slots=True)
class Zone:
    """
    `asked` is whether the address named it, and so whether to remember it; `error` what was wrong with that name.
    `guessed` means that nobody has chosen: the device may say better.
    """

    name: str
    asked: bool = False
    error: str = ""
    guessed: bool = False


def visitor_zone(request: HttpRequest, fallback: str) -> Zone:
    """The zone in which this visitor is shown times. A name nobody knows gives `fallback` and an error text."""
    cookie = request.COOKIES.get(COOKIE, "")
    remembered = _known(cookie)
    kept = remembered or fallback
    asked = request.GET.get("zone", "").strip()
    if not asked:
        return Zone(shown_zone(request) or kept, guessed=not remembered)
    try:
        hours.zone(asked)
    except UnknownTimeZone as refusal:
        return Zone(kept, error=refusal.text)
    return Zone(asked, asked=True)


def shown_zone(request: HttpRequest) -> str:
    """The zone of the times somebody just pressed one of, as that page said it; "" where it said none, or nonsense."""
    return _known(request.POST.get("zone", "").strip())


def remember(response: HttpResponse, zone: Zone) -> None:
    if zone.asked:
        secure = settings.SESSION_COOKIE_SECURE
        response.set_cookie(COOKIE, zone.name, max_age=_A_YEAR, httponly=True, samesite="Lax", secure=secure)


def _known(name: str) -> str:
    if not name:
        return ""
    try:
        hours.zone(name)
    except UnknownTimeZone:
        return ""
    return name


@lru_cache(maxsize=1)
def _areas() -> dict[str, list[str]]:
    """The places of the time zone database, by area. Older spellings stay valid, but are not offered."""
    table = resources.files("tzdata").joinpath("zoneinfo", "zone.tab").read_text(encoding="utf-8")
    areas: dict[str, list[str]] = {}
    for line in table.splitlines():
        if line and not line.startswith("#"):
            name = line.split("\t")[2]
            areas.setdefault(name.partition("/")[0], []).append(name)
    return {area: sorted(names) for area, names in sorted(areas.items())}


@lru_cache(maxsize=64)
def zone_options(chosen: str) -> SafeString:
    """The options of the list, as HTML, with `chosen` chosen."""
    listed = {name for names in _areas().values() for name in names}
    extra = [] if chosen in listed else [chosen]
    groups = [("", [*extra, "UTC"] if chosen != "UTC" else ["UTC"]), *_areas().items()]
    return mark_safe("".join(_group(area, names, chosen) for area, names in groups))  # noqa: S308 - parts are escaped


def _group(area: str, names: list[str], chosen: str) -> SafeString:
    options = format_html_join(
        "",
        '<option value="{}"{}>{}</option>',
        ((name, mark_safe(" selected") if name == chosen else "", _label(name, area)) for name in names),
    )
    return format_html('<optgroup label="{}">{}</optgroup>', area, options) if area else options


def _label(name: str, area: str) -> str:
    return name.removeprefix(f"{area}/").replace("_", " ").replace("/", ", ")
