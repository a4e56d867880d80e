"""What somebody does to an appointment's entry in its calendar comes back as a proposal, and is answered once."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.flows.entry_places import Place

HALF = timedelta(minutes=30)


@pytest.fixture
def pushed(place: Place) -> Any:
    """An appointment that its calendar shows."""
    appointment = place.book(9)
    place.work()
    place.agrees(appointment)
    return appointment


def move_there(place: Place, appointment: Any, hour: int, length: timedelta = HALF, days: int = 0) -> Any:
    start = place.office.start(hour) + timedelta(days=days)
    place.rig.move(place.entry(appointment).id, start, start + length)
    return start


def answer(place: Place, how: str, **more: Any) -> None:
    from django.utils import timezone

    from daybook.sync import proposals

    proposal = place.proposal()
    getattr(proposals, how)(
        actor=place.office.cast.alice_actor,
        proposal=proposal,
        edits_seen=proposal.edits,
        now=timezone.now(),
        **more,
    )
    place.work()


def events(name: str) -> int:
    from daybook.firms.models import Event

    return Event.objects.filter(name=name).count()


def test_an_entry_moved_over_there_is_proposed_and_nothing_is_written(place: Place, pushed: Any) -> None:
    from daybook.calendars.models import BusyPeriod

    start = move_there(place, pushed, 11)
    place.read()
    proposal = place.proposal()
    assert (proposal.kind, proposal.start, proposal.end) == ("moved", start, start + HALF)
    assert (proposal.lawyer, proposal.calendar) == (place.office.cast.alice, place.calendar.name)
    pushed.refresh_from_db()
    assert pushed.start == place.office.start(9)
    # Both times are taken: the promised one by the appointment, the other one by its entry.
    assert [row.during.lower for row in BusyPeriod.objects.all()] == [start]
    for _ in range(2):
        place.read()
        place.office.later()
    assert place.proposal().edits == 1
    assert place.entry(pushed).items[0].during.start == start
    assert (events("edit_proposed"), events("entry_differs")) == (1, 1)


def test_both_times_block_until_it_is_answered(place: Place, pushed: Any) -> None:
    from daybook.core.errors import SlotTaken

    move_there(place, pushed, 11)
    place.read()
    for hour in (9, 11):
        with pytest.raises(SlotTaken):
            place.book(hour, key="somebody else")


def test_taking_the_time_over_moves_the_appointment_and_writes_no_second_entry(
    place: Place, pushed: Any, mailbox: Any
) -> None:
    start = move_there(place, pushed, 11)
    place.read()
    answer(place, "reschedule", tell_client=True)
    pushed.refresh_from_db()
    assert pushed.start == start
    place.agrees(pushed)
    assert place.rig.count() == 1
    from daybook.messaging.models import Message
    from daybook.sync.models import Proposal

    proposal = Proposal.objects.get()
    assert (proposal.answer, proposal.answered_by) == ("rescheduled", place.office.cast.alice_actor.user)
    assert Message.objects.filter(kind="change").count() == 1
    place.read()
    assert not Proposal.objects.filter(answered_at=None).exists()


@pytest.mark.parametrize("how", ["reschedule", "cancel"])
def test_the_client_is_not_told_where_the_lawyer_does_that(
    place: Place, pushed: Any, how: str, mailbox: Any
) -> None:
    from daybook.messaging.models import Message

    move_there(place, pushed, 11)
    place.read()
    answer(place, how, tell_client=False)
    assert not Message.objects.filter(kind__in=("change", "cancellation")).exists()
    pushed.refresh_from_db()
    reminders = Message.objects.filter(kind="reminder", state="queued")
    starts = [message.starts_at for message in reminders]
    assert starts == ([pushed.start] if how == "reschedule" else [])


def test_an_entry_deleted_over_there_is_proposed_and_cancelling_leaves_nothing(
    place: Place, pushed: Any
) -> None:
    place.rig.remove(place.entry(pushed).id)
    place.read()
    proposal = place.proposal()
    assert (proposal.kind, proposal.start) == ("deleted", None)
    place.read()
    place.office.later()
    assert place.entries(pushed) == ()
    answer(place, "cancel", tell_client=True)
    pushed.refresh_from_db()
    assert (pushed.state, pushed.cancelled_by) == ("cancelled", "firm")
    place.is_gone(pushed)


@pytest.mark.parametrize("edit", ["moved", "deleted"])
def test_restoring_puts_the_entry_back_as_it_was(place: Place, pushed: Any, edit: str) -> None:
    if edit == "moved":
        move_there(place, pushed, 11)
    else:
        place.rig.remove(place.entry(pushed).id)
    place.read()
    answer(place, "restore")
    place.agrees(pushed)
    assert pushed.start == place.office.start(9)
    assert place.rig.count() == 1
    place.read()
    place.agrees(pushed)


def test_several_edits_in_a_row_are_one_proposal(place: Place, pushed: Any) -> None:
    from daybook.core.errors import ChangedMeanwhile
    from daybook.sync import proposals

    move_there(place, pushed, 11)
    place.read()
    first = place.proposal()
    start = move_there(place, pushed, 15, days=1)
    place.read()
    again = place.proposal()
    assert (again.pk, again.edits, again.start) == (first.pk, 2, start)
    with pytest.raises(ChangedMeanwhile):
        proposals.restore(
            actor=place.office.cast.alice_actor, proposal=first, edits_seen=1, now=place.office.now
        )
    place.rig.remove(place.entry(pushed).id)
    place.read()
    assert (place.proposal().kind, place.proposal().edits) == ("deleted", 3)


def test_an_answer_is_given_once(place: Place, pushed: Any) -> None:
    from daybook.sync import proposals
    from daybook.sync.proposals import AnsweredAlready

    move_there(place, pushed, 11)
    place.read()
    proposal = place.proposal()
    answer(place, "restore")
    with pytest.raises(AnsweredAlready):
        proposals.cancel(
            actor=place.office.cast.alice_actor,
            proposal=proposal,
            edits_seen=1,
            tell_client=True,
            now=place.office.now,
        )
    pushed.refresh_from_db()
    assert pushed.state == "confirmed"
    place.agrees(pushed)


def test_a_proposal_is_withdrawn_when_the_entry_comes_back(place: Place, pushed: Any) -> None:
    from daybook.sync.models import Proposal

    move_there(place, pushed, 11)
    place.read()
    move_there(place, pushed, 9)
    place.read()
    assert Proposal.objects.get().answer == "withdrawn"
    place.agrees(pushed)
    assert events("edit_withdrawn") == 1


@pytest.mark.parametrize("change", ["move", "cancel"])
def test_a_change_at_the_desk_meanwhile_goes_before_the_proposal(
    place: Place, pushed: Any, change: str
) -> None:
    from daybook.sync.models import Proposal

    move_there(place, pushed, 11)
    place.read()
    if change == "move":
        place.move(pushed, 15)
    else:
        place.cancel(pushed)
    place.work()
    assert Proposal.objects.get().answer == ("withdrawn" if change == "move" else "cancelled")
    if change == "move":
        place.agrees(pushed)
    else:
        place.is_gone(pushed)
    assert place.rig.count() == (1 if change == "move" else 0)


def test_an_edit_nobody_had_seen_is_not_overwritten_by_a_move_at_the_desk(place: Place, pushed: Any) -> None:
    start = move_there(place, pushed, 11)
    place.move(pushed, 15)
    place.work()
    assert place.proposal().start == start
    assert place.entry(pushed).items[0].during.start == start
    pushed.refresh_from_db()
    assert pushed.start == place.office.start(15)
    answer(place, "restore")
    place.agrees(pushed)


def test_a_deletion_nobody_had_seen_is_not_undone_by_a_move_at_the_desk(place: Place, pushed: Any) -> None:
    place.rig.remove(place.entry(pushed).id)
    place.move(pushed, 15)
    place.work()
    assert place.proposal().kind == "deleted"
    assert place.rig.count() == 0
    answer(place, "restore")
    place.agrees(pushed)


def test_titles_are_nobodys_business(place: Place, pushed: Any) -> None:
    from daybook.sync.models import Proposal

    place.rig.retitle(place.entry(pushed).id, "Dana, bring the file")
    place.read()
    assert not Proposal.objects.exists()
    assert place.entry(pushed).items[0].title == "Dana, bring the file"
    place.move(pushed, 14)
    place.work()
    place.agrees(pushed)


def test_a_change_of_length_alone_is_left_as_it_is_and_blocks(place: Place, pushed: Any) -> None:
    from daybook.calendars.models import BusyPeriod
    from daybook.sync.models import Proposal

    move_there(place, pushed, 9, length=timedelta(hours=2))
    for _ in range(2):
        place.read()
    assert not Proposal.objects.exists()
    assert events("entry_differs") == 1
    (row,) = BusyPeriod.objects.all()
    assert row.during.upper == pushed.start + timedelta(hours=2)
    place.move(pushed, 14)
    place.work()
    place.agrees(pushed)


def test_moved_and_lengthened_the_appointment_keeps_its_length(place: Place, pushed: Any) -> None:
    start = move_there(place, pushed, 11, length=timedelta(hours=2))
    place.read()
    answer(place, "reschedule", tell_client=True)
    pushed.refresh_from_db()
    assert (pushed.start, pushed.end) == (start, start + HALF)
    place.agrees(pushed)


def test_a_time_that_is_taken_is_refused_and_the_proposal_stays(place: Place, pushed: Any) -> None:
    from daybook.core.errors import SlotTaken

    place.book(11, key="somebody else")
    place.work()
    move_there(place, pushed, 11)
    place.read()
    with pytest.raises(SlotTaken):
        answer(place, "reschedule", tell_client=True)
    assert place.proposal().kind == "moved"
    pushed.refresh_from_db()
    assert pushed.start == place.office.start(9)


def test_a_time_in_the_past_is_refused(place: Place, pushed: Any) -> None:
    from daybook.core.errors import SlotPast

    start = place.office.now.replace(minute=0, second=0, microsecond=0) - timedelta(hours=2)
    place.rig.move(place.entry(pushed).id, start, start + HALF)
    place.read()
    with pytest.raises(SlotPast):
        answer(place, "reschedule", tell_client=True)
    answer(place, "restore")
    place.agrees(pushed)


def test_an_account_that_breaks_calls_nothing_off(place: Place, pushed: Any) -> None:
    from daybook.sync.models import Proposal

    place.rig.revoke()
    place.read()
    place.office.later()
    assert not Proposal.objects.exists()
    pushed.refresh_from_db()
    assert pushed.state == "confirmed"
