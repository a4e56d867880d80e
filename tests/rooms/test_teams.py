"""Types of several people: who is met, who is free, and that nobody's time is taken twice."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from daybook.appointments import operations, queries, teams
from daybook.appointments.models import Appointment, AppointmentType, Seat, TeamMember
from daybook.calendars import operations as calendars
from daybook.calendars.models import BusyPeriod, Calendar, CalendarUse
from daybook.core.errors import CalendarUnreadable, HoldExpired, NotBookable, Refusal, SlotTaken
from daybook.core.hours import WeeklyHours
from daybook.firms import operations as firms
from daybook.firms.models import Lawyer
from daybook.sync.models import Connection
from tests.cast import DANA, NINE_TO_FIVE, NOW, Cast, at, hart_and_vale

pytestmark = pytest.mark.django_db
TUESDAY = date(2026, 12, 1)
ROBIN, TOGETHER, ONE = (
    AppointmentType.Kind.ROUND_ROBIN,
    AppointmentType.Kind.COLLECTIVE,
    AppointmentType.Kind.ONE,
)


@pytest.fixture
def cast(db: None) -> Iterator[Cast]:
    with time_machine.travel(NOW, tick=False):
        yield hart_and_vale(NOW)


@pytest.fixture
def ben(cast: Cast) -> Lawyer:
    return person(cast, "Ben Vale")


@pytest.fixture
def ivy(cast: Cast) -> Lawyer:
    """An interpreter: somebody with hours and calendars, and no types of her own."""
    return person(cast, "Ivy Lund")


def person(cast: Cast, name: str, weekly: WeeklyHours = NINE_TO_FIVE, zone: str = "America/Denver") -> Lawyer:
    email = f"{name.split()[0].lower()}@hartvale.example"
    who = firms.add_lawyer(firm=cast.firm, name=name, email=email, time_zone=zone, now=NOW)
    calendars.save_hours(lawyer=who, weekly=weekly, now=NOW)
    return who


def team(
    cast: Cast,
    kind: str,
    leads: list[Lawyer],
    seconds: Sequence[Lawyer] = (),
    **more: object,
) -> AppointmentType:
    row = AppointmentType.objects.create(
        firm=cast.firm, lawyer=cast.alice, name="Team meeting", slug=uuid.uuid4().hex[:8], minutes=30,
        step_minutes=30, notice_minutes=60, places=["phone"], kind=kind, needs_second=bool(seconds), **more,
    )  # fmt: skip
    for role, people in (("lead", leads), ("second", seconds)):
        for one in people:
            TeamMember.objects.create(appointment_type=row, lawyer=one, role=role)
    return row


def hold(kind: AppointmentType, hour: int, key: str = "somebody", now: datetime = NOW) -> Appointment:
    start = at(kind.lawyer, TUESDAY, hour)
    return operations.hold(appointment_type=kind, start=start, hold_key=key, now=now)


def book(cast: Cast, kind: AppointmentType, hour: int, on: date = TUESDAY) -> Appointment:
    return operations.book(
        actor=cast.alice_actor, appointment_type=kind, start=at(cast.alice, on, hour), details=DANA, now=NOW
    )


def starts(kind: AppointmentType, without: int = 0) -> list[int]:
    """The free hours (and halves, as .5) of Tuesday on the clock of the type's own lawyer."""
    midnight = at(kind.lawyer, TUESDAY, 0)
    found, trouble = queries.open_starts(
        kind, start=midnight, end=midnight + timedelta(days=1), now=NOW, without=without
    )
    assert not trouble
    return [(second - midnight.timestamp()) / 3600 for second in found]


def seats(one: Appointment) -> dict[int, tuple[bool, bool]]:
    return {seat.lawyer_id: (seat.lead, seat.live) for seat in Seat.objects.filter(appointment=one)}


# Any of them ----------------------------------------------------------------------------------------------------------


def test_a_round_robin_offers_what_any_of_them_has(cast: Cast, ben: Lawyer):
    calendars.save_hours(lawyer=ben, weekly=WeeklyHours({1: ((600, 1140),)}), now=NOW)
    kind = team(cast, ROBIN, [cast.alice, ben])
    assert (starts(kind)[0], starts(kind)[-1]) == (9, 18.5)
    book(cast, cast.consultation, 9)
    book(cast, cast.consultation, 11)
    assert 9 not in starts(kind)
    assert 11 in starts(kind)


def test_it_takes_turns_and_the_fewest_booked_is_met(cast: Cast, ben: Lawyer):
    kind = team(cast, ROBIN, [cast.alice, ben])
    met = [book(cast, kind, hour).lawyer for hour in (9, 10, 11, 12)]
    assert met == [cast.alice, ben, cast.alice, ben]


