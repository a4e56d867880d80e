"""Who can be found, and soonest: the wish as a question to the listings, its answers as cards with true free times."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from django.db import connection

from daybook.appointments import queries as appointments
from daybook.appointments.models import AppointmentType
from daybook.core import finding
from daybook.core.availability import Span
from daybook.core.finding import When
from daybook.core.people import fold
from daybook.directory.models import Choice, Listing, Profile
from daybook.firms.models import Lawyer

#: How many cards a page has, and how many times a card.
PAGE = 10
TIMES = 3
#: Whoever can be seen in the same of these days from now stands in an order that nobody chose; earlier ones come first.
BANDS: tuple[tuple[int, int], ...] = ((0, 1), (1, 2), (2, 3), (3, 7), (7, 14), (14, 28))
#: More than so many by the planner's estimate: going through everybody in order finds a page at once, sorting does not.
_MANY = 3000
#: ... but no further than this, should the estimate be wrong.
_REACH = 20_000
_DAY = timedelta(days=1)
#: Asked for at once: a page, and some to spare for those whose times turn out to be gone.
BATCH = 20
#: Places in the order go round.
CIRCLE = 2**31


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody looks for. Empty means anything; `fee_cents` is the most that a first appointment may cost."""

    when: When
    words: str = ""
    area: str = ""
    place: str = ""
    language: str = ""
    kind: str = ""
    fee_cents: int | None = None

    @property
    def facets(self) -> list[str]:
        kinds = {"area": self.area, "place": self.place, "language": self.language, "kind": self.kind}
        return [finding.facet(kind, text) for kind, text in kinds.items() if fold(text)]


