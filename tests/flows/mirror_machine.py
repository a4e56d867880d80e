"""Two contact books that people work in at once, over a line that fails and with workers that die."""

from __future__ import annotations

import hashlib
import hmac
import json
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import stamina
from django.db import connection as database
from django.db import transaction
from django.utils import timezone

from daybook.appointments import operations as appointments
from daybook.connectors import http
from daybook.connectors.clio.fields import CONTACT_FIELDS
from daybook.connectors.clio.shapes import ClioContact
from daybook.contacts import queries as contact_queries
from daybook.contacts.cards import card_of
from daybook.contacts.merging import union
from daybook.contacts.models import Contact
from daybook.core.cards import Card
from daybook.core.errors import Refusal
from daybook.core.reconcile import GROUPS, Rule
from daybook.jobs import schedule
from daybook.sync import hooks
from daybook.sync.mirror import records
from daybook.sync.models import Connection, ContactSync, Hook, Link, Owed, Question
from tests.flows.mirror_answers import answer
from tests.flows.mirror_ledger import Ledger, node

if TYPE_CHECKING:
    from sandbox.clio import Sandbox
    from tests.flows.office import Office

ALICE = "alice@hartvale.example"
SECRET = "the machine's own secret"
_REAL_NOW = timezone.now


class Killed(BaseException):
    """The worker was switched off."""


class Clock:
    """Daybook's clock and Clio's, which differ by `skew` and are moved together."""

    def __init__(self, clio: Sandbox, skew: float) -> None:
        self.clio, self.ahead = clio, 0.0
        clio.control.resume()
        clio.control.advance(skew)

    def now(self) -> datetime:
        return _REAL_NOW() + timedelta(seconds=self.ahead)

    def advance(self, seconds: float) -> None:
        self.ahead += seconds
        self.clio.control.advance(seconds)


class Machine:
    """
    What happens to the two books. `steps` in mirror_steps.py call it; `ledger` remembers what people typed where, so that
    it can be said afterwards whether anything of it was lost.
    """

    def __init__(self, office: Office, seed: int) -> None:
        self.office, self.clio = office, office.clio
        self.chance = random.Random(seed)  # for the order of jobs
        self.clock = Clock(self.clio, self.chance.choice((0, 0, 200, -200)))
        self.count = 0
        self.firm = office.cast.firm
        self.actor = office.cast.alice_actor
        self.post: list[tuple[str, str, str]] = []  # what Clio would tell: event, id, etag
        self.hidden: set[int] = set()
        self.twice: set[str] = set()  # whom people gave the same address twice
        self.ledger = Ledger(self.ours, self.theirs)
        self.slots = iter(range(48))
        connection = Connection.objects.get(firm=self.firm)
        self.connection_id = connection.pk
        groups = {group: self.chance.choice(list(Rule)) for group in GROUPS if self.chance.random() < 0.3}
        ContactSync.objects.filter(connection=connection).update(policy=groups)
        self.hook = Hook.objects.create(
            connection=connection,
            model="contact",
            theirs="1",
            token="machine",
            secret=SECRET,
            status=Hook.Status.ON,
            made_at=timezone.now(),
        )

    # --- what is there -------------------------------------------------------------------------------------------------

    def setting(self) -> ContactSync:
        return ContactSync.objects.select_related("connection__firm").get(connection=self.connection_id)

    def ours(self) -> dict[int, Card]:
        ids = Contact.objects.filter(firm=self.firm).values_list("pk", flat=True)
        found = contact_queries.contacts_by_id(self.firm.pk, ids)
        return {pk: card_of(contact) for pk, contact in found.items()}

    def theirs(self) -> dict[int, Card]:
        """Everything in Clio, whoever may see it: shown to Ben, from whom nothing is hidden."""
        rows = self.clio.control.records("contacts")
        return {row["id"]: self._theirs(row["id"])[1] for row in rows}

    def _theirs(self, id: int) -> tuple[str, Card]:
        data = self.clio.control.read("ben@hartvale.example", "contacts", id, CONTACT_FIELDS)
        found = ClioContact.parse(data)
        return found.etag, records.card_of(found, self.firm.country)

    def links(self) -> list[tuple[int, int]]:
        rows = Link.objects.filter(connection=self.connection_id, kind=Link.Kind.CONTACT)
        return [(ours, int(theirs)) for ours, theirs in rows.values_list("ours", "theirs")]

    def contact(self, at: int) -> Contact | None:
        ids = sorted(Contact.objects.filter(firm=self.firm).values_list("pk", flat=True))
        return (
            contact_queries.contacts_by_id(self.firm.pk, [ids[at % len(ids)]]).popitem()[1] if ids else None
        )

    def id_there(self, at: int) -> int | None:
        """One of Clio's that its user can see."""
        ids = sorted({row["id"] for row in self.clio.control.records("contacts")} - self.hidden)
        return ids[at % len(ids)] if ids else None

    def new(self) -> int:
        self.count += 1
        return self.count

    # --- people --------------------------------------------------------------------------------------------------------

    @contextmanager
    def typing(self, side: str) -> Iterator[None]:
        """Somebody changes one of the books: noted, and for Clio's also put among what Clio would tell."""
        self.ledger.see(self.links())
        with self.ledger.noting(side):
            before = self._tags() if side == "t" else {}
            with suppress(Refusal, ValueError):  # turned down: nothing happened
                yield
            if side == "t":
                self._tell(before, self._tags())

    def _tags(self) -> dict[int, str]:
        return {row["id"]: row["etag"] for row in self.clio.control.records("contacts")}

    def _tell(self, before: dict[int, str], after: dict[int, str]) -> None:
        for id, etag in after.items():
            if before.get(id) != etag:
                self.post.append(("updated" if id in before else "created", str(id), etag))
        self.post += [("deleted", str(id), "") for id in before.keys() - after.keys()]

    def clio_does(self, what: str, *arguments: Any, **data: Any) -> Any:
        return getattr(self.clio.control, what)(ALICE, *arguments, **data)

    def merge_ours(self, keep: Contact, drop: Contact) -> None:
        """Somebody makes one contact of two in Daybook."""
        self.ledger.merged(node("o", keep.pk), node("o", drop.pk))
        with self.typing("o"):
            card = union(card_of(keep), card_of(drop))
            appointments.merge_contacts(
                actor=self.actor, keep=keep, drop=drop, card=card, is_client=False, now=timezone.now()
            )

    def answer_one(self, at: int, how: int) -> None:
        rows = list(Question.objects.filter(firm=self.firm, answered_at=None).order_by("pk"))
        if rows:
            question = rows[at % len(rows)]
            self.ledger.see(self.links())
            with self.ledger.noting("o", decided=True), suppress(Refusal):
                answer(self, question, how)

    # --- jobs ----------------------------------------------------------------------------------------------------------

    def work(self, killed_at: int | None = None) -> None:
        """Run what is due, in any order; with `killed_at` the worker is switched off at that statement or answer."""
        now = timezone.now()
        with database.cursor() as cursor:
            cursor.execute(
                "UPDATE procrastinate_jobs SET scheduled_at = NULL WHERE status = 'todo' AND scheduled_at <= %s",
                [now],
            )
            cursor.execute("SELECT id FROM procrastinate_jobs WHERE status = 'todo' ORDER BY id")
            ids = [row[0] for row in cursor.fetchall()]
            for id in ids:
                cursor.execute(
                    "UPDATE procrastinate_jobs SET priority = %s WHERE id = %s",
                    [self.chance.randrange(9), id],
                )
        with switched_off(killed_at):
            self.office.work()
        self.ledger.see(self.links())

    def tick(self) -> None:
        schedule.contacts_tick.func(0)
        schedule.heard_tick.func(0)
        schedule.minute.func(0)

    def deliver(self, how: int) -> None:
        """What Clio tells arrives: as it should, twice, in another order, or not at all."""
        post, self.post = self.post, []
        if how % 4 == 0:
            return
        if how % 4 == 1:
            post = post * 2
        if how % 4 == 2:
            self.chance.shuffle(post)
        for event, id, etag in post:
            data = {"id": int(id), "etag": etag} if etag else {"id": int(id)}
            body = json.dumps({"data": data, "meta": {"event": event, "webhook_id": 1}}).encode()
            signed = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
            got = hooks.take(token="machine", post=hooks.Post("", signed, body), now=timezone.now())
            assert got.status == 200, got

    # --- until nothing is left to do -----------------------------------------------------------------------------------

    def quiet(self) -> None:
        """The line is good, time passes, people answer and press Retry, until nobody has anything to do."""
        self.clio.control.clear_faults()
        for number in range(12):
            self.clock.advance(3 * 3600)
            self.tick()
            self.work()
            questions = list(Question.objects.filter(firm=self.firm, answered_at=None).order_by("pk"))
            for question in questions:
                self.ledger.see(self.links())
                with self.ledger.noting("o", decided=True), suppress(Refusal):
                    # Not by the question's id: that depends on what was done before this schedule.
                    answer(self, question, self.chance.randrange(1000))
            self.work()
            owed = Owed.objects.filter(connection=self.connection_id)
            if number == 2:
                owed.filter(state=Owed.State.TROUBLE).update(
                    state=Owed.State.PENDING, next_try_at=timezone.now(), attempts=0
                )
            if not questions and number > 8 and not owed.filter(state=Owed.State.PENDING).exists():
                self.ledger.see(self.links())
                return
        left = list(Owed.objects.values()), list(Question.objects.filter(answered_at=None).values())
        raise AssertionError(f"It never becomes quiet: {left}")


