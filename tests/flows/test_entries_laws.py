"""Whatever people, the line and the workers do: one entry for each confirmed appointment, none for a cancelled one."""

from __future__ import annotations

import os
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.flows.test_push import Killed, killed_after

if TYPE_CHECKING:
    from sandbox.google import Sandbox as Google
    from tests.flows.entry_places import Place
    from tests.flows.office import Office

EXAMPLES = int(os.environ.get("ENTRY_SCHEDULES", "60"))
HALF = timedelta(minutes=30)

hours = st.integers(9, 15)
who = st.integers(0, 1)
steps = st.one_of(
    st.tuples(st.just("desk moves"), who, hours),
    st.tuples(st.just("desk cancels"), who),
    st.tuples(st.just("desk notes"), who),
    st.tuples(st.just("there moved"), who, hours),
    st.tuples(st.just("there lengthened"), who),
    st.tuples(st.just("there deleted"), who),
    st.tuples(st.just("there undeleted"), who),
    st.tuples(st.just("there retitled"), who),
    st.tuples(st.just("answer"), st.sampled_from(["reschedule", "cancel", "restore"])),
    st.tuples(st.just("other calendar")),
    st.tuples(st.just("lost answer"), st.sampled_from(["create", "update", "delete"])),
    st.tuples(st.just("slow down")),
    st.tuples(st.just("killed"), who, st.integers(1, 5)),
    st.tuples(st.just("work")),
    st.tuples(st.just("read")),
    st.tuples(st.just("later")),
)


