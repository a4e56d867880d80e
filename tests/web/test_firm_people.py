"""Signing up, inviting, joining, roles, the profile, the firm's details and the audit trail."""

from __future__ import annotations

import pytest
from django.contrib.messages import get_messages
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from daybook.firms import operations
from daybook.firms.models import Event, Firm, Invitation, Lawyer, Member, User
from daybook.firms.operations import set_subscription
from daybook.messaging.invitations import invitation_token
from tests.cast import PASSWORD, Cast, add_member

SIGN_UP = {
    "firm_name": "Moss & Finch",
    "name": "Nora Moss",
    "email": "Nora@MossFinch.example",
    "password1": PASSWORD,
    "time_zone": "America/Chicago",
    "country": "US",
    "is_lawyer": "on",
}


def said(answer) -> str:
    return " ".join(str(message) for message in get_messages(answer.wsgi_request))


@pytest.fixture
def alice(cast: Cast, settings) -> Client:
    settings.PUBLIC_URL = "http://localhost"
    client = Client()
    client.force_login(cast.alice_user)
    return client


# Signing up -----------------------------------------------------------------------------------------------------------


def test_signing_up_opens_a_firm_and_lands_on_the_dashboard(db):
    client = Client()
    answer = client.post(reverse("account_signup"), SIGN_UP)
    assert (answer.status_code, answer.url) == (302, reverse("dashboard")), answer.content.decode()
    user = User.objects.get()
    assert (user.email, user.name) == ("nora@mossfinch.example", "Nora Moss")
    assert user.member.role == Member.Role.ADMINISTRATOR
    firm = Firm.objects.get()
    assert (firm.name, firm.time_zone, firm.subscription) == ("Moss & Finch", "America/Chicago", "trial")
    assert Lawyer.objects.get().member == user.member
    assert client.get(reverse("dashboard")).status_code == 200


def test_somebody_who_sees_no_clients_gets_no_lawyer(db):
    Client().post(reverse("account_signup"), {k: v for k, v in SIGN_UP.items() if k != "is_lawyer"})
    assert Firm.objects.exists()
    assert not Lawyer.objects.exists()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("firm_name", " "),
        ("firm_name", "…"),
        ("name", ""),
        ("email", "nobody"),
        ("email", "a@b"),
        ("password1", "short"),
        ("password1", "password12"),
        ("time_zone", "Mars/Olympus"),
        ("country", "ZZ"),
    ],
)
def test_what_cannot_be_used_is_told_beside_its_field_and_nothing_is_kept(db, field: str, value: str):
    answer = Client().post(reverse("account_signup"), SIGN_UP | {field: value})
    page = answer.content.decode()
    assert "Please look at this again" in page
    assert f'id="id_{field}_error"' in page
    assert not User.objects.exists()
    assert not Firm.objects.exists()


def test_when_the_firm_cannot_be_opened_no_user_is_left_behind(db, monkeypatch):
    from daybook.core.errors import UnknownTimeZone
    from daybook.web.accounts import forms

    def refuse(**_):
        raise UnknownTimeZone

    monkeypatch.setattr(forms, "sign_up", refuse)
    Client().post(reverse("account_signup"), SIGN_UP)
    assert not User.objects.exists()


def test_an_address_that_is_taken_opens_no_second_firm(cast: Cast):
    Client().post(reverse("account_signup"), SIGN_UP | {"email": "ALICE@hartvale.example"})
    assert Firm.objects.count() == 1


def test_signing_in_leads_back_to_where_one_wanted_to_go(cast: Cast):
    client = Client()
    for name in ("dashboard", "integrations"):
        wanted = client.get(reverse(name)).url
        answer = client.post(wanted, {"login": "alice@hartvale.example", "password": PASSWORD})
        assert answer.url == reverse(name)
        client.post(reverse("account_logout"))


# Inviting and joining -------------------------------------------------------------------------------------------------

BEN = {"name": "Ben Vale", "email": "ben@hartvale.example", "role": "lawyer", "time_zone": "America/New_York"}


def invited(client: Client, **changes: str) -> Invitation:
    assert client.post(reverse("team_invite"), BEN | changes).status_code == 302
    return Invitation.objects.latest("pk")


