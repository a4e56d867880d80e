"""Contacts that are no longer on one side, parted, merged: nothing is ever deleted on the other because of that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.utils import timezone

if TYPE_CHECKING:
    from tests.flows.mirror_books import Books

pytestmark = pytest.mark.clio(seed="bare")

ALICE = "alice@hartvale.example"


def some(address: str) -> dict[str, Any]:
    from tests.flows.mirror_books import theirs_emails

    return {"email_addresses": theirs_emails(address)}


def how(books: Books) -> dict[str, Any]:
    return {"actor": books.actor, "setting": books.setting, "now": timezone.now()}


@pytest.mark.parametrize("found", ["told", "searched"])
def test_a_contact_deleted_in_clio_stays_here_unlinked_and_shown(books: Books, found: str) -> None:
    contact, theirs = books.both(**some("pat@x.example"))
    books.control.delete_contact(ALICE, theirs)
    if found == "told":
        books.office.look_at(theirs)
    else:
        books.sweep()
    assert books.fresh(contact).name == "Pat Quill"
    assert not books.linked(ours=contact.pk)
    assert books.apart(ours=contact.pk) == ["gone"]
    books.say(contact, title="KC")
    assert books.written() == [], "what is gone in Clio is not added again by itself"


def test_a_contact_that_was_changed_here_and_deleted_in_clio_is_asked_about_and_added_again_on_request(
    books: Books,
) -> None:
    from daybook.sync.mirror import answers

    contact, theirs = books.both(**some("pat@x.example"))
    books.type(contact, title="KC")
    books.control.delete_contact(ALICE, theirs)
    books.office.tick()
    (question,) = books.asked()
    assert question.kind == "changed_gone"
    answers.add_again(**how(books), contact=contact)
    books.again()
    (row,) = books.control.records("contacts", last_name="Quill", account_id=books.row_account())
    assert (row["title"], str(row["id"])) == ("KC", books.link(ours=contact.pk).theirs)
    assert books.asked() == []


def test_a_contact_hidden_from_the_connection_is_shown_and_linked_again_when_it_can_be_seen(
    books: Books,
) -> None:
    contact, theirs = books.both(**some("pat@x.example"))
    books.control.hide_contact(theirs, ALICE)
    books.sweep()
    assert books.apart(ours=contact.pk) == ["gone"]
    books.say(contact, title="KC")
    books.control.hide_contact(theirs, ALICE, False)
    books.sweep()
    assert books.link(ours=contact.pk).theirs == str(theirs)
    assert books.apart() == []
    assert books.row(theirs)["title"] == "KC"
    assert len(books.named("Pat", "Quill")) == 1


def test_with_a_filter_too_a_contact_that_can_be_seen_again_is_linked_again(books: Books) -> None:
    from daybook.sync.models import ContactSync

    contact, theirs = books.both()
    ContactSync.objects.update(people_only=True)
    books.control.hide_contact(theirs, ALICE)
    books.sweep()
    books.control.hide_contact(theirs, ALICE, False)
    books.sweep()
    assert books.link(ours=contact.pk).theirs == str(theirs)


def test_a_contact_merged_in_clio_into_a_stranger_is_linked_to_the_one_that_is_left(books: Books) -> None:
    from daybook.sync.models import ContactSync

    contact, theirs = books.both(**some("pat@x.example"))
    ContactSync.objects.update(clients_only=True)  # so that the other is a stranger to us
    other = books.control.create_contact(ALICE, first_name="Pat", last_name="Quill", title="KC")["id"]
    books.control.merge_contacts(ALICE, other, theirs)
    books.office.look_at(theirs)
    assert books.link(ours=contact.pk).theirs == str(other)
    assert books.card(contact).title == "KC"
    assert books.asked() == []


def test_two_contacts_merged_in_clio_are_asked_about_here_and_can_be_merged_too(books: Books) -> None:
    from daybook.appointments import operations as appointments
    from daybook.contacts.merging import union

    one, theirs = books.both(**some("pat@x.example"))
    other_id = books.there(first_name="Pat", last_name="Quill", **some("quill@x.example"))
    other = books.fresh(books.link(theirs=other_id).ours)
    books.control.merge_contacts(ALICE, other_id, theirs)
    books.office.look_at(theirs, other_id)
    (question,) = books.asked()
    assert question.kind == "merged_there"
    assert (question.details["contact"], question.details["other"]) == (one.pk, other.pk)
    appointments.merge_contacts(
        actor=books.actor,
        keep=other,
        drop=one,
        card=union(books.card(other), books.card(one)),
        is_client=False,
        now=timezone.now(),
    )
    books.again()
    books.cycle()
    books.sweep()
    assert [contact.pk for contact in books.named("Pat", "Quill")] == [other.pk]
    assert {m.key for m in books.card(other).emails} == {"pat@x.example", "quill@x.example"}
    assert not [one for one in books.written() if one["method"] == "POST"]


def test_an_alarming_search_unlinks_nothing_stops_and_asks_and_goes_on_when_answered(books: Books) -> None:
    from daybook.sync.mirror import answers
    from daybook.sync.models import ContactSync

    pairs = [books.both(**some(f"pat{n}@x.example")) for n in range(4)]
    for _, theirs in pairs:
        books.control.hide_contact(theirs, ALICE)
    books.sweep()
    (question,) = books.asked()
    assert question.kind == "alarm"
    assert ContactSync.objects.get().phase == "stopped"
    assert all(books.linked(ours=contact.pk) for contact, _ in pairs)
    books.say(pairs[0][0], title="KC")
    books.cycle()
    books.sweep()
    assert books.written() == []
    assert all(books.linked(ours=contact.pk) for contact, _ in pairs)
    answers.they_were_deleted(**how(books), question=question)
    books.again()
    assert ContactSync.objects.get().phase == "live"
    assert not any(books.linked(ours=contact.pk) for contact, _ in pairs)
    assert all(books.fresh(contact).name == "Pat Quill" for contact, _ in pairs)


def test_somebody_removed_here_is_not_deleted_in_clio_and_does_not_come_back(books: Books) -> None:
    from daybook.appointments import operations as appointments

    contact, theirs = books.both(**some("pat@x.example"))
    appointments.remove_contact(actor=books.actor, contact=contact, now=timezone.now())
    books.office.tick()
    books.cycle()
    books.sweep()
    assert books.named("Pat", "Quill") == []
    assert books.row(theirs)["last_name"] == "Quill"
    assert books.written() == []
    assert books.apart(theirs=str(theirs)) == ["removed"]


def test_somebody_removed_here_and_changed_in_clio_since_is_asked_about_once(books: Books) -> None:
    from daybook.appointments import operations as appointments
    from daybook.sync.mirror import answers

    contact, theirs = books.both(**some("pat@x.example"))
    appointments.remove_contact(actor=books.actor, contact=contact, now=timezone.now())
    books.edit(theirs, title="KC")
    (question,) = books.asked()
    assert question.kind == "changed_gone"
    answers.leave(actor=books.actor, question=question, now=timezone.now())
    books.office.look_at(theirs)
    books.sweep()
    assert books.asked() == []
    books.edit(theirs, title="SC")
    (question,) = books.asked()
    answers.bring_back(**how(books), question=question)
    books.again()
    (back,) = books.named("Pat", "Quill")
    assert (back.title, books.link(ours=back.pk).theirs) == ("SC", str(theirs))


def test_unlinked_by_hand_neither_side_hears_of_the_other_until_they_are_linked_again(books: Books) -> None:
    from daybook.sync.mirror import answers
    from daybook.sync.models import Apart

    contact, theirs = books.both(**some("pat@x.example"))
    answers.unlink(**how(books), contact=contact)
    books.say(contact, title="Here")
    books.edit(theirs, prefix="There")
    books.cycle()
    books.sweep()
    assert books.written() == []
    assert (books.card(contact).prefix, books.row(theirs).get("title")) == ("", None)
    assert len(books.named("Pat", "Quill")) == 1
    answers.relink(**how(books), apart=Apart.objects.get())
    books.again()
    assert (books.card(contact).prefix, books.row(theirs)["title"]) == ("There", "Here")
    assert books.apart() == []


def test_who_was_unlinked_stays_so_when_another_is_linked_to_the_same_contact(books: Books) -> None:
    from daybook.core.cards import Card
    from daybook.sync.mirror import answers

    contact, theirs = books.both()
    answers.unlink(**how(books), contact=contact)
    namesake = books.here(Card(first_name="Pat", last_name="Quill"))
    assert books.link(ours=namesake.pk).theirs == str(theirs)
    assert books.apart(ours=contact.pk) == ["unlinked"]


def test_a_merge_here_leaves_two_in_clio_and_its_undoing_links_both_again(books: Books) -> None:
    from daybook.appointments import operations as appointments
    from daybook.contacts.merging import union
    from daybook.contacts.models import Merge

    keep, kept_there = books.both(**some("pat@x.example"))
    gone_there = books.there(first_name="Pat", last_name="Quill", **some("quill@x.example"))
    drop = books.fresh(books.link(theirs=gone_there).ours)
    appointments.merge_contacts(
        actor=books.actor,
        keep=keep,
        drop=drop,
        card=union(books.card(keep), books.card(drop)),
        is_client=False,
        now=timezone.now(),
    )
    books.again()
    books.cycle()
    books.sweep()
    assert set(books.addresses(kept_there)) == {"pat@x.example", "quill@x.example"}
    assert books.addresses(gone_there) == ["quill@x.example"]
    assert len(books.named("Pat", "Quill")) == 1
    back = appointments.part_contacts(actor=books.actor, merge=Merge.objects.get(), now=timezone.now())
    books.again()
    books.cycle()
    assert books.link(ours=back.pk).theirs == str(gone_there)
    assert books.addresses(kept_there) == ["pat@x.example"]
    assert books.addresses(gone_there) == ["quill@x.example"]
    assert len(books.named("Pat", "Quill")) == 2


def test_who_takes_over_anothers_contact_by_a_merge_tells_clio_what_is_different(books: Books) -> None:
    from daybook.appointments import operations as appointments
    from daybook.core.cards import Card
    from tests.flows.mirror_books import emails

    drop, theirs = books.both(**some("pat@x.example"))
    keep = books.here(Card(emails=emails("nameless@x.example")))
    whole = Card(first_name="Pat", last_name="Quill", emails=emails("nameless@x.example", "pat@x.example"))
    books.type(keep, **{name: getattr(whole, name) for name in ("first_name", "last_name", "emails")})
    appointments.merge_contacts(
        actor=books.actor, keep=books.fresh(keep), drop=drop, card=whole, is_client=False, now=timezone.now()
    )
    books.again()
    assert books.link(ours=keep.pk).theirs == str(theirs)
    assert set(books.addresses(theirs)) == {"nameless@x.example", "pat@x.example"}


def test_a_client_whom_a_push_finds_gone_is_shown_like_any_other(books: Books) -> None:
    from daybook.billing.models import Matter
    from daybook.connectors.clio.session import Priority
    from daybook.sync import clio, gone
    from daybook.sync.appointments import InClio

    appointment = books.office.book(9)
    books.office.send(appointment)
    books.office.work()
    contact, theirs = books.both(**some("pat@x.example"))
    Matter.objects.update(client=contact.pk)
    books.control.delete_contact(ALICE, theirs)
    session = clio.session(books.connection, Priority.SOON)
    assert gone.unlink(InClio(books.connection, session, appointment, timezone.now()))
    assert books.apart(ours=contact.pk) == ["gone"]
    assert books.linked(ours=appointment.contact_id), "the one who comes is still there"