def test_a_weight_gives_one_more_than_another(cast: Cast, ben: Lawyer):
    kind = team(cast, ROBIN, [cast.alice, ben])
    TeamMember.objects.filter(lawyer=ben).update(weight=3)
    met = [book(cast, kind, hour).lawyer_id for hour in range(9, 17)]
    assert met.count(ben.pk) == 6


def test_whoever_is_busy_is_passed_over(cast: Cast, ben: Lawyer):
    kind = team(cast, ROBIN, [cast.alice, ben])
    book(cast, cast.consultation, 10)
    assert hold(kind, 10).lawyer == ben
    with pytest.raises(SlotTaken):
        hold(kind, 10, key="another")
    assert hold(kind, 10).lawyer == ben, "a visitor's own hold does not stand in their way"
    assert Appointment.objects.filter(state="held").count() == 1


def test_another_time_gives_back_the_first_whoever_it_was_with(cast: Cast, ben: Lawyer):
    kind = team(cast, ROBIN, [cast.alice, ben])
    first, second = hold(kind, 10), hold(kind, 11)
    first.refresh_from_db()
    assert (first.state, second.state) == ("expired", "held")
    assert seats(first) == {first.lawyer_id: (True, False)}


def test_a_hold_is_confirmed_with_whom_it_was_held_and_knows_its_lawyer(cast: Cast, ben: Lawyer):
    kind = team(cast, ROBIN, [cast.alice, ben])
    book(cast, kind, 9)
    held = hold(kind, 10)
    assert held.lawyer == held.appointment_type.lawyer == ben
    confirmed = operations.confirm(appointment=held, details=DANA, now=NOW)
    assert (confirmed.lawyer, confirmed.state) == (ben, "confirmed")
    assert Appointment.objects.get(pk=confirmed.pk).lawyer == ben


def test_a_hold_that_ran_out_is_taken_again_with_the_same_people_or_not_at_all(cast: Cast, ben: Lawyer):
    kind = team(cast, ROBIN, [cast.alice, ben])
    later = NOW + timedelta(minutes=20)
    held = hold(kind, 10)
    assert held.lawyer == cast.alice
    again = operations.confirm(appointment=held, details=DANA, now=later)
    assert again.lawyer == cast.alice
    held = hold(kind, 11)
    assert held.lawyer == ben
    operations.book(
        actor=cast.alice_actor, appointment_type=team(cast, ROBIN, [ben]), start=held.start, details=DANA, now=later
    )  # fmt: skip
    with pytest.raises(HoldExpired):
        operations.confirm(appointment=held, details=DANA, now=later)


def test_somebody_whose_calendar_cannot_be_read_is_passed_over(cast: Cast, ben: Lawyer):
    kind = team(cast, ROBIN, [cast.alice, ben])
    calendar(cast, cast.alice, read_at=NOW - timedelta(hours=2))
    assert starts(kind)
    assert hold(kind, 10).lawyer == ben
    calendar(cast, ben, read_at=NOW - timedelta(hours=2))
    with pytest.raises(CalendarUnreadable):
        hold(kind, 11)


def test_a_type_of_nobody_cannot_be_booked(cast: Cast, ben: Lawyer):
    kind = team(cast, ROBIN, [ben])
    TeamMember.objects.update(active=False)
    assert starts(kind) == []
    with pytest.raises(NotBookable):
        hold(kind, 10)


def test_the_firm_books_outside_the_hours_with_whoever_is_free(cast: Cast, ben: Lawyer):
    kind = team(cast, ROBIN, [cast.alice, ben])
    assert book(cast, kind, 19).lawyer == cast.alice
    assert book(cast, kind, 19).lawyer == ben
    with pytest.raises(SlotTaken):
        book(cast, kind, 19)


# All of them ----------------------------------------------------------------------------------------------------------


def test_all_of_them_must_be_free_and_all_their_time_is_taken(cast: Cast, ben: Lawyer):
    kind = team(cast, TOGETHER, [cast.alice, ben])
    book(cast, team(cast, ROBIN, [ben]), 10)
    assert 10 not in starts(kind)
    met = book(cast, kind, 11)
    assert (met.lawyer, met.others) == (cast.alice, [ben.pk])
    assert seats(met) == {cast.alice.pk: (True, True), ben.pk: (False, True)}
    assert 11 not in starts(kind)
    assert 11 not in starts(cast.consultation)
    with pytest.raises(SlotTaken):
        book(cast, team(cast, ROBIN, [ben]), 11)
    with pytest.raises(SlotTaken):
        book(cast, cast.consultation, 11)


