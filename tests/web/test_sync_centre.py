"""The Sync centre: how contacts stand, cycles, what waits, who is not synced, the rules; and who may do what."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from daybook.contacts.models import Contact
from daybook.firms.models import Event, Member
from daybook.sync.mirror import leaving
from daybook.sync.models import Apart, Connection, ContactSync, Cycle, Link, Owed, Question
from tests.cast import add_member, marsh
from tests.web.sync_room import Room, words

pytestmark = pytest.mark.django_db

PAGES = (
    "sync_centre", "sync_first", "sync_first_progress", "sync_questions", "sync_waiting", "sync_unlinked", "sync_rules",
)  # fmt: skip
FORMS = ("sync_filters", "sync_start", "sync_stop", "sync_resume", "sync_now", "sync_try_again", "sync_rules")


def test_the_overview_says_how_it_stands_and_what_was_done(room: Room):
    page = room.see("sync_centre")
    for text in (
        "In sync",
        "Contacts are up to date.",
        "Last synced",
        "Next sync",
        "Changes in Clio",
        "asks:",
    ):
        assert text in page, text
    assert "First import" in page
    assert "Sync now" in page
    Cycle.objects.create(
        connection=room.setting.connection,
        kind="regular",
        started_at=timezone.now(),
        finished_at=timezone.now(),
        looked_at=1200,
        changed_there=3,
        asked=1,
        trouble="Clio was slow.",
    )
    page = room.see("sync_centre")
    assert "3 changed in Clio, 1 to ask about" in page
    assert "1,200" in page
    assert "Clio was slow." in page


def test_many_cycles_are_paged(room: Room):
    now = timezone.now()
    Cycle.objects.bulk_create(
        Cycle(connection=room.setting.connection, kind="regular", started_at=now - timedelta(hours=i), finished_at=now)
        for i in range(30)
    )  # fmt: skip
    assert "Page 1 of 2" in room.see("sync_centre")
    assert "Page 2 of 2" in room.see("sync_centre", page=2)


def test_sync_now_runs_a_cycle_and_not_more_than_one_a_minute(room: Room):
    assert "Syncing begins." in room.press("sync_now")
    assert "less than a minute ago" in room.press("sync_now")
    assert Event.objects.filter(name="contact_sync_asked_for").count() == 1
    room.office.work()
    assert Cycle.objects.filter(kind="asked").count() == 1
    Event.objects.filter(name="contact_sync_asked_for").update(at=timezone.now() - timedelta(seconds=61))
    assert "less than" not in room.press("sync_now")


def test_a_stopped_sync_says_by_whom_and_takes_no_wishes_until_it_is_resumed(room: Room):
    room.press("sync_stop")
    page = room.see("sync_centre")
    assert "Stopped by" in page
    assert "Sync now" not in page
    assert "not synced just now" in room.press("sync_now")
    assert "goes on" in room.press("sync_resume")
    assert "Sync now" in room.see("sync_centre")


def test_a_broken_connection_is_told_with_the_button_that_mends_it(room: Room):
    Connection.objects.update(state="broken", trouble="Clio no longer accepts this connection.")
    page = room.see("sync_centre")
    assert "Clio no longer accepts this connection." in page
    assert "Reconnect" in page


def test_what_waits_is_listed_with_reason_next_try_and_difference_and_is_tried_again(room: Room):
    assert "Nothing waits" in room.see("sync_waiting")
    contact, theirs = room.linked()
    room.change(contact, title="Judge")
    page = room.see("sync_waiting")
    assert "Dana Reyes" in page
    assert "Title Judge –" in page
    assert "Next try: in a moment" in page
    Owed.objects.update(state="trouble", trouble="Clio refused it: title is odd.", next_try_at=None)
    page = room.see("sync_waiting")
    assert "Clio refused it: title is odd." in page
    assert "when you press Try again" in page
    assert "1 need" in page
    assert "tried again" in room.press("sync_try_again", contact=contact.pk)
    room.cycle()
    assert room.clio(theirs)["title"] == "Judge"
    assert not Owed.objects.exists()


def test_trying_all_again_moves_every_row(room: Room):
    room.add("Only", "Here")
    room.change(room.linked()[0], title="Judge")
    Owed.objects.update(state="trouble", next_try_at=None)
    room.press("sync_try_again")
    assert set(Owed.objects.values_list("state", flat=True)) == {"pending"}


def test_a_contact_that_clio_deleted_is_listed_and_added_again(room: Room):
    contact, theirs = room.linked("Pruitt")
    leaving.gone(
        room.setting, str(theirs), None, now=timezone.now(), tally=Cycle(connection=room.setting.connection)
    )
    page = room.see("sync_unlinked")
    assert "Gladys Pruitt" in page
    assert "Deleted in Clio" in page
    assert "Add to Clio again" in page
    room.office.clio.control.delete_contact("alice@hartvale.example", theirs)
    assert "added to Clio again" in room.press("sync_undo", Apart.objects.get().pk)
    room.cycle()
    assert Link.objects.get(kind="contact", ours=contact.pk).theirs != str(theirs)


def test_a_contact_unlinked_on_its_page_is_linked_again(room: Room):
    contact, theirs = room.linked()
    assert "no longer synced" in room.press("sync_stop_contact", contact.pk)
    assert not Link.objects.filter(kind="contact", ours=contact.pk).exists()
    assert "meantime" in room.press("sync_stop_contact", contact.pk), "a second press changes nothing"
    apart = Apart.objects.get()
    assert "Unlinked by hand" in room.see("sync_unlinked")
    assert "Linked again" in room.press("sync_undo", apart.pk)
    assert Link.objects.get(kind="contact", ours=contact.pk).theirs == str(theirs)
    assert room.browser.post(reverse("sync_undo", args=[apart.pk])).status_code == 404


def test_a_contact_removed_here_is_brought_back_from_clio(room: Room):
    contact, theirs = room.linked("Abernathy")
    leaving.removed(firm_id=room.firm.pk, contact_id=contact.pk, name="Ruth Abernathy", now=timezone.now())
    Contact.objects.filter(pk=contact.pk).delete()
    page = room.see("sync_unlinked")
    assert "Ruth Abernathy" in page
    assert "Removed from Daybook" in page
    assert "in a moment" in room.press("sync_undo", Apart.objects.get().pk)
    room.office.work()
    back = Link.objects.get(kind="contact", theirs=str(theirs))
    assert Contact.objects.get(pk=back.ours).name == "Ruth Abernathy"
    assert "Everybody is synced" in room.see("sync_unlinked")


def test_rules_are_saved_as_far_as_they_differ_from_the_defaults(room: Room):
    page = room.see("sync_rules")
    assert "Ask (default)" in page
    assert "Newest wins (default)" in page
    form = {"name": "daybook", "company": "clio", "title": "ask", "people_only": "on"}
    assert "Saved" in room.press("sync_rules", **form)
    assert room.setting.policy == {"name": "daybook", "title": "ask"}
    assert room.setting.people_only
    assert "no such rule" in room.press("sync_rules", name="strongest")
    assert room.setting.policy == {"name": "daybook", "title": "ask"}


def test_what_is_saved_as_a_rule_decides_the_next_time(room: Room):
    room.press("sync_rules", name="daybook")
    contact, theirs = room.linked()
    room.change(contact, last_name="Reyes-Hart")
    room.edit_there(theirs, last_name="Reyes-Vale")
    room.cycle()
    assert room.clio(theirs)["last_name"] == "Reyes-Hart"
    assert not Question.objects.exists()


@pytest.mark.parametrize("role", [Member.Role.LAWYER, Member.Role.STAFF])
def test_others_of_the_firm_see_everything_and_have_no_buttons(room: Room, role: str):
    room.conflict()
    room.change(room.linked("Abernathy")[0], title="Judge")
    contact, _ = room.linked("Freeman")
    room.press("sync_stop_contact", contact.pk)
    actor = add_member(room.office.cast, "Bob", "bob@hartvale.example", role)
    bob = Client()
    bob.force_login(actor.user)
    for name in PAGES:
        answer = bob.get(reverse(name))
        assert answer.status_code == 200, name
        body = answer.content.decode().rpartition("<main")[2]
        assert 'method="post"' not in body, name
        for button in ("Sync now", "Try again", "Keep Daybook", "Link again", "Save rules", "Stop</button>"):
            assert button not in body, (name, button)
    for name in FORMS:
        assert bob.post(reverse(name), {}).status_code == 404, name
    question, apart = Question.objects.get(), Apart.objects.get()
    for name, pk in (
        ("sync_answer", question.pk),
        ("sync_undo", apart.pk),
        ("sync_stop_contact", contact.pk),
    ):
        assert bob.post(reverse(name, args=[pk]), {"answer": "ours"}).status_code == 404, name
    assert room.setting.phase == "live"
    assert not Question.objects.filter(answered_at__isnull=False).exists()


def test_carol_of_another_firm_sees_nothing_of_it(room: Room):
    contact, _, question = room.conflict()
    room.press("sync_stop_contact", room.linked("Abernathy")[0].pk)
    apart = Apart.objects.get()
    carol_cast = marsh(timezone.now())
    carol = Client()
    carol.force_login(carol_cast.alice_user)
    by_id = (("sync_answer", question.pk), ("sync_undo", apart.pk), ("sync_stop_contact", contact.pk))

    def closed() -> None:
        for name, pk in by_id:
            assert carol.post(reverse(name, args=[pk]), {"answer": "ours"}).status_code == 404, name

    for name in PAGES:
        assert carol.get(reverse(name)).status_code == 404, name
    for name in FORMS:
        assert carol.post(reverse(name), {}).status_code == 404, name
    closed()
    # Even with a connection of her own she meets nobody of theirs.
    own = Connection.objects.create(
        firm=carol_cast.firm, provider="clio", region="US", account_id="9", account_name="Marsh", connected_at=timezone.now()
    )  # fmt: skip
    ContactSync.objects.create(connection=own, phase="live")
    for name in PAGES:
        assert "Reyes" not in words(carol.get(reverse(name))), name
    closed()
    assert carol.post(reverse("sync_try_again"), {"contact": contact.pk}).status_code == 404
