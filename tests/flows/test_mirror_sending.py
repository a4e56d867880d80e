"""What is sent to Clio about a contact is what changed, and no more."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from daybook.contacts.models import Contact
    from tests.flows.office import Office

ALICE = "alice@hartvale.example"


def known(office: Office, **data: Any) -> tuple[Contact, int]:
    """A contact that is in both books: ours, and the id of Clio's."""
    from daybook.contacts.models import Contact
    from daybook.sync.models import Link

    made = office.clio.control.create_contact(ALICE, **{"first_name": "Pat", "last_name": "Quill", **data})
    office.look_at(made["id"])
    link = Link.objects.get(kind="contact", theirs=str(made["id"]))
    office.clio.control.clear_log()
    return Contact.objects.get(pk=link.ours), made["id"]


def writes_to_clio(office: Office) -> list[dict[str, Any]]:
    return [one for one in office.clio.control.log() if one["method"] != "GET"]


def bodies(office: Office) -> list[dict[str, Any]]:
    return [one["request_body"]["data"] for one in writes_to_clio(office)]


def say(office: Office, contact: Contact, **changes: Any) -> None:
    """Somebody changes a contact in Daybook, and what follows is done."""
    from django.utils import timezone

    from daybook.contacts import operations, queries
    from daybook.contacts.cards import card_of

    fresh = queries.contacts_by_id(contact.firm_id, [contact.pk])[contact.pk]
    card = replace(card_of(fresh), **changes)
    operations.update(firm=office.cast.firm, contact=fresh, card=card, now=timezone.now())
    office.work()


def test_a_label_that_only_clio_can_give_is_not_sent_back(office: Office) -> None:
    contact, theirs = known(office, email_addresses=[{"name": "Work", "address": "pat@x.example"}])
    row = office.clio.world.store["contacts"].get(theirs)
    assert row is not None
    row["email_addresses"][0]["name"] = "Chambers"
    office.clio.control.edit_contact(ALICE, theirs, title="KC")
    office.look_at(theirs)
    from daybook.contacts.cards import card_of, email_member

    (member,) = card_of(contact).emails
    assert member.label == "Chambers"
    say(office, contact, emails=(email_member("patricia@x.example", "Chambers", True),))
    (body,) = bodies(office)
    assert set(body["email_addresses"][0]) == {"id", "address"}
    (after,) = office.clio.control.records("contacts", id=theirs)
    assert [(e["name"], e["address"]) for e in after["email_addresses"]] == [
        ("Chambers", "patricia@x.example")
    ]


def test_who_becomes_the_main_address_is_all_that_is_sent(office: Office) -> None:
    contact, _ = known(
        office,
        email_addresses=[
            {"name": "Work", "address": "one@x.example"},
            {"name": "Home", "address": "two@x.example"},
        ],
    )
    from daybook.contacts.cards import card_of
    from daybook.core.cards import tidy

    first, second = card_of(contact).emails
    say(office, contact, emails=tidy((replace(second, main=True), replace(first, main=False))))
    (body,) = bodies(office)
    assert [set(item) for item in body["email_addresses"]] == [{"id", "default_email"}]


def test_another_main_postal_address_is_kept_here_and_never_sent(office: Office) -> None:
    from daybook.contacts.cards import card_of
    from daybook.contacts.models import Contact
    from daybook.core.cards import tidy
    from daybook.sync.models import Owed

    contact, theirs = known(
        office,
        addresses=[
            {"name": "Work", "street": "1 High St", "city": "Troy"},
            {"name": "Home", "street": "2 Low St", "city": "Troy"},
        ],
    )
    first, second = card_of(contact).addresses
    say(office, contact, addresses=tidy((replace(second, main=True), replace(first, main=False))))
    assert writes_to_clio(office) == []
    assert not Owed.objects.exists()
    office.clio.control.edit_contact(ALICE, theirs, title="KC")
    office.look_at(theirs)
    after = Contact.objects.get(pk=contact.pk)
    assert after.title == "KC"
    assert card_of(after).addresses[0].value[0] == "2 Low St"
    assert writes_to_clio(office) == []
