"""A crowd for the same few times, through the public pages. Run: python -m bench.stampede"""

from __future__ import annotations

import gc
import sys
import threading
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from time import perf_counter

from bench.report import Table, log_tail, middle, percentile
from bench.stand import Stand, analyze, stand
from bench.wire import Answer, Wire

CLIENTS = 32
SLOTS = 16
ROUNDS = 5
#: One round nobody counts: a server that has just started opens its connections first.
WARM = 1
ATTEMPTS = CLIENTS * SLOTS
SECONDS = 1.0
LEAST_A_SECOND = 400


@dataclass(slots=True)
class Told:
    """What one client was told in one round."""

    statuses: Counter[int] = field(default_factory=Counter)
    took: list[float] = field(default_factory=list)
    confirmed: list[int] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


def main(rounds: int = ROUNDS) -> int:
    """Print the table; 1 if a target is missed."""
    with stand(BOOKING_ATTEMPTS="0") as daybook:
        code = _measure(daybook, rounds)
        if code:
            print(log_tail(daybook.folder, 5))
        return code


def _measure(daybook: Stand, rounds: int) -> int:
    from django.utils import timezone

    from bench import seed
    from daybook.calendars.models import BusyPeriod

    now = timezone.now()
    where = seed.office("Sought After Law", now)
    seed.mirror(where, now)
    days = _working_days(now, WARM + rounds)
    for on in days:
        starts = _starts(on)
        span = (
            datetime.fromtimestamp(starts[0], now.tzinfo),
            datetime.fromtimestamp(starts[-1] + 1800, now.tzinfo),
        )
        BusyPeriod.objects.filter(during__overlap=span).delete()
    analyze()
    table = Table(f"{ATTEMPTS} attempts of {CLIENTS} clients at the same {SLOTS} times of one lawyer")
    table.begin(
        "Every attempt is a press on a time by a new visitor: POST, hold or refusal with the page of what is left.",
        "A winner opens the form and confirms before trying the next time; all of it counts. All clients go through",
        f"the times in one order, so that all want the same one at once. Median of {rounds} rounds, worst in brackets.",
    )
    results = [_round(daybook, where.path, on) for on in days][WARM:]
    walls = [result.wall for result in results]
    told = [one for result in results for one in result.told]
    statuses = sum((one.statuses for one in told), Counter())
    wrong = [text for one in told for text in one.wrong]
    booked, twice = _truth(where.lawyer.pk, days[WARM:])
    table.row("times booked, each round", booked / rounds, "", least=SLOTS, digits=0)
    table.row("times booked twice", twice, "", most=0, digits=0)
    table.row(
        "told confirmed and not booked, or the reverse", abs(_told(told) - booked), "", most=0, digits=0
    )
    table.row("answers that were neither a hold nor a calm refusal", len(wrong), "", most=0, digits=0)
    table.row(f"wall time (worst {max(walls):.2f} s)", middle(walls), "s", most=SECONDS, digits=2)
    table.row("attempts a second", ATTEMPTS / middle(walls), "/s", least=LEAST_A_SECOND, digits=0)
    took = [spent for one in told for spent in one.took]
    table.row("one attempt, p50 under the crowd", middle(took))
    table.row("one attempt, p95 under the crowd", percentile(took, 0.95))
    spent = {part: sum(result.spent[part] for result in results) for part in results[0].spent}
    for part, seconds in spent.items():
        table.row(f"processor time an attempt: {part}", seconds / rounds / ATTEMPTS * 1000, digits=2)
    table.row("the clients' share of it", 100 * spent["asking"] / sum(spent.values()), "%", digits=0)
    print(f"answers: {dict(sorted(statuses.items()))}")
    for text in wrong[:5]:
        print(text)
    return table.done()


def _working_days(now: datetime, count: int) -> list[date]:
    """The next `count` working days of the lawyer, from the day after tomorrow."""
    days, on = [], now.date() + timedelta(days=2)
    while len(days) < count:
        if on.weekday() < 5:
            days.append(on)
        on += timedelta(days=1)
    return days


