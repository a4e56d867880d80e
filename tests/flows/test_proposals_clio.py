"""Edits in Clio's calendar come back like any other's; what has no time to move to; what is over."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.flows.test_push import agrees

if TYPE_CHECKING:
    from tests.flows.entry_places import Place
    from tests.flows.office import Office

ALICE = "alice@hartvale.example"
HALF = timedelta(minutes=30)


@pytest.fixture
def appointment(office: Office) -> Any:
    made = office.book(9)
    office.send(made)
    office.work()
    return made


def move_there(office: Office, appointment: Any, hour: int) -> Any:
    start = office.start(hour)
    (entry,) = office.entries(appointment)
    data = {"start_at": start.isoformat(), "end_at": (start + HALF).isoformat()}
    office.clio.control.act(ALICE, "PATCH", f"/calendar_entries/{entry['id']}.json", data)
    return start


def read(office: Office) -> None:
    from django.utils import timezone

    from daybook.sync import calendars

    calendars.refresh_firm(firm_id=office.cast.firm.pk, now=timezone.now())
    office.work()


def proposal() -> Any:
    from daybook.sync.models import Proposal

    return Proposal.objects.get(answered_at=None)


def answer(office: Office, how: str, **more: Any) -> None:
    from django.utils import timezone

    from daybook.sync import proposals

    one = proposal()
    getattr(proposals, how)(
        actor=office.cast.alice_actor, proposal=one, edits_seen=one.edits, now=timezone.now(), **more
    )
    office.work()


@pytest.mark.parametrize("how", ["reschedule", "restore"])
def test_an_entry_moved_in_clio_is_proposed_and_the_activity_follows_the_answer(
    office: Office, appointment: Any, how: str
) -> None:
    start = move_there(office, appointment, 14)
    read(office)
    assert (proposal().kind, proposal().start) == ("moved", start)
    office.later()
    read(office)
    assert proposal().edits == 1
    answer(office, how, **({"tell_client": True} if how == "reschedule" else {}))
    appointment.refresh_from_db()
    assert appointment.start == (start if how == "reschedule" else office.start(9))
    agrees(office, appointment)


def test_an_entry_deleted_in_clio_and_cancelled_takes_its_activity_along(
    office: Office, appointment: Any
) -> None:
    office.clio.control.delete_entry(ALICE, office.entries(appointment)[0]["id"])
    read(office)
    assert proposal().kind == "deleted"
    answer(office, "cancel", tell_client=False)
    assert (office.activities(), office.entries(appointment)) == ([], [])


def test_time_on_a_bill_stays_when_the_deletion_is_accepted(office: Office, appointment: Any) -> None:
    from daybook.sync.models import Question

    before = office.activities()[0]
    office.clio.control.bill_activity(before["id"], "awaiting_payment")
    office.clio.control.delete_entry(ALICE, office.entries(appointment)[0]["id"])
    read(office)
    answer(office, "cancel", tell_client=False)
    (after,) = office.activities()
    assert (after["date"], after["quantity"]) == (before["date"], before["quantity"])
    assert Question.objects.get(answered_at=None).kind == "billed"


def test_while_a_change_waits_the_time_is_sent_all_the_same(office: Office) -> None:
    made = office.book(9)
    office.work()
    start = move_there(office, made, 14)
    read(office)
    office.send(made)
    office.work()
    assert len(office.activities()) == 1
    assert office.entries(made)[0]["start"] == start.timestamp()
    assert proposal().start == start


def test_a_calendar_no_longer_shared_is_no_deletion(office: Office) -> None:
    """What the connection cannot see may still be there."""
    from daybook.calendars import operations
    from daybook.calendars.models import Calendar
    from daybook.calendars.queries import primary_calendar
    from daybook.sync import proposals
    from daybook.sync.models import Proposal

    own = primary_calendar(office.cast.alice.pk)
    other = next(one for one in Calendar.objects.all() if one.writable and one != own)
    operations.choose_calendars(
        lawyer=office.cast.alice,
        blocking={other.pk: True},
        primary=other,
        now=office.now,
        actor=office.cast.alice_actor,
    )
    office.work()
    made = office.book(9)
    office.work()
    assert str(office.entries(made)[0]["calendar_id"]) == other.external_id
    office.clio.control.unshare_calendar(int(other.external_id), ALICE)
    read(office)
    proposals.look_at(appointment_id=made.pk, now=office.now)
    assert not Proposal.objects.exists()


def whole_day(place: Place, appointment: Any) -> None:
    """Somebody drags it up to the whole day."""
    from tests.connectors.google_rig import ALICE as OWNER
    from tests.connectors.google_rig import times

    day = place.office.start(0)
    said = times(day, day + timedelta(days=1), True, place.rig.home)
    said = {name: {**value, "dateTime": None, "timeZone": None} for name, value in said.items()}
    place.rig.sandbox.control.edit_entry(OWNER, place.entry(appointment).id, **said)  # type: ignore[attr-defined]


@pytest.mark.parametrize("place", ["google"], indirect=True)
def test_a_whole_day_is_asked_about_and_restored_as_it_was(place: Place) -> None:
    from daybook.core.errors import ChangedMeanwhile
    from daybook.sync import proposals

    made = place.book(9)
    place.work()
    whole_day(place, made)
    for _ in range(2):
        place.read()
    one = place.proposal()
    assert (one.kind, one.start, one.edits) == ("untimed", None, 1)
    actor = place.office.cast.alice_actor
    with pytest.raises(ChangedMeanwhile):
        proposals.reschedule(actor=actor, proposal=one, edits_seen=1, tell_client=True, now=place.office.now)
    proposals.restore(actor=actor, proposal=one, edits_seen=1, now=place.office.now)
    place.work()
    place.agrees(made)


def past(place: Place, appointment: Any, ago: timedelta) -> None:
    """Let it have been, here and over there."""
    from daybook.appointments.models import Appointment
    from daybook.sync.models import Link

    start = (place.office.now - ago).replace(minute=0, second=0, microsecond=0)
    Appointment.objects.filter(pk=appointment.pk).update(during=(start, start + HALF))
    place.rig.move(place.entry(appointment).id, start, start + HALF)
    link = Link.objects.get(kind="entry", ours=appointment.pk)
    link.agreed |= {"start": start.isoformat(), "end": (start + HALF).isoformat()}
    link.etag = place.entry(appointment).etag
    link.save()
    place.read()


def test_what_is_over_and_deleted_over_there_is_nobodys_business(place: Place) -> None:
    from daybook.sync.models import Proposal

    made = place.book(9)
    place.work()
    past(place, made, timedelta(hours=5))
    assert not Proposal.objects.exists()
    place.rig.remove(place.entry(made).id)
    for _ in range(2):
        place.read()
    assert not Proposal.objects.exists()
    place.office.later()
    assert place.rig.count() == 0


def test_what_is_over_and_was_moved_afterwards_may_be_followed(place: Place) -> None:
    made = place.book(9)
    place.work()
    past(place, made, timedelta(hours=5))
    made.refresh_from_db()
    start = made.start + timedelta(hours=1)
    place.rig.move(place.entry(made).id, start, start + HALF)
    place.read()
    one = place.proposal()
    assert (one.kind, one.start) == ("moved", start)
    from daybook.sync import proposals

    proposals.reschedule(
        actor=place.office.cast.alice_actor,
        proposal=one,
        edits_seen=1,
        tell_client=True,
        now=place.office.now,
    )
    place.work()
    place.agrees(made)
    assert made.start == start


def test_moved_out_of_what_is_read_is_found_all_the_same(place: Place) -> None:
    made = place.book(9)
    place.work()
    start = place.office.start(9) + timedelta(days=200)
    place.rig.move(place.entry(made).id, start, start + HALF)
    for _ in range(2):
        place.read()
    assert (place.proposal().kind, place.proposal().start) == ("moved", start)
    assert place.proposal().edits == 1
