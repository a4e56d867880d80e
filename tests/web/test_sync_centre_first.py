"""The first import: read, shown, approved, taken in, written; and nothing in Clio before the go-ahead."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from daybook.contacts.models import Contact
from daybook.sync.models import Connection, ContactSync, Cursor, Cycle, Link, Owed, Staged
from tests.web.sync_room import Room

pytestmark = pytest.mark.django_db


@pytest.fixture
def review(fresh: Room) -> Room:
    """Clio's contacts are laid out; one of ours is theirs too, one is not."""
    fresh.add("Dana", "Reyes", "dana.reyes@mail.example")
    fresh.add("Only", "Here", "only.here@mail.example")
    fresh.office.connect(approve=False)
    return fresh


def test_while_reading_the_page_says_how_far_it_is_and_asks_again_by_itself(review: Room):
    ContactSync.objects.update(phase="reading")
    Cursor.objects.update(
        state="running", seen=4200, pages=21, started_at=timezone.now() - timedelta(seconds=60)
    )
    page = review.browser.get(reverse("sync_first")).content.decode()
    assert "4,200 so far" in page
    assert "You can leave this page" in page
    assert f'hx-get="{reverse("sync_first_progress")}?was=reading"' in page
    assert "Look again</a></p></noscript>" in page
    assert "Clients only" in page, "filters can be chosen already"
    assert "Start syncing" not in page
    Cursor.objects.update(trouble="Clio could not be reached.")
    assert "Clio could not be reached." in review.see("sync_first_progress")


def test_the_part_that_asks_again_reloads_the_page_once_it_has_come_further(review: Room):
    answer = review.browser.get(reverse("sync_first_progress"), {"was": "reading"})
    assert answer.headers["HX-Refresh"] == "true"
    ContactSync.objects.update(phase="reading")
    assert "HX-Refresh" not in review.browser.get(reverse("sync_first_progress"), {"was": "reading"}).headers


def test_the_review_says_in_numbers_and_by_name_what_will_happen(review: Room):
    page = review.see("sync_first")
    linked = Staged.objects.get(verdict="link")
    assert "Link Found on both sides" in page
    assert f"in Daybook: {linked.because}" in page
    assert "Only Here" in page
    new = Staged.objects.filter(verdict="new").count()
    assert f"{new} Add to Daybook" in page
    assert "1 Add to Clio" in page
    assert "Start syncing" in page


def test_nothing_is_written_to_clio_before_the_go_ahead_and_everything_after(review: Room):
    log = review.office.clio.control.log()
    assert not [e for e in log if e["method"] in ("POST", "PATCH") and "/contacts" in e["path"]]
    assert Contact.objects.count() == 2
    assert review.press("sync_start") == "Syncing has started."
    review.cycle()
    assert review.setting.phase == "live"
    assert review.office.contacts("only.here@mail.example")
    assert Contact.objects.filter(last_name="Reyes").count() == 1
    assert "nothing to start" in review.press("sync_start")
    page = review.see("sync_first")
    assert "Contacts are up to date." in page
    assert "Sync centre" in page


def test_choosing_a_filter_changes_the_plan(review: Room):
    companies = Staged.objects.filter(card__kind="company").count()
    assert companies
    assert "Filters saved" in review.press("sync_filters", people_only="on")
    page = review.see("sync_first")
    assert f"{companies} Left out by your filters" in page
    out = Staged.objects.filter(card__kind="company").order_by("theirs").first()
    assert out is not None
    assert out.card["company"] in page
    review.press("sync_filters", clients_only="on")
    assert "0 Add to Clio" in review.see("sync_first")
    assert (review.setting.clients_only, review.setting.people_only) == (True, False)


def test_while_taking_in_there_is_a_bar_with_count_rate_and_time_left(review: Room):
    ContactSync.objects.update(
        phase="taking_in", to_do=9000, done=3000, approved_at=timezone.now() - timedelta(minutes=2)
    )
    page = review.browser.get(reverse("sync_first")).content.decode()
    assert "3,000 of 9,000" in page
    assert 'value="33"' in page
    assert re.search(r"About 4 minutes left, about 1,(49\d|500) a minute", page), page


def test_writing_to_clio_counts_requests_at_clios_limit(review: Room):
    review.press("sync_start")
    review.cycle()
    live = Cycle.objects.get(kind="first").finished_at
    connection = Connection.objects.get()
    Connection.objects.update(rate_limit=50)
    known = list(Link.objects.filter(kind="contact").values_list("ours", flat=True)[:10])
    Owed.objects.bulk_create(
        Owed(connection=connection, contact=pk, since=live, next_try_at=live)
        for pk in (*known, *range(10**9, 10**9 + 300))
    )
    done = Link.objects.filter(kind="contact", agreed_at__gt=live).exclude(ours__in=known).count()
    page = review.see("sync_first")
    assert f"Writing to Clio: {done} of {done + 310}" in page
    assert done >= 1, "the one of ours that Clio lacked"
    # 300 new ones by two requests each, 10 changed by one, 45 of 50 a minute
    assert "About 14 minutes left at Clio's limit" in page


def test_it_can_be_stopped_and_resumed_where_it_was(review: Room):
    ContactSync.objects.update(phase="taking_in", to_do=10)
    assert "stopped" in review.press("sync_stop", next="first")
    page = review.see("sync_first")
    assert "Stopped by" in page
    assert "Resume" in page
    review.office.work()
    assert review.setting.phase == "stopped"
    assert "goes on" in review.press("sync_resume", next="first")
    assert review.setting.phase == "taking_in"


def test_contacts_and_the_dashboard_lead_to_the_go_ahead(review: Room):
    assert "wait for your go-ahead" in review.see("contacts")
    page = review.see("dashboard")
    assert "Clio's contacts wait for your go-ahead" in page
    assert "See what will happen" in page


def test_people_with_coming_appointments_are_said_to_be_in_clio_before_the_go_ahead(fresh: Room):
    fresh.office.connect(approve=False)
    appointment = fresh.office.book(10)
    fresh.office.work()
    appointment.refresh_from_db()
    assert Link.objects.filter(kind="contact", ours=appointment.contact_id).exists()
    page = fresh.see("sync_first")
    assert "1 person with a coming appointment is in Clio already: appointments go there at once." in page
    assert "The first import has changed nothing else yet, here or in Clio." in page
    appointment.state = "cancelled"
    appointment.save(update_fields=["state"])
    page = fresh.see("sync_first")
    assert "in Clio already" not in page
    assert "The first import has changed nothing yet, here or in Clio." in page
