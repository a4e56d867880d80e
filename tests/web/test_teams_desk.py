"""Types of several people through the firm's pages: who is met, whose turn it is, booking, moving, who sees what."""

from __future__ import annotations

import re
from datetime import date

import pytest
from django.test import Client

from daybook.appointments import operations
from daybook.appointments.models import Appointment, AppointmentType, TeamMember
from daybook.calendars import operations as calendars
from daybook.firms import operations as firms
from daybook.firms.models import Lawyer, Member
from tests.cast import DANA, NINE_TO_FIVE, NOW, Cast, add_member, at
from tests.web.test_firm_offers import TYPE

pytestmark = pytest.mark.django_db
TUESDAY = date(2026, 12, 1)


def words(response) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.text))


def person(cast: Cast, name: str, role: str = Member.Role.LAWYER) -> Lawyer:
    email = f"{name.split()[0].lower()}@hartvale.example"
    member = add_member(cast, name, email, role).member
    who = firms.add_lawyer(
        firm=cast.firm, name=name, email=email, time_zone="America/Denver", now=NOW, member=member
    )
    calendars.save_hours(lawyer=who, weekly=NINE_TO_FIVE, now=NOW)
    return who


@pytest.fixture
def ben(cast: Cast) -> Lawyer:
    return person(cast, "Ben Vale")


@pytest.fixture
def ivy(cast: Cast) -> Lawyer:
    return person(cast, "Ivy Lund", Member.Role.STAFF)


def browser(lawyer: Lawyer) -> Client:
    client = Client()
    client.force_login(lawyer.member.user)
    return client


def save(client: Client, cast: Cast, type_id: int | None = None, **fields: object):
    where = f"/types/{type_id}/" if type_id else "/types/new/"
    return client.post(where, TYPE | {"who_may_book": "anyone"} | fields)


def team_of(cast: Cast) -> dict[str, tuple[str, int]]:
    rows = TeamMember.objects.filter(active=True).select_related("lawyer")
    return {row.lawyer.name: (row.role, row.weight) for row in rows}


def robin(
    cast: Cast, *leads: Lawyer, kind: str = "round_robin", seconds: tuple[Lawyer, ...] = ()
) -> AppointmentType:
    choice = operations.TeamChoice(
        kind=kind, leads={one.pk: 1 for one in leads}, seconds=tuple(one.pk for one in seconds)
    )
    row = AppointmentType(
        firm=cast.firm,
        lawyer=cast.alice,
        name="Team meeting",
        minutes=30,
        notice_minutes=60,
        places=["phone"],
    )
    return operations.save_type(appointment_type=row, now=NOW, team=choice)


def book(cast: Cast, kind: AppointmentType, hour: int) -> Appointment:
    return operations.book(
        actor=cast.alice_actor,
        appointment_type=kind,
        start=at(cast.alice, TUESDAY, hour),
        details=DANA,
        now=NOW,
    )


# The form -------------------------------------------------------------------------------------------------------------


def test_who_is_met_is_chosen_and_chosen_anew(alice: Client, cast: Cast, ben: Lawyer, ivy: Lawyer):
    chosen = {f"lead_{cast.alice.pk}": "on", f"lead_{ben.pk}": "on", f"weight_{ben.pk}": "3"}
    answer = save(alice, cast, kind="round_robin", seconds=[str(ivy.pk)], fair_days="90", **chosen)
    assert answer.status_code == 302
    kind = AppointmentType.objects.get(name="Will review")
    assert (kind.kind, kind.needs_second, kind.fair_days, kind.has_team) == ("round_robin", True, 90, True)
    assert team_of(cast) == {"Alice Hart": ("lead", 1), "Ben Vale": ("lead", 3), "Ivy Lund": ("second", 1)}
    page = alice.get(f"/types/{kind.pk}/").text
    assert re.search(rf'name="lead_{ben.pk}"[^>]*checked', page)
    assert not re.search(rf'name="lead_{ivy.pk}"[^>]*checked', page)
    save(alice, cast, kind.pk, kind="one")
    kind.refresh_from_db()
    assert not kind.has_team
    assert team_of(cast) == {}
    assert TeamMember.objects.get(lawyer=ben).weight == 3


