"""
A day of contact sync for many firms, as one worker lives it. Run: python -m bench.day [firms] [rounds]

Slow: the whole day of 2,000 firms is 24,000 cycles and takes a quarter of an hour.
"""

from __future__ import annotations

import random
import sys
import time
from datetime import timedelta
from typing import Any

from bench.clio import Theirs, clio
from bench.report import Table
from bench.stand import Stand, analyze, stand

FIRMS, ROUNDS = 2000, 12
CONTACTS = 25
#: In each two hours: one firm in ten has contacts changed in Clio, another one in ten has some changed in Daybook.
BUSY_SHARE, CHANGES = 10, 3
DAY = 86_400
MEGABYTE = 2**20


def main(firms: int = FIRMS, rounds: int = ROUNDS) -> int:
    """Print the table; 1 if a target is missed."""
    with (
        clio() as theirs,
        stand(worker=True, CLIO_BASE_URL=theirs.url, LOG_LEVEL="warning", **theirs.settings) as daybook,
    ):
        return _measure(daybook, theirs, firms, rounds)


def _measure(daybook: Stand, theirs: Theirs, firms: int, rounds: int) -> int:
    from django.utils import timezone

    from daybook.sync.models import ContactSync, Cycle, Link

    assert daybook.worker is not None
    theirs.call("record", on=False)
    offices = [_firm(theirs, number) for number in range(firms)]
    theirs.advance(timedelta(hours=1))
    _import(theirs, offices)
    analyze()
    table = Table(f"A day of contact sync: {firms:,} firms of {CONTACTS} contacts, {rounds} of 12 rounds")
    table.begin(
        "One worker, PostgreSQL, the pages and Clio's stand-in share two cores. In each round every firm has a cycle; in",
        f"one firm of {BUSY_SHARE} {CHANGES} contacts were changed in Clio, in another one of {BUSY_SHARE} as many in Daybook.",
    )
    chance = random.Random(7)
    spent = 0.0
    held: list[float] = []
    with theirs.counting() as asked:
        cpu = daybook.worker.cpu_times()
        for _ in range(rounds):
            theirs.advance(timedelta(hours=2))
            changed = _changes(theirs, offices, chance)
            ContactSync.objects.update(next_cycle_at=timezone.now())
            begun = time.perf_counter()
            _tick()
            _work(daybook)
            spent += time.perf_counter() - begun
            held.append(daybook.worker.memory_info().rss / MEGABYTE)
        used = daybook.worker.cpu_times()
    table.row(
        "contacts linked", Link.objects.filter(kind="contact").count(), "", least=firms * CONTACTS, digits=0
    )
    table.row(
        "cycles run", Cycle.objects.filter(kind="regular", finished_at__isnull=False).count(), "", digits=0
    )
    table.row("requests, for each firm and round", asked() / (firms * rounds), "", most=2, digits=2)
    table.row("changes a round, both sides", changed, "", digits=0)
    table.row("cycles a second", firms * rounds / spent, "/s", digits=1)
    table.row(
        "worker's processor time for a cycle",
        (used.user + used.system - cpu.user - cpu.system) * 1000 / (firms * rounds),
        "ms",
    )
    table.row(
        "share of the day one worker is at it", spent / rounds * 12 / DAY * 100, "%", most=100, digits=2
    )
    table.row("firms one worker could carry", DAY / (spent / rounds * 12 / firms), "", least=firms, digits=0)
    table.row("worker's memory, most", max(held), "MB", most=200, digits=0)
    return table.done()


def _firm(theirs: Theirs, number: int) -> tuple[Any, str, Any]:
    """One firm here, one account there, connected."""
    from django.utils import timezone

    from bench import seed

    lawyer = f"lawyer{number}@day.example"
    account = theirs.call("add_account", name=f"Firm {number}")
    theirs.call(
        "add_user", account_id=account["id"], name="Alice Hart", email=lawyer, time_zone="America/Denver"
    )
    theirs.call("bulk_contacts", count=CONTACTS, user=lawyer, start=number * CONTACTS + 1)
    office = seed.office(f"Firm Number {number}", timezone.now())
    return office, lawyer, _connected(theirs, office, lawyer)


def _connected(theirs: Theirs, office: Any, lawyer: str) -> Any:
    """A connection without what follows from it: calendars and subscriptions are not what is measured."""
    from django.utils import timezone

    from daybook.sync.mirror import terms
    from daybook.sync.models import Connection

    now = timezone.now()
    token = theirs.call("token", user=lawyer)
    connection = Connection.objects.create(
        firm=office.firm,
        provider="clio",
        region="US",
        account_id=lawyer,
        access_token=token["access_token"],
        refresh_token=token["refresh_token"],
        token_expires_at=now + timedelta(days=30),
        connected_at=now,
    )
    terms.begin(connection)
    return connection


def _import(theirs: Theirs, offices: list[tuple[Any, str, Any]]) -> None:
    """Every firm's first import, approved at once; not measured."""
    from django.utils import timezone

    from daybook.sync.mirror import cycle, first, terms

    for office, _, connection in offices:
        cycle.run(connection_id=connection.pk, now=timezone.now())
        first.approve(actor=theirs.actor(office), setting=terms.begin(connection), now=timezone.now())
        cycle.run(connection_id=connection.pk, now=timezone.now())


def _changes(theirs: Theirs, offices: list[tuple[Any, str, Any]], chance: random.Random) -> int:
    """Some firms' people at work on both sides, not measured."""
    from dataclasses import replace

    from django.utils import timezone

    from daybook.contacts import operations as contacts
    from daybook.contacts import queries
    from daybook.contacts.cards import card_of
    from daybook.sync.models import Link

    word = f"Title {chance.randrange(10**6)}"
    share = max(1, len(offices) // BUSY_SHARE)
    picked = chance.sample(offices, min(len(offices), 2 * share))
    for _, lawyer, connection in picked[:share]:
        for link in Link.objects.filter(connection=connection, kind="contact")[:CHANGES]:
            theirs.call("edit_contact", user=lawyer, contact_id=int(link.theirs), title=word)
    for office, _, connection in picked[share:]:
        ours = Link.objects.filter(connection=connection, kind="contact").order_by("-pk")[:CHANGES]
        for contact in queries.contacts_by_id(office.firm.pk, [link.ours for link in ours]).values():
            card = replace(card_of(contact), middle_name=word)
            contacts.update(firm=office.firm, contact=contact, card=card, now=timezone.now())
    return len(picked) * CHANGES


def _tick() -> None:
    """What the clock does each minute, until every firm's cycle is queued."""
    from django.utils import timezone

    from daybook.jobs import schedule
    from daybook.sync.mirror import cycle

    for _ in range(100):
        schedule.contacts_tick.func(0)
        due = cycle.due(timezone.now(), limit=100_000)
        if len(due) <= 500:
            return
        time.sleep(0.2)


def _work(daybook: Stand) -> None:
    """Wait until the worker has nothing left that is due."""
    from django.db import connection

    quiet = 0
    while quiet < 3:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM procrastinate_jobs WHERE status IN ('todo', 'doing')"
                " AND (scheduled_at IS NULL OR scheduled_at <= now()) AND task_name <> 'minute'"
            )
            left = cursor.fetchone()[0]
        quiet = quiet + 1 if left == 0 else 0
        time.sleep(0.1)


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
