"""What the move to keys does to the phone numbers and defaults that were there before."""

from __future__ import annotations

from importlib import import_module

import pytest
from django.apps import apps
from django.db import connection

from daybook.contacts.models import Contact, ContactEmail, ContactPhone
from tests.cast import Cast

pytestmark = pytest.mark.django_db

step = import_module("daybook.contacts.migrations.0003_phone_keys")


def test_every_number_gets_a_key_each_number_stays_once_and_one_is_the_default(cast: Cast) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE contacts_contactphone DROP CONSTRAINT phone_once_a_contact")
    contact = Contact.objects.create(firm=cast.firm, first_name="Dana")

    def phone(number: str, normal: str, is_default: bool) -> None:
        ContactPhone.objects.create(
            contact=contact, firm=cast.firm, number=number, normal=normal, is_default=is_default
        )

    phone("(303) 555-0101", "+13035550101", False)
    phone("+13035550101", "+13035550101", True)
    phone("Ext. 12", "", True)
    phone("ext 12", "", False)
    phone("☎", "", False)
    for address in ("a@example.com", "b@example.com"):
        ContactEmail.objects.create(contact=contact, firm=cast.firm, address=address, normal=address)

    step.give_keys(apps, None)
    with connection.cursor() as cursor:
        cursor.execute(step.EACH_ONCE)
        for table in ("contacts_contactphone", "contacts_contactemail"):
            cursor.execute(step.ONE_DEFAULT.format(table=table))

    assert [(row.number, row.normal, row.is_default) for row in contact.phones.all()] == [
        ("+13035550101", "+13035550101", True),
        ("Ext. 12", "raw:ext 12", False),
        ("☎", "raw:☎", False),
    ]
    assert [(row.normal, row.is_default) for row in contact.emails.all()] == [
        ("a@example.com", True),
        ("b@example.com", False),
    ]
