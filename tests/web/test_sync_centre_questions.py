"""Questions of contact sync: the values side by side, answers of one click, and answers that come too late."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from daybook.contacts.models import Contact
from daybook.sync.mirror import asking, leaving, terms
from daybook.sync.models import Apart, Cycle, Link, Question
from daybook.web.office.sync_questions import ACTS, KIND
from tests.cast import add_member
from tests.web.sync_room import Room, mark

pytestmark = pytest.mark.django_db


def answer(room: Room, question: Question, value: str, **form: Any) -> str:
    return room.press("sync_answer", question.pk, answer=value, mark=mark(question), **form)


def test_both_values_of_a_conflict_stand_side_by_side_with_what_it_was(room: Room):
    room.conflict()
    page = room.see("sync_questions")
    for text in ("Last name was Reyes", "In Daybook Reyes-Hart", "In Clio Reyes-Vale", "Keep Daybook’s"):
        assert text in page, text


@pytest.mark.parametrize(("value", "name"), [("ours", "Reyes-Hart"), ("theirs", "Reyes-Vale")])
def test_one_click_settles_all_of_a_conflict_on_both_sides(room: Room, value: str, name: str):
    contact, theirs, question = room.conflict()
    answer(room, question, value)
    room.cycle()
    contact.refresh_from_db()
    assert (contact.last_name, room.clio(theirs)["last_name"]) == (name, name)
    assert "No questions" in room.see("sync_questions")


def test_fields_are_chosen_one_by_one_and_what_is_left_open_stays_a_question(room: Room):
    contact, theirs = room.linked()
    room.change(contact, last_name="Reyes-Hart", first_name="Diana")
    room.edit_there(theirs, last_name="Reyes-Vale", first_name="Daniela")
    room.cycle()
    question = Question.objects.get(kind="conflict")
    assert "Nothing was chosen" in answer(room, question, "each")
    answer(room, question, "each", **{"side:last_name": "theirs"})
    room.cycle()
    contact.refresh_from_db()
    assert (contact.first_name, contact.last_name) == ("Diana", "Reyes-Vale")
    question.refresh_from_db()
    assert [one["field"] for one in question.details["conflicts"]] == ["first_name"]
    answer(room, question, "each", **{"side:first_name": "ours"})
    room.cycle()
    assert room.clio(theirs)["first_name"] == "Diana"
    assert not Question.objects.filter(answered_at=None).exists()


def test_who_comes_second_is_told_by_whom_it_was_settled(room: Room):
    contact, theirs, question = room.conflict()
    bob = add_member(room.office.cast, "Bob Lane", "bob@hartvale.example", "administrator")
    from daybook.sync import questions

    questions.answer(actor=bob, question=question, answer="decided", now=timezone.now())
    assert "Bob Lane has settled this already" in answer(room, question, "ours")
    contact.refresh_from_db()
    assert room.clio(theirs)["last_name"] == "Reyes-Vale", "the late answer did nothing"


def test_an_answer_to_another_question_than_was_read_is_not_taken(room: Room):
    _contact, _theirs, question = room.conflict()
    said = room.press("sync_answer", question.pk, answer="ours", mark="older")
    assert "changed in the meantime" in said
    assert Question.objects.filter(answered_at=None).count() == 1


def test_a_conflict_of_a_contact_that_is_no_longer_linked_closes_when_somebody_answers(room: Room):
    contact, _theirs, question = room.conflict()
    Link.objects.filter(kind="contact", ours=contact.pk).delete()
    assert "changed in the meantime" in answer(room, question, "ours")
    assert not Question.objects.filter(answered_at=None).exists()


def test_words_that_are_no_answer_change_nothing(room: Room):
    _contact, _theirs, question = room.conflict()
    for value in ("", "same:1", "same:", "deleted", "ours:1", "same:x"):
        assert "no answer" in answer(room, question, value), value
    assert Question.objects.filter(answered_at=None).count() == 1


@pytest.fixture
def doubtful(room: Room) -> tuple[Room, Contact, Question]:
    """Somebody in Clio who may be somebody here."""
    contact = room.add("Jon", "Smithers", "jon@mail.example")
    made = room.office.clio.control.create_contact(
        "alice@hartvale.example",
        first_name="Jonathan",
        last_name="Smithers",
        email_addresses=[{"name": "Work", "address": "j.smithers@firm.example", "default_email": True}],
    )
    from daybook.contacts.cards import card_of, email_member
    from daybook.core.cards import Card
    from daybook.sync.mirror.records import Theirs

    assert card_of(contact).emails
    card = Card(
        first_name="Jonathan",
        last_name="Smithers",
        emails=(email_member("j.smithers@firm.example", main=True),),
    )
    record = Theirs(str(made["id"]), "", card, False, None)
    asking.maybe_same(room.setting, record, [contact], "same last name", now=timezone.now())
    return room, contact, Question.objects.get(kind="maybe_same")


def test_perhaps_the_same_person_shows_both_cards_and_the_reason(doubtful):
    room, _contact, _question = doubtful
    page = room.see("sync_questions")
    for text in ("Jonathan Smithers", "Jon Smithers", "j.smithers@firm.example", "jon@mail.example", "same last name", "Same person"):  # fmt: skip
        assert text in page, text


def test_the_same_person_is_linked_and_both_sides_get_what_they_lack(doubtful):
    room, contact, question = doubtful
    assert "Linked as one person" in answer(room, question, f"same:{contact.pk}")
    link = Link.objects.get(kind="contact", ours=contact.pk)
    assert (link.theirs, link.by_hand) == (question.details["theirs"], True)
    assert set(contact.emails.values_list("address", flat=True)) == {
        "jon@mail.example",
        "j.smithers@firm.example",
    }


def test_somebody_who_was_not_asked_about_cannot_be_the_same(doubtful):
    room, _contact, question = doubtful
    other = room.linked()[0]
    assert "meantime" in answer(room, question, f"same:{other.pk}")
    assert Question.objects.filter(answered_at=None).exists()


def test_different_people_are_each_added_to_the_other_side(doubtful):
    room, contact, question = doubtful
    assert "Kept apart" in answer(room, question, "different")
    room.cycle()
    assert Contact.objects.filter(last_name="Smithers").count() == 2
    assert Link.objects.get(kind="contact", ours=contact.pk).theirs != question.details["theirs"]


@pytest.mark.parametrize(("value", "linked"), [("add", True), ("leave", False)])
def test_changed_here_but_gone_in_clio_is_added_again_or_left(room: Room, value: str, linked: bool):
    contact, theirs = room.linked("Pruitt")
    room.change(contact, title="Judge")
    room.office.clio.control.delete_contact("alice@hartvale.example", theirs)
    leaving.gone(
        room.setting, str(theirs), None, now=timezone.now(), tally=Cycle(connection=room.setting.connection)
    )
    question = Question.objects.get(kind="changed_gone")
    page = room.see("sync_questions")
    assert "Add to Clio again" in page
    assert "Leave as it is" in page
    answer(room, question, value)
    room.cycle()
    assert Link.objects.filter(kind="contact", ours=contact.pk).exists() is linked
    assert "No questions" in room.see("sync_questions")


@pytest.mark.parametrize(("value", "back"), [("bring", True), ("leave", False)])
def test_removed_here_but_changed_in_clio_is_brought_back_or_left(room: Room, value: str, back: bool):
    contact, theirs = room.linked("Abernathy")
    leaving.removed(firm_id=room.firm.pk, contact_id=contact.pk, name=contact.name, now=timezone.now())
    Contact.objects.filter(pk=contact.pk).delete()
    room.edit_there(theirs, title="Judge")
    room.cycle()
    question = Question.objects.get(kind="changed_gone")
    page = room.see("sync_questions")
    assert "Leave removed" in page
    assert "Judge" in page
    answer(room, question, value)
    assert Contact.objects.filter(last_name="Abernathy", title="Judge").exists() is back


def test_two_that_clio_merged_lead_to_the_merge_page_or_are_kept_apart(room: Room):
    one, other = room.linked()[0], room.add("Dana", "Reyes", "d.reyes@mail.example")
    asking.merged_there(room.setting, other, one, str(room.linked()[1]), timezone.now())
    question = Question.objects.get(kind="merged_there")
    page = room.browser.get(reverse("sync_questions")).content.decode()
    assert reverse("merge_contacts", args=[one.pk, other.pk]) in page
    assert "Kept apart" in answer(room, question, "different")
    assert Apart.objects.filter(ours=other.pk, why="different").exists()


def test_what_does_not_fit_is_named_and_can_be_dismissed(room: Room):
    contact, _ = room.linked()
    asking.too_much(room.setting, contact, ["emails:one.more@mail.example"], timezone.now())
    page = room.see("sync_questions")
    assert "Email: one.more@mail.example" in page
    assert "Dismissed" in answer(room, Question.objects.get(), "dismiss")


@pytest.mark.parametrize(("value", "queued"), [("deleted", True), ("leave", False)])
def test_an_alarm_is_answered_and_sync_goes_on(room: Room, value: str, queued: bool):
    from daybook.firms.models import Event
    from daybook.sync import questions

    text = "Clio no longer shows 300 of 400 linked contacts."
    questions.ask_about(
        firm_id=room.firm.pk, kind="alarm", about="contacts", text=text, details={"missing": 300}, now=timezone.now()
    )  # fmt: skip
    terms.stop(terms=room.setting, now=timezone.now(), because=text)
    assert "See the question" in room.see("sync_centre")
    assert "Contact sync has stopped" in room.see("dashboard")
    assert text in room.see("sync_questions")
    answer(room, Question.objects.get(), value)
    assert room.setting.phase == "live"
    assert Event.objects.filter(name="contact_search_asked_for").exists() is queued


def test_the_dashboard_counts_them_in_one_line_that_leads_to_the_sync_centre(room: Room):
    contact, _theirs, question = room.conflict()
    page = room.browser.get(reverse("dashboard")).content.decode()
    assert "Changed on both sides" in page
    assert reverse("sync_questions") in page
    assert reverse("answer_question", args=[question.pk]) not in page, "it is not dismissed from there"
    asking.too_much(room.setting, contact, ["title"], timezone.now())
    assert "2 questions about contacts" in room.see("dashboard")


def test_every_kind_has_answers_and_every_answer_that_is_offered_does_something():
    from daybook.sync.mirror.shown import KINDS
    from daybook.web.office.sync_questions import _GONE_HERE, _SHOWS, ANSWERS

    assert set(_SHOWS) == set(KINDS)
    offered = {
        (KIND.CHANGED_GONE if kind == _GONE_HERE else kind, value)
        for kind, rows in ANSWERS.items()
        for value, _, _ in rows
    }
    assert offered <= set(ACTS)
    assert set(ACTS) - offered == {(KIND.CONFLICT, "each"), (KIND.MAYBE_SAME, "same")}
