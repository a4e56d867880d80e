"""Everybody at once, where times are only requested: one wins a time, and one answer counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime

import pytest
from django.utils import timezone

from daybook.appointments import operations
from daybook.appointments.locking import Crowded
from daybook.appointments.models import Appointment, AppointmentType
from daybook.appointments.operations import answering
from daybook.contacts.models import Contact
from daybook.core.errors import HoldExpired, NotAllowedNow, SlotTaken
from daybook.firms.models import Event
from tests.cast import DANA, Cast, at, hart_and_vale, next_weekday
from tests.flows.test_race import together

pytestmark = pytest.mark.django_db(transaction=True)
State = Appointment.State

#: What an answer is recorded as. Other rows share the number of a request: a contact, a type.
ANSWERS = ("appointment_confirmed", "request_declined", "request_withdrawn", "request_lapsed")


@pytest.fixture
def cast(transactional_db: None) -> Cast:
    cast = hart_and_vale(timezone.now())
    cast.consultation.by_request = True
    cast.consultation.save()
    return cast


def ask(cast: Cast, start: datetime, key: str) -> Appointment:
    kind = AppointmentType.objects.select_related("lawyer", "firm").get(pk=cast.consultation.pk)
    now = timezone.now()
    held = operations.hold(appointment_type=kind, start=start, hold_key=key, now=now)
    return operations.confirm(appointment=held, details=DANA, now=now, as_request=True)


def test_of_many_who_ask_for_one_time_one_has_it(cast: Cast) -> None:
    start = at(cast.alice, next_weekday(timezone.now(), weeks=3), 10)
    ends: Counter[str] = Counter()

    def visitor(key: str) -> Callable[[], None]:
        def go() -> None:
            try:
                ask(cast, start, key)
                ends["asked"] += 1
            except (SlotTaken, HoldExpired, Crowded) as refusal:
                ends[type(refusal).__name__] += 1

        return go

    together(*(visitor(f"visitor {n}") for n in range(8)))
    assert ends["asked"] == 1, ends
    assert Appointment.objects.filter(state=State.REQUESTED).count() == 1


def test_of_all_answers_given_at_once_one_counts(cast: Cast) -> None:
    day = next_weekday(timezone.now(), weeks=3)
    for hour in (9, 11, 13, 15):
        one = ask(cast, at(cast.alice, day, hour), f"{hour}")
        ends: Counter[str] = Counter()

        def answer(name: str, how: Callable[[], object], ends: Counter[str] = ends) -> Callable[[], None]:
            def go() -> None:
                try:
                    how()
                    ends[name] += 1
                except NotAllowedNow:
                    ends["too late"] += 1

            return go

        def accept(one: Appointment = one) -> object:
            return answering.accept(appointment=one, actor=cast.alice_actor, now=timezone.now())

        def decline(one: Appointment = one) -> object:
            return answering.decline(appointment=one, actor=cast.alice_actor, now=timezone.now())

        def withdraw(one: Appointment = one) -> object:
            return answering.withdraw(appointment=one, now=timezone.now())

        together(
            answer(State.CONFIRMED, accept),
            answer(State.CONFIRMED, accept),
            answer(State.DECLINED, decline),
            answer(State.CANCELLED, withdraw),
        )
        one.refresh_from_db()
        assert ends == {one.state: 1, "too late": 3}, ends
        assert Event.objects.filter(subject=one.pk, name__in=ANSWERS).count() == 1
    accepted = Appointment.objects.filter(state=State.CONFIRMED).count()
    assert Contact.objects.count() == (1 if accepted else 0)
