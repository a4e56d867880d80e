"""Everybody at once: the pages as they are served, many visitors, the lawyer's own bookings, and moves among them."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bench.wire import Wire
from daybook.config import children, home

if TYPE_CHECKING:
    from tests.cast import Cast

VISITORS, DESKS, TIMES, TRIES = 64, 6, 12, 4
#: A page, a hold or confirmation or move, a calm refusal, a hold that ran out.
CALM = {200, 302, 409, 422}


@pytest.fixture
def cast(transactional_db: None) -> Cast:
    from django.utils import timezone

    from tests.cast import hart_and_vale

    return hart_and_vale(timezone.now())


@pytest.fixture
def served(cast: Cast, tmp_path: Path) -> Iterator[int]:
    """The port of the product as a server runs it, two processes of eight threads, on this test's database."""
    from django.db import connection

    address, _, _ = os.environ["DATABASE_URL"].rpartition("/")
    port = next(port for port in range(8500 + os.getpid() % 400, 9000) if home.is_free(port))
    env = {
        **os.environ,
        "DATABASE_URL": f"{address}/{connection.settings_dict['NAME']}",
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "BOOKING_ATTEMPTS": "0",
        "DAYBOOK_CHILD": "1",
    }
    log = tmp_path / "web.log"
    with log.open("wb") as output:
        argv = [sys.executable, "-m", "daybook.config.cli", "web", "--port", str(port)]
        web = children.spawn(argv, env=env, cwd=home.ROOT, stdout=output, stderr=subprocess.STDOUT)
    try:
        until = time.monotonic() + 60
        while home.is_free(port):
            assert web.poll() is None, log.read_text()[-3000:]
            assert time.monotonic() < until, log.read_text()[-3000:]
            time.sleep(0.05)
        yield port
    finally:
        children.stop(web)
    assert "Traceback" not in log.read_text(), log.read_text()[-6000:]


def together(*work: Callable[[], None]) -> None:
    """Run all at once, each in a thread with a database connection of its own; the first failure is the test's."""
    from django.db import connections

    gate, failures = threading.Barrier(len(work)), []

    def one(do: Callable[[], None]) -> None:
        try:
            gate.wait(30)
            do()
        except BaseException as error:  # noqa: BLE001 - raised again below, in the test's own thread
            failures.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=one, args=(do,)) for do in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(90)
    if failures:
        raise failures[0]


class Visitor:
    """Somebody with a browser: takes a time, fills in the form, may move it, and remembers what they were told."""

    def __init__(self, port: int, cast: Cast, starts: list[datetime], number: int) -> None:
        self.port, self.number, self.chance = port, number, random.Random(number)
        self.path = f"/book/{cast.firm.slug}/{cast.alice.slug}/{cast.consultation.slug}/"
        self.starts = starts
        self.statuses: Counter[int] = Counter()
        self.told: datetime | None = None
        self.token = ""

    def __call__(self) -> None:
        with Wire("127.0.0.1", self.port) as self.wire:
            self.heard(self.wire.get(self.path).status)
            for start in self.chance.sample(self.starts, TRIES):
                if self.take(start):
                    break
            if self.told and self.number % 3 == 0:
                for start in self.chance.sample(self.starts, 2):
                    self.move(start)

    def heard(self, status: int) -> int:
        self.statuses[status] += 1
        return status

    def take(self, start: datetime) -> bool:
        held = self.wire.post(self.path, {"start": str(int(start.timestamp()))})
        if self.heard(held.status) != 302:
            assert b'role="alert"' in held.body
            return False
        who = {"name": f"Visitor {self.number}", "email": f"visitor{self.number}@example.com"}
        done = self.wire.post(held.location, {**who, "phone": f"+1 303 555 {1000 + self.number}"})
        self.heard(done.status)
        if done.status != 302 or not done.location.startswith("/appointment/"):
            return False
        self.told, self.token = start, done.location.split("/")[2]
        return True

    def move(self, start: datetime) -> None:
        if start == self.told:
            return
        moved = self.wire.post(
            f"/appointment/{self.token}/move/review/", {"start": str(int(start.timestamp()))}
        )
        if self.heard(moved.status) == 302:
            self.told = start
        else:
            assert b'role="alert"' in moved.body


