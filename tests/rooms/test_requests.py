"""Times that are only requested: kept like confirmed ones, told to nobody else, and decided by the firm."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import Q

from daybook.appointments import operations, queries, why
from daybook.appointments.agenda import requests
from daybook.appointments.models import Appointment, Seat
from daybook.appointments.operations import answering
from daybook.calendars import operations as calendars
from daybook.calendars import reading
from daybook.calendars.models import BusyPeriod, Calendar, CalendarUse
from daybook.contacts.models import Contact
from daybook.core.errors import (
    BusyElsewhere,
    CalendarUnreadable,
    CapReached,
    NotAllowedNow,
    OnlyByRequest,
    SlotTaken,
    SubscriptionEnded,
)
from daybook.core.reasons import Cause
from daybook.firms.models import Event, Firm, Lawyer
from daybook.sync.models import Connection, Push
from tests.cast import DANA, NOW, Cast, add_member, at, next_weekday

TUESDAY = next_weekday(NOW)
State = Appointment.State


@pytest.fixture
def by_request(cast: Cast) -> Cast:
    cast.consultation.by_request = True
    cast.consultation.save()
    return cast


@pytest.fixture
def unread(cast: Cast) -> Calendar:
    """Alice's own calendar: read yesterday, busy on Tuesday from 1 to 2 pm, and silent since."""
    account = Connection.objects.create(
        firm=cast.firm, provider="google", lawyer=cast.alice, account_id="1", account_name=cast.alice.email,
        user_id="1", user_name="Alice", connected_at=NOW,
    )  # fmt: skip
    found = Calendar.objects.create(
        firm=cast.firm, connection=account, external_id="1", name="Court",
        read_at=NOW - timedelta(days=1), read_from=NOW - timedelta(days=2), read_until=NOW + timedelta(days=300),
    )  # fmt: skip
    CalendarUse.objects.create(firm=cast.firm, lawyer=cast.alice, calendar=found)
    busy(found, cast, 13, 14)
    return found


def busy(calendar: Calendar, cast: Cast, first: int, last: int) -> None:
    during = DateTimeTZRange(at(cast.alice, TUESDAY, first), at(cast.alice, TUESDAY, last))
    BusyPeriod.objects.create(calendar=calendar, external_id=f"{first}", during=during)


def takes_requests(cast: Cast) -> None:
    calendars.prefer_requests(lawyer=cast.alice, wanted=True, now=NOW, actor=cast.alice_actor)
    cast.alice.refresh_from_db()
    cast.consultation.refresh_from_db()


def hold(cast: Cast, hour: int = 10, key: str = "dana", now: datetime = NOW) -> Appointment:
    start = at(cast.alice, TUESDAY, hour)
    return operations.hold(appointment_type=cast.consultation, start=start, hold_key=key, now=now)


def requested(cast: Cast, hour: int = 10, now: datetime = NOW) -> Appointment:
    return operations.confirm(appointment=hold(cast, hour, now=now), details=DANA, now=now, as_request=True)


def accept(cast: Cast, found: Appointment, now: datetime = NOW, **more: Any) -> Appointment:
    return answering.accept(appointment=found, actor=cast.alice_actor, now=now, **more)


def offered(cast: Cast) -> tuple[set[datetime], str, str]:
    low, high = at(cast.alice, TUESDAY, 0), at(cast.alice, TUESDAY, 23)
    starts, trouble, because = queries.open_to_clients(cast.consultation, start=low, end=high, now=NOW)
    return {datetime.fromtimestamp(second, UTC) for second in starts}, trouble, because


def names(appointment: Appointment) -> list[str]:
    found = Event.objects.filter(Q(name__startswith="appointment_") | Q(name__startswith="request_"))
    return list(found.filter(subject=appointment.pk).order_by("pk").values_list("name", flat=True))


# A request is kept ----------------------------------------------------------------------------------------------------


