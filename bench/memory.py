"""What the processes hold after work: a web worker, the worker of jobs. Run: python -m bench.memory"""

from __future__ import annotations

import sys
import time
from typing import Any

import psutil

from bench.report import Table
from bench.stand import Stand, analyze, stand
from bench.wire import Wire

PAGES = 600
BOOKINGS = 60
MEGABYTE = 2**20
#: What one process may hold for itself; and with what it shares with the others counted in.
MOST_OWN, MOST_RESIDENT = 120, 200
PATIENCE = 60.0


def main() -> int:
    """Print the table; 1 if a target is missed."""
    with stand(worker=True, BOOKING_ATTEMPTS="0") as daybook:
        return _measure(daybook)


def _measure(daybook: Stand) -> int:
    from django.utils import timezone

    from bench import seed

    now = timezone.now()
    where = seed.office("Remembering Law", now)
    seed.past(where, now, 1000)
    analyze()
    table = Table("Memory after work")
    table.begin(
        f"{PAGES} pages and {BOOKINGS} bookings over HTTP, signed out and signed in, then every job they left (mails, ",
        "reminders). Own: what ending the process would free. Resident: with what it shares with its siblings.",
    )
    before = [_held(process) for process in daybook.web_workers()]
    table.row("a web worker before the first request, own", max(own for own, _ in before), "MB")
    _work(daybook, where, now)
    _drained()
    for number, process in enumerate(daybook.web_workers(), 1):
        own, resident = _held(process)
        table.row(f"web worker {number}, own", own, "MB", most=MOST_OWN)
        table.row(f"web worker {number}, resident", resident, "MB", most=MOST_RESIDENT)
    assert daybook.worker is not None
    own, resident = _held(daybook.worker)
    table.row("worker of jobs, own", own, "MB", most=MOST_OWN)
    table.row("worker of jobs, resident", resident, "MB", most=MOST_RESIDENT)
    _, parent = _held(daybook.web)
    table.row("the web workers' parent, resident", parent, "MB")
    return table.done()


def _held(process: psutil.Process) -> tuple[float, float]:
    facts = process.memory_full_info()
    return facts.uss / MEGABYTE, facts.rss / MEGABYTE


def _work(daybook: Stand, where: Any, now: Any) -> None:
    from django.test import Client

    member = Client()
    member.force_login(where.user, "django.contrib.auth.backends.ModelBackend")
    session = {name: morsel.value for name, morsel in member.cookies.items()}
    firm = f"/book/{where.firm.slug}/"
    pages = [
        "/",
        firm,
        f"{firm}{where.lawyer.slug}/",
        f"{where.path}?days=31",
        f"{where.path}times.json?days=31",
    ]
    # Several connections, so that both processes get their share.
    wires = [daybook.wire() for _ in range(8)]
    for number in range(PAGES):
        wire = wires[number % len(wires)]
        wire.cookies = {}
        if number % 3 == 0:
            wire.cookies = dict(session)
            answer = wire.get(("/dashboard/", "/contacts/", "/appointments/book/")[number // 3 % 3])
        else:
            answer = wire.get(pages[number % len(pages)])
        assert answer.status == 200, answer.head
    for number, start in enumerate(_free(wires[0], where.path)):
        _book(wires[number % len(wires)], where.path, start, number)
    for wire in wires:
        wire.close()


def _free(wire: Wire, path: str) -> list[int]:
    import json
    from datetime import datetime

    days = json.loads(wire.get(f"{path}times.json?days=31").body)["days"]
    starts = [int(datetime.fromisoformat(text).timestamp()) for day in days for text in day["starts"][::2]]
    return starts[:BOOKINGS]


def _book(wire: Wire, path: str, start: int, number: int) -> None:
    wire.cookies = {}
    wire.get(path)
    held = wire.post(path, {"start": str(start)})
    assert held.status == 302, held.head
    who = {"name": f"Client {number}", "email": f"client{number}@example.com"}
    done = wire.post(held.location, {**who, "phone": f"+1 303 555 {1000 + number}"})
    assert done.status == 302, done.head


def _drained() -> None:
    """Wait until no job is left."""
    from django.db import connection

    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM procrastinate_jobs WHERE status IN ('todo', 'doing') AND scheduled_at IS NULL"
            )
            if not cursor.fetchone()[0]:
                return
        time.sleep(0.2)
    raise SystemExit("The worker did not get through its jobs.")


if __name__ == "__main__":
    sys.exit(main())