def test_what_matters_for_a_round_robin_alone_is_said_under_that_title(
    alice: Client, cast: Cast, ben: Lawyer
):
    page = alice.get("/types/new/").text
    part = page.partition("<legend>For a round robin</legend>")[2].partition("</fieldset>\n  <")[0]
    for field in (f'name="weight_{ben.pk}"', 'name="fair_days"'):
        assert field in part
        assert page.count(field) == part.count(field)
    assert page.count("Who is met") == 1
    assert "<legend>Who is met</legend>" in page  # and it is not said to be optional


def test_somebody_who_is_made_to_see_clients_can_be_needed_and_stay_unseen(alice: Client, cast: Cast):
    member = add_member(cast, "Ivy Lund", "ivy@hartvale.example", Member.Role.STAFF).member
    assert alice.post(f"/team/members/{member.pk}/sees-clients/").status_code == 302
    ivy = Lawyer.objects.get(member=member)
    Lawyer.objects.filter(pk=ivy.pk).update(public=False)
    assert "press “sees clients” on their page there" in words(alice.get("/types/new/"))
    assert save(alice, cast, kind="one", seconds=[str(ivy.pk)]).status_code == 302
    assert team_of(cast)["Ivy Lund"] == ("second", 1)
    assert "Ivy Lund" not in Client().get("/book/hart-vale-llp/").text
    assert Client().get("/book/hart-vale-llp/ivy-lund/").status_code == 404


@pytest.mark.parametrize("kind", ["round_robin", "collective"])
def test_several_are_at_least_two(kind: str, alice: Client, cast: Cast, ben: Lawyer):
    answer = save(alice, cast, kind=kind, **{f"lead_{ben.pk}": "on"})
    assert answer.status_code == 422
    assert "Please choose at least two lawyers for this." in words(answer)
    assert not AppointmentType.objects.filter(name="Will review").exists()


def test_nobody_is_needed_twice(alice: Client, cast: Cast, ben: Lawyer):
    answer = save(alice, cast, kind="one", seconds=[str(cast.alice.pk)])
    assert answer.status_code == 422
    assert "Already met as a lawyer: Alice Hart." in words(answer)


def test_a_lawyer_cannot_give_away_another_lawyers_time(alice: Client, cast: Cast, ben: Lawyer):
    chosen = {f"lead_{cast.alice.pk}": "on", f"lead_{ben.pk}": "on"}
    assert "Who is met" not in browser(ben).get("/types/new/").text
    assert save(browser(ben), cast, kind="round_robin", **chosen).status_code == 302
    own = AppointmentType.objects.get(lawyer=ben)
    assert (own.kind, TeamMember.objects.count()) == ("one", 0)
    AppointmentType.objects.filter(pk=own.pk).update(kind="round_robin")
    for one in (cast.alice, ben):
        TeamMember.objects.create(appointment_type=own, lawyer=one, role="lead")
    page = words(browser(ben).get(f"/types/{own.pk}/"))
    assert "Alice Hart or Ben Vale. An administrator or the staff of your firm can change this." in page
    save(browser(ben), cast, own.pk)
    own.refresh_from_db()
    assert own.kind == "round_robin"
    assert team_of(cast) == {"Alice Hart": ("lead", 1), "Ben Vale": ("lead", 1)}


def test_people_of_another_firm_cannot_be_chosen(alice: Client, cast: Cast, other: Cast, ben: Lawyer):
    fields = {f"lead_{cast.alice.pk}": "on", f"lead_{other.alice.pk}": "on"}
    assert save(alice, cast, kind="round_robin", **fields).status_code == 422
    assert save(alice, cast, kind="one", seconds=[str(other.alice.pk)]).status_code == 422
    with pytest.raises(Lawyer.DoesNotExist):
        robin(cast, cast.alice, other.alice)


