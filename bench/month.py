"""A month of free times over HTTP, as data and as a page; and what a long past costs. Run: python -m bench.month"""

from __future__ import annotations

import json
import sys
from time import perf_counter

from bench.report import Table, middle, percentile
from bench.stand import Stand, analyze, stand

ROUNDS = 400
WARM = 40
PAST = 5_000


def main(rounds: int = ROUNDS) -> int:
    """Print the table; 1 if a target is missed."""
    with stand() as daybook:
        return _measure(daybook, rounds)


def _measure(daybook: Stand, rounds: int) -> int:
    from django.utils import timezone

    from bench import seed

    now = timezone.now()
    fresh, long_lived = seed.office("Fresh Law", now), seed.office("Settled Law", now)
    for where in (fresh, long_lived):
        seed.mirror(where, now)
    seed.past(long_lived, now, PAST)
    analyze()
    with daybook.wire() as wire:
        month = json.loads(wire.get(f"{fresh.path}times.json?days={seed.DAYS}").body)
        slots = sum(len(day["starts"]) for day in month["days"])
        page = wire.get(f"{fresh.path}?days={seed.DAYS}")
    assert page.body.count(b'name="start"') == slots, page.body[:500]
    table = Table(f"A month ({seed.DAYS} days) of one lawyer's free times, {seed.BUSY} busy intervals")
    table.begin(
        f"{slots} free times; one visitor on one kept connection, {rounds} requests a row after {WARM} to warm up;",
        "the four kinds of request take turns, so that whatever else the machine does falls on all alike.",
    )
    took = _take_turns(
        daybook,
        {
            "data": f"{fresh.path}times.json?days={seed.DAYS}",
            "page": f"{fresh.path}?days={seed.DAYS}",
            "data, past": f"{long_lived.path}times.json?days={seed.DAYS}",
            "page, past": f"{long_lived.path}?days={seed.DAYS}",
        },
        rounds,
    )
    table.row("as data (times.json), p50", middle(took["data"]), most=5, digits=2)
    table.row("as data, p95", percentile(took["data"], 0.95), digits=2)
    table.row(f"as a page ({len(page.body) // 1024} KB), p50", middle(took["page"]), most=10, digits=2)
    table.row("as a page, p95", percentile(took["page"], 0.95), digits=2)
    for kind in ("data", "page"):
        ratio = middle(took[f"{kind}, past"]) / middle(took[kind])
        table.row(f"{kind} with {PAST:,} past appointments, of that without", ratio, "x", most=1.1, digits=3)
    for kind in ("data", "page"):
        _processor(daybook, table, kind, fresh.path + ("times.json" if kind == "data" else ""), seed.DAYS)
    print("The engine alone: python -m bench.engine (60 days, 500 busy intervals, target 0.5 ms).")
    return table.done()


def _take_turns(daybook: Stand, paths: dict[str, str], rounds: int) -> dict[str, list[float]]:
    took: dict[str, list[float]] = {name: [] for name in paths}
    with daybook.wire() as wire:
        for number in range(WARM + rounds):
            for name, path in paths.items():
                begun = perf_counter()
                answer = wire.get(path)
                spent = (perf_counter() - begun) * 1000
                assert answer.status == 200, answer.head
                if number >= WARM:
                    took[name].append(spent)
    return took


def _processor(daybook: Stand, table: Table, kind: str, path: str, days: int, requests: int = 200) -> None:
    """Processor time does not depend on who else is using the machine, as waiting time does."""
    before = daybook.seconds_spent()
    with daybook.wire() as wire:
        for _ in range(requests):
            wire.get(f"{path}?days={days}")
    after = daybook.seconds_spent()
    for part in ("pages", "database"):
        table.row(f"processor time, {kind}: {part}", (after[part] - before[part]) / requests * 1000, digits=2)


if __name__ == "__main__":
    sys.exit(main())