@contextmanager
def switched_off(at: int | None) -> Iterator[None]:
    """Die ahead of the `at`-th statement or answer, once. None: live."""
    if at is None:
        yield
        return
    left, depth = [at], len(database.savepoint_ids)

    def alone() -> bool:
        """Whether no savepoint of the product's is open: then it would be in no transaction at all."""
        return not any(database.savepoint_ids[depth:])

    def one_more(*_: Any) -> None:
        left[0] -= 1
        if left[0] == 0:
            raise Killed

    def statement(execute: Callable[..., Any], sql: Any, *arguments: Any) -> Any:
        # The test's own transaction is around all this: Django gives it up when a savepoint fails.
        if "SAVEPOINT" not in str(sql):
            one_more()
        if left[0] <= 0 and alone():
            database.needs_rollback = False
        return execute(sql, *arguments)

    http.observers.append(one_more)
    try:
        with database.execute_wrapper(statement), suppress(Killed):
            yield
    finally:
        http.observers.remove(one_more)
        if left[0] <= 0 and alone():
            database.needs_rollback = False


@contextmanager
def machine(office: Office, seed: int) -> Iterator[Machine]:
    """A machine that leaves nothing behind: in the database, in the sandbox, of the clock."""
    control = office.clio.control
    for table in ("contacts", "matters", "calendar_entries", "activities"):
        control.clear_table(table)
    control.clear_faults()
    control.clear_log()
    block = transaction.atomic()
    block._from_testcase = True  # type: ignore[attr-defined]
    try:
        with stamina.set_testing(True, attempts=3), block:
            made = Machine(office, seed)
            timezone.now = made.clock.now
            yield made
            transaction.set_rollback(True)
    finally:
        timezone.now = _REAL_NOW
        control.resume()


__all__ = ["ALICE", "Killed", "Machine", "machine", "node"]
