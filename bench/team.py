"""A month of free times of a ten-lawyer round robin over HTTP, beside that of one of them. Run: python -m bench.team"""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from datetime import datetime
from time import perf_counter
from typing import TYPE_CHECKING

from bench.report import Table, middle, percentile
from bench.stand import Stand, analyze, stand

if TYPE_CHECKING:
    from bench.seed import Office
    from daybook.appointments.operations import TeamChoice
    from daybook.firms.models import Lawyer

ROUNDS = 200
WARM = 20
LAWYERS = 10
SECONDS = 3


def main(rounds: int = ROUNDS) -> int:
    """Print the table; 1 if a target is missed."""
    with stand() as daybook:
        return _measure(daybook, rounds)


def _measure(daybook: Stand, rounds: int) -> int:
    from django.utils import timezone

    from bench import seed
    from daybook.appointments.operations import TeamChoice

    now = timezone.now()
    where = seed.office("Many Hands Law", now)
    seed.mirror(where, now)
    lawyers = [where.lawyer, *(_colleague(where, number, now) for number in range(1, LAWYERS + SECONDS))]
    leads, seconds = [one.pk for one in lawyers[:LAWYERS]], tuple(one.pk for one in lawyers[LAWYERS:])
    offers = {
        "one": TeamChoice(),
        "round robin": TeamChoice("round_robin", dict.fromkeys(leads, 1)),
        "round robin and a second": TeamChoice("round_robin", dict.fromkeys(leads, 1), seconds),
        "two together": TeamChoice("collective", dict.fromkeys(leads[:2], 1)),
    }
    paths = {name: _offered(where, name, choice, now) for name, choice in offers.items()}
    analyze()
    table = Table(
        f"A month ({seed.DAYS} days) of a round robin of {LAWYERS}, each with {seed.BUSY} busy intervals"
    )
    slots = {}
    with daybook.wire() as wire:
        for name, path in paths.items():
            month = json.loads(wire.get(f"{path}times.json?days={seed.DAYS}").body)
            slots[name] = sum(len(day["starts"]) for day in month["days"])
    table.begin(
        ", ".join(f"{name}: {count} free times" for name, count in slots.items()) + ";",
        f"one visitor on one kept connection, {rounds} requests a row after {WARM} to warm up, in turns. The second is any",
        f"one of {SECONDS} people.",
    )
    took: dict[str, list[float]] = {}
    with daybook.wire() as wire:
        for number in range(WARM + rounds):
            for name, path in paths.items():
                for kind in ("times.json", ""):
                    begun = perf_counter()
                    answer = wire.get(f"{path}{kind}?days={seed.DAYS}")
                    spent = (perf_counter() - begun) * 1000
                    assert answer.status == 200, answer.head
                    if number >= WARM:
                        took.setdefault(f"{name}, as {'data' if kind else 'a page'}", []).append(spent)
    for name, spent in took.items():
        alone = name.startswith("one,")  # python -m bench.month has the target for one lawyer
        table.row(f"{name}, p50", middle(spent), most=None if alone else 50, digits=2)
        table.row(f"{name}, p95", percentile(spent, 0.95), digits=2)
    return table.done()


def _colleague(where: Office, number: int, now: datetime) -> Lawyer:
    """Another lawyer of the firm with hours and a full calendar of their own."""
    from bench import seed
    from daybook.calendars import operations as calendars
    from daybook.firms import operations as firms

    name = f"Colleague {number}"
    lawyer = firms.add_lawyer(
        firm=where.firm, name=name, email=f"{number}@many-hands.example", time_zone=seed.ZONE, now=now
    )
    calendars.save_hours(lawyer=lawyer, weekly=seed.NINE_TO_FIVE, now=now)
    seed.mirror(replace(where, lawyer=lawyer), now, seed=100 + number, account=str(100 + number))
    return lawyer


def _offered(where: Office, name: str, choice: TeamChoice, now: datetime) -> str:
    """A type like the benchmark's own, met by those people; its address."""
    from daybook.appointments import operations
    from daybook.appointments.models import AppointmentType

    row = AppointmentType.objects.get(pk=where.offer.pk)
    row.pk, row.slug, row.name = None, "", name
    row._state.adding = True
    saved = operations.save_type(appointment_type=row, now=now, team=choice)
    return f"/book/{where.firm.slug}/{where.lawyer.slug}/{saved.slug}/"


if __name__ == "__main__":
    sys.exit(main())
