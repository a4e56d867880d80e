"""Finding who is free soonest among 150,000 lawyers, and what keeping that true costs. Run: python -m bench.directory [lawyers]"""

from __future__ import annotations

import random
import sys
from datetime import datetime
from time import perf_counter
from urllib.parse import urlencode

from bench.report import Table, middle, percentile
from bench.stand import Stand, analyze, stand

LAWYERS = 150_000
#: Calendars drawn one by one and kept by the product's own code; everybody else has a copy of one of these, rows and all.
DRAWN = 120
A_FIRM = 5
SEARCHES = 400
ZONES = ("America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles")
AREAS = ("Family law", "Immigration", "Criminal defense", "Estate planning", "Employment", "Business", "Real estate",
         "Personal injury", "Tax", "Bankruptcy", "Intellectual property", "Housing", "Elder law", "Mediation")  # fmt: skip
LANGUAGES = ("English", "Spanish", "French", "Mandarin", "Vietnamese", "Arabic", "Polish", "Korean")
KINDS = ("video", "phone", "in_person")
PLACES = tuple(f"City {number}" for number in range(400))
#: Rows copied begin here, far from those that the product numbered.
BEYOND = 10_000_000


def main(lawyers: int = LAWYERS) -> int:
    """Print the table; 1 if a target is missed."""
    with stand(BOOKING_ATTEMPTS="0") as daybook:
        return _measure(daybook, lawyers)


def _measure(daybook: Stand, lawyers: int) -> int:
    from django.utils import timezone

    from daybook.directory import operations
    from daybook.directory.models import Listing, Stale

    now = timezone.now()
    begun = perf_counter()
    drawn = _draw(now, min(DRAWN, lawyers))
    _copy(drawn, lawyers)
    analyze()
    filled = perf_counter() - begun
    table = Table(f"The directory: {Listing.objects.count():,} lawyers with calendars of their own")
    chance = random.Random(11)
    wishes = [_wish(chance) for _ in range(SEARCHES)]
    table.begin(
        f"Put in within {filled:.0f} s, not measured. {SEARCHES} searches of visitors, each another: by area, place,",
        "language, kind, fee, day and time of day, most by two or three of them, one in twelve by nothing at all;",
        "every card's times are asked of the lawyer's calendars. One visitor on one kept connection.",
    )
    with daybook.wire() as wire:
        for wish in wishes[:20]:
            wire.get(f"/lawyers/?{urlencode(wish)}")
        took, found = [], 0
        for wish in wishes:
            at = perf_counter()
            answer = wire.get(f"/lawyers/?{urlencode(wish)}")
            took.append((perf_counter() - at) * 1000)
            assert answer.status == 200, answer.head
            found += answer.body.count(b'class="card"')
    table.row("a search with its page, p50", middle(took))
    table.row("a search with its page, p95", percentile(took, 0.95), most=100)
    table.row("a search with its page, slowest", max(took))
    table.row("lawyers on a page of results, on average", found / len(wishes), "")
    chosen = list(Listing.objects.order_by("shuffle").values_list("pk", flat=True)[:200])
    Stale.objects.all().delete()
    at = perf_counter()
    operations.refresh(chosen, timezone.now())
    table.row("making one listing anew (a booking's share)", (perf_counter() - at) * 1000 / len(chosen))
    table.row("a booking's mark, in its own statement", _mark(chosen[0]), digits=2)
    return table.done()


def _draw(now: datetime, count: int) -> list[int]:
    """Lawyers with busy times of their own, listed by the product's own code."""
    from django.conf import settings

    from bench import seed
    from daybook.appointments.models import AppointmentType
    from daybook.directory import operations
    from daybook.directory.models import Profile

    # Nobody signs in here, and a good hash of a password takes a third of a second.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    ids = []
    for number in range(count):
        where = seed.office(f"Drawn Law {number}", now)
        chance = random.Random(number)
        lawyer = where.lawyer
        lawyer.time_zone = ZONES[number % len(ZONES)]
        lawyer.practice_areas = [AREAS[0]]
        lawyer.save()
        AppointmentType.objects.filter(pk=where.offer.pk).update(places=["video"])
        seed.mirror(where, now, busy=chance.choice((10, 20, 40, 60, 90, 140)), seed=number)
        Profile.objects.create(lawyer=lawyer, firm=where.firm, listed=True, serves=["Colorado"])
        ids.append(lawyer.pk)
    operations.refresh(ids, now)
    return ids


