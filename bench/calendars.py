"""Calendars of lawyers' own: refreshing many, reading a large one, free times over six. Run: python -m bench.calendars"""

from __future__ import annotations

import json
import sys
from time import perf_counter
from typing import Any

from bench.report import Table, middle, percentile
from bench.stand import Stand, analyze, stand

MANY = 1000
LARGE = 5000
SIX = 6
ROUNDS = 400
WARM = 40
ALICE = "alice@hartvale.example"
APPLICATION = {"GOOGLE_CLIENT_ID": "daybook-demo", "GOOGLE_CLIENT_SECRET": "daybook-demo-secret"}


def main(many: int = MANY, large: int = LARGE) -> int:
    """Print the table; 1 if a target is missed."""
    from sandbox.google import start

    google = start(seed="bare", record=False)
    with google, stand(GOOGLE_BASE_URL=google.url, LOG_LEVEL="warning", **APPLICATION) as daybook:
        return _measure(daybook, google, many, large)


def _measure(daybook: Stand, google: Any, many: int, large: int) -> int:
    from django.utils import timezone

    from bench import seed

    now = timezone.now()
    reads, books = seed.office("Reading Law", now), seed.office("Six Calendars Law", now)
    alone = seed.office("One Calendar Law", now)
    table = Table(
        f"Lawyers' own calendars: {many:,} of them, one with {large:,} entries, a lawyer with {SIX}"
    )
    table.begin("Google's stand-in answers within this process, and its work is part of every figure.")
    connection = _connect(reads, google, many, large, now)
    _reading(table, google, connection, many, large)
    _six(table, daybook, books, alone, now)
    return table.done()


def _connect(where: Any, google: Any, many: int, large: int, now: Any) -> Any:
    from daybook.calendars.models import Calendar, CalendarUse
    from daybook.sync import accounts_list
    from daybook.sync.models import Connection

    for number in range(many):
        google.control.add_calendar(ALICE, f"Calendar {number}")
    google.control.bulk_entries(ALICE, large)
    token = google.control.token(ALICE)
    connection = Connection.objects.create(
        firm=where.firm,
        lawyer=where.lawyer,
        provider=Connection.Provider.GOOGLE,
        account_id=ALICE,
        account_name=ALICE,
        user_id=ALICE,
        user_name=ALICE,
        access_token=token["access_token"],
        refresh_token=token["refresh_token"],
        connected_at=now,
    )
    accounts_list.refresh(connection=connection, now=now)
    CalendarUse.objects.bulk_create(
        CalendarUse(firm=where.firm, lawyer=where.lawyer, calendar=one)
        for one in Calendar.objects.filter(connection=connection)
    )
    return connection


def _reading(table: Table, google: Any, connection: Any, many: int, large: int) -> None:
    from django.utils import timezone

    from daybook.calendars.models import BusyPeriod, Calendar
    from daybook.sync import calendars

    main = Calendar.objects.get(connection=connection, external_id=ALICE)
    for name in ("first reading", "reading again, nothing changed"):
        asked, begun = _asked(google), perf_counter()
        calendars.refresh_busy(calendar_id=main.pk, now=timezone.now())
        table.row(f"{large:,} entries: {name}", perf_counter() - begun, "s", digits=2)
        table.row("  requests", _asked(google) - asked, "", digits=0)
    table.row("  busy times in the mirror", BusyPeriod.objects.filter(calendar=main).count(), "", digits=0)
    calendars.refresh_account(connection_id=connection.pk, now=timezone.now())
    asked, begun = _asked(google), perf_counter()
    answered = calendars.refresh_account(connection_id=connection.pk, now=timezone.now())
    spent = perf_counter() - begun
    assert answered == many + 1, answered
    table.row(f"refresh of {answered:,} calendars, nothing changed", spent, "s", digits=1)
    table.row("  requests for each", (_asked(google) - asked) / answered, "", most=1, digits=2)
    table.row("  of each", spent / answered * 1000, digits=1)


def _asked(google: Any) -> int:
    asked: int = google.control.requests().get("all", 0)
    return asked


def _six(table: Table, daybook: Stand, where: Any, alone: Any, now: Any) -> None:
    """Beside a lawyer with as many busy times in one calendar, so that a busy machine is seen to be one."""
    from bench import seed
    from daybook.calendars.models import CalendarUse

    for number in range(SIX):
        seed.mirror(where, now, busy=seed.BUSY // SIX, seed=number, account=f"account {number}")
        CalendarUse.objects.filter(lawyer=where.lawyer).update(is_primary=False)
    seed.mirror(alone, now, busy=seed.BUSY // SIX * SIX)
    seed.just_read()
    analyze()
    paths = {
        "data": f"{where.path}times.json?days={seed.DAYS}",
        "page": f"{where.path}?days={seed.DAYS}",
        "one": f"{alone.path}times.json?days={seed.DAYS}",
    }
    took: dict[str, list[float]] = {name: [] for name in paths}
    with daybook.wire() as wire:
        slots = sum(len(day["starts"]) for day in json.loads(wire.get(paths["data"]).body)["days"])
        assert slots, "there is nothing to be booked"
        for number in range(WARM + ROUNDS):
            for name, path in paths.items():
                begun = perf_counter()
                answer = wire.get(path)
                spent = (perf_counter() - begun) * 1000
                assert answer.status == 200, answer.head
                if number >= WARM:
                    took[name].append(spent)
    for name, most in (("data", 5), ("page", 10)):
        table.row(f"a month over {SIX} calendars, {name}, p50", middle(took[name]), most=most, digits=2)
        table.row(f"a month over {SIX} calendars, {name}, p95", percentile(took[name], 0.95), digits=2)
    table.row("a month over one calendar, data, p50", middle(took["one"]), digits=2)
    table.row(f"{SIX} calendars, of one", middle(took["data"]) / middle(took["one"]), "x", most=1.2, digits=2)


if __name__ == "__main__":
    sys.exit(main())