def test_a_request_takes_the_lawyers_time_as_an_appointment_does(by_request: Cast) -> None:
    cast = by_request
    one = requested(cast)
    assert (one.state, one.requested_because, one.contact_id) == (State.REQUESTED, "type", None)
    assert one.answer_by == NOW + timedelta(hours=24)
    assert one.start not in offered(cast)[0]
    with pytest.raises(SlotTaken):
        hold(cast, key="somebody else")
    with pytest.raises(SlotTaken):
        operations.book(
            actor=cast.alice_actor, appointment_type=cast.consultation, start=one.start, details=DANA, now=NOW
        )
    assert Seat.objects.get(appointment=one).live


def test_the_database_refuses_two_in_one_place_whatever_the_code_does(by_request: Cast) -> None:
    one, other = requested(by_request, 10), requested(by_request, 11)
    with pytest.raises(IntegrityError), transaction.atomic():
        Appointment.objects.filter(pk=other.pk).update(during=one.during)
    Appointment.objects.filter(pk=one.pk).update(state=State.DECLINED)
    assert not Seat.objects.get(appointment=one).live
    Appointment.objects.filter(pk=other.pk).update(during=one.during)


def test_requests_count_for_the_cap(by_request: Cast) -> None:
    by_request.consultation.cap_per_day = 1
    by_request.consultation.save()
    requested(by_request)
    with pytest.raises(CapReached):
        hold(by_request, 15, key="somebody else")


def test_nothing_of_a_request_is_known_as_a_contact_or_queued_for_clio(by_request: Cast) -> None:
    Connection.objects.create(
        firm=by_request.firm, provider="clio", region="US", account_id="1", connected_at=NOW
    )
    one = requested(by_request)
    assert not Contact.objects.filter(firm=by_request.firm).exists()
    assert not Push.objects.exists()
    assert names(one) == ["appointment_held", "appointment_requested"]
    answering.decline(appointment=one, actor=by_request.alice_actor, now=NOW)
    assert not Contact.objects.filter(firm=by_request.firm).exists()
    assert not Push.objects.exists()


def test_whoever_was_not_told_that_it_is_a_request_is_told_first(by_request: Cast) -> None:
    held = hold(by_request)
    with pytest.raises(OnlyByRequest):
        operations.confirm(appointment=held, details=DANA, now=NOW)
    held.refresh_from_db()
    assert held.state == State.HELD


def test_the_button_pressed_twice_makes_one_request(by_request: Cast) -> None:
    held = hold(by_request)
    first = operations.confirm(appointment=held, details=DANA, now=NOW, as_request=True)
    second = operations.confirm(appointment=held, details=DANA, now=NOW, as_request=True)
    held.refresh_from_db()
    third = operations.confirm(appointment=held, details=DANA, now=NOW, as_request=True)
    assert first.pk == second.pk == third.pk
    assert names(first).count("appointment_requested") == 1


# A calendar that cannot be read ---------------------------------------------------------------------------------------


def test_a_calendar_that_cannot_be_read_hides_all_times_unless_its_lawyer_takes_requests(
    cast: Cast, unread: Calendar
) -> None:
    starts, trouble, because = offered(cast)
    assert (starts, bool(trouble), because) == (set(), True, "")
    with pytest.raises(CalendarUnreadable):
        hold(cast)
    takes_requests(cast)
    starts, trouble, because = offered(cast)
    assert (trouble, because) == ("", "unread")
    assert at(cast.alice, TUESDAY, 10) in starts
    assert at(cast.alice, TUESDAY, 13) not in starts, "what was last known of the calendar counts"


def test_the_desk_is_offered_nothing_while_the_calendar_cannot_be_read(cast: Cast, unread: Calendar) -> None:
    takes_requests(cast)
    low, high = at(cast.alice, TUESDAY, 0), at(cast.alice, TUESDAY, 23)
    found, trouble = queries.open_starts(cast.consultation, start=low, end=high, now=NOW)
    assert not found
    assert trouble


def test_a_request_does_not_ask_the_broken_calendar_again(
    cast: Cast, unread: Calendar, monkeypatch: pytest.MonkeyPatch
) -> None:
    from daybook.calendars import reading

    asked: list[int] = []
    monkeypatch.setattr(reading, "_readers", [lambda calendar, *_: asked.append(calendar.pk) or False])
    takes_requests(cast)
    one = requested(cast)
    assert asked == []
    assert (one.requested_because, "Court" in one.request_detail) == ("unread", True)


