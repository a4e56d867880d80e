"""Alice's two books, joined, for tests that tell one thing each; Carol's firm lives next door."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

from django.utils import timezone

from daybook.contacts import operations as contacts
from daybook.contacts import queries as contact_queries
from daybook.contacts.cards import card_of, email_member
from daybook.contacts.models import Contact
from daybook.core.cards import Card, Member
from daybook.sync.mirror import cycle, sweep
from daybook.sync.models import Apart, Connection, ContactSync, Cursor, Link, Owed, Question
from tests.cast import marsh
from tests.flows.mirror_machine import ALICE
from tests.flows.office import Office

CAROL = "carol@marsh.example"


def emails(*addresses: str) -> tuple[Member, ...]:
    return tuple(email_member(one, "Work", at == 0) for at, one in enumerate(addresses))


def theirs_emails(*addresses: str) -> list[dict[str, Any]]:
    return [{"name": "Work", "address": one} for one in addresses]


class Books:
    """Ours and Clio's. `day` is how far the clocks were moved."""

    def __init__(self, office: Office) -> None:
        self.office, self.control = office, office.clio.control
        self.firm, self.actor = office.cast.firm, office.cast.alice_actor

    @property
    def connection(self) -> Connection:
        return Connection.objects.get(firm=self.firm)

    @property
    def setting(self) -> ContactSync:
        return ContactSync.objects.select_related("connection__firm").get(connection__firm=self.firm)

    # --- Daybook's -----------------------------------------------------------------------------------------------------

    def here(self, card: Card) -> Contact:
        """Somebody types in a contact, and what follows is done."""
        made = contacts.create(firm=self.firm, card=card, now=timezone.now())
        self.office.tick()
        return made

    def fresh(self, contact: Contact | int) -> Contact:
        pk = contact if isinstance(contact, int) else contact.pk
        return contact_queries.contacts_by_id(self.firm.pk, [pk])[pk]

    def card(self, contact: Contact | int) -> Card:
        return card_of(self.fresh(contact))

    def say(self, contact: Contact | int, **changes: Any) -> None:
        """Somebody changes a contact, and what follows is done."""
        self.type(contact, **changes)
        self.office.tick()

    def type(self, contact: Contact | int, **changes: Any) -> None:
        """Somebody changes a contact; nothing follows yet."""
        contacts.update(
            firm=self.firm,
            contact=self.fresh(contact),
            card=replace(self.card(contact), **changes),
            now=timezone.now(),
        )

    def named(self, first: str, last: str) -> list[Contact]:
        return list(Contact.objects.filter(firm=self.firm, first_name=first, last_name=last).order_by("pk"))

    # --- Clio's --------------------------------------------------------------------------------------------------------

    def there(self, **data: Any) -> int:
        """Somebody adds a contact to Clio, and Daybook hears of it."""
        made = self.control.create_contact(ALICE, **data)
        self.office.look_at(made["id"])
        return int(made["id"])

    def row(self, theirs: int) -> dict[str, Any]:
        (row,) = self.control.records("contacts", id=theirs)
        return row

    def row_account(self) -> int:
        return int(self.control.user_row(ALICE)["account_id"])

    def edit(self, theirs: int, **data: Any) -> None:
        """Somebody changes a contact in Clio, and Daybook hears of it."""
        self.control.edit_contact(ALICE, theirs, **data)
        self.office.look_at(theirs)

    def addresses(self, theirs: int) -> list[str]:
        return [one["address"] for one in self.row(theirs)["email_addresses"]]

    # --- between them --------------------------------------------------------------------------------------------------

    def both(self, **data: Any) -> tuple[Contact, int]:
        """A contact that is in both."""
        theirs = self.there(**{"first_name": "Pat", "last_name": "Quill", **data})
        return self.fresh(self.link(theirs=theirs).ours), theirs

    def link(self, **where: Any) -> Link:
        found = Link.objects.filter(connection=self.connection, kind=Link.Kind.CONTACT)
        if "theirs" in where:
            where["theirs"] = str(where["theirs"])
        return found.get(**where)

    def linked(self, **where: Any) -> bool:
        if "theirs" in where:
            where["theirs"] = str(where["theirs"])
        return Link.objects.filter(connection=self.connection, kind="contact", **where).exists()

    def cycle(self) -> None:
        """Two hours have passed."""
        self.free()
        cycle.run(connection_id=self.connection.pk, now=timezone.now())
        self.office.tick()

    def sweep(self, sure: bool = False) -> None:
        """A day has passed."""
        self.free()
        sweep.run(connection_id=self.connection.pk, now=timezone.now(), sure=sure)
        self.office.tick()

    def free(self) -> None:
        """As if time had passed: nobody is at it any more, and what waits for its time may go."""
        Cursor.objects.update(leased_until=None)
        Owed.objects.filter(state="pending").update(leased_until=None, next_try_at=timezone.now())

    def again(self) -> None:
        self.free()
        self.office.tick()

    def asked(self, *kinds: str) -> list[Question]:
        found = Question.objects.filter(firm=self.firm, answered_at=None).order_by("pk")
        return list(found.filter(kind__in=kinds) if kinds else found)

    def apart(self, **where: Any) -> list[str]:
        return list(Apart.objects.filter(connection=self.connection, **where).values_list("why", flat=True))

    def written(self) -> list[dict[str, Any]]:
        """What was sent to Clio that is no question, with bodies."""
        return [one for one in self.control.log() if one["method"] != "GET" and "oauth" not in one["path"]]

    def asks(self, path: str = "contacts") -> int:
        return len(self.control.log(path=path))


@contextmanager
def next_door(books: Books) -> Iterator[None]:
    """Carol's firm has somebody of the same name and address, in both books: nothing of hers is touched."""
    cast = marsh(timezone.now() - timedelta(days=1))
    card = Card(first_name="Pat", last_name="Quill", emails=emails("pat@x.example"))
    hers = contacts.create(firm=cast.firm, card=card, now=timezone.now())
    account = books.control.add_account("Carol Marsh Law")
    books.control.add_user(account["id"], "Carol Marsh", CAROL)
    theirs = books.control.create_contact(
        CAROL, first_name="Pat", last_name="Quill", email_addresses=theirs_emails("pat@x.example")
    )

    def all_of_hers() -> Any:
        found = contact_queries.contacts_by_id(cast.firm.pk, [hers.pk])[hers.pk]
        return (
            card_of(found),
            found.updated_at,
            Contact.objects.filter(firm=cast.firm).count(),
            books.control.records("contacts", account_id=account["id"]),
            Link.objects.filter(theirs=str(theirs["id"])).count(),
            Link.objects.filter(kind="contact", ours=hers.pk).count(),
            Question.objects.filter(firm=cast.firm).count(),
        )

    before = all_of_hers()
    yield
    assert all_of_hers() == before
