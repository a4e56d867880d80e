"""The page of free times as values, and its HTML: made once for all who are shown the same."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.template.loader import render_to_string

from daybook.appointments import teams
from daybook.appointments.models import AppointmentType
from daybook.core import times as words
from daybook.web.public.timetable import Timetable
from daybook.web.public.zones import Zone, zone_options

#: Stands where each visitor's own form token will stand.
_TOKEN = "the-token-of-whoever-reads-this"  # noqa: S105


@dataclass(frozen=True, slots=True)
class ShownFirm:
    slug: str
    name: str
    phone: str
    country: str
    currency: str
    accent: str


@dataclass(frozen=True, slots=True)
class ShownLawyer:
    slug: str
    name: str
    title: str
    practice_areas: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ShownType:
    name: str
    minutes: int
    places: tuple[str, ...]
    fee_cents: int
    people: str = ""  # who may be met, where that is not the page's lawyer alone


@dataclass(frozen=True, slots=True)
class TimesPage:
    """
    Everything the page says, and nothing that is only one visitor's. The templates get these values and not the rows
    they come from, so that two pages are the same exactly if their values are.
    """

    firm: ShownFirm
    lawyer: ShownLawyer
    type: ShownType
    zone: Zone
    zone_label: str
    notice: str
    table: Timetable
    asked_from: str


def times_page_of(
    offer: AppointmentType, zone: Zone, now: datetime, *, notice: str, table: Timetable, asked_from: str
) -> TimesPage:
    firm, lawyer = offer.firm, offer.lawyer
    people = teams.named(teams.team_of(offer), to_public=True) if offer.has_team else ""
    return TimesPage(
        ShownFirm(firm.slug, firm.name, firm.phone, firm.country, firm.currency, firm.accent),
        ShownLawyer(lawyer.slug, lawyer.name, lawyer.title, tuple(lawyer.practice_areas)),
        ShownType(offer.name, offer.minutes, tuple(offer.places), offer.fee_cents, people),
        zone,
        words.zone_label(zone.name, now),
        notice,
        table,
        asked_from,
    )


def context_of(page: TimesPage) -> dict[str, Any]:
    """What the templates see of it."""
    seen = {name: getattr(page, name) for name in page.__slots__}
    return {**seen, "zone_options": zone_options(page.zone.name)}


def html_for_anybody(page: TimesPage, token: str) -> bytes:
    """The page for somebody with nothing of their own on it but the form's token."""
    return token.encode().join(_around_token(page))


@lru_cache(maxsize=32)
def _around_token(page: TimesPage) -> tuple[bytes, ...]:
    html = render_to_string("public/times.html", {**context_of(page), "csrf_token": _TOKEN})
    return tuple(html.encode().split(_TOKEN.encode()))