def test_an_invited_lawyer_gets_a_mail_joins_with_its_link_and_sees_their_dashboard(
    alice: Client, drain_jobs
):
    invitation = invited(alice)
    assert invitation.lawyer.time_zone == "America/New_York"
    drain_jobs()
    link = next(word for word in mail.outbox[-1].body.split() if "/join/" in word)
    ben = Client()
    path = link.removeprefix("http://localhost")
    page = ben.get(path)
    assert "Join Hart &amp; Vale LLP" in page.content.decode()
    assert "ben@hartvale.example" in page.content.decode()
    answer = ben.post(path, {"name": "Benjamin Vale", "password": PASSWORD})
    assert (answer.status_code, answer.url) == (302, reverse("dashboard"))
    assert ben.get(reverse("dashboard")).status_code == 200
    assert Lawyer.objects.get(email="ben@hartvale.example").member.user.name == "Benjamin Vale"
    later = Client()
    later.post(reverse("account_login"), {"login": "ben@hartvale.example", "password": PASSWORD})
    assert later.get(reverse("hours")).status_code == 200


def test_a_link_that_was_used_withdrawn_forged_or_has_ended_opens_a_friendly_page(alice: Client, db):
    invitation = invited(alice)
    token = invitation_token(invitation)
    join = reverse("join", args=[token])
    visitor = Client()
    assert visitor.get(join).status_code == 200
    for forged in ("nonsense", "1-2:abc", token[:-1], "9" + token):
        answer = visitor.get(reverse("join", args=[forged]))
        assert answer.status_code == 410, forged
        assert "This invitation is over" in answer.content.decode()
    assert alice.post(reverse("team_withdraw", args=[invitation.pk])).status_code == 302
    assert visitor.get(join).status_code == 410
    assert visitor.post(join, {"name": "Ben", "password": PASSWORD}).status_code == 410
    again = invited(alice)
    Invitation.objects.filter(pk=again.pk).update(expires_at=timezone.now())
    again.refresh_from_db()
    assert visitor.get(reverse("join", args=[invitation_token(again)])).status_code == 410
    assert not User.objects.filter(email="ben@hartvale.example").exists()


@pytest.mark.parametrize(
    ("field", "value"), [("name", " "), ("password", ""), ("password", "short"), ("password", "1234567890")]
)
def test_joining_asks_for_a_name_and_a_password_worth_the_name(alice: Client, field: str, value: str):
    join = reverse("join", args=[invitation_token(invited(alice))])
    answer = Client().post(join, {"name": "Ben Vale", "password": PASSWORD} | {field: value})
    assert answer.status_code == 422
    assert f'id="id_{field}_error"' in answer.content.decode()


def test_an_invited_address_that_has_an_account_by_now_is_told_so(alice: Client):
    join = reverse("join", args=[invitation_token(invited(alice))])
    User.objects.create_user("ben@hartvale.example", PASSWORD)
    answer = Client().post(join, {"name": "Ben", "password": PASSWORD})
    assert answer.status_code == 409
    assert "already here" in answer.content.decode()


def test_sending_again_makes_a_new_link_and_ends_the_old_one(alice: Client, drain_jobs):
    first = invited(alice)
    alice.post(reverse("team_resend", args=[first.pk]))
    second = Invitation.objects.latest("pk")
    assert second.pk != first.pk
    assert second.lawyer_id == first.lawyer_id
    assert Client().get(reverse("join", args=[invitation_token(first)])).status_code == 410
    assert Client().get(reverse("join", args=[invitation_token(second)])).status_code == 200
    drain_jobs()
    assert [message.to for message in mail.outbox] == [["ben@hartvale.example"]]


def test_somebody_who_is_here_or_invited_already_is_not_invited_again(alice: Client):
    invited(alice)
    for email in ("ben@hartvale.example", "alice@hartvale.example"):
        answer = alice.post(reverse("team_invite"), BEN | {"email": email, "role": "staff"})
        assert answer.status_code == 409
        assert 'id="id_email_error"' in answer.content.decode()
        assert 'value="Ben Vale"' in answer.content.decode(), "what was typed is kept"


def test_a_lawyer_who_has_not_signed_in_is_listed_and_invited_with_what_is_known(alice: Client, cast: Cast):
    lawyer = operations.add_lawyer(
        firm=cast.firm,
        name="Chloe Okafor",
        email="c@hartvale.example",
        time_zone="Europe/London",
        now=timezone.now(),
    )
    page = alice.get(reverse("team")).content.decode()
    assert "Lawyers who have not signed in yet" in page
    form = alice.get(f"{reverse('team_invite')}?lawyer={lawyer.pk}").content.decode()
    assert 'value="c@hartvale.example"' in form
    assert '<option value="Europe/London" selected>' in form


