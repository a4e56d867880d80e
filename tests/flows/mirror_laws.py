"""What must be so once everything has had its time, whatever happened before."""

from __future__ import annotations

import random
import traceback
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from daybook.contacts.models import Contact, ContactAddress, ContactEmail, ContactPhone
from daybook.core.cards import SETS, TEXTS, Card
from daybook.core.changes import alike, writes
from daybook.sync.mirror import cycle, sweep
from daybook.sync.models import Apart, ContactSync, Cursor, Link, Owed, Question
from tests.flows.mirror_machine import Machine, machine
from tests.flows.mirror_schedule import QUIET, Step, drawn, smaller

if TYPE_CHECKING:
    from tests.flows.office import Office

Row = dict[str, Any]


def agree(m: Machine) -> Iterator[str]:
    """What is wrong with the two books."""
    ours, theirs = m.ours(), m.theirs()
    links = m.links()
    m.ledger.see(links)
    for here, there in links:
        if here not in ours:
            yield f"a link of {here}, which is gone"
        elif there not in theirs:
            yield f"{here} is linked to {there}, which Clio has no longer"
        else:
            yield from _pair(here, there, ours[here], theirs[there])
    yield from _unlinked(m, ours, theirs, links)
    yield from _doubles(m, theirs)
    yield from m.ledger.complaints()
    for entry in m.clio.control.log("DELETE"):
        yield f"something was deleted in Clio: {entry['path']}"


def _pair(here: int, there: int, ours: Card, theirs: Card) -> Iterator[str]:
    if alike(ours, theirs):
        return
    left_out = writes(theirs, ours).left_out
    for name in ("kind", *TEXTS):
        if getattr(ours, name) != getattr(theirs, name) and name not in left_out:
            yield f"{here} and {there} differ in {name}: {getattr(ours, name)!r}, {getattr(theirs, name)!r}"
    for name in SETS:
        one, other = getattr(ours, name), getattr(theirs, name)
        if not alike(Card(**{name: one}), Card(**{name: other})) and not any(
            each.startswith(name) for each in left_out
        ):
            yield f"{here} and {there} differ in {name}: {one}, {other}"


def _unlinked(
    m: Machine, ours: dict[int, Card], theirs: dict[int, Card], links: list[tuple[int, int]]
) -> Iterator[str]:
    apart = Apart.objects.filter(connection=m.connection_id)
    kept = set(apart.filter(why__in=["gone", "unlinked"]).values_list("ours", flat=True))
    kept |= set(Owed.objects.filter(state="trouble").values_list("contact", flat=True))
    for here in ours.keys() - {link[0] for link in links} - kept:
        yield f"{here} ({ours[here].name}) is not in Clio, and nobody knows why"
    out = set(apart.filter(why__in=["removed", "unlinked"]).values_list("theirs", flat=True))
    for there in theirs.keys() - {link[1] for link in links} - m.hidden:
        if str(there) not in out:
            yield f"Clio's {there} ({theirs[there].name}) is not here, and nobody knows why"


def _doubles(m: Machine, theirs: dict[int, Card]) -> Iterator[str]:
    """What the engine made twice: an item of a contact, or a contact that only the engine ever made."""
    for row in m.clio.control.records("contacts"):
        for items, column in (("email_addresses", "address"), ("phone_numbers", "number")):
            for said, times in Counter(item[column].casefold() for item in row[items]).items():
                if times > 1 and f"t:{row['id']}" not in m.twice:
                    yield f"Clio's {row['id']} has {said} {times} times"
    if m.ledger.removed:
        return
    for here, there in m.links():
        known = m.ledger.made | m.ledger.base.keys()
        if theirs[there].kind != "company" and not m.ledger.of(f"o:{here}") & known:
            yield f"{here} and {there} ({theirs[there].name}) were made by nobody"


#: The tables a quiet round must not touch, and what in them tells only when somebody looked.
_TABLES: tuple[tuple[Any, tuple[str, ...]], ...] = (
    (Contact, ()),
    (ContactEmail, ()),
    (ContactPhone, ()),
    (ContactAddress, ()),
    (Link, ()),
    (Apart, ()),
    (Owed, ()),
    (Question, ()),
    (ContactSync, ("next_cycle_at", "next_sweep_at")),
)


def rows(m: Machine) -> list[list[Row]]:
    found = []
    for model, times in _TABLES:
        every = list(model.objects.order_by("pk").values())
        found.append([{k: v for k, v in row.items() if k not in times} for row in every])
    return [*found, m.clio.control.records("contacts")]


def still(m: Machine) -> Iterator[str]:
    """What a further round and a further search do although there is nothing to do."""
    for what, most in ((cycle.run, 1), (sweep.run, 1 + len(m.hidden))):
        before = rows(m)
        already = len(m.clio.control.log())
        m.clock.advance(7300)
        Cursor.objects.update(leased_until=None)
        what(connection_id=m.connection_id, now=timezone.now())
        asked = m.clio.control.log()[already:]
        if len(asked) > most:
            yield f"{what.__module__} asked {[(one['method'], one['path'], one['query']) for one in asked]}"
        for was, now in zip(before, rows(m), strict=True):
            for row in [row for row in was if row not in now] + [row for row in now if row not in was]:
                yield f"{what.__module__} touched {row}"


def quiet(m: Machine) -> list[str]:
    """Let everything have its time, and say what is not as it must be."""
    m.quiet()
    wrong = [*agree(m), *still(m)]
    m.ledger.start(m.links())
    return wrong


def what_is_wrong(office: Office, steps: Sequence[Step], seed: int) -> list[str]:
    """Do the steps in two empty books, and what must be so at the end and is not."""
    with machine(office, seed) as m:
        try:
            for step in steps:
                if step == QUIET:
                    if wrong := quiet(m):
                        return wrong
                else:
                    step.do(m)
            return quiet(m)
        except Exception:  # noqa: BLE001 - whatever it is, the schedule has found it
            return [traceback.format_exc(limit=-20)]


def run(office: Office, seed: int) -> str:
    """Draw and do one schedule; what went wrong, with the smallest schedule that shows it, or ""."""
    found: list[str] = []

    def fails(steps: Sequence[Step]) -> bool:
        wrong = what_is_wrong(office, steps, seed)
        found[:] = wrong or found
        return bool(wrong)

    steps = drawn(random.Random(seed))
    if not fails(steps):
        return ""
    # The last that failed is the smallest: its own words, since another try might have none.
    listed = ",\n    ".join(map(str, smaller(steps, fails)))
    return f"seed {seed}:\n    {listed}\n" + "\n".join(found)
