"""Two-way contact sync with a large Clio account. Run: python -m bench.contacts [contacts]"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from math import ceil
from typing import Any

import psutil

from bench.report import Table
from bench.stand import Stand, analyze, stand

MANY = 100_000
CHANGED_THERE = 1000
CHANGED_HERE = 300
PAGE = 200
MEGABYTE = 2**20
LAWYER = "lawyer@bench.example"


def main(many: int = MANY) -> int:
    """Print the table; 1 if a target is missed."""
    from bench.clio import clio

    with clio() as theirs, stand(CLIO_BASE_URL=theirs.url, LOG_LEVEL="warning", **theirs.settings) as daybook:
        return _measure(daybook, theirs, many)


def _measure(daybook: Stand, theirs: Any, many: int) -> int:
    from django.utils import timezone

    from bench import seed
    from daybook.contacts import operations as contacts
    from daybook.contacts import queries
    from daybook.contacts.cards import card_of
    from daybook.contacts.models import Contact
    from daybook.sync.mirror import cycle, first, telling
    from daybook.sync.models import ContactSync, Link

    theirs.seed(LAWYER, many)
    theirs.advance(timedelta(hours=1))  # nobody connects within two minutes of changing every contact
    where = seed.office("Bench Law", timezone.now())
    connection = theirs.connect(where, LAWYER)
    analyze()
    table = Table(f"Contact sync with {many:,} contacts in Clio")
    table.begin(
        "Clio is the sandbox on the same two cores, without its limit of requests a minute; this process is the worker.",
        "The first import is read and laid out, approved at once, and taken in.",
    )
    held: list[float] = []

    def rounds() -> None:
        again: Any = True
        while again is not None:
            again = cycle.run(connection_id=connection.pk, now=timezone.now())

    with _watched(held), theirs.counting() as asked, _timed() as took:
        rounds()
        read = took()
        first.approve(actor=theirs.actor(where), setting=ContactSync.objects.get(), now=timezone.now())
        rounds()
        imported = took()
    contacts_now = Contact.objects.filter(firm=where.firm).count()
    table.row("first import: contacts in Daybook", contacts_now, "", least=many, digits=0)
    table.row("first import: links", Link.objects.filter(kind="contact").count(), "", least=many, digits=0)
    table.row("first import: requests", asked(), "", most=ceil(many / PAGE) + 10, digits=0)
    table.row("first import: read and laid out", read, "s")
    table.row("first import: taken in", imported - read, "s")
    table.row("first import: whole", many / imported, "/s", least=2500, digits=0)
    half = len(held) // 2
    table.row("worker's memory, most", max(held), "MB", most=200, digits=0)
    grown = max(held[half:]) / max(held[half // 2 : half])
    table.row("worker's memory, second half over second quarter", grown, "x", most=1.1, digits=2)

    theirs.advance(timedelta(hours=2))
    with theirs.counting() as asked, _timed() as took:
        rounds()
    table.row("quiet cycle: requests", asked(), "", most=2, digits=0)
    table.row("quiet cycle", took() * 1000, "ms")

    theirs.edit(LAWYER, CHANGED_THERE)
    with theirs.counting() as asked, _timed() as took:
        rounds()
    most = ceil(CHANGED_THERE / PAGE) + 2
    table.row(f"{CHANGED_THERE:,} changes in Clio: requests", asked(), "", most=most, digits=0)
    table.row(f"{CHANGED_THERE:,} changes in Clio: seconds", took(), "s", digits=2)
    changed = Contact.objects.filter(firm=where.firm, title="Changed").count()
    table.row(f"{CHANGED_THERE:,} changes in Clio: arrived", changed, "", least=CHANGED_THERE, digits=0)

    some = list(
        Link.objects.filter(kind="contact").order_by("pk").values_list("ours", flat=True)[:CHANGED_HERE]
    )
    for contact in queries.contacts_by_id(where.firm.pk, some).values():
        card = card_of(contact)
        contacts.update(firm=where.firm, contact=contact, card=_renamed(card), now=timezone.now())
    with theirs.counting() as asked, theirs.counting("GET") as reads, _timed() as took:
        again: Any = True
        while again is not None:
            again = telling.tell(connection_id=connection.pk, now=timezone.now())
    table.row(f"{CHANGED_HERE:,} changes here: requests", asked(), "", most=CHANGED_HERE, digits=0)
    table.row(f"{CHANGED_HERE:,} changes here: reads", reads(), "", most=0, digits=0)
    table.row(f"{CHANGED_HERE:,} changes here: seconds", took(), "s", digits=2)
    return table.done()


def _renamed(card: Any) -> Any:
    from dataclasses import replace

    return replace(card, last_name=f"{card.last_name}-Renamed")


@contextmanager
def _watched(held: list[float]) -> Iterator[None]:
    """What this process holds, five times a second."""
    process, over = psutil.Process(), threading.Event()

    def look() -> None:
        while not over.wait(0.2):
            held.append(process.memory_info().rss / MEGABYTE)

    watch = threading.Thread(target=look)
    watch.start()
    try:
        yield
    finally:
        over.set()
        watch.join()


@contextmanager
def _timed() -> Iterator[Any]:
    begun = time.perf_counter()
    yield lambda: time.perf_counter() - begun


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