def test_the_hours_of_each_count(cast: Cast):
    late = person(cast, "Lou Late", WeeklyHours({1: ((810, 1080),)}))
    kind = team(cast, TOGETHER, [cast.alice, late])
    assert (starts(kind)[0], starts(kind)[-1]) == (13.5, 16.5)


def test_one_calendar_that_cannot_be_read_hides_all_times(cast: Cast, ben: Lawyer):
    kind = team(cast, TOGETHER, [cast.alice, ben])
    calendar(cast, ben, read_at=NOW - timedelta(hours=2))
    found = queries.open_days(kind, first=TUESDAY, days=1, zone="America/Denver", now=NOW)
    assert found.trouble.startswith("Ben Vale: ")
    with pytest.raises(CalendarUnreadable):
        hold(kind, 10)


# A second person ------------------------------------------------------------------------------------------------------


def test_one_of_those_who_are_also_needed_must_be_free(cast: Cast, ivy: Lawyer):
    max_ = person(cast, "Max Moor")
    kind = team(cast, ONE, [], [ivy, max_])
    other = team(cast, ROBIN, [ivy])
    met = book(cast, kind, 10)
    assert (met.lawyer, met.others) == (cast.alice, [ivy.pk])
    assert book(cast, kind, 11).others == [max_.pk], "they take turns as well"
    book(cast, other, 14)
    assert 14 in starts(kind)
    book(cast, team(cast, ROBIN, [max_]), 14)
    assert 14 not in starts(kind)
    with pytest.raises(SlotTaken):
        hold(kind, 14)


def test_a_round_robin_with_a_second_person_needs_one_of_each(cast: Cast, ben: Lawyer, ivy: Lawyer):
    kind = team(cast, ROBIN, [cast.alice, ben], [ivy])
    assert book(cast, kind, 10).others == [ivy.pk]
    assert 10 not in starts(kind), "a lawyer is free and the interpreter is not"


# Afterwards -----------------------------------------------------------------------------------------------------------


def test_moving_keeps_the_people_and_asks_whether_they_are_free(cast: Cast, ben: Lawyer):
    kind = team(cast, ROBIN, [cast.alice, ben])
    book(cast, kind, 9)
    met = book(cast, kind, 10)
    assert met.lawyer == ben
    book(cast, team(cast, ROBIN, [ben]), 14)
    assert 14 in starts(kind)
    assert 14 not in starts(kind, without=met.pk)
    assert 10 in starts(kind, without=met.pk)
    for by in ("client", "firm"):
        with pytest.raises(SlotTaken):
            operations.reschedule(appointment=met, start=at(ben, TUESDAY, 14), by=by, now=NOW)
    moved = operations.reschedule(appointment=met, start=at(ben, TUESDAY, 15), by="client", now=NOW)
    assert (moved.lawyer, moved.start) == (ben, at(ben, TUESDAY, 15))


def test_moving_all_of_them_moves_everybodys_time(cast: Cast, ben: Lawyer):
    met = book(cast, team(cast, TOGETHER, [cast.alice, ben]), 10)
    operations.reschedule(appointment=met, start=at(ben, TUESDAY, 15), by="firm", now=NOW)
    single = team(cast, ROBIN, [ben])
    assert 10 in starts(single)
    assert 15 not in starts(single)


def test_cancelling_frees_everybody(cast: Cast, ben: Lawyer):
    met = book(cast, team(cast, TOGETHER, [cast.alice, ben]), 10)
    operations.cancel(appointment=met, by="firm", now=NOW)
    assert seats(met) == {cast.alice.pk: (True, False), ben.pk: (False, False)}
    assert book(cast, team(cast, ROBIN, [ben]), 10).lawyer == ben


def test_a_hold_that_ran_out_frees_whoever_was_beside_its_lawyer(cast: Cast, ben: Lawyer):
    kind = team(cast, TOGETHER, [cast.alice, ben])
    hold(kind, 10)
    later, single = NOW + timedelta(minutes=20), team(cast, ROBIN, [ben])
    with pytest.raises(SlotTaken):
        hold(single, 10, key="another")
    assert hold(single, 10, key="another", now=later).lawyer == ben


def test_whoever_takes_part_sees_it_in_their_lists_and_their_week(cast: Cast, ben: Lawyer):
    met = book(cast, team(cast, TOGETHER, [cast.alice, ben]), 10)
    assert list(queries.upcoming([ben.pk], NOW)) == [met]
    (day,) = [day for day in queries.week(ben, TUESDAY - timedelta(days=1), NOW) if day.on == TUESDAY]
    assert day.appointments == (met,)
    later = met.end + timedelta(hours=1)
    assert list(queries.past([ben.pk], later)) == [met]


