"""Who may open which page of the firm's side: another firm never, other roles as the table of permissions says."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from daybook.calendars.models import Calendar, HoursException
from daybook.calendars.operations import save_exception
from daybook.firms import operations
from daybook.firms.models import Event, Invitation, Lawyer, Member
from daybook.firms.queries import actor_of
from daybook.sync.models import Connection
from tests.cast import Cast, add_member

#: Pages without anybody's id in their address: each shows the firm of who asks.
OWN = (
    "integrations",
    "clio_connect",
    "manage_calendars",
    "types",
    "type_new",
    "hours",
    "team",
    "team_invite",
    "profile",
    "firm",
    "audit",
)
#: What roles other than administrators may open.
LAWYERS_MAY = {"integrations", "manage_calendars", "types", "type_new", "hours", "profile"}
STAFF_MAY = {"integrations", "types", "type_new", "hours"}


def signed_in(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def connect(cast: Cast) -> Connection:
    return Connection.objects.create(
        firm=cast.firm,
        provider="clio",
        region="US",
        account_id="1",
        account_name="Hart & Vale LLP",
        user_id="1",
        user_name="Alice Hart",
        connected_at=timezone.now(),
        connected_by=cast.alice_user,
        access_token="a",
        refresh_token="r",
    )


@pytest.fixture
def furnished(cast: Cast) -> Cast:
    """A firm with one of everything an address can name."""
    connection = connect(cast)
    Calendar.objects.create(
        firm=cast.firm, connection=connection, external_id="7", name="Alice", permission="owner"
    )
    save_exception(
        lawyer=cast.alice,
        on=timezone.now().date(),
        opens=None,
        closes=None,
        reason="Moving",
        now=timezone.now(),
    )
    operations.invite(
        actor=cast.alice_actor,
        name="Ben Vale",
        email="ben@hartvale.example",
        role=Member.Role.LAWYER,
        now=timezone.now(),
    )
    return cast


def addresses(cast: Cast) -> list[tuple[str, str]]:
    """Every address with an id of this firm's in it, and how it is asked."""
    type_id, exception = cast.consultation.pk, HoursException.objects.get()
    invitation, member = Invitation.objects.get(), Member.objects.get(user=cast.alice_user)
    return [
        ("get", reverse("type", args=[type_id])),
        ("post", reverse("type", args=[type_id])),
        ("get", reverse("type_hours", args=[type_id])),
        ("post", reverse("type_hours", args=[type_id])),
        ("get", reverse("type_retire", args=[type_id])),
        ("post", reverse("type_retire", args=[type_id])),
        ("post", reverse("type_restore", args=[type_id])),
        ("post", reverse("hours_remove_date", args=[exception.pk])),
        ("get", reverse("clio_match", args=[cast.alice.pk])),
        ("post", reverse("clio_match", args=[cast.alice.pk])),
        ("get", reverse("manage_calendars") + f"?lawyer={cast.alice.pk}"),
        ("post", reverse("manage_calendars") + f"?lawyer={cast.alice.pk}"),
        ("post", reverse("manage_calendars_refresh") + f"?lawyer={cast.alice.pk}"),
        ("get", reverse("team_invite") + f"?lawyer={cast.alice.pk}"),
        ("post", reverse("team_withdraw", args=[invitation.pk])),
        ("post", reverse("team_resend", args=[invitation.pk])),
        ("get", reverse("team_member", args=[member.pk])),
        ("post", reverse("team_member", args=[member.pk])),
        ("post", reverse("team_sees_clients", args=[member.pk])),
    ]


def test_carol_of_another_firm_finds_nothing_behind_any_address_with_an_id(furnished: Cast, other: Cast):
    carol = signed_in(other.alice_user)
    before = Event.objects.filter(firm=furnished.firm).count()
    answers = {(how, url): getattr(carol, how)(url).status_code for how, url in addresses(furnished)}
    assert set(answers.values()) == {404}, answers
    assert Event.objects.filter(firm=furnished.firm).count() == before


def test_carol_sees_nothing_of_this_firm_on_any_page_of_her_own(furnished: Cast, other: Cast):
    carol = signed_in(other.alice_user)
    for name in OWN:
        answer = carol.get(reverse(name))
        assert answer.status_code == 200, name
        text = answer.content.decode()
        assert "Hart" not in text, name
        assert "Ben Vale" not in text, name


def test_carol_cannot_look_at_or_end_the_connection_of_this_firm(furnished: Cast, other: Cast):
    carol = signed_in(other.alice_user)
    assert carol.get(reverse("clio_reading")).status_code == 404
    carol.post(reverse("clio_disconnect"))
    assert Connection.objects.get().state == Connection.State.ACTIVE


@pytest.mark.parametrize("name", OWN)
def test_signed_out_every_page_leads_to_signing_in_and_back(db, name: str):
    answer = Client().get(reverse(name))
    assert answer.status_code == 302
    assert answer.url == f"{reverse('account_login')}?next={reverse(name)}"


def test_a_lawyer_opens_their_own_pages_and_none_of_the_firms(furnished: Cast):
    now = timezone.now()
    ben = add_member(furnished, "Ben Vale", "b@hartvale.example", Member.Role.LAWYER)
    operations.add_lawyer(
        firm=furnished.firm,
        name="Ben Vale",
        email="b@hartvale.example",
        time_zone="America/New_York",
        now=now,
        member=ben.member,
    )
    client = signed_in(ben.user)
    opened = {name for name in OWN if client.get(reverse(name)).status_code == 200}
    assert opened == LAWYERS_MAY
    answers = {(how, url): getattr(client, how)(url).status_code for how, url in addresses(furnished)}
    assert set(answers.values()) == {404}, answers


def test_staff_open_types_and_hours_and_see_integrations(furnished: Cast):
    bob = add_member(furnished, "Bob Lane", "bob@hartvale.example", Member.Role.STAFF)
    client = signed_in(bob.user)
    client.post(reverse("switch_desk"), {"lawyer": furnished.alice.pk})
    opened = {name for name in OWN if client.get(reverse(name)).status_code == 200}
    assert opened == STAFF_MAY
    assert client.get(reverse("type", args=[furnished.consultation.pk])).status_code == 200
    for name in ("clio_callback", "clio_disconnect"):
        assert client.get(reverse(name)).status_code == 404


def test_who_is_no_administrator_sees_the_state_of_clio_and_no_button(furnished: Cast):
    bob = add_member(furnished, "Bob Lane", "bob@hartvale.example", Member.Role.STAFF)
    text = signed_in(bob.user).get(reverse("integrations")).content.decode()
    assert "Connected" in text
    for button in (reverse("clio_disconnect"), reverse("clio_connect"), reverse("manage_calendars")):
        assert button not in text


def test_an_administrator_without_clients_is_asked_whose_desk_first(furnished: Cast):
    Lawyer.objects.filter(pk=furnished.alice.pk).update(member=None)
    client = signed_in(furnished.alice_user)
    for name in ("types", "hours", "profile", "manage_calendars"):
        assert "Whose" in client.get(reverse(name)).content.decode(), name
    client.post(reverse("switch_desk"), {"lawyer": furnished.alice.pk, "next": reverse("hours")})
    assert "Usual week" in client.get(reverse("hours")).content.decode()


def test_somebody_deactivated_is_shown_nothing(furnished: Cast):
    bob = add_member(furnished, "Bob Lane", "bob@hartvale.example", Member.Role.STAFF)
    Member.objects.filter(pk=bob.member.pk).update(active=False)
    assert actor_of(bob.user) is None
    assert signed_in(bob.user).get(reverse("types")).status_code == 403