def _copy(drawn: list[int], lawyers: int) -> None:
    """Everybody else: a firm for every few, and every row that decides about their time or says who they are."""
    from django.db import connection

    from daybook.appointments.models import AppointmentType
    from daybook.calendars.models import BusyPeriod, Calendar, CalendarUse, WorkingHours
    from daybook.directory.models import Listing, Profile
    from daybook.firms.models import Firm, Lawyer
    from daybook.sync.models import Connection

    chance = random.Random(3)
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        cursor.execute(
            "SET session_replication_role = replica"
        )  # copies follow no rule that their models did not
        cursor.execute(
            "CREATE TEMP TABLE made AS SELECT %s + n AS id, %s + n / %s AS firm_id,"
            " (%s::bigint[])[1 + n %% %s] AS like_id FROM generate_series(1, %s) n",
            [BEYOND, BEYOND, A_FIRM, drawn, len(drawn), lawyers - len(drawn)],
        )
        cursor.execute("ANALYZE made")
        one = "(SELECT min(id) FROM {})"
        firm = {"id": "m.firm_id", "slug": "'firm-' || m.firm_id", "name": "'Firm ' || m.firm_id"}
        a_firm = "(SELECT DISTINCT firm_id FROM made) m"
        _rows(cursor, Firm, firm, f"{a_firm} ON s.id = {one.format('firms_firm')}")
        joined = {"id": "m.firm_id", "firm_id": "m.firm_id", "lawyer_id": "NULL"}
        _rows(cursor, Connection, joined, f"{a_firm} ON s.id = {one.format('sync_connection')}")
        own = {"firm_id": "m.firm_id", "lawyer_id": "m.id"}
        alike = "made m ON s.lawyer_id = m.like_id"
        said = {"slug": "'lawyer-' || m.id", "email": "'l' || m.id || '@example.com'", "member_id": "NULL",
                "name": "'Lawyer Number ' || m.id"}  # fmt: skip
        _rows(cursor, Lawyer, {"id": "m.id", "firm_id": "m.firm_id", **said}, "made m ON s.id = m.like_id")
        _rows(cursor, AppointmentType, {"id": "m.id", **own}, alike)
        _rows(cursor, WorkingHours, own, alike)
        used = "made m JOIN calendars_calendaruse u ON u.lawyer_id = m.like_id ON s.id = u.calendar_id"
        _rows(cursor, Calendar, {"id": "m.id", "firm_id": "m.firm_id", "connection_id": "m.firm_id",
                                 "external_id": "m.id"}, used)  # fmt: skip
        _rows(cursor, CalendarUse, {**own, "calendar_id": "m.id"}, alike)
        _rows(cursor, BusyPeriod, {"calendar_id": "m.id"},
              "made m JOIN calendars_calendaruse u ON u.lawyer_id = m.like_id ON s.calendar_id = u.calendar_id")  # fmt: skip
        _rows(cursor, Profile, own, alike)
        _rows(cursor, Listing, {**own, "offer_id": "m.id"}, alike)
        cursor.execute("SELECT lawyer_id FROM directory_listing")
        rows = [(lawyer, *_said(chance)) for (lawyer,) in cursor.fetchall()]
        cursor.execute(
            "CREATE TEMP TABLE said (lawyer_id bigint, facets text[], fee int, shuffle int, words text)"
        )
        with cursor.copy("COPY said FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        cursor.execute(
            "UPDATE directory_listing l SET facets = s.facets, fee_cents = s.fee, shuffle = s.shuffle,"
            " words = to_tsvector('simple', 'lawyer number ' || l.lawyer_id || ' ' || s.words)"
            " FROM said s WHERE s.lawyer_id = l.lawyer_id"
        )
        cursor.execute("SET session_replication_role = origin")


def _rows(cursor, model, given: dict[str, str], source: str) -> None:  # type: ignore[no-untyped-def]
    """Copies of a table's rows: the columns `given` as said, every other one as it is in the row `s`."""
    columns = [field.column for field in model._meta.concrete_fields]
    columns = [name for name in columns if name != "id" or "id" in given]
    values = ", ".join(given.get(name, f's."{name}"') for name in columns)
    listed = ", ".join(f'"{name}"' for name in columns)
    table = model._meta.db_table
    cursor.execute(f"INSERT INTO {table} ({listed}) SELECT {values} FROM {table} s JOIN {source}")


def _said(chance: random.Random) -> tuple[list[str], int, int, str]:
    """Facets, fee, place in the order and words of one lawyer: some areas, places and languages are far commoner than others."""
    areas = {_often(chance, AREAS), _often(chance, AREAS)}
    languages = {"English", *([_often(chance, LANGUAGES)] if chance.random() < 0.35 else [])}
    places = {_often(chance, PLACES)}
    kinds = chance.sample(KINDS, chance.choice((1, 2, 2, 3)))
    from daybook.core import finding

    facets = finding.facets(area=areas, language=languages, place=places, kind=kinds)
    return (
        facets,
        chance.choice((0, 0, 10_000, 15_000, 25_000, 40_000)),
        chance.getrandbits(31),
        " ".join(areas),
    )


def _often(chance: random.Random, texts: tuple[str, ...]) -> str:
    """One of them, the first the most often: as cities and subjects are."""
    return chance.choices(texts, [1 / (place + 1) for place in range(len(texts))])[0]


def _wish(chance: random.Random) -> dict[str, str]:
    """What one visitor fills in."""
    wish = {"zone": chance.choice(ZONES), "order": str(chance.getrandbits(31))}
    if chance.randrange(12) == 0:
        return wish
    wish["area"] = _often(chance, AREAS)
    for name, part, draw in (
        ("place", 0.6, lambda: _often(chance, PLACES)),
        ("language", 0.3, lambda: _often(chance, LANGUAGES)),
        ("kind", 0.3, lambda: chance.choice(KINDS)),
        ("fee", 0.2, lambda: chance.choice(("0", "100", "250"))),
        ("day", 0.4, lambda: chance.choice(("today", "tomorrow", "week", "weekend"))),
        ("clock", 0.3, lambda: chance.choice(("morning", "afternoon", "evening"))),
        ("q", 0.1, lambda: f"Number {chance.randrange(1000)}"),
    ):
        if chance.random() < part:
            wish[name] = draw()
    return wish


def _mark(lawyer_id: int, times: int = 300) -> float:
    """Milliseconds of the statement that a trigger runs for a change of somebody's time."""
    from django.db import connection, transaction

    with transaction.atomic(), connection.cursor() as cursor:
        at = perf_counter()
        for _ in range(times):
            cursor.execute("SELECT directory_mark(ARRAY[%s]::bigint[])", [lawyer_id])
        spent = (perf_counter() - at) * 1000 / times
        transaction.set_rollback(True)
    return spent


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])) if len(sys.argv) > 1 else main())
