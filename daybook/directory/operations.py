"""Writes: a profile as its lawyer wants it, and the listings that follow from everything else."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import connection, transaction

from daybook.appointments import queries as appointments
from daybook.appointments.models import AppointmentType
from daybook.core import finding
from daybook.core.claims import objections
from daybook.core.errors import UNPROCESSABLE, Refusal
from daybook.core.people import fold
from daybook.directory.models import Choice, Listing, Profile
from daybook.firms.models import Lawyer
from daybook.firms.outbox import record
from daybook.firms.permissions import Actor, firm_may

#: A listing is made anew at least so often: its hours would come round again, and its place in the order is to change.
OLDEST = timedelta(hours=20)
#: So many in one transaction.
_AT_ONCE = 100
#: An hour less than a ring holds, so that no hour of it is said twice.
_RING_AHEAD = timedelta(hours=finding.RING - 1)


class ClaimRefused(Refusal):
    """The profile says something that the rules of the profession do not let stand."""

    status = UNPROCESSABLE


def save(
    *,
    actor: Actor,
    lawyer: Lawyer,
    listed: bool,
    offer: AppointmentType | None,
    serves: list[str],
    admissions: list[dict[str, str]],
    certifications: list[dict[str, str]],
    now: datetime,
) -> Profile:
    """Store what the directory shows of a lawyer. Raises ClaimRefused, also for what their public page says."""
    require_claims(lawyer, certified=bool(certifications))
    with transaction.atomic():
        profile, _ = Profile.objects.update_or_create(
            lawyer=lawyer,
            defaults={
                "firm": lawyer.firm,
                "listed": listed,
                "offer": offer,
                "serves": serves,
                "admissions": admissions,
                "certifications": certifications,
            },
        )
        record(
            "profile_saved",
            firm=lawyer.firm_id,
            now=now,
            subject=lawyer.pk,
            actor=actor.user,
            behalf_of=lawyer if lawyer != actor.own else None,
        )
        refresh([lawyer.pk], now)
    return profile


def require_public_claims(lawyer: Lawyer) -> None:
    """What a public page may say, with whatever certifications are on record. Raises ClaimRefused."""
    if lawyer.public:
        profile = Profile.objects.filter(lawyer=lawyer).first()
        require_claims(lawyer, certified=bool(profile and profile.certifications))


def require_claims(lawyer: Lawyer, *, certified: bool) -> None:
    """Raises ClaimRefused with the words that were found and what to do about them."""
    found = objections([lawyer.title, lawyer.about, *lawyer.practice_areas], certified=certified)
    if found:
        raise ClaimRefused(" ".join(f"“{one.found}”: {one.says}" for one in found))


def tend(now: datetime, most: int) -> int:
    """Make up to `most` listings anew that no longer say what is true; returns how many. What fails keeps its mark."""
    done = 0
    while done < most:
        with transaction.atomic():
            stale = take_stale(now, min(_AT_ONCE, most - done))
            refresh(stale, now)
        done += len(stale)
        if len(stale) < _AT_ONCE:
            break
    return done


def take_stale(now: datetime, most: int) -> list[int]:
    """The lawyers whose listing is to be made anew, no longer marked: those that changed first, then the oldest."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM directory_stale WHERE lawyer_id IN"
            " (SELECT DISTINCT lawyer_id FROM directory_stale LIMIT %s) RETURNING lawyer_id",
            [most],
        )
        changed = list(dict.fromkeys(row[0] for row in cursor.fetchall()))
    old = Listing.objects.filter(refreshed_at__lt=now - OLDEST).exclude(pk__in=changed)
    return changed + list(old.order_by("refreshed_at").values_list("pk", flat=True)[: most - len(changed)])


def refresh(lawyer_ids: Iterable[int], now: datetime) -> int:
    """Make the listings of these lawyers say what is true now, or go; returns how many are found from now on."""
    profiles = Profile.objects.filter(lawyer__in=list(lawyer_ids)).select_related("lawyer__firm", "offer")
    found = 0
    for profile in profiles:
        offer = offer_of(profile)
        if offer is None:
            Listing.objects.filter(pk=profile.pk).delete()
        else:
            _write(profile, offer, now)
            found += 1
    return found


def offer_of(profile: Profile) -> AppointmentType | None:
    """What somebody new may book with a listed lawyer; None for whoever is not to be found."""
    lawyer = profile.lawyer
    if not (profile.listed and lawyer.public and lawyer.active and firm_may(lawyer.firm, "public_booking")):
        return None
    offered = list(appointments.public_types(lawyer))
    return next((one for one in offered if one.pk == profile.offer_id), offered[0] if offered else None)


_UPSERT = """
    INSERT INTO directory_listing
           (lawyer_id, firm_id, offer_id, facets, words, fee_cents, currency, hours, shuffle, refreshed_at)
    VALUES (%s, %s, %s, %s, to_tsvector('simple', %s), %s, %s, %s, %s, %s)
    ON CONFLICT (lawyer_id) DO UPDATE SET
           firm_id = excluded.firm_id, offer_id = excluded.offer_id, facets = excluded.facets,
           words = excluded.words, fee_cents = excluded.fee_cents, currency = excluded.currency,
           hours = excluded.hours, shuffle = excluded.shuffle, refreshed_at = excluded.refreshed_at
"""


def _write(profile: Profile, offer: AppointmentType, now: datetime) -> None:
    lawyer = profile.lawyer
    starts, _ = appointments.open_starts(offer, start=now, end=now + _RING_AHEAD, now=now)
    said = {"area": lawyer.practice_areas, "language": lawyer.languages, "place": profile.serves}
    facets = finding.facets(**said, kind=offer.places)
    _add_choices(said, facets)
    words = fold(
        " ".join([lawyer.name, lawyer.firm.name, lawyer.title, *lawyer.practice_areas, *lawyer.languages,
                  *profile.serves, lawyer.about])
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(
            _UPSERT,
            [lawyer.pk, lawyer.firm_id, offer.pk, facets, words, offer.fee_cents, lawyer.firm.currency,
             finding.ring_hours(starts), place_in_order(lawyer.pk, now), now],
        )  # fmt: skip


def _add_choices(said: dict[str, list[str]], facets: list[str]) -> None:
    known = set(Choice.objects.filter(facet__in=facets).values_list("facet", flat=True))
    fresh = {finding.facet(kind, text): text for kind, texts in said.items() for text in texts}
    Choice.objects.bulk_create(
        [Choice(facet=facet, text=text) for facet, text in fresh.items() if facet in {*facets} - known],
        ignore_conflicts=True,
    )


def drop_choices() -> None:
    """Forget what is said of nobody any more."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM directory_choice WHERE NOT EXISTS"
            " (SELECT FROM directory_listing WHERE facets @> ARRAY[directory_choice.facet])"
        )


def place_in_order(lawyer_id: int, now: datetime) -> int:
    """Where a lawyer stands on this day (UTC), from 0 to 2**31 - 1: as good as drawn, and the same whenever it is asked."""
    drawn = hashlib.blake2b(f"{lawyer_id}:{now.date()}".encode(), digest_size=4).digest()
    return int.from_bytes(drawn) >> 1
