"""Reads of profiles, and of everything public that can be linked to."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import QuerySet

from daybook.directory.models import Listing, Profile
from daybook.firms.models import Firm, Lawyer


def profile_of(lawyer: Lawyer) -> Profile:
    """What the lawyer says of themselves; an unsaved empty one for who has said nothing."""
    return Profile.objects.filter(lawyer=lawyer).first() or Profile(lawyer=lawyer, firm=lawyer.firm)


def listings() -> QuerySet[Listing]:
    """Everybody who can be found, always in the same order."""
    return Listing.objects.select_related("lawyer", "firm").order_by("lawyer")


def listed_firms() -> QuerySet[Firm]:
    """The firms of everybody who can be found."""
    return Firm.objects.filter(pk__in=Listing.objects.values("firm")).order_by("pk")


def admitted_in(profile: Profile) -> Iterator[str]:
    """Each admission in one line: "Colorado (no. 12345)"."""
    for one in profile.admissions:
        yield f"{one['place']} (no. {one['number']})" if one["number"] else one["place"]