def _starts(on: date) -> list[int]:
    from bench import seed
    from daybook.core.hours import local_to_utc

    nine = local_to_utc(datetime.combine(on, time(9)), seed.ZONE)
    return [int(nine.timestamp()) + 1800 * number for number in range(SLOTS)]


@dataclass(slots=True)
class Round:
    wall: float
    told: list[Told]
    spent: dict[str, float]


def _round(daybook: Stand, path: str, on: date) -> Round:
    starts = _starts(on)
    wires = [daybook.wire() for _ in range(CLIENTS)]
    for wire in wires:
        assert wire.get(f"{path}?from={on}").status == 200
    told = [Told() for _ in wires]
    gate = threading.Barrier(CLIENTS + 1)
    crowd = [
        threading.Thread(target=_client, args=(gate, wire, path, on, starts, number, told[number]))
        for number, wire in enumerate(wires)
    ]
    for thread in crowd:
        thread.start()
    stop = threading.Event()
    reading = threading.Thread(target=_keep_read, args=(stop,))
    reading.start()
    gc.disable()
    before = daybook.seconds_spent()
    gate.wait()
    begun = perf_counter()
    for thread in crowd:
        thread.join()
    wall = perf_counter() - begun
    stop.set()
    reading.join()
    after = daybook.seconds_spent()
    gc.enable()
    for wire in wires:
        wire.close()
    return Round(wall, told, {part: after[part] - before[part] for part in after})


def _keep_read(stop: threading.Event) -> None:
    """The other system's part: its calendar was read within the last second, so no confirmation asks it again."""
    from django.db import connection

    from bench import seed

    while True:
        seed.just_read()
        if stop.wait(0.5):
            connection.close()
            return


def _client(
    gate: threading.Barrier, wire: Wire, path: str, on: date, starts: list[int], number: int, told: Told
) -> None:
    csrf = wire.cookies["daybook_csrf"]
    gate.wait()
    for start in starts:
        wire.cookies = {"daybook_csrf": csrf}  # a visitor who has not held anything yet
        begun = perf_counter()
        answer = wire.post(f"{path}?from={on}", {"start": str(start)})
        told.took.append((perf_counter() - begun) * 1000)
        told.statuses[answer.status] += 1
        if answer.status == 302:
            _confirm(wire, answer, start, number, told)
        elif answer.status != 409 or b'role="alert"' not in answer.body:
            told.wrong.append(_text(answer))


def _confirm(wire: Wire, held: Answer, start: int, number: int, told: Told) -> None:
    form = wire.get(held.location)
    who = {"name": f"Client {number}", "email": f"client{number}@example.com"}
    who["phone"] = f"+1 303 555 {1000 + number}"
    done = wire.post(held.location, who)
    if form.status == 200 and done.status == 302 and done.location.startswith("/appointment/"):
        told.confirmed.append(start)
    else:
        told.wrong.append(_text(done))


def _text(answer: Answer) -> str:
    return f"{answer.status} {answer.location} {answer.body[:200]!r}"


def _told(told: list[Told]) -> int:
    return sum(len(one.confirmed) for one in told)


def _truth(lawyer: int, days: list[date]) -> tuple[int, int]:
    """What the database holds of those days: confirmed appointments, and pairs of them that overlap."""
    from django.db import connection

    low, high = _starts(days[0])[0], _starts(days[-1])[-1] + 1800
    live = (
        "SELECT id, during FROM appointments_appointment WHERE lawyer_id = %s AND state IN ('held', 'confirmed')"
        " AND during && tstzrange(to_timestamp(%s), to_timestamp(%s))"
    )
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH live AS ({live}) SELECT (SELECT count(*) FROM live),"
            " (SELECT count(*) FROM live a JOIN live b ON a.id < b.id AND a.during && b.during)",
            [lawyer, low, high],
        )
        booked, twice = cursor.fetchone()
    return booked, twice


if __name__ == "__main__":
    sys.exit(main())
