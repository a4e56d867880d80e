"""A lawyer's public page is switched off and on, by them or by staff for them; what is booked stays good."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from daybook.appointments import links, operations
from daybook.firms.models import Event, Lawyer, Member
from tests.cast import DANA, NOW, PASSWORD, Cast, add_member, at
from tests.web.test_desk_pages import TUESDAY, words

pytestmark = pytest.mark.django_db


def pages(cast: Cast) -> list[str]:
    lawyer = f"/book/{cast.firm.slug}/{cast.alice.slug}/"
    return [lawyer, f"{lawyer}{cast.consultation.slug}/", f"{lawyer}{cast.consultation.slug}/times.json"]


def test_staff_switch_a_lawyers_page_off_and_on_and_the_links_of_what_is_booked_stay_good(
    client: Client, cast: Cast
):
    held = operations.hold(
        appointment_type=cast.consultation, start=at(cast.alice, TUESDAY, 10), hold_key="dana", now=NOW
    )
    booked = operations.confirm(appointment=held, details=DANA, now=NOW)
    link = f"/appointment/{links.link_token(booked)}/"
    bob = add_member(cast, "Bob Lane", "bob@hartvale.example", Member.Role.STAFF)
    desk = Client()
    desk.force_login(bob.user)
    desk.post(reverse("switch_desk"), {"lawyer": cast.alice.pk})
    assert "Switch the public page off" in words(desk.get(reverse("types")))
    assert desk.post(reverse("switch_page"), {"page": "off"})["Location"] == reverse("types")
    event = Event.objects.get(name="page_switched")
    assert (event.actor, event.behalf_of, event.details) == (bob.user, cast.alice, {"on": False})
    unknown = client.get(f"/book/{cast.firm.slug}/no-such-lawyer/")
    for url in pages(cast):
        answer = client.get(url)
        assert answer.status_code == 404, url
        if not url.endswith(".json"):
            assert answer.content == unknown.content, "a page that is off looks like one that never was"
    assert cast.alice.name not in words(client.get(f"/book/{cast.firm.slug}/"))
    assert client.get(link).status_code == 200
    later = {"start": int(at(cast.alice, TUESDAY, 14).timestamp())}
    assert client.get(f"{link}move/").status_code == 200
    assert client.post(f"{link}move/review/", later)["Location"] == link
    assert client.post(f"{link}cancel/")["Location"] == link
    assert "Book a new appointment" not in words(client.get(link)), "there is no page to book it on"
    assert "Switch the public page on" in words(desk.get(reverse("types")))
    desk.post(reverse("switch_page"), {"page": "on"})
    assert [client.get(url).status_code for url in pages(cast)] == [200, 200, 200]
    assert "Book a new appointment" in words(client.get(link))
    desk.post(reverse("switch_page"), {"page": "on"})
    assert Event.objects.filter(name="page_switched").count() == 2, "what changes nothing leaves no trace"


def test_nobody_switches_a_page_by_looking_nor_anothers(client: Client, cast: Cast, other: Cast):
    assert client.post(reverse("switch_page"), {"page": "off"}).status_code == 302, "to the sign-in"
    carol = Client()
    assert carol.login(email=other.alice_user.email, password=PASSWORD)
    assert carol.get(reverse("switch_page")).status_code == 405
    assert carol.post(reverse("switch_desk"), {"lawyer": cast.alice.pk}).status_code == 404
    carol.post(reverse("switch_page"), {"page": "off"})
    assert Lawyer.objects.get(pk=cast.alice.pk).public
    assert not Lawyer.objects.get(pk=other.alice.pk).public
