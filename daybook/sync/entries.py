"""The one calendar entry of an appointment, in whichever calendar receives it: made, changed, moved along, deleted."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime

from daybook.appointments.models import Appointment
from daybook.calendars import queries as calendars
from daybook.calendars.models import Calendar
from daybook.connectors.calendars import Draft, Seen, Written
from daybook.connectors.errors import Forbidden, Missing, Stale
from daybook.core.edits import PROPOSES, Theirs
from daybook.sync import copies, proposals, pushes
from daybook.sync.models import Connection, Leftover, Link, Proposal
from daybook.sync.proposals import LEFT
from daybook.sync.sights import BEING_MADE, Found, Hand, look, sight_of
from daybook.sync.trouble import NeedsPerson

Wanted = dict[str, object]


def target(appointment: Appointment) -> Calendar | None:
    """The one calendar an appointment is written to: its type's linked calendar, else its lawyer's primary."""
    linked = appointment.appointment_type.linked_calendar
    if linked is not None and linked.writable and linked.connection.state != Connection.State.DISCONNECTED:
        return linked
    primary = calendars.primary_calendar(appointment.lawyer_id)
    return primary if primary is not None and primary.writable else None


def links_of(appointment: Appointment) -> list[Link]:
    """Where its entry is: one row, more only until the push has ended that moves it to another account."""
    found = Link.objects.filter(
        kind=Link.Kind.ENTRY, ours=appointment.pk, connection__firm=appointment.firm_id
    )
    return list(
        found.exclude(connection__state=Connection.State.DISCONNECTED)
        .select_related("connection")
        .order_by("pk")
    )


def wanted(appointment: Appointment, calendar: Calendar, *, matter_id: str | None) -> Wanted:
    """What its entry should say. Neutral: who is met, where; nothing of what it is about."""
    said: Wanted = {
        "start": appointment.start.isoformat(),
        "end": appointment.end.isoformat(),
        "summary": copies.entry_title(appointment),
        "location": appointment.place_detail,
        "calendar": calendar.external_id,
    }
    # Clio knows of matters, and of no sequence.
    return said | ({"sequence": appointment.sequence} if matter_id is None else {"matter_id": matter_id})


def _draft(appointment: Appointment, said: Wanted) -> Draft:
    return Draft(
        uid=str(appointment.uid),
        sequence=appointment.sequence,
        title=str(said["summary"]),
        location=str(said["location"]),
        start=appointment.start,
        end=appointment.end,
        time_zone=appointment.lawyer.time_zone,
    )


def where_it_is(held: Link) -> Calendar | None:
    """The calendar in which an entry lies, as far as it may still be changed there."""
    found = Calendar.objects.filter(
        connection=held.connection_id, external_id=held.agreed.get("calendar", "")
    ).first()
    return found if found is not None and found.writable else None


# --- there ------------------------------------------------------------------------------------------------------------


def present(hand: Hand, calendar: Calendar, said: Wanted) -> str:
    """
    Make the entry in `calendar` say what it should, exactly once, and return its id.

    Looks before it creates, and notes where it creates before it does. What somebody else changed over there is not
    overwritten: that becomes a proposal, and until it is answered the entry is left as it is; the id is empty when it
    was deleted. Entries in other calendars become leftovers (`clear`). Raises RemoteTrouble, NeedsPerson.
    """
    held = pushes.link(hand.connection, Link.Kind.ENTRY, hand.appointment.pk)
    waiting = proposals.open_of(hand.appointment.pk)
    if waiting is not None:
        return _as_it_stands(hand, held, waiting)
    try:
        return _present(hand, calendar, held, said)
    except (Missing, Forbidden) as trouble:
        if hand.in_clio:
            raise  # it may be matter or contact that Clio no longer has
        raise NeedsPerson(
            f"{calendar.name} is no longer there, or Daybook may no longer write to it. "
            "Choose another one under Manage Calendars."
        ) from trouble


def _present(hand: Hand, calendar: Calendar, held: Link | None, said: Wanted) -> str:
    if held is None:
        return _make(hand, calendar, said, None)
    if _is_being_made(held):
        return _make(hand, calendar, said, held)
    if held.agreed.get(LEFT) == Theirs.GONE:
        if hand.appointment.end <= hand.now:
            return ""  # deleted once it was over
        held.delete()
        return _make(hand, calendar, said, None)
    if held.agreed.get("calendar") != calendar.external_id and not hand.in_clio:
        # Clio moves an entry itself: what refers to it goes along. Elsewhere it is made anew.
        if not leave(hand, held):
            return held.theirs
        return _make(hand, calendar, said, None)
    if {name: value for name, value in held.agreed.items() if name != LEFT} == said:
        return held.theirs
    return _change(hand, calendar, held, said)


def _as_it_stands(hand: Hand, held: Link | None, waiting: Proposal) -> str:
    if held is None or _is_being_made(held) or waiting.kind == Proposal.Kind.DELETED:
        return ""
    return held.theirs


def _is_being_made(held: Link) -> bool:
    return held.theirs.startswith(BEING_MADE)


def _change(hand: Hand, calendar: Calendar, held: Link, said: Wanted) -> str:
    draft = _draft(hand.appointment, said)
    try:
        written = hand.service.update(calendar.external_id, held.theirs, draft, etag=held.etag)
    except (Stale, Missing):
        found = look(hand, held)
        if not _may_write(hand, held, found):
            return "" if found.sight.theirs is Theirs.GONE else held.theirs
        written = hand.service.update(calendar.external_id, found.id, draft, etag=found.etag)
    return _remember(hand, written, said)


def _may_write(hand: Hand, held: Link, found: Found) -> bool:
    """Whether what was found may be written over. Raises Stale when the appointment was changed here meanwhile."""
    return proposals.settle(hand, held, found) not in PROPOSES and found.sight.theirs is not Theirs.GONE


def _make(hand: Hand, calendar: Calendar, said: Wanted, begun: Link | None) -> str:
    """Find it, or make it. `begun` says where it was being made before, and what it was to say."""
    if begun is not None and begun.agreed.get("calendar") != calendar.external_id:
        for one in _find(hand, str(begun.agreed["calendar"])):
            _add_leftover(hand.connection, hand.appointment, str(begun.agreed["calendar"]), one.id, hand.now)
        begun = None
    uid = str(hand.appointment.uid)
    there = hand.service.find(calendar.external_id, uid, home=hand.home)
    if not there:
        _remember_as(hand, BEING_MADE + uid, "", said)
        written = hand.service.create(calendar.external_id, _draft(hand.appointment, said))
        return _remember(hand, written, said)
    first, *spare = there
    for one in spare:
        with suppress(Missing):
            hand.service.delete(calendar.external_id, one.id)
    # An id need not tell two calendars of one account apart.
    here = Leftover.objects.filter(connection=hand.connection, calendar=calendar.external_id)
    here.filter(theirs=first.id).delete()
    base = begun.agreed if begun is not None else {**said, "summary": None}
    held = _remember_as(hand, first.id, first.etag, base)
    # The answer to its creation was lost: since then somebody may have moved it.
    if begun is not None and sight_of(first, hand.appointment, held).theirs is not Theirs.AGREES:
        found = Found(sight_of(first, hand.appointment, held), first.id, first.etag)
        if not _may_write(hand, held, found):
            return first.id
    return _change(hand, calendar, held, said)


def _find(hand: Hand, calendar_id: str) -> tuple[Seen, ...]:
    """Ours in a calendar that may be out of reach by now: then nothing of it is ours to change."""
    try:
        return hand.service.find(calendar_id, str(hand.appointment.uid), home=hand.home)
    except (Missing, Forbidden):
        return ()


def _remember(hand: Hand, written: Written, said: Wanted) -> str:
    _remember_as(hand, written.id, written.etag, said)
    return written.id


def _remember_as(hand: Hand, theirs: str, etag: str, said: Wanted) -> Link:
    return pushes.remember(
        hand.connection, Link.Kind.ENTRY, hand.appointment.pk, theirs, etag, said, hand.now
    )


# --- elsewhere --------------------------------------------------------------------------------------------------------


def leave(hand: Hand, held: Link) -> bool:
    """
    Give the entry up for another calendar's: it becomes a leftover, deleted once the new one is there. False when
    somebody changed it over there, and has to be asked first. Raises RemoteTrouble.
    """
    calendar_id = str(held.agreed["calendar"])
    if _is_being_made(held):
        for one in _find(hand, calendar_id):
            _add_leftover(hand.connection, hand.appointment, calendar_id, one.id, hand.now)
    else:
        try:
            found = look(hand, held)
        except (Missing, Forbidden):
            found = None  # the calendar itself is out of reach
        if found is not None and proposals.settle(hand, held, found) in PROPOSES:
            return False
        theirs = found.id if found is not None else held.theirs
        _add_leftover(hand.connection, hand.appointment, calendar_id, theirs, hand.now)
    held.delete()
    return True


def abandon(appointment: Appointment, held: Link, now: datetime) -> None:
    """As `leave`, of an account that does not answer now: the new entry need not wait for it."""
    if _is_being_made(held):
        return  # nobody knows whether it is there; the link stays until the account answers
    _add_leftover(held.connection, appointment, str(held.agreed["calendar"]), held.theirs, now)
    held.delete()


def _add_leftover(
    connection: Connection, appointment: Appointment, calendar_id: str, theirs: str, now: datetime
) -> None:
    Leftover.objects.get_or_create(
        connection=connection,
        calendar=calendar_id,
        theirs=theirs,
        defaults={"appointment": appointment, "since": now},
    )


def leftovers_of(appointment: Appointment) -> list[Leftover]:
    """What is still to be deleted, at accounts that are connected."""
    found = Leftover.objects.filter(appointment=appointment).exclude(
        connection__state=Connection.State.DISCONNECTED
    )
    return list(found.select_related("connection").order_by("pk"))


def clear(hand: Hand, one: Leftover) -> None:
    """Delete a leftover. Raises RemoteTrouble."""
    with suppress(Missing, Forbidden):  # gone is what was wanted; out of reach is not ours to change any more
        hand.service.delete(one.calendar, one.theirs)
    one.delete()


# --- gone -------------------------------------------------------------------------------------------------------------


def absent(hand: Hand, held: Link) -> None:
    """Delete the entry, whatever somebody made of it meanwhile: the appointment is called off. Raises RemoteTrouble."""
    calendar_id = str(held.agreed["calendar"])
    ids = [one.id for one in _find(hand, calendar_id)] if _is_being_made(held) else [held.theirs]
    for theirs in ids:
        with suppress(Missing):  # gone is what was wanted
            hand.service.delete(calendar_id, theirs)
    held.delete()


def is_gone(hand: Hand) -> bool:
    """
    Whether the entry that a refused request spoke of is no longer there; then that is settled, by a proposal or
    otherwise. Raises RemoteTrouble.
    """
    held = pushes.link(hand.connection, Link.Kind.ENTRY, hand.appointment.pk)
    if held is None or _is_being_made(held):
        return False
    found = look(hand, held)
    if found.sight.theirs is not Theirs.GONE:
        return False
    proposals.settle(hand, held, found)
    return True
