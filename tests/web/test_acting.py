"""Acting for somebody: every page says so, every page has the way out, and the audit trail names both."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse

from daybook.firms import outbox
from daybook.firms.models import Event, Member
from tests.cast import NOW, Cast, add_member
from tests.web.test_desk_pages import words
from tests.web.test_desk_send import office

if TYPE_CHECKING:
    from daybook.firms.permissions import Actor
    from tests.flows.office import Office

__all__ = ["office"]

pytestmark = pytest.mark.django_db
STOP = "Stop acting for Alice Hart"


def bob_of(cast: Cast) -> tuple[Client, Actor]:
    """Bob's browser, and Bob."""
    bob = add_member(cast, "Bob Lane", "bob@hartvale.example", Member.Role.STAFF)
    client = Client()
    client.force_login(bob.user)
    return client, bob


def add_contact(client: Client, first: str) -> Event:
    typed = {"kind": "person", "first_name": first, "last_name": "Said"}
    answer = client.post(reverse("new_contact"), typed)
    assert answer.status_code == 302, words(answer)
    return Event.objects.filter(name="contact_saved").latest("pk")


def test_every_page_names_the_desk_and_has_the_way_back_from_it(cast: Cast):
    client, bob = bob_of(cast)
    client.post(reverse("switch_desk"), {"lawyer": cast.alice.pk})
    for name in ("dashboard", "past", "week", "book", "contacts", "types", "hours", "integrations"):
        page = words(client.get(reverse(name)))
        assert "You are acting for Alice Hart, at their desk." in page, name
        assert STOP in page, name
    saved = add_contact(client, "Omar")
    assert (saved.actor, saved.behalf_of) == (bob.user, cast.alice)
    answer = client.post(reverse("switch_desk"), {"lawyer": "none", "next": "/dashboard/"})
    assert answer["Location"] == "/dashboard/"
    page = words(client.get("/dashboard/"))
    assert STOP not in page
    assert "Whose dashboard would you like to see?" in page
    saved = add_contact(client, "Noah")
    assert (saved.actor, saved.behalf_of) == (bob.user, None)


def test_a_new_matter_made_while_acting_is_recorded_for_the_lawyer(office: Office):
    cast = office.cast
    client, bob = bob_of(cast)
    booked = office.book(10)
    client.post(reverse("switch_desk"), {"lawyer": cast.alice.pk})
    typed = {"link": "new", "description": "Lease", "duration": "0:30", "note": "", "rate": ""}
    assert client.post(reverse("send_to_clio", args=[booked.pk]), typed).status_code == 302
    for name in ("matter_linked", "time_sent"):
        event = Event.objects.get(name=name)
        assert (event.actor, event.behalf_of) == (bob.user, cast.alice), name
    Member.objects.filter(user=bob.user).update(role=Member.Role.ADMINISTRATOR)
    rows = words(client.get(reverse("audit")))
    assert "Bob LaneAlice Hart" in rows.replace("Lane Alice", "LaneAlice")


def test_what_somebody_else_does_meanwhile_is_recorded_as_theirs(cast: Cast, other: Cast):
    _, bob = bob_of(cast)
    with outbox.acting(bob.user, cast.alice), transaction.atomic():
        own = outbox.record("firm_saved", firm=other.firm, now=NOW, actor=other.alice_user)
        nobody = outbox.record("contacts_synced", firm=cast.firm, now=NOW)
        his = outbox.record("firm_saved", firm=cast.firm, now=NOW, actor=bob.user)
    assert (own.behalf_of, nobody.behalf_of, his.behalf_of) == (None, None, cast.alice)
    with transaction.atomic():
        after = outbox.record("firm_saved", firm=cast.firm, now=NOW, actor=bob.user)
    assert after.behalf_of is None
