"""The client pick list among a million people, keystroke by keystroke. Run: python -m bench.typeahead [contacts a firm]"""

from __future__ import annotations

import json
import random
import sys
from time import perf_counter
from urllib.parse import quote

from bench.report import Table, middle, percentile
from bench.stand import Stand, analyze, stand

FIRMS, EACH = 10, 100_000
TYPED = 60
MOST_LETTERS = 6


def main(each: int = EACH) -> int:
    """Print the table; 1 if a target is missed."""
    with stand() as daybook:
        return _measure(daybook, each)


def _measure(daybook: Stand, each: int) -> int:
    from django.db import connection
    from django.utils import timezone

    from bench import people, seed
    from daybook.contacts.models import SearchKey
    from daybook.contacts.queries import type_ahead

    now = timezone.now()
    offices = [seed.office(f"Firm Number {number}", now) for number in range(FIRMS)]
    begun = perf_counter()
    people.fill([one.firm for one in offices], each, now)
    analyze()
    filled = perf_counter() - begun
    # Neither the first nor the last: its rows lie in the middle of every table.
    where = offices[FIRMS // 2]
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples::bigint FROM pg_class WHERE relname = 'contacts_searchkey'")
        keys = cursor.fetchone()[0]
    table = Table(f"The pick list: {each:,} contacts in the firm, {each * FIRMS:,} in all")
    texts = _keystrokes(SearchKey.objects.filter(firm=where.firm))
    table.begin(
        f"{keys:,} search keys (put in within {filled:.0f} s, not measured); {len(texts)} keystrokes: beginnings of",
        f"1 to {MOST_LETTERS} letters of names, surnames, addresses and numbers of {TYPED} people, and the empty box.",
    )
    direct = _timed(texts, lambda text: len(type_ahead(where.firm, text)))
    table.row("contacts.queries.type_ahead, p50", middle(direct), digits=2)
    table.row("contacts.queries.type_ahead, p95", percentile(direct, 0.95), digits=2)
    over = _over_http(daybook, where, texts)
    table.row("over HTTP, signed in, p50", middle(over), digits=2)
    table.row("over HTTP, signed in, p95", percentile(over, 0.95), most=20, digits=2)
    table.row("over HTTP, signed in, slowest", max(over), digits=2)
    return table.done()


def _keystrokes(keys) -> list[str]:  # type: ignore[no-untyped-def]
    """What people type, letter by letter; the order is shuffled so that nothing is warm by accident."""
    chance = random.Random(5)
    ids = list(keys.order_by("pk").values_list("pk", flat=True)[:: max(1, keys.count() // (TYPED * 3))])
    chosen = keys.filter(pk__in=chance.sample(ids, TYPED)).values_list("key", flat=True)
    texts = ["", *(key[:letters] for key in chosen for letters in range(1, MOST_LETTERS + 1))]
    chance.shuffle(texts)
    return texts


def _timed(texts, ask) -> list[float]:  # type: ignore[no-untyped-def]
    for text in texts[:40]:
        ask(text)
    took = []
    for text in texts:
        begun = perf_counter()
        ask(text)
        took.append((perf_counter() - begun) * 1000)
    return took


def _over_http(daybook: Stand, where, texts: list[str]) -> list[float]:  # type: ignore[no-untyped-def]
    from django.test import Client
    from django.urls import reverse

    visitor = Client()
    visitor.force_login(where.user, "django.contrib.auth.backends.ModelBackend")
    path = reverse("suggest_clients")
    found: dict[str, int] = {}
    with daybook.wire() as wire:
        wire.cookies = {name: morsel.value for name, morsel in visitor.cookies.items()}

        def ask(text: str) -> None:
            answer = wire.get(f"{path}?q={quote(text)}")
            assert answer.status == 200, answer.head
            found[text] = len(json.loads(answer.body)["clients"])

        took = _timed(texts, ask)
    assert sum(map(bool, found.values())) > 0.9 * len(found), [text for text in found if not found[text]]
    return took


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
