"""Two contacts become one and two again; one is removed; what belongs to them goes along."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from daybook.appointments import operations as appointments
from daybook.appointments.models import Appointment
from daybook.billing.models import Matter
from daybook.contacts import operations, queries
from daybook.contacts.cards import card_of, email_member, fingerprint, kept, phone_member
from daybook.contacts.merging import union
from daybook.contacts.models import Contact, ContactChange, Merge, SearchKey
from daybook.core.cards import Card
from daybook.core.errors import ChangedMeanwhile, NotAllowedNow
from daybook.firms.models import Event
from tests.cast import DANA, NOW, Cast, at, next_weekday

pytestmark = pytest.mark.django_db

LATER = NOW + timedelta(minutes=5)
FIRST = kept(Card(first_name="Dana", last_name="Reyes", emails=(email_member("dana@example.com"),)))
SECOND = kept(
    Card(
        first_name="D.",
        last_name="Reyes",
        title="Dr.",
        emails=(email_member("dr@home.example", "Home"), email_member("dana@example.com", "Home")),
        phones=(phone_member("(303) 555-0101", "Mobile", country="US"),),
    )
)


@pytest.fixture
def keep(cast: Cast) -> Contact:
    return operations.create(firm=cast.firm, card=FIRST, now=NOW)


@pytest.fixture
def drop(cast: Cast) -> Contact:
    return operations.create(firm=cast.firm, card=SECOND, is_client=True, now=NOW)


def booked(cast: Cast, contact: Contact, hour: int) -> Appointment:
    start = at(cast.alice, next_weekday(NOW), hour)
    return appointments.book(
        actor=cast.alice_actor,
        appointment_type=cast.consultation,
        start=start,
        details=DANA,
        contact=contact,
        now=NOW,
    )


def joined(cast: Cast, keep: Contact, drop: Contact, **more) -> Merge:
    ours, theirs = read(keep), read(drop)
    return appointments.merge_contacts(
        actor=cast.alice_actor,
        keep=keep,
        drop=drop,
        **{"card": union(ours, theirs), "is_client": True, "now": LATER, **more},
    )


def read(contact: Contact) -> Card:
    return card_of(Contact.objects.get(pk=contact.pk))


def events(name: str) -> list[Event]:
    return list(Event.objects.filter(name=name).order_by("id"))


def test_the_union_keeps_the_first_name_and_everything_else_of_both() -> None:
    both = union(FIRST, SECOND)
    assert (both.first_name, both.title) == ("Dana", "Dr.")
    assert [(m.key, m.label, m.main) for m in both.emails] == [
        ("dana@example.com", "Work", True),
        ("dr@home.example", "Home", False),
    ]
    assert len(both.phones) == 1


def test_names_of_two_people_are_not_mixed() -> None:
    assert union(Card(last_name="Reyes"), Card(first_name="Omar", last_name="Said")).name == "Reyes"
    assert union(Card(), Card(first_name="Omar", last_name="Said")).name == "Omar Said"
    assert union(Card(first_name="Omar"), Card(kind="company", company="Said LLC")).company == ""


def test_one_contact_stays_with_the_values_and_the_appointments_of_both(
    cast: Cast, keep: Contact, drop: Contact
) -> None:
    one, two = booked(cast, keep, 10), booked(cast, drop, 11)
    matter = Matter.objects.create(firm=cast.firm, client=drop, description="Will", reference="r1")
    drop_id = drop.pk
    merge = joined(cast, keep, drop)
    assert not Contact.objects.filter(pk=drop_id).exists()
    assert not SearchKey.objects.filter(contact=drop_id).exists()
    assert read(keep) == union(FIRST, SECOND)
    assert Contact.objects.get(pk=keep.pk).is_client
    assert set(Appointment.objects.filter(contact=keep)) == {one, two}
    matter.refresh_from_db()
    assert matter.client_id == keep.pk
    assert merge.moved == {"appointments": [two.pk], "matters": [matter.pk], "merges": []}
    (event,) = events("contacts_merged")
    assert (event.subject, event.details) == (keep.pk, {"kept": keep.pk, "dropped": drop_id})
    assert {row.source for row in ContactChange.objects.filter(contact=keep)} == {"merge"}
    assert [e.subject for e in events("contact_saved")] == [keep.pk, drop_id, keep.pk]


def test_undoing_a_merge_brings_back_both_as_they_were(cast: Cast, keep: Contact, drop: Contact) -> None:
    one, two = booked(cast, keep, 10), booked(cast, drop, 11)
    matter = Matter.objects.create(firm=cast.firm, client=drop, description="Will", reference="r1")
    merge = joined(cast, keep, drop)
    back = appointments.part_contacts(actor=cast.alice_actor, merge=merge, now=LATER)
    assert (read(keep), read(back)) == (FIRST, SECOND)
    assert (Contact.objects.get(pk=keep.pk).is_client, back.is_client) == (False, True)
    assert Appointment.objects.get(pk=one.pk).contact_id == keep.pk
    assert Appointment.objects.get(pk=two.pk).contact_id == back.pk
    matter.refresh_from_db()
    assert matter.client_id == back.pk
    (event,) = events("merge_undone")
    assert event.details == {"kept": keep.pk, "dropped": merge.dropped, "restored": back.pk}
    assert {e.subject for e in events("contact_saved")[-2:]} == {keep.pk, back.pk}
    assert "Dana" not in [one.name for one in queries.type_ahead(cast.firm, "303555")]
    with pytest.raises(ChangedMeanwhile, match="already"):
        appointments.part_contacts(actor=cast.alice_actor, merge=merge, now=LATER)
    assert Contact.objects.count() == 2


def test_undoing_a_merge_leaves_what_was_said_since(cast: Cast, keep: Contact, drop: Contact) -> None:
    merge = joined(cast, keep, drop)
    card = replace(read(keep), title="Prof.", company="Reyes & Co")
    operations.update(firm=cast.firm, contact=keep, card=card, now=LATER)
    late = booked(cast, keep, 14)
    appointments.part_contacts(actor=cast.alice_actor, merge=merge, now=LATER)
    assert read(keep) == replace(FIRST, title="Prof.", company="Reyes & Co")
    assert Appointment.objects.get(pk=late.pk).contact_id == keep.pk


def test_a_merge_of_a_merge_can_be_undone_in_turn(cast: Cast, keep: Contact, drop: Contact) -> None:
    third = operations.create(firm=cast.firm, card=Card(first_name="Di", last_name="R"), now=NOW)
    visit = booked(cast, drop, 10)
    inner = joined(cast, keep, drop)
    outer = joined(cast, third, keep)
    assert read(third).first_name == "Di"
    middle = appointments.part_contacts(actor=cast.alice_actor, merge=outer, now=LATER)
    inner.refresh_from_db()
    assert inner.kept_id == middle.pk
    back = appointments.part_contacts(actor=cast.alice_actor, merge=inner, now=LATER)
    assert read(back) == SECOND
    assert Appointment.objects.get(pk=visit.pk).contact_id == back.pk


def test_nobody_merges_what_has_changed_since_it_was_shown(cast: Cast, keep: Contact, drop: Contact) -> None:
    seen = (fingerprint(FIRST), fingerprint(SECOND))
    operations.update(firm=cast.firm, contact=drop, card=replace(SECOND, title="Prof."), now=LATER)
    visit = booked(cast, drop, 10)
    with pytest.raises(ChangedMeanwhile):
        joined(cast, keep, drop, seen=seen)
    assert Contact.objects.count() == 2
    assert Appointment.objects.get(pk=visit.pk).contact_id == drop.pk
    assert not events("contacts_merged")


def test_a_contact_is_not_merged_with_itself_or_with_nobody(cast: Cast, keep: Contact, drop: Contact) -> None:
    with pytest.raises(ChangedMeanwhile):
        operations.absorb(firm=cast.firm, keep=keep, drop=keep, now=LATER)
    gone = Contact.objects.get(pk=drop.pk)
    drop.delete()
    with pytest.raises(ChangedMeanwhile):
        operations.absorb(firm=cast.firm, keep=keep, drop=gone, now=LATER)
    assert not Merge.objects.exists()


def test_another_firms_contact_is_never_absorbed(cast: Cast, other: Cast, keep: Contact) -> None:
    theirs = operations.create(firm=other.firm, card=SECOND, now=NOW)
    with pytest.raises(ChangedMeanwhile):
        operations.absorb(firm=cast.firm, keep=keep, drop=theirs, now=LATER)
    assert Contact.objects.filter(pk=theirs.pk).exists()


def test_more_than_a_contact_holds_is_refused(cast: Cast, keep: Contact) -> None:
    many = tuple(email_member(f"n{n}@example.com") for n in range(20))
    full = operations.create(firm=cast.firm, card=Card(first_name="Full", emails=many), now=NOW)
    with pytest.raises(NotAllowedNow, match="more than 20 emails"):
        joined(cast, keep, full)
    assert Contact.objects.count() == 2


def test_a_contact_with_appointments_or_matters_is_not_removed(cast: Cast, keep: Contact) -> None:
    booked(cast, keep, 10)
    with pytest.raises(NotAllowedNow, match="1 appointment"):
        appointments.remove_contact(actor=cast.alice_actor, contact=keep, now=LATER)
    Appointment.objects.all().delete()
    Matter.objects.create(firm=cast.firm, client=keep, description="Will", reference="r1")
    Matter.objects.create(firm=cast.firm, client=keep, description="Trust", reference="r2")
    with pytest.raises(NotAllowedNow, match="2 matters"):
        appointments.remove_contact(actor=cast.alice_actor, contact=keep, now=LATER)
    assert not events("contact_removed")


def test_a_removed_contact_leaves_nothing_but_the_event(cast: Cast, keep: Contact) -> None:
    operations.update(firm=cast.firm, contact=keep, card=SECOND, now=LATER)
    pk = keep.pk
    appointments.remove_contact(actor=cast.alice_actor, contact=keep, now=LATER)
    assert not Contact.objects.exists()
    assert not SearchKey.objects.exists()
    assert not ContactChange.objects.exists()
    (event,) = events("contact_removed")
    assert (event.subject, event.actor) == (pk, cast.alice_user)


def test_removing_what_is_gone_already_is_no_trouble_and_no_event(cast: Cast, keep: Contact) -> None:
    again = Contact.objects.get(pk=keep.pk)
    appointments.remove_contact(actor=cast.alice_actor, contact=keep, now=LATER)
    appointments.remove_contact(actor=cast.alice_actor, contact=again, now=LATER)
    assert len(events("contact_removed")) == 1