# Roles ----------------------------------------------------------------------------------------------------------------


def test_the_last_administrator_can_neither_leave_nor_step_down(alice: Client, cast: Cast):
    url = reverse("team_member", args=[cast.alice_user.member.pk])
    for typed in ({"role": "staff", "active": "on"}, {"role": "administrator"}):
        answer = alice.post(url, typed)
        assert answer.status_code == 409
        assert "at least one administrator" in answer.content.decode()
    assert Member.objects.get(user=cast.alice_user).role == "administrator"


def test_a_member_changes_role_and_can_be_kept_from_signing_in(alice: Client, cast: Cast):
    bob = add_member(cast, "Bob Lane", "bob@hartvale.example", Member.Role.STAFF)
    url = reverse("team_member", args=[bob.member.pk])
    alice.post(url, {"role": "administrator", "active": "on"})
    assert Member.objects.get(pk=bob.member.pk).role == "administrator"
    alice.post(url, {"role": "staff"})
    client = Client()
    client.force_login(bob.user)
    assert client.get(reverse("types")).status_code == 403
    assert "May not sign in" in alice.get(reverse("team")).content.decode()


def test_an_administrator_without_clients_can_begin_to_see_some(alice: Client, cast: Cast):
    bob = add_member(cast, "Bob Lane", "bob@hartvale.example", Member.Role.ADMINISTRATOR)
    alice.post(reverse("team_sees_clients", args=[bob.member.pk]))
    assert Lawyer.objects.get(member=bob.member).name == "Bob Lane"
    assert "already here" in said(alice.post(reverse("team_sees_clients", args=[bob.member.pk])))


# Profile and firm -----------------------------------------------------------------------------------------------------

PROFILE = {
    "name": "Alice Hart",
    "title": "Partner",
    "about": "Listens first.\n\nThen speaks.",
    "practice_areas": "Family law,  Mediation, Family law",
    "languages": "English, Spanish",
    "office_address": "1 Main St, Denver",
    "phone": "+1 303 555 0100",
    "video_link": "https://video.example/alice",
    "time_zone": "America/Denver",
    "public": "on",
}


def test_a_profile_is_saved_and_shown_to_the_public(alice: Client, cast: Cast):
    assert alice.post(reverse("profile"), PROFILE).status_code == 302
    lawyer = Lawyer.objects.get(pk=cast.alice.pk)
    assert lawyer.practice_areas == ["Family law", "Mediation"]
    assert lawyer.languages == ["English", "Spanish"]
    page = alice.get(reverse("profile")).content.decode()
    assert 'value="Family law, Mediation"' in page
    link = reverse("public_lawyer", args=[cast.firm.slug, lawyer.slug])
    assert link in page
    assert "Listens first." in Client().get(link).content.decode()
    alice.post(reverse("profile"), PROFILE | {"public": ""})
    assert Client().get(link).status_code == 404
    assert link not in alice.get(reverse("profile")).content.decode()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", " "),
        ("practice_areas", "x" * 81),
        ("video_link", "not a link"),
        ("video_link", "javascript:alert(1)"),
        ("time_zone", "Nowhere"),
        ("about", "x" * 2001),
    ],
)
def test_a_profile_that_cannot_be_used_keeps_what_was_typed(alice: Client, field: str, value: str):
    answer = alice.post(reverse("profile"), PROFILE | {field: value})
    assert answer.status_code == 422
    page = answer.content.decode()
    assert f'id="id_{field}_error"' in page
    assert "1 Main St, Denver" in page


def test_the_firms_details_are_saved_and_its_subscription_is_shown(alice: Client, cast: Cast):
    page = alice.get(reverse("firm")).content.decode()
    assert "Trial" in page
    typed = {
        "name": "Hart, Vale & Co",
        "time_zone": "America/Chicago",
        "country": "CA",
        "currency": "CAD",
        "phone": "+1 303 555 0199",
    }
    assert alice.post(reverse("firm"), typed).status_code == 302
    firm = Firm.objects.get(pk=cast.firm.pk)
    assert (firm.name, firm.currency, firm.country) == ("Hart, Vale & Co", "CAD", "CA")
    assert alice.post(reverse("firm"), typed | {"currency": "XXX"}).status_code == 422
    set_subscription(firm=firm, state="ended", now=timezone.now())
    assert "can be seen, moved and cancelled" in alice.get(reverse("firm")).content.decode()