def test_a_calendar_of_whoever_takes_part_is_read_again_and_heeded(cast: Cast, ben: Lawyer):
    kind = team(cast, TOGETHER, [cast.alice, ben])
    held = hold(kind, 10)
    mine = calendar(cast, ben)
    during = DateTimeTZRange(held.start, held.end)
    BusyPeriod.objects.create(calendar=mine, external_id="1", during=during)
    with pytest.raises(SlotTaken):
        operations.confirm(appointment=held, details=DANA, now=NOW)


def calendar(cast: Cast, lawyer: Lawyer, read_at: datetime = NOW) -> Calendar:
    account = Connection.objects.create(
        firm=cast.firm, provider="google", lawyer=lawyer, account_id=str(lawyer.pk), account_name=lawyer.email,
        user_id="1", user_name=lawyer.name, connected_at=NOW,
    )  # fmt: skip
    found = Calendar.objects.create(
        firm=cast.firm, connection=account, external_id="1", name="Home", read_at=read_at, read_from=NOW,
        read_until=NOW + timedelta(days=300),
    )  # fmt: skip
    CalendarUse.objects.create(firm=cast.firm, lawyer=lawyer, calendar=found)
    return found


# The database's word --------------------------------------------------------------------------------------------------


def row(cast: Cast, lawyer: Lawyer, hour: int, others: list[int], **more: object) -> Appointment:
    start = at(cast.alice, TUESDAY, hour)
    return Appointment(
        firm=cast.firm, lawyer=lawyer, appointment_type=cast.consultation, uid=uuid.uuid4(), others=others,
        during=DateTimeTZRange(start, start + timedelta(minutes=30)), **{"state": "confirmed", **more},
    )  # fmt: skip


@pytest.mark.parametrize("first", ["alone", "beside", "beside another"])
def test_nobody_sits_in_two_appointments_at_once_whatever_code_writes_them(
    cast: Cast, ben: Lawyer, ivy: Lawyer, first: str
):
    lead, others = {"alone": (ben, []), "beside": (cast.alice, [ben.pk]), "beside another": (ivy, [ben.pk])}[
        first
    ]
    row(cast, lead, 10, others).save()
    for one in (row(cast, ben, 10, []), row(cast, person(cast, "Zoe Ash"), 10, [ben.pk])):
        with pytest.raises(IntegrityError), transaction.atomic():
            Appointment.objects.bulk_create([one])
    free = row(cast, ben, 11, [])
    free.save()
    with pytest.raises(IntegrityError), transaction.atomic():
        Appointment.objects.filter(pk=free.pk).update(during=row(cast, ben, 10, []).during)
    row(cast, ben, 10, [], state="cancelled").save()


def test_the_seats_follow_whatever_becomes_of_an_appointment(cast: Cast, ben: Lawyer, ivy: Lawyer):
    one = row(cast, cast.alice, 10, [ben.pk])
    one.save()
    Appointment.objects.filter(pk=one.pk).update(lawyer=ivy, others=[])
    assert seats(one) == {ivy.pk: (True, True)}
    Appointment.objects.filter(pk=one.pk).update(others=[ben.pk, ivy.pk])
    assert seats(one) == {ivy.pk: (True, True), ben.pk: (False, True)}
    one.refresh_from_db()
    one.delete()
    assert not Seat.objects.exists()


def test_somebody_who_is_nobody_cannot_take_part(cast: Cast):
    with pytest.raises(IntegrityError), transaction.atomic():
        nobody_beside(cast)


def nobody_beside(cast: Cast) -> None:
    row(cast, cast.alice, 10, [999_999]).save()
    connection.check_constraints()  # as at the end of a transaction


def test_whose_turn_it_is_hangs_on_the_window(cast: Cast, ben: Lawyer):
    kind = team(cast, ROBIN, [cast.alice, ben])
    for hour in (9, 10, 11):
        book(cast, kind, hour)
    Appointment.objects.filter(lawyer=cast.alice).update(created_at=NOW - timedelta(days=40))
    given = {
        days: {share.name: share.booked for share in teams.shares(kind, [cast.alice, ben], {}, NOW, days)}
        for days in (30, 9000)
    }
    assert given == {30: {"Alice Hart": 0, "Ben Vale": 1}, 9000: {"Alice Hart": 2, "Ben Vale": 1}}


def test_every_refusal_of_several_people_is_one_a_visitor_can_be_told(cast: Cast, ben: Lawyer):
    kind = team(cast, ROBIN, [cast.alice, ben], cap_per_day=1)
    assert {hold(kind, 9, "a").lawyer, hold(kind, 10, "b").lawyer} == {cast.alice, ben}
    with pytest.raises(Refusal) as refused:
        hold(kind, 11, "c")
    assert refused.value.code == "cap_reached"