def test_a_calendar_that_stops_answering_at_the_last_moment_asks_the_visitor_once_more(
    cast: Cast, unread: Calendar, monkeypatch: pytest.MonkeyPatch
) -> None:
    from daybook.calendars import reading

    takes_requests(cast)
    Calendar.objects.update(read_at=NOW, read_until=NOW + timedelta(days=300))
    held = hold(cast)
    Calendar.objects.update(read_until=NOW + timedelta(hours=1))
    monkeypatch.setattr(reading, "_readers", [lambda *_: False])
    with pytest.raises(OnlyByRequest):
        operations.confirm(appointment=held, details=DANA, now=NOW)
    one = operations.confirm(appointment=held, details=DANA, now=NOW, as_request=True)
    assert (one.state, one.requested_because) == (State.REQUESTED, "unread")


def test_a_calendar_that_answers_again_confirms_what_was_asked_as_a_request(
    cast: Cast, unread: Calendar
) -> None:
    takes_requests(cast)
    held = hold(cast)
    Calendar.objects.update(read_at=NOW)
    assert (
        operations.confirm(appointment=held, details=DANA, now=NOW, as_request=True).state == State.CONFIRMED
    )


def test_the_preference_leaves_a_trace_also_on_behalf(cast: Cast) -> None:
    takes_requests(cast)
    boss = add_member(cast, "Vera Vale", "vera@hartvale.example", "administrator")
    calendars.prefer_requests(lawyer=cast.alice, wanted=False, now=NOW, actor=boss)
    calendars.prefer_requests(lawyer=cast.alice, wanted=False, now=NOW, actor=boss)
    first, second = Event.objects.filter(name="requests_preferred").order_by("pk")
    assert (first.actor, first.behalf_of, first.details["wanted"]) == (cast.alice_user, None, True)
    assert (second.actor, second.behalf_of, second.details["wanted"]) == (boss.user, cast.alice, False)
    assert not Lawyer.objects.get(pk=cast.alice.pk).requests_when_unread


def test_why_names_a_request_and_says_what_clients_may_do(cast: Cast, unread: Calendar) -> None:
    takes_requests(cast)
    one = requested(cast)
    found = why.Day(cast.consultation, TUESDAY, cast.alice.time_zone, NOW).at(one.start).reasons
    assert [reason.cause for reason in found] == [Cause.UNREADABLE, Cause.REQUEST]
    assert "Clients can only request" in found[0].text
    assert found[1].text.startswith("Requested (First consultation) and not answered yet, 10:00 am")


# The answer -----------------------------------------------------------------------------------------------------------


def test_accepting_makes_an_appointment_with_a_contact(by_request: Cast) -> None:
    one = accept(by_request, requested(by_request))
    assert (one.state, one.confirmed_at) == (State.CONFIRMED, NOW)
    assert Contact.objects.get(firm=by_request.firm).pk == one.contact_id
    assert names(one) == ["appointment_held", "appointment_requested", "appointment_confirmed"]


def test_accepting_twice_says_so_and_makes_one(by_request: Cast) -> None:
    one = requested(by_request)
    accept(by_request, one)
    with pytest.raises(NotAllowedNow, match="already been accepted"):
        accept(by_request, one)  # as the page of the second person had it
    assert names(one).count("appointment_confirmed") == 1
    with pytest.raises(NotAllowedNow, match="already been accepted"):
        answering.decline(appointment=one, actor=by_request.alice_actor, now=NOW)


def test_declining_frees_the_time_and_keeps_the_firms_line(by_request: Cast) -> None:
    one = requested(by_request)
    declined = answering.decline(
        appointment=one, actor=by_request.alice_actor, now=NOW, line=" Perhaps \n Friday? "
    )
    assert (declined.state, declined.answer_line) == (State.DECLINED, "Perhaps Friday?")
    assert one.start in offered(by_request)[0]
    with pytest.raises(NotAllowedNow, match="already been declined"):
        accept(by_request, one)