def test_carol_of_another_firm_finds_no_such_type(cast: Cast, other: Cast, ben: Lawyer):
    kind = robin(cast, cast.alice, ben)
    carol = Client()
    carol.force_login(other.alice_user)
    assert carol.get(f"/types/{kind.pk}/").status_code == 404


def test_a_round_robin_shows_how_it_is_shared_out_and_who_is_next_and_why(
    alice: Client, cast: Cast, ben: Lawyer
):
    kind = robin(cast, cast.alice, ben)
    book(cast, kind, 9)
    page = words(alice.get(f"/types/{kind.pk}/"))
    assert "Ben Vale is next, with 0 in the last 30 days: the fewest." in page
    assert "Ben Vale 1 0 0 None yet Alice Hart 1 1 1 Mon 23 Nov 2026, 8:00 am" in page
    assert "Whose turn it is" not in words(alice.get(f"/types/{cast.consultation.pk}/"))


# At the desk ----------------------------------------------------------------------------------------------------------


def test_the_desk_books_whoever_is_next_and_says_who(alice: Client, cast: Cast, ben: Lawyer):
    kind = robin(cast, cast.alice, ben)
    book(cast, cast.consultation, 10)
    fields = {
        "name": "Dana Reyes", "email": "dana@example.com", "phone": "+13035550101", "type": str(kind.pk),
        "place": "phone", "start": str(int(at(cast.alice, TUESDAY, 10).timestamp())),
    }  # fmt: skip
    answer = alice.post("/appointments/book/", fields, follow=True)
    assert "Ben Vale will be there." in words(answer)
    assert Appointment.objects.get(appointment_type=kind).lawyer == ben


def test_reschedule_shows_only_times_at_which_the_same_people_are_free(
    alice: Client, cast: Cast, ben: Lawyer
):
    kind = robin(cast, cast.alice, ben)
    met = book(cast, kind, 10)
    assert met.lawyer == cast.alice
    book(cast, cast.consultation, 14)
    page = alice.get(f"/appointments/{met.pk}/reschedule/?from={TUESDAY}")
    assert "Alice Hart stays whom the client meets" in words(page)
    assert f'value="{int(at(cast.alice, TUESDAY, 15).timestamp())}"' in page.text
    taken = int(at(cast.alice, TUESDAY, 14).timestamp())
    assert f'value="{taken}"' not in page.text
    answer = alice.post(f"/appointments/{met.pk}/reschedule/", {"start": str(taken)})
    assert answer.status_code == 409


def test_whoever_takes_part_sees_the_appointment_and_cannot_change_it(cast: Cast, ben: Lawyer):
    met = book(cast, robin(cast, cast.alice, ben, kind="collective"), 10)
    client = browser(ben)
    row = client.get("/dashboard/")
    assert "Dana Reyes Team meeting · with Alice Hart" in words(row)
    assert 'class="sync"' not in row.text  # the entry is in Alice's calendar, and not in Ben's
    hers = browser(cast.alice).get("/dashboard/")
    assert "with Alice Hart" not in words(hers)
    assert 'class="sync"' in hers.text
    assert "Dana Reyes" in words(client.get("/dashboard/week/?on=2026-12-01"))
    page = words(client.get(f"/appointments/{met.pk}/"))
    assert "Together with Ben Vale" in page
    assert "Whoever takes part beside them has no entry of their own" in page
    for what in ("reschedule", "cancel"):
        assert client.get(f"/appointments/{met.pk}/{what}/").status_code == 404
    cy = person(cast, "Cy Moss")
    assert browser(cy).get(f"/appointments/{met.pk}/").status_code == 404
    assert "Dana Reyes" not in words(browser(cy).get("/dashboard/"))


def test_why_names_the_appointment_of_somebody_else_that_one_takes_part_in(cast: Cast, ben: Lawyer):
    book(cast, robin(cast, cast.alice, ben, kind="collective"), 10)
    AppointmentType.objects.create(firm=cast.firm, lawyer=ben, name="Own", slug="own", notice_minutes=60)
    page = words(browser(ben).get("/why/", {"on": TUESDAY.isoformat(), "at": "10:00"}))
    assert "An appointment (Team meeting), 10:00 am – 10:30 am." in page
