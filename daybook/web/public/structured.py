"""What a public page says to search engines: schema.org terms (read 2026-11), and a sitemap."""

from __future__ import annotations

import json
from typing import Any

from django.contrib.sitemaps import Sitemap
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe

from daybook.appointments.models import AppointmentType
from daybook.core.money import Money
from daybook.directory import queries
from daybook.directory.models import Listing, Profile
from daybook.firms.models import Firm, Lawyer

#: These end a script element, or begin something else inside it; JSON may write them as numbers.
_SAFE = {ord("<"): "\\u003c", ord(">"): "\\u003e", ord("&"): "\\u0026"}


def as_script(values: dict[str, Any]) -> SafeString:
    """The values as JSON for inside a `<script type="application/ld+json">`, which browsers never run."""
    kept = {name: value for name, value in values.items() if value}
    return mark_safe(json.dumps({"@context": "https://schema.org"} | kept).translate(_SAFE))  # noqa: S308 - escaped


def of_lawyer(
    request: HttpRequest, lawyer: Lawyer, profile: Profile, types: list[AppointmentType]
) -> SafeString:
    """A lawyer as schema.org knows them: an Attorney who is a part of a firm, and what they offer."""
    here = request.build_absolute_uri(reverse("public_lawyer", args=[lawyer.firm.slug, lawyer.slug]))
    return as_script(
        {
            "@type": "Attorney",
            "name": lawyer.name,
            "url": here,
            "description": lawyer.about,
            "telephone": lawyer.phone or lawyer.firm.phone,
            "address": lawyer.office_address,
            "areaServed": list(profile.serves),
            "knowsAbout": list(lawyer.practice_areas),
            "knowsLanguage": list(lawyer.languages),
            "parentOrganization": {"@type": "LegalService", "name": lawyer.firm.name},
            "makesOffer": [_offer(request, one, lawyer) for one in types],
        }
    )


def _offer(request: HttpRequest, one: AppointmentType, lawyer: Lawyer) -> dict[str, Any]:
    page = reverse("public_times", args=[lawyer.firm.slug, one.lawyer.slug, one.slug])
    return {
        "@type": "Offer",
        "name": one.name,
        "url": request.build_absolute_uri(page),
        "price": str(Money(one.fee_cents, lawyer.firm.currency).amount),
        "priceCurrency": lawyer.firm.currency,
    }


def robots(request: HttpRequest) -> HttpResponse:
    """What may be read by machines: everything but what is one person's own."""
    sitemap = request.build_absolute_uri(reverse("sitemap"))
    closed = ("/appointment/", "/book/hold/", "/account/", "/dashboard/")
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in closed), f"Sitemap: {sitemap}", ""]
    return HttpResponse("\n".join(lines), content_type="text/plain; charset=utf-8")


def of_firm(request: HttpRequest, firm: Firm) -> SafeString:
    here = request.build_absolute_uri(reverse("public_firm", args=[firm.slug]))
    return as_script({"@type": "LegalService", "name": firm.name, "url": here, "telephone": firm.phone})


class LawyerPages(Sitemap):
    """The public pages of everybody in the directory."""

    limit = 10_000

    def items(self) -> QuerySet[Listing]:
        return queries.listings()

    def location(self, item: Listing) -> str:
        return reverse("public_lawyer", args=[item.firm.slug, item.lawyer.slug])


class FirmPages(Sitemap):
    limit = 10_000

    def items(self) -> QuerySet[Firm]:
        return queries.listed_firms()

    def location(self, item: Firm) -> str:
        return reverse("public_firm", args=[item.slug])


SITEMAPS: dict[str, type[Sitemap]] = {"lawyers": LawyerPages, "firms": FirmPages}
