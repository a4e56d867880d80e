"""How fast the slot engine is: one lawyer, 60 days, 500 busy intervals. Run: python -m bench.engine"""

from __future__ import annotations

import os
import platform
import random
import statistics
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from time import perf_counter

from daybook.core.availability import Offer, open_slots, open_starts, soonest, spans
from daybook.core.hours import WeeklyHours, open_periods, open_spans
from daybook.core.periods import Period

ZONE = "America/Denver"
FIRST = date(2026, 10, 5)
DAYS = 60
BUSY = 500
NOW = datetime(2026, 10, 5, 6, tzinfo=UTC)
TARGET_MS = 0.5


def timed(work: Callable[[], object], rounds: int) -> tuple[float, float]:
    """Median and 95th percentile, in milliseconds."""
    for _ in range(20):
        work()
    took = []
    for _ in range(rounds):
        begun = perf_counter()
        work()
        took.append((perf_counter() - begun) * 1000)
    return statistics.median(took), statistics.quantiles(took, n=20)[18]


def main(rounds: int = 500) -> int:
    """Print the table; 1 if the target is missed."""
    weekly = WeeklyHours(dict.fromkeys(range(5), ((540, 1020),)))
    last = FIRST + timedelta(days=DAYS - 1)
    offer = Offer(length=timedelta(minutes=30), horizon=timedelta(days=DAYS))
    chance = random.Random(7)
    busy = []
    for _ in range(BUSY):
        start = NOW + timedelta(minutes=5 * chance.randrange(DAYS * 288))
        busy.append(Period(start, start + timedelta(minutes=chance.choice((15, 30, 45, 60)))))
    busy.sort()
    busy_spans = spans(busy)
    hours = open_periods(weekly, (), ZONE, FIRST, last)
    hour_spans = spans(hours)
    now = int(NOW.timestamp())

    def whole() -> list[int]:
        return open_starts(offer, hours=open_spans(weekly, (), ZONE, FIRST, last), busy=busy_spans, now=now)

    rows = {
        "starts, from spans": lambda: open_starts(offer, hours=hour_spans, busy=busy_spans, now=now),
        "starts, none busy": lambda: open_starts(offer, hours=hour_spans, busy=(), now=now),
        "hours and starts, from spans": whole,
        "busy periods to spans": lambda: spans(busy),
        "slots, from and to periods": lambda: open_slots(offer, hours=hours, busy=busy, now=NOW),
        "soonest, from periods": lambda: soonest(offer, hours=hours, busy=busy, now=NOW),
    }
    print(f"{platform.python_implementation()} {platform.python_version()}, {platform.machine()}, ", end="")
    print(f"{os.cpu_count()} cores; {DAYS} days, {BUSY} busy, {len(whole())} slots left of ", end="")
    print(f"{len(open_starts(offer, hours=hour_spans, busy=(), now=now))}")
    print(f"{'':34}{'median ms':>10}{'p95 ms':>10}")
    measured = {}
    for name, work in rows.items():
        median, p95 = measured[name] = timed(work, rounds)
        print(f"{name:34}{median:>10.3f}{p95:>10.3f}")
    good = measured["hours and starts, from spans"][0] <= TARGET_MS
    print(f"target: hours and starts in {TARGET_MS} ms: {'met' if good else 'missed'}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