@dataclass(frozen=True, slots=True)
class Found:
    """One lawyer who fits, what can be booked with them, and the next times that fit, as instants."""

    lawyer: Lawyer
    offer: AppointmentType
    profile: Profile
    times: tuple[datetime, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page of results ends: the band and the place in its order, written into the address of the next page."""

    band: int = 0
    turn: int = 0  # how far along the circle from where this visitor begins
    lawyer: int = 0

    def __str__(self) -> str:
        return f"{self.band}.{self.turn}.{self.lawyer}"

    @classmethod
    def read(cls, text: str) -> Place:
        """Nonsense is the beginning."""
        parts = text.split(".")
        if len(parts) != 3 or not all(part.isascii() and part.isdigit() and len(part) < 16 for part in parts):
            return cls()
        band, turn, lawyer = map(int, parts)
        return cls(band, turn, lawyer) if band < len(BANDS) and turn < CIRCLE else cls()


@dataclass(slots=True)
class Page:
    cards: list[Found] = field(default_factory=list)
    following: Place | None = None  # None: this was all


def search(wish: Wish, *, seed: int, after: Place, now: datetime) -> Page:
    """
    A page of lawyers with at least one free time that fits, whoever can be seen on an earlier day first.

    Within a day (later: a week) the order begins at `seed` (0 to 2**31 - 1) and is nobody's choice: the same for one visitor
    all day, another for the next visitor, and drawn anew every day. The times are asked of the calendars themselves, so
    that each can be booked; whoever turns out to have none left is passed over. Raises UnknownTimeZone.
    """
    spans = finding.windows(wish.when, now)
    page = Page()
    candidates = _candidates(wish, spans, seed, after, now)
    while chunk := list(islice(candidates, PAGE + 1)):
        rows = _listed([lawyer_id for _, lawyer_id in chunk])
        for place, lawyer_id in chunk:
            if len(page.cards) == PAGE:
                page.following = after
                return page
            card = _card(rows[lawyer_id], spans, now) if lawyer_id in rows else None
            if card is not None:
                page.cards.append(card)
            after = place
    return page


def _listed(lawyer_ids: list[int]) -> dict[int, tuple[Listing, Profile]]:
    listings = Listing.objects.select_related("lawyer__firm", "offer__lawyer", "offer__firm")
    profiles = Profile.objects.in_bulk(lawyer_ids)
    return {
        one.pk: (one, profiles[one.pk]) for one in listings.filter(pk__in=lawyer_ids) if one.pk in profiles
    }


def _card(row: tuple[Listing, Profile], spans: Sequence[Span], now: datetime) -> Found | None:
    """What is shown of somebody; None once nothing that fits is left of their time."""
    listing, profile = row
    start, end = (datetime.fromtimestamp(at, UTC) for at in (spans[0][0], spans[-1][1]))
    starts, _ = appointments.open_starts(listing.offer, start=start, end=end, now=now)
    times = finding.within(starts, spans, TIMES)
    if not times:
        return None
    return Found(
        listing.lawyer, listing.offer, profile, tuple(datetime.fromtimestamp(at, UTC) for at in times)
    )


def _candidates(
    wish: Wish, spans: Sequence[Span], seed: int, after: Place, now: datetime
) -> Iterator[tuple[Place, int]]:
    """Lawyers whose listing fits, in order, from `after` on."""
    before: list[int] = []
    for band, (first, last) in enumerate(BANDS):
        low, high = (now + first * _DAY).timestamp(), (now + last * _DAY).timestamp()
        inside = [(max(start, int(low)), min(end, int(high))) for start, end in spans]
        hours = [
            hour
            for hour in finding.hours_of((start, end) for start, end in inside if start < end)
            if hour not in before
        ]
        if hours and band >= after.band:
            begin = after if band == after.band else Place(band)
            for turn, lawyer_id in _in_turn(wish, hours, before, seed, begin):
                yield Place(band, turn, lawyer_id), lawyer_id
        before += hours


_FITS = """facets @> %(facets)s::text[] AND hours && %(hours)s::int2[] AND NOT hours && %(before)s::int2[]
       AND fee_cents <= %(fee)s AND (%(words)s = '' OR words @@ to_tsquery('simple', %(words)s))"""
_ESTIMATE = f"EXPLAIN (FORMAT JSON) SELECT 1 FROM directory_listing WHERE {_FITS}"  # noqa: S608 - our own text
#: All who fit, sorted: for few of them. Where the visitor's circle begins, and where this page of it.
_SORTED = f"""
    SELECT turn, lawyer_id FROM (
           SELECT (shuffle::bigint - %(seed)s + {CIRCLE}) %% {CIRCLE} AS turn, lawyer_id
             FROM directory_listing WHERE {_FITS}) fitting
     WHERE (turn, lawyer_id) > (%(turn)s, %(lawyer)s)
     ORDER BY turn, lawyer_id LIMIT %(most)s
"""  # noqa: S608
#: Everybody in order, read only as far as needed, and those of them who fit: for many. PostgreSQL keeps that order.
_IN_ORDER = f"""
      WITH walked AS MATERIALIZED (
           SELECT (shuffle::bigint - %(seed)s + {CIRCLE}) %% {CIRCLE} AS turn, lawyer_id, facets, hours, fee_cents, words
             FROM directory_listing
            WHERE shuffle >= %(low)s AND shuffle < %(high)s
            ORDER BY shuffle, lawyer_id LIMIT %(reach)s)
    SELECT turn, lawyer_id FROM walked
     WHERE (turn, lawyer_id) > (%(turn)s, %(lawyer)s) AND {_FITS} LIMIT %(most)s
"""  # noqa: S608


def _in_turn(
    wish: Wish, hours: list[int], before: list[int], seed: int, after: Place
) -> Iterator[tuple[int, int]]:
    """Who of one band fits, as (turn, lawyer), from `after` on."""
    asked = {
        "facets": wish.facets,
        "hours": hours,
        "before": before,
        "fee": 2**31 - 1 if wish.fee_cents is None else wish.fee_cents,
        "words": " & ".join(f"{word}:*" for word in fold(wish.words).split()[:8]),
        "seed": seed,
        "most": BATCH,
    }
    turn, lawyer = (after.turn, after.lawyer) if after.lawyer else (-1, 0)
    many = _estimate(asked) > _MANY
    while True:
        here = asked | {"turn": turn, "lawyer": lawyer}
        rows = _in_order(here, (seed + max(turn, 0)) % CIRCLE) if many else []
        if len(rows) < BATCH:  # few, or fewer than was estimated, or the end of the circle
            rows = _rows(_SORTED, here)
        yield from rows
        if len(rows) < BATCH:
            return
        turn, lawyer = rows[-1]


def _in_order(asked: dict[str, Any], start: int) -> list[tuple[int, int]]:
    """The next of those who fit, going through everybody from `start` on; fewer than asked for where that was not enough."""
    seed = asked["seed"]
    end = CIRCLE if start >= seed else seed
    return _rows(_IN_ORDER, asked | {"low": start, "high": end, "reach": _REACH})


def _estimate(asked: dict[str, Any]) -> int:
    """How many fit, as far as the planner knows."""
    ((plan,),) = _rows(_ESTIMATE, asked)
    (only,) = json.loads(plan) if isinstance(plan, str) else plan
    return int(only["Plan"]["Plan Rows"])


def _rows(sql: str, asked: dict[str, Any]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, asked)
        return list(cursor.fetchall())


def choices() -> dict[str, list[str]]:
    """What can be chosen in a search: "area", "language" and "place" with their texts, in order."""
    found: dict[str, list[str]] = {"area": [], "language": [], "place": []}
    for facet, text in Choice.objects.order_by("facet").values_list("facet", "text"):
        found[facet.partition(":")[0]].append(text)
    return found