def test_what_was_withdrawn_cannot_be_accepted(by_request: Cast) -> None:
    one = requested(by_request)
    withdrawn = answering.withdraw(appointment=one, now=NOW)
    assert (withdrawn.state, withdrawn.cancelled_by) == (State.CANCELLED, "client")
    assert one.start in offered(by_request)[0]
    with pytest.raises(NotAllowedNow, match="withdrawn"):
        accept(by_request, one)
    with pytest.raises(NotAllowedNow, match="already been withdrawn"):
        answering.withdraw(appointment=one, now=NOW)


def test_a_request_is_neither_cancelled_nor_moved_as_an_appointment_is(by_request: Cast) -> None:
    one = requested(by_request)
    with pytest.raises(NotAllowedNow, match="only been requested"):
        operations.cancel(appointment=one, by="firm", now=NOW, actor=by_request.alice_actor)
    with pytest.raises(NotAllowedNow, match="only been requested"):
        operations.reschedule(appointment=one, start=one.start + timedelta(hours=1), by="client", now=NOW)


def test_busy_time_found_when_accepting_has_to_be_wanted(cast: Cast, unread: Calendar) -> None:
    takes_requests(cast)
    one = requested(cast)
    busy(unread, cast, 9, 11)  # as the calendar says, read again
    with pytest.raises(BusyElsewhere):
        accept(cast, one)
    (entry,) = answering.in_the_way(one)
    assert entry.calendar.startswith("Court")
    one.refresh_from_db()
    assert one.state == State.REQUESTED
    assert accept(cast, one, anyway=True).state == State.CONFIRMED


def test_accepting_asks_no_further_calendar_once_its_time_is_over(
    cast: Cast, unread: Calendar, monkeypatch: pytest.MonkeyPatch
) -> None:
    takes_requests(cast)
    one, other = requested(cast), requested(cast, hour=15)
    asked: list[Calendar] = []
    monkeypatch.setattr(reading, "_readers", [lambda calendar, *when: bool(asked.append(calendar))])
    assert accept(cast, one).state == State.CONFIRMED
    assert asked == [unread]
    monkeypatch.setattr(reading, "PRESS_SECONDS", -1.0)
    assert accept(cast, other).state == State.CONFIRMED
    assert asked == [unread]


def test_without_a_subscription_requests_can_be_declined_and_not_accepted(by_request: Cast) -> None:
    one = requested(by_request)
    Firm.objects.update(subscription=Firm.Subscription.ENDED)
    by_request.firm.refresh_from_db()
    with pytest.raises(SubscriptionEnded):
        accept(by_request, one)
    answering.decline(appointment=one, actor=by_request.alice_actor, now=NOW)


def test_a_request_nobody_answers_lapses_once_and_frees_its_time(by_request: Cast) -> None:
    one, soon = requested(by_request, 10), requested(by_request, 11)
    Appointment.objects.filter(pk=soon.pk).update(answer_by=NOW + timedelta(hours=48))
    on_time = NOW + timedelta(hours=24)
    assert answering.lapse_requests(now=on_time - timedelta(seconds=1)) == 0
    assert answering.lapse_requests(now=on_time) == 1
    assert answering.lapse_requests(now=on_time) == 0
    one.refresh_from_db()
    assert one.state == State.LAPSED
    assert names(one).count("request_lapsed") == 1
    assert one.start in offered(by_request)[0]
    with pytest.raises(NotAllowedNow, match="not answered in time"):
        accept(by_request, one)


def test_lists_show_what_waits_and_what_came_to_nothing(by_request: Cast) -> None:
    waits, gone = requested(by_request, 10), requested(by_request, 11)
    answering.decline(appointment=gone, actor=by_request.alice_actor, now=NOW)
    assert list(queries.upcoming([by_request.alice.pk], NOW)) == [waits]
    assert list(queries.called_off([by_request.alice.pk], NOW)) == [gone]
    assert list(queries.past([by_request.alice.pk], gone.end)) == [gone]
    assert list(requests([by_request.alice.pk])) == [waits]
    (day,) = (
        one for one in queries.week(by_request.alice, TUESDAY - timedelta(days=1), NOW) if one.on == TUESDAY
    )
    assert day.appointments == (waits,)
