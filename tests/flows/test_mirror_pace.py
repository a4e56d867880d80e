"""Clio's 50 requests a minute are shared out: bookings go first, and nobody is told to slow down."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone

if TYPE_CHECKING:
    from tests.flows.mirror_books import Books

pytestmark = pytest.mark.clio(seed="bare", rate_limit=50)


def a_minute_later(books: Books) -> None:
    """The window is over, for Clio and for us."""
    from daybook.sync.models import Connection

    books.control.advance(61)
    Connection.objects.update(rate_resets_at=timezone.now() - timedelta(seconds=1))


def new_people(books: Books, many: int) -> None:
    from daybook.contacts import operations as contacts
    from daybook.core.cards import Card
    from tests.flows.mirror_books import emails

    for n in range(many):
        card = Card(first_name=f"N{n}", last_name="New", emails=emails(f"n{n}@x.example"))
        contacts.create(firm=books.firm, card=card, now=timezone.now())


def test_a_whole_book_is_told_within_the_limit_and_leaves_room_for_a_booking(books: Books) -> None:
    from daybook.sync.models import Connection, Link, Owed, Push

    a_minute_later(books)
    new_people(books, 40)
    books.office.tick()
    assert Owed.objects.count() > 10, "not all of them fit into a minute"
    left = Connection.objects.get(firm=books.firm).rate_remaining
    assert left is not None
    assert left >= 15
    told = Link.objects.filter(kind="contact").count()
    books.office.book(9)
    books.office.work()
    assert Push.objects.get().state == "done", "the booking does not wait for the others"
    assert Link.objects.filter(kind="contact").count() == told + 1
    for _ in range(8):
        a_minute_later(books)
        books.again()
    assert not Owed.objects.exists()
    assert len(books.control.records("contacts", last_name="New")) == 40
    assert 429 not in {one["status"] for one in books.control.log()}


def test_when_clio_says_slow_down_nobody_asks_again_before_it_may(books: Books) -> None:
    from daybook.sync.models import Owed

    a_minute_later(books)
    contact, theirs = books.both()
    books.control.fault("rate_limited", method="PATCH", path="/api/v4/contacts*", retry_after=30)
    books.control.clear_log()
    begun = timezone.now()
    books.say(contact, title="KC")
    books.office.tick()
    owed = Owed.objects.get()
    assert (owed.state, owed.attempts) == ("pending", 0)
    assert owed.next_try_at is not None
    assert owed.next_try_at >= begun + timedelta(seconds=29)
    assert len(books.control.log("PATCH")) == 1
    a_minute_later(books)
    books.again()
    assert books.row(theirs)["title"] == "KC"
    assert not Owed.objects.exists()
