"""What is left near a time that was just missed, for a whole crowd that missed it, and exact in what a crowd takes."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Hashable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache

from daybook.appointments.availability import Missed, offer_of
from daybook.appointments.locking import first_of_many
from daybook.appointments.models import AppointmentType
from daybook.appointments.queries import LOOK_AHEAD, OpenDays, by_day, midnight, open_to_clients
from daybook.core.availability import Offer
from daybook.core.hours import zone as place_of

#: For how long hours and other systems' calendars (a mirror, minutes old itself) are not read again for a crowd.
KEPT = timedelta(seconds=1)
_MOST_KEPT = 64

#: From and to of one's own time, buffers included, in epoch seconds; then its start and type.
_Own = tuple[tuple[int, int, int, int], ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Kept:
    """The free starts of a type as they were read at an instant."""

    at: datetime
    starts: list[int]
    trouble: str
    because: str


_kept: dict[Hashable, _Kept] = {}


def left_near(
    appointment_type: AppointmentType, missed: Missed, *, first: date, days: int, zone: str, now: datetime
) -> OpenDays | None:
    """
    What `queries.open_days` says of the days just around a missed time, for somebody who holds nothing.

    Nothing is asked again of what `missed` has seen: no time is shown that another visitor had taken by then. Hours
    and other calendars may have been read up to KEPT before `now`, and what was given back since may be missing.
    None where that is not good enough: a type with a cap or of several people, or nothing left in those days.
    """
    if appointment_type.has_team:
        return None  # who is missed at one time may leave somebody else free there
    if appointment_type.cap_per_day is not None or appointment_type.cap_per_week is not None:
        return None
    offer = offer_of(appointment_type)
    kept = _read(appointment_type, offer, now)
    if kept.trouble:
        return OpenDays((), None, kept.trouble, kept.because)
    soonest = now + offer.notice
    left = _left(
        kept,
        missed.own,
        opens=max(_second(midnight(first, zone)), _second(soonest) + (1 if soonest.microsecond else 0)),
        closes=_second(midnight(first + timedelta(days=days), zone)),
        lead=int((offer.length + offer.after).total_seconds()),
        trail=int(offer.before.total_seconds()),
        zone=zone,
    )
    return left if left.days else None


def _read(appointment_type: AppointmentType, offer: Offer, now: datetime) -> _Kept:
    # The rules come with every request, so a change of them is seen at once.
    linked, zone = appointment_type.linked_calendar_id, appointment_type.lawyer.time_zone
    requests = appointment_type.by_request, appointment_type.lawyer.requests_when_unread
    key = (appointment_type.pk, linked, zone, offer, requests)
    kept = _fresh(key, now)
    if kept is None:
        with first_of_many(key):
            kept = _fresh(key, now)
            if kept is None:
                found = open_to_clients(appointment_type, start=now, end=now + LOOK_AHEAD, now=now)
                if len(_kept) >= _MOST_KEPT:
                    _kept.clear()
                kept = _kept[key] = _Kept(now, *found)
    return kept


def _fresh(key: Hashable, now: datetime) -> _Kept | None:
    kept = _kept.get(key)
    return kept if kept is not None and abs(now - kept.at) < KEPT else None


def _second(at: datetime) -> int:
    return int(at.timestamp())


@lru_cache(maxsize=64)
def _left(kept: _Kept, own: _Own, *, opens: int, closes: int, lead: int, trail: int, zone: str) -> OpenDays:
    """The kept starts in [opens, closes) that have nothing of the lawyer's own in their way."""
    starts = kept.starts
    low, high = bisect_left(starts, opens), bisect_left(starts, closes)
    blocked = [(row[0] - lead, row[1] + trail) for row in own]
    free = [at for at in starts[low:high] if not any(start < at < end for start, end in blocked)]
    place = place_of(zone)
    following = starts[high : high + 1]
    next_from = datetime.fromtimestamp(following[0], place).date() if following else None
    return OpenDays(by_day(free, place), next_from, "", kept.because)