# Audit ----------------------------------------------------------------------------------------------------------------


def test_the_audit_trail_tells_what_who_and_on_whose_behalf_newest_first(alice: Client, cast: Cast):
    ben = operations.add_lawyer(
        firm=cast.firm,
        name="Ben Vale",
        email="ben@hartvale.example",
        time_zone="America/New_York",
        now=timezone.now(),
    )
    alice.post(reverse("switch_desk"), {"lawyer": ben.pk})
    alice.post(reverse("hours"), {"d0_0_from": "09:00", "d0_0_to": "12:00"})
    page = alice.get(reverse("audit")).content.decode()
    first = page.split("<tbody>")[1].split("</tr>")[0]
    for text in ("weekly hours were changed", "Alice Hart", "Ben Vale"):
        assert text in first
    assert "A firm opened its account." in page


def test_the_audit_trail_comes_in_pages_and_by_person(alice: Client, cast: Cast):
    Event.objects.bulk_create(
        Event(firm=cast.firm, name="contacts_synced", subject=1, at=timezone.now()) for _ in range(60)
    )
    page = alice.get(reverse("audit")).content.decode()
    assert "Page 1 of 2" in page
    assert "Older" in page
    assert "Newer" in alice.get(f"{reverse('audit')}?page=2").content.decode()
    for who in (str(cast.alice_user.pk), "nobody", "x", "9" * 30):
        assert alice.get(reverse("audit"), {"who": who, "page": "x"}).status_code == 200
    mine = alice.get(reverse("audit"), {"who": str(cast.alice_user.pk)}).content.decode()
    assert "two-way contact sync" not in mine


def test_every_event_can_be_shown(alice: Client, cast: Cast):
    from daybook.core.events import EVENTS

    Event.objects.bulk_create(
        Event(firm=cast.firm, name=name, subject=10**12, at=timezone.now()) for name in EVENTS
    )
    assert alice.get(reverse("audit")).status_code == 200
    assert alice.get(f"{reverse('audit')}?page=2").status_code == 200


# Beginning ------------------------------------------------------------------------------------------------------------


def test_a_new_firm_sees_its_next_steps_until_clients_can_book(db, settings):
    client = Client()
    client.post(reverse("account_signup"), SIGN_UP)
    page = client.get(reverse("dashboard")).content.decode()
    for step in (
        "Next steps",
        "Connect to Clio",
        "Set your hours",
        "Make an appointment type",
        "Write your profile",
    ):
        assert step in page
    assert "Manage Calendars" not in page
    client.post(reverse("hours"), {"d0_0_from": "09:00", "d0_0_to": "12:00"})
    page = client.get(reverse("dashboard")).content.decode()
    assert page.count(">Done<") == 1


def test_a_firm_that_is_set_up_is_not_told_what_to_do(alice: Client, cast: Cast):
    from daybook.calendars.models import Calendar, CalendarUse
    from tests.web.test_firm_doors import connect

    assert "Next steps" in alice.get(reverse("dashboard")).content.decode()
    calendar = Calendar.objects.create(
        firm=cast.firm, connection=connect(cast), external_id="1", name="Alice", permission="owner"
    )
    page = alice.get(reverse("dashboard")).content.decode()
    assert "which one receives appointments" in page
    CalendarUse.objects.create(firm=cast.firm, lawyer=cast.alice, calendar=calendar, is_primary=True)
    assert "Next steps" not in alice.get(reverse("dashboard")).content.decode()


def test_the_top_bar_leads_nobody_to_pages_they_may_not_open(alice: Client, cast: Cast):
    bob = add_member(cast, "Bob Lane", "bob@hartvale.example", Member.Role.STAFF)
    client = Client()
    client.force_login(bob.user)
    pages = {name: reverse(name) for name in ("team", "firm", "audit", "profile")}
    page = client.get(reverse("integrations")).content.decode()
    assert not [name for name, url in pages.items() if f'href="{url}"' in page]
    page = alice.get(reverse("integrations")).content.decode()
    assert all(f'href="{url}"' in page for url in pages.values())
