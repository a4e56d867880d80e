"""A firm in the Sync centre: Alice signed in, her office joined to the sandbox, shorthand for what both sides say."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

from django.contrib.messages import get_messages
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from daybook.contacts import operations
from daybook.contacts.cards import card_of, email_member
from daybook.contacts.models import Contact
from daybook.core.cards import Card
from daybook.firms.outbox import record
from daybook.sync.models import ContactSync, Link, Question
from tests.flows.office import ALICE, Office


class Room:
    """What the tests of these pages do and look at."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.firm = office.cast.firm
        self.browser = Client()
        self.browser.force_login(office.cast.alice_user)

    @property
    def setting(self) -> ContactSync:
        return ContactSync.objects.select_related("connection__firm").get()

    def see(self, name: str, /, *args: Any, **query: Any) -> str:
        """The words of a page, without its tags."""
        answer = self.browser.get(reverse(name, args=args), query)
        assert answer.status_code == 200, answer.status_code
        return words(answer)

    def press(self, name: str, /, *args: Any, **form: Any) -> str:
        """Send a form, and return what was said."""
        answer = self.browser.post(reverse(name, args=args), form)
        assert answer.status_code == 302, answer.content.decode()
        *_, said = (str(one) for one in get_messages(answer.wsgi_request))
        return said

    def add(self, first: str, last: str, email: str = "") -> Contact:
        """Somebody typed in at the desk, without the jobs that follow."""
        emails = (email_member(email, main=True),) if email else ()
        (row,) = operations.store(
            firm=self.firm,
            new=[(Card(first_name=first, last_name=last, emails=emails), False)],
            changed=[],
            source="desk",
            now=timezone.now(),
        )
        self._saved(row)
        return row

    def change(self, contact: Contact, **texts: str) -> None:
        """Change a contact here, as at the desk."""
        from dataclasses import replace

        contact = Contact.objects.get(pk=contact.pk)
        card = replace(card_of(contact), **texts)
        operations.store(
            firm=self.firm,
            new=[],
            changed=[(contact, card, contact.is_client)],
            source="desk",
            now=timezone.now(),
        )
        self._saved(contact)

    def _saved(self, contact: Contact) -> None:
        with transaction.atomic():
            record("contact_saved", firm=self.firm, now=timezone.now(), subject=contact.pk)

    def linked(self, name: str = "Reyes") -> tuple[Contact, int]:
        """One of ours that is linked, and its id in Clio."""
        link = Link.objects.get(kind="contact", ours=Contact.objects.filter(last_name=name).first().pk)
        return Contact.objects.get(pk=link.ours), int(link.theirs)

    def clio(self, contact_id: int) -> dict[str, Any]:
        (row,) = self.office.clio.control.records("contacts", id=contact_id)
        return row

    def edit_there(self, contact_id: int, **data: Any) -> None:
        self.office.clio.control.edit_contact(ALICE, contact_id, **data)

    def cycle(self) -> None:
        """What happens two hours later. (A job for later is never due within one transaction, as a test is.)"""
        from daybook.sync.mirror import cycle

        self.office.work()
        for _ in range(3):
            cycle.run(connection_id=self.setting.connection_id, now=timezone.now())

    def conflict(self) -> tuple[Contact, int, Question]:
        """Dana's last name was changed on both sides."""
        contact, theirs = self.linked()
        self.change(contact, last_name="Reyes-Hart")
        self.edit_there(theirs, last_name="Reyes-Vale")
        self.cycle()
        return contact, theirs, Question.objects.get(kind="conflict", answered_at=None)


def words(answer: Any) -> str:
    text = re.sub(r"<(script|style).*?</\1>", "", answer.content.decode(), flags=re.S)
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text)))


def mark(question: Question) -> str:
    from daybook.sync.asked import mark as made

    return made(question)