class Desk:
    """The lawyer's own side: books for clients, and moves what it booked."""

    def __init__(self, cast: Cast, starts: list[datetime], number: int) -> None:
        self.cast, self.starts, self.chance = cast, starts, random.Random(1000 + number)
        self.number = number
        self.told: dict[int, datetime] = {}
        self.refused = 0

    def __call__(self) -> None:
        from django.utils import timezone

        from daybook.appointments import operations
        from daybook.core.errors import Refusal
        from tests.cast import DANA

        for start in self.chance.sample(self.starts, TRIES):
            try:
                booked = operations.book(
                    actor=self.cast.alice_actor,
                    appointment_type=self.cast.consultation,
                    start=start,
                    details=DANA,
                    now=timezone.now(),
                )
            except Refusal:
                self.refused += 1
                continue
            self.told[booked.pk] = booked.start
            to = self.chance.choice(self.starts)
            try:
                moved = operations.reschedule(
                    appointment=booked, start=to, by="firm", now=timezone.now(), actor=self.cast.alice_actor
                )
            except Refusal:
                self.refused += 1
            else:
                self.told[booked.pk] = moved.start


def overlaps() -> list[tuple[int, int]]:
    """Pairs of live appointments of one lawyer that share any time."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT a.id, b.id FROM appointments_appointment a JOIN appointments_appointment b"
            " ON a.lawyer_id = b.lawyer_id AND a.id < b.id AND a.during && b.during"
            " WHERE a.state IN ('held', 'confirmed') AND b.state IN ('held', 'confirmed')"
        )
        return cursor.fetchall()


def test_a_crowd_of_visitors_and_the_lawyers_own_desk_never_book_a_time_twice(
    cast: Cast, served: int
) -> None:
    from daybook.appointments import links
    from daybook.appointments.models import Appointment
    from tests.cast import at, next_weekday

    first = at(cast.alice, next_weekday(_now(), weekday=2, weeks=2), 9)
    starts = [first + timedelta(minutes=30 * number) for number in range(TIMES)]
    visitors = [Visitor(served, cast, starts, number) for number in range(VISITORS)]
    desks = [Desk(cast, starts, number) for number in range(DESKS)]
    together(*visitors, *desks)

    statuses = sum((visitor.statuses for visitor in visitors), Counter())
    assert set(statuses) <= CALM, statuses
    assert overlaps() == []
    confirmed = {one.pk: one for one in Appointment.objects.filter(state="confirmed")}
    told = {pk: start for desk in desks for pk, start in desk.told.items()}
    for visitor in visitors:
        if visitor.told:
            mine = Appointment.objects.get(uid=links.read_token(visitor.token))
            told[mine.pk] = visitor.told
    assert {pk: one.start for pk, one in confirmed.items()} == told
    assert 1 <= len(confirmed) <= TIMES
    assert statuses[409], "nobody was refused: this was no race"


def _now() -> datetime:
    from django.utils import timezone

    return timezone.now()


def test_of_many_who_press_in_the_same_instant_one_has_the_time(cast: Cast) -> None:
    from daybook.appointments import operations
    from daybook.appointments.models import Appointment
    from daybook.core.errors import Refusal
    from tests.cast import DANA, at, next_weekday

    start = at(cast.alice, next_weekday(_now(), weekday=2, weeks=2), 10)
    confirmed: list[int] = []
    refusals: Counter[str] = Counter()

    def press(number: int) -> None:
        try:
            held = operations.hold(
                appointment_type=cast.consultation, start=start, hold_key=f"visitor {number}", now=_now()
            )
            confirmed.append(operations.confirm(appointment=held, details=DANA, now=_now()).pk)
        except Refusal as refusal:
            refusals[refusal.code] += 1

    together(*(lambda number=number: press(number) for number in range(16)))
    assert set(refusals) <= {"slot_taken", "crowded"}, refusals
    assert list(Appointment.objects.filter(state="confirmed").values_list("pk", flat=True)) == confirmed
    assert len(confirmed) == 1


def test_a_days_limit_holds_when_everybody_presses_at_once(cast: Cast) -> None:
    from daybook.appointments import operations
    from daybook.appointments.models import Appointment
    from daybook.core.errors import Refusal
    from tests.cast import at, next_weekday

    cast.consultation.cap_per_day = 2
    cast.consultation.save()
    first = at(cast.alice, next_weekday(_now(), weekday=2, weeks=2), 9)
    refusals: Counter[str] = Counter()

    def press(number: int) -> None:
        try:
            operations.hold(
                appointment_type=cast.consultation,
                start=first + timedelta(minutes=30 * number),
                hold_key=f"visitor {number}",
                now=_now(),
            )
        except Refusal as refusal:
            refusals[refusal.code] += 1

    together(*(lambda number=number: press(number) for number in range(12)))
    assert Appointment.objects.filter(state="held").count() == 2
    assert set(refusals) <= {"cap_reached", "crowded"}, refusals