class Schedule:
    """Two appointments of Alice's, two calendars of hers, and what happens to them."""

    def __init__(self, place: Place) -> None:
        from daybook.calendars.models import Calendar

        self.place, self.control = place, place.rig.sandbox.control  # type: ignore[attr-defined]
        self.calendars = list(Calendar.objects.filter(connection=place.connection).order_by("pk"))
        self.calendars = [one for one in self.calendars if one.writable]
        self.chosen = place.calendar
        #: What somebody did over there and nobody has answered or overtaken: the entry's start, None for deleted.
        self.unanswered: dict[int, datetime | None] = {}
        # Two days apart, so that they never meet.
        self.appointments = [place.book(9, key="one"), place.book(16, key="two")]

    def run(self, schedule: list[tuple[Any, ...]]) -> None:
        for name, *details in schedule:
            getattr(self, name.replace(" ", "_"))(*details)

    # at the desk

    def desk_moves(self, one: int, hour: int) -> None:
        from daybook.core.errors import Refusal

        before, asked = self.fresh(one).sequence, self.is_asked(one)
        with suppress(Refusal):
            self.place.move(self.appointments[one], hour, days=1 + one)
        if asked and self.fresh(one).sequence > before:
            self.unanswered.pop(one, None)

    def desk_cancels(self, one: int) -> None:
        from daybook.core.errors import Refusal

        with suppress(Refusal):
            self.place.cancel(self.appointments[one])
        self.unanswered.pop(one, None)

    @property
    def asked(self) -> set[int]:
        from daybook.sync.models import Proposal

        open_ones = Proposal.objects.filter(answered_at=None)
        return set(open_ones.values_list("appointment_id", flat=True))

    def is_asked(self, one: int) -> bool:
        """Whether the edit over there was known when somebody changed the appointment here."""
        return self.appointments[one].pk in self.asked

    def desk_notes(self, one: int) -> None:
        """A change that the calendar shows no more of than its sequence."""
        from django.utils import timezone

        from daybook.firms.outbox import record

        appointment = self.fresh(one)
        appointment.sequence += 1
        appointment.save()
        record("appointment_changed", firm=appointment.firm_id, now=timezone.now(), subject=appointment.pk)

    def answer(self, how: str) -> None:
        from django.utils import timezone

        from daybook.core.errors import Refusal
        from daybook.sync import proposals
        from daybook.sync.models import Proposal

        found = Proposal.objects.filter(answered_at=None).first()
        if found is None:
            return
        number = next(n for n in (0, 1) if self.appointments[n].pk == found.appointment_id)
        self.unanswered.pop(number, None)
        more = {} if how == "restore" else {"tell_client": True}
        with suppress(Refusal):
            getattr(proposals, how)(
                actor=self.place.office.cast.alice_actor,
                proposal=found,
                edits_seen=found.edits,
                now=timezone.now(),
                **more,
            )

    def other_calendar(self) -> None:
        from daybook.calendars import operations

        self.chosen = next(one for one in self.calendars if one.pk != self.chosen.pk)
        operations.choose_calendars(
            lawyer=self.place.office.cast.alice,
            blocking={one.pk: True for one in self.calendars},
            primary=self.chosen,
            now=self.place.office.now,
            actor=self.place.office.cast.alice_actor,
        )

    # over there

    def there(self, one: int, *, gone: bool = False) -> list[tuple[str, str]]:
        """Calendar and id of the entries of an appointment, or of those that were deleted."""
        from daybook.connectors.google.shapes import MARK

        uid = str(self.appointments[one].uid)
        return [
            (calendar.external_id, row["id"])
            for calendar in self.calendars
            for row in self.control.records("events", calendar=calendar.external_id)
            if row.get("extendedProperties", {}).get("private", {}).get(MARK) == uid
            and (row["status"] == "cancelled") == gone
        ]

    def edit(self, one: int, *, gone: bool = False, **data: Any) -> None:
        from tests.connectors.google_rig import ALICE

        for calendar_id, entry_id in self.there(one, gone=gone)[:1]:
            self.control.edit_entry(ALICE, entry_id, calendar_id, **data)

    def there_moved(self, one: int, hour: int, length: timedelta = HALF) -> None:
        from tests.connectors.google_rig import times

        start = self.place.office.start(hour) + timedelta(days=1 + one)
        if self.there(one):
            self.unanswered[one] = start
        self.edit(one, **times(start, start + length, False, self.place.rig.home))

    def there_lengthened(self, one: int) -> None:
        from tests.connectors.google_rig import times

        appointment = self.fresh(one)
        start, end = appointment.start, appointment.end + HALF
        self.unanswered.pop(one, None)
        self.edit(one, **times(start, end, False, self.place.rig.home))

    def there_deleted(self, one: int) -> None:
        from daybook.sync.models import Link
        from tests.connectors.google_rig import ALICE

        for calendar_id, entry_id in self.there(one)[:1]:
            # Of an entry whose creation nobody has heard of, nobody can tell that it was deleted.
            if Link.objects.filter(kind="entry", theirs=entry_id).exists():
                self.unanswered[one] = None
            else:
                self.unanswered.pop(one, None)
            self.control.delete_entry(ALICE, entry_id, calendar_id)

    def there_undeleted(self, one: int) -> None:
        if self.fresh(one).state == "confirmed" and not self.there(one):
            self.unanswered.pop(one, None)
            self.edit(one, gone=True, status="confirmed")

    def there_retitled(self, one: int) -> None:
        self.edit(one, summary="Bring the file")

    # the line, the workers, the time

    def lost_answer(self, write: Any) -> None:
        self.place.rig.drop_after(write)

    def slow_down(self) -> None:
        self.place.rig.limit(1)

    def killed(self, one: int, answers: int) -> None:
        from django.utils import timezone

        from daybook.sync import appointments

        with killed_after(answers), suppress(Killed):
            appointments.push(appointment_id=self.appointments[one].pk, now=timezone.now())

    def work(self) -> None:
        self.place.work()

    def read(self) -> None:
        from django.utils import timezone

        from daybook.sync import calendars

        for calendar in self.calendars:
            calendars.refresh_busy(calendar_id=calendar.pk, now=timezone.now())
        self.place.work()

    def later(self) -> None:
        self.place.office.later()

    def fresh(self, one: int) -> Any:
        from daybook.appointments.models import Appointment

        return Appointment.objects.get(pk=self.appointments[one].pk)

    # in the end

    def forget(self) -> None:
        """Leave nothing for the next schedule."""
        from daybook.appointments.models import Appointment
        from daybook.calendars.models import BusyPeriod
        from daybook.jobs.drain import drain
        from daybook.sync.models import Link
        from tests.connectors.google_rig import ALICE

        self.control.clear_faults()
        drain()
        Link.objects.filter(kind="entry").delete()
        BusyPeriod.objects.all().delete()
        Appointment.objects.all().delete()
        for calendar in self.calendars:
            for row in self.control.records("events", calendar=calendar.external_id):
                if row["status"] != "cancelled":
                    self.control.delete_entry(ALICE, row["id"], calendar.external_id)
        if self.chosen.pk != self.place.calendar.pk:
            self.other_calendar()
        self.read()

    def settle(self) -> None:
        self.control.clear_faults()
        for _ in range(3):
            self.later()
            self.read()

    def holds(self) -> None:
        from daybook.sync.models import Link, Proposal, Push

        for number in (0, 1):
            appointment, there = self.fresh(number), self.there(number)
            proposal = Proposal.objects.filter(appointment=appointment, answered_at=None).first()
            push = Push.objects.get(appointment=appointment)
            assert (push.state, push.trouble) == ("done", ""), push.trouble
            if appointment.state == "cancelled":
                assert (there, proposal) == ([], None)
                assert not Link.objects.filter(kind="entry", ours=appointment.pk).exists()
                continue
            if number in self.unanswered:
                self.still_says(self.unanswered[number], there)
            if proposal is not None:
                assert len(there) == (0 if proposal.kind == "deleted" else 1)
                continue
            ((calendar_id, entry_id),) = there
            (row,) = (
                one for one in self.control.records("events", calendar=calendar_id) if one["id"] == entry_id
            )
            assert datetime.fromisoformat(row["start"]["dateTime"]) == appointment.start
            link = Link.objects.get(kind="entry", ours=appointment.pk)
            assert (link.theirs, link.agreed["calendar"]) == (entry_id, calendar_id)

    def still_says(self, start: datetime | None, there: list[tuple[str, str]]) -> None:
        """What somebody did over there stands until it is answered."""
        found = [
            datetime.fromisoformat(row["start"]["dateTime"])
            for calendar_id, entry_id in there
            for row in self.control.records("events", calendar=calendar_id)
            if row["id"] == entry_id
        ]
        assert found == ([] if start is None else [start])


@pytest.fixture
def place(db: None, google: Google) -> Place:
    from tests.flows.entry_places import at_google
    from tests.flows.office import Office

    office: Office = Office(None, connected=False)  # type: ignore[arg-type]  # there is no Clio
    return at_google(office, google)


@pytest.mark.timeout(900)
def test_in_the_end_each_appointment_has_one_entry_or_a_question_that_says_why_not(
    place: Place, google: Google
) -> None:
    from daybook.sync import accounts_list
    from tests.connectors.google_rig import ALICE

    google.control.add_calendar(ALICE, "Office")
    accounts_list.take_over(place.connection, place.rig.service.calendars(), place.office.now)

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        derandomize=True,
        database=None,
    )
    # Google gives the entry the same id in both calendars.
    @example(
        [
            ("desk notes", 1),
            ("other calendar",),
            ("lost answer", "create"),
            ("work",),
            ("other calendar",),
            ("later",),
        ]
    )
    @given(st.lists(steps, min_size=1, max_size=14))
    def hold(schedule: list[tuple[Any, ...]]) -> None:
        google.control.clear_faults()
        one = Schedule(place)
        try:
            one.work()
            one.run(schedule)
            one.settle()
            one.holds()
        finally:
            one.forget()

    hold()
